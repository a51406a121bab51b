//! Acts performed on a site, recorded on tapes.

use crate::device::Hand;
use crate::draw::Draw;
use crate::motion;
use crate::site::{Answer, Element, PageModel, SiteModel, fnv};
use crate::tape::{Owner, Tape};
use crate::truth::Truth;
use crate::visitor::{Script, Sent};
use furrow_core::ids::{SenderId, SessionId, VisitorId};
use furrow_core::interaction::{
    Button, Conversion, Field, FieldChange, FieldKind, Hover, Kind, PageView, PointerPath,
    PointerType, Press, PressKind, Problem, ProblemKind, ReferrerClass, Response, ResponseKind,
    Rotation, ScrollCause, ScrollPath, SessionEndCause, Step, TargetIndex,
};
use std::ops::RangeInclusive;

/// Samples of one path at most; longer ones follow each other.
const PATH_SAMPLES: usize = 60;
/// The quiet at the end of a session after the last press: every press is
/// judged by then.
const QUIET_MS: u32 = 3_600;

/// What a press came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Answered,
    Slow,
    Dead,
    Failed,
}

/// A visitor on a page, at a moment.
pub(crate) struct Stage<'a> {
    pub(crate) draw: Draw,
    site: &'a SiteModel,
    page: &'a PageModel,
    hand: Hand,
    owner: Owner,
    tape: Tape,
    /// ms since the start.
    now: u32,
    last_down: u32,
    pointer: (i32, i32),
    scroll_y: i32,
    turned: bool,
    sent: Vec<Sent>,
    revenue_minor: i64,
}

