//! The real binary, over its real ports, into a real ClickHouse.

#![allow(clippy::unwrap_used, reason = "all of this file is tests")]

use furrow_core::interaction::{Interaction, Kind};
use furrow_tests::client::Sender;
use furrow_tests::numbers::{from_file, lines, stored};
use furrow_tests::random::Random;
use furrow_tests::visit::{Ending, Visit};
use furrow_tests::{Furrow, Ports, Refused, bare_command, is_running, until};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::Output;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// How long a process may take to end, or to come back.
const BOUND: Duration = Duration::from_secs(30);

mod scores {
    use super::*;

    #[test]
    fn a_file_of_batches_and_the_pipeline_give_the_same_numbers() {
        let furrow = Furrow::start();
        let visits = visits(1, 20, Ending::Said);
        let client = Sender::to(furrow.ports().gateway);
        for batch in visits.iter().flat_map(Visit::encoded) {
            client.publish(&batch).unwrap();
        }
        furrow.until_stored(count(&visits), count(&visits));
        assert_eq!(stored(&furrow), from_file(&furrow, &visits));
        // The comparison is worth what the visits bring about.
        for table in [
            "v_signals",
            "v_page_views",
            "v_conversions",
            "v_sessions WHERE scored",
        ] {
            let rows = furrow.number(&format!("SELECT count() FROM {table}"));
            assert!(rows > 0, "{table}");
        }
        let kinds = furrow.number("SELECT uniqExact(signal) FROM v_signals");
        assert!(kinds >= 3, "{kinds} kinds of signals");
    }

    #[test]
    fn deleting_every_snapshot_in_the_middle_of_sessions_changes_no_score() {
        let mut furrow = Furrow::start();
        let visits = visits(2, 10, Ending::Said);
        let (mut before, mut after) = (Vec::new(), Vec::new());
        for visit in &visits {
            let encoded = visit.encoded();
            let (first, rest) = encoded.split_at(encoded.len() / 2);
            before.extend_from_slice(first);
            after.extend_from_slice(rest);
        }
        publish_all(&furrow, &before);
        furrow.until_stored(length(&before), length(&before));
        let rows = rows(&furrow);
        assert!(furrow.stop().success());

        let snapshots = furrow.data().join("snapshots/snapshots");
        assert!(
            fs::read_dir(&snapshots).unwrap().count() > 0,
            "an end writes snapshots"
        );
        fs::remove_dir_all(&snapshots).unwrap();
        furrow.start_again();
        furrow.until_stored(length(&before), length(&before));
        assert_eq!(super::rows(&furrow), rows);

        publish_all(&furrow, &after);
        furrow.until_stored(count(&visits), count(&visits));
        assert_eq!(stored(&furrow), from_file(&furrow, &visits));
    }

    fn publish_all(furrow: &Furrow, batches: &[Vec<u8>]) {
        let client = Sender::to(furrow.ports().gateway);
        for batch in batches {
            client.publish(batch).unwrap();
        }
    }

    fn length(batches: &[Vec<u8>]) -> u64 {
        u64::try_from(batches.len()).unwrap()
    }
}

mod order {
    use super::*;

    #[test]
    fn a_batch_that_comes_again_through_every_entry_counts_once() {
        let furrow = Furrow::start();
        let visits = visits(3, 3, Ending::Silent);
        let client = Sender::to(furrow.ports().gateway);
        let batches: Vec<_> = visits.iter().flat_map(Visit::encoded).collect();
        for batch in &batches {
            let ack = client.publish(batch).unwrap();
            assert_eq!(ack.sender_id.len(), 8);
        }
        let acks = client.stream(&batches).unwrap();
        assert_eq!(acks.len(), batches.len());
        for chunk in batches.chunks(20) {
            assert_eq!(client.beacon(chunk).unwrap().status, 204);
        }
        let sent = count(&visits);
        furrow.until_stored(sent, sent);
        until_outcome(&furrow, "duplicate", 2 * sent);
        until_outcome(&furrow, "scored", sent);
    }

    #[test]
    fn a_beacon_that_overtakes_changes_no_number() {
        let furrow = Furrow::start();
        let visits = visits(4, 5, Ending::Said);
        let client = Sender::to(furrow.ports().gateway);
        for visit in &visits {
            let mut batches = visit.encoded();
            let last = batches.pop().unwrap();
            let overtaken = batches.pop().unwrap();
            for batch in &batches {
                client.publish(batch).unwrap();
            }
            assert_eq!(client.beacon(&[last]).unwrap().status, 204);
            client.publish(&overtaken).unwrap();
        }
        furrow.until_stored(count(&visits), count(&visits));
        assert_eq!(stored(&furrow), from_file(&furrow, &visits));
        assert_eq!(
            furrow.number("SELECT sum(gaps) + sum(reordered) FROM v_sessions"),
            0
        );
    }

