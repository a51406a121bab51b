//! Real Kafka brokers for tests: each a process on a folder and ports of its own, gone with the
//! test that started it.
//!
//! ```text
//! broker   one broker: started, killed, stopped in its tracks, started again
//! cluster  several brokers that form one cluster
//! folder   what a broker finds on its disk before its first start
//! java     Kafka's programs, run to their end or watched over
//! watched  a process that ends with this one
//! ports    ports on which nobody listens
//! ```
//!
//! `cargo xtask setup` fetches the brokers. Whatever goes wrong here panics, with the end of the
//! broker's log: this is part of a test.

mod broker;
mod cluster;
mod folder;
mod java;
mod ports;
mod watched;

pub use broker::Broker;
pub use cluster::Cluster;
pub use java::{Compiler, run as run_tool, run_on as run_tool_on};
pub use ports::free_port;
pub use watched::Watched;
