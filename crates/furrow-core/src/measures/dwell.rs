//! How long the visitor stays: the Weibull distribution of dwell times.
//!
//! Shape below 1 means that leaving becomes less likely the longer a page was
//! looked at (Liu, White and Dumais 2010). From moments of the logarithm:
//! k = π/(√6·s), λ = exp(m + γ/k), with mean m and standard deviation s of
//! ln T, and Euler's γ.

use super::average::quantised;
use serde::{Deserialize, Serialize};

/// Dwell times below which there is no distribution.
pub const DWELLS_MIN: u32 = 5;

/// Sums of ln T and (ln T)² are kept to a millionth.
const PER_UNIT: u32 = 1_000_000;

const EULER: f64 = 0.577_215_664_901_532_9;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Dwell {
    count: u32,
    ln: i64,
    ln_squared: i64,
}

/// A Weibull distribution.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Weibull {
    pub(super) shape: f64,
    pub(super) scale_ms: f64,
}

impl Dwell {
    /// A time of 0 has no logarithm and tells of no stay.
    pub(super) fn add(&mut self, dwell_ms: u64) {
        if dwell_ms > 0 {
            let ln = libm::log(dwell_ms as f64);
            self.count += 1;
            self.ln += quantised(ln, PER_UNIT);
            self.ln_squared += quantised(ln * ln, PER_UNIT);
        }
    }

    /// None below [`DWELLS_MIN`] times or when all are the same.
    pub(super) fn weibull(&self) -> Option<Weibull> {
        if self.count < DWELLS_MIN {
            return None;
        }
        let n = f64::from(self.count);
        let mean = self.ln as f64 / f64::from(PER_UNIT) / n;
        let squares = self.ln_squared as f64 / f64::from(PER_UNIT);
        let variance = (squares - n * mean * mean) / (n - 1.0);
        // Below the fineness of the sums a spread is rounding.
        if variance < 1e-4 {
            return None;
        }
        let shape = std::f64::consts::PI / (6.0 * variance).sqrt();
        Some(Weibull {
            shape,
            scale_ms: libm::exp(mean + EULER / shape),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn quantiles_of_a_weibull_give_it_back() {
        // T = λ·(−ln(1−u))^(1/k) at 999 even steps of u.
        let (shape, scale_ms) = (0.7, 20_000.0);
        let mut dwell = Dwell::default();
        for i in 1..1_000 {
            let u = f64::from(i) / 1_000.0;
            dwell.add((scale_ms * libm::pow(-libm::log(1.0 - u), 1.0 / shape)).round() as u64);
        }
        let weibull = dwell.weibull().unwrap();
        assert!((weibull.shape - shape).abs() < 0.01, "{weibull:?}");
        assert!(
            (weibull.scale_ms / scale_ms - 1.0).abs() < 0.01,
            "{weibull:?}"
        );
    }

    #[test]
    fn equal_times_and_few_times_have_no_distribution() {
        let mut dwell = Dwell::default();
        for ms in [1_000, 2_000, 3_000, 4_000, 0] {
            dwell.add(ms);
        }
        assert_eq!(dwell.weibull(), None);
        let mut dwell = Dwell::default();
        for _ in 0..100 {
            dwell.add(5_000);
        }
        assert_eq!(dwell.weibull(), None);
    }

    proptest! {
        /// To a thousandth: sums are kept to a millionth.
        #[test]
        fn the_sums_give_what_two_passes_give(
            times in prop::collection::vec(1_u64..3_600_000, 5..50)
        ) {
            let mut dwell = Dwell::default();
            times.iter().for_each(|ms| dwell.add(*ms));
            let n = times.len() as f64;
            let ln = |ms: &u64| libm::log(*ms as f64);
            let mean = times.iter().map(ln).sum::<f64>() / n;
            let squares = times.iter().map(|t| (ln(t) - mean) * (ln(t) - mean)).sum::<f64>();
            let s = (squares / (n - 1.0)).sqrt();
            prop_assume!(s > 0.1);
            let shape = std::f64::consts::PI / (libm::sqrt(6.0) * s);
            let scale_ms = libm::exp(mean + 0.577_215_664_9 / shape);
            let weibull = dwell.weibull().unwrap();
            prop_assert!((weibull.shape / shape - 1.0).abs() < 1e-3);
            prop_assert!((weibull.scale_ms / scale_ms - 1.0).abs() < 1e-3);
        }
    }
}
