//! Rule sets as they were published: rows, and what is in force.

use crate::rows::StoredRow;
use crate::store::{QueryError, Store, answered};
use bytes::Bytes;
use clickhouse::Row;
use furrow_core::control::Scope;
use furrow_core::ids::{Property, Tenant};
use furrow_core::time::LogTime;
use serde::{Deserialize, Serialize};

const RULES_IN_FORCE: &str = include_str!("../sql/queries/rules_in_force.sql");

/// A rule set as it was published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedRules {
    /// Whose sessions it is for.
    pub scope: Scope,
    /// Its number.
    pub number: u64,
    /// SHA-256 of the rules.
    pub hash: [u8; 32],
    /// A rule set in JSON.
    pub rules: Bytes,
    /// When the log took it.
    pub appended: LogTime,
}

/// A row of `rule_sets`.
#[derive(Debug, Clone, PartialEq, Row, Serialize, Deserialize)]
pub struct RuleSetRow {
    tenant: String,
    property: String,
    number: u64,
    version: u64,
    hash: [u8; 32],
    rules: Bytes,
    appended: i64,
}

impl From<PublishedRules> for RuleSetRow {
    fn from(published: PublishedRules) -> RuleSetRow {
        let Scope { tenant, property } = published.scope;
        // Every partition has them, and they are told again every day: the
        // first of all these records is the one to remember.
        let appended_ms = u64::try_from(published.appended.0).unwrap_or(0);
        RuleSetRow {
            tenant: tenant.0.to_string(),
            property: property.map(|p| p.0.to_string()).unwrap_or_default(),
            number: published.number,
            version: u64::MAX - appended_ms,
            hash: published.hash,
            rules: published.rules,
            appended: published.appended.0,
        }
    }
}

impl StoredRow for RuleSetRow {
    const TABLE: &'static str = "rule_sets";
}

/// The rules that hold for a property's sessions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RulesInForce {
    /// The property that they were published for; none for all of the tenant's.
    pub property: Option<Property>,
    /// Their number.
    pub number: u64,
    /// A rule set in JSON.
    pub rules: String,
}

impl Store {
    /// The newest rules of a property, else of its tenant; none where only the
    /// compiled-in ones hold.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn rules_in_force(
        &self,
        tenant: &Tenant,
        property: Option<&Property>,
    ) -> Result<Option<RulesInForce>, QueryError> {
        let query = self
            .client
            .query_raw(RULES_IN_FORCE)
            .param("tenant", &*tenant.0)
            .param("property", property.map_or("", |property| &*property.0));
        let row = answered(query.fetch_optional::<InForceRow>()).await?;
        Ok(row.map(|row| RulesInForce {
            property: (!row.property.is_empty()).then(|| Property(row.property.into())),
            number: row.number,
            rules: row.rules,
        }))
    }
}

#[derive(Row, Serialize, Deserialize)]
struct InForceRow {
    property: String,
    number: u64,
    rules: String,
}
