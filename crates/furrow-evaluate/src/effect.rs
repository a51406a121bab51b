//! How far frustrated sessions lie from calm ones, in standard deviations.
//!
//! Intervals are large-sample ones (Hedges & Olkin, Statistical Methods for
//! Meta-Analysis, 1985): around d, with variance 1/n + d²/(2n) within persons
//! and (m + n)/(m·n) + d²/(2(m + n)) between them.

use crate::interval::Interval;
use crate::labels::{Labels, Owned};
use std::collections::BTreeMap;

/// A standardised difference; above 0 when frustrated sessions score higher.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Effect {
    /// In standard deviations.
    pub d: f64,
    /// Around `d`.
    pub interval: Interval,
    /// Persons that it rests on.
    pub persons: usize,
}

/// A person's mean in each of the two states.
#[derive(Debug, Clone, Copy, Default)]
struct Means {
    frustrated: Option<f64>,
    calm: Option<f64>,
}

/// Within persons, d_z: each person who has both kinds of sessions is their
/// own comparison, the mean of the frustrated minus the mean of the calm ones.
/// The mean of these differences over their standard deviation. None with
/// fewer than 3 such persons, or when all differ by the same.
///
/// # Panics
///
/// When there is not one number for every session.
#[must_use]
pub fn within(values: &[f64], labels: &Labels) -> Option<Effect> {
    let differences: Vec<f64> = means(values, labels)
        .filter_map(|means| Some(means.frustrated? - means.calm?))
        .collect();
    let persons = differences.len();
    if persons < 3 {
        return None;
    }
    let n = persons as f64;
    let (mean, variance) = moments(&differences);
    let d = standardised(mean, variance)?;
    let interval = Interval::around(d, (1.0 / n + d * d / (2.0 * n)).sqrt());
    Some(Effect {
        d,
        interval,
        persons,
    })
}

/// Between persons, Cohen's d: every person counts once in each state that
/// they were in, with their mean there; the difference of the two means over
/// the pooled standard deviation. Who was in both is in both, which the
/// interval leaves out of account: it is rather too wide. None with fewer than
/// 3 persons in a state, or when nobody differs.
///
/// # Panics
///
/// When there is not one number for every session.
#[must_use]
pub fn between(values: &[f64], labels: &Labels) -> Option<Effect> {
    let means: Vec<Means> = means(values, labels).collect();
    let frustrated: Vec<f64> = means.iter().filter_map(|m| m.frustrated).collect();
    let calm: Vec<f64> = means.iter().filter_map(|m| m.calm).collect();
    if frustrated.len() < 3 || calm.len() < 3 {
        return None;
    }
    let (m, n) = (frustrated.len() as f64, calm.len() as f64);
    let ((mean_frustrated, variance_frustrated), (mean_calm, variance_calm)) =
        (moments(&frustrated), moments(&calm));
    let pooled = ((m - 1.0) * variance_frustrated + (n - 1.0) * variance_calm) / (m + n - 2.0);
    let d = standardised(mean_frustrated - mean_calm, pooled)?;
    let variance = (m + n) / (m * n) + d * d / (2.0 * (m + n));
    Some(Effect {
        d,
        interval: Interval::around(d, variance.sqrt()),
        persons: means.len(),
    })
}

/// How many persons have both kinds of sessions.
#[must_use]
pub fn persons_in_both_states(labels: &Labels) -> usize {
    means(&vec![0.0; labels.len()], labels)
        .filter(|means| means.frustrated.is_some() && means.calm.is_some())
        .count()
}

fn means(values: &[f64], labels: &Labels) -> impl Iterator<Item = Means> {
    let (frustrated, calm) = labels.split(values);
    let mut persons = vec![Means::default(); labels.persons()];
    for (person, mean) in mean_of_each(&frustrated) {
        persons[person].frustrated = Some(mean);
    }
    for (person, mean) in mean_of_each(&calm) {
        persons[person].calm = Some(mean);
    }
    persons.into_iter()
}

