//! The thread that starts the engine, starts it again when it dies, and ends
//! it. It lives as long as the engine.

use super::files::{self, Endpoint, Layout, at};
use super::{EngineError, EngineSettings, EngineState};
use rustix::process::{Pid, Signal, kill_process};
use std::fs::{self, File, TryLockError};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};
use tokio::sync::{oneshot, watch};

/// How often the child and its port are looked at.
const LOOK_INTERVAL: Duration = Duration::from_millis(50);
/// How long one look at the port may take.
const PING_TIMEOUT: Duration = Duration::from_millis(500);
/// An answer to a ping is shorter.
const PING_ANSWER_BYTES_MAX: u64 = 4096;
/// How long a free folder may look taken: a process that is being started by
/// another thread holds what this one has open until it runs its own program.
const CLAIM_TIMEOUT: Duration = Duration::from_secs(1);
/// How long an engine whose parent is gone may hold the folder.
const LOCK_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a child may take to end before it is killed.
const END_TIMEOUT: Duration = Duration::from_secs(15);
/// The pause before the first restart; it doubles with each that fails.
const RESTART_PAUSE_MIN: Duration = Duration::from_millis(100);
const RESTART_PAUSE_MAX: Duration = Duration::from_secs(10);
/// A file of output larger than this is put aside at a start.
const OUTPUT_BYTES_MAX: u64 = 16 << 20;
/// How much of the log an error shows.
const LOG_TAIL_BYTES: u64 = 4096;

/// What the supervisor is told. When nobody is left to tell it anything, it
/// kills the child.
pub(super) enum Order {
    /// End the child in order.
    End,
}

/// Why waiting stopped.
enum Stop {
    Asked,
    Abandoned,
}

/// How one life of the child went on.
enum Life {
    Died(ExitStatus),
    Stopped,
}

pub(super) fn run(
    settings: &EngineSettings,
    orders: &Receiver<Order>,
    state: &watch::Sender<EngineState>,
    first: oneshot::Sender<Result<Endpoint, EngineError>>,
) {
    let First {
        claim,
        layout,
        endpoint,
        child,
    } = match first_start(settings, orders) {
        Ok(started) => started,
        Err(error) => {
            // The caller may have gone away.
            let _ = first.send(Err(error));
            return;
        }
    };
    state.send_replace(EngineState::Up { pid: child.id() });
    // A caller that has gone away has dropped its orders, which ends the child.
    let _ = first.send(Ok(endpoint.clone()));
    let port = endpoint.http_port;
    let launch = Launch {
        settings,
        layout: &layout,
        port,
    };
    keep_alive(&launch, orders, state, child);
    // Whoever hears of the end may start anew.
    drop(claim);
    state.send_replace(EngineState::Ended);
}

/// What the first start leaves for the time after it.
struct First {
    /// Keeps every other supervisor off the folder.
    claim: File,
    layout: Layout,
    endpoint: Endpoint,
    child: Child,
}

fn first_start(settings: &EngineSettings, orders: &Receiver<Order>) -> Result<First, EngineError> {
    if !settings.library.is_file() {
        return Err(EngineError::NoLibrary(settings.library.clone()));
    }
    let layout = Layout::new(&settings.data_dir)?;
    let Some(claim) = claim(&layout.claim(), orders).map_err(at(&layout.claim()))? else {
        return Err(EngineError::InUse(settings.data_dir.clone()));
    };
    if !lock_is_free(&layout.lock(), orders).map_err(at(&layout.lock()))? {
        return Err(EngineError::InUse(settings.data_dir.clone()));
    }
    let port = free_port(settings.http_port)?;
    let endpoint = files::write(settings, &layout, port)?;
    let child = Launch {
        settings,
        layout: &layout,
        port,
    }
    .start(orders)?;
    Ok(First {
        claim,
        layout,
        endpoint,
        child,
    })
}

fn keep_alive(
    launch: &Launch<'_>,
    orders: &Receiver<Order>,
    state: &watch::Sender<EngineState>,
    mut child: Child,
) {
    let mut pause = RESTART_PAUSE_MIN;
    loop {
        let since = Instant::now();
        let status = match watch_over(&mut child, orders) {
            Life::Died(status) => status,
            Life::Stopped => return,
        };
        tracing::error!(%status, "engine died");
        state.send_replace(EngineState::Down {
            reason: format!("it ended with {status}"),
        });
        if since.elapsed() > RESTART_PAUSE_MAX {
            pause = RESTART_PAUSE_MIN;
        }
        child = loop {
            if wait(orders, pause).is_err() {
                return;
            }
            pause = (pause * 2).min(RESTART_PAUSE_MAX);
            let free = lock_is_free(&launch.layout.lock(), orders).unwrap_or(false);
            if !free {
                tracing::warn!("another process holds the engine's folder");
                continue;
            }
            state.send_replace(EngineState::Starting);
            match launch.start(orders) {
                Ok(child) => break child,
                Err(error) => {
                    tracing::error!(%error, "engine does not start again");
                    state.send_replace(EngineState::Down {
                        reason: error.to_string(),
                    });
                }
            }
        };
        tracing::info!(pid = child.id(), "engine restarted");
        state.send_replace(EngineState::Up { pid: child.id() });
    }
}

/// Waits for the child's death or an order to end it.
fn watch_over(child: &mut Child, orders: &Receiver<Order>) -> Life {
    loop {
        if let Ok(Some(status)) = child.try_wait() {
            return Life::Died(status);
        }
        match wait(orders, LOOK_INTERVAL) {
            Ok(()) => {}
            Err(Stop::Asked) => {
                end(child);
                return Life::Stopped;
            }
            Err(Stop::Abandoned) => {
                kill(child);
                return Life::Stopped;
            }
        }
    }
}

