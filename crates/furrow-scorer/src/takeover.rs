//! Taking a partition over: from a snapshot, or from far enough back in the
//! log.

use crate::progress::Progress;
use crate::scorer::{Scorer, ScorerError};
use crate::snapshot::{self, Found, SnapshotError, Written};
use crate::{Config, read};
use furrow_core::control::REPEAT_MS;
use furrow_core::partition::{CLOCK_AHEAD_MAX_MS, PartitionState, SESSION_TIMEOUT_MS};
use furrow_core::time::LogTime;
use furrow_log::{Bounds, Offset, Partition, ReadLimit, Topic};
use furrow_proto::record::InteractionRecord;
use furrow_service::clock::now_ms;
use std::time::Duration;
use tokio::time::Instant;

/// No gateway takes a batch of a session that was created longer ago, by a
/// clock that may be ahead. All records of a session that can still change lie
/// within this, the session's timeout and the allowed lateness; and in the day
/// before, the rules were told that hold in it.
const SESSION_AGE_MAX_MS: i64 = 48 * 3_600_000 + CLOCK_AHEAD_MAX_MS;

const ONE: ReadLimit = ReadLimit {
    records_max: 1,
    bytes_max: 1 << 20,
};

/// How long the log must keep records: a scorer without snapshots begins so
/// long before the oldest record whose outputs are not durable.
#[must_use]
pub fn retention_needed(config: &Config) -> Duration {
    Duration::from_millis(needed_ms(config).unsigned_abs())
}

fn needed_ms(config: &Config) -> i64 {
    REPEAT_MS + SESSION_AGE_MAX_MS + SESSION_TIMEOUT_MS + i64::from(config.allowed_lateness_ms)
}

/// A partition that is this scorer's.
pub(crate) struct Owned {
    pub(crate) state: PartitionState,
    pub(crate) progress: Progress,
    /// Outputs of records before this are durable already.
    pub(crate) emit_from: u64,
    /// Tells this ownership from an earlier one of the same partition.
    pub(crate) life: u64,
    pub(crate) end: u64,
    pub(crate) caught_up: bool,
    pub(crate) tick: Tick,
    pub(crate) snapshot: SnapshotDue,
}

impl Owned {
    /// What has to be appended to a partition at whose end its owner stands:
    /// rules that were told long ago, or else a tick, which they do as well.
    pub(crate) fn due(&mut self, now: Instant, at_ms: i64) -> Vec<InteractionRecord> {
        if matches!(self.tick, Tick::Pausing(until) if until <= now) {
            self.tick = Tick::Idle;
        }
        if !(self.caught_up && matches!(self.tick, Tick::Idle)) {
            return Vec::new();
        }
        let is_due = |due: Option<LogTime>| due.is_some_and(|due| due.0 <= at_ms);
        if is_due(self.state.repeat_due()) {
            let repeats = self.state.repeats(at_ms).into_iter();
            return repeats
                .map(|control| InteractionRecord::Control(control.into()))
                .collect();
        }
        let tick = is_due(self.state.deadline()).then_some(InteractionRecord::Tick { at_ms });
        tick.into_iter().collect()
    }
}

pub(crate) enum Tick {
    /// None was appended since the last record.
    Idle,
    /// One is in the log and has not been read.
    Appended,
    /// The next may be appended from then on.
    Pausing(Instant),
}

pub(crate) enum SnapshotDue {
    At(Instant),
    /// Written down, waiting for its outputs.
    Written(Written),
}

impl Scorer {
    /// The state to go on from: a snapshot's, or an empty one before the
    /// first record that is needed.
    pub(crate) async fn take_over(
        &self,
        topic: &Topic,
        partition: Partition,
        committed: Option<Offset>,
        life: u64,
    ) -> Result<Owned, ScorerError> {
        let Scorer {
            log,
            snapshots,
            epoch,
            config,
            ..
        } = self;
        let bounds = log.bounds(topic, partition).await?;
        let lateness_ms = i64::from(config.allowed_lateness_ms);
        let (earliest, end) = (bounds.earliest.0, bounds.end.0);
        if committed.is_some_and(|committed| committed > bounds.end) {
            return Err(ScorerError::OtherLog { partition });
        }
        let found = match snapshot::find(&**snapshots, partition, *epoch, end).await {
            Err(SnapshotError::Beyond { .. }) => return Err(ScorerError::OtherLog { partition }),
            found => found?,
        };
        let (state, durable) = match found {
            Found::State(state) if state.next_offset() >= earliest => {
                self.is_of_this_log(&state, topic, partition, bounds)
                    .await?;
                let next = state.next_offset();
                (state.with_allowed_lateness(lateness_ms), next)
            }
            Found::ReplayFrom(beginning) if beginning.offset >= earliest => {
                let state = PartitionState::begun(*epoch, partition.0, *beginning, lateness_ms);
                (state, 0)
            }
            // What a snapshot offers may be older than what the log still holds.
            Found::State(_) | Found::ReplayFrom(_) | Found::Nothing => {
                self.earliest_suffices(topic, partition, committed, bounds)
                    .await?;
                let state = PartitionState::new(*epoch, partition.0, earliest, lateness_ms);
                (state, 0)
            }
        };
        let from = state.next_offset();
        let emit_from = committed.map_or(0, |offset| offset.0).max(durable);
        tracing::info!(partition = partition.0, from, emit_from, end, "took over");
        Ok(Owned {
            progress: Progress::new(from.max(emit_from)),
            emit_from,
            life,
            end,
            caught_up: false,
            tick: Tick::Idle,
            snapshot: SnapshotDue::At(Instant::now() + config.snapshot_every()),
            state,
        })
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

    /// Without a snapshot a replay begins at the earliest record. That is
    /// enough when nothing was dropped, when nothing was scored yet, or when
    /// what was dropped is older than anything a session can still need.
    async fn earliest_suffices(
        &self,
        topic: &Topic,
        partition: Partition,
        committed: Option<Offset>,
        bounds: Bounds,
    ) -> Result<(), ScorerError> {
        let (Some(committed), Some(earliest_ms)) = (committed, bounds.earliest_time_ms) else {
            return Ok(());
        };
        if bounds.earliest.0 == 0 {
            return Ok(());
        }
        let gone = ScorerError::LogGone {
            partition,
            earliest: bounds.earliest.0,
            needed: committed.0.min(bounds.earliest.0.saturating_sub(1)),
        };
        if committed < bounds.earliest {
            return Err(gone);
        }
        let next = self.log.read(topic, partition, committed, ONE).await;
        let next = next.map_err(|source| ScorerError::Read { partition, source })?;
        let committed_ms = next
            .first()
            .map_or_else(now_ms, |record| record.append_time_ms);
        if committed_ms - earliest_ms < needed_ms(&self.config) {
            return Err(gone);
        }
        Ok(())
    }
}
