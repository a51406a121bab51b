//! What is counted.

use crate::owned::Lag;
use crate::place::{Place, Source};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};
use std::sync::atomic::AtomicU64;

/// Closed: the names of the tables.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct TableLabel {
    table: &'static str,
}

/// Closed: two topics and their partitions.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct PlaceLabel {
    topic: &'static str,
    partition: u32,
}

/// Closed: the names of the topics.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct SourceLabel {
    topic: &'static str,
}

/// Handles of what the sink counts. Clones count together.
#[derive(Debug, Clone)]
pub struct Metrics {
    rows: Family<TableLabel, Counter>,
    inserts: Family<TableLabel, Counter>,
    retries: Family<TableLabel, Counter>,
    undecodable: Family<SourceLabel, Counter>,
    lost: Family<SourceLabel, Counter>,
    lag_records: Family<PlaceLabel, Gauge>,
    lag_seconds: Family<PlaceLabel, Gauge<f64, AtomicU64>>,
    pending: Gauge,
    pub(crate) dead_letters: Counter,
    pub(crate) flush_seconds: Histogram,
}

impl Metrics {
    /// Makes the handles and registers them.
    pub fn register(registry: &mut Registry) -> Metrics {
        let metrics = Metrics {
            rows: Family::default(),
            inserts: Family::default(),
            retries: Family::default(),
            undecodable: Family::default(),
            lost: Family::default(),
            lag_records: Family::default(),
            lag_seconds: Family::default(),
            pending: Gauge::default(),
            dead_letters: Counter::default(),
            // 2 ms to 65 s: a small insert at the lower end, a store that was
            // away at the upper.
            flush_seconds: Histogram::new(exponential_buckets(0.002, 2.0, 16)),
        };
        let registry = registry.sub_registry_with_prefix("furrow_sink");
        registry.register("rows", "Rows confirmed", metrics.rows.clone());
        registry.register("inserts", "Inserts confirmed", metrics.inserts.clone());
        registry.register(
            "retries",
            "Attempts that are made again, by table or as dead_letters",
            metrics.retries.clone(),
        );
        registry.register(
            "records_undecodable",
            "Records that cannot be read",
            metrics.undecodable.clone(),
        );
        registry.register(
            "records_lost",
            "Records that retention dropped before they were read",
            metrics.lost.clone(),
        );
        registry.register(
            "dead_letters",
            "Records sent to the dead letters",
            metrics.dead_letters.clone(),
        );
        registry.register(
            "rows_pending",
            "Rows gathered and not yet on their way",
            metrics.pending.clone(),
        );
        registry.register(
            "lag_records",
            "Records without confirmation",
            metrics.lag_records.clone(),
        );
        registry.register_with_unit(
            "lag",
            "Age of the oldest record without confirmation",
            Unit::Seconds,
            metrics.lag_seconds.clone(),
        );
        registry.register_with_unit(
            "flush",
            "From a block's being sealed to all of it being confirmed",
            Unit::Seconds,
            metrics.flush_seconds.clone(),
        );
        metrics
    }

    pub(crate) fn inserted(&self, table: &'static str, rows: usize) {
        let label = TableLabel { table };
        self.inserts.get_or_create(&label).inc();
        let rows = u64::try_from(rows).expect("a count of rows fits");
        self.rows.get_or_create(&label).inc_by(rows);
    }

    pub(crate) fn retried(&self, what: &'static str) {
        self.retries
            .get_or_create(&TableLabel { table: what })
            .inc();
    }

    pub(crate) fn undecodable(&self, source: Source) {
        let topic = source.name();
        self.undecodable.get_or_create(&SourceLabel { topic }).inc();
    }

    pub(crate) fn lost(&self, source: Source, records: u64) {
        let topic = source.name();
        let lost = self.lost.get_or_create(&SourceLabel { topic });
        lost.inc_by(records);
    }

    pub(crate) fn pending(&self, rows: usize) {
        self.pending
            .set(i64::try_from(rows).expect("a count of rows fits"));
    }

    pub(crate) fn lag(&self, place: Place, lag: Lag) {
        let label = PlaceLabel::from(place);
        let records = i64::try_from(lag.records).unwrap_or(i64::MAX);
        self.lag_records.get_or_create(&label).set(records);
        self.lag_seconds.get_or_create(&label).set(lag.seconds);
    }

    /// The partition is another's: nothing is known of it here.
    pub(crate) fn forget(&self, place: Place) {
        let label = PlaceLabel::from(place);
        self.lag_records.remove(&label);
        self.lag_seconds.remove(&label);
    }
}

impl From<Place> for PlaceLabel {
    fn from(place: Place) -> PlaceLabel {
        PlaceLabel {
            topic: place.source.name(),
            partition: place.partition.0,
        }
    }
}
