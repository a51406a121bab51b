//! The log: append a record under a key and learn when it is durable; read a partition from an
//! offset; own partitions as a member of a group; commit how far outputs are durable.
//!
//! Layout:
//! - `types`: what the log holds and how its places are named
//! - `error`: one enum per operation
//! - `settings`: what an embedded log is told when it is opened
//! - `receipt`: the answer to an append; `counters`: what waits for one
//! - `lag`: how far a group is behind, told by the log alone
//! - `partitioner`: from a key to a partition, the same for every backend
//! - `embedded`: the backend in this process, on one folder
//! - `kafka`: the backend on a Kafka cluster
//!
//! Both backends keep the contract that [`Log`] tells, and one suite of tests runs against both.
//! Three things differ, because the storage is not Furrow's own in Kafka:
//! - Retention waits for no group in Kafka. Records that a slow group has not read are gone when
//!   they are past it, so a topic's retention must be longer than any stand-still.
//! - A commit is on its way when [`Member::commit`] returns, and the brokers have it a moment
//!   later; one that they refuse is logged, and the committed offset stays where it was.
//! - A new owner waits until the old one took [`Event::Revoked`], but for
//!   [`KafkaSettings::revoke_wait_ms_max`] only, and not at all when the group has given the old
//!   one up for dead.

mod counters;
mod embedded;
mod error;
mod kafka;
mod lag;
mod partitioner;
mod receipt;
mod settings;
mod types;

use std::path::Path;

use bytes::Bytes;

use embedded::Embedded;
use kafka::Kafka;

pub use error::{
    AppendError, BrokerError, CloseError, ConsumeError, ForgetError, OpenError, ReadError,
    StorageError, TopicError,
};
pub use kafka::{GroupProtocol, KafkaSettings, Patience};
pub use lag::Standing;
pub use receipt::Receipt;
pub use settings::{Clock, EmbeddedSettings};
pub use types::{
    Appended, Bounds, Cleanup, Offset, Partition, ReadLimit, Stamp, Stats, Stored, Topic,
    TopicFacts, TopicPlan,
};

/// The most partitions that a topic may have.
pub const PARTITIONS_MAX: u32 = 1_024;

/// The longest name of a group.
const GROUP_BYTES_MAX: usize = 249;

/// A cheap handle of a log; clones share it.
#[derive(Clone, Debug)]
pub struct Log(Backend);

/// The logs that there are; each keeps the same contract.
#[derive(Clone, Debug)]
enum Backend {
    Embedded(Embedded),
    Kafka(Kafka),
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

    /// Connects to a Kafka cluster, once one of its brokers answers or
    /// [`KafkaSettings::connect_timeout_ms`] are over. To be awaited within a tokio runtime, as
    /// everything else that is `async` here; nothing of it blocks the runtime.
    ///
    /// # Errors
    /// [`OpenError::Unreachable`] when no broker answers, [`OpenError::Setting`] and
    /// [`OpenError::ClientSetting`] when a setting cannot be.
    pub async fn connect(settings: KafkaSettings) -> Result<Self, OpenError> {
        Ok(Self(Backend::Kafka(Kafka::connect(settings).await?)))
    }

    /// Makes a topic durable; one that exists with the same number of partitions is left alone,
    /// whatever else the plan says of it: [`describe_topic`](Self::describe_topic) tells.
    pub async fn create_topic(&self, topic: &Topic, plan: &TopicPlan) -> Result<(), TopicError> {
        if !topic.is_legal() || !(1..=PARTITIONS_MAX).contains(&plan.partitions) {
            return Err(TopicError::Illegal {
                topic: topic.clone(),
                partitions: plan.partitions,
            });
        }
        match &self.0 {
            Backend::Embedded(log) => log.create_topic(topic, plan.partitions).await,
            Backend::Kafka(log) => log.create_topic(topic, plan).await,
        }
    }

    /// What a topic is in truth: for a check of topics that others made.
    pub async fn describe_topic(&self, topic: &Topic) -> Result<TopicFacts, TopicError> {
        match &self.0 {
            Backend::Embedded(log) => log.describe_topic(topic),
            Backend::Kafka(log) => log.describe_topic(topic).await,
        }
    }

