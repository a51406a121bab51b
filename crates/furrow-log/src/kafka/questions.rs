//! Questions to the brokers: asked on a blocking thread, and again as long as none answers.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, KafkaResult};
use rdkafka::topic_partition_list::{Offset as Place, TopicPartitionList};

use super::errors::{self, Hope};
use super::reader::{self, Quiet};
use super::{ASK_PAUSE, ASK_TIMEOUT, ASKED_GROUPS_MAX, Shared};
use crate::{Partition, Topic, TopicError};

/// Why a question has no answer.
pub(super) enum Unanswered {
    Closed,
    Error(KafkaError),
}

impl Shared {
    /// Asks the brokers on a blocking thread, again as long as none answers, for so long.
    pub(super) async fn ask<T: Send + 'static>(
        self: &Arc<Self>,
        patience: Duration,
        question: impl Fn(&Shared) -> KafkaResult<T> + Send + Sync + 'static,
    ) -> Result<T, Unanswered> {
        let until = Instant::now() + patience;
        let question = Arc::new(question);
        loop {
            if self.running.is_closed() {
                return Err(Unanswered::Closed);
            }
            let (shared, asked) = (Arc::clone(self), Arc::clone(&question));
            let answer = tokio::task::spawn_blocking(move || asked(&shared)).await;
            let error = match answer {
                Ok(Ok(answer)) => return Ok(answer),
                Ok(Err(error)) => error,
                // The runtime shuts down.
                Err(_) => return Err(Unanswered::Closed),
            };
            if errors::hope(&error) != Hope::Again || Instant::now() >= until {
                return Err(Unanswered::Error(error));
            }
            tracing::debug!(%error, "asking the brokers again");
            tokio::time::sleep(ASK_PAUSE).await;
        }
    }

    /// A client that can ask about a group without joining it.
    pub(super) fn group(&self, name: &str) -> KafkaResult<BaseConsumer<Quiet>> {
        let kept = {
            let mut groups = self.groups();
            let index = groups.iter().position(|(kept, _)| kept == name);
            index.map(|index| groups.remove(index).1)
        };
        match kept {
            Some(client) => Ok(client),
            None => self.settings.member(name).create_with_context(Quiet),
        }
    }

    pub(super) fn keep_group(&self, name: String, client: BaseConsumer<Quiet>) {
        // What the library had to say is heard, or it would be kept.
        let _ = client.poll(Duration::ZERO);
        let mut groups = self.groups();
        groups.push((name, client));
        let gone = (groups.len() > ASKED_GROUPS_MAX).then(|| groups.remove(0));
        // Ending a client takes a moment.
        drop(groups);
        drop(gone);
    }
}

/// What a group has committed in a partition.
pub(super) fn committed(
    client: &BaseConsumer<Quiet>,
    topic: &Topic,
    partition: Partition,
) -> KafkaResult<Option<u64>> {
    let number = reader::number(partition);
    let mut list = TopicPartitionList::new();
    list.add_partition(topic.as_str(), number);
    let answer = client.committed_offsets(list, ASK_TIMEOUT)?;
    let mut next = None;
    for element in answer.elements() {
        element.error()?;
        if let Place::Offset(offset) = element.offset() {
            next = u64::try_from(offset).ok();
        }
    }
    Ok(next)
}

/// As an error about a topic.
pub(super) fn of_topic(topic: &Topic, error: Unanswered) -> TopicError {
    let topic = topic.clone();
    match error {
        Unanswered::Closed => TopicError::Closed,
        Unanswered::Error(error) if errors::hope(&error) == Hope::Unknown => {
            TopicError::Unknown { topic }
        }
        Unanswered::Error(error) => TopicError::Broker {
            topic,
            source: errors::told(&error),
        },
    }
}
