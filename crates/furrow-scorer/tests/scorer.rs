//! The scorer over a real embedded log: what it emits, and that nothing that
//! happens to it changes that.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use bytes::Bytes;
use furrow_core::control::Scope;
use furrow_core::ids::{Epoch, Property, SenderId, SessionId, Tenant};
use furrow_core::interaction::{Batch, Interaction, Kind, Page, PointerPath, PointerType, Step};
use furrow_core::output::ScoreUpdate;
use furrow_core::rules::RuleSet;
use furrow_core::time::ClientTime;
use furrow_log::{EmbeddedSettings, Log, Offset, Partition, ReadLimit, Topic, TopicPlan};
use furrow_proto::encode_batch;
use furrow_proto::record::{
    BatchRecord, ClientFacts, Control, DeadLetter, Entry, InteractionRecord, decode_score_update,
};
use furrow_proto::rules::encode_rules;
use furrow_scorer::{Config, Metrics, Scorer, ScorerError};
use furrow_service::lag::Gauges;
use furrow_service::observe::Readiness;
use object_store::memory::InMemory;
use object_store::{ObjectStore, ObjectStoreExt};
use prometheus_client::registry::Registry;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

const PARTITIONS: u32 = 4;
const WAIT_MAX: Duration = Duration::from_secs(30);

struct World {
    log: Log,
    config: Config,
    snapshots: Arc<InMemory>,
    _dir: tempfile::TempDir,
}

impl World {
    async fn new() -> World {
        let dir = tempfile::tempdir().unwrap();
        let log = Log::open(dir.path(), EmbeddedSettings::default()).unwrap();
        let config = Config {
            commit_every_ms: 20,
            snapshot_every_ms: 50,
            ..Config::default()
        };
        for topic in [&config.interactions, &config.scores, &config.dead_letters] {
            let plan = TopicPlan::of(PARTITIONS);
            log.create_topic(&Topic::new(topic), &plan).await.unwrap();
        }
        World {
            log,
            config,
            snapshots: Arc::new(InMemory::new()),
            _dir: dir,
        }
    }

    /// A second group that writes to a topic of its own.
    async fn beside(&self) -> Config {
        let config = Config {
            group: "beside".into(),
            scores: "beside.scores".into(),
            ..self.config.clone()
        };
        self.log
            .create_topic(&Topic::new(&config.scores), &TopicPlan::of(PARTITIONS))
            .await
            .unwrap();
        config
    }

    fn scorer(&self, config: &Config, snapshots: Arc<dyn ObjectStore>) -> Scorer {
        Scorer {
            config: config.clone(),
            log: self.log.clone(),
            snapshots,
            epoch: Epoch(1),
            metrics: Metrics::register(&mut Registry::default(), Gauges::default()),
            readiness: Readiness::new("scorer"),
        }
    }

    fn start(&self) -> Running {
        Running::start(self.scorer(&self.config, self.snapshots.clone()))
    }

    async fn batch(&self, session: u8, sender: u8, sequence: u32) {
        self.batch_of("shop", session, sender, sequence).await;
    }

    async fn batch_of(&self, property: &str, session: u8, sender: u8, sequence: u32) {
        let batch = encode_batch(&batch(session, sender, sequence));
        let record = InteractionRecord::Batch(BatchRecord {
            tenant: Tenant("demo".into()),
            property: Property(property.into()),
            received_ms: now_ms(),
            entry: Entry::Publish,
            client: ClientFacts::default(),
            batch: batch.into(),
        });
        self.append(&[session], record.encode()).await;
    }

    /// Appends rules under which every session is scored to every partition.
    async fn publish(&self, property: &str, number: u64) {
        for partition in 0..PARTITIONS {
            self.append_to(partition, control(now_ms(), property, number))
                .await;
        }
    }

    async fn append_to(&self, partition: u32, control: Control) {
        let topic = Topic::new(&self.config.interactions);
        let record = InteractionRecord::Control(control).encode();
        let appended = self
            .log
            .append_to(&topic, Partition(partition), &[], record);
        appended.unwrap().await.unwrap();
    }

