//! Score updates and their parts: core types to wire types and back.

use super::{RecordError, origin, wire_origin};
use crate::v1;
use furrow_core::ids::{Property, SessionId, SessionKey, TargetHash, Tenant, VisitorId};
use furrow_core::interaction::DeviceClass;
use furrow_core::output::{
    Contributor, ConversionSeen, Measured, PageViewScore, RunningScores, ScoreUpdate, Scores,
    SessionScore, SessionStatus, SignalFiring,
};
use furrow_core::time::LogTime;

/// Scores are at most 10, in thousandths.
const SCORE_MAX: u16 = 10_000;
const MILLI: u16 = 1_000;

impl From<&ScoreUpdate> for v1::ScoreUpdate {
    fn from(update: &ScoreUpdate) -> Self {
        v1::ScoreUpdate {
            origin: Some(wire_origin(update.origin)),
            session: Some((&update.session).into()),
            signals: update.signals.iter().map(Into::into).collect(),
            page_views: update.page_views.iter().map(Into::into).collect(),
            conversions: update.conversions.iter().map(Into::into).collect(),
        }
    }
}

impl TryFrom<v1::ScoreUpdate> for ScoreUpdate {
    type Error = RecordError;

    fn try_from(update: v1::ScoreUpdate) -> Result<Self, RecordError> {
        Ok(ScoreUpdate {
            origin: origin(update.origin)?,
            session: update
                .session
                .ok_or(RecordError::BadField("session"))?
                .try_into()?,
            signals: all(update.signals)?,
            page_views: all(update.page_views)?,
            conversions: all(update.conversions)?,
        })
    }
}

fn all<W, C: TryFrom<W, Error = RecordError>>(wire: Vec<W>) -> Result<Vec<C>, RecordError> {
    wire.into_iter().map(C::try_from).collect()
}

/// A copy. `to_string` of a box would go through a formatter.
fn text(text: &str) -> String {
    text.to_owned()
}

fn at_most(value: u32, max: u16, field: &'static str) -> Result<u16, RecordError> {
    u16::try_from(value)
        .ok()
        .filter(|&v| v <= max)
        .ok_or(RecordError::BadField(field))
}

/// Both ways between a set of scores and its message, whose fields have the
/// same names.
macro_rules! score_set {
    ($set:ident named $prefix:literal { $($score:ident),+ $(,)? }) => {
        impl From<$set> for v1::$set {
            fn from(scores: $set) -> Self {
                v1::$set { $($score: scores.$score.into()),+ }
            }
        }

        impl TryFrom<v1::$set> for $set {
            type Error = RecordError;

            fn try_from(scores: v1::$set) -> Result<Self, RecordError> {
                Ok($set {
                    $($score: at_most(
                        scores.$score,
                        SCORE_MAX,
                        concat!($prefix, ".", stringify!($score)),
                    )?),+
                })
            }
        }
    };
}

score_set! {
    Scores named "scores" {
        frustration, confusion, engagement, navigation, form, technical, exit_risk, experience,
    }
}

score_set! {
    RunningScores named "running" {
        frustration, confusion, engagement, navigation, form, technical, exit_risk,
    }
}

impl From<&Measured> for v1::Measured {
    fn from(m: &Measured) -> Self {
        v1::Measured {
            measure: m.measure.clone(),
            value: m.value,
        }
    }
}

impl TryFrom<v1::Measured> for Measured {
    type Error = RecordError;

    fn try_from(m: v1::Measured) -> Result<Self, RecordError> {
        Ok(Measured {
            measure: m.measure,
            value: Some(m.value)
                .filter(|value| value.is_finite())
                .ok_or(RecordError::BadField("measures.value"))?,
        })
    }
}

