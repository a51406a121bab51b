//! `cargo xtask fuzz`: any input, by libFuzzer, on the stable tool chain.
//!
//! The package `furrow-fuzz` makes seeds and says what must hold; what a target found interesting
//! is kept in the cache, and the next run begins there.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::thread;
use std::time::Duration;

use crate::place;
use crate::run::{Done, Failure, cargo, openly, program, quietly};
use crate::tools;

/// The binaries of `fuzz/targets`.
const TARGETS: &[&str] = &["decode", "fold", "split", "rules"];

/// What cargo-fuzz passes without a sanitizer: every branch counts itself, and comparisons show
/// what they compare.
const INSTRUMENTED: &str = "-Cpasses=sancov-module \
    -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
    -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares \
    --cfg fuzzing";

/// How long every target is tried when nothing is said.
const SECONDS: u64 = 60;

/// Longer inputs are folded too seldom to find more.
const INPUT_BYTES_MAX: u32 = 8_192;

/// An input that takes longer is a finding.
const INPUT_SECONDS_MAX: u32 = 10;

/// So is one that takes more memory, MiB.
const INPUT_MEMORY_MAX: u32 = 2_048;

/// Compiling everything with counters takes minutes.
const BUILD_MAX: Duration = Duration::from_secs(20 * 60);

/// How much longer than it was told to a target may take to stop.
const STOP_MAX: Duration = Duration::from_secs(60);

/// How much of a finding's report is shown.
const SHOWN_LINES_MAX: usize = 30;
const SHOWN_CHARS_MAX: usize = 400;

const REMEDY: &str = "libFuzzer is compiled from C++. Install a compiler (Debian: `apt-get install \
    g++`; macOS: `xcode-select --install`), or set CXX to its path, and start again.";

/// How much is tried, and what comes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Effort {
    /// From all that is kept, as much as fits into the time.
    Long { seconds: u64 },
    /// From the seeds alone, with the same luck every time, as many inputs as that; the time is a
    /// bound that should not be met. Still not quite the same inputs: the fuzzer looks at
    /// comparisons of addresses too, and those differ.
    Short { runs: u32, seconds_max: u64 },
}

/// So many that all of it takes less than half a minute when nothing needs to be compiled.
const SHORT: Effort = Effort::Short {
    runs: 4_000,
    seconds_max: 120,
};

/// The folders of one run.
struct Folders {
    /// The target writes them when it starts, made by the code of the day.
    seeds: PathBuf,
    /// What was found interesting: what is kept, or with a short run a folder that is emptied.
    corpus: PathBuf,
    /// Inputs of which something did not hold.
    findings: PathBuf,
}

/// What libFuzzer said last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Tried {
    executions: u64,
    /// Distinct counts of branches and comparisons that were seen.
    features: u64,
}

/// `cargo xtask fuzz`.
pub(crate) fn fuzz(args: &[String]) -> Result<ExitCode, Failure> {
    let (effort, targets) = asked(args)?;
    provide()?;
    try_all(effort, &targets)?;
    Ok(ExitCode::SUCCESS)
}

/// What the arguments ask for.
fn asked(args: &[String]) -> Result<(Effort, Vec<&'static str>), Failure> {
    let usage = || {
        let targets = TARGETS.join(", ");
        Failure::new(format!(
            "usage: cargo xtask fuzz [--seconds N | --short] [TARGET…]; the targets are {targets}"
        ))
    };
    let mut effort = Effort::Long { seconds: SECONDS };
    let mut targets = Vec::new();
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--short" => effort = SHORT,
            "--seconds" => {
                let seconds = args.next().and_then(|n| n.parse().ok()).filter(|n| *n > 0);
                let seconds = seconds.ok_or_else(usage)?;
                effort = Effort::Long { seconds };
            }
            name => {
                let known = TARGETS.iter().find(|target| **target == name);
                targets.push(*known.ok_or_else(usage)?);
            }
        }
    }
    if targets.is_empty() {
        targets.extend(TARGETS);
    }
    Ok((effort, targets))
}

/// Finds a C++ compiler, or installs one where that needs no question.
pub(crate) fn provide() -> Result<Done, Failure> {
    let version = || {
        let compiler = std::env::var_os("CXX").unwrap_or_else(|| "c++".into());
        let said = quietly(&mut program(compiler, &["--version"]), REMEDY)?;
        Ok(said.lines().next().unwrap_or_default().to_owned())
    };
    if let Ok(found) = version() {
        return Ok(Done::Present(found));
    }
    tools::install_debian(&["g++"]).unwrap_or_else(|| Err(Failure::new(REMEDY)))?;
    version().map(Done::Made)
}

