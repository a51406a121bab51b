//! Blocked view: something covers the page that the visitor did not ask for.
//!
//! Time in which the page was hidden does not count: nothing blocks the view
//! of who is elsewhere. A press is told up to a second late, so a cover is
//! remembered for a while after it has gone. A new page view takes its covers
//! away; what is still there is judged as it stands when the session ends.

use super::{EVIDENCE_MAX, Firing, FiringId, Firings, Moment, SignalKind, milli, to_u32};
use crate::answer::first_answer_ms;
use crate::interaction::{Interaction, Kind, Obstruction, ObstructionKind, Press};
use crate::rules::{TIME_MAX_MS, section};
use crate::time::ClientTime;
use serde::{Deserialize, Serialize};

section! {
    /// Thresholds of blocked views.
    BlockedRules {
        /// It covers at least this much of the viewport, thousandths.
        covered_min_milli: u32 = 500, in 0..=1_000;
        /// For at least this long.
        shown_min_ms: u32 = 2_000, in 1..=TIME_MAX_MS;
        /// Presses on it from which on it weighs fully.
        presses_min: u32 = 2, in 1..=1_000;
    }
}

/// Covers that one sender remembers, those that have just gone included.
pub const COVERS_MAX: usize = 6;

/// An unanswered press is told this much after it fell at the latest.
const TOLD_WITHIN_MS: u64 = 1_500;

/// What covers one sender's page.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct BlockedDetector {
    hidden: bool,
    /// Oldest first; at most [`COVERS_MAX`].
    covers: Vec<Cover>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Cover {
    kind: ObstructionKind,
    at: ClientTime,
    page_view: Option<u32>,
    covered_milli: u16,
    /// How long it had been in view before the page was last hidden.
    seen_ms: u64,
    /// Since when it is in view.
    since: Option<ClientTime>,
    gone: Option<ClientTime>,
    presses: u32,
    /// When they fell, ms after it came; at most [`EVIDENCE_MAX`].
    pressed_ms: Vec<u32>,
    /// A press on it had no answer in time.
    late: bool,
    firing: Option<FiringId>,
    /// Something has changed that the firing does not tell.
    news: bool,
}

impl BlockedDetector {
    /// Looks at an interaction.
    pub fn observe(
        &mut self,
        interaction: &Interaction,
        moment: Moment<'_>,
        firings: &mut Firings,
    ) {
        let at = interaction.at;
        if let Kind::Visibility { visible } = interaction.kind {
            self.seen(visible, at);
        }
        if self.covers.is_empty() && !matches!(interaction.kind, Kind::Obstruction(_)) {
            return;
        }
        match &interaction.kind {
            Kind::Press(press) => self.pressed(press, moment),
            Kind::PageView(_) => self.covers.iter_mut().for_each(|c| c.go(at)),
            Kind::Obstruction(obstruction) => self.covered(at, obstruction, moment),
            _ => {}
        }
        for cover in &mut self.covers {
            cover.judge(at, moment, firings);
        }
        self.covers
            .retain(|c| c.gone.is_none_or(|gone| at.since(gone) <= TOLD_WITHIN_MS));
    }

    /// Nothing more will come: what is still there is judged as it stands.
    pub fn ended(&mut self, moment: Moment<'_>, firings: &mut Firings) {
        for cover in &mut self.covers {
            cover.go(moment.now);
            cover.judge(moment.now, moment, firings);
        }
        self.covers.clear();
    }

    fn seen(&mut self, visible: bool, at: ClientTime) {
        self.hidden = !visible;
        for cover in self.covers.iter_mut().filter(|c| c.gone.is_none()) {
            match (visible, cover.since) {
                (true, None) => cover.since = Some(at),
                (false, Some(_)) => cover.pause(at),
                (true, Some(_)) | (false, None) => {}
            }
        }
    }

