//! Crowds, and what can be told of their sessions without a scorer.

#![allow(dead_code, reason = "each test file uses its part")]

use furrow_core::ids::{SenderId, VisitorId};
use furrow_core::interaction::{Kind, Press, ResponseKind, Target};
use furrow_sim::{Script, SiteModel, Truth, Visitor};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

pub(crate) const NOON: i64 = 1_763_500_000_000;
/// People of a crowd; some come several times.
pub(crate) const PEOPLE: u64 = 900;

/// A session without what was sent.
pub(crate) struct Seen {
    pub(crate) visitor: VisitorId,
    pub(crate) truth: Truth,
    /// A press that the page left unanswered for a second, or answered by an
    /// error.
    pub(crate) press_in_vain: bool,
    pub(crate) kinds: BTreeSet<&'static str>,
}

static TUNE: LazyLock<Vec<Seen>> = LazyLock::new(|| crowd("tune"));
pub(crate) static REPORT: LazyLock<Vec<Seen>> = LazyLock::new(|| crowd("report"));

fn crowd(name: &str) -> Vec<Seen> {
    let site = SiteModel::named(name).unwrap();
    let people = (0..PEOPLE).map(|index| Visitor::new(5, index, &site));
    people
        .flat_map(|visitor| visitor.sessions(NOON))
        .map(|script| seen(&script))
        .collect()
}

/// Both crowds, with their sites' names.
pub(crate) fn crowds() -> impl Iterator<Item = (&'static str, &'static Vec<Seen>)> {
    [("tune", &*TUNE), ("report", &*REPORT)].into_iter()
}

fn seen(script: &Script) -> Seen {
    Seen {
        visitor: script.visitor,
        truth: script.truth.clone(),
        press_in_vain: presses(script).iter().any(in_vain),
        kinds: kinds(script).map(kind_name).collect(),
    }
}

pub(crate) fn kinds(script: &Script) -> impl Iterator<Item = &Kind> {
    let interactions = script.sent.iter().flat_map(|s| &s.batch.interactions);
    interactions.map(|interaction| &interaction.kind)
}

/// All presses with what is known of their responses in the end.
pub(crate) fn presses(script: &Script) -> Vec<(Press, Target)> {
    let mut presses: BTreeMap<(SenderId, u32), (Press, Target)> = BTreeMap::new();
    for batch in script.sent.iter().map(|sent| &sent.batch) {
        for interaction in &batch.interactions {
            match &interaction.kind {
                Kind::Press(press) => {
                    let target = batch.targets[usize::from(press.target.unwrap().0)].clone();
                    presses.insert((batch.sender, press.number), (press.clone(), target));
                }
                Kind::Response(update) => {
                    let press = presses.get_mut(&(batch.sender, update.press));
                    press.unwrap().0.response = update.response.clone();
                }
                _ => {}
            }
        }
    }
    presses.into_values().collect()
}

/// Pressed what looks as if it could be pressed, and nothing came of it within
/// a second but what is no answer.
fn in_vain((press, target): &(Press, Target)) -> bool {
    use ResponseKind as R;
    let facts = &press.response.facts;
    let answered = facts.iter().any(|(kind, after_ms)| {
        let tells_nothing = matches!(
            kind,
            R::MutationMoving | R::MutationInsidePassing | R::Error | R::Analytics
        );
        *after_ms <= 1_000 && !tells_nothing
    });
    let failed = facts.iter().any(|(kind, _)| *kind == R::Error);
    target.looks_interactive && !press.selected_text && (!answered || failed)
}

pub(crate) fn kind_name(kind: &Kind) -> &'static str {
    match kind {
        Kind::PointerPath(_) => "pointer path",
        Kind::Press(_) => "press",
        Kind::Response(_) => "response",
        Kind::Swipe(_) => "swipe",
        Kind::Zoom(_) => "zoom",
        Kind::Shake { .. } => "shake",
        Kind::ScrollPath(_) => "scroll path",
        Kind::Hover(_) => "hover",
        Kind::Rotation(_) => "rotation",
        Kind::TiltPath(_) => "tilt path",
        Kind::Focus { .. } => "focus",
        Kind::Visibility { .. } => "visibility",
        Kind::Field(_) => "field",
        Kind::PageView(_) => "page view",
        Kind::Navigation(_) => "navigation",
        Kind::Problem(_) => "problem",
        Kind::TextSelection { .. } => "text selection",
        Kind::Copy { .. } => "copy",
        Kind::Find => "find",
        Kind::Print => "print",
        Kind::Conversion(_) => "conversion",
        Kind::Exposure { .. } => "exposure",
        Kind::Feedback { .. } => "feedback",
        Kind::Identify { .. } => "identify",
        Kind::Custom { .. } => "custom",
        Kind::SessionEnd(_) => "session end",
        Kind::Obstruction(_) => "obstruction",
    }
}

pub(crate) fn share(part: usize, all: usize) -> f64 {
    part as f64 / all as f64
}
