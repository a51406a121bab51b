//! Dead swipe and zoom struggle.
//!
//! What draws or slides by itself is judged by neither: a swipe over a map or
//! a slider is theirs to answer, and a picture is there to be enlarged. A swipe
//! is judged once it was watched for as long as a press has for its answer; a
//! client that reports no responses tells nothing of it.

use super::run::{Enough, RUN_MAX, Run};
use super::{Firing, Firings, Moment, SignalKind, TargetName, milli};
use crate::answer::first_answer_ms;
use crate::interaction::{Interaction, Kind, Swipe, TargetKind, Zoom};
use crate::rules::{TIME_MAX_MS, section};
use crate::time::ClientTime;
use serde::{Deserialize, Serialize};

section! {
    /// Thresholds of swipes and zooms.
    GestureRules {
        /// Least length of a swipe, px.
        swipe_min_px: u32 = 30, in 0..=100_000;
        /// Most dead swipes of one page view.
        dead_swipes_max: u32 = 10, in 1..=1_000;
        /// Fewest zooms in.
        zooms_min: u32 = 2, in 2..=RUN_MAX;
        /// They lie within this time.
        zoom_span_ms: u32 = 10_000, in 1..=TIME_MAX_MS;
    }
}

/// One sender's gestures.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct GestureDetector {
    /// Dead swipes of the page view.
    dead_swipes: u32,
    zooms: Run,
}

impl GestureDetector {
    /// Looks at an interaction.
    pub fn observe(
        &mut self,
        interaction: &Interaction,
        moment: Moment<'_>,
        firings: &mut Firings,
    ) {
        let at = interaction.at;
        self.zooms.passed(at, moment.rules.gesture.zoom_span_ms);
        if let Kind::PageView(_) = interaction.kind {
            *self = GestureDetector::default();
        }
        if let Kind::Swipe(swipe) = &interaction.kind {
            self.swiped(at, swipe, moment, firings);
        }
        if let Kind::Zoom(zoom) = &interaction.kind {
            self.zoomed(at, zoom, moment, firings);
        }
    }

    fn swiped(&mut self, at: ClientTime, swipe: &Swipe, moment: Moment<'_>, firings: &mut Firings) {
        let rules = &moment.rules.gesture;
        let target = moment.target(swipe.target);
        let judged = target.is_none_or(|t| {
            let ignored = moment.ignored(t);
            moves_the_page(t.kind) && !ignored.dead && !ignored.all
        });
        let (dx, dy) = swipe.displacement;
        let (dx, dy) = (f64::from(dx), f64::from(dy));
        let length_px = (dx * dx + dy * dy).sqrt();
        let response = &swipe.response;
        let answered = response.reportable.is_empty()
            || response.watched_ms < moment.rules.press.answer_ms
            || first_answer_ms(response, &moment.rules.press).is_some();
        let beyond_px = length_px - f64::from(rules.swipe_min_px);
        if !judged || answered || beyond_px < 0.0 || self.dead_swipes >= rules.dead_swipes_max {
            return;
        }
        self.dead_swipes += 1;
        let firing = Firing {
            duration_ms: swipe.duration_ms,
            target: target.map(TargetName::from),
            position: swipe.start,
            // The longer, the less it was a slip of the finger.
            intensity_milli: milli(0.5 + beyond_px / 200.0),
            reason: format!("a swipe over {length_px:.0} px moved nothing").into(),
            ..moment.firing(SignalKind::DeadSwipe, at)
        };
        firings.fire(firing, moment.rules);
    }

    fn zoomed(&mut self, at: ClientTime, zoom: &Zoom, moment: Moment<'_>, firings: &mut Firings) {
        let rules = &moment.rules.gesture;
        let target = moment.target(zoom.target);
        let judged = target.is_none_or(|t| !is_picture(t.kind) && !moment.ignored(t).all);
        let enough = Enough {
            count: rules.zooms_min,
            span_ms: rules.zoom_span_ms,
        };
        if !judged
            || zoom.scale_after_milli <= zoom.scale_before_milli
            || !self.zooms.one_more(at, enough)
        {
            return;
        }
        let count = self.zooms.count();
        let firing = Firing {
            target: target.map(TargetName::from),
            position: zoom.position,
            intensity_milli: milli(0.5 + 0.1 * f64::from(count.saturating_sub(rules.zooms_min))),
            reason: format!(
                "zoomed in {count} times in {:.1} s, to {:.1} times the size",
                self.zooms.seconds(),
                f64::from(zoom.scale_after_milli) / 1_000.0
            )
            .into(),
            ..moment.firing(SignalKind::ZoomStruggle, at)
        };
        self.zooms.tell(firing, moment, firings);
    }
}

/// Whether a swipe there should move the page or something on it.
fn moves_the_page(kind: TargetKind) -> bool {
    match kind {
        TargetKind::Unspecified
        | TargetKind::Button
        | TargetKind::Link
        | TargetKind::LinkAway
        | TargetKind::Check
        | TargetKind::File
        | TargetKind::InputLabel
        | TargetKind::Image
        | TargetKind::Text
        | TargetKind::Other => true,
        TargetKind::TextField
        | TargetKind::Select
        | TargetKind::Date
        | TargetKind::Slider
        | TargetKind::Canvas
        | TargetKind::Video
        | TargetKind::Frame => false,
    }
}

