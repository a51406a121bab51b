//! One role of Furrow in a process of its own.

use crate::furrow::bare_command;
use crate::http::{request, sum_of_metric};
use furrow_test_broker::{Watched, free_port};
use rustix::process::Signal;
use std::fmt;
use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::time::Duration;

/// How long an orderly end may take: roles drain for ten seconds each way.
const END_MAX: Duration = Duration::from_secs(60);

/// `furrow gateway`, `furrow scorer` or `furrow sink`.
#[derive(Debug)]
pub(crate) struct Role {
    /// Of the sub-command.
    name: &'static str,
    number: usize,
    folder: PathBuf,
    variables: Vec<(String, String)>,
    listen: SocketAddr,
    observe: SocketAddr,
    running: Option<Watched>,
    /// Ends that nobody brought about, with what was said last.
    pub(crate) own_ends: Vec<String>,
}

impl Role {
    /// One that is not yet started, on ports of its own. Its output goes to `folder`.
    pub(crate) fn new(
        name: &'static str,
        number: usize,
        folder: &Path,
        variables: &[(String, String)],
    ) -> Role {
        let (listen, observe) = (free_port(), free_port());
        let mut variables = variables.to_vec();
        for (setting, address) in [("GATEWAY", listen), ("OBSERVE", observe)] {
            variables.push((format!("FURROW__{setting}__LISTEN"), address.to_string()));
        }
        Role {
            name,
            number,
            folder: folder.to_owned(),
            variables,
            listen,
            observe,
            running: None,
            own_ends: Vec::new(),
        }
    }

    /// Where a gateway takes batches.
    pub(crate) fn listen(&self) -> SocketAddr {
        self.listen
    }

    /// Starts it without waiting.
    ///
    /// # Panics
    /// When it runs.
    pub(crate) fn launch(&mut self) {
        assert!(self.running.is_none(), "{} runs", self.name);
        let stderr = File::options()
            .create(true)
            .append(true)
            .open(self.stderr_path())
            .expect("a file in an own folder can be opened");
        let stdout = stderr.try_clone().expect("an open file can be had twice");
        let mut command = command(self.name, &self.folder, &self.variables);
        command.stdout(stdout).stderr(stderr);
        let running = Watched::spawn(&mut command).expect("the binary can be started");
        self.running = Some(running);
    }

    /// Starts it again if it ended by itself, as whoever runs services does.
    pub(crate) fn look_after(&mut self) {
        let Some(running) = &mut self.running else {
            return;
        };
        let Some(status) = running.ended() else {
            return;
        };
        let stderr = self.stderr();
        let last = stderr.lines().last().unwrap_or_default();
        self.own_ends.push(format!("{self}: {status}: {last}"));
        self.running = None;
        self.launch();
    }

    /// `kill -9`, also of one that stands still.
    pub(crate) fn kill(&mut self) {
        if let Some(running) = self.running.take() {
            running.kill();
        }
    }

    /// SIGTERM, and waits for the end; `None` when it had to be killed.
    pub(crate) fn stop(&mut self) -> Option<ExitStatus> {
        self.running.take()?.end(END_MAX)
    }

    /// Stops it in its tracks.
    pub(crate) fn freeze(&self) {
        self.signal(Signal::STOP);
    }

    /// Lets it go on.
    pub(crate) fn thaw(&self) {
        self.signal(Signal::CONT);
    }

    fn signal(&self, signal: Signal) {
        if let Some(running) = &self.running {
            running.signal(signal);
        }
    }

    /// Whether it does its work.
    pub(crate) fn is_ready(&self) -> bool {
        request(self.observe, "GET", "/readyz", &[], b"").is_ok_and(|answer| answer.status == 200)
    }

    /// The sum of all samples of a metric; `None` while it has none, or nobody answers.
    pub(crate) fn metric(&self, name: &str) -> Option<f64> {
        sum_of_metric(self.observe, name)
    }

    /// What all its processes wrote.
    pub(crate) fn stderr(&self) -> String {
        fs::read(self.stderr_path())
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
            .unwrap_or_default()
    }

    fn stderr_path(&self) -> PathBuf {
        self.folder
            .join(format!("{}-{}.log", self.name, self.number + 1))
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.name, self.number + 1)
    }
}

/// A sub-command with these settings and no others.
pub(crate) fn command(name: &str, folder: &Path, variables: &[(String, String)]) -> Command {
    let mut command = bare_command();
    command
        .envs(variables.iter().map(|(name, value)| (name, value)))
        .arg(name)
        .arg("--data")
        .arg(folder.join("data"));
    command
}
