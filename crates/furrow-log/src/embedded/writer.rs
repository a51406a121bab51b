//! The writer: one thread that owns the store and the groups, and does one thing after another.
//!
//! It takes whatever appends wait, makes them durable with one fsync, answers them, and begins
//! anew: while one fsync runs the next group gathers, so the load decides how large groups are.

use std::collections::BTreeMap;
use std::fs::File;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Instant;

use tokio::sync::{mpsc as news, oneshot, watch};

use super::commits::Commits;
use super::membership::{Change, Groups, MemberId, News};
use super::queue::{Append, Command};
use super::store::{Entry, Placed, Store, millis};
use crate::counters::Counters;
use crate::{
    AppendError, Appended, CloseError, EmbeddedSettings, ForgetError, Offset, Partition,
    StorageError, Topic, TopicError,
};

/// The writer's state, owned by its thread.
pub(super) struct Writer {
    pub(super) commands: Receiver<Command>,
    pub(super) store: Store,
    pub(super) commits: Arc<Commits>,
    pub(super) counters: Arc<Counters>,
    pub(super) settings: EmbeddedSettings,
    pub(super) failure: watch::Sender<Option<StorageError>>,
    pub(super) groups: Groups,
    pub(super) members: BTreeMap<MemberId, news::UnboundedSender<Change>>,
    /// Held as long as the store is open.
    pub(super) lock: File,
}

/// What one look at the queue found.
#[derive(Default)]
struct Gathered {
    appends: Vec<Append>,
    bytes: u64,
    then: Option<Command>,
}

type CloseReply = Option<oneshot::Sender<Result<(), CloseError>>>;

impl Writer {
    /// Works until the log is closed.
    pub(super) fn run(mut self) {
        self.counters
            .segments
            .store(self.store.segments(), Ordering::Relaxed);
        let mut sweep_due = Instant::now() + self.settings.sweep_interval;
        let reply = loop {
            let wait = sweep_due.saturating_duration_since(Instant::now());
            let first = match self.commands.recv_timeout(wait) {
                Ok(command) => Some(command),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => break None,
            };
            let gathered = self.gather(first);
            self.append(gathered.appends, gathered.bytes);
            if let Some(command) = gathered.then
                && let Some(reply) = self.obey(command)
            {
                break reply;
            }
            if Instant::now() >= sweep_due {
                self.sweep();
                sweep_due = Instant::now() + self.settings.sweep_interval;
            }
        };
        self.close(reply);
    }

    /// Appends that wait, up to the limits of a group or to the first command of another kind.
    fn gather(&self, first: Option<Command>) -> Gathered {
        let mut gathered = Gathered::default();
        let mut next = first;
        loop {
            match next.take() {
                Some(Command::Append(append)) => {
                    gathered.bytes += append.bytes();
                    gathered.appends.push(append);
                }
                Some(other) => {
                    gathered.then = Some(other);
                    return gathered;
                }
                None => return gathered,
            }
            if gathered.appends.len() >= self.settings.group_records_max
                || gathered.bytes >= self.settings.group_bytes_max as u64
            {
                return gathered;
            }
            next = self.commands.try_recv().ok();
        }
    }

    fn append(&mut self, appends: Vec<Append>, bytes: u64) {
        if appends.is_empty() {
            return;
        }
        let result = self.make_durable(&appends);
        let count = appends.len() as u64;
        self.counters.release(count, bytes);
        match result {
            Ok(placed) => {
                self.count_appended(&appends);
                for (append, placed) in appends.into_iter().zip(placed) {
                    let appended = Appended {
                        partition: Partition(append.slot.partition),
                        offset: Offset(placed.offset),
                        append_time_ms: placed.append_time_ms,
                    };
                    // Whoever dropped the receipt does not want to know.
                    let _ = append.reply.send(Ok(appended));
                }
            }
            Err(error) => {
                self.counters.failed.fetch_add(count, Ordering::Relaxed);
                for append in appends {
                    let _ = append.reply.send(Err(error.clone().into()));
                }
            }
        }
    }

    fn make_durable(&mut self, appends: &[Append]) -> Result<Vec<Placed>, StorageError> {
        self.check_not_failed()?;
        let entries: Vec<_> = appends
            .iter()
            .map(|append| Entry {
                slot: append.slot,
                key: &append.key,
                payload: &append.payload,
            })
            .collect();
        let notes = self.commits.take_unstored();
        let result = self
            .store
            .append(&entries, notes, self.settings.clock.now_ms());
        self.note_failure(result)
    }

    fn count_appended(&self, appends: &[Append]) {
        let bytes: usize = appends.iter().map(|a| a.key.len() + a.payload.len()).sum();
        self.counters
            .appended_records
            .fetch_add(appends.len() as u64, Ordering::Relaxed);
        self.counters
            .appended_bytes
            .fetch_add(bytes as u64, Ordering::Relaxed);
        self.counters.fsyncs.fetch_add(1, Ordering::Relaxed);
        self.counters
            .segments
            .store(self.store.segments(), Ordering::Relaxed);
    }

