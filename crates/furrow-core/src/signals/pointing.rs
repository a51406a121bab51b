//! What the signals of the pointer share: the samples of a path, and what else
//! the hand did meanwhile.

use crate::interaction::{Interaction, Kind, PointerPath, ScrollCause, ScrollPath};
use crate::rules::PressRules;
use crate::time::ClientTime;

/// Without a sample for this long the pointer rests, ms.
pub(super) const PAUSE_MS: u64 = 200;

/// A selection is told once it has stood still for this long, with some room,
/// ms.
const SELECTION_TOLD_MS: i64 = 500;

/// Where the pointer was: time, px to the right, px down.
pub(super) type Sample = (ClientTime, i64, i64);

/// The samples of a pointer path, with absolute times and places.
pub(super) fn samples(at: ClientTime, path: &PointerPath) -> impl Iterator<Item = Sample> + '_ {
    let start = (at, i64::from(path.start.0), i64::from(path.start.1));
    let steps = path.steps.iter().scan(start, |(at, x, y), step| {
        *at = at.plus(i64::from(step.dt));
        *x += i64::from(step.dx);
        *y += i64::from(step.dy);
        Some((*at, *x, *y))
    });
    std::iter::once(start).chain(steps)
}

/// When a scroll path ends.
pub(super) fn scroll_end(at: ClientTime, path: &ScrollPath) -> ClientTime {
    path.steps
        .iter()
        .fold(at, |at, step| at.plus(i64::from(step.dt)))
}

/// From when to when a button was held, or text was selected, if the
/// interaction tells so.
pub(super) fn held(interaction: &Interaction) -> Option<(ClientTime, ClientTime)> {
    match &interaction.kind {
        Kind::Press(press) => Some((press.down, press.down.plus(i64::from(press.hold_ms)))),
        Kind::TextSelection { .. } => {
            Some((interaction.at.plus(-SELECTION_TOLD_MS), interaction.at))
        }
        _ => None,
    }
}

/// From when to when the hand did something else than point, if the
/// interaction tells so.
pub(super) fn occupied(interaction: &Interaction) -> Option<(ClientTime, ClientTime)> {
    match &interaction.kind {
        Kind::ScrollPath(path) if path.cause != ScrollCause::Script => {
            Some((interaction.at, scroll_end(interaction.at, path)))
        }
        _ => held(interaction),
    }
}

/// Whether two stretches of time have a moment in common.
pub(super) fn overlap(a: (ClientTime, ClientTime), b: (ClientTime, ClientTime)) -> bool {
    a.0 <= b.1 && b.0 <= a.1
}

/// A path is told from its beginning on, a press inside it only later. After
/// this time, ms, every press of a moment has been told.
pub(super) fn told_ms(rules: &PressRules) -> u64 {
    u64::from(rules.answer_ms) + u64::from(super::press::TOLD_WITHIN_MS)
}

/// A coordinate as firings hold it.
pub(super) fn px(coordinate: i64) -> i32 {
    coordinate.clamp(i64::from(i32::MIN), i64::from(i32::MAX)) as i32
}
