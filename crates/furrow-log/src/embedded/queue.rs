//! What waits for the writer, and the counters that everyone may read.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;

use bytes::Bytes;
use tokio::sync::{mpsc as news, oneshot};

use super::assignment::Subscription;
use super::layout::Slot;
use super::membership::{Change, MemberId, Place};
use crate::{
    AppendError, Appended, CloseError, EmbeddedSettings, ForgetError, Stats, Topic, TopicError,
};

/// What the writer is asked to do, in order.
///
/// Appends are bounded by [`Counters::admit`]; of the others there is one at a time per caller,
/// member or partition.
pub(super) enum Command {
    Append(Append),
    CreateTopic {
        topic: Topic,
        partitions: u32,
        reply: mpsc::SyncSender<Result<(), TopicError>>,
    },
    Join {
        group: String,
        member: MemberId,
        topics: Subscription,
        news: news::UnboundedSender<Change>,
    },
    Leave {
        group: String,
        member: MemberId,
    },
    Yielded {
        group: String,
        member: MemberId,
        place: Place,
    },
    CommitsWait,
    Forget {
        group: String,
        reply: mpsc::SyncSender<Result<(), ForgetError>>,
    },
    Close {
        reply: Option<oneshot::Sender<Result<(), CloseError>>>,
    },
}

/// One record that waits to become durable.
pub(super) struct Append {
    pub(super) slot: Slot,
    pub(super) key: Bytes,
    pub(super) payload: Bytes,
    pub(super) reply: oneshot::Sender<Result<Appended, AppendError>>,
}

/// What an append takes of the queue beside its key and payload.
const APPEND_OVERHEAD_BYTES: u64 = 128;

impl Append {
    /// What it takes of the queue.
    pub(super) fn bytes(&self) -> u64 {
        (self.key.len() + self.payload.len()) as u64 + APPEND_OVERHEAD_BYTES
    }
}

/// Counters of one open log.
#[derive(Debug, Default)]
pub(super) struct Counters {
    pub(super) appended_records: AtomicU64,
    pub(super) appended_bytes: AtomicU64,
    pub(super) fsyncs: AtomicU64,
    pub(super) shed: AtomicU64,
    pub(super) failed: AtomicU64,
    queue_records: AtomicU64,
    queue_bytes: AtomicU64,
    pub(super) segments: AtomicU64,
    pub(super) segments_overdue: AtomicU64,
    pub(super) segments_dropped: AtomicU64,
}

impl Counters {
    /// Makes room for one append in the queue, or refuses it. Several callers at the limit may each
    /// be refused though one would have fitted; never is more admitted than the limit.
    pub(super) fn admit(&self, bytes: u64, settings: &EmbeddedSettings) -> Result<(), AppendError> {
        let records = self.queue_records.fetch_add(1, Ordering::Relaxed) + 1;
        let queued = self.queue_bytes.fetch_add(bytes, Ordering::Relaxed) + bytes;
        // A record that is allowed at all finds room in an empty queue.
        let fits = records <= settings.queue_records_max as u64
            && (queued <= settings.queue_bytes_max as u64 || queued == bytes);
        if fits {
            return Ok(());
        }
        self.release(1, bytes);
        self.shed.fetch_add(1, Ordering::Relaxed);
        Err(AppendError::Full)
    }

    /// Gives room back.
    pub(super) fn release(&self, records: u64, bytes: u64) {
        self.queue_records.fetch_sub(records, Ordering::Relaxed);
        self.queue_bytes.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// The counters now.
    pub(super) fn snapshot(&self) -> Stats {
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
