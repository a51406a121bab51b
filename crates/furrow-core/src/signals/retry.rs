//! Retries: dead or slow presses on one target, again and again.

use super::press::{Judged, evidence, milli, to_u32};
use super::{Firing, FiringId, Firings, Moment, SignalKind};
use crate::ids::TargetHash;
use crate::rules::PressRules;
use crate::time::ClientTime;
use serde::{Deserialize, Serialize};

/// Dead and slow presses remembered for retries, per session.
pub const UNANSWERED_MAX: usize = 32;

/// Dead and slow presses of a session, for retries across its senders.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct RetryDetector {
    unanswered: Vec<Unanswered>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Unanswered {
    target: TargetHash,
    down: ClientTime,
    dead: bool,
    retry: Option<FiringId>,
}

impl RetryDetector {
    pub(super) fn just_died(&self, press: &Judged, rules: &PressRules) -> bool {
        self.unanswered.iter().any(|u| {
            u.dead
                && press.target.as_ref().is_some_and(|t| t.hash == u.target)
                && press.down.since(u.down) < u64::from(rules.dead_pause_ms)
                && press.down >= u.down
        })
    }

    pub(super) fn unanswered(
        &mut self,
        press: &Judged,
        dead: bool,
        moment: Moment<'_>,
        firings: &mut Firings,
    ) {
        let Some(target) = &press.target else { return };
        let rules = &moment.rules.press;
        if self.unanswered.len() == UNANSWERED_MAX {
            self.unanswered.remove(0);
        }
        self.unanswered.push(Unanswered {
            target: target.hash,
            down: press.down,
            dead,
            retry: None,
        });
        // A press may be judged long after later ones were.
        let span_ms = u64::from(rules.retry_span_ms);
        let on_target = |u: &Unanswered| u.target == target.hash;
        let near =
            |u: &Unanswered| u.down.since(press.down).max(press.down.since(u.down)) <= span_ms;
        let near_downs = self
            .unanswered
            .iter()
            .filter(|u| on_target(u) && near(u))
            .map(|u| u.down);
        let last = near_downs.max().unwrap_or(press.down);
        let same: Vec<usize> = (0..self.unanswered.len())
            .filter(|place| {
                let u = &self.unanswered[*place];
                on_target(u) && near(u) && last.since(u.down) <= span_ms
            })
            .collect();
        let count = to_u32(same.len() as u64);
        if count < rules.retry_presses_min {
            return;
        }
        let known = same.iter().find_map(|place| self.unanswered[*place].retry);
        let mut downs: Vec<ClientTime> = same.iter().map(|p| self.unanswered[*p].down).collect();
        downs.sort_unstable();
        let first = downs[0];
        let firing = Firing {
            at: first,
            duration_ms: to_u32(last.since(first)),
            // The fewest presses are a clear retry; each further one adds.
            intensity_milli: milli(700 + 100 * (count - rules.retry_presses_min)),
            evidence_count: count,
            evidence_at: evidence(&downs),
            reason: format!("{count} unanswered or slow presses on one target").into(),
            ..press.firing(SignalKind::RetryPress, moment.sender)
        };
        let id = Some(match known {
            Some(id) => firings.raise(id, firing, moment.rules),
            None => firings.fire(firing, moment.rules),
        });
        same.iter()
            .for_each(|place| self.unanswered[*place].retry = id);
    }
}
