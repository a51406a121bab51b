//! One member of a group: membership news first, then records, fetched when they are asked for.

use std::fmt;
use std::sync::Arc;

use futures_util::future::select_all;
use tokio::sync::{mpsc, watch};

use super::Embedded;
use super::commits::Wake;
use super::membership::{Change, MemberId, Place};
use super::queue::Command;
use super::view::{TopicView, View};
use crate::{ConsumeError, Event, Offset, Partition, ReadError, Topic, TopicError};

pub(crate) struct Member {
    log: Embedded,
    group: String,
    id: MemberId,
    /// At most two for each partition wait here: one is sent only after the one before last was
    /// taken.
    news: mpsc::UnboundedReceiver<Change>,
    topics: Vec<Arc<TopicView>>,
    appended: Vec<watch::Receiver<()>>,
    owned: Vec<Owned>,
    /// Where in `owned` the next look begins, so that no partition starves the others.
    turn: usize,
}

/// A partition that is this member's.
struct Owned {
    place: Place,
    view: watch::Receiver<View>,
    flow: Flow,
}

/// Where the records of a partition stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flow {
    /// Not started.
    Still,
    /// This record is next.
    At(u64),
    /// This record is next, and it was said that it is not there yet.
    CaughtUp(u64),
}

/// What a look at one partition found to do.
enum Step {
    Nothing,
    SayCaughtUp(u64),
    Read(super::view::Span, u64),
}

/// Why a wait ended.
enum Woken {
    News(Change),
    Appended,
}

impl Member {
    pub(super) fn join(
        log: Embedded,
        group: &str,
        id: MemberId,
        mut topics: Vec<Arc<TopicView>>,
    ) -> Result<Self, TopicError> {
        topics.sort_by_key(|view| view.id);
        topics.dedup_by_key(|view| view.id);
        let subscription = topics
            .iter()
            .map(|view| (view.topic.clone(), view.count()))
            .collect();
        let (sender, news) = mpsc::unbounded_channel();
        log.send(Command::Join {
            group: group.to_owned(),
            member: id,
            topics: subscription,
            news: sender,
        })
        .map_err(|super::Gone| TopicError::Closed)?;
        let appended = topics.iter().map(|view| view.appended.clone()).collect();
        let group = group.to_owned();
        Ok(Self {
            log,
            group,
            id,
            news,
            topics,
            appended,
            owned: Vec::new(),
            turn: 0,
        })
    }

    pub(crate) async fn next(&mut self) -> Result<Event, ConsumeError> {
        loop {
            match self.news.try_recv() {
                Ok(change) => return Ok(self.apply(change)),
                Err(mpsc::error::TryRecvError::Disconnected) => return Err(ConsumeError::Closed),
                Err(mpsc::error::TryRecvError::Empty) => {}
            }
            // Seen before the partitions are looked at: what comes later wakes the wait below.
            for signal in &mut self.appended {
                signal.mark_unchanged();
            }
            if let Some(event) = self.fetch().await? {
                return Ok(event);
            }
            if let Woken::News(change) = self.wait().await? {
                return Ok(self.apply(change));
            }
        }
    }

    /// Until there is news or there are records to look for.
    async fn wait(&mut self) -> Result<Woken, ConsumeError> {
        let signals = &mut self.appended;
        let appended = async {
            if signals.is_empty() {
                return std::future::pending().await;
            }
            select_all(signals.iter_mut().map(|signal| Box::pin(signal.changed())))
                .await
                .0
        };
        tokio::select! {
            // News first: records of a partition that is to be given up can wait.
            biased;
            change = self.news.recv() => change.map(Woken::News).ok_or(ConsumeError::Closed),
            changed = appended => {
                changed.map(|()| Woken::Appended).map_err(|_| ConsumeError::Closed)
            }
        }
    }

    pub(crate) fn start(&mut self, topic: &Topic, partition: Partition, from: Offset) {
        let owned = self
            .owned
            .iter_mut()
            .find(|owned| owned.place.topic == *topic && owned.place.partition == partition);
        if let Some(owned) = owned {
            owned.flow = Flow::At(from.0);
        }
    }

    pub(crate) fn end(&self, topic: &Topic, partition: Partition) -> Option<Offset> {
        let is_it =
            |owned: &&Owned| owned.place.topic == *topic && owned.place.partition == partition;
        match &*self.owned.iter().find(is_it)?.view.borrow() {
            View::Open(span) => Some(Offset(span.end)),
            View::Closed => None,
        }
    }

