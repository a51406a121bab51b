//! Tilt swing and shake.

use super::{Firings, Moment};
use crate::interaction::Interaction;
use crate::rules::{TIME_MAX_MS, section};
use serde::{Deserialize, Serialize};

section! {
    /// Thresholds of tilting.
    TiltRules {
        /// Fewest swings.
        swings_min: u32 = 3, in 2..=100;
        /// A swing turns at least this far, degrees.
        swing_degrees: u32 = 45, in 1..=180;
        /// They lie within this time.
        span_ms: u32 = 5_000, in 1..=TIME_MAX_MS;
        /// A rotation within this time excuses them.
        rotation_ms: u32 = 2_000, in 0..=TIME_MAX_MS;
        /// At most one shake in this time.
        shake_pause_ms: u32 = 1_000, in 0..=TIME_MAX_MS;
    }
}

/// What it takes to tell.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct TiltDetector {}

impl TiltDetector {
    /// Looks at an interaction.
    pub fn observe(
        &mut self,
        _interaction: &Interaction,
        _moment: Moment<'_>,
        _firings: &mut Firings,
    ) {
    }
}
