use super::super::stage::{Stage, cut, words};
use super::*;
use crate::rules::PageBaseline;
use proptest::prelude::*;

fn firings(stage: &Stage) -> Firings {
    let mut detector = ScrollDetector::default();
    stage.play(|interaction, moment, firings| detector.observe(interaction, moment, firings))
}

#[track_caller]
fn check(text: &str, expected: &str) {
    assert_eq!(words(&firings(&Stage::new(text))), expected, "{text}");
}

/// A page that goes so far down and up again so many times, each in so many
/// ms. A view is 900 px high.
fn to_and_fro(count: i64, px: i64, ms: i64) -> String {
    let leg = |i: i64| format!(" to {} in {ms}", 1_000 + i % 2 * px);
    let legs: String = (1..=count).map(leg).collect();
    format!("scroll 0 1000{legs};")
}

/// Steps of 300 px, begun at these times.
fn steps(at: &[i64]) -> String {
    let step = |(i, at): (usize, &i64)| {
        let y = 300 * i;
        format!("scroll {at} {} to {} in 96;", y + 50, y + 300)
    };
    at.iter().enumerate().map(step).collect()
}

#[test]
fn four_reversals_within_five_seconds_are_thrash() {
    check(&to_and_fro(5, 400, 1_000), "scroll_thrash@1000x4");
    check(&to_and_fro(4, 400, 1_000), "");
}

#[test]
fn more_reversals_raise_the_same_firing() {
    check(&to_and_fro(9, 400, 1_000), "scroll_thrash@1000x8");
    let intensity =
        |count| firings(&Stage::new(&to_and_fro(count, 400, 1_000))).listed()[0].intensity_milli;
    assert_eq!(
        (intensity(5), intensity(7), intensity(12)),
        (500, 700, 1_000)
    );
}

#[test]
fn a_reversal_covers_a_third_of_the_view() {
    check(&to_and_fro(5, 300, 1_000), "scroll_thrash@1000x4");
    check(&to_and_fro(5, 299, 1_000), "");
}

#[test]
fn the_reversals_lie_within_five_seconds() {
    // Three times from turn to turn.
    check(&to_and_fro(5, 400, 1_666), "scroll_thrash@1666x4");
    check(&to_and_fro(5, 400, 1_667), "");
}

#[test]
fn small_corrections_on_the_way_are_no_reversals() {
    check(
        "scroll 0 0 to 500 in 500 to 400 in 100 to 900 in 500 to 800 in 100 to 1400 in 500 to 1300 in 100 to 1900 in 500",
        "",
    );
}

#[test]
fn what_a_script_scrolls_counts_for_nothing() {
    check(&to_and_fro(9, 400, 500).replace("scroll", "script"), "");
    check(
        "scroll 0 0 to 400 in 300; script 400 400 to 0 in 300; scroll 800 0 to 400 in 300; \
         script 1200 400 to 0 in 300; scroll 1600 0 to 400 in 300; script 2000 400 to 0 in 300; \
         scroll 2400 0 to 400 in 300",
        "",
    );
}

#[test]
fn it_is_more_than_is_usual_on_the_page() {
    let found = |p95| {
        let mut stage = Stage::new(&to_and_fro(5, 400, 1_000));
        stage.rules.pages.0 = vec![PageBaseline {
            group: "shop".into(),
            median_dwell_ms: None,
            scroll_reversals_p95: Some(p95),
        }];
        words(&firings(&stage))
    };
    assert_eq!(found(3), "scroll_thrash@1000x4");
    assert_eq!(found(4), "");
}

#[test]
fn five_even_steps_down_are_steady() {
    check(
        &steps(&[0, 1_000, 2_000, 3_000, 4_000]),
        "steady_scroll@0x5",
    );
    check(&steps(&[0, 1_000, 2_000, 3_000]), "");
}

#[test]
fn more_steps_raise_the_same_firing() {
    let even: Vec<i64> = (0..9).map(|i| i * 1_000).collect();
    check(&steps(&even), "steady_scroll@0x9");
    let intensity =
        |count| firings(&Stage::new(&steps(&even[..count]))).listed()[0].intensity_milli;
    assert_eq!((intensity(5), intensity(9)), (400, 800));
}

#[test]
fn the_gaps_vary_by_half_of_their_mean_at_most() {
    // Gaps of 1, 1, 2 and 2.7 s: deviation 0.83 s, mean 1.67 s.
    check(
        &steps(&[0, 1_000, 2_000, 4_000, 6_700]),
        "steady_scroll@0x5",
    );
    check(&steps(&[0, 1_000, 2_000, 4_000, 6_750]), "");
    check(&steps(&[0, 400, 800, 1_200, 5_000]), "");
}

#[test]
fn an_uneven_beginning_is_forgotten() {
    check(
        &steps(&[0, 5_000, 6_000, 7_000, 8_000, 9_000]),
        "steady_scroll@5000x5",
    );
}

#[test]
fn it_is_slower_than_two_views_a_second() {
    // Five steps in 2 s make 4 views of 900 px, or one px less.
    let found = |px: i64| {
        let step = |i: i64| {
            let y = 720 * i;
            format!(
                "scroll {} {} to {} in 96;",
                476 * i,
                y + 20 * i.min(1),
                (y + 720).min(px)
            )
        };
        words(&firings(&Stage::new(&(0..5).map(step).collect::<String>())))
    };
    assert_eq!(found(3_599), "steady_scroll@0x5");
    assert_eq!(found(3_600), "");
}

#[test]
fn a_step_up_or_a_long_pause_ends_it() {
    check(
        &(steps(&[0, 1_000, 2_000])
            + "scroll 2500 880 to 400 in 96; scroll 3000 420 to 700 in 96; scroll 4000 720 to 1000 in 96"),
        "",
    );
    check(&steps(&[0, 11_000, 22_000, 33_000, 44_000]), "");
    check(
        &steps(&[0, 9_000, 18_000, 27_000, 36_000]),
        "steady_scroll@0x5",
    );
}

#[test]
fn a_new_page_begins_anew() {
    check(
        &(steps(&[0, 1_000, 2_000]) + "page 2500;" + &steps(&[3_000, 4_000])),
        "",
    );
}

#[test]
fn nothing_remains_of_a_page_that_stands() {
    let mut detector = ScrollDetector::default();
    let stage = Stage::new(&to_and_fro(30, 400, 200));
    let mut active = 0;
    stage.play(|interaction, moment, firings| {
        detector.observe(interaction, moment, firings);
        active = active.max(postcard::to_allocvec(&detector).unwrap().len());
    });
    assert_eq!(postcard::to_allocvec(&detector).unwrap().len(), 6);
    assert!(active <= 200, "{active}");
}

proptest! {
    #[test]
    fn the_cut_into_paths_changes_nothing(
        legs in prop::collection::vec((0..1_500_i64, 50..1_500_i64, 0..9_i64), 1..40),
        samples_max in 1..40_usize,
    ) {
        let legs: String = legs
            .iter()
            .map(|(y, ms, rest)| format!(" rest {} to {y} in {ms}", rest * 300))
            .collect();
        let mut stage = Stage::new(&format!("scroll 0 200{legs}"));
        let whole = firings(&stage);
        let parts = cut(stage.interactions(), samples_max);
        *stage.interactions() = parts;
        prop_assert_eq!(whole, firings(&stage));
    }
}
