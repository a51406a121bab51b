//! Other products' rules for rage clicks, as data, and how often they fire on
//! a session's presses.
//!
//! The rules are those that the products publish in their documentation or in
//! the source of their clients, read in 2026, at their defaults. Their names
//! belong to their owners. What a rule asks for and the facts of a press do
//! not tell is settled in the product's favour:
//!
//! - Only primary clicks and taps by hand count. A key that presses a button
//!   many times, and an element that asks not to be judged
//!   (`data-furrow-ignore="rage"`), would be false alarms elsewhere.
//! - Where a rule does not say which element, it must be the same one: quick
//!   presses on different things are innocent.
//! - Where it must be clickable, it is enough to look so.
//! - What a product would still have seen after the client stopped watching is
//!   taken as nothing, so that its rule may fire.
//! - Where a product does not say what it takes for a response, it sees all
//!   that Furrow sees and judges as well as Furrow does.
//! - Presses in one run count as one firing, however long the run is.
//!
//! Two approximations may go either way: distances are taken in the viewport,
//! and only presses that follow on each other make a run.

use furrow_core::answer::first_answer_ms;
use furrow_core::ids::{SenderId, TargetHash};
use furrow_core::interaction::{Batch, Button, Kind, Press, PressKind, Response, ResponseKind};
use furrow_core::rules::PressRules;
use std::collections::BTreeMap;

/// When a product calls presses a rage click.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rule {
    /// Whose rule it is.
    pub name: &'static str,
    /// Fewest presses, at least 2.
    pub presses_min: usize,
    /// How quickly they follow.
    pub pace: Pace,
    /// What they must hit.
    pub element: Element,
    /// How near they must lie.
    pub distance: Distance,
    /// What the page must not have done.
    pub outcome: Outcome,
    /// Whether a press that selected text counts.
    pub selecting: Presses,
    /// Whether a press after which the page scrolled counts.
    pub scrolling: Presses,
}

/// A bound, in px or ms.
#[derive(Debug, Clone, Copy, PartialEq)]
#[allow(missing_docs)]
pub enum Limit {
    Below(u32),
    UpTo(u32),
}

/// How quickly presses follow.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Pace {
    /// Each after the one before, ms.
    Gap(Limit),
    /// From the first to the last, ms.
    Span(Limit),
}

/// What presses must hit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Element {
    /// Anything.
    Any,
    /// One element.
    Same,
    /// One element that can be clicked, or looks so.
    SameClickable,
}

/// How near presses must lie, px.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Distance {
    /// Anywhere.
    Any,
    /// Each to the one before, across plus down.
    ManhattanFromPrevious(Limit),
    /// Each to the one before, straight.
    StraightFromPrevious(Limit),
    /// Each to the first, straight.
    StraightFromFirst(Limit),
    /// All in a square of this side.
    Square(Limit),
}

/// What the page must not have done.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Outcome {
    /// It does not matter.
    Ignored,
    /// No change of the document anywhere, no scrolling and no navigation this
    /// long after any of the presses, whatever caused it, ms.
    DocumentStill(u32),
    /// No answer to any of the presses this long, by Furrow's own rule, ms.
    Unanswered(u32),
}

/// Whether presses of some kind count.
#[derive(Debug, Clone, Copy, PartialEq)]
#[allow(missing_docs)]
pub enum Presses {
    Count,
    Excluded,
}

/// A rule that asks for nothing but its number of presses; rows say the rest.
const PLAIN: Rule = Rule {
    name: "",
    presses_min: 3,
    pace: Pace::Gap(Limit::Below(1_000)),
    element: Element::Same,
    distance: Distance::Any,
    outcome: Outcome::Ignored,
    selecting: Presses::Count,
    scrolling: Presses::Count,
};

