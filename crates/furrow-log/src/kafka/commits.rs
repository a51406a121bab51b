//! What a member is still to tell its group.
//!
//! The library drops the answers to commits that nobody waits for, and waiting may take as long as
//! a broker is away: so a thread of its own waits for each, and the consumer's thread hears of it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender};
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::error::KafkaResult;
use rdkafka::topic_partition_list::TopicPartitionList;

use super::errors;
use super::notices::{Notice, Notices};
use super::reader;
use crate::{Partition, Topic};

/// How long a commit that failed waits for its next attempt.
const PAUSE: Duration = Duration::from_millis(200);

/// Commits by partition: pure. One request is on its way at a time; what is said meanwhile waits, and
/// only the last of it for each partition.
#[derive(Debug, Default)]
pub(super) struct Commits {
    due: BTreeMap<u32, u64>,
    flying: BTreeMap<u32, u64>,
    not_before: Option<Instant>,
}

/// What became of a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Taken,
    /// It may be taken later.
    Later,
    /// It never will be.
    Refused,
}

impl Commits {
    /// The group needs nothing before `next`.
    pub(super) fn note(&mut self, partition: u32, next: u64) {
        self.due.insert(partition, next);
    }

    /// What to send now, if anything. It is on its way until it is [`answered`](Self::answered).
    pub(super) fn take(&mut self, now: Instant) -> Option<&BTreeMap<u32, u64>> {
        let pausing = self.not_before.is_some_and(|at| now < at);
        if pausing || self.due.is_empty() || !self.flying.is_empty() {
            return None;
        }
        self.not_before = None;
        self.flying = std::mem::take(&mut self.due);
        Some(&self.flying)
    }

    /// What was on its way was answered.
    pub(super) fn answered(&mut self, now: Instant, fate: Fate) {
        let flown = std::mem::take(&mut self.flying);
        match fate {
            Fate::Taken | Fate::Refused => {}
            Fate::Later => {
                for (partition, next) in flown {
                    // What was said since is newer.
                    self.due.entry(partition).or_insert(next);
                }
                self.not_before = Some(now + PAUSE);
            }
        }
    }

    /// Nothing waits and nothing is on its way.
    pub(super) fn is_settled(&self) -> bool {
        self.due.is_empty() && self.flying.is_empty()
    }
}

/// Sends commits of one topic and waits for their answers, until nobody sends any more.
pub(super) struct Committer {
    pub(super) topic: Topic,
    pub(super) consumer: Arc<BaseConsumer<Notices>>,
    pub(super) commits: Receiver<BTreeMap<u32, u64>>,
    pub(super) answers: Sender<Notice>,
}

impl Committer {
    pub(super) fn run(self) {
        while let Ok(commit) = self.commits.recv() {
            let fate = match self.send(&commit) {
                Ok(()) => Fate::Taken,
                Err(error) => {
                    let later = errors::code(&error).is_none_or(errors::may_commit_later);
                    tracing::warn!(topic = %self.topic, %error, later, "a commit was not taken");
                    if later { Fate::Later } else { Fate::Refused }
                }
            };
            // A consumer that has left wants no answer.
            let _ = self.answers.send(Notice::Committed(fate));
        }
    }

    fn send(&self, commit: &BTreeMap<u32, u64>) -> KafkaResult<()> {
        let mut list = TopicPartitionList::new();
        for (partition, next) in commit {
            reader::add(&mut list, &self.topic, Partition(*partition), *next)?;
        }
        self.consumer.commit(&list, CommitMode::Sync)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(commits: &mut Commits, now: Instant) -> Vec<(u32, u64)> {
        let sent = commits.take(now).into_iter().flatten();
        sent.map(|(partition, next)| (*partition, *next)).collect()
    }

    #[test]
    fn what_is_said_while_one_is_on_its_way_waits_and_only_the_last_counts() {
        let now = Instant::now();
        let mut commits = Commits::default();
        commits.note(0, 5);
        assert_eq!(sent(&mut commits, now), [(0, 5)]);
        commits.note(0, 9);
        commits.note(0, 7);
        commits.note(1, 1);
        assert_eq!(sent(&mut commits, now), []);
        commits.answered(now, Fate::Taken);
        assert_eq!(sent(&mut commits, now), [(0, 7), (1, 1)]);
        commits.answered(now, Fate::Taken);
        assert!(commits.is_settled());
    }

    #[test]
    fn one_that_failed_is_sent_again_after_a_pause() {
        let now = Instant::now();
        let mut commits = Commits::default();
        commits.note(0, 5);
        assert_eq!(sent(&mut commits, now), [(0, 5)]);
        commits.answered(now, Fate::Later);
        assert!(!commits.is_settled());
        assert_eq!(sent(&mut commits, now), []);
        assert_eq!(sent(&mut commits, now + PAUSE), [(0, 5)]);
    }

    #[test]
    fn one_that_failed_gives_way_to_what_was_said_since() {
        let now = Instant::now();
        let mut commits = Commits::default();
        commits.note(0, 5);
        assert_eq!(sent(&mut commits, now), [(0, 5)]);
        commits.note(0, 3);
        commits.answered(now, Fate::Later);
        assert_eq!(sent(&mut commits, now + PAUSE), [(0, 3)]);
    }

    #[test]
    fn one_that_is_refused_is_not_sent_again() {
        let now = Instant::now();
        let mut commits = Commits::default();
        commits.note(0, 5);
        assert_eq!(sent(&mut commits, now), [(0, 5)]);
        commits.answered(now, Fate::Refused);
        assert!(commits.is_settled());
    }
}
