//! A log, a database of its own on a shared engine, a gate between, and sinks.

use crate::gate::Gate;
use bytes::Bytes;
use furrow_core::control::Scope;
use furrow_core::ids::{
    Epoch, Origin, Property, SenderId, SessionId, SessionKey, TargetHash, Tenant, VisitorId,
};
use furrow_core::interaction::{Batch, DeviceClass, Page};
use furrow_core::output::{
    ConversionSeen, PageViewScore, RunningScores, ScoreUpdate, Scores, SessionScore, SessionStatus,
    SignalFiring,
};
use furrow_core::time::{ClientTime, LogTime};
use furrow_log::{EmbeddedSettings, Log, Offset, Partition, ReadLimit, Topic, TopicPlan};
use furrow_proto::encode_batch;
use furrow_proto::record::{
    BatchRecord, ClientFacts, Control, DeadLetter, Entry, InteractionRecord, encode_score_update,
};
use furrow_service::lag::Gauges;
use furrow_service::observe::Readiness;
use furrow_sink::{Config, Metrics, SinkError};
use furrow_store::engine::{Account, MEMORY_BYTES_MAX_DEFAULT, START_TIMEOUT_DEFAULT};
use furrow_store::{Connection, Engine, EngineSettings, Store};
use prometheus_client::registry::Registry;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// How many databases the tests of this binary may use.
const DATABASES: usize = 20;
/// How long a test waits for what must come.
const BOUND: Duration = Duration::from_secs(60);
/// A day in November 2025, ms since 1970.
const NOON: i64 = 1_763_500_000_000;
pub(crate) const EPOCH: Epoch = Epoch(3);
const PARTITIONS: u32 = 3;

/// The engine that the tests share while any of them runs.
struct Shared {
    engine: Option<Engine>,
    _dir: TempDir,
}

static SHARED: Mutex<Weak<Shared>> = Mutex::new(Weak::new());
static NEXT: AtomicUsize = AtomicUsize::new(0);

impl Shared {
    fn get() -> Arc<Shared> {
        let mut shared = SHARED.lock().unwrap_or_else(|e| e.into_inner());
        shared.upgrade().unwrap_or_else(|| {
            let dir = TempDir::new().unwrap();
            let engine = apart(Engine::start(settings(dir.path().to_owned()))).unwrap();
            let fresh = Arc::new(Shared {
                engine: Some(engine),
                _dir: dir,
            });
            *shared = Arc::downgrade(&fresh);
            fresh
        })
    }

    fn engine(&self) -> &Engine {
        self.engine.as_ref().unwrap()
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        let engine = self.engine.take().unwrap();
        apart(engine.shutdown());
    }
}

fn settings(data_dir: PathBuf) -> EngineSettings {
    let var = |name: &str| std::env::var_os(name).map(PathBuf::from);
    let cache = var("FURROW_CACHE")
        .or_else(|| Some(var("XDG_CACHE_HOME")?.join("furrow")))
        .or_else(|| Some(var("HOME")?.join(".cache/furrow")))
        .unwrap();
    EngineSettings {
        library: cache.join("engine/26.7.3-stable.1/libchdb.so"),
        data_dir,
        program: std::env::current_exe().unwrap(),
        arguments: [
            "engine_child",
            "--exact",
            "--nocapture",
            "--test-threads=1",
            "--",
        ]
        .map(Into::into)
        .into(),
        http_port: 0,
        databases: (0..DATABASES)
            .map(|n| format!("test_{n}").parse().unwrap())
            .collect(),
        memory_bytes_max: MEMORY_BYTES_MAX_DEFAULT,
        start_timeout: START_TIMEOUT_DEFAULT,
    }
}

/// Runs a future to its end from inside or outside a runtime.
fn apart<T: Send + 'static>(future: impl Future<Output = T> + Send + 'static) -> T {
    let run = || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        runtime.unwrap().block_on(future)
    };
    std::thread::spawn(run).join().unwrap()
}

