//! `cargo xtask test`: everything that must hold, what fails fastest first.

use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use crate::run::{Failure, Ran, cargo, openly};
use crate::setup::{self, Purpose};
use crate::tally::{self, Tally};
use crate::{chromium, place, python, web};

/// One step of the suite.
struct Step {
    name: &'static str,
    about: &'static str,
    run: fn() -> Result<Tally, Failure>,
}

/// In the order in which they run.
const STEPS: &[Step] = &[
    Step {
        name: "setup",
        about: "what the tests need is there",
        run: set_up,
    },
    Step {
        name: "fmt",
        about: "the Rust sources are formatted",
        run: fmt,
    },
    Step {
        name: "clippy",
        about: "no lint speaks up",
        run: clippy,
    },
    Step {
        name: "web-check",
        about: "the TypeScript sources check",
        run: web_check,
    },
    Step {
        name: "web-test",
        about: "the tests of the web packages",
        run: web_test,
    },
    Step {
        name: "doc",
        about: "the documentation builds without a warning",
        run: doc,
    },
    Step {
        name: "build",
        about: "binaries and tests build",
        run: build,
    },
    Step {
        name: "tests",
        about: "all Rust tests, with real servers and a browser",
        run: tests,
    },
];

/// `cargo xtask test`.
pub(crate) fn test(args: &[String]) -> Result<ExitCode, Failure> {
    let steps = chosen(args)?;
    let mut rows = Vec::new();
    let mut sum = Tally::default();
    let mut outcome = Ok(());
    for step in steps {
        println!("\n== {}: {}", step.name, step.about);
        let start = Instant::now();
        let tally = match (step.run)() {
            Ok(tally) => tally,
            Err(failure) => {
                outcome = Err(failure);
                Tally::default()
            }
        };
        // A step can run to its end and still have failed: its tests say so.
        if tally.failed > 0 {
            outcome = Err(Failure::new(format!(
                "{}: {} tests failed",
                step.name, tally.failed
            )));
        }
        sum += tally;
        rows.push((step.name, tally, start.elapsed(), outcome.is_ok()));
        if outcome.is_err() {
            break;
        }
    }
    print_summary(&rows);
    let code = match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            println!("error: {failure}");
            ExitCode::FAILURE
        }
    };
    println!("{} passed, {} failed", sum.passed, sum.failed);
    Ok(code)
}

/// The steps that the arguments ask for.
fn chosen(args: &[String]) -> Result<&'static [Step], Failure> {
    let names = || {
        STEPS
            .iter()
            .map(|step| step.name)
            .collect::<Vec<_>>()
            .join(", ")
    };
    let at = |name: &str| {
        STEPS
            .iter()
            .position(|step| step.name == name)
            .ok_or_else(|| {
                Failure::new(format!(
                    "there is no step {name:?}; the steps are {}",
                    names()
                ))
            })
    };
    match args {
        [] => Ok(STEPS),
        [option, name] if option == "--only" => at(name).map(|index| &STEPS[index..=index]),
        [option, name] if option == "--from" => at(name).map(|index| &STEPS[index..]),
        _ => Err(Failure::new(format!(
            "usage: cargo xtask test [--only STEP | --from STEP]; the steps are {}",
            names()
        ))),
    }
}

fn print_summary(rows: &[(&str, Tally, Duration, bool)]) {
    println!(
        "\n{:<12} {:>8} {:>8} {:>8}",
        "step", "seconds", "passed", "failed"
    );
    for (name, tally, took, ok) in rows {
        let seconds = took.as_secs_f64();
        let mark = if *ok { "" } else { "  <- stopped here" };
        println!(
            "{name:<12} {seconds:>8.1} {:>8} {:>8}{mark}",
            tally.passed, tally.failed
        );
    }
    println!();
}

fn set_up() -> Result<Tally, Failure> {
    setup::prepare(Purpose::Test).map(|()| Tally::default())
}

fn fmt() -> Result<Tally, Failure> {
    must(&mut cargo("fmt", &["--all", "--check"]))
}

fn clippy() -> Result<Tally, Failure> {
    must(&mut cargo(
        "clippy",
        &["--workspace", "--all-targets", "--", "-D", "warnings"],
    ))
}

fn web_check() -> Result<Tally, Failure> {
    must(&mut web::npm(&["run", "check"]))
}

fn web_test() -> Result<Tally, Failure> {
    let mut command = web::npm(&["test"]);
    with_browser(&mut command);
    counted(&mut command)
}

fn doc() -> Result<Tally, Failure> {
    must(cargo("doc", &["--no-deps", "--workspace"]).env("RUSTDOCFLAGS", "-D warnings"))
}

/// Builds the binary that the integration tests start together with all tests: one profile and one
/// choice of features, so that nothing is compiled twice.
fn build() -> Result<Tally, Failure> {
    must(&mut cargo(
        "build",
        &["--workspace", "--bins", "--lib", "--tests"],
    ))
}

fn tests() -> Result<Tally, Failure> {
    let mut command = cargo("test", &["--workspace", "--no-fail-fast"]);
    command
        .env("FURROW_BIN", place::built("debug", "furrow"))
        .env("FURROW_PYTHON", python::interpreter(&place::cache()?));
    with_browser(&mut command);
    counted(&mut command)
}

/// Tells tests which browser to start.
fn with_browser(command: &mut Command) {
    if let Some(browser) = chromium::find() {
        command.env("CHROME", browser);
    }
}

/// A step without tests: its program must succeed.
fn must(command: &mut Command) -> Result<Tally, Failure> {
    openly(command)?.ended.map(|()| Tally::default())
}

/// A step whose program prints how many tests passed and failed.
fn counted(command: &mut Command) -> Result<Tally, Failure> {
    let Ran { lines, ended } = openly(command)?;
    let tally = tally::count(lines.iter().map(String::as_str));
    // Failed tests are reported as such; any other failure as what the program said.
    if tally.failed == 0 {
        ended?;
    }
    Ok(tally)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(args: &[&str]) -> Result<Vec<&'static str>, String> {
        let args: Vec<String> = args.iter().map(|arg| (*arg).to_owned()).collect();
        chosen(&args)
            .map(|steps| steps.iter().map(|step| step.name).collect())
            .map_err(|failure| failure.to_string())
    }

    #[test]
    fn without_arguments_every_step_runs_and_the_set_up_first() {
        let all = names(&[]).unwrap();
        assert_eq!(all.len(), STEPS.len());
        assert_eq!(all.first(), Some(&"setup"));
        assert_eq!(all.last(), Some(&"tests"));
    }

    #[test]
    fn one_step_or_the_rest_from_one_step_can_be_asked_for() {
        assert_eq!(names(&["--only", "clippy"]).unwrap(), ["clippy"]);
        assert_eq!(names(&["--from", "build"]).unwrap(), ["build", "tests"]);
    }

    #[test]
    fn a_step_that_does_not_exist_is_answered_with_those_that_do() {
        assert!(names(&["--only", "lint"]).unwrap_err().contains("clippy"));
        assert!(names(&["clippy"]).unwrap_err().contains("--only STEP"));
    }
}
