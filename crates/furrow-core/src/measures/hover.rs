//! Where the pointer rested, and to what it came back.

use crate::ids::TargetHash;
use crate::interaction::Hover;
use serde::{Deserialize, Serialize};

/// Targets that a sender remembers as hovered.
pub const HOVERED_MAX: usize = 8;

/// The targets that one sender's pointer rested on last.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct HoverStream {
    /// Without repeats, oldest first; at most [`HOVERED_MAX`].
    last: Vec<TargetHash>,
}

/// Hovers, summed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Hovers {
    pub(super) count: u32,
    pub(super) rested_ms: u64,
    pub(super) reentries: u64,
}

impl HoverStream {
    /// A hover was told. Entries after the first are re-entries, and so is the
    /// first on one of the last [`HOVERED_MAX`] targets.
    #[must_use]
    pub fn hovered(&mut self, target: TargetHash, hover: &Hover) -> Hovers {
        let known = self.last.iter().position(|one| *one == target);
        if let Some(place) = known {
            self.last.remove(place);
        } else if self.last.len() == HOVERED_MAX {
            self.last.remove(0);
        }
        self.last.push(target);
        Hovers {
            count: 1,
            rested_ms: u64::from(hover.duration_ms),
            reentries: u64::from(hover.entries.saturating_sub(1)) + u64::from(known.is_some()),
        }
    }

    /// Another page is shown: its targets are others.
    pub fn page_changed(&mut self) {
        self.last.clear();
    }
}

impl Hovers {
    pub(super) fn add(&mut self, other: Hovers) {
        self.count += other.count;
        self.rested_ms += other.rested_ms;
        self.reentries += other.reentries;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interaction::TargetIndex;

    fn reentries(hovers: &[(u64, u32)]) -> u64 {
        let mut stream = HoverStream::default();
        let mut sum = Hovers::default();
        for &(target, entries) in hovers {
            let hover = Hover {
                target: TargetIndex(0),
                duration_ms: 1_000,
                entries,
                pressed_after: false,
            };
            sum.add(stream.hovered(TargetHash(target), &hover));
        }
        assert_eq!(sum.count as usize, hovers.len());
        sum.reentries
    }

    #[test]
    fn coming_back_is_a_reentry_and_so_is_every_further_entry() {
        assert_eq!(reentries(&[(1, 1), (2, 1)]), 0);
        assert_eq!(reentries(&[(1, 1), (2, 1), (1, 1)]), 1);
        assert_eq!(reentries(&[(1, 4)]), 3);
        assert_eq!(reentries(&[(1, 2), (1, 2)]), 3);
    }

    #[test]
    fn the_ninth_target_pushes_out_the_first() {
        let mut hovers: Vec<(u64, u32)> = (1..=8).map(|target| (target, 1)).collect();
        hovers.push((1, 1));
        assert_eq!(reentries(&hovers), 1);
        let mut hovers: Vec<(u64, u32)> = (1..=9).map(|target| (target, 1)).collect();
        hovers.push((1, 1));
        assert_eq!(reentries(&hovers), 0);
    }
}
