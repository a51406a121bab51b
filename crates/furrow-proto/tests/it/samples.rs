//! Batches and score updates to test with: one written out, and any.
//!
//! ```text
//! batches  any batch that a client may send
//! updates  any update that the scorer may emit
//! ```

mod batches;
mod updates;

use furrow_proto::v1;
use proptest::prelude::*;
use proptest::sample::select;
use v1::interaction::Kind as Wire;

pub(crate) use batches::batch;
pub(crate) use updates::{origin, score_update};

/// The moment of all batches written out here.
pub(crate) const NOON_MS: i64 = 1_750_000_000_000;

/// A `UUIDv7` created at this time.
pub(crate) fn session_created(ms: i64) -> [u8; 16] {
    let mut id = [0x5a; 16];
    id[..6].copy_from_slice(&ms.to_be_bytes()[2..]);
    id[6] = 0x7a;
    id[8] = 0x9a;
    id
}

/// A batch with two targets and one interaction of every kind that has
/// something to check.
pub(crate) fn valid() -> v1::Batch {
    let response = v1::Response {
        watched_ms: 1_000,
        reportable: 0x01ff_fffe,
        facts: vec![
            v1::ResponseFact {
                kind: 10,
                after_ms: 12,
            },
            v1::ResponseFact {
                kind: 3,
                after_ms: 80,
            },
        ],
        quiet_before_ms: 10_000,
    };
    let kinds = [
        Wire::PointerPath(v1::PointerPath {
            pointer: 1,
            start_x: 10,
            start_y: -20,
            dt: vec![16, 17, 300],
            dx: vec![5, -3, 150],
            dy: vec![0, 2, -90],
        }),
        Wire::Press(v1::Press {
            number: 0,
            kind: 1,
            pointer: 1,
            down_before_ms: 1_000,
            x: 100,
            y: 200,
            page_x: 100,
            page_y: 900,
            target: Some(1),
            hold_ms: 90,
            response: Some(response.clone()),
            ..Default::default()
        }),
        Wire::Response(v1::ResponseUpdate {
            press: 0,
            response: Some(response),
        }),
        Wire::Swipe(v1::Swipe {
            dx: 200,
            duration_ms: 120,
            target: Some(0),
            ..Default::default()
        }),
        Wire::Zoom(v1::Zoom {
            scale_before_milli: 1_000,
            scale_after_milli: 2_000,
            ..Default::default()
        }),
        Wire::Shake(v1::Shake {
            peak_mm_s2: 15_000,
            duration_ms: 700,
        }),
        Wire::ScrollPath(v1::ScrollPath {
            start_y: 0,
            dt: vec![16, 16],
            dy: vec![120, 240],
            viewport_height: 900,
            document_height: 4_000,
            cause: 1,
        }),
        Wire::Hover(v1::Hover {
            target: 1,
            duration_ms: 800,
            entries: 2,
            pressed_after: true,
        }),
        Wire::Rotation(v1::Rotation {
            from_degrees: 0,
            to_degrees: 90,
            ..Default::default()
        }),
        Wire::TiltPath(v1::TiltPath {
            dt: vec![0, 50],
            dx: vec![0, 20],
            dy: vec![10, -10],
            dz: vec![127, -27],
        }),
        Wire::Field(v1::Field {
            form: 1,
            field: 2,
            kind: 2,
            change: 4,
            ..Default::default()
        }),
        Wire::PageView(v1::PageView {
            page: Some(v1::Page {
                number: 1,
                path: "/cart".into(),
                group: "cart".into(),
            }),
            referrer: 2,
            ..Default::default()
        }),
        Wire::Navigation(v1::Navigation { kind: 1 }),
        Wire::Problem(v1::Problem {
            kind: 2,
            origin: "self".into(),
            status: 503,
            began_before_ms: 40,
            ..Default::default()
        }),
        Wire::TextSelection(v1::TextSelection {
            target: None,
            length: 12,
        }),
        Wire::Conversion(v1::Conversion {
            order_id: "o-1".into(),
            value_minor: 4_990,
            currency: "EUR".into(),
            kind: "purchase".into(),
        }),
        Wire::Exposure(v1::Exposure {
            experiment: "e".into(),
            variant: "b".into(),
        }),
        Wire::Feedback(v1::Feedback { kind: 2, answer: 5 }),
        Wire::Identify(v1::Identify { id: "c-17".into() }),
        Wire::Custom(v1::Custom {
            name: "coupon".into(),
            attributes: vec![v1::Attribute {
                name: "worth".into(),
                value: Some(v1::attribute::Value::Number(2.5)),
            }],
        }),
        Wire::Obstruction(v1::Obstruction {
            kind: 1,
            covered_milli: 400,
            ..Default::default()
        }),
    ];
    v1::Batch {
        session_id: session_created(NOON_MS - 60_000).to_vec(),
        visitor_id: vec![7; 16],
        sender_id: vec![9; 8],
        sequence: 3,
        origin_ms: NOON_MS,
        sent_ms: NOON_MS + 5_000,
        page: Some(v1::Page {
            number: 0,
            path: "/shop".into(),
            group: "list".into(),
        }),
        device: Some(v1::Device {
            class: 1,
            pointer: 1,
            os: "Linux".into(),
            ..Default::default()
        }),
        targets: vec![
            v1::Target {
                hash: 1,
                selector: "main".into(),
                kind: 16,
                ..Default::default()
            },
            v1::Target {
                hash: 2,
                selector: "main button#pay".into(),
                label: "Pay".into(),
                kind: 1,
                interactive: true,
                looks_interactive: true,
                ignore: vec![1],
            },
        ],
        interactions: kinds
            .into_iter()
            .map(|kind| v1::Interaction {
                dt_ms: 100,
                kind: Some(kind),
            })
            .collect(),
        sdk: "test/1".into(),
    }
}

fn name() -> impl Strategy<Value = Box<str>> {
    "[a-zäß0-9 -]{1,12}".prop_map(Into::into)
}

fn maybe_name() -> impl Strategy<Value = Box<str>> {
    "[a-zäß0-9 /-]{0,12}".prop_map(Into::into)
}

fn px() -> impl Strategy<Value = i32> {
    -100_000..100_000i32
}

fn ms() -> impl Strategy<Value = u32> {
    prop_oneof![0..200u32, 0..3_600_000u32]
}

fn count() -> impl Strategy<Value = u32> {
    0..10_000u32
}

fn one_of<T: Copy + std::fmt::Debug + 'static>(all: &'static [T]) -> impl Strategy<Value = T> {
    select(all)
}
