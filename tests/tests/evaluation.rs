//! How well scores tell frustration, on simulated visitors: what the
//! documentation shows is what the command prints, and it is good enough.

#![allow(clippy::unwrap_used, reason = "all of this file is tests")]

use furrow_core::ids::{Epoch, Property, Tenant};
use furrow_core::output::ScoreUpdate;
use furrow_core::partition::{ALLOWED_LATENESS_MS, PartitionState, Record, TenantBatch};
use furrow_core::session::{ClientFacts, Received};
use furrow_core::signals::SignalKind;
use furrow_core::time::LogTime;
use furrow_sim::{Script, SiteModel, Visitor};
use furrow_tests::place;
use serde_json::Value;
use std::process::Command;

/// The command of `docs/evaluation.md`.
const COMMAND: [&str; 7] = [
    "evaluate",
    "--site",
    "report",
    "--seeds",
    "1,2,3",
    "--visitors",
    "2000",
];

/// Frustration's area under the curve is at least this, for every seed.
const AUC_MIN: f64 = 0.8;

/// Movement alone gives at most this much frustration, in thousandths.
const MOVING_MAX_MILLI: u16 = 1_000;

const START_MS: i64 = 1_763_500_000_000;

fn output(arguments: &[&str]) -> String {
    let output = Command::new(place::furrow())
        .args(arguments)
        .output()
        .expect("furrow can be started");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    String::from_utf8(output.stdout).expect("it prints text")
}

#[test]
fn the_documented_report_is_what_the_command_prints() {
    let path = place::tree().join("docs/evaluation-report.md");
    let documented = std::fs::read_to_string(&path).expect("the report is there");
    let (_, tables) = documented
        .split_once("\n\n")
        .expect("a heading stands above the tables");
    assert!(
        tables == output(&COMMAND),
        "docs/evaluation-report.md is not what `furrow {}` prints",
        COMMAND.join(" ")
    );
}

#[test]
fn frustration_is_told_and_better_than_by_any_other_rule() {
    let json: Value =
        serde_json::from_str(&output(&[&COMMAND[..], &["--format", "json"]].concat())).unwrap();
    let reports = json["reports"].as_array().unwrap();
    assert_eq!(reports.len(), 4, "three seeds and all of them");
    for report in reports {
        let title = report["title"].as_str().unwrap();
        let rows = report["rows"].as_array().unwrap();
        let row = rows.iter().find(|row| row["name"] == "frustration");
        let auc = row.unwrap()["auc"]["value"].as_f64().unwrap();
        assert!(auc >= AUC_MIN, "{title}: {auc}");
        let margins = report["margins"].as_array().unwrap();
        assert!(margins.len() >= 10, "{title}: all rules are compared");
        for margin in margins {
            assert!(margin["difference"].as_f64().unwrap() > 0.0, "{margin}");
            assert_eq!(margin["outside_the_interval"], true, "{title}: {margin}");
        }
    }
}

/// The session as it stands after the last of its batches.
fn scored(script: &Script) -> ScoreUpdate {
    let mut state = PartitionState::new(Epoch(0), 0, 0, ALLOWED_LATENESS_MS);
    for sent in &script.sent {
        let record = Record::Batch(Box::new(TenantBatch {
            tenant: Tenant("demo".into()),
            property: Property("shop".into()),
            received: Received {
                received_ms: sent.batch.sent.0,
                client: ClientFacts::default(),
                batch: sent.batch.clone(),
            },
        }));
        let _ = state.fold(state.next_offset(), LogTime(START_MS), record);
    }
    state.finish().remove(0)
}

#[test]
fn a_thousand_simulated_sessions_without_a_press_are_not_frustrated() {
    let site = SiteModel::named("report").unwrap();
    let movers = (0..1_000).flat_map(|index| Visitor::mover(7, index, &site).sessions(START_MS));
    let mut samples = 0;
    for (n, script) in movers.take(1_000).enumerate() {
        let session = scored(&script).session;
        assert_eq!(session.presses, 0);
        assert!(
            session.scores.frustration <= MOVING_MAX_MILLI,
            "session {n}: {:?}",
            session.contributors
        );
        samples += session.samples;
    }
    assert!(samples > 200_000, "they move: {samples} samples");
}

#[test]
fn frustration_hides_and_calm_looks_like_it_as_often_as_it_should() {
    let press_signals: Vec<&str> = [
        SignalKind::RagePress,
        SignalKind::DeadPress,
        SignalKind::RetryPress,
        SignalKind::ErrorPress,
        SignalKind::SlowPress,
        SignalKind::StaticPress,
    ]
    .map(SignalKind::name)
    .to_vec();
    for name in ["tune", "report"] {
        let site = SiteModel::named(name).unwrap();
        let scripts = (0..600).flat_map(|n| Visitor::new(5, n, &site).sessions(START_MS));
        let (mut frustrated, mut silent, mut calm, mut pressing) = (0, 0, 0, 0);
        for script in scripts {
            let update = scored(&script);
            let shows = update
                .signals
                .iter()
                .any(|s| press_signals.contains(&&*s.signal));
            if script.truth.frustrated {
                frustrated += 1;
                silent += u32::from(!shows);
            } else {
                calm += 1;
                pressing += u32::from(shows);
            }
        }
        let (silent, pressing) = (
            f64::from(silent) / f64::from(frustrated),
            f64::from(pressing) / f64::from(calm),
        );
        assert!(silent >= 0.2, "{name}: {silent} of the frustrated");
        assert!(pressing >= 0.05, "{name}: {pressing} of the calm");
    }
}
