//! Leaving the window and coming back, again and again.

use super::{Firings, Moment};
use crate::interaction::Interaction;
use crate::rules::{TIME_MAX_MS, section};
use serde::{Deserialize, Serialize};

section! {
    /// Thresholds of leaving the window.
    FocusRules {
        /// Fewest changes of focus or visibility.
        flips_min: u32 = 4, in 2..=1_000;
        /// They lie within this time.
        span_ms: u32 = 30_000, in 1..=TIME_MAX_MS;
    }
}

/// What it takes to tell.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct FocusDetector {}

impl FocusDetector {
    /// Looks at an interaction.
    pub fn observe(
        &mut self,
        _interaction: &Interaction,
        _moment: Moment<'_>,
        _firings: &mut Firings,
    ) {
    }
}
