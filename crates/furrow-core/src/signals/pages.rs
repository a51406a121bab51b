//! Quick back and page loop: going from page to page.

use super::{Firings, Moment};
use crate::interaction::Interaction;
use crate::rules::{TIME_MAX_MS, section};
use serde::{Deserialize, Serialize};

section! {
    /// Thresholds of going from page to page.
    PagesVisitedRules {
        /// A return within this time is quick, or within a quarter of the page's median stay if that is less.
        quick_back_ms: u32 = 7_000, in 1..=TIME_MAX_MS;
        /// Fewest visits of one page in a loop.
        loop_visits_min: u32 = 3, in 2..=100;
        /// They lie within this time.
        loop_span_ms: u32 = 15_000, in 1..=TIME_MAX_MS;
        /// Two pages taking turns lie within this time.
        alternation_span_ms: u32 = 60_000, in 1..=TIME_MAX_MS;
    }
}

/// What it takes to tell.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct PagesDetector {}

impl PagesDetector {
    /// Looks at an interaction.
    pub fn observe(
        &mut self,
        _interaction: &Interaction,
        _moment: Moment<'_>,
        _firings: &mut Firings,
    ) {
    }
}