pub(crate) struct Topics {
    pub(crate) scores: Topic,
    pub(crate) interactions: Topic,
    dead_letters: Topic,
}

pub(crate) struct World {
    pub(crate) gate: Gate,
    pub(crate) topics: Topics,
    pub(crate) readiness: Readiness,
    log: Log,
    direct: Store,
    /// The writer, through the gate.
    gated: Store,
    metrics: Metrics,
    registry: Registry,
    _shared: Arc<Shared>,
    _dir: TempDir,
}

/// A sink that runs.
pub(crate) struct Running {
    task: JoinHandle<Result<(), SinkError>>,
    token: CancellationToken,
}

/// As in the guide, but quicker.
pub(crate) fn config() -> Config {
    Config {
        linger_ms: 5,
        flush_after_ms: 20,
        retry_min_ms: 10,
        retry_max_ms: 100,
        ..Config::default()
    }
}

impl World {
    pub(crate) async fn new() -> World {
        let shared = tokio::task::spawn_blocking(Shared::get).await.unwrap();
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        assert!(number < DATABASES, "raise DATABASES");
        let database = format!("test_{number}").parse().unwrap();
        let connection = shared.engine().connection(Account::Writer, &database);
        let direct = Store::connect(&connection).unwrap();
        direct.migrate().await.unwrap();
        let gate = Gate::before(shared.engine().http_port()).await;
        let gated = Store::connect(&Connection {
            url: gate.url(),
            ..connection
        });

        let dir = TempDir::new().unwrap();
        let log = Log::open(dir.path(), EmbeddedSettings::default()).unwrap();
        let config = Config::default();
        let topics = Topics {
            scores: Topic::new(&config.scores_topic),
            interactions: Topic::new(&config.interactions_topic),
            dead_letters: Topic::new(&config.dead_letters_topic),
        };
        for topic in [&topics.scores, &topics.interactions] {
            log.create_topic(topic, &TopicPlan::of(PARTITIONS))
                .await
                .unwrap();
        }
        log.create_topic(&topics.dead_letters, &TopicPlan::of(1))
            .await
            .unwrap();
        let mut registry = Registry::default();
        let lag = Gauges::register(&mut registry);
        World {
            gate,
            topics,
            readiness: Readiness::new("sink"),
            log,
            direct,
            gated: gated.unwrap(),
            metrics: Metrics::register(&mut registry, lag),
            registry,
            _shared: shared,
            _dir: dir,
        }
    }

    pub(crate) fn start(&self) -> Running {
        self.start_with(config())
    }

    pub(crate) fn start_with(&self, config: Config) -> Running {
        let token = CancellationToken::new();
        let task = tokio::spawn(furrow_sink::run(
            config,
            EPOCH,
            self.log.clone(),
            self.gated.clone(),
            self.metrics.clone(),
            self.readiness.clone(),
            token.clone(),
        ));
        Running { task, token }
    }

    pub(crate) async fn append_raw(&self, topic: &Topic, payload: &[u8]) {
        let payload = Bytes::copy_from_slice(payload);
        self.log
            .append(topic, b"raw", payload)
            .unwrap()
            .await
            .unwrap();
    }

    pub(crate) async fn append(&self, update: &ScoreUpdate) {
        let key = update.session.key.session.0;
        let payload = encode_score_update(update);
        let receipt = self.log.append(&self.topics.scores, &key, payload);
        receipt.unwrap().await.unwrap();
    }

    pub(crate) async fn append_update(&self, number: u8) {
        self.append(&update(number)).await;
    }

