//! A pointer gone wild, by itself or at a failure.
//!
//! Moves are taken from place to place at least `move_min_px` apart, and those
//! between two sharp turns are kept as one *stretch*. What is judged are the
//! stretches that lie within `span_ms` together, so a window begins at a turn
//! or where the pointer set out. The strongest window within `span_ms` of the
//! first one is what fires: the first would always be a weak one. It waits
//! until a press inside it would have been told.

use super::pointing::{PAUSE_MS, Sample, occupied, overlap, px, samples, told_ms};
use super::{Around, EVIDENCE_MAX, Firing, Firings, Moment, SignalKind, milli, to_u32};
use crate::interaction::{Interaction, Kind, PointerType};
use crate::rules::{TIME_MAX_MS, section};
use crate::time::ClientTime;
use serde::{Deserialize, Serialize};

section! {
    /// Thresholds of a pointer gone wild.
    ThrashRules {
        /// It happens within this time.
        span_ms: u32 = 2_000, in 1..=TIME_MAX_MS;
        /// Least path, px.
        path_min_px: u32 = 300, in 0..=100_000;
        /// Least speed over that time, px/s.
        speed_min_px_s: u32 = 300, in 1..=100_000;
        /// Fewest turns.
        turns_min: u32 = 4, in 1..=20;
        /// A turn is at least this sharp, degrees.
        turn_min_degrees: u32 = 45, in 1..=180;
        /// Moves below this are ignored, px.
        move_min_px: u32 = 5, in 0..=100_000;
        /// Least intensity, thousandths.
        intensity_min_milli: u32 = 650, in 0..=1_000;
        /// At most one in this time.
        pause_ms: u32 = 2_000, in 0..=TIME_MAX_MS;
        /// A failure within this time before makes it one at a failure.
        failure_ms: u32 = 5_000, in 0..=TIME_MAX_MS;
    }
}

/// Stretches that are remembered; in a pointer that turns faster than that the
/// newest ones are judged.
pub const STRETCHES_MAX: usize = 24;

/// Findings that wait at a time; the oldest fires before its time.
pub const WAITING_MAX: usize = 8;

/// This many turns have the full effect.
const TURNS_FULL: f64 = 8.0;

/// A box of this diagonal has half of its effect, px.
const BOX_HALF_PX: f64 = 200.0;

/// One sender's pointer, as far as it may be going wild.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ThrashDetector {
    motion: Option<Motion>,
    /// When the hand last did something else, from and to.
    occupied: Option<(ClientTime, ClientTime)>,
    /// When the newest finding was first one, and when it ended.
    newest: Option<(ClientTime, ClientTime)>,
    /// Findings that a press may still speak against, oldest first; at most
    /// [`WAITING_MAX`].
    waiting: Vec<Finding>,
}

/// Motion without a pause.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Motion {
    /// The last place that counted.
    anchor: Sample,
    /// The last move.
    heading: (i64, i64),
    /// When the first stretch began.
    began: ClientTime,
    /// Oldest first; at most [`STRETCHES_MAX`].
    stretches: Vec<Stretch>,
}

/// Moves between two sharp turns.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Stretch {
    ms: u32,
    path_px: f32,
    /// Left, top, right, bottom.
    reach: [i64; 4],
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Finding {
    at: ClientTime,
    duration_ms: u32,
    turns_at: Vec<u32>,
    turns: u32,
    path_px: u32,
    box_px: u32,
    position: (i32, i32),
    intensity_milli: u16,
    page_view: Option<u32>,
    at_failure: bool,
}

impl Finding {
    fn span(&self) -> (ClientTime, ClientTime) {
        (self.at, self.at.plus(i64::from(self.duration_ms)))
    }
}

impl ThrashDetector {
    /// Looks at an interaction.
    pub fn observe(
        &mut self,
        interaction: &Interaction,
        moment: Moment<'_>,
        firings: &mut Firings,
    ) {
        self.passed(moment, firings);
        if let Some(span) = occupied(interaction) {
            self.speaks_against(span);
            if self.occupied.is_none_or(|before| before.1 <= span.1) {
                self.occupied = Some(span);
            }
        }
        if let Kind::PointerPath(path) = &interaction.kind
            && path.pointer == PointerType::Mouse
        {
            let degrees = f64::from(moment.rules.thrash.turn_min_degrees);
            let turn_cosine = libm::cos(degrees.to_radians());
            for sample in samples(interaction.at, path) {
                if self.moved(sample, turn_cosine, &moment.rules.thrash) {
                    self.judge(sample, moment, firings);
                }
            }
        }
        self.know_failure(moment);
    }

    /// Nothing more will come.
    pub fn ended(&mut self, moment: Moment<'_>, firings: &mut Firings) {
        self.know_failure(moment);
        for finding in std::mem::take(&mut self.waiting) {
            fire(finding, moment, firings);
        }
        self.motion = None;
        self.occupied = None;
    }