/// Every rule.
pub const RULES: &[Rule] = &[
    Rule {
        name: "PostHog",
        element: Element::Any,
        distance: Distance::ManhattanFromPrevious(Limit::Below(30)),
        ..PLAIN
    },
    Rule {
        name: "Mixpanel",
        presses_min: 4,
        element: Element::Any,
        distance: Distance::StraightFromPrevious(Limit::Below(30)),
        ..PLAIN
    },
    Rule {
        name: "Amplitude",
        presses_min: 4,
        pace: Pace::Span(Limit::UpTo(1_000)),
        distance: Distance::Square(Limit::UpTo(50)),
        selecting: Presses::Excluded,
        ..PLAIN
    },
    Rule {
        name: "Datadog",
        pace: Pace::Span(Limit::UpTo(1_000)),
        distance: Distance::StraightFromPrevious(Limit::UpTo(100)),
        selecting: Presses::Excluded,
        scrolling: Presses::Excluded,
        ..PLAIN
    },
    Rule {
        name: "New Relic, Splunk",
        presses_min: 4,
        pace: Pace::Span(Limit::UpTo(1_000)),
        ..PLAIN
    },
    Rule {
        name: "OpenReplay, UXCam",
        pace: Pace::Gap(Limit::UpTo(300)),
        ..PLAIN
    },
    Rule {
        name: "Sentry",
        presses_min: 5,
        pace: Pace::Span(Limit::UpTo(7_000)),
        element: Element::SameClickable,
        outcome: Outcome::DocumentStill(7_000),
        ..PLAIN
    },
    Rule {
        name: "Highlight",
        presses_min: 6,
        pace: Pace::Span(Limit::UpTo(5_000)),
        element: Element::Any,
        distance: Distance::StraightFromFirst(Limit::UpTo(8)),
        ..PLAIN
    },
    Rule {
        name: "Contentsquare",
        pace: Pace::Span(Limit::Below(2_000)),
        ..PLAIN
    },
    Rule {
        name: "Conviva",
        pace: Pace::Span(Limit::UpTo(2_000)),
        element: Element::SameClickable,
        outcome: Outcome::Unanswered(2_000),
        ..PLAIN
    },
];

/// What is a change of the document to a client that watches all of it.
const DOCUMENT_CHANGES: &[ResponseKind] = &[
    ResponseKind::Paint,
    ResponseKind::MutationStill,
    ResponseKind::MutationMoving,
    ResponseKind::MutationInsideLasting,
    ResponseKind::MutationInsidePassing,
    ResponseKind::Navigation,
    ResponseKind::Window,
    ResponseKind::Scroll,
];

/// How often each of [`RULES`] fires on a session, in their order.
#[must_use]
pub fn firings(batches: &[Batch]) -> Vec<(&'static str, u32)> {
    let senders = presses(batches);
    let count = |rule: &Rule| senders.iter().map(|presses| rule.firings(presses)).sum();
    RULES.iter().map(|rule| (rule.name, count(rule))).collect()
}

/// A press as far as rules ask.
#[derive(Debug, Clone, PartialEq)]
struct Pressed {
    down_ms: i64,
    position: (i32, i32),
    /// None for a press on nothing in particular.
    target: Option<TargetHash>,
    clickable: bool,
    selected_text: bool,
    scrolled: bool,
    response: Response,
}

/// The presses of each sender, in order of time.
fn presses(batches: &[Batch]) -> Vec<Vec<Pressed>> {
    // A batch may have come twice, and a response before its press.
    let mut senders: BTreeMap<SenderId, BTreeMap<u32, Pressed>> = BTreeMap::new();
    for batch in batches {
        for interaction in &batch.interactions {
            if let Kind::Press(press) = &interaction.kind
                && let Some(pressed) = by_hand(press, batch)
            {
                let presses = senders.entry(batch.sender).or_default();
                presses.entry(press.number).or_insert(pressed);
            }
        }
    }
    for batch in batches {
        for interaction in &batch.interactions {
            if let Kind::Response(update) = &interaction.kind
                && let Some(presses) = senders.get_mut(&batch.sender)
                && let Some(pressed) = presses.get_mut(&update.press)
                && update.response.watched_ms >= pressed.response.watched_ms
            {
                pressed.response = update.response.clone();
            }
        }
    }
    senders
        .into_values()
        .map(|presses| {
            let mut presses: Vec<Pressed> = presses.into_values().collect();
            presses.sort_by_key(|pressed| pressed.down_ms);
            presses
        })
        .collect()
}

/// The press, unless no product would be well served by counting it.
fn by_hand(press: &Press, batch: &Batch) -> Option<Pressed> {
    let target = press
        .target
        .map(|index| &batch.targets[usize::from(index.0)]);
    let counts = match press.kind {
        PressKind::Click | PressKind::Tap => press.button == Button::Primary && !press.keyboard,
        PressKind::Long => false,
    };
    if !counts || target.is_some_and(|target| target.ignore_rage) {
        return None;
    }
    Some(Pressed {
        down_ms: press.down.0,
        position: press.position,
        target: target.map(|target| target.hash),
        clickable: target.is_some_and(|t| t.interactive || t.looks_interactive),
        selected_text: press.selected_text,
        scrolled: press.scrolled,
        response: press.response.clone(),
    })
}

