//! Making topics, and what they are in truth.
//!
//! An administration client is made for each question and goes with it: nothing polls its log
//! queue, so one that stays would gather lines for ever.

use std::collections::HashMap;
use std::time::Duration;

use rdkafka::admin::{
    AdminClient, AdminOptions, ConfigResource, NewPartitions, NewTopic, ResourceSpecifier,
    TopicReplication,
};
use rdkafka::client::DefaultClientContext;
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode as Code};

use super::settings::{KafkaSettings, RECORD_OVERHEAD_BYTES};
use crate::{Cleanup, Stamp, TopicFacts, TopicPlan};

/// How long the brokers may take over one request.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(15);

/// A replication factor that leaves the choice to the brokers.
const BROKERS_CHOICE: i32 = -1;

/// What a request did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Done {
    Done,
    /// It was so before.
    Already,
}

fn admin(settings: &KafkaSettings) -> KafkaResult<AdminClient<DefaultClientContext>> {
    settings.producer().create()
}

fn options() -> AdminOptions {
    AdminOptions::new()
        .request_timeout(Some(REQUEST_TIMEOUT))
        .operation_timeout(Some(REQUEST_TIMEOUT))
}

/// The one answer to a request about one thing.
fn single<T>(answers: KafkaResult<Vec<Result<T, (String, Code)>>>) -> KafkaResult<T> {
    match answers?.pop() {
        Some(Ok(done)) => Ok(done),
        Some(Err((_, code))) => Err(KafkaError::AdminOp(code)),
        None => Err(KafkaError::Canceled),
    }
}

pub(super) async fn create(
    settings: &KafkaSettings,
    name: &str,
    plan: &TopicPlan,
) -> KafkaResult<Done> {
    let partitions = i32::try_from(plan.partitions).expect("at most PARTITIONS_MAX");
    let replication = plan.replication.map_or(BROKERS_CHOICE, i32::from);
    let retention_ms = plan.retention.as_millis().to_string();
    let record_bytes_max = (plan.record_bytes_max as usize + RECORD_OVERHEAD_BYTES).to_string();
    let min_insync = plan.min_insync.map(|count| count.to_string());
    let mut topic = NewTopic::new(name, partitions, TopicReplication::Fixed(replication))
        .set("cleanup.policy", "delete")
        // Records are kept as they were sent: readers know every compression that Furrow writes.
        .set("compression.type", "producer")
        .set("message.timestamp.type", "LogAppendTime")
        .set("max.message.bytes", &record_bytes_max)
        .set("retention.ms", &retention_ms)
        .set("retention.bytes", "-1")
        // A broker that has not all records must not become the one that others follow.
        .set("unclean.leader.election.enable", "false");
    if let Some(count) = &min_insync {
        topic = topic.set("min.insync.replicas", count);
    }
    let created = admin(settings)?.create_topics([&topic], &options()).await;
    match single(created) {
        Ok(_) => Ok(Done::Done),
        Err(KafkaError::AdminOp(Code::TopicAlreadyExists)) => Ok(Done::Already),
        Err(error) => Err(error),
    }
}

pub(super) async fn delete(settings: &KafkaSettings, name: &str) -> KafkaResult<Done> {
    let deleted = admin(settings)?.delete_topics(&[name], &options()).await;
    match single(deleted) {
        Ok(_) => Ok(Done::Done),
        Err(KafkaError::AdminOp(Code::UnknownTopicOrPartition)) => Ok(Done::Already),
        Err(error) => Err(error),
    }
}

pub(super) async fn grow(settings: &KafkaSettings, name: &str, partitions: u32) -> KafkaResult<()> {
    let wanted = NewPartitions::new(name, partitions as usize);
    let grown = admin(settings)?
        .create_partitions([&wanted], &options())
        .await;
    single(grown).map(|_| ())
}

/// What a group still has in the way of being forgotten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Forgotten {
    Gone,
    HasMembers,
}

pub(super) async fn forget(settings: &KafkaSettings, group: &str) -> KafkaResult<Forgotten> {
    let forgotten = admin(settings)?.delete_groups(&[group], &options()).await;
    match single(forgotten) {
        Ok(_) | Err(KafkaError::AdminOp(Code::GroupIdNotFound)) => Ok(Forgotten::Gone),
        Err(KafkaError::AdminOp(Code::NonEmptyGroup)) => Ok(Forgotten::HasMembers),
        Err(error) => Err(error),
    }
}

/// The configuration of a topic, as its brokers apply it.
pub(super) async fn configuration(
    settings: &KafkaSettings,
    name: &str,
) -> KafkaResult<HashMap<String, String>> {
    let resource = ResourceSpecifier::Topic(name);
    let answers = admin(settings)?
        .describe_configs([&resource], &options())
        .await;
    match answers?.pop() {
        Some(Ok(ConfigResource { entries, .. })) => Ok(entries
            .into_iter()
            .filter_map(|entry| Some((entry.name, entry.value?)))
            .collect()),
        Some(Err(code)) => Err(KafkaError::AdminOp(code)),
        None => Err(KafkaError::Canceled),
    }
}

/// Reads a topic's configuration; what it does not tell is taken for what needs attention.
pub(super) fn facts(
    partitions: u32,
    replication: u16,
    configuration: &HashMap<String, String>,
) -> TopicFacts {
    let text = |name: &str| configuration.get(name).map_or("", String::as_str);
    let number = |name: &str| text(name).parse::<i64>().ok();
    let limit = |name: &str| number(name).and_then(|value| u64::try_from(value).ok());
    TopicFacts {
        partitions,
        replication,
        min_insync: number("min.insync.replicas")
            .and_then(|count| u16::try_from(count).ok())
            .unwrap_or(1),
        retention: limit("retention.ms").map(Duration::from_millis),
        retention_bytes: limit("retention.bytes"),
        stamp: match text("message.timestamp.type") {
            "LogAppendTime" => Stamp::Log,
            _ => Stamp::Writer,
        },
        cleanup: match text("cleanup.policy") {
            "delete" => Cleanup::Delete,
            _ => Cleanup::Compact,
        },
        record_bytes_max: limit("max.message.bytes").unwrap_or(0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(pairs: &[(&str, &str)]) -> TopicFacts {
        let pairs = pairs
            .iter()
            .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()));
        facts(3, 1, &pairs.collect())
    }

    #[test]
    fn a_topic_without_end_of_retention_keeps_all() {
        let facts = told(&[("retention.ms", "-1"), ("retention.bytes", "-1")]);
        assert_eq!((facts.retention, facts.retention_bytes), (None, None));
        let facts = told(&[("retention.ms", "1000"), ("retention.bytes", "7")]);
        assert_eq!(facts.retention, Some(Duration::from_secs(1)));
        assert_eq!(facts.retention_bytes, Some(7));
    }

    #[test]
    fn a_topic_that_compacts_besides_deleting_is_one_that_compacts() {
        assert_eq!(
            told(&[("cleanup.policy", "delete")]).cleanup,
            Cleanup::Delete
        );
        let both = told(&[("cleanup.policy", "compact,delete")]);
        assert_eq!(both.cleanup, Cleanup::Compact);
    }

    #[test]
    fn whose_clock_it_is_must_be_told() {
        let log = told(&[("message.timestamp.type", "LogAppendTime")]);
        assert_eq!(log.stamp, Stamp::Log);
        let writer = told(&[("message.timestamp.type", "CreateTime")]);
        assert_eq!(writer.stamp, Stamp::Writer);
        assert_eq!(told(&[]).stamp, Stamp::Writer);
    }
}
