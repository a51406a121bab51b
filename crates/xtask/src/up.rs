//! `cargo xtask up`: from a checkout to a dashboard.

use std::path::PathBuf;
use std::process::{Command, ExitCode};

use crate::place;
use crate::run::{Failure, cargo};
use crate::setup::{self, Purpose};

/// Sets up, builds for release, and becomes `furrow up --demo`.
pub(crate) fn up(args: &[String]) -> Result<ExitCode, Failure> {
    let furrow = released()?;
    let mut command = Command::new(&furrow);
    command.args(["up", "--demo"]).args(args);
    Err(Failure::doing(format!("starting {}", furrow.display()))(
        become_it(&mut command),
    ))
}

/// Sets up and builds the binary for release.
pub(crate) fn released() -> Result<PathBuf, Failure> {
    setup::prepare(Purpose::Up)?;
    println!("building furrow for release; the first time takes some minutes");
    let built = cargo("build", &["--release", "--package", "furrow"])
        .status()
        .map_err(Failure::doing("starting cargo"))?;
    if !built.success() {
        return Err(Failure::new(
            "furrow does not build; the compiler says why above",
        ));
    }
    Ok(place::built("release", "furrow"))
}

/// Replaces this process, so that signals reach Furrow itself.
#[cfg(unix)]
fn become_it(command: &mut Command) -> std::io::Error {
    std::os::unix::process::CommandExt::exec(command)
}

#[cfg(not(unix))]
fn become_it(command: &mut Command) -> std::io::Error {
    match command.status() {
        Ok(status) => std::process::exit(status.code().unwrap_or(1)),
        Err(cause) => cause,
    }
}
