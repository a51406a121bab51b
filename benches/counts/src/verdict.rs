//! What was counted beside the budget.

use crate::count::Counted;
use crate::work::Item;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// How much more than the budget is still within it; new with every `--write`.
const OVER_PERCENT: f64 = 5.0;

/// Cheaper by more than this, and the budget should be lowered, so that it
/// does not hide the next rise.
const CHEAPER_PERCENT: f64 = 10.0;

/// What stands in the file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Budget {
    pub(crate) compiler: String,
    /// How much more is still within, percent.
    over_percent: f64,
    /// By name of the piece of work.
    instructions_per_sample: BTreeMap<String, f64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Within,
    Cheaper,
    Over,
    /// The file does not have it.
    Unknown,
}

/// One piece of work.
#[derive(Debug, PartialEq)]
pub(crate) struct Row {
    item: Item,
    counted: f64,
    budget: Option<f64>,
    pub(crate) verdict: Verdict,
}

impl Budget {
    pub(crate) fn compare(&self, counted: &[Counted]) -> Vec<Row> {
        let row = |one: &Counted| {
            let budget = self.instructions_per_sample.get(one.item.name()).copied();
            Row {
                item: one.item,
                counted: one.per_sample,
                budget,
                verdict: budget.map_or(Verdict::Unknown, |budget| {
                    let percent = more_percent(one.per_sample, budget);
                    if percent > self.over_percent {
                        Verdict::Over
                    } else if percent < -CHEAPER_PERCENT {
                        Verdict::Cheaper
                    } else {
                        Verdict::Within
                    }
                }),
            }
        };
        counted.iter().map(row).collect()
    }
}

/// To two digits, as the file has them.
fn more_percent(counted: f64, budget: f64) -> f64 {
    let percent = (counted / budget - 1.0) * 100.0;
    // Adding 0 makes a negative 0 a positive one.
    (percent * 100.0).round() / 100.0 + 0.0
}

/// The rows as people read them.
pub(crate) fn table(rows: &[Row]) -> String {
    let mut table = format!(
        "{:<18} {:>12} {:>10} {:>8}  instructions per sample\n",
        "", "counted", "budget", ""
    );
    for row in rows {
        let (budget, more) = match row.budget {
            Some(budget) => (
                format!("{budget:.2}"),
                format!("{:+.2} %", more_percent(row.counted, budget)),
            ),
            None => ("-".into(), "-".into()),
        };
        let verdict = match row.verdict {
            Verdict::Within => "within",
            Verdict::Cheaper => "cheaper",
            Verdict::Over => "over",
            Verdict::Unknown => "has no budget",
        };
        let (name, counted) = (row.item.name(), row.counted);
        writeln!(
            table,
            "{name:<18} {counted:>12.2} {budget:>10} {more:>8}  {verdict}"
        )
        .expect("a string takes all");
    }
    table
}

/// The file that makes what was counted the budget.
pub(crate) fn file(counted: &[Counted], compiler: &str) -> String {
    let mut text = format!(
        "# What one pointer sample may cost; `cargo xtask budget` compares, `--write` stores anew.\n\n\
         compiler = {compiler:?}\nover_percent = {OVER_PERCENT:?}\n\n[instructions_per_sample]\n"
    );
    for one in counted {
        writeln!(text, "{} = {:.2}", one.item.name(), one.per_sample).expect("a string takes all");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(counted: f64, budget: f64) -> Verdict {
        let stored = [Counted {
            item: Item::Decode,
            per_sample: budget,
        }];
        let budget: Budget = toml::from_str(&file(&stored, "rustc 1")).unwrap();
        budget.compare(&[Counted {
            item: Item::Decode,
            per_sample: counted,
        }])[0]
            .verdict
    }

    #[test]
    fn a_little_more_is_within_and_much_less_asks_for_a_lower_budget() {
        assert_eq!(verdict(100.0, 100.0), Verdict::Within);
        assert_eq!(verdict(104.9, 100.0), Verdict::Within);
        assert_eq!(verdict(105.1, 100.0), Verdict::Over);
        assert_eq!(verdict(90.1, 100.0), Verdict::Within);
        assert_eq!(verdict(89.9, 100.0), Verdict::Cheaper);
    }

    #[test]
    fn work_without_a_budget_is_told() {
        let budget: Budget = toml::from_str(&file(&[], "rustc 1")).unwrap();
        let rows = budget.compare(&[Counted {
            item: Item::Fold,
            per_sample: 3.0,
        }]);
        assert_eq!(rows[0].verdict, Verdict::Unknown);
        assert!(table(&rows).contains("has no budget"));
    }
}
