//! Use of the content: copying, selecting, finding, printing.

use super::{Firings, Moment};
use crate::interaction::Interaction;
use serde::{Deserialize, Serialize};

/// What it takes to tell.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ContentDetector {}

impl ContentDetector {
    /// Looks at an interaction.
    pub fn observe(
        &mut self,
        _interaction: &Interaction,
        _moment: Moment<'_>,
        _firings: &mut Firings,
    ) {
    }
}
