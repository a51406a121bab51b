//! Metrics that are made and registered in one go.

use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Metric, Registry, Unit};

/// A counter, a gauge or a family of them, under this name.
pub fn metric<M: Metric + Clone + Default>(registry: &mut Registry, name: &str, help: &str) -> M {
    let metric = M::default();
    registry.register(name, help, metric.clone());
    metric
}

/// The same in seconds, which its name tells.
pub fn seconds<M: Metric + Clone + Default>(registry: &mut Registry, name: &str, help: &str) -> M {
    let metric = M::default();
    registry.register_with_unit(name, help, Unit::Seconds, metric.clone());
    metric
}

/// How long something takes, by these upper bounds, s.
pub fn histogram_seconds(
    registry: &mut Registry,
    name: &str,
    help: &str,
    bounds: impl IntoIterator<Item = f64>,
) -> Histogram {
    let metric = Histogram::new(bounds);
    registry.register_with_unit(name, help, Unit::Seconds, metric.clone());
    metric
}