    /// Which rules each of a session's updates was scored under.
    async fn rules_of(&self, session: u8) -> Vec<(u32, u64, bool)> {
        let updates = self.updates(&self.config.scores).await.into_values();
        updates
            .filter(|update| update.session.key.session == session_id(session))
            .map(|update| {
                let session = update.session;
                (session.batches, session.rules, session.scored)
            })
            .collect()
    }

    async fn append(&self, key: &[u8], record: Bytes) {
        let topic = Topic::new(&self.config.interactions);
        self.log.append(&topic, key, record).unwrap().await.unwrap();
    }

    async fn all(&self, topic: &str) -> Vec<Bytes> {
        let topic = Topic::new(topic);
        let mut records = Vec::new();
        for partition in (0..PARTITIONS).map(Partition) {
            let mut from = Offset(0);
            loop {
                let found = self
                    .log
                    .read(&topic, partition, from, ReadLimit::default())
                    .await
                    .unwrap();
                let Some(last) = found.last() else { break };
                from = Offset(last.offset.0 + 1);
                records.extend(found.into_iter().map(|record| record.payload));
            }
        }
        records
    }

    /// Updates by identity and version: what a store keeps of them.
    async fn updates(&self, topic: &str) -> BTreeMap<(String, u64, u32), ScoreUpdate> {
        let mut updates = BTreeMap::new();
        for payload in self.all(topic).await {
            let update = decode_score_update(&payload).unwrap();
            let origin = update.origin;
            let key = (
                update.session.key.session.to_string(),
                origin.version(),
                origin.partition,
            );
            if let Some(before) = updates.insert(key, update.clone()) {
                assert_eq!(before, update, "a repeat says the same");
            }
        }
        updates
    }

    /// Waits until the group has committed everything in the topic and
    /// nothing more is due.
    async fn settled(&self, config: &Config) {
        let topic = Topic::new(&config.interactions);
        until("everything is committed", async || {
            for partition in (0..PARTITIONS).map(Partition) {
                let end = self.log.bounds(&topic, partition).await.unwrap().end;
                let committed = self.log.committed(&config.group, &topic, partition);
                if committed.await.unwrap().unwrap_or(Offset(0)) != end {
                    return false;
                }
            }
            true
        })
        .await;
    }

    /// Waits until every session's newest update counts so many batches.
    async fn counted(&self, topic: &str, batches: u32) {
        until("all batches are counted", async || {
            let mut newest = BTreeMap::new();
            for ((session, ..), update) in self.updates(topic).await {
                newest.insert(session, update.session.batches);
            }
            newest.values().sum::<u32>() == batches
        })
        .await;
    }
}

struct Running {
    token: CancellationToken,
    readiness: Readiness,
    task: JoinHandle<Result<(), ScorerError>>,
}

impl Running {
    fn start(scorer: Scorer) -> Running {
        let token = CancellationToken::new();
        let readiness = scorer.readiness.clone();
        let task = tokio::spawn(scorer.run(token.clone()));
        Running {
            token,
            readiness,
            task,
        }
    }

    async fn drain(self) {
        self.token.cancel();
        self.task.await.unwrap().unwrap();
    }

    /// As if the process had been killed.
    async fn kill(self) {
        self.task.abort();
        assert!(self.task.await.unwrap_err().is_cancelled());
    }
}

