//! Scroll thrash and steady scroll.
//!
//! The page's position is followed across paths; where a script moves it,
//! everything moves along and nothing is counted. A *reversal* is a turn after
//! which, and before which, the page went at least `thrash_reach_milli` of the
//! viewport. A *step* is a scroll without a pause: one turn of a wheel, one
//! swipe with its momentum, however many paths told it. What is judged are the
//! last `steady_steps_min` steps.

use super::pointing::PAUSE_MS;
use super::{EVIDENCE_MAX, Firing, FiringId, Firings, Moment, SignalKind, evidence, milli, to_u32};
use crate::interaction::{Interaction, Kind, ScrollCause, ScrollPath};
use crate::rules::{TIME_MAX_MS, section};
use crate::time::ClientTime;
use serde::{Deserialize, Serialize};

section! {
    /// Thresholds of scrolling.
    ScrollRules {
        /// Fewest reversals of scrolling to and fro.
        thrash_reversals_min: u32 = 4, in 1..=REVERSALS_MAX as u32;
        /// A reversal covers at least this part of the viewport, thousandths.
        thrash_reach_milli: u32 = 333, in 1..=10_000;
        /// They lie within this time.
        thrash_span_ms: u32 = 5_000, in 1..=TIME_MAX_MS;
        /// Fewest steps down of a steady scroll.
        steady_steps_min: u32 = 5, in 3..=STEPS_MAX as u32;
        /// The gaps between them vary at most this much: deviation by mean, thousandths.
        steady_variation_max_milli: u32 = 500, in 0..=10_000;
        /// Slower than this, viewports a second in thousandths.
        steady_speed_max_milli: u32 = 2_000, in 1..=100_000;
        /// A pause longer than this ends it.
        steady_pause_ms: u32 = 10_000, in 1..=TIME_MAX_MS;
    }
}

/// Reversals that are remembered; the oldest give way.
pub const REVERSALS_MAX: usize = 32;

/// Most steps that rules may ask for.
pub const STEPS_MAX: usize = 16;

/// A step below this is none, px.
const STEP_MIN_PX: i64 = 10;

/// One sender's page, as it is scrolled.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ScrollDetector {
    course: Option<Course>,
    /// When the page turned back, oldest first; at most [`REVERSALS_MAX`].
    reversals: Vec<ClientTime>,
    thrash: Option<Repeated>,
    /// The step that goes on.
    step: Option<Step>,
    /// The last steps down, oldest first; as many as the rules ask for.
    steps: Vec<Step>,
    steady: Option<Repeated>,
}

/// Where the page is and where it goes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Course {
    /// When the visitor last moved it.
    at: ClientTime,
    y: i64,
    viewport_px: u32,
    /// None until it has gone far enough.
    heading: Option<Heading>,
    /// Where it was highest and lowest since it turned.
    highest: (ClientTime, i64),
    lowest: (ClientTime, i64),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Heading {
    Up,
    Down,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Step {
    from: ClientTime,
    to: ClientTime,
    /// px down.
    down: i64,
    page_view: Option<u32>,
}

/// What has fired and goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Repeated {
    id: FiringId,
    at: ClientTime,
    count: u32,
}

impl ScrollDetector {
    /// Looks at an interaction.
    pub fn observe(
        &mut self,
        interaction: &Interaction,
        moment: Moment<'_>,
        firings: &mut Firings,
    ) {
        self.passed(moment.now, moment, firings);
        match &interaction.kind {
            Kind::ScrollPath(path) if path.cause == ScrollCause::Script => self.moved_along(path),
            Kind::ScrollPath(path) => {
                let (mut at, mut y) = (interaction.at, i64::from(path.start_y));
                self.scrolled(at, y, path.viewport_height, moment, firings);
                for step in &path.steps {
                    at = at.plus(i64::from(step.dt));
                    y += i64::from(step.dy);
                    self.scrolled(at, y, path.viewport_height, moment, firings);
                }
            }
            Kind::PageView(_) => *self = ScrollDetector::default(),
            _ => {}
        }
    }

