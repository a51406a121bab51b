mod sentences;

use super::*;
use crate::rules::{IgnoreRule, Judgement, RuleSet};
use sentences::{check, check_under, firings, presses};

#[test]
fn case_a_eight_presses_on_a_dead_button_at_120_ms_are_rage() {
    check(&presses(8, 120, "dead"), "rage_press@0x8");
}

#[test]
fn case_b_four_at_250_ms_are_rage() {
    check(&presses(4, 250, "dead"), "rage_press@0x4");
}

#[test]
fn case_c_five_at_700_ms_are_rage() {
    check(&presses(5, 700, "dead"), "rage_press@0x5");
}

#[test]
fn case_d_three_at_400_ms_are_rage() {
    check(&presses(3, 400, "dead"), "rage_press@0x3");
}

#[test]
fn case_e_a_stepper_that_responds_is_a_responsive_multi_press() {
    check(&presses(6, 250, "answers 20"), "responsive_multi_press@0x6");
}

#[test]
fn case_f_a_carousel_that_responds_is_a_responsive_multi_press() {
    check(&presses(5, 600, "answers 80"), "responsive_multi_press@0x5");
}

#[test]
fn case_g_a_toggle_that_responds_is_a_responsive_multi_press() {
    check(&presses(3, 350, "answers 30"), "responsive_multi_press@0x3");
}

#[test]
fn case_h_a_triple_click_that_selects_text_is_nothing() {
    check(
        "press 0 dead on text; press 150 dead selecting on text; press 300 dead selecting on text",
        "",
    );
}

#[test]
fn case_i_a_double_click_is_nothing() {
    check("press 0 answers 30; press 150 answers 30", "");
}

#[test]
fn case_j_a_dead_area_with_presses_drifting_25_px_each_is_rage() {
    let text: String = (0..4)
        .map(|i| format!("press {} dead nowhere at {};", i * 200, 100 + 25 * i))
        .collect();
    check(&text, "rage_press@0x4");
}

#[test]
fn case_k_three_dead_presses_1_2_s_apart_are_a_retry() {
    check(
        &presses(3, 1_200, "dead"),
        "dead_press@0x1 retry_press@0x3 dead_press@1200x1 dead_press@2400x1",
    );
}

#[test]
fn two_presses_are_no_burst() {
    check("press 0 dead; press 300 dead", "dead_press@0x1");
}

#[test]
fn exactly_half_unanswered_is_no_rage() {
    check(
        "press 0 dead; press 200 dead; press 400 answers 10; press 600 answers 10",
        "responsive_multi_press@0x4",
    );
}

#[test]
fn a_quiet_second_closes_a_burst() {
    check(
        "press 0 dead; press 900 dead; press 1900 dead",
        "rage_press@0x3",
    );
    check(
        "press 0 dead; press 900 dead; press 1901 dead",
        "dead_press@0x1 dead_press@1901x1",
    );
}

#[test]
fn presses_on_two_targets_far_apart_are_two_groups() {
    check(
        "press 0 dead; press 100 dead on other at 400; press 200 dead; press 300 dead on other at 400",
        "dead_press@0x1 dead_press@100x1",
    );
}

#[test]
fn a_burst_with_the_keyboard_a_field_or_a_scroll_is_not_judged() {
    check(&presses(5, 200, "answers 10 keyboard"), "");
    check(&presses(5, 200, "dead on field"), "");
    check(&presses(5, 200, "dead scrolled"), "");
    check(&presses(5, 200, "dead secondary"), "");
}

#[test]
fn a_burst_on_what_answers_outside_the_page_or_draws_by_itself_is_not_judged() {
    for target in ["file", "canvas", "download"] {
        check(&presses(5, 200, &format!("dead on {target}")), "");
        check(&presses(5, 200, &format!("unseen on {target}")), "");
    }
}

#[test]
fn without_responses_seen_rage_takes_four_presses_in_a_second_and_weighs_half() {
    check(&presses(4, 300, "unseen"), "rage_press@0x4");
    check(&presses(4, 400, "unseen"), "");
    check(&presses(3, 200, "unseen"), "");
    let (seen, unseen) = (presses(4, 300, "dead"), presses(4, 300, "unseen"));
    let intensity = |text: &str| firings(text).listed()[0].intensity_milli;
    assert_eq!(intensity(&unseen) * 2, intensity(&seen));
}

#[test]
fn a_dead_press_needs_something_that_looks_interactive() {
    check("press 0 dead", "dead_press@0x1");
    check("press 0 dead on text", "");
    check("press 0 dead nowhere", "");
}

#[test]
fn a_file_input_or_a_modifier_is_never_dead() {
    check("press 0 dead on file", "");
    check("press 0 dead modified", "");
}

#[test]
fn an_answer_after_one_to_two_and_a_half_seconds_is_slow() {
    check("press 0 answers 1000", "");
    check("press 0 answers 1001", "slow_press@0x1");
    check("press 0 answers 2500", "slow_press@0x1");
    check("press 0 answers 2501", "dead_press@0x1");
}

