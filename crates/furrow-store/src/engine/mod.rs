//! The embedded engine: a ClickHouse server on loopback in a process of its
//! own, started, watched and ended by this one.
//!
//! ```text
//! child       what runs inside that process; the one place with unsafe code
//! files       its configuration, users and passwords
//! supervisor  the thread that starts it, restarts it and ends it
//! ```
//!
//! The child ends when its standard input closes, so it cannot outlive its
//! parent however that ends.

mod child;
mod files;
mod supervisor;

pub use child::child_main;
pub use files::{Account, AttachError, attach};

use crate::store::{Connection, Database, Store};
use files::Endpoint;
use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::sync::mpsc;
use std::time::Duration;
use supervisor::Order;
use tokio::sync::{oneshot, watch};

/// How much memory an engine takes when nothing else is said.
pub const MEMORY_BYTES_MAX_DEFAULT: u64 = 2 << 30;
/// How long a start may take when nothing else is said.
pub const START_TIMEOUT_DEFAULT: Duration = Duration::from_secs(60);

/// What to start and where.
#[derive(Debug, Clone)]
pub struct EngineSettings {
    /// The engine library, `libchdb.so`.
    pub library: PathBuf,
    /// The folder that keeps the data; one engine at a time.
    pub data_dir: PathBuf,
    /// The program that calls [`child_main`].
    pub program: PathBuf,
    /// What makes it do so, before `--library FILE --data DIR --config FILE`.
    pub arguments: Vec<OsString>,
    /// The port of the HTTP interface; 0 picks a free one.
    pub http_port: u16,
    /// The databases in which the writer and the reader have rights.
    pub databases: Vec<Database>,
    /// What the engine may take in all.
    pub memory_bytes_max: u64,
    /// How long it may take to answer.
    pub start_timeout: Duration,
}

/// How the engine stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EngineState {
    /// It runs and does not answer yet.
    Starting,
    /// It answers.
    Up {
        /// The child's process.
        pid: u32,
    },
    /// It died or did not start; another attempt follows.
    Down {
        /// What is known of it.
        reason: String,
    },
    /// It was told to end and has ended.
    Ended,
}

/// Why an engine does not start.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// There is no library.
    #[error(
        "there is no engine library at {}: run `cargo xtask setup`, which fetches it, or name \
         another path with the setting engine.library (FURROW__ENGINE__LIBRARY)",
        .0.display()
    )]
    NoLibrary(PathBuf),
    /// Another engine has the folder.
    #[error("another process runs an engine on {}", .0.display())]
    InUse(PathBuf),
    /// Another program has the port.
    #[error(
        "port {port} for the engine is taken: end the program that has it, or name another port \
         with the setting engine.port (FURROW__ENGINE__PORT)"
    )]
    PortTaken {
        /// The port.
        port: u16,
    },
    /// A file cannot be read or written.
    #[error("{}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The system gives no random bytes.
    #[error("no random bytes for the engine's passwords")]
    Random(#[source] getrandom::Error),
    /// It ended, or did not answer in time.
    #[error("the engine did not start: {reason}\n{log}")]
    Failed {
        /// What happened.
        reason: String,
        /// The end of its log.
        log: String,
    },
    /// What answers on the port is not this engine.
    #[error("the engine does not know its own users; does another program answer on its port?")]
    Stranger(#[source] crate::store::QueryError),
}

/// A running engine. Dropping it kills the child; what was inserted is whole.
pub struct Engine {
    endpoint: Endpoint,
    orders: mpsc::Sender<Order>,
    state: watch::Receiver<EngineState>,
}

impl Engine {
    /// Starts an engine and waits until it answers its own users. A thread
    /// watches it from then on and starts it again when it dies.
    ///
    /// # Errors
    /// See [`EngineError`].
    pub async fn start(settings: EngineSettings) -> Result<Engine, EngineError> {
        let (orders, taken) = mpsc::channel();
        let (tell, state) = watch::channel(EngineState::Starting);
        let (first, started) = oneshot::channel();
        let path = settings.data_dir.clone();
        std::thread::Builder::new()
            .name("furrow-engine".into())
            .spawn(move || supervisor::run(&settings, &taken, &tell, first))
            .map_err(|source| EngineError::File { path, source })?;
        let endpoint = started
            .await
            .expect("the supervisor answers before it ends")?;
        let engine = Engine {
            endpoint,
            orders,
            state,
        };
        engine.recognise().await?;
        Ok(engine)
    }

    /// Whoever answers on the port must know the password.
    async fn recognise(&self) -> Result<(), EngineError> {
        let system: Database = "system".parse().expect("it is an identifier");
        let connection = self.connection(Account::Writer, &system);
        let store = Store::connect(&connection).expect("the address is one of HTTP");
        store.check().await.map_err(EngineError::Stranger)
    }

    /// How to speak to it.
    #[must_use]
    pub fn connection(&self, account: Account, database: &Database) -> Connection {
        self.endpoint.connection(account, database)
    }

    /// The port of its HTTP interface.
    #[must_use]
    pub fn http_port(&self) -> u16 {
        self.endpoint.http_port
    }

    /// How it stands, now and later.
    #[must_use]
    pub fn state(&self) -> watch::Receiver<EngineState> {
        self.state.clone()
    }

    /// Ends the child: asked first, killed when it does not.
    pub async fn shutdown(mut self) {
        // A supervisor that is gone has ended its child.
        if self.orders.send(Order::End).is_ok() {
            let _gone = self.state.wait_for(|s| *s == EngineState::Ended).await;
        }
    }
}
