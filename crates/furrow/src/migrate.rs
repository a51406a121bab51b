//! `furrow migrate`: topics, their life and the database brought up to date;
//! and topics made anew, which nothing else may do.

use crate::config::Config;
use crate::log::{self, Backend};
use crate::{print, store, topics};
use anyhow::{Context, Result, bail};
use furrow_core::ids::Epoch;
use furrow_log::{Log, Offset, Partition, Patience, Topic, TopicError};
use furrow_scorer::epoch::{self, EpochError, Stage};
use furrow_scorer::place;
use furrow_scorer::snapshot::{self, Snapshots};
use std::fmt;
use std::path::Path;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Make the topics anew with so many partitions. Every gateway must be
    /// stopped, and scorers and sinks after they have caught up.
    #[arg(long, value_name = "N")]
    partitions: Option<u32>,
    /// With --partitions: do not wait until every session has ended. Those
    /// that are open keep their last running scores, and what their visitors
    /// still send is archived but not scored.
    #[arg(long, requires = "partitions")]
    now: bool,
    /// Begin a new epoch with the topics as they stand, after somebody else
    /// has made them anew.
    #[arg(long, conflicts_with = "partitions")]
    adopt: bool,
}

/// Brings everything up to date, or makes the topics anew.
pub(crate) async fn migrate(config: &Config, data: &Path, arguments: &Arguments) -> Result<()> {
    if Backend::of(config) == Backend::Embedded {
        std::fs::create_dir_all(data)
            .with_context(|| format!("the data folder {} cannot be made", data.display()))?;
    }
    let snapshots = snapshots(config, data)?;
    let mut config = config.clone();
    if let Some(partitions) = arguments.partitions {
        config.log.partitions = partitions;
        make_anew(&config, data, &snapshots, arguments.now).await?;
    }
    let log = open(&config, data).await?;
    let told = match arguments.adopt {
        true => adopt(&config, &log, &snapshots).await,
        false => set_up(&config, &log, &snapshots).await,
    };
    log.close().await.context("the log was not closed")?;
    for line in told? {
        print(format!("{line}\n").as_bytes())?;
    }
    let store = store::open(&config, data).await?;
    let migrated = store.writer.migrate().await;
    if let Some(engine) = store.engine {
        engine.shutdown().await;
    }
    migrated?;
    print(format!("database {} is up to date\n", config.store.database).as_bytes())
}

/// The log, to be asked and set up: nothing is appended.
async fn open(config: &Config, data: &Path) -> Result<Log> {
    log::open(config, data, Patience::Endless).await
}

/// Where snapshots are.
pub(crate) fn snapshots(config: &Config, data: &Path) -> Result<Snapshots> {
    let place = match config.scorer.snapshots.as_str() {
        "" => place::folder(&data.join("snapshots")),
        url => place::open(url, &config.scorer.snapshot_options),
    };
    Ok(place?)
}

/// Makes what is missing, checks what stands, and records the first epoch.
/// Where a life is recorded whose topic is gone, the topic that is made begins
/// the next one. What was done, for people.
pub(crate) async fn set_up(
    config: &Config,
    log: &Log,
    snapshots: &Snapshots,
) -> Result<Vec<String>> {
    let [interactions, ..] = log::topics(config);
    let there = log.partitions(&interactions).await;
    let gone = matches!(there, Err(TopicError::Unknown { .. }));
    let anew = gone && is_recorded(snapshots).await?;
    if anew {
        epoch::raise(&**snapshots, config.log.partitions).await?;
    }
    let mut told = topics::set_up(config, log).await?;
    if anew {
        epoch::made(&**snapshots).await?;
    }
    let partitions = log.partitions(&interactions).await?;
    let epoch = epoch::begin(&**snapshots, partitions).await?;
    told.push(format!("the log is up to date, epoch {}", epoch.0));
    Ok(told)
}

