//! What the log holds and how its places are named.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

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

/// How a topic is to be made.
///
/// An embedded log takes the number of partitions from it and the rest from its settings: it has
/// one disk and one retention.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TopicPlan {
    /// How many partitions, 1 to [`PARTITIONS_MAX`](crate::PARTITIONS_MAX).
    pub partitions: u32,
    /// How many brokers hold each partition; `None`: as many as the brokers' own default says.
    pub replication: Option<u16>,
    /// How many of them must have a record before it is durable; `None`: the brokers' default.
    pub min_insync: Option<u16>,
    /// Records younger than this are kept.
    pub retention: Duration,
    /// The largest record, key and payload together, in bytes.
    pub record_bytes_max: u32,
}

impl TopicPlan {
    /// A topic with so many partitions that keeps its records for three days, on as many brokers
    /// as they themselves see fit.
    pub fn of(partitions: u32) -> Self {
        Self {
            partitions,
            replication: None,
            min_insync: None,
            retention: Duration::from_secs(3 * 24 * 3600),
            record_bytes_max: RECORD_BYTES_MAX,
        }
    }
}

/// The largest record unless settings say otherwise.
pub(crate) const RECORD_BYTES_MAX: u32 = 4 << 20;

/// What a topic is in truth, whoever made it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicFacts {
    /// How many partitions.
    pub partitions: u32,
    /// How many brokers hold each partition; of several answers the lowest. 1 for an embedded log.
    pub replication: u16,
    /// How many of them must have a record before it is durable. 1 for an embedded log.
    pub min_insync: u16,
    /// Records younger than this are kept; `None`: all are.
    pub retention: Option<Duration>,
    /// Older records go once a partition has so many bytes, however young they are; `None`: never.
    pub retention_bytes: Option<u64>,
    /// Whose clock the append times are.
    pub stamp: Stamp,
    /// What becomes of old records.
    pub cleanup: Cleanup,
    /// The largest group of records that the topic takes, in bytes.
    pub record_bytes_max: u64,
}

/// Whose clock a topic's append times are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stamp {
    /// The log's own, at the append; what Furrow needs.
    Log,
    /// The writer's.
    Writer,
}

/// What becomes of a topic's old records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cleanup {
    /// They go when they are past retention; what Furrow needs.
    Delete,
    /// Of the records with one key only the last is kept: this loses what Furrow needs.
    Compact,
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

/// Counters of the log since it was opened, and its queue now. What a log has not is 0: only the
/// embedded one has fsyncs and segments of its own.
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
