//! The backend on a Kafka cluster, through librdkafka.
//!
//! - `settings`: what it is told, and what its clients are told
//! - `administration`: changing topics and groups; `reading`: where a partition ends, and its records
//! - `producer`: appending; `errors`: what the brokers' answers mean; `library`: its log
//! - `questions`: asking the brokers until one answers
//! - `topics`: making topics and looking at them
//! - `reader`: reading from an offset; `tail`: following the ends
//! - `member`: a member of a group; `consumer`: its thread for one topic; `notices`: what the library
//!   calls back with; `gather`, `commits`: pure
//! - `running`: the threads
//!
//! What librdkafka does unasked, and what is done about it:
//! - Idempotence is off and the partitioner is another one by default: the first is switched on, and
//!   this crate's own partitioner chooses every partition.
//! - A producer whose queue is full blocks or fails by its own count: the log counts for itself and
//!   sheds at once. A record that was given up on is told to whoever waits for its receipt.
//! - A consumer that is ahead sleeps for a second: `fetch.queue.backoff.ms` is small.
//! - Waiting inside a rebalance callback deadlocks: callbacks only send notices. The group is
//!   answered later, from the loop, which may take as long as the group's own patience.
//! - Assigned partitions would begin to flow at the committed offset: the group is answered with
//!   nothing, and a partition is fetched only once its member starts it.
//! - Pausing throws away what was fetched ahead: only a member that takes nothing for seconds is
//!   paused, and goes on polling.
//! - The answers to commits that nobody waits for are dropped, and the callback for them is never
//!   called: a thread waits for each, and what was not taken is tried again or logged.
//! - The end of a partition is told without its topic: each topic has a consumer of its own.
//! - `split_partition_queue` may stall and `StreamConsumer` may miss a wake-up: neither is used.
//! - A consumer or an administration client that nobody polls keeps every line it logs: all that
//!   live long are polled.

mod administration;
mod commits;
mod consumer;
mod errors;
mod gather;
mod library;
mod member;
mod notices;
mod producer;
mod questions;
mod reader;
mod reading;
mod running;
mod settings;
mod tail;
mod topics;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use rdkafka::consumer::BaseConsumer;
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use rdkafka::metadata::MetadataTopic;
use tokio::sync::watch;

use self::producer::Appender;
use self::questions::{Unanswered, committed, of_topic};
use self::reader::{Quiet, Readers};
use self::running::Running;
use crate::{
    AppendError, CloseError, Offset, OpenError, Partition, Receipt, Stats, StorageError, Topic,
    TopicError,
};
use crate::{error, partitioner};

pub(crate) use self::member::Member;
pub use self::settings::{GroupProtocol, KafkaSettings, Patience};
pub(crate) use self::tail::Tail;

/// How long one question to the brokers waits for its answer.
const ASK_TIMEOUT: Duration = Duration::from_secs(5);

/// How long a question that was not answered waits for its next attempt.
const ASK_PAUSE: Duration = Duration::from_millis(100);

/// How long closing waits for members to leave their groups.
const LEAVE_PATIENCE: Duration = Duration::from_secs(10);

/// Groups whose commits can be asked for without connecting anew.
const ASKED_GROUPS_MAX: usize = 8;

/// A cheap handle; clones share the clients.
#[derive(Clone)]
pub(crate) struct Kafka(Arc<Shared>);

struct Shared {
    settings: KafkaSettings,
    appender: Appender,
    /// The topics that this log has heard of, and their numbers of partitions: an append must not
    /// wait to be told.
    catalog: watch::Sender<BTreeMap<Topic, u32>>,
    readers: Readers,
    /// One client for each group that was asked about, the one asked last at the end. Held for a
    /// push or a removal only.
    groups: Mutex<Vec<(String, BaseConsumer<Quiet>)>>,
    /// The append times of first records, by partition and offset: no record ever changes, and
    /// fetching one for its time alone is dear.
    first_times: Mutex<BTreeMap<(Topic, u32), (u64, i64)>>,
    running: Running,
}

