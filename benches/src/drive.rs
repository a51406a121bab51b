//! A client that sends batches and times the answers.

use crate::report::Latencies;
use crate::traffic::{Pace, Traffic};
use crate::watch::First;
use anyhow::{Context, Result};
use furrow_proto::ingest::{IngestClient, RawBatch};
use furrow_tests::client::keyed;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tonic::Code;
use tonic::transport::{Channel, Endpoint};

/// How long one call may take before it counts as failed.
const CALL_MAX: Duration = Duration::from_secs(20);
/// How long one of the calls in flight rests after it was shed.
const SHED_PAUSE: Duration = Duration::from_millis(10);

/// How much is sent at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Width {
    /// HTTP/2 connections.
    pub connections: usize,
    /// Calls that wait for their answer, over all connections.
    pub in_flight: usize,
}

/// What became of a phase's batches.
#[derive(Debug, Default)]
pub struct Driven {
    /// Until the last answer.
    pub took: Duration,
    /// One for each acknowledged batch: from its being sent, or, when there
    /// was no room at the time at which it was due, from that time.
    pub acks: Latencies,
    /// Refused for a limit, and so not taken.
    pub shed: u64,
    /// Failed otherwise; nothing says whether they were taken.
    pub failed: u64,
    /// What the first failure said.
    pub failure: Option<String>,
}

impl Driven {
    fn add(&mut self, other: Driven) {
        self.acks.add(other.acks);
        self.shed += other.shed;
        self.failed += other.failed;
        self.failure = self.failure.take().or(other.failure);
    }
}

/// Everything that the calls of one phase share.
struct Shared {
    traffic: Traffic,
    next: AtomicU64,
    start: Instant,
    end: Instant,
}

/// Sends `traffic` to `url` for `time`; every session's first batch is told to
/// `firsts` before it leaves.
///
/// # Errors
/// When a connection cannot be made.
///
/// # Panics
/// Never: calls do not panic.
pub async fn drive(
    url: &str,
    width: Width,
    traffic: Traffic,
    time: Duration,
    firsts: mpsc::Sender<First>,
) -> Result<Driven> {
    let mut connections = Vec::new();
    for _ in 0..width.connections {
        let endpoint = Endpoint::from_shared(url.to_owned())?;
        let channel = endpoint.connect().await;
        connections.push(channel.with_context(|| format!("no connection to {url}"))?);
    }
    let start = Instant::now();
    let shared = Arc::new(Shared {
        traffic,
        next: AtomicU64::new(0),
        start,
        end: start + time,
    });
    let mut calls = JoinSet::new();
    for channel in connections.iter().cycle().take(width.in_flight) {
        let ingest = IngestClient::new(channel.clone());
        calls.spawn(one_by_one(ingest, Arc::clone(&shared), firsts.clone()));
    }
    let mut driven = Driven::default();
    while let Some(done) = calls.join_next().await {
        driven.add(done.expect("a call does not panic"));
    }
    driven.took = start.elapsed();
    Ok(driven)
}

/// One of the calls in flight: takes the next batch, waits until it is due,
/// sends it and waits for the answer.
async fn one_by_one(
    mut ingest: IngestClient<Channel>,
    shared: Arc<Shared>,
    firsts: mpsc::Sender<First>,
) -> Driven {
    let mut driven = Driven::default();
    loop {
        let number = shared.next.fetch_add(1, Ordering::Relaxed);
        let Some(planned) = shared.traffic.batch(number) else {
            return driven;
        };
        let now = Instant::now();
        let due = match shared.traffic.pace() {
            Pace::PerSecond(rate) => {
                shared.start + Duration::from_secs_f64(number as f64 / f64::from(rate))
            }
            Pace::FlatOut => now,
        };
        if due >= shared.end || now >= shared.end {
            return driven;
        }
        let mut sent_at = due;
        if due > now {
            tokio::time::sleep_until(due.into()).await;
            sent_at = Instant::now();
        }
        if planned.sequence == 0 {
            let first = First {
                session: planned.session,
                at: sent_at,
            };
            // Nobody watches the echo.
            let _ = firsts.send(first).await;
        }
        let call = ingest.publish(keyed(RawBatch(planned.bytes.into())));
        match tokio::time::timeout(CALL_MAX, call).await {
            Ok(Ok(_)) => driven.acks.push(sent_at.elapsed()),
            Ok(Err(status)) if status.code() == Code::ResourceExhausted => {
                driven.shed += 1;
                tokio::time::sleep(SHED_PAUSE).await;
            }
            Ok(Err(status)) => {
                driven.failed += 1;
                driven.failure.get_or_insert_with(|| status.to_string());
            }
            Err(_) => {
                driven.failed += 1;
                let text = || format!("no answer within {} s", CALL_MAX.as_secs());
                driven.failure.get_or_insert_with(text);
            }
        }
    }
}
