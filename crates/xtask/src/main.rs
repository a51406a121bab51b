//! Set-up and tests from a bare machine: `cargo xtask COMMAND`.
//!
//! No dependencies: this is the first thing a newcomer builds, so it compiles in seconds.
//!
//! - `main`: the table of commands
//! - `setup`: what a checkout needs, in order, nothing twice; its parts are `tools`, `engine`,
//!   `web`, `chromium`, `python`, `kafka` and `openssl`
//! - `up`: set-up, release build, `furrow up --demo`
//! - `bench`: set-up, release build, measurements
//! - `budget`: instructions per sample, counted and compared
//! - `fuzz`: any input, by libFuzzer
//! - `chaos`: kills everything on real servers
//! - `soak`: simulated schedules of scorers
//! - `suite`: the steps of `cargo xtask test`
//! - `tally`: how many tests a step says it ran
//! - `deny`: licences, bans and sources of the dependencies
//! - `place`: where things lie: the tree, the cache, the built binaries
//! - `run`: running programs, and showing that they are still at it
//! - `group`: a program with all that it starts, none of which outlives this one

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a terminal program: its lines are its interface"
)]

mod bench;
mod budget;
mod chaos;
mod chromium;
mod deny;
mod engine;
mod fuzz;
mod group;
mod kafka;
mod openssl;
mod place;
mod python;
mod run;
mod setup;
mod soak;
mod suite;
mod tally;
mod tools;
mod up;
mod web;

use std::process::ExitCode;

use run::Failure;

/// One sub-command.
struct Command {
    name: &'static str,
    usage: &'static str,
    about: &'static str,
    /// A failure that has already been shown is an exit code.
    run: fn(&[String]) -> Result<ExitCode, Failure>,
}

/// Every sub-command; a new one is one row here and one module.
const COMMANDS: &[Command] = &[
    Command {
        name: "up",
        usage: "up [ARGS…]",
        about: "set up, build for release, start `furrow up --demo` with ARGS",
        run: up::up,
    },
    Command {
        name: "test",
        usage: "test [--only STEP | --from STEP]",
        about: "set up and run everything that must hold, stopping at the first failing step",
        run: suite::test,
    },
    Command {
        name: "bench",
        usage: "bench [core|state|kafka|pipeline|all] [ARGS…]",
        about: "set up, build for release, measure; ARGS go to the benchmark",
        run: bench::bench,
    },
    Command {
        name: "budget",
        usage: "budget [--write]",
        about: "count instructions per sample and compare them with benches/budget.toml",
        run: budget::budget,
    },
    Command {
        name: "fuzz",
        usage: "fuzz [--seconds N | --short] [TARGET…]",
        about: "try any input on decoding, folding and rule files, a minute each",
        run: fuzz::fuzz,
    },
    Command {
        name: "chaos",
        usage: "chaos [--kills N] [--seed S] [--short]",
        about: "kill everything under load, on real brokers and ClickHouse, and compare what is left",
        run: chaos::chaos,
    },
    Command {
        name: "soak",
        usage: "soak [--schedules N] [--seed N]",
        about: "simulate a million schedules of crashes and zombies, or one of them step by step",
        run: soak::soak,
    },
    Command {
        name: "setup",
        usage: "setup [--for up | --for test]",
        about: "fetch and build what is missing; for testing, unless told otherwise",
        run: setup::setup,
    },
    Command {
        name: "deny",
        usage: "deny",
        about: "check the dependencies' licences, bans and sources against deny.toml",
        run: deny::deny,
    },
];

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let name = args.next().unwrap_or_default();
    let rest: Vec<String> = args.collect();
    let Some(command) = COMMANDS.iter().find(|command| command.name == name) else {
        return without_command(&name);
    };
    match (command.run)(&rest) {
        Ok(code) => code,
        Err(failure) => {
            eprintln!("\nerror: {failure}");
            ExitCode::FAILURE
        }
    }
}

/// Prints the table; asking for it is fine, a name that is not in it is a mistake.
fn without_command(name: &str) -> ExitCode {
    println!("Set-up and tests from a bare machine.\n");
    for command in COMMANDS {
        println!("  cargo xtask {:<40} {}", command.usage, command.about);
    }
    match name {
        "" | "help" | "-h" | "--help" => ExitCode::SUCCESS,
        _ => {
            eprintln!("\nerror: there is no command {name:?}");
            ExitCode::from(2)
        }
    }
}
