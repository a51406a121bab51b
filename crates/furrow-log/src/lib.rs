//! The log: append a record under a key and learn when it is durable; read a partition from an
//! offset; own partitions as a member of a group; commit how far outputs are durable.
//!
//! Layout:
//! - `types`: what the log holds and how its places are named
//! - `error`: one enum per operation
//! - `settings`: what an embedded log is told when it is opened
//! - `receipt`: the answer to an append
//! - `partitioner`: from a key to a partition, the same for every backend
//! - `embedded`: the backend in this process, on one folder

mod error;
mod receipt;
mod settings;
mod types;

use std::path::Path;

use bytes::Bytes;

pub use error::{
    AppendError, CloseError, ConsumeError, ForgetError, OpenError, ReadError, StorageError,
    TopicError,
};
pub use receipt::Receipt;
pub use settings::{Clock, EmbeddedSettings};
pub use types::{Appended, Bounds, Offset, Partition, ReadLimit, Stats, Stored, Topic};

/// The most partitions that a topic may have.
pub const PARTITIONS_MAX: u32 = 1_024;

/// A cheap handle of a log; clones share it.
#[derive(Clone, Debug)]
pub struct Log {}

impl Log {
    /// Opens the embedded log in `dir`, making the folder if it is missing.
    ///
    /// # Errors
    /// [`OpenError::InUse`] when another process has the folder open.
    pub fn open(_dir: &Path, _settings: EmbeddedSettings) -> Result<Self, OpenError> {
        unimplemented!()
    }

    /// Makes a topic durable; one that exists with the same number of partitions is left alone.
    /// Blocks for an fsync when it is new.
    pub fn create_topic(&self, _topic: &Topic, _partitions: u32) -> Result<(), TopicError> {
        unimplemented!()
    }

    /// How many partitions a topic has.
    pub fn partitions(&self, _topic: &Topic) -> Result<u32, TopicError> {
        unimplemented!()
    }

    /// Queues a record for the partition that its key chooses. The order of calls is the order in
    /// the partition. Never blocks: [`AppendError::Full`] is answered at once.
    pub fn append(
        &self,
        _topic: &Topic,
        _key: &[u8],
        _payload: Bytes,
    ) -> Result<Receipt, AppendError> {
        unimplemented!()
    }

    /// As [`append`](Self::append), to a partition that the caller chooses.
    pub fn append_to(
        &self,
        _topic: &Topic,
        _partition: Partition,
        _key: &[u8],
        _payload: Bytes,
    ) -> Result<Receipt, AppendError> {
        unimplemented!()
    }

    /// The durable records that a partition holds.
    pub fn bounds(&self, _topic: &Topic, _partition: Partition) -> Result<Bounds, TopicError> {
        unimplemented!()
    }

    /// Durable records from `from` on, in order; none at the end.
    pub async fn read(
        &self,
        _topic: &Topic,
        _partition: Partition,
        _from: Offset,
        _limit: ReadLimit,
    ) -> Result<Vec<Stored>, ReadError> {
        unimplemented!()
    }

    /// The next offset that a group is to read, as last committed.
    pub fn committed(
        &self,
        _group: &str,
        _topic: &Topic,
        _partition: Partition,
    ) -> Result<Option<Offset>, TopicError> {
        unimplemented!()
    }

    /// Joins a group that shares out the partitions of these topics. Dropping the member leaves.
    pub fn join(&self, _group: &str, _topics: &[Topic]) -> Result<Member, TopicError> {
        unimplemented!()
    }

    /// Forgets what a group committed, so that retention no longer waits for it.
    ///
    /// # Errors
    /// [`ForgetError::Active`] while it has members.
    pub fn forget_group(&self, _group: &str) -> Result<(), ForgetError> {
        unimplemented!()
    }

    /// Reads all partitions of a topic from their ends on, without a group.
    pub fn tail(&self, _topic: &Topic) -> Result<Tail, TopicError> {
        unimplemented!()
    }

    /// Counters since the log was opened.
    pub fn stats(&self) -> Stats {
        unimplemented!()
    }

    /// Resolves when the log can take no more appends because its storage failed. The remedy is to
    /// end the process. Pending for ever otherwise.
    pub async fn failed(&self) -> StorageError {
        unimplemented!()
    }

    /// Makes everything durable and releases the folder, so that it can be opened again. Every
    /// other handle, member and tail then answers that the log is closed.
    pub async fn close(self) -> Result<(), CloseError> {
        unimplemented!()
    }
}

/// What a member of a group learns next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The partition is this member's; call [`Member::start`] to have its records.
    Assigned {
        /// The topic.
        topic: Topic,
        /// The partition.
        partition: Partition,
        /// The next offset to read, as the group last committed.
        committed: Option<Offset>,
    },
    /// The partition is no longer this member's. The next owner gets it after this event is taken.
    Revoked {
        /// The topic.
        topic: Topic,
        /// The partition.
        partition: Partition,
    },
    /// Records that follow the last ones, in order; never empty, bounded by
    /// [`EmbeddedSettings::fetch`].
    Records {
        /// The topic.
        topic: Topic,
        /// The partition.
        partition: Partition,
        /// The records.
        records: Vec<Stored>,
    },
    /// Every durable record was given out; once each time the end is reached.
    CaughtUp {
        /// The topic.
        topic: Topic,
        /// The partition.
        partition: Partition,
        /// The offset that the next record gets.
        end: Offset,
    },
}

/// One member of a group; dropping it leaves the group.
#[derive(Debug)]
pub struct Member {}

impl Member {
    /// The next thing that happens. Cancel-safe; nothing is fetched before it is asked for.
    pub async fn next(&mut self) -> Result<Event, ConsumeError> {
        unimplemented!()
    }

    /// Has the records of an assigned partition flow from `from` on. Without effect on a partition
    /// that is not this member's.
    pub fn start(&mut self, _topic: &Topic, _partition: Partition, _from: Offset) {
        unimplemented!()
    }

    /// Says that the group needs nothing before `next`. Not fsynced by itself. A lower offset than
    /// before is taken, and one for a partition that this member no longer owns as well.
    pub fn commit(
        &self,
        _topic: &Topic,
        _partition: Partition,
        _next: Offset,
    ) -> Result<(), ConsumeError> {
        unimplemented!()
    }
}

/// Reads all partitions of a topic from where they ended when it was made.
#[derive(Debug)]
pub struct Tail {}

impl Tail {
    /// The next records of one partition; never empty. Cancel-safe. When the records that follow
    /// were dropped, that is said once and the tail goes on at the earliest.
    pub async fn next(&mut self) -> Result<(Partition, Vec<Stored>), ReadError> {
        unimplemented!()
    }
}