    /// Fires what nothing can speak against any more, and forgets what time
    /// has made useless.
    fn passed(&mut self, moment: Moment<'_>, firings: &mut Firings) {
        self.know_failure(moment);
        let (now, rules) = (moment.now, &moment.rules.thrash);
        let told_ms = told_ms(&moment.rules.press);
        while let Some(finding) = self.waiting.first()
            && now.since(finding.span().1) > told_ms
        {
            fire(self.waiting.remove(0), moment, firings);
        }
        let span_ms = u64::from(rules.span_ms);
        self.motion
            .take_if(|motion| now.since(motion.anchor.0) > span_ms.max(PAUSE_MS));
        self.occupied
            .take_if(|span| now.since(span.1) > span_ms + told_ms);
        self.newest
            .take_if(|(_, end)| now.since(*end) > span_ms.max(u64::from(rules.pause_ms)));
    }

    /// The hand did something else then.
    fn speaks_against(&mut self, span: (ClientTime, ClientTime)) {
        self.waiting
            .retain(|finding| !overlap(finding.span(), span));
        let newest = self.newest.map(|(_, end)| end);
        if self.waiting.last().map(|finding| finding.span().1) != newest {
            self.newest
                .take_if(|(first, end)| overlap((*first, *end), span));
        }
    }

    /// Tells whether it moved so far that it counts.
    fn moved(&mut self, sample: Sample, turn_cosine: f64, rules: &ThrashRules) -> bool {
        let (at, x, y) = sample;
        let Some(motion) = &mut self.motion else {
            self.motion = Some(Motion::new(sample));
            return false;
        };
        let (since, (dx, dy)) = (at.since(motion.anchor.0), motion.to(sample));
        let squared = square(dx, dy);
        if since == 0 || squared < square(i64::from(rules.move_min_px), 0) {
            return false;
        }
        if since >= PAUSE_MS {
            *motion = Motion::new(sample);
            return false;
        }
        let turned = turned(motion.heading, (dx, dy), turn_cosine);
        if turned || motion.stretches.is_empty() {
            if motion.stretches.len() == STRETCHES_MAX {
                motion.forget_first();
            }
            let (_, x, y) = motion.anchor;
            motion.stretches.push(Stretch {
                ms: 0,
                path_px: 0.0,
                reach: [x, y, x, y],
            });
        }
        let stretch = motion.stretches.last_mut().expect("one was just pushed");
        stretch.ms += to_u32(since);
        stretch.path_px += squared.sqrt() as f32;
        let [left, top, right, bottom] = stretch.reach;
        stretch.reach = [left.min(x), top.min(y), right.max(x), bottom.max(y)];
        motion.heading = (dx, dy);
        motion.anchor = sample;
        while at.since(motion.began) > u64::from(rules.span_ms) {
            motion.forget_first();
        }
        true
    }

    fn judge(&mut self, sample: Sample, moment: Moment<'_>, firings: &mut Firings) {
        let rules = &moment.rules.thrash;
        let Some(motion) = &mut self.motion else {
            return;
        };
        if motion.stretches.len() <= rules.turns_min as usize {
            return;
        }
        if let Some((from, to)) = self.occupied
            && from <= sample.0
        {
            while motion.began <= to && !motion.stretches.is_empty() {
                motion.forget_first();
            }
        }
        let end = sample.0;
        let grows = self
            .newest
            .is_some_and(|(first, _)| end.since(first) <= u64::from(rules.span_ms));
        let pauses = self
            .newest
            .is_some_and(|(_, before)| end.since(before) <= u64::from(rules.pause_ms));
        if pauses && !grows {
            return;
        }
        let Some(window) = motion.window(rules) else {
            return;
        };
        if !grows {
            self.newest = Some((end, end));
            if self.waiting.len() == WAITING_MAX {
                fire(self.waiting.remove(0), moment, firings);
            }
            self.waiting.push(motion.finding(&window, moment));
        } else if let Some((_, before)) = &mut self.newest
            && let Some(waiting) = self.waiting.last_mut()
            && waiting.span().1 == *before
            && window.strength() > (waiting.intensity_milli, waiting.turns)
        {
            *waiting = motion.finding(&window, moment);
            *before = end;
        }
    }

    /// What failed may be told later than the pointer's path.
    fn know_failure(&mut self, moment: Moment<'_>) {
        let Around {
            problem,
            unanswered,
            ..
        } = moment.around;
        for finding in &mut self.waiting {
            let (start, end) = finding.span();
            let before = |what: Option<ClientTime>| {
                what.is_some_and(|at| {
                    at <= end && start.since(at) <= u64::from(moment.rules.thrash.failure_ms)
                })
            };
            finding.at_failure |= before(problem) || before(unanswered);
        }
    }
}

