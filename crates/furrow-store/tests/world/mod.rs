//! A real engine for the tests of one binary, and sample outputs.
#![allow(dead_code, unreachable_pub)] // Each binary uses a part of it.
#![allow(clippy::unwrap_used)] // It is all tests.

use furrow_core::ids::{
    Epoch, Origin, Property, SenderId, SessionId, SessionKey, TargetHash, Tenant, VisitorId,
};
use furrow_core::interaction::DeviceClass;
use furrow_core::output::{
    Contributor, ConversionSeen, Measured, PageViewScore, RunningScores, ScoreUpdate, Scores,
    SessionScore, SessionStatus, SignalFiring,
};
use furrow_core::time::LogTime;
use furrow_store::engine::{Account, MEMORY_BYTES_MAX_DEFAULT, START_TIMEOUT_DEFAULT, child_main};
use furrow_store::{ArchivedBatch, Block, Database, Engine, EngineSettings, Entry, Store};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex, Weak};
use std::time::{Duration, Instant, SystemTime};
use tempfile::TempDir;

/// How many databases the tests of one binary may use.
const DATABASES: usize = 40;
/// How long a test waits for what must come.
pub const BOUND: Duration = Duration::from_secs(60);

/// An hour ago, ms since 1970: what lies further back the tables let go.
pub fn noon() -> i64 {
    static NOON: LazyLock<i64> = LazyLock::new(|| {
        let now = SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap();
        i64::try_from(now.as_millis()).unwrap() - 3_600_000
    });
    *NOON
}

/// Not a test: the engine's process is this binary, asked for this one test.
#[test]
fn engine_child() {
    let arguments: Vec<_> = std::env::args_os()
        .skip_while(|a| a != "--")
        .skip(1)
        .collect();
    if let [_, library, _, data, _, config] = &arguments[..] {
        child_main(Path::new(library), Path::new(data), Path::new(config));
    }
}

pub fn library() -> PathBuf {
    let cache = std::env::var_os("FURROW_CACHE")
        .map(PathBuf::from)
        .unwrap_or_else(|| {
            std::env::var_os("XDG_CACHE_HOME")
                .map(PathBuf::from)
                .unwrap_or_else(|| PathBuf::from(std::env::var_os("HOME").unwrap()).join(".cache"))
                .join("furrow")
        });
    cache.join("engine/26.7.3-stable.1/libchdb.so")
}

pub fn settings(data_dir: &Path, databases: &[&str]) -> EngineSettings {
    EngineSettings {
        library: library(),
        data_dir: data_dir.to_owned(),
        program: std::env::current_exe().unwrap(),
        arguments: [
            "world::engine_child",
            "--exact",
            "--nocapture",
            "--test-threads=1",
            "--",
        ]
        .map(Into::into)
        .into(),
        http_port: 0,
        databases: databases.iter().map(|d| d.parse().unwrap()).collect(),
        memory_bytes_max: MEMORY_BYTES_MAX_DEFAULT,
        start_timeout: START_TIMEOUT_DEFAULT,
    }
}

/// The engine that the tests of this binary share while any of them runs.
pub struct Shared {
    engine: Option<Engine>,
    dir: TempDir,
}

static SHARED: Mutex<Weak<Shared>> = Mutex::new(Weak::new());
static NEXT: AtomicUsize = AtomicUsize::new(0);

impl Shared {
    fn get() -> Arc<Shared> {
        let mut shared = SHARED.lock().unwrap_or_else(|e| e.into_inner());
        shared.upgrade().unwrap_or_else(|| {
            let dir = TempDir::new().unwrap();
            let names: Vec<String> = (0..DATABASES).map(|n| format!("test_{n}")).collect();
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let settings = settings(dir.path(), &names);
            let engine = apart(Engine::start(settings)).unwrap();
            let fresh = Arc::new(Shared {
                engine: Some(engine),
                dir,
            });
            *shared = Arc::downgrade(&fresh);
            fresh
        })
    }