/// What every start needs.
struct Launch<'a> {
    settings: &'a EngineSettings,
    layout: &'a Layout,
    port: u16,
}

impl Launch<'_> {
    /// Starts a child and waits until it answers.
    fn start(&self, orders: &Receiver<Order>) -> Result<Child, EngineError> {
        let (output, log) = (self.layout.output(), self.layout.log());
        let out = open_output(&output).map_err(at(&output))?;
        let (output_from, log_from) = (length(&output), length(&log));
        let failed = |reason: String| EngineError::Failed {
            reason,
            log: tail(&output, output_from) + &tail(&log, log_from),
        };
        let mut child = self.spawn(out).map_err(at(&self.settings.program))?;

        let started = Instant::now();
        loop {
            if let Ok(Some(status)) = child.try_wait() {
                return Err(failed(format!("it ended with {status}")));
            }
            if answers(self.port) {
                return Ok(child);
            }
            if started.elapsed() > self.settings.start_timeout {
                kill(&mut child);
                let seconds = self.settings.start_timeout.as_secs();
                return Err(failed(format!("it did not answer within {seconds} s")));
            }
            if wait(orders, LOOK_INTERVAL).is_err() {
                kill(&mut child);
                return Err(failed("it was told to end".into()));
            }
        }
    }

    fn spawn(&self, output: File) -> io::Result<Child> {
        Command::new(&self.settings.program)
            .args(&self.settings.arguments)
            .arg("--library")
            .arg(fs::canonicalize(&self.settings.library)?)
            .arg("--data")
            .arg(self.layout.data())
            .arg("--config")
            .arg(self.layout.config())
            // The child ends when this pipe closes, which it does with us.
            .stdin(Stdio::piped())
            .stdout(output.try_clone()?)
            .stderr(output)
            // A Ctrl-C in the terminal is for us; we end the child last.
            .process_group(0)
            .spawn()
    }
}

fn end(child: &mut Child) {
    let pid = Pid::from_child(child);
    // The child has not been waited for, so its number is still its own.
    let _ = kill_process(pid, Signal::TERM);
    let asked = Instant::now();
    while asked.elapsed() < END_TIMEOUT {
        if let Ok(Some(_)) = child.try_wait() {
            return;
        }
        std::thread::sleep(LOOK_INTERVAL);
    }
    tracing::warn!("engine did not end in time and is killed");
    kill(child);
}

fn kill(child: &mut Child) {
    // Both fail only for a child that has ended.
    let _ = child.kill();
    let _ = child.wait();
}

fn wait(orders: &Receiver<Order>, time: Duration) -> Result<(), Stop> {
    match orders.recv_timeout(time) {
        Ok(Order::End) => Err(Stop::Asked),
        Err(RecvTimeoutError::Timeout) => Ok(()),
        Err(RecvTimeoutError::Disconnected) => Err(Stop::Abandoned),
    }
}

/// Takes the supervisor's lock. None when another supervisor keeps it.
fn claim(path: &Path, orders: &Receiver<Order>) -> io::Result<Option<File>> {
    let file = File::options().create(true).append(true).open(path)?;
    Ok(locked(&file, CLAIM_TIMEOUT, orders)?.then_some(file))
}

/// Waits for the engine of a parent that is gone to leave the folder.
fn lock_is_free(path: &Path, orders: &Receiver<Order>) -> io::Result<bool> {
    match File::open(path) {
        Ok(file) => locked(&file, LOCK_TIMEOUT, orders),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
        Err(error) => Err(error),
    }
}

/// Locks a file, which stays locked until it is closed; false when that does
/// not come about in time.
fn locked(file: &File, time: Duration, orders: &Receiver<Order>) -> io::Result<bool> {
    let began = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(true),
            Err(TryLockError::Error(error)) => return Err(error),
            Err(TryLockError::WouldBlock) if began.elapsed() > time => return Ok(false),
            Err(TryLockError::WouldBlock) => {}
        }
        if wait(orders, LOOK_INTERVAL).is_err() {
            return Ok(false);
        }
    }
}

fn free_port(port: u16) -> Result<u16, EngineError> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port))
        .and_then(|listener| listener.local_addr())
        .map(|address| address.port())
        .map_err(|_| EngineError::PortTaken { port })
}

/// Whether something on the port answers a ping as ClickHouse does.
fn answers(port: u16) -> bool {
    let ping = || -> io::Result<bool> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let mut stream = TcpStream::connect_timeout(&address, PING_TIMEOUT)?;
        stream.set_read_timeout(Some(PING_TIMEOUT))?;
        stream.write_all(b"GET /ping HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")?;
        // To leave before the end of the answer would be an error in its log.
        let mut answer = Vec::new();
        let mut stream = stream.take(PING_ANSWER_BYTES_MAX);
        let mut piece = [0; 512];
        while !answer.ends_with(b"Ok.\n") {
            match stream.read(&mut piece)? {
                0 => return Ok(false),
                length => answer.extend_from_slice(&piece[..length]),
            }
        }
        Ok(answer.starts_with(b"HTTP/1.1 200 OK"))
    };
    ping().unwrap_or(false)
}

fn open_output(path: &Path) -> io::Result<File> {
    if length(path) > OUTPUT_BYTES_MAX {
        fs::rename(path, path.with_extension("out.1"))?;
    }
    File::options().create(true).append(true).open(path)
}

fn length(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |m| m.len())
}

fn tail(path: &Path, from: u64) -> String {
    let read = || -> io::Result<String> {
        let mut file = File::open(path)?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(
            from.max(length.saturating_sub(LOG_TAIL_BYTES)),
        ))?;
        let mut bytes = Vec::new();
        file.take(LOG_TAIL_BYTES).read_to_end(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    };
    read().unwrap_or_default()
}