    pub(crate) fn commit(
        &self,
        topic: &Topic,
        partition: Partition,
        next: Offset,
    ) -> Result<(), ConsumeError> {
        let slot = self.log.topic(topic).and_then(|view| view.slot(partition));
        let slot = slot.map_err(|error| match error {
            TopicError::Closed => ConsumeError::Closed,
            other => ConsumeError::Topic(other),
        })?;
        match self.log.0.commits.commit(&self.group, slot, next.0) {
            Wake::Pending => Ok(()),
            Wake::Due => self
                .log
                .send(Command::CommitsWait)
                .map_err(|super::Gone| ConsumeError::Closed),
        }
    }

    fn apply(&mut self, change: Change) -> Event {
        match change {
            Change::Assigned(place) => {
                let view = self
                    .topics
                    .iter()
                    .find(|view| view.topic == place.topic)
                    .expect("a member is assigned partitions of its own topics");
                let slot = view
                    .slot(place.partition)
                    .expect("a topic never loses partitions");
                let committed = self.log.0.commits.committed(&self.group, slot).map(Offset);
                let view = view.partitions[slot.partition as usize].clone();
                let Place { topic, partition } = place.clone();
                self.owned.push(Owned {
                    place,
                    view,
                    flow: Flow::Still,
                });
                Event::Assigned {
                    topic,
                    partition,
                    committed,
                }
            }
            Change::Revoked(place) => {
                self.owned.retain(|owned| owned.place != place);
                let Place { topic, partition } = place.clone();
                // A log that is closed hands nothing over.
                let _ = self.log.send(Command::Yielded {
                    group: self.group.clone(),
                    member: self.id,
                    place,
                });
                Event::Revoked { topic, partition }
            }
        }
    }

    /// Looks at every partition once, beginning after the one that was served last. What it learns
    /// is kept only after the last await, so a call that is dropped loses nothing.
    async fn fetch(&mut self) -> Result<Option<Event>, ConsumeError> {
        let count = self.owned.len();
        for index in (0..count).map(|step| (self.turn + step) % count) {
            let owned = &mut self.owned[index];
            let event = match owned.step()? {
                Step::Nothing => continue,
                Step::SayCaughtUp(end) => {
                    owned.flow = Flow::CaughtUp(end);
                    let Place { topic, partition } = owned.place.clone();
                    Event::CaughtUp {
                        topic,
                        partition,
                        end: Offset(end),
                    }
                }
                Step::Read(span, from) => {
                    let limit = self.log.0.settings.fetch;
                    let read = self.log.read_span(span, Offset(from), limit).await;
                    let records = read.map_err(|source| owned.error(source))?;
                    owned.flow = Flow::At(from + records.len() as u64);
                    let Place { topic, partition } = owned.place.clone();
                    Event::Records {
                        topic,
                        partition,
                        records,
                    }
                }
            };
            self.turn = (index + 1) % count;
            return Ok(Some(event));
        }
        Ok(None)
    }
}

impl Owned {
    fn step(&self) -> Result<Step, ConsumeError> {
        let from = match self.flow {
            Flow::Still => return Ok(Step::Nothing),
            Flow::At(from) | Flow::CaughtUp(from) => from,
        };
        let span = match &*self.view.borrow() {
            View::Open(span) => span.clone(),
            View::Closed => return Err(ConsumeError::Closed),
        };
        Ok(match self.flow {
            Flow::CaughtUp(_) if from == span.end => Step::Nothing,
            Flow::At(_) if from == span.end => Step::SayCaughtUp(from),
            Flow::Still | Flow::At(_) | Flow::CaughtUp(_) => Step::Read(span, from),
        })
    }

    fn error(&self, source: ReadError) -> ConsumeError {
        if matches!(source, ReadError::Closed) {
            return ConsumeError::Closed;
        }
        let Place { topic, partition } = self.place.clone();
        ConsumeError::Read {
            topic,
            partition,
            source,
        }
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        // A log that is closed has no groups to leave.
        let _ = self.log.send(Command::Leave {
            group: self.group.clone(),
            member: self.id,
        });
    }
}

impl fmt::Debug for Member {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let owned: Vec<_> = self
            .owned
            .iter()
            .map(|owned| (&owned.place, owned.flow))
            .collect();
        f.debug_struct("Member")
            .field("group", &self.group)
            .field("owned", &owned)
            .finish_non_exhaustive()
    }
}
