//! Running roles: all of them in one process, or one alone.

use crate::config::Config;
use crate::headroom::Headroom;
use crate::log::{Backend, Logs};
use crate::role::{Composed, Ground, Role, alone};
use crate::{admin_key, demo, migrate, store, topics};
use anyhow::{Context, Result};
use furrow_core::ids::Epoch;
use furrow_log::StorageError;
use furrow_scorer::snapshot::Snapshots;
use furrow_service::lag::Gauges;
use furrow_service::observe::{Observe, Readiness};
use furrow_service::supervise::{Signals, SuperviseError, Supervisor};
use prometheus_client::registry::Registry;
use std::io::Write;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// What runs in this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Whole {
    /// Everything, set up by itself.
    Up { demo: bool },
    /// One role, on what `furrow migrate` has set up.
    Alone(Role),
}

impl Whole {
    fn roles(self) -> Vec<Role> {
        match self {
            Whole::Up { .. } => Role::ALL.to_vec(),
            Whole::Alone(role) => vec![role],
        }
    }
}

/// Runs every role until a signal comes.
pub(crate) async fn up(config: Config, data: &Path, demo: bool) -> Result<()> {
    until_a_signal(set_up(config, data, Whole::Up { demo })).await
}

/// Runs one role until a signal comes.
pub(crate) async fn one(role: Role, config: &Config, data: &Path) -> Result<()> {
    alone(role, config)?;
    let start = async {
        let logs = Logs::open(config, data, &[role]).await?;
        topics::check_there(config, logs.any()).await?;
        start(config, data, logs, Whole::Alone(role)).await
    };
    until_a_signal(start).await
}

/// Makes what a process with every role needs and nobody else could have.
async fn set_up(mut config: Config, data: &Path, whole: Whole) -> Result<Started> {
    std::fs::create_dir_all(data)
        .with_context(|| format!("the data folder {} cannot be made", data.display()))?;
    let logs = Logs::open(&config, data, &whole.roles()).await?;
    if config.gateway.admin_key.expose().is_empty() {
        config.gateway.admin_key = admin_key::read_or_make(data)?;
    }
    if config.canary.key.expose().is_empty() {
        // Nobody else needs it, so it need not outlive the process.
        config.canary.key = admin_key::random()?;
    }
    start(&config, data, logs, whole).await
}

/// Roles that run, and what they stand on.
struct Started {
    supervisor: Supervisor,
    logs: Logs,
    store: Option<store::Open>,
}

/// Starts, and runs until a signal comes. Signals are heard before anything is
/// begun: one that comes during the start ends it in order, with nothing
/// served and nothing owed.
async fn until_a_signal(start: impl Future<Output = Result<Started>>) -> Result<()> {
    let mut signals = Signals::of_the_process().context("signals cannot be heard")?;
    let started = tokio::select! {
        biased;
        signal = signals.next() => {
            tracing::info!(?signal, "ended while starting");
            return Ok(());
        }
        started = start => started?,
    };
    started.run(signals).await
}

impl Started {
    async fn run(self, signals: Signals) -> Result<()> {
        let Started {
            supervisor,
            logs,
            store,
        } = self;
        let outcome = supervisor.run_until(signals).await;
        if let Err(interrupted @ SuperviseError::Interrupted { .. }) = outcome {
            // Not even the log is closed: that is what at once means, and what
            // starts next recovers as from any crash.
            tracing::warn!(%interrupted);
            std::process::exit(interrupted.exit_code().into());
        }
        // The engine outlives the sink's last flush, the log everybody's.
        let close = async {
            if let Some(engine) = store.and_then(|store| store.engine) {
                engine.shutdown().await;
            }
            logs.close().await.context("the log was not closed")
        };
        tokio::select! {
            closed = close => outcome.map_err(anyhow::Error::from).and(closed),
            code = second_signal() => std::process::exit(code?),
        }
    }
}

