//! Loading a page again because it did not work.
//!
//! A page that is loaded again has a new sender, so trouble is looked for
//! across the session, also on presses that nobody has judged yet. Further
//! reloads of the same page raise the same firing.

use super::run::{Enough, RUN_MAX, Run};
use super::{Firing, Firings, Moment, SignalKind, milli, within};
use crate::interaction::{Interaction, Kind, NavigationKind};
use crate::rules::{TIME_MAX_MS, section};
use crate::time::ClientTime;
use serde::{Deserialize, Serialize};

section! {
    /// Thresholds of reloads.
    ReloadRules {
        /// A reload within this time of trouble belongs to it.
        trouble_ms: u32 = 10_000, in 1..=TIME_MAX_MS;
        /// Fewest reloads of one page without other trouble.
        reloads_min: u32 = 2, in 2..=RUN_MAX;
        /// They lie within this time.
        reloads_span_ms: u32 = 30_000, in 1..=TIME_MAX_MS;
    }
}

/// Pages whose reloads one session remembers.
pub const RELOADED_MAX: usize = 4;

/// The reloads of a session.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ReloadDetector {
    /// When a press was newest left without an answer in time.
    unanswered: Option<ClientTime>,
    /// At most [`RELOADED_MAX`].
    pages: Vec<Reloaded>,
}

/// A page that was loaded again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Reloaded {
    path: Box<str>,
    run: Run,
    /// How long before one of the reloads the page had given trouble, ms.
    trouble_ms: Option<u64>,
}

impl ReloadDetector {
    /// Looks at an interaction.
    pub fn observe(
        &mut self,
        interaction: &Interaction,
        moment: Moment<'_>,
        firings: &mut Firings,
    ) {
        self.unanswered = self.unanswered.max(moment.around.unanswered);
        if let Kind::Navigation(NavigationKind::Reload) = interaction.kind {
            self.reloaded(interaction.at, moment, firings);
        }
    }

    fn reloaded(&mut self, at: ClientTime, moment: Moment<'_>, firings: &mut Firings) {
        let rules = &moment.rules.reload;
        let span_ms = rules.reloads_span_ms;
        self.pages.retain(|p| within(p.run.newest(), at, span_ms));
        let path = &moment.page.path;
        let place = match self.pages.iter().position(|p| p.path == *path) {
            Some(place) => place,
            None => {
                if self.pages.len() == RELOADED_MAX {
                    self.pages.remove(0);
                }
                self.pages.push(Reloaded {
                    path: path.clone(),
                    run: Run::default(),
                    trouble_ms: None,
                });
                self.pages.len() - 1
            }
        };
        let trouble = [moment.around.problem, self.unanswered]
            .into_iter()
            .flatten()
            .filter(|trouble| *trouble <= at)
            .max();
        let page = &mut self.pages[place];
        if within(trouble, at, rules.trouble_ms) {
            page.trouble_ms = page.trouble_ms.or(trouble.map(|t| at.since(t)));
        }
        let enough = Enough {
            count: rules.reloads_min,
            span_ms,
        };
        let repeated = page.run.one_more(at, enough);
        if page.run.count() == 0 || !(repeated || page.trouble_ms.is_some()) {
            return;
        }
        let firing = page.firing(at, moment);
        page.run.tell(firing, moment, firings);
    }
}

impl Reloaded {
    fn firing(&self, at: ClientTime, moment: Moment<'_>) -> Firing {
        let count = self.run.count();
        let times = match count {
            1 => "loaded again".to_owned(),
            _ => format!("loaded again {count} times in {:.1} s", self.run.seconds()),
        };
        let (after_trouble, reason) = match self.trouble_ms {
            Some(ms) => (0.4, format!("{times}, {ms} ms after trouble")),
            None => (0.0, times),
        };
        Firing {
            intensity_milli: milli(after_trouble + 0.3 * f64::from(count)),
            reason: reason.into(),
            ..moment.firing(SignalKind::Reload, at)
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::signals::SignalKind::Reload;
    use crate::signals::script::{check_only, found};

    #[track_caller]
    fn check(text: &str, expected: &str) {
        check_only(&[Reload], text, expected);
    }

    #[test]
    fn a_reload_within_ten_seconds_of_a_problem_belongs_to_it() {
        check(
            "load 0 /a; problem 1000; load 11000 /a reload",
            "reload@11000x1",
        );
        check("load 0 /a; problem 1000; load 11001 /a reload", "");
        check(
            "load 0 /a; problem 1000 request status 500; load 2000 /a reload",
            "reload@2000x1",
        );
    }

    #[test]
    fn a_reload_within_ten_seconds_of_a_dead_press_belongs_to_it() {
        check(
            "load 0 /a; press 1000 dead on button; load 11000 /a reload",
            "reload@11000x1",
        );
        check(
            "load 0 /a; press 1000 dead on button; later 4000; load 11001 /a reload",
            "",
        );
    }

    #[test]
    fn a_reload_after_a_slow_press_belongs_to_it() {
        check(
            "load 0 /a; press 1000 answers 1800 on button; load 5000 /a reload",
            "reload@5000x1",
        );
    }

    #[test]
    fn a_press_that_nobody_has_judged_when_the_page_is_loaded_again_counts() {
        check(
            "load 0 /a; press 1000 dead on button; load 2100 /a reload",
            "reload@2100x1",
        );
    }

    #[test]
    fn a_reload_for_no_reason_is_nothing() {
        check("load 0 /a; load 5000 /a reload", "");
        check(
            "load 0 /a; press 1000 answers 50 on button; load 3000 /a reload",
            "",
        );
        check(
            "load 0 /a; press 1000 dead on text; load 5000 /a reload",
            "",
        );
        check(
            "load 0 /a; problem 1000 resource; problem 1200 long; load 3000 /a reload",
            "",
        );
        check("load 0 /a; load 3000 /b; load 6000 /a back", "");
    }

    #[test]
    fn two_reloads_of_one_page_within_thirty_seconds_are_trouble_by_themselves() {
        check(
            "load 0 /a; load 5000 /a reload; load 35000 /a reload",
            "reload@5000x2",
        );
        check("load 0 /a; load 5000 /a reload; load 35001 /a reload", "");
        check(
            "load 0 /a; load 5000 /a reload; load 9000 /b; load 12000 /b reload",
            "",
        );
    }

    #[test]
    fn further_reloads_raise_the_same_firing() {
        let text = "load 0 /a; problem 1000; load 2000 /a reload; load 4000 /a reload; load 20000 /a reload";
        check(text, "reload@2000x3");
        let intensity = |text: &str| found(&[Reload], text)[0].intensity_milli;
        assert_eq!(intensity(text), 1_000);
        assert_eq!(
            intensity("load 0 /a; problem 1000; load 2000 /a reload"),
            700
        );
        assert_eq!(
            intensity("load 0 /a; load 2000 /a reload; load 4000 /a reload"),
            600
        );
    }

    #[test]
    fn trouble_that_begins_after_the_reload_did_not_cause_it() {
        check("load 0 /a; load 5000 /a reload; problem 5100", "");
    }

    #[test]
    fn the_reason_names_what_was_measured() {
        let reason = |text: &str| found(&[Reload], text)[0].reason.clone();
        assert_eq!(
            &*reason("load 0 /a; problem 1000; load 2500 /a reload"),
            "loaded again, 1500 ms after trouble"
        );
        assert_eq!(
            &*reason("load 0 /a; load 2500 /a reload; load 4000 /a reload"),
            "loaded again 2 times in 1.5 s"
        );
    }
}
