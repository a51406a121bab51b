use super::super::stage::{Stage, cut, words};
use super::*;
use proptest::prelude::*;

fn firings(stage: &Stage) -> Firings {
    let mut detector = LeavingDetector::default();
    stage.play(|interaction, moment, firings| detector.observe(interaction, moment, firings))
}

#[track_caller]
fn check(text: &str, expected: &str) {
    assert_eq!(words(&firings(&Stage::new(text))), expected, "{text}");
}

#[test]
fn a_pointer_that_flies_to_the_top_after_trouble_is_about_to_leave() {
    check(
        "trouble 0; mouse 2000 600,400 to 500,5 in 320",
        "about_to_leave@2320x1",
    );
}

#[test]
fn without_trouble_it_is_nothing() {
    check("mouse 2000 600,400 to 500,5 in 320; hide 4000", "");
}

#[test]
fn a_page_hidden_within_five_seconds_of_trouble_is_being_left() {
    check("trouble 1000; hide 6000", "about_to_leave@6000x1");
    check("trouble 1000; hide 6001", "");
    check("trouble 1000; show 2000", "");
}

#[test]
fn trouble_lies_at_most_thirty_seconds_before() {
    check(
        "trouble 0; mouse 29680 600,400 to 500,5 in 320",
        "about_to_leave@30000x1",
    );
    check("trouble 0; mouse 29681 600,400 to 500,5 in 320", "");
    check(
        "mouse 0 600,400 to 500,5 in 320; trouble 1000; idle 1100",
        "",
    );
}

#[test]
fn trouble_may_be_told_after_the_exit_that_follows_it() {
    check(
        "mouse 2000 600,400 to 500,5 in 320; trouble 1000 told 4000; idle 4000",
        "about_to_leave@2320x1",
    );
    check(
        "hide 2000; trouble 1000 told 4000; idle 4000",
        "about_to_leave@2000x1",
    );
}

#[test]
fn the_edge_is_twenty_px_high() {
    check(
        "trouble 0; mouse 2000 600,420 to 500,20 in 320",
        "about_to_leave@2320x1",
    );
    check("trouble 0; mouse 2000 600,421 to 500,21 in 320", "");
}

#[test]
fn it_comes_up_at_800_px_s_from_100_px_below() {
    check(
        "trouble 0; mouse 2000 600,404 to 500,20 in 480",
        "about_to_leave@2480x1",
    );
    check("trouble 0; mouse 2000 600,403 to 500,20 in 480", "");
    check(
        "trouble 0; mouse 2000 600,120 to 500,20 in 64",
        "about_to_leave@2064x1",
    );
    check("trouble 0; mouse 2000 600,119 to 500,20 in 64", "");
}

#[test]
fn a_rest_on_the_way_begins_anew() {
    check(
        "trouble 0; mouse 2000 600,400 to 500,60 in 320 rest 250 to 500,0 in 64",
        "",
    );
}

#[test]
fn one_trouble_is_left_once_and_more_surely_by_two_ways() {
    let fly = "mouse 2000 600,400 to 500,5 in 320 to 500,400 in 320 to 500,5 in 320";
    check(
        &format!("trouble 0; {fly}; hide 4000"),
        "about_to_leave@2320x3",
    );
    let intensity = |text: &str| firings(&Stage::new(text)).listed()[0].intensity_milli;
    // 0.4, and 0.4 · (1 − 2.32 / 30) for how recent it is.
    assert_eq!(
        intensity("trouble 0; mouse 2000 600,400 to 500,5 in 320"),
        769
    );
    assert_eq!(
        intensity("trouble 0; mouse 2000 600,400 to 500,5 in 320; hide 2500"),
        800
    );
    assert_eq!(intensity("trouble 0; hide 0"), 800);
}

#[test]
fn new_trouble_may_be_left_anew() {
    check(
        "trouble 0; hide 1000; show 3000; trouble 8000; hide 9000",
        "about_to_leave@1000x1 about_to_leave@9000x1",
    );
}

#[test]
fn a_finger_at_the_top_is_nothing() {
    check("trouble 0; touch 2000 600,400 to 500,5 in 320", "");
}

#[test]
fn nothing_remains_once_it_is_long_past() {
    let mut detector = LeavingDetector::default();
    let stage = Stage::new("trouble 0; mouse 2000 600,400 to 500,5 in 320; hide 4000");
    stage.play(|interaction, moment, firings| detector.observe(interaction, moment, firings));
    assert_eq!(postcard::to_allocvec(&detector).unwrap().len(), 3);
}

proptest! {
    #[test]
    fn the_cut_into_paths_changes_nothing(
        legs in prop::collection::vec((0..400_i64, 0..400_i64, 50..400_i64), 1..40),
        samples_max in 1..40_usize,
    ) {
        let legs: String = legs
            .iter()
            .map(|(x, y, ms)| format!(" to {x},{y} in {ms} rest {}", ms % 3 * 100))
            .collect();
        let mut stage = Stage::new(&format!("trouble 0; mouse 500 200,200{legs}"));
        let whole = firings(&stage);
        let parts = cut(stage.interactions(), samples_max);
        *stage.interactions() = parts;
        prop_assert_eq!(whole, firings(&stage));
    }
}
