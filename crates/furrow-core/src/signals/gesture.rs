//! Dead swipe and zoom struggle.

use super::{Firings, Moment};
use crate::interaction::Interaction;
use crate::rules::{TIME_MAX_MS, section};
use serde::{Deserialize, Serialize};

section! {
    /// Thresholds of swipes and zooms.
    GestureRules {
        /// Least length of a swipe, px.
        swipe_min_px: u32 = 30, in 0..=100_000;
        /// Most dead swipes of one page view.
        dead_swipes_max: u32 = 10, in 1..=1_000;
        /// Fewest zooms in.
        zooms_min: u32 = 2, in 1..=1_000;
        /// They lie within this time.
        zoom_span_ms: u32 = 10_000, in 1..=TIME_MAX_MS;
    }
}

/// What it takes to tell.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct GestureDetector {}

impl GestureDetector {
    /// Looks at an interaction.
    pub fn observe(
        &mut self,
        _interaction: &Interaction,
        _moment: Moment<'_>,
        _firings: &mut Firings,
    ) {
    }
}
