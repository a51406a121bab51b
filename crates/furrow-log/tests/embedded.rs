//! The embedded log against the suite that every log passes, and what it alone promises: its
//! retention waits for the groups.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test fails by panicking"
)]

mod conformance;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use conformance::{Subject, put, put_all, soon, topic};
use furrow_log::{Clock, EmbeddedSettings, Log, Offset, Partition, TopicPlan};
use tempfile::TempDir;

/// An embedded log in a folder of its own, with a clock that the test sets.
async fn subject() -> Subject {
    let dir: TempDir = tempfile::tempdir().unwrap();
    let now_ms = Arc::new(AtomicI64::new(1_700_000_000_000));
    let settings = EmbeddedSettings {
        sweep_interval: Duration::from_millis(5),
        clock: Clock::Manual(Arc::clone(&now_ms)),
        ..EmbeddedSettings::default()
    };
    let retention_ms = i64::try_from(settings.retention.as_millis()).unwrap();
    Subject {
        open: Box::new(move |queue_records_max| {
            let settings = EmbeddedSettings {
                queue_records_max,
                ..settings.clone()
            };
            let log = Log::open(dir.path(), settings).unwrap();
            Box::pin(async { log })
        }),
        age: Box::new(move |log, topic, partition| {
            now_ms.fetch_add(retention_ms + 1, Ordering::Relaxed);
            Box::pin(soon("an empty partition", async move {
                loop {
                    let bounds = log.bounds(topic, partition).await.unwrap();
                    if bounds.earliest == bounds.end {
                        break;
                    }
                    tokio::task::yield_now().await;
                }
            }))
        }),
    }
}

#[tokio::test]
async fn the_embedded_log_does_what_every_log_must_do() {
    conformance::run(subject).await;
}

#[tokio::test]
async fn retention_waits_for_the_groups() {
    conformance::run_cases(all(), subject).await;
}

conformance::listed![
    a_record_no_group_has_passed_is_kept,
    a_forgotten_group_holds_nothing,
];

async fn a_record_no_group_has_passed_is_kept(subject: Subject) {
    let log = subject.open().await;
    log.create_topic(&topic(), &TopicPlan::of(2)).await.unwrap();
    for partition in [0, 1] {
        put_all(&log, partition, (0..10).map(|n| n.to_string())).await;
    }
    let slow = log.join("slow", &[topic()]).await.unwrap();
    slow.commit(&topic(), Partition(0), Offset(9)).unwrap();
    slow.commit(&topic(), Partition(1), Offset(10)).unwrap();
    // One more record is to come, so what is waited for is that the other partition is emptied.
    (subject.age)(&log, &topic(), Partition(1)).await;
    assert_eq!(
        log.bounds(&topic(), Partition(1)).await.unwrap().earliest,
        Offset(10)
    );
    assert_eq!(
        log.bounds(&topic(), Partition(0)).await.unwrap().earliest,
        Offset(0)
    );
    slow.commit(&topic(), Partition(0), Offset(10)).unwrap();
    (subject.age)(&log, &topic(), Partition(0)).await;
    assert_eq!(
        log.bounds(&topic(), Partition(0)).await.unwrap().earliest,
        Offset(10)
    );
}

async fn a_forgotten_group_holds_nothing(subject: Subject) {
    let log = subject.open().await;
    log.create_topic(&topic(), &TopicPlan::of(1)).await.unwrap();
    put(&log, 0, "a").await;
    let member = log.join("g", &[topic()]).await.unwrap();
    member.commit(&topic(), Partition(0), Offset(0)).unwrap();
    assert!(log.forget_group("g").await.is_err());
    drop(member);
    log.forget_group("g").await.unwrap();
    assert_eq!(
        log.committed("g", &topic(), Partition(0)).await.unwrap(),
        None
    );
    (subject.age)(&log, &topic(), Partition(0)).await;
    log.close().await.unwrap();
    let log = subject.open().await;
    assert_eq!(
        log.committed("g", &topic(), Partition(0)).await.unwrap(),
        None
    );
    assert_eq!(
        log.bounds(&topic(), Partition(0)).await.unwrap().earliest,
        Offset(1)
    );
}
