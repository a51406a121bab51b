//! This program under callgrind.

use crate::work::Item;
use anyhow::{Context, Result, ensure};
use std::env;
use std::fs;
use std::process::Command;

/// Instructions of one piece of work.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Counted {
    pub(crate) item: Item,
    pub(crate) per_sample: f64,
}

/// Counts every piece, each in a process of its own.
pub(crate) fn all() -> Result<Vec<Counted>> {
    Item::ALL.into_iter().map(one).collect()
}

fn one(item: Item) -> Result<Counted> {
    let own = env::current_exe().context("this program has a path")?;
    let out = own.with_file_name(format!("callgrind.{}", item.name()));
    let mut command = Command::new("valgrind");
    command
        .args(["--tool=callgrind", "--collect-atstart=no"])
        .arg(format!("--toggle-collect=*{}*", item.function()))
        .arg(format!("--callgrind-out-file={}", out.display()))
        .arg(&own)
        .args(["work", item.name()])
        // The size of the surroundings moves the stack, and with it what copying costs.
        .env_clear()
        .env("PATH", env::var_os("PATH").unwrap_or_default());
    let output = command.output().context("starting valgrind")?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(
        output.status.success(),
        "valgrind ended with {}\n{said}",
        output.status
    );
    let samples: f64 = String::from_utf8_lossy(&output.stdout)
        .trim()
        .parse()
        .context("the work tells how many samples it was")?;
    let profile = fs::read_to_string(&out).with_context(|| format!("reading {}", out.display()))?;
    let instructions = total(&profile).context("callgrind tells a total")?;
    ensure!(
        instructions > 0.0,
        "callgrind did not find {}",
        item.function()
    );
    Ok(Counted {
        item,
        per_sample: instructions / samples,
    })
}

/// Of the line `totals: 1234`.
fn total(profile: &str) -> Option<f64> {
    profile
        .lines()
        .find_map(|line| line.strip_prefix("totals:")?.trim().parse().ok())
}

/// What this was compiled with: another compiler makes other instructions.
pub(crate) fn compiler() -> Result<String> {
    let output = Command::new("rustc")
        .arg("--version")
        .output()
        .context("starting rustc")?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_total_of_a_profile_is_read() {
        let profile = "events: Ir\nsummary: 7\n\nfn=(1) main\n1 7\ntotals: 4711\n";
        assert_eq!(total(profile), Some(4_711.0));
        assert_eq!(total("events: Ir\n"), None);
    }
}
