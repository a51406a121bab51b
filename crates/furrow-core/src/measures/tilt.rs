//! How the device is held, from its up-vector u = (−cosβ·sinγ, sinβ, cosβ·cosγ).
//!
//! Directions are averaged as vectors; Euler angles wrap and must not be.

use super::average::{quantised, ratio};
use crate::interaction::TiltPath;
use crate::time::ClientTime;
use serde::{Deserialize, Serialize};

/// Readings closer than this say nothing about turning, ms: one step of the
/// wire's quantisation, 1/127, is half a degree.
pub const TILT_STEP_MS: u64 = 100;

/// Readings further apart than this neither: who knows what was between, ms.
pub const TILT_GAP_MS: u64 = 1_000;

/// Components and angles are kept to a millionth.
const PER_UNIT: u32 = 1_000_000;

/// Between the readings of one sender's device.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct TiltStream {
    /// The reading from which the next turn counts.
    from: Option<(ClientTime, [i32; 3])>,
}

/// Readings, summed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Tilt {
    readings: u32,
    /// Sum of unit vectors.
    up: [i64; 3],
    turned: i64,
    turned_ms: u64,
    /// Fastest turn, per s.
    peak: i64,
}

impl TiltStream {
    /// Readings in order. One without a direction is dropped.
    #[must_use]
    pub fn path(&mut self, at: ClientTime, path: &TiltPath) -> Tilt {
        let mut tilt = Tilt::default();
        let (mut at, mut up) = (at, [0_i32; 3]);
        for &(dt, dx, dy, dz) in &path.steps {
            at = at.plus(i64::from(dt));
            up = [
                up[0].saturating_add(dx),
                up[1].saturating_add(dy),
                up[2].saturating_add(dz),
            ];
            self.reading(at, up, &mut tilt);
        }
        tilt
    }

    fn reading(&mut self, at: ClientTime, up: [i32; 3], tilt: &mut Tilt) {
        let length = dot(up, up).sqrt();
        if length == 0.0 {
            return;
        }
        tilt.readings += 1;
        for (sum, part) in tilt.up.iter_mut().zip(up) {
            *sum += quantised(f64::from(part) / length, PER_UNIT);
        }
        let Some((before, from)) = self.from else {
            self.from = Some((at, up));
            return;
        };
        let ms = at.since(before);
        if ms < TILT_STEP_MS {
            return;
        }
        self.from = Some((at, up));
        if ms <= TILT_GAP_MS {
            let turned_rad = angle_rad(from, up);
            let per_s = turned_rad * 1e3 / ms as f64;
            tilt.turned += quantised(turned_rad, PER_UNIT);
            tilt.turned_ms += ms;
            tilt.peak = tilt.peak.max(quantised(per_s, PER_UNIT));
        }
    }
}

impl Tilt {
    pub(super) fn add(&mut self, other: Tilt) {
        self.readings += other.readings;
        for (sum, part) in self.up.iter_mut().zip(other.up) {
            *sum += part;
        }
        self.turned += other.turned;
        self.turned_ms += other.turned_ms;
        self.peak = self.peak.max(other.peak);
    }

    /// Whether nothing was read.
    pub(super) fn is_empty(&self) -> bool {
        self.readings == 0
    }

    /// 1 − ‖Σu‖/n, 0 (still) to 1 (every way); none below two readings.
    pub(super) fn variance(&self) -> Option<f64> {
        let up = self.up.map(|sum| sum as f64 / f64::from(PER_UNIT));
        let length = (up[0] * up[0] + up[1] * up[1] + up[2] * up[2]).sqrt();
        (self.readings > 1).then(|| (1.0 - length / f64::from(self.readings)).max(0.0))
    }

    /// Mean angular speed, rad/s.
    pub(super) fn mean_rad_per_s(&self) -> Option<f64> {
        let turned_rad = self.turned as f64 / f64::from(PER_UNIT);
        ratio(turned_rad * 1e3, self.turned_ms as f64)
    }

