//! One configuration for all roles: compiled-in defaults, a file over them,
//! the environment over both.

use furrow_service::config::{ConfigError, Secret, load};
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// The version of the engine that this version is tested with.
const ENGINE_VERSION: &str = "26.7.3-stable.1";

/// Everything that can be set.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    pub(crate) gateway: furrow_gateway::Config,
    pub(crate) scorer: furrow_scorer::Config,
    pub(crate) sink: furrow_sink::Config,
    pub(crate) api: furrow_api::Config,
    pub(crate) observe: Observe,
    pub(crate) log: Log,
    pub(crate) store: Store,
    pub(crate) engine: Engine,
    pub(crate) demo: Demo,
}

/// Section `[observe]`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Observe {
    pub(crate) listen: SocketAddr,
}

/// Section `[log]`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Log {
    pub(crate) partitions: u32,
    pub(crate) retention_hours: u64,
}

/// Section `[store]`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Store {
    pub(crate) url: String,
    pub(crate) database: String,
    pub(crate) writer: String,
    pub(crate) writer_password: Secret,
    pub(crate) reader: String,
    pub(crate) reader_password: Secret,
}

/// Section `[engine]`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Engine {
    pub(crate) library: PathBuf,
    pub(crate) port: u16,
    pub(crate) memory_bytes_max: u64,
}

/// Section `[demo]`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Demo {
    pub(crate) listen: SocketAddr,
}

impl Config {
    /// Reads it.
    pub(crate) fn load(file: Option<&Path>) -> Result<Config, ConfigError> {
        load(&defaults(), file)
    }
}

impl Engine {
    /// The engine library: where the configuration says, else in the cache.
    pub(crate) fn library(&self) -> PathBuf {
        if !self.library.as_os_str().is_empty() {
            return self.library.clone();
        }
        cache()
            .join("engine")
            .join(ENGINE_VERSION)
            .join("libchdb.so")
    }
}

/// The commented defaults of all roles.
pub(crate) fn defaults() -> String {
    [
        furrow_gateway::config::DEFAULT_TOML,
        furrow_scorer::config::DEFAULT_TOML,
        furrow_sink::config::DEFAULT_TOML,
        furrow_api::DEFAULT_TOML,
        include_str!("../default.toml"),
    ]
    .join("\n")
}

/// Where fetched things are kept.
fn cache() -> PathBuf {
    let variable = |name| {
        std::env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    variable("FURROW_CACHE")
        .or_else(|| variable("XDG_CACHE_HOME").map(|cache| cache.join("furrow")))
        .or_else(|| variable("HOME").map(|home| home.join(".cache/furrow")))
        .unwrap_or_else(|| PathBuf::from(".furrow-cache"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_commented_defaults_are_a_whole_configuration() {
        let config: Config =
            furrow_service::config::load_from(&defaults(), None, []).expect("they load");
        assert_eq!(config.gateway.listen.port(), 7117);
        assert_eq!(config.api.listen.port(), 7118);
        assert_eq!(config.api, furrow_api::Config::default());
    }

    #[test]
    fn one_variable_moves_one_setting() {
        let environment = [("FURROW__GATEWAY__LISTEN".into(), "127.0.0.1:9".into())];
        let config: Config =
            furrow_service::config::load_from(&defaults(), None, environment).expect("it loads");
        assert_eq!(config.gateway.listen.port(), 9);
    }

    #[test]
    fn a_password_is_never_printed() {
        let environment = [("FURROW__STORE__WRITER_PASSWORD".into(), "s3cret".into())];
        let config: Config =
            furrow_service::config::load_from(&defaults(), None, environment).expect("it loads");
        let text = furrow_service::config::in_force(&config).expect("it prints");
        assert!(!text.contains("s3cret") && text.contains("***"), "{text}");
    }
}
