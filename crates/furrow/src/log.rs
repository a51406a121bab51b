//! The log: inside this process, or a Kafka cluster's.

use crate::config::{self, Config};
use anyhow::{Context, Result};
use furrow_log::{EmbeddedSettings, GroupProtocol, KafkaSettings, Log, Topic, TopicPlan};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Where the log is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Backend {
    /// In this process, which then has all roles.
    Embedded,
    /// On brokers that several processes share.
    Kafka,
}

impl Backend {
    /// What the configuration says.
    pub(crate) fn of(config: &Config) -> Backend {
        match config.log.brokers.is_empty() {
            true => Backend::Embedded,
            false => Backend::Kafka,
        }
    }
}

/// Opens or joins it.
pub(crate) async fn open(config: &Config, data: &Path) -> Result<Log> {
    match Backend::of(config) {
        Backend::Embedded => {
            let settings = EmbeddedSettings {
                retention: retention(config),
                ..EmbeddedSettings::default()
            };
            Ok(Log::open(&folder(data), settings)?)
        }
        Backend::Kafka => Log::connect(kafka(config))
            .await
            .context("the log cannot be used"),
    }
}

/// The embedded log's folder.
pub(crate) fn folder(data: &Path) -> PathBuf {
    data.join("log")
}

/// How long records are kept.
pub(crate) fn retention(config: &Config) -> Duration {
    Duration::from_secs(config.log.retention_hours * 3_600)
}

/// How topics are made.
pub(crate) fn plan(config: &Config) -> TopicPlan {
    TopicPlan {
        replication: Some(config.log.replication),
        min_insync: Some(config.log.min_insync),
        retention: retention(config),
        ..TopicPlan::of(config.log.partitions)
    }
}

/// All topics, interactions first.
pub(crate) fn topics(config: &Config) -> [Topic; 3] {
    [
        &config.scorer.interactions,
        &config.scorer.scores,
        &config.scorer.dead_letters,
    ]
    .map(|name| Topic::new(name))
}

fn kafka(config: &Config) -> KafkaSettings {
    let log = &config.log;
    let exposed = |(name, value): (&String, &furrow_service::config::Secret)| {
        (name.clone(), value.expose().to_owned())
    };
    KafkaSettings {
        brokers: log.brokers.clone(),
        client: log.client.0.iter().map(exposed).collect(),
        group_protocol: match log.group_protocol {
            config::GroupProtocol::Classic => GroupProtocol::Classic,
            config::GroupProtocol::Consumer => GroupProtocol::Consumer,
        },
        session_timeout_ms: log.session_timeout_ms,
        message_timeout_ms: log.message_timeout_ms,
        ..KafkaSettings::default()
    }
}
