//! What `deploy/` says is true of the program.

#![allow(clippy::unwrap_used, reason = "all of this file is tests")]

use furrow_tests::{Apart, Server, place};
use serde_yaml_ng::Value;
use std::collections::BTreeMap;
use std::fs;

const ROLES: [&str; 4] = ["gateway", "scorer", "sink", "api"];

fn strings(value: &Value) -> Vec<String> {
    match value {
        Value::Sequence(items) => items.iter().flat_map(strings).collect(),
        Value::String(text) => vec![text.clone()],
        Value::Mapping(map) => map.keys().flat_map(strings).collect(),
        Value::Null => Vec::new(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_compose_file_runs_every_role_on_files_that_are_there() {
    let deploy = place::tree().join("deploy");
    let text = fs::read_to_string(deploy.join("compose.yaml")).unwrap();
    let mut compose: Value = serde_yaml_ng::from_str(&text).unwrap();
    // What is merged has merges of its own.
    for _ in 0..2 {
        compose.apply_merge().unwrap();
    }
    let services = compose["services"].as_mapping().unwrap();
    let volumes = strings(&compose["volumes"]);
    let mut processes: BTreeMap<String, u64> = BTreeMap::new();
    for (name, service) in services {
        let mut mounted = Vec::new();
        for volume in service.get("volumes").map(strings).unwrap_or_default() {
            let (source, target) = volume.split_once(':').unwrap();
            match source.strip_prefix("./") {
                Some(file) => assert!(deploy.join(file).is_file(), "{volume}"),
                None => assert!(volumes.contains(&source.to_owned()), "{volume}"),
            }
            mounted.push(target.trim_end_matches(":ro").to_owned());
        }
        for before in service.get("depends_on").map(strings).unwrap_or_default() {
            assert!(services.contains_key(before.as_str()), "{before}");
        }
        if service["image"].as_str() != Some("furrow") {
            continue;
        }
        let command = strings(&service["command"]);
        let [role, option, file] = command.as_slice() else {
            panic!("{name:?}: {command:?}");
        };
        assert_eq!(option, "--config");
        assert!(mounted.contains(file), "{name:?} has no {file}");
        let replicas = service
            .get("deploy")
            .and_then(|deploy| deploy["replicas"].as_u64());
        *processes.entry(role.clone()).or_default() += replicas.unwrap_or(1);
    }
    let expected = [
        ("api", 1),
        ("gateway", 2),
        ("migrate", 1),
        ("scorer", 2),
        ("sink", 2),
    ];
    let expected = expected.map(|(role, count)| (role.to_owned(), count));
    assert_eq!(processes, BTreeMap::from(expected));
}

#[test]
fn the_users_of_a_server_may_do_what_furrow_does_and_no_more() {
    let server = Server::start();
    let apart = Apart::on(server.variables());
    for _ in 0..2 {
        let migrated = apart.run(&["migrate"]);
        let stderr = String::from_utf8_lossy(&migrated.stderr);
        assert!(migrated.status.success(), "{stderr}");
    }
    let asked = apart.run(&["sql", "SELECT count() FROM v_sessions", "--format", "TSV"]);
    let stderr = String::from_utf8_lossy(&asked.stderr);
    assert!(asked.status.success(), "{stderr}");
    assert_eq!(String::from_utf8_lossy(&asked.stdout), "0\n");
    for forbidden in [
        "SELECT count() FROM sessions",
        "DROP VIEW v_sessions",
        "SELECT * FROM url('http://127.0.0.1:1', 'CSV')",
    ] {
        let refused = apart.run(&["sql", forbidden]);
        assert!(!refused.status.success(), "{forbidden}");
    }
}

#[test]
fn a_role_alone_says_what_it_lacks() {
    let apart = Apart::on([]);
    for role in ROLES {
        let refused = apart.run(&[role]);
        let stderr = String::from_utf8_lossy(&refused.stderr);
        assert!(!refused.status.success());
        assert!(stderr.contains("log.brokers"), "{stderr}");
    }
}
