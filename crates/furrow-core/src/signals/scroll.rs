//! Scroll thrash and steady scroll.

use super::{Firings, Moment};
use crate::interaction::Interaction;
use crate::rules::{TIME_MAX_MS, section};
use serde::{Deserialize, Serialize};

section! {
    /// Thresholds of scrolling.
    ScrollRules {
        /// Fewest reversals of scrolling to and fro.
        thrash_reversals_min: u32 = 4, in 1..=1_000;
        /// A reversal covers at least this part of the viewport, thousandths.
        thrash_reach_milli: u32 = 333, in 1..=10_000;
        /// They lie within this time.
        thrash_span_ms: u32 = 5_000, in 1..=TIME_MAX_MS;
        /// Fewest steps down of a steady scroll.
        steady_steps_min: u32 = 5, in 1..=1_000;
        /// The gaps between them vary at most this much: deviation by mean, thousandths.
        steady_variation_max_milli: u32 = 500, in 0..=10_000;
        /// Slower than this, viewports a second in thousandths.
        steady_speed_max_milli: u32 = 2_000, in 1..=100_000;
        /// A pause longer than this ends it.
        steady_pause_ms: u32 = 10_000, in 1..=TIME_MAX_MS;
    }
}

/// What it takes to tell.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ScrollDetector {}

impl ScrollDetector {
    /// Looks at an interaction.
    pub fn observe(
        &mut self,
        _interaction: &Interaction,
        _moment: Moment<'_>,
        _firings: &mut Firings,
    ) {
    }
}
