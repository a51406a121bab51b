use super::*;
use crate::rules::{PageBaseline, PageBaselines, RuleSet};
use crate::signals::SignalKind::{PageLoop, QuickBack};
use crate::signals::script::{check_only, check_under, fold, found, read, words};

#[track_caller]
fn check(text: &str, expected: &str) {
    check_only(&[QuickBack, PageLoop], text, expected);
}

#[test]
fn a_return_to_the_page_before_within_seven_seconds_is_a_quick_back() {
    check(
        "load 0 /a; load 20000 /b; load 27000 /a",
        "quick_back@20000x1",
    );
    check("load 0 /a; load 20000 /b; load 27001 /a", "");
    check(
        "load 0 /a; load 20000 /b; load 22000 /a back",
        "quick_back@20000x1",
    );
}

#[test]
fn a_page_that_replaces_itself_without_a_load_is_left_and_returned_to_likewise() {
    check(
        "load 0 /a; view 20000 /b; view 24000 /a back",
        "quick_back@20000x1",
    );
    check(
        "load 0 /a; view 20000 /b; view 24000 /a",
        "quick_back@20000x1",
    );
}

#[test]
fn the_back_button_returns_wherever_it_leads() {
    check(
        "load 0 /a; load 20000 /b; load 23000 /c back",
        "quick_back@20000x1",
    );
    check("load 20000 /b; load 23000 /a back", "quick_back@20000x1");
    check("load 0 /a; load 20000 /b; load 23000 /c", "");
    check("load 0 /a; load 20000 /b; load 23000 /c forward", "");
}

#[test]
fn a_navigation_that_is_told_before_its_page_view_counts_too() {
    check(
        "load 0 /a; later 10; view 20000 /b; later 20010; navigate 23000 back; view 23000 /c; later 23100",
        "quick_back@20000x1",
    );
    check(
        "load 0 /a; later 10; view 20000 /b; later 20010; navigate 21000 back; view 23000 /c; later 23100",
        "",
    );
}

#[test]
fn quick_is_a_quarter_of_the_usual_stay_when_that_is_less() {
    let rules = RuleSet {
        pages: PageBaselines(vec![
            PageBaseline {
                group: "/b".into(),
                median_dwell_ms: Some(8_000),
                scroll_reversals_p95: None,
            },
            PageBaseline {
                group: "/long".into(),
                median_dwell_ms: Some(400_000),
                scroll_reversals_p95: None,
            },
        ]),
        ..RuleSet::default()
    };
    let check = |text, expected| check_under(&rules, &[QuickBack], text, expected);
    check(
        "load 0 /a; load 20000 /b; load 22000 /a",
        "quick_back@20000x1",
    );
    check("load 0 /a; load 20000 /b; load 22001 /a", "");
    check(
        "load 0 /b; load 20000 /c; load 27000 /b",
        "quick_back@20000x1",
    );
    check(
        "load 0 /a; load 20000 /long; load 27000 /a",
        "quick_back@20000x1",
    );
    check("load 0 /a; load 20000 /long; load 27001 /a", "");
}

#[test]
fn who_goes_further_back_has_not_judged_the_pages_on_the_way() {
    check(
        "load 0 /a; load 20000 /b; load 50000 /c; load 90000 /b back; load 92000 /a back",
        "",
    );
}

#[test]
fn one_result_after_another_is_a_quick_back_each() {
    check(
        "load 0 /s; load 20000 /x; load 25000 /s back; load 45000 /y; load 49000 /s back",
        "quick_back@20000x1 quick_back@45000x1",
    );
}

#[test]
fn a_quick_back_stands_on_the_page_that_was_left() {
    let firing = &found(&[QuickBack], "load 0 /a; load 20000 /b; load 23500 /a")[0];
    assert_eq!((firing.sender, firing.page_view), (1, Some(1)));
    assert_eq!((firing.duration_ms, firing.intensity_milli), (3_500, 750));
    assert_eq!(&*firing.reason, "back after 3.5 s");
}

#[test]
fn loading_a_page_again_is_no_visit() {
    check(
        "load 0 /a; load 3000 /a reload; load 6000 /a reload; load 9000 /a reload",
        "",
    );
    check(
        "load 0 /a; load 20000 /b; load 22000 /b reload; load 24000 /a",
        "quick_back@20000x1",
    );
    check(
        "load 0 /a; later 10; navigate 5000 reload; view 5100 /a; later 5200; view 9000 /a",
        "",
    );
}

