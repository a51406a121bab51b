//! One broker.

use crate::folder::{Folder, Seat, identity, seats};
use crate::java::{self, Compiler};
use crate::watched::Watched;
use rustix::process::Signal;
use std::fs::{self, File};
use std::net::{SocketAddr, TcpStream};
use std::process::ExitStatus;
use std::time::{Duration, Instant};

/// How long a start may take, recovery of its data included: seconds, but many of them when other
/// tests have the processors.
const START_MAX: Duration = Duration::from_secs(180);
/// How long an orderly end may take.
const END_MAX: Duration = Duration::from_secs(60);
/// How long one attempt to connect may take.
const CONNECT_MAX: Duration = Duration::from_secs(1);
/// How often a broker that is being waited for is looked at.
const LOOK_INTERVAL: Duration = Duration::from_millis(50);
/// How often other ports are tried.
pub(crate) const PORT_TRIES: u32 = 5;
/// How much of its log a failed test shows.
const SHOWN_BYTES_MAX: usize = 16 << 10;

/// A broker on a folder and ports of its own. It is killed when this is dropped, and then the
/// folder goes.
#[derive(Debug)]
pub struct Broker {
    folder: Folder,
    seat: Seat,
    memory: &'static str,
    compiler: Compiler,
    running: Option<Watched>,
}

/// It ended instead of listening, or did not listen in time.
#[derive(Debug)]
pub(crate) struct NotUp {
    status: Option<ExitStatus>,
    log: String,
}

impl NotUp {
    /// Whether somebody else took one of its ports in the meantime.
    pub(crate) fn for_a_port(&self) -> bool {
        self.log.contains("Address already in use")
    }
}

impl std::fmt::Display for NotUp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.status {
            Some(status) => write!(f, "the broker ended ({status}):\n{}", self.log),
            None => write!(
                f,
                "the broker did not listen within {} s:\n{}",
                START_MAX.as_secs(),
                self.log
            ),
        }
    }
}

impl Broker {
    /// Starts a broker that is a cluster of its own and waits until it listens. Topics have one
    /// replica, and records the time at which they were appended.
    ///
    /// # Panics
    /// When it does not come up, or the set-up has not fetched it.
    #[must_use]
    pub fn start() -> Broker {
        Broker::start_with(&[])
    }

    /// As [`Broker::start`], with settings of `server.properties`.
    ///
    /// # Panics
    /// When it does not come up, or the set-up has not fetched it.
    #[must_use]
    pub fn start_with(settings: &[(&str, &str)]) -> Broker {
        Broker::start_on(Compiler::Quick, settings)
    }

    /// As [`Broker::start_with`], compiled so well.
    ///
    /// # Panics
    /// When it does not come up, or the set-up has not fetched it.
    #[must_use]
    pub fn start_on(compiler: Compiler, settings: &[(&str, &str)]) -> Broker {
        let mut tries = 1;
        loop {
            let seats = seats(1);
            let mut broker = Broker::new(&identity(), seats[0], &seats, "-Xmx512m", settings);
            broker.compiler = compiler;
            broker.launch();
            match broker.up() {
                Ok(()) => return broker,
                Err(reason) if reason.for_a_port() && tries < PORT_TRIES => tries += 1,
                Err(reason) => panic!("{reason}"),
            }
        }
    }

    pub(crate) fn new(
        identity: &str,
        own: Seat,
        all: &[Seat],
        memory: &'static str,
        settings: &[(&str, &str)],
    ) -> Broker {
        Broker {
            folder: Folder::new(identity, own, all, settings),
            seat: own,
            memory,
            compiler: Compiler::default(),
            running: None,
        }
    }

