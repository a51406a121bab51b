//! The Cargo graph is the architecture diagram; these tests hold it to what ARCHITECTURE.md says.

#![allow(clippy::unwrap_used, reason = "all of this file is tests")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

/// Which crates of this workspace a crate may depend on, tests of its own included.
const INTERNAL: &[(&str, &[&str])] = &[
    ("furrow-core", &[]),
    ("furrow-proto", &["furrow-core"]),
    ("furrow-log", &["furrow-test-broker"]),
    ("furrow-store", &["furrow-core"]),
    ("furrow-service", &[]),
    (
        "furrow-gateway",
        &[
            "furrow-core",
            "furrow-proto",
            "furrow-log",
            "furrow-service",
        ],
    ),
    (
        "furrow-scorer",
        &[
            "furrow-core",
            "furrow-proto",
            "furrow-log",
            "furrow-service",
        ],
    ),
    (
        "furrow-sink",
        &[
            "furrow-core",
            "furrow-proto",
            "furrow-log",
            "furrow-store",
            "furrow-service",
        ],
    ),
    (
        "furrow-api",
        &[
            "furrow-core",
            "furrow-proto",
            "furrow-log",
            "furrow-store",
            "furrow-service",
        ],
    ),
    ("furrow-sim", &["furrow-core", "furrow-proto"]),
    ("furrow-evaluate", &["furrow-core"]),
    ("xtask", &[]),
    ("furrow-test-broker", &[]),
];

/// Crates at the top: they put the others together, and nothing depends on them.
const TOP: &[&str] = &[
    "furrow",
    "furrow-tests",
    "furrow-benches",
    "furrow-counts",
    "furrow-log-benches",
    "furrow-fuzz",
];

/// Which crates alone may see a library, besides [`TESTING`].
const SEEN_BY: &[(&str, &[&str])] = &[
    ("anyhow", &["furrow"]),
    ("axum", &["furrow-api", "furrow-gateway", "furrow-service"]),
    ("clap", &["furrow"]),
    ("clickhouse", &["furrow-store"]),
    ("config", &["furrow-service"]),
    ("fjall", &["furrow-log"]),
    ("governor", &["furrow-gateway"]),
    ("libloading", &["furrow-store"]),
    ("libm", &["furrow-core", "furrow-sim"]),
    ("object_store", &["furrow-scorer"]),
    ("postcard", &["furrow-scorer"]),
    ("prost", &["furrow-proto"]),
    ("prost-reflect", &["furrow-proto"]),
    ("protox", &["furrow-proto"]),
    ("rdkafka", &["furrow-log"]),
    ("reqwest", &["furrow-scorer"]),
    ("rust-embed", &["furrow-api"]),
    ("rustls", &["furrow-scorer"]),
    ("statrs", &["furrow-evaluate"]),
    ("tonic-prost", &["furrow-proto"]),
    ("tonic-prost-build", &["furrow-proto"]),
    ("tracing-subscriber", &["furrow-service"]),
];

/// Crates that ship nothing and may see every library.
const TESTING: &[&str] = &[
    "furrow-tests",
    "furrow-test-broker",
    "furrow-benches",
    "furrow-counts",
    "furrow-log-benches",
    "furrow-fuzz",
];

/// All that the pure core may see: no clock, no I/O, no format.
const CORE_SEES: &[&str] = &["libm", "serde"];

/// Names that say nothing about what a crate owns.
const EMPTY_NAMES: &[&str] = &["common", "utils", "util", "helpers", "shared", "misc"];

struct Package {
    folder: String,
    /// What ships and what builds it.
    shipped: BTreeSet<String>,
    /// The above and what its tests use.
    all: BTreeSet<String>,
}

/// Every package of the workspace with its direct dependencies.
fn workspace() -> BTreeMap<String, Package> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--format-version", "1"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let packages = metadata["packages"].as_array().unwrap();
    packages
        .iter()
        .map(|package| {
            let dependencies = package["dependencies"].as_array().unwrap();
            let folder = Path::new(package["manifest_path"].as_str().unwrap())
                .parent()
                .unwrap();
            let described = Package {
                folder: folder.file_name().unwrap().to_str().unwrap().to_owned(),
                shipped: dependencies
                    .iter()
                    .filter(|dependency| dependency["kind"] != "dev")
                    .map(|dependency| text(&dependency["name"]))
                    .collect(),
                all: dependencies
                    .iter()
                    .map(|dependency| text(&dependency["name"]))
                    .collect(),
            };
            (text(&package["name"]), described)
        })
        .collect()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

#[test]
fn every_crate_has_its_place_in_the_diagram() {
    let known: BTreeSet<&str> = INTERNAL
        .iter()
        .map(|(name, _)| *name)
        .chain(TOP.iter().copied())
        .collect();
    for name in workspace().keys() {
        assert!(
            known.contains(name.as_str()),
            "{name} has no row in this file"
        );
    }
}

#[test]
fn dependencies_between_crates_point_one_way() {
    let workspace = workspace();
    for (name, allowed) in INTERNAL {
        let Some(package) = workspace.get(*name) else {
            continue;
        };
        for dependency in package
            .all
            .iter()
            .filter(|name| workspace.contains_key(*name))
        {
            assert!(
                allowed.contains(&dependency.as_str()),
                "{name} must not depend on {dependency}"
            );
        }
    }
}

#[test]
fn a_library_is_seen_only_by_the_crate_that_wraps_it() {
    for (name, package) in workspace() {
        for (library, seen_by) in SEEN_BY {
            let may = seen_by.contains(&name.as_str()) || TESTING.contains(&name.as_str());
            assert!(
                may || !package.shipped.contains(*library),
                "{name} must not see {library}"
            );
        }
    }
}

#[test]
fn the_core_sees_nothing_but_mathematics_and_derives() {
    let core = &workspace()["furrow-core"];
    for library in &core.shipped {
        assert!(
            CORE_SEES.contains(&library.as_str()),
            "furrow-core must not see {library}"
        );
    }
}

#[test]
fn a_crate_is_named_like_its_folder_and_after_what_it_owns() {
    for (name, package) in workspace() {
        assert!(
            name == package.folder
                || TOP.contains(&name.as_str())
                || TESTING.contains(&name.as_str()),
            "{name} lies in {}",
            package.folder
        );
        let last = name.rsplit('-').next().unwrap();
        assert!(
            !EMPTY_NAMES.contains(&last),
            "{name} says nothing about what it owns"
        );
    }
}
