//! Error loops and broken links: what failed, by itself and again.

use super::{Firings, Moment};
use crate::interaction::Interaction;
use crate::rules::{TIME_MAX_MS, section};
use serde::{Deserialize, Serialize};

section! {
    /// Thresholds of what fails again.
    ProblemRules {
        /// Fewest problems of one origin in a loop.
        loop_problems_min: u32 = 2, in 2..=1_000;
        /// They lie within this time.
        loop_span_ms: u32 = 60_000, in 1..=TIME_MAX_MS;
        /// Fewest times that one form was refused.
        form_refusals_min: u32 = 2, in 2..=1_000;
    }
}

/// What it takes to tell.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ProblemDetector {}

impl ProblemDetector {
    /// Looks at an interaction.
    pub fn observe(
        &mut self,
        _interaction: &Interaction,
        _moment: Moment<'_>,
        _firings: &mut Firings,
    ) {
    }

    /// When the newest script error or failed request began.
    #[must_use]
    pub fn newest(&self) -> Option<crate::time::ClientTime> {
        None
    }
}
