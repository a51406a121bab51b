//! `furrow score FILE`: the pipeline's own fold over a file of batches.

use crate::offline::{self, Offline};
use crate::print;
use anyhow::Result;
use furrow_core::ledger::Outcome;
use furrow_core::output::{ScoreUpdate, Scores, SessionStatus};
use serde_json::{Value, json};
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Batches in protobuf's JSON mapping, one a line; - for standard input.
    file: PathBuf,
    /// Whose they are.
    #[arg(long, default_value = "demo")]
    tenant: String,
    /// Of which site or app.
    #[arg(long, default_value = "shop")]
    property: String,
}

/// Scores every line; a line that cannot be read is told on standard error
/// and makes the exit code 1.
pub(crate) fn score(arguments: &Arguments) -> Result<ExitCode> {
    let reader = offline::open(&arguments.file)?;
    let mut pipeline = Offline::new(&arguments.tenant, &arguments.property);
    let mut faults = 0_u64;
    offline::for_each_line(reader, |number, line| {
        match offline::read(line) {
            Ok(batch) => {
                let outcome = pipeline.take(batch);
                if let Outcome::Late | Outcome::Dead(_) = outcome {
                    faults += 1;
                    tell(number, &format!("not scored: {outcome:?}"));
                }
            }
            Err(why) => {
                faults += 1;
                tell(number, &why);
            }
        }
        Ok(())
    })?;
    for update in pipeline.finish() {
        print(format!("{}\n", session_json(&update)).as_bytes())?;
    }
    Ok(if faults == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn tell(line: u64, why: &str) {
    // Nobody is left to tell when standard error is gone.
    let _ = writeln!(std::io::stderr(), "line {line}: {why}");
}

fn session_json(update: &ScoreUpdate) -> Value {
    let s = &update.session;
    json!({
        "tenant": s.key.tenant.0,
        "property": s.key.property.0,
        "session": s.key.session.to_string(),
        "visitor": s.visitor.map(|visitor| format!("{visitor:?}")),
        "status": match s.status {
            SessionStatus::Open => "open",
            SessionStatus::Ended => "ended",
            SessionStatus::Broken => "broken",
        },
        "started_ms": s.started_ms,
        "last_interaction_ms": s.last_interaction_ms,
        "measures": {
            "batches": s.batches,
            "interactions": s.interactions,
            "samples": s.samples,
            "presses": s.presses,
            "gaps": s.gaps,
            "reordered": s.reordered,
            "unknown": s.unknown,
            "senders": s.senders,
            "engaged_ms": s.engaged_ms,
            "scroll_depth": thousandths(s.scroll_depth_milli.into()),
        },
        "scored": s.scored,
        "scores": scores_json(s.scores),
        "frustration_now": thousandths(s.frustration_now.into()),
        "confidence": thousandths(s.confidence_milli.into()),
        "contributors": s.contributors.iter().map(|c| json!({
            "signal": c.signal,
            "score": c.score,
            "count": c.count,
            "share": thousandths(c.share_milli.into()),
            "text": c.text,
        })).collect::<Vec<_>>(),
        "signals": update.signals.iter().map(|signal| json!({
            "signal": signal.signal,
            "at_ms": signal.at_ms,
            "duration_ms": signal.duration_ms,
            "page_view": signal.page_view,
            "path": signal.path,
            "selector": signal.selector,
            "label": signal.label,
            "position": signal.position,
            "intensity": thousandths(signal.intensity_milli.into()),
            "evidence_count": signal.evidence_count,
            "evidence_at_ms": signal.evidence_at,
            "reason": signal.reason,
            "rule_version": signal.rule_version,
        })).collect::<Vec<_>>(),
        "page_views": update.page_views.iter().map(|view| json!({
            "ordinal": view.ordinal,
            "path": view.path,
            "group": view.group,
            "started_ms": view.started_ms,
            "engaged_ms": view.engaged_ms,
            "scroll_depth": thousandths(view.scroll_depth_milli.into()),
            "presses": view.presses,
            "interactions": view.interactions,
            "scores": scores_json(view.scores),
        })).collect::<Vec<_>>(),
        "conversions": update.conversions.iter().map(|conversion| json!({
            "order_id": conversion.order_id,
            "kind": conversion.kind,
            "at_ms": conversion.at_ms,
            "value_minor": conversion.value_minor,
            "currency": conversion.currency,
            "page_view": conversion.page_view,
            "frustration": thousandths(conversion.frustration.into()),
        })).collect::<Vec<_>>(),
        "fold_version": s.fold_version,
        "rules": s.rules,
    })
}

fn scores_json(scores: Scores) -> Value {
    json!({
        "frustration": thousandths(scores.frustration.into()),
        "engagement": thousandths(scores.engagement.into()),
        "technical": thousandths(scores.technical.into()),
        "experience": thousandths(scores.experience.into()),
    })
}

fn thousandths(value: u32) -> f64 {
    f64::from(value) / 1_000.0
}
