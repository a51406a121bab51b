//! What the scorer is told.

use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Section `[scorer]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Group that shares out the partitions.
    pub group: String,
    /// Topic that is read.
    pub interactions: String,
    /// Topic that score updates go to.
    pub scores: String,
    /// Topic that unusable records go to.
    pub dead_letters: String,
    /// How long an ended session may reopen, ms. Changing it changes when
    /// batches count as late.
    pub allowed_lateness_ms: i64,
    /// Time between two snapshots of a partition, ms.
    pub snapshot_every_ms: u64,
    /// Time between two commits, ms.
    pub commit_every_ms: u64,
    /// Outputs that are on their way to the log; no record is read beyond.
    pub outputs_in_flight_max: usize,
    /// How long outputs in flight are waited for when draining, ms.
    pub drain_ms: u64,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            group: "scorer".into(),
            interactions: "furrow.interactions.v1".into(),
            scores: "furrow.scores.v1".into(),
            dead_letters: "furrow.dead-letters.v1".into(),
            allowed_lateness_ms: furrow_core::partition::ALLOWED_LATENESS_MS,
            snapshot_every_ms: 60_000,
            commit_every_ms: 500,
            outputs_in_flight_max: 4_096,
            drain_ms: 10_000,
        }
    }
}

impl Config {
    pub(crate) fn snapshot_every(&self) -> Duration {
        Duration::from_millis(self.snapshot_every_ms)
    }

    pub(crate) fn commit_every(&self) -> Duration {
        Duration::from_millis(self.commit_every_ms)
    }

    pub(crate) fn drain(&self) -> Duration {
        Duration::from_millis(self.drain_ms)
    }
}
