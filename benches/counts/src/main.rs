//! Instructions per pointer sample, counted by callgrind and held to
//! `benches/budget.toml`: `furrow-budget FILE [--write]`.
//!
//! ```text
//! work     what is counted: fixed work in functions of their own
//! count    this program under callgrind
//! verdict  what was counted beside the budget
//! ```
//!
//! Times differ from run to run and from machine to machine; instructions of
//! the same binary over the same input do not.

#![allow(
    clippy::print_stdout,
    reason = "a terminal program: its lines are its interface"
)]

mod count;
mod verdict;
mod work;

use anyhow::{Context, Result, bail};
use std::fs;
use std::process::ExitCode;
use verdict::{Budget, Verdict};
use work::Item;

fn main() -> Result<ExitCode> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args[..] {
        // What it starts itself as, under callgrind.
        ["work", name] => {
            let item = Item::ALL.into_iter().find(|item| item.name() == name);
            println!("{}", item.context("there is no such work")?.run());
            Ok(ExitCode::SUCCESS)
        }
        [file] => compare(file),
        [file, "--write"] => write(file),
        _ => bail!("usage: furrow-budget FILE [--write]"),
    }
}

/// Prints what was counted beside the budget; more than it allows is a failure.
fn compare(file: &str) -> Result<ExitCode> {
    let text = fs::read_to_string(file).with_context(|| format!("reading {file}"))?;
    let budget: Budget = toml::from_str(&text).with_context(|| format!("reading {file}"))?;
    let counted = count::all()?;
    let rows = budget.compare(&counted);
    print!("{}", verdict::table(&rows));
    let compiler = count::compiler()?;
    if compiler != budget.compiler {
        println!("the budget is from {}, this is {compiler}", budget.compiler);
    }
    let any = |wanted| rows.iter().any(|row| row.verdict == wanted);
    if any(Verdict::Cheaper) {
        println!("cheaper than the budget: lower it with `cargo xtask budget --write`");
    }
    if any(Verdict::Over) || any(Verdict::Unknown) {
        println!(
            "over the budget: make it cheaper, or say in the change why it may cost more and store \
             it with `cargo xtask budget --write`"
        );
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}

fn write(file: &str) -> Result<ExitCode> {
    let counted = count::all()?;
    let text = verdict::file(&counted, &count::compiler()?);
    fs::write(file, &text).with_context(|| format!("writing {file}"))?;
    print!("{text}");
    Ok(ExitCode::SUCCESS)
}
