//! What sessions score, from a file and from the pipeline, in one shape.

#![allow(clippy::unwrap_used, reason = "what is not there fails the test")]

use crate::furrow::Furrow;
use crate::visit::Visit;
use furrow_proto::json;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::process::Output;

/// The batches in protobuf's JSON mapping, one a line.
///
/// # Panics
/// Never: visits are made of batches.
#[must_use]
pub fn lines(visits: &[Visit]) -> String {
    visits
        .iter()
        .flat_map(Visit::encoded)
        .map(|batch| json::batch_to_json(&batch).unwrap() + "\n")
        .collect()
}

/// What `furrow score --measures FILE` says of each session.
///
/// # Panics
/// When it fails, or leaves a session out.
#[must_use]
pub fn from_file(furrow: &Furrow, visits: &[Visit]) -> BTreeMap<String, Value> {
    from_file_by(&|arguments| furrow.run(arguments), visits)
}

/// As [`from_file`], with what runs a sub-command.
///
/// # Panics
/// As [`from_file`].
#[must_use]
pub fn from_file_by(run: &dyn Fn(&[&str]) -> Output, visits: &[Visit]) -> BTreeMap<String, Value> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("batches.jsonl");
    fs::write(&file, lines(visits)).unwrap();
    let output = run(&["score", "--measures", file.to_str().unwrap()]);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    let sessions: BTreeMap<String, Value> = String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(|line| relative(serde_json::from_str(line).unwrap()))
        .collect();
    assert_eq!(sessions.len(), visits.len());
    sessions
}

/// What the views say of each session, in the shape that `furrow score` prints.
///
/// # Panics
/// When ClickHouse does not answer.
#[must_use]
pub fn stored(furrow: &Furrow) -> BTreeMap<String, Value> {
    stored_by(&|arguments| furrow.run(arguments))
}

/// As [`stored`], with what runs a sub-command.
///
/// # Panics
/// As [`stored`].
#[must_use]
pub fn stored_by(run: &dyn Fn(&[&str]) -> Output) -> BTreeMap<String, Value> {
    let mut parts: BTreeMap<(&str, String), Vec<Value>> = BTreeMap::new();
    for (part, query) in [
        (
            "signals",
            "SELECT session, signal, toUnixTimestamp64Milli(at) AS at_ms, duration_ms, page_view, \
                path, selector, label, [x, y] AS position, intensity, evidence_count, \
                evidence_at AS evidence_at_ms, reason, rule_version \
            FROM v_signals ORDER BY session, ordinal"
                .to_owned(),
        ),
        (
            "page_views",
            format!(
                "SELECT session, ordinal, path, page_group AS `group`, \
                    toUnixTimestamp64Milli(started) AS started_ms, \
                    toUnixTimestamp64Milli(last_interaction) AS last_interaction_ms, engaged_ms, \
                    scroll_depth, presses, interactions, samples, {SCORED} \
                FROM v_page_views INNER JOIN (SELECT tenant, property, session, ordinal, \
                    COLUMNS('_now_milli$') FROM v_page_view_rows) AS r \
                    USING (tenant, property, session, ordinal) ORDER BY session, ordinal"
            ),
        ),
        (
            "conversions",
            "SELECT session, order_id, kind, toUnixTimestamp64Milli(at) AS at_ms, value_minor, \
                currency, page_view, frustration \
            FROM v_conversions_reported ORDER BY session, ordinal"
                .to_owned(),
        ),
    ] {
        for mut row in objects(run, &query) {
            let session = row.remove("session").unwrap();
            let session = session.as_str().unwrap().to_owned();
            let rows = parts.entry((part, session)).or_default();
            rows.push(Value::Object(unscored(row)));
        }
    }
    let sessions = objects(
        run,
        &format!(
            "SELECT tenant, property, session, replaceAll(toString(visitor), '-', '') AS visitor, \
                status, toUnixTimestamp64Milli(started) AS started_ms, \
                toUnixTimestamp64Milli(last_interaction) AS last_interaction_ms, \
                CAST((batches, interactions, samples, presses, gaps, reordered, unknown, senders), \
                    'Tuple(batches UInt32, interactions UInt32, samples UInt64, presses UInt32, \
                    gaps UInt32, reordered UInt32, unknown UInt32, senders UInt32)') AS counts, \
                engaged_ms, scroll_depth, {SCORED}, fold_version, rules \
            FROM v_sessions INNER JOIN (SELECT tenant, property, session, COLUMNS('_now_milli$') \
                FROM v_session_rows) AS r USING (tenant, property, session)"
        ),
    );
    sessions
        .into_iter()
        .map(|session| {
            let mut session = unscored(session);
            let id = session["session"].as_str().unwrap().to_owned();
            for part in ["signals", "page_views", "conversions"] {
                let rows = parts.remove(&(part, id.clone())).unwrap_or_default();
                session.insert(part.to_owned(), Value::Array(rows));
            }
            relative(Value::Object(session))
        })
        .collect()
}

