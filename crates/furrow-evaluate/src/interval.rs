//! What a figure may really be.

use statrs::distribution::{ContinuousCDF, Normal};

/// How often an interval holds the true value.
pub const CONFIDENCE: f64 = 0.95;

/// The values that the data do not speak against, at [`CONFIDENCE`].
#[derive(Debug, Clone, Copy, PartialEq)]
#[allow(missing_docs)]
pub struct Interval {
    pub low: f64,
    pub high: f64,
}

impl Interval {
    /// Whether the value lies within, ends included.
    #[must_use]
    pub fn contains(self, value: f64) -> bool {
        (self.low..=self.high).contains(&value)
    }

    /// `value` ± the normal quantile of the standard error.
    #[must_use]
    pub fn around(value: f64, standard_error: f64) -> Interval {
        let reach = normal_quantile() * standard_error;
        Interval {
            low: value - reach,
            high: value + reach,
        }
    }
}

/// A share of cases, 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rate {
    /// Cases that count.
    pub hits: u64,
    /// All cases, at least 1.
    pub of: u64,
    /// [`wilson`] of the share.
    pub interval: Interval,
}

impl Rate {
    /// None of no cases.
    ///
    /// # Panics
    ///
    /// When more cases count than there are.
    #[must_use]
    pub fn new(hits: u64, of: u64) -> Option<Rate> {
        assert!(hits <= of, "a part is no more than the whole");
        (of > 0).then(|| Rate {
            hits,
            of,
            interval: wilson(hits as f64 / of as f64, of as f64),
        })
    }

    /// The share itself.
    #[must_use]
    pub fn share(self) -> f64 {
        self.hits as f64 / self.of as f64
    }
}

/// The score interval of a share of `n` cases, within 0 to 1 (Wilson, JASA
/// 1927). It stays sensible where the share is 0 or 1.
#[must_use]
pub fn wilson(share: f64, n: f64) -> Interval {
    let z = normal_quantile();
    let shrink = 1.0 + z * z / n;
    let centre = (share + z * z / (2.0 * n)) / shrink;
    let reach = z / shrink * (share * (1.0 - share) / n + z * z / (4.0 * n * n)).sqrt();
    Interval {
        // Of all or none of the cases, one end is exact; rounding would miss it.
        low: (centre - reach).clamp(0.0, share),
        high: (centre + reach).clamp(share, 1.0),
    }
}

/// Two-sided: how far from 0 the standard normal stays with [`CONFIDENCE`].
pub(crate) fn normal_quantile() -> f64 {
    Normal::standard().inverse_cdf(f64::midpoint(1.0, CONFIDENCE))
}

/// How likely the standard normal is at least as far from 0 as `z`.
pub(crate) fn two_sided_p(z: f64) -> f64 {
    2.0 * Normal::standard().sf(z.abs())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn close(a: f64, b: f64) -> bool {
        (a - b).abs() < 5e-5
    }

    #[test]
    fn wilsons_interval_of_81_in_263_is_the_published_one() {
        // Newcombe, Statistics in Medicine 1998, table I: 0.2553 to 0.3662.
        let rate = Rate::new(81, 263).unwrap();
        assert!(close(rate.interval.low, 0.2553), "{rate:?}");
        assert!(close(rate.interval.high, 0.3662), "{rate:?}");
    }

    #[test]
    fn wilsons_interval_of_none_in_20_is_the_published_one() {
        // The same table: 0.0000 to 0.1611.
        let rate = Rate::new(0, 20).unwrap();
        assert_eq!(rate.interval.low, 0.0);
        assert!(close(rate.interval.high, 0.1611), "{rate:?}");
    }

    #[test]
    fn of_no_cases_there_is_no_rate() {
        assert_eq!(Rate::new(0, 0), None);
    }

    #[test]
    fn at_1_96_the_two_sided_p_is_one_in_twenty() {
        assert!((two_sided_p(-1.959_963_984_540_054) - 0.05).abs() < 1e-9);
        assert!((two_sided_p(0.0) - 1.0).abs() < 1e-12);
    }

    proptest! {
        #[test]
        fn a_rate_lies_within_its_interval_and_the_interval_within_0_to_1(
            of in 1..5_000_u64,
            part in 0.0..=1.0_f64,
        ) {
            let hits = (part * of as f64) as u64;
            let rate = Rate::new(hits, of).unwrap();
            prop_assert!(rate.interval.contains(rate.share()));
            prop_assert!(rate.interval.low >= 0.0 && rate.interval.high <= 1.0);
            prop_assert!(rate.interval.low < rate.interval.high);
        }
    }
}
