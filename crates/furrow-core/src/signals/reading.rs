//! Following lines with the pointer.
//!
//! A *sweep* runs from one turn between left and right to the next; the way
//! back to the beginning of a line is one as well. What is judged are the last
//! `sweeps_min` sweeps, so that a pointer that is shaken, which has far more
//! of them in the same time, is not taken for a reader's. A sweep is complete
//! when the next begins.

use super::pointing::{Sample, px, samples};
use super::{Firing, FiringId, Firings, Moment, SignalKind, evidence, milli, to_u32};
use crate::interaction::{Interaction, Kind, PointerType};
use crate::rules::{TIME_MAX_MS, section};
use crate::time::ClientTime;
use serde::{Deserialize, Serialize};

section! {
    /// Thresholds of reading.
    ReadingRules {
        /// Fewest alternating sweeps.
        sweeps_min: u32 = 3, in 1..=SWEEPS_MAX;
        /// Least width of a sweep, px.
        width_min_px: u32 = 120, in 0..=100_000;
        /// A sweep drifts at most this far up or down, px.
        drift_max_px: u32 = 40, in 0..=100_000;
        /// They take at least this long together.
        span_min_ms: u32 = 2_000, in 1..=TIME_MAX_MS;
        /// And at most this long.
        span_max_ms: u32 = 12_000, in 1..=TIME_MAX_MS;
    }
}

/// Most sweeps that rules may ask for.
pub const SWEEPS_MAX: u32 = 16;

/// Going back by less is a tremble, no turn, px.
const TURN_PX: i64 = 10;

/// One sender's pointer, as far as it may follow lines.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ReadingDetector {
    sweep: Option<Sweep>,
    /// When the last sweeps began that make lines, oldest first; as many as
    /// the rules ask for.
    lines: Vec<ClientTime>,
    reading: Option<Reading>,
}

/// The sweep that goes on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Sweep {
    /// Where it began.
    from: Sample,
    /// Where it has come furthest.
    furthest: Sample,
    /// Furthest that it was above or below its beginning, px.
    drift_px: i64,
}

/// What has fired and goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Reading {
    id: FiringId,
    at: ClientTime,
    sweeps: u32,
}

impl ReadingDetector {
    /// Looks at an interaction.
    pub fn observe(
        &mut self,
        interaction: &Interaction,
        moment: Moment<'_>,
        firings: &mut Firings,
    ) {
        let span_max_ms = u64::from(moment.rules.reading.span_max_ms);
        self.passed(moment.now, span_max_ms);
        if let Kind::PointerPath(path) = &interaction.kind
            && path.pointer == PointerType::Mouse
        {
            for sample in samples(interaction.at, path) {
                self.passed(sample.0, span_max_ms);
                if let Some(sweep) = self.turned(sample) {
                    self.swept(&sweep, moment, firings);
                }
            }
        }
    }

    /// What lies longer back than lines may take is of no use.
    #[inline]
    fn passed(&mut self, now: ClientTime, span_max_ms: u64) {
        if let Some(sweep) = &self.sweep
            && now.since(sweep.furthest.0) > span_max_ms
        {
            *self = ReadingDetector::default();
        }
    }

    /// Tells the sweep that has ended with this sample.
    #[inline]
    fn turned(&mut self, sample: Sample) -> Option<Sweep> {
        let Some(sweep) = &mut self.sweep else {
            self.sweep = Some(Sweep {
                from: sample,
                furthest: sample,
                drift_px: 0,
            });
            return None;
        };
        let (_, x, y) = sample;
        let ahead = sweep.furthest.1 - sweep.from.1;
        if ahead == 0 && x == sweep.from.1 {
            // It has not set out to either side.
            (sweep.from, sweep.furthest) = (sample, sample);
            return None;
        }
        let further = x - sweep.furthest.1;
        if ahead == 0 || further == 0 || (ahead > 0) == (further > 0) {
            sweep.drift_px = sweep.drift_px.max((y - sweep.from.2).abs());
            // A pointer that stays where it is has not come further.
            if further != 0 {
                sweep.furthest = sample;
            }
            return None;
        }
        if further.abs() <= TURN_PX {
            return None;
        }
        let next = Sweep {
            from: sweep.furthest,
            furthest: sample,
            drift_px: (y - sweep.furthest.2).abs(),
        };
        Some(std::mem::replace(sweep, next))
    }

    fn swept(&mut self, sweep: &Sweep, moment: Moment<'_>, firings: &mut Firings) {
        let rules = &moment.rules.reading;
        let width_px = (sweep.furthest.1 - sweep.from.1).abs();
        if width_px < i64::from(rules.width_min_px)
            || sweep.drift_px > i64::from(rules.drift_max_px)
        {
            self.lines.clear();
            self.reading = None;
            return;
        }
        self.lines.push(sweep.from.0);
        while self.lines.len() > rules.sweeps_min as usize {
            self.lines.remove(0);
        }
        let end = sweep.furthest.0;
        let span_ms = end.since(self.lines[0]);
        let in_time =
            (u64::from(rules.span_min_ms)..=u64::from(rules.span_max_ms)).contains(&span_ms);
        if self.lines.len() < rules.sweeps_min as usize || !in_time {
            self.reading = None;
            return;
        }
        let (at, sweeps) = match self.reading {
            Some(reading) => (reading.at, reading.sweeps.saturating_add(1)),
            None => (self.lines[0], rules.sweeps_min),
        };
        let firing = Firing {
            duration_ms: to_u32(end.since(at)),
            position: (px(sweep.furthest.1), px(sweep.furthest.2)),
            // A few sweeps may be chance, ten are not.
            intensity_milli: milli(0.1 * f64::from(sweeps)),
            evidence_count: sweeps,
            evidence_at: match self.reading {
                Some(_) => vec![0, to_u32(end.since(at))],
                None => evidence(&self.lines),
            },
            reason: format!(
                "{sweeps} sweeps along lines in {:.1} s",
                end.since(at) as f64 / 1_000.0
            )
            .into(),
            ..moment.firing(SignalKind::Reading, at)
        };
        let id = match self.reading {
            Some(reading) => firings.raise(reading.id, firing, moment.rules),
            None => firings.fire(firing, moment.rules),
        };
        self.reading = Some(Reading { id, at, sweeps });
    }
}

#[cfg(test)]
#[path = "reading_tests.rs"]
mod tests;
