//! The log: inside this process, or a Kafka cluster's.

use crate::config::{self, Config};
use crate::role::Role;
use anyhow::{Context, Result};
use furrow_log::{
    CloseError, EmbeddedSettings, GroupProtocol, KafkaSettings, Log, Patience, StorageError, Topic,
    TopicPlan,
};
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

/// The log as the roles of one process have it: how long an append waits is the role's to say, and a
/// client of a cluster has one patience for all of its appends.
#[derive(Debug)]
pub(crate) struct Logs {
    answering: Option<Log>,
    enduring: Option<Log>,
}

impl Logs {
    /// Opens what these roles need, at least one.
    pub(crate) async fn open(config: &Config, data: &Path, roles: &[Role]) -> Result<Logs> {
        if Backend::of(config) == Backend::Embedded {
            // One of its kind serves all: an append ends when its fsync does.
            let log = open(config, data, Patience::Endless).await?;
            return Ok(Logs {
                answering: None,
                enduring: Some(log),
            });
        }
        let mut logs = Logs {
            answering: None,
            enduring: None,
        };
        for role in roles {
            let patience = role.patience(config);
            let place = match patience {
                Patience::Bounded(_) => &mut logs.answering,
                Patience::Endless => &mut logs.enduring,
            };
            if place.is_none() {
                *place = Some(open(config, data, patience).await?);
            }
        }
        Ok(logs)
    }

    /// The one for appends of this patience.
    pub(crate) fn of(&self, patience: Patience) -> &Log {
        let (first, other) = match patience {
            Patience::Bounded(_) => (&self.answering, &self.enduring),
            Patience::Endless => (&self.enduring, &self.answering),
        };
        first.as_ref().or(other.as_ref()).expect("one is open")
    }

    /// One of them, for questions.
    pub(crate) fn any(&self) -> &Log {
        self.of(Patience::Endless)
    }

    /// Resolves when one of them can take no more appends.
    pub(crate) fn failed(&self) -> impl Future<Output = StorageError> + use<> {
        let [answering, enduring] = [self.answering.clone(), self.enduring.clone()].map(failed);
        async move {
            tokio::select! {
                error = answering => error,
                error = enduring => error,
            }
        }
    }

    /// Closes them beside each other.
    pub(crate) async fn close(self) -> Result<(), CloseError> {
        let (answering, enduring) = tokio::join!(close(self.answering), close(self.enduring));
        answering.and(enduring)
    }
}

async fn failed(log: Option<Log>) -> StorageError {
    match log {
        Some(log) => log.failed().await,
        None => std::future::pending().await,
    }
}

async fn close(log: Option<Log>) -> Result<(), CloseError> {
    match log {
        Some(log) => log.close().await,
        None => Ok(()),
    }
}

/// Opens or joins it.
pub(crate) async fn open(config: &Config, data: &Path, patience: Patience) -> Result<Log> {
    match Backend::of(config) {
        Backend::Embedded => {
            let settings = EmbeddedSettings {
                retention: retention(config),
                ..EmbeddedSettings::default()
            };
            Ok(Log::open(&folder(data), settings)?)
        }
        Backend::Kafka => Log::connect(kafka(config, patience))
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

fn kafka(config: &Config, patience: Patience) -> KafkaSettings {
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
        patience,
        ..KafkaSettings::default()
    }
}
