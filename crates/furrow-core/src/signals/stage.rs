//! A stage for tests: sentences become interactions, which detectors are shown.

use super::{Around, Firings, Moment};
use crate::ids::TargetHash;
use crate::interaction::{
    Button, Field, FieldChange, FieldKind, Hover, Interaction, Kind, Page, PageView, PointerPath,
    PointerType, Press, PressKind, ReferrerClass, Response, ScrollCause, ScrollPath, Step, Target,
    TargetIndex, TargetKind,
};
use crate::rules::RuleSet;
use crate::time::ClientTime;

/// Name, kind, and whether something listens there. Their hashes count from 0.
const TARGETS: [(&str, TargetKind, bool); 9] = [
    ("button", TargetKind::Button, true),
    ("other", TargetKind::Button, true),
    ("text", TargetKind::Text, false),
    ("field", TargetKind::TextField, true),
    ("video", TargetKind::Video, true),
    ("link", TargetKind::Link, true),
    ("article a", TargetKind::Link, true),
    ("ignored", TargetKind::Button, true),
    ("sham", TargetKind::Other, false),
];

/// Least time between two samples of a path, ms.
const SAMPLE_MS: i64 = 16;

/// What a detector is shown, and when it learns of trouble.
pub(super) struct Stage {
    pub(super) rules: RuleSet,
    targets: Vec<Target>,
    page: Page,
    interactions: Vec<Interaction>,
    /// What is known of trouble from the first time on.
    troubles: Vec<(i64, Around)>,
}

impl Stage {
    /// Reads sentences that end with `;`:
    ///
    /// ```text
    /// mouse 0 100,100 to 400,100 in 500 rest 300 to 100,100 in 500
    /// scroll 0 0 to 400 in 200 rest 800 to 800 in 200
    /// press 900 on button hold 80        told 1,000 ms after it began
    /// hover 5000 on button for 2500 entered 2 pressed
    /// focus 0; input 9000 after 6000; blur 9000
    /// copy 0 on text; select 0 on text; find 0; print 0; hide 0; show 0; page 0
    /// problem 900 told 1200; unanswered 900; trouble 900
    /// ```
    ///
    /// `touch` and `script` stand for `mouse` and `scroll` by other means.
    pub(super) fn new(text: &str) -> Stage {
        let mut stage = Stage {
            rules: RuleSet::default(),
            targets: targets(),
            page: Page {
                number: 0,
                path: "/shop".into(),
                group: "shop".into(),
            },
            interactions: Vec::new(),
            troubles: Vec::new(),
        };
        for sentence in text.split(';').map(str::trim).filter(|s| !s.is_empty()) {
            stage.read(sentence);
        }
        stage.interactions.sort_by_key(|i| i.at);
        stage
    }

    /// The interactions themselves, for whoever wants to cut them.
    pub(super) fn interactions(&mut self) -> &mut Vec<Interaction> {
        &mut self.interactions
    }

    fn read(&mut self, sentence: &str) {
        let words: Vec<&str> = sentence.split_whitespace().collect();
        let (verb, at) = (words[0], number(words[1]));
        let after = |word: &str| words.iter().position(|w| *w == word).map(|p| words[p + 1]);
        let measure = |word: &str| after(word).map(|w| u32::try_from(number(w)).expect("positive"));
        let target = after("on").map(place);
        let kind = match verb {
            "problem" | "unanswered" | "trouble" => {
                let what = Some(ClientTime(at));
                let mut around = Around::default();
                match verb {
                    "problem" => around.problem = what,
                    "unanswered" => around.unanswered = what,
                    _ => around.frustration = what,
                }
                self.troubles
                    .push((after("told").map_or(at, number), around));
                return;
            }
            "mouse" => pointer_path(PointerType::Mouse, &words[2..]),
            "touch" => pointer_path(PointerType::Touch, &words[2..]),
            "scroll" => scroll_path(ScrollCause::Wheel, &words[2..]),
            "script" => scroll_path(ScrollCause::Script, &words[2..]),
            "press" => press(at, target, measure("hold").unwrap_or(60)),
            "hover" => Kind::Hover(Hover {
                target: target.expect("a hover has a target"),
                duration_ms: measure("for").unwrap_or(0),
                entries: measure("entered").unwrap_or(1),
                pressed_after: words.contains(&"pressed"),
            }),
            "focus" => field(FieldChange::Focus, None),
            "input" => field(FieldChange::Change, measure("after")),
            "blur" => field(FieldChange::Blur, measure("after")),
            "copy" => Kind::Copy { target },
            "select" => Kind::TextSelection { target, length: 12 },
            "find" => Kind::Find,
            "print" => Kind::Print,
            "hide" => Kind::Visibility { visible: false },
            "show" => Kind::Visibility { visible: true },
            "page" => page_view(&self.page),
            "idle" => Kind::Identify { id: "v".into() },
            other => panic!("unknown word {other:?}"),
        };
        let at = ClientTime(if verb == "press" { at + 1_000 } else { at });
        self.interactions.push(Interaction { at, kind });
    }

