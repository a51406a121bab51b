//! "Add a signal" and "Add a score" in CONTRIBUTING.md lead where they say.

use furrow_core::signals::SignalKind;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Rows of a walk-through: step, file, what to look for.
fn steps(heading: &str) -> Vec<[String; 3]> {
    let text = std::fs::read_to_string(root().join("CONTRIBUTING.md")).expect("it is there");
    let section = text
        .split("\n## ")
        .find(|section| section.starts_with(heading))
        .expect("the section is there");
    let rows = section.lines().filter(|line| line.starts_with("| "));
    rows.skip(1)
        .map(|row| {
            let cells: Vec<&str> = row.trim_matches('|').split(" | ").map(str::trim).collect();
            let [step, file, look] = cells[..] else {
                panic!("a step has three cells: {row}");
            };
            let code = |cell: &str| cell.trim_matches('`').trim().trim_matches('`').to_owned();
            [step.to_owned(), code(file), code(look)]
        })
        .collect()
}

/// The text of a file, or of all Rust files in a folder and below.
fn text_of(place: &Path) -> String {
    if place.is_file() {
        return std::fs::read_to_string(place).expect("it is readable");
    }
    let files = std::fs::read_dir(place).expect("the folder is there");
    files
        .map(|file| file.expect("it is readable").path())
        .filter(|path| path.is_dir() || path.extension().is_some_and(|e| e == "rs"))
        .map(|path| text_of(&path))
        .collect()
}

#[test]
fn every_step_names_a_place_that_has_what_it_says() {
    for heading in ["Add a signal", "Add a score"] {
        let steps = steps(heading);
        assert!(steps.len() >= 8, "the table was read: {steps:?}");
        for [step, file, look] in steps {
            let place = root().join(&file);
            assert!(place.exists(), "{step}: {file} is not there");
            assert!(
                text_of(&place).contains(&look),
                "{step}: {file} has no {look}"
            );
        }
    }
}

#[test]
fn every_signal_is_fired_by_a_detector_and_tested_by_name() {
    let sources = text_of(&root().join("crates/furrow-core/src/signals"));
    for kind in SignalKind::ALL {
        let variant = format!("SignalKind::{kind:?}");
        assert!(sources.contains(&variant), "nothing fires {variant}");
        let tested = sources.contains(&format!("{}@", kind.name()));
        assert!(tested, "no test table expects {}", kind.name());
    }
}
