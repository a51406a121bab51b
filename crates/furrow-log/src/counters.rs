//! Counters of one open log, and the room in its queue.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::{AppendError, Stats};

/// What an append takes of the queue beside its key and payload.
pub(crate) const APPEND_OVERHEAD_BYTES: u64 = 128;

/// How much may wait for its receipt.
#[derive(Clone, Copy, Debug)]
pub(crate) struct QueueLimit {
    pub(crate) records_max: usize,
    pub(crate) bytes_max: usize,
}

/// Counters of one open log.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) appended_records: AtomicU64,
    pub(crate) appended_bytes: AtomicU64,
    pub(crate) fsyncs: AtomicU64,
    pub(crate) shed: AtomicU64,
    pub(crate) failed: AtomicU64,
    queue_records: AtomicU64,
    queue_bytes: AtomicU64,
    pub(crate) segments: AtomicU64,
    pub(crate) segments_overdue: AtomicU64,
    pub(crate) segments_dropped: AtomicU64,
}

impl Counters {
    /// Makes room for one append in the queue, or refuses it. Several callers at the limit may each
    /// be refused though one would have fitted; never is more admitted than the limit.
    pub(crate) fn admit(&self, bytes: u64, limit: QueueLimit) -> Result<(), AppendError> {
        let records = self.queue_records.fetch_add(1, Ordering::Relaxed) + 1;
        let queued = self.queue_bytes.fetch_add(bytes, Ordering::Relaxed) + bytes;
        // A record that is allowed at all finds room in an empty queue.
        let fits = records <= limit.records_max as u64
            && (queued <= limit.bytes_max as u64 || queued == bytes);
        if fits {
            return Ok(());
        }
        self.release(1, bytes);
        self.shed.fetch_add(1, Ordering::Relaxed);
        Err(AppendError::Full)
    }

    /// Gives room back.
    pub(crate) fn release(&self, records: u64, bytes: u64) {
        self.queue_records.fetch_sub(records, Ordering::Relaxed);
        self.queue_bytes.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// The counters now.
    pub(crate) fn snapshot(&self) -> Stats {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Stats {
            appended_records: read(&self.appended_records),
            appended_bytes: read(&self.appended_bytes),
            fsyncs: read(&self.fsyncs),
            shed: read(&self.shed),
            failed: read(&self.failed),
            queue_records: read(&self.queue_records),
            queue_bytes: read(&self.queue_bytes),
            segments: read(&self.segments),
            segments_overdue: read(&self.segments_overdue),
            segments_dropped: read(&self.segments_dropped),
        }
    }
}