async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let begun = Instant::now();
    while !holds().await {
        assert!(
            begun.elapsed() < WAIT_MAX,
            "not within {WAIT_MAX:?}: {what}"
        );
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

fn now_ms() -> i64 {
    let since = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap();
    i64::try_from(since.as_millis()).unwrap()
}

fn session_id(session: u8) -> SessionId {
    SessionId([0, 0, 0, 0, 0, 0, 0x70, 0, 0x80, 0, 0, 0, 0, 0, 0, session])
}

fn control(at_ms: i64, property: &str, number: u64) -> Control {
    let mut rules = RuleSet::default();
    rules.scores.evidence_min_interactions = 0;
    rules.scores.evidence_min_ms = 0;
    let scope = Scope {
        tenant: Tenant("demo".into()),
        property: Some(Property(property.into())),
    };
    Control::new(at_ms, scope, number, encode_rules(&rules))
}

fn batch(session: u8, sender: u8, sequence: u32) -> Batch {
    let origin = 1_790_000_000_000 + i64::from(sequence) * 2_000;
    let steps = vec![
        Step {
            dt: 16,
            dx: 2,
            dy: 1
        };
        59
    ];
    Batch {
        session: session_id(session),
        visitor: None,
        sender: SenderId([sender; 8]),
        sequence,
        origin: ClientTime(origin),
        sent: ClientTime(origin + 1_000),
        page: Page {
            number: 0,
            path: "/".into(),
            group: "home".into(),
        },
        device: None,
        targets: Vec::new(),
        interactions: vec![Interaction {
            at: ClientTime(origin),
            kind: Kind::PointerPath(PointerPath {
                pointer: PointerType::Mouse,
                start: (10, 10),
                steps,
            }),
        }],
        unknown: 0,
        samples: 60,
    }
}

#[tokio::test]
async fn a_batch_becomes_a_score_update() {
    let world = World::new().await;
    let running = world.start();
    world.batch(1, 1, 0).await;
    world.counted(&world.config.scores, 1).await;
    running.drain().await;
    let updates = world.updates(&world.config.scores).await;
    let update = updates.values().next().unwrap();
    assert_eq!((update.session.batches, update.session.samples), (1, 60));
}

#[tokio::test]
async fn a_topic_that_was_made_anew_behind_the_scorers_back_stops_it() {
    let old = World::new().await;
    let running = old.start();
    for session in 0..20 {
        old.batch(session, 1, 0).await;
    }
    old.settled(&old.config).await;
    running.drain().await;

    // Shorter than the old one, and longer.
    for batches in [0, 5] {
        let anew = World::new().await;
        for session in 0..20 {
            for sequence in 0..batches {
                anew.batch(session, 1, sequence).await;
            }
        }
        let scorer = anew.scorer(&anew.config, old.snapshots.clone());
        let running = Running::start(scorer);
        let ended = tokio::time::timeout(WAIT_MAX, running.task).await;
        let refused = ended.expect("it stops").unwrap().unwrap_err();
        assert!(matches!(refused, ScorerError::OtherLog { .. }), "{refused}");
        assert!(anew.all(&anew.config.scores).await.is_empty());
    }
}

#[tokio::test]
async fn a_tick_brings_the_update_of_a_partition_that_fell_quiet() {
    let world = World::new().await;
    let running = world.start();
    for sequence in 0..5 {
        world.batch(1, 1, sequence).await;
    }
    world.counted(&world.config.scores, 5).await;
    running.drain().await;
    let ticks = world
        .all(&world.config.interactions)
        .await
        .into_iter()
        .filter(|p| {
            matches!(
                InteractionRecord::decode(p.clone()),
                Ok(InteractionRecord::Tick { .. })
            )
        })
        .count();
    assert_eq!(ticks, 1, "one is due, and no deadline, no tick");
}

#[tokio::test]
async fn an_unreadable_record_goes_to_the_dead_letters_with_its_bytes_and_origin() {
    let world = World::new().await;
    let running = world.start();
    world
        .append(b"x", Bytes::from_static(b"no record at all"))
        .await;
    world.batch(1, 1, 0).await;
    world.counted(&world.config.scores, 1).await;
    world.settled(&world.config).await;
    running.drain().await;
    let letters = world.all(&world.config.dead_letters).await;
    let letter = DeadLetter::decode(letters[0].clone()).unwrap();
    assert_eq!(&*letter.reason, "unreadable");
    assert_eq!(&letter.record[..], b"no record at all");
    assert_eq!((letters.len(), letter.origin.offset), (1, 0));
}

#[tokio::test]
async fn killing_it_at_any_moment_changes_no_update() {
    let world = World::new().await;
    for round in 0..12_u32 {
        let running = world.start();
        for session in 0..6_u8 {
            // Repeats, and one that comes before its predecessor.
            for sequence in [round * 3, round * 3 + 2, round * 3 + 1, round * 3] {
                world.batch(session, 1, sequence).await;
            }
        }
        if round % 3 == 0 {
            running.readiness.until_ready().await;
        }
        running.kill().await;
    }
    let running = world.start();
    world.counted(&world.config.scores, 6 * 36).await;
    world.settled(&world.config).await;
    running.drain().await;

    let beside = world.beside().await;
    let running = Running::start(world.scorer(&beside, Arc::new(InMemory::new())));
    world.counted(&beside.scores, 6 * 36).await;
    world.settled(&beside).await;
    running.drain().await;
    let (killed, once) = (
        world.updates(&world.config.scores).await,
        world.updates(&beside.scores).await,
    );
    assert_eq!(killed, once);
}

#[tokio::test]
async fn deleting_all_snapshots_changes_no_update() {
    let world = World::new().await;
    let running = world.start();
    for sequence in 0..10 {
        world.batch(1, 1, sequence).await;
        world.batch(2, 2, sequence).await;
    }
    world.counted(&world.config.scores, 20).await;
    world.settled(&world.config).await;
    running.drain().await;

    use futures_util::TryStreamExt;
    let paths: Vec<_> = world
        .snapshots
        .list(None)
        .map_ok(|meta| meta.location)
        .try_collect()
        .await
        .unwrap();
    assert!(!paths.is_empty(), "there were some to delete");
    for path in paths {
        world.snapshots.delete(&path).await.unwrap();
    }
    let running = world.start();
    world.batch(1, 1, 10).await;
    world.counted(&world.config.scores, 21).await;
    world.settled(&world.config).await;
    running.drain().await;

    let beside = world.beside().await;
    let running = Running::start(world.scorer(&beside, Arc::new(InMemory::new())));
    world.counted(&beside.scores, 21).await;
    running.drain().await;
    let (without, once) = (
        world.updates(&world.config.scores).await,
        world.updates(&beside.scores).await,
    );
    assert_eq!(without, once);
}

#[tokio::test]
async fn partitions_move_to_a_second_scorer_and_back_without_a_change() {
    let world = World::new().await;
    let first = world.start();
    let mut expected = 0;
    let mut second = None;
    for sequence in 0..30 {
        for session in 0..8 {
            world.batch(session, 1, sequence).await;
            expected += 1;
        }
        match sequence {
            10 => second = Some(world.start()),
            20 => second.take().expect("it joined").drain().await,
            _ => {}
        }
    }
    world.counted(&world.config.scores, expected).await;
    world.settled(&world.config).await;
    first.drain().await;

    let beside = world.beside().await;
    let running = Running::start(world.scorer(&beside, Arc::new(InMemory::new())));
    world.counted(&beside.scores, expected).await;
    running.drain().await;
    assert_eq!(
        world.updates(&world.config.scores).await,
        world.updates(&beside.scores).await
    );
}

#[tokio::test]
async fn published_rules_score_the_later_records_of_their_property_alone() {
    let world = World::new().await;
    let running = world.start();
    world.batch_of("shop", 1, 1, 0).await;
    world.batch_of("blog", 2, 2, 0).await;
    world.counted(&world.config.scores, 2).await;
    world.publish("shop", 7).await;
    world.publish("shop", 6).await;
    world.batch_of("shop", 1, 1, 1).await;
    world.batch_of("blog", 2, 2, 1).await;
    world.counted(&world.config.scores, 4).await;
    running.drain().await;
    assert_eq!(world.rules_of(1).await, [(1, 0, false), (2, 7, true)]);
    assert_eq!(world.rules_of(2).await, [(1, 0, false), (2, 0, false)]);
}

#[tokio::test]
async fn rules_take_effect_at_one_offset_whatever_is_killed() {
    let world = World::new().await;
    for round in 0..8_u32 {
        let running = world.start();
        for session in 0..6_u8 {
            let property = ["shop", "blog"][usize::from(session % 2)];
            world.batch_of(property, session, 1, round * 2).await;
            if session == 3 {
                world.publish("shop", u64::from(round) + 1).await;
            }
            world.batch_of(property, session, 1, round * 2 + 1).await;
        }
        if round % 3 == 0 {
            running.readiness.until_ready().await;
        }
        running.kill().await;
    }
    let running = world.start();
    world.counted(&world.config.scores, 6 * 16).await;
    world.settled(&world.config).await;
    running.drain().await;

    let beside = world.beside().await;
    let running = Running::start(world.scorer(&beside, Arc::new(InMemory::new())));
    world.counted(&beside.scores, 6 * 16).await;
    world.settled(&beside).await;
    running.drain().await;
    let (killed, once) = (
        world.updates(&world.config.scores).await,
        world.updates(&beside.scores).await,
    );
    assert_eq!(killed, once);
    let numbers: BTreeSet<u64> = once.values().map(|update| update.session.rules).collect();
    assert!(numbers.len() > 2, "{numbers:?}");
}

#[tokio::test]
async fn a_control_record_that_does_not_fit_its_hash_harms_nothing() {
    let world = World::new().await;
    let running = world.start();
    for partition in 0..PARTITIONS {
        let mut torn = control(now_ms(), "shop", 7);
        torn.hash[0] ^= 1;
        world.append_to(partition, torn).await;
    }
    world.batch(1, 1, 0).await;
    world.counted(&world.config.scores, 1).await;
    world.settled(&world.config).await;
    running.drain().await;
    assert_eq!(world.rules_of(1).await, [(1, 0, false)]);
    let letters = world.all(&world.config.dead_letters).await;
    assert_eq!(letters.len(), 4);
    let letter = DeadLetter::decode(letters[0].clone()).unwrap();
    assert!(letter.detail.contains("hash"), "{}", letter.detail);
}

#[tokio::test]
async fn the_owner_of_a_partition_repeats_rules_that_were_told_a_day_ago() {
    const DAY_AND_HOUR_MS: i64 = 25 * 3_600_000;
    let world = World::new().await;
    let told = control(now_ms() - DAY_AND_HOUR_MS, "shop", 7);
    world.append_to(2, told.clone()).await;
    let running = world.start();
    let topic = Topic::new(&world.config.interactions);
    until("the rules are told again", async || {
        world.log.bounds(&topic, Partition(2)).await.unwrap().end == Offset(2)
    })
    .await;
    world.settled(&world.config).await;
    running.drain().await;
    let records = world.all(&world.config.interactions).await;
    assert_eq!(records.len(), 2, "once, and only there");
    let InteractionRecord::Control(repeat) = InteractionRecord::decode(records[1].clone()).unwrap()
    else {
        panic!("a tick has no reason");
    };
    let at_ms = repeat.at_ms;
    assert!(at_ms > told.at_ms);
    assert_eq!(repeat, Control { at_ms, ..told });
}

#[tokio::test]
async fn another_fold_version_begins_with_the_rules_that_a_snapshot_tells() {
    let world = World::new().await;
    world.publish("shop", 7).await;
    let running = world.start();
    world.batch(1, 1, 0).await;
    world.counted(&world.config.scores, 1).await;
    world.settled(&world.config).await;
    running.drain().await;

    // As if another version had written them.
    use futures_util::TryStreamExt;
    let listed = world.snapshots.list(None).map_ok(|meta| meta.location);
    let paths: Vec<_> = listed.try_collect().await.unwrap();
    assert!(!paths.is_empty(), "a drain writes snapshots");
    for path in paths {
        let mut parts: Vec<_> = path.parts().collect();
        *parts.last_mut().unwrap() = "999999".into();
        let other = parts.into_iter().collect();
        world.snapshots.rename(&path, &other).await.unwrap();
    }
    let running = world.start();
    world.batch(1, 1, 1).await;
    world.batch(2, 2, 0).await;
    world.counted(&world.config.scores, 3).await;
    running.drain().await;
    assert_eq!(world.rules_of(1).await, [(1, 7, true), (2, 7, true)]);
    assert_eq!(world.rules_of(2).await, [(1, 7, true)]);
}