async fn is_recorded(snapshots: &Snapshots) -> Result<bool> {
    match epoch::recorded(&**snapshots).await {
        Ok(_) => Ok(true),
        Err(EpochError::Unrecorded) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// The epoch in force for the topic as it is.
pub(crate) async fn in_force(config: &Config, log: &Log, snapshots: &Snapshots) -> Result<Epoch> {
    let [interactions, ..] = log::topics(config);
    let partitions = log.partitions(&interactions).await?;
    Ok(epoch::in_force(&**snapshots, partitions).await?)
}

/// A new epoch for what the topics hold. Groups begin at their beginning.
async fn adopt(config: &Config, log: &Log, snapshots: &Snapshots) -> Result<Vec<String>> {
    let [interactions, ..] = log::topics(config);
    let partitions = log.partitions(&interactions).await?;
    forget_groups(config, log).await?;
    epoch::raise(&**snapshots, partitions).await?;
    let epoch = epoch::made(&**snapshots).await?;
    Ok(vec![format!(
        "epoch {} begins with what the topics hold",
        epoch.0
    )])
}

/// Makes interactions and scores anew with the configured number of
/// partitions.
///
/// The epoch is raised before anything goes, and said to be made when all is
/// there: whatever cuts this short, no role starts in between, and doing it
/// again completes it.
async fn make_anew(config: &Config, data: &Path, snapshots: &Snapshots, now: bool) -> Result<()> {
    let life = epoch::recorded(&**snapshots).await?;
    let log = open(config, data).await?;
    if life.stage == Stage::InForce {
        let look = look(config, &log, snapshots, life.epoch()).await?;
        refuse_undrained(&look.left, now)?;
        forget_groups(config, &log).await?;
        if ends(config, &log).await? != look.ends {
            bail!("the log still grows: stop every gateway first");
        }
    }
    let epoch = epoch::raise(&**snapshots, config.log.partitions).await?;
    match Backend::of(config) {
        Backend::Embedded => {
            log.close().await.context("the log was not closed")?;
            set_aside(data, epoch)?;
            let log = open(config, data).await?;
            topics::set_up(config, &log).await?;
            log.close().await.context("the log was not closed")?;
        }
        Backend::Kafka => {
            let [interactions, scores, _] = log::topics(config);
            for topic in [interactions, scores] {
                match log.delete_topic(&topic).await {
                    Ok(()) | Err(TopicError::Unknown { .. }) => {}
                    Err(error) => return Err(error.into()),
                }
            }
            topics::set_up(config, &log).await?;
            log.close().await.context("the log was not closed")?;
        }
    }
    epoch::made(&**snapshots).await?;
    print(
        format!(
            "epoch {} begins with {} partitions\n",
            epoch.0, config.log.partitions
        )
        .as_bytes(),
    )
}

/// Moves the embedded log of the epoch before out of the way, whole.
fn set_aside(data: &Path, epoch: Epoch) -> Result<()> {
    let aside = data.join(format!("log-before-epoch-{}", epoch.0));
    if aside.exists() {
        return Ok(());
    }
    std::fs::rename(log::folder(data), &aside)
        .with_context(|| format!("the log cannot be moved to {}", aside.display()))
}

/// Without their groups, roles begin where a topic begins. Refused while any
/// of them runs.
async fn forget_groups(config: &Config, log: &Log) -> Result<()> {
    for group in [&config.scorer.group, &config.sink.group] {
        log.forget_group(group).await?;
    }
    Ok(())
}

/// What keeps topics from being made anew.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Left {
    /// Records that a group has not passed on.
    Behind {
        group: String,
        topic: Topic,
        partition: Partition,
        records: u64,
    },
    /// Sessions without a final row.
    Open {
        partition: Partition,
        sessions: usize,
    },
    /// No snapshot stands at the end.
    Unknown { partition: Partition },
}

impl fmt::Display for Left {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Left::Behind {
                group,
                topic,
                partition,
                records,
            } => write!(
                f,
                "{group} has {records} records of {topic} {partition} before it"
            ),
            Left::Open {
                partition,
                sessions,
            } => write!(f, "{sessions} sessions of partition {partition} are open"),
            Left::Unknown { partition } => write!(
                f,
                "no snapshot tells whether sessions of partition {partition} are open"
            ),
        }
    }
}

/// What is left to do, and where every partition ended when that was seen.
struct Look {
    left: Vec<Left>,
    ends: Vec<Offset>,
}

