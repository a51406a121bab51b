//! Rules from a file to the rows that they score, through the real binary.

#![allow(clippy::unwrap_used, reason = "all of this file is tests")]

use furrow_tests::client::Sender;
use furrow_tests::random::Random;
use furrow_tests::visit::{Ending, Visit};
use furrow_tests::{Furrow, bare_command, until};
use serde_json::{Value, json};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Output;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// How long rules may take to their row.
const BOUND: Duration = Duration::from_secs(30);

/// Under these no press is dead: nothing is watched for a day.
const NO_DEAD_PRESSES: &str = "[press]\ndead_ms = 86400000\n";

const KEYS: &str = r#"[
    { key = "furrow-demo", tenant = "demo", property = "shop" },
    { key = "furrow-blog", tenant = "demo", property = "blog" },
]"#;

#[test]
fn published_rules_score_one_property_and_leave_the_other_alone() {
    let furrow = Furrow::options().set("FURROW__GATEWAY__KEYS", KEYS).start();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("rules.toml");
    fs::write(&file, NO_DEAD_PRESSES).unwrap();
    let file = file.to_str().unwrap();
    let of_shop = ["--tenant", "demo", "--property", "shop"];
    let publish = [&["rules", "publish", file, "--number", "7"][..], &of_shop].concat();
    for _ in 0..2 {
        let said = said(furrow.run(&publish));
        assert_eq!(
            said,
            "rules 7 are published for demo / shop (8 partitions)\n"
        );
    }

    let visits = visits(11, 10);
    let client = Sender::to(furrow.ports().gateway);
    let batches: Vec<_> = visits.iter().flat_map(Visit::encoded).collect();
    for batch in &batches {
        client.publish(batch).unwrap();
        client.publish_as("furrow-blog", batch).unwrap();
    }
    let sent = 2 * u64::try_from(batches.len()).unwrap();
    furrow.until_stored(sent, sent);

    let numbers = "SELECT property, min(rules), max(rules) FROM v_sessions GROUP BY property \
        ORDER BY property";
    assert_eq!(
        rows(&furrow, numbers),
        json!([["blog", 0, 0], ["shop", 7, 7]])
    );
    let dead = |property| {
        furrow.number(&format!(
            "SELECT count() FROM v_signals WHERE signal = 'dead_press' AND property = '{property}'"
        ))
    };
    assert_eq!(dead("shop"), 0);
    assert!(dead("blog") > 0, "the visits bring some about");

    let history = "SELECT tenant, property, number, in_force, \
        JSONExtractUInt(rules, 'press', 'dead_ms') FROM v_rule_sets";
    until("the rules have their row", BOUND, || {
        let expected = json!([["demo", "shop", 7, 1, 86_400_000]]);
        (rows(&furrow, history) == expected).then_some(())
    });
    let diff = |property| {
        furrow.run(&[
            "rules",
            "diff",
            file,
            "--tenant",
            "demo",
            "--property",
            property,
        ])
    };
    assert_eq!(said(diff("shop")), "");
    let differs = diff("blog");
    assert_eq!(differs.status.code(), Some(1));
    assert_eq!(
        String::from_utf8_lossy(&differs.stdout),
        "press.dead_ms: 2500 -> 86400000\n"
    );
}

#[test]
fn a_key_for_publishing_is_made_for_its_owner_alone_and_nothing_else_opens() {
    let furrow = Furrow::start();
    let key = furrow.data().join("admin-key");
    let mode = fs::metadata(&key).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let rules = furrow.data().join("rules.toml");
    fs::write(&rules, NO_DEAD_PRESSES).unwrap();
    let rules = rules.to_str().unwrap();
    let publish = [
        "rules", "publish", rules, "--tenant", "demo", "--key", "wrong",
    ];
    let refused = furrow.run(&publish);
    assert_eq!(refused.status.code(), Some(1));
    let stderr = String::from_utf8_lossy(&refused.stderr);
    assert!(stderr.contains("not the admin key"), "{stderr}");
}

#[test]
fn a_file_of_rules_is_checked_before_anybody_publishes_it() {
    let folder = tempfile::tempdir().unwrap();
    let check = |text: &str| {
        let file = folder.path().join("rules.toml");
        fs::write(&file, text).unwrap();
        run("check", &file)
    };
    assert_eq!(
        said(check(NO_DEAD_PRESSES)),
        "OK: values that differ from the compiled-in rules: 1\n"
    );
    let faulty = check("[press]\n\ndead_ms = \"soon\"\n");
    assert_eq!(faulty.status.code(), Some(1));
    let stderr = String::from_utf8_lossy(&faulty.stderr);
    assert!(stderr.contains("line 3"), "{stderr}");
    let shown = bare_command().args(["rules", "show"]).output().unwrap();
    assert_eq!(
        said(check(&String::from_utf8(shown.stdout).unwrap())),
        "OK: values that differ from the compiled-in rules: 0\n"
    );
}

fn run(command: &str, file: &Path) -> Output {
    bare_command()
        .args(["rules", command])
        .arg(file)
        .output()
        .unwrap()
}

/// Standard output of what succeeded.
#[track_caller]
fn said(output: Output) -> String {
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    String::from_utf8(output.stdout).unwrap()
}

fn rows(furrow: &Furrow, query: &str) -> Value {
    furrow.sql(query).into_iter().map(Value::from).collect()
}

/// Visits of the last minutes.
fn visits(seed: u64, count: usize) -> Vec<Visit> {
    let mut random = Random::new(seed);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let now = i64::try_from(now.as_millis()).unwrap();
    (0..count)
        .map(|_| Visit::new(&mut random, now - 300_000, Ending::Said))
        .collect()
}
