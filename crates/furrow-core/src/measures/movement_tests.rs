use super::grid::{GRID_MS, GRID_PX, Stride};
use super::kinematics::{Kinematics, SUBMOVEMENT_MS_MIN, SUBMOVEMENT_VALLEY};
use super::movement::{GAP_MS, PAUSE_MS};
use super::shape::{FLIP_PX, HEADINGS_MIN, TRAIL_MAX};
use super::{Movement, PointerStream};
use crate::interaction::{PointerPath, PointerType, Step};
use crate::time::ClientTime;
use proptest::prelude::*;
use std::f64::consts::{FRAC_1_SQRT_2, FRAC_PI_2, PI, TAU};

/// A sample: ms, x, y.
type Sample = (i64, i32, i32);

fn path(samples: &[Sample]) -> (ClientTime, PointerPath) {
    let steps = samples
        .windows(2)
        .map(|pair| Step {
            dt: u32::try_from(pair[1].0 - pair[0].0).unwrap(),
            dx: pair[1].1 - pair[0].1,
            dy: pair[1].2 - pair[0].2,
        })
        .collect();
    let path = PointerPath {
        pointer: PointerType::Mouse,
        start: (samples[0].1, samples[0].2),
        steps,
    };
    (ClientTime(samples[0].0), path)
}

fn feed(stream: &mut PointerStream, samples: &[Sample]) -> Vec<Movement> {
    let (at, path) = path(samples);
    let mut movements = Vec::new();
    stream.path(at, &path, |movement| movements.push(movement));
    movements
}

fn movements(samples: &[Sample]) -> Vec<Movement> {
    let mut stream = PointerStream::default();
    let mut movements = feed(&mut stream, samples);
    movements.extend(stream.ended());
    movements
}

/// Points 16 ms apart.
fn through(points: &[(i32, i32)]) -> Movement {
    let samples: Vec<Sample> = (0..)
        .zip(points)
        .map(|(i, &(x, y))| (i * 16, x, y))
        .collect();
    let movements = movements(&samples);
    assert_eq!(movements.len(), 1);
    movements[0]
}

/// To five digits.
#[track_caller]
fn near(value: impl Into<Option<f64>>, golden: f64) {
    let value = value.into().expect("it is known");
    let allowed = 5e-6 * golden.abs().max(1.0);
    assert!((value - golden).abs() <= allowed, "{value}, not {golden}");
}

#[test]
fn a_straight_line_is_straight() {
    let line = through(&[(0, 0), (3, 4)]);
    assert_eq!(line.path_px, 5.0);
    assert_eq!(line.straightness, 1.0);
    assert_eq!(line.excess_path, Some(0.0));
    assert_eq!(line.max_deviation_px, Some(0.0));
    assert_eq!((line.x_flips, line.y_flips), (0, 0));
}

#[test]
fn a_corner_has_its_golden_values() {
    let corner = through(&[(0, 0), (10, 0), (10, 10)]);
    assert_eq!(corner.path_px, 20.0);
    near(corner.straightness, FRAC_1_SQRT_2);
    near(corner.max_deviation_px, 10.0 * FRAC_1_SQRT_2);
    near(
        corner.mean_deviation_px.map(f64::abs),
        10.0 * FRAC_1_SQRT_2 / 3.0,
    );
    near(corner.rms_deviation_px, (50.0_f64 / 3.0).sqrt());
    near(corner.signed_area, 50.0 / 200.0);
    // On a grid of 20 px the corner must be larger to be seen.
    let large = through(&[(0, 0), (100, 0), (100, 100)]);
    near(large.turned_rad, FRAC_PI_2);
    near(large.turning_rad_per_1000_px(), FRAC_PI_2 * 5.0);
    // Half of the way right, half down.
    near(large.heading_entropy_bits, 1.0);
}

