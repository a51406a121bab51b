//! A pointer that wanders and gets nowhere.

use super::{Firings, Moment};
use crate::interaction::Interaction;
use crate::rules::{TIME_MAX_MS, section};
use serde::{Deserialize, Serialize};

section! {
    /// Thresholds of a pointer that wanders.
    MeanderRules {
        /// Least path, px.
        path_min_px: u32 = 1_500, in 0..=100_000;
        /// Progress is at most this part of the path, thousandths.
        progress_max_milli: u32 = 250, in 0..=1_000;
        /// It lasts at least this long.
        span_min_ms: u32 = 5_000, in 1..=TIME_MAX_MS;
    }
}

/// What it takes to tell.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct MeanderDetector {}

impl MeanderDetector {
    /// Looks at an interaction.
    pub fn observe(
        &mut self,
        _interaction: &Interaction,
        _moment: Moment<'_>,
        _firings: &mut Firings,
    ) {
    }
}
