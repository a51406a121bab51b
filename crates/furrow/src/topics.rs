//! What the log's topics must be: made where they are missing, checked where
//! they stand.

use crate::config::Config;
use crate::log;
use anyhow::{Result, bail};
use furrow_log::{Cleanup, Log, Stamp, Topic, TopicError, TopicFacts, TopicPlan};
use std::fmt;
use std::time::Duration;

/// What is wrong with a topic that stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    Partitions {
        found: u32,
        asked: u32,
    },
    Replication {
        found: u16,
        asked: u16,
    },
    MinInsync {
        found: u16,
        asked: u16,
    },
    /// More must have a record than have a copy: nothing could be written.
    Unwritable {
        min_insync: u16,
        replication: u16,
    },
    Retention {
        found: Duration,
        needed: Duration,
    },
    /// Records go by size, however young they are.
    RetentionBytes {
        found: u64,
    },
    WritersClock,
    Compacted,
    RecordBytes {
        found: u64,
        needed: u32,
    },
}

impl Fault {
    /// Whether scores could not be computed again, or would come out otherwise.
    fn endangers_recovery(self) -> bool {
        match self {
            Fault::Retention { .. }
            | Fault::RetentionBytes { .. }
            | Fault::WritersClock
            | Fault::Compacted => true,
            Fault::Partitions { .. }
            | Fault::Replication { .. }
            | Fault::MinInsync { .. }
            | Fault::Unwritable { .. }
            | Fault::RecordBytes { .. } => false,
        }
    }
}

impl Fault {
    /// The topic's setting that mends it, where one does.
    fn setting(self) -> Option<String> {
        match self {
            Fault::Partitions { .. } | Fault::Replication { .. } | Fault::Unwritable { .. } => None,
            Fault::MinInsync { asked, .. } => Some(format!("min.insync.replicas={asked}")),
            Fault::Retention { needed, .. } => Some(retention_setting(needed)),
            Fault::RetentionBytes { .. } => Some("retention.bytes=-1".to_owned()),
            Fault::WritersClock => Some("message.timestamp.type=LogAppendTime".to_owned()),
            Fault::Compacted => Some("cleanup.policy=delete".to_owned()),
            Fault::RecordBytes { needed, .. } => {
                let with_room = u64::from(needed) + RECORD_ROOM_BYTES;
                Some(format!("max.message.bytes={with_room}"))
            }
        }
    }
}

/// What a record's headers and its batch's head may take beside key and payload.
const RECORD_ROOM_BYTES: u64 = 1 << 10;

fn retention_setting(retention: Duration) -> String {
    format!("retention.ms={}", retention.as_millis())
}

/// Kafka's own command that changes settings of a topic. Its client here could
/// only replace all of them at once.
fn command(config: &Config, topic: &Topic, settings: &[String]) -> String {
    format!(
        "kafka-configs.sh --bootstrap-server {} --alter --entity-type topics --entity-name {topic} \
         --add-config {}",
        config.log.brokers.replace(' ', ""),
        settings.join(",")
    )
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Partitions { found, asked } => write!(
                f,
                "it has {found} partitions and log.partitions is {asked}: set log.partitions, or \
                 drain and run `furrow migrate --partitions {asked}`"
            ),
            Fault::Replication { found, asked } => write!(
                f,
                "{found} brokers hold it and log.replication is {asked}: reassign its partitions"
            ),
            Fault::MinInsync { found, asked } => write!(
                f,
                "a record is durable on {found} brokers and log.min_insync is {asked}: set \
                 min.insync.replicas={asked}"
            ),
            Fault::Unwritable {
                min_insync,
                replication,
            } => write!(
                f,
                "a record must be on {min_insync} brokers and only {replication} hold it: lower \
                 min.insync.replicas or add copies"
            ),
            Fault::Retention { found, needed } => write!(
                f,
                "records are kept for {:.1} h and a start without snapshots needs {:.1} h: set \
                 retention.ms={} at least",
                hours(*found),
                hours(*needed),
                needed.as_millis()
            ),
            Fault::RetentionBytes { found } => write!(
                f,
                "records go when a partition has {found} bytes, however young: set \
                 retention.bytes=-1"
            ),
            Fault::WritersClock => f.write_str(
                "append times are the writers' clocks: set message.timestamp.type=LogAppendTime",
            ),
            Fault::Compacted => {
                f.write_str("older records of a session are thrown away: set cleanup.policy=delete")
            }
            Fault::RecordBytes { found, needed } => write!(
                f,
                "records may have {found} bytes and Furrow's may have {needed}: set \
                 max.message.bytes"
            ),
        }
    }
}

fn hours(duration: Duration) -> f64 {
    duration.as_secs_f64() / 3_600.0
}