    /// Where clients connect to.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.seat.clients
    }

    /// The same, as clients want it.
    #[must_use]
    pub fn bootstrap(&self) -> String {
        self.seat.clients.to_string()
    }

    /// Its number in its cluster, from 1 on.
    #[must_use]
    pub fn number(&self) -> usize {
        self.seat.number
    }

    /// The process's number, while it runs.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        self.running.as_ref().map(Watched::pid)
    }

    /// What it has logged since its first start.
    #[must_use]
    pub fn log(&self) -> String {
        fs::read(self.folder.log())
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
            .unwrap_or_default()
    }

    /// Makes a topic with Kafka's own tool.
    ///
    /// # Panics
    /// When the broker refuses.
    #[track_caller]
    pub fn create_topic(&self, name: &str, partitions: u32, settings: &[(&str, &str)]) {
        let partitions = partitions.to_string();
        let bootstrap = self.bootstrap();
        let mut args = vec![
            "--bootstrap-server",
            &bootstrap,
            "--create",
            "--topic",
            name,
        ];
        args.extend(["--partitions", &partitions]);
        let settings: Vec<_> = settings
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        for setting in &settings {
            args.extend(["--config", setting]);
        }
        java::run("org.apache.kafka.tools.TopicCommand", &args);
    }

    /// Deletes a topic with Kafka's own tool.
    ///
    /// # Panics
    /// When the broker refuses.
    #[track_caller]
    pub fn delete_topic(&self, name: &str) {
        let bootstrap = self.bootstrap();
        let args = [
            "--bootstrap-server",
            &bootstrap,
            "--delete",
            "--topic",
            name,
        ];
        java::run("org.apache.kafka.tools.TopicCommand", &args);
    }

    /// `kill -9`, and waits until it is gone.
    ///
    /// # Panics
    /// When it is not running.
    #[track_caller]
    pub fn kill(&mut self) {
        self.running.take().expect("the broker is running").kill();
    }

    /// SIGTERM, and waits until it has ended in order.
    ///
    /// # Panics
    /// When it is not running, or does not end in time.
    #[track_caller]
    pub fn stop(&mut self) {
        let running = self.running.take().expect("the broker is running");
        if running.end(END_MAX).is_none() {
            panic!("the broker did not end in time:\n{}", tail(&self.log()));
        }
    }

    /// Stops it in its tracks: it keeps its connections and answers nothing.
    ///
    /// # Panics
    /// When it is not running.
    #[track_caller]
    pub fn freeze(&self) {
        self.signal(Signal::STOP);
    }

    /// Lets a frozen one go on.
    ///
    /// # Panics
    /// When it is not running.
    #[track_caller]
    pub fn thaw(&self) {
        self.signal(Signal::CONT);
    }

    #[track_caller]
    fn signal(&self, signal: Signal) {
        let running = self.running.as_ref().expect("the broker is running");
        running.signal(signal);
    }

    /// Starts it again on the same folder and ports, and waits until it listens.
    ///
    /// # Panics
    /// When it runs already, or does not come up.
    #[track_caller]
    pub fn start_again(&mut self) {
        self.launch();
        self.until_up();
    }

    /// Starts it without waiting.
    ///
    /// # Panics
    /// When it runs already.
    pub fn launch(&mut self) {
        assert!(self.running.is_none(), "the broker is running");
        let log = File::options()
            .create(true)
            .append(true)
            .open(self.folder.log())
            .expect("a file in an own folder can be opened");
        let errors = log.try_clone().expect("an open file can be opened twice");
        let mut command = java::program(self.compiler, &[self.memory], "kafka.Kafka");
        command
            .arg(self.folder.properties())
            .stdout(log)
            .stderr(errors);
        let running = Watched::spawn(&mut command).expect("Java was found and can be started");
        self.running = Some(running);
    }

    /// Whether it runs and takes connections.
    #[must_use]
    pub fn listens(&self) -> bool {
        self.running.is_some()
            && TcpStream::connect_timeout(&self.seat.clients, CONNECT_MAX).is_ok()
    }

    /// Waits until one that was launched listens.
    ///
    /// # Panics
    /// When it does not come up.
    #[track_caller]
    pub fn until_up(&mut self) {
        if let Err(reason) = self.up() {
            panic!("{reason}");
        }
    }

    /// Waits until it listens or has ended. It listens when it has caught up with the cluster.
    pub(crate) fn up(&mut self) -> Result<(), NotUp> {
        let began = Instant::now();
        let running = self.running.as_mut().expect("the broker was launched");
        let status = loop {
            if let Some(status) = running.ended() {
                break Some(status);
            }
            if TcpStream::connect_timeout(&self.seat.clients, CONNECT_MAX).is_ok() {
                return Ok(());
            }
            if began.elapsed() > START_MAX {
                break None;
            }
            std::thread::sleep(LOOK_INTERVAL);
        };
        self.running = None;
        Err(NotUp {
            status,
            log: tail(&self.log()),
        })
    }
}

impl Drop for Broker {
    #[allow(
        clippy::print_stderr,
        reason = "a failed test shows what the broker logged"
    )]
    fn drop(&mut self) {
        // Before its folder.
        drop(self.running.take());
        if std::thread::panicking() {
            eprintln!("broker {}:\n{}", self.number(), tail(&self.log()));
        }
    }
}

/// The end of a log.
fn tail(log: &str) -> String {
    let bytes = log.as_bytes();
    let from = bytes.len().saturating_sub(SHOWN_BYTES_MAX);
    String::from_utf8_lossy(&bytes[from..]).into_owned()
}