    #[test]
    fn a_batch_after_its_session_s_end_opens_it_again() {
        let furrow = Furrow::start();
        let mut visits = visits(5, 1, Ending::Said);
        let client = Sender::to(furrow.ports().gateway);
        for batch in visits[0].encoded() {
            client.publish(&batch).unwrap();
        }
        let status = "SELECT count() FROM v_sessions WHERE status = ";
        until("the session has ended", BOUND, || {
            (furrow.number(&format!("{status}'ended'")) == 1).then_some(())
        });
        let mut late = visits[0].batches.last().unwrap().clone();
        late.sequence += 1;
        late.origin = late.sent;
        late.interactions = vec![Interaction {
            at: late.origin,
            kind: Kind::Find,
        }];
        visits[0].batches.push(late);
        client.publish(visits[0].encoded().last().unwrap()).unwrap();
        furrow.until_stored(count(&visits), count(&visits));
        assert_eq!(furrow.number(&format!("{status}'open'")), 1);
    }

    #[test]
    fn a_batch_of_a_sender_that_was_never_heard_of_is_archived_and_late() {
        let furrow = Furrow::start();
        let visits = visits(6, 2, Ending::Silent);
        let client = Sender::to(furrow.ports().gateway);
        for batch in visits[0].encoded() {
            client.publish(&batch).unwrap();
        }
        client.publish(&visits[1].encoded()[1]).unwrap();
        let scored = count(&visits[..1]);
        furrow.until_stored(scored, scored + 1);
        until_outcome(&furrow, "late", 1);
        assert_eq!(furrow.number("SELECT count() FROM v_sessions"), 1);
    }
}

mod life {
    use super::*;

    #[test]
    fn sigterm_drains_and_the_next_start_goes_on_where_the_first_stopped() {
        let mut furrow = Furrow::start();
        let visits = visits(7, 6, Ending::Said);
        let client = Sender::to(furrow.ports().gateway);
        let halves: Vec<_> = visits
            .iter()
            .map(|visit| {
                let mut first = visit.encoded();
                let rest = first.split_off(first.len() / 2);
                (first, rest)
            })
            .collect();
        for (first, _) in &halves {
            client.stream(first).unwrap();
        }
        // At once, while most is on its way to its rows.
        let status = furrow.stop();
        assert!(status.success(), "{status}: {}", furrow.stderr());
        assert!(
            !furrow.stderr().contains("\"level\":\"ERROR\""),
            "{}",
            furrow.stderr()
        );

        furrow.start_again();
        for (_, rest) in &halves {
            client.stream(rest).unwrap();
        }
        furrow.until_stored(count(&visits), count(&visits));
        assert_eq!(stored(&furrow), from_file(&furrow, &visits));
    }

    #[test]
    fn sigint_ends_it() {
        let mut furrow = Furrow::options().demo().start();
        let engine = furrow.engine_pid().unwrap();
        let status = furrow.end_by(Signal::INT);
        assert!(status.success(), "{status}");
        assert!(!is_running(engine), "the engine has ended before");
    }

    #[test]
    fn the_engine_does_not_outlive_a_kill_of_its_parent() {
        let mut furrow = Furrow::start();
        let engine = furrow.engine_pid().unwrap();
        assert!(is_running(engine));
        furrow.kill();
        until("the engine has ended", BOUND, || {
            (!is_running(engine)).then_some(())
        });
    }

    #[test]
    fn an_engine_that_is_killed_is_started_again_and_the_pipeline_goes_on() {
        let furrow = Furrow::start();
        let visits = visits(8, 6, Ending::Said);
        let client = Sender::to(furrow.ports().gateway);
        let engine = furrow.engine_pid().unwrap();
        for (number, visit) in visits.iter().enumerate() {
            for batch in visit.encoded() {
                client.publish(&batch).unwrap();
            }
            if number == 2 {
                let pid = Pid::from_raw(i32::try_from(engine).unwrap()).unwrap();
                kill_process(pid, Signal::KILL).unwrap();
            }
        }
        furrow.until_stored(count(&visits), count(&visits));
        assert_ne!(furrow.engine_pid(), Some(engine));
        assert_eq!(stored(&furrow), from_file(&furrow, &visits));
    }
}

