//! What is counted. Every batch that was received has exactly one outcome:
//! received = accepted + rejected + shed + failed + in flight.

use crate::refusal::Refusal;
use furrow_proto::record::Entry;
use furrow_service::meter::{histogram_seconds, metric, seconds};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;
use std::sync::atomic::AtomicU64;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct EntryLabel {
    entry: &'static str,
}

/// Closed: every text comes from an enum.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OutcomeLabels {
    entry: &'static str,
    outcome: &'static str,
    reason: &'static str,
}

/// Closed: every text comes from an enum.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct PublicationLabel {
    outcome: &'static str,
}

/// The gateway's metrics.
#[derive(Debug, Clone)]
pub(crate) struct Metrics {
    received: Family<EntryLabel, Counter>,
    in_flight: Family<EntryLabel, Gauge>,
    batches: Family<OutcomeLabels, Counter>,
    publications: Family<PublicationLabel, Counter>,
    pub(crate) append_seconds: Histogram,
    clock_behind_seconds: Gauge<f64, AtomicU64>,
    pub(crate) accepted_bytes: Counter,
    pub(crate) accepted_interactions: Counter,
    pub(crate) accepted_samples: Counter,
    pub(crate) connections: Gauge,
    pub(crate) connections_refused: Counter,
}

impl Metrics {
    pub(crate) fn register(registry: &mut Registry) -> Metrics {
        // 0.5 ms to 8 s: an fsync at the lower end, a client's patience at the
        // upper.
        let append_bounds = exponential_buckets(0.000_5, 2.0, 15);
        let r = registry.sub_registry_with_prefix("furrow_gateway");
        Metrics {
            received: metric(r, "batches_received", "Batches that came in"),
            in_flight: metric(r, "batches_in_flight", "Batches without an outcome yet"),
            batches: metric(r, "batches", "Batches by outcome"),
            publications: metric(
                r,
                "rule_publications",
                "Calls that publish rules, by outcome",
            ),
            append_seconds: histogram_seconds(
                r,
                "append",
                "From a batch's append to its being durable",
                append_bounds,
            ),
            clock_behind_seconds: seconds(
                r,
                "clock_behind",
                "How far the log's clock is ahead of this process's, by the newest durable batch",
            ),
            accepted_bytes: metric(r, "accepted_bytes", "Bytes of accepted batches"),
            accepted_interactions: metric(
                r,
                "accepted_interactions",
                "Interactions in accepted batches",
            ),
            accepted_samples: metric(r, "accepted_samples", "Samples in accepted batches"),
            connections: metric(r, "connections", "Open connections"),
            connections_refused: metric(
                r,
                "connections_refused",
                "Connections closed at once, over a limit",
            ),
        }
    }

    /// The log's time of a batch, beside this process's when it came.
    pub(crate) fn clock_compared(&self, append_time_ms: i64, received_ms: i64) {
        let behind_ms = append_time_ms - received_ms;
        self.clock_behind_seconds.set(behind_ms as f64 / 1_000.0);
    }

    /// Counts a call that publishes rules.
    pub(crate) fn rules_published(&self, outcome: &'static str) {
        let label = PublicationLabel { outcome };
        self.publications.get_or_create(&label).inc();
    }

    /// Counts a batch in; the ticket counts its outcome.
    pub(crate) fn receive(&self, entry: Entry) -> Ticket {
        let ticket = Ticket {
            metrics: self.clone(),
            entry: entry_name(entry),
            open: true,
        };
        let label = EntryLabel {
            entry: ticket.entry,
        };
        self.received.get_or_create(&label).inc();
        self.in_flight.get_or_create(&label).inc();
        ticket
    }
}

fn entry_name(entry: Entry) -> &'static str {
    match entry {
        Entry::Publish => "publish",
        Entry::Stream => "stream",
        Entry::Beacon => "beacon",
    }
}

/// A received batch's right to one outcome.
#[derive(Debug)]
pub(crate) struct Ticket {
    metrics: Metrics,
    entry: &'static str,
    open: bool,
}

impl Ticket {
    pub(crate) fn accepted(mut self) {
        self.close("accepted", "none");
    }

    pub(crate) fn refused(mut self, refusal: &Refusal) {
        let (outcome, reason) = refusal.labels();
        self.close(outcome, reason);
    }

    fn close(&mut self, outcome: &'static str, reason: &'static str) {
        self.open = false;
        let labels = OutcomeLabels {
            entry: self.entry,
            outcome,
            reason,
        };
        self.metrics.batches.get_or_create(&labels).inc();
        let label = EntryLabel { entry: self.entry };
        self.metrics.in_flight.get_or_create(&label).dec();
    }
}

impl Drop for Ticket {
    /// The client went away, or its time was up, before the log answered.
    /// Whether the batch is durable was not heard here.
    fn drop(&mut self) {
        if self.open {
            self.close("failed", "abandoned");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ticket_that_nobody_closes_counts_as_abandoned() {
        let mut registry = Registry::default();
        let metrics = Metrics::register(&mut registry);
        drop(metrics.receive(Entry::Publish));
        metrics.receive(Entry::Stream).accepted();
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &registry).expect("encodes");
        for line in [
            r#"furrow_gateway_batches_total{entry="publish",outcome="failed",reason="abandoned"} 1"#,
            r#"furrow_gateway_batches_total{entry="stream",outcome="accepted",reason="none"} 1"#,
            r#"furrow_gateway_batches_received_total{entry="publish"} 1"#,
            r#"furrow_gateway_batches_in_flight{entry="publish"} 0"#,
        ] {
            assert!(text.contains(line), "{line} in {text}");
        }
    }
}
