//! What `furrow migrate` makes, refuses and takes over.

use crate::world::{World, visits};
use furrow_tests::Role;
use furrow_tests::client::Sender;
use furrow_tests::random::Random;
use furrow_tests::visit::{Ending, Visit};

const INTERACTIONS: &str = "furrow.interactions.v1";

#[test]
fn topics_are_repartitioned_by_migrate_alone_and_only_after_a_drain() {
    let mut world = World::new();
    world.migrate(&[]);
    let mut random = Random::new(Random::seed());
    let first = visits(&mut random, 6, Ending::Silent);
    let mut sent = 0;
    let mut roles = ["gateway", "scorer", "sink"].map(|role| world.apart.start(role));
    let sender = Sender::to(roles[0].address);
    for batch in first.iter().flat_map(Visit::encoded) {
        sender.publish(&batch).unwrap();
        sent += 1;
    }
    world.until_stored(sent);

    world.apart.set("FURROW__LOG__PARTITIONS", "6");
    let refused = world.refused(&["migrate"]);
    assert!(
        refused.contains("furrow migrate --partitions 6"),
        "{refused}"
    );
    let refused = world.refused(&["migrate", "--partitions", "6"]);
    assert!(refused.contains("not drained"), "{refused}");
    for role in &mut roles {
        role.stop();
    }
    let refused = world.refused(&["migrate", "--partitions", "6"]);
    assert!(refused.contains("are open"), "{refused}");
    world.migrate(&["--partitions", "6", "--now"]);
    world.migrate(&[]);

    // A session of the new life beside those of the old one.
    let _roles = ["scorer", "sink"].map(|role| world.apart.start(role));
    let gateway = world.apart.start("gateway");
    let sender = Sender::to(gateway.address);
    let second = visits(&mut random, 3, Ending::Silent);
    for batch in second.iter().flat_map(Visit::encoded) {
        sender.publish(&batch).unwrap();
        sent += 1;
    }
    world.until_stored(sent);
}

#[test]
fn a_topic_that_others_made_as_it_must_not_be_is_refused() {
    let world = World::new();
    world.broker.create_topic(
        INTERACTIONS,
        4,
        &[
            ("message.timestamp.type", "CreateTime"),
            ("retention.ms", "3600000"),
        ],
    );
    let refused = world.refused(&["migrate"]);
    assert!(
        refused.contains("message.timestamp.type=LogAppendTime"),
        "{refused}"
    );
    assert!(refused.contains("retention.ms="), "{refused}");
    // The command that is told mends it.
    let (_, settings) = refused.split_once("--add-config ").unwrap();
    world.alter_topic(INTERACTIONS, settings.trim());
    world.migrate(&[]);
}

#[test]
fn a_topic_that_others_made_anew_is_noticed_and_once_adopted_its_rows_take_the_old_ones_place() {
    let world = World::new();
    world.migrate(&[]);
    let visits = visits(&mut Random::new(Random::seed()), 3, Ending::Said);
    let batches: Vec<_> = visits.iter().map(Visit::encoded).collect();
    let mut roles = ["gateway", "scorer", "sink"].map(|role| world.apart.start(role));
    let sender = Sender::to(roles[0].address);
    let all: Vec<_> = batches.iter().flatten().collect();
    for batch in &all {
        sender.publish(batch).unwrap();
    }
    let sent = u64::try_from(all.len()).unwrap();
    world.until_stored(sent);
    roles.iter_mut().for_each(Role::stop);

    world.broker.delete_topic(INTERACTIONS);
    let settings = [
        ("message.timestamp.type", "LogAppendTime"),
        ("retention.ms", "273600000"),
        ("max.message.bytes", "8388608"),
    ];
    world.broker.create_topic(INTERACTIONS, 4, &settings);
    let mut scorer = world.apart.launch("scorer");
    assert!(!scorer.until_ended().success());
    let said = scorer.stderr();
    assert!(said.contains("furrow migrate --adopt"), "{said}");

    world.migrate(&["--adopt"]);
    let roles = ["gateway", "scorer", "sink"].map(|role| world.apart.start(role));
    let sender = Sender::to(roles[0].address);
    for batch in batches.iter().filter_map(|batches| batches.first()) {
        sender.publish(batch).unwrap();
    }
    // Of each session the one batch that the new topic holds; the archive keeps what it had.
    world.until_counts(3, sent);
}
