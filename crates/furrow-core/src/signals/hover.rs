//! Hesitation and re-entry: waiting over something, and coming back to it.

use super::{Firings, Moment};
use crate::interaction::Interaction;
use crate::rules::{TIME_MAX_MS, section};
use serde::{Deserialize, Serialize};

section! {
    /// Thresholds of hesitation and re-entry.
    HoverRules {
        /// Over an interactive target without a press.
        hesitation_ms: u32 = 2_000, in 1..=TIME_MAX_MS;
        /// In a field without input.
        field_hesitation_ms: u32 = 5_000, in 1..=TIME_MAX_MS;
        /// Fewest times that the finally pressed target was entered again.
        re_entries_min: u32 = 3, in 1..=1_000;
        /// Within this time before the press.
        re_entry_span_ms: u32 = 15_000, in 1..=TIME_MAX_MS;
    }
}

/// What it takes to tell.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct HoverDetector {}

impl HoverDetector {
    /// Looks at an interaction.
    pub fn observe(
        &mut self,
        _interaction: &Interaction,
        _moment: Moment<'_>,
        _firings: &mut Firings,
    ) {
    }
}
