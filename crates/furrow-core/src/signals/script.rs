//! Reads sentences as interactions and folds them, for the tables of tests.

use super::{Firing, SignalKind};
use crate::ids::{SenderId, SessionId, TargetHash};
use crate::interaction::{
    Batch, Button, Conversion, Field, FieldChange, FieldKind, Interaction, Kind, NavigationKind,
    Obstruction, ObstructionKind, Page, PageView, PointerType, Press, PressKind, Problem,
    ProblemKind, ReferrerClass, Reportable, Response, ResponseKind, ResponseUpdate, Rotation,
    Swipe, Target, TargetIndex, TargetKind, TiltPath, Zoom,
};
use crate::rules::RuleSet;
use crate::session::{ClientFacts, Received, Session, Taken};
use crate::time::{ClientTime, LogTime};

/// Name, kind, and whether it looks interactive. One named "ignored" is not
/// judged.
const TARGETS: [(&str, TargetKind, bool); 12] = [
    ("button", TargetKind::Button, true),
    ("other", TargetKind::Button, true),
    ("link", TargetKind::Link, true),
    ("text", TargetKind::Text, false),
    ("image", TargetKind::Image, false),
    ("canvas", TargetKind::Canvas, false),
    ("video", TargetKind::Video, true),
    ("frame", TargetKind::Frame, false),
    ("slider", TargetKind::Slider, true),
    ("select", TargetKind::Select, true),
    ("box", TargetKind::TextField, true),
    ("ignored", TargetKind::Button, true),
];

/// One interaction of one sender, when its client tells it.
#[derive(Debug, Clone)]
pub(super) struct Told {
    pub(super) sender: u8,
    pub(super) at: i64,
    pub(super) kind: Kind,
}

/// What follows the verb and the time.
struct Words<'a>(Vec<&'a str>);

impl<'a> Words<'a> {
    fn has(&self, word: &str) -> bool {
        self.0.contains(&word)
    }

    fn after(&self, word: &str) -> Option<&'a str> {
        let place = self.0.iter().position(|w| *w == word)?;
        Some(self.0[place + 1])
    }

    fn number(&self, word: &str) -> Option<u32> {
        self.after(word)
            .map(|w| w.parse().expect("a number follows"))
    }

    fn nth(&self, place: usize) -> u32 {
        self.0[place].parse().expect("a number stands there")
    }

    fn target(&self) -> Option<TargetIndex> {
        let name = self.after("on")?;
        let place = TARGETS.iter().position(|t| t.0 == name);
        let place = place.expect("a known target");
        Some(TargetIndex(u16::try_from(place).expect("few targets")))
    }

    /// `answers N`, `leads N` to another page, `dead` or `unseen`, watched for
    /// so long.
    fn response(&self, watched_ms: u32) -> Response {
        let blind = self.has("unseen");
        let fact = |word: &str, kind| self.number(word).map(|ms| (kind, ms));
        let facts = [
            fact("answers", ResponseKind::Input),
            fact("leads", ResponseKind::Navigation),
        ];
        Response {
            watched_ms,
            reportable: Reportable(if blind { 0 } else { u64::MAX }),
            facts: facts
                .into_iter()
                .flatten()
                .filter(|(_, ms)| *ms <= watched_ms && !blind)
                .collect(),
            quiet_before_ms: 10_000,
        }
    }
}

