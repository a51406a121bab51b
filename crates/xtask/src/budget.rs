//! `cargo xtask budget`: what one pointer sample costs, in instructions, against
//! `benches/budget.toml`.

use std::process::ExitCode;
use std::time::Duration;

use crate::place;
use crate::run::{Done, Failure, cargo, openly, program, quietly};
use crate::tools;

/// Compiling for release takes minutes.
const BUILD_MAX: Duration = Duration::from_secs(30 * 60);

/// Callgrind makes seconds of milliseconds.
const COUNT_MAX: Duration = Duration::from_secs(5 * 60);

const REMEDY: &str = "Instructions are counted by valgrind. Install it (Debian: `apt-get install \
    valgrind`) and start again.";

/// Whether the budget speaks of this platform: other processors have other instructions.
const HERE: bool = cfg!(all(target_os = "linux", target_arch = "x86_64"));

/// Counts and compares, or stores what was counted.
pub(crate) fn budget(args: &[String]) -> Result<ExitCode, Failure> {
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    if !matches!(words[..], [] | ["--write"]) {
        return Err(Failure::new("usage: cargo xtask budget [--write]"));
    }
    if !HERE {
        println!("not counted: the budget is one of instructions of x86-64 Linux");
        return Ok(ExitCode::SUCCESS);
    }
    provide()?;
    let build = ["--release", "--package", "furrow-counts"];
    openly(&mut cargo("build", &build), BUILD_MAX)?.ended?;
    let mut command = program(
        place::built("release", "furrow-budget"),
        &["benches/budget.toml"],
    );
    openly(command.args(args), COUNT_MAX)?.ended?;
    Ok(ExitCode::SUCCESS)
}

/// Finds valgrind, or installs it where that needs no question.
pub(crate) fn provide() -> Result<Done, Failure> {
    if !HERE {
        return Ok(Done::Present("not needed on this platform".into()));
    }
    let version = || quietly(&mut program("valgrind", &["--version"]), REMEDY);
    if place::on_path(&["valgrind"]).is_some() {
        return Ok(Done::Present(version()?.trim().to_owned()));
    }
    tools::install_debian(&["valgrind"]).unwrap_or_else(|| Err(Failure::new(REMEDY)))?;
    Ok(Done::Made(version()?.trim().to_owned()))
}
