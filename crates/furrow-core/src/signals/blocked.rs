//! Blocked view: something covers the page that the visitor did not ask for.

use super::{Firings, Moment};
use crate::interaction::Interaction;
use crate::rules::{TIME_MAX_MS, section};
use serde::{Deserialize, Serialize};

section! {
    /// Thresholds of blocked views.
    BlockedRules {
        /// It covers at least this much of the viewport, thousandths.
        covered_min_milli: u32 = 500, in 0..=1_000;
        /// For at least this long.
        shown_min_ms: u32 = 2_000, in 1..=TIME_MAX_MS;
        /// Presses on it from which on it weighs fully.
        presses_min: u32 = 2, in 1..=1_000;
    }
}

/// What it takes to tell.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct BlockedDetector {}

impl BlockedDetector {
    /// Looks at an interaction.
    pub fn observe(
        &mut self,
        _interaction: &Interaction,
        _moment: Moment<'_>,
        _firings: &mut Firings,
    ) {
    }

    /// Nothing more will come.
    pub fn ended(&mut self, _moment: Moment<'_>, _firings: &mut Firings) {}
}
