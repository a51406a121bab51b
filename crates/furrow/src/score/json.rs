//! What is printed of a session or page view; `docs/score.schema.json`
//! describes it.

use super::Lines;
use furrow_core::output::{
    Contributor, ConversionSeen, Measured, PageViewScore, ScoreUpdate, SessionScore, SessionStatus,
    SignalFiring,
};
use serde_json::{Map, Value, json};

/// The lines about one session.
pub(super) fn lines(update: &ScoreUpdate, lines: Lines) -> Vec<Value> {
    match lines {
        Lines::Sessions => vec![session(update)],
        Lines::SessionsWithMeasures => vec![session_with_measures(update)],
        Lines::Trials => update
            .page_views
            .iter()
            .map(|view| trial(update, view))
            .collect(),
    }
}

fn session(update: &ScoreUpdate) -> Value {
    let s = &update.session;
    let said = json!({
        "status": match s.status {
            SessionStatus::Open => "open",
            SessionStatus::Ended => "ended",
            SessionStatus::Broken => "broken",
        },
        "started_ms": s.started_ms,
        "last_interaction_ms": s.last_interaction_ms,
        "counts": {
            "batches": s.batches,
            "interactions": s.interactions,
            "samples": s.samples,
            "presses": s.presses,
            "gaps": s.gaps,
            "reordered": s.reordered,
            "unknown": s.unknown,
            "senders": s.senders,
        },
        "engaged_ms": s.engaged_ms,
        "scroll_depth": thousandths(s.scroll_depth_milli),
        "scored": s.scored,
        "scores": s.scored.then(|| scores(s.scores.named())),
        "running": s.scored.then(|| scores(s.running.named())),
        "confidence": thousandths(s.confidence_milli),
        "contributors": contributors(&s.contributors),
        "signals": update.signals.iter().map(signal).collect::<Vec<_>>(),
        "page_views": update.page_views.iter().map(page_view).collect::<Vec<_>>(),
        "conversions": update.conversions.iter().map(conversion).collect::<Vec<_>>(),
    });
    joined([identity(s), said])
}

fn session_with_measures(update: &ScoreUpdate) -> Value {
    let mut said = session(update);
    said["measures"] = measures(&update.session.measures);
    for (place, view) in update.page_views.iter().enumerate() {
        said["page_views"][place]["measures"] = measures(&view.measures);
    }
    said
}

/// One page view with whose it is and the signals that fired on it.
fn trial(update: &ScoreUpdate, view: &PageViewScore) -> Value {
    let here = |signal: &&SignalFiring| signal.page_view == Some(view.ordinal);
    let rest = json!({
        "measures": measures(&view.measures),
        "signals": update.signals.iter().filter(here).map(signal).collect::<Vec<_>>(),
    });
    joined([identity(&update.session), page_view(view), rest])
}

/// Whose it is, and by what it was scored.
fn identity(s: &SessionScore) -> Value {
    json!({
        "tenant": s.key.tenant.0,
        "property": s.key.property.0,
        "session": s.key.session.to_string(),
        "visitor": s.visitor.map(|visitor| format!("{visitor:?}")),
        "fold_version": s.fold_version,
        "rules": s.rules,
    })
}

fn page_view(view: &PageViewScore) -> Value {
    json!({
        "ordinal": view.ordinal,
        "path": view.path,
        "group": view.group,
        "started_ms": view.started_ms,
        "last_interaction_ms": view.last_interaction_ms,
        "engaged_ms": view.engaged_ms,
        "scroll_depth": thousandths(view.scroll_depth_milli),
        "presses": view.presses,
        "interactions": view.interactions,
        "samples": view.samples,
        "scored": view.scored,
        "scores": view.scored.then(|| scores(view.scores.named())),
        "running": view.scored.then(|| scores(view.running.named())),
        "confidence": thousandths(view.confidence_milli),
        "contributors": contributors(&view.contributors),
    })
}

fn signal(signal: &SignalFiring) -> Value {
    json!({
        "signal": signal.signal,
        "at_ms": signal.at_ms,
        "duration_ms": signal.duration_ms,
        "page_view": signal.page_view,
        "path": signal.path,
        "selector": signal.selector,
        "label": signal.label,
        "position": signal.position,
        "intensity": thousandths(signal.intensity_milli),
        "evidence_count": signal.evidence_count,
        "evidence_at_ms": signal.evidence_at,
        "reason": signal.reason,
        "rule_version": signal.rule_version,
    })
}

fn conversion(conversion: &ConversionSeen) -> Value {
    json!({
        "order_id": conversion.order_id,
        "kind": conversion.kind,
        "at_ms": conversion.at_ms,
        "value_minor": conversion.value_minor,
        "currency": conversion.currency,
        "page_view": conversion.page_view,
        "frustration": thousandths(conversion.frustration),
    })
}

fn scores(scores: impl Iterator<Item = (&'static str, u16)>) -> Value {
    scores
        .map(|(name, milli)| (name, thousandths(milli)))
        .collect()
}

fn contributors(contributors: &[Contributor]) -> Vec<Value> {
    let said = |c: &Contributor| {
        json!({
            "signal": c.signal,
            "score": c.score,
            "count": c.count,
            "share": thousandths(c.share_milli),
            "text": c.text,
        })
    };
    contributors.iter().map(said).collect()
}

fn measures(measures: &[Measured]) -> Value {
    let named = |m: &Measured| (m.measure.to_string(), json!(m.value));
    Value::Object(measures.iter().map(named).collect())
}

fn joined<const N: usize>(parts: [Value; N]) -> Value {
    let mut whole = Map::new();
    for part in parts {
        let Value::Object(part) = part else {
            unreachable!("every part is written as an object");
        };
        whole.extend(part);
    }
    Value::Object(whole)
}

fn thousandths(value: u16) -> f64 {
    f64::from(value) / 1_000.0
}
