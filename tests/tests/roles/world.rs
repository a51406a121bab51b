//! Broker, server, and what all processes are told.

use furrow_test_broker::{Broker, run_tool};
use furrow_tests::random::Random;
use furrow_tests::visit::{Ending, Visit};
use furrow_tests::{Apart, Server, until};
use serde_json::Value;
use std::process::Output;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// How long what was sent may take to its rows, a lost scorer's partitions included.
const STORE_MAX: Duration = Duration::from_secs(120);
/// As soon as brokers give a dead member up.
const SESSION_TIMEOUT_MS: &str = "6000";

pub(crate) struct World {
    pub(crate) apart: Apart,
    pub(crate) broker: Broker,
    _server: Server,
}

/// What every process is told on this broker and this server.
pub(crate) fn variables(broker: &Broker, server: &Server) -> Vec<(String, String)> {
    let bootstrap = broker.bootstrap();
    let log = [
        ("BROKERS", bootstrap.as_str()),
        ("PARTITIONS", "4"),
        ("REPLICATION", "1"),
        ("MIN_INSYNC", "1"),
        ("SESSION_TIMEOUT_MS", SESSION_TIMEOUT_MS),
    ];
    let log = log.map(|(name, value)| (format!("FURROW__LOG__{name}"), value.to_owned()));
    server.variables().into_iter().chain(log).collect()
}

impl World {
    pub(crate) fn new() -> World {
        let (broker, server) = (Broker::start(), Server::start());
        World {
            apart: Apart::on(variables(&broker, &server)),
            broker,
            _server: server,
        }
    }

    /// Changes settings of a topic with Kafka's own tool: `name=value`, with commas between.
    pub(crate) fn alter_topic(&self, topic: &str, settings: &str) {
        let bootstrap = self.broker.bootstrap();
        let mut alter = vec!["--bootstrap-server", &bootstrap, "--alter"];
        alter.extend(["--entity-type", "topics", "--entity-name", topic]);
        alter.extend(["--add-config", settings]);
        run_tool("kafka.admin.ConfigCommand", &alter);
    }

    #[track_caller]
    pub(crate) fn migrate(&self, arguments: &[&str]) {
        let arguments = [&["migrate"], arguments].concat();
        let output = self.apart.run(&arguments);
        assert!(output.status.success(), "{}", stderr(&output));
    }

    #[track_caller]
    pub(crate) fn refused(&self, arguments: &[&str]) -> String {
        let output = self.apart.run(arguments);
        assert!(!output.status.success());
        stderr(&output)
    }

    pub(crate) fn counts(&self) -> Option<(u64, u64)> {
        const COUNTS: &str = "SELECT (SELECT sum(batches) FROM v_sessions), \
            (SELECT count() FROM v_batches)";
        let output = self
            .apart
            .run(&["sql", COUNTS, "--format", "JSONCompactEachRow"]);
        let row: Vec<Value> = serde_json::from_slice(&output.stdout).ok()?;
        Some((row[0].as_u64()?, row[1].as_u64()?))
    }

    /// What sessions count, and what is archived.
    pub(crate) fn until_counts(&self, scored: u64, archived: u64) {
        until("the counts are so", STORE_MAX, || {
            (self.counts() == Some((scored, archived))).then_some(())
        });
    }

    #[track_caller]
    pub(crate) fn until_stored(&self, batches: u64) {
        self.until_counts(batches, batches);
    }
}

pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

pub(crate) fn visits(random: &mut Random, count: u32, ending: Ending) -> Vec<Visit> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let began_ms = i64::try_from(now.as_millis()).unwrap() - 120_000;
    (0..count)
        .map(|_| Visit::new(random, began_ms, ending))
        .collect()
}