impl Kafka {
    pub(crate) async fn connect(settings: KafkaSettings) -> Result<Self, OpenError> {
        settings.check()?;
        let patience = Duration::from_millis(settings.connect_timeout_ms.into());
        let brokers = settings.brokers.clone();
        let shared = Arc::new(Shared {
            appender: Appender::new(&settings)?,
            catalog: watch::Sender::new(BTreeMap::new()),
            readers: Readers::new(settings.reads_max),
            groups: Mutex::new(Vec::new()),
            first_times: Mutex::new(BTreeMap::new()),
            running: Running::new(),
            settings,
        });
        let found = shared
            .ask(patience, move |shared| {
                let timeout = patience.min(ASK_TIMEOUT);
                let metadata = shared.appender.client().fetch_metadata(None, timeout)?;
                Ok(metadata.topics().iter().filter_map(counted).collect())
            })
            .await;
        match found {
            Ok(topics) => shared.catalog.send_replace(topics),
            Err(Unanswered::Closed) => unreachable!("nobody has a handle yet"),
            Err(Unanswered::Error(error)) => {
                // The last that was heard of a connection says more than that time is over.
                let source = shared.appender.heard();
                let source = source.unwrap_or_else(|| errors::told(&error));
                // Ending the client takes a moment.
                drop_on_thread(shared);
                return Err(OpenError::Unreachable { brokers, source });
            }
        };
        Ok(Self(shared))
    }

    pub(crate) async fn partitions(&self, topic: &Topic) -> Result<u32, TopicError> {
        Ok(self.metadata(topic).await?.0)
    }

    pub(crate) fn append(
        &self,
        topic: &Topic,
        key: &[u8],
        payload: &Bytes,
    ) -> Result<Receipt, AppendError> {
        let partitions = self.known(topic)?;
        let partition = partitioner::partition(key, partitions);
        self.0.appender.append(topic, partition, key, payload)
    }

    pub(crate) fn append_to(
        &self,
        topic: &Topic,
        partition: Partition,
        key: &[u8],
        payload: &Bytes,
    ) -> Result<Receipt, AppendError> {
        let partitions = self.known(topic)?;
        if partition.0 >= partitions {
            let topic = topic.clone();
            return Err(TopicError::NoPartition { topic, partition }.into());
        }
        self.0.appender.append(topic, partition, key, payload)
    }

    pub(crate) async fn committed(
        &self,
        group: &str,
        topic: &Topic,
        partition: Partition,
    ) -> Result<Option<Offset>, TopicError> {
        self.check_partition(topic, partition).await?;
        let name = group.to_owned();
        let of = topic.clone();
        let committed = self.0.ask(self.patience(), move |shared| {
            let client = shared.group(&name)?;
            let answer = committed(&client, &of, partition);
            shared.keep_group(name.clone(), client);
            answer
        });
        let committed = committed.await;
        Ok(committed
            .map_err(|error| of_topic(topic, error))?
            .map(Offset))
    }

    pub(crate) async fn join(&self, group: &str, topics: &[Topic]) -> Result<Member, TopicError> {
        for topic in topics {
            self.partitions(topic).await?;
        }
        if self.0.running.is_closed() {
            return Err(TopicError::Closed);
        }
        let Shared {
            settings, running, ..
        } = &*self.0;
        Member::join(self.clone(), settings, running, group, topics.to_vec())
    }

    pub(crate) async fn tail(&self, topic: &Topic) -> Result<Tail, TopicError> {
        let count = self.partitions(topic).await?;
        let mut ends = Vec::new();
        for partition in (0..count).map(Partition) {
            ends.push(self.watermarks(topic, partition).await?.1);
        }
        let Shared {
            settings, running, ..
        } = &*self.0;
        Tail::follow(self.clone(), settings, running, topic, ends)
    }

    pub(crate) fn stats(&self) -> Stats {
        self.0.appender.stats()
    }

    pub(crate) async fn failed(&self) -> StorageError {
        error::failed(self.0.appender.failure()).await
    }

