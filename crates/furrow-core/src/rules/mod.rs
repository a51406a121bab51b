//! Every threshold and every weight, in one value.
//!
//! ```text
//! section   how a section of thresholds is declared: default and bounds
//! weights   what every signal adds to every score
//! pages     what is usual on a page
//! ignore    targets that a site wants not to be judged
//! ```
//!
//! A rule set enters a partition through a control record and holds from that
//! record's offset on. The compiled-in one has number 0. A signal declares its
//! thresholds beside its detector; here it has one line.

mod ignore;
mod pages;
mod section;
mod weights;

pub use ignore::{IgnoreRule, Ignored, Judgement};
pub use pages::{PageBaseline, PageBaselines};
pub(crate) use section::section;
pub use weights::{ScoreKind, Weights};

use crate::signals;
use serde::{Deserialize, Serialize};

/// The longest time that a rule may speak of, ms.
pub(crate) const TIME_MAX_MS: u32 = 24 * 3_600_000;

/// Targets that one rule set may name.
pub const IGNORED_MAX: usize = 128;

/// Page groups that one rule set may know.
pub const PAGE_BASELINES_MAX: usize = 256;

macro_rules! rule_set {
    ($($(#[$doc:meta])* $name:ident: $section:ty),+ $(,)?) => {
        /// A complete rule set.
        #[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct RuleSet {
            $($(#[$doc])* pub $name: $section,)+
            /// How signals become scores.
            pub scores: ScoreRules,
            /// Targets that are not judged; at most [`IGNORED_MAX`].
            pub ignore: Vec<IgnoreRule>,
            /// What is usual on the site's pages; at most
            /// [`PAGE_BASELINES_MAX`]. A condition that is relative to a page
            /// without one counts as met.
            pub pages: PageBaselines,
        }

        impl RuleSet {
            /// The first thing in it under which nothing could be scored, if
            /// any, by its path: a value out of its bounds, a list too long.
            #[must_use]
            pub fn fault(&self) -> Option<String> {
                $(if let Some(field) = self.$name.fault() {
                    return Some(format!("{}.{field}", stringify!($name)));
                })+
                self.scores
                    .fault()
                    .map(|field| format!("scores.{field}"))
                    .or_else(|| self.scores.weights.fault())
                    .or_else(|| ignore::fault(&self.ignore))
                    .or_else(|| self.pages.fault())
            }
        }
    };
}

rule_set! {
    /// Presses and what came of them.
    press: PressRules,
    /// What failed, by itself and again.
    problem: signals::problem::ProblemRules,
    /// Pages that take long.
    slow_page: signals::slow_page::SlowPageRules,
    /// Loading a page again.
    reload: signals::reload::ReloadRules,
    /// What covers the page.
    blocked: signals::blocked::BlockedRules,
    /// Pointer that goes wild.
    thrash: signals::thrash::ThrashRules,
    /// Pointer that wanders.
    meander: signals::meander::MeanderRules,
    /// Movements that take more way than the visitor's own.
    detour: signals::detour::DetourRules,
    /// Waiting over something, and coming back to it.
    hover: signals::hover::HoverRules,
    /// Following lines with the pointer.
    reading: signals::reading::ReadingRules,
    /// Heading out of the page.
    leaving: signals::leaving::LeavingRules,
    /// Scrolling.
    scroll: signals::scroll::ScrollRules,
    /// Going from page to page.
    pages_visited: signals::pages::PagesVisitedRules,
    /// Looking for something by words.
    search: signals::search::SearchRules,
    /// Filling in forms.
    form: signals::form::FormRules,
    /// Leaving and coming back to the window.
    focus: signals::focus::FocusRules,
    /// Turning the screen.
    rotation: signals::rotation::RotationRules,
    /// Tilting and shaking the device.
    tilt: signals::tilt::TiltRules,
    /// Swipes and zooms.
    gesture: signals::gesture::GestureRules,
    /// What keeps attention.
    attention: AttentionRules,
}

section! {
    /// Thresholds of the press family. Times are ms, lengths px.
    PressRules {
        /// Fewest presses of a burst.
        burst_presses_min: u32 = 3, in 2..=100;
        /// They lie within this time.
        burst_span_ms: u32 = 2_000, in 1..=TIME_MAX_MS;
        /// This much quiet closes a burst.
        burst_quiet_ms: u32 = 1_000, in 1..=TIME_MAX_MS;
        /// Presses without a common target belong together within this
        /// distance.
        burst_distance_px: u32 = 50, in 0..=10_000;
        /// A press is answered in time within this.
        answer_ms: u32 = 1_000, in 1..=TIME_MAX_MS;
        /// Fewest presses for rage where the client reports no responses.
        unverified_presses_min: u32 = 4, in 2..=100;
        /// They lie within this time.
        unverified_span_ms: u32 = 1_000, in 1..=TIME_MAX_MS;
        /// Without an answer in this time a press is dead.
        dead_ms: u32 = 2_500, in 1..=TIME_MAX_MS;
        /// At most one dead press per target in this time.
        dead_pause_ms: u32 = 1_000, in 0..=TIME_MAX_MS;
        /// A press is not dead when focus or visibility changed within this
        /// time after it: the answer may lie outside the page.
        dead_focus_ms: u32 = 1_000, in 0..=TIME_MAX_MS;
        /// Fewest dead or slow presses of a retry.
        retry_presses_min: u32 = 3, in 2..=100;
        /// They lie within this time.
        retry_span_ms: u32 = 15_000, in 1..=TIME_MAX_MS;
        /// Fewest presses on what only looks interactive.
        static_presses_min: u32 = 2, in 1..=100;
        /// They lie within this time.
        static_span_ms: u32 = 3_000, in 1..=TIME_MAX_MS;
        /// A problem that begins within this time after a press belongs to it.
        error_ms: u32 = 1_000, in 0..=TIME_MAX_MS;
        /// A page that changed by itself within this time before a press is
        /// moving.
        quiet_page_ms: u32 = 1_000, in 0..=TIME_MAX_MS;
    }
}

section! {
    /// What counts as attention.
    AttentionRules {
        /// The time between two interactions counts as engaged up to this.
        pause_max_ms: u32 = 5_000, in 0..=TIME_MAX_MS;
        /// This much engaged time has the load 1.
        engaged_unit_ms: u32 = 60_000, in 1..=TIME_MAX_MS;
        /// Weight of engaged time.
        engaged_weight: f64 = 0.6, in 0.0..=1_000.0;
        /// Weight of the full scroll depth.
        depth_weight: f64 = 0.6, in 0.0..=1_000.0;
    }
}

section! {
    /// How loads become scores.
    ScoreRules {
        /// One target adds at most this many full intensities of a signal.
        target_cap: u32 = 3, in 1..=1_000;
        /// Part of frustration in experience. The parts are normalised.
        experience_frustration: f64 = 2.0, in 0.001..=1_000.0;
        /// Part of confusion in experience.
        experience_confusion: f64 = 1.0, in 0.0..=1_000.0;
        /// Part of technical in experience.
        experience_technical: f64 = 1.0, in 0.0..=1_000.0;
        /// Credit of engagement in experience.
        experience_engagement: f64 = 0.1, in 0.0..=1_000.0;
        /// Below this time from first to newest interaction a session is
        /// unscored.
        evidence_min_ms: u32 = 3_000, in 0..=TIME_MAX_MS;
        /// Below this many interactions a session is unscored.
        evidence_min_interactions: u32 = 5, in 0..=10_000;
        /// Engaged time that gives a confidence of 1 − 1/e by itself, ms.
        confidence_engaged_ms: u32 = 60_000, in 1..=TIME_MAX_MS;
        /// Likewise, presses.
        confidence_presses: u32 = 10, in 1..=1_000_000;
        /// Likewise, samples.
        confidence_samples: u32 = 2_000, in 1..=1_000_000_000;
    }
    /// What every signal adds to every score.
    weights: Weights
}

impl ScoreRules {
    /// The weight of a signal toward a score.
    #[must_use]
    pub fn weight(&self, signal: signals::SignalKind, score: ScoreKind) -> f64 {
        self.weights.get(signal, score)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signals::SignalKind;

    #[test]
    fn the_compiled_in_rules_have_no_fault() {
        assert_eq!(RuleSet::default().fault(), None);
    }

    #[test]
    fn rules_under_which_nothing_could_be_scored_are_named() {
        let fault = |change: fn(&mut RuleSet)| {
            let mut rules = RuleSet::default();
            change(&mut rules);
            rules.fault()
        };
        let named = |path: &str| Some(path.to_owned());
        assert_eq!(
            fault(|r| r.press.burst_presses_min = 0),
            named("press.burst_presses_min")
        );
        assert_eq!(
            fault(|r| r.press.dead_ms = u32::MAX),
            named("press.dead_ms")
        );
        assert_eq!(
            fault(|r| r.scores.confidence_presses = 0),
            named("scores.confidence_presses")
        );
        assert_eq!(
            fault(|r| r.scores.target_cap = 2_000),
            named("scores.target_cap")
        );
        for nonsense in [f64::NAN, -1.0, f64::INFINITY] {
            let mut rules = RuleSet::default();
            let weights = &mut rules.scores.weights;
            weights.set(SignalKind::RagePress, ScoreKind::Frustration, nonsense);
            assert_eq!(
                rules.fault(),
                named("scores.weights.rage_press.frustration")
            );
        }
        assert_eq!(
            fault(|r| r.ignore = vec![
                IgnoreRule {
                    selector: "a".into(),
                    judgement: Judgement::All
                };
                IGNORED_MAX + 1
            ]),
            named("ignore")
        );
    }

    #[test]
    fn a_part_of_a_rule_set_stands_over_the_defaults() {
        let part = r#"{"press": {"dead_ms": 4000}, "scores": {"weights": {"rage_press": {"frustration": 0.0}}}}"#;
        let rules: RuleSet = serde_json::from_str(part).expect("it is one");
        assert_eq!(rules.press.dead_ms, 4_000);
        assert_eq!(rules.press.answer_ms, 1_000);
        let weight = |signal| rules.scores.weight(signal, ScoreKind::Frustration);
        assert_eq!(weight(SignalKind::RagePress), 0.0);
        assert!(weight(SignalKind::ErrorPress) > 0.0);
    }

    #[test]
    fn what_is_written_is_read_back_the_same() {
        let mut rules = RuleSet::default();
        rules
            .scores
            .weights
            .set(SignalKind::RagePress, ScoreKind::Frustration, 0.0);
        let text = serde_json::to_string(&rules).expect("rules serialize");
        assert_eq!(
            serde_json::from_str::<RuleSet>(&text).expect("and back"),
            rules
        );
    }

    #[test]
    fn a_name_that_is_no_rule_is_refused() {
        for wrong in [
            r#"{"press": {"deadms": 1}}"#,
            r#"{"scores": {"weights": {"rage": {"frustration": 1}}}}"#,
            r#"{"scores": {"weights": {"rage_press": {"anger": 1}}}}"#,
        ] {
            assert!(serde_json::from_str::<RuleSet>(wrong).is_err(), "{wrong}");
        }
    }
}
