//! Brokers that are away: a gateway says so in time, and everybody else waits.

use crate::world::{World, visits};
use furrow_test_broker::free_port;
use furrow_tests::client::Sender;
use furrow_tests::random::Random;
use furrow_tests::visit::{Ending, Visit};
use furrow_tests::{Apart, Role, until};
use std::time::{Duration, Instant};

const SCORES: &str = "furrow.scores.v1";
/// No topic here has two copies, so that nobody can append.
const NOTHING_IS_TAKEN: &str = "min.insync.replicas=2";
const AS_IT_WAS: &str = "min.insync.replicas=1";

/// A gateway's patience. Whoever waits longer waits for ever.
const PATIENCE: Duration = Duration::from_secs(2);

const BOUND: Duration = Duration::from_secs(60);

fn world() -> World {
    let mut world = World::new();
    let patience_ms = PATIENCE.as_millis().to_string();
    world
        .apart
        .set("FURROW__LOG__MESSAGE_TIMEOUT_MS", &patience_ms);
    world.apart.set("FURROW__SCORER__DRAIN_MS", "1000");
    world.migrate(&[]);
    world
}

fn batches() -> Vec<Vec<u8>> {
    let visits = visits(&mut Random::new(Random::seed()), 3, Ending::Said);
    visits.iter().flat_map(Visit::encoded).collect()
}

/// Has the scorer's outputs wait for the log.
fn with_outputs_on_their_way(world: &World, scorer: &Role, client: &Sender, batches: &[Vec<u8>]) {
    world.alter_topic(SCORES, NOTHING_IS_TAKEN);
    for batch in batches {
        client.publish(batch).unwrap();
    }
    until("outputs are on their way", BOUND, || {
        (scorer.metric("furrow_scorer_updates_total") >= Some(1.0)).then_some(())
    });
}

#[test]
fn while_brokers_are_away_a_gateway_says_so_in_time_and_scorers_and_sinks_wait() {
    let mut world = world();
    let [gateway, mut scorer, mut sink] =
        ["gateway", "scorer", "sink"].map(|role| world.apart.start(role));
    let client = Sender::to(gateway.address);
    let batches = batches();
    let (last, others) = batches.split_last().unwrap();
    with_outputs_on_their_way(&world, &scorer, &client, others);

    world.broker.kill();
    let asked = Instant::now();
    let refused = client.publish(last).unwrap_err();
    assert_eq!(refused.code(), tonic::Code::Unavailable, "{refused}");
    assert!(asked.elapsed() >= PATIENCE, "{refused}");
    let failed = gateway.metric("furrow_gateway_batches_total{outcome=\"failed\"}");
    assert_eq!(failed, Some(1.0));

    world.broker.start_again();
    world.alter_topic(SCORES, AS_IT_WAS);
    until("the gateway takes batches again", BOUND, || {
        client.publish(last).ok()
    });
    world.until_stored(u64::try_from(batches.len()).unwrap());
    for role in [&mut scorer, &mut sink] {
        assert_eq!(role.ended(), None, "{}", role.stderr());
    }
}

#[test]
fn a_scorer_whose_outputs_nobody_takes_ends_in_time_and_the_next_one_repeats_them() {
    let mut world = world();
    let [gateway, mut scorer, _sink] =
        ["gateway", "scorer", "sink"].map(|role| world.apart.start(role));
    let client = Sender::to(gateway.address);
    let batches = batches();
    with_outputs_on_their_way(&world, &scorer, &client, &batches);

    world.broker.kill();
    let status = scorer.end();
    assert!(!status.success());
    let said = scorer.stderr();
    assert!(said.contains("were not acknowledged"), "{said}");

    world.broker.start_again();
    world.alter_topic(SCORES, AS_IT_WAS);
    let _scorer = world.apart.start("scorer");
    world.until_stored(u64::try_from(batches.len()).unwrap());
}

#[test]
fn a_role_that_is_asked_to_end_while_it_looks_for_brokers_ends_in_order() {
    let nobody = free_port().to_string();
    let apart = Apart::on([("FURROW__LOG__BROKERS".to_owned(), nobody)]);
    let mut gateway = apart.launch("gateway");
    until("it looks for brokers", BOUND, || {
        gateway.stderr().contains("broker is away").then_some(())
    });
    gateway.stop();
}