    /// An empty batch, followed by `bytes`.
    pub(crate) async fn append_batch(&self, number: u8, sequence: u32, bytes: &[u8]) {
        let session = session(number);
        let mut batch = encode_batch(&Batch {
            session,
            visitor: Some(VisitorId([9; 16])),
            sender: SenderId([number; 8]),
            sequence,
            origin: ClientTime(NOON),
            sent: ClientTime(NOON + 1_000),
            page: Page::default(),
            device: None,
            targets: Vec::new(),
            interactions: Vec::new(),
            unknown: 0,
            samples: 0,
        });
        batch.extend(bytes);
        let record = InteractionRecord::Batch(BatchRecord {
            tenant: Tenant("demo".into()),
            property: Property("shop".into()),
            received_ms: NOON + 1_050,
            entry: Entry::Publish,
            client: ClientFacts::default(),
            batch: batch.into(),
        });
        let receipt = self
            .log
            .append(&self.topics.interactions, &session.0, record.encode());
        receipt.unwrap().await.unwrap();
    }

    pub(crate) async fn append_rules(&self, number: u64) {
        let scope = Scope {
            tenant: Tenant("demo".into()),
            property: None,
        };
        let control = Control::new(1, scope, number, Bytes::from_static(b"{}"));
        let record = InteractionRecord::Control(control).encode();
        self.append_raw(&self.topics.interactions, &record).await;
    }

    pub(crate) async fn append_tick(&self) {
        let tick = InteractionRecord::Tick { at_ms: NOON };
        self.append_raw(&self.topics.interactions, &tick.encode())
            .await;
    }

    /// The database's answer, past the gate.
    pub(crate) async fn read(&self, sql: &str) -> String {
        let output = self.direct.sql(sql, "TSV").unwrap();
        String::from_utf8(output.collect().await.unwrap().to_vec()).unwrap()
    }

    pub(crate) async fn until(&self, sql: &str, expected: &str) {
        let mut seen = String::new();
        let looked = tokio::time::timeout(BOUND, async {
            while seen != expected {
                seen = self.read(sql).await;
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        })
        .await;
        assert!(looked.is_ok(), "{sql}: {seen:?}, not {expected:?}");
    }

    /// Brings in one update and one batch, so that the sink knows the tables.
    pub(crate) async fn warm_up(&self) {
        self.append_update(0).await;
        self.append_batch(0, 0, b"").await;
        self.until_committed().await;
    }

    /// How far the group has committed, over all partitions; none before the
    /// first commit.
    pub(crate) async fn committed(&self) -> Option<u64> {
        let mut all = None;
        for (topic, partition) in self.places() {
            let committed = self.log.committed("sink", topic, partition).await;
            if let Some(offset) = committed.unwrap() {
                all = Some(all.unwrap_or(0) + offset.0);
            }
        }
        all
    }

    /// What the sink reads.
    fn places(&self) -> impl Iterator<Item = (&Topic, Partition)> {
        let topics = [&self.topics.scores, &self.topics.interactions];
        topics
            .into_iter()
            .flat_map(|topic| (0..PARTITIONS).map(move |p| (topic, Partition(p))))
    }

    /// Waits until every record is committed.
    pub(crate) async fn until_committed(&self) {
        let mut ends = 0;
        for (topic, partition) in self.places() {
            ends += self.log.bounds(topic, partition).await.unwrap().end.0;
        }
        eventually("all is committed", async || {
            (self.committed().await.unwrap_or(0) == ends).then_some(())
        })
        .await;
    }

    pub(crate) async fn dead_letters(&self) -> Vec<DeadLetter> {
        let topic = &self.topics.dead_letters;
        let from = Offset(0);
        let read = self
            .log
            .read(topic, Partition(0), from, ReadLimit::default());
        let stored = read.await.unwrap();
        let letters = stored.into_iter().map(|s| DeadLetter::decode(s.payload));
        letters.map(Result::unwrap).collect()
    }

    /// The metric `furrow_sink_rows_pending`.
    pub(crate) fn rows_pending(&self) -> Option<u64> {
        let text = self.metrics();
        let line = text
            .lines()
            .find_map(|l| l.strip_prefix("furrow_sink_rows_pending "))?;
        Some(line.parse().expect("a gauge of whole rows"))
    }

    pub(crate) fn metrics(&self) -> String {
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &self.registry).unwrap();
        text
    }
}

