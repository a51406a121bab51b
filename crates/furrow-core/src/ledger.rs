//! What becomes of records: exactly one outcome of each.

use serde::{Deserialize, Serialize};

/// What became of a record. Exactly one holds of each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Outcome {
    /// Folded in order.
    Scored,
    /// It had come before.
    Duplicate,
    /// It filled a gap that had been accepted.
    Reordered,
    /// It waits for its predecessor.
    Held,
    /// Its session is over, or its sender does not begin at 0.
    Late,
    /// It goes to the dead letters.
    Dead(DeathReason),
    /// A tick.
    Tick,
    /// A control record.
    Control,
}

/// Why a record is dead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum DeathReason {
    /// It cannot be read.
    Unreadable,
    /// Folding it failed; its session is closed as broken.
    FoldFailed,
    /// Its session is closed as broken.
    SessionBroken,
    /// Its session has as many senders as it may.
    TooManySenders,
    /// It brings rules for one scope more than there may be.
    TooManyScopes,
}

impl DeathReason {
    /// The name in dead letters and metrics.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            DeathReason::Unreadable => "unreadable",
            DeathReason::FoldFailed => "fold_failed",
            DeathReason::SessionBroken => "session_broken",
            DeathReason::TooManySenders => "too_many_senders",
            DeathReason::TooManyScopes => "too_many_scopes",
        }
    }
}

/// How many records had each outcome. Held ones move on when they are folded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Ledger {
    pub records: u64,
    pub scored: u64,
    pub duplicate: u64,
    pub reordered: u64,
    pub held: u64,
    pub late: u64,
    pub dead: u64,
    pub tick: u64,
    pub control: u64,
}

impl Ledger {
    /// Counts a record.
    pub(crate) fn count(&mut self, outcome: Outcome) {
        self.records += 1;
        *match outcome {
            Outcome::Scored => &mut self.scored,
            Outcome::Duplicate => &mut self.duplicate,
            Outcome::Reordered => &mut self.reordered,
            Outcome::Held => &mut self.held,
            Outcome::Late => &mut self.late,
            Outcome::Dead(_) => &mut self.dead,
            Outcome::Tick => &mut self.tick,
            Outcome::Control => &mut self.control,
        } += 1;
    }

    /// Whether every record is accounted for.
    #[must_use]
    pub fn balances(&self) -> bool {
        self.records
            == self.scored
                + self.duplicate
                + self.reordered
                + self.held
                + self.late
                + self.dead
                + self.tick
                + self.control
    }
}
