use super::*;
use furrow_core::ids::SessionId;
use furrow_core::interaction::{
    Interaction, Page, PointerType, Reportable, ResponseUpdate, Target, TargetIndex, TargetKind,
};
use furrow_core::time::ClientTime;
use proptest::prelude::*;

const TARGETS: [(&str, bool); 3] = [("button", true), ("other", true), ("text", false)];

fn targets() -> Vec<Target> {
    (0..)
        .zip(TARGETS)
        .map(|(hash, (name, clickable))| Target {
            hash: TargetHash(hash),
            selector: name.into(),
            label: Box::default(),
            kind: TargetKind::Other,
            interactive: clickable,
            looks_interactive: clickable,
            ignore_rage: false,
            ignore_dead: false,
        })
        .collect()
}

/// Reads sentences such as `0; 250 answers 40 on other; 500 at 30,0`: a time,
/// then words of what is unlike a dead press on the button by hand: `on
/// TARGET`, `nowhere`, `at X,Y`, `answers MS`, `ticks MS` (a change that the
/// press did not cause), `selecting`, `scrolling`, `keyboard`, `secondary`.
fn batch(text: &str) -> Batch {
    let sentences = text.split(';').map(str::trim).filter(|s| !s.is_empty());
    let interactions = (0..).zip(sentences).map(|(number, sentence)| {
        let press = press(number, sentence);
        Interaction {
            at: press.down,
            kind: Kind::Press(press),
        }
    });
    Batch {
        session: SessionId([1; 16]),
        visitor: None,
        sender: SenderId([1; 8]),
        sequence: 0,
        origin: ClientTime(0),
        sent: ClientTime(60_000),
        page: Page::default(),
        device: None,
        targets: targets(),
        interactions: interactions.collect(),
        unknown: 0,
        samples: 0,
    }
}

fn press(number: u32, sentence: &str) -> Press {
    let mut words = sentence.split_whitespace();
    let down = words
        .next()
        .and_then(|w| w.parse().ok())
        .expect("a time comes first");
    let mut press = Press {
        number,
        kind: PressKind::Click,
        pointer: PointerType::Mouse,
        down: ClientTime(down),
        position: (100, 100),
        page_position: (100, 100),
        target: Some(TargetIndex(0)),
        button: Button::Primary,
        hold_ms: 60,
        hover_before_ms: 0,
        selected_text: false,
        scrolled: false,
        keyboard: false,
        modified: false,
        response: Response {
            watched_ms: 3_000,
            reportable: Reportable(u64::MAX),
            facts: Vec::new(),
            quiet_before_ms: 5_000,
        },
    };
    while let Some(word) = words.next() {
        let mut next = || words.next().expect("a word follows");
        match word {
            "on" => {
                let name = next();
                let index = TARGETS
                    .iter()
                    .position(|t| t.0 == name)
                    .expect("a known target");
                press.target = Some(TargetIndex(u16::try_from(index).unwrap()));
            }
            "nowhere" => press.target = None,
            "at" => {
                let (x, y) = next().split_once(',').expect("a place has two parts");
                press.position = (x.parse().unwrap(), y.parse().unwrap());
            }
            "answers" => {
                let fact = (ResponseKind::MutationStill, next().parse().unwrap());
                press.response.facts.push(fact);
            }
            "ticks" => {
                let fact = (ResponseKind::MutationMoving, next().parse().unwrap());
                press.response.facts.push(fact);
            }
            "selecting" => press.selected_text = true,
            "scrolling" => press.scrolled = true,
            "keyboard" => press.keyboard = true,
            "secondary" => press.button = Button::Secondary,
            _ => panic!("{word} is no word of these tests"),
        }
    }
    press
}

fn count(name: &str, text: &str) -> u32 {
    let counts = firings(&[batch(text)]);
    let found = counts.iter().find(|(rule, _)| *rule == name);
    found.expect("a known rule").1
}

#[track_caller]
fn fires(name: &str, text: &str) {
    assert_eq!(count(name, text), 1, "{name} on {text}");
}

