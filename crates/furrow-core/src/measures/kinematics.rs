//! What the speed of a movement says, on the time grid: peaks, jerk,
//! smoothness, submovements. px and ms inside, px and s outside.

use super::grid::{GRID_MS, Stride};
use serde::{Deserialize, Serialize};

/// Speeds below which a movement has no smoothness.
pub const SMOOTHNESS_SPEEDS_MIN: u32 = 8;

/// Peaks of two submovements lie at least this far apart, ms.
pub const SUBMOVEMENT_MS_MIN: u32 = 80;

/// Between two submovements speed falls below this share of the lower peak.
pub const SUBMOVEMENT_VALLEY: f64 = 0.75;

/// The speed profile of a movement as far as it has come.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(super) struct Kinematics {
    /// Strides without a gap before them.
    linked: u32,
    /// The newest of them.
    stride_ms: u32,
    speed: f64,
    /// Twice the time between the middles of the last two.
    between_twice_ms: u32,
    acceleration: f64,
    speeds: u32,
    /// Time that speeds cover.
    covered_ms: u32,
    /// A gap interrupted the profile.
    gapped: bool,
    peak_speed: f64,
    peak_acceleration: f64,
    /// Integral of jerk² over time, px²/ms⁵, and four times the time that it
    /// covers.
    jerk_squared: f64,
    jerk_four_ms: u32,
    submovements: Submovements,
}

impl Kinematics {
    #[inline]
    pub(super) fn push(&mut self, stride: Stride) {
        let speed = over(stride.px, stride.ms, GRID_MS);
        self.peak_speed = larger(self.peak_speed, speed);
        self.submovements.push(speed, self.covered_ms);
        self.speeds += 1;
        self.covered_ms += stride.ms;
        if self.linked > 0 {
            self.accelerate(stride.ms, speed);
        }
        self.linked += 1;
        self.stride_ms = stride.ms;
        self.speed = speed;
    }

    #[inline]
    fn accelerate(&mut self, stride_ms: u32, speed: f64) {
        let between_twice_ms = self.stride_ms + stride_ms;
        let acceleration = over(2.0 * (speed - self.speed), between_twice_ms, 2 * GRID_MS);
        self.peak_acceleration = larger(self.peak_acceleration, acceleration.abs());
        if self.linked > 1 {
            let four_ms = self.between_twice_ms + between_twice_ms;
            let change = acceleration - self.acceleration;
            self.jerk_squared += over(4.0 * change * change, four_ms, 4 * GRID_MS);
            self.jerk_four_ms += four_ms;
        }
        self.between_twice_ms = between_twice_ms;
        self.acceleration = acceleration;
    }

    /// The source was silent for too long: nothing is differentiated across.
    pub(super) fn gap(&mut self) {
        self.linked = 0;
        self.gapped = true;
        self.submovements.stood();
    }

    /// px/s; none before the first speed.
    pub(super) fn peak_speed(&self) -> Option<f64> {
        (self.speeds > 0).then_some(self.peak_speed * 1e3)
    }

    /// Largest change of speed without sign, px/s².
    pub(super) fn peak_acceleration(&self) -> Option<f64> {
        (self.speeds > 1).then_some(self.peak_acceleration * 1e6)
    }

    /// Root of the mean square of the second derivative of speed, px/s³.
    pub(super) fn rms_jerk(&self) -> Option<f64> {
        let jerk_ms = f64::from(self.jerk_four_ms) / 4.0;
        (jerk_ms > 0.0).then(|| (self.jerk_squared / jerk_ms).sqrt() * 1e9)
    }

    /// −ln(T³/v² · ∫ jerk² dt), with duration T and peak speed v: the log
    /// dimensionless jerk of Balasubramanian, Melendez-Calderon and Burdet
    /// (2012). Nearer to 0 (and above) is smoother. None across a gap.
    pub(super) fn log_dimensionless_jerk(&self) -> Option<f64> {
        if self.gapped || self.speeds < SMOOTHNESS_SPEEDS_MIN {
            return None;
        }
        let duration = f64::from(self.covered_ms);
        let scale = duration * duration * duration / (self.peak_speed * self.peak_speed);
        let jerk = scale * self.jerk_squared;
        (jerk > 0.0).then(|| -libm::log(jerk))
    }

    /// None before the first speed.
    pub(super) fn submovements(&self) -> Option<u32> {
        (self.speeds > 0).then(|| self.submovements.count())
    }
}

/// A quotient. By the usual divisor, a power of two, it is a product of the
/// same bits, which costs a fifth.
#[inline]
fn over(value: f64, divisor: u32, usual: u32) -> f64 {
    debug_assert!(usual.is_power_of_two(), "its inverse is exact");
    if divisor == usual {
        value * (1.0 / f64::from(usual))
    } else {
        value / f64::from(divisor)
    }
}

/// Of two numbers; there is no NaN here to be careful of.
#[inline]
fn larger(a: f64, b: f64) -> f64 {
    if b > a { b } else { a }
}

/// Peaks of speed that are apart: a valley below [`SUBMOVEMENT_VALLEY`] of the
/// lower one lies between them and at least [`SUBMOVEMENT_MS_MIN`].
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
struct Submovements {
    /// Peaks before `peak`.
    before: u32,
    /// Of speed 0 before the first.
    peak: Peak,
    /// Lowest speed since.
    valley: f64,
    /// The newest speed, and since when.
    newest: Peak,
    rises: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
struct Peak {
    speed: f64,
    at_ms: u32,
}

impl Submovements {
    /// Speeds tremble, so whether one rises is hard to foresee; branching waits
    /// for maxima that change something.
    #[inline]
    fn push(&mut self, speed: f64, at_ms: u32) {
        let newest = self.newest;
        let (rises, falls) = (speed > newest.speed, speed < newest.speed);
        let tells =
            (newest.speed > self.peak.speed) | (self.valley < SUBMOVEMENT_VALLEY * newest.speed);
        if self.rises & falls & tells {
            self.top();
        }
        self.valley = if speed < self.valley {
            speed
        } else {
            self.valley
        };
        self.rises = rises | (self.rises & !falls);
        self.newest = Peak {
            speed,
            at_ms: if rises | falls { at_ms } else { newest.at_ms },
        };
    }

    /// The newest speed is a maximum.
    fn top(&mut self) {
        let top = self.newest;
        let first = self.peak.speed == 0.0;
        let lower = self.peak.speed.min(top.speed);
        let apart = !first
            && self.valley < SUBMOVEMENT_VALLEY * lower
            && top.at_ms - self.peak.at_ms >= SUBMOVEMENT_MS_MIN;
        self.before += u32::from(apart);
        if apart || top.speed > self.peak.speed {
            self.peak = top;
            self.valley = top.speed;
        }
    }

    /// Nothing moved for a while.
    fn stood(&mut self) {
        if self.rises {
            self.top();
        }
        self.valley = 0.0;
        self.newest.speed = 0.0;
        self.rises = false;
    }

    fn count(mut self) -> u32 {
        if self.rises {
            self.top();
        }
        self.before + u32::from(self.peak.speed > 0.0)
    }
}
