//! The schema in numbered files, applied in order.
//!
//! Every statement can be repeated, so a migration that was cut short is done
//! again from its start, and two processes that migrate at once both arrive.

use crate::store::Store;
use clickhouse::Row;
use clickhouse::error::Error as Cause;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::fmt::Write as _;

/// One step of the schema.
struct Migration {
    number: u32,
    name: &'static str,
    sql: &'static str,
}

const MIGRATIONS: &[Migration] = &[
    Migration {
        number: 1,
        name: "tables",
        sql: include_str!("../sql/migrations/0001_tables.sql"),
    },
    Migration {
        number: 2,
        name: "views",
        sql: include_str!("../sql/migrations/0002_views.sql"),
    },
    Migration {
        number: 3,
        name: "canary",
        sql: include_str!("../sql/migrations/0003_canary.sql"),
    },
];

const LEDGER: &str = include_str!("../sql/ledger.sql");
const APPLIED: &str = include_str!("../sql/applied.sql");
const RECORD: &str = include_str!("../sql/record.sql");

/// Why a database cannot be brought to this version's schema.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// A newer Furrow made it.
    #[error(
        "database {database} has schema {found}, this Furrow knows {known}: run the newer Furrow \
         again, or name another database"
    )]
    Newer {
        /// The database.
        database: String,
        /// Its schema.
        found: u32,
        /// The newest that this version knows.
        known: u32,
    },
    /// What was applied under a number is not what stands under it now.
    #[error(
        "schema {number} of database {database} was made by a Furrow of another origin: name \
         another database"
    )]
    Different {
        /// The database.
        database: String,
        /// The number.
        number: u32,
    },
    /// The database is away, or refused.
    #[error("the database did not take {what}")]
    Database {
        /// The step.
        what: String,
        /// What it said.
        #[source]
        source: Cause,
    },
}

#[derive(Row, Deserialize)]
struct Applied {
    number: u32,
    hash: String,
}

/// The newest schema that this version knows.
#[must_use]
pub fn schema_version() -> u32 {
    MIGRATIONS
        .last()
        .expect("there is a first migration")
        .number
}

impl Store {
    /// Creates the database if there is none and brings its schema to
    /// [`schema_version`]. Needs the writer's rights.
    ///
    /// # Errors
    /// When the database is newer, of another origin, away, or refuses.
    pub async fn migrate(&self) -> Result<(), MigrateError> {
        let database = self.database.as_str();
        // A session in a database that does not exist yet is refused.
        let outside = self.client.clone().with_database("system");
        // The name is an identifier by its type; a parameter cannot stand here
        // together with an engine.
        let create = format!("CREATE DATABASE IF NOT EXISTS {database} ENGINE = Atomic");
        run(outside.query_raw(&create), || "the database".into()).await?;
        run(self.client.query_raw(LEDGER), || {
            "the ledger of migrations".into()
        })
        .await?;

        let applied = self
            .client
            .query_raw(APPLIED)
            .fetch_all::<Applied>()
            .await
            .map_err(|source| MigrateError::Database {
                what: "a look at its ledger".into(),
                source,
            })?;
        check(database, &applied)?;

        for migration in MIGRATIONS {
            if applied.iter().any(|a| a.number == migration.number) {
                continue;
            }
            for statement in statements(migration.sql) {
                run(self.client.query_raw(statement), || {
                    format!("migration {} ({})", migration.number, migration.name)
                })
                .await?;
            }
            let record = self
                .client
                .query_raw(RECORD)
                .param("number", migration.number)
                .param("name", migration.name)
                .param("hash", hash(migration.sql));
            run(record, || {
                format!("the record of migration {}", migration.number)
            })
            .await?;
            tracing::info!(
                database,
                number = migration.number,
                name = migration.name,
                "migrated"
            );
        }
        self.client.clear_cached_metadata().await;
        Ok(())
    }
}

fn check(database: &str, applied: &[Applied]) -> Result<(), MigrateError> {
    let known = schema_version();
    if let Some(found) = applied
        .iter()
        .map(|a| a.number)
        .max()
        .filter(|found| *found > known)
    {
        return Err(MigrateError::Newer {
            database: database.to_owned(),
            found,
            known,
        });
    }
    for migration in MIGRATIONS {
        let expected = hash(migration.sql);
        if applied
            .iter()
            .any(|a| a.number == migration.number && a.hash != expected)
        {
            let number = migration.number;
            return Err(MigrateError::Different {
                database: database.to_owned(),
                number,
            });
        }
    }
    Ok(())
}

async fn run(
    query: clickhouse::query::Query,
    what: impl FnOnce() -> String,
) -> Result<(), MigrateError> {
    query
        .execute()
        .await
        .map_err(|source| MigrateError::Database {
            what: what(),
            source,
        })
}

/// The statements of a file; each ends with a semicolon at the end of a line.
fn statements(sql: &str) -> impl Iterator<Item = &str> {
    sql.split(";\n")
        .map(str::trim)
        .filter(|s| s.lines().any(|l| !l.is_empty() && !l.starts_with("--")))
}

fn hash(sql: &str) -> String {
    Sha256::digest(sql)
        .iter()
        .fold(String::with_capacity(64), |mut text, byte| {
            write!(text, "{byte:02x}").expect("a string takes everything");
            text
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn migrations_are_numbered_from_one_without_gaps() {
        for (expected, migration) in (1..).zip(MIGRATIONS) {
            assert_eq!(migration.number, expected, "{}", migration.name);
        }
    }

    #[test]
    fn every_statement_of_a_migration_can_be_repeated() {
        for migration in MIGRATIONS {
            for statement in statements(migration.sql) {
                let words = statement
                    .lines()
                    .find(|l| !l.starts_with("--"))
                    .unwrap_or_default();
                let words = if words.is_empty() { statement } else { words };
                assert!(
                    statement.contains("IF NOT EXISTS") || statement.contains("OR REPLACE"),
                    "{words}"
                );
            }
        }
    }

    #[test]
    fn a_comment_alone_is_no_statement() {
        let sql = "-- a\nSELECT 1;\n\n-- b\n";
        assert_eq!(statements(sql).collect::<Vec<_>>(), ["-- a\nSELECT 1"]);
    }
}
