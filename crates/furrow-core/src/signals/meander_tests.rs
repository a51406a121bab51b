use super::super::stage::{Stage, cut, words};
use super::*;
use proptest::prelude::*;

fn firings(stage: &Stage) -> Firings {
    let mut detector = MeanderDetector::default();
    let mut own = OwnPace::default();
    stage.play(|interaction, moment, firings| {
        detector.observe(interaction, moment, &mut own, firings);
    })
}

#[track_caller]
fn check(text: &str, expected: &str) {
    assert_eq!(words(&firings(&Stage::new(text))), expected, "{text}");
}

/// A pointer that goes 400 px right and back again for so many seconds.
fn wander(at: i64, seconds: i64, px_s: i64) -> String {
    let leg = |i: i64| format!(" to {},300 in 1000", 500 + (i + 1) % 2 * px_s);
    let legs: String = (0..seconds).map(leg).collect();
    format!("mouse {at} 500,300{legs};")
}

/// Eight movements of a visitor at this pace, a pause before each.
fn own(px_s: i64) -> String {
    let movement = |i: i64| format!(" rest 300 to {},100 in 500", 100 + (i + 1) * px_s / 2);
    let movements: String = (0..8).map(movement).collect();
    format!("mouse 0 100,100{movements};")
}

#[test]
fn two_thousand_px_in_six_seconds_that_lead_nowhere_are_a_wander() {
    check(&wander(0, 6, 400), "meander@0x2");
    check(
        "mouse 0 100,100 to 600,300 in 1500 to 200,500 in 1500 to 700,200 in 1500 to 150,150 in 1500",
        "meander@0x2",
    );
}

#[test]
fn a_wander_found_within_longer_motion_begins_where_it_does() {
    let text = wander(0, 6, 400).replace("mouse 0 500,300", "mouse 0 5000,300 to 500,300 in 5000");
    let from = firings(&Stage::new(&text)).listed()[0].at.0;
    assert!((4_000..=5_000).contains(&from), "{from}");
}

#[test]
fn it_has_1_500_px_of_path() {
    let found = |px_s| words(&firings(&Stage::new(&wander(0, 5, px_s))));
    assert_eq!(found(300), "meander@0x2");
    assert_eq!(found(299), "");
}

#[test]
fn its_progress_is_a_quarter_at_most() {
    // In six seconds 4,000 px of path that lead 1,000 px far.
    let found = |progress_max_milli| {
        let mut stage = Stage::new(
            "mouse 0 0,0 to 625,0 in 1000 to 1250,0 in 1000 to 1875,0 in 1000 \
             to 2500,0 in 1000 to 1750,0 in 1000 to 1000,0 in 1000",
        );
        stage.rules.meander.span_min_ms = 6_000;
        stage.rules.meander.progress_max_milli = progress_max_milli;
        words(&firings(&stage))
    };
    assert_eq!(found(250), "meander@0x2");
    assert_eq!(found(249), "");
}

#[test]
fn it_lasts_five_seconds() {
    check(&wander(0, 4, 800), "");
    let found = |span_min_ms| {
        let mut stage = Stage::new(&wander(0, 6, 400));
        stage.rules.meander.span_min_ms = span_min_ms;
        words(&firings(&stage))
    };
    assert_eq!(found(6_000), "meander@0x2");
    assert_eq!(found(6_001), "");
}

#[test]
fn a_press_inside_speaks_against_it() {
    let text = wander(0, 6, 400);
    check(&format!("{text} press 3000"), "");
    check(&format!("{text} press -100 hold 100"), "");
    check(&format!("{text} press 6001"), "meander@0x2");
    check(&format!("{text} select 3000 on text"), "");
}

#[test]
fn what_follows_a_press_is_judged_by_itself() {
    check(
        &format!("press -1500; {}", wander(0, 6, 400)),
        "meander@0x2",
    );
    check(
        &format!("{}press 2000; {}", wander(0, 3, 400), wander(3_100, 6, 400)),
        "meander@3000x2",
    );
}

#[test]
fn it_is_slower_than_the_visitors_own_median() {
    let text = wander(20_000, 6, 400);
    check(&format!("{}{text}", own(800)), "meander@20000x2");
    check(&format!("{}{text}", own(300)), "");
    // Below eight movements there is no own pace.
    let seven = own(300).replacen(" rest 300 to 250,100 in 500", "", 1);
    check(&format!("{seven}{text}"), "meander@20000x2");
}

#[test]
fn a_rest_of_two_seconds_begins_anew() {
    let two = |pause: i64| format!("{}{}", wander(0, 3, 400), wander(3_000 + pause, 3, 400));
    check(&two(1_990), "meander@0x2");
    check(&two(2_000), "");
}

#[test]
fn a_longer_wander_raises_the_same_firing() {
    check(&wander(0, 30, 400), "meander@0x2");
    let intensity =
        |seconds| firings(&Stage::new(&wander(0, seconds, 400))).listed()[0].intensity_milli;
    // 1 - 0.6 · 1,500 / path
    assert_eq!(
        (intensity(6), intensity(12), intensity(30)),
        (625, 813, 925)
    );
}

#[test]
fn fingers_do_not_wander() {
    check(&wander(0, 6, 400).replace("mouse", "touch"), "");
}

#[test]
fn nothing_remains_of_a_pointer_that_rests() {
    let mut detector = MeanderDetector::default();
    let mut own = OwnPace::default();
    let stage = Stage::new(&wander(0, 40, 400));
    let mut active = 0;
    stage.play(|interaction, moment, firings| {
        detector.observe(interaction, moment, &mut own, firings);
        active = active.max(postcard::to_allocvec(&detector).unwrap().len());
    });
    assert_eq!(postcard::to_allocvec(&detector).unwrap().len(), 3);
    assert!(active <= 500, "{active}");
}

proptest! {
    #[test]
    fn the_cut_into_paths_changes_nothing(
        legs in prop::collection::vec((0..600_i64, 0..600_i64, 200..2_000_i64, 0..9_i64), 1..40),
        samples_max in 1..40_usize,
    ) {
        let legs: String = legs
            .iter()
            .map(|(x, y, ms, rest)| format!(" rest {} to {x},{y} in {ms}", (rest - 5).max(0) * 600))
            .collect();
        let mut stage = Stage::new(&format!("mouse 0 200,200{legs}"));
        let whole = firings(&stage);
        let parts = cut(stage.interactions(), samples_max);
        *stage.interactions() = parts;
        prop_assert_eq!(whole, firings(&stage));
    }
}