#[track_caller]
fn silent(name: &str, text: &str) {
    assert_eq!(count(name, text), 0, "{name} on {text}");
}

#[test]
fn posthog_asks_for_three_within_30_px_and_a_second_of_each_other() {
    fires("PostHog", "0; 999; 1998");
    fires(
        "PostHog",
        "0 on text; 300 on button; 600 on other answers 40",
    );
    fires("PostHog", "0 at 0,0; 200 at 15,14; 400 at 30,28");
    silent("PostHog", "0; 999");
    silent("PostHog", "0; 1000; 1999");
    silent("PostHog", "0 at 0,0; 200 at 15,15; 400 at 30,30");
}

#[test]
fn mixpanel_asks_for_four_within_30_px_in_a_straight_line() {
    fires("Mixpanel", "0; 900; 1800; 2700");
    fires(
        "Mixpanel",
        "0 at 0,0; 200 at 20,20; 400 at 0,0; 600 at 20,20",
    );
    silent("Mixpanel", "0; 200; 400");
    silent("Mixpanel", "0 at 0,0; 200 at 30,0; 400 at 0,0; 600 at 30,0");
}

#[test]
fn amplitude_asks_for_four_in_a_second_in_a_square_without_selected_text() {
    fires("Amplitude", "0; 300; 600; 1000");
    fires(
        "Amplitude",
        "0 at 0,0; 300 at 50,50; 600 at 0,50; 900 at 50,0",
    );
    silent("Amplitude", "0; 300; 600; 1001");
    silent(
        "Amplitude",
        "0 at 0,0; 300 at 17,0; 600 at 34,0; 900 at 51,0",
    );
    silent("Amplitude", "0; 200; 400 selecting; 600");
    silent("Amplitude", "0; 200; 400 on other; 600");
}

#[test]
fn datadog_asks_for_any_three_in_a_second_without_selection_or_scrolling() {
    fires("Datadog", "0; 500; 1000");
    fires("Datadog", "0; 900; 1300; 1700 at 200,100");
    silent("Datadog", "0; 500; 1001");
    silent("Datadog", "0; 200 selecting; 400");
    silent("Datadog", "0; 200; 400 scrolling");
    silent("Datadog", "0; 200 at 201,100; 400");
    silent("Datadog", "0; 200 on other; 400");
}

#[test]
fn new_relic_and_splunk_ask_for_four_in_a_second_on_one_element() {
    fires("New Relic, Splunk", "0; 300; 600; 1000 at 900,900");
    silent("New Relic, Splunk", "0; 300; 600");
    silent("New Relic, Splunk", "0; 300; 600; 900 on other");
}

#[test]
fn openreplay_and_uxcam_ask_for_three_with_short_gaps() {
    fires("OpenReplay, UXCam", "0; 300; 600");
    silent("OpenReplay, UXCam", "0; 301; 601");
    silent("OpenReplay, UXCam", "0; 200; 400 on other");
}

#[test]
fn sentry_asks_for_five_on_what_changes_nothing_anywhere() {
    fires("Sentry", "0; 1500; 3000; 4500; 6000");
    silent("Sentry", "0; 100; 200; 300");
    silent("Sentry", "0; 1500; 3000; 4500; 7001");
    silent("Sentry", "0; 100; 200; 300; 400 answers 90");
    silent("Sentry", "0; 100 ticks 80; 200; 300; 400");
    silent(
        "Sentry",
        "0 on text; 100 on text; 200 on text; 300 on text; 400 on text",
    );
}

#[test]
fn highlight_asks_for_five_more_within_8_px_and_5_s() {
    fires("Highlight", "0; 1000; 2000; 3000; 4000; 5000 at 108,100");
    fires("Highlight", "0 on text; 1 on other; 2; 3; 4; 5 nowhere");
    silent("Highlight", "0; 1000; 2000; 3000; 4000");
    silent("Highlight", "0; 1000; 2000; 3000; 4000; 5001");
    silent("Highlight", "0; 100; 200; 300; 400; 500 at 109,100");
}

