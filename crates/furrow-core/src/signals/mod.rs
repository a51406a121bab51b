//! The catalogue of signals and the detectors that find them.
//!
//! ```text
//! press      rage, responsive multi-press, dead, slow, error, static press
//! retry      retry press, across a session's senders
//! problem    error loops and broken links
//! reload     loading a page again
//! blocked    blocked view
//! thrash     a pointer gone wild, by itself or at a failure
//! meander    a pointer that wanders
//! detour     a movement against the session's own earlier ones
//! hover      hesitation and re-entry
//! reading    following lines with the pointer
//! leaving    about to leave
//! scroll     scroll thrash and steady scroll
//! pages      quick back and page loop
//! search     search struggle
//! slow_page  slow page
//! form       field struggle, form abandonment
//! focus      focus flapping
//! rotation   repeated rotation, turning toward a video
//! tilt       tilt swing and shake
//! gesture    dead swipe and zoom struggle
//! content    copying, selecting, finding, printing
//! pointing   what the signals of the pointer share
//! ```
//!
//! A detector is a value in a sender's or the session's state that is shown
//! every interaction and fires into [`Firings`]. To add a signal: a detector
//! with its thresholds in a file of its own, here its row in `catalogue!` and
//! its place in [`Detectors`], a line for its thresholds in
//! [`RuleSet`], its weight in
//! [`Weights`](crate::rules::Weights), its row in `docs/scores.md`.

pub mod blocked;
#[cfg(test)]
mod conformance_tests;
pub mod content;
pub mod detour;
mod firings;
pub mod focus;
pub mod form;
pub mod gesture;
pub mod hover;
pub mod leaving;
pub mod meander;
pub mod pages;
mod pointing;
pub mod press;
pub mod problem;
pub mod reading;
pub mod reload;
pub mod retry;
pub mod rotation;
mod run;
#[cfg(test)]
mod script;
pub mod scroll;
pub mod search;
pub mod slow_page;
#[cfg(test)]
mod stage;
pub mod thrash;
pub mod tilt;

pub use firings::{EVIDENCE_MAX, FIRINGS_MAX, Firing, FiringId, Firings, TargetName};

use crate::interaction::{Interaction, Kind, Page, Target, TargetIndex};
use crate::measures::Movement;
use crate::rules::{Ignored, RuleSet};
use crate::time::ClientTime;
use serde::{Deserialize, Serialize};

