//! Any batch that a client may send.

use super::{count, maybe_name, ms, name, one_of, px};
use furrow_core::ids::{SenderId, SessionId, TargetHash, VisitorId};
use furrow_core::interaction::*;
use furrow_core::time::ClientTime;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

fn page() -> impl Strategy<Value = Page> {
    (count(), maybe_name(), maybe_name()).prop_map(|(number, path, group)| Page {
        number,
        path,
        group,
    })
}

fn device() -> impl Strategy<Value = Device> {
    (
        (
            one_of(DeviceClass::ALL),
            one_of(PointerType::ALL),
            maybe_name(),
            maybe_name(),
        ),
        (
            (count(), count()),
            (count(), count()),
            count(),
            maybe_name(),
        ),
    )
        .prop_map(
            |((class, pointer, os, browser), (viewport, screen, pixel_ratio_milli, language))| {
                Device {
                    class,
                    pointer,
                    os,
                    browser,
                    viewport,
                    screen,
                    pixel_ratio_milli,
                    language,
                }
            },
        )
}

fn target() -> impl Strategy<Value = Target> {
    (
        any::<u64>(),
        maybe_name(),
        maybe_name(),
        one_of(TargetKind::ALL),
        any::<[bool; 4]>(),
    )
        .prop_map(|(hash, selector, label, kind, flags)| Target {
            hash: TargetHash(hash),
            selector,
            label,
            kind,
            interactive: flags[0],
            looks_interactive: flags[1],
            ignore_rage: flags[2],
            ignore_dead: flags[3],
        })
}

fn index(targets: u16) -> impl Strategy<Value = Option<TargetIndex>> {
    option::of(0..targets.max(1)).prop_map(move |i| i.filter(|_| targets > 0).map(TargetIndex))
}

fn response() -> impl Strategy<Value = Response> {
    (
        ms(),
        any::<u64>(),
        vec((one_of(ResponseKind::ALL), ms()), 0..6),
        0..=10_000u32,
    )
        .prop_map(|(watched_ms, reportable, mut facts, quiet_before_ms)| {
            facts.sort_by_key(|&(kind, _)| kind);
            facts.dedup_by_key(|&mut (kind, _)| kind);
            facts.sort_by_key(|&(_, after_ms)| after_ms);
            Response {
                watched_ms,
                reportable: Reportable(reportable),
                facts,
                quiet_before_ms,
            }
        })
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    vec((0..400u32, -90..90i32, -3_000..3_000i32), 0..40).prop_map(|rows| {
        rows.into_iter()
            .map(|(dt, dx, dy)| Step { dt, dx, dy })
            .collect()
    })
}

fn press(targets: u16) -> impl Strategy<Value = Press> {
    (
        (
            count(),
            one_of(PressKind::ALL),
            one_of(PointerType::ALL),
            ms(),
            (px(), px()),
        ),
        (
            (px(), px()),
            index(targets),
            one_of(Button::ALL),
            ms(),
            ms(),
        ),
        (any::<[bool; 4]>(), response()),
    )
        .prop_map(|(a, b, (flags, response))| Press {
            number: a.0,
            kind: a.1,
            pointer: a.2,
            // Relative to the interaction, which is not placed in time yet.
            down: ClientTime(-i64::from(a.3)),
            position: a.4,
            page_position: b.0,
            target: b.1,
            button: b.2,
            hold_ms: b.3,
            hover_before_ms: b.4,
            selected_text: flags[0],
            scrolled: flags[1],
            keyboard: flags[2],
            modified: flags[3],
            response,
        })
}

fn paths() -> impl Strategy<Value = Kind> {
    let tilt = vec((0..100u32, -2..=2i32, -2..=2i32, -2..=2i32), 0..40);
    prop_oneof![
        (one_of(PointerType::ALL), (px(), px()), steps()).prop_map(|(pointer, start, steps)| {
            Kind::PointerPath(PointerPath {
                pointer,
                start,
                steps,
            })
        }),
        (px(), steps(), count(), count(), one_of(ScrollCause::ALL)).prop_map(
            |(start_y, mut steps, viewport_height, document_height, cause)| {
                steps.iter_mut().for_each(|s| s.dx = 0);
                Kind::ScrollPath(ScrollPath {
                    start_y,
                    steps,
                    viewport_height,
                    document_height,
                    cause,
                })
            }
        ),
        tilt.prop_map(|steps| Kind::TiltPath(TiltPath { steps })),
    ]
}

fn gestures(targets: u16) -> impl Strategy<Value = Kind> {
    let degrees = || select(&[0u16, 90, 180, 270][..]);
    prop_oneof![
        press(targets).prop_map(Kind::Press),
        (count(), response())
            .prop_map(|(press, response)| Kind::Response(ResponseUpdate { press, response })),
        ((px(), px()), (px(), px()), ms(), index(targets), response()).prop_map(
            |(start, displacement, duration_ms, target, response)| {
                Kind::Swipe(Swipe {
                    start,
                    displacement,
                    duration_ms,
                    target,
                    response,
                })
            }
        ),
        (count(), count(), (px(), px()), index(targets), response()).prop_map(
            |(scale_before_milli, scale_after_milli, position, target, response)| {
                Kind::Zoom(Zoom {
                    scale_before_milli,
                    scale_after_milli,
                    position,
                    target,
                    response,
                })
            }
        ),
        (count(), ms()).prop_map(|(peak_mm_s2, duration_ms)| Kind::Shake {
            peak_mm_s2,
            duration_ms
        }),
        (index(targets), ms(), count(), any::<bool>()).prop_map(
            |(target, duration_ms, entries, pressed_after)| match target {
                Some(target) => Kind::Hover(Hover {
                    target,
                    duration_ms,
                    entries,
                    pressed_after
                }),
                None => Kind::Find,
            }
        ),
        (degrees(), degrees(), (count(), count()), any::<bool>()).prop_map(
            |(from_degrees, to_degrees, viewport, video_in_view)| {
                Kind::Rotation(Rotation {
                    from_degrees,
                    to_degrees,
                    viewport,
                    video_in_view,
                })
            }
        ),
        (index(targets), count())
            .prop_map(|(target, length)| Kind::TextSelection { target, length }),
        index(targets).prop_map(|target| Kind::Copy { target }),
    ]
}

