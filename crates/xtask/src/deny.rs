//! `cargo xtask deny`: licences, bans and sources of the dependencies against `deny.toml`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use crate::place;
use crate::run::{Done, Failure, cargo, openly, part, program, quietly, tell};

const VERSION: &str = "0.20.2";

/// How long one check may take; the advisories come over the network.
const CHECK_MAX: Duration = Duration::from_secs(300);

/// Checks the dependencies; known vulnerabilities only where their database can be reached.
pub(crate) fn deny(args: &[String]) -> Result<ExitCode, Failure> {
    if let Some(arg) = args.first() {
        return Err(Failure::new(format!("`cargo xtask deny` takes no {arg:?}")));
    }
    let tools = place::cache()?
        .join("tools")
        .join(format!("cargo-deny-{VERSION}"));
    let cargo_deny = tools.join("bin/cargo-deny");
    part("cargo-deny", || install(&tools, &cargo_deny))?;

    const CHECKS: &[&str] = &[
        "check",
        "--hide-inclusion-graph",
        "licenses",
        "bans",
        "sources",
    ];
    openly(&mut program(&cargo_deny, CHECKS), CHECK_MAX)?.ended?;
    advisories(&cargo_deny)?;
    Ok(ExitCode::SUCCESS)
}

fn install(tools: &Path, cargo_deny: &Path) -> Result<Done, Failure> {
    if cargo_deny.is_file() {
        return Ok(Done::Present(VERSION.into()));
    }
    tell("cargo-deny", "building it once takes some minutes");
    let root: PathBuf = tools.to_path_buf();
    let mut command = cargo("install", &["cargo-deny", "--version", VERSION]);
    quietly(
        command.arg("--root").arg(root),
        "Check cargo's network settings and start again.",
    )?;
    Ok(Done::Made(VERSION.into()))
}

fn advisories(cargo_deny: &Path) -> Result<(), Failure> {
    if quietly(&mut program(cargo_deny, &["fetch", "db"]), "").is_err() {
        println!("advisories skipped: their database cannot be reached from here");
        return Ok(());
    }
    openly(
        &mut program(cargo_deny, &["check", "advisories"]),
        CHECK_MAX,
    )?
    .ended
}
