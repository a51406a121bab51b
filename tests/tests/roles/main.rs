//! Roles apart, on a real broker and a real ClickHouse server.
//!
//! ```text
//! world   broker, server, and what all processes are told
//! topics  what `furrow migrate` makes, refuses and takes over
//! away    brokers that are away
//! ```

#![allow(clippy::unwrap_used, reason = "all of this folder is tests")]

mod away;
mod topics;
mod world;

use crate::world::{World, variables, visits};
use furrow_test_broker::Broker;
use furrow_tests::client::Sender;
use furrow_tests::random::Random;
use furrow_tests::visit::{Ending, Visit};
use furrow_tests::{Furrow, Server, numbers, until};
use std::time::Duration;

#[test]
fn the_roles_apart_score_as_up_does() {
    let world = World::new();
    let apart = &world.apart;
    let early = world.refused(&["gateway"]);
    assert!(early.contains("furrow migrate"), "{early}");
    world.migrate(&[]);
    world.migrate(&[]);
    let gateways = [apart.start("gateway"), apart.start("gateway")];
    let mut scorers = [apart.start("scorer"), apart.start("scorer")];
    let _sinks = [apart.start("sink"), apart.start("sink")];
    let _api = apart.start("api");

    let mut random = Random::new(Random::seed());
    let visits = visits(&mut random, 12, Ending::Said);
    let senders = [0, 1].map(|gateway: usize| Sender::to(gateways[gateway].address));
    let mut sent = 0;
    let longest = visits
        .iter()
        .map(|visit| visit.batches.len())
        .max()
        .unwrap();
    for step in 0..longest {
        if step == longest / 2 {
            scorers[0].kill();
        }
        for visit in &visits {
            if let Some(batch) = visit.encoded().get(step) {
                // Each through either gateway, and now and then through both.
                senders[step % 2].publish(batch).unwrap();
                if random.once_in(4) {
                    senders[(step + 1) % 2].publish(batch).unwrap();
                }
                sent += 1;
            }
        }
    }
    world.until_stored(sent);
    let run = |arguments: &[&str]| apart.run(arguments);
    assert_eq!(
        numbers::stored_by(&run),
        numbers::from_file_by(&run, &visits)
    );
}

#[test]
fn up_runs_on_the_brokers_and_the_server_that_it_is_told_of_and_goes_on_after_a_restart() {
    let (broker, server) = (Broker::start(), Server::start());
    let variables = variables(&broker, &server);
    let options = variables
        .iter()
        .fold(Furrow::options(), |options, (name, value)| {
            options.set(name, value)
        });
    let mut furrow = options.start();
    assert_eq!(furrow.engine_pid(), None, "it starts no engine of its own");
    let said = furrow.stdout();
    assert!(said.contains(&broker.bootstrap()), "{said}");

    let visits = visits(&mut Random::new(Random::seed()), 4, Ending::Said);
    let batches: Vec<_> = visits.iter().flat_map(Visit::encoded).collect();
    let (before, after) = batches.split_at(batches.len() / 2);
    let send = |furrow: &Furrow, batches: &[Vec<u8>]| {
        let client = Sender::to(furrow.ports().gateway);
        for batch in batches {
            client.publish(batch).unwrap();
        }
    };
    send(&furrow, before);
    let status = furrow.stop();
    assert!(status.success(), "{status}");
    furrow.start_again();
    send(&furrow, after);
    let sent = u64::try_from(batches.len()).unwrap();
    furrow.until_stored(sent, sent);
    let run = |arguments: &[&str]| furrow.run(arguments);
    assert_eq!(
        numbers::stored_by(&run),
        numbers::from_file_by(&run, &visits)
    );
}

#[test]
fn the_lag_of_a_role_that_nobody_runs_is_told_by_the_api_and_by_doctor() {
    const BOUND: Duration = Duration::from_secs(60);
    let mut world = World::new();
    world.migrate(&[]);
    let [gateway, api] = ["gateway", "api"].map(|role| world.apart.start(role));
    let visits = visits(&mut Random::new(Random::seed()), 1, Ending::Said);
    let client = Sender::to(gateway.address);
    for batch in visits.iter().flat_map(Visit::encoded) {
        client.publish(&batch).unwrap();
    }
    for role in ["scorer", "sink"] {
        let lag = format!("furrow_api_lag_seconds{{role=\"{role}\"}}");
        until("its lag is told", BOUND, || {
            (api.metric(&lag) > Some(2.0)).then_some(())
        });
    }
    world.apart.set("FURROW__SCORER__LAG_SECONDS_MAX", "1");
    let process = api.observe.to_string();
    let output = world.apart.run(&["doctor", "--process", &process]);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(!output.status.success(), "{said}");
    assert!(said.contains("the scorer is"), "{said}");
    assert!(said.contains("see that a scorer runs"), "{said}");
}