impl From<&SessionScore> for v1::SessionScore {
    fn from(s: &SessionScore) -> Self {
        v1::SessionScore {
            tenant: text(&s.key.tenant.0),
            property: text(&s.key.property.0),
            session_id: s.key.session.0.to_vec(),
            visitor_id: s.visitor.map(|v| v.0.to_vec()).unwrap_or_default(),
            status: match s.status {
                SessionStatus::Open => v1::SessionStatus::Open,
                SessionStatus::Ended => v1::SessionStatus::Ended,
                SessionStatus::Broken => v1::SessionStatus::Broken,
            }
            .into(),
            first_record_ms: s.first_record.0,
            last_record_ms: s.last_record.0,
            started_ms: s.started_ms,
            last_interaction_ms: s.last_interaction_ms,
            device: s.device as i32,
            os: text(&s.os),
            browser: text(&s.browser),
            automated: s.automated,
            entry_path: text(&s.entry_path),
            exit_path: text(&s.exit_path),
            batches: s.batches,
            interactions: s.interactions,
            samples: s.samples,
            presses: s.presses,
            gaps: s.gaps,
            reordered: s.reordered,
            unknown: s.unknown,
            senders: s.senders,
            engaged_ms: s.engaged_ms,
            scroll_depth_milli: s.scroll_depth_milli.into(),
            signals: s.signals,
            page_views: s.page_views,
            conversions: s.conversions,
            scored: s.scored,
            scores: Some(s.scores.into()),
            running: Some(s.running.into()),
            confidence_milli: s.confidence_milli.into(),
            contributors: s.contributors.iter().map(Into::into).collect(),
            measures: s.measures.iter().map(Into::into).collect(),
            fold_version: s.fold_version,
            rules: s.rules,
        }
    }
}

impl TryFrom<v1::SessionScore> for SessionScore {
    type Error = RecordError;

    fn try_from(s: v1::SessionScore) -> Result<Self, RecordError> {
        let id = |bytes: Vec<u8>, field| bytes.try_into().map_err(|_| RecordError::BadField(field));
        Ok(SessionScore {
            key: SessionKey {
                tenant: Tenant(s.tenant.into()),
                property: Property(s.property.into()),
                session: SessionId(id(s.session_id, "session_id")?),
            },
            visitor: match s.visitor_id {
                none if none.is_empty() => None,
                bytes => Some(VisitorId(id(bytes, "visitor_id")?)),
            },
            status: match v1::SessionStatus::try_from(s.status) {
                Ok(v1::SessionStatus::Open) => SessionStatus::Open,
                Ok(v1::SessionStatus::Ended) => SessionStatus::Ended,
                Ok(v1::SessionStatus::Broken) => SessionStatus::Broken,
                Ok(v1::SessionStatus::Unspecified) | Err(_) => {
                    return Err(RecordError::BadField("status"));
                }
            },
            first_record: LogTime(s.first_record_ms),
            last_record: LogTime(s.last_record_ms),
            started_ms: s.started_ms,
            last_interaction_ms: s.last_interaction_ms,
            device: DeviceClass::from_number(s.device).unwrap_or_default(),
            os: s.os.into(),
            browser: s.browser.into(),
            automated: s.automated,
            entry_path: s.entry_path.into(),
            exit_path: s.exit_path.into(),
            batches: s.batches,
            interactions: s.interactions,
            samples: s.samples,
            presses: s.presses,
            gaps: s.gaps,
            reordered: s.reordered,
            unknown: s.unknown,
            senders: s.senders,
            engaged_ms: s.engaged_ms,
            scroll_depth_milli: at_most(s.scroll_depth_milli, MILLI, "scroll_depth_milli")?,
            signals: s.signals,
            page_views: s.page_views,
            conversions: s.conversions,
            scored: s.scored,
            scores: s.scores.unwrap_or_default().try_into()?,
            running: s.running.unwrap_or_default().try_into()?,
            confidence_milli: at_most(s.confidence_milli, MILLI, "confidence_milli")?,
            contributors: all(s.contributors)?,
            measures: all(s.measures)?,
            fold_version: s.fold_version,
            rules: s.rules,
        })
    }
}

impl From<&Contributor> for v1::Contributor {
    fn from(c: &Contributor) -> Self {
        v1::Contributor {
            signal: text(&c.signal),
            score: text(&c.score),
            count: c.count,
            share_milli: c.share_milli.into(),
            text: text(&c.text),
        }
    }
}

impl TryFrom<v1::Contributor> for Contributor {
    type Error = RecordError;

    fn try_from(c: v1::Contributor) -> Result<Self, RecordError> {
        Ok(Contributor {
            signal: c.signal.into(),
            score: c.score.into(),
            count: c.count,
            share_milli: at_most(c.share_milli, MILLI, "share_milli")?,
            text: c.text.into(),
        })
    }
}

