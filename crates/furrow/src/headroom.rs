//! How near lag has come to retention: beyond it records are gone before they
//! were passed on.

use crate::config::Config;
use crate::log;
use crate::role::Role;
use furrow_log::{Log, Partition, ReadError, Topic};
use furrow_service::clock::now_ms;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use std::convert::Infallible;
use std::sync::atomic::AtomicU64;
use std::time::Duration;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

/// Time between two looks.
const LOOK_EVERY: Duration = Duration::from_secs(60);

/// From this share of retention on, operators are warned.
const WARN_FROM: f64 = 0.5;

/// Closed: two roles, and what each reads.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Labels {
    role: &'static str,
    topic: &'static str,
}

/// What a group reads.
#[derive(Debug)]
struct Reader {
    labels: Labels,
    group: String,
    topic: Topic,
}

/// Watches the groups of this process's roles.
#[derive(Debug)]
pub(crate) struct Headroom {
    log: Log,
    readers: Vec<Reader>,
    used: Family<Labels, Gauge<f64, AtomicU64>>,
}

impl Headroom {
    /// For these roles; those that commit nothing have no lag that could lose
    /// records.
    pub(crate) fn new(
        config: &Config,
        log: Log,
        roles: &[Role],
        registry: &mut Registry,
    ) -> Headroom {
        let [interactions, scores, _] = log::topics(config);
        let reader = |role: Role, group: &str, name, topic: &Topic| Reader {
            labels: Labels {
                role: role.name(),
                topic: name,
            },
            group: group.to_owned(),
            topic: topic.clone(),
        };
        let (scorer, sink) = (&config.scorer.group, &config.sink.group);
        let of = |role: &Role| match role {
            Role::Scorer => vec![reader(*role, scorer, "interactions", &interactions)],
            Role::Sink => vec![
                reader(*role, sink, "interactions", &interactions),
                reader(*role, sink, "scores", &scores),
            ],
            Role::Gateway | Role::Api => Vec::new(),
        };
        let used = Family::default();
        registry.register(
            "furrow_log_retention_used_ratio",
            "Age of the oldest record that a role has not passed on, as a share of the topic's \
             retention; from 1 on records are lost",
            used.clone(),
        );
        Headroom {
            log,
            readers: roles.iter().flat_map(of).collect(),
            used,
        }
    }

    /// Looks until the token fires. What cannot be looked at is told, and
    /// looked at again.
    pub(crate) async fn watch(self, token: CancellationToken) -> Result<(), Infallible> {
        let mut looks = interval(LOOK_EVERY);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let watch = async {
            loop {
                looks.tick().await;
                for reader in &self.readers {
                    if let Err(error) = self.look(reader).await {
                        tracing::warn!(%error, topic = reader.labels.topic, "headroom unknown");
                    }
                }
            }
        };
        tokio::select! {
            () = token.cancelled() => Ok(()),
            never = watch => never,
        }
    }

    async fn look(&self, reader: &Reader) -> Result<(), ReadError> {
        let facts = self.log.describe_topic(&reader.topic).await?;
        let mut oldest_s: f64 = 0.0;
        for partition in (0..facts.partitions).map(Partition) {
            let standing = self.log.standing(&reader.group, &reader.topic, partition);
            oldest_s = oldest_s.max(standing.await?.seconds(now_ms()));
        }
        let share = used(oldest_s, facts.retention);
        self.used.get_or_create(&reader.labels).set(share);
        if share >= WARN_FROM {
            let Labels { role, topic } = reader.labels;
            let hours = facts.retention.map(|kept| kept.as_secs() / 3_600);
            tracing::warn!(role, topic, oldest_s, hours, "lag approaches retention");
        }
        Ok(())
    }
}

/// The share of retention that the oldest record has used up.
fn used(oldest_s: f64, retention: Option<Duration>) -> f64 {
    retention.map_or(0.0, |kept| oldest_s / kept.as_secs_f64().max(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lag_is_told_as_a_share_of_retention() {
        let day = Some(Duration::from_secs(86_400));
        assert_eq!(used(0.0, day), 0.0);
        assert_eq!(used(43_200.0, day), 0.5);
        assert_eq!(used(172_800.0, day), 2.0);
    }

    #[test]
    fn what_is_kept_for_ever_is_never_lost() {
        assert_eq!(used(1e9, None), 0.0);
    }
}
