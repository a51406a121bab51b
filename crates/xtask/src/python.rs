//! A Python of its own with the gRPC tools, for the client that the tests make from `proto/`.

use std::fs;
use std::path::{Path, PathBuf};

use crate::run::{Done, Failure, program, quietly, tell};
use crate::{place, tools};

/// Everything that is installed, with its version.
const REQUIREMENTS: &str = include_str!("../python-requirements.txt");

/// The interpreter that has the tools.
pub(crate) fn interpreter(cache: &Path) -> PathBuf {
    cache.join("python/bin/python")
}

/// Makes the virtual environment, if the pinned versions have changed since the last one.
pub(crate) fn provide(cache: &Path) -> Result<Done, Failure> {
    let folder = cache.join("python");
    let stamp = folder.join("furrow-requirements.txt");
    let pinned = REQUIREMENTS.lines().next().unwrap_or_default();
    // A Python that was removed since leaves a link to nothing.
    let runs = interpreter(cache).exists();
    if runs && fs::read_to_string(&stamp).is_ok_and(|found| found == REQUIREMENTS) {
        return Ok(Done::Present(format!("virtual environment with {pinned}")));
    }
    tell("python", "making a virtual environment with the gRPC tools");
    make(&folder)?;
    let requirements = place::tree().join("crates/xtask/python-requirements.txt");
    let mut install = program(
        interpreter(cache),
        &[
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--requirement",
        ],
    );
    quietly(
        install.arg(requirements),
        "Check pip's network settings (`python3 -m pip config list`) and start again.",
    )?;
    fs::write(&stamp, REQUIREMENTS)
        .map_err(Failure::doing(format!("writing {}", stamp.display())))?;
    Ok(Done::Made(format!("virtual environment with {pinned}")))
}

fn make(folder: &Path) -> Result<(), Failure> {
    const REMEDY: &str = "Install Python's venv module (Debian: `apt-get install python3-venv`) \
        and start again.";
    let attempt = || {
        quietly(
            program("python3", &["-m", "venv", "--clear"]).arg(folder),
            REMEDY,
        )
    };
    let Err(failure) = attempt() else {
        return Ok(());
    };
    // Debian ships Python without the part that puts pip into a virtual environment.
    match tools::install_debian(&["python3-venv"]) {
        Some(installed) => installed.and_then(|()| attempt()).map(|_| ()),
        None => Err(failure),
    }
}
