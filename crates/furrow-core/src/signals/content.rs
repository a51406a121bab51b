//! Use of the content: copying, selecting, finding, printing.
//!
//! One use of one target is one firing, however often; a page that is searched
//! or printed as a whole is its own target. Selecting inside a text field is
//! editing, not use.

use super::{Firing, FiringId, Firings, Moment, SignalKind, TargetName, evidence, milli, to_u32};
use crate::ids::TargetHash;
use crate::interaction::{Interaction, Kind, TargetIndex, TargetKind};
use crate::time::ClientTime;
use serde::{Deserialize, Serialize};

/// Uses that one sender's detector tells apart; later ones do not fire.
pub const USES_MAX: usize = 32;

/// What one sender's visitor has used.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ContentDetector {
    used: Vec<Used>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Used {
    how: Use,
    what: What,
    id: FiringId,
    first: ClientTime,
    count: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Use {
    Select,
    Find,
    Copy,
    Print,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum What {
    Target(TargetHash),
    /// By its ordinal, when it is listed.
    Page(Option<u32>),
}

impl ContentDetector {
    /// Looks at an interaction.
    pub fn observe(
        &mut self,
        interaction: &Interaction,
        moment: Moment<'_>,
        firings: &mut Firings,
    ) {
        match interaction.kind {
            Kind::TextSelection { target, .. } => {
                let field = moment
                    .target(target)
                    .is_some_and(|t| t.kind == TargetKind::TextField);
                if !field {
                    self.used(Use::Select, target, moment, firings);
                }
            }
            Kind::Copy { target } => self.used(Use::Copy, target, moment, firings),
            Kind::Find => self.used(Use::Find, None, moment, firings),
            Kind::Print => self.used(Use::Print, None, moment, firings),
            _ => {}
        }
    }

    fn used(
        &mut self,
        how: Use,
        index: Option<TargetIndex>,
        moment: Moment<'_>,
        firings: &mut Firings,
    ) {
        let target = moment.target(index);
        if target.is_some_and(|t| moment.ignored(t).all) {
            return;
        }
        let what = target.map_or(What::Page(moment.page_view), |t| What::Target(t.hash));
        let at = moment.now;
        let known = self
            .used
            .iter()
            .position(|u| u.how == how && u.what == what);
        let (first, count) = known.map_or((at, 1), |place| {
            let used = &self.used[place];
            (used.first.min(at), used.count.saturating_add(1))
        });
        let times = if count == 1 {
            String::new()
        } else {
            format!(" {count} times")
        };
        let firing = Firing {
            duration_ms: to_u32(at.since(first)),
            target: target.map(TargetName::from),
            intensity_milli: milli(how.intensity() + 0.1 * f64::from(count - 1)),
            evidence_count: count,
            evidence_at: if count == 1 {
                vec![0]
            } else {
                evidence(&[first, at])
            },
            reason: format!("{}{times}", how.words()).into(),
            ..moment.firing(SignalKind::ContentUse, first)
        };
        match known {
            Some(place) => {
                let used = &mut self.used[place];
                used.id = firings.raise(used.id, firing, moment.rules);
                (used.first, used.count) = (first, count);
            }
            None if self.used.len() < USES_MAX => {
                let id = firings.fire(firing, moment.rules);
                self.used.push(Used {
                    how,
                    what,
                    id,
                    first,
                    count,
                });
            }
            None => {}
        }
    }
}

impl Use {
    /// Taking something away says more than pointing at it.
    fn intensity(self) -> f64 {
        match self {
            Use::Select => 0.5,
            Use::Find => 0.6,
            Use::Copy => 0.8,
            Use::Print => 1.0,
        }
    }

    fn words(self) -> &'static str {
        match self {
            Use::Select => "text was selected",
            Use::Find => "the page was searched",
            Use::Copy => "text was copied",
            Use::Print => "the page was printed",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::stage::{Stage, words};
    use super::*;

    fn firings(text: &str) -> Firings {
        let mut detector = ContentDetector::default();
        Stage::new(text).play(|interaction, moment, firings| {
            detector.observe(interaction, moment, firings);
        })
    }

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(words(&firings(text)), expected, "{text}");
    }

    #[test]
    fn copying_selecting_finding_and_printing_are_use() {
        check("copy 1 on text", "content_use@1x1");
        check("select 1 on text", "content_use@1x1");
        check("find 1", "content_use@1x1");
        check("print 1", "content_use@1x1");
    }

    #[test]
    fn presses_scrolls_and_fields_are_none() {
        check(
            "press 0 on text; scroll 0 0 to 500 in 200; input 300 after 100",
            "",
        );
    }

    #[test]
    fn selecting_what_one_has_typed_is_editing() {
        check("select 1 on field", "");
        check("copy 1 on field", "content_use@1x1");
    }

    #[test]
    fn what_the_site_wants_unjudged_is_not_judged() {
        check("copy 1 on ignored", "");
    }

    #[test]
    fn one_use_of_one_target_fires_once() {
        check(
            "copy 1 on text; copy 500 on text; copy 900 on text",
            "content_use@1x3",
        );
        check(
            "copy 1 on text; copy 500 on link",
            "content_use@1x1 content_use@500x1",
        );
        check(
            "select 1 on text; copy 500 on text",
            "content_use@1x1 content_use@500x1",
        );
        check("find 1; find 900", "content_use@1x2");
        check("copy 1; copy 2", "content_use@1x2");
    }

    #[test]
    fn taking_away_says_more_than_selecting_and_often_more_than_once() {
        let intensity = |text: &str| firings(text).listed()[0].intensity_milli;
        assert_eq!(intensity("select 1 on text"), 500);
        assert_eq!(intensity("select 1 on text; select 2 on text"), 600);
        assert_eq!(intensity("copy 1 on text"), 800);
        assert_eq!(intensity("print 1; print 2"), 1_000);
    }

    #[test]
    fn uses_beyond_the_limit_do_not_fire() {
        let mut detector = ContentDetector::default();
        let stage = Stage::new("");
        let mut firings = Firings::default();
        let print = Interaction {
            at: ClientTime(0),
            kind: Kind::Print,
        };
        for page_view in 0..40 {
            let moment = Moment {
                page_view: Some(page_view),
                ..stage.moment(ClientTime(0))
            };
            detector.observe(&print, moment, &mut firings);
        }
        assert_eq!(firings.listed().len(), USES_MAX);
    }
}
