//! Takes batches in: gRPC, gRPC-web and beacon on one port.
//!
//! ```text
//! config    what can be set, with its defaults in default.toml
//! keys      write keys: whose batches they bring, from which origins
//! origin    patterns that a page's origin must match
//! client    what a request's headers say of the client
//! limits    token buckets and totals: what is shed
//! intake    the way of one batch: checked, limited, appended, durable
//! refusal   why a batch is not taken, as gRPC and as HTTP say it
//! metrics   what is counted; every batch has exactly one outcome
//! grpc      IngestService
//! beacon    POST /v1/beacon
//! control   ControlService: rules enter the log
//! server    the port: connections, their limits, and draining
//! ```
//!
//! A batch is decoded to be checked, and then the client's untouched bytes are
//! appended to the log. OK is answered only after the log says durable. No
//! database is asked anything.

mod beacon;
mod client;
pub mod config;
mod control;
mod grpc;
mod intake;
mod keys;
mod limits;
mod metrics;
mod origin;
mod refusal;
mod server;

pub use config::Config;
pub use server::{Bound, ComposeError, Gateway, ServeError};
