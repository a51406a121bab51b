//! The engine's configuration, users and passwords.

use super::{EngineError, EngineSettings};
use crate::store::{Connection, Database, Password};
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

const CONFIG: &str = include_str!("config.xml");
const USERS: &str = include_str!("users.xml");
/// Who may do what in each database.
const WRITER_GRANTS: &str = "SHOW, SELECT, INSERT, ALTER, CREATE DATABASE, CREATE TABLE, \
    CREATE VIEW, DROP TABLE, DROP VIEW, TRUNCATE, OPTIMIZE";
const READER_GRANTS: &str = "SHOW, SELECT";
/// Random bytes of a password.
const PASSWORD_BYTES: usize = 32;

/// The engine's users.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Account {
    /// Makes the schema and inserts.
    Writer,
    /// Reads the views.
    Reader,
}

impl Account {
    fn user(self) -> &'static str {
        match self {
            Account::Writer => "furrow_writer",
            Account::Reader => "furrow_reader",
        }
    }
}

/// Where everything of one engine lies.
pub(super) struct Layout {
    dir: PathBuf,
}

impl Layout {
    pub(super) fn new(data_dir: &Path) -> Result<Layout, EngineError> {
        // It holds passwords and people's sessions.
        let mut private = fs::DirBuilder::new();
        private.recursive(true).mode(0o700);
        private.create(data_dir).map_err(at(data_dir))?;
        let dir = fs::canonicalize(data_dir).map_err(at(data_dir))?;
        private.create(dir.join("data")).map_err(at(&dir))?;
        Ok(Layout { dir })
    }

    pub(super) fn data(&self) -> PathBuf {
        self.dir.join("data")
    }

    /// The supervisor holds a lock on this file as long as it lives.
    pub(super) fn claim(&self) -> PathBuf {
        self.dir.join("lock")
    }

    /// The engine holds a lock on this file as long as it lives.
    pub(super) fn lock(&self) -> PathBuf {
        self.dir.join("data/status")
    }

    pub(super) fn config(&self) -> PathBuf {
        self.dir.join("config.xml")
    }

    fn users(&self) -> PathBuf {
        self.dir.join("users.xml")
    }

    /// What the engine logs; it keeps this file small itself.
    pub(super) fn log(&self) -> PathBuf {
        self.dir.join("engine.log")
    }

    /// What the child writes besides: why it did not start, or crashed.
    pub(super) fn output(&self) -> PathBuf {
        self.dir.join("engine.out")
    }

    fn endpoint(&self) -> PathBuf {
        endpoint_path(&self.dir)
    }
}

fn endpoint_path(dir: &Path) -> PathBuf {
    dir.join("endpoint")
}

/// Where an engine listens, and the passwords of its users.
#[derive(Clone)]
pub(super) struct Endpoint {
    pub(super) http_port: u16,
    writer: Password,
    reader: Password,
}

impl Endpoint {
    pub(super) fn connection(&self, account: Account, database: &Database) -> Connection {
        Connection {
            url: format!("http://127.0.0.1:{}", self.http_port),
            user: account.user().to_owned(),
            password: self.password(account).clone(),
            database: database.clone(),
        }
    }

    fn password(&self, account: Account) -> &Password {
        match account {
            Account::Writer => &self.writer,
            Account::Reader => &self.reader,
        }
    }

    fn to_text(&self) -> String {
        let (writer, reader) = (self.writer.reveal(), self.reader.reveal());
        format!(
            "http_port {}\nwriter {writer}\nreader {reader}\n",
            self.http_port
        )
    }

    fn from_text(text: &str) -> Option<Endpoint> {
        let value = |name: &str| {
            text.lines()
                .filter_map(|l| l.split_once(' '))
                .find(|(n, _)| *n == name)
                .map(|(_, v)| v)
        };
        Some(Endpoint {
            http_port: value("http_port")?.parse().ok()?,
            writer: Password::new(value("writer")?),
            reader: Password::new(value("reader")?),
        })
    }
}

/// Why no engine's address can be found.
#[derive(Debug, thiserror::Error)]
pub enum AttachError {
    /// No engine has ever run there.
    #[error("no engine has run on {}: start `furrow up` first", .0.display())]
    None(PathBuf),
    /// The file that names it cannot be read.
    #[error("{}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The file that names it is broken.
    #[error("{} does not say where the engine is: end it, delete the file and start it again", .0.display())]
    Broken(PathBuf),
}