    /// Gives a topic more partitions; those that there are keep their records and offsets. Keys
    /// may then choose other partitions than before, so nothing may be in flight.
    ///
    /// # Errors
    /// [`TopicError::OtherCount`] when it has more, [`TopicError::Fixed`] in an embedded log.
    pub async fn add_partitions(&self, topic: &Topic, partitions: u32) -> Result<(), TopicError> {
        match &self.0 {
            Backend::Embedded(log) => log.fixed(topic),
            Backend::Kafka(log) => log.add_partitions(topic, partitions).await,
        }
    }

    /// Deletes a topic and its records, and returns when it is gone. Groups keep what they
    /// committed in it unless they are forgotten: a topic of the same name that is made later
    /// begins at offset 0, and Kafka's client tells no identity by which it could be known.
    ///
    /// # Errors
    /// [`TopicError::Fixed`] in an embedded log.
    pub async fn delete_topic(&self, topic: &Topic) -> Result<(), TopicError> {
        match &self.0 {
            Backend::Embedded(log) => log.fixed(topic),
            Backend::Kafka(log) => log.delete_topic(topic).await,
        }
    }

    /// How many partitions a topic has.
    pub async fn partitions(&self, topic: &Topic) -> Result<u32, TopicError> {
        match &self.0 {
            Backend::Embedded(log) => log.partitions(topic),
            Backend::Kafka(log) => log.partitions(topic).await,
        }
    }

    /// Queues a record for the partition that its key chooses. The order of calls is the order in
    /// the partition. Never blocks: [`AppendError::Full`] is answered at once, and
    /// [`TopicError::Unknown`] when Kafka had no such topic at [`connect`](Self::connect) and
    /// nobody has asked this log for it since.
    pub fn append(
        &self,
        topic: &Topic,
        key: &[u8],
        payload: Bytes,
    ) -> Result<Receipt, AppendError> {
        match &self.0 {
            Backend::Embedded(log) => log.append(topic, key, payload),
            Backend::Kafka(log) => log.append(topic, key, &payload),
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
            Backend::Kafka(log) => log.append_to(topic, partition, key, &payload),
        }
    }

    /// The durable records that a partition holds.
    pub async fn bounds(&self, topic: &Topic, partition: Partition) -> Result<Bounds, TopicError> {
        match &self.0 {
            Backend::Embedded(log) => log.bounds(topic, partition),
            Backend::Kafka(log) => log.bounds(topic, partition).await,
        }
    }

    /// Durable records from `from` on, in order; none at the end.
    pub async fn read(
        &self,
        topic: &Topic,
        partition: Partition,
        from: Offset,
        limit: ReadLimit,
    ) -> Result<Vec<Stored>, ReadError> {
        match &self.0 {
            Backend::Embedded(log) => log.read(topic, partition, from, limit).await,
            Backend::Kafka(log) => log.read(topic, partition, from, limit).await,
        }
    }

    /// The next offset that a group is to read, as last committed.
    pub async fn committed(
        &self,
        group: &str,
        topic: &Topic,
        partition: Partition,
    ) -> Result<Option<Offset>, TopicError> {
        match &self.0 {
            Backend::Embedded(log) => log.committed(group, topic, partition),
            Backend::Kafka(log) => log.committed(group, topic, partition).await,
        }
    }

    /// Joins a group that shares out the partitions of these topics. Dropping the member leaves.
    pub async fn join(&self, group: &str, topics: &[Topic]) -> Result<Member, TopicError> {
        if !(1..=GROUP_BYTES_MAX).contains(&group.len()) {
            return Err(TopicError::IllegalGroup {
                group: group.to_owned(),
            });
        }
        let member = match &self.0 {
            Backend::Embedded(log) => MemberBackend::Embedded(log.join(group, topics)?),
            Backend::Kafka(log) => MemberBackend::Kafka(log.join(group, topics).await?),
        };
        Ok(Member(member))
    }

