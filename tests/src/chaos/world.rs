//! Three brokers, a ClickHouse, and two of each role, all of which can be struck.

use super::clickhouse::ClickHouse;
use super::role::{Role, command};
use super::schedule::{Blow, Part, Step, Victim};
use crate::compare::{Identity, TABLES, all_of};
use crate::wait::until;
use furrow_test_broker::{Cluster, run_tool};
use rustix::process::Signal;
use serde_json::Value;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::ExitStatus;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// More than each scorer and each sink gets one of.
const PARTITIONS: u32 = 6;
/// How long brokers wait for a member of a group: the shortest that they allow.
const SESSION_TIMEOUT_MS: u32 = 6_000;
/// How long a role, a broker or ClickHouse may take to be up when nobody strikes it.
const UP_MAX: Duration = Duration::from_secs(240);
/// How long what was sent may take to its rows.
const DRAIN_MAX: Duration = Duration::from_secs(400);
/// How often a drain is looked at.
const LOOK_INTERVAL: Duration = Duration::from_millis(250);
/// How long a pause is slept at a time, between looks at who is to come back.
const NAP: Duration = Duration::from_millis(20);

/// How much of each role's output a failed run shows.
const SHOWN_LINES_MAX: usize = 30;

const INTERACTIONS: &str = "furrow.interactions.v1";
const DEAD_LETTERS: &str = "furrow.dead-letters.v1";

/// The rows of each table.
pub(crate) type Tables = BTreeMap<&'static str, Vec<String>>;

/// Everything that runs.
pub(crate) struct World {
    folder: TempDir,
    cluster: Cluster,
    clickhouse: ClickHouse,
    variables: Vec<(String, String)>,
    gateways: Vec<Role>,
    scorers: Vec<Role>,
    sinks: Vec<Role>,
    away: Vec<Away>,
    /// Roles that did not end in order when they were told to.
    pub(crate) disorderly: Vec<String>,
}

/// A process that comes back when its time has come.
struct Away {
    victim: Victim,
    blow: Blow,
    back: Instant,
}

/// What the interactions topic holds, as one scorer folded all of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Folded {
    pub(crate) records: u64,
    pub(crate) scored: u64,
    pub(crate) duplicate: u64,
    pub(crate) tick: u64,
    /// Reordered, held, late, dead, or control.
    pub(crate) other: u64,
}

impl World {
    /// Starts everything and waits until it is ready.
    pub(crate) fn start() -> World {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let cluster = Cluster::start(3);
        let clickhouse = ClickHouse::start(
            &folder.path().join("clickhouse"),
            &["furrow", "uninterrupted"],
        );
        let mut variables = clickhouse.variables();
        let snapshots = format!("file://{}", folder.path().join("snapshots").display());
        for (name, value) in [
            ("LOG__BROKERS", cluster.bootstrap()),
            ("LOG__PARTITIONS", PARTITIONS.to_string()),
            ("LOG__SESSION_TIMEOUT_MS", SESSION_TIMEOUT_MS.to_string()),
            ("SCORER__SNAPSHOTS", snapshots),
            // Often, so that kills come between snapshots, within them and after them.
            ("SCORER__SNAPSHOT_EVERY_MS", "700".into()),
        ] {
            variables.push((format!("FURROW__{name}"), value));
        }
        migrate(folder.path(), &variables);
        let two = |name| -> Vec<Role> {
            (0..2)
                .map(|number| Role::new(name, number, folder.path(), &variables))
                .collect()
        };
        let mut world = World {
            gateways: two("gateway"),
            scorers: two("scorer"),
            sinks: two("sink"),
            variables,
            folder,
            cluster,
            clickhouse,
            away: Vec::new(),
            disorderly: Vec::new(),
        };
        world.roles().for_each(Role::launch);
        world.until_ready();
        world
    }

    /// Where batches are taken.
    pub(crate) fn gateways(&self) -> Vec<SocketAddr> {
        self.gateways.iter().map(Role::listen).collect()
    }

    fn roles(&mut self) -> impl Iterator<Item = &mut Role> {
        let scorers_and_sinks = self.scorers.iter_mut().chain(&mut self.sinks);
        self.gateways.iter_mut().chain(scorers_and_sinks)
    }

