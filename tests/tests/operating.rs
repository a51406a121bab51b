//! What operators are told: lag, readiness, the canary, and what must add up.

#![allow(clippy::unwrap_used, reason = "all of this file is tests")]

use furrow_tests::client::Sender;
use furrow_tests::random::Random;
use furrow_tests::visit::{Ending, Visit};
use furrow_tests::{Furrow, place, until};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

const BOUND: Duration = Duration::from_secs(60);

fn visits(seed: u64, count: usize) -> Vec<Visit> {
    let mut random = Random::new(seed);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let now = i64::try_from(now.as_millis()).unwrap();
    let visit = |_| Visit::new(&mut random, now - 300_000, Ending::Said);
    (0..count).map(visit).collect()
}

/// What the api tells of the pipeline.
fn health(furrow: &Furrow) -> Value {
    let answer = furrow.api("/api/v1/health").unwrap();
    assert_eq!(answer.status, 200, "{}", answer.body);
    serde_json::from_str(&answer.body).unwrap()
}

/// The names of all metrics that a process tells, without the suffixes of their kinds.
fn told(furrow: &Furrow) -> BTreeSet<String> {
    let text = furrow.observe("/metrics").unwrap().body;
    let names = text.lines().filter_map(|line| line.strip_prefix("# HELP "));
    names
        .filter_map(|line| Some(line.split_once(' ')?.0.to_owned()))
        .collect()
}

/// Counters by label, which tell nothing before what they count has happened.
const NOT_YET: [&str; 5] = [
    "furrow_api_requests",
    "furrow_gateway_rule_publications",
    "furrow_sink_records_lost",
    "furrow_sink_records_undecodable",
    "furrow_sink_retries",
];

/// The names in the first column of the tables of metrics in `docs/operating.md`.
fn documented() -> BTreeSet<String> {
    let text = fs::read_to_string(place::tree().join("docs/operating.md")).unwrap();
    let (_, tables) = text.split_once("## Metrics").unwrap();
    let cells = tables.lines().filter_map(|line| line.strip_prefix("| `"));
    let names = cells.filter_map(|cell| Some(cell.split_once('`')?.0.to_owned()));
    names.filter(|name| name.starts_with("furrow_")).collect()
}

#[test]
fn every_metric_is_documented_and_every_documented_metric_is_told() {
    let furrow = Furrow::options()
        .set("FURROW__CANARY__EVERY_MS", "1000")
        .start();
    until("a canary has arrived", BOUND, || {
        let arrived = furrow.try_metric("furrow_canary_sent_total{outcome=\"arrived\"}");
        (arrived >= Some(1.0)).then_some(())
    });
    let (told, documented) = (told(&furrow), documented());
    let missing: Vec<_> = told.difference(&documented).collect();
    assert!(missing.is_empty(), "docs/operating.md lacks {missing:?}");
    let not_yet: BTreeSet<_> = NOT_YET.map(str::to_owned).into();
    assert!(not_yet.is_subset(&documented));
    let gone = documented.difference(&told);
    let gone: Vec<_> = gone.filter(|name| !not_yet.contains(*name)).collect();
    assert!(gone.is_empty(), "docs/operating.md tells of {gone:?}");
}

#[test]
fn the_canary_arrives_and_stands_in_nobody_s_figures() {
    let furrow = Furrow::options()
        .set("FURROW__CANARY__EVERY_MS", "500")
        .start();
    let visits = visits(1, 2);
    let client = Sender::to(furrow.ports().gateway);
    let batches: Vec<_> = visits.iter().flat_map(Visit::encoded).collect();
    for batch in &batches {
        client.publish(batch).unwrap();
    }
    let arrived = until("three canaries have arrived", BOUND, || {
        let arrived = furrow.try_metric("furrow_canary_sent_total{outcome=\"arrived\"}")?;
        (arrived >= 3.0).then_some(arrived)
    });
    let sent = u64::try_from(batches.len()).unwrap();
    until("the visits are stored", BOUND, || {
        (furrow.number("SELECT sum(batches) FROM v_sessions") == sent).then_some(())
    });
    for (view, rows) in [("v_sessions", 2), ("v_batches", sent)] {
        let all = furrow.number(&format!("SELECT count() FROM {view}"));
        let own = furrow.number(&format!("SELECT count() FROM {view} WHERE tenant = 'demo'"));
        assert_eq!((all, own), (rows, rows), "{view}");
    }
    let seen = "SELECT count() FROM v_canary WHERE archived > 0 AND scored > 0";
    assert!(furrow.number(seen) as f64 >= arrived);
    // Another may arrive between two looks.
    until("each that arrived has a trip", BOUND, || {
        let trips = furrow.metric("furrow_canary_trip_seconds_count");
        let arrived = furrow.metric("furrow_canary_sent_total{outcome=\"arrived\"}");
        (trips == arrived).then_some(())
    });

    let canary = &health(&furrow)["canary"];
    assert_eq!(canary["outcome"], "CANARY_OUTCOME_ARRIVED");
    assert!(canary["tookMs"].as_u64() > Some(0), "{canary}");
    let output = furrow.run(&["doctor"]);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}");
    for line in [
        "canary: arrived",
        "ok    scorer: ",
        "ok    sink: ",
        "received =",
        ": holds",
        "kept for 76 h",
    ] {
        assert!(said.contains(line), "{line:?} is missing: {said}");
    }
}

