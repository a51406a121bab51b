//! The loop: own partitions, fold, emit, commit.
//!
//! One task owns every state by value. It awaits in `select!` and thinks in
//! synchronous methods.

use crate::snapshot::{self, SnapshotError};
use crate::takeover::{Owned, SnapshotDue, Tick};
use crate::{Config, Metrics, lag, read};
use bytes::Bytes;
use furrow_core::ids::{Epoch, Origin};
use furrow_core::ledger::Outcome;
use furrow_core::time::LogTime;
use furrow_log::{
    AppendError, ConsumeError, Event, Log, Member, Offset, Partition, ReadError, Stored, Topic,
    TopicError,
};
use furrow_proto::Limits;
use furrow_proto::record::{DeadLetter, InteractionRecord, encode_score_update};
use furrow_service::clock::now_ms;
use furrow_service::observe::Readiness;
use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use object_store::ObjectStore;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// How long a full log is waited for before an output is tried again.
const FULL_PAUSE: Duration = Duration::from_millis(10);

/// Time between two ticks of a partition at least, should the log's clock run
/// behind this one.
const TICK_PAUSE: Duration = Duration::from_millis(50);

/// The longest time without looking at deadlines, commits and lag.
const LOOK_EVERY: Duration = Duration::from_millis(250);

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
    #[error(
        "partition {partition} begins at offset {earliest}, but scores need the log from {needed} \
         on; restore the snapshots, or give the scorer a new group to begin with what is left"
    )]
    LogGone {
        /// The partition.
        partition: Partition,
        /// What the log still holds.
        earliest: u64,
        /// What is needed, as far as it is known.
        needed: u64,
    },
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
        let running = Running {
            topics,
            limits: read::log_limits(),
            owned: BTreeMap::new(),
            waiting: VecDeque::new(),
            in_flight: FuturesUnordered::new(),
            publishing: FuturesUnordered::new(),
            lives: 0,
            next_commit: Instant::now(),
            scorer: self,
        };
        tokio::select! {
            ended = running.run(member, token) => ended,
            never = behind => match never {},
        }
    }
}

struct Topics {
    interactions: Topic,
    scores: Topic,
    dead_letters: Topic,
}

/// An output that the log has not taken yet.
struct Output {
    partition: Partition,
    life: u64,
    offset: u64,
    kind: OutputKind,
    key: Bytes,
    payload: Bytes,
}

#[derive(Clone, Copy)]
enum OutputKind {
    Update,
    DeadLetter,
}

struct Durable {
    partition: Partition,
    life: u64,
    offset: u64,
    result: Result<(), AppendError>,
}

struct Running {
    scorer: Scorer,
    topics: Topics,
    limits: Limits,
    owned: BTreeMap<Partition, Owned>,
    /// At most what one fetch of records brings about.
    waiting: VecDeque<Output>,
    in_flight: FuturesUnordered<BoxFuture<'static, Durable>>,
    publishing: FuturesUnordered<BoxFuture<'static, Result<(), SnapshotError>>>,
    lives: u64,
    next_commit: Instant,
}