    /// The time is `now`: a step that has paused is complete, and what is too
    /// old goes.
    #[inline]
    fn passed(&mut self, now: ClientTime, moment: Moment<'_>, firings: &mut Firings) {
        let Some(course) = &self.course else { return };
        let paused_ms = now.since(course.at);
        if paused_ms >= PAUSE_MS {
            self.stepped(moment, firings);
        }
        let rules = &moment.rules.scroll;
        if paused_ms > u64::from(rules.steady_pause_ms.max(rules.thrash_span_ms)) {
            *self = ScrollDetector::default();
        }
    }

    /// A script moved the page, and everything on it.
    fn moved_along(&mut self, path: &ScrollPath) {
        let Some(course) = &mut self.course else {
            return;
        };
        let to = i64::from(path.start_y) + path.steps.iter().map(|s| i64::from(s.dy)).sum::<i64>();
        let by = to - course.y;
        course.y = to;
        course.highest.1 += by;
        course.lowest.1 += by;
    }

    fn scrolled(
        &mut self,
        at: ClientTime,
        y: i64,
        viewport_px: u32,
        moment: Moment<'_>,
        firings: &mut Firings,
    ) {
        self.passed(at, moment, firings);
        let course = self.course.get_or_insert(Course {
            at,
            y,
            viewport_px,
            heading: None,
            highest: (at, y),
            lowest: (at, y),
        });
        let down = y - course.y;
        // A first sample tells that the page moved, though not how far.
        let first = self.step.is_none() && course.at == at && down == 0;
        if !first && (at < course.at || down == 0) {
            return;
        }
        (course.at, course.y, course.viewport_px) = (at, y, viewport_px);
        let step = self.step.get_or_insert(Step {
            from: at,
            to: at,
            down: 0,
            page_view: moment.page_view,
        });
        (step.to, step.down) = (at, step.down + down);
        if let Some(turned) = course.turned(moment.rules.scroll.thrash_reach_milli) {
            self.reversed(turned, moment, firings);
        }
    }

    fn reversed(&mut self, at: ClientTime, moment: Moment<'_>, firings: &mut Firings) {
        let rules = &moment.rules.scroll;
        let span_ms = u64::from(rules.thrash_span_ms);
        if self.reversals.len() == REVERSALS_MAX {
            self.reversals.remove(0);
        }
        self.reversals.push(at);
        self.reversals.retain(|turn| at.since(*turn) <= span_ms);
        let count = to_u32(self.reversals.len() as u64);
        let page = moment.page;
        let usual = moment.rules.pages.of(&page.group, &page.path);
        let usual = usual.and_then(|baseline| baseline.scroll_reversals_p95);
        if count < rules.thrash_reversals_min || usual.is_some_and(|p95| count <= p95) {
            self.thrash = None;
            return;
        }
        let (first, count) = match self.thrash {
            Some(thrash) => (thrash.at, thrash.count.saturating_add(1)),
            None => (self.reversals[0], count),
        };
        let further = f64::from(count.saturating_sub(rules.thrash_reversals_min));
        let firing = Firing {
            duration_ms: to_u32(at.since(first)),
            intensity_milli: milli(0.5 + 0.1 * further),
            evidence_count: count,
            evidence_at: self.evidence_since(first),
            reason: format!(
                "scrolling turned back {count} times in {:.1} s",
                at.since(first) as f64 / 1_000.0
            )
            .into(),
            ..moment.firing(SignalKind::ScrollThrash, first)
        };
        self.thrash = Some(Repeated::fire(self.thrash, firing, moment, firings));
    }

    /// Those of the remembered reversals that fit behind the first.
    fn evidence_since(&self, first: ClientTime) -> Vec<u32> {
        let mut turns = vec![first];
        turns.extend(self.reversals.iter().filter(|turn| **turn > first));
        turns.truncate(EVIDENCE_MAX);
        evidence(&turns)
    }

