use crate::interaction::{Kind, Problem, ProblemKind};
use crate::rules::RuleSet;
use crate::signals::SignalKind::{self, BrokenLink, ErrorLoop, FormErrorLoop};
use crate::signals::script::{check_only, fold, found, read, received};
use crate::time::LogTime;

const KINDS: &[SignalKind] = &[ErrorLoop, FormErrorLoop, BrokenLink];

#[track_caller]
fn check(text: &str, expected: &str) {
    check_only(KINDS, text, expected);
}

#[test]
fn two_problems_of_one_origin_within_a_minute_are_a_loop() {
    check("load 0 /; problem 1000; problem 61000", "error_loop@1000x2");
    check("load 0 /; problem 1000; problem 61001", "");
    check(
        "load 0 /; problem 1000 request status 500; problem 4000 request status 503",
        "error_loop@1000x2",
    );
    check(
        "load 0 /; problem 1000 hung; problem 9000 hung",
        "error_loop@1000x2",
    );
}

#[test]
fn problems_of_two_origins_are_no_loop() {
    check("load 0 /; problem 1000; problem 2000 from cdn.example", "");
    check(
        "load 0 /; problem 1000; problem 2000 from cdn.example; problem 3000",
        "error_loop@1000x2",
    );
}

#[test]
fn what_failed_and_what_that_broke_are_one_problem() {
    check(
        "load 0 /; problem 1000 request status 500; problem 1100",
        "",
    );
    check(
        "load 0 /; problem 1000 request status 500; problem 1101",
        "error_loop@1000x2",
    );
}

#[test]
fn pictures_and_long_tasks_make_no_loop() {
    check(
        "load 0 /; problem 1000 resource; problem 2000 resource; problem 3000 long; problem 4000 long",
        "",
    );
}

#[test]
fn a_loop_goes_on_over_page_loads_and_raises_the_same_firing() {
    let text = "load 0 /a; problem 1000; load 5000 /a; problem 6000; load 60000 /b; problem 61000";
    check(text, "error_loop@1000x3");
    let firing = &found(KINDS, text)[0];
    assert_eq!(firing.intensity_milli, 800);
    assert_eq!(&*firing.reason, "3 problems of self in 60.0 s");
    assert_eq!(firing.evidence_at, [0, 5_000, 60_000]);
}

#[test]
fn a_form_refused_twice_is_a_loop_however_long_that_takes() {
    check(
        "load 0 /; field 1000 refused named 1; field 400000 refused named 2",
        "form_error_loop@1000x2",
    );
    check("load 0 /; field 1000 refused named 1", "");
    check(
        "load 0 /; field 1000 refused in 7; field 5000 refused in 8",
        "",
    );
}

#[test]
fn validation_errors_told_within_a_second_are_one_refusal() {
    check(
        "load 0 /; field 1000 refused named 1; field 1010 refused named 2; field 2010 refused named 3",
        "",
    );
    check(
        "load 0 /; field 1000 refused named 1; field 2001 refused named 1",
        "form_error_loop@1000x2",
    );
}

#[test]
fn a_submit_between_two_refusals_does_not_part_them() {
    check(
        "load 0 /; field 900 submit; field 1000 refused; field 8000 submit; field 8100 refused",
        "form_error_loop@1000x2",
    );
}

#[test]
fn fields_outside_any_form_are_refused_each_for_itself() {
    check(
        "load 0 /; field 1000 refused in 0 named 1; field 5000 refused in 0 named 2",
        "",
    );
    check(
        "load 0 /; field 1000 refused in 0 named 1; field 5000 refused in 0 named 1",
        "form_error_loop@1000x2",
    );
}

#[test]
fn a_page_that_says_that_a_link_to_it_is_broken_fires_where_the_press_was() {
    let text = "load 0 /a; press 1000 leads 40 on link; load 1200 /b; problem 1250 request status 404 broken";
    check(text, "broken_link@1000x1");
    let firing = &found(KINDS, text)[0];
    assert_eq!(
        &*firing.target.as_ref().expect("it has one").selector,
        "link"
    );
    assert_eq!((firing.sender, firing.page_view), (0, Some(0)));
    assert_eq!(&*firing.reason, "a link led to a page that answered 404");
}