    /// When, where and under which rules.
    pub(super) fn moment(&self, now: ClientTime) -> Moment<'_> {
        let mut around = Around::default();
        for (told, trouble) in &self.troubles {
            if *told <= now.0 {
                around.problem = around.problem.max(trouble.problem);
                around.unanswered = around.unanswered.max(trouble.unanswered);
                around.frustration = around.frustration.max(trouble.frustration);
            }
        }
        Moment {
            now,
            sender: 0,
            page_view: Some(0),
            page: &self.page,
            targets: &self.targets,
            rules: &self.rules,
            around,
        }
    }

    /// Shows everything in order, then a moment an hour later.
    pub(super) fn play(
        &self,
        mut observe: impl FnMut(&Interaction, Moment<'_>, &mut Firings),
    ) -> Firings {
        let mut firings = Firings::default();
        let later = Interaction {
            at: ClientTime(3_600_000),
            kind: Kind::Identify { id: "v".into() },
        };
        for interaction in self.interactions.iter().chain([&later]) {
            observe(interaction, self.moment(interaction.at), &mut firings);
        }
        firings
    }
}

/// What fired, in order of time: `thrash@0x5` rests on five turns.
pub(super) fn words(firings: &Firings) -> String {
    let mut found: Vec<_> = firings
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
    found.join(" ")
}

/// The same paths in parts of at most so many samples.
pub(super) fn cut(interactions: &[Interaction], samples_max: usize) -> Vec<Interaction> {
    let mut parts = Vec::new();
    for interaction in interactions {
        let at = interaction.at;
        match &interaction.kind {
            Kind::PointerPath(path) => {
                for (at, start, steps) in parts_of(at, path.start, &path.steps, samples_max) {
                    let kind = Kind::PointerPath(PointerPath {
                        pointer: path.pointer,
                        start,
                        steps,
                    });
                    parts.push(Interaction { at, kind });
                }
            }
            Kind::ScrollPath(path) => {
                for (at, start, steps) in parts_of(at, (0, path.start_y), &path.steps, samples_max)
                {
                    let kind = Kind::ScrollPath(ScrollPath {
                        start_y: start.1,
                        steps,
                        ..path.clone()
                    });
                    parts.push(Interaction { at, kind });
                }
            }
            _ => parts.push(interaction.clone()),
        }
    }
    parts
}

/// When and where each part begins, and its further samples.
fn parts_of(
    at: ClientTime,
    start: (i32, i32),
    steps: &[Step],
    samples_max: usize,
) -> Vec<(ClientTime, (i32, i32), Vec<Step>)> {
    let (mut at, (mut x, mut y)) = (at, start);
    let mut parts = vec![(at, start, Vec::new())];
    for step in steps {
        at = at.plus(i64::from(step.dt));
        (x, y) = (x + step.dx, y + step.dy);
        let newest = parts.last_mut().expect("there is a first");
        if newest.2.len() + 1 < samples_max {
            newest.2.push(*step);
        } else {
            parts.push((at, (x, y), Vec::new()));
        }
    }
    parts
}

