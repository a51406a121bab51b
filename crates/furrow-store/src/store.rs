//! Where the database is, a handle to it, inserts and free SQL.

use crate::rows::{StoredRow, UnknownValue};
use bytes::Bytes;
use clickhouse::Client;
use clickhouse::error::Error as Cause;
use clickhouse::query::BytesCursor;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// How long sending one piece of an insert may take.
const INSERT_SEND_TIMEOUT: Duration = Duration::from_secs(30);
/// How long the server may take for an insert once it has all of it.
const INSERT_END_TIMEOUT: Duration = Duration::from_secs(120);
/// How long an insert may take in all.
const INSERT_TIMEOUT: Duration = Duration::from_secs(180);
/// How long an answer to one of our own queries may take.
const QUERY_TIMEOUT: Duration = Duration::from_secs(60);
/// How long a server that is there may take to say so.
const CHECK_TIMEOUT: Duration = Duration::from_secs(10);
/// Longest name of a database.
const DATABASE_BYTES_MAX: usize = 64;

/// The name of a database: a letter or an underscore, then letters, digits and
/// underscores.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Database(Box<str>);

impl Database {
    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Database {
    type Err = ConnectionError;

    fn from_str(name: &str) -> Result<Database, ConnectionError> {
        let mut bytes = name.bytes();
        let first = bytes
            .next()
            .is_some_and(|b| b.is_ascii_alphabetic() || b == b'_');
        let rest = bytes.all(|b| b.is_ascii_alphanumeric() || b == b'_');
        if first && rest && name.len() <= DATABASE_BYTES_MAX {
            Ok(Database(name.into()))
        } else {
            Err(ConnectionError::Database(name.to_owned()))
        }
    }
}

/// A password; it does not show itself.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(Box<str>);

impl Password {
    /// Keeps `password`.
    #[must_use]
    pub fn new(password: &str) -> Password {
        Password(password.into())
    }

    /// The password in the clear.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// Where a database is and as whom to speak to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection {
    /// The address of the HTTP interface, such as `http://127.0.0.1:8123`.
    pub url: String,
    /// The user.
    pub user: String,
    /// Their password.
    pub password: Password,
    /// The database.
    pub database: Database,
}

/// Why a connection cannot be described so.
#[derive(Debug, thiserror::Error)]
pub enum ConnectionError {
    /// The name of the database is not one.
    #[error(
        "{0:?} is no name of a database: a letter or underscore, then letters, digits and \
         underscores, 64 at most"
    )]
    Database(String),
    /// The address is not one.
    #[error("{0:?} is no address of a ClickHouse server; it looks like http://host:8123")]
    Url(String),
}

/// A handle to one database as one user. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    pub(crate) client: Client,
    pub(crate) database: Database,
}

impl Store {
    /// A handle; nothing is sent yet.
    ///
    /// # Errors
    /// When the address is not one of HTTP.
    pub fn connect(connection: &Connection) -> Result<Store, ConnectionError> {
        let host = connection.url.strip_prefix("http://").unwrap_or_default();
        if host.is_empty() || host.starts_with('/') {
            return Err(ConnectionError::Url(connection.url.clone()));
        }
        let client = Client::default()
            .with_url(&connection.url)
            .with_user(&connection.user)
            .with_password(connection.password.reveal())
            .with_database(connection.database.as_str())
            .with_product_info("furrow", env!("CARGO_PKG_VERSION"));
        Ok(Store {
            client,
            database: connection.database.clone(),
        })
    }

    /// The database that this speaks to.
    #[must_use]
    pub fn database(&self) -> &Database {
        &self.database
    }

    /// Whether the server answers this user.
    ///
    /// # Errors
    /// When it does not.
    pub async fn check(&self) -> Result<(), QueryError> {
        let one: u8 = within(CHECK_TIMEOUT, self.client.query("SELECT 1").fetch_one()).await?;
        debug_assert_eq!(one, 1, "SELECT 1 selects 1");
        Ok(())
    }

