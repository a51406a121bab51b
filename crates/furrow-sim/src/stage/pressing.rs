//! Presses, and how the page answers.

use super::{Outcome, Stage, i32_of};
use crate::fault::Fault;
use crate::site::{Answer, Element, fnv};
use furrow_core::interaction::{
    Button, Hover, Kind, PointerType, Press, PressKind, Problem, ProblemKind, Response,
    ResponseKind, TargetIndex, TargetKind,
};
use std::ops::RangeInclusive;

/// How often in a thousand a refused request is taken when it is tried again.
const MENDS_MILLI: u32 = 350;
/// Where a link leads that is broken, on sites that have such a page.
const MISSING: &str = "/missing";

/// What a press does besides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Manner {
    Plain,
    /// It selects a word.
    Selects,
}

impl<'a> Stage<'a> {
    /// Presses what has this selector, with the fault that it has in this
    /// visit.
    pub(crate) fn press(&mut self, selector: &str) -> Outcome {
        let element = self.element(selector);
        let outcome = self.ailment(element);
        self.press_as(selector, outcome);
        outcome
    }

    /// What a press on it comes to now. What is wrong with an element shows at
    /// the first press and stays, but a refused request may be taken later.
    pub(crate) fn ailment(&mut self, element: &Element) -> Outcome {
        let hash = element.hash();
        let Some(known) = self.ails.iter().position(|(of, _)| *of == hash) else {
            let outcome = element.faults.draw(&mut self.draw);
            self.ails.push((hash, outcome));
            return outcome;
        };
        if self.ails[known].1 == Outcome::Failed && self.draw.chance(MENDS_MILLI) {
            self.ails[known].1 = Outcome::Answered;
        }
        self.ails[known].1
    }

    /// Presses what has this selector, and it comes to `outcome`. The visitor
    /// waits for an answer, and goes where it leads.
    pub(crate) fn press_as(&mut self, selector: &str, outcome: Outcome) {
        let element = self.element(selector);
        self.reach(element);
        let Some(answered_ms) = self.strike(element, outcome, Manner::Plain) else {
            return;
        };
        match &element.answer {
            Answer::Change | Answer::Step | Answer::Toggle | Answer::Nothing => {}
            Answer::Focus | Answer::Search(_) => self.type_into(element),
            Answer::Window => {
                self.note(Kind::Focus { gained: false });
                self.pause(3_000..=9_000);
                self.note(Kind::Focus { gained: true });
            }
            Answer::Lead(path) => {
                self.now = self.now.max(self.last_down + answered_ms);
                match outcome {
                    Outcome::Broken => self.open_missing(),
                    _ => self.open(path),
                }
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
            self.strike(element, outcome, Manner::Plain);
            let gap = self.draw.within(gap_ms.clone());
            self.now = self.now.max(self.last_down + gap);
        }
    }

    /// Presses where the pointer is on something that is not of the page's own
    /// elements, such as what covers it.
    pub(crate) fn press_this(&mut self, element: &Element, outcome: Outcome) {
        let place = self.place_of(element);
        self.point(place, f64::from(element.width));
        self.pause(80..=350);
        self.strike(element, outcome, Manner::Plain);
    }

    /// Selects a word of a text by two presses, or a line by three.
    pub(crate) fn select_text(&mut self, text: &Element, presses: u32) {
        self.reach(text);
        for press in 0..presses {
            let manner = match press {
                0 => Manner::Plain,
                _ => Manner::Selects,
            };
            self.strike(text, Outcome::Dead, manner);
            let gap = self.draw.within(110..=190);
            self.now = self.now.max(self.last_down + gap);
        }
        let length = self.draw.within(4..=12) * presses;
        let target = None;
        self.note_of(Kind::TextSelection { target, length }, text);
    }

    pub(crate) fn element(&self, selector: &str) -> &'a Element {
        let element = self.page.element(selector);
        element.expect("acts name what their page has")
    }

