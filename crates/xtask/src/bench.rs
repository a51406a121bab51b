//! `cargo xtask bench`: what the parts and the whole can take.

use std::process::ExitCode;

use crate::run::{Failure, cargo};
use crate::up;

/// In the order in which `all` runs them; each is a benchmark of `benches/`.
const BENCHMARKS: &[&str] = &["core", "pipeline"];

/// Sets up, builds for release and measures.
pub(crate) fn bench(args: &[String]) -> Result<ExitCode, Failure> {
    let (chosen, rest) = chosen(args)?;
    let furrow = up::released()?;
    for name in chosen {
        println!("\n== {name}");
        let mut command = cargo("bench", &["--package", "furrow-benches", "--bench", name]);
        let status = command
            .arg("--")
            .args(rest)
            .env("FURROW_BIN", &furrow)
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
fn chosen(args: &[String]) -> Result<(&'static [&'static str], &[String]), Failure> {
    let usage = || {
        Failure::new(format!(
            "usage: cargo xtask bench [{} | all] [ARGS…]; only one benchmark takes ARGS",
            BENCHMARKS.join(" | ")
        ))
    };
    let Some((name, rest)) = args.split_first() else {
        return Ok((BENCHMARKS, &[]));
    };
    if name == "all" && rest.is_empty() {
        return Ok((BENCHMARKS, rest));
    }
    let index = BENCHMARKS.iter().position(|benchmark| benchmark == name);
    let index = index.ok_or_else(usage)?;
    Ok((&BENCHMARKS[index..=index], rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(args: &[&str]) -> Result<(Vec<&'static str>, usize), String> {
        let args: Vec<String> = args.iter().map(|arg| (*arg).to_owned()).collect();
        chosen(&args)
            .map(|(names, rest)| (names.to_vec(), rest.len()))
            .map_err(|failure| failure.to_string())
    }

    #[test]
    fn without_a_name_all_benchmarks_run() {
        assert_eq!(names(&[]).unwrap(), (vec!["core", "pipeline"], 0));
        assert_eq!(names(&["all"]).unwrap(), (vec!["core", "pipeline"], 0));
    }

    #[test]
    fn one_benchmark_takes_what_follows_its_name() {
        let args = ["pipeline", "--seconds", "2"];
        assert_eq!(names(&args).unwrap(), (vec!["pipeline"], 2));
        assert!(names(&["all", "--seconds", "2"]).is_err());
        assert!(names(&["edge"]).unwrap_err().contains("core | pipeline"));
    }
}