    /// Inserts rows into their table. On success they are on disk. The same
    /// rows in the same order under the same token are taken once, within the
    /// table's window; other rows under a token that was used are lost, so a
    /// token must be made of what makes its rows.
    ///
    /// # Errors
    /// [`InsertError::Retry`] when the same call may succeed later: nothing
    /// says whether rows were taken, so send all of them again.
    /// [`InsertError::Crash`] when it cannot.
    pub async fn insert<R: StoredRow>(&self, rows: &[R], token: &str) -> Result<(), InsertError> {
        if rows.is_empty() {
            return Ok(());
        }
        within(INSERT_TIMEOUT, self.send(rows, token))
            .await
            .map_err(|source| classify(R::TABLE, source))
    }

    async fn send<R: StoredRow>(&self, rows: &[R], token: &str) -> Result<(), Cause> {
        let mut insert = self
            .client
            .insert::<R>(R::TABLE)
            .await?
            .with_timeouts(Some(INSERT_SEND_TIMEOUT), Some(INSERT_END_TIMEOUT))
            .with_setting("async_insert", "0")
            .with_setting("insert_deduplicate", "1")
            .with_setting("insert_deduplication_token", token);
        for row in rows {
            insert.write(row).await?;
        }
        insert.end().await
    }

    /// Runs one statement of anybody's SQL and gives the answer as bytes.
    /// `format` is ClickHouse's name of one, such as `TSVWithNames`; a FORMAT
    /// clause in the statement wins.
    ///
    /// # Errors
    /// When the statement is refused at once; what fails later comes from
    /// [`SqlOutput::next`].
    pub fn sql(&self, query: &str, format: &str) -> Result<SqlOutput, QueryError> {
        Ok(SqlOutput(self.client.query_raw(query).fetch_bytes(format)?))
    }
}

/// Bounds one of our own queries.
pub(crate) async fn answered<T>(
    query: impl Future<Output = Result<T, Cause>>,
) -> Result<T, QueryError> {
    Ok(within(QUERY_TIMEOUT, query).await?)
}

async fn within<T>(
    time: Duration,
    answer: impl Future<Output = Result<T, Cause>>,
) -> Result<T, Cause> {
    tokio::time::timeout(time, answer)
        .await
        .unwrap_or(Err(Cause::TimedOut))
}

/// The answer to a statement as it comes.
pub struct SqlOutput(BytesCursor);

impl SqlOutput {
    /// The next piece; `None` at the end.
    ///
    /// # Errors
    /// When the statement is refused or fails.
    pub async fn next(&mut self) -> Result<Option<Bytes>, QueryError> {
        Ok(self.0.next().await?)
    }

    /// The whole answer.
    ///
    /// # Errors
    /// When the statement is refused or fails.
    pub async fn collect(mut self) -> Result<Bytes, QueryError> {
        Ok(self.0.collect().await?)
    }
}

