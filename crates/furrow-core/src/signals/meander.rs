//! A pointer that wanders and gets nowhere.
//!
//! Once a second of motion the way since earlier seconds is judged, the
//! longest first, so a wander is found wherever in the motion it begins. A
//! rest of `REST_MS` ends the motion: one wanders while one looks about, not
//! while one reads. Pace is path over the time in motion, without pauses, and
//! so is the pace of the visitor's own movements, from pause to pause, that it
//! is compared with. A wander fires when it is over, or has lasted
//! `WANDER_MS_MAX`, and a press inside it would have been told; what follows
//! without a break raises the same firing. Fingers scroll where a mouse
//! wanders, so only a mouse is looked at.

use super::pointing::{PAUSE_MS, Sample, held, overlap, px, samples, told_ms};
use super::{Firing, FiringId, Firings, Moment, SignalKind, milli, to_u32};
use crate::interaction::{Interaction, Kind, PointerType};
use crate::rules::section;
use crate::time::ClientTime;
use serde::{Deserialize, Serialize};

section! {
    /// Thresholds of a pointer that wanders.
    MeanderRules {
        /// Least path, px.
        path_min_px: u32 = 1_500, in 1..=100_000;
        /// Progress is at most this part of the path, thousandths.
        progress_max_milli: u32 = 250, in 0..=1_000;
        /// It lasts at least this long.
        span_min_ms: u32 = 5_000, in 1..=15_000;
        /// With fewer movements of their own a visitor has no pace to compare
        /// with: the condition counts as met.
        movements_min: u32 = 8, in 1..=PACES_MAX as u32;
    }
}

/// Places that are remembered, a second apart; the oldest give way.
pub const PLACES_MAX: usize = 16;

/// The session's last movements whose pace is remembered.
pub const PACES_MAX: usize = 32;

/// Without a sample for this long the pointer rests, ms.
const REST_MS: u64 = 2_000;

/// A longer wander is told in parts, ms.
const WANDER_MS_MAX: u64 = 15_000;

/// A part is told at most so long after the one before, ms.
const PARTS_WITHIN_MS: u64 = 60_000;

/// Motion between two pauses that is shorter than this is no movement, px.
const MOVEMENT_MIN_PX: f64 = 50.0;

/// Least time between two places that are remembered, ms.
const PLACE_MS: u64 = 1_000;

/// The pace of a session's own movements, px/s, oldest first; at most
/// [`PACES_MAX`].
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct OwnPace(Vec<u16>);

impl OwnPace {
    fn moved(&mut self, path_px: f64, ms: u32) {
        if path_px < MOVEMENT_MIN_PX || ms == 0 {
            return;
        }
        if self.0.len() == PACES_MAX {
            self.0.remove(0);
        }
        self.0.push((1_000.0 * path_px / f64::from(ms)) as u16);
    }

    /// The median, once there are so many movements.
    fn median(&self, movements_min: u32) -> Option<f64> {
        if self.0.len() < movements_min as usize {
            return None;
        }
        let mut paces = self.0.clone();
        paces.sort_unstable();
        let middle = paces.len() / 2;
        let upper = f64::from(*paces.get(middle)?);
        let lower = f64::from(paces[(paces.len() - 1) / 2]);
        Some((lower + upper) / 2.0)
    }
}

/// One sender's pointer, as far as it may wander.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct MeanderDetector {
    way: Option<Way>,
    wander: Option<Wander>,
    told: Option<Told>,
}

/// Motion without a rest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Way {
    began: ClientTime,
    newest: Place,
    /// Where the newest movement set out.
    set_out: Place,
    /// Oldest first; at most [`PLACES_MAX`].
    places: Vec<Place>,
}

/// Where the pointer was, and what the way there took.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Place {
    /// Since the motion began.
    ms: u32,
    x: i64,
    y: i64,
    path_px: f32,
    moving_ms: u32,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Wander {
    /// When the motion began.
    began: ClientTime,
    from: Place,
    to: Place,
    /// It goes on.
    open: bool,
    page_view: Option<u32>,
}

/// What has fired and may go on.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Told {
    id: FiringId,
    from: ClientTime,
    to: ClientTime,
    path_px: f64,
}

