//! A pointer gone wild, by itself or at a failure.

use super::{Firings, Moment};
use crate::interaction::Interaction;
use crate::rules::{TIME_MAX_MS, section};
use serde::{Deserialize, Serialize};

section! {
    /// Thresholds of a pointer gone wild.
    ThrashRules {
        /// It happens within this time.
        span_ms: u32 = 2_000, in 1..=TIME_MAX_MS;
        /// Least path, px.
        path_min_px: u32 = 300, in 0..=100_000;
        /// Least speed over that time, px/s.
        speed_min_px_s: u32 = 300, in 0..=100_000;
        /// Fewest turns.
        turns_min: u32 = 4, in 1..=1_000;
        /// A turn is at least this sharp, degrees.
        turn_min_degrees: u32 = 45, in 1..=180;
        /// Moves below this are ignored, px.
        move_min_px: u32 = 5, in 0..=100_000;
        /// Least intensity, thousandths.
        intensity_min_milli: u32 = 650, in 0..=1_000;
        /// At most one in this time.
        pause_ms: u32 = 2_000, in 0..=TIME_MAX_MS;
        /// A failure within this time before makes it one at a failure.
        failure_ms: u32 = 5_000, in 0..=TIME_MAX_MS;
    }
}

/// What it takes to tell.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ThrashDetector {}

impl ThrashDetector {
    /// Looks at an interaction.
    pub fn observe(
        &mut self,
        _interaction: &Interaction,
        _moment: Moment<'_>,
        _firings: &mut Firings,
    ) {
    }
}