    fn role(&mut self, victim: Victim) -> Option<&mut Role> {
        match victim.part {
            Part::Gateway => self.gateways.get_mut(victim.number),
            Part::Scorer => self.scorers.get_mut(victim.number),
            Part::Sink => self.sinks.get_mut(victim.number),
            Part::Broker | Part::ClickHouse => None,
        }
    }

    /// Pauses, waits until the victim is there to be struck, and strikes.
    pub(crate) fn take(&mut self, step: &Step) {
        let moment = Instant::now() + step.pause;
        // Not to wait for something: the moment itself is what was drawn.
        while Instant::now() < moment {
            std::thread::sleep(NAP);
            self.bring_back(Instant::now());
        }
        let began = Instant::now();
        while !self.is_there(step.victim) {
            assert!(
                began.elapsed() < UP_MAX,
                "{} does not come back",
                step.victim
            );
            std::thread::sleep(NAP);
            self.bring_back(Instant::now());
        }
        self.strike(step);
    }

    /// Whether a victim is there. Of brokers, all must be: two away at once would only stop
    /// everything, and nobody could acknowledge anything.
    fn is_there(&mut self, victim: Victim) -> bool {
        match victim.part {
            Part::Broker => {
                let away = self
                    .away
                    .iter()
                    .any(|away| away.victim.part == Part::Broker);
                !away && self.cluster.brokers().iter().all(|one| one.listens())
            }
            Part::ClickHouse => self.clickhouse.is_up() && !self.is_away(victim),
            Part::Gateway | Part::Scorer | Part::Sink => !self.is_away(victim),
        }
    }

    fn is_away(&self, victim: Victim) -> bool {
        self.away.iter().any(|away| away.victim == victim)
    }

    fn strike(&mut self, step: &Step) {
        let Step { victim, blow, .. } = *step;
        match (victim.part, blow) {
            (Part::Broker, Blow::Kill) => self.cluster.brokers_mut()[victim.number].kill(),
            (Part::Broker, Blow::Stop) => self.cluster.brokers_mut()[victim.number].stop(),
            (Part::Broker, Blow::Freeze) => self.cluster.brokers()[victim.number].freeze(),
            // Its supervisor brings it back.
            (Part::ClickHouse, Blow::Kill | Blow::Stop) => return self.clickhouse.kill(),
            (Part::ClickHouse, Blow::Freeze) => self.clickhouse.freeze(),
            (Part::Gateway | Part::Scorer | Part::Sink, _) => self.strike_role(victim, blow),
        }
        self.away.push(Away {
            victim,
            blow,
            back: Instant::now() + step.away,
        });
    }

    fn strike_role(&mut self, victim: Victim, blow: Blow) {
        let role = self.role(victim).expect("it is a role that there is");
        match blow {
            Blow::Kill => role.kill(),
            Blow::Freeze => role.freeze(),
            Blow::Stop => {
                // One that is still starting has nothing to bring to an end.
                let served = role.is_ready();
                let status = role.stop();
                if !status.is_some_and(|status| status.success() || (!served && by_term(status))) {
                    self.disorderly.push(format!("{victim}: {status:?}"));
                }
            }
        }
    }

    /// Starts or wakes whoever's time has come, and whoever ended by itself.
    fn bring_back(&mut self, now: Instant) {
        let (due, still): (Vec<_>, Vec<_>) = std::mem::take(&mut self.away)
            .into_iter()
            .partition(|away| away.back <= now);
        self.away = still;
        for Away { victim, blow, .. } in due {
            let broker = victim.number;
            match (victim.part, blow) {
                (Part::Broker, Blow::Kill | Blow::Stop) => {
                    self.cluster.brokers_mut()[broker].launch();
                }
                (Part::Broker, Blow::Freeze) => self.cluster.brokers()[broker].thaw(),
                (Part::ClickHouse, _) => self.clickhouse.thaw(),
                (Part::Gateway | Part::Scorer | Part::Sink, _) => {
                    let role = self.role(victim).expect("it is a role that there is");
                    match blow {
                        Blow::Kill | Blow::Stop => role.launch(),
                        Blow::Freeze => role.thaw(),
                    }
                }
            }
        }
        self.roles().for_each(Role::look_after);
    }

    /// Everybody comes back, and all become ready.
    pub(crate) fn mend(&mut self) {
        while let Some(last) = self.away.iter().map(|away| away.back).max() {
            self.bring_back(last);
        }
        for broker in self.cluster.brokers_mut() {
            broker.until_up();
        }
        self.until_ready();
    }

