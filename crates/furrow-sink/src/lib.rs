//! Topics to ClickHouse: the only writer there.
//!
//! ```text
//! config   what can be set, with its defaults in default.toml
//! place    the partitions that a sink reads
//! reading  from a record to what becomes of it
//! gather   what was read and is not yet on its way, per partition
//! block    what goes to the store together, and its tokens
//! owned    offsets: read, confirmed, and how far behind
//! pace     when to flush
//! flight   a block on its way, until all of it is confirmed
//! lag      how far it is behind
//! metrics  what is counted
//! sink     the task that owns all of these
//! ```
//!
//! A block keeps its rows until every table has confirmed them, and sends the
//! same rows in the same order under the same token again until then. Only
//! after that are its offsets committed to the log. Whatever ends a sink in
//! between, the next owner reads the records again, and the rows replace
//! themselves.

mod block;
pub mod config;
mod flight;
mod gather;
mod lag;
mod metrics;
mod owned;
mod pace;
mod place;
mod reading;
mod sink;

pub use config::Config;
pub use metrics::Metrics;
pub use sink::{Sink, SinkError, run};