impl Running {
    async fn run(
        mut self,
        mut member: Member,
        token: CancellationToken,
    ) -> Result<(), ScorerError> {
        loop {
            let reads = self.waiting.is_empty()
                && self.in_flight.len() < self.scorer.config.outputs_in_flight_max;
            let look = self.next_look();
            // Biased: the end first, then what makes room, then what fills it.
            tokio::select! {
                biased;
                () = token.cancelled() => break,
                Some(durable) = self.in_flight.next() => self.noted(durable)?,
                Some(published) = self.publishing.next() => self.published(published),
                () = tokio::time::sleep_until(look) => {}
                event = member.next(), if reads => self.learn(event?, &mut member).await?,
            }
            self.send()?;
            self.look(&member)?;
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
                Some(durable) = self.in_flight.next() => self.noted(durable)?,
                Some(published) = self.publishing.next() => self.published(published),
                () = &mut bound => break,
            }
            self.send()?;
        }
        self.commit(member)?;
        for (partition, owned) in &self.owned {
            if owned.progress.durable_to() == owned.state.next_offset() && owned.caught_up {
                let written = snapshot::write(&owned.state, *partition)?;
                let published = snapshot::publish(&*self.scorer.snapshots, written).await;
                self.published(published);
            }
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
                self.lives += 1;
                let taken = self
                    .scorer
                    .take_over(&topic, partition, committed, self.lives);
                let owned = taken.await?;
                member.start(&topic, partition, Offset(owned.state.next_offset()));
                self.scorer.readiness.not_ready("replaying");
                self.owned.insert(partition, owned);
            }
            Event::Revoked { partition, .. } => {
                self.owned.remove(&partition);
                self.waiting.retain(|output| output.partition != partition);
                self.show();
            }
            Event::Records {
                partition, records, ..
            } => {
                for record in records {
                    self.fold(partition, &record);
                }
            }
            Event::CaughtUp { partition, end, .. } => {
                if let Some(owned) = self.owned.get_mut(&partition) {
                    owned.end = end.0;
                    owned.caught_up = true;
                }
                if self.owned.values().all(|owned| owned.caught_up) {
                    self.scorer.readiness.ready();
                }
            }
        }
        Ok(())
    }

    fn fold(&mut self, partition: Partition, record: &Stored) {
        let Some(owned) = self.owned.get_mut(&partition) else {
            return;
        };
        let (input, why) = read::read(&record.payload, &self.limits);
        let offset = record.offset.0;
        let folded = owned
            .state
            .fold(offset, LogTime(record.append_time_ms), input);
        owned.end = owned.end.max(offset + 1);
        owned.caught_up = false;
        if let Outcome::Tick | Outcome::Control = folded.outcome {
            owned.tick = Tick::Pausing(Instant::now() + TICK_PAUSE);
        }
        if offset < owned.emit_from {
            return;
        }
        let origin = Origin {
            epoch: self.scorer.epoch,
            partition: partition.0,
            offset,
        };
        let letter = match folded.outcome {
            Outcome::Dead(reason) => {
                tracing::warn!(
                    partition = partition.0,
                    offset,
                    reason = reason.name(),
                    why,
                    "dead letter"
                );
                Some(DeadLetter {
                    origin,
                    reason: reason.name().into(),
                    detail: why.unwrap_or_default().into(),
                    record: record.payload.clone(),
                })
            }
            Outcome::Scored
            | Outcome::Duplicate
            | Outcome::Reordered
            | Outcome::Held
            | Outcome::Late
            | Outcome::Tick
            | Outcome::Control => None,
        };
        let life = owned.life;
        let output = |kind, key: Bytes, payload| Output {
            partition,
            life,
            offset,
            kind,
            key,
            payload,
        };
        let updates = folded.updates.iter().map(|update| {
            let key = Bytes::copy_from_slice(&update.session.key.session.0);
            output(OutputKind::Update, key, encode_score_update(update))
        });
        let letter = letter.map(|l| output(OutputKind::DeadLetter, record.key.clone(), l.encode()));
        let before = self.waiting.len();
        self.waiting.extend(updates.chain(letter));
        let outputs = u32::try_from(self.waiting.len() - before).expect("few outputs a record");
        owned.progress.folded(offset, outputs);
    }

    /// Gives the log what it takes, in order.
    fn send(&mut self) -> Result<(), ScorerError> {
        while let Some(output) = self.waiting.front() {
            let topic = match output.kind {
                OutputKind::Update => &self.topics.scores,
                OutputKind::DeadLetter => &self.topics.dead_letters,
            };
            match self
                .scorer
                .log
                .append(topic, &output.key, output.payload.clone())
            {
                Ok(receipt) => {
                    let Output {
                        partition,
                        life,
                        offset,
                        kind,
                        ..
                    } = *output;
                    match kind {
                        OutputKind::Update => self.scorer.metrics.updates.inc(),
                        OutputKind::DeadLetter => self.scorer.metrics.dead_letters.inc(),
                    };
                    self.in_flight.push(Box::pin(async move {
                        let result = receipt.await.map(|_| ());
                        Durable {
                            partition,
                            life,
                            offset,
                            result,
                        }
                    }));
                    self.waiting.pop_front();
                }
                Err(AppendError::Full) => return Ok(()),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    fn noted(&mut self, durable: Durable) -> Result<(), ScorerError> {
        durable.result?;
        if let Some(owned) = self.owned.get_mut(&durable.partition)
            && owned.life == durable.life
        {
            owned.progress.durable(durable.offset);
        }
        Ok(())
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

    /// When to look at what time brings about.
    fn next_look(&self) -> Instant {
        let now = Instant::now();
        if !self.waiting.is_empty() {
            return now + FULL_PAUSE;
        }
        let now_ms = now_ms();
        let deadline = self
            .owned
            .values()
            .filter(|owned| owned.caught_up)
            .filter_map(|owned| match owned.tick {
                Tick::Idle => {
                    let due = [owned.state.deadline(), owned.state.repeat_due()];
                    let due = due.into_iter().flatten().min()?;
                    let ms = due.0.saturating_sub(now_ms).max(0);
                    Some(now + Duration::from_millis(ms.unsigned_abs()))
                }
                Tick::Appended => None,
                Tick::Pausing(until) => Some(until),
            })
            .min();
        deadline.unwrap_or(now + LOOK_EVERY).min(now + LOOK_EVERY)
    }

    /// Ticks, repeats, commits, snapshots, lag.
    fn look(&mut self, member: &Member) -> Result<(), ScorerError> {
        let now = Instant::now();
        self.tick_quiet_partitions(now)?;
        self.snapshot_due_partitions(now)?;
        if now >= self.next_commit {
            self.next_commit = now + self.scorer.config.commit_every();
            self.commit(member)?;
            self.show();
        }
        Ok(())
    }

    fn tick_quiet_partitions(&mut self, now: Instant) -> Result<(), ScorerError> {
        let at_ms = now_ms();
        for (partition, owned) in &mut self.owned {
            for record in owned.due(now, at_ms) {
                let appended = match record {
                    InteractionRecord::Tick { .. } => &self.scorer.metrics.ticks,
                    InteractionRecord::Control(_) | InteractionRecord::Batch(_) => {
                        &self.scorer.metrics.repeats
                    }
                };
                let log = &self.scorer.log;
                match log.append_to(&self.topics.interactions, *partition, &[], record.encode()) {
                    // Nobody waits for it: what is lost is appended again.
                    Ok(_receipt) => {
                        owned.tick = Tick::Appended;
                        appended.inc();
                    }
                    Err(AppendError::Full) => {
                        owned.tick = Tick::Pausing(now + TICK_PAUSE);
                        break;
                    }
                    Err(error) => return Err(error.into()),
                }
            }
        }
        Ok(())
    }

    fn snapshot_due_partitions(&mut self, now: Instant) -> Result<(), ScorerError> {
        let every = self.scorer.config.snapshot_every();
        for (partition, owned) in &mut self.owned {
            match &owned.snapshot {
                SnapshotDue::At(at)
                    if *at <= now && owned.state.next_offset() >= owned.emit_from =>
                {
                    owned.snapshot =
                        SnapshotDue::Written(snapshot::write(&owned.state, *partition)?);
                }
                SnapshotDue::At(_) | SnapshotDue::Written(_) => {}
            }
            let ready = match &owned.snapshot {
                SnapshotDue::Written(w) => w.next_offset <= owned.progress.durable_to(),
                SnapshotDue::At(_) => false,
            };
            if ready
                && let SnapshotDue::Written(written) =
                    std::mem::replace(&mut owned.snapshot, SnapshotDue::At(now + every))
            {
                let store = self.scorer.snapshots.clone();
                self.publishing.push(Box::pin(async move {
                    snapshot::publish(&*store, written).await
                }));
            }
        }
        Ok(())
    }

    fn commit(&mut self, member: &Member) -> Result<(), ScorerError> {
        for (partition, owned) in &mut self.owned {
            if let Some(next) = owned.progress.take_commit() {
                member.commit(&self.topics.interactions, *partition, Offset(next))?;
            }
        }
        Ok(())
    }

    fn show(&self) {
        let states = self.owned.iter();
        let states = states.map(|(partition, owned)| (*partition, &owned.state));
        self.scorer.metrics.show(states);
    }
}
