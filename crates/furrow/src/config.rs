//! One configuration for all roles: compiled-in defaults, a file over them,
//! the environment over both.

use furrow_service::config::{ConfigError, Secret, load};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
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
    pub(crate) canary: Canary,
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
    pub(crate) brokers: String,
    pub(crate) client: ClientOptions,
    pub(crate) group_protocol: GroupProtocol,
    pub(crate) session_timeout_ms: u32,
    pub(crate) message_timeout_ms: u32,
    pub(crate) partitions: u32,
    pub(crate) replication: u16,
    pub(crate) min_insync: u16,
    pub(crate) retention_hours: u64,
}

/// Who shares out the partitions of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum GroupProtocol {
    /// Its members.
    Classic,
    /// The brokers.
    Consumer,
}

/// Settings of librdkafka by its own names. Any of them may be a secret.
///
/// A name has dots, and TOML as well as the environment make tables of dots:
/// tables are read as the names that they spell.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "BTreeMap<String, Node>")]
pub(crate) struct ClientOptions(pub(crate) BTreeMap<String, Secret>);

#[derive(Deserialize)]
#[serde(untagged)]
enum Node {
    Flag(bool),
    Number(i64),
    Text(String),
    Table(BTreeMap<String, Node>),
}

impl TryFrom<BTreeMap<String, Node>> for ClientOptions {
    type Error = String;

    fn try_from(nodes: BTreeMap<String, Node>) -> Result<ClientOptions, String> {
        fn flatten(
            prefix: &str,
            nodes: BTreeMap<String, Node>,
            into: &mut BTreeMap<String, Secret>,
        ) -> Result<(), String> {
            for (part, node) in nodes {
                let name = match prefix {
                    "" => part,
                    prefix => format!("{prefix}.{part}"),
                };
                let value = match node {
                    Node::Flag(flag) => flag.to_string(),
                    Node::Number(number) => number.to_string(),
                    Node::Text(text) => text,
                    Node::Table(table) => {
                        flatten(&name, table, into)?;
                        continue;
                    }
                };
                if into.contains_key(&name) {
                    return Err(format!("{name} is set twice"));
                }
                into.insert(name, Secret::new(&value));
            }
            Ok(())
        }
        let mut options = BTreeMap::new();
        flatten("", nodes, &mut options)?;
        Ok(ClientOptions(options))
    }
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

/// Section `[canary]`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Canary {
    pub(crate) every_ms: u64,
    pub(crate) wait_ms_max: u64,
    pub(crate) ingest: String,
    pub(crate) key: Secret,
}

impl Config {
    /// Reads it.
    pub(crate) fn load(file: Option<&Path>) -> Result<Config, ConfigError> {
        load(&defaults(), file)
    }
}

#[cfg(test)]
impl Config {
    /// The defaults with some variables over them.
    pub(crate) fn with(variables: &[(&str, &str)]) -> Config {
        let variables = variables
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        furrow_service::config::load_from(&defaults(), None, variables).expect("it loads")
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
        let config = Config::with(&[]);
        assert_eq!(config.gateway.listen.port(), 7117);
        assert_eq!(config.api.listen.port(), 7118);
        assert_eq!(config.api, furrow_api::Config::default());
    }

    #[test]
    fn one_variable_moves_one_setting() {
        let config = Config::with(&[("FURROW__GATEWAY__LISTEN", "127.0.0.1:9")]);
        assert_eq!(config.gateway.listen.port(), 9);
    }

    #[test]
    fn the_brokers_client_is_told_by_librdkafkas_own_names_however_they_are_written() {
        let mut file = tempfile::NamedTempFile::new().expect("a file");
        let text = "[log.client]\n\"security.protocol\" = \"SASL_SSL\"\nsasl.username = \"furrow\"\n\
                    socket.keepalive.enable = true\nsocket.timeout.ms = 9000\n";
        std::io::Write::write_all(&mut file, text.as_bytes()).expect("it is written");
        let environment = [(
            "FURROW__LOG__CLIENT__SASL__PASSWORD".to_owned(),
            "0123".to_owned(),
        )];
        let config: Config =
            furrow_service::config::load_from(&defaults(), Some(file.path()), environment)
                .expect("it loads");
        let options = config.log.client.0;
        let told: Vec<_> = options
            .iter()
            .map(|(name, value)| (name.as_str(), value.expose()))
            .collect();
        assert_eq!(
            told,
            [
                ("sasl.password", "0123"),
                ("sasl.username", "furrow"),
                ("security.protocol", "SASL_SSL"),
                ("socket.keepalive.enable", "true"),
                ("socket.timeout.ms", "9000"),
            ]
        );
    }

    #[test]
    fn a_password_is_never_printed() {
        let config = Config::with(&[
            ("FURROW__STORE__WRITER_PASSWORD", "s3cret"),
            ("FURROW__LOG__CLIENT__SASL__PASSWORD", "s3cret"),
            (
                "FURROW__SCORER__SNAPSHOT_OPTIONS__AWS_SECRET_ACCESS_KEY",
                "s3cret",
            ),
        ]);
        let text = furrow_service::config::in_force(&config).expect("it prints");
        assert!(!text.contains("s3cret") && text.contains("***"), "{text}");
    }
}
