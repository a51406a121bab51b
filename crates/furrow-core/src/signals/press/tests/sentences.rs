//! Presses in sentences.

use super::*;
use crate::ids::TargetHash;
use crate::interaction::{
    Page, PointerType, PressKind, Reportable, ResponseKind, ResponseUpdate, Target, TargetIndex,
    TargetKind,
};
use crate::rules::RuleSet;
use crate::signals::Around;

/// What happens in a test, told when a client would tell it.
enum Told {
    Press(Box<Press>),
    Response(ResponseUpdate),
    Problem(i64),
    Flip,
}

/// Name, kind, and whether it looks interactive. One named "sham" only looks.
const TARGETS: [(&str, TargetKind, bool); 8] = [
    ("button", TargetKind::Button, true),
    ("other", TargetKind::Button, true),
    ("text", TargetKind::Text, false),
    ("field", TargetKind::TextField, true),
    ("file", TargetKind::File, true),
    ("sham", TargetKind::Other, true),
    ("canvas", TargetKind::Canvas, true),
    ("download", TargetKind::LinkAway, true),
];

fn targets() -> Vec<Target> {
    (0..)
        .zip(TARGETS)
        .map(|(hash, (name, kind, looks_interactive))| Target {
            hash: TargetHash(hash),
            selector: name.into(),
            label: Box::default(),
            kind,
            interactive: looks_interactive && name != "sham",
            looks_interactive,
            ignore_rage: false,
            ignore_dead: false,
        })
        .collect()
}

/// Reads sentences such as `press 0 dead; press 250 answers 40 on other;
/// problem 900; flip 950`, where the window loses the focus. Words after the behaviour: `on TARGET`, `nowhere`, `at X`,
/// `selecting`, `scrolled`, `keyboard`, `modified`, `secondary`.
fn script(text: &str) -> Vec<(i64, Told)> {
    let mut told = Vec::new();
    for (number, sentence) in (0..).zip(text.split(';').map(str::trim).filter(|s| !s.is_empty())) {
        let mut words = sentence.split_whitespace();
        let verb = words.next().expect("a sentence begins with a verb");
        let at: i64 = words
            .next()
            .and_then(|w| w.parse().ok())
            .expect("then comes the time");
        if verb == "problem" {
            told.push((at, Told::Problem(at)));
            continue;
        }
        if verb == "flip" {
            told.push((at, Told::Flip));
            continue;
        }
        let mut press = Press {
            number,
            kind: PressKind::Click,
            pointer: PointerType::Mouse,
            down: ClientTime(at),
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
            response: Response::default(),
        };
        let mut answer = None;
        let mut blind = false;
        while let Some(word) = words.next() {
            let mut number = || {
                words
                    .next()
                    .and_then(|w| w.parse::<i64>().ok())
                    .expect("a number follows")
            };
            match word {
                "dead" => {}
                "answers" => answer = Some(number()),
                "unseen" => blind = true,
                "nowhere" => press.target = None,
                "at" => press.position.0 = i32::try_from(number()).expect("a coordinate"),
                "selecting" => press.selected_text = true,
                "scrolled" => press.scrolled = true,
                "keyboard" => press.keyboard = true,
                "modified" => press.modified = true,
                "secondary" => press.button = Button::Secondary,
                "on" => {
                    let name = words.next().expect("a target follows");
                    let place = TARGETS
                        .iter()
                        .position(|t| t.0 == name)
                        .expect("a known target");
                    press.target = Some(TargetIndex(u16::try_from(place).expect("few targets")));
                }
                other => panic!("unknown word {other:?}"),
            }
        }
        let response = |watched: i64| Response {
            watched_ms: u32::try_from(watched).expect("positive"),
            reportable: Reportable(if blind { 0 } else { u64::MAX }),
            facts: answer
                .filter(|ms| *ms <= watched && !blind)
                .map(|ms| (ResponseKind::Input, u32::try_from(ms).expect("positive")))
                .into_iter()
                .collect(),
            quiet_before_ms: 10_000,
        };
        let first = answer.filter(|ms| *ms <= 1_000).unwrap_or(1_000);
        press.response = response(first);
        let number = press.number;
        let later = answer
            .filter(|ms| *ms > 1_000 && *ms < 3_000)
            .unwrap_or(3_000);
        told.push((at + first, Told::Press(Box::new(press))));
        if first == 1_000 {
            let update = ResponseUpdate {
                press: number,
                response: response(later),
            };
            told.push((at + later, Told::Response(update)));
        }
    }
    told.sort_by_key(|(at, _)| *at);
    told
}

pub(super) fn firings(text: &str) -> Firings {
    firings_under(&RuleSet::default(), text)
}

fn firings_under(rules: &RuleSet, text: &str) -> Firings {
    let (targets, page) = (targets(), Page::default());
    let mut detector = PressDetector::default();
    let mut retries = RetryDetector::default();
    let mut firings = Firings::default();
    for (at, told) in script(text) {
        let now = ClientTime(at);
        let moment = Moment {
            now,
            sender: 0,
            page_view: Some(0),
            page: &page,
            targets: &targets,
            rules,
            around: Around::default(),
        };
        detector.passed(moment, &mut retries, &mut firings);
        match told {
            Told::Press(press) => detector.pressed(&press, moment, &mut firings),
            Told::Flip => detector.flipped(now, moment),
            Told::Response(u) => detector.responded(u.press, &u.response, moment, &mut firings),
            Told::Problem(began) => detector.failed(
                &Problem {
                    kind: ProblemKind::ScriptError,
                    message_hash: 1,
                    origin: "self".into(),
                    status: 0,
                    began: ClientTime(began),
                    broken_link: false,
                },
                moment,
                &mut firings,
            ),
        }
        detector.passed(moment, &mut retries, &mut firings);
    }
    let now = ClientTime(1_000_000);
    let moment = Moment {
        now,
        sender: 0,
        page_view: Some(0),
        page: &page,
        targets: &targets,
        rules,
        around: Around::default(),
    };
    detector.ended(moment, &mut retries, &mut firings);
    firings
}

/// What fires, in order of time: `rage_press@0x3` rests on three presses.
#[track_caller]
pub(super) fn check(text: &str, expected: &str) {
    check_under(&RuleSet::default(), text, expected);
}

#[track_caller]
pub(super) fn check_under(rules: &RuleSet, text: &str, expected: &str) {
    let mut found: Vec<_> = firings_under(rules, text)
        .listed()
        .iter()
        .map(|f| {
            (
                f.at,
                format!("{}@{}x{}", f.kind.name(), f.at.0, f.evidence_count),
            )
        })
        .collect();
    found.sort();
    let found: Vec<_> = found.into_iter().map(|(_, words)| words).collect();
    assert_eq!(found.join(" "), expected, "{text}");
}

pub(super) fn presses(count: i64, every_ms: i64, words: &str) -> String {
    (0..count)
        .map(|i| format!("press {} {words};", i * every_ms))
        .collect()
}