/// Reads sentences such as `load 0 /a; press 900 dead on button; view 4000 /b
/// back`. `load` begins a sender, `view` another page of the same one; `of N`
/// tells another sender than the newest; `later` lets time pass.
pub(super) fn read(text: &str) -> Vec<Told> {
    let mut told = Vec::new();
    let (mut senders, mut views) = (0_u8, 0);
    let mut presses = 0;
    for sentence in text.split(';').map(str::trim).filter(|s| !s.is_empty()) {
        let mut words = sentence.split_whitespace();
        let verb = words.next().expect("a sentence begins with a verb");
        let at: i64 = words
            .next()
            .and_then(|w| w.parse().ok())
            .expect("then comes the time");
        let words = Words(words.collect());
        if verb == "load" {
            senders += 1;
            views = 0;
        }
        let sender = match words.number("of") {
            Some(sender) => u8::try_from(sender).expect("few senders"),
            None => senders.saturating_sub(1),
        };
        let mut tell = |at: i64, kind| told.push(Told { sender, at, kind });
        match verb {
            "load" | "view" => {
                views += u32::from(verb == "view");
                tell(at, page_view(views, words.0[0]));
                let how = match verb {
                    "view" => Some(NavigationKind::InPage),
                    _ => None,
                };
                if let Some(how) = navigation(&words).or(how) {
                    tell(at, Kind::Navigation(how));
                }
            }
            "press" => {
                let first = words.number("answers").or(words.number("leads"));
                let settled_ms = first.unwrap_or(1_000).min(1_000);
                tell(
                    at + i64::from(settled_ms),
                    press(presses, at, &words, settled_ms),
                );
                if settled_ms == 1_000 {
                    let later_ms = first.unwrap_or(3_000).clamp(1_000, 3_000);
                    let update = ResponseUpdate {
                        press: presses,
                        response: words.response(later_ms),
                    };
                    tell(at + i64::from(later_ms), Kind::Response(update));
                }
                presses += 1;
            }
            "problem" => tell(at, problem(at, &words)),
            "navigate" => tell(
                at,
                Kind::Navigation(navigation(&words).unwrap_or(NavigationKind::InPage)),
            ),
            "field" => tell(at, field(&words)),
            "window" => tell(
                at,
                match words.0[0] {
                    "lost" | "gained" => Kind::Focus {
                        gained: words.has("gained"),
                    },
                    _ => Kind::Visibility {
                        visible: words.has("shown"),
                    },
                },
            ),
            "cover" | "uncover" => tell(at, cover(verb == "cover", &words)),
            "turn" => tell(
                at,
                Kind::Rotation(Rotation {
                    from_degrees: 0,
                    to_degrees: 90,
                    viewport: (800, 400),
                    video_in_view: words.has("video"),
                }),
            ),
            "tilt" => tell(at, tilt(&words)),
            "shake" => tell(
                at,
                Kind::Shake {
                    peak_mm_s2: words.nth(0),
                    duration_ms: 400,
                },
            ),
            "swipe" => tell(
                at,
                Kind::Swipe(Swipe {
                    start: (300, 400),
                    displacement: (-i32::try_from(words.nth(0)).expect("a length"), 0),
                    duration_ms: 200,
                    target: words.target(),
                    response: words.response(words.number("watched").unwrap_or(1_000)),
                }),
            ),
            "zoom" => tell(
                at,
                Kind::Zoom(Zoom {
                    scale_before_milli: words.nth(0),
                    scale_after_milli: words.nth(1),
                    position: (200, 300),
                    target: words.target(),
                    response: Response::default(),
                }),
            ),
            "find" => tell(at, Kind::Find),
            "later" => tell(
                at,
                Kind::Exposure {
                    experiment: "any".into(),
                    variant: "any".into(),
                },
            ),
            "convert" => tell(
                at,
                Kind::Conversion(Conversion {
                    order_id: "1".into(),
                    value_minor: 100,
                    currency: "EUR".into(),
                    kind: "purchase".into(),
                }),
            ),
            other => panic!("unknown verb {other:?}"),
        }
    }
    told.sort_by_key(|t| t.at);
    told
}

fn navigation(words: &Words<'_>) -> Option<NavigationKind> {
    let named = [
        ("back", NavigationKind::Back),
        ("forward", NavigationKind::Forward),
        ("reload", NavigationKind::Reload),
    ];
    named
        .into_iter()
        .find(|(word, _)| words.has(word))
        .map(|(_, kind)| kind)
}

fn page(number: u32, path: &str) -> Page {
    Page {
        number,
        path: path.into(),
        group: Box::default(),
    }
}

fn page_view(number: u32, path: &str) -> Kind {
    Kind::PageView(PageView {
        page: page(number, path),
        referrer: ReferrerClass::Internal,
        first_paint_ms: 0,
        interactive_ms: 0,
        loaded_ms: 0,
        document: (1_000, 3_000),
        viewport: (1_000, 800),
    })
}