impl Motion {
    fn new(sample: Sample) -> Motion {
        Motion {
            anchor: sample,
            heading: (0, 0),
            began: sample.0,
            stretches: Vec::new(),
        }
    }

    fn to(&self, (_, x, y): Sample) -> (i64, i64) {
        (x - self.anchor.1, y - self.anchor.2)
    }

    fn forget_first(&mut self) {
        if self.stretches.is_empty() {
            self.began = self.anchor.0;
        } else {
            let first = self.stretches.remove(0);
            self.began = self.began.plus(i64::from(first.ms));
        }
    }

    /// What the stretches amount to, if that is enough.
    fn window(&self, rules: &ThrashRules) -> Option<Window> {
        let turns = to_u32(self.stretches.len() as u64).saturating_sub(1);
        let duration_ms = to_u32(self.anchor.0.since(self.began));
        let path_px: f64 = self.stretches.iter().map(|s| f64::from(s.path_px)).sum();
        if turns < rules.turns_min || path_px < f64::from(rules.path_min_px) {
            return None;
        }
        let speed_px_s = 1_000.0 * path_px / f64::from(duration_ms.max(1));
        let least_px_s = f64::from(rules.speed_min_px_s);
        if speed_px_s < least_px_s {
            return None;
        }
        let first = self.stretches.first()?.reach;
        let [left, top, right, bottom] = self.stretches.iter().fold(first, |all, stretch| {
            let [left, top, right, bottom] = stretch.reach;
            [
                all[0].min(left),
                all[1].min(top),
                all[2].max(right),
                all[3].max(bottom),
            ]
        });
        let box_px = square(right - left, bottom - top).sqrt();
        let intensity = 0.4 * (f64::from(turns) / TURNS_FULL).min(1.0)
            + 0.3 * ((speed_px_s - least_px_s) / least_px_s).clamp(0.0, 1.0)
            + 0.3 / (1.0 + (box_px / BOX_HALF_PX) * (box_px / BOX_HALF_PX));
        let intensity_milli = milli(intensity);
        (u32::from(intensity_milli) >= rules.intensity_min_milli).then_some(Window {
            turns,
            duration_ms,
            path_px,
            box_px,
            intensity_milli,
        })
    }

    fn finding(&self, window: &Window, moment: Moment<'_>) -> Finding {
        let turns_at = self.stretches.iter().scan(0, |ms, stretch| {
            *ms += stretch.ms;
            Some(*ms)
        });
        let listed = EVIDENCE_MAX.min(window.turns as usize);
        Finding {
            at: self.began,
            duration_ms: window.duration_ms,
            turns_at: turns_at.take(listed).collect(),
            turns: window.turns,
            path_px: window.path_px as u32,
            box_px: window.box_px as u32,
            position: (px(self.anchor.1), px(self.anchor.2)),
            intensity_milli: window.intensity_milli,
            page_view: moment.page_view,
            at_failure: false,
        }
    }
}

/// What the stretches of a motion amount to.
struct Window {
    turns: u32,
    duration_ms: u32,
    path_px: f64,
    /// Diagonal of the box around them.
    box_px: f64,
    intensity_milli: u16,
}

impl Window {
    /// Of two equally intense ones the longer has more to show.
    fn strength(&self) -> (u16, u32) {
        (self.intensity_milli, self.turns)
    }
}

/// Whether two moves differ by at least the angle with this cosine; a first
/// move does not turn.
fn turned(before: (i64, i64), now: (i64, i64), cosine: f64) -> bool {
    if before == (0, 0) {
        return false;
    }
    let dot = before.0 as f64 * now.0 as f64 + before.1 as f64 * now.1 as f64;
    let limit = cosine * cosine * square(before.0, before.1) * square(now.0, now.1);
    if cosine >= 0.0 {
        dot <= 0.0 || dot * dot <= limit
    } else {
        dot < 0.0 && dot * dot >= limit
    }
}

fn square(dx: i64, dy: i64) -> f64 {
    let (dx, dy) = (dx as f64, dy as f64);
    dx * dx + dy * dy
}

fn fire(finding: Finding, moment: Moment<'_>, firings: &mut Firings) {
    let kind = if finding.at_failure {
        SignalKind::ThrashAtFailure
    } else {
        SignalKind::Thrash
    };
    let firing = Firing {
        duration_ms: finding.duration_ms,
        page_view: finding.page_view,
        position: finding.position,
        intensity_milli: finding.intensity_milli,
        evidence_count: finding.turns,
        evidence_at: finding.turns_at,
        reason: format!(
            "{} sharp turns over {} px in {:.1} s, within {} px",
            finding.turns,
            finding.path_px,
            f64::from(finding.duration_ms) / 1_000.0,
            finding.box_px
        )
        .into(),
        ..moment.firing(kind, finding.at)
    };
    firings.fire(firing, moment.rules);
}

#[cfg(test)]
#[path = "thrash_tests.rs"]
mod tests;
