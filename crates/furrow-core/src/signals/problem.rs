//! Error loops and broken links: what failed, by itself and again.
//!
//! A failed request and the script error that it causes are told in one
//! breath; problems of one origin told together are one. Resources that failed
//! are no part of a loop: that is how a content blocker looks, and nobody tries
//! again to load a picture. A form's refusals count for as long as the session
//! remembers the form, because a second attempt may take minutes.

use super::run::{Enough, RUN_MAX, Run};
use super::{Firing, FiringId, Firings, Moment, SignalKind, TargetName, milli, to_u32, within};
use crate::ids::TargetHash;
use crate::interaction::{
    Field, FieldChange, Interaction, Kind, NavigationKind, Press, Problem, ProblemKind, Response,
    ResponseKind, TargetKind,
};
use crate::rules::{TIME_MAX_MS, section};
use crate::time::ClientTime;
use serde::{Deserialize, Serialize};

section! {
    /// Thresholds of what fails again.
    ProblemRules {
        /// Fewest problems of one origin in a loop.
        loop_problems_min: u32 = 2, in 2..=RUN_MAX;
        /// They lie within this time.
        loop_span_ms: u32 = 60_000, in 1..=TIME_MAX_MS;
        /// Problems of one origin that are told within this time are one.
        together_ms: u32 = 100, in 0..=TIME_MAX_MS;
        /// Fewest times that one form was refused.
        form_refusals_min: u32 = 2, in 2..=RUN_MAX;
        /// Validation errors of one form with no longer pauses are one refusal.
        refusal_pause_ms: u32 = 1_000, in 0..=TIME_MAX_MS;
        /// A request that fails must begin within this time after a press led
        /// to another page without a load, to have been that page's.
        route_ms: u32 = 1_000, in 0..=TIME_MAX_MS;
        /// A page that is broken was led to by a press within this time before.
        link_ms: u32 = 10_000, in 0..=TIME_MAX_MS;
    }
}

/// Origins and forms whose failures one session remembers, each.
pub const FAILURES_MAX: usize = 8;

/// What failed in a session.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ProblemDetector {
    newest: Option<ClientTime>,
    /// Least recently failed first; at most [`FAILURES_MAX`].
    origins: Vec<Failures<Box<str>>>,
    /// Likewise, by form, or by field where there is no form.
    forms: Vec<Failures<u64>>,
    link: Option<Link>,
    broken: Option<Broken>,
}

/// What failed at one place.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Failures<Place> {
    place: Place,
    /// When the newest was told.
    told: ClientTime,
    run: Run,
}

/// The newest press that led, or may lead, to another page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Link {
    sender: u8,
    number: u32,
    down: ClientTime,
    page_view: Option<u32>,
    position: (i32, i32),
    target: Option<TargetName>,
    /// It fell on a link.
    on_link: bool,
    /// When the page said that it led to another page.
    led: Option<ClientTime>,
    /// What it led to has failed.
    failed: bool,
}

/// The newest page that was broken.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Broken {
    path: Box<str>,
    /// When it was first and last told.
    span: (ClientTime, ClientTime),
    count: u32,
    firing: FiringId,
}

impl ProblemDetector {
    /// Looks at an interaction.
    pub fn observe(
        &mut self,
        interaction: &Interaction,
        moment: Moment<'_>,
        firings: &mut Firings,
    ) {
        let at = interaction.at;
        if let Some(link) = &self.link
            && at.since(link.down) > u64::from(moment.rules.problem.link_ms)
        {
            self.link = None;
        }
        if let Kind::Problem(problem) = &interaction.kind {
            self.failed(at, problem, moment, firings);
        }
        if let Kind::Field(field) = &interaction.kind {
            self.refused(at, field, moment, firings);
        }
        if let Kind::Press(press) = &interaction.kind {
            self.pressed(press, moment);
        }
        if let Kind::Response(update) = &interaction.kind {
            self.answered(update.press, &update.response, moment);
        }
        if let Kind::Navigation(NavigationKind::InPage) | Kind::PageView(_) = &interaction.kind {
            self.led(at, moment);
        }
    }

    /// An interaction that came after later ones: a broken link stands for
    /// itself.
    pub fn observe_reordered(
        &mut self,
        interaction: &Interaction,
        moment: Moment<'_>,
        firings: &mut Firings,
    ) {
        if let Kind::Problem(problem) = &interaction.kind
            && problem.broken_link
        {
            self.broken_page(interaction.at, problem, moment, firings);
        }
    }