    /// Forgets what a group committed, so that an embedded log's retention no longer waits for it.
    ///
    /// # Errors
    /// [`ForgetError::Active`] while it has members.
    pub async fn forget_group(&self, group: &str) -> Result<(), ForgetError> {
        match &self.0 {
            Backend::Embedded(log) => log.forget_group(group).await,
            Backend::Kafka(log) => log.forget_group(group).await,
        }
    }

    /// Reads all partitions of a topic from their ends on, without a group.
    pub async fn tail(&self, topic: &Topic) -> Result<Tail, TopicError> {
        let tail = match &self.0 {
            Backend::Embedded(log) => TailBackend::Embedded(log.tail(topic)?),
            Backend::Kafka(log) => TailBackend::Kafka(log.tail(topic).await?),
        };
        Ok(Tail(tail))
    }

    /// Counters since the log was opened.
    pub fn stats(&self) -> Stats {
        match &self.0 {
            Backend::Embedded(log) => log.stats(),
            Backend::Kafka(log) => log.stats(),
        }
    }

    /// Resolves when the log can take no more appends because its storage failed, or because the
    /// brokers no longer take this process's sequence of records for what it is. The remedy is to
    /// end the process. Pending for ever otherwise.
    pub async fn failed(&self) -> StorageError {
        match &self.0 {
            Backend::Embedded(log) => log.failed().await,
            Backend::Kafka(log) => log.failed().await,
        }
    }

    /// Makes everything durable and releases the folder, so that it can be opened again; with Kafka
    /// waits until the members have left their groups and appends have their receipts, both for a
    /// bounded time, so that it ends while the brokers are away. Every other handle, member and tail
    /// then answers that the log is closed.
    pub async fn close(self) -> Result<(), CloseError> {
        match self.0 {
            Backend::Embedded(log) => log.close().await,
            Backend::Kafka(log) => log.close().await,
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
    Kafka(kafka::Member),
}

impl Member {
    /// The next thing that happens. Cancel-safe. What is fetched before it is asked for is bounded.
    pub async fn next(&mut self) -> Result<Event, ConsumeError> {
        match &mut self.0 {
            MemberBackend::Embedded(member) => member.next().await,
            MemberBackend::Kafka(member) => member.next().await,
        }
    }

    /// Has the records of an assigned partition flow from `from` on. Without effect on a partition
    /// that is not this member's.
    pub fn start(&mut self, topic: &Topic, partition: Partition, from: Offset) {
        match &mut self.0 {
            MemberBackend::Embedded(member) => member.start(topic, partition, from),
            MemberBackend::Kafka(member) => member.start(topic, partition, from),
        }
    }

    /// The end of a partition that is this member's, as far as it knows without asking: for showing
    /// lag. With Kafka it is up to a second old, and known once records flow.
    pub fn end(&self, topic: &Topic, partition: Partition) -> Option<Offset> {
        match &self.0 {
            MemberBackend::Embedded(member) => member.end(topic, partition),
            MemberBackend::Kafka(member) => member.end(topic, partition),
        }
    }

    /// Says that the group needs nothing before `next`, for a partition that was assigned to this
    /// member. Not fsynced by itself. A lower offset than before is taken, and one for a partition
    /// that this member no longer owns as well, by Kafka while the group still knows the member.
    pub fn commit(
        &self,
        topic: &Topic,
        partition: Partition,
        next: Offset,
    ) -> Result<(), ConsumeError> {
        match &self.0 {
            MemberBackend::Embedded(member) => member.commit(topic, partition, next),
            MemberBackend::Kafka(member) => member.commit(topic, partition, next),
        }
    }
}

/// Reads all partitions of a topic from where they ended when it was made.
#[derive(Debug)]
pub struct Tail(TailBackend);

#[derive(Debug)]
enum TailBackend {
    Embedded(embedded::Tail),
    Kafka(kafka::Tail),
}

impl Tail {
    /// The next records of one partition; never empty. Cancel-safe. When the records that follow
    /// were dropped, that is said once and the tail goes on at the earliest.
    pub async fn next(&mut self) -> Result<(Partition, Vec<Stored>), ReadError> {
        match &mut self.0 {
            TailBackend::Embedded(tail) => tail.next().await,
            TailBackend::Kafka(tail) => tail.next().await,
        }
    }
}