#[test]
fn a_sink_without_its_database_falls_behind_says_so_and_recovers() {
    use rustix::process::{Pid, Signal, kill_process};
    let furrow = Furrow::options()
        .set("FURROW__SINK__LAG_SECONDS_MAX", "2")
        .start();
    let engine = furrow.engine_pid().unwrap();
    let signal = |signal| {
        let pid = Pid::from_raw(i32::try_from(engine).unwrap()).unwrap();
        kill_process(pid, signal).unwrap();
    };
    signal(Signal::STOP);
    let client = Sender::to(furrow.ports().gateway);
    let batches: Vec<_> = visits(2, 1).iter().flat_map(Visit::encoded).collect();
    for batch in &batches {
        client.publish(batch).unwrap();
    }
    until("the sink says that it is behind", BOUND, || {
        let answer = furrow.observe("/readyz").unwrap();
        let says_so = answer.status == 503 && answer.body.contains("lag_seconds_max is 2");
        says_so.then_some(())
    });
    assert_eq!(furrow.observe("/healthz").unwrap().status, 200);
    assert!(furrow.metric("furrow_lag_seconds{role=\"sink\"}") > 2.0);
    let of_sink = |lag: &&Value| lag["role"] == "sink" && lag["topic"] == "interactions";
    until("the api sees it as well", BOUND, || {
        let health = health(&furrow);
        let lag = health["lags"].as_array().unwrap().iter().find(of_sink)?;
        (lag["seconds"].as_f64() > Some(2.0)).then_some(())
    });
    signal(Signal::CONT);
    until("the sink is ready again", BOUND, || {
        (furrow.observe("/readyz").unwrap().status == 200).then_some(())
    });
    let sent = u64::try_from(batches.len()).unwrap();
    furrow.until_stored(sent, sent);
}

#[test]
fn both_laws_hold_after_batches_of_every_outcome() {
    let furrow = Furrow::start();
    let client = Sender::to(furrow.ports().gateway);
    let batches: Vec<_> = visits(3, 4).iter().flat_map(Visit::encoded).collect();
    for batch in &batches {
        client.publish(batch).unwrap();
        client.publish(batch).unwrap();
    }
    client.publish(b"\xff").unwrap_err();
    client.publish_as("nobody", &batches[0]).unwrap_err();
    let sent = u64::try_from(batches.len()).unwrap();
    furrow.until_stored(sent, sent);
    until("the duplicates are counted", BOUND, || {
        let found = furrow.try_metric("furrow_scorer_records{outcome=\"duplicate\"}");
        (found == Some(sent as f64)).then_some(())
    });
    let health = health(&furrow);
    let laws = health["laws"].as_array().unwrap();
    let wholes: Vec<_> = laws
        .iter()
        .map(|law| (&law["name"], &law["holds"]))
        .collect();
    assert_eq!(
        wholes,
        [
            (&"gateway".into(), &true.into()),
            (&"scorer".into(), &true.into())
        ]
    );
    let count = |law: &Value, name: &str| {
        let parts = law["parts"].as_array().unwrap();
        let part = parts.iter().find(|part| part["name"] == name).unwrap();
        part["count"].as_str().unwrap().parse::<u64>().unwrap()
    };
    assert_eq!(count(&laws[0], "accepted"), 2 * sent);
    assert_eq!(count(&laws[0], "rejected"), 2);
    assert_eq!(count(&laws[1], "scored"), sent);
    assert_eq!(count(&laws[1], "duplicate"), sent);
}