    /// When the newest script error, failed request or hang began.
    #[must_use]
    pub fn newest(&self) -> Option<ClientTime> {
        self.newest
    }

    fn failed(
        &mut self,
        at: ClientTime,
        problem: &Problem,
        moment: Moment<'_>,
        firings: &mut Firings,
    ) {
        match problem.kind {
            ProblemKind::ScriptError | ProblemKind::RequestFailed | ProblemKind::NotResponding => {
                self.newest = self.newest.max(Some(problem.began));
                self.failed_again(at, problem, moment, firings);
            }
            ProblemKind::ResourceFailed | ProblemKind::LongTask => {}
        }
        if problem.broken_link {
            self.broken_page(at, problem, moment, firings);
        } else if problem.kind == ProblemKind::RequestFailed && problem.status >= 400 {
            self.failed_route(at, problem, moment, firings);
        }
    }

    fn failed_again(
        &mut self,
        at: ClientTime,
        problem: &Problem,
        moment: Moment<'_>,
        firings: &mut Firings,
    ) {
        let rules = &moment.rules.problem;
        self.origins
            .retain(|f| at.since(f.told) <= u64::from(rules.loop_span_ms));
        let Some(failures) = newest_at(
            &mut self.origins,
            problem.origin.clone(),
            at,
            rules.together_ms,
        ) else {
            return;
        };
        let enough = Enough {
            count: rules.loop_problems_min,
            span_ms: rules.loop_span_ms,
        };
        if !failures.run.one_more(at, enough) {
            return;
        }
        let run = &mut failures.run;
        let firing = Firing {
            intensity_milli: again(run.count(), rules.loop_problems_min),
            reason: format!(
                "{} problems of {} in {:.1} s",
                run.count(),
                failures.place,
                run.seconds()
            )
            .into(),
            ..moment.firing(SignalKind::ErrorLoop, at)
        };
        run.tell(firing, moment, firings);
    }

    fn refused(
        &mut self,
        at: ClientTime,
        field: &Field,
        moment: Moment<'_>,
        firings: &mut Firings,
    ) {
        if field.change != FieldChange::ValidationError {
            return;
        }
        let rules = &moment.rules.problem;
        let form = if field.form == 0 {
            field.field
        } else {
            field.form
        };
        let Some(refusals) = newest_at(&mut self.forms, form, at, rules.refusal_pause_ms) else {
            return;
        };
        let enough = Enough {
            count: rules.form_refusals_min,
            span_ms: TIME_MAX_MS,
        };
        if !refusals.run.one_more(at, enough) {
            return;
        }
        let run = &mut refusals.run;
        let firing = Firing {
            target: Some(unnamed(form)),
            intensity_milli: again(run.count(), rules.form_refusals_min),
            reason: format!(
                "one form refused {} times in {:.1} s",
                run.count(),
                run.seconds()
            )
            .into(),
            ..moment.firing(SignalKind::FormErrorLoop, at)
        };
        run.tell(firing, moment, firings);
    }

    fn pressed(&mut self, press: &Press, moment: Moment<'_>) {
        let newer = self.link.as_ref().is_none_or(|l| l.down <= press.down);
        let target = moment.target(press.target);
        if !newer || target.is_some_and(|t| moment.ignored(t).all) {
            return;
        }
        self.link = Some(Link {
            sender: moment.sender,
            number: press.number,
            down: press.down,
            page_view: moment.page_view,
            position: press.position,
            target: target.map(TargetName::from),
            on_link: target
                .is_some_and(|t| matches!(t.kind, TargetKind::Link | TargetKind::LinkAway)),
            led: None,
            failed: false,
        });
        self.answered(press.number, &press.response, moment);
    }

    /// What the page did after a press may be to show another page.
    fn answered(&mut self, number: u32, response: &Response, moment: Moment<'_>) {
        let navigated = |fact: &&(ResponseKind, u32)| fact.0 == ResponseKind::Navigation;
        if let Some(link) = &mut self.link
            && (link.sender, link.number) == (moment.sender, number)
            && let Some((_, after_ms)) = response.facts.iter().find(navigated)
        {
            link.led = link.led.or(Some(link.down.plus(i64::from(*after_ms))));
        }
    }

