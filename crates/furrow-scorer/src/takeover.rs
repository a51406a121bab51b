//! Taking a partition over: from a snapshot, or from far enough back in the
//! log.

use crate::Config;
use crate::snapshot::Found;
use furrow_core::control::REPEAT_MS;
use furrow_core::ids::Epoch;
use furrow_core::partition::{CLOCK_AHEAD_MAX_MS, PartitionState, SESSION_TIMEOUT_MS};
use furrow_log::{Bounds, Offset, Partition};
use std::time::Duration;

/// No gateway takes a batch of a session that was created longer ago, by a
/// clock that may be ahead. All records of a session that can still change lie
/// within this, the session's timeout and the allowed lateness; and in the day
/// before, the rules were told that hold in it.
const SESSION_AGE_MAX_MS: i64 = 48 * 3_600_000 + CLOCK_AHEAD_MAX_MS;

/// How long the log must keep records: a scorer without snapshots begins so
/// long before the oldest record whose outputs are not durable.
#[must_use]
pub fn retention_needed(config: &Config) -> Duration {
    Duration::from_millis(needed_ms(config.allowed_lateness_ms.into()).unsigned_abs())
}

fn needed_ms(lateness_ms: i64) -> i64 {
    REPEAT_MS + SESSION_AGE_MAX_MS + SESSION_TIMEOUT_MS + lateness_ms
}

/// What a new owner finds.
#[derive(Debug)]
pub struct Offer {
    /// Among the snapshots.
    pub found: Found,
    /// In the partition.
    pub bounds: Bounds,
    /// The next offset, as the group last committed.
    pub committed: Option<Offset>,
    /// When the record at the committed offset was appended, or the time of
    /// day where none stands yet, ms since 1970. It counts only where
    /// [`Offer::asks_for_time_at`] says so.
    pub committed_ms: Option<i64>,
}

/// Why a partition cannot be taken over: the log no longer holds what a replay
/// needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "partition {partition} begins at offset {earliest}, but scores need the log from {needed} \
     on; restore the snapshots, or give the scorer a new group to begin with what is left"
)]
pub struct LogGone {
    /// The partition.
    pub partition: Partition,
    /// What the log still holds.
    pub earliest: u64,
    /// What is needed, as far as it is known.
    pub needed: u64,
}

/// The state to go on from.
#[derive(Debug)]
pub(crate) struct Begun {
    pub(crate) state: PartitionState,
    /// Outputs of records before this are durable already.
    pub(crate) emit_from: u64,
}

impl Offer {
    /// The offset of which the append time has to be known as well.
    #[must_use]
    pub fn asks_for_time_at(&self) -> Option<Offset> {
        let Bounds {
            earliest,
            earliest_time_ms,
            ..
        } = self.bounds;
        let committed = self.committed?;
        let doubtful = !self.snapshot_serves()
            && earliest.0 > 0
            && earliest_time_ms.is_some()
            && committed >= earliest;
        doubtful.then_some(committed)
    }

    /// What a snapshot offers may be older than what the log still holds.
    fn snapshot_serves(&self) -> bool {
        match &self.found {
            Found::State(state) => state.next_offset() >= self.bounds.earliest.0,
            Found::ReplayFrom(beginning) => beginning.offset >= self.bounds.earliest.0,
            Found::Nothing => false,
        }
    }

    /// Without a snapshot a replay begins at the earliest record. That is
    /// enough when nothing was dropped, when nothing was scored yet, or when
    /// what was dropped is older than anything a session can still need.
    fn earliest_suffices(&self, lateness_ms: i64) -> bool {
        let Bounds {
            earliest,
            earliest_time_ms,
            ..
        } = self.bounds;
        let (Some(committed), Some(earliest_ms)) = (self.committed, earliest_time_ms) else {
            return true;
        };
        if earliest.0 == 0 {
            return true;
        }
        let is_old = |committed_ms: i64| committed_ms - earliest_ms >= needed_ms(lateness_ms);
        committed >= earliest && self.committed_ms.is_some_and(is_old)
    }
}

/// Begins with a snapshot's state, or an empty one before the first record
/// that is needed.
pub(crate) fn begin(
    epoch: Epoch,
    partition: Partition,
    offer: Offer,
    lateness_ms: i64,
) -> Result<Begun, LogGone> {
    let (earliest, end) = (offer.bounds.earliest.0, offer.bounds.end.0);
    let serves = offer.snapshot_serves();
    let suffices = offer.earliest_suffices(lateness_ms);
    let (state, durable) = match offer.found {
        Found::State(state) if serves => {
            let next = state.next_offset();
            (state.with_allowed_lateness(lateness_ms), next)
        }
        Found::ReplayFrom(beginning) if serves => {
            let state = PartitionState::begun(epoch, partition.0, *beginning, lateness_ms);
            (state, 0)
        }
        Found::State(_) | Found::ReplayFrom(_) | Found::Nothing if suffices => {
            let state = PartitionState::new(epoch, partition.0, earliest, lateness_ms);
            (state, 0)
        }
        Found::State(_) | Found::ReplayFrom(_) | Found::Nothing => {
            let before = earliest.saturating_sub(1);
            let committed = offer.committed.map_or(before, |committed| committed.0);
            return Err(LogGone {
                partition,
                earliest,
                needed: committed.min(before),
            });
        }
    };
    let emit_from = offer.committed.map_or(0, |offset| offset.0).max(durable);
    let from = state.next_offset();
    tracing::info!(partition = partition.0, from, emit_from, end, "took over");
    Ok(Begun { state, emit_from })
}
