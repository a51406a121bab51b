//! One partition's state: what its records, in order, add up to.
//!
//! The watermark is the only time here. It comes from the log, never runs
//! back, and decides when a session ends and when an update leaves; what a
//! session scores depends on its batches alone.

mod fold;

use crate::beginning::{Beginning, Marker};
use crate::control::{Control, InForce};
use crate::entry::Entry;
use crate::ids::{Epoch, Property, SessionKey, Tenant};
use crate::ledger::{Ledger, Outcome};
use crate::output::{ScoreUpdate, SessionStatus};
use crate::rules::RuleSet;
use crate::session::Received;
use crate::time::LogTime;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// A session ends after this much log time without a record. The client
/// starts a new one after 30 min; the rest is for batches on their way.
pub const SESSION_TIMEOUT_MS: i64 = 35 * 60_000;

/// Afterwards a late marker stays this long, longer than a gateway accepts
/// old batches.
pub const MARKER_MS: i64 = 25 * 3_600_000;

/// An update of a session leaves at most this often.
pub const UPDATE_PAUSE_MS: i64 = 1_000;

/// How far the append time may be ahead of a writer's clock.
pub const CLOCK_AHEAD_MAX_MS: i64 = 5 * 60_000;

/// An ended session may reopen for this long, unless configured otherwise.
pub const ALLOWED_LATENESS_MS: i64 = 60 * 60_000;

/// One record of the interactions topic.
#[derive(Debug, Clone, PartialEq)]
pub enum Record {
    /// A client's batch.
    Batch(Box<TenantBatch>),
    /// A record that cannot be read.
    Unreadable,
    /// An empty record that moves a quiet partition's watermark.
    Tick {
        /// The writer's clock, ms since 1970.
        at_ms: i64,
    },
    /// Rules that hold in their scope from here on.
    Control(Box<Control>),
}

/// A received batch and whose it is.
#[derive(Debug, Clone, PartialEq)]
pub struct TenantBatch {
    /// Who runs Furrow.
    pub tenant: Tenant,
    /// Which site or app.
    pub property: Property,
    /// The batch.
    pub received: Received,
}

/// What a record brought about.
#[derive(Debug, Clone, PartialEq)]
#[must_use]
pub struct Folded {
    /// What became of the record itself.
    pub outcome: Outcome,
    /// At most one per session, in order of the session's key.
    pub updates: Vec<ScoreUpdate>,
}

/// The state of one partition after a prefix of its records.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PartitionState {
    epoch: Epoch,
    partition: u32,
    next_offset: u64,
    watermark: LogTime,
    allowed_lateness_ms: i64,
    in_force: InForce,
    ledger: Ledger,
    entries: BTreeMap<SessionKey, Entry>,
    /// Derived from the entries; rebuilt by [`PartitionState::restored`].
    #[serde(skip)]
    deadlines: BTreeSet<(LogTime, SessionKey)>,
}

impl PartitionState {
    /// The state before the first record at `next_offset`.
    #[must_use]
    pub fn new(epoch: Epoch, partition: u32, next_offset: u64, allowed_lateness_ms: i64) -> Self {
        PartitionState {
            epoch,
            partition,
            next_offset,
            watermark: LogTime(i64::MIN),
            allowed_lateness_ms,
            in_force: InForce::standard(RuleSet::default()),
            ledger: Ledger::default(),
            entries: BTreeMap::new(),
            deadlines: BTreeSet::new(),
        }
    }

    /// The state for a replay that begins within the log.
    #[must_use]
    pub fn begun(
        epoch: Epoch,
        partition: u32,
        beginning: Beginning,
        allowed_lateness_ms: i64,
    ) -> Self {
        let markers = beginning.markers.into_iter().map(Marker::entry);
        PartitionState {
            watermark: beginning.watermark,
            in_force: InForce::begun(beginning.standing),
            entries: markers.collect(),
            ..PartitionState::new(epoch, partition, beginning.offset, allowed_lateness_ms)
        }
        .restored()
    }

