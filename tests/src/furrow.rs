//! The real binary, started on a folder and ports of its own.

use crate::http::{Answer, request, sum_of_metric};
use crate::place;
use crate::ports::Ports;
use crate::process::{children, is_running};
use crate::wait::until;
use furrow_store::Store;
use furrow_store::engine::{self, Account};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// How long a start may take, a replay of a test's log included.
const START_MAX: Duration = Duration::from_secs(60);
/// How long an orderly end may take.
const END_MAX: Duration = Duration::from_secs(40);
/// How long an engine may outlive its parent.
const ENGINE_END_MAX: Duration = Duration::from_secs(10);
/// How often other ports are tried.
const PORT_TRIES: u32 = 5;
/// How long what was sent may take to its rows.
const STORE_MAX: Duration = Duration::from_secs(60);
/// How much of its standard error a failed test shows.
const SHOWN_BYTES_MAX: usize = 16 << 10;

/// How it is to be started.
#[derive(Debug, Clone, Default)]
pub struct Options {
    demo: bool,
    variables: BTreeMap<String, String>,
}

impl Options {
    /// With the demo shop and its visitors.
    #[must_use]
    pub fn demo(mut self) -> Options {
        self.demo = true;
        self
    }

    /// With one setting, such as `set("FURROW__LOG__PARTITIONS", "2")`.
    #[must_use]
    pub fn set(mut self, variable: &str, value: &str) -> Options {
        self.variables.insert(variable.into(), value.into());
        self
    }

    /// Starts it on a fresh folder and waits until it is ready.
    ///
    /// # Panics
    /// When it does not become ready.
    #[must_use]
    pub fn start(self) -> Furrow {
        let mut furrow = Furrow {
            root: tempfile::tempdir().expect("a temporary folder can be made"),
            ports: Ports::free(),
            options: self,
            child: None,
        };
        for _ in 1..PORT_TRIES {
            match furrow.try_start() {
                Ok(()) => return furrow,
                Err(Refused { stderr, .. }) if stderr.contains("already taken") => {
                    furrow.ports = Ports::free();
                }
                Err(refused) => panic!("furrow ended at its start: {refused:?}"),
            }
        }
        furrow.start_again();
        furrow
    }
}

/// It ended instead of becoming ready.
#[derive(Debug)]
pub struct Refused {
    /// How.
    pub status: ExitStatus,
    /// What this start wrote to standard error.
    pub stderr: String,
}

/// `furrow up` on a folder of its own. It is killed when this is dropped, and then the folder goes.
#[derive(Debug)]
pub struct Furrow {
    root: TempDir,
    ports: Ports,
    options: Options,
    child: Option<Child>,
}

impl Furrow {
    /// How to start one.
    #[must_use]
    pub fn options() -> Options {
        Options::default()
    }

    /// Starts `furrow up` on a fresh folder and free ports and waits until it is ready.
    ///
    /// # Panics
    /// When it does not become ready.
    #[must_use]
    pub fn start() -> Furrow {
        Options::default().start()
    }

    /// Where it listens.
    #[must_use]
    pub fn ports(&self) -> Ports {
        self.ports
    }

    /// Where batches are sent to, such as `http://127.0.0.1:20001`.
    #[must_use]
    pub fn ingest_url(&self) -> String {
        format!("http://{}", self.ports.gateway)
    }

    /// The dashboard, with its slash at the end.
    #[must_use]
    pub fn dashboard_url(&self) -> String {
        format!("http://{}/", self.ports.api)
    }

    /// The demo shop, with its slash at the end.
    #[must_use]
    pub fn shop_url(&self) -> String {
        format!("http://{}/", self.ports.demo)
    }

    /// The data folder.
    #[must_use]
    pub fn data(&self) -> PathBuf {
        self.root.path().join("data")
    }

