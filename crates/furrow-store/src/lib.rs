//! ClickHouse: the only crate that speaks to it, and the only writer's door.
//!
//! ```text
//! engine     the embedded engine: a child process on loopback
//! store      where the database is; a handle to it; inserts; free SQL
//! migrate    the schema in numbered files, applied in order
//! rows       the core's outputs as rows, and back
//! rule_sets  rule sets as they were published, and what is in force
//! queries    typed reading
//! canary     whether what Furrow sent to itself has arrived
//! ```
//!
//! Every table is a ReplacingMergeTree over its row's identity and the version
//! that its origin in the log gives it, so a repeat overwrites itself. Reading
//! goes through the views `v_*`, which merge on reading and hide what a newer
//! session row no longer counts. All SQL lies in `sql/`.

mod canary;
pub mod engine;
pub mod migrate;
pub mod queries;
pub mod rows;
mod rule_sets;
pub mod store;

pub use canary::{CANARY, CanarySeen};
pub use engine::{Engine, EngineError, EngineSettings};
pub use migrate::MigrateError;
pub use queries::{BatchLimit, Counts, SessionBatches, SessionDetail, SessionList, SessionOrder};
pub use rows::{ArchivedBatch, BatchRow, Block, Entry, StoredRow};
pub use rule_sets::{PublishedRules, RuleSetRow, RulesInForce};
pub use store::{
    Connection, ConnectionError, Database, InsertError, Password, QueryError, SqlOutput, Store,
};
