//! Any interactions that a client could send, from small sets so that they
//! meet: few targets, few pages, few origins.

use furrow_core::ids::{SenderId, SessionId, TargetHash, VisitorId};
use furrow_core::interaction::{
    Batch, Button, Conversion, Field, FieldChange, FieldKind, Hover, Interaction, Kind,
    NavigationKind, Obstruction, ObstructionKind, Page, PageView, PointerPath, PointerType, Press,
    PressKind, Problem, ProblemKind, ReferrerClass, Reportable, Response, ResponseKind, Rotation,
    ScrollCause, ScrollPath, Step, Swipe, Target, TargetIndex, TargetKind, TiltPath, Zoom,
};
use furrow_core::time::ClientTime;
use proptest::prelude::*;
use proptest::sample::select;

/// Noon of some day.
pub(crate) const NOON: i64 = 1_790_000_000_000;

/// Things to press: a button, a text, a field, a picture, a sham.
const KINDS: [TargetKind; 5] = [
    TargetKind::Button,
    TargetKind::Text,
    TargetKind::TextField,
    TargetKind::Image,
    TargetKind::Other,
];

pub(crate) fn targets() -> Vec<Target> {
    (0..)
        .zip(KINDS)
        .map(|(hash, kind)| Target {
            hash: TargetHash(hash),
            selector: format!("x#{hash}").into(),
            label: Box::default(),
            kind,
            interactive: matches!(kind, TargetKind::Button | TargetKind::TextField),
            looks_interactive: kind != TargetKind::Text,
            ignore_rage: false,
            ignore_dead: false,
        })
        .collect()
}

/// Interactions in order of time, the first at noon.
pub(crate) fn interactions(most: usize) -> impl Strategy<Value = Vec<Interaction>> {
    let pause = prop_oneof![6 => 0..400_i64, 3 => 400..4_000_i64, 1 => 4_000..40_000_i64];
    prop::collection::vec((pause, any_kind()), 1..most).prop_map(|steps| {
        let mut at = NOON;
        (0_u32..)
            .zip(steps)
            .map(|(number, (pause, kind))| {
                at += pause;
                let at = ClientTime(at);
                Interaction {
                    at,
                    kind: placed(kind, number, at),
                }
            })
            .collect()
    })
}

/// Moments relative to the interaction's become moments.
fn placed(kind: Kind, number: u32, at: ClientTime) -> Kind {
    match kind {
        Kind::Press(press) => Kind::Press(Press {
            number,
            down: at.plus(press.down.0),
            ..press
        }),
        Kind::Problem(problem) => Kind::Problem(Problem {
            began: at.plus(problem.began.0),
            ..problem
        }),
        other => other,
    }
}

/// Movements of pointer and page, and nothing else.
pub(crate) fn any_movement() -> impl Strategy<Value = Kind> {
    prop_oneof![
        6 => any_pointer_path().prop_map(Kind::PointerPath),
        3 => any_scroll_path().prop_map(Kind::ScrollPath),
        2 => (any_target(), 0..9_000_u32, 1..6_u32).prop_map(|(target, duration_ms, entries)| {
            Kind::Hover(Hover { target, duration_ms, entries, pressed_after: false })
        }),
        1 => any::<bool>().prop_map(|visible| Kind::Visibility { visible }),
    ]
}

fn any_kind() -> impl Strategy<Value = Kind> {
    prop_oneof![
        8 => any_movement(),
        8 => any_press().prop_map(Kind::Press),
        2 => any_problem().prop_map(Kind::Problem),
        3 => any_field().prop_map(Kind::Field),
        2 => any_page_view().prop_map(Kind::PageView),
        2 => select(NavigationKind::ALL).prop_map(Kind::Navigation),
        1 => any::<bool>().prop_map(|gained| Kind::Focus { gained }),
        1 => any_gesture(),
        1 => any_obstruction().prop_map(Kind::Obstruction),
        1 => Just(Kind::Find),
        1 => any_target().prop_map(|target| Kind::Copy { target: Some(target) }),
        1 => Just(Kind::Conversion(Conversion {
            order_id: "A".into(),
            value_minor: 100,
            currency: "EUR".into(),
            kind: "purchase".into(),
        })),
    ]
}

fn any_target() -> impl Strategy<Value = TargetIndex> {
    (0..u16::try_from(KINDS.len()).expect("few")).prop_map(TargetIndex)
}

fn any_pointer_path() -> impl Strategy<Value = PointerPath> {
    let step = (1..200_u32, -80..80_i32, -80..80_i32).prop_map(|(dt, dx, dy)| Step { dt, dx, dy });
    (
        select(PointerType::ALL),
        (0..1_200_i32, 0..800_i32),
        prop::collection::vec(step, 0..60),
    )
        .prop_map(|(pointer, start, steps)| PointerPath {
            pointer,
            start,
            steps,
        })
}

fn any_scroll_path() -> impl Strategy<Value = ScrollPath> {
    let step = (1..200_u32, -600..600_i32).prop_map(|(dt, dy)| Step { dt, dx: 0, dy });
    (
        0..3_000_i32,
        prop::collection::vec(step, 0..12),
        select(ScrollCause::ALL),
    )
        .prop_map(|(start_y, steps, cause)| ScrollPath {
            start_y,
            steps,
            viewport_height: 800,
            document_height: 4_000,
            cause,
        })
}

