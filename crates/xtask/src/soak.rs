//! `cargo xtask soak`: simulated schedules of scorers, as many as there is time for.
//!
//! The test `simulation` of furrow-scorer runs them; ten thousand are a part of every test run.

use std::process::{Command, ExitCode};

use crate::run::{Failure, cargo};

/// How many when nothing is said.
const SCHEDULES: u64 = 1_000_000;

/// The test that runs schedules.
const TEST: &str = "whatever_happens_to_scorers_their_outputs_are_those_of_one_pass";

/// Which schedules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asked {
    /// So many, from this seed on.
    Many { first: u64, schedules: u64 },
    /// This one, step by step.
    One { seed: u64 },
}

/// Runs them in a release build, and tells every ten seconds how far it is.
pub(crate) fn soak(args: &[String]) -> Result<ExitCode, Failure> {
    let mut command = running(&asked(args)?);
    let status = command.status().map_err(Failure::doing("starting cargo"))?;
    if !status.success() {
        return Err(Failure::new(format!("a schedule failed ({status})")));
    }
    Ok(ExitCode::SUCCESS)
}

/// The test that runs them, which takes all processors.
fn running(asked: &Asked) -> Command {
    let mut command = cargo("test", &["--release", "--package", "furrow-scorer"]);
    command.args(["--test", "simulation", TEST, "--", "--exact", "--nocapture"]);
    match asked {
        Asked::Many { first, schedules } => {
            command.env("FURROW_SEED", first.to_string());
            command.env("FURROW_SCHEDULES", schedules.to_string());
        }
        Asked::One { seed } => {
            command.env("FURROW_SEED", seed.to_string());
            command.env_remove("FURROW_SCHEDULES");
        }
    }
    command
}

/// What the arguments ask for.
fn asked(args: &[String]) -> Result<Asked, Failure> {
    let usage = || Failure::new("usage: cargo xtask soak [--schedules N] [--seed N]");
    let (mut seed, mut schedules) = (None, None);
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        let asked = match arg.as_str() {
            "--seed" => &mut seed,
            "--schedules" => &mut schedules,
            _ => return Err(usage()),
        };
        let number = args.next().and_then(|n| n.parse().ok());
        *asked = Some(number.ok_or_else(usage)?);
    }
    Ok(match (seed, schedules) {
        (Some(seed), None) => Asked::One { seed },
        (first, schedules) => Asked::Many {
            first: first.unwrap_or(0),
            schedules: schedules.unwrap_or(SCHEDULES),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(args: &[&str]) -> Result<Asked, String> {
        let args: Vec<String> = args.iter().map(|arg| (*arg).to_owned()).collect();
        asked(&args).map_err(|failure| failure.to_string())
    }

    #[test]
    fn a_million_run_when_nothing_is_said() {
        let (first, schedules) = (0, 1_000_000);
        assert_eq!(of(&[]), Ok(Asked::Many { first, schedules }));
    }

    #[test]
    fn a_seed_alone_is_one_schedule_and_with_a_number_the_first_of_many() {
        assert_eq!(of(&["--seed", "7"]), Ok(Asked::One { seed: 7 }));
        let many = of(&["--schedules", "20", "--seed", "7"]);
        let (first, schedules) = (7, 20);
        assert_eq!(many, Ok(Asked::Many { first, schedules }));
    }

    #[test]
    fn the_test_that_is_run_is_there_and_is_told_which_schedules() {
        let source = "crates/furrow-scorer/tests/simulation/main.rs";
        let source = std::fs::read_to_string(crate::place::tree().join(source)).unwrap();
        assert!(source.contains(&format!("fn {TEST}()")));
        let told = |asked, name: &str| {
            assert!(source.contains(&format!("\"{name}\"")), "{name}");
            let command = running(&asked);
            let mut told = command.get_envs();
            let (_, value) = told.find(|(told, _)| *told == name).unwrap();
            value.map(|value| value.to_string_lossy().into_owned())
        };
        let (first, schedules) = (7, 20);
        let many = Asked::Many { first, schedules };
        assert_eq!(told(many, "FURROW_SEED").as_deref(), Some("7"));
        assert_eq!(told(many, "FURROW_SCHEDULES").as_deref(), Some("20"));
        let one = Asked::One { seed: 7 };
        assert_eq!(told(one, "FURROW_SEED").as_deref(), Some("7"));
        // Whatever this environment says.
        assert_eq!(told(one, "FURROW_SCHEDULES"), None);
    }

    #[test]
    fn what_is_no_number_is_answered_with_the_usage() {
        assert!(of(&["--seed"]).unwrap_err().contains("--seed N"));
        assert!(of(&["--seed", "x"]).unwrap_err().contains("usage"));
        assert!(of(&["7"]).unwrap_err().contains("usage"));
    }
}
