//! Where things lie: the tree, the cache outside it, the built binaries.

use std::env;
use std::fs;
use std::hash::{DefaultHasher, Hasher};
use std::io;
use std::path::{Path, PathBuf};

use crate::run::Failure;

/// The root of the source tree.
pub(crate) fn tree() -> PathBuf {
    // Cargo sets the variable when it runs this program; the compiled-in value serves a direct start.
    let package = env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    package
        .ancestors()
        .nth(2)
        .expect("the package lies two levels below the root")
        .to_path_buf()
}

/// The folder for fetched things: `$FURROW_CACHE`, else `$XDG_CACHE_HOME/furrow`, else
/// `~/.cache/furrow`. The binary looks for the engine in the same place.
pub(crate) fn cache() -> Result<PathBuf, Failure> {
    let set = |name| {
        env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    set("FURROW_CACHE")
        .or_else(|| set("XDG_CACHE_HOME").map(|dir| dir.join("furrow")))
        .or_else(|| set("HOME").map(|dir| dir.join(".cache/furrow")))
        .ok_or_else(|| Failure::new("no place for the cache: set HOME or FURROW_CACHE"))
}

/// The folder that cargo builds into.
pub(crate) fn target() -> PathBuf {
    // This program was built into `<target>/debug` itself, wherever that is configured to be.
    let own = env::current_exe().expect("a running program has a path");
    own.ancestors()
        .nth(2)
        .expect("cargo puts a binary two levels below its target folder")
        .to_path_buf()
}

/// A binary of this workspace as `profile` (`debug` or `release`) builds it.
pub(crate) fn built(profile: &str, name: &str) -> PathBuf {
    target().join(profile).join(name)
}

/// A file on `$PATH` under one of these names, the first name that has one.
pub(crate) fn on_path(names: &[&str]) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    names.iter().find_map(|name| {
        env::split_paths(&path)
            .map(|dir| dir.join(name))
            .find(|file| file.is_file())
    })
}

/// A fingerprint of the names and contents of everything under `roots` that `wanted` takes.
///
/// It decides whether something is built again, never whether it is trusted.
pub(crate) fn fingerprint(roots: &[PathBuf], wanted: fn(&Path) -> bool) -> io::Result<String> {
    let mut files = Vec::new();
    for root in roots {
        gather(root, wanted, &mut files)?;
    }
    files.sort();
    let mut hasher = DefaultHasher::new();
    for file in &files {
        let content = fs::read(file)?;
        hasher.write(file.as_os_str().as_encoded_bytes());
        hasher.write_usize(content.len());
        hasher.write(&content);
    }
    Ok(format!("{:016x}", hasher.finish()))
}

fn gather(path: &Path, wanted: fn(&Path) -> bool, files: &mut Vec<PathBuf>) -> io::Result<()> {
    if !wanted(path) {
        return Ok(());
    }
    if path.is_dir() {
        for entry in fs::read_dir(path)? {
            gather(&entry?.path(), wanted, files)?;
        }
    } else {
        files.push(path.to_path_buf());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_changes_with_a_wanted_content_and_with_nothing_else() {
        let root = env::temp_dir().join(format!("furrow-fingerprint-{}", std::process::id()));
        fs::create_dir_all(root.join("dist")).unwrap();
        fs::write(root.join("a.ts"), "one").unwrap();
        let now = || {
            let wanted = |path: &Path| !path.ends_with("dist");
            fingerprint(std::slice::from_ref(&root), wanted).unwrap()
        };

        let first = now();
        fs::write(root.join("dist/a.js"), "built").unwrap();
        assert_eq!(now(), first);
        fs::write(root.join("a.ts"), "two").unwrap();
        assert_ne!(now(), first);

        fs::remove_dir_all(&root).unwrap();
    }
}
