//! How far the sink is behind: by what its group has committed, which is what
//! is confirmed.

use crate::config::Config;
use crate::flight::Carrier;
use furrow_log::{Partition, ReadError};
use furrow_service::lag::{self, Lag, Limit, Meter};
use std::convert::Infallible;

/// Shows the lag of the partitions that are the sink's, for as long as it is
/// polled.
pub(crate) fn watch(
    carrier: &Carrier,
    config: &Config,
) -> impl Future<Output = Infallible> + use<> {
    let (gauges, owned) = carrier.metrics.lag();
    let limit = Limit {
        seconds_max: config.lag_seconds_max,
    };
    let meter = Meter::new(gauges, limit, carrier.readiness.clone());
    let (log, topics, group) = (
        carrier.log.clone(),
        carrier.topics.clone(),
        config.group.clone(),
    );
    lag::watch(meter, owned, move |place, now_ms| {
        let topic = topics.named(place.topic).cloned();
        let topic = topic.expect("only these two topics were joined");
        let (log, group) = (log.clone(), group.clone());
        async move {
            let partition = Partition(place.partition);
            let standing = log.standing(&group, &topic, partition).await?;
            Ok::<_, ReadError>(Lag {
                place,
                records: standing.records(),
                seconds: standing.seconds(now_ms),
            })
        }
    })
}
