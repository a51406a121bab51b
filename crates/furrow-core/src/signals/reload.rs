//! Loading a page again because it did not work.

use super::{Firings, Moment};
use crate::interaction::Interaction;
use crate::rules::{TIME_MAX_MS, section};
use serde::{Deserialize, Serialize};

section! {
    /// Thresholds of reloads.
    ReloadRules {
        /// A reload within this time of trouble belongs to it.
        trouble_ms: u32 = 10_000, in 1..=TIME_MAX_MS;
        /// Fewest reloads of one page without other trouble.
        reloads_min: u32 = 2, in 2..=1_000;
        /// They lie within this time.
        reloads_span_ms: u32 = 30_000, in 1..=TIME_MAX_MS;
    }
}

/// What it takes to tell.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ReloadDetector {}

impl ReloadDetector {
    /// Looks at an interaction.
    pub fn observe(
        &mut self,
        _interaction: &Interaction,
        _moment: Moment<'_>,
        _firings: &mut Firings,
    ) {
    }
}
