//! `cargo xtask test`: everything that must hold, what fails fastest first.

use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use crate::run::{Failure, Ran, cargo, openly, program};
use crate::tally::{self, Tally};
use crate::{chromium, kafka, place, python, web};

/// One step of the suite.
struct Step {
    name: &'static str,
    about: &'static str,
    /// Longer than the step takes from nothing on a slow machine: beyond it, it hangs.
    minutes_max: u64,
    run: fn(Duration) -> Outcome,
}

/// What a step counted, and whether it holds.
struct Outcome {
    tally: Tally,
    held: Result<(), Failure>,
}

/// In the order in which they run.
const STEPS: &[Step] = &[
    Step {
        name: "setup",
        about: "what the tests need is there",
        minutes_max: 25,
        run: set_up,
    },
    Step {
        name: "fmt",
        about: "the Rust sources are formatted",
        minutes_max: 5,
        run: fmt,
    },
    Step {
        name: "clippy",
        about: "no lint speaks up",
        minutes_max: 30,
        run: clippy,
    },
    Step {
        name: "web-check",
        about: "the TypeScript sources check",
        minutes_max: 10,
        run: web_check,
    },
    Step {
        name: "web-test",
        about: "the tests of the web packages",
        minutes_max: 20,
        run: web_test,
    },
    Step {
        name: "doc",
        about: "the documentation builds without a warning",
        minutes_max: 20,
        run: doc,
    },
    Step {
        name: "build",
        about: "binaries and tests build",
        minutes_max: 30,
        run: build,
    },
    Step {
        name: "tests",
        about: "all Rust tests, with real servers and a browser",
        minutes_max: 40,
        run: tests,
    },
    Step {
        name: "fuzz",
        about: "a few thousand odd inputs break nothing",
        minutes_max: 30,
        run: fuzz,
    },
    Step {
        name: "budget",
        about: "a pointer sample costs no more instructions than it may",
        minutes_max: 30,
        run: budget,
    },
];

impl Step {
    fn limit(&self) -> Duration {
        Duration::from_secs(self.minutes_max * 60)
    }
}

/// `cargo xtask test`.
pub(crate) fn test(args: &[String]) -> Result<ExitCode, Failure> {
    let steps = chosen(args)?;
    let mut rows = Vec::new();
    let mut sum = Tally::default();
    let mut stopped_by = None;
    for step in steps {
        println!("\n== {}: {}", step.name, step.about);
        let start = Instant::now();
        let Outcome { tally, held } = (step.run)(step.limit());
        sum += tally;
        rows.push((step.name, tally, start.elapsed(), held.is_ok()));
        if let Err(failure) = held {
            stopped_by = Some(Failure::new(format!("step {}: {failure}", step.name)));
            break;
        }
    }
    print_summary(&rows);
    if let Some(failure) = &stopped_by {
        println!("error: {failure}");
    }
    println!("{} passed, {} failed", sum.passed, sum.failed);
    Ok(stopped_by.map_or(ExitCode::SUCCESS, |_| ExitCode::FAILURE))
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

fn set_up(limit: Duration) -> Outcome {
    own_command(&["setup", "--for", "test"], limit)
}

fn fuzz(limit: Duration) -> Outcome {
    own_command(&["fuzz", "--short"], limit)
}

fn budget(limit: Duration) -> Outcome {
    own_command(&["budget"], limit)
}

/// A command of this program is a process of its own, like every other step, so that it can be
/// killed.
fn own_command(args: &[&str], limit: Duration) -> Outcome {
    match std::env::current_exe() {
        Ok(own) => must(program(own, args), limit),
        Err(cause) => Outcome {
            tally: Tally::default(),
            held: Err(Failure::doing("finding this program")(cause)),
        },
    }
}

fn fmt(limit: Duration) -> Outcome {
    must(cargo("fmt", &["--all", "--check"]), limit)
}

fn clippy(limit: Duration) -> Outcome {
    let args = ["--workspace", "--all-targets", "--", "-D", "warnings"];
    must(cargo("clippy", &args), limit)
}

fn web_check(limit: Duration) -> Outcome {
    must(web::npm(&["run", "check"]), limit)
}

fn web_test(limit: Duration) -> Outcome {
    let mut command = web::npm(&["test"]);
    with_browser(&mut command);
    counted(command, limit)
}

fn doc(limit: Duration) -> Outcome {
    let mut command = cargo("doc", &["--no-deps", "--workspace"]);
    command.env("RUSTDOCFLAGS", "-D warnings");
    must(command, limit)
}

/// Builds the binary that the integration tests start together with all tests: one profile and one
/// choice of features, so that nothing is compiled twice.
fn build(limit: Duration) -> Outcome {
    let args = ["--workspace", "--bins", "--lib", "--tests"];
    must(cargo("build", &args), limit)
}

fn tests(limit: Duration) -> Outcome {
    let mut command = cargo("test", &["--workspace", "--no-fail-fast"]);
    command.env("FURROW_BIN", place::built("debug", "furrow"));
    if let Ok(cache) = place::cache() {
        command.env("FURROW_PYTHON", python::interpreter(&cache));
        command.env("FURROW_KAFKA", kafka::jars(&cache));
    }
    with_browser(&mut command);
    counted(command, limit)
}

/// Tells tests which browser to start.
fn with_browser(command: &mut Command) {
    if let Some(browser) = chromium::find() {
        command.env("CHROME", browser);
    }
}

/// A step without tests: its program must succeed.
fn must(mut command: Command, limit: Duration) -> Outcome {
    let held = openly(&mut command, limit).and_then(|ran| ran.ended);
    Outcome {
        tally: Tally::default(),
        held,
    }
}

/// A step whose program prints how many tests passed and failed: it must succeed, and none may fail.
fn counted(mut command: Command, limit: Duration) -> Outcome {
    let Ran { lines, ended } = match openly(&mut command, limit) {
        Ok(ran) => ran,
        Err(failure) => {
            return Outcome {
                tally: Tally::default(),
                held: Err(failure),
            };
        }
    };
    let tally = tally::count(lines.iter().map(String::as_str));
    let held = ended.and_then(|()| match tally {
        Tally {
            failed: 0,
            passed: 0,
        } => Err(Failure::new("no test ran, or none was counted")),
        Tally { failed: 0, .. } => Ok(()),
        Tally { failed, .. } => Err(Failure::new(format!("{failed} tests failed"))),
    });
    Outcome { tally, held }
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
        assert_eq!(all.last(), Some(&"budget"));
    }

    #[test]
    fn one_step_or_the_rest_from_one_step_can_be_asked_for() {
        assert_eq!(names(&["--only", "clippy"]).unwrap(), ["clippy"]);
        assert_eq!(
            names(&["--from", "build"]).unwrap(),
            ["build", "tests", "fuzz", "budget"]
        );
    }

    #[test]
    fn a_step_that_does_not_exist_is_answered_with_those_that_do() {
        assert!(names(&["--only", "lint"]).unwrap_err().contains("clippy"));
        assert!(names(&["clippy"]).unwrap_err().contains("--only STEP"));
    }
}