#[test]
fn a_broken_page_without_a_press_fires_by_itself() {
    check(
        "load 0 /b; problem 50 request status 404 broken",
        "broken_link@50x1",
    );
    check(
        "load 0 /a; press 1000 answers 30 on button; load 2000 /b; problem 2050 request status 404 broken",
        "broken_link@2050x1",
    );
    check(
        "load 0 /a; press 1000 leads 30 on link; load 11000 /b; problem 11001 request status 404 broken",
        "broken_link@11001x1",
    );
}

#[test]
fn loading_a_broken_page_again_is_the_same_broken_link() {
    check(
        "load 0 /b; problem 50 request status 404 broken; load 4000 /b reload; problem 4050 request status 404 broken",
        "broken_link@50x2 error_loop@50x2",
    );
    check(
        "load 0 /b; problem 50 request status 404 broken; load 4000 /a back; press 5000 leads 20 on link; load 5100 /b; problem 5150 request status 404 broken",
        "broken_link@50x1 error_loop@50x2 broken_link@5000x1",
    );
}

#[test]
fn a_route_whose_request_is_refused_is_a_broken_link() {
    check(
        "load 0 /a; press 1000 leads 40 on link; view 1050 /b; problem 1300 request status 404 began 200",
        "broken_link@1000x1",
    );
    check(
        "load 0 /a; press 1000 answers 20 on link; view 1050 /b; problem 1300 request status 500 began 200",
        "broken_link@1000x1",
    );
}

#[test]
fn a_refused_request_that_no_press_led_to_is_no_broken_link() {
    check(
        "load 0 /a; press 1000 answers 20 on button; problem 1300 request status 404 began 200",
        "",
    );
    check(
        "load 0 /a; press 1000 leads 40 on link; view 1050 /b; problem 1300 request status 404 began 100 from ads.example",
        "",
    );
    check(
        "load 0 /a; press 1000 leads 40 on link; view 1050 /b; problem 1300 request status 302 began 100",
        "",
    );
    check(
        "load 0 /a; problem 900 request status 404; press 1000 leads 40 on link; view 1050 /b",
        "",
    );
}

#[test]
fn a_route_s_request_begins_within_a_second() {
    check(
        "load 0 /a; press 1000 leads 0 on link; view 1000 /b; problem 2200 request status 404 began 200",
        "broken_link@1000x1",
    );
    check(
        "load 0 /a; press 1000 leads 0 on link; view 1000 /b; problem 2201 request status 404 began 200",
        "",
    );
}

#[test]
fn a_press_leads_to_one_broken_page_at_most() {
    check(
        "load 0 /a; press 1000 leads 40 on link; view 1050 /b; problem 1300 request status 404 began 200; problem 1350 request status 404 began 200",
        "broken_link@1000x1",
    );
}

#[test]
fn a_broken_link_that_comes_after_later_batches_counts() {
    let rules = RuleSet::default();
    let mut session = fold(&rules, &read("load 0 /a"), |_| false);
    let page = crate::interaction::Page {
        number: 0,
        path: "/a".into(),
        group: Box::default(),
    };
    let mut told = read("problem 900 request status 404 broken");
    for sequence in [2, 3, 4] {
        let later = received(0, sequence, page.clone(), &read("later 9000"));
        let _ = session.take(later, LogTime(9_000), &rules);
    }
    let filler = received(0, 1, page, &told);
    assert_eq!(
        session.take(filler, LogTime(9_000), &rules),
        crate::session::Taken::Reordered
    );
    let kinds: Vec<_> = session.firings.listed().iter().map(|f| f.kind).collect();
    assert_eq!(kinds, [BrokenLink]);
    let Some(Kind::Problem(Problem { kind, .. })) = told.pop().map(|t| t.kind) else {
        panic!("it is a problem");
    };
    assert_eq!(kind, ProblemKind::RequestFailed);
}
