//! What only the embedded log has: a folder, segments, retention by them, settings.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test fails by panicking"
)]

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use furrow_log::{
    AppendError, Appended, Clock, EmbeddedSettings, Log, Offset, OpenError, Partition, ReadLimit,
    Stored, Topic, TopicPlan,
};
use proptest::prelude::*;

const PATIENCE: Duration = Duration::from_secs(30);

fn topic() -> Topic {
    Topic::new("t")
}

async fn put(log: &Log, partition: u32, payload: Vec<u8>) -> Appended {
    let receipt = log
        .append_to(&topic(), Partition(partition), b"k", payload.into())
        .unwrap();
    tokio::time::timeout(PATIENCE, receipt)
        .await
        .unwrap()
        .unwrap()
}

async fn read(log: &Log, partition: u32, from: u64, records_max: usize) -> Vec<Stored> {
    let limit = ReadLimit {
        records_max,
        bytes_max: usize::MAX,
    };
    log.read(&topic(), Partition(partition), Offset(from), limit)
        .await
        .unwrap()
}

async fn until(what: &str, mut done: impl AsyncFnMut() -> bool) {
    let began = Instant::now();
    while !done().await {
        assert!(began.elapsed() < PATIENCE, "{what} did not come");
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_folder_in_use_is_refused_with_a_remedy() {
    let dir = tempfile::tempdir().unwrap();
    let log = Log::open(dir.path(), EmbeddedSettings::default()).unwrap();
    let error = Log::open(dir.path(), EmbeddedSettings::default()).unwrap_err();
    assert!(matches!(error, OpenError::InUse { .. }));
    assert!(error.to_string().contains("stop that process"), "{error}");
    log.close().await.unwrap();
    Log::open(dir.path(), EmbeddedSettings::default())
        .unwrap()
        .close()
        .await
        .unwrap();
}

#[tokio::test]
async fn dropping_every_handle_keeps_what_was_queued_and_releases_the_folder() {
    let dir = tempfile::tempdir().unwrap();
    let log = Log::open(dir.path(), EmbeddedSettings::default()).unwrap();
    log.create_topic(&topic(), &TopicPlan::of(1)).await.unwrap();
    for _ in 0..100 {
        drop(
            log.append(&topic(), b"k", Bytes::from_static(b"p"))
                .unwrap(),
        );
    }
    drop(log);
    let log = Log::open(dir.path(), EmbeddedSettings::default()).unwrap();
    assert_eq!(
        log.bounds(&topic(), Partition(0)).await.unwrap().end,
        Offset(100)
    );
}

#[test]
fn a_retention_below_what_recovery_needs_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let hours = |hours: u64| Duration::from_secs(hours * 3600);
    let open = |retention| {
        Log::open(
            dir.path(),
            EmbeddedSettings {
                retention,
                ..EmbeddedSettings::default()
            },
        )
    };
    let error = open(hours(49)).unwrap_err();
    assert!(
        matches!(
            error,
            OpenError::Setting {
                name: "retention",
                ..
            }
        ),
        "{error}"
    );
    assert!(
        error.to_string().contains("49 h is less than the 50 h"),
        "{error}"
    );
    open(hours(50)).unwrap();
}

#[test]
fn a_limit_of_nothing_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let settings = EmbeddedSettings {
        group_records_max: 0,
        ..EmbeddedSettings::default()
    };
    let error = Log::open(dir.path(), settings).unwrap_err();
    assert!(matches!(
        error,
        OpenError::Setting {
            name: "group_records_max",
            ..
        }
    ));
}

#[tokio::test]
async fn a_database_that_was_never_finished_is_made_anew() {
    let dir = tempfile::tempdir().unwrap();
    let unfinished = dir.path().join("store.new");
    std::fs::create_dir_all(unfinished.join("keyspaces")).unwrap();
    std::fs::write(unfinished.join("0.jnl"), b"half").unwrap();
    let log = Log::open(dir.path(), EmbeddedSettings::default()).unwrap();
    log.create_topic(&topic(), &TopicPlan::of(1)).await.unwrap();
    assert!(!unfinished.exists());
}

#[tokio::test]
async fn a_record_larger_than_the_limit_is_refused_alone() {
    let dir = tempfile::tempdir().unwrap();
    let settings = EmbeddedSettings {
        record_bytes_max: 10,
        ..EmbeddedSettings::default()
    };
    let log = Log::open(dir.path(), settings).unwrap();
    log.create_topic(&topic(), &TopicPlan::of(1)).await.unwrap();
    let error = log
        .append(&topic(), b"k", Bytes::from(vec![0; 10]))
        .unwrap_err();
    assert!(matches!(
        error,
        AppendError::TooLarge {
            bytes: 11,
            bytes_max: 10
        }
    ));
    put(&log, 0, vec![0; 9]).await;
}