#[test]
fn to_and_fro_has_its_golden_values() {
    let short = through(&[(0, 0), (10, 0), (0, 0), (10, 0)]);
    assert_eq!(short.path_px, 30.0);
    near(short.straightness, 0.333_333_333_333_333_3);
    assert_eq!(short.x_flips, 0);
    let long = through(&[(0, 0), (100, 0), (0, 0), (100, 0)]);
    assert_eq!(long.x_flips, 2);
    near(long.turned_rad, TAU);
}

#[test]
fn the_side_of_the_chord_is_the_sign_of_the_area() {
    let right = through(&[(0, 0), (50, 30), (100, 0)]);
    let left = through(&[(0, 0), (50, -30), (100, 0)]);
    assert_eq!(left.signed_area, Some(0.15));
    assert_eq!(right.signed_area, Some(-0.15));
    assert_eq!(left.mean_deviation_px, Some(10.0));
    assert_eq!(right.mean_deviation_px, Some(-10.0));
    assert_eq!(right.max_deviation_px, Some(30.0));
}

#[test]
fn a_closed_path_has_no_chord() {
    let closed = through(&[(0, 0), (100, 0), (100, 100), (0, 0)]);
    assert_eq!(closed.displacement_px, 0.0);
    assert_eq!(closed.straightness, 0.0);
    assert_eq!(closed.excess_path, None);
    assert_eq!(closed.rms_deviation_px, None);
}

#[test]
fn the_jerk_of_a_bell_has_its_golden_value() {
    let mut kinematics = Kinematics::default();
    for i in -100..100 {
        let t = f64::from(i) / 100.0;
        let speed = libm::exp(-5.0 * t * t);
        kinematics.push(Stride {
            px: speed * 10.0,
            ms: 10,
        });
    }
    let log = kinematics.log_dimensionless_jerk().unwrap();
    assert!((log - -5.816_36).abs() < 5e-6, "{log}");
    assert!((libm::exp(-log) - 335.746_84).abs() < 5e-5 * 10.0, "{log}");
    assert_eq!(kinematics.submovements(), Some(1));
    near(kinematics.peak_speed(), 1_000.0);
}

#[test]
fn two_bells_are_two_submovements_and_a_shoulder_is_one() {
    let count = |second: f64, apart_s: f64| {
        let mut kinematics = Kinematics::default();
        for i in 0..60 {
            let t = f64::from(i) * 0.016;
            let bell = |middle: f64| libm::exp(-200.0 * (t - middle) * (t - middle));
            kinematics.push(Stride {
                px: 16.0 * (bell(0.2) + second * bell(0.2 + apart_s)),
                ms: 16,
            });
        }
        kinematics.submovements().unwrap()
    };
    assert_eq!(count(1.0, 0.4), 2);
    assert_eq!(count(0.3, 0.4), 2);
    assert_eq!(count(0.3, 0.1), 1);
    assert_eq!(count(0.0, 0.4), 1);
}

#[test]
fn a_pause_ends_a_movement_and_a_shorter_one_does_not() {
    let after = |pause: i64| {
        let samples = [
            (0, 0, 0),
            (16, 30, 0),
            (16 + pause, 60, 0),
            (32 + pause, 90, 0),
        ];
        movements(&samples)
            .iter()
            .map(|m| (m.start.0, m.end.0, m.path_px))
            .collect::<Vec<_>>()
    };
    assert_eq!(after(199), [(0, 231, 90.0)]);
    assert_eq!(after(200), [(0, 16, 30.0), (216, 232, 30.0)]);
}

#[test]
fn a_source_that_reports_rest_gives_the_same_movements_as_one_that_does_not() {
    let mut resting = vec![(0, 0, 0)];
    let mut moving = vec![(0, 0, 0)];
    for i in 1..=20 {
        resting.push((i * 16, 0, 0));
    }
    moving.push((320, 0, 0));
    for i in 1..=20 {
        let sample = (320 + i * 16, 10 * i as i32, 3 * i as i32);
        resting.push(sample);
        moving.push(sample);
    }
    for i in 1..=20 {
        resting.push((640 + i * 16, 200, 60));
    }
    assert_eq!(movements(&resting), movements(&moving));
    assert_eq!(movements(&resting)[0].start, ClientTime(320));
    assert_eq!(movements(&resting)[0].duration_ms, 320);
}

