use super::super::stage::{Stage, cut, words};
use super::*;
use proptest::prelude::*;

fn firings(stage: &Stage) -> Firings {
    let mut detector = ThrashDetector::default();
    stage.play(|interaction, moment, firings| detector.observe(interaction, moment, firings))
}

#[track_caller]
fn check(text: &str, expected: &str) {
    assert_eq!(words(&firings(&Stage::new(text))), expected, "{text}");
}

/// A pointer that darts so many times 150 px to and fro, each in so many ms.
fn darts(at: i64, count: usize, ms: i64) -> String {
    let leg = |i: usize| format!(" to {},100 in {ms}", 250 - 150 * (i % 2));
    let legs: String = (0..count).map(leg).collect();
    format!("mouse {at} 100,100{legs};")
}

#[test]
fn ten_darts_at_1_500_px_s_are_thrash() {
    check(&darts(0, 10, 100), "thrash@0x9");
}

#[test]
fn a_circle_drawn_quickly_is_thrash() {
    let round = " to 200,150 in 40 to 250,170 in 40 to 290,150 in 40 to 300,100 in 40 \
                 to 270,60 in 40 to 220,50 in 40 to 170,70 in 40 to 150,110 in 40";
    let text = format!("mouse 0 160,110{round}{round}{round};");
    let found = firings(&Stage::new(&text));
    assert_eq!(found.listed().len(), 1, "{found:?}");
}

#[test]
fn thrash_next_to_a_problem_or_an_unanswered_press_is_one_at_a_failure() {
    let darts = darts(5_000, 10, 100);
    check(&format!("problem 4500;{darts}"), "thrash_at_failure@5000x9");
    check(
        &format!("unanswered 4500;{darts}"),
        "thrash_at_failure@5000x9",
    );
    check(&format!("trouble 4500;{darts}"), "thrash@5000x9");
}

#[test]
fn the_failure_lies_at_most_five_seconds_before() {
    let darts = darts(10_000, 10, 100);
    check(
        &format!("problem 5000;{darts}"),
        "thrash_at_failure@10000x9",
    );
    check(&format!("problem 4999;{darts}"), "thrash@10000x9");
    check(
        &format!("problem 10500;{darts}"),
        "thrash_at_failure@10000x9",
    );
    check(&format!("problem 11200;{darts}"), "thrash@10000x9");
}

#[test]
fn a_failure_may_be_told_after_the_path_that_follows_it() {
    let darts = darts(1_000, 10, 100);
    check(
        &format!("{darts} unanswered 900 told 3000; idle 3000"),
        "thrash_at_failure@1000x9",
    );
}

#[test]
fn a_press_a_drag_or_a_scroll_inside_speaks_against_it() {
    let text = darts(0, 10, 100);
    check(&format!("{text} press 500"), "");
    check(&format!("{text} press -200 hold 200"), "");
    check(&format!("{text} select 600"), "");
    check(&format!("{text} scroll 900 0 to 300 in 200"), "");
    check(&format!("{text} press 1001"), "thrash@0x9");
    check(&format!("{text} script 900 0 to 300 in 200"), "thrash@0x9");
}

#[test]
fn what_was_pressed_before_the_path_was_told_speaks_against_it_too() {
    check(
        &format!("press -300 hold 250; {}", darts(800, 10, 100)),
        "thrash@800x9",
    );
    let text = format!("scroll 0 0 to 300 in 1500; {}", darts(100, 10, 100));
    check(&text, "");
}

#[test]
fn fingers_do_not_thrash() {
    check(&darts(0, 10, 100).replace("mouse", "touch"), "");
}

#[test]
fn a_straight_dash_and_a_slow_wander_are_no_thrash() {
    check("mouse 0 0,100 to 1500,100 in 500", "");
    check(&darts(0, 10, 500), "");
}

#[test]
fn four_turns_are_needed() {
    // 1,500 px/s within 150 px: intensity 0.5 for the speed and the box, and
    // 0.05 for each turn.
    check(&darts(0, 4, 100), "");
    check(&darts(0, 5, 100), "thrash@0x4");
}