#[tokio::test]
async fn appends_that_wait_together_share_an_fsync() {
    let dir = tempfile::tempdir().unwrap();
    let log = Log::open(dir.path(), EmbeddedSettings::default()).unwrap();
    log.create_topic(&topic(), &TopicPlan::of(8)).await.unwrap();
    let receipts: Vec<_> = (0..2_000_u32)
        .map(|n| {
            log.append(&topic(), &n.to_be_bytes(), Bytes::from(vec![0; 100]))
                .unwrap()
        })
        .collect();
    for receipt in receipts {
        receipt.await.unwrap();
    }
    let stats = log.stats();
    assert_eq!(
        (stats.appended_records, stats.appended_bytes),
        (2_000, 2_000 * 104)
    );
    assert!(stats.fsyncs < 1_000, "{} fsyncs", stats.fsyncs);
}

/// Small segments and a clock that the test sets.
fn segmented(now_ms: &Arc<AtomicI64>) -> EmbeddedSettings {
    EmbeddedSettings {
        segment_bytes_max: 1_000,
        segment_age_max: Duration::from_secs(60),
        retention: Duration::from_secs(3_600),
        retention_min: Duration::ZERO,
        sweep_interval: Duration::from_millis(2),
        clock: Clock::Manual(Arc::clone(now_ms)),
        ..EmbeddedSettings::default()
    }
}

#[tokio::test]
async fn segments_roll_by_size_and_by_age_and_reads_cross_them() {
    let dir = tempfile::tempdir().unwrap();
    let now_ms = Arc::new(AtomicI64::new(0));
    let log = Log::open(dir.path(), segmented(&now_ms)).unwrap();
    log.create_topic(&topic(), &TopicPlan::of(1)).await.unwrap();
    for n in 0..30 {
        put(&log, 0, vec![n; 100]).await;
    }
    let by_size = log.stats().segments;
    assert!((3..=6).contains(&by_size), "{by_size}");
    now_ms.fetch_add(60_000, Ordering::Relaxed);
    put(&log, 0, vec![30; 100]).await;
    assert_eq!(log.stats().segments, by_size + 1);
    for from in 0..31 {
        let first_bytes: Vec<_> = read(&log, 0, from, 100)
            .await
            .iter()
            .map(|record| record.payload[0])
            .collect();
        let expected: Vec<_> = (u8::try_from(from).unwrap()..31).collect();
        assert_eq!(first_bytes, expected);
    }
}

#[tokio::test]
async fn retention_drops_only_the_segments_that_are_old() {
    let dir = tempfile::tempdir().unwrap();
    let now_ms = Arc::new(AtomicI64::new(0));
    let log = Log::open(dir.path(), segmented(&now_ms)).unwrap();
    log.create_topic(&topic(), &TopicPlan::of(1)).await.unwrap();
    // One segment a minute, for two hours.
    for minute in 0..120 {
        put(&log, 0, vec![minute; 10]).await;
        now_ms.fetch_add(60_000, Ordering::Relaxed);
    }
    until("a sweep", async || {
        log.bounds(&topic(), Partition(0)).await.unwrap().earliest == Offset(60)
    })
    .await;
    let bounds = log.bounds(&topic(), Partition(0)).await.unwrap();
    assert_eq!(bounds.earliest_time_ms, Some(3_600_000));
    assert_eq!(bounds.end, Offset(120));
    until("the count", async || log.stats().segments == 60).await;
    assert_eq!(log.stats().segments_dropped, 60);
    log.close().await.unwrap();
    let log = Log::open(dir.path(), segmented(&now_ms)).unwrap();
    assert_eq!(log.bounds(&topic(), Partition(0)).await.unwrap(), bounds);
    assert_eq!(read(&log, 0, 60, 1_000).await.len(), 60);
}

#[tokio::test]
async fn what_a_group_holds_back_is_counted() {
    let dir = tempfile::tempdir().unwrap();
    let now_ms = Arc::new(AtomicI64::new(0));
    let log = Log::open(dir.path(), segmented(&now_ms)).unwrap();
    log.create_topic(&topic(), &TopicPlan::of(1)).await.unwrap();
    put(&log, 0, vec![0]).await;
    let member = log.join("slow", &[topic()]).await.unwrap();
    member.commit(&topic(), Partition(0), Offset(0)).unwrap();
    now_ms.fetch_add(3_600_001, Ordering::Relaxed);
    until("a sweep", async || log.stats().segments_overdue == 1).await;
    assert_eq!(
        log.bounds(&topic(), Partition(0)).await.unwrap().earliest,
        Offset(0)
    );
    drop(member);
    log.forget_group("slow").await.unwrap();
    until("a sweep", async || log.stats().segments_overdue == 0).await;
    assert_eq!(
        log.bounds(&topic(), Partition(0)).await.unwrap().earliest,
        Offset(1)
    );
}

