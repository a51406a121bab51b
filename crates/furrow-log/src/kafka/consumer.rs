//! One topic of one member of a group, on a thread of its own.
//!
//! Each topic has its own consumer in the group, because the library's word that a partition's
//! end is reached names the partition but not the topic.
//!
//! The thread never waits for anybody for long: it goes on polling while nobody takes what it has
//! fetched, or the group would give it up.

mod fetching;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, TryRecvError};
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, KafkaResult};
use rdkafka::topic_partition_list::{Offset as Place, TopicPartitionList};
use tokio::sync::{mpsc, watch};

use super::commits::{Commits, Fate};
use super::errors::{self, Hope};
use super::gather::{Gather, Life, Parcel};
use super::notices::{Notice, Notices};
use super::reader;
use super::settings::KafkaSettings;
use crate::{BrokerError, Partition, Topic};

/// How long one look for records waits; what the member says is heard so much later.
const POLL: Duration = Duration::from_millis(20);

/// Records between two looks at what the member and the group say.
const BURST: usize = 1_024;

/// How long giving up partitions, or leaving, waits for the brokers to take the last commits.
const COMMIT_PATIENCE: Duration = Duration::from_secs(5);

/// How long the brokers may take to say what the group has committed.
const COMMITTED_TIMEOUT: Duration = Duration::from_secs(2);

/// What a member asks of the consumer of one of its topics.
#[derive(Clone, Copy, Debug)]
pub(super) enum Command {
    Start {
        partition: u32,
        life: Life,
        from: u64,
    },
    Commit {
        partition: u32,
        next: u64,
    },
    /// The member has taken the news that it is revoked.
    Yielded {
        partition: u32,
    },
    /// A parcel was taken.
    Room,
    Leave,
}

/// What a member learns from the consumer of one of its topics.
#[derive(Debug)]
pub(super) enum News {
    Assigned {
        partition: u32,
        committed: Option<u64>,
    },
    Revoked {
        partition: u32,
    },
    /// The brokers refuse the member, and always would.
    Refused(BrokerError),
}

/// Where a consumer's thread meets its member.
pub(super) struct Line {
    /// Which of the member's topics this is.
    pub(super) index: usize,
    pub(super) commands: Receiver<Command>,
    /// Bounded by what the group assigns: two for each partition at most wait here.
    pub(super) news: mpsc::UnboundedSender<(usize, News)>,
    pub(super) parcels: mpsc::Sender<(usize, Parcel)>,
    pub(super) ends: watch::Sender<BTreeMap<u32, u64>>,
    /// Whether the log is closed.
    pub(super) closed: watch::Receiver<bool>,
}

/// The thread's state.
pub(super) struct Feeder {
    topic: Topic,
    consumer: Arc<BaseConsumer<Notices>>,
    notices: Receiver<Notice>,
    line: Line,
    /// Waits for the answers to commits; one is on its way at a time.
    committer: Sender<BTreeMap<u32, u64>>,
    /// Assigned by the group; what was committed is not known yet.
    fresh: BTreeSet<u32>,
    /// Told to the member, with what flows.
    owned: BTreeMap<u32, Option<Flow>>,
    revoking: Option<Revoking>,
    /// Asked for while partitions are given up.
    postponed: Vec<(u32, Life, u64)>,
    commits: Commits,
    gather: Gather,
    outbox: VecDeque<Parcel>,
    pace: Pace,
    /// Some partition's records are not where they were looked for.
    astray: bool,
    revoke_wait: Duration,
    /// Pausing throws away what was fetched ahead, so it is for members that are busy for long.
    untaken_wait: Duration,
}

/// A partition whose records are fetched.
#[derive(Clone, Copy, Debug)]
struct Flow {
    life: Life,
    next: u64,
    /// It was said that everything before `next` was given out.
    caught_up: bool,
}

/// Partitions that the group wants back.
struct Revoking {
    partitions: BTreeSet<u32>,
    /// Those whose loss the member has not taken yet.
    untaken: BTreeSet<u32>,
    until: Instant,
}

/// How fetching goes.
#[derive(Clone, Copy, Debug)]
enum Pace {
    Flowing,
    /// Something waits to be taken since then.
    Full(Instant),
    /// Nothing is fetched; the group hears of this member all the same.
    Paused,
}

/// Whether the thread goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Course {
    On,
    Leave,
}

/// What a look for records found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Look {
    Something,
    Nothing,
    Refused,
}

