//! Quick back and page loop: going from page to page.
//!
//! Every page load is a new sender, and what led to it is told just behind its
//! page view. So a visit is judged when its sender tells the next thing; a
//! reload then takes it back, because it is no visit.
//!
//! A quick return says something of the page that was left: it counts there,
//! and "quick" is measured against how long visitors stay *there*. Who goes on
//! back from a page that they have themselves come back to is on the way home
//! and has not judged that page.

use super::{Firing, FiringId, Firings, Moment, SignalKind, evidence, milli, to_u32};
use crate::interaction::{Interaction, Kind, NavigationKind, PageView};
use crate::rules::{TIME_MAX_MS, section};
use crate::time::ClientTime;
use serde::{Deserialize, Serialize};

section! {
    /// Thresholds of going from page to page.
    PagesVisitedRules {
        /// A return within this time is quick, or within a quarter of the page's median stay if that is less.
        quick_back_ms: u32 = 7_000, in 1..=TIME_MAX_MS;
        /// Fewest visits of one page in a loop.
        loop_visits_min: u32 = 3, in 2..=VISITS_MAX;
        /// They lie within this time.
        loop_span_ms: u32 = 15_000, in 1..=TIME_MAX_MS;
        /// Two pages taking turns lie within this time.
        alternation_span_ms: u32 = 60_000, in 1..=TIME_MAX_MS;
    }
}

/// Visits that one session remembers; the oldest give way.
pub const VISITS_MAX: u32 = 16;

/// Two pages take turns when each was visited twice.
const TURNS_MIN: usize = 4;

/// A navigation told this long before its page view led to it, ms.
const AHEAD_MS: u64 = 1_000;

/// The newest visits of a session.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct PagesDetector {
    /// Oldest first; at most [`VISITS_MAX`]. Those that no loop can reach give
    /// way, but for the last two.
    visits: Vec<Visit>,
    /// A navigation that was told before its page view.
    ahead: Option<(NavigationKind, ClientTime)>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Visit {
    path: PathHash,
    at: ClientTime,
    sender: u8,
    page_view: Option<u32>,
    /// A stay up to this is quick, ms.
    quick_ms: u32,
    reached: Reached,
    /// The loop that it is evidence of.
    in_loop: Option<FiringId>,
}

/// How a visit began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Reached {
    /// Not known: what its sender tells next may say so.
    Pending,
    /// To a page that was not the one before.
    Onward,
    /// Back to the page before.
    Back,
}

/// A path's FNV-1a hash: paths may be long, and are only compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct PathHash(u64);

impl PathHash {
    fn of(path: &str) -> PathHash {
        PathHash(path.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        }))
    }
}

impl PagesDetector {
    /// Looks at an interaction.
    pub fn observe(
        &mut self,
        interaction: &Interaction,
        moment: Moment<'_>,
        firings: &mut Firings,
    ) {
        let navigation = match &interaction.kind {
            Kind::Navigation(kind) => Some(*kind),
            _ => None,
        };
        let view = match &interaction.kind {
            Kind::PageView(view) => Some(view),
            _ => None,
        };
        if let Some(visit) = self.pending()
            && (visit.sender == moment.sender || view.is_some())
        {
            let of_sender = navigation.filter(|_| visit.sender == moment.sender);
            self.arrived(of_sender, moment, firings);
        } else if let Some(kind @ (NavigationKind::Back | NavigationKind::Reload)) = navigation {
            self.ahead = Some((kind, interaction.at));
        }
        if let Some(view) = view {
            self.visited(interaction.at, view, moment);
        }
    }

    /// Nothing more will come of this sender.
    pub fn ended(&mut self, moment: Moment<'_>, firings: &mut Firings) {
        if let Some(visit) = self.pending()
            && visit.sender == moment.sender
        {
            self.arrived(None, moment, firings);
        }
    }

    fn pending(&self) -> Option<&Visit> {
        self.visits.last().filter(|v| v.reached == Reached::Pending)
    }

    fn visited(&mut self, at: ClientTime, view: &PageView, moment: Moment<'_>) {
        let rules = &moment.rules.pages_visited;
        let usual = moment.rules.pages.of(&view.page.group, &view.page.path);
        let quarter_ms = usual.and_then(|u| u.median_dwell_ms).map(|ms| ms / 4);
        let span_ms = u64::from(rules.alternation_span_ms.max(rules.loop_span_ms));
        while self.visits.len() > 1
            && (self.visits.len() == VISITS_MAX as usize
                || (self.visits.len() > 2 && at.since(self.visits[0].at) > span_ms))
        {
            self.visits.remove(0);
        }
        self.visits.push(Visit {
            path: PathHash::of(&view.page.path),
            at,
            sender: moment.sender,
            page_view: moment.page_view,
            quick_ms: quarter_ms.map_or(rules.quick_back_ms, |ms| ms.min(rules.quick_back_ms)),
            reached: Reached::Pending,
            in_loop: None,
        });
    }