impl From<&SignalFiring> for v1::SignalFiring {
    fn from(s: &SignalFiring) -> Self {
        v1::SignalFiring {
            ordinal: s.ordinal,
            signal: text(&s.signal),
            at_ms: s.at_ms,
            duration_ms: s.duration_ms,
            page_view: s.page_view,
            path: text(&s.path),
            target: s.target.map(|t| t.0),
            selector: text(&s.selector),
            label: text(&s.label),
            x: s.position.0,
            y: s.position.1,
            intensity_milli: s.intensity_milli.into(),
            evidence_count: s.evidence_count,
            evidence_at: s.evidence_at.clone(),
            reason: text(&s.reason),
            rule_version: s.rule_version,
        }
    }
}

impl TryFrom<v1::SignalFiring> for SignalFiring {
    type Error = RecordError;

    fn try_from(s: v1::SignalFiring) -> Result<Self, RecordError> {
        Ok(SignalFiring {
            ordinal: s.ordinal,
            signal: s.signal.into(),
            at_ms: s.at_ms,
            duration_ms: s.duration_ms,
            page_view: s.page_view,
            path: s.path.into(),
            target: s.target.map(TargetHash),
            selector: s.selector.into(),
            label: s.label.into(),
            position: (s.x, s.y),
            intensity_milli: at_most(s.intensity_milli, MILLI, "intensity_milli")?,
            evidence_count: s.evidence_count,
            evidence_at: s.evidence_at,
            reason: s.reason.into(),
            rule_version: s.rule_version,
        })
    }
}

impl From<&PageViewScore> for v1::PageViewScore {
    fn from(p: &PageViewScore) -> Self {
        v1::PageViewScore {
            ordinal: p.ordinal,
            path: text(&p.path),
            group: text(&p.group),
            started_ms: p.started_ms,
            last_interaction_ms: p.last_interaction_ms,
            engaged_ms: p.engaged_ms,
            scroll_depth_milli: p.scroll_depth_milli.into(),
            presses: p.presses,
            interactions: p.interactions,
            samples: p.samples,
            scored: p.scored,
            scores: Some(p.scores.into()),
            running: Some(p.running.into()),
            confidence_milli: p.confidence_milli.into(),
            contributors: p.contributors.iter().map(Into::into).collect(),
            measures: p.measures.iter().map(Into::into).collect(),
        }
    }
}

impl TryFrom<v1::PageViewScore> for PageViewScore {
    type Error = RecordError;

    fn try_from(p: v1::PageViewScore) -> Result<Self, RecordError> {
        Ok(PageViewScore {
            ordinal: p.ordinal,
            path: p.path.into(),
            group: p.group.into(),
            started_ms: p.started_ms,
            last_interaction_ms: p.last_interaction_ms,
            engaged_ms: p.engaged_ms,
            scroll_depth_milli: at_most(p.scroll_depth_milli, MILLI, "scroll_depth_milli")?,
            presses: p.presses,
            interactions: p.interactions,
            samples: p.samples,
            scored: p.scored,
            scores: p.scores.unwrap_or_default().try_into()?,
            running: p.running.unwrap_or_default().try_into()?,
            confidence_milli: at_most(p.confidence_milli, MILLI, "confidence_milli")?,
            contributors: all(p.contributors)?,
            measures: all(p.measures)?,
        })
    }
}

impl From<&ConversionSeen> for v1::ConversionSeen {
    fn from(c: &ConversionSeen) -> Self {
        v1::ConversionSeen {
            ordinal: c.ordinal,
            order_id: text(&c.order_id),
            kind: text(&c.kind),
            at_ms: c.at_ms,
            value_minor: c.value_minor,
            currency: text(&c.currency),
            page_view: c.page_view,
            frustration: c.frustration.into(),
        }
    }
}

impl TryFrom<v1::ConversionSeen> for ConversionSeen {
    type Error = RecordError;

    fn try_from(c: v1::ConversionSeen) -> Result<Self, RecordError> {
        Ok(ConversionSeen {
            ordinal: c.ordinal,
            order_id: c.order_id.into(),
            kind: c.kind.into(),
            at_ms: c.at_ms,
            value_minor: c.value_minor,
            currency: c.currency.into(),
            page_view: c.page_view,
            frustration: at_most(c.frustration, SCORE_MAX, "frustration")?,
        })
    }
}