/// Everything that is wrong.
fn faults(facts: &TopicFacts, plan: &TopicPlan, needed: Duration) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut find = |wrong: bool, fault| {
        if wrong {
            faults.push(fault);
        }
    };
    let (found, asked) = (facts.partitions, plan.partitions);
    find(found != asked, Fault::Partitions { found, asked });
    if let Some(asked) = plan.replication {
        let found = facts.replication;
        find(found < asked, Fault::Replication { found, asked });
    }
    if let Some(asked) = plan.min_insync {
        let found = facts.min_insync;
        find(found < asked, Fault::MinInsync { found, asked });
    }
    let (min_insync, replication) = (facts.min_insync, facts.replication);
    find(
        min_insync > replication,
        Fault::Unwritable {
            min_insync,
            replication,
        },
    );
    if let Some(found) = facts.retention {
        find(found < needed, Fault::Retention { found, needed });
    }
    if let Some(found) = facts.retention_bytes {
        find(true, Fault::RetentionBytes { found });
    }
    find(facts.stamp != Stamp::Log, Fault::WritersClock);
    find(facts.cleanup != Cleanup::Delete, Fault::Compacted);
    let (found, needed) = (facts.record_bytes_max, plan.record_bytes_max);
    find(
        found < u64::from(needed),
        Fault::RecordBytes { found, needed },
    );
    faults
}

/// Makes topics that are missing and checks those that stand. What was made,
/// and what stands otherwise than it would be made, for people.
pub(crate) async fn set_up(config: &Config, log: &Log) -> Result<Vec<String>> {
    let plan = plan(config);
    let needed = furrow_scorer::retention_needed(&config.scorer);
    let [interactions, scores, dead_letters] = log::topics(config);
    let mut told = Vec::new();
    let mut wrong = Vec::new();
    for topic in [&interactions, &scores, &dead_letters] {
        match log.describe_topic(topic).await {
            Err(TopicError::Unknown { .. }) => {
                log.create_topic(topic, &plan).await?;
                told.push(format!("topic {topic} is made"));
            }
            // Nobody reads dead letters but people: they may be kept as they like.
            Ok(_) if *topic == dead_letters => {}
            Ok(facts) => {
                told.extend(kept_otherwise(config, topic, &facts, &plan));
                wrong.push((topic.clone(), faults(&facts, &plan, needed)));
            }
            Err(error) => return Err(error.into()),
        }
    }
    refuse(config, &wrong)?;
    Ok(told)
}

/// How long a topic keeps records is fixed when it is made: a setting that was
/// changed since has to be brought to it.
fn kept_otherwise(
    config: &Config,
    topic: &Topic,
    facts: &TopicFacts,
    plan: &TopicPlan,
) -> Option<String> {
    let asked = plan.retention;
    let found = match facts.retention {
        Some(found) if found == asked => return None,
        Some(found) => format!("for {:.1} h", hours(found)),
        None => "for ever".to_owned(),
    };
    let command = command(config, topic, &[retention_setting(asked)]);
    Some(format!(
        "topic {topic} keeps records {found} and log.retention_hours is {:.0}; to change that: \
         {command}",
        hours(asked)
    ))
}

