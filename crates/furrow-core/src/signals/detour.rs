//! A movement against the session's own earlier ones.

use super::{Firings, Moment};
use crate::interaction::Interaction;
use crate::rules::section;
use serde::{Deserialize, Serialize};

section! {
    /// Thresholds of detours.
    DetourRules {
        /// Fewest earlier movements to compare with.
        movements_min: u32 = 8, in 1..=1_000;
        /// Weight of the own baseline is n / (n + this).
        shrinkage: u32 = 20, in 0..=10_000;
        /// Least combined z, thousandths.
        z_min_milli: u32 = 2_000, in 0..=100_000;
    }
}

/// What it takes to tell.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct DetourDetector {}

impl DetourDetector {
    /// Looks at an interaction.
    pub fn observe(
        &mut self,
        _interaction: &Interaction,
        _moment: Moment<'_>,
        _firings: &mut Firings,
    ) {
    }
}
