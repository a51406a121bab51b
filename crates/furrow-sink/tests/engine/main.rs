//! A sink between a real log and a real engine.

#![allow(clippy::unwrap_used, reason = "all of this file is tests")]

mod gate;
mod world;

use furrow_core::ids::Origin;
use furrow_proto::record::DeadLetter;
use furrow_sink::Config;
use std::path::Path;
use world::{EPOCH, World, eventually, update};

/// Not a test: the engine's process is this binary, asked for this one test.
#[test]
fn engine_child() {
    let arguments: Vec<_> = std::env::args_os()
        .skip_while(|a| a != "--")
        .skip(1)
        .collect();
    if let [_, library, _, data, _, config] = &arguments[..] {
        furrow_store::engine::child_main(Path::new(library), Path::new(data), Path::new(config));
    }
}

/// Sessions, signals, page views, conversions, batches.
const COUNTS: &str = "SELECT (SELECT count() FROM sessions FINAL), \
     (SELECT count() FROM signals FINAL), (SELECT count() FROM page_views FINAL), \
     (SELECT count() FROM conversions FINAL), (SELECT count() FROM batches FINAL)";
/// Rows as they lie on disk, whether or not they are merged.
const STORED: &str = "SELECT sum(rows) FROM system.parts WHERE active \
     AND database = currentDatabase() AND table IN ('signals', 'batches')";

#[tokio::test]
async fn updates_and_batches_arrive_in_the_tables_and_are_committed_after() {
    let world = World::new().await;
    for number in 0..10 {
        world.append_update(number).await;
        world.append_batch(number, 0, b"").await;
    }
    world.append_tick().await;
    let sink = world.start();
    world.until(COUNTS, "10\t20\t10\t10\t10\n").await;
    world.until_committed().await;
    let stored = world
        .read("SELECT sequence, epoch, entry FROM v_batches LIMIT 1")
        .await;
    assert_eq!(stored, format!("0\t{}\tpublish\n", EPOCH.0));
    assert!(world.readiness.reason().is_none());
    // What comes later comes as well.
    world.append_update(77).await;
    world.until(COUNTS, "11\t22\t11\t11\t10\n").await;
    world.until_committed().await;
    eventually("lag falls to nothing", async || {
        let text = world.metrics();
        let level = text.contains("furrow_sink_rows_total{table=\"sessions\"} 11")
            && text
                .lines()
                .filter(|line| line.starts_with("furrow_lag_records{role=\"sink\""))
                .all(|line| line.ends_with(" 0"));
        level.then_some(())
    })
    .await;
    sink.stop().await;
}

#[tokio::test]
async fn rules_that_stand_in_the_log_again_are_one_row() {
    let world = World::new().await;
    for _ in 0..3 {
        world.append_rules(7).await;
    }
    let sink = world.start();
    world.until_committed().await;
    let rows = "SELECT tenant, property, number, rules, in_force FROM v_rule_sets";
    world.until(rows, "demo\t\t7\t{}\t1\n").await;
    sink.stop().await;
}

#[tokio::test]
async fn a_sink_that_dies_between_insert_and_commit_leaves_nothing_twice() {
    let world = World::new().await;
    let sink = world.start_with(config_of_one_block());
    world.warm_up().await;
    let committed = world.committed().await;
    // The database takes the rows; the sink never hears of it.
    world.gate.swallow_answers();
    for number in 1..10 {
        world.append_update(number).await;
        world.append_batch(number, 0, b"").await;
    }
    world.until(COUNTS, "1\t20\t10\t10\t10\n").await;
    assert_eq!(world.committed().await, committed);
    sink.abort().await;
    world.gate.open();

    // Another block boundary: more records stand in the log by now.
    for number in 10..15 {
        world.append_update(number).await;
        world.append_batch(number, 0, b"").await;
    }
    let sink = world.start();
    world.until(COUNTS, "15\t30\t15\t15\t15\n").await;
    world.until_committed().await;
    sink.stop().await;
    assert_eq!(world.read(COUNTS).await, "15\t30\t15\t15\t15\n");
    let views = "SELECT uniqExact(session), count(), \
         (SELECT count() FROM v_signals), (SELECT count() FROM v_batches) FROM v_sessions";
    assert_eq!(world.read(views).await, "15\t15\t30\t15\n");
}

