//! A partition that is this scorer's: its state, and what is to be done about
//! it.

use crate::progress::Progress;
use crate::scoring::{Now, Standing};
use crate::snapshot::{self, SnapshotError, Written};
use crate::takeover::Begun;
use furrow_core::ledger::Outcome;
use furrow_core::partition::{Folded, PartitionState, Record};
use furrow_core::time::LogTime;
use furrow_log::Partition;
use furrow_proto::record::InteractionRecord;

/// Time between two ticks of a partition at least.
const TICK_PAUSE_MS: u64 = 50;

/// By how much the log's clock runs behind this one is known from the last tick
/// that was read, and is doubted from then on after so long: another broker may
/// lead the partition now. So one that runs behind gets a tick for every
/// deadline and one each time that this has passed.
const DOUBT_AFTER_MS: u64 = 10_000;

/// One that was not read for so long is taken for lost and appended again. Of
/// two that come, the second changes nothing.
const TICK_LOST_AFTER_MS: u64 = 10_000;

#[derive(Debug)]
pub(crate) struct Owned {
    state: PartitionState,
    progress: Progress,
    /// Outputs of records before this are durable already.
    emit_from: u64,
    outputs: Outputs,
    /// Tells this ownership from an earlier one of the same partition.
    life: u64,
    is_caught_up: bool,
    tick: Tick,
    log_clock: LogClock,
    snapshot: Snapshot,
}

/// Whether the outputs of this ownership flow; told once, since it ends the
/// pause that a take-over is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outputs {
    /// None is durable yet.
    Awaited,
    Flowing,
}

#[derive(Debug)]
enum Tick {
    /// None was appended since the last record.
    Idle,
    /// One is on its way to the log, or in it and not read.
    Appended {
        /// The time that it says, by this process's clock.
        written_ms: i64,
        /// From then on, as [`Now::running_ms`], it is lost.
        lost_from: u64,
    },
    /// The next may be appended from then on, as [`Now::running_ms`].
    Pausing(u64),
}

/// What is known of the clock by which a partition's records are stamped.
#[derive(Debug)]
struct LogClock {
    /// How far it ran behind this process's when a tick was last read, ms. One
    /// that runs ahead counts as right: a tick says its writer's time too.
    behind_ms: i64,
    /// From then on, as [`Now::running_ms`], it may be another.
    doubted_from: u64,
}

impl LogClock {
    fn read_a_tick(&mut self, written_ms: i64, append_time: LogTime, now: Now) {
        self.behind_ms = written_ms.saturating_sub(append_time.0).max(0);
        self.doubted_from = now.running_ms + DOUBT_AFTER_MS;
    }

    /// How long it takes until a tick may bring about what is due at a log
    /// time, ms.
    fn wait_ms(&self, due: LogTime, now: Now) -> u64 {
        let by_own_ms = due.0.saturating_sub(now.at_ms);
        let by_log_ms = by_own_ms.saturating_add(self.behind_ms);
        let [by_own_ms, by_log_ms] = [by_own_ms, by_log_ms].map(|ms| ms.max(0).unsigned_abs());
        let doubted_ms = self.doubted_from.saturating_sub(now.running_ms);
        by_log_ms.min(by_own_ms.max(doubted_ms))
    }
}

#[derive(Debug)]
enum Snapshot {
    /// The next one is written from then on, as [`Now::running_ms`].
    At(u64),
    /// Written down, waiting for its outputs.
    Written(Written),
}

impl Owned {
    pub(crate) fn new(begun: Begun, life: u64, snapshot_ms: u64) -> Owned {
        let Begun { state, emit_from } = begun;
        Owned {
            progress: Progress::new(state.next_offset().max(emit_from)),
            emit_from,
            outputs: Outputs::Awaited,
            life,
            is_caught_up: false,
            tick: Tick::Idle,
            log_clock: LogClock {
                behind_ms: 0,
                doubted_from: 0,
            },
            snapshot: Snapshot::At(snapshot_ms),
            state,
        }
    }

    pub(crate) fn emit_from(&self) -> u64 {
        self.emit_from
    }

    pub(crate) fn life(&self) -> u64 {
        self.life
    }

    pub(crate) fn is_caught_up(&self) -> bool {
        self.is_caught_up
    }

    pub(crate) fn caught_up(&mut self) {
        self.is_caught_up = true;
    }

    pub(crate) fn fold(
        &mut self,
        offset: u64,
        append_time: LogTime,
        record: Record,
        now: Now,
    ) -> Folded {
        // Another's tick tells of that one's clock.
        if let (Record::Tick { at_ms }, Tick::Appended { written_ms, .. }) = (&record, &self.tick)
            && at_ms == written_ms
        {
            self.log_clock.read_a_tick(*at_ms, append_time, now);
        }
        let folded = self.state.fold(offset, append_time, record);
        self.is_caught_up = false;
        if let Outcome::Tick | Outcome::Control = folded.outcome {
            self.tick = Tick::Pausing(now.running_ms + TICK_PAUSE_MS);
        }
        folded
    }

