//! What was acknowledged against what is stored, and what survived against what one
//! uninterrupted pass leaves.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// How many of a kind a failure shows.
const SHOWN_MAX: usize = 5;

/// Which batch: session, sender, sequence, as ClickHouse prints them.
pub type Identity = (String, String, u32);

/// Tables whose rows must be the same, with their keys.
pub const TABLES: [(&str, &str); 5] = [
    ("sessions", "tenant, property, session"),
    ("signals", "tenant, property, session, ordinal"),
    ("page_views", "tenant, property, session, ordinal"),
    ("conversions", "tenant, property, session, ordinal"),
    ("batches", "tenant, property, session, sender, sequence"),
];

/// Asks for all rows of one of [`TABLES`], in the order of its key.
#[must_use]
pub fn all_of(table: &str, key: &str) -> String {
    format!("SELECT * FROM {table} FINAL ORDER BY {key}")
}

/// What is wrong with an archive. Nothing, if all is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Faults {
    /// Acknowledged, and not there.
    pub lost: BTreeSet<Identity>,
    /// There more than once.
    pub doubled: BTreeSet<Identity>,
    /// There, and never acknowledged.
    pub unknown: BTreeSet<Identity>,
}

impl Faults {
    /// Of an archive with these rows.
    #[must_use]
    pub fn of(acknowledged: &BTreeSet<Identity>, archived: &[Identity]) -> Faults {
        let mut distinct = BTreeSet::new();
        let mut doubled = BTreeSet::new();
        for identity in archived {
            if !distinct.insert(identity.clone()) {
                doubled.insert(identity.clone());
            }
        }
        Faults {
            lost: acknowledged.difference(&distinct).cloned().collect(),
            doubled,
            unknown: distinct.difference(acknowledged).cloned().collect(),
        }
    }
}

/// How many batches each session must count.
#[must_use]
pub fn batches_by_session(acknowledged: &BTreeSet<Identity>) -> BTreeMap<&str, u64> {
    let mut counts = BTreeMap::new();
    for (session, ..) in acknowledged {
        *counts.entry(session.as_str()).or_default() += 1;
    }
    counts
}

/// Sessions whose count is not the one expected, with what is counted.
#[must_use]
pub fn miscounted<'a>(
    expected: &BTreeMap<&'a str, u64>,
    counted: &BTreeMap<&'a str, u64>,
) -> BTreeMap<&'a str, u64> {
    let sessions: BTreeSet<&str> = expected.keys().chain(counted.keys()).copied().collect();
    sessions
        .into_iter()
        .filter(|session| expected.get(session) != counted.get(session))
        .map(|session| (session, counted.get(session).copied().unwrap_or_default()))
        .collect()
}

/// Rows that only one of two has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Difference {
    /// Only what survived has them.
    pub survived: Vec<String>,
    /// Only the uninterrupted pass has them.
    pub uninterrupted: Vec<String>,
}

impl Difference {
    /// Between the rows of a table, each in the order of its key.
    #[must_use]
    pub fn between(survived: &[String], uninterrupted: &[String]) -> Difference {
        let (ours, theirs) = (counted(survived), counted(uninterrupted));
        Difference {
            survived: beyond(&ours, &theirs),
            uninterrupted: beyond(&theirs, &ours),
        }
    }

    /// How many there are.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.survived.len().max(self.uninterrupted.len())
    }
}

fn counted(rows: &[String]) -> BTreeMap<&str, u64> {
    let mut counts = BTreeMap::new();
    for row in rows {
        *counts.entry(row.as_str()).or_default() += 1;
    }
    counts
}

/// Rows of `these` that `those` have less often.
fn beyond(these: &BTreeMap<&str, u64>, those: &BTreeMap<&str, u64>) -> Vec<String> {
    these
        .iter()
        .filter(|(row, count)| those.get(*row).unwrap_or(&0) < count)
        .map(|(row, _)| (*row).to_owned())
        .collect()
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let some = |rows: &[String]| {
            let shown: Vec<&str> = rows.iter().take(SHOWN_MAX).map(String::as_str).collect();
            format!("{} rows, such as\n{}", rows.len(), shown.join("\n"))
        };
        write!(
            f,
            "Only what survived has {}\nOnly the uninterrupted pass has {}",
            some(&self.survived),
            some(&self.uninterrupted)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batches(sequences: &[u32]) -> Vec<Identity> {
        sequences
            .iter()
            .map(|sequence| ("s".into(), "t".into(), *sequence))
            .collect()
    }

    fn faults(acknowledged: &[u32], archived: &[u32]) -> [Vec<u32>; 3] {
        let acknowledged = batches(acknowledged).into_iter().collect();
        let Faults {
            lost,
            doubled,
            unknown,
        } = Faults::of(&acknowledged, &batches(archived));
        [lost, doubled, unknown].map(|some| some.into_iter().map(|(.., number)| number).collect())
    }

    #[test]
    fn an_archive_of_what_was_acknowledged_has_no_fault() {
        assert_eq!(faults(&[0, 1, 2], &[2, 0, 1]), [vec![], vec![], vec![]]);
    }

    #[test]
    fn what_is_lost_doubled_or_unknown_is_told_apart() {
        assert_eq!(faults(&[0, 1], &[1, 1, 5]), [vec![0], vec![1], vec![5]]);
    }

    #[test]
    fn a_session_that_counts_too_many_or_is_missing_or_unheard_of_is_miscounted() {
        let expected = BTreeMap::from([("a", 2), ("b", 1), ("c", 3)]);
        let counted = BTreeMap::from([("a", 3), ("c", 3), ("d", 1)]);
        let wrong = BTreeMap::from([("a", 3), ("b", 0), ("d", 1)]);
        assert_eq!(miscounted(&expected, &counted), wrong);
        assert!(miscounted(&expected, &expected).is_empty());
    }

    #[test]
    fn a_row_that_stands_twice_on_one_side_is_a_difference() {
        let rows = |rows: &[&str]| rows.iter().map(|row| (*row).to_owned()).collect::<Vec<_>>();
        let difference = Difference::between(&rows(&["a", "a", "b"]), &rows(&["a", "b", "c"]));
        assert_eq!(difference.survived, ["a"]);
        assert_eq!(difference.uninterrupted, ["c"]);
        assert_eq!(difference.rows(), 1);
        let same = rows(&["a", "b"]);
        assert_eq!(Difference::between(&same, &same).rows(), 0);
    }
}