#[tokio::test]
async fn what_is_sent_again_has_the_same_token_and_is_stored_once() {
    let world = World::new().await;
    let sink = world.start_with(config_of_one_block());
    world.warm_up().await;
    world.gate.swallow_answers();
    for number in 1..5 {
        world.append_update(number).await;
        world.append_batch(number, 0, b"").await;
    }
    world.until(COUNTS, "1\t10\t5\t5\t5\n").await;
    // Cut, so that the sink learns that it has to send again.
    world.gate.shut();
    eventually("the sink says so", async || world.readiness.reason()).await;
    world.gate.open();
    world.until_committed().await;
    sink.stop().await;
    assert_eq!(world.read(COUNTS).await, "5\t10\t5\t5\t5\n");
    assert_eq!(world.read(STORED).await, "15\n");
    for table in ["signals", "page_views", "conversions", "batches"] {
        let tokens = world.gate.tokens(table);
        let [first, second, rest @ ..] = &tokens[..] else {
            panic!("{table}: {tokens:?}");
        };
        assert_ne!(first, second, "{table}: two blocks");
        assert!(
            !rest.is_empty() && rest.iter().all(|t| t == second),
            "{table}: {tokens:?}"
        );
    }
    let sessions = world.gate.tokens("sessions");
    assert_eq!(sessions.len(), 2, "{sessions:?}");
    assert!(!world.gate.tokens("signals").contains(&sessions[1]));
}

/// All that comes within half a second makes one block.
fn config_of_one_block() -> Config {
    Config {
        linger_ms: 500,
        ..world::config()
    }
}

#[tokio::test]
async fn everything_arrives_after_the_store_was_away() {
    let world = World::new().await;
    let sink = world.start();
    world.append_update(0).await;
    world.until(COUNTS, "1\t2\t1\t1\t0\n").await;
    world.gate.shut();
    for number in 1..40 {
        world.append_update(number).await;
        world.append_batch(number, 0, b"").await;
    }
    eventually("the sink is not ready", async || world.readiness.reason()).await;
    world.gate.open();
    world.until(COUNTS, "40\t80\t40\t40\t39\n").await;
    world.until_committed().await;
    eventually("the sink is ready", async || {
        world.readiness.reason().is_none().then_some(())
    })
    .await;
    sink.stop().await;
}

#[tokio::test]
async fn a_sink_waits_for_a_store_that_is_away_at_the_start() {
    let world = World::new().await;
    world.gate.shut();
    world.append_update(0).await;
    let sink = world.start();
    eventually("an attempt to reach the store", async || {
        world
            .readiness
            .reason()
            .filter(|reason| reason != "starting")
    })
    .await;
    world.gate.open();
    world.until(COUNTS, "1\t2\t1\t1\t0\n").await;
    sink.stop().await;
}

#[tokio::test]
async fn what_cannot_be_read_blocks_nothing() {
    let world = World::new().await;
    world.append_raw(&world.topics.scores, b"\xff\xff").await;
    world
        .append_raw(&world.topics.interactions, b"\xff\xff")
        .await;
    // A batch whose identity stands before what is broken.
    world.append_batch(1, 0, b"\xff").await;
    world.append_update(2).await;
    let sink = world.start();
    world.until(COUNTS, "1\t2\t1\t1\t1\n").await;
    world.until_committed().await;
    sink.stop().await;
    let letters = world.dead_letters().await;
    let [letter] = &letters[..] else {
        panic!("one letter: {letters:?}");
    };
    let DeadLetter {
        origin,
        reason,
        record,
        ..
    } = letter;
    assert_eq!(&**reason, "undecodable");
    assert_eq!(record, &b"\xff\xff"[..]);
    assert_eq!((origin.epoch, origin.offset), (EPOCH, 0));
}

