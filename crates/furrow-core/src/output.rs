//! What a fold puts out: a session's scores and what they rest on.
//!
//! The shapes follow `proto/furrow/v1/record.proto`, which documents every
//! field. Times of day are ms since 1970, scores and shares thousandths. Names
//! of the catalogues are borrowed where an update is made and owned where it is
//! read from the log.

use crate::ids::{Origin, SessionKey, TargetHash, VisitorId};
use crate::interaction::DeviceClass;
use crate::time::LogTime;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// What changed in one session. Its identity is the session; its version is
/// that of `origin`. A replay repeats both.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct ScoreUpdate {
    pub origin: Origin,
    pub session: SessionScore,
    /// All of them in a final update; those that changed in a running one.
    pub signals: Vec<SignalFiring>,
    pub page_views: Vec<PageViewScore>,
    pub conversions: Vec<ConversionSeen>,
}

/// How a session stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum SessionStatus {
    /// Interactions may come.
    Open,
    /// No interaction for the session timeout; a late one may reopen it.
    Ended,
    /// A record of it could not be folded.
    Broken,
}

macro_rules! score_set {
    ($(#[$doc:meta])* $set:ident { $($(#[$score_doc:meta])* $score:ident),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
        #[allow(missing_docs)]
        pub struct $set { $($(#[$score_doc])* pub $score: u16),+ }

        impl $set {
            /// Each score under its name, in the order in which they are shown.
            pub fn named(self) -> impl Iterator<Item = (&'static str, u16)> {
                [$((stringify!($score), self.$score)),+].into_iter()
            }
        }
    };
}

score_set! {
    /// The scores over the whole time, each 0 to 10,000 thousandths.
    Scores {
        frustration, confusion, engagement, navigation, form, technical, exit_risk,
        /// Higher is better.
        experience,
    }
}

score_set! {
    /// The scores as they stood at the newest interaction, each 0 to 10,000
    /// thousandths. Their loads halve every half-life from there.
    RunningScores {
        frustration, confusion, engagement, navigation, form, technical, exit_risk,
    }
}

/// A number computed from samples.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Measured {
    /// Its name, which ends in its unit.
    pub measure: Cow<'static, str>,
    pub value: f64,
}

/// One session as it stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct SessionScore {
    pub key: SessionKey,
    pub visitor: Option<VisitorId>,
    pub status: SessionStatus,
    pub first_record: LogTime,
    pub last_record: LogTime,
    pub started_ms: i64,
    pub last_interaction_ms: i64,
    pub device: DeviceClass,
    pub os: Box<str>,
    pub browser: Box<str>,
    pub automated: bool,
    pub entry_path: Box<str>,
    pub exit_path: Box<str>,
    pub batches: u32,
    pub interactions: u32,
    pub samples: u64,
    pub presses: u32,
    pub gaps: u32,
    pub reordered: u32,
    pub unknown: u32,
    pub senders: u32,
    pub engaged_ms: u64,
    pub scroll_depth_milli: u16,
    pub signals: u32,
    pub page_views: u32,
    pub conversions: u32,
    pub scored: bool,
    pub scores: Scores,
    pub running: RunningScores,
    pub confidence_milli: u16,
    pub contributors: Vec<Contributor>,
    pub measures: Vec<Measured>,
    pub fold_version: u32,
    pub rules: u64,
}

/// Why a score is what it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Contributor {
    pub signal: Cow<'static, str>,
    pub score: Cow<'static, str>,
    pub count: u32,
    pub share_milli: u16,
    pub text: Box<str>,
}

/// One firing of a signal with its evidence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct SignalFiring {
    pub ordinal: u32,
    pub signal: Cow<'static, str>,
    pub at_ms: i64,
    pub duration_ms: u32,
    pub page_view: Option<u32>,
    pub path: Box<str>,
    pub target: Option<TargetHash>,
    pub selector: Box<str>,
    pub label: Box<str>,
    pub position: (i32, i32),
    pub intensity_milli: u16,
    pub evidence_count: u32,
    pub evidence_at: Vec<u32>,
    pub reason: Box<str>,
    pub rule_version: u32,
}

/// One page view as it stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct PageViewScore {
    pub ordinal: u32,
    pub path: Box<str>,
    pub group: Box<str>,
    pub started_ms: i64,
    pub last_interaction_ms: i64,
    pub engaged_ms: u64,
    pub scroll_depth_milli: u16,
    pub presses: u32,
    pub interactions: u32,
    pub samples: u64,
    pub scored: bool,
    pub scores: Scores,
    pub running: RunningScores,
    pub confidence_milli: u16,
    pub contributors: Vec<Contributor>,
    pub measures: Vec<Measured>,
}

/// One conversion as it was reported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct ConversionSeen {
    pub ordinal: u32,
    pub order_id: Box<str>,
    pub kind: Box<str>,
    pub at_ms: i64,
    pub value_minor: i64,
    pub currency: Box<str>,
    pub page_view: Option<u32>,
    pub frustration: u16,
}
