//! Two scorers on one broker, each a process of the real binary: one that
//! stays, and one that comes and goes.

use crate::memory::Memory;
use crate::told::{Told, What, told};
use anyhow::{Context, Result, bail};
use furrow_log::{KafkaSettings, Log, Offset, Partition, Topic, TopicPlan};
use furrow_scorer::{epoch, place};
use furrow_test_broker::Broker;
use furrow_tests::{Apart, Role};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// Of every topic: what Furrow makes unless told otherwise.
pub const PARTITIONS: u32 = 8;

/// Between two snapshots of a partition, ms. Six times as often as the default, so that the
/// measurement does not wait for minutes; a snapshot only has to be there.
pub const SNAPSHOT_EVERY_MS: u64 = 10_000;

/// Longer than anything here takes that goes well.
pub const PATIENCE: Duration = Duration::from_secs(180);

/// How often something that is waited for is looked at.
const LOOK_INTERVAL: Duration = Duration::from_millis(20);

/// The scorers and what they share.
#[derive(Debug)]
pub struct Pair {
    apart: Apart,
    /// The log that they read from and write to.
    pub log: Log,
    /// The topics, as the scorers name them.
    pub interactions: Topic,
    /// See `interactions`.
    pub scores: Topic,
    group: String,
    /// The one that is there all the time.
    pub stays: Role,
    /// The one that comes and goes, while it is there.
    guest: Option<Role>,
}

impl Pair {
    /// Makes the topics and starts both.
    ///
    /// # Errors
    /// When the broker does not do what it is asked to.
    pub async fn start(broker: &Broker) -> Result<Pair> {
        let config = furrow_scorer::Config::default();
        let settings = [
            ("LOG__BROKERS", broker.bootstrap()),
            ("LOG__PARTITIONS", PARTITIONS.to_string()),
            ("LOG__REPLICATION", 1.to_string()),
            ("LOG__MIN_INSYNC", 1.to_string()),
            ("SCORER__SNAPSHOT_EVERY_MS", SNAPSHOT_EVERY_MS.to_string()),
        ];
        let apart = Apart::on(settings.map(|(name, value)| (format!("FURROW__{name}"), value)));
        let log = Log::connect(KafkaSettings {
            brokers: broker.bootstrap(),
            ..KafkaSettings::default()
        })
        .await?;
        let plan = TopicPlan {
            retention: furrow_scorer::retention_needed(&config),
            ..TopicPlan::of(PARTITIONS)
        };
        let names = [&config.interactions, &config.scores, &config.dead_letters];
        let topics = names.map(|name| Topic::new(name));
        for topic in &topics {
            log.create_topic(topic, &plan).await?;
        }
        epoch::begin(&*place::folder(&apart.snapshots())?, PARTITIONS).await?;
        let [interactions, scores, _] = topics;
        Ok(Pair {
            stays: apart.start("scorer"),
            guest: Some(apart.start("scorer")),
            apart,
            log,
            interactions,
            scores,
            group: config.group,
        })
    }

    /// Starts the guest without waiting.
    pub fn invite(&mut self) {
        self.guest = Some(self.apart.launch("scorer"));
    }

    /// The guest.
    ///
    /// # Errors
    /// When it is not there.
    pub fn guest(&self) -> Result<&Role> {
        self.guest.as_ref().context("the guest is not there")
    }

    /// Takes the guest, to be stopped or killed.
    ///
    /// # Errors
    /// When it is not there.
    pub fn take_guest(&mut self) -> Result<Role> {
        self.guest.take().context("the guest is not there")
    }

    /// Every scorer that runs.
    pub fn scorers(&self) -> impl Iterator<Item = &Role> {
        std::iter::once(&self.stays).chain(&self.guest)
    }

    /// The memory of each that runs, and its open sessions.
    ///
    /// # Errors
    /// When one does not tell.
    pub fn memory(&self) -> Result<Vec<(Memory, u64)>> {
        let one = |role: &Role| Ok((Memory::of(role.pid())?, sessions(role)?));
        self.scorers().map(one).collect()
    }