async fn look(config: &Config, log: &Log, snapshots: &Snapshots, epoch: Epoch) -> Result<Look> {
    let [interactions, scores, _] = log::topics(config);
    let (scorer, sink) = (&config.scorer.group, &config.sink.group);
    let readers = [
        (&interactions, scorer),
        (&interactions, sink),
        (&scores, sink),
    ];
    let mut left = Vec::new();
    for (topic, group) in readers {
        for partition in all(log, topic).await? {
            let bounds = log.bounds(topic, partition).await?;
            let committed = log.committed(group, topic, partition).await?;
            let next = committed.unwrap_or(bounds.earliest);
            let records = bounds.end.0.saturating_sub(next.0);
            if records > 0 {
                left.push(Left::Behind {
                    group: group.clone(),
                    topic: topic.clone(),
                    partition,
                    records,
                });
            }
        }
    }
    for partition in all(log, &interactions).await? {
        let end = log.bounds(&interactions, partition).await?.end;
        match snapshot::open_sessions(&**snapshots, partition, epoch, end.0).await? {
            Some(0) => {}
            Some(sessions) => left.push(Left::Open {
                partition,
                sessions,
            }),
            None => left.push(Left::Unknown { partition }),
        }
    }
    let ends = ends(config, log).await?;
    Ok(Look { left, ends })
}

/// Where the partitions of interactions end.
async fn ends(config: &Config, log: &Log) -> Result<Vec<Offset>> {
    let [interactions, ..] = log::topics(config);
    let mut ends = Vec::new();
    for partition in all(log, &interactions).await? {
        ends.push(log.bounds(&interactions, partition).await?.end);
    }
    Ok(ends)
}

async fn all(log: &Log, topic: &Topic) -> Result<impl Iterator<Item = Partition> + use<>> {
    Ok((0..log.partitions(topic).await?).map(Partition))
}

/// Records that nobody passed on would be lost; open sessions are cut only if
/// that is asked for.
fn refuse_undrained(left: &[Left], now: bool) -> Result<()> {
    let hinders = |left: &&Left| match left {
        Left::Behind { .. } => true,
        Left::Open { .. } | Left::Unknown { .. } => !now,
    };
    let hindering: Vec<String> = left.iter().filter(hinders).map(Left::to_string).collect();
    if hindering.is_empty() {
        return Ok(());
    }
    bail!(
        "the log is not drained. Stop every gateway, let scorers and sinks catch up (open sessions \
         end 35 minutes after their last batch), stop them, and try again; --now cuts open \
         sessions off:\n  {}",
        hindering.join("\n  ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left() -> [Left; 3] {
        [
            Left::Behind {
                group: "sink".into(),
                topic: Topic::new("scores"),
                partition: Partition(2),
                records: 7,
            },
            Left::Open {
                partition: Partition(0),
                sessions: 3,
            },
            Left::Unknown {
                partition: Partition(1),
            },
        ]
    }

    #[test]
    fn a_drained_log_may_be_made_anew() {
        refuse_undrained(&[], false).unwrap();
    }

    #[test]
    fn everything_that_is_left_is_told() {
        let told = refuse_undrained(&left(), false).unwrap_err().to_string();
        assert!(
            told.contains("sink has 7 records of scores 2 before it"),
            "{told}"
        );
        assert!(
            told.contains("3 sessions of partition 0 are open"),
            "{told}"
        );
        assert!(told.contains("no snapshot tells"), "{told}");
    }

    #[test]
    fn now_cuts_sessions_off_and_never_loses_records() {
        let [behind, open, unknown] = left();
        refuse_undrained(&[open, unknown], true).unwrap();
        refuse_undrained(&[behind], true).unwrap_err();
    }

    #[tokio::test]
    async fn a_log_that_is_made_again_begins_the_next_epoch() {
        let data = tempfile::tempdir().unwrap();
        let config = Config::with(&[]);
        let snapshots = snapshots(&config, data.path()).unwrap();
        for (epoch, kept) in [(1, true), (1, false), (2, true), (2, true)] {
            let log = open(&config, data.path()).await.unwrap();
            set_up(&config, &log, &snapshots).await.unwrap();
            let in_force = in_force(&config, &log, &snapshots).await.unwrap();
            assert_eq!(in_force, Epoch(epoch));
            log.close().await.unwrap();
            if !kept {
                std::fs::remove_dir_all(log::folder(data.path())).unwrap();
            }
        }
    }

    #[test]
    fn a_log_is_set_aside_once() {
        let data = tempfile::tempdir().unwrap();
        std::fs::create_dir(log::folder(data.path())).unwrap();
        set_aside(data.path(), Epoch(2)).unwrap();
        assert!(!log::folder(data.path()).exists());
        // The new log is there when it is done again.
        std::fs::create_dir(log::folder(data.path())).unwrap();
        set_aside(data.path(), Epoch(2)).unwrap();
        assert!(log::folder(data.path()).exists());
    }
}
