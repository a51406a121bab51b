//! A ClickHouse server of its own, reached by its address.

use crate::place;
use furrow_store::Store;
use furrow_store::engine::{Account, Engine, EngineSettings, EngineState, START_TIMEOUT_DEFAULT};
use furrow_store::{Connection, Database};
use rustix::process::{Pid, Signal, kill_process};
use std::path::Path;
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};

/// The engine that the set-up fetches.
const LIBRARY: &str = "engine/26.7.3-stable.1/libchdb.so";
/// What it may take: brokers and roles stand beside it.
const MEMORY_BYTES_MAX: u64 = 2 << 30;
/// How long one question may take.
const ANSWER_MAX: Duration = Duration::from_secs(120);

/// The real engine, started again by its supervisor whenever it dies.
pub(crate) struct ClickHouse {
    runtime: Runtime,
    engine: Engine,
    frozen: Option<Pid>,
}

impl ClickHouse {
    /// Starts it on a folder, for these databases, and waits until it answers.
    pub(crate) fn start(folder: &Path, databases: &[&str]) -> ClickHouse {
        let runtime = Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime can be made");
        let settings = EngineSettings {
            library: place::cache().join(LIBRARY),
            data_dir: folder.to_owned(),
            program: place::furrow(),
            arguments: vec!["engine".into()],
            http_port: furrow_test_broker::free_port().port(),
            databases: databases.iter().copied().map(database).collect(),
            memory_bytes_max: MEMORY_BYTES_MAX,
            start_timeout: 3 * START_TIMEOUT_DEFAULT,
        };
        let engine = match runtime.block_on(Engine::start(settings)) {
            Ok(engine) => engine,
            Err(error) => panic!("ClickHouse does not start: {error}"),
        };
        ClickHouse {
            runtime,
            engine,
            frozen: None,
        }
    }

    /// The settings with which roles find it.
    pub(crate) fn variables(&self) -> Vec<(String, String)> {
        let name = database("furrow");
        let [writer, reader] = [Account::Writer, Account::Reader]
            .map(|account| self.engine.connection(account, &name));
        [
            ("URL", writer.url.as_str()),
            ("WRITER", &writer.user),
            ("WRITER_PASSWORD", writer.password.reveal()),
            ("READER", &reader.user),
            ("READER_PASSWORD", reader.password.reveal()),
        ]
        .map(|(name, value)| (format!("FURROW__STORE__{name}"), value.to_owned()))
        .to_vec()
    }

    /// Whether it runs, frozen or not.
    pub(crate) fn is_up(&self) -> bool {
        self.pid().is_some()
    }

    /// `kill -9`; the supervisor starts it again.
    pub(crate) fn kill(&mut self) {
        self.frozen = None;
        self.signal(Signal::KILL);
    }

    /// Stops it in its tracks.
    pub(crate) fn freeze(&mut self) {
        self.frozen = self.pid();
        self.signal(Signal::STOP);
    }

    /// Lets it go on.
    pub(crate) fn thaw(&mut self) {
        // The one that was frozen, not one that was started since.
        if self.frozen.take() == self.pid() {
            self.signal(Signal::CONT);
        }
    }

    fn signal(&self, signal: Signal) {
        if let Some(pid) = self.pid() {
            // It fails only for one that died at this moment.
            let _ = kill_process(pid, signal);
        }
    }

    fn pid(&self) -> Option<Pid> {
        match &*self.engine.state().borrow() {
            EngineState::Up { pid } => Pid::from_raw(i32::try_from(*pid).ok()?),
            EngineState::Starting | EngineState::Down { .. } | EngineState::Ended => None,
        }
    }

    /// Asks as the tables' owner: the answer's lines, each an object of JSON.
    ///
    /// # Errors
    /// What the server, or the way to it, says.
    pub(crate) fn ask(&self, name: &str, query: &str) -> Result<Vec<String>, String> {
        let connection: Connection = self.engine.connection(Account::Writer, &database(name));
        let answer = self.runtime.block_on(async {
            let store = Store::connect(&connection).expect("the address is one of HTTP");
            let all = async {
                let output = store.sql(query, "JSONEachRow").map_err(|e| e.to_string())?;
                output.collect().await.map_err(|e| format!("{e:?}"))
            };
            let bounded = tokio::time::timeout(ANSWER_MAX, all).await;
            bounded.unwrap_or_else(|_| Err("no answer".into()))
        })?;
        let text = String::from_utf8_lossy(&answer);
        Ok(text.lines().map(str::to_owned).collect())
    }
}

fn database(name: &str) -> Database {
    name.parse().expect("it is a database's name")
}
