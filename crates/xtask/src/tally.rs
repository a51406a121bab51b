//! How many tests a step says it ran.

use std::ops::AddAssign;

/// Tests that passed and failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }
}

/// Sums the closing lines of Rust's test harness and of Node's, and ignores every other line.
pub(crate) fn count<'a>(lines: impl IntoIterator<Item = &'a str>) -> Tally {
    let mut sum = Tally::default();
    for line in lines {
        sum += rust(line).or_else(|| node(line)).unwrap_or_default();
    }
    sum
}

/// `test result: ok. 12 passed; 0 failed; 0 ignored; …`
fn rust(line: &str) -> Option<Tally> {
    let counts = line
        .trim()
        .strip_prefix("test result: ")?
        .split_once(". ")?
        .1;
    let number = |word: &str| {
        counts
            .split("; ")
            .find_map(|part| part.strip_suffix(word)?.trim().parse().ok())
    };
    Some(Tally {
        passed: number(" passed")?,
        failed: number(" failed")?,
    })
}

/// `# pass 12` and `# fail 0` (TAP), or the same behind `ℹ` (for a terminal).
fn node(line: &str) -> Option<Tally> {
    let line = line.trim();
    let rest = line
        .strip_prefix("# ")
        .or_else(|| line.strip_prefix("ℹ "))?;
    let (word, number) = rest.split_once(' ')?;
    let number = number.parse().ok()?;
    match word {
        "pass" => Some(Tally {
            passed: number,
            failed: 0,
        }),
        "fail" | "cancelled" => Some(Tally {
            passed: 0,
            failed: number,
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closing_lines_of_several_rust_binaries_add_up() {
        let lines = [
            "running 3 tests",
            "test passed_by ... ok",
            "test result: ok. 2 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.1s",
            "test result: FAILED. 4 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.1s",
        ];
        assert_eq!(
            count(lines),
            Tally {
                passed: 6,
                failed: 1
            }
        );
    }

    #[test]
    fn closing_lines_of_node_add_up_in_both_of_its_forms() {
        let lines = [
            "# tests 3",
            "# pass 2",
            "# fail 1",
            "ℹ pass 5",
            "ℹ fail 0",
            "ℹ cancelled 1",
        ];
        assert_eq!(
            count(lines),
            Tally {
                passed: 7,
                failed: 2
            }
        );
    }

    #[test]
    fn a_line_that_only_looks_alike_counts_nothing() {
        let lines = [
            "# pass it on",
            "test result: unknown",
            "12 passed; 3 failed",
            "",
        ];
        assert_eq!(count(lines), Tally::default());
    }
}