impl Rule {
    /// Runs of one sender's presses in which the rule holds, each counted once.
    fn firings(&self, presses: &[Pressed]) -> u32 {
        let mut firings = 0;
        let mut held = false;
        for window in presses.windows(self.presses_min) {
            let holds = self.holds(window);
            firings += u32::from(holds && !held);
            held = holds;
        }
        firings
    }

    fn holds(&self, presses: &[Pressed]) -> bool {
        self.pace.holds(presses)
            && self.element.holds(presses)
            && self.distance.holds(presses)
            && presses.iter().all(|pressed| {
                self.selecting.allow(pressed.selected_text)
                    && self.scrolling.allow(pressed.scrolled)
                    && self.outcome.holds(&pressed.response)
            })
    }
}

impl Limit {
    fn allows(self, value: f64) -> bool {
        match self {
            Limit::Below(bound) => value < f64::from(bound),
            Limit::UpTo(bound) => value <= f64::from(bound),
        }
    }
}

impl Presses {
    fn allow(self, is_one: bool) -> bool {
        match self {
            Presses::Count => true,
            Presses::Excluded => !is_one,
        }
    }
}

impl Pace {
    fn holds(self, presses: &[Pressed]) -> bool {
        let ms = |from: &Pressed, to: &Pressed| (to.down_ms - from.down_ms) as f64;
        match self {
            Pace::Gap(limit) => presses
                .windows(2)
                .all(|two| limit.allows(ms(&two[0], &two[1]))),
            Pace::Span(limit) => {
                let ends = presses.first().zip(presses.last());
                ends.is_some_and(|(first, last)| limit.allows(ms(first, last)))
            }
        }
    }
}

impl Element {
    fn holds(self, presses: &[Pressed]) -> bool {
        let same = || presses.windows(2).all(|two| two[0].target == two[1].target);
        match self {
            Element::Any => true,
            Element::Same => same(),
            Element::SameClickable => same() && presses.iter().all(|p| p.clickable),
        }
    }
}

impl Distance {
    fn holds(self, presses: &[Pressed]) -> bool {
        let each = |near: &dyn Fn(&Pressed, &Pressed) -> bool| {
            presses.windows(2).all(|two| near(&two[0], &two[1]))
        };
        match self {
            Distance::Any => true,
            Distance::ManhattanFromPrevious(limit) => each(&|a, b| {
                let (dx, dy) = apart(a, b);
                limit.allows(dx.abs() + dy.abs())
            }),
            Distance::StraightFromPrevious(limit) => each(&|a, b| limit.allows(straight(a, b))),
            Distance::StraightFromFirst(limit) => presses
                .iter()
                .all(|p| limit.allows(straight(&presses[0], p))),
            Distance::Square(limit) => {
                let side = |coordinate: fn(&Pressed) -> i32| {
                    let all = || presses.iter().map(coordinate).map(f64::from);
                    all().fold(f64::MIN, f64::max) - all().fold(f64::MAX, f64::min)
                };
                limit.allows(side(|p| p.position.0)) && limit.allows(side(|p| p.position.1))
            }
        }
    }
}

fn apart(a: &Pressed, b: &Pressed) -> (f64, f64) {
    let part = |a: i32, b: i32| f64::from(b) - f64::from(a);
    (
        part(a.position.0, b.position.0),
        part(a.position.1, b.position.1),
    )
}

fn straight(a: &Pressed, b: &Pressed) -> f64 {
    let (dx, dy) = apart(a, b);
    (dx * dx + dy * dy).sqrt()
}

impl Outcome {
    fn holds(self, response: &Response) -> bool {
        match self {
            Outcome::Ignored => true,
            Outcome::DocumentStill(ms) => !response
                .facts
                .iter()
                .any(|(kind, after_ms)| *after_ms <= ms && DOCUMENT_CHANGES.contains(kind)),
            Outcome::Unanswered(ms) => {
                let answer = first_answer_ms(response, &PressRules::default());
                answer.is_none_or(|after_ms| after_ms > ms)
            }
        }
    }
}

#[cfg(test)]
#[path = "peers_tests.rs"]
mod tests;
