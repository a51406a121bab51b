//! The task that owns everything a sink holds.

use crate::block::Range;
use crate::config::Config;
use crate::flight::{Backoff, Carrier};
use crate::gather::{BlockLimit, Gathered};
use crate::lag;
use crate::metrics::Metrics;
use crate::owned::Owned;
use crate::pace::Pace;
use crate::place::{Place, Topics};
use crate::reading::{Reading, read};
use furrow_core::ids::Epoch;
use furrow_log::{
    AppendError, ConsumeError, Event, Log, Member, Offset, Partition, ReadError, Stored, Topic,
    TopicError,
};
use furrow_service::observe::Readiness;
use furrow_store::{InsertError, QueryError, Store};
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

/// Why a sink cannot go on. A restart reads again what was not confirmed.
#[derive(Debug, thiserror::Error)]
pub enum SinkError {
    /// A topic is missing, or the log is closed.
    #[error("the sink has no topic to read or to write")]
    Topic(#[from] TopicError),
    /// A partition cannot be read.
    #[error("the sink cannot read the log")]
    Consume(#[from] ConsumeError),
    /// Offsets are of another log than this one.
    #[error(
        "topic {topic} ends before records of partition {partition} that were stored: it was made \
         anew; `furrow migrate --adopt` begins a new epoch with what it holds"
    )]
    OtherLog {
        /// The topic.
        topic: Topic,
        /// The partition.
        partition: Partition,
    },
    /// A dead letter cannot be written.
    #[error("the sink cannot write a dead letter")]
    DeadLetter(#[source] AppendError),
    /// The database refuses to be read at all.
    #[error("the sink's database refuses it")]
    Refused(#[source] QueryError),
    /// The database refuses the rows for good.
    #[error("the sink's database refuses its rows")]
    Insert(#[source] InsertError),
}

/// A sink that does not run yet.
pub struct Sink {
    config: Config,
    carrier: Carrier,
}

/// Composes a sink and serves until `token` fires.
///
/// # Errors
/// See [`SinkError`].
pub async fn run(
    config: Config,
    epoch: Epoch,
    log: Log,
    store: Store,
    metrics: Metrics,
    readiness: Readiness,
    token: CancellationToken,
) -> Result<(), SinkError> {
    let sink = Sink::compose(config, epoch, log, store, metrics, readiness).await?;
    sink.serve(token).await
}

impl Sink {
    /// Puts a sink together. `epoch` is the present life of the topics, and
    /// `store` has the writer's rights on a database of this version's schema.
    ///
    /// # Errors
    /// When a topic does not exist.
    pub async fn compose(
        config: Config,
        epoch: Epoch,
        log: Log,
        store: Store,
        metrics: Metrics,
        readiness: Readiness,
    ) -> Result<Sink, SinkError> {
        let topics = Topics {
            scores: Topic::new(&config.scores_topic),
            interactions: Topic::new(&config.interactions_topic),
        };
        let dead_letters = Topic::new(&config.dead_letters_topic);
        for topic in [&topics.scores, &topics.interactions, &dead_letters] {
            log.partitions(topic).await?;
        }
        let backoff = Backoff::new(&config);
        let carrier = Carrier {
            store,
            log,
            topics,
            dead_letters,
            epoch,
            backoff,
            metrics,
            readiness,
        };
        Ok(Sink { config, carrier })
    }

    /// Joins the group and turns records into rows until `token` fires; then
    /// flushes what it has gathered, within the bound, and leaves.
    ///
    /// # Errors
    /// See [`SinkError`].
    pub async fn serve(self, token: CancellationToken) -> Result<(), SinkError> {
        // While the store is away the partitions are better off with others.
        tokio::select! {
            () = token.cancelled() => return Ok(()),
            met = self.meet_store() => met?,
        }
        let Topics {
            scores,
            interactions,
        } = self.carrier.topics.clone();
        let member = self
            .carrier
            .log
            .join(&self.config.group, &[scores, interactions])
            .await?;
        self.carrier.readiness.ready();
        let behind = lag::watch(&self.carrier, &self.config);
        let task = Task {
            member,
            limit: BlockLimit {
                rows_max: self.config.block_rows_max,
                bytes_max: self.config.block_bytes_max,
            },
            gathered: Gathered::default(),
            owned: Owned::default(),
            pace: Pace::new(self.config.linger(), self.config.flush_after()),
            flight: None,
            carrier: self.carrier,
        };
        tokio::select! {
            ended = task.run(token, self.config.drain_max()) => ended,
            never = behind => match never {},
        }
    }

    async fn meet_store(&self) -> Result<(), SinkError> {
        let mut attempt = 0;
        while let Err(error) = self.carrier.store.check().await {
            if error.code().is_some() {
                return Err(SinkError::Refused(error));
            }
            tracing::warn!(%error, attempt, "waiting for the database");
            self.carrier.readiness.not_ready(error.to_string());
            sleep(self.carrier.backoff.pause(attempt)).await;
            attempt += 1;
        }
        Ok(())
    }
}

/// A block on its way.
struct Flight {
    arrival: Pin<Box<dyn Future<Output = Result<(), SinkError>> + Send>>,
    /// What is committed when it has arrived: partitions that were given away
    /// in the meantime no longer stand here.
    ranges: Vec<Range>,
    /// Whether it brings anything but offsets.
    laden: bool,
}

struct Task {
    member: Member,
    limit: BlockLimit,
    gathered: Gathered,
    owned: Owned,
    pace: Pace,
    flight: Option<Flight>,
    carrier: Carrier,
}

impl Task {
    async fn run(mut self, token: CancellationToken, drain_max: Duration) -> Result<(), SinkError> {
        loop {
            let full = self.gathered.is_full(self.limit);
            if full && self.flight.is_none() {
                self.take_off();
            }
            let room = !self.gathered.is_full(self.limit);
            let due = self.pace.due().filter(|_| self.flight.is_none());
            // Biased: the end first, then what makes room, and reading last,
            // since under load there is always something to read.
            tokio::select! {
                biased;
                () = token.cancelled() => break,
                arrived = arrival(&mut self.flight) => {
                    arrived?;
                    self.land()?;
                }
                () = until(due) => self.take_off(),
                event = self.member.next(), if room => self.apply(event).await?,
            }
        }
        self.drain(drain_max).await
    }

    /// Brings in what was gathered, for at most `drain_max`.
    async fn drain(mut self, drain_max: Duration) -> Result<(), SinkError> {
        let drained = timeout(drain_max, async {
            if self.flight.is_some() {
                arrival(&mut self.flight).await?;
                self.land()?;
            }
            if !self.gathered.is_empty() {
                self.take_off();
                arrival(&mut self.flight).await?;
                self.land()?;
            }
            Ok(())
        })
        .await;
        drained.unwrap_or_else(|_| {
            let rows = self.gathered.rows();
            tracing::warn!(rows, "left without flushing; the records are read again");
            Ok(())
        })
    }

    async fn apply(&mut self, event: Result<Event, ConsumeError>) -> Result<(), SinkError> {
        match event {
            Ok(Event::Assigned {
                topic,
                partition,
                committed,
            }) => self.begin(&topic, partition, committed).await?,
            Ok(Event::Revoked { topic, partition }) => self.give_up(self.place(&topic, partition)),
            Ok(Event::Records {
                topic,
                partition,
                records,
            }) => self.gather(self.place(&topic, partition), &records),
            Ok(Event::CaughtUp { .. }) => {}
            Err(ConsumeError::Read {
                topic,
                partition,
                source: ReadError::Gone { earliest },
            }) => {
                let place = self.place(&topic, partition);
                if let Some(next) = self.owned.next(place) {
                    self.lament(place, next, earliest);
                }
                self.member.start(&topic, partition, earliest);
            }
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    fn place(&self, topic: &Topic, partition: Partition) -> Place {
        let place = self.carrier.topics.place(topic, partition);
        place.expect("only these two topics were joined")
    }

    /// Reads a partition from where it was confirmed, or as near as the log
    /// still can.
    async fn begin(
        &mut self,
        topic: &Topic,
        partition: Partition,
        confirmed: Option<Offset>,
    ) -> Result<(), SinkError> {
        let place = self.place(topic, partition);
        let bounds = self.carrier.log.bounds(topic, partition).await?;
        let earliest = bounds.earliest;
        if confirmed.is_some_and(|confirmed| confirmed > bounds.end) {
            let topic = topic.clone();
            return Err(SinkError::OtherLog { topic, partition });
        }
        let from = confirmed.map_or(earliest, |confirmed| confirmed.max(earliest));
        if let Some(confirmed) = confirmed {
            self.lament(place, confirmed, earliest);
        }
        tracing::info!(%topic, %partition, %from, "reading");
        self.owned.assigned(place, from);
        self.carrier.metrics.owned(self.owned.places());
        self.member.start(topic, partition, from);
        Ok(())
    }

    /// Says how many records retention dropped before they were read.
    fn lament(&self, place: Place, next: Offset, earliest: Offset) {
        let Place { source, partition } = place;
        if let Some(records) = earliest.0.checked_sub(next.0).filter(|gone| *gone > 0) {
            tracing::error!(topic = source.name(), %partition, %next, records, "records are gone");
            self.carrier.metrics.lost(source, records);
        }
    }

    /// The partition is another's: what is not confirmed is read there again.
    fn give_up(&mut self, place: Place) {
        tracing::info!(topic = place.source.name(), partition = %place.partition, "given up");
        self.gathered.forget(place);
        if self.gathered.is_empty() {
            self.pace.emptied();
        }
        if let Some(flight) = &mut self.flight {
            flight.ranges.retain(|range| range.place != place);
        }
        self.owned.revoked(place);
        self.carrier.metrics.owned(self.owned.places());
    }

    fn gather(&mut self, place: Place, records: &[Stored]) {
        for stored in records {
            let reading = read(place, self.carrier.epoch, stored);
            self.count(place, stored.offset, &reading);
            self.gathered.add(place, stored, reading);
            self.owned.read(place, Offset(stored.offset.0 + 1));
        }
        self.pace.waiting(Instant::now());
        self.carrier.metrics.pending(self.gathered.rows());
    }

    fn count(&self, place: Place, offset: Offset, reading: &Reading) {
        let why: &str = match reading {
            Reading::Update(_) | Reading::Batch(_) | Reading::Rules(_) | Reading::Nothing => {
                return;
            }
            Reading::Dead(letter) => &letter.letter.detail,
            Reading::Skipped { why } => why,
        };
        let (topic, partition) = (place.source.name(), place.partition);
        tracing::warn!(topic, %partition, %offset, why, "undecodable record");
        self.carrier.metrics.undecodable(place.source);
    }

    /// Sends what was gathered on its way.
    fn take_off(&mut self) {
        let block = self.gathered.seal();
        self.pace.emptied();
        self.carrier.metrics.pending(0);
        self.flight = Some(Flight {
            ranges: block.ranges.clone(),
            laden: block.is_laden(),
            arrival: Box::pin(self.carrier.clone().carry(block)),
        });
    }

    /// All of a block is confirmed: its offsets may be told to the log.
    fn land(&mut self) -> Result<(), SinkError> {
        let Some(flight) = self.flight.take() else {
            return Ok(());
        };
        for range in &flight.ranges {
            let Place { source, partition } = range.place;
            let topic = self.carrier.topics.name(source);
            self.member.commit(topic, partition, range.next)?;
            self.owned.confirmed(range);
        }
        // Ticks alone must not hold up the rows that follow them.
        if flight.laden {
            self.pace.flushed(Instant::now());
        }
        Ok(())
    }
}

/// Resolves when the block on its way has arrived; never without one. The
/// flight stays where it is, for its ranges.
async fn arrival(flight: &mut Option<Flight>) -> Result<(), SinkError> {
    match flight {
        Some(flight) => flight.arrival.as_mut().await,
        None => std::future::pending().await,
    }
}

async fn until(due: Option<Instant>) {
    match due {
        Some(due) => sleep_until(due).await,
        None => std::future::pending().await,
    }
}
