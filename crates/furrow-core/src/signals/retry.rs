//! Presses on one target, again and again: retry press and static press.

use super::press::Judged;
use super::{Firing, FiringId, Firings, Moment, SignalKind, evidence, milli, to_u32};
use crate::ids::TargetHash;
use crate::rules::PressRules;
use crate::time::ClientTime;
use serde::{Deserialize, Serialize};

/// Presses remembered for one kind of repetition.
pub const REPEATED_MAX: usize = 32;

/// Dead and slow presses of a session, for retries across its senders.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct RetryDetector {
    unanswered: Repeats,
    /// Where and when presses last died.
    deaths: Vec<(TargetHash, ClientTime)>,
}

/// How the page was silent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Silence {
    /// The first answer came late.
    Slow,
    /// None came.
    Dead,
}

impl RetryDetector {
    pub(super) fn just_died(&self, press: &Judged, rules: &PressRules) -> bool {
        let Some(target) = &press.target else {
            return false;
        };
        self.deaths.iter().any(|(hash, down)| {
            *hash == target.hash
                && press.down >= *down
                && press.down.since(*down) < u64::from(rules.dead_pause_ms)
        })
    }

    pub(super) fn unanswered(
        &mut self,
        press: &Judged,
        silence: Silence,
        moment: Moment<'_>,
        firings: &mut Firings,
    ) {
        if let (Silence::Dead, Some(target)) = (silence, &press.target) {
            if self.deaths.len() == REPEATED_MAX {
                self.deaths.remove(0);
            }
            self.deaths.push((target.hash, press.down));
        }
        self.unanswered
            .pressed(press, Repetition::Retry, moment, firings);
    }
}

/// What is repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Repetition {
    /// Dead or slow presses.
    Retry,
    /// Presses on what only looks interactive.
    Static,
}

impl Repetition {
    fn kind(self) -> SignalKind {
        match self {
            Repetition::Retry => SignalKind::RetryPress,
            Repetition::Static => SignalKind::StaticPress,
        }
    }

    /// Fewest presses, and the time within which they lie, ms.
    fn bounds(self, rules: &PressRules) -> (u32, u32) {
        match self {
            Repetition::Retry => (rules.retry_presses_min, rules.retry_span_ms),
            Repetition::Static => (rules.static_presses_min, rules.static_span_ms),
        }
    }

    fn reason(self, count: u32) -> Box<str> {
        match self {
            Repetition::Retry => format!("{count} unanswered or slow presses on one target"),
            Repetition::Static => {
                format!("{count} presses on something that only looks as if it could be pressed")
            }
        }
        .into()
    }
}

/// Presses that may be repeated.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(super) struct Repeats(Vec<Repeated>);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Repeated {
    target: TargetHash,
    down: ClientTime,
    firing: Option<FiringId>,
}

impl Repeats {
    /// A press was judged; it may be one more of a repetition.
    pub(super) fn pressed(
        &mut self,
        press: &Judged,
        what: Repetition,
        moment: Moment<'_>,
        firings: &mut Firings,
    ) {
        let Some(target) = &press.target else { return };
        let (presses_min, span_ms) = what.bounds(&moment.rules.press);
        let span_ms = u64::from(span_ms);
        if self.0.len() == REPEATED_MAX {
            self.0.remove(0);
        }
        self.0.push(Repeated {
            target: target.hash,
            down: press.down,
            firing: None,
        });
        // A press may be judged long after later ones were.
        let near = |r: &Repeated| {
            r.target == target.hash
                && r.down.since(press.down).max(press.down.since(r.down)) <= span_ms
        };
        let near_downs = self.0.iter().filter(|r| near(r)).map(|r| r.down);
        let last = near_downs.max().unwrap_or(press.down);
        let same: Vec<usize> = (0..self.0.len())
            .filter(|place| {
                let repeated = &self.0[*place];
                near(repeated) && last.since(repeated.down) <= span_ms
            })
            .collect();
        let count = to_u32(same.len() as u64);
        if count < presses_min {
            return;
        }
        let known = same.iter().find_map(|place| self.0[*place].firing);
        let mut downs: Vec<ClientTime> = same.iter().map(|p| self.0[*p].down).collect();
        downs.sort_unstable();
        let firing = Firing {
            at: downs[0],
            duration_ms: to_u32(last.since(downs[0])),
            // The fewest presses are clear already; each further one adds.
            intensity_milli: milli(0.7 + 0.1 * f64::from(count - presses_min)),
            evidence_count: count,
            evidence_at: evidence(&downs),
            reason: what.reason(count),
            ..press.firing(what.kind(), moment.sender)
        };
        let id = Some(match known {
            Some(id) => firings.raise(id, firing, moment.rules),
            None => firings.fire(firing, moment.rules),
        });
        same.iter().for_each(|place| self.0[*place].firing = id);
    }
}
