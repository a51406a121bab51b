//! Area under the ROC curve: how often a frustrated session scores above a
//! calm one, ties counted half.
//!
//! The variance is that of DeLong, DeLong & Clarke-Pearson (Biometrics 1988),
//! computed from mid-ranks in O(n log n) as Sun & Xu (IEEE Signal Processing
//! Letters 2014) do. Several sessions of one person are no independent cases:
//! the components of one person are added up before they are squared, as
//! Obuchowski (Biometrics 1997) does. With one session a person this is
//! DeLong's variance exactly.

use crate::interval::{Interval, normal_quantile, two_sided_p, wilson};
use crate::labels::{Labels, Owned};
use crate::ranks::mid_ranks;
use statrs::function::logistic::{logistic, logit};

/// An area under the curve, 0 to 1; 0.5 is what chance gives.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Auc {
    /// The area.
    pub value: f64,
    /// Its standard error; 0 where every frustrated session scores above every
    /// calm one, or below, or all score the same.
    pub standard_error: f64,
    /// Symmetric in the logit of the area. Where the standard error is 0 and
    /// says nothing: Wilson's interval with as many cases as the smaller class
    /// has persons, for no area's variance exceeds A·(1 − A) over the smaller
    /// class (van Dantzig, Indagationes Mathematicae 1951).
    pub interval: Interval,
}

/// The area of `first` minus that of `second`, over the same sessions.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Difference {
    /// −1 to 1.
    pub value: f64,
    /// Around the difference. Where neither area shows any variance, the two
    /// intervals are put together as Newcombe (Statistics in Medicine 1998,
    /// method 10) does.
    pub interval: Interval,
    /// The difference in standard errors; none where that is 0.
    pub z: Option<f64>,
    /// Two-sided; none where `z` is.
    pub p: Option<f64>,
}

/// The area of one value per session, in the labels' order. None with fewer
/// than 2 frustrated or 2 calm persons.
///
/// # Panics
///
/// When there is not one number for every session.
#[must_use]
pub fn auc(values: &[f64], labels: &Labels) -> Option<Auc> {
    Placements::new(values, labels)?.auc(labels)
}

/// The difference of the areas of two scores over the same sessions. None
/// where one of them has none.
///
/// # Panics
///
/// As [`auc`].
#[must_use]
pub fn difference(first: &[f64], second: &[f64], labels: &Labels) -> Option<Difference> {
    let (first, second) = (
        Placements::new(first, labels)?,
        Placements::new(second, labels)?,
    );
    let (a, b) = (first.auc(labels)?, second.auc(labels)?);
    let value = a.value - b.value;
    let standard_error = first.minus(&second).variance(labels)?.sqrt();
    if standard_error == 0.0 {
        let together = |x: f64, y: f64| (x * x + y * y).sqrt();
        let interval = Interval {
            low: value - together(a.value - a.interval.low, b.interval.high - b.value),
            high: value + together(a.interval.high - a.value, b.value - b.interval.low),
        };
        return Some(Difference {
            value,
            interval,
            z: None,
            p: None,
        });
    }
    let z = value / standard_error;
    Some(Difference {
        value,
        interval: Interval::around(value, standard_error),
        z: Some(z),
        p: Some(two_sided_p(z)),
    })
}

/// DeLong's structural components, each with whose session it is: of a
/// frustrated session, the share of calm ones that score below it; of a calm
/// one, the share of frustrated ones that score above it. Ties count half.
struct Placements {
    frustrated: Vec<Owned>,
    calm: Vec<Owned>,
}

