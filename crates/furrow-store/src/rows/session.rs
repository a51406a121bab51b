//! Sessions as rows.

use super::{
    ContributorValue, Identity, MeasuredValue, StoredRow, UnknownValue, contributor_of,
    contributor_value, measured_of, measured_value, running_of, scores_of, session_key,
};
use clickhouse::Row;
use furrow_core::ids::{Origin, VisitorId};
use furrow_core::interaction::DeviceClass;
use furrow_core::output::{SessionScore, SessionStatus};
use furrow_core::time::LogTime;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A row of `sessions`.
#[derive(Debug, Clone, PartialEq, Row, Serialize, Deserialize)]
pub struct SessionRow {
    pub(crate) tenant: String,
    pub(crate) property: String,
    #[serde(with = "clickhouse::serde::uuid")]
    pub(crate) session: Uuid,
    pub(crate) version: u64,
    #[serde(with = "clickhouse::serde::uuid::option")]
    pub(crate) visitor: Option<Uuid>,
    pub(crate) status: i8,
    pub(crate) first_record: i64,
    pub(crate) last_record: i64,
    pub(crate) started: i64,
    pub(crate) last_interaction: i64,
    pub(crate) device: i8,
    pub(crate) os: String,
    pub(crate) browser: String,
    pub(crate) automated: bool,
    pub(crate) entry_path: String,
    pub(crate) exit_path: String,
    pub(crate) batches: u32,
    pub(crate) interactions: u32,
    pub(crate) samples: u64,
    pub(crate) presses: u32,
    pub(crate) gaps: u32,
    pub(crate) reordered: u32,
    pub(crate) unknown: u32,
    pub(crate) senders: u32,
    pub(crate) engaged_ms: u64,
    pub(crate) scroll_depth_milli: u16,
    pub(crate) signals: u32,
    pub(crate) page_views: u32,
    pub(crate) conversions: u32,
    pub(crate) scored: bool,
    pub(crate) frustration_milli: u16,
    pub(crate) confusion_milli: u16,
    pub(crate) engagement_milli: u16,
    pub(crate) navigation_milli: u16,
    pub(crate) form_milli: u16,
    pub(crate) technical_milli: u16,
    pub(crate) exit_risk_milli: u16,
    pub(crate) experience_milli: u16,
    pub(crate) frustration_now_milli: u16,
    pub(crate) confusion_now_milli: u16,
    pub(crate) engagement_now_milli: u16,
    pub(crate) navigation_now_milli: u16,
    pub(crate) form_now_milli: u16,
    pub(crate) technical_now_milli: u16,
    pub(crate) exit_risk_now_milli: u16,
    pub(crate) confidence_milli: u16,
    pub(crate) contributors: Vec<ContributorValue>,
    pub(crate) measures: Vec<MeasuredValue>,
    pub(crate) fold_version: u32,
    pub(crate) rules: u64,
}

impl SessionRow {
    pub(super) fn new(s: &SessionScore, origin: Origin) -> SessionRow {
        let identity = Identity::new(s, origin);
        SessionRow {
            tenant: identity.tenant,
            property: identity.property,
            session: identity.session,
            version: identity.version,
            visitor: identity.visitor,
            status: status_number(s.status),
            first_record: s.first_record.0,
            last_record: s.last_record.0,
            started: s.started_ms,
            last_interaction: s.last_interaction_ms,
            device: device_number(s.device),
            os: s.os.to_string(),
            browser: s.browser.to_string(),
            automated: s.automated,
            entry_path: s.entry_path.to_string(),
            exit_path: s.exit_path.to_string(),
            batches: s.batches,
            interactions: s.interactions,
            samples: s.samples,
            presses: s.presses,
            gaps: s.gaps,
            reordered: s.reordered,
            unknown: s.unknown,
            senders: s.senders,
            engaged_ms: s.engaged_ms,
            scroll_depth_milli: s.scroll_depth_milli,
            signals: s.signals,
            page_views: s.page_views,
            conversions: s.conversions,
            scored: s.scored,
            frustration_milli: s.scores.frustration,
            confusion_milli: s.scores.confusion,
            engagement_milli: s.scores.engagement,
            navigation_milli: s.scores.navigation,
            form_milli: s.scores.form,
            technical_milli: s.scores.technical,
            exit_risk_milli: s.scores.exit_risk,
            experience_milli: s.scores.experience,
            frustration_now_milli: s.running.frustration,
            confusion_now_milli: s.running.confusion,
            engagement_now_milli: s.running.engagement,
            navigation_now_milli: s.running.navigation,
            form_now_milli: s.running.form,
            technical_now_milli: s.running.technical,
            exit_risk_now_milli: s.running.exit_risk,
            confidence_milli: s.confidence_milli,
            contributors: s.contributors.iter().map(contributor_value).collect(),
            measures: s.measures.iter().map(measured_value).collect(),
            fold_version: s.fold_version,
            rules: s.rules,
        }
    }
}

impl TryFrom<SessionRow> for SessionScore {
    type Error = UnknownValue;

    fn try_from(r: SessionRow) -> Result<SessionScore, UnknownValue> {
        Ok(SessionScore {
            key: session_key(r.tenant, r.property, r.session),
            visitor: r.visitor.map(|v| VisitorId(v.into_bytes())),
            status: status_of(r.status)?,
            first_record: LogTime(r.first_record),
            last_record: LogTime(r.last_record),
            started_ms: r.started,
            last_interaction_ms: r.last_interaction,
            device: device_of(r.device)?,
            os: r.os.into(),
            browser: r.browser.into(),
            automated: r.automated,
            entry_path: r.entry_path.into(),
            exit_path: r.exit_path.into(),
            batches: r.batches,
            interactions: r.interactions,
            samples: r.samples,
            presses: r.presses,
            gaps: r.gaps,
            reordered: r.reordered,
            unknown: r.unknown,
            senders: r.senders,
            engaged_ms: r.engaged_ms,
            scroll_depth_milli: r.scroll_depth_milli,
            signals: r.signals,
            page_views: r.page_views,
            conversions: r.conversions,
            scored: r.scored,
            scores: scores_of!(r),
            running: running_of!(r),
            confidence_milli: r.confidence_milli,
            contributors: r.contributors.into_iter().map(contributor_of).collect(),
            measures: r.measures.into_iter().map(measured_of).collect(),
            fold_version: r.fold_version,
            rules: r.rules,
        })
    }
}

impl StoredRow for SessionRow {
    const TABLE: &'static str = "sessions";
}

fn status_number(status: SessionStatus) -> i8 {
    match status {
        SessionStatus::Open => 1,
        SessionStatus::Ended => 2,
        SessionStatus::Broken => 3,
    }
}

fn status_of(value: i8) -> Result<SessionStatus, UnknownValue> {
    [
        SessionStatus::Open,
        SessionStatus::Ended,
        SessionStatus::Broken,
    ]
    .into_iter()
    .find(|s| status_number(*s) == value)
    .ok_or(UnknownValue {
        column: "status",
        value,
    })
}

fn device_number(device: DeviceClass) -> i8 {
    match device {
        DeviceClass::Unspecified => 0,
        DeviceClass::Desktop => 1,
        DeviceClass::Tablet => 2,
        DeviceClass::Phone => 3,
        DeviceClass::Other => 4,
    }
}

fn device_of(value: i8) -> Result<DeviceClass, UnknownValue> {
    DeviceClass::ALL
        .iter()
        .copied()
        .find(|d| device_number(*d) == value)
        .ok_or(UnknownValue {
            column: "device",
            value,
        })
}
