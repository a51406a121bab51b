//! The loop: waits for the log, for receipts and for time, hands them to
//! [`Scoring`], and carries out what that decides.
//!
//! One task owns every state by value. It awaits in `select!` and thinks in
//! synchronous methods.

use crate::scoring::{Due, Now, OutputKind, Scoring, Sent};
use crate::snapshot::{self, Found, SnapshotError, Written};
use crate::takeover::{LogGone, Offer};
use crate::{Config, Metrics, lag, read};
use furrow_core::ids::Epoch;
use furrow_core::partition::PartitionState;
use furrow_core::time::LogTime;
use furrow_log::{
    AppendError, Bounds, ConsumeError, Event, Log, Member, Offset, Partition, ReadError, ReadLimit,
    Topic, TopicError,
};
use furrow_proto::record::InteractionRecord;
use furrow_service::clock::now_ms;
use furrow_service::observe::Readiness;
use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use object_store::ObjectStore;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

const ONE: ReadLimit = ReadLimit {
    records_max: 1,
    bytes_max: 1 << 20,
};

/// Why the scorer stops. All of these crash: a restart is the recovery.
#[derive(Debug, thiserror::Error)]
pub enum ScorerError {
    /// The log cannot be read.
    #[error("the log cannot be read")]
    Consume(#[from] ConsumeError),
    /// A partition cannot be read from where it is needed.
    #[error("partition {partition} cannot be read")]
    Read {
        /// The partition.
        partition: Partition,
        /// Why.
        source: ReadError,
    },
    /// A topic is missing.
    #[error(transparent)]
    Topic(#[from] TopicError),
    /// An output was not taken; whether it is durable is not known.
    #[error("the log took no output")]
    Append(#[from] AppendError),
    /// The snapshot store does not answer when a partition is taken over.
    #[error("no snapshot could be looked for")]
    Snapshot(#[from] SnapshotError),
    /// Offsets and snapshots are of another log than this one.
    #[error(
        "the records of partition {partition} are not those that were scored: the topic was made \
         anew, or the snapshots are another log's; `furrow migrate --adopt` begins a new epoch with \
         what the topic holds"
    )]
    OtherLog {
        /// The partition.
        partition: Partition,
    },
    /// The log no longer holds what a replay needs.
    #[error(transparent)]
    LogGone(#[from] LogGone),
}

/// A scorer, composed and ready to run.
#[derive(Debug)]
pub struct Scorer {
    /// What it is told.
    pub config: Config,
    /// Where records come from and go to.
    pub log: Log,
    /// Where snapshots are.
    pub snapshots: Arc<dyn ObjectStore>,
    /// The topic's life, from [`crate::epoch::in_force`].
    pub epoch: Epoch,
    /// What it tells of itself.
    pub metrics: Metrics,
    /// Ready once every partition that it owns has been replayed.
    pub readiness: Readiness,
}

impl Scorer {
    /// Folds until the token fires, then waits for outputs in flight.
    ///
    /// # Errors
    /// What [`ScorerError`] says; nothing is lost by any of them.
    pub async fn run(self, token: CancellationToken) -> Result<(), ScorerError> {
        let topics = Topics {
            interactions: Topic::new(&self.config.interactions),
            scores: Topic::new(&self.config.scores),
            dead_letters: Topic::new(&self.config.dead_letters),
        };
        let interactions = std::slice::from_ref(&topics.interactions);
        let member = self.log.join(&self.config.group, interactions).await?;
        let behind = lag::watch(&self, topics.interactions.clone());
        let clock = Clock(Instant::now());
        let running = Running {
            topics,
            scoring: Scoring::new(self.config.clone(), self.epoch, clock.now()),
            clock,
            in_flight: FuturesUnordered::new(),
            publishing: FuturesUnordered::new(),
            scorer: self,
        };
        tokio::select! {
            ended = running.run(member, token) => ended,
            never = behind => match never {},
        }
    }

    /// What there is to go on from at `now_ms`, ms since 1970.
    async fn offer(
        &self,
        topic: &Topic,
        partition: Partition,
        committed: Option<Offset>,
        now_ms: i64,
    ) -> Result<Offer, ScorerError> {
        let Scorer {
            log,
            snapshots,
            epoch,
            ..
        } = self;
        let bounds = log.bounds(topic, partition).await?;
        if committed.is_some_and(|committed| committed > bounds.end) {
            return Err(ScorerError::OtherLog { partition });
        }
        let found = match snapshot::find(&**snapshots, partition, *epoch, bounds.end.0).await {
            Err(SnapshotError::Beyond { .. }) => return Err(ScorerError::OtherLog { partition }),
            found => found?,
        };
        if let Found::State(state) = &found {
            self.is_of_this_log(state, topic, partition, bounds).await?;
        }
        let mut offer = Offer {
            found,
            bounds,
            committed,
            committed_ms: None,
        };
        if let Some(at) = offer.asks_for_time_at() {
            let read = log.read(topic, partition, at, ONE).await;
            let read = read.map_err(|source| ScorerError::Read { partition, source })?;
            let committed_ms = read.first().map_or(now_ms, |record| record.append_time_ms);
            offer.committed_ms = Some(committed_ms);
        }
        Ok(offer)
    }

    /// Refuses a state whose last record is not the one that stands in its
    /// place: the topic was made anew, and has grown since.
    async fn is_of_this_log(
        &self,
        state: &PartitionState,
        topic: &Topic,
        partition: Partition,
        bounds: Bounds,
    ) -> Result<(), ScorerError> {
        let Some(last) = state.next_offset().checked_sub(1) else {
            return Ok(());
        };
        if last < bounds.earliest.0 {
            return Ok(());
        }
        let read = self.log.read(topic, partition, Offset(last), ONE).await;
        let read = read.map_err(|source| ScorerError::Read { partition, source })?;
        let folded = read.first().is_none_or(|record| {
            let (what, _) = read::read(&record.payload, &read::log_limits());
            state.has_reached(LogTime(record.append_time_ms), &what)
        });
        match folded {
            true => Ok(()),
            false => Err(ScorerError::OtherLog { partition }),
        }
    }
}

struct Topics {
    interactions: Topic,
    scores: Topic,
    dead_letters: Topic,
}

/// This process's clocks, with the moment from which running time counts.
struct Clock(Instant);

impl Clock {
    fn now(&self) -> Now {
        let running = self.0.elapsed().as_millis();
        Now {
            running_ms: u64::try_from(running).unwrap_or(u64::MAX),
            at_ms: now_ms(),
        }
    }

    fn instant(&self, running_ms: u64) -> Instant {
        self.0 + Duration::from_millis(running_ms)
    }
}

struct Running {
    scorer: Scorer,
    topics: Topics,
    scoring: Scoring,
    clock: Clock,
    in_flight: FuturesUnordered<BoxFuture<'static, Result<Sent, AppendError>>>,
    publishing: FuturesUnordered<BoxFuture<'static, Result<(), SnapshotError>>>,
}

impl Running {
    async fn run(
        mut self,
        mut member: Member,
        token: CancellationToken,
    ) -> Result<(), ScorerError> {
        loop {
            let reads = self.scoring.reads();
            let look_ms = self.scoring.next_look_ms(self.clock.now());
            let look = self.clock.instant(look_ms);
            // Biased: the end first, then what makes room, then what fills it.
            tokio::select! {
                biased;
                () = token.cancelled() => break,
                Some(sent) = self.in_flight.next() => self.scoring.durable(sent?),
                Some(published) = self.publishing.next() => self.published(published),
                () = tokio::time::sleep_until(look) => {}
                event = member.next(), if reads => self.learn(event?, &mut member).await?,
            }
            self.send()?;
            for due in self.scoring.look(self.clock.now())? {
                self.carry_out(due, &member)?;
            }
        }
        self.drain(&member).await
    }

    /// What is in flight becomes durable and is committed; the rest is
    /// repeated by the next owner.
    async fn drain(mut self, member: &Member) -> Result<(), ScorerError> {
        let bound = tokio::time::sleep(self.scorer.config.drain());
        tokio::pin!(bound);
        while !self.in_flight.is_empty() || !self.publishing.is_empty() {
            tokio::select! {
                biased;
                Some(sent) = self.in_flight.next() => self.scoring.durable(sent?),
                Some(published) = self.publishing.next() => self.published(published),
                () = &mut bound => break,
            }
            self.send()?;
        }
        let commits: Vec<_> = self.scoring.commits().collect();
        for commit in commits {
            self.carry_out(commit, member)?;
        }
        for written in self.scoring.last_snapshots()? {
            let published = snapshot::publish(&*self.scorer.snapshots, written).await;
            self.published(published);
        }
        for standing in self.scoring.standing() {
            tracing::info!(partition = standing.partition.0, "gave up");
        }
        Ok(())
    }

    async fn learn(&mut self, event: Event, member: &mut Member) -> Result<(), ScorerError> {
        match event {
            Event::Assigned {
                topic,
                partition,
                committed,
            } => {
                tracing::info!(partition = partition.0, "assigned");
                let now_ms = self.clock.now().at_ms;
                let offered = self.scorer.offer(&topic, partition, committed, now_ms);
                let offer = offered.await?;
                let now = self.clock.now();
                let from = self.scoring.assigned(partition, offer, now)?;
                member.start(&topic, partition, from);
                self.scorer.readiness.not_ready("replaying");
            }
            Event::Revoked { partition, .. } => {
                tracing::info!(partition = partition.0, "gave up");
                self.scoring.revoked(partition);
                self.show();
            }
            Event::Records {
                partition, records, ..
            } => {
                let now = self.clock.now();
                for record in records {
                    self.scoring.fold(partition, &record, now);
                }
            }
            Event::CaughtUp { partition, .. } => {
                self.scoring.caught_up(partition);
                if self.scoring.is_caught_up() {
                    self.scorer.readiness.ready();
                }
            }
        }
        Ok(())
    }

    /// Gives the log what it takes, in order.
    fn send(&mut self) -> Result<(), ScorerError> {
        let metrics = &self.scorer.metrics;
        while let Some(output) = self.scoring.next_output() {
            let (topic, appended) = match output.kind {
                OutputKind::Update => (&self.topics.scores, &metrics.updates),
                OutputKind::DeadLetter => (&self.topics.dead_letters, &metrics.dead_letters),
            };
            let payload = output.payload.clone();
            match self.scorer.log.append(topic, &output.key, payload) {
                Ok(receipt) => {
                    appended.inc();
                    let sent = self.scoring.taken();
                    self.in_flight
                        .push(Box::pin(async move { receipt.await.map(|_| sent) }));
                }
                Err(AppendError::Full) => return Ok(()),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    fn carry_out(&mut self, due: Due, member: &Member) -> Result<(), ScorerError> {
        match due {
            Due::Append { partition, records } => self.append(partition, records)?,
            Due::Publish(written) => self.publish(written),
            Due::Commit { partition, next } => {
                member.commit(&self.topics.interactions, partition, next)?;
            }
            Due::Show => self.show(),
        }
        Ok(())
    }

    fn append(
        &mut self,
        partition: Partition,
        records: Vec<InteractionRecord>,
    ) -> Result<(), ScorerError> {
        let metrics = &self.scorer.metrics;
        for record in records {
            let appended = match record {
                InteractionRecord::Tick { .. } => &metrics.ticks,
                InteractionRecord::Control(_) | InteractionRecord::Batch(_) => &metrics.repeats,
            };
            let (log, topic) = (&self.scorer.log, &self.topics.interactions);
            match log.append_to(topic, partition, &[], record.encode()) {
                // Nobody waits for it: what is lost is appended again.
                Ok(_receipt) => appended.inc(),
                Err(AppendError::Full) => {
                    self.scoring.refused(partition, self.clock.now());
                    return Ok(());
                }
                Err(error) => return Err(error.into()),
            };
        }
        Ok(())
    }

    fn publish(&self, written: Written) {
        let store = self.scorer.snapshots.clone();
        self.publishing.push(Box::pin(async move {
            snapshot::publish(&*store, written).await
        }));
    }

    fn published(&self, published: Result<(), SnapshotError>) {
        match published {
            Ok(()) => self.scorer.metrics.snapshots.inc(),
            Err(error) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "snapshot not published"
                );
                self.scorer.metrics.snapshot_failures.inc()
            }
        };
    }

    fn show(&self) {
        let standing = self.scoring.standing();
        let states = standing.map(|standing| (standing.partition, standing.state));
        self.scorer.metrics.show(states);
    }
}
