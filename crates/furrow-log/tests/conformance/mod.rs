//! What every log must do, written against the interface alone, so that each backend runs the same
//! list. A backend brings a [`Subject`]; [`run`] makes a fresh one for every case. What one backend
//! alone promises stands in that backend's own tests.

mod cases;
mod groups;

use std::future::Future;
use std::pin::Pin;
use std::task::Poll;
use std::time::{Duration, Instant};

use bytes::Bytes;
use furrow_log::{Appended, Event, Log, Member, Offset, Partition, ReadLimit, Stored, Topic};

pub(crate) type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

type Age = dyn for<'a> Fn(&'a Log, &'a Topic, Partition) -> Boxed<'a, ()> + Send + Sync;

/// A log under test: opened, closed and opened again over the same records.
pub(crate) struct Subject {
    /// Opens the log with a queue of so many records; the records of an earlier opening are there.
    pub(crate) open: Box<dyn Fn(usize) -> Boxed<'static, Log> + Send + Sync>,
    /// Has all records appended so far age past retention, and waits until those that no group
    /// still needs are gone from this partition.
    pub(crate) age: Box<Age>,
}

impl Subject {
    pub(crate) async fn open(&self) -> Log {
        (self.open)(QUEUE_RECORDS).await
    }
}

const QUEUE_RECORDS: usize = 10_000;

/// No wait in the suite is longer.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) type Case = (&'static str, fn(Subject) -> Boxed<'static, ()>);

/// Runs what every log must do with groups.
#[allow(dead_code, reason = "only a log with two ways to share out partitions")]
pub(crate) async fn run_groups(fresh: impl AsyncFn() -> Subject) {
    run_cases(groups::all(), fresh).await;
}

/// Runs what every log must do.
pub(crate) async fn run(fresh: impl AsyncFn() -> Subject) {
    run_cases(cases::all().into_iter().chain(groups::all()), fresh).await;
}

/// Runs every case on a subject of its own.
pub(crate) async fn run_cases(
    cases: impl IntoIterator<Item = Case>,
    fresh: impl AsyncFn() -> Subject,
) {
    for (name, case) in cases {
        let subject = soon("a fresh log", fresh()).await;
        let began = Instant::now();
        let outcome = tokio::time::timeout(2 * PATIENCE, case(subject)).await;
        assert!(outcome.is_ok(), "{name} did not end");
        println!("conformance: {name} ok, {} ms", began.elapsed().as_millis());
    }
}

/// Lists async functions with their names.
macro_rules! listed {
    ($($name:ident),* $(,)?) => {
        pub(crate) fn all() -> Vec<crate::conformance::Case> {
            vec![$((stringify!($name), |subject| Box::pin($name(subject)))),*]
        }
    };
}
pub(crate) use listed;

/// Waits for something, not for ever.
pub(crate) async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    match tokio::time::timeout(PATIENCE, future).await {
        Ok(value) => value,
        Err(_) => panic!("{what} did not come"),
    }
}

pub(crate) fn topic() -> Topic {
    Topic::new("conformance.v1")
}

pub(crate) async fn put(log: &Log, partition: u32, payload: &str) -> Appended {
    let payload = Bytes::copy_from_slice(payload.as_bytes());
    let receipt = log
        .append_to(&topic(), Partition(partition), b"key", payload)
        .unwrap();
    soon("a receipt", receipt).await.unwrap()
}

pub(crate) async fn put_all(log: &Log, partition: u32, payloads: impl Iterator<Item = String>) {
    let receipts: Vec<_> = payloads
        .map(|payload| {
            log.append_to(&topic(), Partition(partition), b"key", payload.into())
                .unwrap()
        })
        .collect();
    for receipt in receipts {
        soon("a receipt", receipt).await.unwrap();
    }
}

pub(crate) async fn read_all(log: &Log, partition: u32) -> Vec<Stored> {
    let partition = Partition(partition);
    let bounds = log.bounds(&topic(), partition).await.unwrap();
    let mut records: Vec<Stored> = Vec::new();
    loop {
        let from = records
            .last()
            .map_or(bounds.earliest, |last| Offset(last.offset.0 + 1));
        let topic = topic();
        let read = log.read(&topic, partition, from, ReadLimit::default());
        let more = soon("a read", read).await.unwrap();
        if more.is_empty() {
            return records;
        }
        records.extend(more);
    }
}

pub(crate) fn texts(records: &[Stored]) -> Vec<String> {
    records
        .iter()
        .map(|record| String::from_utf8(record.payload.to_vec()).unwrap())
        .collect()
}

/// Waits until the log says that the group committed this.
pub(crate) async fn committed_soon(log: &Log, group: &str, partition: Partition, next: Offset) {
    soon("the commit", async {
        while log.committed(group, &topic(), partition).await.unwrap() != Some(next) {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

pub(crate) async fn event(member: &mut Member) -> Event {
    soon("an event", member.next()).await.unwrap()
}

/// Whether a call would wait now; what it did so far is dropped.
pub(crate) async fn waits<T>(call: impl Future<Output = T>) -> bool {
    poll_once(std::pin::pin!(call)).await.is_pending()
}

/// Polls a future once.
pub(crate) async fn poll_once<F: Future>(mut future: Pin<&mut F>) -> Poll<F::Output> {
    std::future::poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx))).await
}
