//! The wire: what clients send, what stands in the log, what queries answer.
//!
//! ```text
//! v1      types generated from proto/furrow/v1, the clients, the query server
//! ingest  the ingest service over untouched bytes, and its raw client
//! columns the wire type of pointer paths, written by hand
//! measure that of a measure, likewise
//! decode  bytes to core batches, checked against the limits
//! reject  why input is refused: a closed set
//! limits  what a batch may hold
//! encode  core batches to bytes
//! record  what stands in the log: interaction records, updates, dead letters
//! rules   a rule set in JSON
//! json    the JSON mapping of every message
//! ```
//!
//! Wire types end here: the rest of Furrow sees `furrow-core`'s types, in which
//! invalid values do not exist. The one exception is the query API, whose
//! answers are wire types.

pub mod columns;
pub mod decode;
pub mod encode;
pub mod ingest;
pub mod json;
pub mod limits;
pub mod measure;
pub mod record;
pub mod reject;
pub mod rules;

/// Types generated from `proto/furrow/v1`, which documents them, with the
/// clients of all services and the servers of the query and control services.
#[allow(missing_docs, unreachable_pub, clippy::all, clippy::pedantic)]
pub mod v1 {
    pub use crate::columns::PointerPath;
    pub use crate::measure::Measured;

    include!(concat!(env!("OUT_DIR"), "/furrow.v1.rs"));
    include!(concat!(env!("OUT_DIR"), "/server/furrow.v1.rs"));
}

/// The encoded descriptors of all files under `proto/`.
pub const FILE_DESCRIPTOR_SET: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/furrow.binpb"));

pub use decode::{check_times, decode_batch};
pub use encode::encode_batch;
pub use limits::Limits;
pub use reject::{FieldPath, Reject, RejectReason};
