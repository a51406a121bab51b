//! Outputs and batches for tests, within the crate and beside it.
#![allow(dead_code)] // Each set of tests uses a part of it.

use furrow_core::ids::{
    Epoch, Origin, Property, SenderId, SessionId, SessionKey, TargetHash, Tenant,
};
use furrow_core::interaction::{
    Batch, Button, Device, DeviceClass, Interaction, Kind, Page, PageView, PointerPath,
    PointerType, Press, PressKind, ReferrerClass, Response, ScrollCause, ScrollPath, Step, Target,
    TargetIndex, TargetKind,
};
use furrow_core::output::{
    Contributor, ConversionSeen, Measured, PageViewScore, RunningScores, ScoreUpdate, Scores,
    SessionScore, SessionStatus, SignalFiring,
};
use furrow_core::time::{ClientTime, LogTime};
use std::time::{SystemTime, UNIX_EPOCH};

pub(crate) fn now_ms() -> i64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("it is after 1970");
    i64::try_from(since.as_millis()).expect("it is before the year 292 million")
}

pub(crate) fn session_id(began_ms: i64, number: u8) -> SessionId {
    let mut id = [number; 16];
    id[..6].copy_from_slice(&began_ms.to_be_bytes()[2..]);
    id[6] = 0x70;
    id[8] = 0x80;
    SessionId(id)
}

pub(crate) fn key(property: &str, began_ms: i64, number: u8) -> SessionKey {
    SessionKey {
        tenant: Tenant("demo".into()),
        property: Property(property.into()),
        session: session_id(began_ms, number),
    }
}

/// A session with one signal, one page view and one conversion.
pub(crate) fn update(property: &str, began_ms: i64, number: u8, frustration: u16) -> ScoreUpdate {
    let scores = Scores {
        frustration,
        confusion: 1_500,
        engagement: 2_000,
        navigation: 40,
        form: 30,
        technical: 100,
        exit_risk: 4_000,
        experience: 6_400,
    };
    let running = RunningScores {
        frustration,
        confusion: 1_400,
        engagement: 0,
        navigation: 20,
        form: 10,
        technical: 90,
        exit_risk: 3_900,
    };
    let contributors = vec![Contributor {
        signal: "rage_press".into(),
        score: "frustration".into(),
        count: 1,
        share_milli: 1_000,
        text: "rage press on button#pay".into(),
    }];
    let measures = vec![Measured {
        measure: "path_px".into(),
        value: 1_234.5,
    }];
    ScoreUpdate {
        origin: Origin {
            epoch: Epoch(1),
            partition: 0,
            offset: number.into(),
        },
        session: SessionScore {
            key: key(property, began_ms, number),
            visitor: None,
            status: SessionStatus::Open,
            first_record: LogTime(began_ms),
            last_record: LogTime(began_ms + 9_000),
            started_ms: began_ms,
            last_interaction_ms: began_ms + 8_900,
            device: DeviceClass::Desktop,
            os: "Linux".into(),
            browser: "Firefox".into(),
            automated: false,
            entry_path: "/".into(),
            exit_path: "/lamp".into(),
            batches: 2,
            interactions: 12,
            samples: 3_000_000_000,
            presses: 4,
            gaps: 0,
            reordered: 0,
            unknown: 0,
            senders: 1,
            engaged_ms: 8_000,
            scroll_depth_milli: 512,
            signals: 1,
            page_views: 1,
            conversions: 1,
            scored: true,
            scores,
            running,
            confidence_milli: 400,
            contributors: contributors.clone(),
            measures: measures.clone(),
            fold_version: 1,
            rules: 0,
        },
        signals: vec![SignalFiring {
            ordinal: 0,
            signal: "rage_press".into(),
            at_ms: began_ms + 5_000,
            duration_ms: 700,
            page_view: Some(0),
            path: "/lamp".into(),
            target: Some(TargetHash(0xfedc_ba98_7654_3210)),
            selector: "button#pay".into(),
            label: "Pay".into(),
            position: (-3, 44),
            intensity_milli: 900,
            evidence_count: 4,
            evidence_at: vec![0, 200, 400, 700],
            reason: "4 presses within 0.7 s, none answered".into(),
            rule_version: 1,
        }],
        page_views: vec![PageViewScore {
            ordinal: 0,
            path: "/lamp".into(),
            group: "product".into(),
            started_ms: began_ms,
            last_interaction_ms: began_ms + 8_900,
            engaged_ms: 8_000,
            scroll_depth_milli: 512,
            presses: 4,
            interactions: 12,
            samples: 3_000_000_000,
            scored: true,
            scores,
            running,
            confidence_milli: 400,
            contributors,
            measures,
        }],
        conversions: vec![ConversionSeen {
            ordinal: 0,
            order_id: "A-1".into(),
            kind: "purchase".into(),
            at_ms: began_ms + 8_000,
            value_minor: 1_999,
            currency: "EUR".into(),
            page_view: Some(0),
            frustration,
        }],
    }
}

