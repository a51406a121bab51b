//! The embedded backend: a durable log in this process, on one folder that it alone may use.
//!
//! - `writer`: the one thread that writes; `queue`: what waits for it
//! - `store`: topics, partitions and segments on fjall; `partition`: one partition of it; `opening`:
//!   what a folder holds at the start; `layout`: the bytes
//! - `view`: what the writer publishes and readers read
//! - `membership`, `assignment`: groups, pure; `commits`: what they committed
//! - `member`, `tail`: the reading sides

mod assignment;
mod commits;
mod layout;
mod member;
mod membership;
mod opening;
mod partition;
mod queue;
mod store;
mod tail;
mod view;
mod writer;

use std::collections::BTreeMap;
use std::fmt;
use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;
use std::thread::JoinHandle;

use bytes::Bytes;
use tokio::sync::{Semaphore, oneshot, watch};

use self::commits::Commits;
use self::membership::{Groups, MemberId};
use self::queue::{Append, Command};
use self::store::Store;
use self::view::{Catalog, Span, TopicView};
use self::writer::Writer;
use crate::counters::{Counters, QueueLimit};
use crate::{
    AppendError, Bounds, Cleanup, CloseError, EmbeddedSettings, ForgetError, Offset, OpenError,
    Partition, ReadError, ReadLimit, Receipt, Stamp, Stats, StorageError, Stored, Topic,
    TopicError, TopicFacts,
};
use crate::{error, partitioner};

pub(crate) use self::member::Member;
pub(crate) use self::tail::Tail;

/// A cheap handle; clones share one writer.
#[derive(Clone)]
pub(crate) struct Embedded(Arc<Shared>);

/// What the handles, members and tails of one open log share.
struct Shared {
    commands: mpsc::Sender<Command>,
    catalog: watch::Receiver<Catalog>,
    commits: Arc<Commits>,
    counters: Arc<Counters>,
    failure: watch::Receiver<Option<StorageError>>,
    /// One permit for each read that may run; closing takes them all.
    reads: Arc<Semaphore>,
    settings: EmbeddedSettings,
    members_born: AtomicU64,
    writer: Option<JoinHandle<()>>,
}

impl Embedded {
    pub(crate) fn open(dir: &Path, settings: EmbeddedSettings) -> Result<Self, OpenError> {
        settings.check()?;
        let lock = lock(dir)?;
        let commits = Arc::new(Commits::default());
        let store = Store::open(dir, &settings, &commits)?;
        let (commands, queue) = mpsc::channel();
        let failure = watch::Sender::new(None);
        let counters = Arc::new(Counters::default());
        let catalog = store.catalog();
        let failure_seen = failure.subscribe();
        let writer = Writer {
            commands: queue,
            store,
            commits: Arc::clone(&commits),
            counters: Arc::clone(&counters),
            settings: settings.clone(),
            failure,
            groups: Groups::default(),
            members: BTreeMap::new(),
            lock,
        };
        let thread = std::thread::Builder::new()
            .name("furrow-log".to_owned())
            .spawn(|| writer.run())
            .map_err(|source| OpenError::Folder {
                dir: dir.to_owned(),
                source,
            })?;
        Ok(Self(Arc::new(Shared {
            commands,
            catalog,
            commits,
            counters,
            failure: failure_seen,
            reads: Arc::new(Semaphore::new(settings.reads_max)),
            settings,
            members_born: AtomicU64::new(0),
            writer: Some(thread),
        })))
    }

    pub(crate) async fn create_topic(
        &self,
        topic: &Topic,
        partitions: u32,
    ) -> Result<(), TopicError> {
        let topic = topic.clone();
        let (reply, answer) = oneshot::channel();
        self.send(Command::CreateTopic {
            topic,
            partitions,
            reply,
        })
        .map_err(|Gone| TopicError::Closed)?;
        answer.await.unwrap_or(Err(TopicError::Closed))
    }

    /// One disk keeps each partition, and the log's own settings hold for all topics.
    pub(crate) fn describe_topic(&self, topic: &Topic) -> Result<TopicFacts, TopicError> {
        Ok(TopicFacts {
            partitions: self.partitions(topic)?,
            replication: 1,
            min_insync: 1,
            retention: Some(self.0.settings.retention),
            retention_bytes: None,
            stamp: Stamp::Log,
            cleanup: Cleanup::Delete,
            record_bytes_max: self.0.settings.record_bytes_max as u64,
        })
    }

    /// The answer to whoever would change or delete a topic.
    pub(crate) fn fixed(&self, topic: &Topic) -> Result<(), TopicError> {
        self.topic(topic)?;
        let topic = topic.clone();
        Err(TopicError::Fixed { topic })
    }

    pub(crate) fn partitions(&self, topic: &Topic) -> Result<u32, TopicError> {
        Ok(self.topic(topic)?.count())
    }

    pub(crate) fn append(
        &self,
        topic: &Topic,
        key: &[u8],
        payload: Bytes,
    ) -> Result<Receipt, AppendError> {
        let view = self.topic(topic)?;
        let partition = partitioner::partition(key, view.count());
        self.enqueue(&view, partition, key, payload)
    }

    pub(crate) fn append_to(
        &self,
        topic: &Topic,
        partition: Partition,
        key: &[u8],
        payload: Bytes,
    ) -> Result<Receipt, AppendError> {
        let view = self.topic(topic)?;
        self.enqueue(&view, partition, key, payload)
    }

