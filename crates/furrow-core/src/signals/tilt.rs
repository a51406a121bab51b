//! Tilt swing and shake.
//!
//! A swing is a turn of the up-vector from one turning point to the next, each
//! wider than the threshold, so that a device turned on in one direction swings
//! once. The screen that follows the device is told only after it, so a swing
//! is held until no rotation can excuse it any more. A second shake within the
//! pause is the first one going on.

use super::run::{Enough, RUN_MAX, Run};
use super::{Firing, FiringId, Firings, Moment, SignalKind, milli, to_u32};
use crate::interaction::{Interaction, Kind, TiltPath};
use crate::rules::{TIME_MAX_MS, section};
use crate::time::ClientTime;
use serde::{Deserialize, Serialize};

section! {
    /// Thresholds of tilting.
    TiltRules {
        /// Fewest swings.
        swings_min: u32 = 3, in 2..=RUN_MAX;
        /// A swing turns further than this, degrees.
        swing_degrees: u32 = 45, in 1..=179;
        /// They lie within this time.
        span_ms: u32 = 5_000, in 1..=TIME_MAX_MS;
        /// A rotation within this time excuses them.
        rotation_ms: u32 = 2_000, in 0..=TIME_MAX_MS;
        /// At most one shake in this time.
        shake_pause_ms: u32 = 1_000, in 0..=TIME_MAX_MS;
        /// A shake of this peak acceleration weighs fully, mm/s².
        shake_full_mm_s2: u32 = 30_000, in 1..=10_000_000;
    }
}

/// Swings that wait for a rotation to excuse them; the oldest give way.
pub const HELD_MAX: usize = 256;

/// The least that a shake weighs: the platform has judged it already.
const SHAKE_LEAST: f64 = 0.4;

/// What one sender's device does.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct TiltDetector {
    tilting: Option<Box<Tilting>>,
    shake: Option<Shaken>,
}

/// Swings, and the rotations that excuse them.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
struct Tilting {
    swing: Option<Swing>,
    /// When swings were complete that a rotation may still excuse, oldest
    /// first; at most [`HELD_MAX`].
    held: Vec<ClientTime>,
    rotated: Option<ClientTime>,
    swings: Run,
}

/// An up-vector, in 1/127.
type Up = [i16; 3];

/// The swing that goes on.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Swing {
    /// Where it began.
    from: Up,
    /// The farthest from there so far.
    farthest: Up,
}

/// The shake that goes on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Shaken {
    at: ClientTime,
    count: u32,
    peak_mm_s2: u32,
    firing: FiringId,
}

impl TiltDetector {
    /// Looks at an interaction.
    pub fn observe(
        &mut self,
        interaction: &Interaction,
        moment: Moment<'_>,
        firings: &mut Firings,
    ) {
        let at = interaction.at;
        if let Some(tilting) = &mut self.tilting {
            tilting.passed(at, moment, firings);
            if **tilting == Tilting::default() {
                self.tilting = None;
            }
        }
        if let Kind::TiltPath(path) = &interaction.kind {
            self.tilting
                .get_or_insert_default()
                .tilted(at, path, moment);
        }
        if let Kind::Rotation(_) = interaction.kind {
            self.tilting.get_or_insert_default().rotated(at, moment);
        }
        let pause_ms = u64::from(moment.rules.tilt.shake_pause_ms);
        self.shake.take_if(|s| at.since(s.at) >= pause_ms);
        if let Kind::Shake {
            peak_mm_s2,
            duration_ms,
        } = interaction.kind
        {
            self.shaken(at, peak_mm_s2, duration_ms, moment, firings);
        }
    }

    /// Nothing more will come: no rotation excuses what is held.
    pub fn ended(&mut self, moment: Moment<'_>, firings: &mut Firings) {
        if let Some(mut tilting) = self.tilting.take() {
            for at in std::mem::take(&mut tilting.held) {
                tilting.swung(at, moment, firings);
            }
        }
    }

    fn shaken(
        &mut self,
        at: ClientTime,
        peak_mm_s2: u32,
        duration_ms: u32,
        moment: Moment<'_>,
        firings: &mut Firings,
    ) {
        let before = self.shake.take();
        let (began, count, peak_before) = before
            .as_ref()
            .map_or((at, 0, 0), |s| (s.at, s.count, s.peak_mm_s2));
        let peak_mm_s2 = peak_mm_s2.max(peak_before);
        let count = count.saturating_add(1);
        let full = f64::from(moment.rules.tilt.shake_full_mm_s2);
        let firing = Firing {
            duration_ms: to_u32(at.since(began)).saturating_add(duration_ms),
            intensity_milli: milli((f64::from(peak_mm_s2) / full).max(SHAKE_LEAST)),
            evidence_count: count,
            reason: format!("shaken with {:.1} m/s²", f64::from(peak_mm_s2) / 1_000.0).into(),
            ..moment.firing(SignalKind::Shake, began)
        };
        let firing = match before {
            Some(before) => firings.raise(before.firing, firing, moment.rules),
            None => firings.fire(firing, moment.rules),
        };
        self.shake = Some(Shaken {
            at: began,
            count,
            peak_mm_s2,
            firing,
        });
    }
}

