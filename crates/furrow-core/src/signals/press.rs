//! The press family: rage, responsive multi-press, dead, slow, retry, error.
//!
//! The detector keeps the presses that are still being judged, in the order in
//! which the pointer went down, though they are told in the order in which
//! they were answered. What belongs together is worked out anew whenever a
//! press or a response comes: presses on one target, or near each other, with
//! no quiet between them. While such a group may still grow, its presses are
//! held; a group that is a burst keeps them as evidence, any other lets them
//! stand for themselves.

mod group;
mod judged;

use super::retry::{Repeats, Repetition, RetryDetector, Silence};
use super::{Firing, Firings, Moment, SignalKind, TargetName, to_u32};
use crate::interaction::{Button, Interaction, Kind, Press, Problem, ProblemKind, Response};
use crate::rules::PressRules;
use crate::time::ClientTime;
use group::{Group, groups};
pub(super) use judged::Judged;
use judged::{Told, answers_on_the_page, can_die, outside};
use serde::{Deserialize, Serialize};

/// Presses that one detector judges at a time; the oldest give way.
pub const PRESSES_MAX: usize = 64;

/// Problems that wait for the press that they belong to.
pub const PROBLEMS_MAX: usize = 16;

/// An unanswered press is told this much after `answer_ms` at the latest. A
/// group is not closed before all its presses can have been told.
pub(super) const TOLD_WITHIN_MS: u32 = 1_500;

/// After this much time a press is no longer judged, whatever is missing.
const JUDGED_WITHIN_MS: u64 = 10_000;

/// One sender's presses under judgement.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct PressDetector {
    /// In order of pointer-down.
    presses: Vec<Judged>,
    /// When problems began that no press has claimed, oldest first.
    problems: Vec<ClientTime>,
    /// When focus or visibility last changed.
    flipped: Option<ClientTime>,
    statics: Repeats,
}

impl PressDetector {
    /// Looks at an interaction.
    pub fn observe(
        &mut self,
        interaction: &Interaction,
        moment: Moment<'_>,
        firings: &mut Firings,
    ) {
        if let Kind::Press(press) = &interaction.kind {
            self.pressed(press, moment, firings);
        }
        if let Kind::Response(update) = &interaction.kind {
            self.responded(update.press, &update.response, moment, firings);
        }
        if let Kind::Problem(problem) = &interaction.kind {
            self.failed(problem, moment, firings);
        }
        if let Kind::Focus { .. } | Kind::Visibility { .. } = &interaction.kind {
            self.flipped(interaction.at, moment);
        }
    }

    /// When the newest press went down that should have been answered and has
    /// had no answer in time so far.
    #[must_use]
    pub fn unanswered(&self, rules: &PressRules) -> Option<ClientTime> {
        let unanswered = |p: &&Judged| p.can_die && p.response.unanswered_within(rules.answer_ms);
        self.presses.iter().rev().find(unanswered).map(|p| p.down)
    }

    /// Focus or visibility changed: what was pressed just before may have
    /// answered outside the page.
    fn flipped(&mut self, at: ClientTime, moment: Moment<'_>) {
        self.flipped = self.flipped.max(Some(at));
        for press in &mut self.presses {
            press.can_die &= !outside(press.down, Some(at), &moment.rules.press);
        }
    }

    /// A press was told.
    fn pressed(&mut self, press: &Press, moment: Moment<'_>, firings: &mut Firings) {
        if press.button != Button::Primary {
            return;
        }
        let target = moment.target(press.target);
        let ignored = target.map(|t| moment.ignored(t)).unwrap_or_default();
        if ignored.all {
            return;
        }
        let judged = Judged {
            number: press.number,
            down: press.down,
            position: press.position,
            page_view: moment.page_view,
            target: target.map(TargetName::from),
            spoils_burst: press.selected_text
                || press.scrolled
                || press.keyboard
                || ignored.rage
                || target.is_some_and(|t| !answers_on_the_page(t.kind)),
            can_die: !ignored.dead
                && target.is_some_and(|t| can_die(t, press))
                && !outside(press.down, self.flipped, &moment.rules.press),
            only_looks: target.is_some_and(|t| t.looks_interactive && !t.interactive),
            response: Told::new(&press.response, &moment.rules.press),
            failed: false,
            rage: None,
            settled: false,
        };
        if self.presses.len() == PRESSES_MAX {
            self.presses.remove(0);
        }
        let place = self.presses.partition_point(|p| p.down <= judged.down);
        self.presses.insert(place, judged);
        self.claim_problem(place, &press.response, moment, firings);
        self.find_rage(moment, firings);
    }

