//! A program with all that it starts: a process group of its own, none of which outlives this
//! process.
//!
//! A group of its own does not hear Ctrl-C. So a shell watches over it: it reads a line from this
//! process, and when that process is gone, however it ended, the line never comes and the shell
//! kills the group. To kill the group is thus to stop writing.

use std::io::{self, Write};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};

/// What the shell reads when the group may go on.
const RELEASED: &str = "released";

/// Deaf to the terminal's signals, which reach this process and end it.
const WATCH: &str = r#"trap '' HUP INT TERM
read -r word
[ "$word" = "$2" ] || kill -s KILL -- "-$1""#;

/// A running program that leads a group. Dropping it kills the group.
pub(crate) struct Group {
    leader: Child,
    watcher: Child,
    line: Option<ChildStdin>,
}

impl Group {
    /// Starts `command` in a group of its own.
    pub(crate) fn start(command: &mut Command) -> io::Result<Self> {
        lead_a_group(command);
        let mut leader = command.spawn()?;
        let watcher = Command::new("sh")
            .args(["-c", WATCH, "sh", &leader.id().to_string(), RELEASED])
            .stdin(Stdio::piped())
            .spawn();
        match watcher {
            Ok(mut watcher) => Ok(Self {
                leader,
                line: watcher.stdin.take(),
                watcher,
            }),
            Err(cause) => {
                // It fails only for a program that has ended.
                let _ = leader.kill();
                leader.wait()?;
                Err(cause)
            }
        }
    }

    /// The program that was started.
    pub(crate) fn leader(&mut self) -> &mut Child {
        &mut self.leader
    }

    /// Lets what is left of the group be.
    pub(crate) fn release(mut self) {
        if let Some(mut line) = self.line.take() {
            // It fails only when the shell is gone, and then nobody kills anything.
            let _ = writeln!(line, "{RELEASED}");
        }
    }

    /// Kills all of the group, and waits for its leader.
    pub(crate) fn kill(mut self) -> io::Result<ExitStatus> {
        drop(self.line.take());
        self.watcher.wait()?;
        self.leader.wait()
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        drop(self.line.take());
        // It fails only for a shell that was waited for.
        let _ = self.watcher.wait();
    }
}

#[cfg(unix)]
fn lead_a_group(command: &mut Command) {
    std::os::unix::process::CommandExt::process_group(command, 0);
}

#[cfg(not(unix))]
fn lead_a_group(_: &mut Command) {}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{BufRead, BufReader, Read};

    /// A shell that starts another one and names both; their pipe ends with the last of them.
    fn two_that_sleep() -> (Group, BufReader<std::process::ChildStdout>) {
        let mut command = Command::new("sh");
        command
            .args(["-c", "sleep 600 & echo started; wait"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped());
        let mut group = Group::start(&mut command).unwrap();
        let mut printed = BufReader::new(group.leader().stdout.take().unwrap());
        let mut line = String::new();
        printed.read_line(&mut line).unwrap();
        assert_eq!(line, "started\n");
        (group, printed)
    }

    #[test]
    fn a_killed_group_takes_its_grandchildren_along() {
        let (group, mut printed) = two_that_sleep();
        assert!(!group.kill().unwrap().success());
        // The pipe ends when nobody holds it.
        assert_eq!(printed.read_to_end(&mut Vec::new()).unwrap(), 0);
    }

    #[test]
    fn a_group_ends_with_its_owner() {
        let (group, mut printed) = two_that_sleep();
        drop(group);
        assert_eq!(printed.read_to_end(&mut Vec::new()).unwrap(), 0);
    }

    #[test]
    fn a_released_group_ends_by_itself() {
        let mut command = Command::new("sh");
        command.args(["-c", "exit 3"]);
        let mut group = Group::start(&mut command).unwrap();
        assert_eq!(group.leader().wait().unwrap().code(), Some(3));
        group.release();
    }
}
