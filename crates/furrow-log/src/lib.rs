//! The log: append a record under a key and learn when it is durable; read a partition from an
//! offset; own partitions as a member of a group; commit how far outputs are durable.
//!
//! Layout:
//! - `types`: what the log holds and how its places are named
//! - `error`: one enum per operation
//! - `settings`: what an embedded log is told when it is opened
//! - `receipt`: the answer to an append
//! - `lag`: how far a group is behind, told by the log alone
//! - `partitioner`: from a key to a partition, the same for every backend
//! - `embedded`: the backend in this process, on one folder

mod embedded;
mod error;
mod lag;
mod partitioner;
mod receipt;
mod settings;
mod types;

use std::path::Path;

use bytes::Bytes;

use embedded::Embedded;

pub use error::{
    AppendError, CloseError, ConsumeError, ForgetError, OpenError, ReadError, StorageError,
    TopicError,
};
pub use lag::Standing;
pub use receipt::Receipt;
pub use settings::{Clock, EmbeddedSettings};
pub use types::{Appended, Bounds, Offset, Partition, ReadLimit, Stats, Stored, Topic};

/// The most partitions that a topic may have.
pub const PARTITIONS_MAX: u32 = 1_024;

/// A cheap handle of a log; clones share it.
#[derive(Clone, Debug)]
pub struct Log(Backend);

/// The logs that there are; each keeps the same contract.
#[derive(Clone, Debug)]
enum Backend {
    Embedded(Embedded),
}

impl Log {
    /// Opens the embedded log in `dir`, making the folder if it is missing. Blocks while what was
    /// not yet written to tables is read back; the last handle that goes blocks until all that was
    /// queued is durable, unless the log was closed.
    ///
    /// # Errors
    /// [`OpenError::InUse`] when another process has the folder open.
    pub fn open(dir: &Path, settings: EmbeddedSettings) -> Result<Self, OpenError> {
        Ok(Self(Backend::Embedded(Embedded::open(dir, settings)?)))
    }

    /// Makes a topic durable; one that exists with the same number of partitions is left alone.
    /// Blocks for an fsync when it is new.
    pub fn create_topic(&self, topic: &Topic, partitions: u32) -> Result<(), TopicError> {
        match &self.0 {
            Backend::Embedded(log) => log.create_topic(topic, partitions),
        }
    }

    /// How many partitions a topic has.
    pub fn partitions(&self, topic: &Topic) -> Result<u32, TopicError> {
        match &self.0 {
            Backend::Embedded(log) => log.partitions(topic),
        }
    }

    /// Queues a record for the partition that its key chooses. The order of calls is the order in
    /// the partition. Never blocks: [`AppendError::Full`] is answered at once.
    pub fn append(
        &self,
        topic: &Topic,
        key: &[u8],
        payload: Bytes,
    ) -> Result<Receipt, AppendError> {
        match &self.0 {
            Backend::Embedded(log) => log.append(topic, key, payload),
        }
    }

    /// As [`append`](Self::append), to a partition that the caller chooses.
    pub fn append_to(
        &self,
        topic: &Topic,
        partition: Partition,
        key: &[u8],
        payload: Bytes,
    ) -> Result<Receipt, AppendError> {
        match &self.0 {
            Backend::Embedded(log) => log.append_to(topic, partition, key, payload),
        }
    }

    /// The durable records that a partition holds.
    pub fn bounds(&self, topic: &Topic, partition: Partition) -> Result<Bounds, TopicError> {
        match &self.0 {
            Backend::Embedded(log) => log.bounds(topic, partition),
        }
    }

    /// Durable records from `from` on, in order; none at the end. To be awaited within a tokio
    /// runtime: what has to be read is read on one of its blocking threads.
    pub async fn read(
        &self,
        topic: &Topic,
        partition: Partition,
        from: Offset,
        limit: ReadLimit,
    ) -> Result<Vec<Stored>, ReadError> {
        match &self.0 {
            Backend::Embedded(log) => log.read(topic, partition, from, limit).await,
        }
    }

