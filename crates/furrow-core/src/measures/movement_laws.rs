//! One pass against two, and what no cut into paths may change.

use super::PointerStream;
use super::grid::{GRID_MS, GRID_PX};
use super::kinematics::{SUBMOVEMENT_MS_MIN, SUBMOVEMENT_VALLEY};
use super::movement::{GAP_MS, PAUSE_MS};
use super::movement_tests::{Sample, feed, movements};
use super::shape::{FLIP_PX, HEADINGS_MIN, TRAIL_MAX};
use proptest::prelude::*;
use std::f64::consts::PI;

/// Everything about one movement from all its samples at once.
struct TwoPasses(Vec<(f64, f64, f64)>);

impl TwoPasses {
    fn chord(&self) -> (f64, f64, f64) {
        let (first, last) = (self.0[0], self.0[self.0.len() - 1]);
        let (x, y) = (last.1 - first.1, last.2 - first.2);
        (x, y, (x * x + y * y).sqrt())
    }

    fn path_px(&self) -> f64 {
        let length = |p: &[(f64, f64, f64)]| {
            ((p[1].1 - p[0].1) * (p[1].1 - p[0].1) + (p[1].2 - p[0].2) * (p[1].2 - p[0].2)).sqrt()
        };
        self.0.windows(2).map(length).sum()
    }

    fn deviations_px(&self) -> Vec<f64> {
        let (x, y, length) = self.chord();
        let off =
            |p: &(f64, f64, f64)| ((p.1 - self.0[0].1) * y - (p.2 - self.0[0].2) * x) / length;
        self.0.iter().map(off).collect()
    }

    /// By the trapezoids between path and chord.
    fn signed_area(&self) -> f64 {
        let (x, y, length) = self.chord();
        let along =
            |p: &(f64, f64, f64)| ((p.1 - self.0[0].1) * x + (p.2 - self.0[0].2) * y) / length;
        let off = self.deviations_px();
        let pieces = self.0.windows(2).zip(off.windows(2));
        let area = pieces
            .map(|(p, off)| (off[0] + off[1]) / 2.0 * (along(&p[1]) - along(&p[0])))
            .sum::<f64>();
        area / (length * length)
    }

    fn flips(&self, axis: impl Fn(&(f64, f64, f64)) -> f64) -> u32 {
        let mut runs: Vec<f64> = Vec::new();
        for step in self.0.windows(2).map(|p| axis(&p[1]) - axis(&p[0])) {
            match runs.last_mut() {
                _ if step == 0.0 => {}
                Some(run) if *run * step > 0.0 => *run += step,
                _ => runs.push(step),
            }
        }
        runs.retain(|run| run.abs() > f64::from(FLIP_PX));
        let flips = runs.windows(2).filter(|r| r[0] * r[1] < 0.0).count();
        u32::try_from(flips).unwrap()
    }

    /// The place that lies so far along the path.
    fn along(&self, px: f64) -> (f64, f64) {
        let mut left = px;
        for p in self.0.windows(2) {
            let (dx, dy) = (p[1].1 - p[0].1, p[1].2 - p[0].2);
            let length = (dx * dx + dy * dy).sqrt();
            if left <= length {
                return (p[0].1 + dx * left / length, p[0].2 + dy * left / length);
            }
            left -= length;
        }
        let last = self.0[self.0.len() - 1];
        (last.1, last.2)
    }

    /// Directions of the pieces of the arc grid, rad.
    fn headings(&self) -> Vec<f64> {
        let pieces = (self.path_px() / GRID_PX + 1e-9).floor() as u32;
        let points: Vec<_> = (0..=pieces)
            .map(|i| self.along(f64::from(i) * GRID_PX))
            .collect();
        points
            .windows(2)
            .map(|p| libm::atan2(p[1].1 - p[0].1, p[1].0 - p[0].0))
            .collect()
    }

    fn turned_rad(&self) -> f64 {
        let wrapped = |p: &[f64]| {
            let turn = (p[1] - p[0]).abs();
            turn.min(2.0 * PI - turn)
        };
        self.headings().windows(2).map(wrapped).sum()
    }

