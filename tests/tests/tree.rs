//! What the tracked files themselves must be.

use std::fs;
use std::path::Path;
use std::process::Command;

/// Words that are true on one machine only; written in two halves, because this file is tracked too.
const LOCAL_WORDS: &[(&str, &str)] = &[
    ("../", "shared"),
    ("/ro", "ot/"),
    ("/ho", "me/"),
    ("/Us", "ers/"),
    ("/wo", "rk/"),
];

#[test]
fn no_tracked_file_names_a_place_on_somebodys_machine() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let listed = Command::new("git")
        .args(["ls-files", "-z"])
        .current_dir(root)
        .output()
        .unwrap()
        .stdout;
    let listed = String::from_utf8(listed).unwrap();
    let names: Vec<&str> = listed.split('\0').filter(|name| !name.is_empty()).collect();
    assert!(!names.is_empty(), "git lists no file in {}", root.display());
    for name in names {
        // A file that is being moved is listed and not there; one that is no text names no place.
        let Ok(text) = fs::read_to_string(root.join(name)) else {
            continue;
        };
        for (number, line) in text.lines().enumerate() {
            for (start, end) in LOCAL_WORDS {
                let word = format!("{start}{end}");
                assert!(!line.contains(&word), "{name}:{}: {word}", number + 1);
            }
        }
    }
}