    fn until_ready(&mut self) {
        until("everything is ready", UP_MAX, || {
            self.roles().for_each(Role::look_after);
            let ready = self.roles().all(|role| role.is_ready());
            (ready && self.clickhouse.is_up()).then_some(())
        });
    }

    /// Waits until so many batches count in sessions and are archived, and nothing is on its way.
    pub(crate) fn until_stored(&mut self, database: &str, batches: u64) {
        let counts = "SELECT (SELECT sum(batches) FROM v_sessions) AS scored, \
            (SELECT count() FROM v_batches) AS archived";
        let began = Instant::now();
        loop {
            self.roles().for_each(Role::look_after);
            let rows = self.clickhouse.ask(database, counts);
            let lags = [
                sum(&self.scorers, "furrow_lag_records"),
                sum(&self.sinks, "furrow_lag_records"),
            ];
            let stored = rows.as_ref().is_ok_and(|rows| {
                rows.first().is_some_and(|row| {
                    let row: Value = serde_json::from_str(row).expect("a row is JSON");
                    let is = |name: &str| number(&row[name]) == Some(batches);
                    is("scored") && is("archived")
                })
            });
            if stored && lags == [Some(0.0); 2] {
                return;
            }
            assert!(
                began.elapsed() < DRAIN_MAX,
                "{batches} batches are to be stored in {database}: {rows:?}, lags {lags:?}"
            );
            std::thread::sleep(LOOK_INTERVAL);
        }
    }

    /// Every batch in the archive.
    pub(crate) fn archived(&self) -> Vec<Identity> {
        let rows = self.rows(
            "furrow",
            "SELECT toString(session) AS session, sender, sequence FROM v_batches",
        );
        let text = |value: &Value| value.as_str().expect("it is a text").to_owned();
        rows.iter()
            .map(|row| {
                let sequence = number(&row["sequence"]).expect("it is a number");
                let sequence = u32::try_from(sequence).expect("it is one of 32 bits");
                (text(&row["session"]), text(&row["sender"]), sequence)
            })
            .collect()
    }

    /// How many batches each session counts, and how many are missing in any.
    pub(crate) fn counted(&self) -> (BTreeMap<String, u64>, u64) {
        let rows = self.rows(
            "furrow",
            "SELECT toString(session) AS session, batches, gaps FROM v_sessions",
        );
        let number = |value: &Value| number(value).expect("it is a number");
        let gaps = rows.iter().map(|row| number(&row["gaps"])).sum();
        let sessions = rows
            .iter()
            .map(|row| {
                let session = row["session"].as_str().expect("it is a text");
                (session.to_owned(), number(&row["batches"]))
            })
            .collect();
        (sessions, gaps)
    }

    /// Every column of every table, in the order of the keys.
    pub(crate) fn tables(&self, database: &str) -> Tables {
        let all = |(table, key)| match self.clickhouse.ask(database, &all_of(table, key)) {
            Ok(rows) => (table, rows),
            Err(error) => panic!("{table}: {error}"),
        };
        TABLES.into_iter().map(all).collect()
    }

    fn rows(&self, database: &str, query: &str) -> Vec<Value> {
        match self.clickhouse.ask(database, query) {
            Ok(rows) => rows
                .iter()
                .map(|row| serde_json::from_str(row).expect("a row is JSON"))
                .collect(),
            Err(error) => panic!("{query}: {error}"),
        }
    }

    /// Records among the interactions, and among the dead letters.
    pub(crate) fn records(&self) -> [u64; 2] {
        [INTERACTIONS, DEAD_LETTERS].map(|topic| {
            let bootstrap = self.cluster.bootstrap();
            let args = ["--bootstrap-server", &bootstrap, "--topic", topic];
            let printed = run_tool("org.apache.kafka.tools.GetOffsetShell", &args);
            // Lines such as `orders:0:12`; retention has taken nothing yet.
            let ends = printed.lines().filter_map(|line| {
                let (_, end) = line.rsplit_once(':')?;
                end.parse::<u64>().ok()
            });
            ends.sum()
        })
    }

