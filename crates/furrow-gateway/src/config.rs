//! What can be set. `default.toml` beside this crate says what each setting
//! means and holds its default.

use furrow_proto::Limits;
use furrow_service::config::Secret;
use serde::{Deserialize, Serialize};
use std::net::{IpAddr, SocketAddr};
use std::num::{NonZeroU32, NonZeroUsize};
use std::time::Duration;

/// The section `[gateway]` with its defaults.
pub const DEFAULT_TOML: &str = include_str!("../default.toml");

/// The section `[gateway]`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where to listen.
    pub listen: SocketAddr,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpAddr>,
    /// The largest gRPC message that is read at all.
    pub message_bytes_max: usize,
    /// The largest body of a beacon.
    pub beacon_bytes_max: usize,
    /// Batches in one beacon.
    pub beacon_batches_max: usize,
    /// Batches in the whole process that wait for the log.
    pub in_flight_max: usize,
    /// From a request's head to its answer.
    pub request_timeout_ms: u64,
    /// What a client is told to wait when the log or this process is full.
    pub retry_after_ms: u64,
    /// How long a browser may remember that it is allowed to send.
    pub preflight_max_age_s: u64,
    /// How long requests may take to finish when the process ends.
    pub drain_max_ms: u64,
    /// What may publish rules; nobody may when it is empty.
    pub admin_key: Secret,
    /// The write keys.
    pub keys: Vec<KeyConfig>,
    /// Token buckets.
    pub rates: Rates,
    /// What one session may send in all.
    pub session: SessionTotals,
    /// Limits of connections.
    pub connections: Connections,
    /// Limits of `IngestService.Stream`.
    pub stream: StreamLimits,
    /// What one batch may hold.
    #[serde(default)]
    pub limits: Limits,
}

/// One write key.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyConfig {
    /// What the client sends.
    pub key: Secret,
    /// Whose batches it brings.
    pub tenant: String,
    /// Of which site or app.
    pub property: String,
    /// Pages that may send.
    #[serde(default)]
    pub origins: Vec<String>,
    /// `rates.key` where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<Rate>,
}

/// Token buckets, in batches.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rates {
    /// Of one write key.
    pub key: Rate,
    /// Of one address.
    pub address: Rate,
    /// Of one session.
    pub session: Rate,
    /// Addresses that are remembered.
    pub addresses_max: NonZeroUsize,
}

/// One token bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rate {
    /// How fast it fills.
    pub per_second: NonZeroU32,
    /// How much it holds.
    pub burst: NonZeroU32,
}

/// What one session may send to this process in all.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SessionTotals {
    /// Interactions.
    pub interactions_max: u64,
    /// Bytes of encoded batches.
    pub bytes_max: u64,
    /// Senders.
    pub senders_max: usize,
    /// Sessions that are remembered.
    pub sessions_max: NonZeroUsize,
}

/// Limits of connections.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Connections {
    /// Connections in all.
    pub max: usize,
    /// Connections of one address.
    pub per_address_max: usize,
    /// HTTP/2 requests at once on one connection.
    pub streams_max: u32,
    /// Answers of one HTTP/2 request that the client has not taken yet.
    pub send_buffer_bytes_max: usize,
    /// For an HTTP/1 request's head.
    pub head_timeout_ms: u64,
    /// Between HTTP/2 pings.
    pub keepalive_interval_ms: u64,
    /// For the answer to a ping.
    pub keepalive_timeout_ms: u64,
    /// Until the client is asked to connect anew.
    pub age_max_ms: u64,
}

/// Limits of `IngestService.Stream`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StreamLimits {
    /// Batches that wait for the log before reading stops.
    pub unacknowledged_max: NonZeroUsize,
    /// How long a stream may bring nothing.
    pub idle_max_ms: u64,
}

impl Default for Config {
    fn default() -> Config {
        #[derive(Deserialize)]
        struct Whole {
            gateway: Config,
        }
        let whole: Whole = furrow_service::config::load_from(DEFAULT_TOML, None, [])
            .expect("a test reads the compiled-in defaults");
        whole.gateway
    }
}

impl Config {
    pub(crate) fn request_timeout(&self) -> Duration {
        Duration::from_millis(self.request_timeout_ms)
    }

    pub(crate) fn retry_after(&self) -> Duration {
        Duration::from_millis(self.retry_after_ms)
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
        assert_eq!(config.listen.port(), 7117);
        assert_eq!(config.keys[0].key.expose(), "furrow-demo");
        assert_eq!(config.limits, Limits::default());
    }

    #[test]
    fn settings_of_every_kind_can_come_from_the_environment() {
        #[derive(Deserialize)]
        struct Whole {
            gateway: Config,
        }
        let environment = [
            ("FURROW__GATEWAY__LISTEN", "0.0.0.0:80"),
            ("FURROW__GATEWAY__TRUSTED_PROXIES", "10.0.0.1,10.0.0.2"),
            ("FURROW__GATEWAY__RATES__ADDRESS__PER_SECOND", "7"),
            ("FURROW__GATEWAY__SESSION__SESSIONS_MAX", "9"),
            ("FURROW__GATEWAY__LIMITS__SAMPLES_MAX", "11"),
            (
                "FURROW__GATEWAY__KEYS",
                r#"[{ key = "k", tenant = "t", property = "p", origins = ["*"] }]"#,
            ),
        ];
        let environment = environment.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let whole: Whole = furrow_service::config::load_from(DEFAULT_TOML, None, environment)
            .expect("is a configuration");
        let config = whole.gateway;
        assert_eq!(config.listen.port(), 80);
        assert_eq!(config.trusted_proxies.len(), 2);
        assert_eq!(config.rates.address.per_second.get(), 7);
        assert_eq!(
            config.rates.address.burst,
            Config::default().rates.address.burst
        );
        assert_eq!(config.session.sessions_max.get(), 9);
        assert_eq!(config.limits.samples_max, 11);
        assert_eq!(config.keys[0].origins, ["*"]);
    }

    #[test]
    fn what_is_in_force_can_be_shown_without_the_keys() {
        let shown = furrow_service::config::in_force(&Config::default()).expect("is TOML");
        assert!(shown.contains("key = \"***\""), "{shown}");
        assert!(!shown.contains("furrow-demo"), "{shown}");
    }
}
