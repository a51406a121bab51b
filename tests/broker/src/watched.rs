//! A process that ends with this one.
//!
//! A shell watches over it: it waits for a line from this process, and when this process is gone,
//! however it ended, the line never comes and the shell kills what it watches.

use rustix::process::{Pid, Signal, kill_process};
use std::io::{self, Write};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// What the shell reads when nothing is left to watch.
const RELEASED: &str = "released";

/// Deaf to the terminal's signals, which reach the test and end it.
const WATCH: &str = r#"trap '' HUP INT TERM
read -r word
[ "$word" = "$2" ] || kill -s KILL "$1""#;

/// How often a process that is to end is looked at.
const LOOK_INTERVAL: Duration = Duration::from_millis(10);

/// A running process. It is killed when this is dropped, and when this process ends.
#[derive(Debug)]
pub struct Watched {
    child: Child,
    watcher: Child,
    line: Option<ChildStdin>,
}

impl Watched {
    /// Starts one, without input.
    ///
    /// # Errors
    /// When it, or the shell beside it, cannot be started.
    pub fn spawn(command: &mut Command) -> io::Result<Watched> {
        let mut child = command.stdin(Stdio::null()).spawn()?;
        let watcher = Command::new("sh")
            .args(["-c", WATCH, "sh", &child.id().to_string(), RELEASED])
            .stdin(Stdio::piped())
            .spawn();
        match watcher {
            Ok(mut watcher) => Ok(Watched {
                child,
                line: watcher.stdin.take(),
                watcher,
            }),
            Err(cause) => {
                // It fails only for a process that has ended.
                let _ = child.kill();
                child.wait()?;
                Err(cause)
            }
        }
    }

    /// Its number.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// How it ended, if it has.
    ///
    /// # Panics
    /// Never: an own child can be waited for.
    #[must_use]
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child
            .try_wait()
            .expect("an own child can be waited for")
    }

    /// Sends a signal. One that has ended already stays so.
    ///
    /// # Panics
    /// When the system refuses.
    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal)
            .expect("a child that was not waited for takes signals");
    }

    /// `kill -9`, and waits until it is gone. Also ends one that was stopped in its tracks.
    ///
    /// # Panics
    /// Never: an own child can be killed and waited for.
    pub fn kill(mut self) -> ExitStatus {
        self.child.kill().expect("an own child can be killed");
        self.child.wait().expect("an own child can be waited for")
    }

    /// SIGTERM, and waits until it has ended; `None` when it had to be killed after `bound`.
    #[must_use]
    pub fn end(mut self, bound: Duration) -> Option<ExitStatus> {
        if self.ended().is_none() {
            self.signal(Signal::TERM);
        }
        let began = Instant::now();
        while began.elapsed() < bound {
            if let Some(status) = self.ended() {
                return Some(status);
            }
            std::thread::sleep(LOOK_INTERVAL);
        }
        self.kill();
        None
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        // Both fail only for a child that was waited for.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if let Some(mut line) = self.line.take() {
            // It fails only when the shell is gone, and then nobody kills anything.
            let _ = writeln!(line, "{RELEASED}");
        }
        let _ = self.watcher.wait();
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use std::io::Read;

    /// A pipe that ends when the last process that holds it is gone.
    fn a_sleeper() -> (Watched, std::process::ChildStdout) {
        let mut command = Command::new("sleep");
        command.arg("600").stdout(Stdio::piped());
        let mut watched = Watched::spawn(&mut command).unwrap();
        let pipe = watched.child.stdout.take().unwrap();
        (watched, pipe)
    }

    #[test]
    fn it_ends_with_its_owner() {
        let (watched, mut pipe) = a_sleeper();
        drop(watched);
        assert_eq!(pipe.read(&mut [0]).unwrap(), 0);
    }

    #[test]
    fn it_ends_when_nobody_is_left_to_write_the_line() {
        let (mut watched, mut pipe) = a_sleeper();
        // What the system does when this process dies.
        drop(watched.line.take());
        assert_eq!(pipe.read(&mut [0]).unwrap(), 0);
    }

    #[test]
    fn one_that_was_stopped_in_its_tracks_is_killed_all_the_same() {
        let (watched, mut pipe) = a_sleeper();
        watched.signal(Signal::STOP);
        assert!(!watched.kill().success());
        assert_eq!(pipe.read(&mut [0]).unwrap(), 0);
    }
}
