//! How far the scorer is behind: by what its group has committed, which is what
//! is durable.

use crate::Scorer;
use furrow_log::{Partition, Topic};
use furrow_service::lag::{self, Lag, Limit, Meter};
use std::convert::Infallible;

/// Shows the lag of the partitions that are the scorer's, for as long as it is
/// polled.
pub(crate) fn watch(
    scorer: &Scorer,
    interactions: Topic,
) -> impl Future<Output = Infallible> + use<> {
    let (gauges, owned) = scorer.metrics.lag();
    let limit = Limit {
        seconds_max: scorer.config.lag_seconds_max,
    };
    let meter = Meter::new(gauges, limit, scorer.readiness.clone());
    let (log, group) = (scorer.log.clone(), scorer.config.group.clone());
    lag::watch(meter, owned, move |place, now_ms| {
        let (log, group, topic) = (log.clone(), group.clone(), interactions.clone());
        async move {
            let partition = Partition(place.partition);
            let standing = log.standing(&group, &topic, partition).await?;
            Ok::<_, furrow_log::ReadError>(Lag {
                place,
                records: standing.records(),
                seconds: standing.seconds(now_ms),
            })
        }
    })
}