    /// Ends every role in order, and has one scorer and one sink, which nobody disturbs, read the
    /// same log from its beginning into a database of their own.
    pub(crate) fn pass_again(&mut self, batches: u64) -> Folded {
        let mut disorderly = Vec::new();
        for role in self.roles() {
            let status = role.stop();
            if !status.is_some_and(|status| status.success()) {
                disorderly.push(format!("at the end: {status:?}"));
            }
        }
        self.disorderly.extend(disorderly);
        let folder = self.folder.path().join("uninterrupted");
        std::fs::create_dir(&folder).expect("a folder in an own folder can be made");
        let mut variables = self.variables.clone();
        let snapshots = format!("file://{}", folder.join("snapshots").display());
        for (name, value) in [
            ("STORE__DATABASE", "uninterrupted"),
            ("SCORER__GROUP", "uninterrupted-scorer"),
            ("SCORER__SCORES", "uninterrupted.scores"),
            ("SCORER__SNAPSHOTS", &snapshots),
            ("SINK__GROUP", "uninterrupted-sink"),
            ("SINK__SCORES_TOPIC", "uninterrupted.scores"),
        ] {
            variables.push((format!("FURROW__{name}"), value.to_owned()));
        }
        migrate(&folder, &variables);
        self.gateways.clear();
        self.scorers = vec![Role::new("scorer", 0, &folder, &variables)];
        self.sinks = vec![Role::new("sink", 0, &folder, &variables)];
        self.roles().for_each(Role::launch);
        self.until_ready();
        self.until_stored("uninterrupted", batches);
        self.folded()
    }

    fn folded(&self) -> Folded {
        let of = |outcome: &str| {
            let name = format!("furrow_scorer_records{{outcome=\"{outcome}\"}}");
            sum(&self.scorers, &name).map_or(0, whole)
        };
        Folded {
            records: of("records"),
            scored: of("scored"),
            duplicate: of("duplicate"),
            tick: of("tick"),
            other: ["reordered", "held", "late", "dead", "control"]
                .map(of)
                .iter()
                .sum(),
        }
    }

    /// Ends of roles that nobody brought about, by part.
    pub(crate) fn own_ends(&self) -> BTreeMap<Part, Vec<String>> {
        [
            (Part::Gateway, &self.gateways),
            (Part::Scorer, &self.scorers),
            (Part::Sink, &self.sinks),
        ]
        .into_iter()
        .map(|(part, roles)| {
            let ends = roles.iter().flat_map(|role| role.own_ends.clone());
            (part, ends.collect())
        })
        .collect()
    }

    /// What all roles wrote, each line an event.
    pub(crate) fn events(&self) -> Vec<Value> {
        let roles = [&self.gateways, &self.scorers, &self.sinks];
        let texts = roles.into_iter().flatten().map(Role::stderr);
        texts
            .flat_map(|text| {
                let events = text
                    .lines()
                    .map(|line| serde_json::from_str(line).unwrap_or_else(|_| Value::from(line)));
                events.collect::<Vec<_>>()
            })
            .collect()
    }
}

impl Drop for World {
    #[allow(
        clippy::print_stderr,
        reason = "a failed run shows what the roles said"
    )]
    fn drop(&mut self) {
        if std::thread::panicking() {
            for role in self.roles() {
                let text = role.stderr();
                let lines: Vec<&str> = text.lines().collect();
                let last = &lines[lines.len().saturating_sub(SHOWN_LINES_MAX)..];
                eprintln!("{role}:\n{}\n", last.join("\n"));
            }
        }
    }
}

/// Whether SIGTERM itself ended a process.
fn by_term(status: ExitStatus) -> bool {
    status.signal() == Some(Signal::TERM.as_raw())
}

/// Makes topics and tables.
fn migrate(folder: &Path, variables: &[(String, String)]) {
    let output = command("migrate", folder, variables)
        .output()
        .expect("the binary can be run");
    assert!(
        output.status.success(),
        "furrow migrate: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// The sum of a metric over processes; `None` while none of them tells it.
fn sum(roles: &[Role], name: &str) -> Option<f64> {
    let told: Vec<f64> = roles.iter().filter_map(|role| role.metric(name)).collect();
    (!told.is_empty()).then(|| told.iter().sum())
}

/// ClickHouse writes numbers of 64 bits as texts in some of its versions.
fn number(value: &Value) -> Option<u64> {
    value
        .as_u64()
        .or_else(|| value.as_str().and_then(|text| text.parse().ok()))
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a metric that counts is whole and small"
)]
fn whole(value: f64) -> u64 {
    value as u64
}
