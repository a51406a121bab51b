//! Batches and score updates to test with: one written out, and any.

use furrow_core::ids::{
    Epoch, Origin, Property, SenderId, SessionId, SessionKey, TargetHash, Tenant, VisitorId,
};
use furrow_core::interaction::*;
use furrow_core::output::*;
use furrow_core::time::{ClientTime, LogTime};
use furrow_proto::v1;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use v1::interaction::Kind as Wire;

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
            response: Some(response.clone()),
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

fn samples_of(kind: &Kind) -> usize {
    match kind {
        Kind::PointerPath(path) => 1 + path.steps.len(),
        Kind::ScrollPath(path) => 1 + path.steps.len(),
        Kind::TiltPath(path) => path.steps.len(),
        _ => 0,
    }
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
                let samples: usize = interactions.iter().map(|i| samples_of(&i.kind)).sum();
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

fn score() -> impl Strategy<Value = u16> {
    0..=10_000u16
}

fn milli() -> impl Strategy<Value = u16> {
    0..=1_000u16
}

fn scores() -> impl Strategy<Value = Scores> {
    (score(), score(), score(), score()).prop_map(
        |(frustration, engagement, technical, experience)| Scores {
            frustration,
            engagement,
            technical,
            experience,
        },
    )
}

fn contributor() -> impl Strategy<Value = Contributor> {
    (name(), name(), any::<u32>(), milli(), maybe_name()).prop_map(
        |(signal, score, count, share_milli, text)| Contributor {
            signal,
            score,
            count,
            share_milli,
            text,
        },
    )
}

fn session_score() -> impl Strategy<Value = SessionScore> {
    let status = select(
        &[
            SessionStatus::Open,
            SessionStatus::Ended,
            SessionStatus::Broken,
        ][..],
    );
    (
        (
            name(),
            name(),
            any::<[u8; 16]>(),
            option::of(any::<[u8; 16]>()),
            status,
        ),
        (
            any::<[i64; 4]>(),
            one_of(DeviceClass::ALL),
            any::<[u32; 11]>(),
            any::<[u64; 3]>(),
        ),
        (
            [maybe_name(), maybe_name(), maybe_name(), maybe_name()],
            any::<[bool; 2]>(),
            scores(),
        ),
        (milli(), score(), milli(), vec(contributor(), 0..4)),
    )
        .prop_map(|(who, what, (texts, flags, scores), how)| {
            let [os, browser, entry_path, exit_path] = texts;
            let (times, device, counts, large) = what;
            SessionScore {
                key: SessionKey {
                    tenant: Tenant(who.0.into()),
                    property: Property(who.1.into()),
                    session: SessionId(who.2),
                },
                visitor: who.3.map(VisitorId),
                status: who.4,
                first_record: LogTime(times[0]),
                last_record: LogTime(times[1]),
                started_ms: times[2],
                last_interaction_ms: times[3],
                device,
                os,
                browser,
                automated: flags[0],
                entry_path,
                exit_path,
                batches: counts[0],
                interactions: counts[1],
                samples: large[0],
                presses: counts[2],
                gaps: counts[3],
                reordered: counts[4],
                unknown: counts[5],
                senders: counts[6],
                engaged_ms: large[1],
                scroll_depth_milli: how.0,
                signals: counts[7],
                page_views: counts[8],
                conversions: counts[9],
                scored: flags[1],
                scores,
                frustration_now: how.1,
                confidence_milli: how.2,
                contributors: how.3,
                fold_version: counts[10],
                rules: large[2],
            }
        })
}

fn signal() -> impl Strategy<Value = SignalFiring> {
    (
        (
            any::<[u32; 4]>(),
            any::<i64>(),
            option::of(any::<u32>()),
            option::of(any::<u64>()),
        ),
        ([
            maybe_name(),
            maybe_name(),
            maybe_name(),
            maybe_name(),
            maybe_name(),
        ]),
        ((px(), px()), milli(), vec(any::<u32>(), 0..17)),
    )
        .prop_map(|((numbers, at_ms, page_view, target), texts, how)| {
            let [signal, path, selector, label, reason] = texts;
            SignalFiring {
                ordinal: numbers[0],
                signal,
                at_ms,
                duration_ms: numbers[1],
                page_view,
                path,
                target: target.map(TargetHash),
                selector,
                label,
                position: how.0,
                intensity_milli: how.1,
                evidence_count: numbers[2],
                evidence_at: how.2,
                reason,
                rule_version: numbers[3],
            }
        })
}

fn page_view_score() -> impl Strategy<Value = PageViewScore> {
    (
        any::<[u32; 3]>(),
        any::<[i64; 2]>(),
        any::<u64>(),
        maybe_name(),
        maybe_name(),
        milli(),
        scores(),
    )
        .prop_map(
            |(counts, times, engaged_ms, path, group, scroll_depth_milli, scores)| PageViewScore {
                ordinal: counts[0],
                path,
                group,
                started_ms: times[0],
                last_interaction_ms: times[1],
                engaged_ms,
                scroll_depth_milli,
                presses: counts[1],
                interactions: counts[2],
                scores,
            },
        )
}

fn conversion_seen() -> impl Strategy<Value = ConversionSeen> {
    (
        any::<u32>(),
        [maybe_name(), maybe_name(), maybe_name()],
        any::<[i64; 2]>(),
        option::of(any::<u32>()),
        score(),
    )
        .prop_map(
            |(ordinal, [order_id, kind, currency], numbers, page_view, frustration)| {
                ConversionSeen {
                    ordinal,
                    order_id,
                    kind,
                    at_ms: numbers[0],
                    value_minor: numbers[1],
                    currency,
                    page_view,
                    frustration,
                }
            },
        )
}

/// Where a record may stand.
pub(crate) fn origin() -> impl Strategy<Value = Origin> {
    (any::<u16>(), any::<u32>(), 0..1u64 << 48).prop_map(|(epoch, partition, offset)| Origin {
        epoch: Epoch(epoch),
        partition,
        offset,
    })
}

/// Any update that the scorer may emit.
pub(crate) fn score_update() -> impl Strategy<Value = ScoreUpdate> {
    (
        origin(),
        session_score(),
        vec(signal(), 0..4),
        vec(page_view_score(), 0..4),
        vec(conversion_seen(), 0..4),
    )
        .prop_map(
            |(origin, session, signals, page_views, conversions)| ScoreUpdate {
                origin,
                session,
                signals,
                page_views,
                conversions,
            },
        )
}
