//! What Kafka costs: the log beside Kafka's own tools, the memory of a scorer, and what happens
//! when partitions go from one scorer to another.
//!
//! ```text
//! options     what the command line asks for
//! tools       Kafka's own performance tools, run and read
//! throughput  appending and consuming through the log, in turns with them
//! crowd       sessions that stay open, and the batches that they send
//! pair        two scorers on one broker, each a process
//! told        what a scorer's log says about its partitions, and when
//! memory      what a process has in memory
//! handover    one scorer's partitions go to the other
//! seen        score updates as they stand in the log
//! report      the tables and the file
//! ```

pub mod crowd;
pub mod handover;
pub mod memory;
pub mod options;
pub mod pair;
pub mod report;
pub mod seen;
pub mod throughput;
pub mod told;
pub mod tools;

use std::time::{SystemTime, UNIX_EPOCH};

/// The machine's clock, which the broker shares, ms since 1970.
///
/// # Panics
/// When it shows a time before that.
#[must_use]
pub fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let since = since.expect("the clock shows a time after 1970");
    i64::try_from(since.as_millis()).expect("milliseconds fit for ages")
}

/// Least, middle and greatest of some measured values.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct Spread {
    /// None is less.
    pub min: f64,
    /// As many are less as are more.
    pub median: f64,
    /// None is more.
    pub max: f64,
}

impl Spread {
    /// `None` of no values.
    #[must_use]
    pub fn of(values: impl IntoIterator<Item = f64>) -> Option<Spread> {
        let mut values: Vec<f64> = values.into_iter().collect();
        values.sort_by(f64::total_cmp);
        let (min, max) = (*values.first()?, *values.last()?);
        let upper = values.len() / 2;
        let lower = (values.len() - 1) / 2;
        let median = f64::midpoint(values[lower], values[upper]);
        Some(Spread { min, median, max })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_lies_in_the_middle_of_either_number_of_values() {
        let median = |values: &[f64]| Spread::of(values.iter().copied()).map(|all| all.median);
        assert_eq!(median(&[3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), Some(2.5));
        assert_eq!(median(&[]), None);
    }
}
