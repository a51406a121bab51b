//! A press under judgement, and what is known of its answer.

use crate::answer::first_answer_ms;
use crate::interaction::{Press, Response, Target, TargetKind};
use crate::rules::PressRules;
use crate::signals::{Firing, FiringId, SignalKind, TargetName};
use crate::time::ClientTime;
use serde::{Deserialize, Serialize};

/// A press, as far as it is judged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(in crate::signals) struct Judged {
    pub(super) number: u32,
    pub(in crate::signals) down: ClientTime,
    pub(super) position: (i32, i32),
    pub(super) page_view: Option<u32>,
    pub(in crate::signals) target: Option<TargetName>,
    /// No burst with such a press is judged.
    pub(super) spoils_burst: bool,
    /// Without an answer it is dead.
    pub(super) can_die: bool,
    /// It looks as if it could be pressed, and nothing listens there.
    pub(super) only_looks: bool,
    pub(super) response: Told,
    /// A problem has been counted against it.
    pub(super) failed: bool,
    /// The rage that it is evidence of.
    pub(super) rage: Option<FiringId>,
    /// Judged as evidence of a burst or by itself; kept as a neighbour only.
    pub(super) settled: bool,
}

/// What is known of a press's answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Told {
    /// The client reports no responses at all.
    pub(super) blind: bool,
    watched_ms: u32,
    pub(super) first_answer_ms: Option<u32>,
}

impl Told {
    pub(super) fn new(response: &Response, rules: &PressRules) -> Told {
        Told {
            blind: response.reportable.is_empty(),
            watched_ms: response.watched_ms,
            first_answer_ms: first_answer_ms(response, rules),
        }
    }

    pub(super) fn answered_within(self, ms: u32) -> bool {
        self.first_answer_ms.is_some_and(|first| first <= ms)
    }

    pub(super) fn unanswered_within(self, ms: u32) -> bool {
        !self.blind
            && match self.first_answer_ms {
                Some(first) => first > ms,
                None => self.watched_ms >= ms,
            }
    }
}

impl Judged {
    /// A firing that rests on this press alone.
    pub(in crate::signals) fn firing(&self, kind: SignalKind, sender: u8) -> Firing {
        Firing {
            kind,
            at: self.down,
            duration_ms: 0,
            sender,
            page_view: self.page_view,
            target: self.target.clone(),
            position: self.position,
            intensity_milli: 1_000,
            evidence_count: 1,
            evidence_at: vec![0],
            reason: Box::default(),
        }
    }
}

/// Whether the press may have been answered outside the page.
pub(super) fn outside(down: ClientTime, flipped: Option<ClientTime>, rules: &PressRules) -> bool {
    flipped.is_some_and(|at| at >= down && at.since(down) <= u64::from(rules.dead_focus_ms))
}

/// Whether what such a target does when it works can be seen on the page.
/// Choosers, downloads and other windows are outside it, and what draws or
/// selects by itself does not tell what it does.
pub(super) fn answers_on_the_page(kind: TargetKind) -> bool {
    match kind {
        TargetKind::Unspecified
        | TargetKind::Button
        | TargetKind::Link
        | TargetKind::Check
        | TargetKind::Image
        | TargetKind::Text
        | TargetKind::Other => true,
        TargetKind::LinkAway
        | TargetKind::TextField
        | TargetKind::Select
        | TargetKind::Date
        | TargetKind::File
        | TargetKind::Slider
        | TargetKind::InputLabel
        | TargetKind::Canvas
        | TargetKind::Video
        | TargetKind::Frame => false,
    }
}

/// Whether silence after this press means that something is broken.
pub(super) fn can_die(target: &Target, press: &Press) -> bool {
    answers_on_the_page(target.kind)
        && target.looks_interactive
        && !press.modified
        && !press.selected_text
        && !press.scrolled
}
