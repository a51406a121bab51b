//! Scripted visitors of the demo shop: they come in like any client.

use crate::client::Client;
use anyhow::Result;
use furrow_core::interaction::Batch;
use furrow_core::time::ClientTime;
use furrow_service::clock::now_ms;
use furrow_service::config::Secret;
use furrow_sim::{Persona, SiteModel};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// Visitors at a time, one of each persona.
const VISITORS: usize = Persona::ALL.len();

/// The first ones came so long ago, so that there is something to see at once.
const HEAD_START_MS: i64 = 25_000;

/// Between one visitor's end and the next one's beginning.
const PAUSE: Duration = Duration::from_secs(20);

/// Visits until the token fires.
pub(crate) async fn visit(
    ingest: SocketAddr,
    key: Option<Secret>,
    token: CancellationToken,
) -> Result<()> {
    let Some(key) = key else {
        tracing::warn!("no write key is configured: the demo has no visitors");
        token.cancelled().await;
        return Ok(());
    };
    let client = Client::new(&format!("http://{ingest}"), key.expose())?;
    let mut visitors = JoinSet::new();
    for place in 0..VISITORS {
        visitors.spawn(keep_visiting(place, client.clone()));
    }
    token.cancelled().await;
    Ok(())
}

/// One visitor after the other, for ever.
async fn keep_visiting(place: usize, client: Client) {
    // The process's own start is the seed: every start shows other visitors.
    let seed = now_ms().unsigned_abs();
    let mut start_ms = now_ms() - HEAD_START_MS;
    for index in 0.. {
        let persona = Persona::ALL[(place + index) % VISITORS];
        if let Err(error) = visit_once(
            persona,
            seed,
            place + index * VISITORS,
            start_ms,
            client.clone(),
        )
        .await
        {
            tracing::warn!(visitor = persona.name(), %error, "a demo visitor gave up");
        }
        tokio::time::sleep(PAUSE).await;
        start_ms = now_ms();
    }
}

async fn visit_once(
    persona: Persona,
    seed: u64,
    index: usize,
    start_ms: i64,
    mut client: Client,
) -> Result<()> {
    let script = persona.script(seed, index as u64, &SiteModel::shop(), start_ms);
    for sent in script.sent {
        let due_ms = start_ms + i64::from(sent.after_ms);
        let wait_ms = u64::try_from(due_ms - now_ms()).unwrap_or(0);
        tokio::time::sleep(Duration::from_millis(wait_ms)).await;
        // What lies behind leaves now, and says so: its times stay true.
        let closed = sent.batch.sent.max(ClientTime(now_ms()));
        let batch = Batch {
            sent: closed,
            ..sent.batch
        };
        client.send(&batch).await?;
    }
    Ok(())
}