fn small(px: i64) -> i32 {
    i32::try_from(px).expect("a small number")
}

fn number(word: &str) -> i64 {
    word.parse().expect("a number")
}

fn place(name: &str) -> TargetIndex {
    let named = |target: &(&str, TargetKind, bool)| target.0.replace(' ', "_") == name;
    let place = TARGETS.iter().position(named).expect("a known target");
    TargetIndex(u16::try_from(place).expect("few targets"))
}

fn targets() -> Vec<Target> {
    (0..)
        .zip(TARGETS)
        .map(|(hash, (name, kind, interactive))| Target {
            hash: TargetHash(hash),
            selector: name.into(),
            label: Box::default(),
            kind,
            interactive,
            looks_interactive: kind != TargetKind::Text,
            ignore_rage: name == "ignored",
            ignore_dead: name == "ignored",
        })
        .collect()
}

/// `100,100 to 400,100 in 500 rest 300`; one number is a height alone.
fn steps(words: &[&str]) -> ((i32, i32), Vec<Step>) {
    let point = |word: &str| match word.split_once(',') {
        Some((x, y)) => (number(x), number(y)),
        None => (0, number(word)),
    };
    let start = point(words[0]);
    let (mut x, mut y) = start;
    let mut steps = Vec::new();
    let mut rested = 0;
    let mut words = words[1..].iter();
    while let Some(word) = words.next() {
        let mut next = || *words.next().expect("a word follows");
        match *word {
            "rest" => rested += number(next()),
            "to" => {
                let (to, verb) = (point(next()), next());
                assert_eq!(verb, "in");
                let ms = number(next());
                let count = (ms / SAMPLE_MS).max(1);
                let (from, mut before) = ((x, y), 0);
                for i in 1..=count {
                    let along = |from: i64, to: i64| from + (to - from) * i / count;
                    let (to_x, to_y) = (along(from.0, to.0), along(from.1, to.1));
                    steps.push(Step {
                        dt: u32::try_from(rested + ms * i / count - before).expect("positive"),
                        dx: small(to_x - x),
                        dy: small(to_y - y),
                    });
                    before = ms * i / count;
                    rested = 0;
                    (x, y) = (to_x, to_y);
                }
            }
            other => panic!("unknown word {other:?}"),
        }
    }
    ((small(start.0), small(start.1)), steps)
}

fn pointer_path(pointer: PointerType, words: &[&str]) -> Kind {
    let (start, steps) = steps(words);
    Kind::PointerPath(PointerPath {
        pointer,
        start,
        steps,
    })
}

fn scroll_path(cause: ScrollCause, words: &[&str]) -> Kind {
    let ((_, start_y), steps) = steps(words);
    Kind::ScrollPath(ScrollPath {
        start_y,
        steps,
        viewport_height: 900,
        document_height: 9_000,
        cause,
    })
}

fn press(down: i64, target: Option<TargetIndex>, hold_ms: u32) -> Kind {
    Kind::Press(Press {
        number: 0,
        kind: PressKind::Click,
        pointer: PointerType::Mouse,
        down: ClientTime(down),
        position: (100, 100),
        page_position: (100, 100),
        target,
        button: Button::Primary,
        hold_ms,
        hover_before_ms: 0,
        selected_text: false,
        scrolled: false,
        keyboard: false,
        modified: false,
        response: Response::default(),
    })
}

fn field(change: FieldChange, first_input_ms: Option<u32>) -> Kind {
    Kind::Field(Field {
        form: 7,
        field: 3,
        kind: FieldKind::Text,
        change,
        first_input_ms,
        corrections: 0,
    })
}

fn page_view(page: &Page) -> Kind {
    Kind::PageView(PageView {
        page: page.clone(),
        referrer: ReferrerClass::Direct,
        first_paint_ms: 0,
        interactive_ms: 0,
        loaded_ms: 0,
        document: (1_200, 9_000),
        viewport: (1_200, 900),
    })
}
