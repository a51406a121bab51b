//! Roles apart, on a real broker and a real ClickHouse server.

#![allow(clippy::unwrap_used, reason = "all of this file is tests")]

use furrow_test_broker::{Broker, run_tool};
use furrow_tests::client::Sender;
use furrow_tests::random::Random;
use furrow_tests::visit::{Ending, Visit};
use furrow_tests::{Apart, Server, numbers, until};
use serde_json::Value;
use std::process::Output;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// How long what was sent may take to its rows, a lost scorer's partitions included.
const STORE_MAX: Duration = Duration::from_secs(120);
/// As soon as brokers give a dead member up.
const SESSION_TIMEOUT_MS: &str = "6000";

struct World {
    apart: Apart,
    broker: Broker,
    _server: Server,
}

impl World {
    fn new() -> World {
        let (broker, server) = (Broker::start(), Server::start());
        let mut apart = Apart::on(server.variables());
        apart.set("FURROW__LOG__BROKERS", &broker.bootstrap());
        for (setting, value) in [
            ("PARTITIONS", "4"),
            ("REPLICATION", "1"),
            ("MIN_INSYNC", "1"),
            ("SESSION_TIMEOUT_MS", SESSION_TIMEOUT_MS),
        ] {
            apart.set(&format!("FURROW__LOG__{setting}"), value);
        }
        World {
            apart,
            broker,
            _server: server,
        }
    }

    #[track_caller]
    fn migrate(&self, arguments: &[&str]) {
        let arguments = [&["migrate"], arguments].concat();
        let output = self.apart.run(&arguments);
        assert!(output.status.success(), "{}", stderr(&output));
    }

    #[track_caller]
    fn refused(&self, arguments: &[&str]) -> String {
        let output = self.apart.run(arguments);
        assert!(!output.status.success());
        stderr(&output)
    }

    fn counts(&self) -> Option<(u64, u64)> {
        const COUNTS: &str = "SELECT (SELECT sum(batches) FROM v_sessions), \
            (SELECT count() FROM v_batches)";
        let output = self
            .apart
            .run(&["sql", COUNTS, "--format", "JSONCompactEachRow"]);
        let row: Vec<Value> = serde_json::from_slice(&output.stdout).ok()?;
        Some((row[0].as_u64()?, row[1].as_u64()?))
    }

    #[track_caller]
    fn until_stored(&self, batches: u64) {
        until("everything is stored", STORE_MAX, || {
            (self.counts() == Some((batches, batches))).then_some(())
        });
    }
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn visits(random: &mut Random, count: u32, ending: Ending) -> Vec<Visit> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let began_ms = i64::try_from(now.as_millis()).unwrap() - 120_000;
    (0..count)
        .map(|_| Visit::new(random, began_ms, ending))
        .collect()
}

#[test]
fn the_roles_apart_score_as_up_does() {
    let world = World::new();
    let apart = &world.apart;
    let early = world.refused(&["gateway"]);
    assert!(early.contains("furrow migrate"), "{early}");
    world.migrate(&[]);
    world.migrate(&[]);
    let gateways = [apart.start("gateway"), apart.start("gateway")];
    let mut scorers = [apart.start("scorer"), apart.start("scorer")];
    let _sinks = [apart.start("sink"), apart.start("sink")];
    let _api = apart.start("api");

    let mut random = Random::new(Random::seed());
    let visits = visits(&mut random, 12, Ending::Said);
    let senders = [0, 1].map(|gateway: usize| Sender::to(gateways[gateway].address));
    let mut sent = 0;
    let longest = visits
        .iter()
        .map(|visit| visit.batches.len())
        .max()
        .unwrap();
    for step in 0..longest {
        if step == longest / 2 {
            scorers[0].kill();
        }
        for visit in &visits {
            if let Some(batch) = visit.encoded().get(step) {
                // Each through either gateway, and now and then through both.
                senders[step % 2].publish(batch).unwrap();
                if random.once_in(4) {
                    senders[(step + 1) % 2].publish(batch).unwrap();
                }
                sent += 1;
            }
        }
    }
    world.until_stored(sent);
    let run = |arguments: &[&str]| apart.run(arguments);
    assert_eq!(
        numbers::stored_by(&run),
        numbers::from_file_by(&run, &visits)
    );
}

#[test]
fn topics_are_repartitioned_by_migrate_alone_and_only_after_a_drain() {
    let mut world = World::new();
    world.migrate(&[]);
    let mut random = Random::new(Random::seed());
    let first = visits(&mut random, 6, Ending::Silent);
    let mut sent = 0;
    let mut roles = ["gateway", "scorer", "sink"].map(|role| world.apart.start(role));
    let sender = Sender::to(roles[0].address);
    for batch in first.iter().flat_map(Visit::encoded) {
        sender.publish(&batch).unwrap();
        sent += 1;
    }
    world.until_stored(sent);

    world.apart.set("FURROW__LOG__PARTITIONS", "6");
    let refused = world.refused(&["migrate"]);
    assert!(
        refused.contains("furrow migrate --partitions 6"),
        "{refused}"
    );
    let refused = world.refused(&["migrate", "--partitions", "6"]);
    assert!(refused.contains("not drained"), "{refused}");
    for role in &mut roles {
        role.stop();
    }
    let refused = world.refused(&["migrate", "--partitions", "6"]);
    assert!(refused.contains("are open"), "{refused}");
    world.migrate(&["--partitions", "6", "--now"]);
    world.migrate(&[]);

    // A session of the new life beside those of the old one.
    let _roles = ["scorer", "sink"].map(|role| world.apart.start(role));
    let gateway = world.apart.start("gateway");
    let sender = Sender::to(gateway.address);
    let second = visits(&mut random, 3, Ending::Silent);
    for batch in second.iter().flat_map(Visit::encoded) {
        sender.publish(&batch).unwrap();
        sent += 1;
    }
    world.until_stored(sent);
}

#[test]
fn a_topic_that_others_made_as_it_must_not_be_is_refused() {
    let world = World::new();
    world.broker.create_topic(
        "furrow.interactions.v1",
        4,
        &[
            ("message.timestamp.type", "CreateTime"),
            ("retention.ms", "3600000"),
        ],
    );
    let refused = world.refused(&["migrate"]);
    assert!(
        refused.contains("message.timestamp.type=LogAppendTime"),
        "{refused}"
    );
    assert!(refused.contains("retention.ms="), "{refused}");
    let bootstrap = world.broker.bootstrap();
    let mut alter = vec!["--bootstrap-server", &bootstrap, "--alter"];
    alter.extend([
        "--entity-type",
        "topics",
        "--entity-name",
        "furrow.interactions.v1",
    ]);
    alter.extend([
        "--add-config",
        "message.timestamp.type=LogAppendTime,retention.ms=273600000,max.message.bytes=8388608",
    ]);
    run_tool("kafka.admin.ConfigCommand", &alter);
    world.migrate(&[]);
}
