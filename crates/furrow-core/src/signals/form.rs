//! Field struggle and form abandonment.

use super::{Firings, Moment};
use crate::interaction::Interaction;
use crate::rules::section;
use serde::{Deserialize, Serialize};

section! {
    /// Thresholds of forms.
    FormRules {
        /// Fewest times that one field took the focus.
        focuses_min: u32 = 3, in 2..=1_000;
        /// Fewest corrections or clears in one field.
        corrections_min: u32 = 3, in 1..=1_000;
        /// Fewest times that one field was refused.
        refusals_min: u32 = 2, in 1..=1_000;
    }
}

/// What it takes to tell.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct FormDetector {}

impl FormDetector {
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