    /// The record at `offset` has so many outputs, which wait to be sent.
    pub(crate) fn emitted(&mut self, offset: u64, outputs: u32) {
        self.progress.folded(offset, outputs);
    }

    pub(crate) fn durable(&mut self, partition: Partition, offset: u64) {
        self.progress.durable(offset);
        if self.outputs == Outputs::Awaited {
            self.outputs = Outputs::Flowing;
            tracing::info!(partition = partition.0, offset, "first output is durable");
        }
    }

    pub(crate) fn repeat_commit(&mut self) {
        self.progress.repeat_commit();
    }

    pub(crate) fn take_commit(&mut self) -> Option<u64> {
        self.progress.take_commit()
    }

    /// What has to be appended to a partition at whose end its owner stands:
    /// rules that were told long ago, or else a tick, which they do as well.
    pub(crate) fn take_appends(&mut self, now: Now) -> Vec<InteractionRecord> {
        match self.tick {
            Tick::Appended {
                lost_from: until, ..
            }
            | Tick::Pausing(until)
                if until <= now.running_ms =>
            {
                self.tick = Tick::Idle;
            }
            Tick::Idle | Tick::Appended { .. } | Tick::Pausing(_) => {}
        }
        if !(self.is_caught_up && matches!(self.tick, Tick::Idle)) {
            return Vec::new();
        }
        let at_ms = now.at_ms;
        let is_due =
            |due: Option<LogTime>| due.is_some_and(|due| self.log_clock.wait_ms(due, now) == 0);
        let records: Vec<_> = if is_due(self.state.repeat_due()) {
            let repeats = self.state.repeats(at_ms).into_iter();
            repeats
                .map(|control| InteractionRecord::Control(control.into()))
                .collect()
        } else {
            let tick = is_due(self.state.deadline());
            tick.then_some(InteractionRecord::Tick { at_ms })
                .into_iter()
                .collect()
        };
        if !records.is_empty() {
            self.tick = Tick::Appended {
                written_ms: at_ms,
                lost_from: now.running_ms + TICK_LOST_AFTER_MS,
            };
        }
        records
    }

    /// The log did not take all that was to be appended.
    pub(crate) fn refused(&mut self, now: Now) {
        self.tick = Tick::Pausing(now.running_ms + TICK_PAUSE_MS);
    }

    /// When something may have to be appended, as [`Now::running_ms`]; none
    /// while only a record can tell.
    pub(crate) fn next_look_ms(&self, now: Now) -> Option<u64> {
        if !self.is_caught_up {
            return None;
        }
        match self.tick {
            Tick::Idle => {
                let due = [self.state.deadline(), self.state.repeat_due()];
                let due = due.into_iter().flatten().min()?;
                let wait_ms = self.log_clock.wait_ms(due, now);
                Some(now.running_ms.saturating_add(wait_ms))
            }
            Tick::Appended {
                lost_from: until, ..
            }
            | Tick::Pausing(until) => Some(until),
        }
    }

    /// Writes a snapshot when it is time, and gives it out when all outputs of
    /// the records before it are durable.
    pub(crate) fn take_snapshot(
        &mut self,
        partition: Partition,
        now: Now,
        every_ms: u64,
    ) -> Result<Option<Written>, SnapshotError> {
        match &self.snapshot {
            Snapshot::At(at_ms)
                if *at_ms <= now.running_ms && self.state.next_offset() >= self.emit_from =>
            {
                self.snapshot = Snapshot::Written(snapshot::write(&self.state, partition)?);
            }
            Snapshot::At(_) | Snapshot::Written(_) => {}
        }
        let ready = match &self.snapshot {
            Snapshot::Written(written) => written.next_offset <= self.progress.durable_to(),
            Snapshot::At(_) => false,
        };
        if !ready {
            return Ok(None);
        }
        let next = Snapshot::At(now.running_ms + every_ms);
        Ok(match std::mem::replace(&mut self.snapshot, next) {
            Snapshot::Written(written) => Some(written),
            Snapshot::At(_) => None,
        })
    }

    /// A snapshot that needs no waiting for outputs, when it would spare the
    /// next owner everything.
    pub(crate) fn last_snapshot(
        &self,
        partition: Partition,
    ) -> Result<Option<Written>, SnapshotError> {
        let is_whole = self.progress.durable_to() == self.state.next_offset() && self.is_caught_up;
        is_whole
            .then(|| snapshot::write(&self.state, partition))
            .transpose()
    }

    pub(crate) fn standing(&self, partition: Partition) -> Standing<'_> {
        Standing {
            partition,
            state: &self.state,
        }
    }
}