impl MeanderDetector {
    /// Looks at an interaction.
    pub fn observe(
        &mut self,
        interaction: &Interaction,
        moment: Moment<'_>,
        own: &mut OwnPace,
        firings: &mut Firings,
    ) {
        self.passed(moment, own, firings);
        if let Some(span) = held(interaction) {
            self.pressed(span);
        }
        if let Kind::PointerPath(path) = &interaction.kind
            && path.pointer == PointerType::Mouse
        {
            for sample in samples(interaction.at, path) {
                if self.moved(sample, own) {
                    self.judge(moment, own, firings);
                }
            }
        }
    }

    /// Nothing more will come.
    pub fn ended(&mut self, moment: Moment<'_>, firings: &mut Firings) {
        self.fire(moment, firings);
        *self = MeanderDetector::default();
    }

    /// Fires what no press can speak against any more, and forgets what time
    /// has made useless.
    fn passed(&mut self, moment: Moment<'_>, own: &mut OwnPace, firings: &mut Firings) {
        if let Some(way) = &self.way
            && moment.now.since(way.newest.time(way.began)) >= REST_MS
        {
            way.paused(own);
            self.way = None;
            self.rested();
        }
        let told_ms = told_ms(&moment.rules.press);
        if let Some(wander) = &self.wander
            && !wander.open
            && moment.now.since(wander.span().1) > told_ms
        {
            self.fire(moment, firings);
        }
        self.told
            .take_if(|told| moment.now.since(told.to) > PARTS_WITHIN_MS);
    }

    /// The motion is over, and a wander with it.
    fn rested(&mut self) {
        if let Some(wander) = &mut self.wander {
            wander.open = false;
        }
    }

    /// A button was held then: what it interrupts is no wander.
    fn pressed(&mut self, span: (ClientTime, ClientTime)) {
        let inside = |wander: &Wander| overlap(wander.span(), span);
        if self.wander.as_ref().is_some_and(inside) {
            self.wander = None;
        }
        self.rested();
        if let Some(way) = &mut self.way {
            let began = way.began;
            let after = |place: &Place| place.time(began) > span.1;
            way.places.retain(after);
            if way.places.is_empty() && after(&way.newest) {
                way.places.push(way.newest);
            }
            if way.places.is_empty() {
                self.way = None;
            }
        }
    }

    /// Tells whether there is a new place.
    #[inline]
    fn moved(&mut self, sample: Sample, own: &mut OwnPace) -> bool {
        let (at, x, y) = sample;
        let Some(way) = &mut self.way else {
            self.way = Some(Way::new(sample));
            return false;
        };
        let newest = &mut way.newest;
        let since = at.since(newest.time(way.began));
        if since >= REST_MS {
            way.paused(own);
            *way = Way::new(sample);
            self.rested();
            return false;
        }
        let (dx, dy) = ((x - newest.x) as f64, (y - newest.y) as f64);
        if since == 0 || (dx == 0.0 && dy == 0.0) {
            return false;
        }
        if since >= PAUSE_MS {
            way.paused(own);
            way.set_out = way.newest;
        }
        let newest = &mut way.newest;
        newest.ms = to_u32(at.since(way.began));
        (newest.x, newest.y) = (x, y);
        newest.path_px += (dx * dx + dy * dy).sqrt() as f32;
        if since < PAUSE_MS {
            newest.moving_ms = newest.moving_ms.saturating_add(to_u32(since));
        }
        let last = way.places.last().expect("a motion keeps a place");
        if u64::from(newest.ms - last.ms) < PLACE_MS {
            return false;
        }
        if way.places.len() == PLACES_MAX {
            way.places.remove(0);
        }
        way.places.push(way.newest);
        true
    }