    /// How the newest visit was reached is known, as far as it will be.
    fn arrived(
        &mut self,
        navigation: Option<NavigationKind>,
        moment: Moment<'_>,
        firings: &mut Firings,
    ) {
        let here = self.visits.len() - 1;
        let at = self.visits[here].at;
        let path = self.visits[here].path;
        let left = here.checked_sub(1).filter(|l| self.visits[*l].path != path);
        let ahead = self.ahead.take().filter(|(kind, told)| {
            let led_here = *kind != NavigationKind::Reload || left.is_none();
            led_here && at >= *told && at.since(*told) <= AHEAD_MS
        });
        // That it was within the page does not say which way.
        let navigation = navigation
            .filter(|kind| *kind != NavigationKind::InPage)
            .or(ahead.map(|(kind, _)| kind));
        if navigation == Some(NavigationKind::Reload) {
            self.visits.pop();
            return;
        }
        let to_the_one_before = here >= 2 && self.visits[here - 2].path == path;
        let back = navigation == Some(NavigationKind::Back) || to_the_one_before;
        self.visits[here].reached = match left {
            Some(_) if back => Reached::Back,
            _ => Reached::Onward,
        };
        if let Some(left) = left
            && back
        {
            self.returned(left, at, moment, firings);
        }
        self.find_loop(moment, firings);
    }

    /// Back from a visit, at this time, to where the visitor had been.
    fn returned(&self, left: usize, at: ClientTime, moment: Moment<'_>, firings: &mut Firings) {
        let visit = &self.visits[left];
        let stayed_ms = at.since(visit.at);
        if visit.reached == Reached::Back || stayed_ms > u64::from(visit.quick_ms) {
            return;
        }
        let share = stayed_ms as f64 / f64::from(visit.quick_ms.max(1));
        let firing = Firing {
            sender: visit.sender,
            page_view: visit.page_view,
            duration_ms: to_u32(stayed_ms),
            // The shorter the stay, the clearer.
            intensity_milli: milli(1.0 - 0.5 * share),
            reason: format!("back after {:.1} s", stayed_ms as f64 / 1_000.0).into(),
            ..moment.firing(SignalKind::QuickBack, visit.at)
        };
        firings.fire(firing, moment.rules);
    }

    fn find_loop(&mut self, moment: Moment<'_>, firings: &mut Firings) {
        let rules = &moment.rules.pages_visited;
        let turns = self.turns(rules.alternation_span_ms);
        let visits = self.again(rules.loop_span_ms);
        let enough_turns = turns.len() >= TURNS_MIN;
        let enough_visits = to_u32(visits.len() as u64) >= rules.loop_visits_min;
        let taking_turns = enough_turns && (!enough_visits || turns.len() >= visits.len());
        let evidence_of = match (taking_turns, enough_visits) {
            (true, _) => turns,
            (false, true) => visits,
            (false, false) => return,
        };
        let moments: Vec<ClientTime> = evidence_of.iter().map(|v| self.visits[*v].at).collect();
        let count = moments.len();
        let duration_ms = to_u32(moments[count - 1].since(moments[0]));
        let seconds = f64::from(duration_ms) / 1_000.0;
        let newest = &self.visits[self.visits.len() - 1];
        let firing = Firing {
            sender: newest.sender,
            page_view: newest.page_view,
            duration_ms,
            evidence_count: to_u32(count as u64),
            evidence_at: evidence(&moments),
            // Four turns and three visits are clear already.
            intensity_milli: match taking_turns {
                true => milli(0.6 + 0.1 * (count - TURNS_MIN) as f64),
                false => milli(0.6 + 0.1 * (count as f64 - f64::from(rules.loop_visits_min))),
            },
            reason: match taking_turns {
                true => format!("to and fro between two pages: {count} visits in {seconds:.1} s"),
                false => format!("one page {count} times in {seconds:.1} s"),
            }
            .into(),
            ..moment.firing(SignalKind::PageLoop, moments[0])
        };
        let known = evidence_of.iter().find_map(|v| self.visits[*v].in_loop);
        let id = Some(match known {
            Some(id) => firings.raise(id, firing, moment.rules),
            None => firings.fire(firing, moment.rules),
        });
        evidence_of
            .iter()
            .for_each(|v| self.visits[*v].in_loop = id);
    }

    /// The newest visits in which two pages take turns, oldest first.
    fn turns(&self, span_ms: u32) -> Vec<usize> {
        let last = self.visits.len() - 1;
        let newest = &self.visits[last];
        let Some(other) = last.checked_sub(1).map(|l| self.visits[l].path) else {
            return Vec::new();
        };
        if other == newest.path {
            return Vec::new();
        }
        let mut places: Vec<usize> = (0..=last)
            .rev()
            .take_while(|place| {
                let visit = &self.visits[*place];
                let whose = if (last - place).is_multiple_of(2) {
                    newest.path
                } else {
                    other
                };
                visit.path == whose && newest.at.since(visit.at) <= u64::from(span_ms)
            })
            .collect();
        places.reverse();
        places
    }

    /// The newest page's visits, oldest first.
    fn again(&self, span_ms: u32) -> Vec<usize> {
        let newest = &self.visits[self.visits.len() - 1];
        let near = |visit: &Visit| {
            visit.path == newest.path && newest.at.since(visit.at) <= u64::from(span_ms)
        };
        (0..self.visits.len())
            .filter(|place| near(&self.visits[*place]))
            .collect()
    }
}

#[cfg(test)]
#[path = "pages_tests.rs"]
mod tests;
