//! What waits for the writer.

use bytes::Bytes;
use tokio::sync::{mpsc, oneshot};

use super::assignment::Subscription;
use super::layout::Slot;
use super::membership::{Change, MemberId, Place};
use crate::counters::APPEND_OVERHEAD_BYTES;
use crate::{AppendError, Appended, CloseError, ForgetError, Topic, TopicError};

/// What the writer is asked to do, in order.
///
/// Appends are bounded by [`Counters::admit`](crate::counters::Counters::admit); of the others there is one at a time per caller,
/// member or partition.
pub(super) enum Command {
    Append(Append),
    CreateTopic {
        topic: Topic,
        partitions: u32,
        reply: oneshot::Sender<Result<(), TopicError>>,
    },
    Join {
        group: String,
        member: MemberId,
        topics: Subscription,
        news: mpsc::UnboundedSender<Change>,
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
        reply: oneshot::Sender<Result<(), ForgetError>>,
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

impl Append {
    /// What it takes of the queue.
    pub(super) fn bytes(&self) -> u64 {
        (self.key.len() + self.payload.len()) as u64 + APPEND_OVERHEAD_BYTES
    }
}