    fn enqueue(
        &self,
        topic: &TopicView,
        partition: Partition,
        key: &[u8],
        payload: Bytes,
    ) -> Result<Receipt, AppendError> {
        let slot = topic.slot(partition)?;
        if let Some(error) = &*self.0.failure.borrow() {
            return Err(error.clone().into());
        }
        let (bytes, bytes_max) = (key.len() + payload.len(), self.0.settings.record_bytes_max);
        if bytes > bytes_max {
            return Err(AppendError::TooLarge { bytes, bytes_max });
        }
        let (reply, answer) = oneshot::channel();
        let append = Append {
            slot,
            key: Bytes::copy_from_slice(key),
            payload,
            reply,
        };
        let taken = append.bytes();
        let limit = QueueLimit {
            records_max: self.0.settings.queue_records_max,
            bytes_max: self.0.settings.queue_bytes_max,
        };
        self.0.counters.admit(taken, limit)?;
        self.send(Command::Append(append)).map_err(|Gone| {
            self.0.counters.release(1, taken);
            AppendError::Closed
        })?;
        Ok(Receipt::new(answer))
    }

    pub(crate) fn bounds(&self, topic: &Topic, partition: Partition) -> Result<Bounds, TopicError> {
        Ok(self.topic(topic)?.span(partition)?.bounds())
    }

    pub(crate) async fn read(
        &self,
        topic: &Topic,
        partition: Partition,
        from: Offset,
        limit: ReadLimit,
    ) -> Result<Vec<Stored>, ReadError> {
        let span = self.topic(topic)?.span(partition)?;
        if from.0 == span.end {
            return Ok(Vec::new());
        }
        self.read_span(span, from, limit).await
    }

    /// Reads on a blocking thread: a block that is not cached comes from the disk, and a few such
    /// reads would hold up every task of the runtime.
    async fn read_span(
        &self,
        span: Span,
        from: Offset,
        limit: ReadLimit,
    ) -> Result<Vec<Stored>, ReadError> {
        let reads = Arc::clone(&self.0.reads);
        let permit = reads.acquire_owned().await.map_err(|_| ReadError::Closed)?;
        let read = tokio::task::spawn_blocking(move || {
            let records = span.read(from.0, limit);
            // The segments are let go before the permit: closing waits for the permits.
            drop(span);
            drop(permit);
            records
        });
        read.await
            .unwrap_or_else(|error| Err(StorageError::new(error).into()))
    }

    pub(crate) fn committed(
        &self,
        group: &str,
        topic: &Topic,
        partition: Partition,
    ) -> Result<Option<Offset>, TopicError> {
        let slot = self.topic(topic)?.slot(partition)?;
        Ok(self.0.commits.committed(group, slot).map(Offset))
    }

    pub(crate) fn join(&self, group: &str, topics: &[Topic]) -> Result<Member, TopicError> {
        let views = topics
            .iter()
            .map(|topic| self.topic(topic))
            .collect::<Result<Vec<_>, _>>()?;
        let id = MemberId(self.0.members_born.fetch_add(1, Ordering::Relaxed));
        Member::join(self.clone(), group, id, views)
    }

    pub(crate) async fn forget_group(&self, group: &str) -> Result<(), ForgetError> {
        let (reply, answer) = oneshot::channel();
        self.send(Command::Forget {
            group: group.to_owned(),
            reply,
        })
        .map_err(|Gone| ForgetError::Closed)?;
        answer.await.unwrap_or(Err(ForgetError::Closed))
    }

    pub(crate) fn tail(&self, topic: &Topic) -> Result<Tail, TopicError> {
        Tail::from_ends(self.clone(), self.topic(topic)?)
    }

    pub(crate) fn stats(&self) -> Stats {
        self.0.counters.snapshot()
    }

    pub(crate) async fn failed(&self) -> StorageError {
        error::failed(self.0.failure.clone()).await
    }

    pub(crate) async fn close(self) -> Result<(), CloseError> {
        let all = u32::try_from(self.0.settings.reads_max).unwrap_or(u32::MAX);
        let permits = self.0.reads.acquire_many(all).await;
        drop(permits.map_err(|_| CloseError::Closed)?);
        self.0.reads.close();
        let (reply, answer) = oneshot::channel();
        self.send(Command::Close { reply: Some(reply) })
            .map_err(|Gone| CloseError::Closed)?;
        answer.await.unwrap_or(Err(CloseError::Closed))
    }

    fn topic(&self, topic: &Topic) -> Result<Arc<TopicView>, TopicError> {
        self.0.catalog.borrow().topic(topic)
    }

    fn send(&self, command: Command) -> Result<(), Gone> {
        self.0.commands.send(command).map_err(|_| Gone)
    }
}

/// The writer has ended.
struct Gone;

impl Drop for Shared {
    /// Waits until the writer has made everything durable and let go of the folder.
    fn drop(&mut self) {
        // A writer that has ended needs no telling; one that panicked has said so.
        let _ = self.commands.send(Command::Close { reply: None });
        if let Some(writer) = self.writer.take() {
            let _ = writer.join();
        }
    }
}

impl fmt::Debug for Embedded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Embedded")
            .field("stats", &self.stats())
            .finish_non_exhaustive()
    }
}

/// Makes the folder and locks it for this process.
fn lock(dir: &Path) -> Result<File, OpenError> {
    let io = |source| OpenError::Folder {
        dir: dir.to_owned(),
        source,
    };
    std::fs::create_dir_all(dir).map_err(io)?;
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(dir.join("lock"))
        .map_err(io)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(OpenError::InUse {
            dir: dir.to_owned(),
        }),
        Err(TryLockError::Error(source)) => Err(io(source)),
    }
}
