//! What librdkafka says of itself.

use rdkafka::config::RDKafkaLogLevel as Level;

/// Passes a line of the library's log on.
pub(super) fn log(level: Level, facility: &str, message: &str) {
    match level {
        Level::Emerg | Level::Alert | Level::Critical | Level::Error => {
            tracing::error!(facility, message, "kafka client");
        }
        Level::Warning => tracing::warn!(facility, message, "kafka client"),
        Level::Notice | Level::Info => tracing::info!(facility, message, "kafka client"),
        Level::Debug => tracing::debug!(facility, message, "kafka client"),
    }
}