fn any_response() -> impl Strategy<Value = Response> {
    let fact = (select(ResponseKind::ALL), 0..3_000_u32);
    (0..3_000_u32, prop::option::weighted(0.5, fact), 0..3_u8).prop_map(
        |(watched_ms, fact, sight)| Response {
            watched_ms,
            reportable: Reportable(if sight == 0 { 0 } else { u64::MAX }),
            facts: fact.into_iter().collect(),
            quiet_before_ms: u32::from(sight) * 800,
        },
    )
}

fn any_press() -> impl Strategy<Value = Press> {
    (
        prop::option::weighted(0.9, any_target()),
        0..3_000_i64,
        (90..160_i32, 90..160_i32),
        any_response(),
        prop::bool::weighted(0.1),
    )
        .prop_map(
            |(target, told_after, position, response, selected_text)| Press {
                number: 0,
                kind: PressKind::Click,
                pointer: PointerType::Mouse,
                down: ClientTime(-told_after),
                position,
                page_position: position,
                target,
                button: Button::Primary,
                hold_ms: 70,
                hover_before_ms: 0,
                selected_text,
                scrolled: false,
                keyboard: false,
                modified: false,
                response,
            },
        )
}

fn any_problem() -> impl Strategy<Value = Problem> {
    (
        select(ProblemKind::ALL),
        select(vec!["self", "cdn.example"]),
        select(vec![0_u16, 404, 500]),
        0..2_000_i64,
        any::<bool>(),
    )
        .prop_map(|(kind, origin, status, before, broken_link)| Problem {
            kind,
            message_hash: 1,
            origin: origin.into(),
            status,
            began: ClientTime(-before),
            broken_link,
        })
}

fn any_field() -> impl Strategy<Value = Field> {
    (
        0..2_u64,
        0..3_u64,
        select(vec![FieldKind::Text, FieldKind::Search]),
        select(FieldChange::ALL),
        0..5_u32,
    )
        .prop_map(|(form, field, kind, change, corrections)| Field {
            form,
            field,
            kind,
            change,
            first_input_ms: (corrections > 0).then_some(400),
            corrections,
        })
}

fn any_page_view() -> impl Strategy<Value = PageView> {
    (1..40_u32, select(vec!["/", "/cart", "/pay"])).prop_map(|(number, path)| PageView {
        page: Page {
            number,
            path: path.into(),
            group: "any".into(),
        },
        referrer: ReferrerClass::Internal,
        first_paint_ms: 100,
        interactive_ms: 200,
        loaded_ms: 300,
        document: (1_200, 4_000),
        viewport: (1_200, 800),
    })
}

fn any_gesture() -> impl Strategy<Value = Kind> {
    let tilt = (1..300_u32, -127..=127_i32, -127..=127_i32, -127..=127_i32);
    prop_oneof![
        any::<bool>().prop_map(|video_in_view| Kind::Rotation(Rotation {
            from_degrees: 0,
            to_degrees: 90,
            viewport: (800, 400),
            video_in_view,
        })),
        (0..40_000_u32).prop_map(|peak_mm_s2| Kind::Shake {
            peak_mm_s2,
            duration_ms: 400,
        }),
        prop::collection::vec(tilt, 0..40).prop_map(|steps| Kind::TiltPath(TiltPath { steps })),
        (any_target(), -300..300_i32, any_response()).prop_map(|(target, dy, response)| {
            Kind::Swipe(Swipe {
                start: (100, 400),
                displacement: (0, dy),
                duration_ms: 200,
                target: Some(target),
                response,
            })
        }),
        (any_target(), 500..3_000_u32, any_response()).prop_map(|(target, after, response)| {
            Kind::Zoom(Zoom {
                scale_before_milli: 1_000,
                scale_after_milli: after,
                position: (100, 100),
                target: Some(target),
                response,
            })
        }),
    ]
}

fn any_obstruction() -> impl Strategy<Value = Obstruction> {
    (
        select(ObstructionKind::ALL),
        0..=1_000_u16,
        any::<bool>(),
        any::<bool>(),
    )
        .prop_map(
            |(kind, covered_milli, opened_by_visitor, shown)| Obstruction {
                kind,
                covered_milli,
                opened_by_visitor,
                shown,
            },
        )
}

/// A batch of one sender of one session.
pub(crate) fn batch(sequence: u32, interactions: Vec<Interaction>) -> Batch {
    let at = |i: Option<&Interaction>| i.map_or(ClientTime(NOON), |i| i.at);
    Batch {
        session: SessionId([0, 0, 0, 0, 0, 0, 0x70, 0, 0x80, 0, 0, 0, 0, 0, 0, 1]),
        visitor: Some(VisitorId([1; 16])),
        sender: SenderId([1; 8]),
        sequence,
        origin: at(interactions.first()),
        sent: at(interactions.last()),
        page: Page {
            number: 0,
            path: "/".into(),
            group: "any".into(),
        },
        device: None,
        targets: targets(),
        samples: interactions
            .iter()
            .map(|i| u32::try_from(i.kind.samples()).expect("short paths"))
            .sum(),
        unknown: 0,
        interactions,
    }
}