impl Placements {
    fn new(values: &[f64], labels: &Labels) -> Option<Placements> {
        let (frustrated, calm) = labels.split(values);
        if frustrated.is_empty() || calm.is_empty() {
            return None;
        }
        let numbers = |class: &[Owned]| -> Vec<f64> { class.iter().map(|c| c.1).collect() };
        let (above, below) = (numbers(&frustrated), numbers(&calm));
        let all = mid_ranks(&[above.as_slice(), below.as_slice()].concat());
        let (all_above, all_below) = all.split_at(above.len());
        let place = |class: &[Owned], all: &[f64], own: &[f64], others: usize| {
            class
                .iter()
                .zip(all.iter().zip(own))
                .map(|(&(person, _), (all, own))| (person, (all - own) / others as f64))
                .collect::<Vec<_>>()
        };
        Some(Placements {
            frustrated: place(&frustrated, all_above, &mid_ranks(&above), below.len()),
            calm: place(&calm, all_below, &mid_ranks(&below), above.len())
                .into_iter()
                .map(|(person, lower)| (person, 1.0 - lower))
                .collect(),
        })
    }

    /// The components of the difference of two areas.
    fn minus(&self, other: &Placements) -> Placements {
        let minus = |a: &[Owned], b: &[Owned]| {
            a.iter()
                .zip(b)
                .map(|(&(person, a), (_, b))| (person, a - b))
                .collect()
        };
        Placements {
            frustrated: minus(&self.frustrated, &other.frustrated),
            calm: minus(&self.calm, &other.calm),
        }
    }

    fn auc(&self, labels: &Labels) -> Option<Auc> {
        let value = mean(&self.frustrated);
        let standard_error = self.variance(labels)?.sqrt();
        let interval = if standard_error == 0.0 {
            let smaller = self.persons(labels).0.min(self.persons(labels).1);
            wilson(value, smaller as f64)
        } else {
            let reach = normal_quantile() * standard_error / (value * (1.0 - value));
            Interval {
                low: logistic(logit(value) - reach),
                high: logistic(logit(value) + reach),
            }
        };
        Some(Auc {
            value,
            standard_error,
            interval,
        })
    }

    /// Persons with a frustrated session, persons with a calm one.
    fn persons(&self, labels: &Labels) -> (usize, usize) {
        let count = |class: &[Owned]| {
            let mut seen = vec![false; labels.persons()];
            class.iter().for_each(|&(person, _)| seen[person] = true);
            seen.into_iter().filter(|&seen| seen).count()
        };
        (count(&self.frustrated), count(&self.calm))
    }

    /// Obuchowski's variance of the mean component: S₁₀/m + S₀₁/n + 2·S₁₁/(m·n).
    /// None with fewer than 2 persons in a class.
    fn variance(&self, labels: &Labels) -> Option<f64> {
        let (persons_frustrated, persons_calm) = self.persons(labels);
        if persons_frustrated < 2 || persons_calm < 2 {
            return None;
        }
        let sums = |class: &[Owned]| {
            let mean = mean(class);
            let mut sums = vec![0.0; labels.persons()];
            for &(person, component) in class {
                sums[person] += component - mean;
            }
            sums
        };
        let (frustrated, calm) = (sums(&self.frustrated), sums(&self.calm));
        let products = |a: &[f64], b: &[f64]| -> f64 { a.iter().zip(b).map(|(a, b)| a * b).sum() };
        // n/(n − 1): the mean was taken from the same persons.
        let unbiased = |persons: usize| persons as f64 / (persons - 1) as f64;
        let (m, n) = (self.frustrated.len() as f64, self.calm.len() as f64);
        let own = unbiased(persons_frustrated) * products(&frustrated, &frustrated) / (m * m)
            + unbiased(persons_calm) * products(&calm, &calm) / (n * n);
        let shared = unbiased(labels.persons()) * products(&frustrated, &calm) / (m * n);
        // Rounding may leave a trace of what is 0.
        let variance = (own + 2.0 * shared).max(0.0);
        Some(if variance < f64::EPSILON * f64::EPSILON {
            0.0
        } else {
            variance
        })
    }
}

fn mean(class: &[Owned]) -> f64 {
    class.iter().map(|c| c.1).sum::<f64>() / class.len() as f64
}

#[cfg(test)]
#[path = "auc_tests.rs"]
mod tests;
