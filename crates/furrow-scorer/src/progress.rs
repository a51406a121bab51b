//! How far a partition's outputs are durable: a pure ledger.

use std::collections::BTreeMap;

/// Offsets whose outputs are on their way, and how far folding has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// Everything before it is folded.
    folded: u64,
    /// Outputs on their way, by the offset of the record they come from.
    in_flight: BTreeMap<u64, u32>,
    committed: Option<u64>,
}

impl Progress {
    /// Nothing is on its way before `next`.
    #[must_use]
    pub fn new(next: u64) -> Progress {
        Progress {
            folded: next,
            in_flight: BTreeMap::new(),
            committed: None,
        }
    }

    /// The record at `offset` was folded, with so many outputs.
    pub fn folded(&mut self, offset: u64, outputs: u32) {
        self.folded = offset + 1;
        if outputs > 0 {
            self.in_flight.insert(offset, outputs);
        }
    }

    /// One output of the record at `offset` is durable.
    pub fn durable(&mut self, offset: u64) {
        let left = self
            .in_flight
            .get_mut(&offset)
            .expect("only what is in flight becomes durable");
        *left -= 1;
        if *left == 0 {
            self.in_flight.remove(&offset);
        }
    }

    /// All outputs of the records before this offset are durable.
    #[must_use]
    pub fn durable_to(&self) -> u64 {
        self.in_flight.keys().next().copied().unwrap_or(self.folded)
    }

    /// What was committed is to be committed again, although it has not moved.
    pub fn repeat_commit(&mut self) {
        self.committed = None;
    }

    /// What to commit, if it has moved since this was last asked.
    pub fn take_commit(&mut self) -> Option<u64> {
        let next = self.durable_to();
        let moved = self.committed != Some(next);
        self.committed = Some(next);
        moved.then_some(next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_outputs_is_durable_as_it_is_folded() {
        let mut progress = Progress::new(5);
        progress.folded(5, 0);
        assert_eq!(progress.durable_to(), 6);
    }

    #[test]
    fn the_first_output_in_flight_holds_back_everything_after_it() {
        let mut progress = Progress::new(0);
        progress.folded(0, 2);
        progress.folded(1, 1);
        progress.durable(1);
        progress.durable(0);
        assert_eq!(progress.durable_to(), 0);
        progress.durable(0);
        assert_eq!(progress.durable_to(), 2);
    }

    #[test]
    fn a_commit_is_taken_once_unless_it_is_to_be_repeated() {
        let mut progress = Progress::new(3);
        assert_eq!(progress.take_commit(), Some(3));
        assert_eq!(progress.take_commit(), None);
        progress.folded(3, 0);
        assert_eq!(progress.take_commit(), Some(4));
        progress.repeat_commit();
        assert_eq!(progress.take_commit(), Some(4));
        assert_eq!(progress.take_commit(), None);
    }
}