    /// Waits until the partitions are shared out evenly and folded to where the log ends now.
    ///
    /// # Errors
    /// When that takes too long.
    pub async fn until_caught_up(&self) -> Result<()> {
        let each = PARTITIONS as usize / self.scorers().count();
        until("the partitions are shared out", || {
            self.scorers().all(|role| owned(role).len() == each)
        })
        .await?;
        let mut ends = BTreeMap::new();
        for partition in (0..PARTITIONS).map(Partition) {
            let bounds = self.log.bounds(&self.interactions, partition).await?;
            ends.insert(partition, bounds.end);
        }
        let began = Instant::now();
        while let Some((partition, end)) = ends.first_key_value() {
            let read = self
                .log
                .committed(&self.group, &self.interactions, *partition);
            if read.await?.unwrap_or(Offset(0)) >= *end {
                ends.pop_first();
            } else if began.elapsed() > PATIENCE {
                bail!("the scorers do not catch up: {}", self.said());
            } else {
                tokio::time::sleep(LOOK_INTERVAL).await;
            }
        }
        Ok(())
    }

    /// Waits until each partition has a snapshot of this offset or a later one.
    ///
    /// # Errors
    /// When that takes too long.
    pub async fn until_snapshots(&self, offsets: &BTreeMap<u32, u64>) -> Result<()> {
        until("snapshots are published", || {
            offsets.iter().all(|(partition, at)| {
                let folder = self.snapshots().join(partition.to_string());
                newest_offset(&folder).is_some_and(|newest| newest >= *at)
            })
        })
        .await
    }

    /// Where each partition of the interactions ends.
    ///
    /// # Errors
    /// When the broker does not answer.
    pub async fn ends(&self) -> Result<BTreeMap<u32, u64>> {
        let mut ends = BTreeMap::new();
        for partition in 0..PARTITIONS {
            let bounds = self.log.bounds(&self.interactions, Partition(partition));
            ends.insert(partition, bounds.await?.end.0);
        }
        Ok(ends)
    }

    /// The folder of the snapshots themselves; the topic's epoch lies beside it.
    #[must_use]
    pub fn snapshots(&self) -> PathBuf {
        self.apart.snapshots().join("snapshots")
    }

    /// The sum of a metric over both.
    #[must_use]
    pub fn sum(&self, metric: &str) -> f64 {
        let values = self.scorers().map(|role| role.metric(metric));
        values.map(Option::unwrap_or_default).sum()
    }

    /// The last lines of both, for an error.
    #[must_use]
    pub fn said(&self) -> String {
        const LINES_MAX: usize = 20;
        let last = |role: &Role| {
            let text = role.stderr();
            let lines: Vec<&str> = text.lines().collect();
            lines[lines.len().saturating_sub(LINES_MAX)..].join("\n")
        };
        self.scorers().map(last).collect::<Vec<_>>().join("\n\n")
    }
}

/// Open sessions of a scorer, as it says.
fn sessions(role: &Role) -> Result<u64> {
    let sessions = role.metric("furrow_scorer_sessions");
    // It shows none before it owns a partition.
    Ok(sessions.unwrap_or_default() as u64)
}

/// The partitions that a scorer has, and that it has given out outputs of or waits to.
fn owned(role: &Role) -> BTreeSet<u32> {
    let mut owned = BTreeSet::new();
    for Told {
        partition, what, ..
    } in told(&role.stderr())
    {
        match what {
            What::TookOver { .. } => owned.insert(partition),
            What::GaveUp => owned.remove(&partition),
            What::Assigned | What::Flows => false,
        };
    }
    owned
}

/// Waits for what can be seen.
///
/// # Errors
/// When that takes too long.
pub async fn until(what: &str, mut condition: impl FnMut() -> bool) -> Result<()> {
    let began = Instant::now();
    while !condition() {
        if began.elapsed() > PATIENCE {
            bail!("not within {} s: {what}", PATIENCE.as_secs());
        }
        tokio::time::sleep(LOOK_INTERVAL).await;
    }
    Ok(())
}

/// Of the snapshots in a partition's folder: `EPOCH/NEXT_OFFSET/FOLD_VERSION`.
fn newest_offset(folder: &std::path::Path) -> Option<u64> {
    let epochs = fs::read_dir(folder).ok()?.filter_map(Result::ok);
    let offsets = epochs.filter_map(|epoch| fs::read_dir(epoch.path()).ok());
    offsets
        .flatten()
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .max()
}