/// Builds, tries every target, as many at once as there are processors, and prints a table.
fn try_all(effort: Effort, targets: &[&'static str]) -> Result<(), Failure> {
    let binaries = build()?;
    let at_once = thread::available_parallelism().map_or(1, usize::from);
    let mut findings = Vec::new();
    println!("{:<8} {:>12} {:>10}", "target", "executions", "features");
    for some in targets.chunks(at_once) {
        let tried: Result<Vec<_>, Failure> = thread::scope(|scope| {
            let try_it = |name| {
                let folders = folders(name, effort)?;
                try_one(&binaries.join(name), name, &folders, effort)
            };
            let running: Vec<_> = some
                .iter()
                .map(|name| scope.spawn(move || try_it(name)))
                .collect();
            let ended = running.into_iter().map(|one| one.join());
            ended
                .map(|one| one.expect("watching a target does not panic"))
                .collect()
        });
        for (name, (tried, finding)) in some.iter().zip(tried?) {
            let mark = finding.as_ref().map_or("", |_| "  <- a finding");
            println!(
                "{name:<8} {:>12} {:>10}{mark}",
                tried.executions, tried.features
            );
            findings.extend(finding);
        }
    }
    match findings.is_empty() {
        true => Ok(()),
        false => Err(Failure::new(findings.join("\n\n"))),
    }
}

/// Builds all targets into a target folder of their own, whose code counts its branches.
fn build() -> Result<PathBuf, Failure> {
    let host = host()?;
    let folder = place::target().join("fuzz");
    let mut command = cargo(
        "build",
        &["--package", "furrow-fuzz", "--features", "libfuzzer"],
    );
    // With a target that is named, build scripts and macros are compiled without counters.
    for target in TARGETS {
        command.args(["--bin", target]);
    }
    command.args(["--profile", "fuzz", "--target", &host]);
    command.arg("--target-dir").arg(&folder);
    openly(command.env("RUSTFLAGS", INSTRUMENTED), BUILD_MAX)?.ended?;
    Ok(folder.join(host).join("fuzz"))
}

/// The platform that this is compiled on, by its name for the compiler.
fn host() -> Result<String, Failure> {
    let said = quietly(
        &mut program("rustc", &["-vV"]),
        "Install Rust and start again.",
    )?;
    let host = said.lines().find_map(|line| line.strip_prefix("host: "));
    let host = host.ok_or_else(|| Failure::new("`rustc -vV` names no host"))?;
    Ok(host.trim().to_owned())
}

fn folders(name: &str, effort: Effort) -> Result<Folders, Failure> {
    let kept = place::cache()?.join("fuzz");
    let seeds = place::target().join("fuzz/seeds").join(name);
    remade(&seeds)?;
    let corpus = match effort {
        Effort::Long { .. } => kept.join("corpus").join(name),
        Effort::Short { .. } => {
            let folder = place::target().join("fuzz/short").join(name);
            remade(&folder)?;
            folder
        }
    };
    let findings = kept.join("findings").join(name);
    for folder in [&corpus, &findings] {
        fs::create_dir_all(folder)
            .map_err(Failure::doing(format!("creating {}", folder.display())))?;
    }
    Ok(Folders {
        seeds,
        corpus,
        findings,
    })
}

/// An empty folder.
fn remade(folder: &Path) -> Result<(), Failure> {
    if folder.exists() {
        fs::remove_dir_all(folder)
            .map_err(Failure::doing(format!("emptying {}", folder.display())))?;
    }
    fs::create_dir_all(folder).map_err(Failure::doing(format!("creating {}", folder.display())))
}

/// Tries one target; what was found reads as a text with the way to see it again.
fn try_one(
    binary: &Path,
    name: &str,
    folders: &Folders,
    effort: Effort,
) -> Result<(Tried, Option<String>), Failure> {
    let log = place::target().join("fuzz").join(format!("{name}.log"));
    let written =
        File::create(&log).map_err(Failure::doing(format!("creating {}", log.display())))?;
    let mut command = Command::new(binary);
    let seconds = match effort {
        Effort::Long { seconds } => seconds,
        Effort::Short { runs, seconds_max } => {
            command.arg("-seed=1").arg(format!("-runs={runs}"));
            seconds_max
        }
    };
    command
        .arg(format!("-max_total_time={seconds}"))
        .arg(format!("-max_len={INPUT_BYTES_MAX}"))
        .arg(format!("-timeout={INPUT_SECONDS_MAX}"))
        .arg(format!("-rss_limit_mb={INPUT_MEMORY_MAX}"))
        .arg(format!("-artifact_prefix={}/", folders.findings.display()))
        .args([&folders.corpus, &folders.seeds])
        .env("FURROW_FUZZ_SEEDS", &folders.seeds)
        .stderr(written);
    let ended = openly(&mut command, Duration::from_secs(seconds) + STOP_MAX)?.ended;
    let said = fs::read(&log).map_err(Failure::doing(format!("reading {}", log.display())))?;
    let said = String::from_utf8_lossy(&said);
    let finding = ended.err().map(|why| finding(name, &said, &why, &log));
    Ok((tried(&said), finding))
}

/// Reads `#4096 pulse cov: 812 ft: 3210 corp: …`, of which the last counts, and
/// `Done 4096 runs in 3 second(s)`.
fn tried(said: &str) -> Tried {
    let mut tried = Tried::default();
    for line in said.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let after = |word: &str| {
            let at = words.iter().position(|w| *w == word)?;
            words.get(at + 1)?.parse().ok()
        };
        let executions = words
            .first()
            .and_then(|w| w.strip_prefix('#')?.parse().ok());
        if let (Some(executions), Some(features)) = (executions, after("ft:")) {
            tried = Tried {
                executions,
                features,
            };
        }
        if let ["Done", runs, "runs", ..] = words[..] {
            tried.executions = runs.parse().unwrap_or(tried.executions);
        }
    }
    tried
}