/// How to speak to the engine that another process runs, or ran last, on a
/// folder.
///
/// # Errors
/// When none has run there.
pub fn attach(
    data_dir: &Path,
    account: Account,
    database: &Database,
) -> Result<Connection, AttachError> {
    let path = endpoint_path(data_dir);
    let text = fs::read_to_string(&path).map_err(|source| match source.kind() {
        io::ErrorKind::NotFound => AttachError::None(data_dir.to_owned()),
        _ => AttachError::File {
            path: path.clone(),
            source,
        },
    })?;
    let endpoint = Endpoint::from_text(&text).ok_or(AttachError::Broken(path))?;
    Ok(endpoint.connection(account, database))
}

/// Writes everything that the child reads. The passwords of an earlier start
/// stay.
pub(super) fn write(
    settings: &EngineSettings,
    layout: &Layout,
    http_port: u16,
) -> Result<Endpoint, EngineError> {
    let path = layout.endpoint();
    let endpoint = match fs::read_to_string(&path) {
        Ok(text) => match Endpoint::from_text(&text) {
            Some(earlier) => Endpoint {
                http_port,
                ..earlier
            },
            None => new_endpoint(http_port)?,
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => new_endpoint(http_port)?,
        Err(error) => return Err(at(&path)(error)),
    };
    replace(&path, &endpoint.to_text())?;
    replace(&layout.config(), &config(settings, layout, http_port))?;
    replace(&layout.users(), &users(settings, &endpoint))?;
    Ok(endpoint)
}

fn config(settings: &EngineSettings, layout: &Layout, http_port: u16) -> String {
    CONFIG
        .replace("@HTTP_PORT@", &http_port.to_string())
        .replace("@MEMORY_BYTES_MAX@", &settings.memory_bytes_max.to_string())
        .replace("@LOG@", &escape(&layout.log().display().to_string()))
        .replace("@USERS@", &escape(&layout.users().display().to_string()))
}

fn users(settings: &EngineSettings, endpoint: &Endpoint) -> String {
    let (mut writer, mut reader) = (String::new(), String::new());
    for database in &settings.databases {
        grant(&mut writer, WRITER_GRANTS, &format!("{database}.*"));
        grant(&mut reader, READER_GRANTS, &format!("{database}.v_*"));
    }
    USERS
        .replace(
            "@MEMORY_BYTES_MAX@",
            &(settings.memory_bytes_max / 2).to_string(),
        )
        .replace("@WRITER_SHA256@", &sha256(endpoint.writer.reveal()))
        .replace("@READER_SHA256@", &sha256(endpoint.reader.reveal()))
        .replace("@WRITER_GRANTS@", writer.trim_start())
        .replace("@READER_GRANTS@", reader.trim_start())
}

fn grant(grants: &mut String, rights: &str, on: &str) {
    write!(grants, "\n        <query>GRANT {rights} ON {on}</query>")
        .expect("a string takes everything");
}

fn new_endpoint(http_port: u16) -> Result<Endpoint, EngineError> {
    Ok(Endpoint {
        http_port,
        writer: new_password()?,
        reader: new_password()?,
    })
}

fn new_password() -> Result<Password, EngineError> {
    let mut bytes = [0; PASSWORD_BYTES];
    getrandom::fill(&mut bytes).map_err(EngineError::Random)?;
    Ok(Password::new(&hex(&bytes)))
}

fn sha256(text: &str) -> String {
    hex(&Sha256::digest(text))
}

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            write!(text, "{byte:02x}").expect("a string takes everything");
            text
        })
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

/// Writes a file that only its owner may read, whole or not at all.
fn replace(path: &Path, text: &str) -> Result<(), EngineError> {
    let fresh = path.with_extension("new");
    let write = || {
        let mut file = fs::OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&fresh)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&fresh, path)
    };
    write().map_err(at(path))
}

pub(super) fn at(path: &Path) -> impl FnOnce(io::Error) -> EngineError {
    let path = path.to_owned();
    move |source| EngineError::File { path, source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_reads_back_as_written() {
        let endpoint = new_endpoint(4321).unwrap();
        let read = Endpoint::from_text(&endpoint.to_text()).unwrap();
        assert_eq!(read.http_port, 4321);
        assert!(read.writer == endpoint.writer && read.reader == endpoint.reader);
        assert_eq!(read.writer.reveal().len(), 64);
    }

    #[test]
    fn a_cut_endpoint_is_broken() {
        assert!(Endpoint::from_text("http_port 1\nwriter x\n").is_none());
    }
}
