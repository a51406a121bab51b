//! Running programs, and showing that they are still at it.

use std::fmt;
use std::io::{self, BufRead, BufReader, IsTerminal, Write};
use std::path::Path;
use std::process::{ChildStdout, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use crate::group::Group;

/// How much of a failed program's output is shown.
const SHOWN_LINES_MAX: usize = 60;

/// How long a pipe may stay open after the program that it belongs to has ended.
const LEFT_BEHIND_AFTER: Duration = Duration::from_secs(10);

/// How often a program that prints nothing is looked at.
const LOOK_INTERVAL: Duration = Duration::from_millis(50);

/// Why a command cannot go on, and what to do about it; shown to the person at the terminal.
#[derive(Debug)]
pub(crate) struct Failure(String);

impl Failure {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }

    /// For `map_err`: what was being done, and the system's reason.
    pub(crate) fn doing(what: impl fmt::Display) -> impl FnOnce(io::Error) -> Self {
        move |cause| Self(format!("{what}: {cause}"))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a part of the set-up found or did.
pub(crate) enum Done {
    /// It was there already.
    Present(String),
    /// It was fetched or built now.
    Made(String),
}

/// Runs one part of the set-up and prints its one line: name, what it did, seconds.
pub(crate) fn part(
    name: &'static str,
    work: impl FnOnce() -> Result<Done, Failure>,
) -> Result<(), Failure> {
    let start = Instant::now();
    let done = {
        let _shown = Waiting::show(name);
        work()
    };
    let seconds = start.elapsed().as_secs_f64();
    match done {
        Ok(Done::Present(what)) => println!("  {name:<14} present  {what} ({seconds:.1} s)"),
        Ok(Done::Made(what)) => println!("  {name:<14} made     {what} ({seconds:.1} s)"),
        Err(failure) => {
            println!("  {name:<14} failed   ({seconds:.1} s)");
            return Err(failure);
        }
    }
    Ok(())
}

/// Tells the person at the terminal what a long part is about to do.
pub(crate) fn tell(name: &str, what: &str) {
    clear_drawn_time();
    println!("  {name:<14} …        {what}");
}

/// Removes the passing time from the current line of a terminal.
fn clear_drawn_time() {
    if io::stdout().is_terminal() {
        print!("\r\x1b[K");
    }
}

/// Shows passing time while something quiet runs, until it is dropped.
pub(crate) struct Waiting {
    stop: Option<mpsc::Sender<()>>,
    shown: Option<thread::JoinHandle<()>>,
}

impl Waiting {
    pub(crate) fn show(name: &'static str) -> Self {
        let (stop, stopped) = mpsc::channel::<()>();
        let shown = thread::spawn(move || {
            let terminal = io::stdout().is_terminal();
            let every = Duration::from_secs(if terminal { 1 } else { 20 });
            let start = Instant::now();
            while stopped.recv_timeout(every) == Err(RecvTimeoutError::Timeout) {
                let seconds = start.elapsed().as_secs();
                if terminal {
                    print!("\r  {name:<14} …        {seconds} s ");
                } else {
                    println!("  {name:<14} …        {seconds} s");
                }
                // Nobody reads a progress line that cannot be written.
                let _ = io::stdout().flush();
            }
            clear_drawn_time();
        });
        Self {
            stop: Some(stop),
            shown: Some(shown),
        }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(shown) = self.shown.take() {
            shown.join().expect("printing the time does not panic");
        }
    }
}

/// Runs a program without input, gives back what it printed; on failure shows the end of that and
/// `remedy`.
pub(crate) fn quietly(command: &mut Command, remedy: &str) -> Result<String, Failure> {
    let line = line_of(command);
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|cause| Failure::new(format!("cannot start `{line}`: {cause}\n{remedy}")))?;
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        return Ok(printed);
    }
    let all = printed + &String::from_utf8_lossy(&output.stderr);
    let lines: Vec<&str> = all.lines().collect();
    let end = lines[lines.len().saturating_sub(SHOWN_LINES_MAX)..].join("\n");
    Err(Failure::new(format!(
        "`{line}` failed ({})\n{end}\n\n{remedy}",
        output.status
    )))
}

/// How a program that ran in sight ended, and what it printed to standard output.
pub(crate) struct Ran {
    pub(crate) lines: Vec<String>,
    pub(crate) ended: Result<(), Failure>,
}