    /// More is known of an earlier press. One that is no longer judged is
    /// passed over.
    fn responded(
        &mut self,
        number: u32,
        response: &Response,
        moment: Moment<'_>,
        firings: &mut Firings,
    ) {
        let Some(place) = self.presses.iter().position(|p| p.number == number) else {
            return;
        };
        self.presses[place].response = Told::new(response, &moment.rules.press);
        self.claim_problem(place, response, moment, firings);
        self.find_rage(moment, firings);
    }

    /// Something failed; it may be the answer to a press.
    fn failed(&mut self, problem: &Problem, moment: Moment<'_>, firings: &mut Firings) {
        match problem.kind {
            ProblemKind::ScriptError | ProblemKind::RequestFailed => {}
            ProblemKind::ResourceFailed | ProblemKind::LongTask | ProblemKind::NotResponding => {
                return;
            }
        }
        let within = u64::from(moment.rules.press.error_ms);
        let culprit = self
            .presses
            .iter()
            .rposition(|p| p.down <= problem.began && problem.began.since(p.down) <= within);
        match culprit {
            Some(place) if self.presses[place].failed => {}
            Some(place) => self.fire_error(place, problem.began, moment, firings),
            None => {
                if self.problems.len() == PROBLEMS_MAX {
                    self.problems.remove(0);
                }
                self.problems.push(problem.began);
            }
        }
    }

    /// Time went on: groups may close, presses may stand for themselves.
    pub fn passed(
        &mut self,
        moment: Moment<'_>,
        retries: &mut RetryDetector,
        firings: &mut Firings,
    ) {
        if self.presses.is_empty() {
            return;
        }
        let (now, rules) = (moment.now, &moment.rules.press);
        if self.is_due(now, rules) {
            let groups = groups(&self.presses, rules);
            for group in &groups {
                let last = group.last(&self.presses);
                if now.since(last.down) >= open_ms(rules) {
                    self.settle(*group, moment, retries, firings);
                }
            }
            self.forget(&groups, now, rules);
        }
        let claimable = u64::from(rules.error_ms + TOLD_WITHIN_MS);
        self.problems.retain(|began| now.since(*began) <= claimable);
    }

    /// Whether any press is old enough for a group with it to close or to go.
    /// Asked at every interaction, so it groups nothing.
    fn is_due(&self, now: ClientTime, rules: &PressRules) -> bool {
        let age_ms = |press: &Judged| now.since(press.down);
        let open_ms = open_ms(rules);
        let kept_ms = told_ms(rules).min(JUDGED_WITHIN_MS);
        let closes = |press: &Judged| !press.settled && age_ms(press) >= open_ms;
        self.presses.first().is_some_and(|p| age_ms(p) > kept_ms) || self.presses.iter().any(closes)
    }

    /// Groups go whole, so that what is left of one is never judged as another:
    /// when all of it is settled and no neighbour can still be told, or when
    /// what is missing did not come in time.
    fn forget(&mut self, groups: &[Group], now: ClientTime, rules: &PressRules) {
        let told_ms = told_ms(rules);
        let mut gone = Group::default();
        for group in groups {
            let age_ms = now.since(group.last(&self.presses).down);
            let settled = group.members(&self.presses).all(|p| p.settled);
            if age_ms > JUDGED_WITHIN_MS || (settled && age_ms > told_ms) {
                gone = gone.with(*group);
            }
        }
        let mut place = 0;
        self.presses.retain(|_| {
            place += 1;
            !gone.has(place - 1)
        });
    }

    /// Nothing more will come: everything is judged as it stands.
    pub fn ended(
        &mut self,
        moment: Moment<'_>,
        retries: &mut RetryDetector,
        firings: &mut Firings,
    ) {
        for group in groups(&self.presses, &moment.rules.press) {
            self.settle(group, moment, retries, firings);
        }
        self.presses.clear();
        self.problems.clear();
    }

