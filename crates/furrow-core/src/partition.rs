//! One partition's state: what its records, in order, add up to.
//!
//! The watermark is the only time here. It comes from the log, never runs
//! back, and decides when a session ends and when an update leaves; what a
//! session scores depends on its batches alone.

use crate::beginning::{Beginning, Marker};
use crate::control::{Control, InForce, Told, Version};
use crate::entry::{Entry, Passed};
use crate::explain::{self, Extent};
use crate::ids::{Epoch, Origin, Property, SessionKey, Tenant};
use crate::ledger::{DeathReason, Ledger, Outcome};
use crate::output::{ScoreUpdate, SessionStatus};
use crate::rules::RuleSet;
use crate::session::{Received, Session, Taken};
use crate::time::LogTime;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};

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
        log_time(append_time, record).is_none_or(|time| time <= self.watermark)
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

    /// Folds the record at `offset`, which must not lie before
    /// [`PartitionState::next_offset`] (a log may leave offsets out).
    ///
    /// # Panics
    ///
    /// When records come out of order: state would no longer be a function of
    /// the log.
    pub fn fold(&mut self, offset: u64, append_time: LogTime, record: Record) -> Folded {
        assert!(
            offset >= self.next_offset,
            "records are folded in the log's order"
        );
        self.next_offset = offset + 1;
        let before = self.watermark;
        self.watermark = log_time(append_time, &record).map_or(before, |time| before.max(time));
        let origin = Origin {
            epoch: self.epoch,
            partition: self.partition,
            offset,
        };
        // Most records update one session.
        let mut updates = Vec::with_capacity(1);
        self.pass_deadlines(origin, &mut updates);
        let outcome = match record {
            Record::Batch(batch) => self.take(*batch, before, origin, &mut updates),
            Record::Unreadable => Outcome::Dead(DeathReason::Unreadable),
            Record::Tick { .. } => Outcome::Tick,
            Record::Control(control) => self.tell(*control, offset),
        };
        self.ledger.count(outcome);
        debug_assert!(self.ledger.balances(), "every record has one outcome");
        Folded {
            outcome,
            updates: newest_by_key(updates),
        }
    }

    /// Ends every session, as if the log had gone on for long enough without
    /// records. For scoring what will never go on.
    pub fn finish(&mut self) -> Vec<ScoreUpdate> {
        let offset = self.next_offset.saturating_sub(1);
        let origin = Origin {
            epoch: self.epoch,
            partition: self.partition,
            offset,
        };
        let mut updates = Vec::new();
        for (key, entry) in &mut self.entries {
            let Entry::Live(session) = entry else {
                continue;
            };
            let version = self.in_force.of(&key.tenant, &key.property);
            if session.status == SessionStatus::Open {
                let folded = u64::from(session.end(&version.rules));
                self.ledger.held -= folded;
                self.ledger.scored += folded;
            }
            updates.push(explain::update(
                session,
                key,
                origin,
                Extent::Final,
                &version.rules,
                version.number,
            ));
        }
        updates
    }

    fn tell(&mut self, control: Control, offset: u64) -> Outcome {
        let (replay_from, _) = self.replay_from();
        let watermark = self.watermark;
        match self.in_force.tell(control, offset, watermark, replay_from) {
            Told::Heard => Outcome::Control,
            Told::TooManyScopes => Outcome::Dead(DeathReason::TooManyScopes),
        }
    }

    fn take(
        &mut self,
        batch: TenantBatch,
        before: LogTime,
        origin: Origin,
        updates: &mut Vec<ScoreUpdate>,
    ) -> Outcome {
        let TenantBatch {
            tenant,
            property,
            received,
        } = batch;
        let key = SessionKey {
            session: received.batch.session,
            tenant,
            property,
        };
        let (sender, number) = (received.batch.sender, received.batch.sequence);
        let entry = match self.entries.get_mut(&key) {
            Some(entry) => entry,
            None if number != 0 => return Outcome::Late,
            None => {
                let session = Session::new(
                    received.batch.visitor,
                    origin.offset,
                    self.watermark,
                    before,
                );
                let entry = Entry::Live(Box::new(session));
                self.deadlines
                    .insert((entry.deadline(self.allowed_lateness_ms), key.clone()));
                self.entries.entry(key.clone()).or_insert(entry)
            }
        };
        let deadline = entry.deadline(self.allowed_lateness_ms);
        let session = match entry {
            Entry::Live(session) => session,
            Entry::Marker { seen, .. } => {
                let repeat = seen
                    .iter()
                    .any(|(id, s)| *id == sender && s.has_come(number));
                return if repeat {
                    Outcome::Duplicate
                } else {
                    Outcome::Late
                };
            }
        };
        if session.status == SessionStatus::Broken {
            return Outcome::Dead(DeathReason::SessionBroken);
        }
        let watermark = self.watermark;
        let version = self.in_force.of(&key.tenant, &key.property);
        let taken = catch_unwind(AssertUnwindSafe(|| {
            session.take(received, watermark, &version.rules)
        }));
        let outcome = match taken {
            Ok(Taken::Scored { released }) => {
                self.ledger.held -= u64::from(released);
                self.ledger.scored += u64::from(released);
                Outcome::Scored
            }
            Ok(Taken::Duplicate) => Outcome::Duplicate,
            Ok(Taken::Reordered) => Outcome::Reordered,
            Ok(Taken::Held) => Outcome::Held,
            Ok(Taken::Late) => Outcome::Late,
            Ok(Taken::TooManySenders) => Outcome::Dead(DeathReason::TooManySenders),
            Err(_) => {
                session.break_off(watermark);
                Outcome::Dead(DeathReason::FoldFailed)
            }
        };
        let urgent = session.status != SessionStatus::Open;
        let due = session
            .emitted
            .is_none_or(|at| at.plus(UPDATE_PAUSE_MS) <= watermark);
        if session.dirty && (urgent || due) {
            let extent = if urgent {
                Extent::Final
            } else {
                Extent::Running
            };
            updates.push(emit(session, &key, origin, watermark, extent, version));
        }
        let next = entry.deadline(self.allowed_lateness_ms);
        if next != deadline {
            let old = (deadline, key);
            self.deadlines.remove(&old);
            self.deadlines.insert((next, old.1));
        }
        if outcome == Outcome::Dead(DeathReason::FoldFailed) {
            self.recount_held();
        }
        outcome
    }

    /// After a failed fold nobody knows which held batches were folded: what
    /// is no longer held is dead.
    fn recount_held(&mut self) {
        let held: u64 = self
            .entries
            .values()
            .map(|entry| match entry {
                Entry::Live(session) => u64::from(session.held()),
                Entry::Marker { .. } => 0,
            })
            .sum();
        self.ledger.dead += self.ledger.held - held;
        self.ledger.held = held;
    }

    fn pass_deadlines(&mut self, origin: Origin, updates: &mut Vec<ScoreUpdate>) {
        let watermark = self.watermark;
        let mut broken = false;
        while let Some((at, key)) = self.deadlines.first().cloned() {
            if at > watermark {
                break;
            }
            self.deadlines.pop_first();
            let Some(entry) = self.entries.get_mut(&key) else {
                continue;
            };
            let version = self.in_force.of(&key.tenant, &key.property);
            match entry.pass(watermark, self.allowed_lateness_ms, &version.rules) {
                Passed::Nothing => {}
                Passed::Update { extent, folded } => {
                    if let Some(folded) = folded {
                        self.ledger.held -= u64::from(folded);
                        self.ledger.scored += u64::from(folded);
                    } else {
                        broken = true;
                    }
                    if let Entry::Live(session) = entry {
                        updates.push(emit(session, &key, origin, watermark, extent, version));
                    }
                }
                Passed::Gone => {
                    self.entries.remove(&key);
                    continue;
                }
            }
            self.deadlines
                .insert((entry.deadline(self.allowed_lateness_ms), key));
        }
        if broken {
            self.recount_held();
        }
    }
}

