//! Configuration is one value, read once: compiled-in defaults, then a file,
//! then the environment, each over the one before. A key that nobody reads is
//! an error, wherever it stands.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize, Serializer};
use std::fmt;
use std::path::{Path, PathBuf};

/// Variables of this prefix are configuration: `FURROW__GATEWAY__LISTEN` sets
/// `gateway.listen`.
pub const ENV_PREFIX: &str = "FURROW__";
const ENV_SEPARATOR: &str = "__";
/// What stands for a secret wherever configuration is shown.
const REDACTED: &str = "***";

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read the configuration file {}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A source is not TOML.
    #[error("{place} is not valid TOML: {message}")]
    Syntax {
        /// Which source.
        place: String,
        /// Where and what.
        message: String,
    },
    /// A key that nobody reads.
    #[error(
        "unknown setting {key} in {place}{}",
        nearest.as_ref().map_or(String::new(), |n| format!("; did you mean {n}?"))
    )]
    Unknown {
        /// The whole key, such as `gateway.lisen`.
        key: String,
        /// The file or the variable that sets it.
        place: String,
        /// A known key that looks like it.
        nearest: Option<String>,
    },
    /// A value that its setting cannot take.
    #[error("setting {key} in {place}: {message}")]
    Value {
        /// The whole key.
        key: String,
        /// The file or the variable that sets it.
        place: String,
        /// What is wrong with it.
        message: String,
    },
    /// A variable of our prefix whose name is no key.
    #[error("the environment variable {0} names no setting")]
    Variable(String),
}

/// Reads the configuration: `defaults` (TOML), `file` over it, the process's
/// environment over both. In the environment a list is TOML (`["a", "b"]`) or
/// separated by commas.
///
/// # Errors
/// When a source cannot be read, a key is unknown or a value does not fit.
pub fn load<T: DeserializeOwned>(defaults: &str, file: Option<&Path>) -> Result<T, ConfigError> {
    let environment = std::env::vars_os().filter_map(|(name, value)| {
        let name = name.into_string().ok()?;
        name.starts_with(ENV_PREFIX)
            .then(|| (name, value.to_string_lossy().into_owned()))
    });
    load_from(defaults, file, environment)
}

/// As [`load`], with the environment passed in.
///
/// # Errors
/// As [`load`].
pub fn load_from<T: DeserializeOwned>(
    defaults: &str,
    file: Option<&Path>,
    environment: impl IntoIterator<Item = (String, String)>,
) -> Result<T, ConfigError> {
    let mut sources = Sources {
        file: None,
        variables: Vec::new(),
    };
    let defaults = parse(defaults, "the compiled-in defaults")?;
    let mut values = defaults.clone();
    if let Some(path) = file {
        let text = std::fs::read_to_string(path).map_err(|source| ConfigError::File {
            path: path.to_owned(),
            source,
        })?;
        let place = path.display().to_string();
        merge(&mut values, parse(&text, &place)?);
        sources.file = Some((place, parse(&text, "the file")?));
    }
    let mut builder = config::Config::builder().add_source(AsSource(values));
    for (name, value) in environment {
        let Some(key) = key_of(&name) else { continue };
        if key.split('.').any(|part| !is_key_part(part)) {
            return Err(ConfigError::Variable(name));
        }
        let value = variable(&value, at(&defaults, &key));
        builder = builder
            .set_override(&key, value)
            .map_err(|_| ConfigError::Variable(name.clone()))?;
        sources.variables.push((key, name));
    }
    let merged = builder.build().map_err(|error| ConfigError::Value {
        key: "(all)".to_owned(),
        place: "the configuration".to_owned(),
        message: error.to_string(),
    })?;
    serde_path_to_error::deserialize(merged).map_err(|error| sources.explain(&error))
}

/// What is in force, as TOML, with every [`Secret`] as `***`.
///
/// # Errors
/// When the value cannot be written as TOML.
pub fn in_force<T: Serialize>(value: &T) -> Result<String, toml::ser::Error> {
    toml::to_string_pretty(value)
}

/// A value that is never shown: write keys, passwords.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Deserialize)]
#[serde(transparent)]
pub struct Secret(Box<str>);

impl Secret {
    /// Hides `value`.
    #[must_use]
    pub fn new(value: &str) -> Secret {
        Secret(value.into())
    }

