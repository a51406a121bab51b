use crate::interaction::Page;
use crate::rules::RuleSet;
use crate::session::Taken;
use crate::signals::SignalKind::{self, FieldStruggle, FormAbandonment};
use crate::signals::script::{check_only, fold, found, read, received};
use crate::time::LogTime;

const STRUGGLE: &[SignalKind] = &[FieldStruggle];
const ABANDONED: &[SignalKind] = &[FormAbandonment];

#[track_caller]
fn struggle(text: &str, expected: &str) {
    check_only(STRUGGLE, text, expected);
}

#[track_caller]
fn abandoned(text: &str, expected: &str) {
    check_only(ABANDONED, text, expected);
}

#[test]
fn a_field_gone_into_three_times_is_a_struggle() {
    struggle(
        "field 0 focus; field 4000 focus named 2; field 9000 focus; field 15000 focus named 2; field 20000 focus",
        "field_struggle@0x3",
    );
    struggle(
        "field 0 focus; field 4000 focus named 2; field 9000 focus",
        "",
    );
    struggle(
        "field 0 focus named 1; field 1000 focus named 2; field 2000 focus named 3",
        "",
    );
}

#[test]
fn three_corrections_or_clears_are_a_struggle() {
    struggle(
        "field 0 focus; field 5000 change corrections 3",
        "field_struggle@0x4",
    );
    struggle("field 0 focus; field 5000 change corrections 2", "");
    struggle(
        "field 0 focus; field 2000 clear; field 4000 clear; field 5000 clear",
        "field_struggle@0x4",
    );
    struggle(
        "field 0 focus; field 2000 clear; field 5000 change corrections 2",
        "field_struggle@0x4",
    );
}

#[test]
fn a_visit_s_corrections_are_told_more_than_once_and_count_once() {
    struggle(
        "field 0 focus; field 5000 change corrections 2; field 5001 blur corrections 2",
        "",
    );
    struggle(
        "field 0 focus; field 5000 change corrections 2; field 5001 blur corrections 2; field 9000 focus; field 12000 change corrections 1",
        "field_struggle@0x5",
    );
}

#[test]
fn a_field_refused_twice_is_a_struggle() {
    struggle("field 0 refused; field 1001 refused", "field_struggle@0x2");
    struggle("field 0 refused; field 1000 refused", "");
    struggle("field 0 refused named 1; field 5000 refused named 2", "");
}

#[test]
fn further_trouble_raises_the_same_firing() {
    let text = "field 0 focus; field 3000 change corrections 3; field 4000 refused; field 8000 focus; field 9000 change corrections 3; field 10000 refused; field 12000 focus";
    struggle(text, "field_struggle@0x11");
    let firing = &found(STRUGGLE, text)[0];
    assert_eq!(firing.intensity_milli, 1_000);
    assert_eq!(
        &*firing.reason,
        "a field was gone into 3 times, corrected 6 times, refused 2 times"
    );
    assert_eq!(firing.duration_ms, 12_000);
    let once = &found(STRUGGLE, "field 0 focus; field 3000 change corrections 3")[0];
    assert_eq!(once.intensity_milli, 600);
}

#[test]
fn a_field_that_takes_the_focus_back_with_the_window_is_not_gone_into_again() {
    let away = |at: i64| {
        format!(
            "field {at} blur; window {at} lost; window {} gained; field {} focus;",
            at + 2_000,
            at + 2_000
        )
    };
    struggle(
        &("field 0 focus;".to_owned() + &away(1_000) + &away(9_000)),
        "",
    );
    struggle(
        "field 0 focus; field 3000 blur; field 5000 focus; field 7000 blur; field 9000 focus",
        "field_struggle@0x3",
    );
    struggle(
        "field 0 focus; field 3000 focus named 2; window 4000 lost; window 5000 gained; field 6000 focus; field 7000 focus named 2; field 9000 focus",
        "field_struggle@0x3",
    );
}

#[test]
fn a_press_on_a_field_tells_how_it_reads() {
    let name = |text: &str| {
        let target = found(STRUGGLE, text)[0].target.clone();
        target.expect("it has one").selector
    };
    // The target named "box" has the hash 11.
    let corrected = "press 0 answers 5 on box; field 2 focus named 11; field 5000 change corrections 3 named 11";
    assert_eq!(&*name(corrected), "box");
    let gone_into = "field 0 focus named 11; field 4000 focus named 2; field 9000 focus named 11; field 15000 focus named 2; field 20000 focus named 11; press 20000 answers 60 on box; field 25000 focus named 11";
    struggle(gone_into, "field_struggle@0x4");
    assert_eq!(&*name(gone_into), "box");
    let another = "press 0 answers 5 on select; field 2 focus named 11; field 5000 change corrections 3 named 11";
    assert_eq!(&*name(another), "");
}

#[test]
fn another_page_s_fields_are_other_fields() {
    struggle(
        "load 0 /a; field 100 focus; field 4000 focus; view 5000 /b; field 6000 focus",
        "",
    );
}

