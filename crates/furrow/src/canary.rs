//! The canary: a session that Furrow sends to itself through the gateway, as
//! any client does, and waits for in ClickHouse. What is accepted but never
//! visible shows here, wherever it is lost.

use crate::client::Client;
use crate::config::Config;
use anyhow::{Context, Result, bail};
use furrow_core::ids::{SenderId, SessionId};
use furrow_core::interaction::{Batch, Interaction, Kind, Page, SessionEndCause};
use furrow_core::time::ClientTime;
use furrow_gateway::config::KeyConfig;
use furrow_proto::v1::{CanaryHealth, CanaryOutcome};
use furrow_service::clock::now_ms;
use furrow_service::meter::{histogram_seconds, metric, seconds};
use furrow_service::observe::Readiness;
use furrow_store::{CANARY, CanarySeen, QueryError, Store};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;
use std::net::SocketAddr;
use std::sync::atomic::AtomicU64;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout_at};
use tokio_util::sync::CancellationToken;

/// Between two looks at the database.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// The write key of the canary, where one is sent at all.
pub(crate) fn key(config: &Config) -> Option<KeyConfig> {
    let canary = &config.canary;
    let is_sent = canary.every_ms > 0 && !canary.key.expose().is_empty();
    is_sent.then(|| KeyConfig {
        key: canary.key.clone(),
        tenant: CANARY.to_owned(),
        property: CANARY.to_owned(),
        origins: Vec::new(),
        rate: None,
    })
}

/// Refuses a configuration in which somebody else has the canary's name.
pub(crate) fn check(config: &Config) -> Result<()> {
    if config.gateway.keys.iter().any(|key| key.tenant == CANARY) {
        bail!("the tenant {CANARY} in gateway.keys is Furrow's own: name another");
    }
    Ok(())
}

/// Sends it and waits for it, time and again.
pub(crate) struct Canary {
    client: Client,
    store: Store,
    every: Duration,
    wait_max: Duration,
    /// Roles of this process that must serve before the first is sent.
    after: Vec<Readiness>,
    metrics: Metrics,
    told: watch::Sender<CanaryHealth>,
}

impl Canary {
    /// The canary as it is configured; none when it is off or nobody says where
    /// it is to be sent. `ingest` is the gateway in this process, if there is
    /// one.
    pub(crate) fn compose(
        config: &Config,
        store: Store,
        ingest: Option<SocketAddr>,
        after: Vec<Readiness>,
        registry: &mut Registry,
    ) -> Result<Option<Canary>> {
        let Some(key) = key(config) else {
            return Ok(None);
        };
        let canary = &config.canary;
        let url = match (canary.ingest.is_empty(), ingest) {
            (false, _) => canary.ingest.clone(),
            (true, Some(address)) => format!("http://{address}"),
            (true, None) => return Ok(None),
        };
        let client = Client::new(&url, key.key.expose()).context("the canary cannot be sent")?;
        let told = CanaryHealth {
            every_ms: canary.every_ms,
            ..CanaryHealth::default()
        };
        Ok(Some(Canary {
            client,
            store,
            every: Duration::from_millis(canary.every_ms),
            wait_max: Duration::from_millis(canary.wait_ms_max),
            after,
            metrics: Metrics::register(registry),
            told: watch::Sender::new(told),
        }))
    }

    /// How it went last.
    pub(crate) fn health(&self) -> watch::Receiver<CanaryHealth> {
        self.told.subscribe()
    }

    /// Sends one time and again until `token` fires.
    pub(crate) async fn run(self, token: CancellationToken) {
        let sending = async {
            for role in &self.after {
                role.until_ready().await;
            }
            let mut due = interval(self.every);
            due.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                due.tick().await;
                self.send_one().await;
            }
        };
        tokio::select! {
            () = token.cancelled() => {}
            () = sending => {}
        }
    }

    async fn send_one(&self) {
        let began = Instant::now();
        let ended = self.follow_one(began + self.wait_max).await;
        let took = began.elapsed();
        self.metrics.count(&ended, took);
        if let Err(Lost { outcome, detail }) = &ended {
            tracing::warn!(
                outcome = label(*outcome),
                detail,
                "the canary did not arrive"
            );
        }
        self.told
            .send_modify(|health| tell(health, ended, took, now_ms()));
    }

    async fn follow_one(&self, deadline: Instant) -> Result<(), Lost> {
        let session = SessionId(*uuid::Uuid::now_v7().as_bytes());
        let batch = batch(session, now_ms());
        let mut client = self.client.clone();
        match timeout_at(deadline, client.send(&batch)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return Err(not_accepted(error.to_string())),
            Err(_) => return Err(not_accepted("the gateway did not answer OK in time".into())),
        }
        let mut look = interval(LOOK_EVERY);
        let mut newest = None;
        loop {
            let asked = async {
                look.tick().await;
                self.store.canary(session).await
            };
            match timeout_at(deadline, asked).await {
                Ok(Ok(CanarySeen {
                    archived: true,
                    scored: true,
                })) => return Ok(()),
                Ok(seen) => newest = Some(seen),
                Err(_) => return Err(lost(newest)),
            }
        }
    }
}

