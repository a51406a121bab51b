//! Brokers come up, die, and come back with what they had.

use furrow_test_broker::{Broker, Cluster, run_tool};

const PRODUCER: &str = "org.apache.kafka.tools.ProducerPerformance";
const OFFSETS: &str = "org.apache.kafka.tools.GetOffsetShell";

fn produce(bootstrap: &str, topic: &str, records: u32) {
    let records = records.to_string();
    let servers = format!("bootstrap.servers={bootstrap}");
    let args = [
        "--topic",
        topic,
        "--num-records",
        &records,
        "--record-size",
        "100",
        "--throughput",
        "-1",
        "--producer-props",
        "acks=all",
        &servers,
    ];
    run_tool(PRODUCER, &args);
}

/// Lines such as `orders:0:12`.
fn ends(bootstrap: &str, topic: &str) -> String {
    let printed = run_tool(
        OFFSETS,
        &["--bootstrap-server", bootstrap, "--topic", topic],
    );
    printed.trim().to_owned()
}

#[test]
fn a_broker_that_was_killed_comes_back_with_its_records() {
    let mut broker = Broker::start();
    broker.create_topic("orders", 1, &[]);
    produce(&broker.bootstrap(), "orders", 100);

    let pid = broker.pid();
    broker.kill();
    broker.start_again();
    assert_ne!(broker.pid(), pid);
    assert_eq!(ends(&broker.bootstrap(), "orders"), "orders:0:100");
}

#[test]
fn a_cluster_goes_on_while_one_of_its_brokers_is_dead() {
    let mut cluster = Cluster::start(3);
    cluster.brokers()[0].create_topic("orders", 1, &[]);
    cluster.brokers_mut()[0].kill();
    produce(&cluster.bootstrap(), "orders", 100);
    assert_eq!(ends(&cluster.bootstrap(), "orders"), "orders:0:100");
    cluster.brokers_mut()[0].start_again();
}
