//! `cargo xtask chaos`: kills everything at random moments under load and prints what was left.

#![allow(
    clippy::print_stdout,
    reason = "a terminal program: its lines are its interface"
)]

use furrow_tests::chaos;
use furrow_tests::random::Random;
use std::process::ExitCode;
use std::str::FromStr;

const USAGE: &str = "usage: chaos [--kills N] [--seed S] [--short]";
/// Without a number.
const KILLS: usize = 200;
/// `--short`, as among the tests.
const KILLS_SHORT: usize = 12;

fn main() -> ExitCode {
    let (kills, seed) = match chosen(std::env::args().skip(1)) {
        Ok(chosen) => chosen,
        Err(error) => {
            println!("{error}\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    println!("seed {seed}, {kills} kills");
    let report = chaos::run(seed, kills, |line| println!("{line}"));
    for ends in report.own_ends() {
        println!("ended by itself: {ends}");
    }
    println!("\n{report}");
    let complaints = report.complaints();
    for complaint in &complaints {
        println!("{complaint}");
    }
    match complaints.is_empty() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}

/// Kills and seed.
fn chosen(mut args: impl Iterator<Item = String>) -> Result<(usize, u64), String> {
    let (mut kills, mut seed) = (KILLS, Random::seed());
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--short" => kills = KILLS_SHORT,
            "--kills" => kills = number(&arg, args.next())?,
            "--seed" => seed = number(&arg, args.next())?,
            _ => return Err(format!("there is no option {arg:?}")),
        }
    }
    Ok((kills, seed))
}

fn number<T: FromStr>(option: &str, value: Option<String>) -> Result<T, String> {
    let value = value.unwrap_or_default();
    value
        .parse()
        .map_err(|_| format!("{option} takes a number, not {value:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(args: &[&str]) -> Result<(usize, u64), String> {
        chosen(args.iter().map(|arg| (*arg).to_owned()))
    }

    #[test]
    fn kills_and_seed_are_taken_from_the_command_line() {
        assert_eq!(of(&["--kills", "3", "--seed", "9"]), Ok((3, 9)));
        assert_eq!(of(&["--short", "--seed", "9"]), Ok((KILLS_SHORT, 9)));
    }

    #[test]
    fn what_is_no_option_is_refused() {
        assert!(of(&["--kill"]).unwrap_err().contains("--kill"));
        assert!(of(&["--kills"]).unwrap_err().contains("takes a number"));
    }
}