#[test]
fn contentsquare_asks_for_three_in_less_than_2_s() {
    fires("Contentsquare", "0; 1000; 1999");
    silent("Contentsquare", "0; 1000; 2000");
    silent("Contentsquare", "0; 500 on other; 900");
}

#[test]
fn conviva_asks_for_three_in_2_s_on_something_clickable_that_does_not_respond() {
    fires("Conviva", "0; 1000; 2000");
    fires("Conviva", "0 ticks 80; 1000 ticks 80; 2000 ticks 80");
    silent("Conviva", "0; 1000; 2001");
    silent("Conviva", "0; 500; 1000 answers 80");
    silent("Conviva", "0 on text; 500 on text; 1000 on text");
}

#[test]
fn a_run_counts_once_and_a_second_run_again() {
    assert_eq!(count("PostHog", "0; 100; 200; 300; 400; 500; 600; 700"), 1);
    assert_eq!(count("PostHog", "0; 100; 200; 5000; 5100; 5200"), 2);
}

#[test]
fn keys_other_buttons_and_what_asks_not_to_be_judged_do_not_count() {
    for (name, _) in firings(&[]) {
        silent(
            name,
            "0 keyboard; 99 keyboard; 198 keyboard; 297 keyboard; 396 keyboard",
        );
        silent(
            name,
            "0 secondary; 99 secondary; 198 secondary; 297 secondary; 396 secondary",
        );
    }
    let mut asks = batch("0; 100; 200; 300; 400; 500; 600");
    asks.targets[0].ignore_rage = true;
    assert!(firings(&[asks]).iter().all(|(_, count)| *count == 0));
}

#[test]
fn a_batch_that_came_twice_counts_once_and_a_later_response_completes_its_press() {
    let mut dead = batch("0; 100; 200; 300; 400");
    let twice = [dead.clone(), dead.clone()];
    assert_eq!(firings(&twice), firings(&[dead.clone()]));
    let answered = Response {
        watched_ms: 4_000,
        reportable: Reportable(u64::MAX),
        facts: vec![(ResponseKind::Navigation, 900)],
        quiet_before_ms: 5_000,
    };
    let updates = (0..5).map(|press| Interaction {
        at: ClientTime(9_000),
        kind: Kind::Response(ResponseUpdate {
            press,
            response: answered.clone(),
        }),
    });
    dead.interactions.extend(updates);
    let counts: BTreeMap<_, _> = firings(&[dead]).into_iter().collect();
    assert_eq!(
        (counts["Sentry"], counts["Conviva"], counts["PostHog"]),
        (0, 0, 1)
    );
}

#[test]
fn every_rule_stands_in_the_documentation_with_its_presses() {
    let documented = include_str!("../../../docs/evaluation.md");
    for rule in RULES {
        let row = format!("\n| {} | {} | ", rule.name, rule.presses_min);
        assert!(documented.contains(&row), "{row}");
    }
}

proptest! {
    #[test]
    fn page_loads_are_judged_each_for_itself(gaps in prop::collection::vec(1..1_500_i64, 1..20)) {
        let mut down = 0;
        let times = gaps.iter().map(|gap| { down += gap; down.to_string() });
        let one = batch(&times.collect::<Vec<_>>().join(";"));
        let other = Batch { sender: SenderId([2; 8]), ..one.clone() };
        let twice = firings(&[one.clone(), other]);
        for ((name, single), (_, both)) in firings(&[one]).into_iter().zip(twice) {
            prop_assert_eq!(2 * single, both, "{}", name);
        }
    }

    #[test]
    fn whatever_is_rage_to_mixpanel_is_rage_to_posthog_on_one_line(
        presses in prop::collection::vec((1..1_500_i64, -40..40_i32), 1..20),
    ) {
        let (mut down, mut x) = (0, 0);
        let sentences = presses.iter().map(|(gap, step)| {
            (down, x) = (down + gap, x + step);
            format!("{down} at {x},0")
        });
        let text = sentences.collect::<Vec<_>>().join(";");
        prop_assert!(count("Mixpanel", &text) == 0 || count("PostHog", &text) > 0);
    }
}
