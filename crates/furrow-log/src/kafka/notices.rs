//! What a consumer's thread hears of: what the library calls back with, and answers to commits.
//!
//! Nothing is decided within a call: waiting there, or asking the brokers, can stop the library.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;

use rdkafka::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::KafkaError;
use rdkafka::statistics::Statistics;
use rdkafka::topic_partition_list::TopicPartitionList;
use rdkafka::types::RDKafkaRespErr;

use super::commits::Fate;
use super::library;

/// What a consumer's thread is to heed.
#[derive(Debug)]
pub(super) enum Notice {
    Assigned(Vec<u32>),
    Revoked {
        partitions: Vec<u32>,
        /// The group has given this member up: others may own them by now.
        lost: bool,
    },
    /// The commit that was on its way was answered.
    Committed(Fate),
    /// Where partitions end, as far as the last fetch told.
    Ends(BTreeMap<u32, u64>),
}

/// Told by the library, on the thread that polls.
pub(super) struct Notices {
    notices: Sender<Notice>,
    /// The member leaves: whatever the group still says is answered at once.
    leaving: AtomicBool,
}

impl Notices {
    pub(super) fn new(notices: Sender<Notice>) -> Self {
        Self {
            notices,
            leaving: AtomicBool::new(false),
        }
    }

    /// From now on every rebalance is answered at once, with nothing.
    pub(super) fn leave(&self) {
        self.leaving.store(true, Ordering::Relaxed);
    }

    fn tell(&self, notice: Notice) {
        // Nobody listens once the thread is on its way out.
        let _ = self.notices.send(notice);
    }
}

impl ClientContext for Notices {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        library::log(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        match error {
            // These are told to whoever polls, too.
            KafkaError::PartitionEOF(_) => {}
            other => tracing::debug!(error = %other, reason, "a member of a group is told"),
        }
    }

    fn stats(&self, statistics: Statistics) {
        let topics = statistics.topics.into_values();
        let ends = topics
            .flat_map(|topic| topic.partitions)
            .filter_map(|(partition, facts)| {
                let partition = u32::try_from(partition).ok()?;
                Some((partition, u64::try_from(facts.hi_offset).ok()?))
            });
        self.tell(Notice::Ends(ends.collect()));
    }
}

impl ConsumerContext for Notices {
    fn rebalance(
        &self,
        consumer: &BaseConsumer<Self>,
        kind: RDKafkaRespErr,
        list: &mut TopicPartitionList,
    ) {
        let partitions = partitions(list);
        let assigned = kind == RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS;
        if self.leaving.load(Ordering::Relaxed) {
            let nothing = TopicPartitionList::new();
            let answered = match assigned {
                true => consumer.incremental_assign(&nothing),
                false => consumer.incremental_unassign(&nothing),
            };
            if let Err(error) = answered {
                tracing::warn!(%error, "a rebalance was not answered");
            }
        } else if assigned {
            self.tell(Notice::Assigned(partitions));
        } else {
            let lost = consumer.assignment_lost();
            self.tell(Notice::Revoked { partitions, lost });
        }
    }
}

fn partitions(list: &TopicPartitionList) -> Vec<u32> {
    let elements = list.elements();
    let numbers = elements.iter().map(|element| element.partition());
    numbers
        .filter_map(|number| u32::try_from(number).ok())
        .collect()
}