    /// One press where the pointer is; ms to its answer.
    fn strike(&mut self, element: &Element, outcome: Outcome, manner: Manner) -> Option<u32> {
        let down = self.now;
        let hold_ms = self.draw.within(50..=130);
        let selects = manner == Manner::Selects;
        let (response, answered_ms) = self.respond(element, outcome, selects);
        let touches = self.touches();
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
            pointer: self.person.hand.device.pointer,
            down: self.tape.clock(down),
            position: self.pointer,
            page_position: (self.pointer.0, self.pointer.1 + self.scroll_y),
            target: None,
            button: Button::Primary,
            hold_ms,
            hover_before_ms,
            selected_text: selects,
            scrolled: false,
            keyboard: false,
            modified: false,
            response,
        };
        if self.person.hand.device.pointer == PointerType::Mouse {
            let before = self.entered.take();
            let before = before.filter(|(of, ..)| *of == element.hash());
            let (_, entries, dwelt_ms) = before.unwrap_or_default();
            let hover = Hover {
                target: TargetIndex(0),
                duration_ms: dwelt_ms + press.hover_before_ms,
                entries: entries + 1,
                pressed_after: true,
            };
            self.note_of(Kind::Hover(hover), element);
        }
        self.tape.press(down, press, element.as_target());
        self.presses += 1;
        self.last_down = down;
        self.now = down + hold_ms;
        self.suffer(element, outcome);
        answered_ms
    }

    /// What the press came to is felt.
    fn suffer(&mut self, element: &Element, outcome: Outcome) {
        let fault = match (outcome, &element.answer) {
            (Outcome::Answered, _) | (_, Answer::Nothing) => return,
            (Outcome::Dead, _) => Fault::DeadControl,
            (Outcome::Slow, _) => Fault::SlowControl,
            (Outcome::Failed, _) => Fault::ErrorControl,
            (Outcome::Broken, _) => Fault::BrokenLink,
        };
        self.meet(fault, element.hash());
    }

    /// What the page does within the time that a client watches.
    fn respond(
        &mut self,
        element: &Element,
        outcome: Outcome,
        selects: bool,
    ) -> (Response, Option<u32>) {
        use ResponseKind as Kind;
        let after = match outcome {
            Outcome::Answered | Outcome::Broken => self.draw.within(20..=120),
            Outcome::Slow => self.draw.within(1_250..=2_200),
            Outcome::Failed => self.draw.within(140..=420),
            Outcome::Dead => 0,
        };
        let mut facts = match (outcome, &element.answer) {
            (Outcome::Dead, _) | (_, Answer::Nothing) => self.passing(element),
            (Outcome::Failed, _) => {
                self.fail(after - 20);
                let mut facts = self.change(Kind::MutationStill, after);
                facts.insert(0, (Kind::Error, after - 20));
                facts
            }
            (Outcome::Answered | Outcome::Slow | Outcome::Broken, answer) => match answer {
                Answer::Change | Answer::Step => self.change(Kind::MutationStill, after),
                Answer::Toggle => self.change(Kind::MutationInsideLasting, after),
                Answer::Focus | Answer::Search(_) => vec![(Kind::Focus, 4)],
                Answer::Window => vec![(Kind::Window, after)],
                Answer::Lead(_) | Answer::Order(_) | Answer::Nothing => {
                    vec![(Kind::Navigation, after)]
                }
            },
        };
        if selects {
            facts.push((Kind::Selection, 3));
        }
        if self.page.moving {
            facts.push((Kind::MutationMoving, self.draw.within(1..=999)));
        }
        facts.sort_by_key(|(_, after)| *after);
        let response = Response {
            watched_ms: 0,
            reportable: self.person.hand.reportable,
            facts,
            quiet_before_ms: match self.page.moving {
                true => self.draw.within(5..=900),
                false => 10_000,
            },
        };
        let answered = matches!(outcome, Outcome::Answered | Outcome::Slow | Outcome::Broken);
        (response, answered.then_some(after))
    }

    /// A change by place, with what else the browser tells of it: a paint if
    /// it can and sees it, else now and then what moved or what was fetched.
    fn change(&mut self, kind: ResponseKind, after: u32) -> Vec<(ResponseKind, u32)> {
        let can = self.person.hand.reportable.contains(ResponseKind::Paint);
        if can && self.draw.chance(self.person.paint_milli) {
            return vec![(ResponseKind::Paint, after), (kind, after)];
        }
        let mut facts = vec![(kind, after)];
        if self.person.paint_milli < 1_000 {
            let more = *self.draw.one(&[
                ResponseKind::Request,
                ResponseKind::Transition,
                ResponseKind::LayoutShift,
                ResponseKind::Value,
            ]);
            let first = if more == ResponseKind::Request {
                self.draw.within(2..=15)
            } else {
                after
            };
            facts.push((more, first));
        }
        facts
    }

    /// What is no answer: a ripple, a beacon.
    fn passing(&mut self, element: &Element) -> Vec<(ResponseKind, u32)> {
        let mut facts = Vec::new();
        let ripples = element.kind == TargetKind::Button && element.hash().is_multiple_of(3);
        if ripples {
            facts.push((ResponseKind::MutationInsidePassing, 8));
        }
        if self.person.paint_milli < 1_000 && self.draw.chance(120) {
            let after = self.draw.within(10..=60);
            facts.push((ResponseKind::Analytics, after));
        }
        facts
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

    fn open_missing(&mut self) {
        self.open(MISSING);
        let problem = Problem {
            kind: ProblemKind::RequestFailed,
            message_hash: fnv(MISSING.as_bytes()),
            origin: self.site.origin.clone(),
            status: 404,
            began: self.tape.clock(self.now),
            broken_link: true,
        };
        self.note(Kind::Problem(problem));
    }

    /// Presses a bare part of the page.
    pub(crate) fn press_blank(&mut self, blank: &Element) {
        let height = self.person.hand.device.viewport.1;
        let y = i32_of(self.draw.within(height / 4..=height * 3 / 4));
        let x = self.pointer.0;
        self.point((x, y), 80.0);
        self.strike(blank, Outcome::Answered, Manner::Plain);
    }
}