fn press(number: u32, at: i64, words: &Words<'_>, watched_ms: u32) -> Kind {
    Kind::Press(Press {
        number,
        kind: PressKind::Click,
        pointer: PointerType::Mouse,
        down: ClientTime(at),
        position: (100, 200),
        page_position: (100, 200),
        target: words.target(),
        button: Button::Primary,
        hold_ms: 60,
        hover_before_ms: 0,
        selected_text: words.has("selecting"),
        scrolled: false,
        keyboard: false,
        modified: false,
        response: words.response(watched_ms),
    })
}

/// `script` (the default), `request`, `resource`, `long`, `hung`; `from
/// ORIGIN`, `status N`, `broken`, `began N` ms before.
fn problem(at: i64, words: &Words<'_>) -> Kind {
    let kinds = [
        ("request", ProblemKind::RequestFailed),
        ("resource", ProblemKind::ResourceFailed),
        ("long", ProblemKind::LongTask),
        ("hung", ProblemKind::NotResponding),
    ];
    let kind = kinds.into_iter().find(|(word, _)| words.has(word));
    Kind::Problem(Problem {
        kind: kind.map_or(ProblemKind::ScriptError, |(_, kind)| kind),
        message_hash: 1,
        origin: words.after("from").unwrap_or("self").into(),
        status: u16::try_from(words.number("status").unwrap_or(0)).expect("a status"),
        began: ClientTime(at - i64::from(words.number("began").unwrap_or(0))),
        broken_link: words.has("broken"),
    })
}

/// `focus`, `blur`, `change`, `submit`, `refused`, `paste`, `clear`; `in FORM`
/// (7), `named FIELD` (1), a kind, `corrections N`, `typed`.
fn field(words: &Words<'_>) -> Kind {
    let kinds = [
        ("search", FieldKind::Search),
        ("choice", FieldKind::Choice),
        ("unkind", FieldKind::Other),
    ];
    let kind = kinds.into_iter().find(|(word, _)| words.has(word));
    Kind::Field(Field {
        form: words.number("in").unwrap_or(7).into(),
        field: words.number("named").unwrap_or(1).into(),
        kind: kind.map_or(FieldKind::Text, |(_, kind)| kind),
        change: match words.0[0] {
            "focus" => FieldChange::Focus,
            "blur" => FieldChange::Blur,
            "change" => FieldChange::Change,
            "submit" => FieldChange::Submit,
            "refused" => FieldChange::ValidationError,
            "paste" => FieldChange::Paste,
            "clear" => FieldChange::Clear,
            other => panic!("unknown change {other:?}"),
        },
        first_input_ms: words.has("typed").then_some(300),
        corrections: words.number("corrections").unwrap_or(0),
    })
}

/// `cover 0 600 [advertisement | interstitial] [opened]`
fn cover(shown: bool, words: &Words<'_>) -> Kind {
    let kind = match words {
        _ if words.has("advertisement") => ObstructionKind::Advertisement,
        _ if words.has("interstitial") => ObstructionKind::Interstitial,
        _ => ObstructionKind::Overlay,
    };
    Kind::Obstruction(Obstruction {
        kind,
        covered_milli: match shown {
            true => u16::try_from(words.nth(0)).expect("thousandths"),
            false => 0,
        },
        opened_by_visitor: words.has("opened"),
        shown,
    })
}

/// `tilt 0 every 100 0 20 60`: the device held at these angles, degrees.
fn tilt(words: &Words<'_>) -> Kind {
    let every_ms = words.number("every").expect("a pace");
    let mut before = (0, 0);
    let mut steps = Vec::new();
    for place in 2..words.0.len() {
        if words.0[place] == "of" {
            break;
        }
        let degrees: f64 = words.0[place].parse().expect("an angle");
        let up = (
            libm::round(127.0 * libm::sin(degrees.to_radians())) as i32,
            libm::round(127.0 * libm::cos(degrees.to_radians())) as i32,
        );
        let dt = if steps.is_empty() { 0 } else { every_ms };
        steps.push((dt, up.0 - before.0, up.1 - before.1, 0));
        before = up;
    }
    Kind::TiltPath(TiltPath { steps })
}