fn mean_of_each(class: &[Owned]) -> impl Iterator<Item = Owned> {
    let mut sums: BTreeMap<usize, (f64, f64)> = BTreeMap::new();
    for &(person, value) in class {
        let (sum, count) = sums.entry(person).or_default();
        *sum += value;
        *count += 1.0;
    }
    sums.into_iter()
        .map(|(person, (sum, count))| (person, sum / count))
}

/// Mean and unbiased variance of at least 2 values.
fn moments(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares: f64 = values.iter().map(|v| (v - mean) * (v - mean)).sum();
    (mean, squares / (n - 1.0))
}

fn standardised(difference: f64, variance: f64) -> Option<f64> {
    // Below this a variance is what rounding left of 0.
    (variance > 1e-18).then(|| difference / variance.sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(sessions: &[(&str, bool, f64)]) -> (Vec<f64>, Labels) {
        (
            sessions.iter().map(|s| s.2).collect(),
            Labels::new(sessions.iter().map(|s| (s.0, s.1))),
        )
    }

    #[test]
    fn within_persons_the_mean_difference_counts_in_its_own_deviations() {
        // Differences 1, 2 and 3: mean 2, deviation 1.
        let (values, labels) = of(&[
            ("ann", true, 5.0),
            ("ann", false, 4.0),
            ("bob", true, 3.0),
            ("bob", false, 0.5),
            ("bob", false, 1.5),
            ("cyd", true, 3.0),
            ("cyd", false, 0.0),
            ("dan", true, 9.0),
        ]);
        let effect = within(&values, &labels).unwrap();
        assert!((effect.d - 2.0).abs() < 1e-12);
        assert_eq!(effect.persons, 3);
        // 1.96 · √(1/3 + 4/6)
        assert!((effect.interval.high - 2.0 - 1.959_963_984_540_054).abs() < 1e-9);
        assert_eq!(persons_in_both_states(&labels), 3);
    }

    #[test]
    fn between_persons_the_means_differ_by_pooled_deviations() {
        // 4, 5, 6 against 1, 2, 3: both variances 1.
        let (values, labels) = of(&[
            ("a", true, 4.0),
            ("b", true, 5.0),
            ("c", true, 6.0),
            ("d", false, 1.0),
            ("e", false, 2.0),
            ("f", false, 3.0),
        ]);
        let effect = between(&values, &labels).unwrap();
        assert!((effect.d - 3.0).abs() < 1e-12);
        assert_eq!(effect.persons, 6);
        assert_eq!(within(&values, &labels), None);
    }

    #[test]
    fn where_nobody_differs_there_is_no_effect() {
        let (values, labels) = of(&[
            ("a", true, 1.0),
            ("a", false, 1.0),
            ("b", true, 1.0),
            ("b", false, 1.0),
            ("c", true, 1.0),
            ("c", false, 1.0),
        ]);
        assert_eq!(within(&values, &labels), None);
        assert_eq!(between(&values, &labels), None);
    }

    proptest! {
        #[test]
        fn an_effect_turns_with_its_score_and_does_not_hang_on_its_unit(
            pairs in prop::collection::vec((0..50_u8, 0..50_u8), 3..20),
        ) {
            let keys: Vec<String> = (0..pairs.len()).map(|i| i.to_string()).collect();
            let sessions: Vec<(&str, bool, f64)> = keys
                .iter()
                .zip(&pairs)
                .flat_map(|(key, &(high, low))| {
                    [(key.as_str(), true, f64::from(high)), (key.as_str(), false, f64::from(low))]
                })
                .collect();
            let (values, labels) = of(&sessions);
            let turned: Vec<f64> = values.iter().map(|v| 7.0 - 3.0 * v).collect();
            for effect in [within, between] {
                let (there, back) = (effect(&values, &labels), effect(&turned, &labels));
                prop_assert_eq!(there.is_some(), back.is_some());
                if let (Some(there), Some(back)) = (there, back) {
                    prop_assert!((there.d + back.d).abs() < 1e-9);
                    prop_assert!(there.interval.contains(there.d));
                }
            }
        }
    }
}
