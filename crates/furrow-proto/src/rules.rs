//! A rule set in JSON: as it is published, logged and stored.

use bytes::Bytes;
use furrow_core::rules::RuleSet;
use sha2::{Digest, Sha256};

/// The largest rule set in JSON, bytes.
pub const RULES_BYTES_MAX: usize = 64 << 10;

/// Why bytes are no rule set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {detail}")]
pub struct RulesError {
    /// Path of what is wrong, such as `press.dead_ms`.
    pub field: String,
    /// What is wrong, for people.
    pub detail: String,
}

impl RulesError {
    pub(crate) fn new(field: impl Into<String>, detail: impl Into<String>) -> RulesError {
        RulesError {
            field: field.into(),
            detail: detail.into(),
        }
    }
}

/// Reads a rule set. What it leaves out has its compiled-in value.
///
/// # Errors
/// When it is too large, no JSON of a rule set, or one under which nothing
/// could be scored.
pub fn decode_rules(json: &[u8]) -> Result<RuleSet, RulesError> {
    if json.len() > RULES_BYTES_MAX {
        let detail = format!("{} bytes, at most {RULES_BYTES_MAX} are taken", json.len());
        return Err(RulesError::new("rules", detail));
    }
    let mut reader = serde_json::Deserializer::from_slice(json);
    let rules: RuleSet = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        RulesError::new(error.path().to_string(), error.into_inner().to_string())
    })?;
    let end = reader.end();
    end.map_err(|error| RulesError::new("rules", error.to_string()))?;
    match rules.fault() {
        None => Ok(rules),
        Some(field) => Err(RulesError::new(field, FAULT)),
    }
}

/// What is wrong with a value that a rule set cannot have.
pub const FAULT: &str = "nothing could be scored with this value";

/// A whole rule set, in bytes that are the same whenever it is.
#[must_use]
pub fn encode_rules(rules: &RuleSet) -> Bytes {
    serde_json::to_vec(rules)
        .expect("rules are numbers and names")
        .into()
}

/// SHA-256 of a rule set's bytes.
#[must_use]
pub fn rules_hash(json: &[u8]) -> [u8; 32] {
    Sha256::digest(json).into()
}