/// Refuses a log that was not set up.
pub(crate) async fn check_there(config: &Config, log: &Log) -> Result<()> {
    for topic in log::topics(config) {
        match log.partitions(&topic).await {
            Ok(_) => {}
            Err(TopicError::Unknown { topic }) => bail!(
                "there is no topic {topic}: run `furrow migrate` first, under the same \
                 configuration"
            ),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// Refuses topics from which scores could not be computed again.
pub(crate) async fn check_recovery(config: &Config, log: &Log) -> Result<()> {
    let plan = plan(config);
    let needed = furrow_scorer::retention_needed(&config.scorer);
    let [interactions, scores, _] = log::topics(config);
    let mut wrong = Vec::new();
    for topic in [&interactions, &scores] {
        let facts = log.describe_topic(topic).await?;
        let faults = faults(&facts, &plan, needed).into_iter();
        let faults = faults.filter(|fault| fault.endangers_recovery());
        wrong.push((topic.clone(), faults.collect()));
    }
    refuse(config, &wrong)
}

/// How topics of this log are made: one inside this process has one copy.
fn plan(config: &Config) -> TopicPlan {
    let plan = log::plan(config);
    match log::Backend::of(config) {
        log::Backend::Kafka => plan,
        log::Backend::Embedded => TopicPlan {
            replication: None,
            min_insync: None,
            ..plan
        },
    }
}

fn refuse(config: &Config, wrong: &[(Topic, Vec<Fault>)]) -> Result<()> {
    let told: Vec<String> = wrong
        .iter()
        .flat_map(|(topic, faults)| told(config, topic, faults))
        .collect();
    if told.is_empty() {
        return Ok(());
    }
    bail!(
        "the log's topics are not what they must be:\n  {}",
        told.join("\n  ")
    )
}

/// A line for each fault, and the command that mends those that it can.
fn told(config: &Config, topic: &Topic, faults: &[Fault]) -> Vec<String> {
    let mut lines: Vec<String> = faults
        .iter()
        .map(|fault| format!("{topic}: {fault}"))
        .collect();
    let settings: Vec<String> = faults.iter().filter_map(|fault| fault.setting()).collect();
    if !settings.is_empty() {
        lines.push(format!("mend it: {}", command(config, topic, &settings)));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3_600);
    const NEEDED: Duration = Duration::from_secs(74 * 3_600);

    fn plan() -> TopicPlan {
        TopicPlan {
            replication: Some(3),
            min_insync: Some(2),
            retention: 76 * HOUR,
            ..TopicPlan::of(8)
        }
    }

    fn good() -> TopicFacts {
        TopicFacts {
            partitions: 8,
            replication: 3,
            min_insync: 2,
            retention: Some(76 * HOUR),
            retention_bytes: None,
            stamp: Stamp::Log,
            cleanup: Cleanup::Delete,
            record_bytes_max: 8 << 20,
        }
    }

    fn config() -> Config {
        Config::with(&[("FURROW__LOG__BROKERS", "a:9092, b:9092")])
    }

    fn check(facts: &TopicFacts) -> Vec<String> {
        let faults = faults(facts, &plan(), NEEDED);
        told(&config(), &Topic::new("t"), &faults)
    }

    #[test]
    fn a_topic_as_it_is_made_has_no_fault() {
        assert_eq!(check(&good()), Vec::<String>::new());
        let kept_for_ever = TopicFacts {
            retention: None,
            ..good()
        };
        assert_eq!(check(&kept_for_ever), Vec::<String>::new());
    }

    #[test]
    fn every_fault_says_what_to_set() {
        let cases = [
            (
                TopicFacts {
                    partitions: 4,
                    ..good()
                },
                "furrow migrate --partitions 8",
            ),
            (
                TopicFacts {
                    replication: 2,
                    ..good()
                },
                "reassign its partitions",
            ),
            (
                TopicFacts {
                    min_insync: 1,
                    ..good()
                },
                "min.insync.replicas=2",
            ),
            (
                TopicFacts {
                    min_insync: 4,
                    ..good()
                },
                "lower min.insync.replicas",
            ),
            (
                TopicFacts {
                    retention: Some(73 * HOUR),
                    ..good()
                },
                "retention.ms=266400000",
            ),
            (
                TopicFacts {
                    retention_bytes: Some(1),
                    ..good()
                },
                "retention.bytes=-1",
            ),
            (
                TopicFacts {
                    stamp: Stamp::Writer,
                    ..good()
                },
                "LogAppendTime",
            ),
            (
                TopicFacts {
                    cleanup: Cleanup::Compact,
                    ..good()
                },
                "cleanup.policy=delete",
            ),
            (
                TopicFacts {
                    record_bytes_max: 1_000,
                    ..good()
                },
                "max.message.bytes",
            ),
        ];
        for (facts, remedy) in cases {
            let told = check(&facts);
            assert!(
                told[0].starts_with("t: ") && told[0].contains(remedy),
                "{told:?}"
            );
            let faults = told.iter().filter(|line| line.starts_with("t: "));
            assert_eq!(faults.count(), 1, "{told:?}");
            // A command for it, where one mends it, and nothing else.
            assert!(told.len() <= 2, "{told:?}");
            assert!(
                told[1..].iter().all(|line| line.starts_with("mend it: ")),
                "{told:?}"
            );
        }
    }

    #[test]
    fn what_settings_mend_is_one_command() {
        let facts = TopicFacts {
            stamp: Stamp::Writer,
            retention: Some(73 * HOUR),
            replication: 2,
            ..good()
        };
        let told = check(&facts);
        assert_eq!(told.len(), 4, "{told:?}");
        assert_eq!(
            told[3],
            "mend it: kafka-configs.sh --bootstrap-server a:9092,b:9092 --alter --entity-type \
             topics --entity-name t --add-config \
             retention.ms=266400000,message.timestamp.type=LogAppendTime"
        );
    }

    #[test]
    fn a_topic_that_keeps_records_otherwise_than_is_configured_is_told_with_the_command() {
        let told = |retention| {
            let facts = TopicFacts {
                retention,
                ..good()
            };
            kept_otherwise(&config(), &Topic::new("t"), &facts, &plan())
        };
        assert_eq!(told(Some(76 * HOUR)), None);
        let longer = told(Some(100 * HOUR)).unwrap();
        assert!(
            longer.contains("for 100.0 h and log.retention_hours is 76"),
            "{longer}"
        );
        assert!(
            longer.ends_with("--add-config retention.ms=273600000"),
            "{longer}"
        );
        assert!(told(None).unwrap().contains("for ever"));
    }

    #[test]
    fn a_role_starts_on_fewer_copies_but_not_on_what_it_could_not_recover_from() {
        let endangering = |facts: &TopicFacts| {
            let faults = faults(facts, &plan(), NEEDED).into_iter();
            faults.filter(|fault| fault.endangers_recovery()).count()
        };
        let few = TopicFacts {
            replication: 1,
            min_insync: 1,
            partitions: 4,
            ..good()
        };
        assert_eq!(endangering(&few), 0);
        let short = TopicFacts {
            retention: Some(HOUR),
            ..good()
        };
        assert_eq!(endangering(&short), 1);
    }
}
