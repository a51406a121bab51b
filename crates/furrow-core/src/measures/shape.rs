//! The shape of a movement: how long, how straight, how far off its chord, how
//! often it turned back and by how much it turned.
//!
//! Samples are whole px from the movement's beginning, so the running sums are
//! exact and the closed forms below equal a second pass over all samples.

use serde::{Deserialize, Serialize};
use std::f64::consts::TAU;

/// A run in one direction up to this long is a tremble, no turning back, px.
pub const FLIP_PX: i32 = 10;

/// Samples that a movement remembers for its largest deviation.
pub const TRAIL_MAX: usize = 256;

/// Pieces of the arc grid below which directions have no distribution.
pub const HEADINGS_MIN: u32 = 8;

/// The samples of a movement as far as it has come.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(super) struct Shape {
    path_px: f64,
    /// Samples after the first.
    moves: u32,
    /// They wait while the trail still has every step: most movements are added
    /// up once, in a loop that holds the sums in registers.
    sums: Sums,
    trail: Trail,
}

/// Sums over the samples of a movement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
struct Sums {
    x: i32,
    y: i32,
    sum_x: i64,
    sum_y: i64,
    sum_xx: i64,
    sum_yy: i64,
    sum_xy: i64,
    /// Twice the signed area between path and beginning, px².
    area_twice: i64,
    x_flips: Flips,
    y_flips: Flips,
}

/// What the sums say. Deviations are from the chord, the straight line from
/// the first sample to the last.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct ShapeValues {
    pub(super) path_px: f64,
    pub(super) displacement_px: f64,
    pub(super) straightness: f64,
    pub(super) x_flips: u32,
    pub(super) y_flips: u32,
    /// None when the path ends where it began.
    pub(super) chord: Option<ChordValues>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct ChordValues {
    pub(super) excess_path: f64,
    pub(super) signed_area: f64,
    pub(super) mean_deviation_px: f64,
    pub(super) rms_deviation_px: f64,
    pub(super) max_deviation_px: f64,
}

impl Shape {
    /// Of a movement that begins, with room for a second of samples at once:
    /// most movements then never grow.
    pub(super) fn new() -> Shape {
        let mut shape = Shape::default();
        shape.trail.steps.reserve_exact(TRAIL_MAX / 4);
        shape
    }

    /// The next sample, `length_px` from the one before.
    #[inline]
    pub(super) fn push(&mut self, dx: i32, dy: i32, length_px: f64) {
        self.path_px += length_px;
        self.moves += 1;
        if !self.trail.has_every_step() {
            self.sums.push(dx, dy);
        }
        self.trail.push(dx, dy);
        if self.trail.is_full() {
            self.sums = self.sums();
            self.trail.halve();
        }
    }

    /// The sums over all samples so far.
    fn sums(&self) -> Sums {
        let mut sums = self.sums;
        if self.trail.has_every_step() {
            for (dx, dy) in &self.trail.steps {
                sums.push(*dx, *dy);
            }
        }
        sums
    }

    /// Samples after the first.
    pub(super) fn moves(&self) -> u32 {
        self.moves
    }

    /// None before anything moved.
    pub(super) fn values(&self) -> Option<ShapeValues> {
        if self.moves == 0 {
            return None;
        }
        let sums = self.sums();
        let (x, y) = (f64::from(sums.x), f64::from(sums.y));
        let displacement_px = (x * x + y * y).sqrt();
        Some(ShapeValues {
            path_px: self.path_px,
            displacement_px,
            // A straight path may come out shorter than its chord by rounding.
            straightness: (displacement_px / self.path_px).min(1.0),
            x_flips: sums.x_flips.count,
            y_flips: sums.y_flips.count,
            chord: (displacement_px > 0.0).then(|| self.chord_values(&sums, displacement_px)),
        })
    }

    fn chord_values(&self, sums: &Sums, chord_px: f64) -> ChordValues {
        let (x, y) = (i128::from(sums.x), i128::from(sums.y));
        let wide = i128::from;
        let samples = f64::from(self.moves) + 1.0;
        let off = wide(sums.sum_x) * y - wide(sums.sum_y) * x;
        let off_squared =
            y * y * wide(sums.sum_xx) - 2 * x * y * wide(sums.sum_xy) + x * x * wide(sums.sum_yy);
        let chord_squared = chord_px * chord_px;
        ChordValues {
            excess_path: libm::log(self.path_px / chord_px).max(0.0),
            signed_area: sums.area_twice as f64 / 2.0 / chord_squared,
            mean_deviation_px: off as f64 / chord_px / samples,
            rms_deviation_px: (off_squared as f64 / chord_squared / samples).sqrt(),
            max_deviation_px: self.trail.furthest_off(sums.x, sums.y) / chord_px,
        }
    }
}

impl Sums {
    /// The next sample.
    #[inline]
    fn push(&mut self, dx: i32, dy: i32) {
        let (before_x, before_y) = (i64::from(self.x), i64::from(self.y));
        (self.x, self.y) = (self.x + dx, self.y + dy);
        let (x, y) = (i64::from(self.x), i64::from(self.y));
        self.area_twice += before_x * y - x * before_y;
        self.sum_x += x;
        self.sum_y += y;
        self.sum_xx += x * x;
        self.sum_yy += y * y;
        self.sum_xy += x * y;
        self.x_flips.push(dx);
        self.y_flips.push(dy);
    }
}

/// Changes of direction along one axis. Steps of one sign make a run; runs
/// above [`FLIP_PX`] count; two of them with different signs are a flip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
struct Flips {
    run: i32,
    /// Sign of the last run that counted; 0 before the first.
    kept: i32,
    count: u32,
}

