//! How well the pipeline itself is doing, as far as one can tell from here:
//! lag by the log alone, whoever owns the partitions; dead letters; the canary;
//! and what must add up in this process.
//!
//! No other role is asked: the log knows how far each has come.

use crate::letters::Letters;
use crate::metrics::Metrics;
use furrow_log::{Log, Partition, ReadError, Standing, Topic};
use furrow_proto::v1;
use furrow_service::clock::now_ms;
use furrow_service::law::{self, Account, Verdict};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

/// Time between two looks at the log.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// What the api tells of the pipeline.
#[derive(Clone)]
pub struct Pipeline {
    /// Whose lag there is.
    pub readers: Vec<Reader>,
    /// Where records go that cannot be used.
    pub dead_letters: Topic,
    /// How long the log keeps records.
    pub retention: Duration,
    /// What the canary says, where one is sent from here.
    pub canary: Option<watch::Receiver<v1::CanaryHealth>>,
    /// Reads what must add up, as far as this process counts it.
    pub accounts: Arc<dyn Fn() -> Vec<Account> + Send + Sync>,
}

/// A role that reads one topic as a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reader {
    /// Such as `scorer`. A closed set.
    pub role: &'static str,
    /// Such as `interactions`, whatever the topic is called. A closed set.
    pub name: &'static str,
    /// The group.
    pub group: String,
    /// The topic.
    pub topic: Topic,
    /// From how much lag on the role says that it is not ready, s; 0 for never.
    pub seconds_max: u32,
}

impl fmt::Debug for Pipeline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pipeline")
            .field("readers", &self.readers)
            .finish_non_exhaustive()
    }
}

/// Answers how the pipeline is doing. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Health {
    pipeline: Arc<Pipeline>,
    seen: watch::Receiver<Seen>,
}

/// What the newest look at the log found.
#[derive(Debug, Clone, Default)]
struct Seen {
    lags: Vec<v1::RoleLag>,
    letters: Letters,
}

/// The task that looks at the log.
#[derive(Debug)]
pub(crate) struct Watcher {
    log: Log,
    pipeline: Arc<Pipeline>,
    seen: watch::Sender<Seen>,
    metrics: Metrics,
}

/// Nothing is measured before the watcher runs.
pub(crate) fn open(log: Log, pipeline: Pipeline, metrics: Metrics) -> (Health, Watcher) {
    let pipeline = Arc::new(pipeline);
    let lags = pipeline.readers.iter().map(Reader::unmeasured).collect();
    let seen = watch::Sender::new(Seen {
        lags,
        letters: Letters::default(),
    });
    let health = Health {
        pipeline: Arc::clone(&pipeline),
        seen: seen.subscribe(),
    };
    let watcher = Watcher {
        log,
        pipeline,
        seen,
        metrics,
    };
    (health, watcher)
}

impl Health {
    /// Everything that is known now.
    pub(crate) fn answer(&self) -> v1::GetHealthResponse {
        let checked = law::summary(law::check(&*self.pipeline.accounts));
        let seen = self.seen.borrow();
        let canary = self.pipeline.canary.as_ref();
        v1::GetHealthResponse {
            at_ms: now_ms(),
            lags: seen.lags.clone(),
            canary: canary.map(|canary| canary.borrow().clone()),
            laws: checked
                .iter()
                .map(|(a, verdict)| conservation(a, *verdict))
                .collect(),
            dead_letters: seen.letters.counts(),
            dead_letters_since_ms: seen.letters.since_ms(),
            retention_s: self.pipeline.retention.as_secs(),
        }
    }
}