/// What to exit with at a signal that comes while everything is closed.
async fn second_signal() -> Result<i32> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        _ = interrupt.recv() => Ok(130),
        _ = terminate.recv() => Ok(143),
    }
}

async fn start(config: &Config, data: &Path, logs: Logs, whole: Whole) -> Result<Started> {
    let store = match whole.roles().into_iter().any(Role::needs_store) {
        true => Some(store::open(config, data).await?),
        false => None,
    };
    let mut supervisor = Supervisor::new();
    spawn(config, data, &logs, store.as_ref(), whole, &mut supervisor).await?;
    Ok(Started {
        supervisor,
        logs,
        store,
    })
}

/// Composes and binds everything, and only then starts it.
async fn spawn(
    config: &Config,
    data: &Path,
    logs: &Logs,
    store: Option<&store::Open>,
    whole: Whole,
    supervisor: &mut Supervisor,
) -> Result<()> {
    let life = life(config, data, logs, whole).await?;
    let mut registry = Registry::default();
    let mut ground = Ground {
        config,
        logs,
        store,
        life: life.as_ref(),
        gauges: Gauges::register(&mut registry),
        registry: &mut registry,
        scrape: Arc::new(OnceLock::new()),
        ingest: None,
        ready: Vec::new(),
    };
    let scrape = Arc::clone(&ground.scrape);
    let mut composed = Vec::new();
    for role in whole.roles() {
        composed.push(ground.compose(role, supervisor.token()).await?);
    }
    let listening = Listening::of(&composed);
    let shop = match (whole, listening.ingest, listening.api) {
        (Whole::Up { demo: true }, Some(ingest), Some(api)) => {
            let addresses = furrow_api::shop::Addresses {
                ingest: format!("http://{ingest}"),
                dashboard: format!("http://{api}/"),
            };
            let shop = furrow_api::shop::bind(config.demo.listen, addresses).await?;
            Some((shop, ingest))
        }
        _ => None,
    };
    let headroom = Headroom::new(config, logs.any().clone(), &whole.roles(), &mut registry);
    let readiness: Vec<Readiness> = composed.iter().map(|role| role.readiness.clone()).collect();
    let observe = Observe::bind(config.observe.listen, registry, readiness.clone()).await?;
    let first = scrape.set(observe.scrape());
    first.expect("a process has one endpoint of metrics");
    if let (Whole::Up { .. }, Some(store)) = (whole, store) {
        let migrated = store.writer.migrate().await;
        migrated.context("the database cannot be brought up to date")?;
    }

    let addresses = Addresses {
        listening,
        observe: observe.local_addr(),
        shop: shop.as_ref().map(|(shop, _)| shop.local_addr()),
        store: store.map(|store| store.url.clone()),
    };
    for role in composed {
        supervisor.spawn(role.role.name(), role.serving);
    }
    supervisor.spawn("observe", observe.serve(supervisor.token()));
    supervisor.spawn("headroom", headroom.watch(supervisor.token()));
    supervisor.spawn("log", watch_log(logs.failed(), supervisor.token()));
    if let Some((shop, ingest)) = shop {
        supervisor.spawn("shop", shop.serve(supervisor.token()));
        let key = config.gateway.keys.first().map(|key| key.key.clone());
        supervisor.spawn("visitors", demo::visit(ingest, key, supervisor.token()));
    }
    let announcement = match whole {
        Whole::Up { .. } => announcement(&addresses, data, config),
        Whole::Alone(role) => addresses.of(role),
    };
    supervisor.spawn(
        "start",
        announce(readiness, announcement, supervisor.token()),
    );
    Ok(())
}

/// The snapshots and the epoch in force, for roles that need them. Whoever has
/// all roles sets the log up; one alone finds it set up.
async fn life(
    config: &Config,
    data: &Path,
    logs: &Logs,
    whole: Whole,
) -> Result<Option<(Snapshots, Epoch)>> {
    if !whole.roles().into_iter().any(Role::needs_life) {
        return Ok(None);
    }
    let snapshots = migrate::snapshots(config, data)?;
    let log = logs.any();
    match whole {
        Whole::Up { .. } => {
            for done in migrate::set_up(config, log, &snapshots).await? {
                tracing::info!(done);
            }
        }
        Whole::Alone(_) => topics::check_recovery(config, log).await?,
    }
    let epoch = migrate::in_force(config, log, &snapshots).await?;
    Ok(Some((snapshots, epoch)))
}