/// It did not arrive in time.
#[derive(Debug, PartialEq)]
struct Lost {
    outcome: CanaryOutcome,
    /// For people.
    detail: String,
}

fn not_accepted(detail: String) -> Lost {
    Lost {
        outcome: CanaryOutcome::NotAccepted,
        detail,
    }
}

/// Where one that was accepted is, by the newest look at the database.
fn lost(newest: Option<Result<CanarySeen, QueryError>>) -> Lost {
    let (outcome, detail) = match newest {
        Some(Ok(CanarySeen {
            archived: false, ..
        })) => (
            CanaryOutcome::NotArchived,
            "accepted, but the sink did not archive it".to_owned(),
        ),
        Some(Ok(CanarySeen { archived: true, .. })) => (
            CanaryOutcome::NotScored,
            "archived, but its session has no row".to_owned(),
        ),
        Some(Err(error)) => (
            CanaryOutcome::NotReadable,
            format!("accepted, but the database does not answer: {error}"),
        ),
        None => (
            CanaryOutcome::NotReadable,
            "accepted, but the database did not answer in time".to_owned(),
        ),
    };
    Lost { outcome, detail }
}

fn tell(health: &mut CanaryHealth, ended: Result<(), Lost>, took: Duration, at_ms: i64) {
    health.ended_ms = at_ms;
    match ended {
        Ok(()) => {
            health.set_outcome(CanaryOutcome::Arrived);
            health.took_ms = u32::try_from(took.as_millis()).unwrap_or(u32::MAX);
            health.arrived_ms = at_ms;
        }
        Err(Lost { outcome, detail }) => {
            health.set_outcome(outcome);
            health.failures += 1;
            health.detail = detail;
        }
    }
}

/// One page view on which nothing happens but its end: a session that is over
/// at once and fires no signal.
fn batch(session: SessionId, now_ms: i64) -> Batch {
    let now = ClientTime(now_ms);
    let random = session.0.last_chunk().expect("a session id has 16 bytes");
    let end = Kind::SessionEnd(SessionEndCause::Unspecified);
    Batch {
        session,
        visitor: None,
        sender: SenderId(*random),
        sequence: 0,
        origin: now,
        sent: now,
        page: Page {
            number: 0,
            path: "/canary".into(),
            group: "".into(),
        },
        device: None,
        targets: Vec::new(),
        interactions: vec![Interaction { at: now, kind: end }],
        unknown: 0,
        samples: 0,
    }
}

fn label(outcome: CanaryOutcome) -> &'static str {
    match outcome {
        CanaryOutcome::Unspecified => "none",
        CanaryOutcome::Arrived => "arrived",
        CanaryOutcome::NotAccepted => "not_accepted",
        CanaryOutcome::NotArchived => "not_archived",
        CanaryOutcome::NotScored => "not_scored",
        CanaryOutcome::NotReadable => "not_readable",
    }
}

/// Closed: every text comes from an enum.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OutcomeLabel {
    outcome: &'static str,
}

#[derive(Debug, Clone)]
struct Metrics {
    sent: Family<OutcomeLabel, Counter>,
    trip_seconds: Histogram,
    last_seconds: Gauge<f64, AtomicU64>,
    arrived_seconds: Gauge<f64, AtomicU64>,
}

impl Metrics {
    fn register(registry: &mut Registry) -> Metrics {
        // 50 ms to 100 s: what a quiet pipeline takes at the lower end, more
        // than anybody waits at the upper.
        let bounds = exponential_buckets(0.05, 2.0, 12);
        let r = registry.sub_registry_with_prefix("furrow_canary");
        Metrics {
            sent: metric(r, "sent", "Canaries by what became of them"),
            trip_seconds: histogram_seconds(
                r,
                "trip",
                "From sending a canary to its rows in ClickHouse",
                bounds,
            ),
            last_seconds: seconds(
                r,
                "last_trip",
                "The same of the newest that arrived, 0 for none yet",
            ),
            arrived_seconds: seconds(
                r,
                "arrived_timestamp",
                "When the newest that arrived did, since 1970, 0 for none yet",
            ),
        }
    }

