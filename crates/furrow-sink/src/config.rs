//! What can be set. The defaults lie in `default.toml`, which explains them.

use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The compiled-in defaults: the table `sink`.
pub const DEFAULT_TOML: &str = include_str!("../default.toml");

/// The sink's settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The group that shares out the partitions among sinks.
    pub group: String,
    /// Score updates.
    pub scores_topic: String,
    /// Batches as they came.
    pub interactions_topic: String,
    /// Where records go that cannot be read.
    pub dead_letters_topic: String,
    /// From the end of one flush to the beginning of the next under load, ms.
    pub flush_after_ms: u64,
    /// How long the first row after a quiet time waits for others, ms.
    pub linger_ms: u64,
    /// A block with so many rows is flushed at once.
    pub block_rows_max: usize,
    /// A block of so many bytes of records is flushed at once.
    pub block_bytes_max: usize,
    /// The first pause before a repeated attempt, ms.
    pub retry_min_ms: u64,
    /// The longest pause before a repeated attempt, ms.
    pub retry_max_ms: u64,
    /// How long the last flush may take, ms.
    pub drain_max_ms: u64,
    /// Not ready while a partition is further behind, s; 0 for never.
    pub lag_seconds_max: u32,
}

impl Default for Config {
    fn default() -> Config {
        #[derive(Deserialize)]
        struct Whole {
            sink: Config,
        }
        let whole: Whole = furrow_service::config::load_from(DEFAULT_TOML, None, [])
            .expect("a test reads the compiled-in defaults");
        whole.sink
    }
}

impl Config {
    pub(crate) fn flush_after(&self) -> Duration {
        Duration::from_millis(self.flush_after_ms)
    }

    pub(crate) fn linger(&self) -> Duration {
        Duration::from_millis(self.linger_ms)
    }

    pub(crate) fn drain_max(&self) -> Duration {
        Duration::from_millis(self.drain_max_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_compiled_in_defaults_are_a_configuration() {
        let config = Config::default();
        assert_eq!(config.group, "sink");
        assert_eq!(config.flush_after(), Duration::from_millis(500));
        assert_eq!(config.linger(), Duration::from_millis(50));
    }
}
