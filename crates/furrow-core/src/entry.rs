//! What a partition keeps under a session's key: the session, and later a
//! marker.

use crate::explain::Extent;
use crate::ids::SenderId;
use crate::output::SessionStatus;
use crate::partition::{MARKER_MS, SESSION_TIMEOUT_MS, UPDATE_PAUSE_MS};
use crate::rules::RuleSet;
use crate::sequence::Sequence;
use crate::session::Session;
use crate::time::LogTime;
use serde::{Deserialize, Serialize};
use std::panic::{AssertUnwindSafe, catch_unwind};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum Entry {
    Live(Box<Session>),
    /// What is left of a session that may not reopen.
    Marker {
        until: LogTime,
        seen: Vec<(SenderId, Sequence<()>)>,
    },
}

/// What a deadline brought about.
pub(crate) enum Passed {
    Nothing,
    Update {
        extent: Extent,
        /// Held batches that were folded at last; none when that failed.
        folded: Option<u32>,
    },
    Gone,
}

impl Entry {
    /// When something is due next.
    pub(crate) fn deadline(&self, allowed_lateness_ms: i64) -> LogTime {
        match self {
            Entry::Marker { until, .. } => *until,
            Entry::Live(session) => {
                let end = session.last_record.plus(SESSION_TIMEOUT_MS);
                match (session.status, session.emitted) {
                    (SessionStatus::Open, Some(emitted)) if session.dirty => {
                        emitted.plus(UPDATE_PAUSE_MS).min(end)
                    }
                    (SessionStatus::Open, _) => end,
                    (SessionStatus::Ended | SessionStatus::Broken, _) => {
                        end.plus(allowed_lateness_ms)
                    }
                }
            }
        }
    }

    pub(crate) fn pass(
        &mut self,
        watermark: LogTime,
        allowed_lateness_ms: i64,
        rules: &RuleSet,
    ) -> Passed {
        let session = match self {
            Entry::Marker { .. } => return Passed::Gone,
            Entry::Live(session) => session,
        };
        let end = session.last_record.plus(SESSION_TIMEOUT_MS);
        match session.status {
            SessionStatus::Open if watermark >= end => {
                let folded = catch_unwind(AssertUnwindSafe(|| session.end(rules))).ok();
                if folded.is_none() {
                    session.break_off(session.last_record);
                }
                Passed::Update {
                    folded,
                    extent: Extent::Final,
                }
            }
            SessionStatus::Open => Passed::Update {
                folded: Some(0),
                extent: Extent::Running,
            },
            SessionStatus::Ended | SessionStatus::Broken => {
                let until = end.plus(allowed_lateness_ms + MARKER_MS);
                *self = Entry::Marker {
                    until,
                    seen: session.seen(),
                };
                Passed::Nothing
            }
        }
    }
}