/// In order of the session's key; of two of one session the later.
fn newest_by_key(mut updates: Vec<ScoreUpdate>) -> Vec<ScoreUpdate> {
    updates.sort_by(|a, b| a.session.key.cmp(&b.session.key));
    updates.dedup_by(|later, kept| {
        let same = later.session.key == kept.session.key;
        if same {
            std::mem::swap(later, kept);
        }
        same
    });
    updates
}

fn emit(
    session: &mut Session,
    key: &SessionKey,
    origin: Origin,
    watermark: LogTime,
    extent: Extent,
    version: &Version,
) -> ScoreUpdate {
    session.emitted = Some(watermark);
    session.dirty = false;
    let (rules, number) = (&version.rules, version.number);
    explain::update(session, key, origin, extent, rules, number)
}

/// The log time that a record says; none if it cannot be read.
fn log_time(append_time: LogTime, record: &Record) -> Option<LogTime> {
    match record {
        Record::Batch(batch) => Some(writer_bound(append_time, batch.received.received_ms)),
        Record::Tick { at_ms } => Some(writer_bound(append_time, *at_ms)),
        Record::Control(control) => Some(writer_bound(append_time, control.at_ms)),
        Record::Unreadable => None,
    }
}

/// A record's time: when it was appended, but not far ahead of its writer's
/// clock, so that neither a broker's nor a writer's wrong clock alone ends
/// everybody's sessions.
fn writer_bound(append_time: LogTime, writer_ms: i64) -> LogTime {
    append_time.min(LogTime(writer_ms.saturating_add(CLOCK_AHEAD_MAX_MS)))
}

#[cfg(test)]
#[path = "partition_tests.rs"]
mod tests;