    fn entropy_bits(&self) -> f64 {
        let headings = self.headings();
        let bin = |heading: &f64| ((heading / (PI / 4.0)).round() as i32).rem_euclid(8);
        let entropy = |bin_number| {
            let count = headings.iter().filter(|h| bin(h) == bin_number).count();
            let share = count as f64 / headings.len() as f64;
            if count == 0 {
                0.0
            } else {
                -share * libm::log2(share)
            }
        };
        (0..8).map(entropy).sum()
    }

    fn at(&self, ms: f64) -> (f64, f64) {
        let p = self.0.windows(2).find(|p| p[1].0 >= ms).unwrap();
        let part = (ms - p[0].0) / (p[1].0 - p[0].0);
        (
            p[0].1 + part * (p[1].1 - p[0].1),
            p[0].2 + part * (p[1].2 - p[0].2),
        )
    }

    /// (middle ms, duration ms, px/ms) on the time grid.
    fn speeds(&self) -> Vec<(f64, f64, f64)> {
        let grid = f64::from(GRID_MS);
        let start = self.0[0].0;
        let mut times = vec![start];
        for p in self.0.windows(2) {
            let last = start + ((p[1].0 - start) / grid).floor() * grid;
            if last > p[0].0 {
                times.push(last);
            }
        }
        let speed = |t: &[f64]| {
            let (from, to) = (self.at(t[0]), self.at(t[1]));
            let (dx, dy) = (to.0 - from.0, to.1 - from.1);
            let ms = t[1] - t[0];
            ((t[0] + t[1]) / 2.0, ms, (dx * dx + dy * dy).sqrt() / ms)
        };
        times.windows(2).map(speed).collect()
    }

    /// Peak acceleration and RMS jerk.
    fn differences(&self) -> (f64, f64) {
        let difference = |profile: &[(f64, f64)]| {
            let one = |p: &[(f64, f64)]| {
                (
                    (p[0].0 + p[1].0) / 2.0,
                    (p[1].1 - p[0].1) / (p[1].0 - p[0].0),
                )
            };
            profile.windows(2).map(one).collect::<Vec<_>>()
        };
        let speeds: Vec<_> = self.speeds().iter().map(|s| (s.0, s.2)).collect();
        let accelerations = difference(&speeds);
        let jerks = difference(&accelerations);
        let spans = accelerations.windows(2).map(|p| p[1].0 - p[0].0);
        let squares = jerks
            .iter()
            .zip(spans.clone())
            .map(|(j, ms)| j.1 * j.1 * ms);
        let rms = (squares.sum::<f64>() / spans.sum::<f64>()).sqrt();
        let peak = accelerations.iter().map(|a| a.1.abs()).fold(0.0, f64::max);
        (peak * 1e6, rms * 1e9)
    }

    fn submovements(&self) -> u32 {
        let mut speeds: Vec<(f64, f64)> = Vec::new();
        let mut at_ms = 0.0;
        for (_, ms, speed) in self.speeds() {
            // A plateau is one speed, where it begins.
            if speeds.last().is_none_or(|last| last.1 != speed) {
                speeds.push((at_ms, speed));
            }
            at_ms += ms;
        }
        let speed = |i: Option<usize>| i.and_then(|i| speeds.get(i)).map_or(0.0, |s| s.1);
        let mut peaks: Vec<usize> = Vec::new();
        for i in 0..speeds.len() {
            if speeds[i].1 <= speed(i.checked_sub(1)) || speeds[i].1 <= speed(i.checked_add(1)) {
                continue;
            }
            let Some(&last) = peaks.last() else {
                peaks.push(i);
                continue;
            };
            let valley = speeds[last..i]
                .iter()
                .map(|s| s.1)
                .fold(f64::INFINITY, f64::min);
            let lower = speeds[last].1.min(speeds[i].1);
            let far = speeds[i].0 - speeds[last].0 >= f64::from(SUBMOVEMENT_MS_MIN);
            if far && valley < SUBMOVEMENT_VALLEY * lower {
                peaks.push(i);
            } else if speeds[i].1 > speeds[last].1 {
                *peaks.last_mut().unwrap() = i;
            }
        }
        u32::try_from(peaks.len()).unwrap()
    }
}

