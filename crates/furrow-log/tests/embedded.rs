//! The embedded log against the suite that every log passes.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test fails by panicking"
)]

mod conformance;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use conformance::{Subject, soon};
use furrow_log::{Clock, EmbeddedSettings, Log};
use tempfile::TempDir;

/// An embedded log in a folder of its own, with a clock that the test sets.
fn subject() -> Subject {
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
            Log::open(dir.path(), settings).unwrap()
        }),
        age: Box::new(move |log, topic, partition| {
            now_ms.fetch_add(retention_ms + 1, Ordering::Relaxed);
            Box::pin(soon("an empty partition", async move {
                loop {
                    let bounds = log.bounds(topic, partition).unwrap();
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