    /// The process's number.
    ///
    /// # Panics
    /// When it is not running.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.as_ref().expect("furrow is running").id()
    }

    /// The number of the engine's process, while there is one.
    #[must_use]
    pub fn engine_pid(&self) -> Option<u32> {
        children(self.pid()).into_iter().next()
    }

    /// What it wrote to standard error since the first start.
    #[must_use]
    pub fn stderr(&self) -> String {
        read(&self.stderr_path())
    }

    /// What it wrote to standard output since the first start.
    #[must_use]
    pub fn stdout(&self) -> String {
        read(&self.root.path().join("stdout"))
    }

    /// The binary with this one's folder, ports and settings, to be given a sub-command.
    #[must_use]
    pub fn command(&self) -> Command {
        let mut command = bare_command();
        command
            .envs(self.ports.variables())
            .env("FURROW__ENGINE__PORT", "0")
            // Tests count what they send themselves, unless they ask for it.
            .env("FURROW__CANARY__EVERY_MS", "0")
            .envs(&self.options.variables)
            .arg("--data")
            .arg(self.data());
        command
    }

    /// Asks ClickHouse as the read-only user, by `furrow sql`: rows of values.
    ///
    /// # Panics
    /// When it does not answer.
    #[must_use]
    #[track_caller]
    pub fn sql(&self, query: &str) -> Vec<Vec<Value>> {
        match self.try_sql(query) {
            Ok(rows) => rows,
            Err(error) => panic!("{query}: {error}"),
        }
    }

    /// As [`Furrow::sql`], for a time in which ClickHouse may be away.
    ///
    /// # Errors
    /// What `furrow sql` wrote to standard error.
    pub fn try_sql(&self, query: &str) -> Result<Vec<Vec<Value>>, String> {
        let output = self.run(&["sql", query, "--format", "JSONCompactEachRow"]);
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned());
        }
        Ok(String::from_utf8_lossy(&output.stdout)
            .lines()
            .map(|line| serde_json::from_str(line).expect("a row is an array of JSON"))
            .collect())
    }

    /// Asks ClickHouse as the tables' owner: the answer's lines.
    ///
    /// # Panics
    /// When it does not answer.
    #[must_use]
    #[track_caller]
    pub fn owner_sql(&self, database: &str, query: &str) -> Vec<String> {
        let database = database.parse().expect("it is a database's name");
        let folder = self.data().join("clickhouse");
        let connection = engine::attach(&folder, Account::Writer, &database)
            .expect("an engine has run on the folder");
        let store = Store::connect(&connection).expect("the address is one of HTTP");
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime can be made");
        let answer = runtime.block_on(async {
            let output = store.sql(query, "JSONEachRow")?;
            output.collect().await
        });
        match answer {
            Ok(bytes) => String::from_utf8_lossy(&bytes)
                .lines()
                .map(str::to_owned)
                .collect(),
            Err(error) => panic!("{query}: {error:?}"),
        }
    }

    /// The one number that a query answers.
    ///
    /// # Panics
    /// When it answers anything else.
    #[must_use]
    #[track_caller]
    pub fn number(&self, query: &str) -> u64 {
        let rows = self.sql(query);
        match rows.as_slice() {
            [row] if row.len() == 1 => row[0].as_u64(),
            _ => None,
        }
        .unwrap_or_else(|| panic!("{query} answers no single number: {rows:?}"))
    }

    /// Runs another sub-command on the same folder to its end.
    ///
    /// # Panics
    /// When it cannot be started.
    #[must_use]
    pub fn run(&self, arguments: &[&str]) -> Output {
        run(self.command(), arguments)
    }

    /// Waits until all that was sent has its rows: so many batches count in sessions, so many are
    /// archived, and nothing is on its way.
    ///
    /// # Panics
    /// When it does not come about within a bound.
    #[track_caller]
    pub fn until_stored(&self, scored: u64, archived: u64) {
        const COUNTS: &str = "SELECT (SELECT sum(batches) FROM v_sessions), \
            (SELECT count() FROM v_batches)";
        let began = Instant::now();
        let mut seen;
        loop {
            match self.try_sql(COUNTS) {
                Ok(rows) => {
                    let lag = ["scorer", "sink"].map(|role| {
                        self.try_metric(&format!("furrow_lag_records{{role=\"{role}\"}}"))
                    });
                    if rows == [[Value::from(scored), Value::from(archived)]]
                        && lag == [Some(0.0); 2]
                    {
                        return;
                    }
                    seen = format!("scored and archived {rows:?}, lags {lag:?}");
                }
                Err(error) => seen = error,
            }
            assert!(
                began.elapsed() < STORE_MAX,
                "{scored} scored and {archived} archived are expected: {seen}"
            );
        }
    }

    /// One GET on the observe port.
    ///
    /// # Errors
    /// When nobody answers.
    pub fn observe(&self, path: &str) -> std::io::Result<Answer> {
        request(self.ports.observe, "GET", path, &[], b"")
    }

    /// One GET on the api's port.
    ///
    /// # Errors
    /// When nobody answers.
    pub fn api(&self, path: &str) -> std::io::Result<Answer> {
        request(self.ports.api, "GET", path, &[], b"")
    }

    /// The sum of the samples of a metric, such as `furrow_sink_rows_total`, or of those that have
    /// a label, such as `furrow_lag_records{role="sink"}`.
    ///
    /// # Panics
    /// When nobody answers, or there is no such metric.
    #[must_use]
    #[track_caller]
    pub fn metric(&self, name: &str) -> f64 {
        self.try_metric(name)
            .unwrap_or_else(|| panic!("no metric {name}"))
    }

    /// As [`Furrow::metric`], for a time in which it may not be told yet.
    #[must_use]
    pub fn try_metric(&self, name: &str) -> Option<f64> {
        sum_of_metric(self.ports.observe, name)
    }

    /// Sends a signal.
    ///
    /// # Panics
    /// When it is not running.
    pub fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.pid()).expect("a process's number fits");
        let pid = Pid::from_raw(pid).expect("a process's number is not 0");
        kill_process(pid, signal).expect("a child that was not waited for takes signals");
    }

    /// `kill -9`, and waits until it is gone.
    ///
    /// # Panics
    /// When it is not running, or has ended by itself.
    pub fn kill(&mut self) {
        let child = self.child.as_mut().expect("furrow is running");
        let ended = child.try_wait().expect("an own child can be waited for");
        assert!(ended.is_none(), "furrow ended by itself: {ended:?}");
        let mut child = self.child.take().expect("furrow is running");
        child.kill().expect("an own child can be killed");
        child.wait().expect("an own child can be waited for");
    }

    /// SIGTERM, and waits until it has ended.
    ///
    /// # Panics
    /// When it is not running, or does not end within a bound.
    pub fn stop(&mut self) -> ExitStatus {
        self.end_by(Signal::TERM)
    }

    /// A signal, and waits until it has ended.
    ///
    /// # Panics
    /// When it is not running, or does not end within a bound.
    pub fn end_by(&mut self, signal: Signal) -> ExitStatus {
        self.signal(signal);
        let child = self.child.as_mut().expect("furrow is running");
        let status = until("furrow ends after a signal", END_MAX, || {
            child.try_wait().expect("an own child can be waited for")
        });
        self.child = None;
        status
    }

    /// Starts it again on the same folder and ports, and waits until it is ready.
    ///
    /// # Panics
    /// When it does not become ready, or is running.
    pub fn start_again(&mut self) {
        if let Err(refused) = self.try_start() {
            panic!("furrow ended at its start: {refused:?}");
        }
    }

    /// Starts it again without waiting.
    ///
    /// # Panics
    /// When it is running.
    pub fn launch(&mut self) {
        assert!(self.child.is_none(), "furrow is running");
        let open = |name| {
            File::options()
                .create(true)
                .append(true)
                .open(self.root.path().join(name))
                .expect("a file in an own folder can be opened")
        };
        let mut command = self.command();
        command
            .arg("up")
            .args(self.options.demo.then_some("--demo"));
        let child = command
            .stdin(Stdio::null())
            .stdout(open("stdout"))
            .stderr(open("stderr"))
            .spawn()
            .expect("the binary can be started");
        self.child = Some(child);
    }

    /// With one setting changed at its next start.
    pub fn set(&mut self, variable: &str, value: &str) {
        self.options.variables.insert(variable.into(), value.into());
    }

    /// Starts it, and waits until it is ready or has ended.
    ///
    /// # Errors
    /// When it ended.
    ///
    /// # Panics
    /// When it is running, or is neither ready nor ended within a bound.
    pub fn try_start(&mut self) -> Result<(), Refused> {
        let written = self.stderr().len();
        self.launch();
        self.outcome(written)
    }

    /// Waits until one that was launched is ready.
    ///
    /// # Panics
    /// When it does not become ready within a bound.
    pub fn until_ready(&mut self) {
        if let Err(refused) = self.outcome(0) {
            panic!("furrow ended at its start: {refused:?}");
        }
    }

    fn outcome(&mut self, written: usize) -> Result<(), Refused> {
        let outcome = until("furrow is ready", START_MAX, || {
            let child = self.child.as_mut().expect("it was launched");
            if let Some(status) = child.try_wait().expect("an own child can be waited for") {
                return Some(Err(status));
            }
            let answer = self.observe("/readyz").ok()?;
            (answer.status == 200).then_some(Ok(()))
        });
        outcome.map_err(|status| {
            self.child = None;
            let stderr = self.stderr().get(written..).unwrap_or_default().to_owned();
            Refused { status, stderr }
        })
    }

    fn stderr_path(&self) -> PathBuf {
        self.root.path().join("stderr")
    }
}