#[tokio::test]
async fn append_times_stand_still_while_the_clock_goes_back() {
    let dir = tempfile::tempdir().unwrap();
    let now_ms = Arc::new(AtomicI64::new(1_000));
    let log = Log::open(dir.path(), segmented(&now_ms)).unwrap();
    log.create_topic(&topic(), &TopicPlan::of(2)).await.unwrap();
    assert_eq!(put(&log, 0, vec![]).await.append_time_ms, 1_000);
    now_ms.store(500, Ordering::Relaxed);
    assert_eq!(put(&log, 0, vec![]).await.append_time_ms, 1_000);
    assert_eq!(put(&log, 1, vec![]).await.append_time_ms, 500);
    log.close().await.unwrap();
    let log = Log::open(dir.path(), segmented(&now_ms)).unwrap();
    assert_eq!(put(&log, 0, vec![]).await.append_time_ms, 1_000);
    now_ms.store(2_000, Ordering::Relaxed);
    assert_eq!(put(&log, 0, vec![]).await.append_time_ms, 2_000);
}

#[derive(Clone, Debug)]
enum Step {
    /// Appends so many records at once, each of so many bytes.
    Append {
        partition: u32,
        count: usize,
        bytes: usize,
    },
    /// Reads so many records from this part of what there is.
    Read {
        partition: u32,
        from_percent: u64,
        count: usize,
    },
    Reopen,
    DropAndReopen,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0..2_u32, 1..40_usize, 0..400_usize)
            .prop_map(|(partition, count, bytes)| Step::Append { partition, count, bytes }),
        3 => (0..2_u32, 0..=100_u64, 1..60_usize)
            .prop_map(|(partition, from_percent, count)| {
                Step::Read { partition, from_percent, count }
            }),
        1 => Just(Step::Reopen),
        1 => Just(Step::DropAndReopen),
    ]
}

fn open_tiny(dir: &Path) -> Log {
    let settings = EmbeddedSettings {
        segment_bytes_max: 20_000,
        memtable_bytes: 4_096,
        group_records_max: 7,
        ..EmbeddedSettings::default()
    };
    Log::open(dir, settings).unwrap()
}

async fn check(steps: Vec<Step>) {
    let dir = tempfile::tempdir().unwrap();
    let mut log = open_tiny(dir.path());
    log.create_topic(&topic(), &TopicPlan::of(2)).await.unwrap();
    let mut model: [Vec<Vec<u8>>; 2] = [Vec::new(), Vec::new()];
    for step in steps {
        match step {
            Step::Append {
                partition,
                count,
                bytes,
            } => {
                let held = &mut model[partition as usize];
                let receipts: Vec<_> = (0..count)
                    .map(|_| {
                        let mut payload = vec![0; bytes];
                        payload.extend_from_slice(&held.len().to_be_bytes());
                        held.push(payload.clone());
                        log.append_to(&topic(), Partition(partition), b"k", payload.into())
                            .unwrap()
                    })
                    .collect();
                for (nth, receipt) in receipts.into_iter().enumerate() {
                    let expected = Offset((held.len() - count + nth) as u64);
                    assert_eq!(receipt.await.unwrap().offset, expected);
                }
            }
            Step::Read {
                partition,
                from_percent,
                count,
            } => {
                let held = &model[partition as usize];
                let from = held.len() as u64 * from_percent / 100;
                let payloads: Vec<_> = read(&log, partition, from, count)
                    .await
                    .iter()
                    .map(|record| record.payload.to_vec())
                    .collect();
                let expected: Vec<_> = held
                    .iter()
                    .skip(usize::try_from(from).unwrap())
                    .take(count)
                    .cloned()
                    .collect();
                assert_eq!(payloads, expected);
            }
            Step::Reopen => {
                log.close().await.unwrap();
                log = open_tiny(dir.path());
            }
            Step::DropAndReopen => {
                drop(log);
                log = open_tiny(dir.path());
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]
    #[test]
    fn any_order_of_appends_reads_and_openings_gives_back_what_was_acknowledged(
        steps in prop::collection::vec(step(), 1..30)
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(check(steps));
    }
}
