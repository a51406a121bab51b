use super::super::stage::{Stage, words};
use super::*;
use proptest::prelude::*;

fn firings(stage: &Stage) -> Firings {
    let mut detector = HoverDetector::default();
    stage.play(|interaction, moment, firings| detector.observe(interaction, moment, firings))
}

#[track_caller]
fn check(text: &str, expected: &str) {
    assert_eq!(words(&firings(&Stage::new(text))), expected, "{text}");
}

#[test]
fn two_seconds_over_something_to_press_without_a_press_are_hesitation() {
    check("hover 5000 on button for 2000", "hesitation@3000x1");
    check("hover 5000 on button for 1999", "");
    check("hover 5000 on link for 4000", "hesitation@1000x1");
}

#[test]
fn a_press_in_the_end_is_no_hesitation() {
    check("hover 5000 on button for 4000 pressed", "");
}

#[test]
fn a_pointer_left_lying_is_none() {
    check("hover 50000 on button for 30000", "hesitation@20000x1");
    check("hover 50000 on button for 30001", "");
}

#[test]
fn what_is_looked_at_read_or_typed_into_is_not_hesitated_over() {
    check("hover 5000 on field for 4000", "");
    check("hover 5000 on video for 4000", "");
    check("hover 5000 on text for 4000", "");
    check("hover 5000 on article_a for 4000", "");
    check("hover 5000 on sham for 4000", "");
    check("hover 5000 on ignored for 4000", "");
}

#[test]
fn waiting_for_what_a_press_brings_is_none() {
    check(
        "hover 1000 on button for 900 pressed; press 940 on button; hover 5000 on button for 3000",
        "",
    );
    check("press 1000 on button; hover 5000 on button for 3000", "");
    check(
        "press 1000 on button; hover 5001 on button for 3000",
        "hesitation@2001x1",
    );
    check(
        "press 1000 on other; hover 5000 on button for 3000",
        "hesitation@2000x1",
    );
}

#[test]
fn longer_waiting_is_more_intense() {
    let intensity = |text: &str| firings(&Stage::new(text)).listed()[0].intensity_milli;
    assert_eq!(intensity("hover 20000 on button for 2000"), 400);
    assert_eq!(intensity("hover 20000 on button for 5000"), 700);
    assert_eq!(intensity("hover 20000 on button for 9000"), 1_000);
    assert_eq!(intensity("focus 2000; blur 12000"), 600);
}

#[test]
fn five_seconds_in_a_field_without_input_are_hesitation() {
    check("focus 2000; blur 7000", "hesitation@2000x1");
    check("focus 2000; blur 6999", "");
    check("focus 2000; input 9000 after 5000", "hesitation@2000x1");
    check("focus 2000; input 9000 after 4999", "");
    check("focus 2000; input 90000 after 6000", "hesitation@2000x1");
}

#[test]
fn one_visit_of_a_field_hesitates_once() {
    check(
        "focus 2000; input 9000 after 6000; blur 9100 after 6000",
        "hesitation@2000x1",
    );
    check(
        "focus 2000; blur 8000; focus 9000; blur 15000",
        "hesitation@2000x1 hesitation@9000x1",
    );
}

#[test]
fn a_field_that_was_left_alone_or_hidden_says_nothing() {
    check("focus 2000; blur 32001", "");
    check("focus 2000; hide 3000; show 20000; blur 21000", "");
    check("blur 21000", "");
}

#[test]
fn a_field_that_took_the_focus_by_itself_says_nothing() {
    check("page 1000; focus 2000; blur 9000", "");
    check("page 1000; focus 2001; blur 9000", "hesitation@2001x1");
}

#[test]
fn entering_the_pressed_target_again_three_times_is_re_entry() {
    check(
        "hover 5000 on button for 1200 entered 4 pressed",
        "re_entry@3800x3",
    );
    check("hover 5000 on button for 1200 entered 3 pressed", "");
    check("hover 5000 on button for 1200 entered 4", "");
}

#[test]
fn several_hovers_of_one_target_add_up() {
    check(
        "hover 5000 on button for 1200 entered 2; hover 9000 on button for 800 entered 2 pressed",
        "re_entry@3800x3",
    );
    check(
        "hover 5000 on button for 1200 entered 2; hover 9000 on other for 800 entered 2 pressed",
        "",
    );
}

#[test]
fn the_last_entry_may_be_too_short_to_be_told() {
    check(
        "hover 5000 on button for 1200 entered 3; press 9000 on button",
        "re_entry@3800x3",
    );
    check(
        "hover 5000 on button for 1200 entered 2; press 9000 on button",
        "",
    );
}

#[test]
fn a_press_and_the_hover_that_it_ended_are_one() {
    check(
        "hover 5060 on button for 1200 entered 4 pressed; press 5000 on button",
        "re_entry@3860x3",
    );
}

#[test]
fn entries_lie_within_fifteen_seconds_of_the_press() {
    check(
        "hover 5000 on button for 1200 entered 3; press 20000 on button",
        "re_entry@3800x3",
    );
    check(
        "hover 5000 on button for 1200 entered 3; press 20001 on button",
        "",
    );
}

#[test]
fn a_press_begins_the_count_anew() {
    check(
        "hover 5000 on button for 1200 entered 3; press 6000 on other; press 7000 on button; press 8000 on button",
        "re_entry@3800x3",
    );
}

#[test]
fn every_further_entry_is_more_intense() {
    let intensity = |entries: u32| {
        let text = format!("hover 5000 on button for 1200 entered {entries} pressed");
        firings(&Stage::new(&text)).listed()[0].intensity_milli
    };
    assert_eq!(
        (intensity(4), intensity(5), intensity(9)),
        (400, 600, 1_000)
    );
}

#[test]
fn nothing_remains_once_it_is_long_past() {
    let mut detector = HoverDetector::default();
    let stage = Stage::new(
        "page 0; focus 5000; blur 5001; hover 5000 on button for 1200; press 5100 on other",
    );
    stage.play(|interaction, moment, firings| detector.observe(interaction, moment, firings));
    assert_eq!(detector, HoverDetector::default());
    assert_eq!(postcard::to_allocvec(&detector).unwrap().len(), 4);
}

proptest! {
    #[test]
    fn nothing_makes_it_panic_or_fire_too_often(
        hovers in prop::collection::vec((0..60_000_i64, any::<u32>(), any::<u32>(), any::<bool>()), 0..30),
    ) {
        let text: String = hovers
            .iter()
            .map(|(at, ms, entries, pressed)| {
                let pressed = if *pressed { "pressed" } else { "" };
                format!("hover {at} on button for {ms} entered {entries} {pressed};")
            })
            .collect();
        prop_assert!(firings(&Stage::new(&text)).listed().len() <= hovers.len());
    }
}