mod start {
    use super::*;

    #[test]
    fn a_taken_port_is_named_with_the_setting_that_changes_it() {
        for role in ["gateway", "api", "observe", "demo"] {
            let folder = tempfile::tempdir().unwrap();
            let taken = TcpListener::bind("127.0.0.1:0").unwrap();
            let address = taken.local_addr().unwrap();
            let variable = format!("FURROW__{}__LISTEN", role.to_uppercase());
            let output = up(folder.path(), &[(&variable, &address.to_string())]);
            refused(
                &output,
                &[
                    &address.port().to_string(),
                    "already taken",
                    &format!("{role}.listen"),
                    &variable,
                ],
            );
        }
    }

    #[test]
    fn a_taken_port_of_the_engine_is_named_too() {
        let folder = tempfile::tempdir().unwrap();
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = taken.local_addr().unwrap().port().to_string();
        let output = up(folder.path(), &[("FURROW__ENGINE__PORT", &port)]);
        refused(&output, &[&port, "engine.port", "FURROW__ENGINE__PORT"]);
    }

    #[test]
    fn a_folder_in_use_is_named_and_what_to_do() {
        let furrow = Furrow::start();
        let output = up(&furrow.data(), &[]);
        refused(
            &output,
            &[
                "in use by another process",
                furrow.data().to_str().unwrap(),
                "stop that process or choose another folder",
            ],
        );
        assert_eq!(
            furrow.observe("/readyz").unwrap().status,
            200,
            "the first one does not mind"
        );
    }

    #[test]
    fn a_missing_engine_library_is_named_and_what_to_run() {
        let folder = tempfile::tempdir().unwrap();
        let library = folder.path().join("libchdb.so");
        let library = library.to_str().unwrap();
        let output = up(
            &folder.path().join("data"),
            &[("FURROW__ENGINE__LIBRARY", library)],
        );
        refused(&output, &[library, "cargo xtask setup", "engine.library"]);
    }

    #[test]
    fn a_setting_that_does_not_exist_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let output = up(folder.path(), &[("FURROW__GATEWAY__LISTN", "127.0.0.1:1")]);
        refused(&output, &["listn"]);
    }

    #[test]
    fn a_start_that_was_refused_leaves_a_folder_that_can_be_used() {
        let mut furrow = Furrow::start();
        assert!(furrow.stop().success());
        let taken = TcpListener::bind(furrow.ports().observe).unwrap();
        let Err(Refused { status, stderr }) = furrow.try_start() else {
            panic!("it started on a port that is taken");
        };
        assert_eq!(status.code(), Some(1), "{stderr}");
        drop(taken);
        furrow.start_again();
    }

    /// `furrow up --demo`, to an end that comes by itself.
    fn up(data: &Path, variables: &[(&str, &str)]) -> Output {
        let ports = Ports::free();
        let mut child = bare_command()
            .args(["--data", data.to_str().unwrap(), "up", "--demo"])
            .envs(ports.variables())
            .env("FURROW__ENGINE__PORT", "0")
            .envs(variables.iter().copied())
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        until("it is refused", BOUND, || child.try_wait().unwrap());
        child.wait_with_output().unwrap()
    }

    fn refused(output: &Output, words: &[&str]) {
        let stderr = String::from_utf8_lossy(&output.stderr);
        let last = stderr.lines().last().unwrap_or_default();
        assert_eq!(output.status.code(), Some(1), "{stderr}");
        assert!(last.starts_with("furrow: "), "{stderr}");
        for word in words {
            assert!(last.contains(word), "{word:?} is missing: {stderr}");
        }
    }
}

mod commands {
    use super::*;

    #[test]
    fn sql_prints_tab_separated_rows_under_a_header() {
        let furrow = Furrow::start();
        let output = furrow.run(&["sql", "SELECT 1 AS one, 'x' AS letter"]);
        assert!(output.status.success());
        assert_eq!(
            String::from_utf8_lossy(&output.stdout),
            "one\tletter\n1\tx\n"
        );
        assert!(output.stderr.is_empty());
    }