macro_rules! catalogue {
    ($($(#[$doc:meta])* $kind:ident: $name:literal, $words:literal, version $version:literal;)+) => {
        /// A recognised behaviour.
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
        )]
        #[serde(rename_all = "snake_case")]
        pub enum SignalKind { $($(#[$doc])* $kind),+ }

        impl SignalKind {
            /// The whole catalogue.
            pub const ALL: &[SignalKind] = &[$(SignalKind::$kind),+];

            /// The name in rows, rules and answers.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(SignalKind::$kind => $name),+ }
            }

            /// The name for people.
            #[must_use]
            pub fn words(self) -> &'static str {
                match self { $(SignalKind::$kind => $words),+ }
            }

            /// Rises when the definition changes.
            #[must_use]
            pub fn version(self) -> u32 {
                match self { $(SignalKind::$kind => $version),+ }
            }
        }
    };
}

catalogue! {
    /// A burst of presses of which more than half had no answer in time.
    RagePress: "rage_press", "rage press", version 1;
    /// A burst of presses of which at least half were answered in time.
    ResponsiveMultiPress: "responsive_multi_press", "responsive multi-press", version 1;
    /// A press on something that looks interactive, without any answer.
    DeadPress: "dead_press", "dead press", version 1;
    /// A press whose first answer came late.
    SlowPress: "slow_press", "slow press", version 1;
    /// A page that could not be used for long.
    SlowPage: "slow_page", "slow page", version 1;
    /// Dead or slow presses on one target, again and again.
    RetryPress: "retry_press", "retry press", version 1;
    /// A press after which a script failed or a request was refused.
    ErrorPress: "error_press", "error press", version 1;
    /// Presses on something that only looks interactive.
    StaticPress: "static_press", "static press", version 1;
    /// A link that led to nothing.
    BrokenLink: "broken_link", "broken link", version 1;
    /// Problems of one origin, again and again.
    ErrorLoop: "error_loop", "error loop", version 1;
    /// One form refused again and again.
    FormErrorLoop: "form_error_loop", "form refused again", version 1;
    /// A page loaded again because it did not work.
    Reload: "reload", "reload", version 1;
    /// Something covers the page that the visitor did not ask for.
    BlockedView: "blocked_view", "blocked view", version 1;
    /// The pointer darted to and fro.
    Thrash: "thrash", "pointer thrash", version 1;
    /// The pointer darted to and fro beside something that had failed.
    ThrashAtFailure: "thrash_at_failure", "pointer thrash at a failure", version 1;
    /// The pointer wandered and got nowhere.
    Meander: "meander", "meandering pointer", version 1;
    /// A movement took more way and turns than the visitor's own earlier ones.
    Detour: "detour", "detour of the pointer", version 1;
    /// Waiting over something, or in a field, without doing it.
    Hesitation: "hesitation", "hesitation", version 1;
    /// The pressed target was left and entered again before.
    ReEntry: "re_entry", "re-entry", version 1;
    /// Lines were followed with the pointer.
    Reading: "reading", "reading", version 1;
    /// After trouble the visitor heads out of the page.
    AboutToLeave: "about_to_leave", "about to leave", version 1;
    /// Scrolling to and fro.
    ScrollThrash: "scroll_thrash", "scrolling to and fro", version 1;
    /// Scrolling down at an even pace.
    SteadyScroll: "steady_scroll", "steady scrolling", version 1;
    /// Back to the page before, at once.
    QuickBack: "quick_back", "quick back", version 1;
    /// The same pages again and again.
    PageLoop: "page_loop", "page loop", version 1;
    /// Looking for something by words, again and again.
    SearchStruggle: "search_struggle", "search struggle", version 1;
    /// A field that is hard to fill in.
    FieldStruggle: "field_struggle", "field struggle", version 1;
    /// A form that was begun and left.
    FormAbandonment: "form_abandonment", "form abandonment", version 1;
    /// The window was left and entered again and again.
    FocusFlapping: "focus_flapping", "focus flapping", version 1;
    /// The screen turned to and fro.
    RepeatedRotation: "repeated_rotation", "repeated rotation", version 1;
    /// The screen turned while a video was in view.
    VideoRotation: "video_rotation", "turned toward a video", version 1;
    /// The device swung to and fro.
    TiltSwing: "tilt_swing", "tilt swing", version 1;
    /// The device was shaken.
    Shake: "shake", "shake", version 1;
    /// Zooming in on what is no picture.
    ZoomStruggle: "zoom_struggle", "zoom struggle", version 1;
    /// A swipe that moved nothing.
    DeadSwipe: "dead_swipe", "dead swipe", version 1;
    /// Something was copied, selected, looked for or printed.
    ContentUse: "content_use", "use of the content", version 1;
}

/// What looks for signals in one sender's interactions.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Detectors {
    presses: press::PressDetector,
    blocked: blocked::BlockedDetector,
    thrash: thrash::ThrashDetector,
    meander: meander::MeanderDetector,
    hover: hover::HoverDetector,
    reading: reading::ReadingDetector,
    leaving: leaving::LeavingDetector,
    scroll: scroll::ScrollDetector,
    form: form::FormDetector,
    focus: focus::FocusDetector,
    rotations: rotation::RotationDetector,
    tilt: tilt::TiltDetector,
    gesture: gesture::GestureDetector,
    content: content::ContentDetector,
    slow_page: slow_page::SlowPageDetector,
}

/// What looks for signals across a session's senders.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct SessionDetectors {
    retries: retry::RetryDetector,
    problems: problem::ProblemDetector,
    reloads: reload::ReloadDetector,
    pages: pages::PagesDetector,
    searches: search::SearchDetector,
    sent: form::SentForms,
    detours: detour::DetourDetector,
    own_pace: meander::OwnPace,
}

impl Detectors {
    /// An interaction in order.
    pub fn observe(
        &mut self,
        interaction: &Interaction,
        moment: Moment<'_>,
        session: &mut SessionDetectors,
        firings: &mut Firings,
    ) {
        self.presses.observe(interaction, moment, firings);
        self.presses.passed(moment, &mut session.retries, firings);
        session.problems.observe(interaction, moment, firings);
        let moment = self.with_around(moment, session, firings);
        session.reloads.observe(interaction, moment, firings);
        session.pages.observe(interaction, moment, firings);
        session.searches.observe(interaction, moment, firings);
        session.sent.observe(interaction);
        self.blocked.observe(interaction, moment, firings);
        self.thrash.observe(interaction, moment, firings);
        self.meander
            .observe(interaction, moment, &mut session.own_pace, firings);
        self.hover.observe(interaction, moment, firings);
        self.reading.observe(interaction, moment, firings);
        self.leaving.observe(interaction, moment, firings);
        self.scroll.observe(interaction, moment, firings);
        self.form.observe(interaction, moment, firings);
        self.focus.observe(interaction, moment, firings);
        self.rotations.observe(interaction, moment, firings);
        self.tilt.observe(interaction, moment, firings);
        self.gesture.observe(interaction, moment, firings);
        self.content.observe(interaction, moment, firings);
        self.slow_page.observe(interaction, moment, firings);
    }

