//! Seeds for the fuzzer, and inputs checked without it:
//! `furrow-fuzz seeds FOLDER`, `furrow-fuzz replay TARGET FILE…`.

use anyhow::{Context, Result, bail};
use furrow_fuzz::{Target, seeds};
use std::fs;
use std::path::Path;

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args[..] {
        ["seeds", folder] => write_seeds(Path::new(folder)),
        ["replay", name, ref files @ ..] => replay(name, files),
        _ => bail!("usage: furrow-fuzz seeds FOLDER | replay TARGET FILE…"),
    }
}

/// A folder for each target with its seeds; what lies there stays.
fn write_seeds(folder: &Path) -> Result<()> {
    for target in Target::ALL {
        let folder = folder.join(target.name());
        fs::create_dir_all(&folder).with_context(|| format!("creating {}", folder.display()))?;
        for (number, seed) in seeds::seeds(target).iter().enumerate() {
            let file = folder.join(format!("seed-{number:03}"));
            fs::write(&file, seed).with_context(|| format!("writing {}", file.display()))?;
        }
    }
    Ok(())
}

/// Panics at the first input of which something does not hold.
fn replay(name: &str, files: &[&str]) -> Result<()> {
    let target = Target::ALL.into_iter().find(|target| target.name() == name);
    let target = target.with_context(|| format!("there is no target {name:?}"))?;
    for file in files {
        let bytes = fs::read(file).with_context(|| format!("reading {file}"))?;
        target.check(&bytes);
    }
    Ok(())
}
