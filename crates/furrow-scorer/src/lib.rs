//! Interactions to scores: partitions, snapshots, replay.
//!
//! ```text
//! config    what the scorer is told
//! epoch     the life of the interactions topic
//! read      from a record's bytes to what the core folds
//! progress  how far outputs are durable: a pure ledger
//! place     where snapshots are kept
//! header    a snapshot's first line: where a replay begins
//! snapshot  one partition's state with its next offset
//! takeover  taking a partition over: where to begin
//! owned     one partition: fold, tick, snapshot, commit
//! scoring   all partitions: every decision, without waiting
//! scorer    the loop: waits, and carries out what was decided
//! metrics   what it tells of itself
//! ```
//!
//! The state of a partition is a function of its records. A rebalance, a crash
//! and a shut-down are the same: the state is dropped, and the next owner
//! loads a snapshot, replays silently and goes on from where outputs are
//! durable.

pub mod config;
pub mod epoch;
mod header;
mod lag;
mod metrics;
mod owned;
pub mod place;
pub mod progress;
pub mod read;
mod scorer;
pub mod scoring;
pub mod snapshot;
pub mod takeover;

pub use config::Config;
pub use metrics::Metrics;
pub use scorer::{Scorer, ScorerError};
pub use scoring::Scoring;
pub use takeover::retention_needed;
