//! Means that add exactly: sums are whole numbers of a stated fineness, so
//! that neither order nor grouping changes them.

use serde::{Deserialize, Serialize};

/// A mean of values that are kept to 1/`PER_UNIT`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Mean<const PER_UNIT: u32> {
    count: u32,
    sum: i64,
}

impl<const PER_UNIT: u32> Mean<PER_UNIT> {
    pub(super) fn add(&mut self, value: Option<f64>) {
        if let Some(value) = value {
            self.count += 1;
            self.sum += quantised(value, PER_UNIT);
        }
    }

    pub(super) fn count(self) -> u32 {
        self.count
    }

    /// The sum of all values.
    pub(super) fn total(self) -> f64 {
        self.sum as f64 / f64::from(PER_UNIT)
    }

    pub(super) fn mean(self) -> Option<f64> {
        (self.count > 0).then(|| self.total() / f64::from(self.count))
    }
}

/// A value as a whole number of 1/`per_unit`, to the nearest.
pub(super) fn quantised(value: f64, per_unit: u32) -> i64 {
    debug_assert!(value.is_finite(), "measures are finite");
    (value * f64::from(per_unit)).round() as i64
}

/// A ratio of sums; none without a denominator.
pub(super) fn ratio(numerator: f64, denominator: f64) -> Option<f64> {
    (denominator > 0.0).then(|| numerator / denominator)
}
