//! What the documentation says of signals and weights is what the code does.

use furrow_core::rules::{RuleSet, ScoreKind};
use furrow_core::signals::SignalKind;
use std::collections::BTreeMap;
use std::path::Path;

fn text() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/scores.md");
    std::fs::read_to_string(path).expect("docs/scores.md is there")
}

/// Rows of the tables under a heading of docs/scores.md: cells by first cell.
fn table(heading: &str) -> BTreeMap<String, Vec<String>> {
    let text = text();
    let section = text
        .split("\n## ")
        .find(|section| section.starts_with(heading))
        .expect("the heading is there");
    section
        .lines()
        .filter(|line| line.starts_with("| `"))
        .map(|line| {
            let cells: Vec<String> = line
                .trim_matches('|')
                .split('|')
                .map(|cell| cell.trim().to_owned())
                .collect();
            (cells[0].trim_matches('`').to_owned(), cells[1..].to_vec())
        })
        .collect()
}

#[test]
fn every_signal_has_its_row_with_its_version() {
    let documented: BTreeMap<String, String> = table("Signals")
        .into_iter()
        .map(|(name, cells)| (name, cells.last().expect("a version").clone()))
        .collect();
    let coded: BTreeMap<String, String> = SignalKind::ALL
        .iter()
        .map(|kind| (kind.name().to_owned(), kind.version().to_string()))
        .collect();
    assert_eq!(documented, coded);
}

#[test]
fn every_weight_is_the_documented_one() {
    let rules = RuleSet::default().scores;
    let row = |name: &str, cell: &dyn Fn(ScoreKind) -> String| {
        let cells: Vec<String> = ScoreKind::ALL.iter().map(|score| cell(*score)).collect();
        (name.to_owned(), cells)
    };
    let coded: BTreeMap<String, Vec<String>> = SignalKind::ALL
        .iter()
        .map(|signal| {
            row(signal.name(), &|score| match rules.weight(*signal, score) {
                0.0 => "–".to_owned(),
                weight => format!("{weight:.2}"),
            })
        })
        .collect();
    assert_eq!(table("Weights"), coded);
    let (_, scores) = row("signal", &|score| score.name().to_owned());
    let heading = format!("| signal | {} |", scores.join(" | "));
    assert!(text().contains(&heading), "{heading}");
}