fn targets() -> Vec<Target> {
    (1..)
        .zip(TARGETS)
        .map(|(hash, (name, kind, looks_interactive))| Target {
            hash: TargetHash(hash),
            selector: name.into(),
            label: Box::default(),
            kind,
            interactive: looks_interactive,
            looks_interactive,
            ignore_rage: name == "ignored",
            ignore_dead: name == "ignored",
        })
        .collect()
}

/// Folds what was told, cut into batches where the sender changes and where
/// `cut` says so, and ends the session.
pub(super) fn fold(rules: &RuleSet, told: &[Told], cut: impl Fn(usize) -> bool) -> Session {
    let mut session = Session::new(None, 0, LogTime(0), LogTime(0));
    let mut sequences = [0_u32; 64];
    let mut pages = vec![page(0, "/"); 64];
    let mut first = 0;
    while first < told.len() {
        let sender = told[first].sender;
        let rest = &told[first + 1..];
        let more = (first + 1..)
            .zip(rest)
            .take_while(|(place, t)| t.sender == sender && !cut(*place));
        let batch = &told[first..=first + more.count()];
        let slot = usize::from(sender);
        let taken = session.take(
            received(sender, sequences[slot], pages[slot].clone(), batch),
            LogTime(batch[0].at),
            rules,
        );
        assert_eq!(taken, Taken::Scored { released: 0 });
        sequences[slot] += 1;
        for told in batch {
            if let Kind::PageView(view) = &told.kind {
                pages[slot] = view.page.clone();
            }
        }
        first += batch.len();
    }
    session.end(rules);
    session
}

/// One batch as a gateway passes it on.
pub(super) fn received(sender: u8, sequence: u32, page: Page, told: &[Told]) -> Received {
    let interactions: Vec<Interaction> = told
        .iter()
        .map(|t| Interaction {
            at: ClientTime(t.at),
            kind: t.kind.clone(),
        })
        .collect();
    let last = told.last().expect("a batch is not empty").at;
    Received {
        received_ms: last,
        client: ClientFacts::default(),
        batch: Batch {
            session: SessionId([0, 0, 0, 0, 0, 0, 0x70, 0, 0x80, 0, 0, 0, 0, 0, 0, 1]),
            visitor: None,
            sender: SenderId([sender; 8]),
            sequence,
            origin: interactions[0].at,
            sent: ClientTime(last),
            page,
            device: None,
            targets: targets(),
            interactions,
            unknown: 0,
            samples: 0,
        },
    }
}

/// What fires of these kinds, as listed.
pub(super) fn found_under(rules: &RuleSet, kinds: &[SignalKind], text: &str) -> Vec<Firing> {
    let session = fold(rules, &read(text), |_| false);
    let listed = session.firings.listed().iter();
    listed
        .filter(|f| kinds.contains(&f.kind))
        .cloned()
        .collect()
}

pub(super) fn found(kinds: &[SignalKind], text: &str) -> Vec<Firing> {
    found_under(&RuleSet::default(), kinds, text)
}

/// What fires of these kinds, in order of time: `reload@900x2` rests on two
/// reloads, the first at 900.
#[track_caller]
pub(super) fn check_only(kinds: &[SignalKind], text: &str, expected: &str) {
    check_under(&RuleSet::default(), kinds, text, expected);
}

#[track_caller]
pub(super) fn check_under(rules: &RuleSet, kinds: &[SignalKind], text: &str, expected: &str) {
    assert_eq!(words(found_under(rules, kinds, text)), expected, "{text}");
}

pub(super) fn words(mut firings: Vec<Firing>) -> String {
    firings.sort_by_key(|f| (f.at, f.kind.name()));
    let words = firings
        .iter()
        .map(|f| format!("{}@{}x{}", f.kind.name(), f.at.0, f.evidence_count));
    words.collect::<Vec<_>>().join(" ")
}
