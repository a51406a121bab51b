//! The eleven cases on which products differ, through a whole session: what
//! fires, and that nothing else does. And what holds for all detectors.

use super::SignalKind;
use super::script::{Told, fold, found, read, words};
use crate::rules::RuleSet;
use proptest::prelude::*;

/// Everything that fires on presses alone, on a page that is left a minute
/// later.
#[track_caller]
fn check(text: &str, expected: &str) {
    let text = format!("load 0 /; {text}; later 60000");
    assert_eq!(words(found(SignalKind::ALL, &text)), expected, "{text}");
}

/// So many presses, the first after a second.
fn presses(count: i64, every_ms: i64, words: &str) -> String {
    (0..count)
        .map(|i| format!("press {} {words};", 1_000 + i * every_ms))
        .collect()
}

#[test]
fn a_dead_button_is_rage_at_any_pace_up_to_700_ms() {
    check(&presses(8, 120, "dead on button"), "rage_press@1000x8");
    check(&presses(4, 250, "dead on button"), "rage_press@1000x4");
    check(&presses(5, 700, "dead on button"), "rage_press@1000x5");
    check(&presses(3, 400, "dead on button"), "rage_press@1000x3");
}

#[test]
fn steppers_carousels_and_toggles_that_respond_are_responsive_multi_presses() {
    check(
        &presses(6, 250, "answers 20 on button"),
        "responsive_multi_press@1000x6",
    );
    check(
        &presses(5, 600, "answers 80 on button"),
        "responsive_multi_press@1000x5",
    );
    check(
        &presses(3, 350, "answers 30 on button"),
        "responsive_multi_press@1000x3",
    );
}

#[test]
fn a_triple_click_that_selects_text_and_a_double_click_are_nothing() {
    check(
        "press 1000 dead on text; press 1150 dead selecting on text; press 1300 dead selecting on text",
        "",
    );
    check(&presses(2, 150, "answers 30 on button"), "");
    check(
        "press 1000 dead on text; press 1150 dead selecting on text",
        "",
    );
}

#[test]
fn a_dead_area_is_rage_and_slow_dead_presses_are_a_retry() {
    check(&presses(4, 200, "dead"), "rage_press@1000x4");
    check(
        &presses(3, 1_200, "dead on button"),
        "dead_press@1000x1 retry_press@1000x3 dead_press@2200x1 dead_press@3400x1",
    );
}

#[test]
fn a_detector_that_has_seen_nothing_costs_a_few_bytes() {
    fn bytes(detector: &impl serde::Serialize) -> usize {
        let bytes = postcard::to_allocvec(detector);
        bytes.expect("it serializes").len()
    }
    assert_eq!(bytes(&super::problem::ProblemDetector::default()), 5);
    assert_eq!(bytes(&super::reload::ReloadDetector::default()), 2);
    assert_eq!(bytes(&super::pages::PagesDetector::default()), 2);
    assert_eq!(bytes(&super::search::SearchDetector::default()), 3);
    assert_eq!(bytes(&super::blocked::BlockedDetector::default()), 2);
    assert_eq!(bytes(&super::form::FormDetector::default()), 4);
    assert_eq!(bytes(&super::focus::FocusDetector::default()), 2);
    assert_eq!(bytes(&super::rotation::RotationDetector::default()), 3);
    assert_eq!(bytes(&super::tilt::TiltDetector::default()), 2);
    assert_eq!(bytes(&super::gesture::GestureDetector::default()), 2);
}

/// A sentence of any kind, at a time up to the furthest.
fn any_sentence() -> impl Strategy<Value = String> {
    let number = prop_oneof![0..4_u32, 0..3_000_u32, Just(u32::from(u16::MAX))];
    let verbs = [
        "press dead on button",
        "press answers 1500 on link",
        "press leads 40 on link",
        "problem request status 500",
        "problem broken status 404",
        "problem script from cdn.example",
        "navigate back",
        "navigate reload",
        "view /a back",
        "view /b",
        "view /c forward",
        "load /a",
        "load /a reload",
        "load /b back",
        "field focus",
        "field change corrections N",
        "field refused named N",
        "field clear",
        "field submit",
        "field submit search",
        "find",
        "convert",
        "window lost",
        "window gained",
        "window hidden",
        "window shown",
        "cover 900",
        "uncover",
        "turn video",
        "tilt every N 0 60 0 60 0",
        "shake N",
        "swipe N dead on text",
        "zoom 1000 N on text",
    ];
    (0..verbs.len(), 0..120_000_i64, number).prop_map(move |(verb, at, number)| {
        let (verb, words) = verbs[verb].split_once(' ').unwrap_or((verbs[verb], ""));
        format!("{verb} {at} {};", words.replace('N', &number.to_string()))
    })
}

/// A session of sentences, in order of time.
fn any_session() -> impl Strategy<Value = Vec<Told>> {
    prop::collection::vec(any_sentence(), 1..60).prop_map(|mut sentences| {
        let at = |sentence: &String| -> i64 {
            let word = sentence.split_whitespace().nth(1);
            word.and_then(|w| w.parse().ok()).expect("a time")
        };
        sentences.sort_by_key(at);
        let loads = |s: &String| s.starts_with("load");
        let mut left = 20;
        sentences.retain(|s| {
            left -= i32::from(loads(s));
            !loads(s) || left > 0
        });
        read(&sentences.concat())
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn where_batches_are_cut_changes_no_firing(
        told in any_session(),
        cuts in prop::collection::vec(prop::bool::ANY, 64)
    ) {
        let rules = RuleSet::default();
        let whole = fold(&rules, &told, |_| false);
        let cut = fold(&rules, &told, |place| cuts[place % cuts.len()]);
        prop_assert_eq!(whole.firings.listed(), cut.firings.listed());
        prop_assert_eq!(whole.scores(&rules), cut.scores(&rules));
    }

    #[test]
    fn every_firing_says_what_it_rests_on(told in any_session()) {
        let session = fold(&RuleSet::default(), &told, |_| false);
        for firing in session.firings.listed() {
            prop_assert!(firing.intensity_milli > 0, "{firing:?}");
            prop_assert!(firing.intensity_milli <= 1_000, "{firing:?}");
            prop_assert!(firing.evidence_count >= 1, "{firing:?}");
            prop_assert!(firing.evidence_at.len() <= super::EVIDENCE_MAX, "{firing:?}");
            prop_assert!(firing.evidence_at.is_sorted(), "{firing:?}");
            prop_assert_eq!(firing.evidence_at.first(), Some(&0), "{:?}", firing);
            prop_assert!(firing.reason.chars().any(|c| c.is_alphabetic()), "{firing:?}");
        }
    }
}