/// What is there to be looked at closely. A frame may hold a map.
fn is_picture(kind: TargetKind) -> bool {
    match kind {
        TargetKind::Image | TargetKind::Canvas | TargetKind::Video | TargetKind::Frame => true,
        TargetKind::Unspecified
        | TargetKind::Button
        | TargetKind::Link
        | TargetKind::LinkAway
        | TargetKind::TextField
        | TargetKind::Check
        | TargetKind::Select
        | TargetKind::Date
        | TargetKind::File
        | TargetKind::Slider
        | TargetKind::InputLabel
        | TargetKind::Text
        | TargetKind::Other => false,
    }
}

#[cfg(test)]
mod tests {
    use crate::signals::SignalKind::{self, DeadSwipe, ZoomStruggle};
    use crate::signals::script::{check_only, found};

    const KINDS: &[SignalKind] = &[DeadSwipe, ZoomStruggle];

    #[track_caller]
    fn check(text: &str, expected: &str) {
        check_only(KINDS, text, expected);
    }

    #[test]
    fn a_swipe_of_thirty_px_that_moves_nothing_is_dead() {
        check("swipe 0 30 dead", "dead_swipe@0x1");
        check("swipe 0 29 dead", "");
        check("swipe 0 200 dead on image", "dead_swipe@0x1");
        check("swipe 0 200 dead on text", "dead_swipe@0x1");
    }

    #[test]
    fn a_swipe_with_an_answer_is_not_dead() {
        check("swipe 0 200 answers 30", "");
        check("swipe 0 200 leads 500 on image", "");
    }

    #[test]
    fn a_swipe_that_nobody_could_see_answered_is_not_judged() {
        check("swipe 0 200 unseen", "");
        check("swipe 0 200 dead watched 999", "");
        check("swipe 0 200 dead watched 1000", "dead_swipe@0x1");
    }

    #[test]
    fn a_swipe_over_what_draws_or_slides_by_itself_is_not_dead() {
        for target in [
            "canvas", "video", "frame", "slider", "select", "box", "ignored",
        ] {
            check(&format!("swipe 0 200 dead on {target}"), "");
        }
    }

    #[test]
    fn ten_swipes_of_one_page_view_die_at_most() {
        let swipes = |from: i64, count: i64| -> String {
            (0..count)
                .map(|i| format!("swipe {} 100 dead;", from + 500 * i))
                .collect()
        };
        let found = |text: &str| found(KINDS, text).len();
        assert_eq!(found(&swipes(0, 10)), 10);
        assert_eq!(found(&swipes(0, 30)), 10);
        let two_pages = swipes(0, 30) + "view 20000 /b;" + &swipes(20_100, 3);
        assert_eq!(found(&two_pages), 13);
    }

    #[test]
    fn a_longer_swipe_weighs_more() {
        let intensity = |text: &str| found(KINDS, text)[0].intensity_milli;
        assert_eq!(intensity("swipe 0 30 dead"), 500);
        assert_eq!(intensity("swipe 0 80 dead"), 750);
        assert_eq!(intensity("swipe 0 2000 dead"), 1_000);
        let firing = &found(KINDS, "swipe 0 80 dead on image")[0];
        assert_eq!(&*firing.reason, "a swipe over 80 px moved nothing");
        assert_eq!((firing.position, firing.duration_ms), ((300, 400), 200));
        assert!(firing.target.is_some());
    }

    #[test]
    fn two_zooms_in_within_ten_seconds_are_a_struggle() {
        check(
            "zoom 0 1000 1500 on text; zoom 10000 1500 2500 on text",
            "zoom_struggle@0x2",
        );
        check("zoom 0 1000 1500 on text; zoom 10001 1500 2500 on text", "");
        check("zoom 0 1000 1500; zoom 4000 1500 2500", "zoom_struggle@0x2");
        check(
            "zoom 0 1000 1500; zoom 2000 1500 1000; zoom 4000 1000 2500",
            "zoom_struggle@0x2",
        );
    }

    #[test]
    fn zooming_once_or_out_is_nothing() {
        check("zoom 0 1000 2500 on text", "");
        check("zoom 0 2500 1500 on text; zoom 3000 1500 1000 on text", "");
        check(
            "zoom 0 1000 1500; zoom 3000 1500 1000; zoom 5000 1000 1000",
            "",
        );
    }

    #[test]
    fn a_picture_is_there_to_be_enlarged() {
        for target in ["image", "canvas", "video", "frame", "ignored"] {
            check(
                &format!("zoom 0 1000 1500 on {target}; zoom 4000 1500 2500 on {target}"),
                "",
            );
        }
    }

    #[test]
    fn more_zooms_raise_the_same_firing() {
        let text =
            "zoom 0 1000 1500; zoom 4000 1500 2000; zoom 8000 2000 3000; zoom 17000 3000 4000";
        check(text, "zoom_struggle@0x4");
        let firing = &found(KINDS, text)[0];
        assert_eq!(firing.intensity_milli, 700);
        assert_eq!(
            &*firing.reason,
            "zoomed in 4 times in 17.0 s, to 4.0 times the size"
        );
    }

    #[test]
    fn lengths_beyond_all_measure_do_no_harm() {
        check(&format!("swipe 0 {} dead", i32::MAX), "dead_swipe@0x1");
        check(
            &format!("zoom 0 0 {0}; zoom 1 0 {0}", u32::MAX),
            "zoom_struggle@0x2",
        );
    }
}