    /// An interaction that came after later ones. What stands for itself
    /// counts; nothing is made of its time.
    pub fn observe_reordered(
        &mut self,
        interaction: &Interaction,
        moment: Moment<'_>,
        session: &mut SessionDetectors,
        firings: &mut Firings,
    ) {
        self.presses.observe(interaction, moment, firings);
        session
            .problems
            .observe_reordered(interaction, moment, firings);
        if let Kind::Conversion(_) = interaction.kind {
            self.form.redeemed();
        }
    }

    /// Nothing more will come.
    pub fn ended(
        &mut self,
        moment: Moment<'_>,
        session: &mut SessionDetectors,
        firings: &mut Firings,
    ) {
        self.presses.ended(moment, &mut session.retries, firings);
        let moment = self.with_around(moment, session, firings);
        session.pages.ended(moment, firings);
        self.blocked.ended(moment, firings);
        self.thrash.ended(moment, firings);
        self.meander.ended(moment, firings);
        self.leaving.ended(moment, firings);
        self.form.ended(&session.sent, moment, firings);
        self.tilt.ended(moment, firings);
    }

    /// The moment with what has happened in the session before.
    fn with_around<'a>(
        &self,
        moment: Moment<'a>,
        session: &SessionDetectors,
        firings: &Firings,
    ) -> Moment<'a> {
        let unanswered = self.presses.unanswered(&moment.rules.press);
        let around = Around {
            problem: session.problems.newest(),
            unanswered: unanswered.max(firings.newest_unanswered()),
            frustration: firings.newest_frustration(),
        };
        Moment { around, ..moment }
    }
}

impl SessionDetectors {
    /// A movement of one sender's pointer has ended.
    pub fn moved(&mut self, movement: &Movement, moment: Moment<'_>, firings: &mut Firings) {
        self.detours.moved(movement, moment, firings);
    }
}

/// Where and when a detector looks.
#[derive(Debug, Clone, Copy)]
pub struct Moment<'a> {
    /// The sender's time.
    pub now: ClientTime,
    /// Which of the session's senders.
    pub sender: u8,
    /// Ordinal of its page view.
    pub page_view: Option<u32>,
    /// The page that it shows.
    pub page: &'a Page,
    /// What the batch's interactions refer to.
    pub targets: &'a [Target],
    /// The rules in force.
    pub rules: &'a RuleSet,
    /// What has happened in the session before.
    pub around: Around,
}

/// When trouble was last seen in the session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Around {
    /// A script error, a failed request, or a hang.
    pub problem: Option<ClientTime>,
    /// A press that the page did not answer, or answered late.
    pub unanswered: Option<ClientTime>,
    /// A signal that counts toward frustration.
    pub frustration: Option<ClientTime>,
}

impl<'a> Moment<'a> {
    /// What an interaction refers to.
    #[must_use]
    pub fn target(&self, index: Option<TargetIndex>) -> Option<&'a Target> {
        index.map(|index| &self.targets[usize::from(index.0)])
    }

    /// What is not judged on a target, by its own marks or by the rules.
    #[must_use]
    pub fn ignored(&self, target: &Target) -> Ignored {
        let by_rules = Ignored::by(&self.rules.ignore, &target.selector);
        Ignored {
            rage: by_rules.rage || target.ignore_rage,
            dead: by_rules.dead || target.ignore_dead,
            all: by_rules.all || (target.ignore_rage && target.ignore_dead),
        }
    }

    /// A firing of full intensity that rests on this moment alone, to be
    /// filled in.
    #[must_use]
    pub fn firing(&self, kind: SignalKind, at: ClientTime) -> Firing {
        Firing {
            kind,
            at,
            duration_ms: 0,
            sender: self.sender,
            page_view: self.page_view,
            target: None,
            position: (0, 0),
            intensity_milli: 1_000,
            evidence_count: 1,
            evidence_at: vec![0],
            reason: Box::default(),
        }
    }
}

/// Whether something happened at most so long before.
pub(crate) fn within(what: Option<ClientTime>, now: ClientTime, ms: u32) -> bool {
    what.is_some_and(|at| now.since(at) <= u64::from(ms))
}

/// A count or a time as rows hold it.
pub(crate) fn to_u32(value: u64) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

/// An intensity from 0 to 1 in thousandths.
pub(crate) fn milli(intensity: f64) -> u16 {
    libm::round(1_000.0 * intensity.clamp(0.0, 1.0)) as u16
}

/// Moments of evidence, relative to the first; at most [`EVIDENCE_MAX`].
pub(crate) fn evidence(moments: &[ClientTime]) -> Vec<u32> {
    moments
        .iter()
        .take(EVIDENCE_MAX)
        .map(|at| to_u32(at.since(moments[0])))
        .collect()
}
