use super::grid::Stride;
use super::kinematics::Kinematics;
use super::{Movement, PointerStream};
use crate::interaction::{PointerPath, PointerType, Step};
use crate::time::ClientTime;
use std::f64::consts::{FRAC_1_SQRT_2, FRAC_PI_2, PI, TAU};

/// A sample: ms, x, y.
pub(super) type Sample = (i64, i32, i32);

pub(super) fn path(samples: &[Sample]) -> (ClientTime, PointerPath) {
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

pub(super) fn feed(stream: &mut PointerStream, samples: &[Sample]) -> Vec<Movement> {
    let (at, path) = path(samples);
    let mut movements = Vec::new();
    stream.path(at, &path, |movement| movements.push(movement));
    movements
}

pub(super) fn movements(samples: &[Sample]) -> Vec<Movement> {
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
