//! Rule sets in files.

use anyhow::{Context, Result};
use furrow_core::rules::RuleSet;
use std::path::Path;

/// The rule set of a TOML file over the compiled-in one.
pub(crate) fn read(path: &Path) -> Result<RuleSet> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("{} cannot be read", path.display()))?;
    let rules: RuleSet =
        toml::from_str(&text).with_context(|| format!("{} holds no rules", path.display()))?;
    match rules.fault() {
        None => Ok(rules),
        Some(field) => anyhow::bail!("{}: {field} is out of its bounds", path.display()),
    }
}