    /// Fastest turn between two readings, rad/s.
    pub(super) fn peak_rad_per_s(&self) -> Option<f64> {
        (self.turned_ms > 0).then(|| self.peak as f64 / f64::from(PER_UNIT))
    }
}

fn dot(a: [i32; 3], b: [i32; 3]) -> f64 {
    a.iter()
        .zip(b)
        .map(|(a, b)| f64::from(*a) * f64::from(b))
        .sum()
}

/// Equal to acos(a·b) of unit vectors, without its loss of digits near 0.
fn angle_rad(a: [i32; 3], b: [i32; 3]) -> f64 {
    let [ax, ay, az] = a.map(f64::from);
    let [bx, by, bz] = b.map(f64::from);
    let cross = [ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx];
    let sine = (cross[0] * cross[0] + cross[1] * cross[1] + cross[2] * cross[2]).sqrt();
    libm::atan2(sine, dot(a, b))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A path of readings (ms, up-vector).
    fn path(readings: &[(i64, [i32; 3])]) -> (ClientTime, TiltPath) {
        let (mut ms, mut up) = (readings[0].0, [0; 3]);
        let steps = readings
            .iter()
            .map(|&(at, next)| {
                let step = (
                    u32::try_from(at - ms).unwrap(),
                    next[0] - up[0],
                    next[1] - up[1],
                    next[2] - up[2],
                );
                (ms, up) = (at, next);
                step
            })
            .collect();
        (ClientTime(readings[0].0), TiltPath { steps })
    }

    fn tilt(readings: &[(i64, [i32; 3])]) -> Tilt {
        let (at, path) = path(readings);
        TiltStream::default().path(at, &path)
    }

    #[test]
    fn a_device_at_rest_has_neither_variance_nor_speed() {
        let tilt = tilt(&[(0, [0, 0, 127]), (200, [0, 0, 127]), (400, [0, 0, 127])]);
        assert_eq!(tilt.variance(), Some(0.0));
        assert_eq!(tilt.mean_rad_per_s(), Some(0.0));
    }

    #[test]
    fn a_quarter_turn_in_half_a_second_is_pi_a_second() {
        let tilt = tilt(&[(0, [0, 0, 127]), (500, [127, 0, 0])]);
        let speed = tilt.mean_rad_per_s().unwrap();
        assert!((speed - std::f64::consts::PI).abs() < 1e-5);
        assert!((tilt.peak_rad_per_s().unwrap() - speed).abs() < 1e-5);
        // Two unit vectors at a right angle sum to √2.
        let variance = 1.0 - std::f64::consts::FRAC_1_SQRT_2;
        assert!((tilt.variance().unwrap() - variance).abs() < 1e-5);
    }

    #[test]
    fn opposite_directions_have_full_variance_whatever_their_angles_average_to() {
        let tilt = tilt(&[(0, [127, 0, 0]), (200, [-127, 0, 0])]);
        assert_eq!(tilt.variance(), Some(1.0));
    }

    #[test]
    fn what_was_between_distant_readings_is_unknown() {
        let tilt = tilt(&[(0, [0, 0, 127]), (1_001, [127, 0, 0])]);
        assert_eq!(tilt.mean_rad_per_s(), None);
        assert!(tilt.variance().is_some());
    }

    proptest! {
        #[test]
        fn the_cut_into_paths_changes_nothing(
            readings in prop::collection::vec((1_i64..300, [-127..=127_i32, -127..=127, -127..=127]), 2..60),
            cut in 0_usize..60,
        ) {
            let mut ms = 0;
            let readings: Vec<_> = readings
                .into_iter()
                .map(|(dt, up)| { ms += dt; (ms, up) })
                .collect();
            let cut = 1 + cut % (readings.len() - 1);
            let (mut whole, mut parts) = (TiltStream::default(), TiltStream::default());
            let (at, all) = path(&readings);
            let in_one = whole.path(at, &all);
            let mut in_two = Tilt::default();
            for part in [&readings[..cut], &readings[cut..]] {
                let (at, part) = path(part);
                in_two.add(parts.path(at, &part));
            }
            prop_assert_eq!(in_one, in_two);
            prop_assert_eq!(whole, parts);
        }
    }
}