impl Feeder {
    pub(super) fn new(
        topic: Topic,
        consumer: Arc<BaseConsumer<Notices>>,
        notices: Receiver<Notice>,
        committer: Sender<BTreeMap<u32, u64>>,
        line: Line,
        settings: &KafkaSettings,
    ) -> Self {
        Self {
            topic,
            consumer,
            notices,
            line,
            committer,
            fresh: BTreeSet::new(),
            owned: BTreeMap::new(),
            revoking: None,
            postponed: Vec::new(),
            commits: Commits::default(),
            gather: Gather::new(settings.fetch),
            outbox: VecDeque::new(),
            pace: Pace::Flowing,
            astray: false,
            revoke_wait: Duration::from_millis(settings.revoke_wait_ms_max.into()),
            untaken_wait: Duration::from_millis(settings.untaken_ms_max.into()),
        }
    }

    /// Feeds the member until it leaves or the log is closed.
    pub(super) fn run(mut self) {
        while self.turn() == Course::On {}
        self.leave();
    }

    fn turn(&mut self) -> Course {
        loop {
            match self.line.commands.try_recv() {
                Ok(Command::Leave) | Err(TryRecvError::Disconnected) => return Course::Leave,
                Ok(command) => self.obey(command),
                Err(TryRecvError::Empty) => break,
            }
        }
        if *self.line.closed.borrow() {
            return Course::Leave;
        }
        self.heed();
        self.give_up(Instant::now());
        self.find_astray();
        self.commit(Instant::now());
        if self.tell_assigned() == Course::Leave || self.deliver() == Course::Leave {
            return Course::Leave;
        }
        self.fetch()
    }

    fn obey(&mut self, command: Command) {
        match command {
            Command::Start {
                partition,
                life,
                from,
            } => self.start(partition, life, from),
            Command::Commit { partition, next } => self.commits.note(partition, next),
            Command::Yielded { partition } => {
                if let Some(revoking) = &mut self.revoking {
                    revoking.untaken.remove(&partition);
                }
            }
            Command::Room | Command::Leave => {}
        }
    }

    fn start(&mut self, partition: u32, life: Life, from: u64) {
        let Some(flow) = self.owned.get(&partition) else {
            return;
        };
        if let Some(revoking) = &self.revoking {
            // To unassign anything now would answer the group.
            if !revoking.partitions.contains(&partition) {
                self.postponed.push((partition, life, from));
            }
            return;
        }
        if flow.is_some() {
            self.stop(BTreeSet::from([partition]));
        }
        let mut list = TopicPartitionList::new();
        let begun = reader::add(&mut list, &self.topic, Partition(partition), from)
            .and_then(|()| self.consumer.incremental_assign(&list))
            .and_then(|()| match self.pace {
                Pace::Paused => self.consumer.pause(&list),
                Pace::Flowing | Pace::Full(_) => self.consumer.resume(&list),
            });
        self.report("begin to fetch", begun);
        let flow = Flow {
            life,
            next: from,
            caught_up: false,
        };
        self.owned.insert(partition, Some(flow));
    }

    /// Stops what flows of these partitions, which answers the group if it waits for that.
    fn stop(&mut self, partitions: BTreeSet<u32>) {
        let mut list = TopicPartitionList::new();
        for partition in partitions {
            self.gather.forget(Partition(partition));
            self.outbox.retain(|parcel| parcel.partition.0 != partition);
            if let Some(flow) = self.owned.get_mut(&partition)
                && flow.take().is_some()
            {
                list.add_partition(self.topic.as_str(), reader::number(Partition(partition)));
            }
        }
        let stopped = self.consumer.incremental_unassign(&list);
        self.report("stop fetching", stopped);
    }

    fn report(&self, what: &str, done: KafkaResult<()>) {
        if let Err(error) = done {
            tracing::error!(topic = %self.topic, %error, "a member could not {what}");
        }
    }

    /// Takes what the library has called back with.
    fn heed(&mut self) {
        while let Ok(notice) = self.notices.try_recv() {
            match notice {
                Notice::Assigned(partitions) => {
                    // What is to flow is said by the member; the group only waits for an answer.
                    let answered = self.consumer.incremental_assign(&TopicPartitionList::new());
                    self.report("answer an assignment", answered);
                    self.fresh.extend(partitions);
                }
                Notice::Revoked { partitions, lost } => self.revoked(partitions, lost),
                Notice::Committed(fate) => self.commits.answered(Instant::now(), fate),
                Notice::Ends(ends) => {
                    self.line.ends.send_modify(|known| known.extend(ends));
                }
            }
        }
    }

