//! A block on its way, until all of it is confirmed.

use crate::block::Block;
use crate::config::Config;
use crate::metrics::Metrics;
use crate::place::Topics;
use crate::reading::Letter;
use crate::sink::SinkError;
use bytes::Bytes;
use furrow_core::ids::Epoch;
use furrow_log::{AppendError, Log, Topic};
use furrow_proto::record::DeadLetter;
use furrow_service::observe::Readiness;
use furrow_store::{InsertError, Store, StoredRow};
use std::error::Error;
use std::hash::{BuildHasher, RandomState};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// What carries blocks to where they belong.
#[derive(Clone)]
pub(crate) struct Carrier {
    pub(crate) store: Store,
    pub(crate) log: Log,
    pub(crate) topics: Topics,
    pub(crate) dead_letters: Topic,
    pub(crate) epoch: Epoch,
    pub(crate) backoff: Backoff,
    pub(crate) metrics: Metrics,
    pub(crate) readiness: Readiness,
}

impl Carrier {
    /// Brings all of a block in. Each table is sent again, alone and unchanged,
    /// until it is confirmed, for as long as the store is away.
    pub(crate) async fn carry(self, block: Block) -> Result<(), SinkError> {
        let began = Instant::now();
        let rows = &block.scores;
        if !block.is_laden() {
            return Ok(());
        }
        // Sessions last: what counts a row is not seen before the row.
        let scores = async {
            tokio::try_join!(
                self.insert(&block, &rows.signals),
                self.insert(&block, &rows.page_views),
                self.insert(&block, &rows.conversions),
            )?;
            self.insert(&block, &rows.sessions).await
        };
        tokio::try_join!(
            scores,
            self.insert(&block, &block.batches),
            self.insert(&block, &block.rule_sets),
            self.bury(&block.letters),
        )?;
        self.metrics
            .flush_seconds
            .observe(began.elapsed().as_secs_f64());
        self.readiness.ready();
        Ok(())
    }

    async fn insert<R: StoredRow + Sync>(
        &self,
        block: &Block,
        rows: &[R],
    ) -> Result<(), SinkError> {
        if rows.is_empty() {
            return Ok(());
        }
        let token = block.token(R::TABLE, self.epoch, &self.topics);
        let mut attempt = 0;
        loop {
            match self.store.insert(rows, &token).await {
                Ok(()) => {
                    self.metrics.inserted(R::TABLE, rows.len());
                    return Ok(());
                }
                Err(error @ InsertError::Crash { .. }) => return Err(SinkError::Insert(error)),
                Err(error @ InsertError::Retry { .. }) => {
                    self.again(R::TABLE, &error, &mut attempt).await;
                }
            }
        }
    }

    /// Sends letters to the dead letters; each is durable in the end.
    async fn bury(&self, letters: &[Letter]) -> Result<(), SinkError> {
        for Letter { key, letter } in letters {
            let mut payload = letter.clone().encode();
            let mut attempt = 0;
            loop {
                match self.append(key, payload.clone()).await {
                    Ok(()) => {
                        self.metrics.dead_letters.inc();
                        break;
                    }
                    Err(error @ (AppendError::Full | AppendError::TimedOut)) => {
                        self.again("dead_letters", &error, &mut attempt).await;
                    }
                    // The record fits the log, but with what is said about it
                    // it does not; it can still be read where it stands.
                    Err(AppendError::TooLarge { .. }) if !letter.record.is_empty() => {
                        let record = Bytes::new();
                        payload = DeadLetter {
                            record,
                            ..letter.clone()
                        }
                        .encode();
                    }
                    Err(
                        error @ (AppendError::TooLarge { .. }
                        | AppendError::Refused(_)
                        | AppendError::Topic(_)
                        | AppendError::Closed
                        | AppendError::Storage(_)),
                    ) => return Err(SinkError::DeadLetter(error)),
                }
            }
        }
        Ok(())
    }

    async fn append(&self, key: &[u8], payload: Bytes) -> Result<(), AppendError> {
        self.log.append(&self.dead_letters, key, payload)?.await?;
        Ok(())
    }

    /// Says that something is away and waits.
    async fn again(&self, what: &'static str, error: &(dyn Error + Sync), attempt: &mut u32) {
        let cause = error.source().map(ToString::to_string).unwrap_or_default();
        let pause = self.backoff.pause(*attempt);
        tracing::warn!(what, %error, cause, attempt, pause_ms = pause.as_millis(), "trying again");
        self.readiness.not_ready(error.to_string());
        self.metrics.retried(what);
        *attempt += 1;
        sleep(pause).await;
    }
}

/// Pauses between attempts: they double, and half of each is drawn at random,
/// so that many that wait do not come back at once.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Backoff {
    min: Duration,
    max: Duration,
}

impl Backoff {
    pub(crate) fn new(config: &Config) -> Backoff {
        Backoff {
            min: Duration::from_millis(config.retry_min_ms),
            max: Duration::from_millis(config.retry_max_ms),
        }
    }

    /// The pause after the attempt with this number, from 0.
    pub(crate) fn pause(&self, attempt: u32) -> Duration {
        // The standard library seeds every one of these at random.
        let drawn = RandomState::new().hash_one(attempt);
        self.pause_drawn(attempt, drawn)
    }

    fn pause_drawn(&self, attempt: u32, drawn: u64) -> Duration {
        let factor = 1_u32.checked_shl(attempt).unwrap_or(u32::MAX);
        let whole = self
            .min
            .checked_mul(factor)
            .unwrap_or(self.max)
            .min(self.max);
        whole / 2 + (whole / 2).mul_f64(drawn as f64 / u64::MAX as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest_and_keep_at_least_half() {
        let backoff = Backoff {
            min: Duration::from_millis(100),
            max: Duration::from_millis(1_000),
        };
        let pauses =
            |drawn| [0, 1, 2, 3, 4, 31, 32, 900].map(|n| backoff.pause_drawn(n, drawn).as_millis());
        assert_eq!(
            pauses(u64::MAX),
            [100, 200, 400, 800, 1_000, 1_000, 1_000, 1_000]
        );
        assert_eq!(pauses(0), [50, 100, 200, 400, 500, 500, 500, 500]);
    }
}
