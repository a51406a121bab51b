//! `furrow rules`: rule sets as TOML files: checked, compared, published.

use crate::config::Config;
use crate::{admin_key, print, store};
use anyhow::{Context, Result, anyhow};
use furrow_core::ids::{Property, Tenant};
use furrow_core::rules::RuleSet;
use furrow_proto::rules::{FAULT, RULES_BYTES_MAX, decode_rules, encode_rules};
use furrow_proto::v1::PublishRulesRequest;
use furrow_proto::v1::control_service_client::ControlServiceClient;
use furrow_service::clock::now_ms;
use furrow_service::config::Secret;
use furrow_store::engine::Account;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;
use tonic::transport::Endpoint;
use tonic::{Code, Request};

/// The largest file of rules, bytes.
const FILE_BYTES_MAX: u64 = 4 * RULES_BYTES_MAX as u64;

/// How long the answer to a publication may take.
const ANSWER_MAX: Duration = Duration::from_secs(20);

/// What `diff` exits with when it cannot compare.
const TROUBLE: u8 = 2;

const SHOWN_ABOVE: &str = "\
# The compiled-in rules. A file of rules names only what differs; a list replaces the whole list.
";

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Say whether a file holds rules, and how many values differ from the
    /// compiled-in ones.
    Check {
        /// Rules in TOML.
        file: PathBuf,
    },
    /// Print every value that differs, and exit with 1 if one does.
    Diff {
        /// Rules in TOML.
        file: PathBuf,
        /// Compare with this file; else with what is in force, if a tenant is
        /// named; else with the compiled-in rules.
        other: Option<PathBuf>,
        /// Compare with what is in force for this tenant.
        #[arg(long, conflicts_with = "other")]
        tenant: Option<String>,
        /// Compare with what is in force for this property of the tenant.
        #[arg(long, requires = "tenant")]
        property: Option<String>,
    },
    /// Have rules take effect for a tenant or one of its properties.
    Publish(Publish),
    /// Print the compiled-in rules.
    Show,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Publish {
    /// Rules in TOML.
    file: PathBuf,
    /// Whose sessions.
    #[arg(long)]
    tenant: String,
    /// Of which site or app; of all without rules of their own if absent.
    #[arg(long)]
    property: Option<String>,
    /// Higher than any before; ms since 1970 if absent. With that of a
    /// publication that was cut short, completes it.
    #[arg(long)]
    number: Option<u64>,
    /// The gateway; the configured one if absent.
    #[arg(long)]
    url: Option<String>,
    /// The admin key; the configured one, or that in the data folder, if
    /// absent.
    #[arg(long)]
    key: Option<String>,
}

