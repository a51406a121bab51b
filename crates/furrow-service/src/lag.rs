//! How far a role is behind what it reads, in seconds: gauges for every
//! partition that it owns, and a readiness that fails beyond a limit.
//!
//! Lag is the age of the first record that the role has not passed on durably,
//! by the log's own time of its append; 0 when there is none.

use crate::clock::now_ms;
use crate::observe::Readiness;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use std::collections::BTreeSet;
use std::convert::Infallible;
use std::fmt::Display;
use std::sync::atomic::AtomicU64;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};

/// Time between two measurements.
const MEASURE_EVERY: Duration = Duration::from_secs(1);

/// One partition of what a role reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, EncodeLabelSet)]
pub struct Place {
    /// The name in metrics, whatever the topic is called. A closed set.
    pub topic: &'static str,
    /// Counted from 0.
    pub partition: u32,
}

/// How far behind a role is in one partition.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lag {
    /// Where.
    pub place: Place,
    /// Records that it has not passed on durably.
    pub records: u64,
    /// Age of the first of them, s; 0 when there is none.
    pub seconds: f64,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Labels {
    role: &'static str,
    topic: &'static str,
    partition: u32,
}

/// The gauges of all roles in this process. Clones show together.
#[derive(Debug, Clone, Default)]
pub struct Gauges {
    records: Family<Labels, Gauge>,
    seconds: Family<Labels, Gauge<f64, AtomicU64>>,
}

impl Gauges {
    /// Makes and registers them, once a process.
    #[must_use]
    pub fn register(registry: &mut Registry) -> Gauges {
        let gauges = Gauges::default();
        registry.register(
            "furrow_lag_records",
            "Records that a role has not passed on durably, by partition owned",
            gauges.records.clone(),
        );
        registry.register(
            "furrow_lag_seconds",
            "Age of the first record that a role has not passed on durably, 0 without one, by \
             partition owned",
            gauges.seconds.clone(),
        );
        gauges
    }

    fn show(&self, role: &'static str, lag: &Lag) {
        let labels = Labels::of(role, lag.place);
        let records = i64::try_from(lag.records).unwrap_or(i64::MAX);
        self.records.get_or_create(&labels).set(records);
        self.seconds.get_or_create(&labels).set(lag.seconds);
    }

    fn forget(&self, role: &'static str, place: Place) {
        let labels = Labels::of(role, place);
        self.records.remove(&labels);
        self.seconds.remove(&labels);
    }
}

impl Labels {
    fn of(role: &'static str, place: Place) -> Labels {
        let Place { topic, partition } = place;
        Labels {
            role,
            topic,
            partition,
        }
    }
}

/// From how much lag on a role is not ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// Not ready beyond so many seconds, ready again from half of it on; 0 for
    /// never.
    pub seconds_max: u32,
}

/// Whether a role keeps up, with a memory: what has fallen behind counts as
/// behind until it is well within the limit again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Pace {
    #[default]
    KeepsUp,
    Behind,
}

impl Limit {
    fn judge(self, pace: Pace, worst: Option<&Lag>) -> Pace {
        let seconds = worst.map_or(0.0, |lag| lag.seconds);
        let seconds_max = f64::from(self.seconds_max);
        let bound = match pace {
            Pace::KeepsUp => seconds_max,
            Pace::Behind => seconds_max / 2.0,
        };
        if self.seconds_max > 0 && seconds > bound {
            Pace::Behind
        } else {
            Pace::KeepsUp
        }
    }
}

/// The partition that is furthest behind; none when all are at their ends.
#[must_use]
pub fn worst(lags: &[Lag]) -> Option<&Lag> {
    let behind = lags.iter().filter(|lag| lag.records > 0);
    behind.max_by(|a, b| a.seconds.total_cmp(&b.seconds))
}

/// Shows one role's lag.
#[derive(Debug)]
pub struct Meter {
    role: &'static str,
    gauges: Gauges,
    limit: Limit,
    readiness: Readiness,
    pace: Pace,
    shown: BTreeSet<Place>,
}

impl Meter {
    /// Shows the lag of the role that `readiness` speaks for.
    #[must_use]
    pub fn new(gauges: Gauges, limit: Limit, readiness: Readiness) -> Meter {
        Meter {
            role: readiness.role(),
            gauges,
            limit,
            readiness,
            pace: Pace::default(),
            shown: BTreeSet::new(),
        }
    }

    /// The lag of all partitions that are the role's. What is not among them is
    /// another's, and nothing is known of it here.
    fn show(&mut self, lags: &[Lag]) {
        let places: BTreeSet<Place> = lags.iter().map(|lag| lag.place).collect();
        for gone in self.shown.difference(&places) {
            self.gauges.forget(self.role, *gone);
        }
        for lag in lags {
            self.gauges.show(self.role, lag);
        }
        self.shown = places;
        let worst = worst(lags);
        self.pace = self.limit.judge(self.pace, worst);
        match (self.pace, worst) {
            (Pace::Behind, Some(lag)) => self.readiness.behind(Some(reason(lag, self.limit))),
            (Pace::Behind, None) | (Pace::KeepsUp, _) => self.readiness.behind(None),
        }
    }
}