#[test]
fn slow_presses_make_a_retry_too() {
    check(
        &presses(3, 3_000, "answers 1800"),
        "retry_press@0x3 slow_press@0x1 slow_press@3000x1 slow_press@6000x1",
    );
}

#[test]
fn a_retry_lies_within_fifteen_seconds() {
    check(
        "press 0 dead; press 7500 dead; press 15001 dead",
        "dead_press@0x1 dead_press@7500x1 dead_press@15001x1",
    );
}

#[test]
fn one_target_dies_once_a_second_at_most() {
    check("press 0 dead; press 999 dead", "dead_press@0x1");
    check(
        "press 0 dead; press 1000 dead",
        "dead_press@0x1 dead_press@1000x1",
    );
}

#[test]
fn a_problem_within_a_second_makes_an_error_press() {
    check("press 0 answers 30; problem 1000", "error_press@0x1");
    check("press 0 answers 30; problem 1001", "");
}

#[test]
fn a_problem_told_before_its_unanswered_press_still_finds_it() {
    check(
        "press 0 dead; problem 300",
        "dead_press@0x1 error_press@0x1",
    );
}

#[test]
fn a_burst_rests_on_its_presses_and_they_do_not_fire_again() {
    let text = presses(5, 300, "answers 1500");
    check(&text, "rage_press@0x5");
}

#[test]
fn rage_stays_when_later_presses_are_answered() {
    let text = presses(3, 300, "dead")
        + "press 1400 answers 10; press 1600 answers 10; press 1800 answers 10; press 2000 answers 10";
    assert!(
        firings(&text)
            .listed()
            .iter()
            .any(|f| f.kind == SignalKind::RagePress)
    );
}

#[test]
fn two_presses_within_three_seconds_on_what_only_looks_are_static() {
    check(
        "press 0 dead on sham; press 3000 dead on sham",
        "dead_press@0x1 static_press@0x2 dead_press@3000x1",
    );
    check(
        "press 0 dead on sham; press 3001 dead on sham",
        "dead_press@0x1 dead_press@3001x1",
    );
    check("press 0 dead on sham", "dead_press@0x1");
}

#[test]
fn more_static_presses_raise_the_same_firing() {
    check(
        "press 0 dead on sham; press 1400 dead on sham; press 2800 dead on sham",
        "dead_press@0x1 retry_press@0x3 static_press@0x3 dead_press@1400x1 dead_press@2800x1",
    );
}

#[test]
fn what_listens_or_answers_is_not_static() {
    check(
        "press 0 dead; press 1500 dead",
        "dead_press@0x1 dead_press@1500x1",
    );
    check(
        "press 0 answers 40 on sham; press 1500 answers 40 on sham",
        "",
    );
    check("press 0 dead on text; press 1500 dead on text", "");
}

#[test]
fn a_press_is_not_dead_when_the_window_was_left_within_a_second_after_it() {
    check("press 0 dead; flip 1000", "");
    check("press 0 dead; flip 1001", "dead_press@0x1");
    check("flip 0; press 10 dead", "dead_press@10x1");
    check(
        "press 0 dead; flip 300; press 5000 dead",
        "dead_press@5000x1",
    );
}

#[test]
fn targets_that_the_rules_name_are_not_judged() {
    let under = |judgement| RuleSet {
        ignore: vec![IgnoreRule {
            selector: "but*".into(),
            judgement,
        }],
        ..RuleSet::default()
    };
    let (rage, dead) = (presses(4, 250, "dead"), "press 0 dead");
    check_under(&under(Judgement::Rage), &rage, "dead_press@0x1");
    check_under(&under(Judgement::Rage), dead, "dead_press@0x1");
    check_under(&under(Judgement::Dead), &rage, "rage_press@0x4");
    check_under(&under(Judgement::Dead), dead, "");
    check_under(&under(Judgement::All), &rage, "");
    check_under(
        &under(Judgement::All),
        "press 0 dead on other",
        "dead_press@0x1",
    );
}

proptest::proptest! {
    /// The order in which answers are told must not matter to how often a
    /// press is counted.
    #[test]
    fn every_press_is_evidence_of_at_most_one_firing(
        script in proptest::collection::vec((0..8_000_i64, 0..3_usize), 0..24)
    ) {
        let mut script = script;
        script.sort_unstable();
        let text: String = script
            .iter()
            .map(|(at, how)| format!("press {at} {};", ["dead", "answers 40", "answers 1700"][*how]))
            .collect();
        let found = firings(&text);
        let rested: u32 = found
            .listed()
            .iter()
            .filter(|f| !matches!(f.kind, SignalKind::RetryPress | SignalKind::StaticPress))
            .map(|f| f.evidence_count)
            .sum();
        proptest::prop_assert!(rested as usize <= script.len(), "{text} -> {found:?}");
    }
}
