//! What a session consists of, as rows: signals, page views, conversions.

use super::{contributor_of, measured_of, row, running_of, scored_row, scores_of};
use furrow_core::ids::TargetHash;
use furrow_core::output::{ConversionSeen, PageViewScore, SignalFiring};
use uuid::Uuid;

/// Declares the row of something that a session numbers from 0: the columns
/// that all of these share, then its own.
macro_rules! part_row {
    (
        $(#[$doc:meta])*
        $row:ident in $table:literal, from $identity:ident, $part:ident: $type:ty {
            $($own:tt)+
        }
    ) => {
        row! {
            $(#[$doc])*
            $row in $table, from $identity, $part: $type {
                tenant: String = $identity.tenant.clone();
                property: String = $identity.property.clone();
                #[serde(with = "clickhouse::serde::uuid")]
                session: Uuid = $identity.session;
                ordinal: u32 = $part.ordinal;
                version: u64 = $identity.version;
                #[serde(with = "clickhouse::serde::uuid::option")]
                visitor: Option<Uuid> = $identity.visitor;
                first_record: i64 = $identity.first_record;
                $($own)+
            }
        }
    };
}

part_row! {
    /// A row of `signals`.
    SignalRow in "signals", from identity, s: SignalFiring {
        signal: String = s.signal.to_string();
        at: i64 = s.at_ms;
        duration_ms: u32 = s.duration_ms;
        page_view: Option<u32> = s.page_view;
        path: String = s.path.to_string();
        target: Option<u64> = s.target.map(|t| t.0);
        selector: String = s.selector.to_string();
        label: String = s.label.to_string();
        x: i32 = s.position.0;
        y: i32 = s.position.1;
        intensity_milli: u16 = s.intensity_milli;
        evidence_count: u32 = s.evidence_count;
        evidence_at: Vec<u32> = s.evidence_at.clone();
        reason: String = s.reason.to_string();
        rule_version: u32 = s.rule_version;
    }
}

impl From<SignalRow> for SignalFiring {
    fn from(r: SignalRow) -> SignalFiring {
        SignalFiring {
            ordinal: r.ordinal,
            signal: r.signal.into(),
            at_ms: r.at,
            duration_ms: r.duration_ms,
            page_view: r.page_view,
            path: r.path.into(),
            target: r.target.map(TargetHash),
            selector: r.selector.into(),
            label: r.label.into(),
            position: (r.x, r.y),
            intensity_milli: r.intensity_milli,
            evidence_count: r.evidence_count,
            evidence_at: r.evidence_at,
            reason: r.reason.into(),
            rule_version: r.rule_version,
        }
    }
}

scored_row! {
    part_row!
    /// A row of `page_views`.
    PageViewRow in "page_views", from identity, p: PageViewScore {
        path: String = p.path.to_string();
        page_group: String = p.group.to_string();
        started: i64 = p.started_ms;
        last_interaction: i64 = p.last_interaction_ms;
        engaged_ms: u64 = p.engaged_ms;
        scroll_depth_milli: u16 = p.scroll_depth_milli;
        presses: u32 = p.presses;
        interactions: u32 = p.interactions;
        samples: u64 = p.samples;
    }
}

impl From<PageViewRow> for PageViewScore {
    fn from(r: PageViewRow) -> PageViewScore {
        PageViewScore {
            ordinal: r.ordinal,
            path: r.path.into(),
            group: r.page_group.into(),
            started_ms: r.started,
            last_interaction_ms: r.last_interaction,
            engaged_ms: r.engaged_ms,
            scroll_depth_milli: r.scroll_depth_milli,
            presses: r.presses,
            interactions: r.interactions,
            samples: r.samples,
            scored: r.scored,
            scores: scores_of!(r),
            running: running_of!(r),
            confidence_milli: r.confidence_milli,
            contributors: r.contributors.into_iter().map(contributor_of).collect(),
            measures: r.measures.into_iter().map(measured_of).collect(),
        }
    }
}

part_row! {
    /// A row of `conversions`.
    ConversionRow in "conversions", from identity, c: ConversionSeen {
        order_id: String = c.order_id.to_string();
        kind: String = c.kind.to_string();
        at: i64 = c.at_ms;
        value_minor: i64 = c.value_minor;
        currency: String = c.currency.to_string();
        page_view: Option<u32> = c.page_view;
        frustration_milli: u16 = c.frustration;
    }
}

impl From<ConversionRow> for ConversionSeen {
    fn from(r: ConversionRow) -> ConversionSeen {
        ConversionSeen {
            ordinal: r.ordinal,
            order_id: r.order_id.into(),
            kind: r.kind.into(),
            at_ms: r.at,
            value_minor: r.value_minor,
            currency: r.currency.into(),
            page_view: r.page_view,
            frustration: r.frustration_milli,
        }
    }
}