#[test]
fn across_a_gap_there_is_no_speed() {
    let mut samples: Vec<Sample> = (0..10).map(|i| (i * 16, 10 * i as i32, 0)).collect();
    let whole = movements(&samples)[0];
    assert_eq!(whole.peak_speed_px_per_s, Some(625.0));
    assert_eq!(whole.peak_acceleration_px_per_s2, Some(0.0));
    // Far away after 101 ms: neither a peak nor smoothness.
    samples.extend((0..10).map(|i| (245 + i * 16, 2_000 + 10 * i as i32, 0)));
    let gapped = movements(&samples)[0];
    assert_eq!(gapped.peak_speed_px_per_s, Some(625.0));
    assert_eq!(gapped.peak_acceleration_px_per_s2, Some(0.0));
    assert_eq!(gapped.log_dimensionless_jerk, None);
    assert_eq!(gapped.path_px, 2_090.0);
}

#[test]
fn samples_without_a_later_time_or_a_place_are_dropped() {
    let clean = [(0, 0, 0), (16, 30, 0), (32, 60, 0), (48, 90, 0)];
    let mut stream = PointerStream::default();
    feed(&mut stream, &clean[..2]);
    feed(&mut stream, &[(16, 500, 500)]);
    feed(&mut stream, &[(10, 500, 500)]);
    feed(&mut stream, &[(20, i32::MAX, 0)]);
    feed(&mut stream, &[(24, -32_768, -32_768)]);
    feed(&mut stream, &clean[2..]);
    assert_eq!(stream.dropped(), 4);
    assert_eq!(stream.ended(), movements(&clean).pop());
}

#[test]
fn another_pointer_ends_the_movement() {
    let mut stream = PointerStream::default();
    feed(&mut stream, &[(0, 0, 0), (16, 30, 0)]);
    let (at, mut touch) = path(&[(32, 60, 0), (48, 90, 0)]);
    touch.pointer = PointerType::Touch;
    let mut ended = Vec::new();
    stream.path(at, &touch, |m| ended.push((m.pointer, m.path_px)));
    ended.extend(stream.ended().map(|m| (m.pointer, m.path_px)));
    assert_eq!(
        ended,
        [(PointerType::Mouse, 30.0), (PointerType::Touch, 30.0)]
    );
}

#[test]
fn a_press_ends_the_movement_and_tells_its_aim() {
    let mut stream = PointerStream::default();
    feed(&mut stream, &[(0, 0, 0), (50, 20, 0), (100, 44, 0)]);
    let pressed = stream.pressed(ClientTime(180), PointerType::Mouse, 44.0);
    let movement = pressed.movement.unwrap();
    assert_eq!(
        (movement.duration_ms, movement.displacement_px),
        (100, 44.0)
    );
    let aim = pressed.aim.unwrap();
    assert_eq!((aim.difficulty_millibits, aim.duration_ms), (1_000, 100));
    // One press tells one aim.
    let again = stream.pressed(ClientTime(300), PointerType::Mouse, 44.0);
    assert_eq!((again.movement, again.aim), (None, None));
}

#[test]
fn a_press_that_is_told_late_leaves_the_movement_after_it() {
    let mut stream = PointerStream::default();
    feed(
        &mut stream,
        &[(0, 0, 0), (100, 44, 0), (400, 50, 0), (416, 90, 0)],
    );
    let pressed = stream.pressed(ClientTime(200), PointerType::Mouse, 44.0);
    assert_eq!(pressed.movement, None);
    assert_eq!(pressed.aim.unwrap().duration_ms, 100);
    assert_eq!(stream.ended().unwrap().path_px, 40.0);
    // Nor does it aim when it comes a second later than the movement, or with
    // another pointer.
    for (down, pointer) in [(1_101, PointerType::Mouse), (200, PointerType::Touch)] {
        let mut stream = PointerStream::default();
        feed(&mut stream, &[(0, 0, 0), (100, 44, 0)]);
        let pressed = stream.pressed(ClientTime(down), pointer, 44.0);
        assert_eq!(pressed.aim, None);
        assert!(pressed.movement.is_some());
    }
}

