//! The member's side of its consumers.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::sync::mpsc as commands;

use rdkafka::consumer::{BaseConsumer, Consumer};
use tokio::sync::{mpsc, watch};

use super::Kafka;
use super::commits::Committer;
use super::consumer::{Command, Feeder, Line, News};
use super::errors;
use super::gather::{Content, Life, Parcel};
use super::notices::Notices;
use super::running::Running;
use super::settings::KafkaSettings;
use crate::{BrokerError, ConsumeError, Event, Offset, Partition, Topic, TopicError};

/// Parcels that may wait to be taken, besides the one that each consumer gathers.
const PARCELS_MAX: usize = 2;

pub(crate) struct Member {
    group: String,
    feeds: Vec<Feed>,
    news: mpsc::UnboundedReceiver<(usize, News)>,
    parcels: mpsc::Receiver<(usize, Parcel)>,
    /// What is this member's, by topic and partition, and the start that its records belong to.
    owned: BTreeMap<(usize, u32), Option<Life>>,
    lives: u64,
    closed: watch::Receiver<bool>,
    /// The log is there as long as any of its members.
    _log: Kafka,
}

/// The consumer of one topic.
struct Feed {
    topic: Topic,
    commands: commands::Sender<Command>,
    ends: watch::Receiver<BTreeMap<u32, u64>>,
}

impl Member {
    /// Starts a consumer for each topic. They join the group by themselves.
    pub(super) fn join(
        log: Kafka,
        settings: &KafkaSettings,
        running: &Running,
        group: &str,
        mut topics: Vec<Topic>,
    ) -> Result<Self, TopicError> {
        topics.sort();
        topics.dedup();
        let (news, heard) = mpsc::unbounded_channel();
        let (parcels, taken) = mpsc::channel(PARCELS_MAX);
        let mut feeds = Vec::new();
        for (index, topic) in topics.into_iter().enumerate() {
            let (commands, obeyed) = commands::channel();
            let (ends, known) = watch::channel(BTreeMap::new());
            let line = Line {
                index,
                commands: obeyed,
                news: news.clone(),
                parcels: parcels.clone(),
                ends,
                closed: running.closed(),
            };
            start(settings, running, group, &topic, line)?;
            feeds.push(Feed {
                topic,
                commands,
                ends: known,
            });
        }
        Ok(Self {
            group: group.to_owned(),
            feeds,
            news: heard,
            parcels: taken,
            owned: BTreeMap::new(),
            lives: 0,
            closed: running.closed(),
            _log: log,
        })
    }

    pub(crate) async fn next(&mut self) -> Result<Event, ConsumeError> {
        loop {
            let (index, parcel) = tokio::select! {
                // News first: records of a partition that is to be given up can wait.
                biased;
                () = is_closed(&mut self.closed) => return Err(ConsumeError::Closed),
                news = self.news.recv() => {
                    let (index, news) = news.ok_or(ConsumeError::Closed)?;
                    return self.apply(index, news);
                }
                parcel = self.parcels.recv() => parcel.ok_or(ConsumeError::Closed)?,
            };
            self.tell(index, Command::Room);
            let Parcel {
                partition,
                life,
                content,
            } = parcel;
            // What flowed before the partition was given up, or started again, is not wanted.
            if self.owned.get(&(index, partition.0)) != Some(&Some(life)) {
                continue;
            }
            let topic = self.feeds[index].topic.clone();
            return match content {
                Content::Records(records) => Ok(Event::Records {
                    topic,
                    partition,
                    records,
                }),
                Content::CaughtUp(end) => Ok(Event::CaughtUp {
                    topic,
                    partition,
                    end,
                }),
                Content::Failed(source) => Err(ConsumeError::Read {
                    topic,
                    partition,
                    source,
                }),
            };
        }
    }