#[test]
fn a_turn_is_one_of_forty_five_degrees() {
    let corner = |dy: i64| {
        let legs: String = (1..=6)
            .map(|i| format!(" to {},{} in 100", 100 * i, if i % 2 == 0 { 0 } else { dy }))
            .collect();
        let mut stage = Stage::new(&format!("mouse 0 0,0{legs}"));
        stage.rules.thrash.intensity_min_milli = 0;
        words(&firings(&stage))
    };
    // Up and down again by as much as it takes for 45 and for 43 degrees.
    assert_eq!(corner(42), "thrash@0x5");
    assert_eq!(corner(39), "");
}

#[test]
fn three_hundred_px_at_three_hundred_px_s_are_needed() {
    let found = |text: &str| {
        let mut stage = Stage::new(text);
        stage.rules.thrash.intensity_min_milli = 0;
        words(&firings(&stage))
    };
    let legs = |px: i64, ms: i64| {
        let leg = |i: i64| format!(" to {},100 in {ms}", 100 + (i + 1) % 2 * px);
        format!("mouse 0 100,100{}", (0..5).map(leg).collect::<String>())
    };
    assert_eq!(found(&legs(60, 160)), "thrash@0x4");
    assert_eq!(found(&legs(59, 160)), "");
    assert_eq!(found(&legs(75, 250)), "thrash@0x4");
    assert_eq!(found(&legs(75, 254)), "");
}

#[test]
fn a_tremble_below_five_px_is_no_move() {
    let legs: String = (0..100)
        .map(|i| format!(" to {},100 in 16", 100 + i % 2 * 4))
        .collect();
    check(&format!("mouse 0 100,100{legs}"), "");
}

#[test]
fn what_goes_on_fires_again_once_two_seconds_have_passed() {
    let found = firings(&Stage::new(&darts(0, 90, 100)));
    let starts: Vec<_> = found.listed().iter().map(|f| f.at.0).collect();
    assert_eq!(starts, [0, 2_000, 4_000, 6_000]);
}

#[test]
fn more_turns_in_a_smaller_box_are_more_intense() {
    let intensity = |text: &str| firings(&Stage::new(text)).listed()[0].intensity_milli;
    assert!(intensity(&darts(0, 10, 100)) > intensity(&darts(0, 5, 100)));
    // 0.4 for 9 turns, 0.3 for 1,500 px/s, 0.3 / (1 + 0.75²) for the box.
    assert_eq!(intensity(&darts(0, 10, 100)), 892);
}

#[test]
fn nothing_remains_of_a_pointer_that_rests() {
    let mut detector = ThrashDetector::default();
    let stage = Stage::new(&(darts(0, 60, 100) + "press 7000"));
    let mut active = 0;
    stage.play(|interaction, moment, firings| {
        detector.observe(interaction, moment, firings);
        active = active.max(postcard::to_allocvec(&detector).unwrap().len());
    });
    assert_eq!(detector, ThrashDetector::default());
    assert!(active <= 700, "{active}");
    assert!(postcard::to_allocvec(&detector).unwrap().len() <= 4);
}

proptest! {
    #[test]
    fn the_cut_into_paths_changes_nothing(
        legs in prop::collection::vec((0..400_i64, 0..400_i64, 16..300_i64), 1..60),
        samples_max in 1..40_usize,
    ) {
        let legs: String = legs
            .iter()
            .map(|(x, y, ms)| format!(" to {x},{y} in {ms}"))
            .collect();
        let mut stage = Stage::new(&format!("mouse 0 200,200{legs}"));
        let whole = firings(&stage);
        let parts = cut(stage.interactions(), samples_max);
        *stage.interactions() = parts;
        prop_assert_eq!(whole, firings(&stage));
    }

    #[test]
    fn no_samples_make_it_panic(
        samples in prop::collection::vec((any::<u32>(), any::<i32>(), any::<i32>()), 0..60),
    ) {
        let mut stage = Stage::new("mouse 0 0,0");
        let Kind::PointerPath(path) = &mut stage.interactions()[0].kind else {
            unreachable!("it is one");
        };
        path.start = (i32::MIN, i32::MAX);
        path.steps = samples
            .into_iter()
            .map(|(dt, dx, dy)| crate::interaction::Step { dt, dx, dy })
            .collect();
        prop_assert!(firings(&stage).listed().len() <= 60);
    }
}