fn reason(lag: &Lag, limit: Limit) -> String {
    let Place { topic, partition } = lag.place;
    format!(
        "partition {partition} of {topic} is {:.0} s behind ({} records); lag_seconds_max is {}",
        lag.seconds, lag.records, limit.seconds_max
    )
}

/// Measures the partitions that are the role's, whenever they change and every
/// second, for as long as it is polled. What cannot be measured is told and
/// measured again.
pub async fn watch<E: Display, F>(
    mut meter: Meter,
    mut owned: watch::Receiver<BTreeSet<Place>>,
    measure: impl Fn(Place, i64) -> F,
) -> Infallible
where
    F: Future<Output = Result<Lag, E>>,
{
    let mut ticks = interval(MEASURE_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            changed = owned.changed() => if changed.is_err() {
                // The role's own end is near, and ends this as well.
                return std::future::pending().await;
            },
        }
        let places = owned.borrow_and_update().clone();
        let mut lags = Vec::with_capacity(places.len());
        for place in places {
            match measure(place, now_ms()).await {
                Ok(lag) => lags.push(lag),
                Err(error) => {
                    let Place { topic, partition } = place;
                    tracing::warn!(%error, topic, partition, "lag not measured");
                }
            }
        }
        meter.show(&lags);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Limit = Limit { seconds_max: 300 };

    fn lag(partition: u32, records: u64, seconds: f64) -> Lag {
        let place = Place {
            topic: "interactions",
            partition,
        };
        Lag {
            place,
            records,
            seconds,
        }
    }

    fn text(registry: &Registry) -> String {
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, registry).expect("encodes");
        text
    }

    #[test]
    fn a_role_is_behind_beyond_the_limit_and_until_half_of_it() {
        let mut pace = Pace::KeepsUp;
        let mut judged = |seconds| {
            pace = LIMIT.judge(pace, Some(&lag(0, 1, seconds)));
            pace
        };
        use Pace::{Behind, KeepsUp};
        for (seconds, expected) in [
            (299.0, KeepsUp),
            (300.0, KeepsUp),
            (300.1, Behind),
            (200.0, Behind),
            (150.1, Behind),
            (150.0, KeepsUp),
            (299.0, KeepsUp),
        ] {
            assert_eq!(judged(seconds), expected, "{seconds} s");
        }
    }

    #[test]
    fn a_limit_of_0_never_fails() {
        let never = Limit { seconds_max: 0 };
        let far = lag(0, 1, 1e9);
        assert_eq!(never.judge(Pace::KeepsUp, Some(&far)), Pace::KeepsUp);
    }

    #[test]
    fn the_worst_partition_has_the_oldest_record_not_the_most() {
        let lags = [lag(0, 900, 2.0), lag(1, 1, 40.0), lag(2, 0, 0.0)];
        assert_eq!(worst(&lags), Some(&lags[1]));
        assert_eq!(worst(&lags[2..]), None);
    }

    #[test]
    fn readiness_names_the_partition_and_both_numbers_and_recovers() {
        let readiness = Readiness::new("scorer");
        readiness.ready();
        let mut meter = Meter::new(Gauges::default(), LIMIT, readiness.clone());
        meter.show(&[lag(0, 0, 0.0), lag(3, 12, 412.4)]);
        let told = "partition 3 of interactions is 412 s behind (12 records); lag_seconds_max is \
                    300";
        assert_eq!(readiness.reason().as_deref(), Some(told));
        meter.show(&[lag(3, 1, 149.0)]);
        assert_eq!(readiness.reason(), None);
    }

    #[test]
    fn a_partition_that_went_to_another_is_shown_no_more_and_fails_nobody() {
        let mut registry = Registry::default();
        let gauges = Gauges::register(&mut registry);
        let readiness = Readiness::new("sink");
        readiness.ready();
        let mut meter = Meter::new(gauges, LIMIT, readiness.clone());
        meter.show(&[lag(0, 2, 0.5), lag(1, 9, 999.0)]);
        let shown = text(&registry);
        for line in [
            r#"furrow_lag_records{role="sink",topic="interactions",partition="1"} 9"#,
            r#"furrow_lag_seconds{role="sink",topic="interactions",partition="0"} 0.5"#,
        ] {
            assert!(shown.contains(line), "{line} in {shown}");
        }
        meter.show(&[lag(0, 2, 0.5)]);
        assert!(!text(&registry).contains("partition=\"1\""));
        assert_eq!(readiness.reason(), None);
    }

    #[tokio::test(start_paused = true)]
    async fn what_cannot_be_measured_is_measured_again() {
        let readiness = Readiness::new("scorer");
        readiness.ready();
        let meter = Meter::new(Gauges::default(), LIMIT, readiness.clone());
        let (owned, places) = watch::channel(BTreeSet::from([lag(0, 0, 0.0).place]));
        let calls = std::sync::atomic::AtomicUsize::new(0);
        let measure = |place: Place, _now_ms| {
            let call = calls.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            async move {
                match call {
                    0 => Err("the log is away"),
                    _ => Ok(lag(place.partition, 1, 301.0)),
                }
            }
        };
        let behind = async {
            let mut look = interval(Duration::from_millis(100));
            while readiness.reason().is_none() {
                look.tick().await;
            }
        };
        tokio::select! {
            never = watch(meter, places, measure) => match never {},
            () = behind => {}
        }
        drop(owned);
    }
}