#[test]
fn one_page_three_times_within_fifteen_seconds_is_a_loop() {
    check(
        "load 0 /a; load 3000 /b; load 11000 /a; load 12000 /c; load 15000 /a",
        "page_loop@0x3 quick_back@12000x1",
    );
    check(
        "load 0 /a; load 3000 /b; load 11000 /a; load 12000 /c; load 15001 /a",
        "quick_back@12000x1",
    );
    check("load 0 /a; load 3000 /b; load 6000 /c; load 9000 /d", "");
}

#[test]
fn two_pages_that_take_turns_twice_within_a_minute_are_a_loop() {
    check(
        "load 0 /a; load 20000 /b; load 40000 /a; load 60000 /b",
        "page_loop@0x4",
    );
    check("load 0 /a; load 20000 /b; load 40000 /a; load 60001 /b", "");
    check("load 0 /a; load 20000 /b; load 40000 /a; load 55000 /c", "");
}

#[test]
fn a_loop_that_goes_on_raises_the_same_firing() {
    let text =
        "load 0 /a; load 10000 /b; load 20000 /a; load 30000 /b; load 40000 /a; load 50000 /b";
    check(text, "page_loop@0x6");
    let firing = &found(&[PageLoop], text)[0];
    assert_eq!(firing.intensity_milli, 800);
    assert_eq!(
        &*firing.reason,
        "to and fro between two pages: 6 visits in 50.0 s"
    );
    check(
        "load 0 /a; load 2000 /b; load 10000 /a; load 12000 /c; load 14500 /a; load 14800 /d; load 14900 /a",
        "page_loop@0x4 quick_back@12000x1 quick_back@14800x1",
    );
}

#[test]
fn two_loops_apart_are_two_firings() {
    check(
        "load 0 /a; load 10000 /b; load 20000 /a; load 30000 /b; load 100000 /c; load 110000 /d; load 120000 /c; load 130000 /d",
        "page_loop@0x4 page_loop@100000x4",
    );
}

#[test]
fn the_last_page_view_of_a_session_is_judged_when_it_ends() {
    check("load 0 /a; view 2000 /b; load 4000 /a", "quick_back@2000x1");
}

#[test]
fn visits_that_no_loop_can_reach_are_forgotten() {
    let mut detector = PagesDetector::default();
    let mut firings = Firings::default();
    let (rules, page) = (RuleSet::default(), crate::interaction::Page::default());
    let mut most = 0;
    for told in read(
        &(0..100)
            .map(|i| format!("load {} /{};", 30_000 * i, i % 7))
            .collect::<String>(),
    ) {
        let interaction = Interaction {
            at: ClientTime(told.at),
            kind: told.kind,
        };
        let moment = Moment {
            now: interaction.at,
            sender: told.sender,
            page_view: Some(3),
            page: &page,
            targets: &[],
            rules: &rules,
            around: crate::signals::Around::default(),
        };
        detector.observe(&interaction, moment, &mut firings);
        let bytes = postcard::to_allocvec(&detector).expect("it serializes");
        most = most.max(bytes.len());
    }
    assert!(most <= 100, "{most} bytes");
}

proptest::proptest! {
    #[test]
    fn where_batches_are_cut_changes_nothing(
        script in proptest::collection::vec((0..20_000_i64, 0..3_usize, 0..4_usize), 1..24),
        cuts in proptest::collection::vec(proptest::bool::ANY, 64)
    ) {
        let mut at = 0;
        let text: String = script
            .iter()
            .map(|(pause, page, how)| {
                at += pause;
                let how = ["", "back", "reload", "forward"][*how];
                format!("view {at} /{page} {how};")
            })
            .collect();
        let (rules, told) = (RuleSet::default(), read(&text));
        let whole = fold(&rules, &told, |_| false);
        let cut = fold(&rules, &told, |place| cuts[place % cuts.len()]);
        proptest::prop_assert_eq!(
            words(whole.firings.listed().to_vec()),
            words(cut.firings.listed().to_vec())
        );
    }
}