    /// The value itself, for the one place that needs it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(REDACTED)
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(REDACTED)
    }
}

fn parse(text: &str, place: &str) -> Result<toml::Table, ConfigError> {
    text.parse::<toml::Table>()
        .map_err(|error| ConfigError::Syntax {
            place: place.to_owned(),
            message: error.to_string(),
        })
}

/// Tables merge key by key; anything else replaces what was there.
fn merge(into: &mut toml::Table, over: toml::Table) {
    for (key, value) in over {
        match (into.get_mut(&key), value) {
            (Some(toml::Value::Table(below)), toml::Value::Table(above)) => merge(below, above),
            (_, value) => {
                into.insert(key, value);
            }
        }
    }
}

fn at<'a>(table: &'a toml::Table, key: &str) -> Option<&'a toml::Value> {
    let mut parts = key.split('.');
    let first = table.get(parts.next()?)?;
    parts.try_fold(first, |value, part| value.get(part))
}

fn key_of(variable: &str) -> Option<String> {
    let key = variable.strip_prefix(ENV_PREFIX)?;
    Some(key.replace(ENV_SEPARATOR, ".").to_lowercase())
}

fn is_key_part(part: &str) -> bool {
    !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// A scalar stays text and is read as what the setting is, so that a key that
/// looks like a number is not changed on the way. Brackets and braces are TOML.
fn variable(text: &str, default: Option<&toml::Value>) -> config::Value {
    let structured = text.starts_with('[') || text.starts_with('{');
    let parsed = structured
        .then(|| format!("value = {text}").parse::<toml::Table>().ok())
        .flatten()
        .and_then(|mut table| table.remove("value"));
    match (parsed, default) {
        (Some(value), _) => as_config(value),
        (None, Some(toml::Value::Array(_))) => {
            let items = text
                .split(',')
                .map(str::trim)
                .filter(|item| !item.is_empty());
            items.map(str::to_owned).collect::<Vec<_>>().into()
        }
        (None, _) => text.to_owned().into(),
    }
}

fn as_config(value: toml::Value) -> config::Value {
    match value {
        toml::Value::String(text) => text.into(),
        toml::Value::Integer(number) => number.into(),
        toml::Value::Float(number) => number.into(),
        toml::Value::Boolean(flag) => flag.into(),
        toml::Value::Datetime(time) => time.to_string().into(),
        toml::Value::Array(items) => items.into_iter().map(as_config).collect::<Vec<_>>().into(),
        toml::Value::Table(table) => as_config_table(table).into(),
    }
}

fn as_config_table(table: toml::Table) -> config::Map<String, config::Value> {
    table
        .into_iter()
        .map(|(key, value)| (key, as_config(value)))
        .collect()
}

#[derive(Debug, Clone)]
struct AsSource(toml::Table);

impl config::Source for AsSource {
    fn clone_into_box(&self) -> Box<dyn config::Source + Send + Sync> {
        Box::new(self.clone())
    }

    fn collect(&self) -> Result<config::Map<String, config::Value>, config::ConfigError> {
        Ok(as_config_table(self.0.clone()))
    }
}

/// Where each setting came from, to say so when one is wrong.
struct Sources {
    file: Option<(String, toml::Table)>,
    /// Key and the variable that sets it.
    variables: Vec<(String, String)>,
}

impl Sources {
    fn explain(&self, error: &serde_path_to_error::Error<config::ConfigError>) -> ConfigError {
        let path = match error.path().to_string() {
            path if path == "." => String::new(),
            path => path,
        };
        let message = error.inner().to_string();
        let Some((field, expected)) = unknown_field(&message) else {
            let place = self.place(&path);
            let key = if path.is_empty() {
                "(all)".to_owned()
            } else {
                path
            };
            return ConfigError::Value {
                key,
                place,
                message,
            };
        };
        let parent = match path.strip_suffix(field) {
            Some(parent) => parent.trim_end_matches('.'),
            None => &path,
        };
        let within = |name: &str| match parent {
            "" => name.to_owned(),
            parent => format!("{parent}.{name}"),
        };
        let key = within(field);
        let place = self.place(&key);
        ConfigError::Unknown {
            nearest: nearest(field, &expected).map(within),
            key,
            place,
        }
    }

    fn place(&self, key: &str) -> String {
        let covers = |set: &str| {
            key == set
                || key
                    .strip_prefix(set)
                    .is_some_and(|rest| rest.starts_with(['.', '[']))
        };
        if let Some((_, name)) = self.variables.iter().rev().find(|(set, _)| covers(set)) {
            return format!("the environment ({name})");
        }
        let plain: String = key.split('[').next().unwrap_or(key).to_owned();
        if let Some((place, table)) = &self.file
            && at(table, &plain).is_some()
        {
            return place.clone();
        }
        // An unknown table is named by its own name, the variable by a longer one.
        let within = |set: &str| {
            set.strip_prefix(key)
                .is_some_and(|rest| rest.starts_with('.'))
        };
        match self.variables.iter().rev().find(|(set, _)| within(set)) {
            Some((_, name)) => format!("the environment ({name})"),
            None => "the compiled-in defaults".to_owned(),
        }
    }
}

/// Takes serde's message apart: the unknown name and the names it expected.
fn unknown_field(message: &str) -> Option<(&str, Vec<&str>)> {
    let rest = message.strip_prefix("unknown field `")?;
    let (field, expected) = rest.split_once('`')?;
    Some((field, expected.split('`').skip(1).step_by(2).collect()))
}

fn nearest<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    const SIMILAR_MIN: f64 = 0.8;
    known
        .iter()
        .map(|candidate| (strsim::jaro_winkler(name, candidate), *candidate))
        .filter(|(similarity, _)| *similarity >= SIMILAR_MIN)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    const DEFAULTS: &str = r#"
        [gateway]
        listen = "127.0.0.1:7117"
        batch_bytes_max = 10
        compress = false
        hosts = ["a"]
        [[gateway.keys]]
        key = "furrow-demo"
        tenant = "demo"
    "#;

    #[derive(Debug, Deserialize, Serialize)]
    #[serde(deny_unknown_fields)]
    struct Config {
        gateway: Gateway,
    }

    #[derive(Debug, Deserialize, Serialize)]
    #[serde(deny_unknown_fields)]
    struct Gateway {
        listen: std::net::SocketAddr,
        batch_bytes_max: u64,
        compress: bool,
        hosts: Vec<String>,
        read_key: Option<Secret>,
        keys: Vec<Key>,
    }

    #[derive(Debug, Deserialize, Serialize)]
    #[serde(deny_unknown_fields)]
    struct Key {
        key: Secret,
        tenant: String,
    }

    fn read(file: Option<&str>, environment: &[(&str, &str)]) -> Result<Config, ConfigError> {
        let mut written = tempfile::NamedTempFile::new().expect("a temporary file");
        written
            .write_all(file.unwrap_or("").as_bytes())
            .expect("a full write");
        let variables = environment
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
        load_from(DEFAULTS, file.map(|_| written.path()), variables)
    }

    fn refusal(file: Option<&str>, environment: &[(&str, &str)]) -> String {
        read(file, environment).expect_err("is refused").to_string()
    }

    #[test]
    fn defaults_alone_are_a_configuration() {
        let config = read(None, &[]).expect("loads");
        assert_eq!(config.gateway.batch_bytes_max, 10);
        assert_eq!(config.gateway.keys[0].key.expose(), "furrow-demo");
    }

    #[test]
    fn the_file_goes_over_the_defaults_and_the_environment_over_both() {
        let file = "[gateway]\nbatch_bytes_max = 20\ncompress = true\n";
        let config = read(Some(file), &[("FURROW__GATEWAY__BATCH_BYTES_MAX", "30")]);
        let config = config.expect("loads");
        assert_eq!(config.gateway.batch_bytes_max, 30);
        assert!(config.gateway.compress);
        assert_eq!(config.gateway.hosts, ["a"]);
    }

    #[test]
    fn a_list_in_a_file_replaces_the_default_list() {
        let file = "[[gateway.keys]]\nkey = \"k\"\ntenant = \"t\"\n";
        let config = read(Some(file), &[]).expect("loads");
        assert_eq!(config.gateway.keys.len(), 1);
        assert_eq!(config.gateway.keys[0].tenant, "t");
    }

    #[test]
    fn the_environment_carries_lists_tables_and_typed_values() {
        let config = read(
            None,
            &[
                ("FURROW__GATEWAY__HOSTS", "b, c"),
                ("FURROW__GATEWAY__COMPRESS", "true"),
                ("FURROW__GATEWAY__LISTEN", "[::1]:9"),
                (
                    "FURROW__GATEWAY__KEYS",
                    r#"[{ key = "0x10", tenant = "t" }]"#,
                ),
            ],
        )
        .expect("loads");
        assert_eq!(config.gateway.hosts, ["b", "c"]);
        assert!(config.gateway.compress);
        assert_eq!(config.gateway.listen.to_string(), "[::1]:9");
        assert_eq!(config.gateway.keys[0].key.expose(), "0x10");
        let toml = read(None, &[("FURROW__GATEWAY__HOSTS", r#"["x,y", "z"]"#)]).expect("loads");
        assert_eq!(toml.gateway.hosts, ["x,y", "z"]);
    }

    #[test]
    fn a_secret_that_looks_like_a_number_arrives_unchanged() {
        let config = read(None, &[("FURROW__GATEWAY__READ_KEY", "1_000e2")]).expect("loads");
        assert_eq!(config.gateway.read_key, Some(Secret::new("1_000e2")));
        let config = read(None, &[("FURROW__GATEWAY__READ_KEY", "007")]).expect("loads");
        assert_eq!(config.gateway.read_key, Some(Secret::new("007")));
    }

    #[test]
    fn an_unknown_key_in_the_file_is_named_with_the_right_one() {
        let message = refusal(Some("[gateway]\nlisen = \"127.0.0.1:1\"\n"), &[]);
        assert!(
            message.starts_with("unknown setting gateway.lisen in /"),
            "{message}"
        );
        assert!(
            message.ends_with("did you mean gateway.listen?"),
            "{message}"
        );
    }

    #[test]
    fn an_unknown_key_inside_a_list_is_named_with_its_place() {
        let message = refusal(
            Some("[[gateway.keys]]\nkey = \"k\"\ntennant = \"t\"\n"),
            &[],
        );
        assert!(
            message.starts_with("unknown setting gateway.keys[0].tennant in /"),
            "{message}"
        );
        assert!(
            message.ends_with("did you mean gateway.keys[0].tenant?"),
            "{message}"
        );
    }

    #[test]
    fn an_unknown_key_in_the_environment_is_named_with_its_variable() {
        assert_eq!(
            refusal(None, &[("FURROW__GATEWY__LISTEN", "x")]),
            "unknown setting gatewy in the environment (FURROW__GATEWY__LISTEN); \
             did you mean gateway?"
        );
        assert_eq!(
            refusal(None, &[("FURROW__GATEWAY__ZEBRA", "x")]),
            "unknown setting gateway.zebra in the environment (FURROW__GATEWAY__ZEBRA)"
        );
    }

    #[test]
    fn a_variable_without_a_name_is_refused() {
        assert_eq!(
            refusal(None, &[("FURROW____X", "x")]),
            "the environment variable FURROW____X names no setting"
        );
    }

    #[test]
    fn a_value_that_does_not_fit_is_named_with_its_place() {
        let message = refusal(None, &[("FURROW__GATEWAY__BATCH_BYTES_MAX", "many")]);
        assert!(
            message.starts_with(
                "setting gateway.batch_bytes_max in the environment \
                 (FURROW__GATEWAY__BATCH_BYTES_MAX): "
            ),
            "{message}"
        );
    }

    #[test]
    fn a_missing_file_and_a_broken_file_say_which_one() {
        let missing = Path::new("/nowhere/furrow.toml");
        let error = load_from::<Config>(DEFAULTS, Some(missing), []).expect_err("is refused");
        assert!(
            error.to_string().contains("/nowhere/furrow.toml"),
            "{error}"
        );
        let broken = refusal(Some("gateway = \n"), &[]);
        assert!(broken.contains("is not valid TOML"), "{broken}");
    }

    #[test]
    fn secrets_are_shown_as_stars() {
        let config = read(None, &[("FURROW__GATEWAY__READ_KEY", "hidden")]).expect("loads");
        let shown = in_force(&config).expect("is TOML");
        assert!(
            !shown.contains("furrow-demo") && !shown.contains("hidden"),
            "{shown}"
        );
        assert!(
            shown.contains("key = \"***\"") && shown.contains("read_key = \"***\""),
            "{shown}"
        );
        assert!(!format!("{config:?}").contains("furrow-demo"));
        shown.parse::<toml::Table>().expect("what is shown is TOML");
    }
}
