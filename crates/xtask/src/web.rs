//! The npm workspace in `web/`: its packages, and what is built from it.

use std::fs;
use std::path::{Path, PathBuf};

use crate::place;
use crate::run::{Done, Failure, program, quietly};

/// `npm ci`, if the lock file has changed since the last one.
pub(crate) fn install() -> Result<Done, Failure> {
    let web = place::tree().join("web");
    let lock = web.join("package-lock.json");
    // npm removes the whole folder first, and the stamp with it.
    let stamp = web.join("node_modules/.furrow-installed");
    let wanted = place::fingerprint(std::slice::from_ref(&lock), |_| true)
        .map_err(Failure::doing(format!("reading {}", lock.display())))?;
    if is_stamped(&stamp, &wanted) {
        return Ok(Done::Present("as package-lock.json says".into()));
    }
    quietly(
        &mut npm(&["ci", "--no-audit", "--no-fund"]),
        "Check npm's network settings, and that package.json and package-lock.json in web/ agree.",
    )?;
    write_stamp(&stamp, &wanted)?;
    Ok(Done::Made("as package-lock.json says".into()))
}

/// `npm run build`, if a source has changed since the last one.
pub(crate) fn build() -> Result<Done, Failure> {
    let tree = place::tree();
    let stamp = tree.join("web/node_modules/.furrow-built");
    let wanted = place::fingerprint(&[tree.join("web"), tree.join("proto")], is_source)
        .map_err(Failure::doing("reading the sources in web/ and proto/"))?;
    if is_stamped(&stamp, &wanted) && !outputs(&tree).is_empty() {
        return Ok(Done::Present("built from these sources".into()));
    }
    quietly(
        &mut npm(&["run", "build"]),
        "Mend what the build says about the sources in web/.",
    )?;
    let built = outputs(&tree);
    if built.is_empty() {
        return Err(Failure::new("`npm run build` in web/ left no dist folder"));
    }
    // The build may write generated sources, so it is they that the stamp speaks of.
    let made = place::fingerprint(&[tree.join("web"), tree.join("proto")], is_source)
        .map_err(Failure::doing("reading the sources in web/ and proto/"))?;
    write_stamp(&stamp, &made)?;
    Ok(Done::Made(
        built
            .iter()
            .map(|dir| shown(dir, &tree))
            .collect::<Vec<_>>()
            .join(", "),
    ))
}

/// npm in `web/`.
pub(crate) fn npm(args: &[&str]) -> std::process::Command {
    let mut command = program("npm", args);
    command.current_dir(place::tree().join("web"));
    command
}

fn is_source(path: &Path) -> bool {
    !path.file_name().is_some_and(|name| {
        ["node_modules", "dist", "test-results"]
            .iter()
            .any(|skipped| name == *skipped)
    })
}

/// The folders that the build has written: `web/*/dist`.
fn outputs(tree: &Path) -> Vec<PathBuf> {
    let Ok(packages) = fs::read_dir(tree.join("web")) else {
        return Vec::new();
    };
    let mut found: Vec<PathBuf> = packages
        .filter_map(Result::ok)
        .map(|package| package.path().join("dist"))
        .filter(|dist| dist.is_dir())
        .collect();
    found.sort();
    found
}

fn shown(dir: &Path, tree: &Path) -> String {
    dir.strip_prefix(tree).unwrap_or(dir).display().to_string()
}

fn is_stamped(stamp: &Path, wanted: &str) -> bool {
    fs::read_to_string(stamp).is_ok_and(|found| found == wanted)
}

fn write_stamp(stamp: &Path, content: &str) -> Result<(), Failure> {
    fs::write(stamp, content).map_err(Failure::doing(format!("writing {}", stamp.display())))
}
