//! About to leave: after trouble, heading out of the page.

use super::{Firings, Moment};
use crate::interaction::Interaction;
use crate::rules::{TIME_MAX_MS, section};
use serde::{Deserialize, Serialize};

section! {
    /// Thresholds of leaving.
    LeavingRules {
        /// Trouble within this time before.
        trouble_ms: u32 = 30_000, in 1..=TIME_MAX_MS;
        /// The pointer ends within this distance of the top edge, px.
        edge_px: u32 = 20, in 0..=100_000;
        /// Least speed upwards, px/s.
        speed_min_px_s: u32 = 800, in 0..=100_000;
        /// Hidden within this time of trouble.
        hidden_ms: u32 = 5_000, in 0..=TIME_MAX_MS;
    }
}

/// What it takes to tell.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct LeavingDetector {}

impl LeavingDetector {
    /// Looks at an interaction.
    pub fn observe(
        &mut self,
        _interaction: &Interaction,
        _moment: Moment<'_>,
        _firings: &mut Firings,
    ) {
    }
}
