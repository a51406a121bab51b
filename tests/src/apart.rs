//! Roles apart: each in a process of its own, on one configuration.

use crate::furrow::{bare_command, run};
use crate::http::{request, sum_of_metric};
use crate::wait::until;
use furrow_test_broker::{Watched, free_port};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Command, ExitStatus, Output, Stdio};
use std::time::Duration;
use tempfile::TempDir;

/// How long a start may take, joining a group included.
const START_MAX: Duration = Duration::from_secs(90);
/// How long an orderly end may take, without brokers as well.
const END_MAX: Duration = Duration::from_secs(60);

/// What all processes share: settings, and a folder for snapshots.
#[derive(Debug)]
pub struct Apart {
    folder: TempDir,
    variables: BTreeMap<String, String>,
}

impl Apart {
    /// On these settings, snapshots in a folder of its own.
    ///
    /// # Panics
    /// When no folder can be made.
    #[must_use]
    pub fn on(variables: impl IntoIterator<Item = (String, String)>) -> Apart {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let mut variables: BTreeMap<String, String> = variables.into_iter().collect();
        let snapshots = format!("file://{}", folder.path().join("snapshots").display());
        variables.insert("FURROW__SCORER__SNAPSHOTS".to_owned(), snapshots);
        Apart { folder, variables }
    }

    /// The folder of the snapshots.
    #[must_use]
    pub fn snapshots(&self) -> PathBuf {
        self.folder.path().join("snapshots")
    }

    /// With one setting changed for what is started from now on.
    pub fn set(&mut self, variable: &str, value: &str) {
        self.variables.insert(variable.into(), value.into());
    }

    /// Runs a sub-command to its end.
    ///
    /// # Panics
    /// When it cannot be started.
    #[must_use]
    pub fn run(&self, arguments: &[&str]) -> Output {
        run(self.command(), arguments)
    }

    /// Starts a role and waits until it is ready.
    ///
    /// # Panics
    /// When it does not become ready.
    #[must_use]
    pub fn start(&self, name: &'static str) -> Role {
        let mut role = self.launch(name);
        let observe = role.observe;
        until("the role is ready", START_MAX, || {
            if let Some(status) = role.ended() {
                panic!("{name} ended at its start, {status}: {}", role.stderr());
            }
            let answer = request(observe, "GET", "/readyz", &[], b"").ok()?;
            (answer.status == 200).then_some(())
        });
        role
    }

    /// Starts a role without waiting.
    ///
    /// # Panics
    /// When it cannot be started.
    #[must_use]
    pub fn launch(&self, name: &'static str) -> Role {
        let (address, observe) = (free_port(), free_port());
        let log = self
            .folder
            .path()
            .join(format!("{name}-{}", observe.port()));
        let mut command = self.command();
        command
            .env("FURROW__GATEWAY__LISTEN", address.to_string())
            .env("FURROW__API__LISTEN", address.to_string())
            .env("FURROW__OBSERVE__LISTEN", observe.to_string())
            .arg(name)
            .stdout(Stdio::null())
            .stderr(File::create(&log).expect("a folder of its own takes files"));
        let running = Watched::spawn(&mut command).expect("the binary can be started");
        Role {
            name,
            address,
            observe,
            log,
            running: Some(running),
        }
    }

    fn command(&self) -> Command {
        let mut command = bare_command();
        command
            .envs(&self.variables)
            .arg("--data")
            .arg(self.folder.path().join("data"));
        command
    }
}

/// One role's process. It is killed when this is dropped.
#[derive(Debug)]
pub struct Role {
    name: &'static str,
    /// Where it listens, if it is a gateway or an api.
    pub address: SocketAddr,
    /// Health, readiness and metrics.
    pub observe: SocketAddr,
    log: PathBuf,
    running: Option<Watched>,
}

impl Role {
    /// What it wrote to standard error.
    #[must_use]
    pub fn stderr(&self) -> String {
        let text = fs::read(&self.log).unwrap_or_default();
        String::from_utf8_lossy(&text).into_owned()
    }

    /// The process's number.
    ///
    /// # Panics
    /// When it is not running.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.running.as_ref().expect("the role is running").pid()
    }

    /// The sum of all samples of a metric, or of those with a label, such as
    /// `furrow_scorer_records{outcome="scored"}`; `None` while it has none, or nobody answers.
    #[must_use]
    pub fn metric(&self, name: &str) -> Option<f64> {
        sum_of_metric(self.observe, name)
    }

    /// How it ended, if it has by itself.
    ///
    /// # Panics
    /// Never: an own child can be waited for.
    #[must_use]
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.running.as_mut()?.ended()
    }

    /// Waits until it has ended by itself.
    ///
    /// # Panics
    /// When it does not.
    pub fn until_ended(&mut self) -> ExitStatus {
        until("the role ends", START_MAX, || self.ended())
    }

    /// `kill -9`, and waits until it is gone.
    ///
    /// # Panics
    /// When it is not running.
    pub fn kill(&mut self) {
        self.running.take().expect("the role is running").kill();
    }

    /// SIGTERM, and waits until it has ended.
    ///
    /// # Panics
    /// When it is not running, or does not end in time.
    pub fn end(&mut self) -> ExitStatus {
        let running = self.running.take().expect("the role is running");
        running.end(END_MAX).expect("the role ends after a signal")
    }

    /// SIGTERM, and waits until it has ended in order.
    ///
    /// # Panics
    /// When it is not running, does not end in time, or fails.
    pub fn stop(&mut self) {
        let status = self.end();
        assert!(
            status.success(),
            "{} {status}: {}",
            self.name,
            self.stderr()
        );
    }
}

impl Drop for Role {
    fn drop(&mut self) {
        if std::thread::panicking() {
            show(self.name, &self.stderr());
        }
    }
}

#[allow(
    clippy::print_stderr,
    reason = "a failed test shows what the process said"
)]
fn show(name: &str, text: &str) {
    const SHOWN_LINES_MAX: usize = 40;
    let lines: Vec<_> = text.lines().collect();
    let from = lines.len().saturating_sub(SHOWN_LINES_MAX);
    eprintln!("{name}:\n{}", lines[from..].join("\n"));
}
