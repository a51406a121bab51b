//! `furrow score FILE`: the pipeline's own fold over a file of batches.

use crate::print;
use anyhow::{Context, Result};
use furrow_core::ids::{Epoch, Property, Tenant};
use furrow_core::ledger::Outcome;
use furrow_core::output::{ScoreUpdate, Scores, SessionStatus};
use furrow_core::partition::{ALLOWED_LATENESS_MS, PartitionState, Record, TenantBatch};
use furrow_core::session::{ClientFacts, Received};
use furrow_core::time::LogTime;
use furrow_proto::{decode_batch, json};
use serde_json::{Value, json};
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::ExitCode;

/// The longest line that is read: a batch's JSON.
const LINE_BYTES_MAX: usize = 16 << 20;

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
    let reader: Box<dyn BufRead> = if arguments.file.as_os_str() == "-" {
        Box::new(std::io::stdin().lock())
    } else {
        let file = File::open(&arguments.file)
            .with_context(|| format!("{} cannot be read", arguments.file.display()))?;
        Box::new(BufReader::new(file))
    };
    let (tenant, property) = (
        Tenant(arguments.tenant.as_str().into()),
        Property(arguments.property.as_str().into()),
    );
    let mut state = PartitionState::new(Epoch(0), 0, 0, ALLOWED_LATENESS_MS);
    let mut faults = 0_u64;
    for_each_line(reader, |number, line| {
        match read(line, &tenant, &property) {
            Ok(record) => {
                // Every record at one log time: nothing ends before the file does.
                let folded = state.fold(state.next_offset(), LogTime(0), record);
                if let Outcome::Late | Outcome::Dead(_) = folded.outcome {
                    faults += 1;
                    tell(number, &format!("not scored: {:?}", folded.outcome));
                }
            }
            Err(why) => {
                faults += 1;
                tell(number, &why);
            }
        }
    })?;
    for update in state.finish() {
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

fn for_each_line(mut reader: impl BufRead, mut each: impl FnMut(u64, &str)) -> Result<()> {
    let mut line = Vec::new();
    for number in 1.. {
        line.clear();
        let limit = LINE_BYTES_MAX as u64 + 1;
        let read = std::io::Read::take(&mut reader, limit).read_until(b'\n', &mut line)?;
        if read == 0 {
            break;
        }
        anyhow::ensure!(
            read <= LINE_BYTES_MAX,
            "line {number} is longer than {LINE_BYTES_MAX} bytes"
        );
        let text = std::str::from_utf8(&line)
            .with_context(|| format!("line {number}"))?
            .trim();
        if !text.is_empty() {
            each(number, text);
        }
    }
    Ok(())
}

fn read(line: &str, tenant: &Tenant, property: &Property) -> Result<Record, String> {
    let bytes = json::batch_from_json(line).map_err(|error| error.to_string())?;
    let batch = decode_batch(&bytes, &furrow_scorer::read::log_limits()).map_err(|reject| {
        format!(
            "{}: {} ({})",
            reject.field,
            reject.detail,
            reject.reason.as_str()
        )
    })?;
    Ok(Record::Batch(Box::new(TenantBatch {
        tenant: tenant.clone(),
        property: property.clone(),
        // Nobody received it: its own clock is all there is.
        received: Received {
            received_ms: batch.sent.0,
            client: ClientFacts::default(),
            batch,
        },
    })))
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
