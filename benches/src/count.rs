//! What ClickHouse counts.

use anyhow::{Context, Result};
use furrow_store::Store;
use std::time::{Duration, Instant};

/// Time between two counts; counting is work for the engine.
const LOOK_INTERVAL: Duration = Duration::from_millis(200);

/// Batches of the whole run, counted twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counted {
    /// Rows of the archive, each batch once.
    pub archived: u64,
    /// The sum of what the sessions' rows count.
    pub scored: u64,
}

/// Counts once.
///
/// # Errors
/// When ClickHouse does not answer.
pub async fn count(store: &Store) -> Result<Counted> {
    let query = "SELECT (SELECT count() FROM v_batches), (SELECT sum(batches) FROM v_sessions)";
    let answer = store.sql(query, "TSV")?.collect().await?;
    let answer = String::from_utf8_lossy(&answer);
    let numbers: Vec<u64> = answer
        .split_whitespace()
        .map(str::parse)
        .collect::<Result<_, _>>()
        .with_context(|| format!("no numbers: {answer}"))?;
    match numbers[..] {
        [archived, scored] => Ok(Counted { archived, scored }),
        _ => anyhow::bail!("not two numbers: {answer}"),
    }
}

/// Counts until both reach `expected` or `bound` has passed, and gives the
/// last count.
///
/// # Errors
/// When ClickHouse does not answer.
pub async fn until(store: &Store, expected: u64, bound: Duration) -> Result<Counted> {
    let begun = Instant::now();
    loop {
        let counted = count(store).await?;
        let whole = counted.archived >= expected && counted.scored >= expected;
        if whole || begun.elapsed() > bound {
            return Ok(counted);
        }
        tokio::time::sleep(LOOK_INTERVAL).await;
    }
}