#[test]
fn a_search_field_is_no_struggle_and_no_form() {
    struggle(
        "field 0 focus search; field 4000 focus search; field 9000 focus search; field 9900 change search corrections 9",
        "",
    );
    abandoned("load 0 /a; field 100 change search; view 5000 /b", "");
}

#[test]
fn a_form_with_an_input_that_is_left_unsent_is_abandoned() {
    abandoned(
        "load 0 /a; field 100 focus; field 4000 change; view 9000 /b",
        "form_abandonment@4000x1",
    );
    abandoned(
        "load 0 /a; field 100 focus; field 4000 paste; later 9000",
        "form_abandonment@4000x1",
    );
    abandoned(
        "load 0 /a; field 100 focus; field 4000 blur typed; later 9000",
        "form_abandonment@4000x1",
    );
    abandoned(
        "load 0 /a; field 4000 change in 7; field 5000 change in 8; later 9000",
        "form_abandonment@4000x1 form_abandonment@5000x1",
    );
}

#[test]
fn a_form_that_was_only_looked_at_is_not_abandoned() {
    abandoned(
        "load 0 /a; field 100 focus; field 4000 blur; view 9000 /b",
        "",
    );
    abandoned("load 0 /a; field 4000 refused; view 9000 /b", "");
}

#[test]
fn a_form_that_was_sent_is_not_abandoned() {
    abandoned(
        "load 0 /a; field 4000 change; field 5000 submit unkind named 0; view 9000 /b",
        "",
    );
    abandoned(
        "load 0 /a; field 4000 change; field 5000 submit; field 5100 blur typed; later 9000",
        "",
    );
    abandoned(
        "load 0 /a; field 4000 change in 7; field 5000 submit in 8; later 9000",
        "form_abandonment@4000x1",
    );
}

#[test]
fn what_is_entered_after_sending_is_another_attempt() {
    abandoned(
        "load 0 /a; field 4000 change; field 5000 submit; field 9000 change; later 20000",
        "form_abandonment@9000x1",
    );
}

#[test]
fn a_form_that_is_sent_from_another_load_of_its_page_is_not_abandoned() {
    abandoned(
        "load 0 /a; field 4000 change; load 9000 /help; load 20000 /a; field 25000 change; field 26000 submit; later 30000",
        "",
    );
    abandoned(
        "load 0 /a; field 1000 change; field 1500 submit; load 4000 /a; field 5000 change; later 30000",
        "form_abandonment@5000x1",
    );
}

#[test]
fn a_conversion_of_the_page_redeems() {
    abandoned(
        "load 0 /a; field 4000 change; convert 6000; view 9000 /b",
        "",
    );
    abandoned(
        "load 0 /a; field 4000 change; view 9000 /b; convert 9500",
        "form_abandonment@4000x1",
    );
}

#[test]
fn an_order_that_the_next_page_confirms_redeems() {
    abandoned(
        "load 0 /pay; field 4000 change; load 9000 /done; convert 9500; later 30000",
        "",
    );
    abandoned(
        "load 0 /done; convert 500; load 4000 /pay; field 6000 change; later 30000",
        "form_abandonment@6000x1",
    );
}

#[test]
fn filters_and_fields_outside_forms_are_not_abandoned() {
    abandoned(
        "load 0 /a; field 4000 change choice; field 5000 change choice named 2; view 9000 /b",
        "",
    );
    abandoned(
        "load 0 /a; field 4000 change choice; field 5000 change named 2; view 9000 /b",
        "form_abandonment@4000x2",
    );
    abandoned("load 0 /a; field 4000 change in 0; view 9000 /b", "");
}

#[test]
fn an_abandoned_form_counts_where_it_was_left() {
    let text = "load 0 /a; field 100 change; field 4000 change named 2; field 7000 change named 3; view 9000 /b";
    let firing = &found(ABANDONED, text)[0];
    assert_eq!((firing.page_view, firing.duration_ms), (Some(0), 6_900));
    assert_eq!((firing.evidence_count, firing.intensity_milli), (3, 700));
    assert_eq!(&*firing.reason, "a form was left unsent after 3 inputs");
}

#[test]
fn a_conversion_that_comes_after_later_batches_redeems() {
    let rules = RuleSet::default();
    let mut session = crate::session::Session::new(None, 0, LogTime(0), LogTime(0));
    let page = Page {
        number: 0,
        path: "/a".into(),
        group: Box::default(),
    };
    let mut take = |sequence, text| {
        let batch = received(0, sequence, page.clone(), &read(text));
        session.take(batch, LogTime(9_000), &rules)
    };
    let _ = take(0, "view 0 /a; field 4000 change");
    let _ = take(2, "later 9000");
    let _ = take(3, "later 9100");
    assert_eq!(take(1, "convert 5000"), Taken::Reordered);
    session.end(&rules);
    assert_eq!(session.firings.listed(), []);
    let told = read("view 0 /a; field 4000 change; later 9000");
    let abandoned = fold(&rules, &told, |_| false);
    assert_eq!(abandoned.firings.listed().len(), 1);
}