impl Flips {
    #[inline]
    fn push(&mut self, step: i32) {
        let turns = i64::from(step) * i64::from(self.run) < 0;
        self.run = if turns { step } else { self.run + step };
        let sign = i32::from(self.run > FLIP_PX) - i32::from(self.run < -FLIP_PX);
        self.count += u32::from(sign * self.kept < 0);
        self.kept = if sign == 0 { self.kept } else { sign };
    }
}

/// Every `1 << doublings`th sample, as steps; when full, every second goes.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
struct Trail {
    steps: Vec<(i32, i32)>,
    doublings: u8,
    /// Since the last step, and of how many samples.
    open: (i32, i32),
    skipped: u32,
}

impl Trail {
    /// Whether no step has gone yet.
    fn has_every_step(&self) -> bool {
        self.doublings == 0
    }

    fn is_full(&self) -> bool {
        self.steps.len() == TRAIL_MAX
    }

    #[inline]
    fn push(&mut self, dx: i32, dy: i32) {
        if self.has_every_step() {
            self.steps.push((dx, dy));
            return;
        }
        self.open = (self.open.0 + dx, self.open.1 + dy);
        self.skipped += 1;
        if self.skipped >> self.doublings == 0 {
            return;
        }
        self.steps.push(self.open);
        self.open = (0, 0);
        self.skipped = 0;
    }

    #[cold]
    fn halve(&mut self) {
        self.steps = self
            .steps
            .chunks_exact(2)
            .map(|pair| (pair[0].0 + pair[1].0, pair[0].1 + pair[1].1))
            .collect();
        self.doublings += 1;
    }

    /// The largest distance from the chord to (x, y), times its length.
    fn furthest_off(&self, x: i32, y: i32) -> f64 {
        let mut at = (0_i64, 0_i64);
        let mut furthest = 0;
        for step in &self.steps {
            at = (at.0 + i64::from(step.0), at.1 + i64::from(step.1));
            furthest = furthest.max((at.0 * i64::from(y) - at.1 * i64::from(x)).abs());
        }
        furthest as f64
    }
}

/// Directions on the arc grid.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(super) struct Headings {
    before: Option<(f64, f64)>,
    turned: Angles,
    /// Pieces by eighths of the circle, the first around +x.
    eighths: [u32; 8],
}

impl Headings {
    /// `count` pieces that follow each other in one direction.
    #[inline]
    pub(super) fn push(&mut self, dx: f64, dy: f64, count: u32) {
        if dx == 0.0 && dy == 0.0 {
            return;
        }
        if let Some((x, y)) = self.before {
            self.turned.add(x * dy - y * dx, x * dx + y * dy);
        }
        self.before = Some((dx, dy));
        self.eighths[eighth(dx, dy)] += count;
    }

    pub(super) fn pieces(&self) -> u32 {
        self.eighths.iter().sum()
    }

    /// Sum of the angles between pieces, without sign, rad.
    pub(super) fn turned_rad(&self) -> f64 {
        self.turned.sum_rad()
    }

    /// Shannon entropy over eighths of the circle, bits, 0 to 3; none below
    /// [`HEADINGS_MIN`] pieces.
    pub(super) fn entropy_bits(&self) -> Option<f64> {
        let pieces = self.pieces();
        if pieces < HEADINGS_MIN {
            return None;
        }
        let share = |&count: &u32| f64::from(count) / f64::from(pieces);
        let bits = self
            .eighths
            .iter()
            .filter(|count| **count > 0)
            .map(share)
            .map(|p| -p * libm::log2(p))
            .sum::<f64>();
        Some(bits.max(0.0))
    }
}

/// A sum of angles of 0 to π. Angles add where complex numbers multiply, which
/// costs far less than an arc tangent each: only when the product has turned by
/// a quarter, or is about to leave the numbers' range, its angle is taken.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Angles {
    taken_rad: f64,
    /// The product since then, to the right of the imaginary axis and not below
    /// the real one.
    re: f64,
    im: f64,
}

impl Default for Angles {
    fn default() -> Self {
        Angles {
            taken_rad: 0.0,
            re: 1.0,
            im: 0.0,
        }
    }
}

impl Angles {
    /// The angle between two directions, from their cross and dot product,
    /// without sign.
    #[inline]
    fn add(&mut self, cross: f64, dot: f64) {
        /// A factor is at most the square of a movement's extent, far from the
        /// factor 1e200 that is left.
        const SIZES: std::ops::Range<f64> = 1e-100..1e100;
        let cross = cross.abs();
        let re = self.re * dot - self.im * cross;
        let im = self.re * cross + self.im * dot;
        (self.re, self.im) = (re, im);
        if re <= 0.0 || !SIZES.contains(&(re + im)) {
            *self = Angles {
                taken_rad: self.sum_rad(),
                ..Angles::default()
            };
        }
    }

    fn sum_rad(&self) -> f64 {
        let rad = libm::atan2(self.im, self.re);
        // The last factor may have turned it past π.
        self.taken_rad + if rad < 0.0 { rad + TAU } else { rad }
    }
}

/// Which eighth of the circle; each is centred on an axis or a diagonal.
#[inline]
fn eighth(dx: f64, dy: f64) -> usize {
    /// tan(π/8)
    const SLOPE: f64 = std::f64::consts::SQRT_2 - 1.0;
    let (flat, steep) = (dy.abs() < SLOPE * dx.abs(), dx.abs() < SLOPE * dy.abs());
    match (flat, steep, dx > 0.0, dy > 0.0) {
        (true, _, true, _) => 0,
        (_, true, _, true) => 2,
        (true, _, false, _) => 4,
        (_, true, _, false) => 6,
        (_, _, true, true) => 1,
        (_, _, false, true) => 3,
        (_, _, false, false) => 5,
        (_, _, true, false) => 7,
    }
}
