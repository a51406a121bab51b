//! About to leave: after trouble, heading out of the page.
//!
//! Two things tell it: the pointer flies up to the top edge, where tabs and
//! the address are, or the page is hidden. Trouble is often told after them,
//! because a page has time to answer, so they wait a while for it. Both belong
//! to the newest trouble before them; a second one makes the same firing
//! stronger.

use super::pointing::{PAUSE_MS, Sample, px, samples, told_ms};
use super::{Firing, FiringId, Firings, Moment, SignalKind, evidence, milli, to_u32, within};
use crate::interaction::{Interaction, Kind, PointerType};
use crate::rules::{TIME_MAX_MS, section};
use crate::time::ClientTime;
use serde::{Deserialize, Serialize};

section! {
    /// Thresholds of leaving.
    LeavingRules {
        /// Trouble within this time before.
        trouble_ms: u32 = 30_000, in 1..=TIME_MAX_MS;
        /// The pointer ends within this distance of the top edge, px.
        edge_px: u32 = 20, in 0..=100_000;
        /// It comes from at least so far below, px.
        rise_min_px: u32 = 100, in 0..=100_000;
        /// Least speed upwards, px/s.
        speed_min_px_s: u32 = 800, in 0..=100_000;
        /// Hidden within this time of trouble.
        hidden_ms: u32 = 5_000, in 0..=TIME_MAX_MS;
    }
}

/// Exits of one sender that wait for trouble at a time; the oldest give way.
pub const EXITS_MAX: usize = 4;

/// What one sender's visitor does that looks like leaving.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct LeavingDetector {
    rise: Option<Rise>,
    /// Those whose trouble may not have been told yet.
    waiting: Vec<Exit>,
    told: Option<Told>,
}

/// A pointer on its way up.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Rise {
    from: Sample,
    newest: Sample,
    /// It has reached the edge.
    arrived: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Exit {
    at: ClientTime,
    way: Way,
    page_view: Option<u32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Way {
    /// The pointer flew to the top edge.
    Pointer { x: i32, y: i32, speed_px_s: u32 },
    /// The page was hidden.
    Hidden,
}

/// What has fired.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Told {
    trouble: ClientTime,
    id: FiringId,
    /// When the first and the newest exit happened, and how many there were.
    first: ClientTime,
    newest: ClientTime,
    exits: u32,
}

impl LeavingDetector {
    /// Looks at an interaction.
    pub fn observe(
        &mut self,
        interaction: &Interaction,
        moment: Moment<'_>,
        firings: &mut Firings,
    ) {
        self.know_trouble(moment, firings);
        match &interaction.kind {
            Kind::PointerPath(path) if path.pointer == PointerType::Mouse => {
                for sample in samples(interaction.at, path) {
                    self.moved(sample, moment, firings);
                }
            }
            Kind::Visibility { visible: false } => {
                self.exits(interaction.at, Way::Hidden, moment, firings);
            }
            _ => {}
        }
        self.passed(moment);
    }

    /// Nothing more will come.
    pub fn ended(&mut self, moment: Moment<'_>, firings: &mut Firings) {
        self.know_trouble(moment, firings);
        self.waiting.clear();
        self.rise = None;
    }

    /// Forgets what time has made useless.
    fn passed(&mut self, moment: Moment<'_>) {
        let (now, rules) = (moment.now, &moment.rules.leaving);
        let judged_ms = told_ms(&moment.rules.press) + u64::from(moment.rules.press.dead_ms);
        self.waiting.retain(|exit| now.since(exit.at) <= judged_ms);
        self.rise
            .take_if(|rise| now.since(rise.newest.0) >= PAUSE_MS);
        let remembered_ms = judged_ms + u64::from(rules.trouble_ms.max(rules.hidden_ms));
        self.told
            .take_if(|told| now.since(told.newest.max(told.trouble)) > remembered_ms);
    }

