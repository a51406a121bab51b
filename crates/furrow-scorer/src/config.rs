//! What can be set. The defaults lie in `default.toml`, which explains them.

use furrow_service::config::Secret;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;

/// The compiled-in defaults: the table `scorer`.
pub const DEFAULT_TOML: &str = include_str!("../default.toml");

/// The scorer's settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Group that shares out the partitions.
    pub group: String,
    /// Topic that is read.
    pub interactions: String,
    /// Topic that score updates go to.
    pub scores: String,
    /// Topic that unusable records go to.
    pub dead_letters: String,
    /// Where snapshots are kept: an object store's URL; empty: a folder of this
    /// process.
    pub snapshots: String,
    /// What the object store is told beside the process's environment.
    pub snapshot_options: BTreeMap<String, Secret>,
    /// How long an ended session may reopen, ms. Changing it changes when
    /// batches count as late.
    pub allowed_lateness_ms: u32,
    /// Time between two snapshots of a partition, ms.
    pub snapshot_every_ms: u64,
    /// Time between two commits, ms.
    pub commit_every_ms: u64,
    /// Outputs that are on their way to the log; no record is read beyond.
    pub outputs_in_flight_max: usize,
    /// How long outputs in flight are waited for when draining, ms.
    pub drain_ms: u64,
    /// Not ready while a partition is further behind, s; 0 for never.
    pub lag_seconds_max: u32,
}

impl Default for Config {
    fn default() -> Self {
        #[derive(Deserialize)]
        struct Whole {
            scorer: Config,
        }
        let whole: Whole = furrow_service::config::load_from(DEFAULT_TOML, None, [])
            .expect("a test reads the compiled-in defaults");
        whole.scorer
    }
}

impl Config {
    pub(crate) fn drain(&self) -> Duration {
        Duration::from_millis(self.drain_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_compiled_in_defaults_are_a_configuration() {
        let config = Config::default();
        assert_eq!(
            i64::from(config.allowed_lateness_ms),
            furrow_core::partition::ALLOWED_LATENESS_MS
        );
        assert_eq!(config.interactions, "furrow.interactions.v1");
    }
}