    /// The next offset that a group is to read, as last committed.
    pub fn committed(
        &self,
        group: &str,
        topic: &Topic,
        partition: Partition,
    ) -> Result<Option<Offset>, TopicError> {
        match &self.0 {
            Backend::Embedded(log) => log.committed(group, topic, partition),
        }
    }

    /// Joins a group that shares out the partitions of these topics. Dropping the member leaves.
    pub fn join(&self, group: &str, topics: &[Topic]) -> Result<Member, TopicError> {
        let member = match &self.0 {
            Backend::Embedded(log) => MemberBackend::Embedded(log.join(group, topics)?),
        };
        Ok(Member(member))
    }

    /// Forgets what a group committed, so that retention no longer waits for it. Blocks for an
    /// fsync.
    ///
    /// # Errors
    /// [`ForgetError::Active`] while it has members.
    pub fn forget_group(&self, group: &str) -> Result<(), ForgetError> {
        match &self.0 {
            Backend::Embedded(log) => log.forget_group(group),
        }
    }

    /// Reads all partitions of a topic from their ends on, without a group.
    pub fn tail(&self, topic: &Topic) -> Result<Tail, TopicError> {
        let tail = match &self.0 {
            Backend::Embedded(log) => TailBackend::Embedded(log.tail(topic)?),
        };
        Ok(Tail(tail))
    }

    /// Counters since the log was opened.
    pub fn stats(&self) -> Stats {
        match &self.0 {
            Backend::Embedded(log) => log.stats(),
        }
    }

    /// Resolves when the log can take no more appends because its storage failed. The remedy is to
    /// end the process. Pending for ever otherwise.
    pub async fn failed(&self) -> StorageError {
        match &self.0 {
            Backend::Embedded(log) => log.failed().await,
        }
    }

    /// Makes everything durable and releases the folder, so that it can be opened again. Every
    /// other handle, member and tail then answers that the log is closed.
    pub async fn close(self) -> Result<(), CloseError> {
        match self.0 {
            Backend::Embedded(log) => log.close().await,
        }
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
pub struct Member(MemberBackend);

#[derive(Debug)]
enum MemberBackend {
    Embedded(embedded::Member),
}

impl Member {
    /// The next thing that happens. Cancel-safe; nothing is fetched before it is asked for.
    pub async fn next(&mut self) -> Result<Event, ConsumeError> {
        match &mut self.0 {
            MemberBackend::Embedded(member) => member.next().await,
        }
    }

    /// Has the records of an assigned partition flow from `from` on. Without effect on a partition
    /// that is not this member's.
    pub fn start(&mut self, topic: &Topic, partition: Partition, from: Offset) {
        match &mut self.0 {
            MemberBackend::Embedded(member) => member.start(topic, partition, from),
        }
    }

    /// Says that the group needs nothing before `next`. Not fsynced by itself. A lower offset than
    /// before is taken, and one for a partition that this member no longer owns as well.
    pub fn commit(
        &self,
        topic: &Topic,
        partition: Partition,
        next: Offset,
    ) -> Result<(), ConsumeError> {
        match &self.0 {
            MemberBackend::Embedded(member) => member.commit(topic, partition, next),
        }
    }
}

/// Reads all partitions of a topic from where they ended when it was made.
#[derive(Debug)]
pub struct Tail(TailBackend);

#[derive(Debug)]
enum TailBackend {
    Embedded(embedded::Tail),
}

impl Tail {
    /// The next records of one partition; never empty. Cancel-safe. When the records that follow
    /// were dropped, that is said once and the tail goes on at the earliest.
    pub async fn next(&mut self) -> Result<(Partition, Vec<Stored>), ReadError> {
        match &mut self.0 {
            TailBackend::Embedded(tail) => tail.next().await,
        }
    }
}