fn page_facts() -> impl Strategy<Value = Kind> {
    prop_oneof![
        any::<bool>().prop_map(|gained| Kind::Focus { gained }),
        any::<bool>().prop_map(|visible| Kind::Visibility { visible }),
        (
            (any::<u64>(), any::<u64>(), one_of(FieldKind::ALL)),
            (one_of(FieldChange::ALL), option::of(ms()), count())
        )
            .prop_map(
                |((form, field, kind), (change, first_input_ms, corrections))| {
                    Kind::Field(Field {
                        form,
                        field,
                        kind,
                        change,
                        first_input_ms,
                        corrections,
                    })
                }
            ),
        (
            page(),
            one_of(ReferrerClass::ALL),
            (ms(), ms(), ms()),
            [count(), count()],
            [count(), count()]
        )
            .prop_map(|(page, referrer, timings, document, viewport)| {
                Kind::PageView(PageView {
                    page,
                    referrer,
                    first_paint_ms: timings.0,
                    interactive_ms: timings.1,
                    loaded_ms: timings.2,
                    document: document.into(),
                    viewport: viewport.into(),
                })
            }),
        one_of(NavigationKind::ALL).prop_map(Kind::Navigation),
        (
            one_of(ProblemKind::ALL),
            any::<u64>(),
            maybe_name(),
            0..1_000u16,
            ms(),
            any::<bool>()
        )
            .prop_map(
                |(kind, message_hash, origin, status, began_before_ms, broken_link)| {
                    Kind::Problem(Problem {
                        kind,
                        message_hash,
                        origin,
                        status,
                        began: ClientTime(-i64::from(began_before_ms)),
                        broken_link,
                    })
                }
            ),
        (
            one_of(ObstructionKind::ALL),
            0..=1_000u16,
            any::<bool>(),
            any::<bool>()
        )
            .prop_map(|(kind, covered_milli, opened_by_visitor, shown)| {
                Kind::Obstruction(Obstruction {
                    kind,
                    covered_milli,
                    opened_by_visitor,
                    shown,
                })
            }),
        one_of(SessionEndCause::ALL).prop_map(Kind::SessionEnd),
        Just(Kind::Find),
        Just(Kind::Print),
    ]
}

fn outcomes() -> impl Strategy<Value = Kind> {
    let value = prop_oneof![
        maybe_name().prop_map(Value::Text),
        (-1e12..1e12f64).prop_map(Value::Number),
        any::<bool>().prop_map(Value::Flag),
    ];
    prop_oneof![
        (
            name(),
            -1_000_000..1_000_000i64,
            select(&["", "EUR", "JPY"][..]),
            maybe_name()
        )
            .prop_map(|(order_id, value_minor, currency, kind)| {
                Kind::Conversion(Conversion {
                    order_id,
                    value_minor,
                    currency: currency.into(),
                    kind,
                })
            }),
        (name(), maybe_name()).prop_map(|(experiment, variant)| Kind::Exposure {
            experiment,
            variant
        }),
        (one_of(FeedbackKind::ALL), 1..=5u32)
            .prop_map(|(kind, answer)| Kind::Feedback { kind, answer }),
        name().prop_map(|id| Kind::Identify { id }),
        (name(), vec((name(), value), 0..=16))
            .prop_map(|(name, attributes)| Kind::Custom { name, attributes }),
    ]
}

fn placed(at: ClientTime, mut kind: Kind) -> Interaction {
    match &mut kind {
        Kind::Press(press) => press.down = at.plus(press.down.0),
        Kind::Problem(problem) => problem.began = at.plus(problem.began.0),
        _ => {}
    }
    Interaction { at, kind }
}

/// Any batch that a client may send.
pub(crate) fn batch() -> impl Strategy<Value = Batch> {
    vec(target(), 0..5).prop_flat_map(|targets| {
        let n = u16::try_from(targets.len()).unwrap();
        let kind = prop_oneof![paths(), gestures(n), page_facts(), outcomes()];
        (
            (
                any::<[u8; 16]>(),
                option::of(any::<[u8; 16]>()),
                any::<[u8; 8]>(),
                count(),
            ),
            (0..1i64 << 47, 0..100_000i64, page(), option::of(device())),
            (Just(targets), vec((0..1_000u32, kind), 0..25), 0..3u32),
        )
            .prop_map(|(ids, times, (targets, kinds, unknown))| {
                let mut session = ids.0;
                session[6] = 0x70 | session[6] & 0x0f;
                session[8] = 0x80 | session[8] & 0x3f;
                let origin = ClientTime(times.0);
                let mut at = origin;
                let interactions: Vec<_> = kinds
                    .into_iter()
                    .map(|(dt, kind)| {
                        at = at.plus(dt.into());
                        placed(at, kind)
                    })
                    .collect();
                let samples: usize = interactions.iter().map(|i| i.kind.samples()).sum();
                Batch {
                    session: SessionId(session),
                    visitor: ids.1.map(VisitorId),
                    sender: SenderId(ids.2),
                    sequence: ids.3,
                    origin,
                    sent: origin.plus(times.1),
                    page: times.2,
                    device: times.3,
                    targets,
                    interactions,
                    unknown,
                    samples: u32::try_from(samples).unwrap(),
                }
            })
    })
}