    fn count(&self, ended: &Result<(), Lost>, took: Duration) {
        let outcome = match ended {
            Ok(()) => {
                self.trip_seconds.observe(took.as_secs_f64());
                self.last_seconds.set(took.as_secs_f64());
                self.arrived_seconds.set(now_ms() as f64 / 1_000.0);
                CanaryOutcome::Arrived
            }
            Err(lost) => lost.outcome,
        };
        let outcome = label(outcome);
        self.sent.get_or_create(&OutcomeLabel { outcome }).inc();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use furrow_core::ids::{Epoch, Property, Tenant};
    use furrow_core::output::SessionStatus;
    use furrow_core::partition::{PartitionState, Record, TenantBatch};
    use furrow_core::session::{ClientFacts, Received};
    use furrow_core::time::LogTime;
    use furrow_proto::{Limits, check_times, decode_batch, encode_batch};

    const NOW_MS: i64 = 1_790_000_000_000;

    #[test]
    fn the_gateway_takes_it_and_the_fold_makes_one_ended_session_without_signals() {
        let session = SessionId(*uuid::Uuid::now_v7().as_bytes());
        let now_ms = session.created_ms();
        let limits = Limits::default();
        let batch = decode_batch(&encode_batch(&batch(session, now_ms)), &limits).unwrap();
        check_times(&batch, now_ms, &limits).unwrap();
        let record = Record::Batch(Box::new(TenantBatch {
            tenant: Tenant(CANARY.into()),
            property: Property(CANARY.into()),
            received: Received {
                received_ms: now_ms,
                client: ClientFacts::default(),
                batch,
            },
        }));
        let mut state = PartitionState::new(Epoch(0), 0, 0, 0);
        let folded = state.fold(0, LogTime(now_ms), record);
        let [update] = &folded.updates[..] else {
            panic!("{folded:?}");
        };
        assert_eq!(update.session.status, SessionStatus::Ended);
        assert_eq!(update.session.key.session, session);
        assert!(update.signals.is_empty() && update.conversions.is_empty());
    }

    #[test]
    fn one_that_did_not_arrive_names_the_leg_on_which_it_was_lost() {
        let seen = |archived, scored| lost(Some(Ok(CanarySeen { archived, scored }))).outcome;
        assert_eq!(seen(false, false), CanaryOutcome::NotArchived);
        assert_eq!(seen(false, true), CanaryOutcome::NotArchived);
        assert_eq!(seen(true, false), CanaryOutcome::NotScored);
        assert_eq!(lost(None).outcome, CanaryOutcome::NotReadable);
    }

    #[test]
    fn a_failure_leaves_what_is_known_of_the_newest_that_arrived() {
        let mut health = CanaryHealth::default();
        tell(&mut health, Ok(()), Duration::from_millis(420), NOW_MS);
        assert_eq!(health.outcome(), CanaryOutcome::Arrived);
        assert_eq!((health.took_ms, health.arrived_ms), (420, NOW_MS));
        let failed = Err(not_accepted("refused".into()));
        tell(&mut health, failed, Duration::from_secs(30), NOW_MS + 1);
        assert_eq!(health.outcome(), CanaryOutcome::NotAccepted);
        assert_eq!((health.took_ms, health.arrived_ms), (420, NOW_MS));
        assert_eq!((health.ended_ms, health.failures), (NOW_MS + 1, 1));
        assert_eq!(health.detail, "refused");
    }

    #[test]
    fn it_is_off_without_a_key_or_with_an_interval_of_0() {
        const KEY: (&str, &str) = ("FURROW__CANARY__KEY", "k");
        assert!(key(&Config::with(&[])).is_none());
        let on = key(&Config::with(&[KEY])).unwrap();
        assert_eq!((on.key.expose(), on.tenant.as_str()), ("k", CANARY));
        assert!(key(&Config::with(&[KEY, ("FURROW__CANARY__EVERY_MS", "0")])).is_none());
    }

    #[test]
    fn nobody_else_has_its_name() {
        let keys = format!(r#"[{{ key = "k", tenant = "{CANARY}", property = "p" }}]"#);
        let taken = Config::with(&[("FURROW__GATEWAY__KEYS", &keys)]);
        assert!(
            check(&taken)
                .unwrap_err()
                .to_string()
                .contains("is Furrow's own")
        );
        assert!(check(&Config::with(&[])).is_ok());
    }
}
