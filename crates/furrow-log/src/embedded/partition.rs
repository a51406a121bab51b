//! One partition in the store: its segments, oldest first, and where it ends.

use fjall::config::{BlockSizePolicy, FilterPolicy};
use fjall::{Database, Keyspace, KeyspaceCreateOptions, OwnedWriteBatch};
use tokio::sync::watch;

use super::layout::{Slot, decode_u64, encode_record, record_time_ms, segment_name};
use super::store::{Entry, Placed};
use super::view::{SegmentView, Span, View};
use crate::StorageError;

/// Records are read in order, so blocks are larger than for point reads.
const BLOCK_BYTES: u32 = 16 << 10;
/// What a record costs beside its value.
const RECORD_OVERHEAD_BYTES: u64 = 20;

/// A partition as the writer has it.
pub(super) struct PartitionWriter {
    pub(super) slot: Slot,
    pub(super) segments: Vec<Segment>,
    /// The offset of the next record.
    pub(super) next: u64,
    pub(super) last_time_ms: i64,
    pub(super) view: watch::Sender<View>,
}

/// The records of one keyspace; never none, but while a group of appends is on its way.
pub(super) struct Segment {
    pub(super) base: u64,
    pub(super) first_time_ms: i64,
    pub(super) last_time_ms: i64,
    pub(super) bytes: u64,
    pub(super) keyspace: Keyspace,
}

/// When a segment is followed by a new one, and how it is kept.
#[derive(Clone, Copy)]
pub(super) struct SegmentLimits {
    pub(super) bytes_max: u64,
    pub(super) age_max_ms: i64,
    pub(super) memtable_bytes: u64,
}

/// Where a partition had come when its last segments were dropped.
#[derive(Clone, Copy)]
pub(super) struct Floor {
    pub(super) end: u64,
    pub(super) last_time_ms: i64,
}

impl PartitionWriter {
    /// Finds the end from the last segment, or from where the dropped ones ended.
    pub(super) fn recover(
        slot: Slot,
        mut segments: Vec<Segment>,
        floor: Option<Floor>,
    ) -> Result<Self, StorageError> {
        segments.sort_by_key(|segment| segment.base);
        let last = segments.last();
        let found = match last {
            Some(segment) => last_offset(&segment.keyspace)? + 1,
            None => 0,
        };
        let last_time_ms = last.map_or(i64::MIN, |segment| segment.last_time_ms);
        let floor = floor.unwrap_or(Floor {
            end: 0,
            last_time_ms: i64::MIN,
        });
        let partition = Self {
            slot,
            next: found.max(floor.end),
            last_time_ms: last_time_ms.max(floor.last_time_ms),
            segments,
            view: watch::Sender::new(View::Closed),
        };
        partition.publish();
        Ok(partition)
    }

    /// Adds the next record to the batch, making a segment for it if it needs one.
    pub(super) fn add(
        &mut self,
        entry: &Entry<'_>,
        now_ms: i64,
        database: &Database,
        limits: SegmentLimits,
        batch: &mut OwnedWriteBatch,
    ) -> Result<Placed, StorageError> {
        let append_time_ms = now_ms.max(self.last_time_ms);
        let offset = self.next;
        let value = encode_record(append_time_ms, entry.key, entry.payload);
        let segment = self.segment_for(append_time_ms, database, limits)?;
        segment.last_time_ms = append_time_ms;
        segment.bytes += value.len() as u64 + RECORD_OVERHEAD_BYTES;
        batch.insert(&segment.keyspace, offset.to_be_bytes(), value);
        self.next += 1;
        self.last_time_ms = append_time_ms;
        Ok(Placed {
            offset,
            append_time_ms,
        })
    }

    /// The segment that the next record goes to, made if the last one is full or too old.
    fn segment_for(
        &mut self,
        now_ms: i64,
        database: &Database,
        limits: SegmentLimits,
    ) -> Result<&mut Segment, StorageError> {
        let room = self.segments.last().is_some_and(|segment| {
            segment.bytes < limits.bytes_max
                && now_ms.saturating_sub(segment.first_time_ms) < limits.age_max_ms
        });
        if !room {
            let name = segment_name(self.slot, self.next);
            let keyspace = database.keyspace(&name, || limits.keyspace_options())?;
            self.segments.push(Segment {
                base: self.next,
                first_time_ms: now_ms,
                last_time_ms: now_ms,
                bytes: 0,
                keyspace,
            });
        }
        Ok(self
            .segments
            .last_mut()
            .expect("one was made if there was none"))
    }

    /// How many of the oldest segments have only records before this time.
    pub(super) fn older_than(&self, horizon_ms: i64) -> usize {
        self.segments
            .iter()
            .take_while(|segment| segment.last_time_ms < horizon_ms)
            .count()
    }

    /// How many of the oldest segments have only records below this offset.
    pub(super) fn below(&self, offset: u64) -> usize {
        let ends = self
            .segments
            .iter()
            .skip(1)
            .map(|segment| segment.base)
            .chain([self.next]);
        ends.take_while(|end| *end <= offset)
            .count()
            .min(self.segments.len())
    }

    /// Shows readers what is durable now.
    pub(super) fn publish(&self) {
        let segments = self.segments.iter().map(Segment::view).collect();
        self.view.send_replace(View::Open(Span {
            segments,
            end: self.next,
        }));
    }
}

impl Segment {
    /// What the store holds under this name; `None` when it is empty.
    pub(super) fn recover(base: u64, keyspace: Keyspace) -> Result<Option<Self>, StorageError> {
        let (Some(first), Some(last)) = (keyspace.first_key_value(), keyspace.last_key_value())
        else {
            return Ok(None);
        };
        let (key, value) = first.into_inner()?;
        if decode_u64(&key) != Some(base) {
            return Err(StorageError::new(format!(
                "segment {base} does not begin at its base"
            )));
        }
        let garbled = || StorageError::new("a record does not read back");
        let first_time_ms = record_time_ms(&value).ok_or_else(garbled)?;
        let last_time_ms = record_time_ms(&last.value()?).ok_or_else(garbled)?;
        let bytes = keyspace.disk_space();
        Ok(Some(Self {
            base,
            first_time_ms,
            last_time_ms,
            bytes,
            keyspace,
        }))
    }

    fn view(&self) -> SegmentView {
        SegmentView {
            base: self.base,
            first_time_ms: self.first_time_ms,
            keyspace: self.keyspace.clone(),
        }
    }
}

fn last_offset(keyspace: &Keyspace) -> Result<u64, StorageError> {
    let last = keyspace
        .last_key_value()
        .expect("only segments with records are kept");
    decode_u64(&last.key()?).ok_or_else(|| StorageError::new("a record's key does not read back"))
}

impl SegmentLimits {
    /// How a keyspace is made under these limits.
    pub(super) fn keyspace_options(&self) -> KeyspaceCreateOptions {
        KeyspaceCreateOptions::default()
            .max_memtable_size(self.memtable_bytes)
            .data_block_size_policy(BlockSizePolicy::all(BLOCK_BYTES))
            // Nothing is looked up that may not exist.
            .filter_policy(FilterPolicy::disabled())
    }
}
