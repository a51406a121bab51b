//! Any history of records, folded.
//!
//! No record makes the fold panic, each has one outcome, scores stay in
//! range, a snapshot anywhere changes nothing, and in the end everything that
//! was held is folded and everything is forgotten.

use crate::history::{History, Step};
use crate::laws;
use furrow_core::ids::Epoch;
use furrow_core::partition::{ALLOWED_LATENESS_MS, PartitionState};

/// Longer histories find nothing that shorter ones do not.
const STEPS_MAX: usize = 300;

/// Folds the history that the bytes spell.
///
/// # Panics
/// When something does not hold.
pub(crate) fn check(bytes: &[u8]) {
    let mut state = empty();
    // Once a snapshot was taken, it is taken over by another owner as well.
    let mut other: Option<PartitionState> = None;
    for step in History::new(bytes).take(STEPS_MAX) {
        match step {
            Step::Snapshot => other = Some(laws::restored(&state)),
            Step::Record(at, record) => {
                let twin = other.as_mut().map(|state| (state, record.clone()));
                let folded = laws::fold(&mut state, at, record);
                if let Some((other, record)) = twin {
                    assert_eq!(folded, laws::fold(other, at, record));
                }
            }
        }
    }
    if let Some(other) = other {
        assert_eq!(state, other, "a snapshot anywhere changes nothing");
    }
    laws::comes_to_rest(state);
}

pub(crate) fn empty() -> PartitionState {
    PartitionState::new(Epoch(1), 0, 0, ALLOWED_LATENESS_MS)
}
