//! The roles, each composed by one function, whether it is alone in its
//! process or beside the others.

use crate::canary::{self, Canary};
use crate::config::Config;
use crate::log::{Backend, Logs};
use crate::{laws, store};
use anyhow::Result;
use furrow_api::{Pipeline, Reader};
use furrow_core::ids::Epoch;
use furrow_log::{Log, Patience, Topic};
use furrow_scorer::Scorer;
use furrow_scorer::snapshot::Snapshots;
use furrow_service::exposition;
use furrow_service::lag::Gauges;
use furrow_service::observe::{Readiness, Scrape};
use furrow_sink::Sink;
use prometheus_client::registry::Registry;
use std::error::Error;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// One part of the pipeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// Takes batches in.
    Gateway,
    /// Folds them into scores.
    Scorer,
    /// Brings scores to ClickHouse.
    Sink,
    /// Answers questions.
    Api,
}

impl Role {
    /// All of them, in the order of an interaction's way.
    pub(crate) const ALL: [Role; 4] = [Role::Gateway, Role::Scorer, Role::Sink, Role::Api];

    /// The name of its sub-command.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Role::Gateway => "gateway",
            Role::Scorer => "scorer",
            Role::Sink => "sink",
            Role::Api => "api",
        }
    }

    /// Whether it speaks to ClickHouse.
    pub(crate) fn needs_store(self) -> bool {
        match self {
            Role::Sink | Role::Api => true,
            Role::Gateway | Role::Scorer => false,
        }
    }

    /// How long its appends are tried. A gateway owes its clients an answer; a
    /// scorer and a sink wait for the log as long as it takes, as they do for
    /// records. An api appends nothing.
    pub(crate) fn patience(self, config: &Config) -> Patience {
        match self {
            Role::Gateway | Role::Api => Patience::Bounded(config.log.message_timeout_ms),
            Role::Scorer | Role::Sink => Patience::Endless,
        }
    }

    /// Whether it must know the life of the interactions topic.
    pub(crate) fn needs_life(self) -> bool {
        match self {
            Role::Scorer | Role::Sink => true,
            Role::Gateway | Role::Api => false,
        }
    }
}

/// What a role that is alone in its process lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Lack {
    #[error(
        "a {} alone needs a log that other processes reach: name Kafka brokers in log.brokers, or \
         run `furrow up`",
        .0.name()
    )]
    Log(Role),
    #[error(
        "a {} alone needs a ClickHouse that other processes reach: name a server in store.url, or \
         run `furrow up`",
        .0.name()
    )]
    Store(Role),
    #[error(
        "a {} alone needs snapshots that other processes reach: name an object store or a shared \
         folder in scorer.snapshots, or run `furrow up`",
        .0.name()
    )]
    Snapshots(Role),
}

/// Refuses a role whose log, database or snapshots nobody else could reach.
pub(crate) fn alone(role: Role, config: &Config) -> Result<(), Lack> {
    if Backend::of(config) == Backend::Embedded {
        return Err(Lack::Log(role));
    }
    if role.needs_store() && config.store.url.is_empty() {
        return Err(Lack::Store(role));
    }
    if role.needs_life() && config.scorer.snapshots.is_empty() {
        return Err(Lack::Snapshots(role));
    }
    Ok(())
}

/// What roles are composed from.
pub(crate) struct Ground<'a> {
    pub(crate) config: &'a Config,
    pub(crate) logs: &'a Logs,
    /// Where scores are, for roles that need it.
    pub(crate) store: Option<&'a store::Open>,
    /// Where snapshots are and the epoch in force, for roles that need them.
    pub(crate) life: Option<&'a (Snapshots, Epoch)>,
    pub(crate) registry: &'a mut Registry,
    /// Where every role here shows its lag.
    pub(crate) gauges: Gauges,
    /// What this process tells of itself, once it does.
    pub(crate) scrape: Arc<OnceLock<Scrape>>,
    /// Where the gateway listens, if there is one here.
    pub(crate) ingest: Option<SocketAddr>,
    /// The roles that are composed so far.
    pub(crate) ready: Vec<Readiness>,
}

/// A role that listens, if it does, and is not yet started.
pub(crate) struct Composed {
    pub(crate) role: Role,
    pub(crate) readiness: Readiness,
    pub(crate) address: Option<SocketAddr>,
    /// Does nothing before it is first polled.
    pub(crate) serving: Serving,
}

