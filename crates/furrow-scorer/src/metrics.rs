//! What the scorer tells of itself.

use furrow_core::ledger::Ledger;
use furrow_core::partition::PartitionState;
use furrow_log::Partition;
use furrow_service::lag::{Gauges, Place};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::{ConstGauge, Gauge};
use prometheus_client::registry::Registry;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tokio::sync::watch;

/// The name of what is read, whatever its topic is called.
const INTERACTIONS: &str = "interactions";

/// Handles, made at start.
#[derive(Debug, Clone, Default)]
pub struct Metrics {
    ledgers: Ledgers,
    /// The partitions that are this scorer's.
    owned: Arc<watch::Sender<BTreeSet<Place>>>,
    lag: Gauges,
    sessions: Family<PartitionLabel, Gauge>,
    markers: Family<PartitionLabel, Gauge>,
    pub(crate) updates: Counter,
    pub(crate) dead_letters: Counter,
    pub(crate) ticks: Counter,
    pub(crate) repeats: Counter,
    pub(crate) snapshots: Counter,
    pub(crate) snapshot_failures: Counter,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct PartitionLabel {
    partition: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OutcomeLabels {
    partition: u32,
    outcome: &'static str,
}

/// The ledger of every partition owned. Each is shown as it was at one moment,
/// so that its outcomes add up.
#[derive(Debug, Clone, Default)]
struct Ledgers(Arc<watch::Sender<BTreeMap<u32, Ledger>>>);

impl Collector for Ledgers {
    fn encode(&self, mut encoder: DescriptorEncoder) -> Result<(), std::fmt::Error> {
        let mut records = encoder.encode_descriptor(
            "records",
            "Records folded, by partition owned and outcome; \"records\" is their sum",
            None,
            MetricType::Gauge,
        )?;
        for (partition, ledger) in &*self.0.borrow() {
            for (outcome, count) in outcomes(ledger) {
                let partition = *partition;
                let labels = OutcomeLabels { partition, outcome };
                let count = i64::try_from(count).unwrap_or(i64::MAX);
                ConstGauge::new(count).encode(records.encode_family(&labels)?)?;
            }
        }
        Ok(())
    }
}

fn outcomes(ledger: &Ledger) -> [(&'static str, u64); 9] {
    [
        ("records", ledger.records),
        ("scored", ledger.scored),
        ("duplicate", ledger.duplicate),
        ("reordered", ledger.reordered),
        ("held", ledger.held),
        ("late", ledger.late),
        ("dead", ledger.dead),
        ("tick", ledger.tick),
        ("control", ledger.control),
    ]
}

impl Metrics {
    /// Registers the handles; lag is shown on `lag`.
    #[must_use]
    pub fn register(registry: &mut Registry, lag: Gauges) -> Metrics {
        let metrics = Metrics {
            lag,
            ..Metrics::default()
        };
        let registry = registry.sub_registry_with_prefix("furrow_scorer");
        let m = metrics.clone();
        registry.register_collector(Box::new(m.ledgers));
        registry.register("sessions", "Sessions that may still change", m.sessions);
        registry.register(
            "late_markers",
            "Markers of sessions that may not reopen",
            m.markers,
        );
        registry.register("updates", "Score updates appended", m.updates);
        registry.register("dead_letters", "Dead letters appended", m.dead_letters);
        registry.register("ticks", "Ticks appended", m.ticks);
        registry.register("rule_repeats", "Rules told again", m.repeats);
        registry.register("snapshots", "Snapshots published", m.snapshots);
        registry.register(
            "snapshot_failures",
            "Snapshots not published",
            m.snapshot_failures,
        );
        metrics
    }

    /// Where lag is shown, and the partitions whose lag it is.
    pub(crate) fn lag(&self) -> (Gauges, watch::Receiver<BTreeSet<Place>>) {
        (self.lag.clone(), self.owned.subscribe())
    }

    /// Shows the partitions that are this scorer's; any other is forgotten.
    pub(crate) fn show<'a>(&self, states: impl Iterator<Item = (Partition, &'a PartitionState)>) {
        let mut ledgers = BTreeMap::new();
        for (Partition(partition), state) in states {
            let label = PartitionLabel { partition };
            let (sessions, markers) = state.sizes();
            let gauge = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
            self.sessions.get_or_create(&label).set(gauge(sessions));
            self.markers.get_or_create(&label).set(gauge(markers));
            ledgers.insert(partition, state.ledger());
        }
        let owned = ledgers.keys().copied().map(place).collect();
        let before = self.ledgers.0.send_replace(ledgers);
        for partition in before.into_keys() {
            if !self.ledgers.0.borrow().contains_key(&partition) {
                let label = PartitionLabel { partition };
                self.sessions.remove(&label);
                self.markers.remove(&label);
            }
        }
        self.owned.send_if_modified(|shown| {
            let changed = *shown != owned;
            *shown = owned;
            changed
        });
    }
}

fn place(partition: u32) -> Place {
    Place {
        topic: INTERACTIONS,
        partition,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use furrow_core::ids::Epoch;
    use furrow_core::partition::Record;
    use furrow_core::time::LogTime;

    fn state(partition: u32, ticks: u64) -> PartitionState {
        let mut state = PartitionState::new(Epoch(0), partition, 0, 0);
        for offset in 0..ticks {
            let _ = state.fold(offset, LogTime(1), Record::Tick { at_ms: 1 });
        }
        state
    }

    fn text(registry: &Registry) -> String {
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, registry).expect("encodes");
        text
    }

    #[test]
    fn every_partition_owned_shows_its_own_ledger_and_one_that_went_nothing() {
        let mut registry = Registry::default();
        let metrics = Metrics::register(&mut registry, Gauges::default());
        let (first, second) = (state(1, 3), state(4, 2));
        metrics.show([(Partition(1), &first), (Partition(4), &second)].into_iter());
        let shown = text(&registry);
        for line in [
            r#"furrow_scorer_records{partition="1",outcome="records"} 3"#,
            r#"furrow_scorer_records{partition="1",outcome="tick"} 3"#,
            r#"furrow_scorer_records{partition="4",outcome="tick"} 2"#,
            r#"furrow_scorer_sessions{partition="4"} 0"#,
        ] {
            assert!(shown.lines().any(|found| found == line), "{line}: {shown}");
        }
        let (_, owned) = metrics.lag();
        assert_eq!(*owned.borrow(), BTreeSet::from([place(1), place(4)]));

        metrics.show([(Partition(1), &first)].into_iter());
        let shown = text(&registry);
        assert!(!shown.contains("partition=\"4\""), "{shown}");
        assert_eq!(*owned.borrow(), BTreeSet::from([place(1)]));
    }

    #[test]
    fn the_outcomes_of_a_ledger_are_all_that_it_counts() {
        let ledger = state(0, 5).ledger();
        let [(_, records), outcomes @ ..] = outcomes(&ledger);
        let sum: u64 = outcomes.iter().map(|(_, count)| count).sum();
        assert_eq!((records, sum), (5, 5));
    }
}
