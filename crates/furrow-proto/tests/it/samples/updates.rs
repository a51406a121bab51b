//! Any update that the scorer may emit.

use super::{maybe_name, name, one_of, px};
use furrow_core::ids::{
    Epoch, Origin, Property, SessionId, SessionKey, TargetHash, Tenant, VisitorId,
};
use furrow_core::interaction::DeviceClass;
use furrow_core::output::*;
use furrow_core::time::LogTime;
use proptest::array;
use proptest::collection::vec;
use proptest::num;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

fn score() -> impl Strategy<Value = u16> {
    0..=10_000u16
}

fn milli() -> impl Strategy<Value = u16> {
    0..=1_000u16
}

fn scores() -> impl Strategy<Value = Scores> {
    array::uniform8(score()).prop_map(
        |[
            frustration,
            confusion,
            engagement,
            navigation,
            form,
            technical,
            exit_risk,
            experience,
        ]| Scores {
            frustration,
            confusion,
            engagement,
            navigation,
            form,
            technical,
            exit_risk,
            experience,
        },
    )
}

fn running_scores() -> impl Strategy<Value = RunningScores> {
    array::uniform7(score()).prop_map(
        |[
            frustration,
            confusion,
            engagement,
            navigation,
            form,
            technical,
            exit_risk,
        ]| RunningScores {
            frustration,
            confusion,
            engagement,
            navigation,
            form,
            technical,
            exit_risk,
        },
    )
}

fn measured() -> impl Strategy<Value = Measured> {
    (
        name(),
        num::f64::NORMAL | num::f64::SUBNORMAL | num::f64::ZERO,
    )
        .prop_map(|(measure, value)| Measured {
            measure: measure.into_string().into(),
            value,
        })
}

fn contributor() -> impl Strategy<Value = Contributor> {
    (name(), name(), any::<u32>(), milli(), maybe_name()).prop_map(
        |(signal, score, count, share_milli, text)| Contributor {
            signal: signal.into_string().into(),
            score: score.into_string().into(),
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
            running_scores(),
        ),
        (
            milli(),
            milli(),
            vec(contributor(), 0..4),
            vec(measured(), 0..4),
        ),
    )
        .prop_map(|(who, what, (texts, flags, scores, running), how)| {
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
                running,
                confidence_milli: how.1,
                contributors: how.2,
                measures: how.3,
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
                signal: signal.into_string().into(),
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
        any::<[u64; 2]>(),
        [maybe_name(), maybe_name()],
        [milli(), milli()],
        (any::<bool>(), scores(), running_scores()),
        (vec(contributor(), 0..4), vec(measured(), 0..4)),
    )
        .prop_map(|(counts, times, large, texts, parts, how, why)| {
            let [path, group] = texts;
            PageViewScore {
                ordinal: counts[0],
                path,
                group,
                started_ms: times[0],
                last_interaction_ms: times[1],
                engaged_ms: large[0],
                scroll_depth_milli: parts[0],
                presses: counts[1],
                interactions: counts[2],
                samples: large[1],
                scored: how.0,
                scores: how.1,
                running: how.2,
                confidence_milli: parts[1],
                contributors: why.0,
                measures: why.1,
            }
        })
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
