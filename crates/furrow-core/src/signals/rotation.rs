//! Repeated rotation: the screen turned to and fro because nothing fits; and
//! turning toward a video, which is nothing but interest.

use super::{Firing, FiringId, Firings, Moment, SignalKind};
use crate::interaction::{Interaction, Kind};
use crate::rules::{TIME_MAX_MS, section};
use crate::time::ClientTime;
use serde::{Deserialize, Serialize};

section! {
    /// Thresholds for repeated rotation.
    RotationRules {
        /// Two rotations within this time are repeated.
        two_within_ms: u32 = 4_000, in 1..=TIME_MAX_MS;
        /// Three rotations within this time are repeated.
        three_within_ms: u32 = 10_000, in 1..=TIME_MAX_MS;
    }
}

/// The last rotations of one sender.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct RotationDetector {
    /// Times of the rotations that belong together, oldest first; at most
    /// [`ROTATIONS_MAX`].
    turns: Vec<ClientTime>,
    /// The firing that they made.
    fired: Option<FiringId>,
    /// The page view has been turned toward a video.
    toward_video: bool,
}

/// Rotations that one detector remembers.
pub const ROTATIONS_MAX: usize = 16;

impl RotationDetector {
    /// Looks at an interaction.
    pub fn observe(
        &mut self,
        interaction: &Interaction,
        moment: Moment<'_>,
        firings: &mut Firings,
    ) {
        if let Kind::PageView(_) = interaction.kind {
            self.toward_video = false;
        }
        if let Kind::Rotation(rotation) = &interaction.kind {
            self.turned(interaction.at, moment, firings);
            if rotation.video_in_view && !self.toward_video {
                self.toward_video = true;
                let (width, height) = rotation.viewport;
                let firing = Firing {
                    reason: format!(
                        "turned from {}° to {}° with a video in view, then {width} by {height} px",
                        rotation.from_degrees, rotation.to_degrees
                    )
                    .into(),
                    ..moment.firing(SignalKind::VideoRotation, interaction.at)
                };
                firings.fire(firing, moment.rules);
            }
        }
    }

    fn turned(&mut self, at: ClientTime, moment: Moment<'_>, firings: &mut Firings) {
        let rules = &moment.rules.rotation;
        if self
            .turns
            .last()
            .is_some_and(|last| at.since(*last) > u64::from(rules.three_within_ms))
        {
            self.turns.clear();
            self.fired = None;
        }
        if self.fired.is_none() {
            let recent = u64::from(rules.three_within_ms);
            self.turns.retain(|turn| at.since(*turn) <= recent);
        }
        if self.turns.len() == ROTATIONS_MAX {
            self.turns.remove(0);
        }
        self.turns.push(at);
        let two =
            self.turns.len() == 2 && at.since(self.turns[0]) <= u64::from(rules.two_within_ms);
        let repeated = two || self.turns.len() > 2;
        if !repeated && self.fired.is_none() {
            return;
        }
        let firing = self.firing(moment);
        self.fired = Some(match self.fired {
            Some(id) => firings.raise(id, firing, moment.rules),
            None => firings.fire(firing, moment.rules),
        });
    }

    fn firing(&self, moment: Moment<'_>) -> Firing {
        let (first, last) = (self.turns[0], self.turns[self.turns.len() - 1]);
        let duration_ms = u32::try_from(last.since(first)).unwrap_or(u32::MAX);
        let count = u32::try_from(self.turns.len()).expect("ROTATIONS_MAX fits");
        Firing {
            kind: SignalKind::RepeatedRotation,
            at: first,
            duration_ms,
            sender: moment.sender,
            page_view: moment.page_view,
            target: None,
            position: (0, 0),
            // Two turns are a beginning, five are certainty.
            intensity_milli: u16::try_from((200 * count).min(1_000)).expect("at most 1,000"),
            evidence_count: count,
            evidence_at: self
                .turns
                .iter()
                .map(|t| u32::try_from(t.since(first)).unwrap_or(u32::MAX))
                .collect(),
            reason: format!(
                "turned {count} times in {:.1} s",
                f64::from(duration_ms) / 1_000.0
            )
            .into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interaction::Page;
    use crate::rules::RuleSet;
    use crate::signals::Around;
    use crate::signals::script::check_only;

    fn fired(turns: &[i64]) -> Vec<(u32, u16)> {
        let (rules, page) = (RuleSet::default(), Page::default());
        let mut detector = RotationDetector::default();
        let mut firings = Firings::default();
        for &at in turns {
            let at = ClientTime(at);
            let moment = Moment {
                now: at,
                sender: 0,
                page_view: Some(0),
                page: &page,
                targets: &[],
                rules: &rules,
                around: Around::default(),
            };
            detector.turned(at, moment, &mut firings);
        }
        firings
            .listed()
            .iter()
            .map(|f| (f.evidence_count, f.intensity_milli))
            .collect()
    }

    #[test]
    fn one_rotation_is_neutral() {
        assert_eq!(fired(&[0]), []);
    }

    #[test]
    fn two_within_four_seconds_are_repeated() {
        assert_eq!(fired(&[0, 4_000]), [(2, 400)]);
        assert_eq!(fired(&[0, 4_001]), []);
    }

    #[test]
    fn three_within_ten_seconds_are_repeated() {
        assert_eq!(fired(&[0, 5_000, 10_000]), [(3, 600)]);
        assert_eq!(fired(&[0, 5_000, 10_001]), []);
    }

    #[test]
    fn more_turns_raise_the_same_firing() {
        assert_eq!(
            fired(&[0, 2_000, 4_000, 6_000, 8_000, 10_000]),
            [(6, 1_000)]
        );
    }

    #[test]
    fn turns_outside_the_window_do_not_count() {
        assert_eq!(fired(&[0, 9_000, 18_000, 20_000]), [(2, 400)]);
    }

    #[test]
    fn a_rotation_with_a_video_in_view_is_interest_once_a_page_view() {
        let check = |text, expected| check_only(&[SignalKind::VideoRotation], text, expected);
        check("load 0 /; turn 1000 video", "video_rotation@1000x1");
        check("load 0 /; turn 1000", "");
        check("load 0 /; turn 1000; turn 30000", "");
        check(
            "load 0 /; turn 1000 video; turn 20000 video; turn 90000 video",
            "video_rotation@1000x1",
        );
        check(
            "load 0 /; turn 1000 video; view 20000 /b; turn 30000 video",
            "video_rotation@1000x1 video_rotation@30000x1",
        );
        check(
            "load 0 /; turn 1000; turn 2000 video",
            "video_rotation@2000x1",
        );
    }

    #[test]
    fn turning_to_and_fro_before_a_video_is_still_repeated_rotation() {
        check_only(
            &[SignalKind::VideoRotation, SignalKind::RepeatedRotation],
            "load 0 /; turn 1000 video; turn 3000 video",
            "repeated_rotation@1000x2 video_rotation@1000x1",
        );
    }

    #[test]
    fn a_long_pause_begins_anew() {
        assert_eq!(fired(&[0, 2_000, 60_000, 62_000]), [(2, 400), (2, 400)]);
    }
}