    /// Does what was asked; `Some` ends the loop.
    fn obey(&mut self, command: Command) -> Option<CloseReply> {
        match command {
            Command::Append(append) => self.append_alone(append),
            Command::CreateTopic {
                topic,
                partitions,
                reply,
            } => {
                let _ = reply.send(self.create_topic(topic, partitions));
            }
            Command::Join {
                group,
                member,
                topics,
                news,
            } => {
                self.members.insert(member, news);
                let news = self.groups.join(&group, member, topics);
                self.spread(news);
            }
            Command::Leave { group, member } => {
                self.members.remove(&member);
                let news = self.groups.leave(&group, member);
                self.spread(news);
            }
            Command::Yielded {
                group,
                member,
                place,
            } => {
                let news = self.groups.yielded(&group, member, &place);
                self.spread(news);
            }
            Command::CommitsWait => self.store_commits(),
            Command::Forget { group, reply } => {
                let _ = reply.send(self.forget(&group));
            }
            Command::Close { reply } => return Some(reply),
        }
        None
    }

    fn append_alone(&mut self, append: Append) {
        let bytes = append.bytes();
        self.append(vec![append], bytes);
    }

    fn create_topic(&mut self, topic: Topic, partitions: u32) -> Result<(), TopicError> {
        match self.store.partitions(&topic) {
            Some(existing) if existing == partitions => Ok(()),
            Some(existing) => Err(TopicError::OtherCount {
                topic,
                existing,
                asked: partitions,
            }),
            None => {
                self.check_not_failed()?;
                let result = self.store.create_topic(topic, partitions);
                Ok(self.note_failure(result)?)
            }
        }
    }

    fn spread(&self, news: Vec<News>) {
        for (member, change) in news {
            if let Some(mailbox) = self.members.get(&member) {
                // A member that is gone has its `Leave` on the way.
                let _ = mailbox.send(change);
            }
        }
    }

    fn store_commits(&mut self) {
        let notes = self.commits.take_unstored();
        if self.check_not_failed().is_ok() {
            let result = self.store.store_commits(notes);
            let _ = self.note_failure(result);
        }
    }

    fn forget(&mut self, group: &str) -> Result<(), ForgetError> {
        let members = self.groups.members(group);
        if members > 0 {
            return Err(ForgetError::Active {
                group: group.to_owned(),
                members,
            });
        }
        self.check_not_failed()?;
        let notes = self.commits.forget(group);
        let result = self.store.forget(&notes);
        Ok(self.note_failure(result)?)
    }

    fn sweep(&mut self) {
        if self.check_not_failed().is_err() {
            return;
        }
        let now_ms = self.settings.clock.now_ms();
        let horizon_ms = now_ms.saturating_sub(millis(self.settings.retention));
        let (notes, read) = self.commits.take_for_sweep();
        let result = self.store.sweep(horizon_ms, notes, &read);
        let Ok(swept) = self.note_failure(result) else {
            return;
        };
        let overdue_before = self
            .counters
            .segments_overdue
            .swap(swept.overdue, Ordering::Relaxed);
        self.counters
            .segments_dropped
            .fetch_add(swept.dropped, Ordering::Relaxed);
        self.counters
            .segments
            .store(self.store.segments(), Ordering::Relaxed);
        if swept.dropped > 0 {
            tracing::info!(segments = swept.dropped, "old segments dropped");
        }
        if swept.overdue > overdue_before {
            tracing::warn!(
                segments = swept.overdue,
                "segments past retention are kept because a group has not read them"
            );
        }
    }

    fn check_not_failed(&self) -> Result<(), StorageError> {
        match &*self.failure.borrow() {
            Some(error) => Err(error.clone()),
            None => Ok(()),
        }
    }

    /// After a failed write nothing is known about the store's last bytes: no more appends.
    fn note_failure<T>(&self, result: Result<T, StorageError>) -> Result<T, StorageError> {
        if let Err(error) = &result {
            tracing::error!(%error, "the log takes no more appends");
            self.failure.send_replace(Some(error.clone()));
        }
        result
    }

    fn close(self, reply: CloseReply) {
        let result = self.check_not_failed().and_then(|()| {
            let notes = self.commits.take_unstored();
            self.store.flush(notes)
        });
        let Self {
            commands,
            store,
            members,
            lock,
            failure,
            counters,
            ..
        } = self;
        store.close();
        drop((members, failure));
        drop(lock);
        while let Ok(command) = commands.try_recv() {
            refuse(command, &counters);
        }
        if let Some(reply) = reply {
            let _ = reply.send(result.map_err(CloseError::from));
        }
    }
}

/// Answers what came after the log was closed.
fn refuse(command: Command, counters: &Counters) {
    match command {
        Command::Append(append) => {
            counters.release(1, append.bytes());
            let _ = append.reply.send(Err(AppendError::Closed));
        }
        Command::CreateTopic { reply, .. } => {
            let _ = reply.send(Err(TopicError::Closed));
        }
        Command::Forget { reply, .. } => {
            let _ = reply.send(Err(ForgetError::Closed));
        }
        Command::Close { reply: Some(reply) } => {
            let _ = reply.send(Err(CloseError::Closed));
        }
        Command::Join { .. }
        | Command::Leave { .. }
        | Command::Yielded { .. }
        | Command::CommitsWait
        | Command::Close { reply: None } => {}
    }
}