    pub(crate) async fn close(self) -> Result<(), CloseError> {
        if !self.0.running.close() {
            return Err(CloseError::Closed);
        }
        self.0.readers.close();
        if !self.0.running.ended(LEAVE_PATIENCE).await {
            tracing::warn!("members did not leave their groups in time");
        }
        let shared = Arc::clone(&self.0);
        let flushed = tokio::task::spawn_blocking(move || {
            shared.groups().clear();
            shared.flush()
        });
        match flushed.await {
            Ok(0) => Ok(()),
            Ok(records) => Err(CloseError::Unacknowledged { records }),
            Err(error) => Err(StorageError::new(error).into()),
        }
    }

    /// How long a question is asked again.
    fn patience(&self) -> Duration {
        Duration::from_millis(self.0.settings.query_timeout_ms.into())
    }

    /// The number of partitions as last heard.
    fn known(&self, topic: &Topic) -> Result<u32, TopicError> {
        if self.0.running.is_closed() {
            return Err(TopicError::Closed);
        }
        let known = self.0.catalog.borrow().get(topic).copied();
        known.ok_or_else(|| TopicError::Unknown {
            topic: topic.clone(),
        })
    }

    /// The number of partitions and of the brokers that hold each, as the brokers say now.
    async fn metadata(&self, topic: &Topic) -> Result<(u32, u16), TopicError> {
        let of = topic.clone();
        let found = self.0.ask(self.patience(), move |shared| {
            let client = shared.appender.client();
            let metadata = client.fetch_metadata(Some(of.as_str()), ASK_TIMEOUT)?;
            let found = metadata
                .topics()
                .iter()
                .find(|found| found.name() == of.as_str());
            let Some(found) = found else {
                return Err(KafkaError::MetadataFetch(Code::UnknownTopicOrPartition));
            };
            if let Some(code) = found.error() {
                return Err(KafkaError::MetadataFetch(code.into()));
            }
            let replicas = found.partitions().iter().map(|one| one.replicas().len());
            let replication = replicas.min().unwrap_or(0);
            Ok((
                u32::try_from(found.partitions().len()).unwrap_or(0),
                u16::try_from(replication).unwrap_or(u16::MAX),
            ))
        });
        let found = found.await.map_err(|error| of_topic(topic, error))?;
        self.0
            .catalog
            .send_if_modified(|known| known.insert(topic.clone(), found.0) != Some(found.0));
        Ok(found)
    }

    async fn check_partition(&self, topic: &Topic, partition: Partition) -> Result<(), TopicError> {
        let count = match self.known(topic) {
            Ok(count) => count,
            Err(TopicError::Unknown { .. }) => self.partitions(topic).await?,
            Err(error) => return Err(error),
        };
        if partition.0 < count {
            return Ok(());
        }
        let topic = topic.clone();
        Err(TopicError::NoPartition { topic, partition })
    }
}

impl Shared {
    fn groups(&self) -> std::sync::MutexGuard<'_, Vec<(String, BaseConsumer<Quiet>)>> {
        self.groups
            .lock()
            .expect("no code panics while it holds the clients")
    }

    /// Waits until every append has its receipt, for a bounded time, and says how many have none.
    /// Blocks.
    fn flush(&self) -> u64 {
        self.appender.flush(self.settings.patience.flush());
        self.appender.stats().queue_records
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        if !self.running.is_closed() {
            self.running.close();
            let records = self.flush();
            if records > 0 {
                tracing::error!(records, "appends were not acknowledged before the log went");
            }
        }
    }
}

/// Lets go of a log whose clients may take a moment to end.
fn drop_on_thread(shared: Arc<Shared>) {
    let dropped = tokio::task::spawn_blocking(move || drop(shared));
    drop(dropped);
}

/// A topic that brokers tell of without an error, and its number of partitions.
fn counted(topic: &MetadataTopic) -> Option<(Topic, u32)> {
    let count = u32::try_from(topic.partitions().len()).ok()?;
    (topic.error().is_none() && count > 0).then(|| (Topic::new(topic.name()), count))
}

impl fmt::Debug for Kafka {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kafka")
            .field("settings", &self.0.settings)
            .field("stats", &self.stats())
            .finish_non_exhaustive()
    }
}