    fn judge(&mut self, moment: Moment<'_>, own: &OwnPace, firings: &mut Firings) {
        let Some(way) = &mut self.way else { return };
        let rules = &moment.rules.meander;
        let own_pace = own.median(rules.movements_min);
        let (began, to) = (way.began, way.newest);
        let wanders = |from: &&Place| Leg::new(from, &to).wanders(own_pace, rules);
        let from = way.places.iter().find(wanders).copied();
        if let Some(wander) = self.wander.as_mut().filter(|wander| wander.open) {
            if from.is_some() {
                wander.to = to;
            }
            let long = u64::from(to.ms - wander.from.ms) >= WANDER_MS_MAX;
            if from.is_none() || long {
                // Another one begins at its end at the earliest.
                wander.open = false;
                way.places = vec![wander.to, to];
                way.places.dedup();
            }
        } else if let Some(from) = from {
            self.fire(moment, firings);
            self.wander = Some(Wander {
                began,
                from,
                to,
                open: true,
                page_view: moment.page_view,
            });
        }
    }

    fn fire(&mut self, moment: Moment<'_>, firings: &mut Firings) {
        let Some(wander) = self.wander.take() else {
            return;
        };
        let (from, to) = wander.span();
        let leg = Leg::new(&wander.from, &wander.to);
        let before = self.told.filter(|told| told.to == from);
        let path_px = leg.path_px + before.map_or(0.0, |told| told.path_px);
        let at = before.map_or(from, |told| told.from);
        let duration_ms = to_u32(to.since(at));
        let least_px = f64::from(moment.rules.meander.path_min_px);
        let firing = Firing {
            duration_ms,
            page_view: wander.page_view,
            position: (px(wander.to.x), px(wander.to.y)),
            // The longer the way, the surer.
            intensity_milli: milli(1.0 - 0.6 * least_px / path_px.max(least_px)),
            evidence_at: vec![0, duration_ms],
            evidence_count: 2,
            reason: format!(
                "{path_px:.0} px of path that led {:.0} px far in {:.1} s, at {:.0} px/s",
                leg.progress_px,
                f64::from(duration_ms) / 1_000.0,
                leg.pace_px_s
            )
            .into(),
            ..moment.firing(SignalKind::Meander, at)
        };
        let id = match before {
            Some(told) => firings.raise(told.id, firing, moment.rules),
            None => firings.fire(firing, moment.rules),
        };
        self.told = Some(Told {
            id,
            from: at,
            to,
            path_px,
        });
    }
}

impl Way {
    fn new((began, x, y): Sample) -> Way {
        let start = Place {
            ms: 0,
            x,
            y,
            path_px: 0.0,
            moving_ms: 0,
        };
        Way {
            began,
            newest: start,
            set_out: start,
            places: vec![start],
        }
    }

    /// The newest movement is over.
    fn paused(&self, own: &mut OwnPace) {
        let (from, to) = (&self.set_out, &self.newest);
        let moving_ms = to.moving_ms.saturating_sub(from.moving_ms);
        own.moved(Leg::new(from, to).path_px, moving_ms);
    }
}

impl Place {
    fn time(&self, began: ClientTime) -> ClientTime {
        began.plus(i64::from(self.ms))
    }
}

impl Wander {
    fn span(&self) -> (ClientTime, ClientTime) {
        (self.from.time(self.began), self.to.time(self.began))
    }
}

/// The way between two places of one motion.
struct Leg {
    ms: u32,
    path_px: f64,
    progress_px: f64,
    pace_px_s: f64,
}

impl Leg {
    fn new(from: &Place, to: &Place) -> Leg {
        let path_px = f64::from(to.path_px) - f64::from(from.path_px);
        let (dx, dy) = ((to.x - from.x) as f64, (to.y - from.y) as f64);
        let moving_ms = to.moving_ms.saturating_sub(from.moving_ms).max(1);
        Leg {
            ms: to.ms.saturating_sub(from.ms),
            path_px,
            progress_px: (dx * dx + dy * dy).sqrt(),
            pace_px_s: 1_000.0 * path_px / f64::from(moving_ms),
        }
    }

    fn wanders(&self, own_pace_px_s: Option<f64>, rules: &MeanderRules) -> bool {
        self.ms >= rules.span_min_ms
            && self.path_px >= f64::from(rules.path_min_px)
            && 1_000.0 * self.progress_px <= f64::from(rules.progress_max_milli) * self.path_px
            && own_pace_px_s.is_none_or(|own| self.pace_px_s < own)
    }
}

#[cfg(test)]
#[path = "meander_tests.rs"]
mod tests;