/// Serves until a token fires, then drains.
pub(crate) type Serving = Pin<Box<dyn Future<Output = Result<(), Failure>> + Send>>;

/// Why a role ended.
pub(crate) type Failure = Box<dyn Error + Send + Sync>;

impl Ground<'_> {
    /// Composes and binds a role.
    pub(crate) async fn compose(
        &mut self,
        role: Role,
        token: CancellationToken,
    ) -> Result<Composed> {
        let readiness = Readiness::new(role.name());
        let (address, serving) = match role {
            Role::Gateway => self.gateway(readiness.clone(), token).await?,
            Role::Scorer => (None, self.scorer(readiness.clone(), token)),
            Role::Sink => (None, self.sink(readiness.clone(), token).await?),
            Role::Api => self.api(readiness.clone(), token).await?,
        };
        self.ready.push(readiness.clone());
        Ok(Composed {
            role,
            readiness,
            address,
            serving,
        })
    }

    async fn gateway(
        &mut self,
        readiness: Readiness,
        token: CancellationToken,
    ) -> Result<(Option<SocketAddr>, Serving)> {
        canary::check(self.config)?;
        let mut config = self.config.gateway.clone();
        config.keys.extend(canary::key(self.config));
        let gateway = furrow_gateway::Gateway::compose(
            config,
            self.log(Role::Gateway),
            Topic::new(&self.config.scorer.interactions),
            self.registry,
            readiness,
        )
        .await?
        .bind()
        .await?;
        let address = gateway.local_addr();
        self.ingest = Some(address);
        Ok((Some(address), serving(gateway.serve(token))))
    }

    fn scorer(&mut self, readiness: Readiness, token: CancellationToken) -> Serving {
        let (snapshots, epoch) = self.life();
        let scorer = Scorer {
            config: self.config.scorer.clone(),
            log: self.log(Role::Scorer),
            snapshots: snapshots.clone(),
            epoch: *epoch,
            metrics: furrow_scorer::Metrics::register(self.registry, self.gauges.clone()),
            readiness,
        };
        serving(scorer.run(token))
    }

    async fn sink(&mut self, readiness: Readiness, token: CancellationToken) -> Result<Serving> {
        let sink = Sink::compose(
            self.config.sink.clone(),
            self.life().1,
            self.log(Role::Sink),
            self.store().writer.clone(),
            furrow_sink::Metrics::register(self.registry, self.gauges.clone()),
            readiness,
        )
        .await?;
        Ok(serving(sink.serve(token)))
    }

    async fn api(
        &mut self,
        readiness: Readiness,
        token: CancellationToken,
    ) -> Result<(Option<SocketAddr>, Serving)> {
        let store = self.store().reader.clone();
        let canary = Canary::compose(
            self.config,
            store.clone(),
            self.ingest,
            self.ready.clone(),
            self.registry,
        )?;
        let api = furrow_api::Api::bind(
            &self.config.api,
            store,
            self.log(Role::Api),
            furrow_api::Metrics::register(self.registry),
            self.pipeline(canary.as_ref()),
        )
        .await?;
        let address = api.local_addr();
        let serve = async move {
            readiness.ready();
            // What ends the api ends the canary as well.
            let ending = token.child_token();
            let serving = async {
                let _ending = ending.clone().drop_guard();
                api.serve(ending.clone()).await
            };
            let canary = async {
                match canary {
                    Some(canary) => canary.run(ending.clone()).await,
                    None => tracing::info!("no canary is sent"),
                }
            };
            let (served, ()) = tokio::join!(serving, canary);
            served
        };
        Ok((Some(address), serving(serve)))
    }

    /// Whose health the api tells.
    fn pipeline(&self, canary: Option<&Canary>) -> Pipeline {
        let Config {
            scorer, sink, log, ..
        } = self.config;
        let reader = |role: Role, name, group: &str, topic: &str, seconds_max| Reader {
            role: role.name(),
            name,
            group: group.to_owned(),
            topic: Topic::new(topic),
            seconds_max,
        };
        let scrape = Arc::clone(&self.scrape);
        let accounts = move || match scrape.get() {
            Some(scrape) => laws::accounts(&exposition::samples(&scrape.text())),
            None => Vec::new(),
        };
        Pipeline {
            readers: vec![
                reader(
                    Role::Scorer,
                    "interactions",
                    &scorer.group,
                    &scorer.interactions,
                    scorer.lag_seconds_max,
                ),
                reader(
                    Role::Sink,
                    "scores",
                    &sink.group,
                    &sink.scores_topic,
                    sink.lag_seconds_max,
                ),
                reader(
                    Role::Sink,
                    "interactions",
                    &sink.group,
                    &sink.interactions_topic,
                    sink.lag_seconds_max,
                ),
            ],
            dead_letters: Topic::new(&scorer.dead_letters),
            retention: Duration::from_secs(log.retention_hours * 3_600),
            canary: canary.map(Canary::health),
            accounts: Arc::new(accounts),
        }
    }

    fn log(&self, role: Role) -> Log {
        self.logs.of(role.patience(self.config)).clone()
    }

    fn life(&self) -> &(Snapshots, Epoch) {
        self.life
            .expect("whoever composes a role opened what it needs")
    }

    fn store(&self) -> &store::Open {
        self.store
            .expect("whoever composes a role opened what it needs")
    }
}

