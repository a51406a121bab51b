//! Batches as they came, as rows.

use super::{StoredRow, UnknownValue, session_key};
use bytes::Bytes;
use clickhouse::Row;
use furrow_core::ids::{Epoch, Origin, SenderId, SessionKey, VisitorId};
use furrow_core::time::LogTime;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A session's id may lie this far before its batch, ms; what lies further is
/// taken as this. The gateway's own bound is narrower, so this only keeps a
/// wrong clock from choosing the partition.
const SESSION_AGE_MS_MAX: i64 = 72 * 60 * 60 * 1000;

/// The door through which a batch came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entry {
    /// A call of its own.
    Publish,
    /// A message of a stream.
    Stream,
    /// What a browser sends when its page goes away.
    Beacon,
}

/// A batch as it came, with what the gateway and the log know about it.
#[derive(Debug, Clone, PartialEq)]
pub struct ArchivedBatch {
    /// Whose session it is.
    pub key: SessionKey,
    /// Who sent it.
    pub sender: SenderId,
    /// Which of the sender's batches it is.
    pub sequence: u32,
    /// None without consent.
    pub visitor: Option<VisitorId>,
    /// Where it stands in the log.
    pub origin: Origin,
    /// When the log took it.
    pub appended: LogTime,
    /// The gateway's clock when it came, ms since 1970.
    pub received_ms: i64,
    /// The way that it came.
    pub entry: Entry,
    /// The client's bytes.
    pub payload: Bytes,
}

/// A row of `batches`.
#[derive(Debug, Clone, PartialEq, Row, Serialize, Deserialize)]
pub struct BatchRow {
    pub(crate) tenant: String,
    pub(crate) property: String,
    #[serde(with = "clickhouse::serde::uuid")]
    pub(crate) session: Uuid,
    pub(crate) sender: [u8; 8],
    pub(crate) sequence: u32,
    pub(crate) version: u64,
    #[serde(with = "clickhouse::serde::uuid::option")]
    pub(crate) visitor: Option<Uuid>,
    pub(crate) session_created: i64,
    pub(crate) appended: i64,
    pub(crate) received: i64,
    pub(crate) entry: i8,
    pub(crate) partition: u32,
    pub(crate) offset: u64,
    pub(crate) payload: Bytes,
}

impl From<ArchivedBatch> for BatchRow {
    fn from(b: ArchivedBatch) -> BatchRow {
        let appended = b.appended.0;
        // A client's clock may be wrong by years, and it must not make a
        // partition for each of them.
        let session_created = b
            .key
            .session
            .created_ms()
            .clamp(appended - SESSION_AGE_MS_MAX, appended);
        BatchRow {
            tenant: b.key.tenant.0.to_string(),
            property: b.key.property.0.to_string(),
            session: Uuid::from_bytes(b.key.session.0),
            sender: b.sender.0,
            sequence: b.sequence,
            version: b.origin.version(),
            visitor: b.visitor.map(|v| Uuid::from_bytes(v.0)),
            session_created,
            appended,
            received: b.received_ms,
            entry: entry_number(b.entry),
            partition: b.origin.partition,
            offset: b.origin.offset,
            payload: b.payload,
        }
    }
}

impl TryFrom<BatchRow> for ArchivedBatch {
    type Error = UnknownValue;

    fn try_from(r: BatchRow) -> Result<ArchivedBatch, UnknownValue> {
        let epoch = u16::try_from(r.version >> 48).expect("16 bits remain of 64 shifted by 48");
        Ok(ArchivedBatch {
            key: session_key(r.tenant, r.property, r.session),
            sender: SenderId(r.sender),
            sequence: r.sequence,
            visitor: r.visitor.map(|v| VisitorId(v.into_bytes())),
            origin: Origin {
                epoch: Epoch(epoch),
                partition: r.partition,
                offset: r.offset,
            },
            appended: LogTime(r.appended),
            received_ms: r.received,
            entry: entry_of(r.entry)?,
            payload: r.payload,
        })
    }
}

impl StoredRow for BatchRow {
    const TABLE: &'static str = "batches";
}

fn entry_number(entry: Entry) -> i8 {
    match entry {
        Entry::Publish => 1,
        Entry::Stream => 2,
        Entry::Beacon => 3,
    }
}

fn entry_of(value: i8) -> Result<Entry, UnknownValue> {
    [Entry::Publish, Entry::Stream, Entry::Beacon]
        .into_iter()
        .find(|e| entry_number(*e) == value)
        .ok_or(UnknownValue {
            column: "entry",
            value,
        })
}
