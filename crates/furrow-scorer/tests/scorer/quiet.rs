//! Partitions that fell quiet: ticks.

use crate::world::{World, batch};
use bytes::Bytes;
use furrow_core::ids::{Epoch, Property, Tenant};
use furrow_log::{Bounds, Offset, Partition, Stored};
use furrow_proto::encode_batch;
use furrow_proto::record::{BatchRecord, ClientFacts, Entry, InteractionRecord};
use furrow_scorer::scoring::{Due, Now};
use furrow_scorer::snapshot::Found;
use furrow_scorer::takeover::Offer;
use furrow_scorer::{Config, Scoring};

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

const NOON_MS: i64 = 1_790_000_000_000;
const SECOND_MS: u64 = 1_000;
const HOUR_MS: u64 = 3_600 * SECOND_MS;

/// A scorer's decisions over one partition, whose broker's clock is wrong.
struct Alone {
    scoring: Scoring,
    running_ms: u64,
    broker_behind_ms: i64,
    records: Vec<Stored>,
    /// When a tick was appended, and when an update left, as running time.
    ticks: Vec<u64>,
    updates: Vec<u64>,
    /// What was committed, and when, as running time.
    commits: Vec<(u64, Offset)>,
}

impl Alone {
    fn new(broker_behind_ms: i64) -> Alone {
        let at_start = Now {
            running_ms: 0,
            at_ms: NOON_MS,
        };
        let mut scoring = Scoring::new(Config::default(), Epoch(1), at_start);
        let offer = Offer {
            found: Found::Nothing,
            bounds: Bounds {
                earliest: Offset(0),
                earliest_time_ms: None,
                end: Offset(0),
            },
            committed: None,
            committed_ms: None,
        };
        scoring.assigned(Partition(0), offer, at_start).unwrap();
        Alone {
            scoring,
            running_ms: 0,
            broker_behind_ms,
            records: Vec::new(),
            ticks: Vec::new(),
            updates: Vec::new(),
            commits: Vec::new(),
        }
    }

    fn now(&self) -> Now {
        Now {
            running_ms: self.running_ms,
            at_ms: NOON_MS + i64::try_from(self.running_ms).unwrap(),
        }
    }

    /// A record becomes durable and is read at once.
    fn append(&mut self, payload: Bytes) {
        let now = self.now();
        let record = Stored {
            offset: Offset(self.records.len() as u64),
            append_time_ms: now.at_ms - self.broker_behind_ms,
            key: Bytes::new(),
            payload,
        };
        self.scoring.fold(Partition(0), &record, now);
        self.scoring.caught_up(Partition(0));
        self.records.push(record);
        while self.scoring.next_output().is_some() {
            let sent = self.scoring.taken();
            self.scoring.durable(sent);
            self.updates.push(self.running_ms);
        }
    }

    fn batch(&mut self, sequence: u32) {
        let batch = encode_batch(&batch(1, 1, sequence));
        let record = InteractionRecord::Batch(BatchRecord {
            tenant: Tenant("demo".into()),
            property: Property("shop".into()),
            received_ms: self.now().at_ms,
            entry: Entry::Publish,
            client: ClientFacts::default(),
            batch: batch.into(),
        });
        self.append(record.encode());
    }

    /// Looks whenever it wants to, until so much running time has passed.
    fn until(&mut self, end_ms: u64) {
        loop {
            for due in self.scoring.look(self.now()).unwrap() {
                match due {
                    Due::Append { records, .. } => {
                        for record in records {
                            self.ticks.push(self.running_ms);
                            self.append(record.encode());
                        }
                    }
                    Due::Commit { next, .. } => self.commits.push((self.running_ms, next)),
                    Due::Publish(_) | Due::Show => {}
                }
            }
            let next_ms = self.scoring.next_look_ms(self.now());
            if next_ms >= end_ms {
                self.running_ms = end_ms;
                return;
            }
            self.running_ms = next_ms.max(self.running_ms + 1);
        }
    }
}

#[test]
fn a_scorer_whose_clock_is_right_appends_a_tick_for_each_deadline() {
    let mut alone = Alone::new(0);
    alone.batch(0);
    alone.batch(1);
    alone.until(2 * HOUR_MS);
    let minute_ms = 60 * SECOND_MS;
    assert_eq!(
        alone.ticks,
        [SECOND_MS, 35 * minute_ms, 95 * minute_ms],
        "the update that waits, the session's end, and the end of its state"
    );
}

#[test]
fn a_scorer_whose_clock_is_ahead_of_the_broker_s_appends_few_ticks() {
    for broker_behind_ms in [100, 5_000, 60_000, 3_600_000, 86_400_000] {
        let mut alone = Alone::new(broker_behind_ms);
        for sequence in 0..60 {
            alone.batch(2 * sequence);
            alone.batch(2 * sequence + 1);
            alone.until(u64::from(sequence + 1) * 60 * SECOND_MS);
        }
        // One for each deadline, one that was too early, and one in ten seconds.
        let ticks_max = 60 + 1 + HOUR_MS / (10 * SECOND_MS);
        let ticks = alone.ticks.len() as u64;
        assert!(ticks <= ticks_max, "{ticks} at {broker_behind_ms} ms");
        // An update for the first batch of a minute, and a second later one for the second.
        assert_eq!(alone.updates.len(), 120, "at {broker_behind_ms} ms");
        for minute in 0..60_usize {
            let [first, second] = [0, 1].map(|n| alone.updates[2 * minute + n]);
            let waited_ms = second - first;
            assert!(
                (1_000..=1_050).contains(&waited_ms),
                "{waited_ms} ms at {broker_behind_ms} ms"
            );
        }
    }
}

#[test]
fn a_broker_whose_clock_comes_right_is_noticed_within_seconds() {
    let mut alone = Alone::new(3_600_000);
    alone.batch(0);
    alone.batch(1);
    alone.until(60 * SECOND_MS);
    alone.broker_behind_ms = 0;
    alone.batch(2);
    alone.batch(3);
    alone.until(120 * SECOND_MS);
    let last = alone.updates.last().unwrap();
    assert!(*last <= 70 * SECOND_MS, "{:?}", alone.updates);
}

#[test]
fn a_commit_is_repeated_every_minute_although_nothing_has_moved() {
    let mut alone = Alone::new(0);
    alone.until(210 * SECOND_MS);
    let commits = alone.commits.iter();
    let minutes: Vec<u64> = commits.clone().map(|(at, _)| at / 60 / SECOND_MS).collect();
    assert_eq!(minutes, [0, 1, 2, 3]);
    assert!(commits.clone().all(|(_, next)| *next == Offset(0)));
}