/// Runs a program without input and in sight, keeping the lines of its standard output. When it has
/// not ended after `limit`, it is killed with all that it started.
pub(crate) fn openly(command: &mut Command, limit: Duration) -> Result<Ran, Failure> {
    let line = line_of(command);
    let begun = Instant::now();
    command.stdin(Stdio::null()).stdout(Stdio::piped());
    let mut group = Group::start(command)
        .map_err(|cause| Failure::new(format!("cannot start `{line}`: {cause}")))?;
    let printed = group.leader().stdout.take();
    let kept = shown(printed.expect("standard output is piped"));

    let mut lines = Vec::new();
    let mut open = true;
    let mut status = None;
    let ended = loop {
        match kept.recv_timeout(LOOK_INTERVAL) {
            Ok(line) => lines.push(line),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => open = false,
        }
        if status.is_none() {
            status = group
                .leader()
                .try_wait()
                .map_err(Failure::doing(format!("waiting for `{line}`")))?
                .map(|status| (status, Instant::now()));
        }
        match status {
            Some((status, _)) if !open => {
                group.release();
                break match status.success() {
                    true => Ok(()),
                    false => Err(Failure::new(format!("`{line}` failed ({status})"))),
                };
            }
            Some((status, at)) if at.elapsed() > LEFT_BEHIND_AFTER => {
                drop(group);
                break Err(Failure::new(format!(
                    "`{line}` ended ({status}), but a process that it started still ran"
                )));
            }
            None if begun.elapsed() > limit => {
                group
                    .kill()
                    .map_err(Failure::doing(format!("killing `{line}`")))?;
                let killed = Instant::now();
                while killed.elapsed() < LEFT_BEHIND_AFTER
                    && let Ok(line) = kept.recv_timeout(LEFT_BEHIND_AFTER)
                {
                    lines.push(line);
                }
                break Err(Failure::new(format!(
                    "`{line}` had not ended after {} s and was killed",
                    limit.as_secs()
                )));
            }
            // A pipe that has ended gives no more pauses.
            None if !open => thread::sleep(LOOK_INTERVAL),
            Some(_) | None => {}
        }
    };
    Ok(Ran { lines, ended })
}

/// Prints what comes through a pipe, and passes its lines on.
///
/// The pipe ends with the last process that holds it, which may be a grandchild that was left
/// behind; so reading is a thread of its own.
fn shown(printed: ChildStdout) -> mpsc::Receiver<String> {
    let (keep, kept) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(printed).split(b'\n') {
            let Ok(line) = line else { return };
            let line = String::from_utf8_lossy(&line).into_owned();
            println!("{line}");
            if keep.send(line).is_err() {
                return;
            }
        }
    });
    kept
}

/// A program in the root of the tree.
pub(crate) fn program(name: impl AsRef<std::ffi::OsStr>, args: &[&str]) -> Command {
    let mut command = Command::new(name);
    command.current_dir(crate::place::tree()).args(args);
    command
}

/// Cargo itself, the one that runs this program.
pub(crate) fn cargo(subcommand: &str, args: &[&str]) -> Command {
    let mut command = program(
        std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()),
        &[],
    );
    command.arg(subcommand);
    // Cargo describes this package to this program; another cargo would take that for a change in
    // the surroundings of build scripts, and build again what is built.
    for (variable, _) in std::env::vars_os() {
        let name = variable.to_string_lossy();
        if name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_") {
            command.env_remove(&variable);
        }
    }
    // On a build server a lock file that no longer fits is an error, not something to mend.
    if std::env::var_os("CI").is_some() && subcommand != "fmt" {
        command.arg("--locked");
    }
    command.args(args);
    command
}

/// The command line as a person would type it.
fn line_of(command: &Command) -> String {
    let program = Path::new(command.get_program());
    std::iter::once(program.file_name().unwrap_or(program.as_os_str()))
        .chain(command.get_args())
        .map(|word| word.to_string_lossy())
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str, limit: Duration) -> (Vec<String>, Result<(), String>) {
        let ran = openly(Command::new("sh").args(["-c", script]), limit).unwrap();
        (ran.lines, ran.ended.map_err(|failure| failure.to_string()))
    }

    #[test]
    fn what_a_program_prints_is_kept_and_its_end_is_told() {
        let minute = Duration::from_secs(60);
        assert_eq!(
            shell("echo a; echo b", minute),
            (vec!["a".into(), "b".into()], Ok(()))
        );
        let (lines, ended) = shell("echo a; exit 3", minute);
        assert_eq!(lines, ["a"]);
        assert!(ended.unwrap_err().contains("failed"));
    }

    #[test]
    fn a_program_over_its_limit_is_killed_with_what_it_started() {
        let begun = Instant::now();
        let (lines, ended) = shell("echo a; sleep 600 & wait", Duration::from_millis(200));
        assert!(ended.unwrap_err().contains("was killed"));
        assert_eq!(lines, ["a"]);
        assert!(begun.elapsed() < Duration::from_secs(60));
    }
}