/// What a view says of scores, and a row of running ones, in the shape that `furrow score` prints.
const SCORED: &str = "scored, \
    CAST((ifNull(frustration, 0), ifNull(confusion, 0), ifNull(engagement, 0), \
        ifNull(navigation, 0), ifNull(form, 0), ifNull(technical, 0), ifNull(exit_risk, 0), \
        ifNull(experience, 0)), \
        'Tuple(frustration Float64, confusion Float64, engagement Float64, navigation Float64, \
        form Float64, technical Float64, exit_risk Float64, experience Float64)') AS scores, \
    CAST((frustration_now_milli / 1000, confusion_now_milli / 1000, engagement_now_milli / 1000, \
        navigation_now_milli / 1000, form_now_milli / 1000, technical_now_milli / 1000, \
        exit_risk_now_milli / 1000), \
        'Tuple(frustration Float64, confusion Float64, engagement Float64, navigation Float64, \
        form Float64, technical Float64, exit_risk Float64)') AS running, \
    confidence, contributors, measures";

/// What is unscored has no scores.
fn unscored(mut row: Map<String, Value>) -> Map<String, Value> {
    if row.get("scored") == Some(&Value::Bool(false)) {
        for scores in ["scores", "running"] {
            row.insert(scores.to_owned(), Value::Null);
        }
    }
    row
}

/// Rows as objects.
fn objects(run: &dyn Fn(&[&str]) -> Output, query: &str) -> Vec<Map<String, Value>> {
    let output = run(&["sql", query, "--format", "JSONEachRow"]);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{query}: {stderr}");
    String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// A session with all times from its start on: the gateway corrects a client's clock, a file has
/// no other clock than the client's.
fn relative(mut session: Value) -> (String, Value) {
    let started = session["started_ms"].take().as_i64().unwrap();
    let since = |value: &mut Value| *value = json!(value.as_i64().unwrap() - started);
    since(&mut session["last_interaction_ms"]);
    for (part, time) in [
        ("signals", "at_ms"),
        ("page_views", "started_ms"),
        ("page_views", "last_interaction_ms"),
        ("conversions", "at_ms"),
    ] {
        for row in session[part].as_array_mut().unwrap() {
            since(&mut row[time]);
        }
    }
    let id = session["session"].as_str().unwrap().to_owned();
    (id, floats(session))
}

/// Every number as a float: 1 and 1.0 are one number.
fn floats(value: Value) -> Value {
    match value {
        Value::Number(number) => json!(number.as_f64().unwrap()),
        Value::Array(values) => values.into_iter().map(floats).collect(),
        Value::Object(values) => values
            .into_iter()
            .map(|(name, value)| (name, floats(value)))
            .collect(),
        Value::Null | Value::Bool(_) | Value::String(_) => value,
    }
}
