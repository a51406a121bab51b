//! Whether a session that Furrow sent to itself has arrived.

use crate::store::{QueryError, Store};
use clickhouse::Row;
use furrow_core::ids::SessionId;
use serde::Deserialize;

/// Tenant and property of the sessions that Furrow sends to itself. No view
/// shows them but `v_canary`.
pub const CANARY: &str = "furrow-canary";

const QUERY: &str = include_str!("../sql/queries/canary.sql");

/// How far such a session has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Row, Deserialize)]
pub struct CanarySeen {
    /// Its batch is a row of the archive.
    pub archived: bool,
    /// The session has its row.
    pub scored: bool,
}

impl Store {
    /// How far a session of the canary has come.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn canary(&self, session: SessionId) -> Result<CanarySeen, QueryError> {
        let query = self.client.query_raw(QUERY);
        let query = query.param("session", session.to_string());
        Ok(query.fetch_one::<CanarySeen>().await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_views_hide_the_tenant_of_that_name() {
        let views = include_str!("../sql/migrations/0003_canary.sql");
        let hidden = format!("tenant != '{CANARY}'");
        assert_eq!(views.matches(&hidden).count(), 3);
        assert_eq!(views.matches(&format!("tenant = '{CANARY}'")).count(), 2);
    }
}
