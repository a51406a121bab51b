//! What is configured, and whether it is safe. The defaults lie in
//! `default.toml`, which explains them.

use furrow_service::config::Secret;
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;

/// The compiled-in defaults: the table `api`.
pub const DEFAULT_TOML: &str = include_str!("../default.toml");

/// The section `api`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Where to listen. Any address but a loopback one needs a read key.
    pub listen: SocketAddr,
    /// Names, without port, by which browsers may ask besides loopback ones.
    pub hosts: Vec<String>,
    /// What every question must carry; empty when no key is needed.
    pub read_key: Secret,
    /// The topic that the live view follows.
    pub scores_topic: String,
    /// Whose sessions there are; the first is what is asked for by default.
    pub properties: Vec<Scope>,
    /// What the service takes on at most.
    pub limits: Limits,
}

/// One property of one tenant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scope {
    /// Who runs Furrow for themselves.
    pub tenant: String,
    /// One site or app of theirs.
    pub property: String,
}

/// What the service takes on at most.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Queries that may wait for the database at once; more are shed.
    pub queries_max: usize,
    /// How long one query may take, ms.
    pub query_ms_max: u64,
    /// Live listeners, browsers and gRPC clients together; more are shed.
    pub listeners_max: usize,
    /// Updates that a live listener may be behind before it is let go.
    pub live_updates_max: usize,
    /// Batches that one trail is drawn from.
    pub trail_batches_max: usize,
    /// Bytes of batches that one trail is drawn from.
    pub trail_bytes_max: usize,
    /// Samples that one trail has.
    pub trail_samples_max: usize,
    /// Connections open at once; more wait until one closes.
    pub connections_max: usize,
    /// Requests that one HTTP/2 connection may have open.
    pub streams_max: u32,
    /// How long open answers may take to end once the service is told to, ms.
    pub drain_ms_max: u64,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            listen: SocketAddr::from(([127, 0, 0, 1], 7118)),
            hosts: Vec::new(),
            read_key: Secret::default(),
            scores_topic: "furrow.scores.v1".into(),
            properties: vec![Scope {
                tenant: "demo".into(),
                property: "shop".into(),
            }],
            limits: Limits::default(),
        }
    }
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            queries_max: 32,
            query_ms_max: 10_000,
            listeners_max: 128,
            live_updates_max: 1_024,
            trail_batches_max: 2_000,
            trail_bytes_max: 16 << 20,
            trail_samples_max: 100_000,
            connections_max: 512,
            streams_max: 64,
            drain_ms_max: 5_000,
        }
    }
}

/// Why a configuration is not served.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// Everybody on the network could read scores.
    #[error(
        "api.listen is {0}, which others can reach, and there is no api.read_key: set one \
         (environment: FURROW__API__READ_KEY), or listen on 127.0.0.1"
    )]
    OpenToOthers(SocketAddr),
    /// There is nothing to ask for by default.
    #[error("api.properties is empty: name at least one tenant and property")]
    NoProperty,
    /// A limit under which nothing could be answered.
    #[error("api.limits.{0} must be at least 1")]
    ZeroLimit(&'static str),
    /// A key that cannot travel in a header.
    #[error("api.read_key must be of printable ASCII characters")]
    UnprintableKey,
}

impl Config {
    /// The read key, if one is configured.
    pub(crate) fn key(&self) -> Option<&str> {
        Some(self.read_key.expose()).filter(|key| !key.is_empty())
    }

    /// Refuses what is unsafe or could not work.
    ///
    /// # Errors
    /// The first fault found.
    pub fn check(&self) -> Result<(), ConfigError> {
        if self.key().is_none() && !self.listen.ip().is_loopback() {
            return Err(ConfigError::OpenToOthers(self.listen));
        }
        if self
            .key()
            .is_some_and(|key| !key.bytes().all(|b| (0x20..0x7f).contains(&b)))
        {
            return Err(ConfigError::UnprintableKey);
        }
        if self.properties.is_empty() {
            return Err(ConfigError::NoProperty);
        }
        let limits = &self.limits;
        let counts = [
            ("queries_max", limits.queries_max),
            ("listeners_max", limits.listeners_max),
            ("live_updates_max", limits.live_updates_max),
            ("trail_batches_max", limits.trail_batches_max),
            ("trail_bytes_max", limits.trail_bytes_max),
            ("trail_samples_max", limits.trail_samples_max),
            ("connections_max", limits.connections_max),
            ("streams_max", limits.streams_max as usize),
        ];
        match counts.into_iter().find(|(_, value)| *value == 0) {
            Some((name, _)) => Err(ConfigError::ZeroLimit(name)),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_safe() {
        assert_eq!(Config::default().check(), Ok(()));
        assert!(Config::default().listen.ip().is_loopback());
    }

    #[test]
    fn an_address_that_others_reach_needs_a_read_key() {
        let listen = SocketAddr::from(([0, 0, 0, 0], 7118));
        let open = Config {
            listen,
            ..Config::default()
        };
        assert_eq!(open.check(), Err(ConfigError::OpenToOthers(listen)));
        let empty = Config {
            read_key: Secret::new(""),
            ..open.clone()
        };
        assert_eq!(empty.check(), Err(ConfigError::OpenToOthers(listen)));
        let keyed = Config {
            read_key: Secret::new("k"),
            ..open
        };
        assert_eq!(keyed.check(), Ok(()));
    }

    #[test]
    fn a_limit_of_nothing_is_refused_by_its_name() {
        let mut config = Config::default();
        config.limits.trail_samples_max = 0;
        assert_eq!(
            config.check(),
            Err(ConfigError::ZeroLimit("trail_samples_max"))
        );
    }

    #[test]
    fn a_key_that_no_header_carries_is_refused() {
        let config = Config {
            read_key: Secret::new("a\nb"),
            ..Config::default()
        };
        assert_eq!(config.check(), Err(ConfigError::UnprintableKey));
    }

    #[test]
    fn the_commented_defaults_are_the_defaults() {
        #[derive(Deserialize)]
        struct Sections {
            api: Config,
        }
        let sections: Sections =
            furrow_service::config::load_from(DEFAULT_TOML, None, []).expect("they load");
        assert_eq!(sections.api, Config::default());
    }
}
