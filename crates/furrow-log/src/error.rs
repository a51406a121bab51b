//! What can go wrong, one enum per operation.

use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::watch;

use crate::{Offset, Partition, Topic};

/// The storage below the log failed. After this the log refuses appends; the remedy is to restart.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the log's storage failed: {0}")]
pub struct StorageError(Arc<dyn std::error::Error + Send + Sync>);

impl StorageError {
    pub(crate) fn new(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self(Arc::from(source.into()))
    }
}

/// The failure that ends a log, once there is one. Pending for ever otherwise.
pub(crate) async fn failed(mut failure: watch::Receiver<Option<StorageError>>) -> StorageError {
    if let Ok(error) = failure.wait_for(Option::is_some).await {
        return error.clone().expect("what was waited for is there");
    }
    std::future::pending().await
}

impl From<fjall::Error> for StorageError {
    fn from(source: fjall::Error) -> Self {
        Self::new(source)
    }
}

/// What a Kafka broker, or the client's library on its behalf, said.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BrokerError(Arc<str>);

impl BrokerError {
    pub(crate) fn new(text: impl AsRef<str>) -> Self {
        Self(text.as_ref().into())
    }
}

/// Why a log could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process, or another part of this one, has the folder open.
    #[error(
        "the log folder {} is in use by another process; stop that process or choose another folder",
        dir.display()
    )]
    InUse {
        /// The folder.
        dir: PathBuf,
    },
    /// A setting that cannot be right.
    #[error("the setting {name} is refused: {reason}")]
    Setting {
        /// The setting's name.
        name: &'static str,
        /// What it must be.
        reason: String,
    },
    /// A setting for the Kafka client that Furrow does not leave to others, or that its library
    /// refuses.
    #[error("the Kafka client's setting {name} is refused: {reason}")]
    ClientSetting {
        /// The setting's name.
        name: String,
        /// Why.
        reason: String,
    },
    /// No broker answered in time.
    #[error("the Kafka cluster at {brokers} does not answer: {source}")]
    Unreachable {
        /// The addresses that were tried.
        brokers: String,
        /// What was last heard.
        source: BrokerError,
    },
    /// The folder was written by another version.
    #[error(
        "the log folder {} has format {found}, this version reads format {expected}; use the version that wrote it or start with an empty folder",
        dir.display()
    )]
    Format {
        /// The folder.
        dir: PathBuf,
        /// What the folder says.
        found: u32,
        /// What this version reads.
        expected: u32,
    },
    /// The folder could not be made, read or locked.
    #[error("the log folder {} cannot be opened", dir.display())]
    Folder {
        /// The folder.
        dir: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The storage refused.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// Why a topic, a partition or a group is not to be had.
#[derive(Clone, Debug, thiserror::Error)]
pub enum TopicError {
    /// No topic of this name was created.
    #[error("there is no topic {topic}")]
    Unknown {
        /// What was asked for.
        topic: Topic,
    },
    /// The topic has fewer partitions.
    #[error("topic {topic} has no partition {partition}")]
    NoPartition {
        /// The topic.
        topic: Topic,
        /// What was asked for.
        partition: Partition,
    },
    /// The topic exists with another number of partitions.
    #[error("topic {topic} has {existing} partitions, not {asked}")]
    OtherCount {
        /// The topic.
        topic: Topic,
        /// As it is.
        existing: u32,
        /// As it was asked for.
        asked: u32,
    },
    /// The name or the number of partitions cannot be.
    #[error(
        "topic {topic:?} with {partitions} partitions is refused: a name has 1 to 249 letters, digits, '.', '_' or '-', and there are 1 to {} partitions",
        crate::PARTITIONS_MAX
    )]
    Illegal {
        /// What was asked for.
        topic: Topic,
        /// What was asked for.
        partitions: u32,
    },
    /// The group's name cannot be.
    #[error("group {group:?} is refused: a name has 1 to 249 bytes")]
    IllegalGroup {
        /// What was asked for.
        group: String,
    },
    /// The topics of an embedded log stay as they were made.
    #[error("topic {topic} of an embedded log cannot be changed; start with an empty folder")]
    Fixed {
        /// What was to be changed.
        topic: Topic,
    },
    /// The brokers refused, or gave no answer for as long as they were asked again.
    #[error("topic {topic}: {source}")]
    Broker {
        /// What was asked for.
        topic: Topic,
        /// What was last heard.
        source: BrokerError,
    },
    /// The log was closed.
    #[error("the log is closed")]
    Closed,
    /// The storage failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// Why a record was not appended.
