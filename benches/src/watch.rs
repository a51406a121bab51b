//! When a session's first scores are seen: on the live stream, and as a row in
//! ClickHouse.

use crate::report::Latencies;
use anyhow::{Context, Result};
use furrow_core::ids::SessionId;
use furrow_proto::v1::query_service_client::QueryServiceClient;
use furrow_proto::v1::{WatchScoresRequest, WatchScoresResponse};
use furrow_store::Store;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use tonic::transport::{Channel, Endpoint};
use tonic::{Status, Streaming};

/// How often rows are asked for, and so how exact their times are.
pub const ROW_LOOK: Duration = Duration::from_millis(50);
/// Time between two sessions whose rows are waited for, so that asking costs
/// the engine little.
const PROBE_PAUSE: Duration = Duration::from_millis(50);
/// Sessions whose rows are waited for at once.
const PROBES_MAX: usize = 128;

/// A session's first batch is about to leave.
#[derive(Debug, Clone, Copy)]
pub struct First {
    /// Whose.
    pub session: SessionId,
    /// When.
    pub at: Instant,
}

/// What was seen in a phase.
#[derive(Debug, Default)]
pub struct Seen {
    /// Sessions that began.
    pub sessions: u64,
    /// From the first batch to the first update on the live stream.
    pub live: Latencies,
    /// Times that the live stream ended because its reader was behind.
    pub let_go: u64,
    /// Sessions whose rows were waited for.
    pub probes: u64,
    /// From the first batch to an answer of ClickHouse that holds the row.
    pub rows: Latencies,
}

/// A live stream that is listened to.
pub struct Watch {
    query: QueryServiceClient<Channel>,
    live: Streaming<WatchScoresResponse>,
    store: Store,
}

impl Watch {
    /// Listens; what is scored from now on is heard.
    ///
    /// # Errors
    /// When nobody answers.
    pub async fn open(api: SocketAddr, store: Store) -> Result<Watch> {
        let channel = Endpoint::from_shared(format!("http://{api}"))?;
        let channel = channel.connect().await.context("the api does not answer")?;
        let mut query = QueryServiceClient::new(channel);
        let live = listen(&mut query).await?;
        Ok(Watch { query, live, store })
    }

    /// Watches until `done` fires.
    ///
    /// # Errors
    /// When the api or ClickHouse goes away.
    pub async fn run(self, firsts: mpsc::Receiver<First>, done: CancellationToken) -> Result<Seen> {
        let (probe, probes) = mpsc::channel(PROBES_MAX);
        let rows = tokio::spawn(rows(self.store, probes, done.clone()));
        let mut seen = live(self.query, self.live, firsts, probe, done).await?;
        seen.rows = rows.await.context("asking for rows")??;
        Ok(seen)
    }
}

async fn listen(
    query: &mut QueryServiceClient<Channel>,
) -> Result<Streaming<WatchScoresResponse>, Status> {
    let request = WatchScoresRequest {
        tenant: "demo".into(),
        property: "shop".into(),
    };
    Ok(query.watch_scores(request).await?.into_inner())
}

async fn live(
    mut query: QueryServiceClient<Channel>,
    mut live: Streaming<WatchScoresResponse>,
    mut firsts: mpsc::Receiver<First>,
    probe: mpsc::Sender<First>,
    done: CancellationToken,
) -> Result<Seen> {
    let mut seen = Seen::default();
    let mut awaited = HashMap::new();
    let mut probed: Option<Instant> = None;
    loop {
        // Biased: a batch is known before its update is looked at.
        tokio::select! {
            biased;
            () = done.cancelled() => return Ok(seen),
            Some(first) = firsts.recv() => {
                seen.sessions += 1;
                awaited.insert(first.session.0, first.at);
                let rested = probed.is_none_or(|at| first.at > at + PROBE_PAUSE);
                if rested && probe.try_send(first).is_ok() {
                    seen.probes += 1;
                    probed = Some(first.at);
                }
            }
            update = live.message() => match update {
                Ok(Some(message)) => {
                    let session = message.update.and_then(|update| update.session);
                    let id = session.map(|session| session.session_id).unwrap_or_default();
                    if let Some(at) = awaited.remove(&*id) {
                        seen.live.push(at.elapsed());
                    }
                }
                Ok(None) | Err(_) => {
                    seen.let_go += 1;
                    live = listen(&mut query).await?;
                }
            },
        }
    }
}

/// Asks for the rows of a few sessions until they are there.
async fn rows(
    store: Store,
    mut probes: mpsc::Receiver<First>,
    done: CancellationToken,
) -> Result<Latencies> {
    let mut latencies = Latencies::default();
    let mut awaited: HashMap<String, Instant> = HashMap::new();
    let mut look = interval(ROW_LOOK);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            biased;
            () = done.cancelled() => return Ok(latencies),
            _ = look.tick() => {}
        }
        while awaited.len() < PROBES_MAX
            && let Ok(first) = probes.try_recv()
        {
            awaited.insert(first.session.to_string(), first.at);
        }
        if awaited.is_empty() {
            continue;
        }
        let list: Vec<_> = awaited.keys().map(|id| format!("'{id}'")).collect();
        let query = format!(
            "SELECT session FROM v_sessions WHERE tenant = 'demo' AND property = 'shop' \
             AND session IN ({})",
            list.join(",")
        );
        let answer = store.sql(&query, "TSV")?.collect().await?;
        for id in String::from_utf8_lossy(&answer).lines() {
            if let Some(at) = awaited.remove(id) {
                latencies.push(at.elapsed());
            }
        }
    }
}
