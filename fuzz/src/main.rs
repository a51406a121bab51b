//! Inputs checked without libFuzzer: `furrow-fuzz TARGET FILE…`.

use anyhow::{Context, Result, bail};
use furrow_fuzz::Target;
use std::fs;

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let Some((name, files)) = args.split_first() else {
        bail!("usage: furrow-fuzz TARGET FILE…");
    };
    let target = Target::ALL.into_iter().find(|target| target.name() == name);
    let target = target.with_context(|| format!("there is no target {name:?}"))?;
    for file in files {
        // It panics at an input of which something does not hold.
        target.check(&fs::read(file).with_context(|| format!("reading {file}"))?);
    }
    Ok(())
}