    #[test]
    fn sql_reads_the_views_and_nothing_else_and_writes_nothing() {
        let furrow = Furrow::start();
        for view in [
            "v_sessions",
            "v_session_rows",
            "v_signals",
            "v_page_views",
            "v_page_view_rows",
            "v_conversions",
            "v_conversions_reported",
            "v_batches",
        ] {
            assert_eq!(furrow.number(&format!("SELECT count() FROM {view}")), 0);
        }
        let data = furrow.data();
        let leak = format!(
            "SELECT * FROM file('{}/clickhouse/endpoint', 'RawBLOB')",
            data.display()
        );
        for query in [
            "INSERT INTO sessions (tenant) VALUES ('x')",
            "INSERT INTO v_sessions (tenant) VALUES ('x')",
            "CREATE TABLE t (a Int8) ENGINE = Memory",
            "CREATE DATABASE d",
            "DROP VIEW v_sessions",
            "DROP TABLE sessions",
            "TRUNCATE TABLE batches",
            "ALTER TABLE sessions DELETE WHERE 1",
            "SELECT count() FROM sessions",
            "SYSTEM SHUTDOWN",
            "SELECT * FROM url('http://127.0.0.1:1/', 'RawBLOB')",
            leak.as_str(),
        ] {
            let output = furrow.run(&["sql", query]);
            assert_eq!(output.status.code(), Some(1), "{query}");
            assert!(output.stdout.is_empty(), "{query}");
            let stderr = String::from_utf8_lossy(&output.stderr);
            assert!(
                stderr.contains("ACCESS_DENIED") || stderr.contains("READONLY"),
                "{query}: {stderr}"
            );
        }
    }

    #[test]
    fn sql_without_a_start_says_what_to_start() {
        let folder = tempfile::tempdir().unwrap();
        let output = bare_command()
            .args(["--data", folder.path().to_str().unwrap(), "sql", "SELECT 1"])
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(1));
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(stderr.contains("furrow up"), "{stderr}");
    }

    #[test]
    fn config_prints_what_is_in_force_and_no_secret() {
        let output = bare_command()
            .arg("config")
            .env("FURROW__STORE__WRITER_PASSWORD", "correct-horse")
            .env("FURROW__API__READ_KEY", "battery-staple")
            .env("FURROW__LOG__PARTITIONS", "3")
            .output()
            .unwrap();
        assert!(output.status.success());
        let text = String::from_utf8(output.stdout).unwrap();
        for secret in ["correct-horse", "battery-staple", "furrow-demo"] {
            assert!(!text.contains(secret), "{secret}: {text}");
        }
        for line in [
            "writer_password = \"***\"",
            "read_key = \"***\"",
            "key = \"***\"",
            "partitions = 3",
        ] {
            assert!(
                text.lines().any(|found| found.trim() == line),
                "{line}: {text}"
            );
        }
    }

    #[test]
    fn a_line_that_is_no_batch_is_told_and_the_others_are_scored() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("batches.jsonl");
        let visits = visits(9, 1, Ending::Said);
        let good = lines(&visits);
        fs::write(&file, format!("{good}{{\"sessionID\": \"AA==\"}}\n")).unwrap();
        let output = bare_command().arg("score").arg(&file).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        let stderr = String::from_utf8_lossy(&output.stderr);
        let number = visits[0].batches.len() + 1;
        assert!(stderr.starts_with(&format!("line {number}: ")), "{stderr}");
        assert_eq!(String::from_utf8_lossy(&output.stdout).lines().count(), 1);
    }
}

/// Visits of the last minutes.
fn visits(seed: u64, count: usize, ending: Ending) -> Vec<Visit> {
    let mut random = Random::new(seed);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let now = i64::try_from(now.as_millis()).unwrap();
    (0..count)
        .map(|_| Visit::new(&mut random, now - 300_000, ending))
        .collect()
}

fn count(visits: &[Visit]) -> u64 {
    let count: usize = visits.iter().map(|visit| visit.batches.len()).sum();
    u64::try_from(count).unwrap()
}

/// Waits until so many records had an outcome; the scorer tells of it now and then.
fn until_outcome(furrow: &Furrow, outcome: &str, count: u64) {
    let name = format!("furrow_scorer_records{{outcome=\"{outcome}\"}}");
    until(&format!("{name} is {count}"), BOUND, || {
        (furrow.try_metric(&name) == Some(count as f64)).then_some(())
    });
}

/// Every row of every view, without what decays with time.
fn rows(furrow: &Furrow) -> Vec<Vec<Vec<Value>>> {
    [
        "v_session_rows ORDER BY session",
        "v_signals ORDER BY session, ordinal",
        "v_page_view_rows ORDER BY session, ordinal",
        "v_conversions_reported ORDER BY session, ordinal",
    ]
    .iter()
    .map(|rows| furrow.sql(&format!("SELECT * FROM {rows}")))
    .collect()
}