    fn claim_problem(
        &mut self,
        place: usize,
        response: &Response,
        moment: Moment<'_>,
        firings: &mut Firings,
    ) {
        let within = u64::from(moment.rules.press.error_ms);
        let press = &self.presses[place];
        if press.failed {
            return;
        }
        let down = press.down;
        let waiting = self
            .problems
            .iter()
            .position(|began| down <= *began && began.since(down) <= within);
        let told = response
            .facts
            .iter()
            .find(|(kind, ms)| {
                *kind == crate::interaction::ResponseKind::Error && u64::from(*ms) <= within
            })
            .map(|(_, ms)| down.plus(i64::from(*ms)));
        let began = waiting.map(|place| self.problems.remove(place)).or(told);
        if let Some(began) = began {
            self.fire_error(place, began, moment, firings);
        }
    }

    fn fire_error(
        &mut self,
        place: usize,
        began: ClientTime,
        moment: Moment<'_>,
        firings: &mut Firings,
    ) {
        let press = &mut self.presses[place];
        press.failed = true;
        let after_ms = to_u32(began.since(press.down));
        firings.fire(
            Firing {
                duration_ms: after_ms,
                reason: format!("something failed {after_ms} ms after the press").into(),
                ..press.firing(SignalKind::ErrorPress, moment.sender)
            },
            moment.rules,
        );
    }

    fn find_rage(&mut self, moment: Moment<'_>, firings: &mut Firings) {
        let rules = &moment.rules.press;
        // No group is denser than all presses together.
        let all = Group::all(&self.presses);
        if !all.bursts(&self.presses, rules) && !all.bursts_unverified(&self.presses, rules) {
            return;
        }
        for group in groups(&self.presses, rules) {
            let Some(rage) = group.rage(&self.presses, moment) else {
                continue;
            };
            let known = group.members(&self.presses).find_map(|press| press.rage);
            let id = Some(match known {
                Some(id) => firings.raise(id, rage, moment.rules),
                None => firings.fire(rage, moment.rules),
            });
            for place in group.places() {
                self.presses[place].rage = id;
                self.presses[place].settled = true;
            }
        }
    }

    fn settle(
        &mut self,
        group: Group,
        moment: Moment<'_>,
        retries: &mut RetryDetector,
        firings: &mut Firings,
    ) {
        let rules = &moment.rules.press;
        if group.members(&self.presses).all(|press| press.settled) {
            return;
        }
        let rage = group.members(&self.presses).any(|p| p.rage.is_some());
        let responsive = match rage {
            true => None,
            false => group.responsive(&self.presses, moment),
        };
        if rage || responsive.is_some() {
            if let Some(firing) = responsive {
                firings.fire(firing, moment.rules);
            }
            for place in group.places() {
                self.presses[place].settled = true;
            }
            return;
        }
        for place in group.places() {
            let press = &mut self.presses[place];
            if press.settled {
                continue;
            }
            let told = press.response;
            if told.answered_within(rules.answer_ms) || told.blind {
                press.settled = true;
            } else if told.answered_within(rules.dead_ms) {
                press.settled = true;
                let latency = told.first_answer_ms.unwrap_or(rules.dead_ms);
                let firing = Firing {
                    duration_ms: latency,
                    reason: format!("first answer after {latency} ms").into(),
                    ..press.firing(SignalKind::SlowPress, moment.sender)
                };
                firings.fire(firing, moment.rules);
                retries.unanswered(press, Silence::Slow, moment, firings);
            } else if told.unanswered_within(rules.dead_ms) {
                press.settled = true;
                if press.only_looks {
                    self.statics
                        .pressed(press, Repetition::Static, moment, firings);
                }
                if press.can_die && !retries.just_died(press, rules) {
                    let firing = Firing {
                        duration_ms: rules.dead_ms,
                        reason: format!("no answer within {} ms", rules.dead_ms).into(),
                        ..press.firing(SignalKind::DeadPress, moment.sender)
                    };
                    firings.fire(firing, moment.rules);
                    retries.unanswered(press, Silence::Dead, moment, firings);
                }
            }
        }
    }
}

/// A group may grow, and its presses may be told, until its last press is so
/// old.
fn open_ms(rules: &PressRules) -> u64 {
    u64::from(rules.burst_quiet_ms + TOLD_WITHIN_MS)
}

/// Presses that old have no neighbour that can still be told.
fn told_ms(rules: &PressRules) -> u64 {
    u64::from(2 * rules.burst_quiet_ms + TOLD_WITHIN_MS)
}

#[cfg(test)]
mod tests;
