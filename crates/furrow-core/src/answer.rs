//! Did the page answer a press? Facts have strengths; the rule is here.
//!
//! An *attributed* fact proves an answer. A *likely* fact proves one on a page
//! that stood still before the press; on a moving page, where the browser
//! could have attributed a paint and did not, it counts half, and so does a
//! mere movement (layout shift, transition) on any moving page. Two halves
//! make an answer.

use crate::interaction::{Response, ResponseKind};
use crate::rules::PressRules;

/// How much a fact says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Strength {
    Attributed,
    /// A change of the document, judged by its place.
    LikelyChange,
    /// Something moved.
    LikelyMovement,
    /// Not an answer.
    Nothing,
}

fn strength(kind: ResponseKind) -> Strength {
    use ResponseKind as K;
    match kind {
        K::Paint
        | K::Input
        | K::Toggle
        | K::Submit
        | K::Request
        | K::Navigation
        | K::Focus
        | K::Window
        | K::Selection
        | K::Media
        | K::Fullscreen
        | K::Clipboard => Strength::Attributed,
        K::MutationStill | K::MutationInsideLasting | K::Canvas | K::Value | K::StyleSheet => {
            Strength::LikelyChange
        }
        K::LayoutShift | K::Transition | K::Scroll => Strength::LikelyMovement,
        K::MutationMoving | K::MutationInsidePassing | K::Error | K::Analytics => Strength::Nothing,
    }
}

/// The moment of the first answer, ms from pointer-down; none when none of the
/// facts, or not enough of them, prove one.
#[must_use]
pub fn first_answer_ms(response: &Response, rules: &PressRules) -> Option<u32> {
    let moving = response.quiet_before_ms < rules.quiet_page_ms;
    let unattributed = response.reportable.contains(ResponseKind::Paint);
    let mut halves = 0_u8;
    for &(kind, after_ms) in &response.facts {
        halves += match strength(kind) {
            Strength::Attributed => 2,
            Strength::LikelyChange if moving && unattributed => 1,
            Strength::LikelyMovement if moving => 1,
            Strength::LikelyChange | Strength::LikelyMovement => 2,
            Strength::Nothing => 0,
        };
        if halves >= 2 {
            return Some(after_ms);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interaction::Reportable;
    use crate::rules::RuleSet;
    use ResponseKind as K;

    fn answer(quiet_before_ms: u32, reportable: &[K], facts: &[(K, u32)]) -> Option<u32> {
        let reportable = Reportable(reportable.iter().fold(0, |bits, &k| bits | 1 << k as u8));
        let response = Response {
            watched_ms: 3_000,
            reportable,
            facts: facts.to_vec(),
            quiet_before_ms,
        };
        first_answer_ms(&response, &RuleSet::default().press)
    }

    #[test]
    fn one_attributed_fact_is_an_answer_on_any_page() {
        for &kind in K::ALL {
            if strength(kind) == Strength::Attributed {
                assert_eq!(answer(0, &[K::Paint], &[(kind, 40)]), Some(40), "{kind:?}");
            }
        }
    }

    #[test]
    fn a_likely_fact_is_an_answer_on_a_still_page() {
        assert_eq!(
            answer(5_000, &[K::Paint], &[(K::MutationStill, 30)]),
            Some(30)
        );
        assert_eq!(answer(5_000, &[], &[(K::LayoutShift, 30)]), Some(30));
    }

    #[test]
    fn one_movement_on_a_moving_page_is_no_answer_but_two_are() {
        assert_eq!(answer(50, &[], &[(K::LayoutShift, 30)]), None);
        assert_eq!(
            answer(50, &[], &[(K::LayoutShift, 30), (K::Transition, 70)]),
            Some(70)
        );
    }

    #[test]
    fn a_change_by_place_counts_half_only_where_a_paint_could_have_been_attributed() {
        assert_eq!(answer(50, &[], &[(K::MutationStill, 30)]), Some(30));
        assert_eq!(answer(50, &[K::Paint], &[(K::MutationStill, 30)]), None);
    }

    #[test]
    fn errors_ripples_tickers_and_analytics_are_no_answer() {
        let facts = [
            (K::Error, 5),
            (K::MutationInsidePassing, 9),
            (K::MutationMoving, 10),
            (K::Analytics, 20),
        ];
        assert_eq!(answer(5_000, &[K::Paint], &facts), None);
    }
}
