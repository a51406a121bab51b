use super::super::stage::{Stage, cut, words};
use super::*;
use proptest::prelude::*;

fn firings(stage: &Stage) -> Firings {
    let mut detector = ReadingDetector::default();
    stage.play(|interaction, moment, firings| detector.observe(interaction, moment, firings))
}

#[track_caller]
fn check(text: &str, expected: &str) {
    assert_eq!(words(&firings(&Stage::new(text))), expected, "{text}");
}

/// So many sweeps, each so wide, in so many ms and so much lower than the one
/// before; then the pointer turns once more.
fn sweeps(count: i64, px: i64, ms: i64, drift: i64) -> String {
    let leg = |i: i64| format!(" to {},{} in {ms}", 300 + i % 2 * px, 100 + i * drift);
    let legs: String = (1..=count).map(leg).collect();
    let turn = if count % 2 == 0 { 320 } else { 280 + px };
    format!(
        "mouse 0 300,100{legs} to {turn},{} in 50;",
        100 + count * drift
    )
}

#[test]
fn three_sweeps_along_lines_are_reading() {
    check(&sweeps(3, 400, 1_500, 10), "reading@0x3");
}

#[test]
fn slow_sweeps_with_quick_returns_are_reading() {
    check(
        "mouse 0 300,100 to 800,104 in 2600 to 305,124 in 400 to 790,126 in 2500 to 600,130 in 60",
        "reading@0x3",
    );
}

#[test]
fn more_lines_raise_the_same_firing() {
    check(&sweeps(9, 400, 1_500, 10), "reading@0x9");
    let intensity =
        |count| firings(&Stage::new(&sweeps(count, 400, 1_500, 10))).listed()[0].intensity_milli;
    assert_eq!(
        (intensity(3), intensity(9), intensity(12)),
        (300, 900, 1_000)
    );
}

#[test]
fn two_sweeps_are_none() {
    check(&sweeps(2, 400, 2_000, 10), "");
}

#[test]
fn a_sweep_is_at_least_120_px_wide() {
    check(&sweeps(3, 120, 1_500, 10), "reading@0x3");
    check(&sweeps(3, 119, 1_500, 10), "");
}

#[test]
fn a_sweep_drifts_at_most_40_px() {
    check(&sweeps(3, 400, 1_500, 40), "reading@0x3");
    check(&sweeps(3, 400, 1_500, 41), "");
    check(
        "mouse 0 300,100 to 500,150 in 700 to 700,100 in 700 to 300,100 in 1400 to 700,100 in 1400 to 600,100 in 60",
        "",
    );
}

#[test]
fn three_sweeps_take_two_to_twelve_seconds() {
    check(&sweeps(3, 400, 667, 10), "reading@0x3");
    check(&sweeps(3, 400, 666, 10), "");
    check(&sweeps(3, 400, 4_000, 10), "reading@0x3");
    check(&sweeps(3, 400, 4_001, 10), "");
}

#[test]
fn a_shaken_pointer_does_not_read() {
    check(&sweeps(40, 400, 100, 0), "");
}

#[test]
fn a_tremble_is_no_turn() {
    check(
        "mouse 0 300,100 to 500,100 in 750 to 490,101 in 50 to 700,102 in 700 to 300,110 in 1500 to 700,112 in 1500 to 600,112 in 60",
        "reading@0x3",
    );
}

#[test]
fn a_jump_between_lines_begins_anew() {
    let text = "mouse 0 300,100 to 700,100 in 1500 to 300,110 in 1500 to 700,400 in 1500 \
                to 300,410 in 1500 to 700,410 in 1500 to 600,410 in 60";
    check(text, "");
}

#[test]
fn fingers_do_not_follow_lines() {
    check(&sweeps(3, 400, 1_500, 10).replace("mouse", "touch"), "");
}

#[test]
fn nothing_remains_of_a_pointer_that_rests() {
    let mut detector = ReadingDetector::default();
    let stage = Stage::new(&sweeps(40, 400, 1_500, 0));
    let mut active = 0;
    stage.play(|interaction, moment, firings| {
        detector.observe(interaction, moment, firings);
        active = active.max(postcard::to_allocvec(&detector).unwrap().len());
    });
    assert_eq!(postcard::to_allocvec(&detector).unwrap().len(), 3);
    assert!(active <= 100, "{active}");
}

proptest! {
    #[test]
    fn the_cut_into_paths_changes_nothing(
        legs in prop::collection::vec((0..900_i64, 0..60_i64, 200..3_000_i64, 0..15_i64), 1..30),
        samples_max in 1..40_usize,
    ) {
        let legs: String = legs
            .iter()
            .map(|(x, y, ms, rest)| format!(" rest {} to {x},{y} in {ms}", (rest - 7).max(0) * 2_000))
            .collect();
        let mut stage = Stage::new(&format!("mouse 0 200,30{legs}"));
        let whole = firings(&stage);
        let parts = cut(stage.interactions(), samples_max);
        *stage.interactions() = parts;
        prop_assert_eq!(whole, firings(&stage));
    }
}