#[test]
fn time_alone_ends_a_movement_as_the_next_sample_would() {
    let samples = [(0, 0, 0), (16, 30, 0), (32, 60, 0)];
    let mut stream = PointerStream::default();
    feed(&mut stream, &samples);
    assert_eq!(stream.passed(ClientTime(231)), None);
    assert_eq!(stream.passed(ClientTime(232)), movements(&samples).pop());
    assert_eq!(stream.passed(ClientTime(1_000)), None);
}

/// A reach of 600 px in 0.8 s along an arc, with minimum jerk, sampled every
/// `period_ms`.
fn reach(period_ms: i64) -> Movement {
    let samples: Vec<Sample> = (0..=800)
        .step_by(usize::try_from(period_ms).unwrap())
        .map(|ms| {
            let t = ms as f64 / 800.0;
            let s = t * t * t * (10.0 - 15.0 * t + 6.0 * t * t);
            let x = (600.0 * s).round() as i32;
            let y = (120.0 * libm::sin(PI * s)).round() as i32;
            (ms, x, y)
        })
        .collect();
    movements(&samples)[0]
}

#[test]
fn the_rate_of_samples_hardly_moves_length_straightness_mean_speed_and_flips() {
    let (fast, slow) = (reach(8), reach(16));
    let within = |a: f64, b: f64, part: f64| assert!((a / b - 1.0).abs() < part, "{a} {b}");
    within(fast.path_px, slow.path_px, 0.02);
    within(fast.straightness, slow.straightness, 0.02);
    within(fast.mean_speed_px_per_s, slow.mean_speed_px_per_s, 0.06);
    within(
        fast.max_deviation_px.unwrap(),
        slow.max_deviation_px.unwrap(),
        0.02,
    );
    let turning = |m: &Movement| m.turning_rad_per_1000_px().unwrap();
    within(turning(&fast), turning(&slow), 0.1);
    assert_eq!((fast.x_flips, fast.y_flips), (slow.x_flips, slow.y_flips));
    assert_eq!(fast.submovements, Some(1));
    assert_eq!(slow.submovements, Some(1));
    // A minimum-jerk reach has −ln(204.8) = −5.3; whole px make it rougher.
    let smooth = slow.log_dimensionless_jerk.unwrap();
    assert!((-11.0..-5.3).contains(&smooth), "{smooth}");
}

#[test]
fn a_slow_source_has_no_acceleration_and_no_jerk() {
    assert!(reach(32).peak_acceleration_px_per_s2.is_some());
    let slow = reach(40);
    assert!(slow.peak_speed_px_per_s.is_some());
    assert_eq!(slow.peak_acceleration_px_per_s2, None);
    assert_eq!(slow.rms_jerk_px_per_s3, None);
    assert_eq!(slow.log_dimensionless_jerk, None);
    assert_eq!(slow.submovements, None);
}

#[test]
fn an_open_movement_of_a_second_takes_less_than_700_bytes_and_a_sender_at_rest_few() {
    let mut stream = PointerStream::default();
    let bytes = |stream: &PointerStream| postcard::to_allocvec(stream).unwrap().len();
    assert!(bytes(&stream) <= 8, "{}", bytes(&stream));
    let samples: Vec<Sample> = (0..60)
        .map(|i| {
            (
                1_790_000_000_000 + i * 16,
                (i * 13) as i32,
                (i * i / 7) as i32,
            )
        })
        .collect();
    feed(&mut stream, &samples);
    assert!(bytes(&stream) <= 700, "{}", bytes(&stream));
    stream.ended();
    assert!(bytes(&stream) <= 60, "{}", bytes(&stream));
}

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
