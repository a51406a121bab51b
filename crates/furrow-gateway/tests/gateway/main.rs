//! The gateway over real connections, in front of a real log.

mod beacon;
mod drain;
mod law;
mod publish;
mod rejects;
mod rules;
mod running;
mod stream;
mod web;