    /// Another page is shown without a load; a press just before led there.
    fn led(&mut self, at: ClientTime, moment: Moment<'_>) {
        let answer_ms = moment.rules.press.answer_ms;
        if let Some(link) = &mut self.link
            && link.sender == moment.sender
            && within(Some(link.down), at, answer_ms)
        {
            link.led = link.led.or(Some(at));
        }
    }

    /// A request of the page that a press has just led to was refused.
    fn failed_route(
        &mut self,
        at: ClientTime,
        problem: &Problem,
        moment: Moment<'_>,
        firings: &mut Firings,
    ) {
        let route_ms = moment.rules.problem.route_ms;
        let Some(link) = &mut self.link else { return };
        let of_route = link.sender == moment.sender
            && &*problem.origin == "self"
            && problem.began >= link.down
            && link.led.is_some()
            && within(link.led, problem.began, route_ms);
        if !of_route || link.failed {
            return;
        }
        link.failed = true;
        let firing = Firing {
            reason: format!("a press led to a page that answered {}", problem.status).into(),
            duration_ms: to_u32(at.since(link.down)),
            ..link.firing(moment)
        };
        firings.fire(firing, moment.rules);
    }

    /// A page was broken. Loading it again does not make another broken link.
    fn broken_page(
        &mut self,
        at: ClientTime,
        problem: &Problem,
        moment: Moment<'_>,
        firings: &mut Firings,
    ) {
        let rules = &moment.rules.problem;
        let path = &moment.page.path;
        let link = self.link.as_ref().filter(|link| {
            !link.failed
                && (link.on_link || link.led.is_some())
                && link.down <= at
                && within(Some(link.down), at, rules.link_ms)
        });
        let reason = match problem.status {
            0 => "a link led to a page that did not come".into(),
            status => format!("a link led to a page that answered {status}").into(),
        };
        let firing = match link {
            Some(link) => Firing {
                duration_ms: to_u32(at.since(link.down)),
                reason,
                ..link.firing(moment)
            },
            None => Firing {
                reason,
                ..moment.firing(SignalKind::BrokenLink, at)
            },
        };
        let again = self.broken.as_ref().filter(|broken| {
            link.is_none()
                && broken.path == *path
                && within(Some(broken.span.1), at, rules.loop_span_ms)
        });
        let (began, count) = again.map_or((at, 1), |b| (b.span.0, b.count.saturating_add(1)));
        let firing = match again {
            Some(broken) => {
                let firing = Firing {
                    at: began,
                    duration_ms: to_u32(at.since(began)),
                    evidence_count: count,
                    ..firing
                };
                firings.raise(broken.firing, firing, moment.rules)
            }
            None => firings.fire(firing, moment.rules),
        };
        self.broken = Some(Broken {
            path: path.clone(),
            span: (began, at),
            count,
            firing,
        });
        if let Some(link) = &mut self.link {
            link.failed = true;
        }
    }
}

impl Link {
    fn firing(&self, moment: Moment<'_>) -> Firing {
        Firing {
            target: self.target.clone(),
            position: self.position,
            sender: self.sender,
            page_view: self.page_view,
            ..moment.firing(SignalKind::BrokenLink, self.down)
        }
    }
}

/// The failures at a place, now that there is one more; none when that belongs
/// to the one before.
fn newest_at<Place: PartialEq>(
    all: &mut Vec<Failures<Place>>,
    place: Place,
    at: ClientTime,
    together_ms: u32,
) -> Option<&mut Failures<Place>> {
    let known = all.iter().position(|f| f.place == place);
    let mut failures = match known {
        Some(known) => all.remove(known),
        None => {
            if all.len() == FAILURES_MAX {
                all.remove(0);
            }
            Failures {
                place,
                told: at,
                run: Run::default(),
            }
        }
    };
    let together = known.is_some() && within(Some(failures.told), at, together_ms);
    failures.told = failures.told.max(at);
    all.push(failures);
    all.last_mut().filter(|_| !together)
}

/// The fewest are clear already; each further one adds.
fn again(count: u32, fewest: u32) -> u16 {
    milli(0.6 + 0.2 * f64::from(count.saturating_sub(fewest)))
}

/// A form or field, of which no more than its identity is told.
pub(super) fn unnamed(hash: u64) -> TargetName {
    TargetName {
        hash: TargetHash(hash),
        selector: Box::default(),
        label: Box::default(),
    }
}

#[cfg(test)]
#[path = "problem_tests.rs"]
mod tests;
