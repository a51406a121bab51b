//! Reads scores: the query service over gRPC and JSON, the live stream, and
//! the dashboard, all on one port.
//!
//! ```text
//! config   what is configured, and whether it is safe
//! server   composed, bound, served until the token fires
//! connect  connections, bounded in number and time
//! query    the queries, once for both ways of asking
//! grpc     ... asked over gRPC
//! json     ... asked as JSON under /api/v1/
//! live     score updates from the log to whoever listens
//! health   how well the pipeline is doing
//! letters  ... how many dead letters there are, by reason
//! trail    archived batches as what the pointer did
//! guard    who may ask: the Host header, the read key, the browser's policy
//! refusal  why a question is not answered: a closed set
//! pages    the dashboard's files
//! shop     the demo shop, on a port of its own
//! metrics  what is counted
//! ```
//!
//! It never writes: the log and the store are only read here.

mod config;
mod connect;
mod grpc;
mod guard;
mod health;
mod json;
mod letters;
mod live;
mod metrics;
mod pages;
mod query;
mod refusal;
#[cfg(test)]
mod samples;
mod server;
pub mod shop;
mod trail;

pub use config::{Config, ConfigError, DEFAULT_TOML, Limits, Scope};
pub use health::{Pipeline, Reader};
pub use metrics::Metrics;
pub use server::{Api, BindError, Bound, ServeError};