/// What was found: what the target said, and the command that shows it again.
fn finding(name: &str, said: &str, why: &Failure, log: &Path) -> String {
    // Between the last progress and the input itself stands why it ended.
    let last = said
        .lines()
        .filter(|line| !line.starts_with(['#', '\t', '"']));
    let report: Vec<&str> = last
        .skip_while(|line| !is_beginning_of_a_report(line))
        .collect();
    let shown: Vec<String> = report
        .iter()
        .take(SHOWN_LINES_MAX)
        .map(|line| line.chars().take(SHOWN_CHARS_MAX).collect())
        .collect();
    let again = said
        .lines()
        .find_map(|line| {
            line.split_once("Test unit written to ")
                .map(|(_, file)| file.trim())
        })
        .map_or_else(
            || format!("the whole log is in {}", log.display()),
            |file| {
                format!("see it again: cargo run -p furrow-fuzz --bin furrow-fuzz {name} {file}")
            },
        );
    format!("{name}: {why}\n{}\n{again}", shown.join("\n"))
}

fn is_beginning_of_a_report(line: &str) -> bool {
    line.contains(" panicked at ") || line.starts_with("==") || line.starts_with("ALARM")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(args: &[&str]) -> Result<(Effort, Vec<&'static str>), String> {
        let args: Vec<String> = args.iter().map(|arg| (*arg).to_owned()).collect();
        asked(&args).map_err(|failure| failure.to_string())
    }

    #[test]
    fn without_arguments_every_target_is_tried_for_a_minute() {
        let (effort, targets) = ask(&[]).unwrap();
        assert_eq!(effort, Effort::Long { seconds: SECONDS });
        assert_eq!(targets, TARGETS);
    }

    #[test]
    fn targets_and_time_can_be_asked_for() {
        let long = Effort::Long { seconds: 5 };
        assert_eq!(ask(&["--seconds", "5", "fold"]), Ok((long, vec!["fold"])));
        assert_eq!(ask(&["rules", "--short"]), Ok((SHORT, vec!["rules"])));
        assert!(ask(&["--seconds"]).unwrap_err().contains("usage"));
        assert!(ask(&["encode"]).unwrap_err().contains("decode, fold"));
    }

    #[test]
    fn the_last_progress_and_the_end_are_what_was_tried() {
        let said = "INFO: Seed: 1\n#21\tINITED cov: 5 ft: 16 corp: 20/61Kb exec/s: 0\n\
            #64\tNEW    cov: 7 ft: 18 corp: 21/66Kb lim: 5 exec/s: 0\nDone 4000 runs in 3 second(s)\n";
        assert_eq!(
            tried(said),
            Tried {
                executions: 4_000,
                features: 18
            }
        );
    }

    #[test]
    fn a_finding_says_what_panicked_and_how_to_see_it_again() {
        let said = "#64\tNEW    cov: 7 ft: 18\n\nthread '<unnamed>' (7) panicked at core.rs:3:\n\
            no such thing\n==7== ERROR: libFuzzer: deadly signal\n\
            artifact_prefix='/c/'; Test unit written to /c/crash-1\n";
        let told = finding(
            "fold",
            said,
            &Failure::new("`fold` failed"),
            Path::new("/t/fold.log"),
        );
        assert!(
            told.contains("panicked at core.rs:3:\nno such thing"),
            "{told}"
        );
        assert!(told.ends_with("furrow-fuzz fold /c/crash-1"), "{told}");
    }
}