impl Tilting {
    fn passed(&mut self, now: ClientTime, moment: Moment<'_>, firings: &mut Firings) {
        let rules = &moment.rules.tilt;
        let excusable_ms = u64::from(rules.rotation_ms);
        while let Some(at) = self.held.first().copied()
            && now.since(at) > excusable_ms
        {
            self.held.remove(0);
            self.swung(at, moment, firings);
        }
        if self.held.is_empty() {
            self.swings
                .passed(now, rules.span_ms.saturating_add(rules.rotation_ms));
        }
        if self.rotated.is_some_and(|r| now.since(r) > excusable_ms) {
            self.rotated = None;
        }
    }

    fn rotated(&mut self, at: ClientTime, moment: Moment<'_>) {
        let excused_ms = u64::from(moment.rules.tilt.rotation_ms);
        self.rotated = Some(at);
        // A path may have been told before a rotation that falls into it.
        self.held
            .retain(|swing| swing.since(at).max(at.since(*swing)) > excused_ms);
    }

    fn tilted(&mut self, at: ClientTime, path: &TiltPath, moment: Moment<'_>) {
        let rules = &moment.rules.tilt;
        let turned = libm::cos(f64::from(rules.swing_degrees).to_radians());
        let mut swing = self.swing.map(Turning::from);
        let mut time = at;
        let mut sum = [0_i64; 3];
        for (dt, dx, dy, dz) in &path.steps {
            time = time.plus(i64::from(*dt));
            for (axis, delta) in sum.iter_mut().zip([dx, dy, dz]) {
                *axis += i64::from(*delta);
            }
            let up = sum.map(|axis| axis.clamp(-1_000, 1_000) as i16);
            if up == [0; 3] {
                continue;
            }
            let Some(swing) = &mut swing else {
                swing = Some(Turning::from(Swing {
                    from: up,
                    farthest: up,
                }));
                continue;
            };
            if swing.goes_on(Reading::from(up), turned) {
                self.hold(time, moment);
            }
        }
        self.swing = swing.map(|s| Swing {
            from: s.from.up,
            farthest: s.farthest.up,
        });
    }

    /// Keeps a swing until no rotation can excuse it.
    fn hold(&mut self, time: ClientTime, moment: Moment<'_>) {
        let excused_ms = u64::from(moment.rules.tilt.rotation_ms);
        let excused = |r: ClientTime| time.since(r).max(r.since(time)) <= excused_ms;
        if self.rotated.is_some_and(excused) {
            return;
        }
        if self.held.len() == HELD_MAX {
            self.held.remove(0);
        }
        self.held.push(time);
    }

    fn swung(&mut self, at: ClientTime, moment: Moment<'_>, firings: &mut Firings) {
        let rules = &moment.rules.tilt;
        let enough = Enough {
            count: rules.swings_min,
            span_ms: rules.span_ms,
        };
        if !self.swings.one_more(at, enough) {
            return;
        }
        let count = self.swings.count();
        let firing = Firing {
            intensity_milli: milli(0.5 + 0.1 * f64::from(count.saturating_sub(rules.swings_min))),
            reason: format!(
                "swung {count} times by more than {}° in {:.1} s",
                rules.swing_degrees,
                self.swings.seconds()
            )
            .into(),
            ..moment.firing(SignalKind::TiltSwing, at)
        };
        self.swings.tell(firing, moment, firings);
    }
}

/// A swing while a path is read.
struct Turning {
    from: Reading,
    farthest: Reading,
    /// The cosine of the angle between these.
    reached: f64,
}

impl From<Swing> for Turning {
    fn from(swing: Swing) -> Turning {
        let (from, farthest) = (Reading::from(swing.from), Reading::from(swing.farthest));
        Turning {
            reached: from.cosine(&farthest),
            from,
            farthest,
        }
    }
}

impl Turning {
    /// One more reading. Tells whether it completes a swing: whether it is the
    /// first that lies further than `turned`, a cosine, from where the device
    /// last turned.
    fn goes_on(&mut self, reading: Reading, turned: f64) -> bool {
        let on = self.from.cosine(&reading);
        let back = self.farthest.cosine(&reading);
        let farther = on < self.reached;
        // Farther on, but on the other side of where it began, is a turn too.
        if back < turned && (!farther || back < on) {
            std::mem::swap(&mut self.from, &mut self.farthest);
            self.farthest = reading;
            self.reached = back;
            return true;
        }
        if !farther {
            return false;
        }
        let complete = self.reached < turned;
        self.farthest = reading;
        self.reached = on;
        !complete && on < turned
    }
}

/// An up-vector as it was told, and of length 1.
struct Reading {
    up: Up,
    unit: [f64; 3],
}

impl From<Up> for Reading {
    /// Of an up-vector that is not 0.
    fn from(up: Up) -> Reading {
        let [x, y, z] = up.map(f64::from);
        let length = (x * x + y * y + z * z).sqrt();
        Reading {
            up,
            unit: [x / length, y / length, z / length],
        }
    }
}

impl Reading {
    fn cosine(&self, other: &Reading) -> f64 {
        let [x, y, z] = self.unit;
        let [u, v, w] = other.unit;
        x * u + y * v + z * w
    }
}

#[cfg(test)]
#[path = "tilt_tests.rs"]
mod tests;