    /// Puts back what serialization leaves out.
    #[must_use]
    pub fn restored(mut self) -> Self {
        self.deadlines = self
            .entries
            .iter()
            .map(|(key, entry)| (entry.deadline(self.allowed_lateness_ms), key.clone()))
            .collect();
        self
    }

    /// The same state under another allowed lateness.
    #[must_use]
    pub fn with_allowed_lateness(self, allowed_lateness_ms: i64) -> Self {
        PartitionState {
            allowed_lateness_ms,
            ..self
        }
        .restored()
    }

    /// The offset of the next record.
    #[must_use]
    pub fn next_offset(&self) -> u64 {
        self.next_offset
    }

    /// The topic's life that this state belongs to.
    #[must_use]
    pub fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// The log time reached.
    #[must_use]
    pub fn watermark(&self) -> LogTime {
        self.watermark
    }

    /// When something is due that no record may bring about: a pending
    /// update, a session's end. The owner of a quiet partition appends a tick
    /// then.
    #[must_use]
    pub fn deadline(&self) -> Option<LogTime> {
        self.deadlines.first().map(|(at, _)| *at)
    }

    /// Whether a record at this append time can be among those folded: log time
    /// has come as far as it says. A record of another log is, as a rule, later.
    #[must_use]
    pub fn has_reached(&self, append_time: LogTime, record: &Record) -> bool {
        fold::log_time(append_time, record).is_none_or(|time| time <= self.watermark)
    }

    /// Sessions that have not ended: their final rows are still to come.
    #[must_use]
    pub fn open_sessions(&self) -> usize {
        let open = |entry: &&Entry| match entry {
            Entry::Live(session) => session.status == SessionStatus::Open,
            Entry::Marker { .. } => false,
        };
        self.entries.values().filter(open).count()
    }

    /// What became of all records so far.
    #[must_use]
    pub fn ledger(&self) -> Ledger {
        self.ledger
    }

    /// Sessions that may still change, and late markers.
    #[must_use]
    pub fn sizes(&self) -> (usize, usize) {
        let markers = self
            .entries
            .values()
            .filter(|e| matches!(e, Entry::Marker { .. }))
            .count();
        (self.entries.len() - markers, markers)
    }

    /// The rules of a property's sessions and their number, 0 for the standard
    /// ones.
    #[must_use]
    pub fn rules(&self, tenant: &Tenant, property: &Property) -> (u64, &RuleSet) {
        let version = self.in_force.of(tenant, property);
        (version.number, &version.rules)
    }

    /// When rules in force have to be told again. The owner of the partition
    /// appends [`PartitionState::repeats`] then.
    #[must_use]
    pub fn repeat_due(&self) -> Option<LogTime> {
        self.in_force.repeat_due()
    }

    /// The control records that have to be told again at `at_ms`, ms since
    /// 1970. They change no rule.
    #[must_use]
    pub fn repeats(&self, at_ms: i64) -> Vec<Control> {
        self.in_force.repeats(at_ms)
    }

    /// Where a replay has to begin to build this state under another fold
    /// version, and what it has to know there.
    #[must_use]
    pub fn beginning(&self) -> Beginning {
        let (offset, watermark) = self.replay_from();
        let (standing, standing_complete) = self.in_force.at(offset);
        let marker = |(key, entry): (&SessionKey, &Entry)| match entry {
            Entry::Live(_) => None,
            Entry::Marker { until, seen } => Some(Marker::of(key, *until, seen)),
        };
        Beginning {
            offset,
            watermark,
            standing,
            standing_complete,
            markers: self.entries.iter().filter_map(marker).collect(),
        }
    }

    fn replay_from(&self) -> (u64, LogTime) {
        self.entries
            .values()
            .filter_map(|entry| match entry {
                Entry::Live(session) => Some((session.first_offset, session.watermark_before)),
                Entry::Marker { .. } => None,
            })
            .min()
            .unwrap_or((self.next_offset, self.watermark))
    }
}

#[cfg(test)]
mod tests;