    fn covered(&mut self, at: ClientTime, obstruction: &Obstruction, moment: Moment<'_>) {
        let enough = moment.rules.blocked.covered_min_milli;
        let blocks = obstruction.shown
            && !obstruction.opened_by_visitor
            && u32::from(obstruction.covered_milli) >= enough;
        let known = self
            .covers
            .iter_mut()
            .find(|c| c.kind == obstruction.kind && c.gone.is_none());
        match known {
            Some(cover) if blocks => {
                cover.news |= obstruction.covered_milli > cover.covered_milli;
                cover.covered_milli = cover.covered_milli.max(obstruction.covered_milli);
            }
            Some(cover) => cover.go(at),
            None if blocks => {
                if self.covers.len() == COVERS_MAX {
                    self.covers.remove(0);
                }
                self.covers.push(Cover {
                    kind: obstruction.kind,
                    at,
                    page_view: moment.page_view,
                    covered_milli: obstruction.covered_milli,
                    seen_ms: 0,
                    since: (!self.hidden).then_some(at),
                    gone: None,
                    presses: 0,
                    pressed_ms: Vec::new(),
                    late: false,
                    firing: None,
                    news: true,
                });
            }
            None => {}
        }
    }

    /// Whatever is pressed while something covers the page falls on that.
    fn pressed(&mut self, press: &Press, moment: Moment<'_>) {
        let rules = &moment.rules.press;
        let response = &press.response;
        let late = !response.reportable.is_empty()
            && match first_answer_ms(response, rules) {
                Some(first) => first > rules.answer_ms,
                None => response.watched_ms >= rules.answer_ms,
            };
        let on_it =
            |c: &&mut Cover| c.at <= press.down && c.gone.is_none_or(|gone| press.down <= gone);
        if let Some(cover) = self.covers.iter_mut().rev().find(on_it) {
            cover.presses = cover.presses.saturating_add(1);
            if cover.pressed_ms.len() + 1 < EVIDENCE_MAX {
                // Presses are told in the order in which they were answered.
                let after_ms = to_u32(press.down.since(cover.at));
                let place = cover.pressed_ms.partition_point(|ms| *ms <= after_ms);
                cover.pressed_ms.insert(place, after_ms);
            }
            cover.late |= late;
            cover.news = true;
        }
    }
}

impl Cover {
    /// The page is hidden, or the cover goes: it is no longer in view.
    fn pause(&mut self, at: ClientTime) {
        if let Some(since) = self.since.take() {
            self.seen_ms += at.since(since);
        }
    }

    fn go(&mut self, at: ClientTime) {
        if self.gone.is_none() {
            self.pause(at);
            self.gone = Some(at);
            self.news = true;
        }
    }

    fn judge(&mut self, now: ClientTime, moment: Moment<'_>, firings: &mut Firings) {
        let rules = &moment.rules.blocked;
        let shown_ms = self.seen_ms + self.since.map_or(0, |since| now.since(since));
        if shown_ms < u64::from(rules.shown_min_ms) || !self.news {
            return;
        }
        self.news = false;
        let heavy = self.presses >= rules.presses_min || self.late;
        let intensity_milli = match heavy {
            true => 1_000,
            // The whole of the page is worse than half of it.
            false => milli(0.3 + 0.0004 * f64::from(self.covered_milli)),
        };
        let firing = Firing {
            page_view: self.page_view,
            duration_ms: to_u32(shown_ms),
            intensity_milli,
            evidence_count: self.presses.saturating_add(1),
            evidence_at: [0].iter().chain(&self.pressed_ms).copied().collect(),
            reason: self.reason(shown_ms).into(),
            ..moment.firing(SignalKind::BlockedView, self.at)
        };
        self.firing = Some(match self.firing {
            Some(id) => firings.raise(id, firing, moment.rules),
            None => firings.fire(firing, moment.rules),
        });
    }

    fn reason(&self, shown_ms: u64) -> String {
        let what = match self.kind {
            ObstructionKind::Overlay => "an overlay",
            ObstructionKind::Interstitial => "an interstitial",
            ObstructionKind::Advertisement => "an advertisement",
        };
        let percent = self.covered_milli / 10;
        let seconds = shown_ms as f64 / 1_000.0;
        let mut reason = format!("{what} covered {percent} % of the view for {seconds:.1} s");
        if self.presses > 0 {
            reason += &format!(", {} pressed on it", self.presses);
        }
        if self.late {
            reason += " without an answer in time";
        }
        reason
    }
}

#[cfg(test)]
mod tests {
    use crate::signals::SignalKind::BlockedView;
    use crate::signals::script::{check_only, found};

    #[track_caller]
    fn check(text: &str, expected: &str) {
        check_only(&[BlockedView], text, expected);
    }