impl Watcher {
    /// Looks at the log until `token` fires.
    pub(crate) async fn run(self, token: CancellationToken) {
        let mut ticks = interval(LOOK_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let look = async {
            loop {
                ticks.tick().await;
                self.look().await;
            }
        };
        tokio::select! {
            () = token.cancelled() => {}
            () = look => {}
        }
    }

    async fn look(&self) {
        let mut seen = self.seen.borrow().clone();
        for (reader, lag) in self.pipeline.readers.iter().zip(&mut seen.lags) {
            match standings(&self.log, reader).await {
                Ok(standings) => {
                    *lag = reader.measured(&standings, now_ms());
                    self.metrics.lag(reader.role, reader.name, lag.seconds);
                }
                // The newest numbers stand, with their age and with the reason.
                Err(error) => {
                    let (role, topic) = (reader.role, reader.name);
                    tracing::warn!(%error, role, topic, "lag not measured");
                    lag.problem = error.to_string();
                }
            }
        }
        let topic = &self.pipeline.dead_letters;
        if let Err(error) = seen.letters.look(&self.log, topic).await {
            tracing::warn!(%error, "dead letters not counted");
        }
        self.seen.send_replace(seen);
    }
}

async fn standings(log: &Log, reader: &Reader) -> Result<Vec<Standing>, ReadError> {
    let count = log.partitions(&reader.topic).await?;
    let mut standings = Vec::new();
    for partition in (0..count).map(Partition) {
        let standing = log.standing(&reader.group, &reader.topic, partition);
        standings.push(standing.await?);
    }
    Ok(standings)
}

impl Reader {
    fn unmeasured(&self) -> v1::RoleLag {
        v1::RoleLag {
            role: self.role.into(),
            topic: self.name.into(),
            seconds_max: self.seconds_max,
            ..v1::RoleLag::default()
        }
    }

    /// All partitions in one, in their order.
    fn measured(&self, standings: &[Standing], now_ms: i64) -> v1::RoleLag {
        let mut lag = v1::RoleLag {
            measured_ms: now_ms,
            ..self.unmeasured()
        };
        for (partition, standing) in (0..).zip(standings) {
            lag.partitions += 1;
            lag.records += standing.records();
            lag.records_gone += standing.gone;
            let seconds = standing.seconds(now_ms);
            if seconds > lag.seconds {
                (lag.seconds, lag.partition) = (seconds, partition);
            }
        }
        lag
    }
}

fn conservation(account: &Account, verdict: Verdict) -> v1::ConservationLaw {
    let part = |part: &law::Part| v1::LawPart {
        name: part.name.into(),
        count: part.count,
    };
    let (holds, missing) = match verdict {
        Verdict::Holds => (true, 0),
        Verdict::Broken { missing } => (false, i64::try_from(missing).unwrap_or(i64::MAX)),
    };
    v1::ConservationLaw {
        name: account.name.into(),
        whole: Some(part(&account.whole)),
        parts: account
            .settled
            .iter()
            .chain(&account.open)
            .map(part)
            .collect(),
        holds,
        missing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use furrow_log::Offset;

    fn reader() -> Reader {
        Reader {
            role: "scorer",
            name: "interactions",
            group: "g".into(),
            topic: Topic::new("t"),
            seconds_max: 300,
        }
    }

    fn standing(next: u64, end: u64, next_append_ms: Option<i64>, gone: u64) -> Standing {
        Standing {
            next: Offset(next),
            end: Offset(end),
            next_append_ms,
            gone,
        }
    }

    #[test]
    fn a_role_is_as_far_behind_as_its_worst_partition() {
        let standings = [
            standing(5, 9, Some(9_000), 0),
            standing(7, 7, None, 0),
            standing(2, 3, Some(4_500), 2),
        ];
        let lag = reader().measured(&standings, 10_000);
        let expected = v1::RoleLag {
            role: "scorer".into(),
            topic: "interactions".into(),
            partitions: 3,
            records: 5,
            seconds: 5.5,
            partition: 2,
            seconds_max: 300,
            records_gone: 2,
            measured_ms: 10_000,
            problem: String::new(),
        };
        assert_eq!(lag, expected);
    }

    #[test]
    fn a_role_at_every_end_has_no_lag() {
        let lag = reader().measured(&[standing(7, 7, None, 0)], 10_000);
        assert_eq!((lag.records, lag.seconds), (0, 0.0));
    }

    #[test]
    fn a_law_that_is_broken_says_by_how_much() {
        let account = Account {
            name: "gateway",
            place: String::new(),
            whole: law::Part {
                name: "received",
                count: 5,
            },
            settled: Vec::new(),
            open: Some(law::Part {
                name: "in flight",
                count: 3,
            }),
        };
        let told = conservation(&account, Verdict::Broken { missing: 2 });
        assert_eq!((told.holds, told.missing), (false, 2));
        assert_eq!(told.parts[0].name, "in flight");
        assert!(conservation(&account, Verdict::Holds).holds);
    }
}
