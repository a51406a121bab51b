//! What the log holds and how its places are named.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;

/// The name of a topic. Cheap to clone.
///
/// Letters, digits, `.`, `_` and `-`, 1 to 249 bytes; [`create_topic`](crate::Log::create_topic)
/// refuses any other.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Topic(Arc<str>);

impl Topic {
    /// Names a topic; nothing is created.
    pub fn new(name: &str) -> Self {
        Self(name.into())
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether every backend can hold a topic of this name.
    pub(crate) fn is_legal(&self) -> bool {
        let name = self.as_str();
        (1..=NAME_BYTES_MAX).contains(&name.len())
            && name != "."
            && name != ".."
            && name
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
    }
}

/// The longest name of a topic that Kafka takes.
const NAME_BYTES_MAX: usize = 249;

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One partition of a topic, counted from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Partition(pub u32);

impl fmt::Display for Partition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// A place in a partition, counted from 0. It only rises and is never given twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Offset(pub u64);

impl fmt::Display for Offset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// One durable record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Where in its partition the record stands.
    pub offset: Offset,
    /// The log's own clock at the append, in milliseconds since the Unix epoch; it never goes back
    /// within a partition.
    pub append_time_ms: i64,
    /// What decided the partition.
    pub key: Bytes,
    /// The record's bytes as they were appended.
    pub payload: Bytes,
}

/// Where a record went. Whoever holds this may count on the record being durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Appended {
    /// The partition that the key chose.
    pub partition: Partition,
    /// The record's place in it.
    pub offset: Offset,
    /// The log's own clock at the append, in milliseconds since the Unix epoch.
    pub append_time_ms: i64,
}

/// The durable records that a partition holds: `earliest..end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// The first record still held; equal to `end` when there is none.
    pub earliest: Offset,
    /// The append time of that record in milliseconds since the Unix epoch.
    pub earliest_time_ms: Option<i64>,
    /// The offset that the next record gets.
    pub end: Offset,
}

/// How much one read may answer. One record is answered even when it alone is larger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadLimit {
    /// At most so many records; 0 counts as 1.
    pub records_max: usize,
    /// At most so many bytes of keys and payloads together.
    pub bytes_max: usize,
}

impl Default for ReadLimit {
    fn default() -> Self {
        Self {
            records_max: 512,
            bytes_max: 1 << 20,
        }
    }
}

/// Counters of the log since it was opened, and its queue now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Records that became durable.
    pub appended_records: u64,
    /// Bytes of keys and payloads that became durable.
    pub appended_bytes: u64,
    /// Groups of appends that were made durable, each with one fsync.
    pub fsyncs: u64,
    /// Appends refused because the queue was full.
    pub shed: u64,
    /// Appends that failed after they were queued.
    pub failed: u64,
    /// Appends that wait for their receipt now.
    pub queue_records: u64,
    /// Bytes that wait for their receipt now.
    pub queue_bytes: u64,
    /// Segments held now.
    pub segments: u64,
    /// Segments held only because a group has not read them, though they are past retention.
    pub segments_overdue: u64,
    /// Segments dropped by retention.
    pub segments_dropped: u64,
}
