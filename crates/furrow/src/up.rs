//! `furrow up`: every role in one process.

use crate::config::Config;
use crate::{admin_key, demo, store};
use anyhow::{Context, Result};
use furrow_core::ids::Epoch;
use furrow_log::{EmbeddedSettings, Log, Topic, TopicPlan};
use furrow_scorer::Scorer;
use furrow_scorer::snapshot::{self, Snapshots};
use furrow_service::observe::{Observe, Readiness};
use furrow_service::supervise::{Signals, SuperviseError, Supervisor};
use furrow_sink::Sink;
use prometheus_client::registry::Registry;
use std::io::Write;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// What listens where, once everything does.
struct Addresses {
    ingest: SocketAddr,
    api: SocketAddr,
    observe: SocketAddr,
    shop: Option<SocketAddr>,
    store: String,
}

/// Runs until a signal comes.
pub(crate) async fn up(mut config: Config, data: &Path, with_demo: bool) -> Result<()> {
    std::fs::create_dir_all(data)
        .with_context(|| format!("the data folder {} cannot be made", data.display()))?;
    let log = open_log(&config, data).await?;
    if config.gateway.admin_key.expose().is_empty() {
        config.gateway.admin_key = admin_key::read_or_make(data)?;
    }
    let store = store::open(&config, data).await?;
    let mut supervisor = Supervisor::new();
    // Until here a signal ends the process at once, which harms nothing.
    let signals = Signals::of_the_process().context("signals cannot be heard")?;
    compose(&config, data, with_demo, &log, &store, &mut supervisor).await?;
    let outcome = supervisor.run_until(signals).await;
    if let Err(interrupted @ SuperviseError::Interrupted { .. }) = outcome {
        // Not even the log is closed: that is what at once means, and what
        // starts next recovers as from any crash.
        tracing::warn!(%interrupted);
        std::process::exit(interrupted.exit_code().into());
    }
    // The engine outlives the sink's last flush, the log everybody's.
    let close = async {
        if let Some(engine) = store.engine {
            engine.shutdown().await;
        }
        log.close().await.context("the log was not closed")
    };
    tokio::select! {
        closed = close => outcome.map_err(anyhow::Error::from).and(closed),
        code = second_signal() => std::process::exit(code?),
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

async fn open_log(config: &Config, data: &Path) -> Result<Log> {
    let settings = EmbeddedSettings {
        retention: Duration::from_secs(config.log.retention_hours * 3_600),
        ..EmbeddedSettings::default()
    };
    let log = Log::open(&data.join("log"), settings)?;
    for topic in [
        &config.scorer.interactions,
        &config.scorer.scores,
        &config.scorer.dead_letters,
    ] {
        let plan = TopicPlan::of(config.log.partitions);
        log.create_topic(&Topic::new(topic), &plan).await?;
    }
    Ok(log)
}

/// Opens the store of snapshots under the data folder, and the epoch in it.
async fn open_snapshots(config: &Config, data: &Path) -> Result<(Snapshots, Epoch)> {
    let folder = data.join("snapshots");
    let snapshots = snapshot::open_folder(&folder)
        .with_context(|| format!("the folder {} cannot be used", folder.display()))?;
    let epoch = furrow_scorer::epoch::in_force(&*snapshots, config.log.partitions).await?;
    Ok((snapshots, epoch))
}

/// Composes and binds everything, and only then starts it.
async fn compose(
    config: &Config,
    data: &Path,
    with_demo: bool,
    log: &Log,
    store: &store::Open,
    supervisor: &mut Supervisor,
) -> Result<()> {
    let mut registry = Registry::default();
    let roles = ["gateway", "scorer", "sink", "api"].map(Readiness::new);
    let [gateway_ready, scorer_ready, sink_ready, api_ready] = &roles;

    let gateway = furrow_gateway::Gateway::compose(
        config.gateway.clone(),
        log.clone(),
        Topic::new(&config.scorer.interactions),
        &mut registry,
        gateway_ready.clone(),
    )
    .await?
    .bind()
    .await?;
    let api = furrow_api::Api::bind(
        &config.api,
        store.reader.clone(),
        log.clone(),
        furrow_api::Metrics::register(&mut registry),
    )
    .await?;
    let ingest = gateway.local_addr();
    let shop = match with_demo {
        true => {
            let addresses = furrow_api::shop::Addresses {
                ingest: format!("http://{ingest}"),
                dashboard: format!("http://{}/", api.local_addr()),
            };
            Some(furrow_api::shop::bind(config.demo.listen, addresses).await?)
        }
        false => None,
    };
    let (snapshots, epoch) = open_snapshots(config, data).await?;
    let scorer = Scorer {
        config: config.scorer.clone(),
        log: log.clone(),
        snapshots,
        epoch,
        metrics: furrow_scorer::Metrics::register(&mut registry),
        readiness: scorer_ready.clone(),
    };
    let sink = Sink::compose(
        config.sink.clone(),
        epoch,
        log.clone(),
        store.writer.clone(),
        furrow_sink::Metrics::register(&mut registry),
        sink_ready.clone(),
    )
    .await?;
    let observe = Observe::bind(config.observe.listen, registry, roles.to_vec()).await?;
    store
        .writer
        .migrate()
        .await
        .context("the database cannot be brought up to date")?;

    let addresses = Addresses {
        ingest,
        api: api.local_addr(),
        observe: observe.local_addr(),
        shop: shop.as_ref().map(furrow_api::shop::Shop::local_addr),
        store: store.url.clone(),
    };
    let token = || supervisor.token();
    let tokens = [(); 6].map(|()| token());
    let [
        for_gateway,
        for_scorer,
        for_sink,
        for_api,
        for_observe,
        for_log,
    ] = tokens;
    supervisor.spawn("gateway", gateway.serve(for_gateway));
    supervisor.spawn("scorer", scorer.run(for_scorer));
    supervisor.spawn("sink", sink.serve(for_sink));
    api_ready.ready();
    supervisor.spawn("api", api.serve(for_api));
    supervisor.spawn("observe", observe.serve(for_observe));
    supervisor.spawn("log", watch_log(log.clone(), for_log));
    if let Some(shop) = shop {
        supervisor.spawn("shop", shop.serve(supervisor.token()));
        let key = config.gateway.keys.first().map(|key| key.key.clone());
        supervisor.spawn("visitors", demo::visit(ingest, key, supervisor.token()));
    }
    let announcement = announcement(&addresses, data, config);
    supervisor.spawn(
        "start",
        announce(roles.to_vec(), announcement, supervisor.token()),
    );
    Ok(())
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
async fn watch_log(log: Log, token: CancellationToken) -> Result<(), furrow_log::StorageError> {
    tokio::select! {
        () = token.cancelled() => Ok(()),
        error = log.failed() => Err(error),
    }
}

/// What runs where, for people.
fn announcement(addresses: &Addresses, data: &Path, config: &Config) -> String {
    let Addresses {
        ingest,
        api,
        observe,
        shop,
        store,
    } = addresses;
    let key = config
        .gateway
        .keys
        .first()
        .map_or("(none)", |key| key.key.expose());
    let shop = shop.map_or_else(String::new, |shop| {
        format!("  demo shop   http://{shop}/  press \"Apply voucher\" a few times in anger\n")
    });
    format!(
        "Furrow {version} is up. Open the dashboard:\n\n  \
         dashboard   http://{api}/\n\
         {shop}  \
         ingest      http://{ingest}  gRPC, gRPC-web, POST /v1/beacon; write key {key}\n  \
         health      http://{observe}/readyz  and /metrics\n  \
         ClickHouse  {store}  furrow sql 'SELECT * FROM v_sessions'\n  \
         data        {data}\n\n\
         Ctrl-C ends it; a second one ends it at once.\n",
        version = env!("CARGO_PKG_VERSION"),
        data = data.display(),
    )
}
