//! What the scorer tells of itself.

use furrow_core::ledger::Ledger;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use std::sync::atomic::AtomicU64;

/// Handles, made at start.
#[derive(Debug, Clone, Default)]
pub struct Metrics {
    /// Records by outcome, over the partitions owned.
    pub(crate) records: Family<OutcomeLabel, Gauge>,
    pub(crate) sessions: Family<PartitionLabel, Gauge>,
    pub(crate) markers: Family<PartitionLabel, Gauge>,
    pub(crate) lag_records: Family<PartitionLabel, Gauge>,
    pub(crate) lag_seconds: Family<PartitionLabel, Gauge<f64, AtomicU64>>,
    pub(crate) updates: Counter,
    pub(crate) dead_letters: Counter,
    pub(crate) ticks: Counter,
    pub(crate) repeats: Counter,
    pub(crate) snapshots: Counter,
    pub(crate) snapshot_failures: Counter,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct OutcomeLabel {
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct PartitionLabel {
    pub(crate) partition: u32,
}

impl Metrics {
    /// Registers the handles.
    #[must_use]
    pub fn register(registry: &mut Registry) -> Metrics {
        let metrics = Metrics::default();
        let registry = registry.sub_registry_with_prefix("furrow_scorer");
        let m = metrics.clone();
        registry.register(
            "records",
            "Records folded, by outcome; \"records\" is their sum",
            m.records,
        );
        registry.register("sessions", "Sessions that may still change", m.sessions);
        registry.register(
            "late_markers",
            "Markers of sessions that may not reopen",
            m.markers,
        );
        registry.register("lag_records", "Records not yet folded", m.lag_records);
        registry.register(
            "lag_seconds",
            "Age of the newest record folded, 0 at the end of the partition",
            m.lag_seconds,
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

    /// Shows the ledgers of all partitions owned, added up.
    pub(crate) fn show(&self, ledgers: impl Iterator<Item = Ledger>) {
        let mut sums = [0; 9];
        for l in ledgers {
            let parts = [
                l.records,
                l.scored,
                l.duplicate,
                l.reordered,
                l.held,
                l.late,
                l.dead,
                l.tick,
                l.control,
            ];
            sums.iter_mut()
                .zip(parts)
                .for_each(|(sum, part)| *sum += part);
        }
        let names = [
            "records",
            "scored",
            "duplicate",
            "reordered",
            "held",
            "late",
            "dead",
            "tick",
            "control",
        ];
        for (outcome, sum) in names.into_iter().zip(sums) {
            let sum = i64::try_from(sum).unwrap_or(i64::MAX);
            self.records
                .get_or_create(&OutcomeLabel { outcome })
                .set(sum);
        }
    }
}
