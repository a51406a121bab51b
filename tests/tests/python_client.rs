//! A client in another language, made from `proto/` alone.

#![allow(clippy::unwrap_used, reason = "all of this file is tests")]

use furrow_tests::client::WRITE_KEY;
use furrow_tests::{Furrow, place};
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;

#[test]
fn a_python_client_made_from_the_protocol_is_answered_and_scored() {
    let made = tempfile::tempdir().unwrap();
    generate(made.path());
    let furrow = Furrow::start();
    let told = python(
        made.path(),
        &[
            place::tree()
                .join("tests/python/client.py")
                .to_str()
                .unwrap(),
            &furrow.ports().gateway.to_string(),
            WRITE_KEY,
        ],
    );
    let told: Value = serde_json::from_str(&told).unwrap();

    let (session, sender) = (&told["session"], &told["sender"]);
    let ack = |sequence: u32| json!({"session": session, "sender": sender, "sequence": sequence});
    assert_eq!(told["acks"], json!([ack(0), ack(1), ack(1)]));

    let refusal = &told["refusal"];
    assert_eq!(refusal["code"], "INVALID_ARGUMENT");
    let violations = refusal["violations"].as_array().unwrap();
    assert_eq!(violations.len(), 1, "{refusal}");
    assert_eq!(violations[0][0], "sender_id");
    assert!(!violations[0][1].as_str().unwrap().is_empty(), "{refusal}");

    furrow.until_stored(2, 2);
    assert_eq!(
        furrow.sql(
            "SELECT replaceAll(toString(session), '-', ''), tenant, property, status, presses, \
             os, entry_path FROM v_sessions"
        ),
        [[
            session.clone(),
            json!("demo"),
            json!("shop"),
            json!("ended"),
            json!(4),
            json!("Linux"),
            json!("/basket")
        ]]
    );
    assert_eq!(
        furrow
            .sql("SELECT signal, label, evidence_count FROM v_signals WHERE signal = 'rage_press'"),
        [[json!("rage_press"), json!("Apply voucher"), json!(4)]]
    );
}

/// Makes the client's code.
fn generate(into: &Path) {
    let (proto, details) = (
        place::tree().join("proto"),
        place::tree().join("tests/python"),
    );
    let option = |name: &str, value: &Path| format!("--{name}={}", value.display());
    let arguments = [
        "-m",
        "grpc_tools.protoc",
        &option("proto_path", &proto),
        &option("proto_path", &details),
        &option("python_out", into),
        &option("grpc_python_out", into),
        "furrow/v1/interaction.proto",
        "furrow/v1/ingest.proto",
        "details.proto",
    ];
    python(into, &arguments);
}

/// Runs Python, which finds modules in a folder, and gives what it printed.
fn python(modules: &Path, arguments: &[&str]) -> String {
    let output = Command::new(place::python())
        .args(arguments)
        .env("PYTHONPATH", modules)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {stderr}");
    String::from_utf8(output.stdout).unwrap()
}
