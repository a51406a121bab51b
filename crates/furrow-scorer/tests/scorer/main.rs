//! The scorer over a real embedded log: what it emits, and that nothing that
//! happens to it changes that.
//!
//! ```text
//! world   a scorer on an embedded log, and what is sent to it
//! rules   rules take effect at one offset, and outlive retention
//! quiet   partitions that fell quiet: ticks
//! ```

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod quiet;
mod rules;
mod world;

use crate::world::{Running, WAIT_MAX, World};
use bytes::Bytes;
use furrow_proto::record::DeadLetter;
use furrow_scorer::ScorerError;
use futures_util::TryStreamExt;
use object_store::memory::InMemory;
use object_store::{ObjectStore, ObjectStoreExt};
use std::sync::Arc;

#[tokio::test]
async fn a_batch_becomes_a_score_update() {
    let world = World::new().await;
    let running = world.start();
    world.batch(1, 1, 0).await;
    world.counted(&world.config.scores, 1).await;
    running.drain().await;
    let updates = world.updates(&world.config.scores).await;
    let update = updates.values().next().unwrap();
    assert_eq!((update.session.batches, update.session.samples), (1, 60));
}

#[tokio::test]
async fn a_topic_that_was_made_anew_behind_the_scorers_back_stops_it() {
    let old = World::new().await;
    let running = old.start();
    for session in 0..20 {
        old.batch(session, 1, 0).await;
    }
    old.settled(&old.config).await;
    running.drain().await;

    // Shorter than the old one, and longer.
    for batches in [0, 5] {
        let anew = World::new().await;
        for session in 0..20 {
            for sequence in 0..batches {
                anew.batch(session, 1, sequence).await;
            }
        }
        let scorer = anew.scorer(&anew.config, old.snapshots.clone());
        let running = Running::start(scorer);
        let ended = tokio::time::timeout(WAIT_MAX, running.task).await;
        let refused = ended.expect("it stops").unwrap().unwrap_err();
        assert!(matches!(refused, ScorerError::OtherLog { .. }), "{refused}");
        assert!(anew.all(&anew.config.scores).await.is_empty());
    }
}

#[tokio::test]
async fn an_unreadable_record_goes_to_the_dead_letters_with_its_bytes_and_origin() {
    let world = World::new().await;
    let running = world.start();
    world
        .append(b"x", Bytes::from_static(b"no record at all"))
        .await;
    world.batch(1, 1, 0).await;
    world.counted(&world.config.scores, 1).await;
    world.settled(&world.config).await;
    running.drain().await;
    let letters = world.all(&world.config.dead_letters).await;
    let letter = DeadLetter::decode(letters[0].clone()).unwrap();
    assert_eq!(&*letter.reason, "unreadable");
    assert_eq!(&letter.record[..], b"no record at all");
    assert_eq!((letters.len(), letter.origin.offset), (1, 0));
}

#[tokio::test]
async fn killing_it_at_any_moment_changes_no_update() {
    let world = World::new().await;
    for round in 0..12_u32 {
        let running = world.start();
        for session in 0..6_u8 {
            // Repeats, and one that comes before its predecessor.
            for sequence in [round * 3, round * 3 + 2, round * 3 + 1, round * 3] {
                world.batch(session, 1, sequence).await;
            }
        }
        if round % 3 == 0 {
            running.readiness.until_ready().await;
        }
        running.kill().await;
    }
    world.as_in_one_pass(6 * 36).await;
}

#[tokio::test]
async fn deleting_all_snapshots_changes_no_update() {
    let world = World::new().await;
    let running = world.start();
    for sequence in 0..10 {
        world.batch(1, 1, sequence).await;
        world.batch(2, 2, sequence).await;
    }
    world.counted(&world.config.scores, 20).await;
    world.settled(&world.config).await;
    running.drain().await;

    let paths: Vec<_> = world
        .snapshots
        .list(None)
        .map_ok(|meta| meta.location)
        .try_collect()
        .await
        .unwrap();
    assert!(!paths.is_empty(), "there were some to delete");
    for path in paths {
        world.snapshots.delete(&path).await.unwrap();
    }
    let running = world.start();
    world.batch(1, 1, 10).await;
    world.counted(&world.config.scores, 21).await;
    world.settled(&world.config).await;
    running.drain().await;

    let beside = world.beside().await;
    let running = Running::start(world.scorer(&beside, Arc::new(InMemory::new())));
    world.counted(&beside.scores, 21).await;
    running.drain().await;
    let (without, once) = (
        world.updates(&world.config.scores).await,
        world.updates(&beside.scores).await,
    );
    assert_eq!(without, once);
}

#[tokio::test]
async fn partitions_move_to_a_second_scorer_and_back_without_a_change() {
    let world = World::new().await;
    let first = world.start();
    let mut expected = 0;
    let mut second = None;
    for sequence in 0..30 {
        for session in 0..8 {
            world.batch(session, 1, sequence).await;
            expected += 1;
        }
        match sequence {
            10 => second = Some(world.start()),
            20 => second.take().expect("it joined").drain().await,
            _ => {}
        }
    }
    world.counted(&world.config.scores, expected).await;
    world.settled(&world.config).await;
    first.drain().await;

    let beside = world.beside().await;
    let running = Running::start(world.scorer(&beside, Arc::new(InMemory::new())));
    world.counted(&beside.scores, expected).await;
    running.drain().await;
    assert_eq!(
        world.updates(&world.config.scores).await,
        world.updates(&beside.scores).await
    );
}