/// Why a query has no answer.
#[derive(Debug, thiserror::Error)]
pub enum QueryError {
    /// The server is away, or refused, or failed.
    #[error("the query was not answered")]
    Database(#[from] Cause),
    /// The answer holds what this version does not know.
    #[error("the database answered with an unknown value")]
    Unknown(#[from] UnknownValue),
}

impl QueryError {
    /// ClickHouse's number of the exception, if it is one.
    #[must_use]
    pub fn code(&self) -> Option<u32> {
        match self {
            QueryError::Database(cause) => exception_code(cause),
            QueryError::Unknown(_) => None,
        }
    }
}

/// Why rows were not inserted, by what must be done.
#[derive(Debug, thiserror::Error)]
pub enum InsertError {
    /// The database is away or overloaded: insert the same rows again later.
    #[error("the database did not take rows of {table} now")]
    Retry {
        /// The table.
        table: &'static str,
        /// What it said.
        #[source]
        source: Cause,
    },
    /// Schema, rights or rows are wrong: no repetition helps.
    #[error("the database refuses rows of {table}")]
    Crash {
        /// The table.
        table: &'static str,
        /// What it said.
        #[source]
        source: Cause,
    },
}

/// Exceptions that no repetition cures: wrong names, types, syntax, rights.
/// Every other one may pass: memory, disk space, too many parts, time, locks.
const LASTING_EXCEPTIONS: &[u32] = &[
    6,   // CANNOT_PARSE_TEXT
    8,   // THERE_IS_NO_COLUMN
    10,  // NOT_FOUND_COLUMN_IN_BLOCK
    16,  // NO_SUCH_COLUMN_IN_TABLE
    27,  // CANNOT_PARSE_INPUT_ASSERTION_FAILED
    36,  // BAD_ARGUMENTS
    43,  // ILLEGAL_TYPE_OF_ARGUMENT
    44,  // ILLEGAL_COLUMN
    46,  // UNKNOWN_FUNCTION
    47,  // UNKNOWN_IDENTIFIER
    48,  // NOT_IMPLEMENTED
    50,  // UNKNOWN_TYPE
    53,  // TYPE_MISMATCH
    60,  // UNKNOWN_TABLE
    62,  // SYNTAX_ERROR
    70,  // CANNOT_CONVERT_TYPE
    73,  // UNKNOWN_FORMAT
    81,  // UNKNOWN_DATABASE
    115, // UNKNOWN_SETTING
    117, // INCORRECT_DATA
    164, // READONLY
    192, // UNKNOWN_USER
    193, // WRONG_PASSWORD
    194, // REQUIRED_PASSWORD
    195, // IP_ADDRESS_NOT_ALLOWED
    242, // TABLE_IS_READ_ONLY
    452, // SETTING_CONSTRAINT_VIOLATION
    497, // ACCESS_DENIED
    516, // AUTHENTICATION_FAILED
];

fn classify(table: &'static str, source: Cause) -> InsertError {
    let lasting = match &source {
        Cause::BadResponse(_) => {
            exception_code(&source).is_some_and(|code| LASTING_EXCEPTIONS.contains(&code))
        }
        Cause::Network(_)
        | Cause::TimedOut
        | Cause::Compression(_)
        | Cause::Decompression(_)
        | Cause::NotEnoughData
        | Cause::Other(_) => false,
        // The crate's enum may grow; what it has besides says that row and
        // table do not fit.
        _ => true,
    };
    if lasting {
        InsertError::Crash { table, source }
    } else {
        InsertError::Retry { table, source }
    }
}

fn exception_code(cause: &Cause) -> Option<u32> {
    let Cause::BadResponse(text) = cause else {
        return None;
    };
    let digits = text.strip_prefix("Code: ")?;
    let end = digits
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(digits.len());
    digits[..end].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn remedy(text: &str) -> &'static str {
        match classify("sessions", Cause::BadResponse(text.into())) {
            InsertError::Retry { .. } => "retry",
            InsertError::Crash { .. } => "crash",
        }
    }

    #[test]
    fn exceptions_are_classified_by_what_must_be_done() {
        assert_eq!(
            remedy("Code: 241. DB::Exception: (MEMORY_LIMIT_EXCEEDED)"),
            "retry"
        );
        assert_eq!(
            remedy("Code: 252. DB::Exception: (TOO_MANY_PARTS)"),
            "retry"
        );
        assert_eq!(
            remedy("Code: 243. DB::Exception: (NOT_ENOUGH_SPACE)"),
            "retry"
        );
        assert_eq!(remedy("502 Bad Gateway"), "retry");
        assert_eq!(remedy("Code: 60. DB::Exception: (UNKNOWN_TABLE)"), "crash");
        assert_eq!(remedy("Code: 497. DB::Exception: (ACCESS_DENIED)"), "crash");
        assert_eq!(remedy("Code: 516"), "crash");
    }

    #[test]
    fn a_name_that_needs_quotes_is_no_database() {
        for name in ["", "1st", "a-b", "a.b", "a b", "a`", "ä"] {
            assert!(name.parse::<Database>().is_err(), "{name:?}");
        }
        for name in ["furrow", "_x", "furrow_2"] {
            assert!(name.parse::<Database>().is_ok(), "{name:?}");
        }
    }

    #[test]
    fn a_connection_does_not_show_its_password() {
        let connection = Connection {
            url: "http://127.0.0.1:1".into(),
            user: "u".into(),
            password: Password::new("geheim"),
            database: "furrow".parse().unwrap(),
        };
        assert!(!format!("{connection:?}").contains("geheim"));
    }
}