/// Says what runs where as soon as every role serves; a replay of the log may
/// come first.
async fn announce(
    roles: Vec<Readiness>,
    announcement: String,
    token: CancellationToken,
) -> Result<()> {
    let ready = async {
        for role in &roles {
            role.until_ready().await;
        }
    };
    tokio::select! {
        () = token.cancelled() => return Ok(()),
        () = ready => {
            // Nobody has to read it.
            let _ = std::io::stdout().write_all(announcement.as_bytes());
        }
    }
    token.cancelled().await;
    Ok(())
}

/// A log whose storage failed takes no more records: end, and start anew.
async fn watch_log(
    failed: impl Future<Output = StorageError>,
    token: CancellationToken,
) -> Result<(), StorageError> {
    tokio::select! {
        () = token.cancelled() => Ok(()),
        error = failed => Err(error),
    }
}

/// Where roles listen, as far as they are here.
#[derive(Debug, Clone, Copy)]
struct Listening {
    ingest: Option<SocketAddr>,
    api: Option<SocketAddr>,
}

impl Listening {
    fn of(composed: &[Composed]) -> Listening {
        let address = |role| {
            let found = composed.iter().find(|composed| composed.role == role);
            found.and_then(|composed| composed.address)
        };
        Listening {
            ingest: address(Role::Gateway),
            api: address(Role::Api),
        }
    }
}

/// What listens where, once everything does.
struct Addresses {
    listening: Listening,
    observe: SocketAddr,
    shop: Option<SocketAddr>,
    store: Option<String>,
}

impl Addresses {
    /// What one role's process says.
    fn of(&self, role: Role) -> String {
        let listening = match (self.listening.ingest, self.listening.api) {
            (Some(address), _) | (None, Some(address)) => format!(" on http://{address}"),
            (None, None) => String::new(),
        };
        format!(
            "furrow {role} {version} is up{listening}; health http://{observe}/readyz and /metrics\n",
            role = role.name(),
            version = env!("CARGO_PKG_VERSION"),
            observe = self.observe,
        )
    }
}

/// What runs where, for people.
fn announcement(addresses: &Addresses, data: &Path, config: &Config) -> String {
    let shown = |address: Option<SocketAddr>| {
        address.map_or_else(String::new, |address| address.to_string())
    };
    let key = config
        .gateway
        .keys
        .first()
        .map_or("(none)", |key| key.key.expose());
    let shop = addresses.shop.map_or_else(String::new, |shop| {
        format!("  demo shop   http://{shop}/  press \"Apply voucher\" a few times in anger\n")
    });
    let brokers = match Backend::of(config) {
        Backend::Embedded => String::new(),
        Backend::Kafka => format!("  log         Kafka at {}\n", config.log.brokers),
    };
    format!(
        "Furrow {version} is up. Open the dashboard:\n\n  \
         dashboard   http://{api}/\n\
         {shop}  \
         ingest      http://{ingest}  gRPC, gRPC-web, POST /v1/beacon; write key {key}\n  \
         health      http://{observe}/readyz  and /metrics\n\
         {brokers}  \
         ClickHouse  {store}  furrow sql 'SELECT * FROM v_sessions'\n  \
         data        {data}\n\n\
         Ctrl-C ends it; a second one ends it at once.\n",
        version = env!("CARGO_PKG_VERSION"),
        api = shown(addresses.listening.api),
        ingest = shown(addresses.listening.ingest),
        observe = addresses.observe,
        store = addresses.store.as_deref().unwrap_or_default(),
        data = data.display(),
    )
}
