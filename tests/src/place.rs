//! Where built and fetched things lie.

use std::path::{Path, PathBuf};

/// The root of the source tree.
///
/// # Panics
/// Never: this package lies one level below it.
#[must_use]
pub fn tree() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("this package lies one level below the root")
}

/// The binary `furrow`: `$FURROW_BIN`, else the one beside this test in its target folder.
///
/// # Panics
/// When it has not been built.
#[must_use]
pub fn furrow() -> PathBuf {
    let path = set("FURROW_BIN").unwrap_or_else(|| {
        let own = std::env::current_exe().expect("a running test has a path");
        own.ancestors()
            .nth(2)
            .expect("cargo puts a test two levels below the profile's folder")
            .join("furrow")
    });
    assert!(
        path.is_file(),
        "{} is missing: run `cargo build -p furrow`, or `cargo xtask test`, which does it",
        path.display()
    );
    path
}

/// The folder for fetched things, as the binary finds it.
///
/// # Panics
/// When no variable says where it is.
#[must_use]
pub fn cache() -> PathBuf {
    set("FURROW_CACHE")
        .or_else(|| set("XDG_CACHE_HOME").map(|dir| dir.join("furrow")))
        .or_else(|| set("HOME").map(|dir| dir.join(".cache/furrow")))
        .expect("no place for the cache: set HOME or FURROW_CACHE")
}

/// The ClickHouse engine's library.
///
/// # Panics
/// When the set-up has not fetched it.
#[must_use]
pub fn engine() -> PathBuf {
    // The set-up fetches one version.
    let found = std::fs::read_dir(cache().join("engine"))
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path().join("libchdb.so")))
        .find(|library| library.is_file());
    found.expect("the engine is missing: run `cargo xtask setup`")
}

/// A Python that has the gRPC tools.
///
/// # Panics
/// When it has not been set up.
#[must_use]
pub fn python() -> PathBuf {
    let path = set("FURROW_PYTHON").unwrap_or_else(|| cache().join("python/bin/python"));
    assert!(
        path.exists(),
        "{} is missing: run `cargo xtask setup`",
        path.display()
    );
    path
}

fn set(name: &str) -> Option<PathBuf> {
    std::env::var_os(name)
        .filter(|value| !value.is_empty())
        .map(PathBuf::from)
}