/// Samples of one movement that begin at 0 and move with every step.
fn wandering(longest: usize, slowest_ms: i64) -> impl Strategy<Value = Vec<Sample>> {
    let step = (1..=slowest_ms, -40..40_i32, -40..40_i32);
    prop::collection::vec(step, 3..longest).prop_map(|steps| {
        let mut at = (1_000, 300, 200);
        let mut samples = vec![at];
        for (dt, dx, dy) in steps {
            let dx = if (dx, dy) == (0, 0) { 1 } else { dx };
            at = (at.0 + dt, at.1 + dx, at.2 + dy);
            samples.push(at);
        }
        samples
    })
}

fn close(a: f64, b: f64, relative: f64) -> bool {
    (a - b).abs() <= relative * a.abs().max(b.abs()).max(1.0)
}

proptest! {
    /// To 1e-9, angles and entropy (single precision, pieces on an edge between
    /// eighths) to 1e-4.
    #[test]
    fn one_pass_gives_the_shape_that_two_passes_give(samples in wandering(200, 90)) {
        let all = TwoPasses(
            samples.iter().map(|s| (s.0 as f64, f64::from(s.1), f64::from(s.2))).collect(),
        );
        let movements = movements(&samples);
        prop_assert_eq!(movements.len(), 1);
        let movement = movements[0];
        prop_assert!(close(movement.path_px, all.path_px(), 1e-9));
        prop_assert!(close(movement.displacement_px, all.chord().2, 1e-9));
        prop_assert_eq!(movement.x_flips, all.flips(|p| p.1));
        prop_assert_eq!(movement.y_flips, all.flips(|p| p.2));
        let headings = all.headings();
        prop_assert_eq!(movement.arc_pieces as usize, headings.len());
        prop_assert!(close(movement.turned_rad, all.turned_rad(), 1e-4));
        let edge = |h: &f64| ((h / (PI / 4.0) - 0.5).rem_euclid(1.0) - 0.5).abs() > 0.499_999;
        if headings.len() >= HEADINGS_MIN as usize && !headings.iter().any(edge) {
            prop_assert!(close(movement.heading_entropy_bits.unwrap(), all.entropy_bits(), 1e-4));
        }
        prop_assume!(all.chord().2 > 0.0);
        let off = all.deviations_px();
        let n = off.len() as f64;
        let mean = off.iter().sum::<f64>() / n;
        let rms = (off.iter().map(|d| d * d).sum::<f64>() / n).sqrt();
        let max = off.iter().map(|d| d.abs()).fold(0.0, f64::max);
        prop_assert!(close(movement.mean_deviation_px.unwrap(), mean, 1e-9));
        prop_assert!(close(movement.rms_deviation_px.unwrap(), rms, 1e-9));
        prop_assert!(close(movement.max_deviation_px.unwrap(), max, 1e-9));
        prop_assert!(close(movement.signed_area.unwrap(), all.signed_area(), 1e-9));
        let excess = libm::log(all.path_px() / all.chord().2);
        prop_assert!(close(movement.excess_path.unwrap(), excess, 1e-9));
    }

    /// To 1e-6: differences of differences lose digits.
    #[test]
    fn one_pass_gives_the_speeds_that_two_passes_give(samples in wandering(120, 40)) {
        let all = TwoPasses(
            samples.iter().map(|s| (s.0 as f64, f64::from(s.1), f64::from(s.2))).collect(),
        );
        let movement = movements(&samples)[0];
        let speeds = all.speeds();
        let peak = speeds.iter().map(|s| s.2 * 1e3).fold(0.0, f64::max);
        match movement.peak_speed_px_per_s {
            Some(value) => prop_assert!(close(value, peak, 1e-6)),
            None => prop_assert!(speeds.is_empty()),
        }
        let (acceleration, jerk) = all.differences();
        if let Some(value) = movement.peak_acceleration_px_per_s2 {
            prop_assert!(close(value, acceleration, 1e-6));
        }
        if let Some(value) = movement.rms_jerk_px_per_s3 {
            prop_assert!(close(value, jerk, 1e-6));
        }
    }

    #[test]
    fn one_pass_gives_the_submovements_that_two_passes_give(
        speeds in prop::collection::vec(0..50_u32, 1..80)
    ) {
        // Along a line on the grid itself, so that speeds are exact.
        let mut samples = vec![(0, 0, 0)];
        for speed in &speeds {
            let last = samples[samples.len() - 1];
            samples.push((last.0 + 16, last.1 + 1 + *speed as i32, 0));
        }
        let all = TwoPasses(
            samples.iter().map(|s| (s.0 as f64, f64::from(s.1), f64::from(s.2))).collect(),
        );
        let found = movements(&samples)[0].submovements.unwrap();
        prop_assert_eq!(found, all.submovements());
    }

    /// Stride doubling looks at every second sample at least, so it misses at
    /// most half of the longest step from a remembered sample.
    #[test]
    fn the_largest_deviation_of_a_long_movement_is_bounded_from_both_sides(
        samples in wandering(500, 20)
    ) {
        let movement = movements(&samples)[0];
        let all = TwoPasses(
            samples.iter().map(|s| (s.0 as f64, f64::from(s.1), f64::from(s.2))).collect(),
        );
        prop_assume!(all.chord().2 > 0.0);
        let max = all.deviations_px().iter().map(|d| d.abs()).fold(0.0, f64::max);
        let found = movement.max_deviation_px.unwrap();
        let longest = 40.0 * std::f64::consts::SQRT_2;
        let unseen = if samples.len() > TRAIL_MAX { longest } else { 0.0 };
        prop_assert!(found <= max + 1e-9 && found >= max - unseen - 1e-9, "{} {}", found, max);
    }

    #[test]
    fn the_cut_into_paths_changes_no_bit(
        samples in prop::collection::vec((1_i64..300, -60..60_i32, -60..60_i32), 2..200),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
    ) {
        let mut at = (1_000, 300, 200);
        let samples: Vec<Sample> = samples
            .into_iter()
            .map(|(dt, dx, dy)| {
                // A few intervals in ten are gaps or pauses.
                let dt = if dt > 60 && dt % 8 != 0 { 16 } else { dt };
                at = (at.0 + dt, at.1 + dx, at.2 + dy);
                at
            })
            .collect();
        let mut whole = PointerStream::default();
        let in_one = feed(&mut whole, &samples);
        let mut places: Vec<usize> = cuts.iter().map(|cut| cut.index(samples.len())).collect();
        places.extend([0, samples.len()]);
        places.sort_unstable();
        places.dedup();
        let mut parts = PointerStream::default();
        let mut in_parts = Vec::new();
        for place in places.windows(2) {
            // A snapshot between them changes nothing either.
            let bytes = postcard::to_allocvec(&parts).unwrap();
            parts = postcard::from_bytes(&bytes).unwrap();
            in_parts.extend(feed(&mut parts, &samples[place[0]..place[1]]));
        }
        prop_assert_eq!(in_one, in_parts);
        prop_assert_eq!(
            postcard::to_allocvec(&whole).unwrap(),
            postcard::to_allocvec(&parts).unwrap()
        );
    }

    /// Movements are apart, in order, and cover no more than the samples do.
    #[test]
    fn movements_follow_each_other(
        steps in prop::collection::vec((0_i64..400, -9..9_i32, -9..9_i32), 2..100)
    ) {
        let mut at = (1_000, 0, 0);
        let samples: Vec<Sample> = steps
            .into_iter()
            .map(|(dt, dx, dy)| {
                at = (at.0 + dt, at.1 + dx, at.2 + dy);
                at
            })
            .collect();
        let movements = movements(&samples);
        for movement in &movements {
            prop_assert!(movement.start < movement.end);
            prop_assert!(movement.samples >= 2 && movement.path_px > 0.0);
            prop_assert!((0.0..=1.0).contains(&movement.straightness));
            prop_assert!(movement.mean_speed_px_per_s.is_finite());
        }
        for pair in movements.windows(2) {
            prop_assert!(pair[1].start.since(pair[0].end) >= u64::from(PAUSE_MS - GAP_MS));
        }
    }
}
