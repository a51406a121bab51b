//! What the writer publishes and everyone else reads.

use std::collections::BTreeMap;
use std::sync::Arc;

use fjall::Keyspace;
use tokio::sync::watch;

use super::layout::{Slot, TopicId, decode_record};
use crate::{
    Bounds, Offset, Partition, ReadError, ReadLimit, StorageError, Stored, Topic, TopicError,
};

/// The topics there are, or that the log is closed.
#[derive(Clone)]
pub(super) enum Catalog {
    Open(Arc<BTreeMap<Topic, Arc<TopicView>>>),
    Closed,
}

impl Catalog {
    /// The topic of this name.
    pub(super) fn topic(&self, topic: &Topic) -> Result<Arc<TopicView>, TopicError> {
        match self {
            Self::Open(topics) => topics
                .get(topic)
                .cloned()
                .ok_or_else(|| TopicError::Unknown {
                    topic: topic.clone(),
                }),
            Self::Closed => Err(TopicError::Closed),
        }
    }
}

/// One topic as readers see it.
pub(super) struct TopicView {
    pub(super) topic: Topic,
    pub(super) id: TopicId,
    pub(super) partitions: Vec<watch::Receiver<View>>,
    /// Changes whenever a partition of the topic has more durable records.
    pub(super) appended: watch::Receiver<()>,
}

impl TopicView {
    /// The number of partitions.
    pub(super) fn count(&self) -> u32 {
        u32::try_from(self.partitions.len()).expect("a topic has at most PARTITIONS_MAX partitions")
    }

    /// Where this partition is stored.
    pub(super) fn slot(&self, partition: Partition) -> Result<Slot, TopicError> {
        if partition.0 < self.count() {
            Ok(Slot {
                topic: self.id,
                partition: partition.0,
            })
        } else {
            Err(TopicError::NoPartition {
                topic: self.topic.clone(),
                partition,
            })
        }
    }

    /// The durable records of a partition now.
    pub(super) fn span(&self, partition: Partition) -> Result<Span, TopicError> {
        let slot = self.slot(partition)?;
        match &*self.partitions[slot.partition as usize].borrow() {
            View::Open(span) => Ok(span.clone()),
            View::Closed => Err(TopicError::Closed),
        }
    }
}

/// One partition as readers see it.
#[derive(Clone)]
pub(super) enum View {
    Open(Span),
    Closed,
}

/// The durable records of a partition at one moment.
#[derive(Clone)]
pub(super) struct Span {
    /// In order, each with at least one record.
    pub(super) segments: Arc<[SegmentView]>,
    /// The offset that the next record gets.
    pub(super) end: u64,
}

/// One segment as readers see it.
pub(super) struct SegmentView {
    pub(super) base: u64,
    pub(super) first_time_ms: i64,
    pub(super) keyspace: Keyspace,
}

impl Span {
    /// From the earliest to the end.
    pub(super) fn bounds(&self) -> Bounds {
        let first = self.segments.first();
        Bounds {
            earliest: Offset(first.map_or(self.end, |segment| segment.base)),
            earliest_time_ms: first.map(|segment| segment.first_time_ms),
            end: Offset(self.end),
        }
    }

    /// Records from `from` on. Seeks; touches the disk unless the blocks are cached.
    pub(super) fn read(&self, from: u64, limit: ReadLimit) -> Result<Vec<Stored>, ReadError> {
        let Bounds { earliest, end, .. } = self.bounds();
        if from > end.0 {
            return Err(ReadError::Beyond { end });
        }
        if from < earliest.0 {
            return Err(ReadError::Gone { earliest });
        }
        let mut page = Page {
            records: Vec::new(),
            bytes: 0,
            limit,
        };
        let first = self
            .segments
            .partition_point(|segment| segment.base <= from);
        for segment in &self.segments[first.saturating_sub(1)..] {
            let start = from.max(segment.base).to_be_bytes();
            for entry in segment.keyspace.range(start..self.end.to_be_bytes()) {
                let (key, value) = entry.into_inner().map_err(StorageError::from)?;
                let record = decode_record(&key, &value)
                    .ok_or_else(|| StorageError::new("a record does not read back"))?;
                let expected = from + page.records.len() as u64;
                if record.offset.0 != expected {
                    return Err(StorageError::new(format!(
                        "record {expected} is missing, {} follows",
                        record.offset
                    ))
                    .into());
                }
                if !page.take(record) {
                    return Ok(page.records);
                }
            }
        }
        Ok(page.records)
    }
}

struct Page {
    records: Vec<Stored>,
    bytes: usize,
    limit: ReadLimit,
}

impl Page {
    /// Keeps the record if there is room for it; there always is for the first.
    fn take(&mut self, record: Stored) -> bool {
        let bytes = record.key.len() + record.payload.len();
        let fits = self.records.len() < self.limit.records_max
            && self.bytes + bytes <= self.limit.bytes_max;
        if !fits && !self.records.is_empty() {
            return false;
        }
        self.bytes += bytes;
        self.records.push(record);
        true
    }
}