    fn revoked(&mut self, partitions: Vec<u32>, lost: bool) {
        let now = Instant::now();
        let until = now
            + if lost {
                Duration::ZERO
            } else {
                self.revoke_wait
            };
        let mut revoking = self.revoking.take().unwrap_or(Revoking {
            partitions: BTreeSet::new(),
            untaken: BTreeSet::new(),
            until,
        });
        revoking.until = revoking.until.min(until);
        for partition in partitions {
            if !self.fresh.remove(&partition) && self.owned.contains_key(&partition) {
                revoking.untaken.insert(partition);
                self.tell(News::Revoked { partition });
            }
            self.gather.forget(Partition(partition));
            self.outbox.retain(|parcel| parcel.partition.0 != partition);
            revoking.partitions.insert(partition);
        }
        self.revoking = Some(revoking);
    }

    /// Answers the group once the member has taken the news, or has had its time.
    fn give_up(&mut self, now: Instant) {
        let Some(revoking) = &self.revoking else {
            return;
        };
        let untaken = revoking.untaken.len();
        if untaken > 0 && now < revoking.until {
            return;
        }
        if untaken > 0 {
            tracing::warn!(topic = %self.topic, untaken, "partitions go to others unasked");
        }
        // The next owner begins where this member has come to.
        self.settle_commits();
        let Some(revoking) = self.revoking.take() else {
            return;
        };
        self.stop(revoking.partitions.clone());
        self.line.ends.send_modify(|ends| {
            ends.retain(|partition, _| !revoking.partitions.contains(partition));
        });
        self.owned
            .retain(|partition, _| !revoking.partitions.contains(partition));
        for (partition, life, from) in std::mem::take(&mut self.postponed) {
            self.start(partition, life, from);
        }
    }

    /// Waits until the brokers have answered all commits, for a bounded time.
    fn settle_commits(&mut self) {
        let until = Instant::now() + COMMIT_PATIENCE;
        while !self.commits.is_settled() {
            if Instant::now() >= until {
                tracing::warn!(topic = %self.topic, "the brokers have not taken the last commits");
                return;
            }
            self.commit(Instant::now());
            // An error that is final shows again at the next look.
            let _ = self.look(POLL);
            self.heed();
        }
    }

    fn commit(&mut self, now: Instant) {
        let Some(due) = self.commits.take(now) else {
            return;
        };
        if self.committer.send(due.clone()).is_err() {
            // It ends with this thread, or by a panic that was told.
            self.commits.answered(now, Fate::Refused);
        }
    }

    /// Tells the member what it was assigned, with what the group has committed.
    fn tell_assigned(&mut self) -> Course {
        if self.fresh.is_empty() {
            return Course::On;
        }
        let mut list = TopicPartitionList::new();
        for partition in &self.fresh {
            list.add_partition(self.topic.as_str(), reader::number(Partition(*partition)));
        }
        let answer = match self.consumer.committed_offsets(list, COMMITTED_TIMEOUT) {
            Ok(answer) => answer,
            Err(error) => return self.hope(&error),
        };
        for element in answer.elements() {
            let Ok(partition) = u32::try_from(element.partition()) else {
                continue;
            };
            // One that failed alone is asked for again.
            if element.error().is_ok() && self.fresh.remove(&partition) {
                let committed = match element.offset() {
                    Place::Offset(next) => u64::try_from(next).ok(),
                    Place::Beginning
                    | Place::End
                    | Place::Stored
                    | Place::Invalid
                    | Place::OffsetTail(_) => None,
                };
                self.owned.insert(partition, None);
                self.tell(News::Assigned {
                    partition,
                    committed,
                });
            }
        }
        Course::On
    }

    fn tell(&self, news: News) {
        // A member that is gone has said so, or will have.
        let _ = self.line.news.send((self.line.index, news));
    }

    /// Ends the member if the brokers refuse it for good.
    fn hope(&self, error: &KafkaError) -> Course {
        match errors::hope(error) {
            Hope::Again | Hope::Unknown => Course::On,
            Hope::None => {
                self.tell(News::Refused(errors::told(error)));
                Course::Leave
            }
        }
    }

    /// Leaves the group, after the brokers have taken the last commits.
    fn leave(mut self) {
        self.heed();
        self.settle_commits();
        self.stop(self.owned.keys().copied().collect());
        self.consumer.context().leave();
        // The last to let go of the consumer, this thread or the one that commits, says good-bye to
        // the group and polls until that is done.
    }
}
