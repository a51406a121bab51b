//! Sessions that stay open, and the batches that they send.
//!
//! They are appended as a gateway does it, under the session's key, and every
//! receipt is awaited: what is counted as sent is durable.

use crate::now_ms;
use anyhow::{Context, Result};
use bytes::Bytes;
use furrow_core::ids::{Property, SessionId, Tenant};
use furrow_log::{AppendError, Log, Receipt, Topic};
use furrow_proto::record::{BatchRecord, ClientFacts, Entry, InteractionRecord};
use furrow_sim::load::{Load, Plan, Planned};
use futures_util::FutureExt;
use std::collections::VecDeque;
use std::ops::Range;
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Pointer samples of a batch: half a second of a mouse.
const SAMPLES: u32 = 30;

/// How long before now the sessions began, by their own clocks: batches that
/// are sent faster than visitors send them are still none of the future.
const BEGAN_BEFORE_MS: i64 = 1_800_000;

/// How often batches leave while they are sent at a rate.
const TURN: Duration = Duration::from_millis(10);

/// Many sessions of one site.
#[derive(Debug)]
pub struct Crowd {
    load: Load,
    sessions: u32,
    log: Log,
    topic: Topic,
    /// Turns that all sessions have sent.
    turns: u32,
    /// Batches of the turn that has begun.
    of_turn: u32,
}

impl Crowd {
    /// Sessions that have not sent anything yet, and send a batch a second.
    #[must_use]
    pub fn new(sessions: u32, log: Log, topic: Topic) -> Crowd {
        let plan = Plan {
            seed: 1,
            sessions,
            batches_per_session: u32::MAX,
            batches_per_second: sessions,
            samples_per_batch: SAMPLES,
        };
        Crowd {
            load: plan.load(now_ms() - BEGAN_BEFORE_MS),
            sessions,
            log,
            topic,
            turns: 0,
            of_turn: 0,
        }
    }

    /// Lets some of the sessions send their first batches, as fast as the log
    /// takes them. All have to send as many before anything else is sent.
    ///
    /// # Errors
    /// When the log does not take one.
    pub async fn open(&mut self, sessions: Range<u32>, batches: u32) -> Result<()> {
        let mut on_their_way = Receipts::default();
        for turn in 0..batches {
            for session in sessions.clone() {
                let planned = self.planned(turn, session);
                self.send(&planned, &mut on_their_way).await?;
            }
        }
        on_their_way.all().await?;
        if sessions.end == self.sessions {
            self.turns = batches;
        }
        Ok(())
    }

    /// Goes on sending, so many batches a second, until it is told to stop.
    #[must_use]
    pub fn go_on(mut self, rate: u32) -> Traffic {
        let stop = CancellationToken::new();
        let stopped = stop.clone();
        let running = tokio::spawn(async move {
            let mut on_their_way = Receipts::default();
            let mut turn = tokio::time::interval(TURN);
            let began = tokio::time::Instant::now();
            let mut sent = 0;
            while !stopped.is_cancelled() {
                let due = began.elapsed().as_secs_f64() * f64::from(rate);
                while (sent as f64) < due {
                    let planned = self.planned(self.turns, self.of_turn);
                    self.send(&planned, &mut on_their_way).await?;
                    self.of_turn += 1;
                    if self.of_turn == self.sessions {
                        (self.turns, self.of_turn) = (self.turns + 1, 0);
                    }
                    sent += 1_u64;
                }
                on_their_way.those_that_are_there()?;
                turn.tick().await;
            }
            on_their_way.all().await?;
            Ok(self)
        });
        Traffic { stop, running }
    }

    /// Every session, with how many of its batches are durable.
    pub fn sent(&self) -> impl Iterator<Item = (SessionId, u32)> + '_ {
        (0..self.sessions).map(|session| {
            let batches = self.turns + u32::from(session < self.of_turn);
            (self.planned(0, session).session, batches)
        })
    }

    /// All batches that are durable.
    #[must_use]
    pub fn batches(&self) -> u64 {
        u64::from(self.turns) * u64::from(self.sessions) + u64::from(self.of_turn)
    }

    fn planned(&self, turn: u32, session: u32) -> Planned {
        let number = u64::from(turn) * u64::from(self.sessions) + u64::from(session);
        self.load.batch(number)
    }

    async fn send(&self, planned: &Planned, on_their_way: &mut Receipts) -> Result<()> {
        let (key, payload) = record(planned);
        loop {
            match self.log.append(&self.topic, &key, payload.clone()) {
                Ok(receipt) => {
                    on_their_way.0.push_back(receipt);
                    return Ok(());
                }
                Err(AppendError::Full) => on_their_way.oldest().await?,
                Err(error) => return Err(error.into()),
            }
        }
    }
}

/// A crowd that sends in the background.
#[derive(Debug)]
pub struct Traffic {
    stop: CancellationToken,
    running: JoinHandle<Result<Crowd>>,
}

impl Traffic {
    /// Stops it, once everything that was sent is durable.
    ///
    /// # Errors
    /// When the log did not take a batch.
    pub async fn stop(self) -> Result<Crowd> {
        self.stop.cancel();
        self.running.await?
    }
}

/// The key and the bytes that a gateway would append.
fn record(planned: &Planned) -> (Bytes, Bytes) {
    let (tenant, property) = ("bench", "shop");
    let session = planned.session.0;
    let key = [tenant.as_bytes(), property.as_bytes(), &session].join(&0);
    let record = InteractionRecord::Batch(BatchRecord {
        tenant: Tenant(tenant.into()),
        property: Property(property.into()),
        received_ms: now_ms(),
        entry: Entry::Publish,
        client: ClientFacts {
            os: "Linux".into(),
            browser: "Chrome".into(),
            ..ClientFacts::default()
        },
        batch: planned.bytes.clone().into(),
    });
    (key.into(), record.encode())
}

/// Answers that are still to come, oldest first.
#[derive(Debug, Default)]
struct Receipts(VecDeque<Receipt>);

impl Receipts {
    async fn oldest(&mut self) -> Result<()> {
        let oldest = self.0.pop_front().context("the log is full of nothing")?;
        oldest.await?;
        Ok(())
    }

    /// Takes those answers that have come.
    fn those_that_are_there(&mut self) -> Result<()> {
        while let Some(oldest) = self.0.front_mut() {
            let Some(answer) = oldest.now_or_never() else {
                break;
            };
            answer?;
            self.0.pop_front();
        }
        Ok(())
    }

    async fn all(&mut self) -> Result<()> {
        while !self.0.is_empty() {
            self.oldest().await?;
        }
        Ok(())
    }
}
