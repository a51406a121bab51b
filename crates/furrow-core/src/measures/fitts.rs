//! Fitts' law: how long it takes to reach a target of some distance and width.
//!
//! Index of difficulty `ID = log2(D/W + 1)` (MacKenzie 1992), movement time
//! regressed on it. What the line does not explain is the measure.

use crate::interaction::PointerType;
use serde::{Deserialize, Serialize};

/// Width that stands for every target, px, since clients tell none: the
/// target size of WCAG 2.5.5.
pub const NOMINAL_TARGET_PX: f64 = 44.0;

/// Aims below which there is no line.
pub const AIMS_MIN: u32 = 5;

/// A movement that ended in a press.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Aim {
    /// What moved.
    pub pointer: PointerType,
    /// Index of difficulty, thousandths of a bit.
    pub difficulty_millibits: u32,
    /// How long the movement took.
    pub duration_ms: u32,
}

impl Aim {
    /// None for what cannot aim from a distance (a finger is seen only where
    /// it touches) and where nothing was covered.
    #[must_use]
    pub fn new(
        pointer: PointerType,
        duration_ms: u32,
        distance_px: f64,
        width_px: f64,
    ) -> Option<Aim> {
        let hovers = matches!(pointer, PointerType::Mouse | PointerType::Pen);
        let difficulty_bits = libm::log2(distance_px / width_px + 1.0);
        (hovers && distance_px > 0.0 && width_px > 0.0).then(|| Aim {
            pointer,
            difficulty_millibits: (difficulty_bits * 1e3).round() as u32,
            duration_ms,
        })
    }
}

/// Movement time by difficulty: five sums and a sixth for what is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Fitts {
    aims: u32,
    millibits: u64,
    ms: u64,
    millibits_squared: u64,
    ms_squared: u64,
    millibits_ms: u64,
}

/// Movement time against difficulty.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Line {
    /// At difficulty 0, ms.
    pub intercept_ms: f64,
    /// ms per bit.
    pub slope_ms_per_bit: f64,
    /// Standard error of movement time about the line, ms, with n − 2.
    pub residual_ms: f64,
}

impl Line {
    /// How much longer than the line says, ms.
    #[must_use]
    pub fn excess_ms(&self, aim: Aim) -> f64 {
        let bits = f64::from(aim.difficulty_millibits) / 1e3;
        f64::from(aim.duration_ms) - self.intercept_ms - self.slope_ms_per_bit * bits
    }
}

impl Fitts {
    pub(super) fn add(&mut self, aim: Aim) {
        let (millibits, ms) = (
            u64::from(aim.difficulty_millibits),
            u64::from(aim.duration_ms),
        );
        self.aims += 1;
        self.millibits += millibits;
        self.ms += ms;
        self.millibits_squared += millibits * millibits;
        self.ms_squared += ms * ms;
        self.millibits_ms += millibits * ms;
    }

    /// Least squares; none below [`AIMS_MIN`] aims or without a spread of
    /// difficulty.
    pub(super) fn line(&self) -> Option<Line> {
        if self.aims < AIMS_MIN {
            return None;
        }
        let n = i128::from(self.aims);
        let wide = i128::from;
        let sxx = n * wide(self.millibits_squared) - wide(self.millibits) * wide(self.millibits);
        let sxy = n * wide(self.millibits_ms) - wide(self.millibits) * wide(self.ms);
        let syy = n * wide(self.ms_squared) - wide(self.ms) * wide(self.ms);
        if sxx == 0 {
            return None;
        }
        let slope = sxy as f64 / sxx as f64;
        let n = f64::from(self.aims);
        let left = (syy as f64 - slope * sxy as f64).max(0.0) / n;
        Some(Line {
            intercept_ms: (self.ms as f64 - slope * self.millibits as f64) / n,
            slope_ms_per_bit: slope * 1e3,
            residual_ms: (left / (n - 2.0)).sqrt(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn aim(difficulty_millibits: u32, duration_ms: u32) -> Aim {
        Aim {
            pointer: PointerType::Mouse,
            difficulty_millibits,
            duration_ms,
        }
    }

    #[test]
    fn difficulty_is_one_bit_where_distance_equals_width() {
        let aim = Aim::new(PointerType::Mouse, 300, 44.0, 44.0).unwrap();
        assert_eq!(aim.difficulty_millibits, 1_000);
        assert_eq!(Aim::new(PointerType::Touch, 300, 44.0, 44.0), None);
        assert_eq!(Aim::new(PointerType::Mouse, 300, 0.0, 44.0), None);
    }

    #[test]
    fn aims_on_a_line_give_the_line_and_leave_nothing() {
        let mut fitts = Fitts::default();
        for bits in 1..=5 {
            fitts.add(aim(bits * 1_000, 200 + 150 * bits));
        }
        let line = fitts.line().unwrap();
        assert!((line.slope_ms_per_bit - 150.0).abs() < 1e-9);
        assert!((line.intercept_ms - 200.0).abs() < 1e-9);
        assert!(line.residual_ms < 1e-6);
        assert!((line.excess_ms(aim(2_000, 600)) - 100.0).abs() < 1e-9);
    }

    #[test]
    fn four_aims_or_one_difficulty_make_no_line() {
        let mut fitts = Fitts::default();
        for bits in 1..=4 {
            fitts.add(aim(bits * 1_000, 300));
        }
        assert_eq!(fitts.line(), None);
        let mut fitts = Fitts::default();
        for ms in 1..=9 {
            fitts.add(aim(2_000, ms));
        }
        assert_eq!(fitts.line(), None);
    }

    proptest! {
        /// To 1e-6 of the spread: the sums are exact, the two passes round.
        #[test]
        fn the_sums_give_what_two_passes_give(
            aims in prop::collection::vec((0_u32..8_000, 1_u32..5_000), 5..60)
        ) {
            let mut fitts = Fitts::default();
            for &(millibits, ms) in &aims {
                fitts.add(aim(millibits, ms));
            }
            let n = aims.len() as f64;
            let mean_x = aims.iter().map(|a| f64::from(a.0)).sum::<f64>() / n / 1e3;
            let mean_y = aims.iter().map(|a| f64::from(a.1)).sum::<f64>() / n;
            let off = |a: &(u32, u32)| (f64::from(a.0) / 1e3 - mean_x, f64::from(a.1) - mean_y);
            let sxx = aims.iter().map(|a| off(a).0 * off(a).0).sum::<f64>();
            let sxy = aims.iter().map(|a| off(a).0 * off(a).1).sum::<f64>();
            prop_assume!(sxx > 1e-3);
            let slope = sxy / sxx;
            let left = aims
                .iter()
                .map(|a| off(a).1 - slope * off(a).0)
                .map(|r| r * r)
                .sum::<f64>();
            let line = fitts.line().unwrap();
            prop_assert!((line.slope_ms_per_bit - slope).abs() <= 1e-6 * slope.abs().max(1.0));
            let residual = (left / (n - 2.0)).sqrt();
            prop_assert!((line.residual_ms - residual).abs() <= 1e-6 * residual.max(1.0));
        }
    }
}
