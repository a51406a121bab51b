//! What is counted.

use crate::place::{Place, Source};
use furrow_service::lag::{Gauges, Place as Shown};
use furrow_service::meter::{histogram_seconds, metric};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;
use std::collections::BTreeSet;
use std::sync::Arc;
use tokio::sync::watch;

/// Closed: the names of the tables.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct TableLabel {
    table: &'static str,
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
    /// The partitions that are this sink's.
    owned: Arc<watch::Sender<BTreeSet<Shown>>>,
    lag: Gauges,
    pending: Gauge,
    pub(crate) dead_letters: Counter,
    pub(crate) flush_seconds: Histogram,
}

impl Metrics {
    /// Makes the handles and registers them; lag is shown on `lag`.
    pub fn register(registry: &mut Registry, lag: Gauges) -> Metrics {
        // 2 ms to 65 s: a small insert at the lower end, a store that was
        // away at the upper.
        let bounds = exponential_buckets(0.002, 2.0, 16);
        let r = registry.sub_registry_with_prefix("furrow_sink");
        Metrics {
            rows: metric(r, "rows", "Rows confirmed"),
            inserts: metric(r, "inserts", "Inserts confirmed"),
            retries: metric(
                r,
                "retries",
                "Attempts that are made again, by table or as dead_letters",
            ),
            undecodable: metric(r, "records_undecodable", "Records that cannot be read"),
            lost: metric(
                r,
                "records_lost",
                "Records that retention dropped before they were read",
            ),
            owned: Arc::default(),
            lag,
            pending: metric(r, "rows_pending", "Rows gathered and not yet on their way"),
            dead_letters: metric(r, "dead_letters", "Records sent to the dead letters"),
            flush_seconds: histogram_seconds(
                r,
                "flush",
                "From a block's being sealed to all of it being confirmed",
                bounds,
            ),
        }
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

    /// Where lag is shown, and the partitions whose lag it is.
    pub(crate) fn lag(&self) -> (Gauges, watch::Receiver<BTreeSet<Shown>>) {
        (self.lag.clone(), self.owned.subscribe())
    }

    /// These partitions are the sink's, and no other.
    pub(crate) fn owned(&self, places: impl Iterator<Item = Place>) {
        self.owned.send_replace(places.map(Shown::from).collect());
    }
}

impl From<Place> for Shown {
    fn from(place: Place) -> Shown {
        Shown {
            topic: place.source.name(),
            partition: place.partition.0,
        }
    }
}