    #[inline]
    fn moved(&mut self, sample: Sample, moment: Moment<'_>, firings: &mut Firings) {
        let (at, x, y) = sample;
        let Some(rise) = &mut self.rise else {
            self.rise = Some(Rise::new(sample));
            return;
        };
        if y >= rise.newest.2 || at.since(rise.newest.0) >= PAUSE_MS {
            *rise = Rise::new(sample);
            return;
        }
        rise.newest = sample;
        let rules = &moment.rules.leaving;
        if rise.arrived || y > i64::from(rules.edge_px) {
            return;
        }
        rise.arrived = true;
        let (px_up, ms) = (rise.from.2 - y, at.since(rise.from.0).max(1));
        let speed_px_s = px_up.unsigned_abs().saturating_mul(1_000) / ms;
        if px_up >= i64::from(rules.rise_min_px) && speed_px_s >= u64::from(rules.speed_min_px_s) {
            let way = Way::Pointer {
                x: px(x),
                y: px(y),
                speed_px_s: to_u32(speed_px_s),
            };
            self.exits(at, way, moment, firings);
        }
    }

    fn exits(&mut self, at: ClientTime, way: Way, moment: Moment<'_>, firings: &mut Firings) {
        if self.waiting.len() == EXITS_MAX {
            self.waiting.remove(0);
        }
        self.waiting.push(Exit {
            at,
            way,
            page_view: moment.page_view,
        });
        self.know_trouble(moment, firings);
    }

    /// Fires those exits for which trouble is known.
    fn know_trouble(&mut self, moment: Moment<'_>, firings: &mut Firings) {
        let Some(trouble) = moment.around.frustration else {
            return;
        };
        let rules = &moment.rules.leaving;
        let (follows, waits): (Vec<Exit>, Vec<Exit>) = std::mem::take(&mut self.waiting)
            .into_iter()
            .partition(|exit| {
                let recent_ms = exit.way.recent_ms(rules);
                trouble <= exit.at && within(Some(trouble), exit.at, recent_ms)
            });
        self.waiting = waits;
        for exit in &follows {
            self.fire(exit, trouble, moment, firings);
        }
    }

    fn fire(
        &mut self,
        exit: &Exit,
        trouble: ClientTime,
        moment: Moment<'_>,
        firings: &mut Firings,
    ) {
        let known = self.told.take_if(|told| told.trouble == trouble);
        let exits = known
            .as_ref()
            .map_or(1, |told| told.exits.saturating_add(1));
        let first = known.as_ref().map_or(exit.at, |told| told.first);
        let elapsed_ms = exit.at.since(trouble);
        let recency =
            1.0 - elapsed_ms as f64 / f64::from(exit.way.recent_ms(&moment.rules.leaving).max(1));
        let firing = Firing {
            duration_ms: to_u32(exit.at.since(first)),
            page_view: exit.page_view,
            position: exit.way.position(),
            intensity_milli: milli(0.4 + 0.4 * recency + 0.2 * f64::from(exits - 1)),
            evidence_count: exits,
            evidence_at: evidence(&[first, exit.at][..exits.min(2) as usize]),
            reason: exit.way.reason(elapsed_ms),
            ..moment.firing(SignalKind::AboutToLeave, first)
        };
        let id = match known {
            Some(told) => firings.raise(told.id, firing, moment.rules),
            None => firings.fire(firing, moment.rules),
        };
        self.told = Some(Told {
            trouble,
            id,
            first,
            newest: exit.at,
            exits,
        });
    }
}

impl Rise {
    fn new(from: Sample) -> Rise {
        Rise {
            from,
            newest: from,
            arrived: false,
        }
    }
}

impl Way {
    /// Trouble lies at most this long before.
    fn recent_ms(self, rules: &LeavingRules) -> u32 {
        match self {
            Way::Pointer { .. } => rules.trouble_ms,
            Way::Hidden => rules.hidden_ms,
        }
    }

    fn position(self) -> (i32, i32) {
        match self {
            Way::Pointer { x, y, .. } => (x, y),
            Way::Hidden => (0, 0),
        }
    }

    fn reason(self, elapsed_ms: u64) -> Box<str> {
        let after = format!("{:.1} s after trouble", elapsed_ms as f64 / 1_000.0);
        match self {
            Way::Pointer { speed_px_s, .. } => {
                format!("the pointer flew to the top edge at {speed_px_s} px/s, {after}")
            }
            Way::Hidden => format!("the page was left {after}"),
        }
        .into()
    }
}

#[cfg(test)]
#[path = "leaving_tests.rs"]
mod tests;
