use super::*;
use crate::rules::RuleSet;
use crate::signals::SignalKind::{Shake, TiltSwing};
use crate::signals::script::{Told, check_only, fold, found, read, words};

const KINDS: &[SignalKind] = &[TiltSwing, Shake];

#[track_caller]
fn check(text: &str, expected: &str) {
    check_only(KINDS, text, expected);
}

#[test]
fn three_swings_beyond_45_degrees_within_five_seconds_fire() {
    check("tilt 0 every 1000 0 60 0 60", "tilt_swing@1000x3");
    check("tilt 0 every 2500 0 60 0 60", "tilt_swing@2500x3");
    check("tilt 0 every 2501 0 60 0 60", "");
    check("tilt 0 every 1000 0 60 0", "");
}

#[test]
fn a_swing_goes_beyond_45_degrees() {
    check("tilt 0 every 500 0 47 0 47 0", "tilt_swing@500x4");
    check("tilt 0 every 500 0 44 0 44 0", "");
    check("tilt 0 every 500 -23 24 -23 24", "tilt_swing@500x3");
}

#[test]
fn many_small_readings_add_up_to_a_swing() {
    check(
        "tilt 0 every 100 0 20 40 60 40 20 0 20 40 60",
        "tilt_swing@300x3",
    );
}

#[test]
fn turning_on_in_one_direction_is_one_swing() {
    check("tilt 0 every 300 0 30 60 90 120 150 175", "");
    check("tilt 0 every 300 0 50 100 150 100 50 0", "");
}

#[test]
fn trembling_is_no_swing() {
    let angles = " 0 20 5 25 0 20 5 25 0 20".repeat(5);
    check(&format!("tilt 0 every 60{angles}"), "");
}

#[test]
fn a_rotation_excuses_swings_near_it() {
    check("turn 0; tilt 1000 every 300 0 60 0 60", "");
    check("turn 0; tilt 1400 every 601 0 60 0 60", "tilt_swing@2001x3");
    check("turn 0; tilt 1400 every 600 0 60 0 60", "");
    check("tilt 0 every 500 0 60 0 60; turn 2000", "");
    check("tilt 0 every 500 0 60 0 60; turn 3500; later 9000", "");
    check(
        "tilt 0 every 500 0 60 0 60; turn 3501; later 9000",
        "tilt_swing@500x3",
    );
}

#[test]
fn more_swings_raise_the_same_firing() {
    let text = "tilt 0 every 800 0 60 0 60 0 60 0; later 30000";
    check(text, "tilt_swing@800x6");
    let firing = &found(KINDS, text)[0];
    assert_eq!(firing.intensity_milli, 800);
    assert_eq!(&*firing.reason, "swung 6 times by more than 45° in 4.0 s");
    check(
        "tilt 0 every 800 0 60 0 60; tilt 20000 every 800 60 0 60 0",
        "tilt_swing@800x3 tilt_swing@20800x3",
    );
}

#[test]
fn a_shake_weighs_by_its_peak() {
    let intensity = |text: &str| found(KINDS, text)[0].intensity_milli;
    check("shake 0 20000", "shake@0x1");
    assert_eq!(intensity("shake 0 0"), 400);
    assert_eq!(intensity("shake 0 12000"), 400);
    assert_eq!(intensity("shake 0 24000"), 800);
    assert_eq!(intensity("shake 0 4000000000"), 1_000);
    assert_eq!(
        &*found(KINDS, "shake 0 24500")[0].reason,
        "shaken with 24.5 m/s²"
    );
}

#[test]
fn a_shake_within_a_second_is_the_same_going_on() {
    check("shake 0 20000; shake 999 26000", "shake@0x2");
    check("shake 0 20000; shake 1000 26000", "shake@0x1 shake@1000x1");
    let firing = &found(KINDS, "shake 0 15000; shake 900 27000")[0];
    assert_eq!((firing.intensity_milli, firing.duration_ms), (900, 1_300));
}

#[test]
fn a_device_that_swings_costs_less_than_a_hundred_bytes() {
    let bytes = |detector: &TiltDetector| {
        postcard::to_allocvec(detector)
            .expect("it serializes")
            .len()
    };
    let mut detector = TiltDetector::default();
    let (rules, page) = (RuleSet::default(), crate::interaction::Page::default());
    for told in read("tilt 1790000000000 every 700 0 60 0 60 0 60") {
        let interaction = Interaction {
            at: ClientTime(told.at),
            kind: told.kind,
        };
        let moment = Moment {
            now: interaction.at,
            sender: 0,
            page_view: None,
            page: &page,
            targets: &[],
            rules: &rules,
            around: crate::signals::Around::default(),
        };
        detector.observe(&interaction, moment, &mut Firings::default());
    }
    assert!(bytes(&detector) <= 100, "{}", bytes(&detector));
}

#[test]
fn readings_of_no_length_or_beyond_all_measure_do_no_harm() {
    let extreme = [i32::MAX, i32::MIN, 0, i32::MAX, i32::MAX];
    let steps = extreme.map(|d| (u32::MAX, d, 0, d)).to_vec();
    let told = [Told {
        sender: 0,
        at: 0,
        kind: Kind::TiltPath(TiltPath { steps }),
    }];
    fold(&RuleSet::default(), &told, |_| false);
    check("tilt 0 every 0 0 60 0 60", "tilt_swing@0x3");
}

/// The same path as two, the second from sample `place` on.
fn split(told: &Told, place: usize) -> Vec<Told> {
    let Kind::TiltPath(path) = &told.kind else {
        return vec![told.clone()];
    };
    if place == 0 || place >= path.steps.len() {
        return vec![told.clone()];
    }
    let (first, rest) = path.steps.split_at(place);
    let sum = |f: fn(&(u32, i32, i32, i32)) -> i32| first.iter().map(f).sum::<i32>();
    let mut rest = rest.to_vec();
    let lasted: i64 = first.iter().map(|s| i64::from(s.0)).sum();
    let at = told.at + lasted + i64::from(rest[0].0);
    rest[0] = (
        0,
        rest[0].1 + sum(|s| s.1),
        rest[0].2 + sum(|s| s.2),
        rest[0].3 + sum(|s| s.3),
    );
    let path = |at, steps: &[_]| Told {
        sender: told.sender,
        at,
        kind: Kind::TiltPath(TiltPath {
            steps: steps.to_vec(),
        }),
    };
    vec![path(told.at, first), path(at, &rest)]
}

proptest::proptest! {
    #[test]
    fn where_a_path_is_cut_changes_nothing(
        angles in proptest::collection::vec(-80..80_i32, 2..40),
        every in 50..600_u32,
        place in 1..40_usize,
        turns in proptest::collection::vec(0..20_000_i64, 0..3),
        cut in proptest::bool::ANY,
    ) {
        let angles: String = angles.iter().map(|a| format!(" {a}")).collect();
        let turns: String = turns.iter().map(|at| format!("turn {at};")).collect();
        let told = read(&format!("tilt 0 every {every}{angles}; {turns} later 60000"));
        let mut parts: Vec<Told> = told.iter().flat_map(|t| split(t, place)).collect();
        parts.sort_by_key(|t| t.at);
        let rules = RuleSet::default();
        let whole = fold(&rules, &told, |_| false);
        let parts = fold(&rules, &parts, |_| cut);
        let tilts = |session: &crate::session::Session| {
            let listed = session.firings.listed().iter();
            words(listed.filter(|f| f.kind == TiltSwing).cloned().collect())
        };
        proptest::prop_assert_eq!(tilts(&whole), tilts(&parts));
    }
}
