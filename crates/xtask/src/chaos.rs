//! `cargo xtask chaos`: everything killed at random moments under load, and what was left compared
//! with one uninterrupted pass over the same log.

use std::process::ExitCode;
use std::time::Duration;

use crate::run::{Failure, cargo, openly, program};
use crate::setup::{self, Purpose};
use crate::{kafka, place};

/// Compiling takes minutes.
const BUILD_MAX: Duration = Duration::from_secs(30 * 60);

/// A thousand kills take less.
const RUN_MAX: Duration = Duration::from_secs(6 * 60 * 60);

/// Sets up, builds as for the tests, and runs.
pub(crate) fn chaos(args: &[String]) -> Result<ExitCode, Failure> {
    setup::prepare(Purpose::Test)?;
    let build = ["--package", "furrow", "--package", "furrow-tests", "--bins"];
    openly(&mut cargo("build", &build), BUILD_MAX)?.ended?;
    let mut command = program(place::built("debug", "chaos"), &[]);
    command
        .args(args)
        .env("FURROW_BIN", place::built("debug", "furrow"))
        .env("FURROW_KAFKA", kafka::jars(&place::cache()?));
    openly(&mut command, RUN_MAX)?.ended?;
    Ok(ExitCode::SUCCESS)
}
