//! Presses that belong together, and whether they are a burst.

use super::PRESSES_MAX;
use super::judged::Judged;
use crate::rules::PressRules;
use crate::signals::{Firing, Moment, SignalKind, evidence, milli, to_u32};
use crate::time::ClientTime;

/// Presses that belong together: bit i is set for the one at place i. Groups
/// are worked out often, and so they allocate nothing.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Group(u64);

const _: () = assert!(PRESSES_MAX == u64::BITS as usize, "each press has a bit");

impl Group {
    /// Of all presses as one; there is at least one.
    pub(super) fn all(presses: &[Judged]) -> Group {
        Group(u64::MAX >> (PRESSES_MAX - presses.len()))
    }

    /// Both as one.
    pub(super) fn with(self, other: Group) -> Group {
        Group(self.0 | other.0)
    }

    pub(super) fn has(self, place: usize) -> bool {
        self.0 >> place & 1 == 1
    }

    /// In order of pointer-down.
    pub(super) fn places(self) -> impl Iterator<Item = usize> {
        let mut left = self.0;
        std::iter::from_fn(move || {
            let place = (left != 0).then(|| left.trailing_zeros() as usize);
            left &= left.wrapping_sub(1);
            place
        })
    }

    fn count(self) -> usize {
        self.0.count_ones() as usize
    }

    fn first(self, presses: &[Judged]) -> &Judged {
        &presses[self.0.trailing_zeros() as usize]
    }

    pub(super) fn last(self, presses: &[Judged]) -> &Judged {
        &presses[self.0.ilog2() as usize]
    }

    pub(super) fn members(self, presses: &[Judged]) -> impl Iterator<Item = &Judged> {
        self.places().map(|place| &presses[place])
    }

    /// Whether `min` neighbouring presses lie within `span_ms`.
    fn dense(self, presses: &[Judged], min: u32, span_ms: u32) -> bool {
        let later = self.members(presses).skip(min.max(1) as usize - 1);
        self.members(presses)
            .zip(later)
            .any(|(first, last)| last.down.since(first.down) <= u64::from(span_ms))
    }

    pub(super) fn bursts(self, presses: &[Judged], rules: &PressRules) -> bool {
        self.dense(presses, rules.burst_presses_min, rules.burst_span_ms)
    }

    /// The same where it is not known what the page answered.
    pub(super) fn bursts_unverified(self, presses: &[Judged], rules: &PressRules) -> bool {
        let (min, span_ms) = (rules.unverified_presses_min, rules.unverified_span_ms);
        self.dense(presses, min, span_ms)
    }

    fn spoiled(self, presses: &[Judged]) -> bool {
        self.members(presses).any(|p| p.spoils_burst)
    }

    pub(super) fn rage(self, presses: &[Judged], moment: Moment<'_>) -> Option<Firing> {
        let rules = &moment.rules.press;
        if self.spoiled(presses) {
            return None;
        }
        let all = self.count();
        if self.members(presses).all(|p| p.response.blind) {
            return self.bursts_unverified(presses, rules).then(|| Firing {
                // Half of what the same burst would count with responses seen.
                intensity_milli: rage_intensity(all) / 2,
                reason: format!("{all} presses; what the page answered is not known").into(),
                ..self.firing(SignalKind::RagePress, presses, moment)
            });
        }
        if !self.bursts(presses, rules) {
            return None;
        }
        let unanswered = self
            .members(presses)
            .filter(|p| p.response.unanswered_within(rules.answer_ms))
            .count();
        (2 * unanswered > all).then(|| Firing {
            intensity_milli: rage_intensity(unanswered),
            reason: format!(
                "{unanswered} of {all} presses without an answer within {} ms",
                rules.answer_ms
            )
            .into(),
            ..self.firing(SignalKind::RagePress, presses, moment)
        })
    }

    pub(super) fn responsive(self, presses: &[Judged], moment: Moment<'_>) -> Option<Firing> {
        let rules = &moment.rules.press;
        if self.spoiled(presses) || !self.bursts(presses, rules) {
            return None;
        }
        let all = self.count();
        let answered = self
            .members(presses)
            .filter(|p| p.response.answered_within(rules.answer_ms))
            .count();
        (2 * answered >= all).then(|| Firing {
            intensity_milli: 1_000,
            reason: format!("{answered} of {all} presses answered").into(),
            ..self.firing(SignalKind::ResponsiveMultiPress, presses, moment)
        })
    }

    fn firing(self, kind: SignalKind, presses: &[Judged], moment: Moment<'_>) -> Firing {
        let downs: Vec<ClientTime> = self.members(presses).map(|p| p.down).collect();
        let first = self.first(presses);
        Firing {
            duration_ms: to_u32(self.last(presses).down.since(first.down)),
            evidence_count: to_u32(downs.len() as u64),
            evidence_at: evidence(&downs),
            ..first.firing(kind, moment.sender)
        }
    }
}

/// Presses that belong together, each group in order of pointer-down.
pub(super) fn groups(presses: &[Judged], rules: &PressRules) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::with_capacity(presses.len());
    for (place, press) in presses.iter().enumerate() {
        let group = groups.iter_mut().rev().find(|group| {
            let last = group.last(presses);
            press.down.since(last.down) <= u64::from(rules.burst_quiet_ms)
                && together(last, press, rules.burst_distance_px)
        });
        match group {
            Some(group) => group.0 |= 1 << place,
            None => groups.push(Group(1 << place)),
        }
    }
    groups
}

fn together(a: &Judged, b: &Judged, distance_px: u32) -> bool {
    let same = match (&a.target, &b.target) {
        (Some(a), Some(b)) => a.hash == b.hash,
        _ => false,
    };
    let (dx, dy) = (
        i64::from(a.position.0) - i64::from(b.position.0),
        i64::from(a.position.1) - i64::from(b.position.1),
    );
    same || dx * dx + dy * dy <= i64::from(distance_px) * i64::from(distance_px)
}

/// Two unanswered presses are the least that rage can rest on, six certainty.
fn rage_intensity(unanswered: usize) -> u16 {
    milli(0.4 + 0.1 * unanswered as f64)
}
