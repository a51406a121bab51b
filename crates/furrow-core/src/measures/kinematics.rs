//! What the speed of a movement says, on the time grid: peaks, jerk,
//! smoothness, submovements. px and ms inside, px and s outside.

use super::grid::Stride;
use serde::{Deserialize, Serialize};

/// Speeds below which a movement has no smoothness.
pub const SMOOTHNESS_SPEEDS_MIN: u32 = 8;

/// Peaks of two submovements lie at least this far apart, ms.
pub const SUBMOVEMENT_MS_MIN: f64 = 80.0;

/// Between two submovements speed falls below this share of the lower peak.
pub const SUBMOVEMENT_VALLEY: f64 = 0.75;

/// The speed profile of a movement as far as it has come.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(super) struct Kinematics {
    /// The newest speed without a gap before it.
    chain: Chain,
    speeds: u32,
    /// Time that speeds cover, ms.
    covered_ms: f64,
    /// A gap interrupted the profile.
    gapped: bool,
    peak_speed: f64,
    peak_acceleration: f64,
    /// Integral of jerk² over time, px²/ms⁵, and the time that it covers, ms.
    jerk_squared: f64,
    jerk_ms: f64,
    submovements: Submovements,
}

#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
enum Chain {
    #[default]
    Empty,
    Speed {
        ms: f64,
        speed: f64,
    },
    Acceleration {
        ms: f64,
        speed: f64,
        /// Between the middles of the last two strides.
        between_ms: f64,
        acceleration: f64,
    },
}

impl Kinematics {
    #[inline]
    pub(super) fn push(&mut self, stride: Stride) {
        let speed = stride.px / stride.ms;
        self.peak_speed = self.peak_speed.max(speed);
        self.submovements.push(speed, self.covered_ms);
        self.speeds += 1;
        self.covered_ms += stride.ms;
        let (ms_before, speed_before) = match self.chain {
            Chain::Empty => {
                self.chain = Chain::Speed {
                    ms: stride.ms,
                    speed,
                };
                return;
            }
            Chain::Speed { ms, speed } | Chain::Acceleration { ms, speed, .. } => (ms, speed),
        };
        let between_ms = (ms_before + stride.ms) / 2.0;
        let acceleration = (speed - speed_before) / between_ms;
        self.peak_acceleration = self.peak_acceleration.max(acceleration.abs());
        if let Chain::Acceleration {
            between_ms: between_before,
            acceleration: acceleration_before,
            ..
        } = self.chain
        {
            let ms = (between_before + between_ms) / 2.0;
            let change = acceleration - acceleration_before;
            self.jerk_squared += change * change / ms;
            self.jerk_ms += ms;
        }
        self.chain = Chain::Acceleration {
            ms: stride.ms,
            speed,
            between_ms,
            acceleration,
        };
    }

    /// The source was silent for too long: nothing is differentiated across.
    pub(super) fn gap(&mut self) {
        self.chain = Chain::Empty;
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
        (self.jerk_ms > 0.0).then(|| (self.jerk_squared / self.jerk_ms).sqrt() * 1e9)
    }

    /// −ln(T³/v² · ∫ jerk² dt), with duration T and peak speed v: the log
    /// dimensionless jerk of Balasubramanian, Melendez-Calderon and Burdet
    /// (2012). Nearer to 0 (and above) is smoother. None across a gap.
    pub(super) fn log_dimensionless_jerk(&self) -> Option<f64> {
        if self.gapped || self.speeds < SMOOTHNESS_SPEEDS_MIN {
            return None;
        }
        let jerk = self.dimensionless_jerk();
        (jerk > 0.0).then(|| -libm::log(jerk))
    }

    fn dimensionless_jerk(&self) -> f64 {
        let duration = self.covered_ms;
        duration * duration * duration * self.jerk_squared / (self.peak_speed * self.peak_speed)
    }

    /// None before the first speed.
    pub(super) fn submovements(&self) -> Option<u32> {
        (self.speeds > 0).then(|| self.submovements.count())
    }
}

/// Peaks of speed that are apart: a valley below [`SUBMOVEMENT_VALLEY`] of the
/// lower one lies between them and at least [`SUBMOVEMENT_MS_MIN`].
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
struct Submovements {
    /// Peaks before `peak`.
    before: u32,
    peak: Option<Peak>,
    /// Lowest speed since.
    valley: f64,
    /// The newest speed, while it rises.
    rising: Option<Peak>,
    newest: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Peak {
    speed: f64,
    at_ms: f64,
}

impl Submovements {
    #[inline]
    fn push(&mut self, speed: f64, at_ms: f64) {
        if speed > self.newest {
            self.rising = Some(Peak { speed, at_ms });
        } else if speed < self.newest {
            self.top();
            self.valley = self.valley.min(speed);
        }
        self.newest = speed;
    }

    /// What rose until now is a maximum.
    #[inline]
    fn top(&mut self) {
        let Some(top) = self.rising.take() else {
            return;
        };
        let Some(peak) = self.peak else {
            self.peak = Some(top);
            self.valley = top.speed;
            return;
        };
        let apart = self.valley < SUBMOVEMENT_VALLEY * peak.speed.min(top.speed)
            && top.at_ms - peak.at_ms >= SUBMOVEMENT_MS_MIN;
        self.before += u32::from(apart);
        if apart || top.speed > peak.speed {
            self.peak = Some(top);
            self.valley = top.speed;
        }
    }

    /// Nothing moved for a while.
    fn stood(&mut self) {
        self.top();
        self.valley = 0.0;
        self.newest = 0.0;
    }

    fn count(mut self) -> u32 {
        self.top();
        self.before + u32::from(self.peak.is_some())
    }
}