impl Drop for Furrow {
    fn drop(&mut self) {
        let engine = self
            .child
            .as_ref()
            .map(|child| children(child.id()))
            .unwrap_or_default();
        if let Some(mut child) = self.child.take() {
            // Both fail only for a child that has ended.
            let _ = child.kill();
            let _ = child.wait();
        }
        if std::thread::panicking() {
            show(&self.stderr());
            show(&read(&self.data().join("clickhouse/engine.log")));
        }
        // Its folder goes next.
        let gone = || engine.iter().all(|pid| !is_running(*pid));
        let began = Instant::now();
        while !gone() && began.elapsed() < ENGINE_END_MAX {
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

/// The binary without any setting of this environment, to be given arguments.
#[must_use]
pub fn bare_command() -> Command {
    let mut command = Command::new(place::furrow());
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("FURROW__") {
            command.env_remove(name);
        }
    }
    command
}

/// Runs it with these arguments to its end, without input.
pub(crate) fn run(mut command: Command, arguments: &[&str]) -> Output {
    command
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .expect("the binary can be run")
}

fn read(path: &Path) -> String {
    fs::read(path)
        .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
        .unwrap_or_default()
}

#[allow(
    clippy::print_stderr,
    reason = "a failed test shows what the process said"
)]
fn show(text: &str) {
    let bytes = text.as_bytes();
    let from = bytes.len().saturating_sub(SHOWN_BYTES_MAX);
    eprintln!("{}", String::from_utf8_lossy(&bytes[from..]));
}
