//! Following lines with the pointer.

use super::{Firings, Moment};
use crate::interaction::Interaction;
use crate::rules::{TIME_MAX_MS, section};
use serde::{Deserialize, Serialize};

section! {
    /// Thresholds of reading.
    ReadingRules {
        /// Fewest alternating sweeps.
        sweeps_min: u32 = 3, in 1..=1_000;
        /// Least width of a sweep, px.
        width_min_px: u32 = 120, in 0..=100_000;
        /// A sweep drifts at most this far up or down, px.
        drift_max_px: u32 = 40, in 0..=100_000;
        /// They take at least this long together.
        span_min_ms: u32 = 2_000, in 1..=TIME_MAX_MS;
        /// And at most this long.
        span_max_ms: u32 = 12_000, in 1..=TIME_MAX_MS;
    }
}

/// What it takes to tell.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ReadingDetector {}

impl ReadingDetector {
    /// Looks at an interaction.
    pub fn observe(
        &mut self,
        _interaction: &Interaction,
        _moment: Moment<'_>,
        _firings: &mut Firings,
    ) {
    }
}
