//! `kill -9` of everything at random moments under load: nothing acknowledged is lost, nothing
//! counts twice, and every score is what the same log gives without a crash.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "all of this file is tests"
)]

use furrow_proto::ingest::{IngestClient, RawBatch};
use furrow_tests::Furrow;
use furrow_tests::client::{ingest, keyed, send_beacon};
use furrow_tests::compare::{
    Difference, Faults, Identity, TABLES, all_of, batches_by_session, miscounted,
};
use furrow_tests::random::Random;
use furrow_tests::visit::{Ending, Visit};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;
use tokio::time::MissedTickBehavior;
use tonic::transport::Channel;

const KILLS: u32 = 20;
const CLIENTS: u64 = 10;
/// One client's pace while it is answered.
const BATCH_INTERVAL: Duration = Duration::from_millis(25);
/// How long one call may take before its batches are sent again.
const CALL_MAX: Duration = Duration::from_secs(5);
/// The latest moment of a kill after the start of the process, ms. A start takes less than half of
/// it, so that some kills come during a start and most under load.
const KILL_AFTER_MS_MAX: u64 = 2_500;
/// How long a visit's last batches may take to be acknowledged.
const FINISH_MAX: Duration = Duration::from_secs(60);
#[test]
fn twenty_kills_under_load_lose_nothing_count_nothing_twice_and_change_no_score() {
    let seed = Random::seed();
    println!("FURROW_TEST_SEED={seed}");
    let mut random = Random::new(seed);
    // Snapshots are taken often, so that kills come between them, within them and after them.
    let mut furrow = Furrow::options()
        .set("FURROW__SCORER__SNAPSHOT_EVERY_MS", "700")
        .start();

    let crowd = Crowd::start(furrow.ports().gateway, &mut random);
    for kill in 1..=KILLS {
        let moment = Duration::from_millis(random.within(0..KILL_AFTER_MS_MAX));
        println!("kill {kill} after {} ms", moment.as_millis());
        // Not to wait for something: the moment itself is what is drawn.
        std::thread::sleep(moment);
        furrow.kill();
        furrow.launch();
    }
    furrow.until_ready();
    let acknowledged = crowd.finish();
    assert!(
        acknowledged.len() > 1_000,
        "the load was no load: {} batches",
        acknowledged.len()
    );

    let batches = u64::try_from(acknowledged.len()).unwrap();
    furrow.until_stored(batches, batches);
    assert_holds(&furrow, &acknowledged);
    assert_hit(&furrow);
    let survived = tables(&furrow, "furrow");
    let status = furrow.stop();
    assert!(status.success(), "{status}");

    forget_snapshots(&furrow);
    for (variable, value) in [
        ("FURROW__STORE__DATABASE", "uninterrupted"),
        ("FURROW__SCORER__GROUP", "uninterrupted-scorer"),
        ("FURROW__SCORER__SCORES", "uninterrupted.scores"),
        ("FURROW__SINK__GROUP", "uninterrupted-sink"),
        ("FURROW__SINK__SCORES_TOPIC", "uninterrupted.scores"),
    ] {
        furrow.set(variable, value);
    }
    furrow.start_again();
    furrow.until_stored(batches, batches);
    let uninterrupted = tables(&furrow, "uninterrupted");

    for (table, _) in TABLES {
        println!("{} rows of {table}", survived[table].len());
        let difference = Difference::between(&survived[table], &uninterrupted[table]);
        assert!(difference.rows() == 0, "{table} differs. {difference}");
        assert!(!survived[table].is_empty(), "{table} holds nothing");
    }
}

/// Clients that send until each batch is acknowledged.
struct Crowd {
    runtime: Runtime,
    leaving: Arc<AtomicBool>,
    clients: Vec<JoinHandle<Vec<Identity>>>,
}

impl Crowd {
    fn start(gateway: SocketAddr, random: &mut Random) -> Crowd {
        let runtime = Runtime::new().unwrap();
        let leaving = Arc::new(AtomicBool::new(false));
        let clients = (0..CLIENTS)
            .map(|number| {
                let random = Random::new(random.number());
                let leaving = Arc::clone(&leaving);
                let way = match number % 4 {
                    0 => Way::Stream,
                    1 => Way::Beacon,
                    _ => Way::Publish,
                };
                runtime.spawn(client(gateway, way, random, leaving))
            })
            .collect();
        Crowd {
            runtime,
            leaving,
            clients,
        }
    }

    /// Waits until everybody has finished their visit; what was acknowledged.
    fn finish(self) -> BTreeSet<Identity> {
        self.leaving.store(true, Ordering::Relaxed);
        let acknowledged = self.runtime.block_on(async {
            let mut all = Vec::new();
            for client in self.clients {
                let bounded = tokio::time::timeout(FINISH_MAX, client);
                all.extend(bounded.await.expect("clients finish").unwrap());
            }
            all
        });
        let distinct: BTreeSet<Identity> = acknowledged.iter().cloned().collect();
        assert_eq!(distinct.len(), acknowledged.len(), "identities are unique");
        distinct
    }
}

#[derive(Clone, Copy)]
enum Way {
    Publish,
    /// A few batches on one stream, all of them again when it breaks.
    Stream,
    /// Each batch by a beacon, and by `Publish` when that is not answered.
    Beacon,
}

