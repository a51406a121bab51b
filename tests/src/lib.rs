//! Tests of the whole, and of the tree itself; what several of them need lies here.
//!
//! ```text
//! browser  scripts that open a browser
//! furrow   the real binary, started on a folder and ports of its own
//! client   what sends batches to it
//! apart    roles, each in a process of its own
//! server   a ClickHouse server as an operator runs one
//! chaos    everything killed at random moments, on real servers
//! compare  what was acknowledged against what is stored
//! visit    seeded visits to a shop, as batches
//! numbers  what sessions score, from a file and from the pipeline
//! random   numbers that a seed repeats
//! place    where built and fetched things lie
//! ports    ports on which nobody listens
//! http     one request over HTTP
//! process  other processes, as the system tells of them
//! wait     waiting for what can be observed, with a bound
//! ```

mod apart;
pub mod browser;
pub mod chaos;
pub mod client;
pub mod compare;
mod furrow;
mod http;
pub mod numbers;
pub mod place;
mod ports;
mod process;
pub mod random;
mod server;
pub mod visit;
mod wait;

pub use apart::{Apart, Role};
pub use furrow::{Furrow, Options, Refused, bare_command};
pub use http::{Answer, request};
pub use ports::Ports;
pub use process::is_running;
pub use server::Server;
pub use wait::until;
