//! What a log asks the brokers to change: topics, and groups that are to be forgotten.

use std::time::Instant;

use rdkafka::error::KafkaResult;

use super::errors::{self, Hope};
use super::questions::{Unanswered, of_topic};
use super::topics::{self, Done, Forgotten};
use super::{ASK_PAUSE, ASK_TIMEOUT, Kafka};
use crate::{BrokerError, ForgetError, PARTITIONS_MAX, Topic, TopicError, TopicFacts, TopicPlan};

impl Kafka {
    pub(crate) async fn create_topic(
        &self,
        topic: &Topic,
        plan: &TopicPlan,
    ) -> Result<(), TopicError> {
        let asked = plan.partitions;
        let settings = &self.0.settings;
        let name = topic.as_str();
        self.administer(topic, || topics::create(settings, name, plan))
            .await?;
        // One that was made a moment ago is not known everywhere yet.
        let existing = self.until_known(topic).await?;
        if existing != asked {
            let topic = topic.clone();
            return Err(TopicError::OtherCount {
                topic,
                existing,
                asked,
            });
        }
        Ok(())
    }

    pub(crate) async fn describe_topic(&self, topic: &Topic) -> Result<TopicFacts, TopicError> {
        let (partitions, replication) = self.metadata(topic).await?;
        let settings = &self.0.settings;
        let name = topic.as_str();
        let configuration = self.administer(topic, || topics::configuration(settings, name));
        Ok(topics::facts(
            partitions,
            replication,
            &configuration.await?,
        ))
    }

    pub(crate) async fn add_partitions(
        &self,
        topic: &Topic,
        partitions: u32,
    ) -> Result<(), TopicError> {
        let existing = self.partitions(topic).await?;
        if existing == partitions {
            return Ok(());
        }
        let topic = topic.clone();
        if partitions > PARTITIONS_MAX {
            return Err(TopicError::Illegal { topic, partitions });
        }
        if existing > partitions {
            return Err(TopicError::OtherCount {
                topic,
                existing,
                asked: partitions,
            });
        }
        let settings = &self.0.settings;
        let grow = || topics::grow(settings, topic.as_str(), partitions);
        self.administer(&topic, grow).await?;
        self.until_metadata(&topic, |count| count == partitions)
            .await
    }

    pub(crate) async fn delete_topic(&self, topic: &Topic) -> Result<(), TopicError> {
        let settings = &self.0.settings;
        let name = topic.as_str();
        let done = self
            .administer(topic, || topics::delete(settings, name))
            .await?;
        self.until_metadata(topic, |count| count == 0).await?;
        self.0.catalog.send_modify(|known| {
            known.remove(topic);
        });
        match done {
            Done::Done => Ok(()),
            Done::Already => Err(TopicError::Unknown {
                topic: topic.clone(),
            }),
        }
    }

    pub(crate) async fn forget_group(&self, group: &str) -> Result<(), ForgetError> {
        let settings = &self.0.settings;
        let until = Instant::now() + self.patience();
        let forgotten = loop {
            if self.0.running.is_closed() {
                return Err(ForgetError::Closed);
            }
            match topics::forget(settings, group).await {
                Ok(forgotten) => break forgotten,
                Err(error) if errors::hope(&error) == Hope::Again && Instant::now() < until => {
                    tokio::time::sleep(ASK_PAUSE).await;
                }
                Err(error) => {
                    return Err(ForgetError::Broker {
                        group: group.to_owned(),
                        source: errors::told(&error),
                    });
                }
            }
        };
        match forgotten {
            Forgotten::Gone => Ok(()),
            Forgotten::HasMembers => Err(ForgetError::Active {
                group: group.to_owned(),
                members: self.count_members(group).await,
            }),
        }
    }

    /// The number of partitions once the brokers tell one.
    async fn until_known(&self, topic: &Topic) -> Result<u32, TopicError> {
        self.until_metadata(topic, |count| count > 0).await?;
        self.partitions(topic).await
    }

    /// Waits until the brokers tell a number of partitions that will do; 0: there is no topic.
    async fn until_metadata(
        &self,
        topic: &Topic,
        will_do: impl Fn(u32) -> bool,
    ) -> Result<(), TopicError> {
        let until = Instant::now() + self.patience();
        loop {
            let count = match self.partitions(topic).await {
                Ok(count) => count,
                Err(TopicError::Unknown { .. }) => 0,
                Err(error) => return Err(error),
            };
            if will_do(count) {
                return Ok(());
            }
            if Instant::now() >= until {
                return Err(TopicError::Broker {
                    topic: topic.clone(),
                    source: BrokerError::new("the brokers do not agree on the topic in time"),
                });
            }
            tokio::time::sleep(ASK_PAUSE).await;
        }
    }

    /// Asks for a change, again as long as no broker answers.
    async fn administer<T, Answer: Future<Output = KafkaResult<T>>>(
        &self,
        topic: &Topic,
        ask: impl Fn() -> Answer,
    ) -> Result<T, TopicError> {
        let until = Instant::now() + self.patience();
        loop {
            if self.0.running.is_closed() {
                return Err(TopicError::Closed);
            }
            match ask().await {
                Ok(answer) => return Ok(answer),
                Err(error) if errors::hope(&error) == Hope::Again && Instant::now() < until => {
                    tracing::debug!(%topic, %error, "asking the brokers again");
                    tokio::time::sleep(ASK_PAUSE).await;
                }
                Err(error) => return Err(of_topic(topic, Unanswered::Error(error))),
            }
        }
    }

    /// How many members a group has; at least the one that is in the way.
    async fn count_members(&self, group: &str) -> usize {
        let name = group.to_owned();
        let counted = self.0.ask(ASK_TIMEOUT, move |shared| {
            let client = shared.appender.client();
            let groups = client.fetch_group_list(Some(&name), ASK_TIMEOUT)?;
            let members = groups.groups().iter().map(|group| group.members().len());
            Ok(members.sum::<usize>())
        });
        counted.await.unwrap_or(0).max(1)
    }
}
