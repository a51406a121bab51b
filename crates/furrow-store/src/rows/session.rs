//! Sessions as rows.

use super::{
    UnknownValue, contributor_of, measured_of, row, running_of, scored_row, scores_of, session_key,
};
use furrow_core::ids::VisitorId;
use furrow_core::interaction::DeviceClass;
use furrow_core::output::{SessionScore, SessionStatus};
use furrow_core::time::LogTime;
use uuid::Uuid;

scored_row! {
    row!
    /// A row of `sessions`.
    SessionRow in "sessions", from identity, s: SessionScore {
        tenant: String = identity.tenant.clone();
        property: String = identity.property.clone();
        #[serde(with = "clickhouse::serde::uuid")]
        session: Uuid = identity.session;
        version: u64 = identity.version;
        #[serde(with = "clickhouse::serde::uuid::option")]
        visitor: Option<Uuid> = identity.visitor;
        status: i8 = status_number(s.status);
        first_record: i64 = s.first_record.0;
        last_record: i64 = s.last_record.0;
        started: i64 = s.started_ms;
        last_interaction: i64 = s.last_interaction_ms;
        device: i8 = device_number(s.device);
        os: String = s.os.to_string();
        browser: String = s.browser.to_string();
        automated: bool = s.automated;
        entry_path: String = s.entry_path.to_string();
        exit_path: String = s.exit_path.to_string();
        batches: u32 = s.batches;
        interactions: u32 = s.interactions;
        samples: u64 = s.samples;
        presses: u32 = s.presses;
        gaps: u32 = s.gaps;
        reordered: u32 = s.reordered;
        unknown: u32 = s.unknown;
        senders: u32 = s.senders;
        engaged_ms: u64 = s.engaged_ms;
        scroll_depth_milli: u16 = s.scroll_depth_milli;
        signals: u32 = s.signals;
        page_views: u32 = s.page_views;
        conversions: u32 = s.conversions;
    }
    {
        fold_version: u32 = s.fold_version;
        rules: u64 = s.rules;
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