impl<'a> Stage<'a> {
    /// A visitor arrives on the site's first page.
    pub(crate) fn arrive(
        site: &'a SiteModel,
        mut draw: Draw,
        hand: Hand,
        from: ReferrerClass,
        start_ms: i64,
    ) -> Stage<'a> {
        let page = site.pages.first().expect("a site has a page");
        let owner = Owner {
            session: session_id(start_ms, &mut draw),
            visitor: VisitorId(draw.bytes()),
            start_ms,
        };
        let sender = SenderId(draw.bytes());
        let tape = Tape::new(owner, sender, page.as_page(), hand.device.clone());
        let mut stage = Stage {
            draw,
            site,
            page,
            hand,
            owner,
            tape,
            now: 0,
            last_down: 0,
            pointer: (0, 0),
            scroll_y: 0,
            turned: false,
            sent: Vec::new(),
            revenue_minor: 0,
        };
        stage.show(from);
        stage
    }

    pub(crate) fn page(&self) -> &'a PageModel {
        self.page
    }

    /// Loads another page of the site.
    pub(crate) fn open(&mut self, path: &str) {
        self.page = self.site.page(path).expect("links lead to pages");
        let sender = SenderId(self.draw.bytes());
        let device = self.hand.device.clone();
        let next = Tape::new(self.owner, sender, self.page.as_page(), device);
        let left = std::mem::replace(&mut self.tape, next);
        self.send(left);
        self.scroll_y = 0;
        self.show(ReferrerClass::Internal);
    }

    fn send(&mut self, tape: Tape) {
        let batches = tape.leave(self.now).into_iter();
        let sent = batches.map(|(after_ms, batch)| Sent { after_ms, batch });
        self.sent.extend(sent);
    }

    fn show(&mut self, referrer: ReferrerClass) {
        self.now += self.draw.within(80..=400);
        let first_paint_ms = self.draw.within(90..=500);
        let interactive_ms = first_paint_ms + self.draw.within(20..=300);
        let loaded_ms = interactive_ms + self.draw.within(50..=900);
        let (width, height) = self.hand.device.viewport;
        self.note(Kind::PageView(PageView {
            page: self.page.as_page(),
            referrer,
            first_paint_ms,
            interactive_ms,
            loaded_ms,
            document: (width, self.page.height),
            viewport: (width, height),
        }));
        self.pointer = (
            i32_of(self.draw.within(0..=width)),
            i32_of(self.draw.within(0..=height)),
        );
    }

    fn note(&mut self, kind: Kind) {
        self.tape.note(self.now, self.now, kind, None);
    }

    /// Time passes, and nothing is done.
    pub(crate) fn pause(&mut self, ms: RangeInclusive<u32>) {
        self.now += self.draw.within(ms);
    }

    /// The visitor reads for about so long; a mouse wanders meanwhile.
    pub(crate) fn read(&mut self, ms: RangeInclusive<u32>) {
        let until = self.now + self.draw.within(ms);
        while self.now < until {
            self.pause(400..=1_300);
            if self.draw.chance(450) {
                let (width, height) = self.hand.device.viewport;
                let drift = |draw: &mut Draw, at: i32, max: u32| {
                    (at + i32_of(draw.within(0..=240)) - 120).clamp(0, i32_of(max))
                };
                let x = drift(&mut self.draw, self.pointer.0, width);
                let y = drift(&mut self.draw, self.pointer.1, height);
                self.point((x, y));
            }
        }
    }

    /// Moves the pointer there, if the hand has one.
    pub(crate) fn point(&mut self, to: (i32, i32)) {
        if self.hand.touches() {
            self.pointer = to;
            return;
        }
        let ms = motion::reach_ms(motion::distance(self.pointer, to), &mut self.draw);
        let steps = motion::reach(self.pointer, to, ms, &mut self.draw);
        let mut start = self.pointer;
        for steps in steps.chunks(PATH_SAMPLES) {
            let took: u32 = steps.iter().map(|step| step.dt).sum();
            let path = PointerPath {
                pointer: self.hand.device.pointer,
                start,
                steps: steps.to_vec(),
            };
            let known = self.now + took;
            self.tape
                .note(self.now, known, Kind::PointerPath(path), None);
            self.now = known;
            start = end_of(start, steps);
        }
        self.pointer = to;
    }

    /// Scrolls until the document's place `y` is in view, about in its middle.
    pub(crate) fn scroll_to(&mut self, y: u32) {
        let height = self.hand.device.viewport.1;
        let lowest = i32_of(self.page.height.saturating_sub(height));
        let to = (i32_of(y) - i32_of(height / 2)).clamp(0, lowest);
        while self.scroll_y != to {
            let flick = i32_of(self.draw.within(250..=600));
            let dy = (to - self.scroll_y).clamp(-flick, flick);
            let ms = self.draw.within(180..=420);
            let path = ScrollPath {
                start_y: self.scroll_y,
                steps: motion::scroll(dy, ms),
                viewport_height: height,
                document_height: self.page.height,
                cause: if self.hand.touches() {
                    ScrollCause::Touch
                } else {
                    ScrollCause::Wheel
                },
            };
            let known = self.now + ms;
            self.tape
                .note(self.now, known, Kind::ScrollPath(path), None);
            self.now = known;
            self.scroll_y += dy;
            self.pause(150..=700);
        }
    }

    /// Presses what has this selector, with the fault that chance has for it.
    pub(crate) fn press(&mut self, selector: &str) -> Outcome {
        let faults = self.element(selector).faults;
        let outcome = match self.draw.within(0..=999) {
            n if n < faults.dead => Outcome::Dead,
            n if n < faults.dead + faults.slow => Outcome::Slow,
            n if n < faults.dead + faults.slow + faults.error => Outcome::Failed,
            _ => Outcome::Answered,
        };
        self.press_as(selector, outcome);
        outcome
    }

    /// Presses what has this selector, and it comes to `outcome`. The visitor
    /// waits for an answer, and goes where it leads.
    pub(crate) fn press_as(&mut self, selector: &str, outcome: Outcome) {
        let element = self.element(selector);
        self.reach(element);
        let answered_ms = self.strike(element, outcome);
        let Some(answered_ms) = answered_ms else {
            return;
        };
        match &element.answer {
            Answer::Change | Answer::Toggle => {}
            Answer::Focus => self.type_into(element),
            Answer::Lead(path) => {
                self.now = self.now.max(self.last_down + answered_ms);
                self.open(path);
            }
            Answer::Order(path) => {
                self.now = self.now.max(self.last_down + answered_ms);
                self.open(path);
                self.order();
            }
        }
    }

    /// Presses the same again and again, each coming to `outcome`, without
    /// waiting for anything.
    pub(crate) fn burst(
        &mut self,
        selector: &str,
        outcome: Outcome,
        times: u32,
        gap_ms: RangeInclusive<u32>,
    ) {
        let element = self.element(selector);
        self.reach(element);
        for _ in 0..times {
            self.strike(element, outcome);
            let gap = self.draw.within(gap_ms.clone());
            self.now = self.now.max(self.last_down + gap);
        }
    }

    /// Turns the screen over, or back.
    pub(crate) fn turn(&mut self) {
        let (from_degrees, to_degrees) = if self.turned { (90, 0) } else { (0, 90) };
        self.turned = !self.turned;
        let (width, height) = self.hand.device.viewport;
        self.hand.device.viewport = (height, width);
        self.note(Kind::Rotation(Rotation {
            from_degrees,
            to_degrees,
            viewport: (height, width),
            video_in_view: false,
        }));
    }

    /// Nothing more is pressed; the page goes away after a quiet time.
    pub(crate) fn finish(mut self, end: Option<SessionEndCause>) -> Script {
        self.read(500..=2_000);
        self.now = self.now.max(self.last_down + QUIET_MS);
        self.note(Kind::Visibility { visible: false });
        if let Some(cause) = end {
            self.note(Kind::SessionEnd(cause));
        }
        let tape = self.tape.clone();
        self.send(tape);
        Script {
            session: self.owner.session,
            visitor: self.owner.visitor,
            truth: Truth {
                converted: self.revenue_minor > 0,
                revenue_minor: self.revenue_minor,
                ..Truth::default()
            },
            revenue_minor: self.revenue_minor,
            sent: self.sent,
        }
    }

    fn element(&self, selector: &str) -> &'a Element {
        let element = self.page.element(selector);
        element.expect("acts name what their page has")
    }

    fn reach(&mut self, element: &Element) {
        self.scroll_to(element.place.1);
        let width = self.hand.device.viewport.0;
        let jitter = |draw: &mut Draw| i32_of(draw.within(0..=12)) - 6;
        let x = i32_of(width * element.place.0 / 1_000) + jitter(&mut self.draw);
        let y = i32_of(element.place.1) - self.scroll_y + jitter(&mut self.draw);
        self.point((x, y));
        self.pause(80..=350);
    }

    /// One press where the pointer is; ms to its answer.
    fn strike(&mut self, element: &Element, outcome: Outcome) -> Option<u32> {
        let down = self.now;
        let hold_ms = self.draw.within(50..=130);
        let (response, answered_ms) = self.respond(element, outcome);
        let touches = self.hand.touches();
        let hover_before_ms = match touches {
            true => 0,
            false => self.draw.within(60..=400),
        };
        let press = Press {
            number: 0,
            kind: if touches {
                PressKind::Tap
            } else {
                PressKind::Click
            },
            pointer: self.hand.device.pointer,
            down: self.tape.clock(down),
            position: self.pointer,
            page_position: (self.pointer.0, self.pointer.1 + self.scroll_y),
            target: None,
            button: Button::Primary,
            hold_ms,
            hover_before_ms,
            selected_text: false,
            scrolled: false,
            keyboard: false,
            modified: false,
            response,
        };
        if self.hand.device.pointer == PointerType::Mouse {
            let hover = Hover {
                target: TargetIndex(0),
                duration_ms: press.hover_before_ms,
                entries: 1,
                pressed_after: true,
            };
            let target = element.as_target();
            self.tape.note(down, down, Kind::Hover(hover), Some(target));
        }
        self.tape.press(down, press, element.as_target());
        self.last_down = down;
        self.now = down + hold_ms;
        answered_ms
    }

    /// What the page does within the time that a client watches.
    fn respond(&mut self, element: &Element, outcome: Outcome) -> (Response, Option<u32>) {
        use ResponseKind as Kind;
        let after = match outcome {
            Outcome::Answered => self.draw.within(20..=120),
            Outcome::Slow => self.draw.within(1_250..=2_200),
            Outcome::Failed => self.draw.within(140..=420),
            Outcome::Dead => 0,
        };
        let paint = self.hand.reportable.contains(Kind::Paint);
        let change = |kind| match paint {
            true => vec![(Kind::Paint, after), (kind, after)],
            false => vec![(kind, after)],
        };
        let mut facts = match (outcome, &element.answer) {
            (Outcome::Dead, _) => Vec::new(),
            (Outcome::Failed, _) => {
                let mut facts = change(Kind::MutationStill);
                facts.insert(0, (Kind::Error, after - 20));
                self.fail(after - 20);
                facts
            }
            (Outcome::Answered | Outcome::Slow, answer) => match answer {
                Answer::Change => change(Kind::MutationStill),
                Answer::Toggle => change(Kind::MutationInsideLasting),
                Answer::Focus => vec![(Kind::Focus, 4)],
                Answer::Lead(_) | Answer::Order(_) => vec![(Kind::Navigation, after)],
            },
        };
        if self.page.moving {
            facts.push((Kind::MutationMoving, self.draw.within(1..=999)));
            facts.sort_by_key(|(_, after)| *after);
        }
        let response = Response {
            watched_ms: 0,
            reportable: self.hand.reportable,
            facts,
            quiet_before_ms: match self.page.moving {
                true => self.draw.within(5..=900),
                false => 10_000,
            },
        };
        let answered = matches!(outcome, Outcome::Answered | Outcome::Slow);
        (response, answered.then_some(after))
    }

    /// A request that the press made is refused.
    fn fail(&mut self, after_ms: u32) {
        let at = self.now + after_ms;
        let problem = Problem {
            kind: ProblemKind::RequestFailed,
            message_hash: fnv(self.page.path.as_bytes()),
            origin: self.site.origin.clone(),
            status: *self.draw.one(&[500, 502, 503]),
            began: self.tape.clock(at),
            broken_link: false,
        };
        self.tape.note(at, at, Kind::Problem(problem), None);
    }

    fn type_into(&mut self, element: &Element) {
        let mut field = Field {
            form: fnv(self.page.path.as_bytes()),
            field: fnv(element.selector.as_bytes()),
            kind: FieldKind::Text,
            change: FieldChange::Focus,
            first_input_ms: None,
            corrections: 0,
        };
        self.note(Kind::Field(field.clone()));
        let first = self.draw.within(300..=1_200);
        self.now += first;
        self.pause(900..=3_500);
        field.first_input_ms = Some(first);
        field.corrections = self.draw.within(0..=2);
        for change in [FieldChange::Change, FieldChange::Blur] {
            field.change = change;
            self.note(Kind::Field(field.clone()));
        }
    }

    fn order(&mut self) {
        let value_minor = i64::from(self.draw.within(19..=189)) * 100;
        let number = self.draw.word() >> 24;
        self.revenue_minor += value_minor;
        self.note(Kind::Conversion(Conversion {
            order_id: format!("sim-{number:010x}").into(),
            value_minor,
            currency: self.site.currency.clone(),
            kind: "purchase".into(),
        }));
    }
}

pub(crate) fn session_id(start_ms: i64, draw: &mut Draw) -> SessionId {
    let mut id: [u8; 16] = draw.bytes();
    id[..6].copy_from_slice(&start_ms.to_be_bytes()[2..]);
    id[6] = 0x70 | id[6] & 0x0f;
    id[8] = 0x80 | id[8] & 0x3f;
    SessionId(id)
}

fn end_of(start: (i32, i32), steps: &[Step]) -> (i32, i32) {
    let add = |(x, y): (i32, i32), step: &Step| (x + step.dx, y + step.dy);
    steps.iter().fold(start, add)
}

fn i32_of(px: u32) -> i32 {
    i32::try_from(px).expect("pages are smaller")
}
