//! What a record does to a partition's state.

use super::{CLOCK_AHEAD_MAX_MS, Folded, PartitionState, Record, TenantBatch, UPDATE_PAUSE_MS};
use crate::control::{Control, Told, Version};
use crate::entry::{Entry, Passed};
use crate::explain::{self, Extent};
use crate::ids::{Origin, SessionKey};
use crate::ledger::{DeathReason, Outcome};
use crate::output::{ScoreUpdate, SessionStatus};
use crate::session::{Session, Taken};
use crate::time::LogTime;
use std::panic::{AssertUnwindSafe, catch_unwind};

impl PartitionState {
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
pub(super) fn log_time(append_time: LogTime, record: &Record) -> Option<LogTime> {
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
