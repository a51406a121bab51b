//! `cargo xtask bench`: what the parts and the whole can take.

use std::process::ExitCode;

use crate::run::{Failure, cargo};
use crate::setup::{self, Purpose};
use crate::up;

/// One benchmark.
#[derive(Debug, PartialEq, Eq)]
struct Benchmark {
    name: &'static str,
    /// The package under `benches/` that it stands in.
    package: &'static str,
    needs: Needs,
}

/// What must be there before it is built.
#[derive(Debug, PartialEq, Eq)]
enum Needs {
    /// Only what it depends on.
    Nothing,
    /// The set-up, and the binary built for release.
    Furrow,
    /// The same, and the tests' Kafka broker.
    FurrowAndBroker,
}

/// In the order in which `all` runs them.
const BENCHMARKS: &[Benchmark] = &[
    Benchmark {
        name: "core",
        package: "furrow-benches",
        needs: Needs::Furrow,
    },
    Benchmark {
        name: "state",
        package: "furrow-counts",
        needs: Needs::Nothing,
    },
    Benchmark {
        name: "kafka",
        package: "furrow-log-benches",
        needs: Needs::FurrowAndBroker,
    },
    Benchmark {
        name: "pipeline",
        package: "furrow-benches",
        needs: Needs::Furrow,
    },
];

/// Sets up, builds for release and measures.
pub(crate) fn bench(args: &[String]) -> Result<ExitCode, Failure> {
    let (chosen, rest) = chosen(args)?;
    for benchmark in chosen {
        println!("\n== {}", benchmark.name);
        let Benchmark { name, package, .. } = benchmark;
        let mut command = cargo("bench", &["--package", package, "--bench", name]);
        match benchmark.needs {
            Needs::Nothing => {}
            Needs::Furrow => {
                command.env("FURROW_BIN", up::released()?);
            }
            Needs::FurrowAndBroker => {
                setup::prepare(Purpose::Test)?;
                command.env("FURROW_BIN", up::released()?);
            }
        }
        let status = command
            .arg("--")
            .args(rest)
            .status()
            .map_err(Failure::doing("starting cargo"))?;
        if !status.success() {
            return Err(Failure::new(format!(
                "the benchmark {name} failed ({status})"
            )));
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The benchmarks that the arguments ask for, and what is for the benchmark itself.
fn chosen(args: &[String]) -> Result<(&'static [Benchmark], &[String]), Failure> {
    let usage = || {
        let names: Vec<_> = BENCHMARKS.iter().map(|one| one.name).collect();
        Failure::new(format!(
            "usage: cargo xtask bench [{} | all] [ARGS…]; only one benchmark takes ARGS",
            names.join(" | ")
        ))
    };
    let Some((name, rest)) = args.split_first() else {
        return Ok((BENCHMARKS, &[]));
    };
    if name == "all" && rest.is_empty() {
        return Ok((BENCHMARKS, rest));
    }
    let index = BENCHMARKS
        .iter()
        .position(|benchmark| benchmark.name == name);
    let index = index.ok_or_else(usage)?;
    Ok((&BENCHMARKS[index..=index], rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(args: &[&str]) -> Result<(Vec<&'static str>, usize), String> {
        let args: Vec<String> = args.iter().map(|arg| (*arg).to_owned()).collect();
        chosen(&args)
            .map(|(chosen, rest)| (chosen.iter().map(|one| one.name).collect(), rest.len()))
            .map_err(|failure| failure.to_string())
    }

    #[test]
    fn without_a_name_all_benchmarks_run() {
        assert_eq!(
            names(&[]).unwrap(),
            (vec!["core", "state", "kafka", "pipeline"], 0)
        );
        assert_eq!(
            names(&["all"]).unwrap(),
            (vec!["core", "state", "kafka", "pipeline"], 0)
        );
    }

    #[test]
    fn one_benchmark_takes_what_follows_its_name() {
        let args = ["pipeline", "--seconds", "2"];
        assert_eq!(names(&args).unwrap(), (vec!["pipeline"], 2));
        assert!(names(&["all", "--seconds", "2"]).is_err());
        assert!(
            names(&["edge"])
                .unwrap_err()
                .contains("core | state | kafka | pipeline")
        );
    }
}