async fn client(
    gateway: SocketAddr,
    way: Way,
    mut random: Random,
    leaving: Arc<AtomicBool>,
) -> Vec<Identity> {
    let mut ingest = ingest(gateway);
    let mut pace = tokio::time::interval(BATCH_INTERVAL);
    pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut acknowledged = Vec::new();
    while !leaving.load(Ordering::Relaxed) {
        let age_ms = 120_000 + i64::try_from(random.within(0..60_000)).unwrap();
        let ending = match random.once_in(3) {
            true => Ending::Said,
            false => Ending::Silent,
        };
        let visit = Visit::new(&mut random, now_ms() - age_ms, ending);
        let mut rest = visit.encoded();
        let mut sequence = 0;
        while !rest.is_empty() {
            pace.tick().await;
            let taken = match way {
                Way::Publish => publish(&mut ingest, &rest[0]).await,
                Way::Stream => stream(&mut ingest, &rest[..rest.len().min(5)]).await,
                Way::Beacon => match random.once_in(2) {
                    true => beacon(gateway, rest[0].clone()).await,
                    false => publish(&mut ingest, &rest[0]).await,
                },
            };
            rest.drain(..taken);
            for _ in 0..taken {
                let sender = visit.sender.to_string();
                acknowledged.push((visit.session.to_string(), sender, sequence));
                sequence += 1;
            }
        }
    }
    acknowledged
}

/// How many batches, from the first on, were acknowledged.
async fn publish(ingest: &mut IngestClient<Channel>, batch: &[u8]) -> usize {
    let call = ingest.publish(keyed(RawBatch(batch.to_vec().into())));
    usize::from(matches!(
        tokio::time::timeout(CALL_MAX, call).await,
        Ok(Ok(_))
    ))
}

async fn stream(ingest: &mut IngestClient<Channel>, batches: &[Vec<u8>]) -> usize {
    let messages: Vec<_> = batches
        .iter()
        .map(|batch| RawBatch(batch.clone().into()))
        .collect();
    let mut taken = 0;
    let call = async {
        let answer = ingest.stream(keyed(tokio_stream::iter(messages))).await;
        let Ok(answer) = answer else { return };
        let mut acks = answer.into_inner();
        while let Ok(Some(_)) = acks.message().await {
            taken += 1;
        }
    };
    // What came before the time was over counts.
    let _ = tokio::time::timeout(CALL_MAX, call).await;
    taken
}

/// A beacon is answered when its batches are durable.
async fn beacon(gateway: SocketAddr, batch: Vec<u8>) -> usize {
    let sent = tokio::task::spawn_blocking(move || send_beacon(gateway, &[batch]));
    usize::from(matches!(sent.await.unwrap(), Ok(answer) if answer.status == 204))
}

/// The kills came in the middle of things: batches were sent again that were durable, and
/// partitions were taken over in the middle.
fn assert_hit(furrow: &Furrow) {
    let repeats = furrow.metric("furrow_scorer_records{outcome=\"duplicate\"}");
    let stderr = furrow.stderr();
    let events = stderr
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let (mut snapshots, mut replays, mut repeated) = (0, 0, 0);
    for event in events.filter(|event| event["message"] == "took over") {
        let offset = |name: &str| event[name].as_u64().unwrap();
        let (from, emit_from, end) = (offset("from"), offset("emit_from"), offset("end"));
        snapshots += u32::from(from > 0);
        replays += u32::from(from < end);
        repeated += u32::from(emit_from < end);
    }
    println!(
        "{repeats} batches came twice; partitions were taken over {snapshots} times from a \
         snapshot, {replays} times before the end, {repeated} times with outputs to repeat"
    );
    assert!(repeats > 0.0 && snapshots > 0 && replays > 0 && repeated > 0);
}

/// What the archive holds is what was acknowledged, each batch once, and each counts in its
/// session.
fn assert_holds(furrow: &Furrow, acknowledged: &BTreeSet<Identity>) {
    let archived: Vec<Identity> = furrow
        .sql("SELECT toString(session), sender, sequence FROM v_batches")
        .iter()
        .map(|row| {
            (
                row[0].as_str().unwrap().to_owned(),
                row[1].as_str().unwrap().to_owned(),
                u32::try_from(row[2].as_u64().unwrap()).unwrap(),
            )
        })
        .collect();
    assert_eq!(Faults::of(acknowledged, &archived), Faults::default());

    let counted = furrow.sql("SELECT toString(session), batches FROM v_sessions");
    let counted: BTreeMap<&str, u64> = counted
        .iter()
        .map(|row| (row[0].as_str().unwrap(), row[1].as_u64().unwrap()))
        .collect();
    let wrong = miscounted(&batches_by_session(acknowledged), &counted);
    assert!(wrong.is_empty(), "batches that sessions count: {wrong:?}");
    assert_eq!(furrow.number("SELECT sum(gaps) FROM v_sessions"), 0);
}

/// Every column of every table, in order of the keys.
fn tables(furrow: &Furrow, database: &str) -> BTreeMap<&'static str, Vec<String>> {
    TABLES
        .into_iter()
        .map(|(table, key)| (table, furrow.owner_sql(database, &all_of(table, key))))
        .collect()
}

/// Deletes every snapshot; the topic's life beside them stays.
fn forget_snapshots(furrow: &Furrow) {
    let folder = furrow.data().join("snapshots");
    let life = fs::read_to_string(folder.join("epoch.json")).unwrap();
    assert!(life.contains("\"epoch\":1"), "{life}");
    fs::remove_dir_all(folder.join("snapshots")).unwrap();
}

fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    i64::try_from(since.as_millis()).unwrap()
}