#[tokio::test]
async fn a_sink_that_is_told_to_end_flushes_what_it_has_gathered() {
    let world = World::new().await;
    let mut config = world::config();
    // Nothing is due for an hour.
    config.linger_ms = 3_600_000;
    let sink = world.start_with(config);
    for number in 0..3 {
        world.append_update(number).await;
    }
    eventually("rows are gathered", async || {
        let gathered = "furrow_sink_rows_pending 15";
        world.metrics().contains(gathered).then_some(())
    })
    .await;
    assert_eq!(world.read(COUNTS).await, "0\t0\t0\t0\t0\n");
    sink.stop().await;
    assert_eq!(world.read(COUNTS).await, "3\t6\t3\t3\t0\n");
    world.until_committed().await;
}

#[tokio::test]
async fn a_sink_that_cannot_flush_in_time_leaves_and_commits_nothing() {
    let world = World::new().await;
    let mut config = world::config();
    config.drain_max_ms = 100;
    let sink = world.start_with(config);
    world.append_update(0).await;
    world.until(COUNTS, "1\t2\t1\t1\t0\n").await;
    world.until_committed().await;
    let committed = world.committed().await;
    world.gate.shut();
    world.append_update(0).await;
    eventually("the sink is not ready", async || world.readiness.reason()).await;
    sink.stop().await;
    assert_eq!(world.committed().await, committed);
}

#[tokio::test]
async fn a_full_block_goes_at_once_and_reading_pauses_while_it_flies() {
    let world = World::new().await;
    let mut config = world::config();
    config.linger_ms = 3_600_000;
    config.block_rows_max = 10;
    let sink = world.start_with(config);
    world.readiness.until_ready().await;
    world.gate.shut();
    // Five rows an update: one block flies, and as many rows as make another
    // full wait. How many updates one fetch brings is the log's business.
    let mut appended = 0;
    let waiting = eventually("a block is full", async || {
        world.append_update(appended).await;
        appended += 1;
        world.rows_pending().filter(|rows| *rows >= 10)
    })
    .await;
    for _ in 0..10 {
        world.append_update(appended).await;
        appended += 1;
    }
    assert_eq!(world.rows_pending(), Some(waiting), "reading pauses");
    assert_eq!(world.read(COUNTS).await, "0\t0\t0\t0\t0\n");
    world.gate.open();
    let all = format!("{appended}\t{}\t{appended}\t{appended}\t0\n", 2 * appended);
    world.until(COUNTS, &all).await;
    sink.stop().await;
}

#[tokio::test]
async fn two_sinks_share_the_partitions_and_hand_them_over() {
    let world = World::new().await;
    let first = world.start();
    for number in 0..20 {
        world.append_update(number).await;
        world.append_batch(number, 0, b"").await;
    }
    let second = world.start();
    for number in 20..40 {
        world.append_update(number).await;
        world.append_batch(number, 0, b"").await;
    }
    world.until(COUNTS, "40\t80\t40\t40\t40\n").await;
    first.stop().await;
    for number in 40..60 {
        world.append_update(number).await;
    }
    world.until(COUNTS, "60\t120\t60\t60\t40\n").await;
    world.until_committed().await;
    second.stop().await;
}

#[tokio::test]
async fn a_schema_that_does_not_fit_ends_the_sink() {
    let world = World::new().await;
    world.read("DROP TABLE signals").await;
    world.append_update(0).await;
    let sink = world.start();
    let error = sink.ended().await.unwrap_err();
    assert!(error.to_string().contains("refuses its rows"), "{error}");
    assert_eq!(world.committed().await, None);
}

#[tokio::test]
async fn a_newer_version_of_a_row_stands_whatever_came_first() {
    let world = World::new().await;
    let mut newer = update(1);
    newer.origin = origin(500);
    newer.session.presses = 99;
    world.append(&newer).await;
    world.append_update(1).await;
    let sink = world.start();
    world.until(COUNTS, "1\t2\t1\t1\t0\n").await;
    world.until_committed().await;
    sink.stop().await;
    assert_eq!(world.read("SELECT presses FROM v_sessions").await, "99\n");
}

fn origin(offset: u64) -> Origin {
    Origin {
        epoch: EPOCH,
        partition: 0,
        offset,
    }
}