pub(crate) const SENDER: SenderId = SenderId([1, 2, 3, 4, 5, 6, 7, 8]);

/// A batch that begins on page view `number`, with the interactions given by
/// their time since its origin.
pub(crate) fn batch(
    session: SessionId,
    sequence: u32,
    origin_ms: i64,
    (number, path): (u32, &str),
    interactions: Vec<(i64, Kind)>,
) -> Batch {
    let origin = ClientTime(origin_ms);
    Batch {
        session,
        visitor: None,
        sender: SENDER,
        sequence,
        origin,
        sent: origin.plus(2_000),
        page: page(number, path),
        device: (sequence == 0).then(|| Device {
            viewport: (800, 600),
            ..Device::default()
        }),
        targets: vec![Target {
            hash: TargetHash(7),
            selector: "button#pay".into(),
            label: "Pay".into(),
            kind: TargetKind::Button,
            interactive: true,
            looks_interactive: true,
            ignore_rage: false,
            ignore_dead: false,
        }],
        interactions: interactions
            .into_iter()
            .map(|(after, kind)| Interaction {
                at: origin.plus(after),
                kind,
            })
            .collect(),
        unknown: 0,
        samples: 0,
    }
}

fn page(number: u32, path: &str) -> Page {
    Page {
        number,
        path: path.into(),
        group: "".into(),
    }
}

pub(crate) fn page_view(number: u32, path: &str, viewport: (u32, u32)) -> Kind {
    Kind::PageView(PageView {
        page: page(number, path),
        referrer: ReferrerClass::Internal,
        first_paint_ms: 0,
        interactive_ms: 0,
        loaded_ms: 0,
        document: (800, 2_000),
        viewport,
    })
}

pub(crate) fn pointer_path(start: (i32, i32), steps: &[(u32, i32, i32)]) -> Kind {
    Kind::PointerPath(PointerPath {
        pointer: PointerType::Mouse,
        start,
        steps: steps
            .iter()
            .map(|&(dt, dx, dy)| Step { dt, dx, dy })
            .collect(),
    })
}

pub(crate) fn scroll_path(start_y: i32, steps: &[(u32, i32)]) -> Kind {
    Kind::ScrollPath(ScrollPath {
        start_y,
        steps: steps
            .iter()
            .map(|&(dt, dy)| Step { dt, dx: 0, dy })
            .collect(),
        viewport_height: 600,
        document_height: 2_400,
        cause: ScrollCause::Wheel,
    })
}

/// A press that is reported at the interaction's time and was made at `down`.
pub(crate) fn press(down_ms: i64, position: (i32, i32)) -> Kind {
    Kind::Press(Press {
        number: 0,
        kind: PressKind::Click,
        pointer: PointerType::Mouse,
        down: ClientTime(down_ms),
        position,
        page_position: position,
        target: Some(TargetIndex(0)),
        button: Button::Primary,
        hold_ms: 80,
        hover_before_ms: 0,
        selected_text: false,
        scrolled: false,
        keyboard: false,
        modified: false,
        response: Response::default(),
    })
}