    fn apply(&mut self, index: usize, news: News) -> Result<Event, ConsumeError> {
        let topic = self.feeds[index].topic.clone();
        match news {
            News::Assigned {
                partition,
                committed,
            } => {
                self.owned.insert((index, partition), None);
                Ok(Event::Assigned {
                    topic,
                    partition: Partition(partition),
                    committed: committed.map(Offset),
                })
            }
            News::Revoked { partition } => {
                self.owned.remove(&(index, partition));
                self.tell(index, Command::Yielded { partition });
                Ok(Event::Revoked {
                    topic,
                    partition: Partition(partition),
                })
            }
            News::Refused(error) => Err(ConsumeError::Broker(error)),
        }
    }

    pub(crate) fn start(&mut self, topic: &Topic, partition: Partition, from: Offset) {
        let Some(index) = self.index(topic) else {
            return;
        };
        let Some(owned) = self.owned.get_mut(&(index, partition.0)) else {
            return;
        };
        self.lives += 1;
        let life = Life(self.lives);
        *owned = Some(life);
        let start = Command::Start {
            partition: partition.0,
            life,
            from: from.0,
        };
        self.tell(index, start);
    }

    pub(crate) fn end(&self, topic: &Topic, partition: Partition) -> Option<Offset> {
        let index = self.index(topic)?;
        self.owned.get(&(index, partition.0))?;
        let ends = self.feeds[index].ends.borrow();
        ends.get(&partition.0).copied().map(Offset)
    }

    pub(crate) fn commit(
        &self,
        topic: &Topic,
        partition: Partition,
        next: Offset,
    ) -> Result<(), ConsumeError> {
        if *self.closed.borrow() {
            return Err(ConsumeError::Closed);
        }
        let Some(index) = self.index(topic) else {
            let topic = topic.clone();
            return Err(TopicError::Unknown { topic }.into());
        };
        let commit = Command::Commit {
            partition: partition.0,
            next: next.0,
        };
        self.feeds[index]
            .commands
            .send(commit)
            .map_err(|_| ConsumeError::Closed)
    }

    fn index(&self, topic: &Topic) -> Option<usize> {
        self.feeds.iter().position(|feed| feed.topic == *topic)
    }

    fn tell(&self, index: usize, command: Command) {
        // A consumer that has ended has said so, or the log is closed.
        let _ = self.feeds[index].commands.send(command);
    }
}

/// Starts the thread of one topic's consumer.
fn start(
    settings: &KafkaSettings,
    running: &Running,
    group: &str,
    topic: &Topic,
    line: Line,
) -> Result<(), TopicError> {
    let refused = |source| TopicError::Broker {
        topic: topic.clone(),
        source,
    };
    let (notices, heeded) = commands::channel();
    let consumer: BaseConsumer<Notices> = settings
        .member(group)
        .create_with_context(Notices::new(notices.clone()))
        .map_err(|error| refused(errors::told(&error)))?;
    consumer
        .subscribe(&[topic.as_str()])
        .map_err(|error| refused(errors::told(&error)))?;
    let consumer = Arc::new(consumer);
    let (commits, sent) = commands::channel();
    let committer = Committer {
        topic: topic.clone(),
        consumer: Arc::clone(&consumer),
        commits: sent,
        answers: notices,
    };
    let feeder = Feeder::new(topic.clone(), consumer, heeded, commits, line, settings);
    running
        .spawn(format!("commit {topic}"), move || committer.run())
        .and_then(|()| running.spawn(format!("log {topic}"), move || feeder.run()))
        .map_err(|error| refused(BrokerError::new(error.to_string())))
}

/// Resolves when the log is closed.
pub(super) async fn is_closed(closed: &mut watch::Receiver<bool>) {
    // The log's last handle is gone: that is an end as well.
    let _ = closed.wait_for(|closed| *closed).await;
}

impl Drop for Member {
    fn drop(&mut self) {
        for index in 0..self.feeds.len() {
            self.tell(index, Command::Leave);
        }
    }
}

impl fmt::Debug for Member {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Member")
            .field("group", &self.group)
            .field("owned", &self.owned)
            .finish_non_exhaustive()
    }
}