impl Running {
    /// Tells it to end, and waits until it has.
    pub(crate) async fn stop(self) {
        self.token.cancel();
        self.ended().await.unwrap();
    }

    /// As if the process had been killed.
    pub(crate) async fn abort(self) {
        self.task.abort();
        assert!(self.task.await.unwrap_err().is_cancelled());
    }

    pub(crate) async fn ended(self) -> Result<(), SinkError> {
        let ended = tokio::time::timeout(BOUND, self.task).await;
        ended.expect("it ends in time").unwrap()
    }
}

/// Looks until `look` gives something, for [`BOUND`] at most.
pub(crate) async fn eventually<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(seen) = look().await {
            return seen;
        }
        assert!(began.elapsed() < BOUND, "{what}: it does not come");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

fn session(number: u8) -> SessionId {
    let mut id = [number; 16];
    id[..6].copy_from_slice(&NOON.to_be_bytes()[2..]);
    id[6] = 0x70;
    id[8] = 0x80;
    SessionId(id)
}

/// A session with two signals, one page view and one conversion: five rows.
pub(crate) fn update(number: u8) -> ScoreUpdate {
    ScoreUpdate {
        origin: Origin {
            epoch: EPOCH,
            partition: 0,
            offset: 100 + u64::from(number),
        },
        session: SessionScore {
            key: SessionKey {
                session: session(number),
                tenant: Tenant("demo".into()),
                property: Property("shop".into()),
            },
            visitor: None,
            status: SessionStatus::Open,
            first_record: LogTime(NOON),
            last_record: LogTime(NOON + 60_000),
            started_ms: NOON,
            last_interaction_ms: NOON + 60_000,
            device: DeviceClass::Desktop,
            os: "Linux".into(),
            browser: "Firefox".into(),
            automated: false,
            entry_path: "/".into(),
            exit_path: "/cart".into(),
            batches: 3,
            interactions: 50,
            samples: 600,
            presses: 7,
            gaps: 0,
            reordered: 0,
            unknown: 0,
            senders: 1,
            engaged_ms: 40_000,
            scroll_depth_milli: 700,
            signals: 2,
            page_views: 1,
            conversions: 1,
            scored: true,
            scores: Scores::default(),
            running: RunningScores::default(),
            confidence_milli: 500,
            contributors: Vec::new(),
            measures: Vec::new(),
            fold_version: 1,
            rules: 0,
        },
        signals: vec![signal(0), signal(1)],
        page_views: vec![PageViewScore {
            ordinal: 0,
            path: "/".into(),
            group: "home".into(),
            started_ms: NOON,
            last_interaction_ms: NOON + 60_000,
            engaged_ms: 40_000,
            scroll_depth_milli: 700,
            presses: 7,
            interactions: 50,
            samples: 600,
            scored: true,
            scores: Scores::default(),
            running: RunningScores::default(),
            confidence_milli: 500,
            contributors: Vec::new(),
            measures: Vec::new(),
        }],
        conversions: vec![ConversionSeen {
            ordinal: 0,
            order_id: format!("order-{number}").into(),
            kind: "purchase".into(),
            at_ms: NOON + 59_000,
            value_minor: 4_999,
            currency: "EUR".into(),
            page_view: Some(0),
            frustration: 0,
        }],
    }
}

fn signal(ordinal: u32) -> SignalFiring {
    SignalFiring {
        ordinal,
        signal: "rage_press".into(),
        at_ms: NOON + 1_000,
        duration_ms: 800,
        page_view: Some(0),
        path: "/".into(),
        target: Some(TargetHash(7)),
        selector: "button#pay".into(),
        label: "Pay".into(),
        position: (10, 20),
        intensity_milli: 900,
        evidence_count: 4,
        evidence_at: vec![0, 200, 400, 800],
        reason: "4 presses".into(),
        rule_version: 1,
    }
}