    pub fn engine(&self) -> &Engine {
        self.engine.as_ref().unwrap()
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        let engine = self.engine.take().unwrap();
        apart(engine.shutdown());
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

/// A database of its own on the shared engine.
pub struct World {
    pub shared: Arc<Shared>,
    pub database: Database,
    pub writer: Store,
    pub reader: Store,
}

impl World {
    pub fn empty() -> World {
        let shared = Shared::get();
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        assert!(number < DATABASES, "raise DATABASES");
        let database: Database = format!("test_{number}").parse().unwrap();
        let store =
            |account| Store::connect(&shared.engine().connection(account, &database)).unwrap();
        let (writer, reader) = (store(Account::Writer), store(Account::Reader));
        World {
            shared,
            database,
            writer,
            reader,
        }
    }

    pub async fn migrated() -> World {
        let world = World::empty();
        world.writer.migrate().await.unwrap();
        world
    }

    /// Inserts the rows of `updates` under a token of their own.
    pub async fn insert(&self, updates: &[ScoreUpdate], token: &str) {
        let mut block = Block::default();
        updates.iter().for_each(|u| block.push(u));
        insert(&self.writer, &block, token).await;
    }

    /// The reader's answer to `sql` without a header.
    pub async fn read(&self, sql: &str) -> String {
        read(&self.reader, sql).await
    }

    pub async fn write(&self, sql: &str) -> String {
        read(&self.writer, sql).await
    }
}

pub async fn insert(store: &Store, block: &Block, token: &str) {
    store.insert(&block.signals, token).await.unwrap();
    store.insert(&block.page_views, token).await.unwrap();
    store.insert(&block.conversions, token).await.unwrap();
    store.insert(&block.sessions, token).await.unwrap();
}

pub async fn read(store: &Store, sql: &str) -> String {
    let bytes = store.sql(sql, "TSV").unwrap().collect().await.unwrap();
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// ClickHouse's number of the exception that `sql` ends in.
pub async fn refusal(store: &Store, sql: &str) -> Option<u32> {
    match store.sql(sql, "TSV") {
        Ok(output) => output.collect().await.unwrap_err().code(),
        Err(error) => error.code(),
    }
}

/// Looks until `look` gives something, for [`BOUND`] at most.
pub async fn eventually<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(seen) = look().await {
            return seen;
        }
        assert!(began.elapsed() < BOUND, "{what} does not come");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

pub fn key(number: u8) -> SessionKey {
    let mut id = [number; 16];
    id[..6].copy_from_slice(&u64::try_from(noon()).unwrap().to_be_bytes()[2..]);
    id[6] = 0x70;
    id[8] = 0x80;
    SessionKey {
        session: SessionId(id),
        tenant: Tenant("demo".into()),
        property: Property("shop".into()),
    }
}

pub fn origin(offset: u64) -> Origin {
    Origin {
        epoch: Epoch(3),
        partition: 5,
        offset,
    }
}

/// A session with two signals, two page views and one conversion, no two
/// values of which are alike.
pub fn update(number: u8, offset: u64) -> ScoreUpdate {
    ScoreUpdate {
        origin: origin(offset),
        session: SessionScore {
            key: key(number),
            visitor: Some(VisitorId([0xab; 16])),
            status: SessionStatus::Open,
            first_record: LogTime(noon()),
            last_record: LogTime(noon() + 61_001),
            started_ms: noon() - 1_234,
            last_interaction_ms: noon() + 60_123,
            device: DeviceClass::Phone,
            os: "Android".into(),
            browser: "Chrome".into(),
            automated: true,
            entry_path: "/".into(),
            exit_path: "/checkout?'\\\t\"ü".into(),
            batches: 7,
            interactions: 210,
            samples: 12_345_678_901,
            presses: 31,
            gaps: 1,
            reordered: 2,
            unknown: 3,
            senders: 4,
            engaged_ms: 45_678,
            scroll_depth_milli: 873,
            signals: 2,
            page_views: 2,
            conversions: 1,
            scored: true,
            scores: Scores {
                frustration: 7_321,
                confusion: 3_003,
                engagement: 4_999,
                navigation: 1_234,
                form: 2,
                technical: 1,
                exit_risk: 9_999,
                experience: 10_000,
            },
            running: RunningScores {
                frustration: 6_543,
                confusion: 2_961,
                engagement: 3,
                navigation: 4,
                form: 5,
                technical: 6,
                exit_risk: 8_765,
            },
            confidence_milli: 789,
            contributors: vec![
                contributor("rage_press", "frustration", 2, 667),
                contributor("dead_press", "frustration", 1, 333),
            ],
            measures: vec![
                measured("path_px", 12_345.678_9),
                measured("straightness_ratio", 0.1),
                measured("area_ratio", -1e-300),
            ],
            fold_version: 9,
            rules: u64::MAX,
        },
        signals: vec![signal(0, noon() + 10_000), signal(1, noon() + 20_500)],
        page_views: vec![page_view(0, "/"), page_view(1, "/checkout")],
        conversions: vec![conversion(0, "order-1", noon() + 59_000)],
    }
}

fn contributor(
    signal: &'static str,
    score: &'static str,
    count: u32,
    share_milli: u16,
) -> Contributor {
    let text = format!("{signal}, {count} times");
    Contributor {
        signal: signal.into(),
        score: score.into(),
        count,
        share_milli,
        text: text.into(),
    }
}

fn measured(measure: &'static str, value: f64) -> Measured {
    Measured {
        measure: measure.into(),
        value,
    }
}

pub fn signal(ordinal: u32, at_ms: i64) -> SignalFiring {
    SignalFiring {
        ordinal,
        signal: "rage_press".into(),
        at_ms,
        duration_ms: 812,
        page_view: (ordinal == 0).then_some(1),
        path: "/checkout".into(),
        target: (ordinal == 0).then_some(TargetHash(0xfedc_ba98_7654_3210)),
        selector: "button#pay".into(),
        label: "Pay".into(),
        position: (-3, 444),
        intensity_milli: 901,
        evidence_count: 4,
        evidence_at: vec![0, 200, 401, 812],
        reason: "4 presses in 812 ms".into(),
        rule_version: 2,
    }
}

pub fn page_view(ordinal: u32, path: &str) -> PageViewScore {
    PageViewScore {
        ordinal,
        path: path.into(),
        group: "pages".into(),
        started_ms: noon() + i64::from(ordinal),
        last_interaction_ms: noon() + 5_000,
        engaged_ms: 4_321,
        scroll_depth_milli: 512,
        presses: 5,
        interactions: 66,
        samples: 9_876_543_210,
        scored: true,
        scores: Scores {
            frustration: 10,
            confusion: 11,
            engagement: 20,
            navigation: 21,
            form: 22,
            technical: 30,
            exit_risk: 31,
            experience: 40,
        },
        running: RunningScores {
            frustration: 50,
            confusion: 51,
            engagement: 52,
            navigation: 53,
            form: 54,
            technical: 55,
            exit_risk: 56,
        },
        confidence_milli: 567,
        contributors: vec![contributor("thrash", "confusion", 3, 1_000)],
        measures: vec![measured("jerk_log", f64::from(ordinal) + 0.25)],
    }
}

pub fn conversion(ordinal: u32, order_id: &str, at_ms: i64) -> ConversionSeen {
    ConversionSeen {
        ordinal,
        order_id: order_id.into(),
        kind: "purchase".into(),
        at_ms,
        value_minor: -12_345,
        currency: "EUR".into(),
        page_view: Some(1),
        frustration: 2_222,
    }
}

pub fn batch(number: u8, sequence: u32, offset: u64, payload: &[u8]) -> ArchivedBatch {
    ArchivedBatch {
        key: key(number),
        sender: SenderId([1, 2, 3, 0, 0xff, 6, 7, 8]),
        sequence,
        visitor: None,
        origin: origin(offset),
        appended: LogTime(noon() + 777),
        received_ms: noon() + 770,
        entry: Entry::Beacon,
        payload: payload.to_vec().into(),
    }
}