fn serving<E: Into<Failure>>(
    future: impl Future<Output = Result<(), E>> + Send + 'static,
) -> Serving {
    Box::pin(async move { future.await.map_err(Into::into) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    const BROKERS: (&str, &str) = ("FURROW__LOG__BROKERS", "127.0.0.1:9092");
    const SERVER: (&str, &str) = ("FURROW__STORE__URL", "http://127.0.0.1:8123");
    const SHARED: (&str, &str) = ("FURROW__SCORER__SNAPSHOTS", "s3://bucket/furrow");

    #[test]
    fn no_role_runs_alone_on_a_log_inside_its_process() {
        let config = Config::with(&[SERVER, SHARED]);
        for role in Role::ALL {
            assert_eq!(alone(role, &config), Err(Lack::Log(role)));
        }
    }

    #[test]
    fn a_role_alone_needs_what_it_shares_with_others_and_no_more() {
        use Role::{Api, Gateway, Scorer, Sink};
        let lacking = [
            (Gateway, &[BROKERS][..], Ok(())),
            (Scorer, &[BROKERS, SHARED], Ok(())),
            (Sink, &[BROKERS, SHARED, SERVER], Ok(())),
            (Api, &[BROKERS, SERVER], Ok(())),
            (Scorer, &[BROKERS, SERVER], Err(Lack::Snapshots(Scorer))),
            (Sink, &[BROKERS, SERVER], Err(Lack::Snapshots(Sink))),
            (Sink, &[BROKERS, SHARED], Err(Lack::Store(Sink))),
            (Api, &[BROKERS, SHARED], Err(Lack::Store(Api))),
        ];
        for (role, variables, expected) in lacking {
            assert_eq!(alone(role, &Config::with(variables)), expected, "{role:?}");
        }
    }

    #[test]
    fn whoever_answers_clients_gives_up_in_time_and_nobody_else_does() {
        let config = Config::with(&[("FURROW__LOG__MESSAGE_TIMEOUT_MS", "1500")]);
        let bounded = Patience::Bounded(1_500);
        assert_eq!(Role::Gateway.patience(&config), bounded);
        for role in [Role::Scorer, Role::Sink] {
            assert_eq!(role.patience(&config), Patience::Endless, "{role:?}");
        }
    }

    #[test]
    fn the_examples_of_configuration_are_whole_for_their_roles() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/examples");
        for role in Role::ALL {
            let file = folder.join(format!("{}.toml", role.name()));
            let defaults = crate::config::defaults();
            let config: Config = furrow_service::config::load_from(&defaults, Some(&file), [])
                .unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(alone(role, &config), Ok(()), "{}", file.display());
        }
        let file = folder.join("migrate.toml");
        let defaults = crate::config::defaults();
        let config: Config = furrow_service::config::load_from(&defaults, Some(&file), [])
            .unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(Backend::of(&config), Backend::Kafka);
    }

    #[test]
    fn a_lack_is_told_with_its_remedy() {
        let told = alone(Role::Sink, &Config::with(&[BROKERS]))
            .unwrap_err()
            .to_string();
        assert!(
            told.starts_with("a sink alone needs a ClickHouse"),
            "{told}"
        );
        assert!(told.contains("store.url"), "{told}");
    }
}
