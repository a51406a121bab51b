//! What the documentation says of measures is what the code has.

use furrow_core::measures::MeasureKind;
use std::path::Path;

#[test]
fn every_measure_has_its_row_with_its_unit_in_the_catalogues_order() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/measures.md");
    let text = std::fs::read_to_string(path).expect("docs/measures.md is there");
    let documented: Vec<(&str, &str)> = text
        .lines()
        .filter(|line| line.starts_with("| `"))
        .map(|line| {
            let mut cells = line.trim_matches('|').split('|').map(str::trim);
            let name = cells.next().expect("a name").trim_matches('`');
            (name, cells.next().expect("a unit"))
        })
        .collect();
    let coded: Vec<(&str, &str)> = MeasureKind::ALL
        .iter()
        .map(|kind| (kind.name(), kind.unit()))
        .collect();
    assert_eq!(documented, coded);
}