#[derive(Clone, Debug, thiserror::Error)]
pub enum AppendError {
    /// The queue is full; nothing was kept. Shed, or try again later.
    #[error("the log's queue is full")]
    Full,
    /// The record is larger than a record may be.
    #[error("a record of {bytes} bytes is larger than the {bytes_max} that the log takes")]
    TooLarge {
        /// Key and payload together.
        bytes: usize,
        /// The limit.
        bytes_max: usize,
    },
    /// No such topic or partition.
    #[error(transparent)]
    Topic(#[from] TopicError),
    /// The brokers did not acknowledge in time; whether the record is durable is not known. The
    /// log goes on: append it again, or let whoever sent it send it again.
    #[error("the brokers did not acknowledge the record in time")]
    TimedOut,
    /// The brokers refused the record, or one of those that were sent together with it, and always
    /// would; nothing was kept. A topic whose largest record is smaller than the log's is a cause.
    #[error("the brokers refused the record: {0}")]
    Refused(BrokerError),
    /// The log was closed. From a receipt: whether the record is durable is not known.
    #[error("the log is closed")]
    Closed,
    /// The storage failed; whether the record is durable is not known.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// Why records could not be read.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ReadError {
    /// Retention dropped the records asked for.
    #[error("the records asked for are gone; the earliest is {earliest}")]
    Gone {
        /// The first record still held.
        earliest: Offset,
    },
    /// The place asked for lies beyond the next record: it belongs to another log.
    #[error("the place asked for lies beyond the end, {end}")]
    Beyond {
        /// The offset that the next record gets.
        end: Offset,
    },
    /// No such topic or partition.
    #[error(transparent)]
    Topic(#[from] TopicError),
    /// The brokers refused, or gave no answer for as long as they were asked again.
    #[error("the brokers gave no records: {0}")]
    Broker(BrokerError),
    /// The log was closed.
    #[error("the log is closed")]
    Closed,
    /// The storage failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// Why a member of a group could not go on.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ConsumeError {
    /// A partition could not be read from where it stands.
    #[error("topic {topic} partition {partition} cannot be read")]
    Read {
        /// The topic.
        topic: Topic,
        /// The partition.
        partition: Partition,
        /// Why.
        source: ReadError,
    },
    /// No such topic or partition.
    #[error(transparent)]
    Topic(#[from] TopicError),
    /// The brokers refuse this member, and always would.
    #[error("the brokers refuse the member: {0}")]
    Broker(BrokerError),
    /// The log was closed.
    #[error("the log is closed")]
    Closed,
}

/// Why a group could not be forgotten.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ForgetError {
    /// The group still has members.
    #[error("group {group:?} still has {members} members; stop them first")]
    Active {
        /// The group.
        group: String,
        /// How many.
        members: usize,
    },
    /// The brokers refused, or gave no answer for as long as they were asked again.
    #[error("group {group:?}: {source}")]
    Broker {
        /// The group.
        group: String,
        /// What was last heard.
        source: BrokerError,
    },
    /// The log was closed.
    #[error("the log is closed")]
    Closed,
    /// The storage failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// Why a log could not be closed in order. The folder is released all the same.
#[derive(Clone, Debug, thiserror::Error)]
pub enum CloseError {
    /// Another handle closed the log before.
    #[error("the log is closed already")]
    Closed,
    /// The brokers did not acknowledge everything in time.
    #[error("{records} records were not acknowledged before the log was closed")]
    Unacknowledged {
        /// How many, at least.
        records: u64,
    },
    /// The last flush failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
}
