//! A scorer on an embedded log, and what is sent to it.

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
    BatchRecord, ClientFacts, Control, Entry, InteractionRecord, decode_score_update,
};
use furrow_proto::rules::encode_rules;
use furrow_scorer::{Config, Metrics, Scorer, ScorerError};
use furrow_service::lag::Gauges;
use furrow_service::observe::Readiness;
use object_store::ObjectStore;
use object_store::memory::InMemory;
use prometheus_client::registry::Registry;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// By session, and where it came from.
pub(crate) type Updates = BTreeMap<(String, u64, u32), ScoreUpdate>;

pub(crate) const PARTITIONS: u32 = 4;
pub(crate) const WAIT_MAX: Duration = Duration::from_secs(30);

pub(crate) struct World {
    pub(crate) log: Log,
    pub(crate) config: Config,
    pub(crate) snapshots: Arc<InMemory>,
    _dir: tempfile::TempDir,
}

impl World {
    pub(crate) async fn new() -> World {
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
    pub(crate) async fn beside(&self) -> Config {
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

    pub(crate) fn scorer(&self, config: &Config, snapshots: Arc<dyn ObjectStore>) -> Scorer {
        Scorer {
            config: config.clone(),
            log: self.log.clone(),
            snapshots,
            epoch: Epoch(1),
            metrics: Metrics::register(&mut Registry::default(), Gauges::default()),
            readiness: Readiness::new("scorer"),
        }
    }

    pub(crate) fn start(&self) -> Running {
        Running::start(self.scorer(&self.config, self.snapshots.clone()))
    }

    pub(crate) async fn batch(&self, session: u8, sender: u8, sequence: u32) {
        self.batch_of("shop", session, sender, sequence).await;
    }

    pub(crate) async fn batch_of(&self, property: &str, session: u8, sender: u8, sequence: u32) {
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
    pub(crate) async fn publish(&self, property: &str, number: u64) {
        for partition in 0..PARTITIONS {
            self.append_to(partition, control(now_ms(), property, number))
                .await;
        }
    }

    pub(crate) async fn append_to(&self, partition: u32, control: Control) {
        let topic = Topic::new(&self.config.interactions);
        let record = InteractionRecord::Control(control).encode();
        let appended = self
            .log
            .append_to(&topic, Partition(partition), &[], record);
        appended.unwrap().await.unwrap();
    }

    /// Which rules each of a session's updates was scored under.
    pub(crate) async fn rules_of(&self, session: u8) -> Vec<(u32, u64, bool)> {
        let updates = self.updates(&self.config.scores).await.into_values();
        updates
            .filter(|update| update.session.key.session == session_id(session))
            .map(|update| {
                let session = update.session;
                (session.batches, session.rules, session.scored)
            })
            .collect()
    }

    pub(crate) async fn append(&self, key: &[u8], record: Bytes) {
        let topic = Topic::new(&self.config.interactions);
        self.log.append(&topic, key, record).unwrap().await.unwrap();
    }

    pub(crate) async fn all(&self, topic: &str) -> Vec<Bytes> {
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
    /// Runs on until so many batches are counted, and then one scorer beside over
    /// the same log, from its beginning and undisturbed: both said the same.
    pub(crate) async fn as_in_one_pass(&self, batches: u32) -> Updates {
        let beside = self.beside().await;
        let once = self.scorer(&beside, Arc::new(InMemory::new()));
        for (config, running) in [
            (&self.config, self.start()),
            (&beside, Running::start(once)),
        ] {
            self.counted(&config.scores, batches).await;
            self.settled(config).await;
            running.drain().await;
        }
        let updates = self.updates(&self.config.scores).await;
        assert_eq!(updates, self.updates(&beside.scores).await);
        updates
    }

    pub(crate) async fn updates(&self, topic: &str) -> Updates {
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
    pub(crate) async fn settled(&self, config: &Config) {
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
    pub(crate) async fn counted(&self, topic: &str, batches: u32) {
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

pub(crate) struct Running {
    pub(crate) token: CancellationToken,
    pub(crate) readiness: Readiness,
    pub(crate) task: JoinHandle<Result<(), ScorerError>>,
}

impl Running {
    pub(crate) fn start(scorer: Scorer) -> Running {
        let token = CancellationToken::new();
        let readiness = scorer.readiness.clone();
        let task = tokio::spawn(scorer.run(token.clone()));
        Running {
            token,
            readiness,
            task,
        }
    }

    pub(crate) async fn drain(self) {
        self.token.cancel();
        self.task.await.unwrap().unwrap();
    }

    /// As if the process had been killed.
    pub(crate) async fn kill(self) {
        self.task.abort();
        assert!(self.task.await.unwrap_err().is_cancelled());
    }
}

pub(crate) async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let begun = Instant::now();
    while !holds().await {
        assert!(
            begun.elapsed() < WAIT_MAX,
            "not within {WAIT_MAX:?}: {what}"
        );
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

pub(crate) fn now_ms() -> i64 {
    let since = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap();
    i64::try_from(since.as_millis()).unwrap()
}

pub(crate) fn session_id(session: u8) -> SessionId {
    SessionId([0, 0, 0, 0, 0, 0, 0x70, 0, 0x80, 0, 0, 0, 0, 0, 0, session])
}

pub(crate) fn control(at_ms: i64, property: &str, number: u64) -> Control {
    let mut rules = RuleSet::default();
    rules.scores.evidence_min_interactions = 0;
    rules.scores.evidence_min_ms = 0;
    let scope = Scope {
        tenant: Tenant("demo".into()),
        property: Some(Property(property.into())),
    };
    Control::new(at_ms, scope, number, encode_rules(&rules))
}

pub(crate) fn batch(session: u8, sender: u8, sequence: u32) -> Batch {
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