    fn stepped(&mut self, moment: Moment<'_>, firings: &mut Firings) {
        let (Some(step), Some(course)) = (self.step.take(), &self.course) else {
            return;
        };
        let viewport_px = course.viewport_px;
        if step.down.abs() < STEP_MIN_PX {
            return;
        }
        let rules = &moment.rules.scroll;
        let paused = self
            .steps
            .last()
            .is_some_and(|last| step.from.since(last.to) > u64::from(rules.steady_pause_ms));
        if step.down < 0 || paused {
            self.steps.clear();
            self.steady = None;
        }
        if step.down < 0 {
            return;
        }
        self.steps.push(step);
        while self.steps.len() > rules.steady_steps_min as usize {
            self.steps.remove(0);
        }
        let steady = self.steps.len() == rules.steady_steps_min as usize
            && variation(&self.steps) <= f64::from(rules.steady_variation_max_milli) / 1_000.0;
        let speed = viewports_per_s(&self.steps, viewport_px)
            .filter(|speed| steady && 1_000.0 * speed < f64::from(rules.steady_speed_max_milli));
        let Some(speed) = speed else {
            self.steady = None;
            return;
        };
        let (first, last) = (&self.steps[0], &self.steps[self.steps.len() - 1]);
        let (at, count) = match self.steady {
            Some(steady) => (steady.at, steady.count.saturating_add(1)),
            None => (first.from, rules.steady_steps_min),
        };
        let starts: Vec<ClientTime> = self.steps.iter().map(|s| s.from).collect();
        let firing = Firing {
            duration_ms: to_u32(last.to.since(at)),
            page_view: last.page_view,
            intensity_milli: milli(
                0.4 + 0.1 * f64::from(count - rules.steady_steps_min.min(count)),
            ),
            evidence_count: count,
            evidence_at: match self.steady {
                Some(_) => vec![0, to_u32(last.from.since(at))],
                None => evidence(&starts),
            },
            reason: format!("{count} even steps down at {speed:.1} views a second").into(),
            ..moment.firing(SignalKind::SteadyScroll, at)
        };
        self.steady = Some(Repeated::fire(self.steady, firing, moment, firings));
    }
}

impl Course {
    /// When the page turned, if it is clear now that it did.
    fn turned(&mut self, reach_milli: u32) -> Option<ClientTime> {
        let here = (self.at, self.y);
        if self.y < self.highest.1 {
            self.highest = here;
        }
        if self.y > self.lowest.1 {
            self.lowest = here;
        }
        // A view of no height has no part that could be covered.
        let part = u64::from(self.viewport_px) * u64::from(reach_milli);
        let reach_px = part.div_ceil(1_000) as i64;
        if reach_px == 0 {
            return None;
        }
        let before = self.heading;
        let turn = match before {
            Some(Heading::Up) | None if self.y - self.highest.1 >= reach_px => {
                (Heading::Down, self.highest.0)
            }
            Some(Heading::Down) | None if self.lowest.1 - self.y >= reach_px => {
                (Heading::Up, self.lowest.0)
            }
            Some(Heading::Up | Heading::Down) | None => return None,
        };
        self.heading = Some(turn.0);
        (self.highest, self.lowest) = (here, here);
        before.map(|_| turn.1)
    }
}

impl Repeated {
    fn fire(
        before: Option<Repeated>,
        firing: Firing,
        moment: Moment<'_>,
        firings: &mut Firings,
    ) -> Repeated {
        let (at, count) = (firing.at, firing.evidence_count);
        let id = match before {
            Some(before) => firings.raise(before.id, firing, moment.rules),
            None => firings.fire(firing, moment.rules),
        };
        Repeated { id, at, count }
    }
}

/// Standard deviation of the gaps between the beginnings of at least three
/// steps, by their mean.
fn variation(steps: &[Step]) -> f64 {
    let gaps = steps.windows(2).map(|w| w[1].from.since(w[0].from) as f64);
    let count = (steps.len() - 1) as f64;
    let mean = gaps.clone().sum::<f64>() / count;
    let squares: f64 = gaps.map(|gap| (gap - mean) * (gap - mean)).sum();
    (squares / (count - 1.0)).sqrt() / mean
}

/// From the first step's beginning to the last one's end; none without a view.
fn viewports_per_s(steps: &[Step], viewport_px: u32) -> Option<f64> {
    let px: i64 = steps.iter().map(|s| s.down).sum();
    let ms = steps[steps.len() - 1].to.since(steps[0].from);
    (viewport_px > 0 && ms > 0).then(|| 1_000.0 * px as f64 / (f64::from(viewport_px) * ms as f64))
}

#[cfg(test)]
#[path = "scroll_tests.rs"]
mod tests;