    #[test]
    fn half_the_view_for_two_seconds_is_blocked() {
        check("cover 0 500; uncover 2000", "blocked_view@0x1");
        check("cover 0 500; uncover 1999", "");
        check("cover 0 499; uncover 9000", "");
        check(
            "cover 0 900 interstitial; uncover 9000 interstitial",
            "blocked_view@0x1",
        );
    }

    #[test]
    fn what_the_visitor_opened_blocks_nothing() {
        check("cover 0 900 opened; uncover 9000", "");
        check(
            "cover 0 900 opened; press 500 dead on text; press 4000 dead on text",
            "",
        );
    }

    #[test]
    fn it_is_told_while_it_is_still_there() {
        check("cover 0 800; later 1999; later 2000", "blocked_view@0x1");
        check("cover 0 800; later 1999", "");
    }

    #[test]
    fn what_is_still_there_when_the_session_ends_is_judged_as_it_stands() {
        let firing = &found(&[BlockedView], "cover 0 800; later 2500; later 9000")[0];
        assert_eq!(firing.duration_ms, 9_000);
        assert_eq!(
            &*firing.reason,
            "an overlay covered 80 % of the view for 9.0 s"
        );
    }

    #[test]
    fn a_new_page_view_takes_it_away() {
        let firing = &found(
            &[BlockedView],
            "load 0 /; cover 100 800; view 4100 /b; later 60000",
        )[0];
        assert_eq!((firing.page_view, firing.duration_ms), (Some(0), 4_000));
        check("load 0 /; cover 100 800; view 1100 /b; later 60000", "");
    }

    #[test]
    fn the_more_it_covers_the_heavier_it_is() {
        let intensity = |text: &str| found(&[BlockedView], text)[0].intensity_milli;
        assert_eq!(intensity("cover 0 500; uncover 2000"), 500);
        assert_eq!(intensity("cover 0 1000; uncover 2000"), 700);
        assert_eq!(intensity("cover 0 500; cover 900 1000; uncover 2000"), 700);
    }

    #[test]
    fn two_presses_on_it_weigh_fully_and_one_that_closes_it_does_not() {
        let intensity = |text: &str| found(&[BlockedView], text)[0].intensity_milli;
        let one = "cover 0 500; press 3000 answers 40 on button; uncover 3050; later 9000";
        assert_eq!(intensity(one), 500);
        let two = "cover 0 500; press 1000 answers 40 on text; press 3000 answers 40 on button; uncover 3050; later 9000";
        assert_eq!(intensity(two), 1_000);
        check(two, "blocked_view@0x3");
        assert_eq!(found(&[BlockedView], two)[0].evidence_at, [0, 1_000, 3_000]);
    }

    #[test]
    fn a_close_control_that_answers_late_weighs_fully() {
        let late = "cover 0 500; press 3000 answers 1400 on button; uncover 4400; later 9000";
        let firing = &found(&[BlockedView], late)[0];
        assert_eq!(firing.intensity_milli, 1_000);
        assert_eq!(
            &*firing.reason,
            "an overlay covered 50 % of the view for 4.4 s, 1 pressed on it without an answer in time"
        );
    }

    #[test]
    fn a_press_that_is_told_when_it_has_gone_still_fell_on_it() {
        check(
            "cover 0 500; press 2900 dead on text; uncover 3000; later 20000",
            "blocked_view@0x2",
        );
        check(
            "cover 0 500; uncover 3000; press 3001 dead on text; later 20000",
            "blocked_view@0x1",
        );
    }

    #[test]
    fn nothing_blocks_the_view_of_who_is_elsewhere() {
        check(
            "cover 0 800; window 1000 hidden; window 600000 shown; uncover 600999",
            "",
        );
        check(
            "cover 0 800; window 1000 hidden; window 600000 shown; uncover 601000",
            "blocked_view@0x1",
        );
        check("window 0 hidden; cover 10 800; uncover 9000", "");
    }

    #[test]
    fn two_covers_one_after_the_other_are_two() {
        check(
            "cover 0 800; uncover 3000; cover 3200 600; uncover 6000",
            "blocked_view@0x1 blocked_view@3200x1",
        );
        check(
            "cover 0 800; cover 1000 700 advertisement; uncover 4000 advertisement; uncover 5000",
            "blocked_view@0x1 blocked_view@1000x1",
        );
    }
}