pub(crate) async fn rules(command: &Command, config: &Config, data: &Path) -> Result<ExitCode> {
    match command {
        Command::Check { file } => check(file)?,
        Command::Diff {
            file,
            other,
            tenant,
            property,
        } => {
            let old = match (other, tenant) {
                (Some(other), _) => read(other),
                (None, Some(tenant)) => in_force(config, data, tenant, property.as_deref()).await,
                (None, None) => Ok(RuleSet::default()),
            };
            let compared = old.and_then(|old| differences(&old, &read(file)?));
            return diff(compared);
        }
        Command::Publish(publish) => send(publish, config, data).await?,
        Command::Show => {
            let rules = toml::to_string(&RuleSet::default()).context("rules as TOML")?;
            print(format!("{SHOWN_ABOVE}\n{rules}").as_bytes())?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Reads a file of rules in TOML. What it leaves out has its compiled-in
/// value; what is wrong is told with its line or its field.
pub(crate) fn read(path: &Path) -> Result<RuleSet> {
    let mut text = String::new();
    File::open(path)
        .and_then(|file| file.take(FILE_BYTES_MAX + 1).read_to_string(&mut text))
        .with_context(|| format!("{} cannot be read", path.display()))?;
    anyhow::ensure!(
        text.len() as u64 <= FILE_BYTES_MAX,
        "{} is longer than {FILE_BYTES_MAX} bytes",
        path.display()
    );
    parse(&text).with_context(|| path.display().to_string())
}

fn parse(text: &str) -> Result<RuleSet> {
    let rules: RuleSet = toml::from_str(text)?;
    match rules.fault() {
        None => Ok(rules),
        Some(field) => Err(anyhow!("{field}: {FAULT}")),
    }
}

fn check(file: &Path) -> Result<()> {
    let rules = read(file)?;
    let differing = differences(&RuleSet::default(), &rules)?.len();
    print(format!("OK: values that differ from the compiled-in rules: {differing}\n").as_bytes())
}

fn diff(compared: Result<Vec<String>>) -> Result<ExitCode> {
    let differences = match compared {
        Ok(differences) => differences,
        Err(error) => {
            // Nobody is left to tell when standard error is gone.
            let _ = writeln!(std::io::stderr(), "furrow: {error:#}");
            return Ok(ExitCode::from(TROUBLE));
        }
    };
    for line in &differences {
        print(format!("{line}\n").as_bytes())?;
    }
    Ok(if differences.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// What holds for a property's sessions, as the database tells.
async fn in_force(
    config: &Config,
    data: &Path,
    tenant: &str,
    property: Option<&str>,
) -> Result<RuleSet> {
    let store = store::attach(config, data, Account::Reader)?;
    let tenant = Tenant(tenant.into());
    let property = property.map(|property| Property(property.into()));
    match store.rules_in_force(&tenant, property.as_ref()).await? {
        None => Ok(RuleSet::default()),
        Some(rules) => decode_rules(rules.rules.as_bytes())
            .with_context(|| format!("the rules with number {}", rules.number)),
    }
}

async fn send(publish: &Publish, config: &Config, data: &Path) -> Result<()> {
    let rules = read(&publish.file)?;
    let key = match &publish.key {
        Some(key) => Secret::new(key),
        None if !config.gateway.admin_key.expose().is_empty() => config.gateway.admin_key.clone(),
        None => admin_key::read(data)?.context(
            "no admin key: name one with --key, set gateway.admin_key, or name the data folder \
             of a running `furrow up` with --data",
        )?,
    };
    let url = match &publish.url {
        Some(url) => url.clone(),
        None => format!("http://{}", config.gateway.listen),
    };
    let number = publish.number.unwrap_or_else(|| now_ms().unsigned_abs());
    let endpoint = Endpoint::from_shared(url.clone())
        .with_context(|| format!("{url} is no address of a gateway"))?
        .timeout(ANSWER_MAX)
        .connect_timeout(ANSWER_MAX);
    let mut request = Request::new(PublishRulesRequest {
        tenant: publish.tenant.clone(),
        property: publish.property.clone(),
        number,
        rules: encode_rules(&rules),
    });
    let key = key.expose().parse();
    let key = key.context("an admin key is of printable ASCII characters")?;
    request.metadata_mut().insert("x-furrow-admin-key", key);
    let mut client = ControlServiceClient::new(endpoint.connect_lazy());
    let answer = client.publish_rules(request).await.map_err(|status| {
        let message = status.message();
        match status.code() {
            Code::InvalidArgument | Code::Unauthenticated | Code::FailedPrecondition => {
                anyhow!("the rules were not published: {message}")
            }
            code => anyhow!(
                "{code}: {message}; to complete what may have begun, publish the same again with \
                 --number {number}"
            ),
        }
    })?;
    let scope = match &publish.property {
        Some(property) => format!("{} / {property}", publish.tenant),
        None => format!(
            "{}, all properties without rules of their own",
            publish.tenant
        ),
    };
    let partitions = answer.into_inner().partitions;
    print(
        format!("rules {number} are published for {scope} ({partitions} partitions)\n").as_bytes(),
    )
}

/// A line for each value that differs.
fn differences(old: &RuleSet, new: &RuleSet) -> Result<Vec<String>> {
    let (old, new) = (values(old)?, values(new)?);
    let paths: BTreeSet<_> = old.keys().chain(new.keys()).collect();
    let shown = |value: Option<&Value>| value.map_or("(none)".to_owned(), Value::to_string);
    Ok(paths
        .into_iter()
        .filter(|path| old.get(*path) != new.get(*path))
        .map(|path| {
            format!(
                "{path}: {} -> {}",
                shown(old.get(path)),
                shown(new.get(path))
            )
        })
        .collect())
}

/// Every value by its path.
fn values(rules: &RuleSet) -> Result<BTreeMap<String, Value>> {
    let mut values = BTreeMap::new();
    let whole = serde_json::to_value(rules).context("rules as values")?;
    gather(String::new(), whole, &mut values);
    Ok(values)
}

fn gather(path: String, value: Value, into: &mut BTreeMap<String, Value>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let dot = if path.is_empty() { "" } else { "." };
                gather(format!("{path}{dot}{name}"), value, into);
            }
        }
        Value::Array(elements) => {
            for (index, element) in elements.into_iter().enumerate() {
                gather(format!("{path}[{}]", label(index, &element)), element, into);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            into.insert(path, value);
        }
    }
}

/// An element of a table is known by its words, wherever it stands.
fn label(index: usize, element: &Value) -> String {
    let words: Vec<&str> = match element {
        Value::Object(fields) => fields.values().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    if words.is_empty() {
        index.to_string()
    } else {
        words.join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_compiled_in_rules_are_read_as_they_are_shown() {
        let shown = toml::to_string(&RuleSet::default()).unwrap();
        assert_eq!(parse(&shown).unwrap(), RuleSet::default());
    }

    #[test]
    fn a_file_names_only_what_differs() {
        let rules = parse("[press]\ndead_ms = 1000\n").unwrap();
        assert_eq!(
            differences(&RuleSet::default(), &rules).unwrap(),
            ["press.dead_ms: 2500 -> 1000"]
        );
    }

    #[test]
    fn a_weight_is_known_by_its_signal_and_score() {
        let rules = parse("[scores.weights.dead_press]\nfrustration = 0.0\n").unwrap();
        assert_eq!(
            differences(&RuleSet::default(), &rules).unwrap(),
            ["scores.weights.dead_press.frustration: 0.5 -> 0.0"]
        );
    }

    #[test]
    fn an_ignored_target_is_known_by_its_selector() {
        let text = "[[ignore]]\nselector = \"*#map\"\njudgement = \"all\"\n";
        let lines = differences(&RuleSet::default(), &parse(text).unwrap()).unwrap();
        assert_eq!(lines.len(), 2, "{lines:?}");
        assert!(lines.iter().all(|line| line.contains("#map")), "{lines:?}");
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line_or_field() {
        let told = |text| parse(text).unwrap_err().to_string();
        let line = told("[press]\n\ndead_ms = \"soon\"\n");
        assert!(line.contains("line 3"), "{line}");
        let unknown = told("[press]\nded_ms = 1\n");
        assert!(
            unknown.contains("line 2") && unknown.contains("ded_ms"),
            "{unknown}"
        );
        let fault = told("[press]\ndead_ms = 4000000000\n");
        assert!(fault.starts_with("press.dead_ms"), "{fault}");
    }
}
