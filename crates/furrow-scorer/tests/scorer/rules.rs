//! Rules: they take effect at one offset, and outlive retention.

use crate::world::{PARTITIONS, World, control, now_ms, until};
use furrow_log::{Offset, Partition, Topic};
use furrow_proto::record::{Control, DeadLetter, InteractionRecord};
use futures_util::TryStreamExt;
use object_store::{ObjectStore, ObjectStoreExt};
use std::collections::BTreeSet;

#[tokio::test]
async fn published_rules_score_the_later_records_of_their_property_alone() {
    let world = World::new().await;
    let running = world.start();
    world.batch_of("shop", 1, 1, 0).await;
    world.batch_of("blog", 2, 2, 0).await;
    world.counted(&world.config.scores, 2).await;
    world.publish("shop", 7).await;
    world.publish("shop", 6).await;
    world.batch_of("shop", 1, 1, 1).await;
    world.batch_of("blog", 2, 2, 1).await;
    world.counted(&world.config.scores, 4).await;
    running.drain().await;
    assert_eq!(world.rules_of(1).await, [(1, 0, false), (2, 7, true)]);
    assert_eq!(world.rules_of(2).await, [(1, 0, false), (2, 0, false)]);
}

#[tokio::test]
async fn rules_take_effect_at_one_offset_whatever_is_killed() {
    let world = World::new().await;
    for round in 0..8_u32 {
        let running = world.start();
        for session in 0..6_u8 {
            let property = ["shop", "blog"][usize::from(session % 2)];
            world.batch_of(property, session, 1, round * 2).await;
            if session == 3 {
                world.publish("shop", u64::from(round) + 1).await;
            }
            world.batch_of(property, session, 1, round * 2 + 1).await;
        }
        if round % 3 == 0 {
            running.readiness.until_ready().await;
        }
        running.kill().await;
    }
    let updates = world.as_in_one_pass(6 * 16).await;
    let numbers: BTreeSet<u64> = updates
        .values()
        .map(|update| update.session.rules)
        .collect();
    assert!(numbers.len() > 2, "{numbers:?}");
}

#[tokio::test]
async fn a_control_record_that_does_not_fit_its_hash_harms_nothing() {
    let world = World::new().await;
    let running = world.start();
    for partition in 0..PARTITIONS {
        let mut torn = control(now_ms(), "shop", 7);
        torn.hash[0] ^= 1;
        world.append_to(partition, torn).await;
    }
    world.batch(1, 1, 0).await;
    world.counted(&world.config.scores, 1).await;
    world.settled(&world.config).await;
    running.drain().await;
    assert_eq!(world.rules_of(1).await, [(1, 0, false)]);
    let letters = world.all(&world.config.dead_letters).await;
    assert_eq!(letters.len(), 4);
    let letter = DeadLetter::decode(letters[0].clone()).unwrap();
    assert!(letter.detail.contains("hash"), "{}", letter.detail);
}

#[tokio::test]
async fn the_owner_of_a_partition_repeats_rules_that_were_told_a_day_ago() {
    const DAY_AND_HOUR_MS: i64 = 25 * 3_600_000;
    let world = World::new().await;
    let told = control(now_ms() - DAY_AND_HOUR_MS, "shop", 7);
    world.append_to(2, told.clone()).await;
    let running = world.start();
    let topic = Topic::new(&world.config.interactions);
    until("the rules are told again", async || {
        world.log.bounds(&topic, Partition(2)).await.unwrap().end == Offset(2)
    })
    .await;
    world.settled(&world.config).await;
    running.drain().await;
    let records = world.all(&world.config.interactions).await;
    assert_eq!(records.len(), 2, "once, and only there");
    let InteractionRecord::Control(repeat) = InteractionRecord::decode(records[1].clone()).unwrap()
    else {
        panic!("a tick has no reason");
    };
    let at_ms = repeat.at_ms;
    assert!(at_ms > told.at_ms);
    assert_eq!(repeat, Control { at_ms, ..told });
}

#[tokio::test]
async fn another_fold_version_begins_with_the_rules_that_a_snapshot_tells() {
    let world = World::new().await;
    world.publish("shop", 7).await;
    let running = world.start();
    world.batch(1, 1, 0).await;
    world.counted(&world.config.scores, 1).await;
    world.settled(&world.config).await;
    running.drain().await;

    // As if another version had written them.
    let listed = world.snapshots.list(None).map_ok(|meta| meta.location);
    let paths: Vec<_> = listed.try_collect().await.unwrap();
    assert!(!paths.is_empty(), "a drain writes snapshots");
    for path in paths {
        let mut parts: Vec<_> = path.parts().collect();
        *parts.last_mut().unwrap() = "999999".into();
        let other = parts.into_iter().collect();
        world.snapshots.rename(&path, &other).await.unwrap();
    }
    let running = world.start();
    world.batch(1, 1, 1).await;
    world.batch(2, 2, 0).await;
    world.counted(&world.config.scores, 3).await;
    running.drain().await;
    assert_eq!(world.rules_of(1).await, [(1, 7, true), (2, 7, true)]);
    assert_eq!(world.rules_of(2).await, [(1, 7, true)]);
}
