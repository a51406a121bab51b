//! `cargo xtask bench kafka`: appending and consuming through `furrow-log` beside Kafka's own
//! performance tools, on one broker, in one run.
//!
//! Both sides wait for all replicas, and each consumes what it wrote itself. The rounds of both
//! take turns, so that a machine that is busy for a while is busy for both.

#![allow(clippy::print_stdout, reason = "its output is its purpose")]

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use furrow_log::{AppendError, Event, KafkaSettings, Log, Offset, Topic, TopicPlan};
use furrow_log_benches::{Pace, tools};
use furrow_test_broker::Broker;

const PARTITIONS: u32 = 4;

/// Rounds of each side; the table has their median.
const ROUNDS: usize = 3;

/// Bytes of a record, and how many make a round.
const LOADS: [(usize, u64); 2] = [(100, 500_000), (1_000, 200_000)];

/// No round takes longer.
const PATIENCE: Duration = Duration::from_secs(120);

fn main() -> Result<()> {
    let runtime = tokio::runtime::Runtime::new()?;
    let broker = Broker::start();
    let cores = std::thread::available_parallelism()?.get();
    println!(
        "{cores} cores, shared with the broker; {PARTITIONS} partitions, acks=all, median of {ROUNDS} rounds, records a second"
    );
    println!(
        "| record | furrow-log appends | Kafka's producer | furrow-log consumes | Kafka's consumer |"
    );
    println!("|---|---|---|---|---|");
    for (bytes, records) in LOADS {
        let mut ours = Vec::new();
        let mut theirs = Vec::new();
        for round in 0..ROUNDS {
            let name = format!("bench.{bytes}.{round}");
            let one = runtime.block_on(timed(&broker, &format!("{name}.ours"), bytes, records));
            ours.push(one?);
            let theirs_of_round = format!("{name}.theirs");
            theirs.push(tools(
                &broker,
                &theirs_of_round,
                PARTITIONS,
                bytes,
                records,
            )?);
        }
        let appended = |paces: &[Pace]| median(paces.iter().map(|pace| pace.appended).collect());
        let consumed = |paces: &[Pace]| median(paces.iter().map(|pace| pace.consumed).collect());
        println!(
            "| {bytes} B | {:.0} | {:.0} | {:.0} | {:.0} |",
            appended(&ours),
            appended(&theirs),
            consumed(&ours),
            consumed(&theirs)
        );
    }
    Ok(())
}

/// One round through the log, with clients that are new, as the tools' are.
async fn timed(broker: &Broker, name: &str, bytes: usize, records: u64) -> Result<Pace> {
    let settings = KafkaSettings {
        brokers: broker.bootstrap(),
        ..KafkaSettings::default()
    };
    let log = Log::connect(settings).await?;
    let topic = Topic::new(name);
    log.create_topic(&topic, &TopicPlan::of(PARTITIONS)).await?;
    let began = Instant::now();
    let round = tokio::time::timeout(PATIENCE, append(&log, &topic, bytes, records));
    round.await.context("appending takes too long")??;
    let appending = began.elapsed();
    let began = Instant::now();
    let round = tokio::time::timeout(PATIENCE, consume(&log, &topic, records));
    round.await.context("consuming takes too long")??;
    let consuming = began.elapsed();
    log.close().await?;
    Ok(Pace {
        appended: records as f64 / appending.as_secs_f64(),
        consumed: records as f64 / consuming.as_secs_f64(),
    })
}

/// Appends as fast as the queue takes it, and waits for every receipt.
async fn append(log: &Log, topic: &Topic, bytes: usize, records: u64) -> Result<()> {
    let payload: Vec<u8> = (0..=255).cycle().take(bytes - size_of::<u64>()).collect();
    let payload = Bytes::from(payload);
    let mut receipts = VecDeque::new();
    let mut next = 0_u64;
    while next < records {
        match log.append(topic, &next.to_be_bytes(), payload.clone()) {
            Ok(receipt) => {
                receipts.push_back(receipt);
                next += 1;
            }
            Err(AppendError::Full) => {
                let oldest = receipts.pop_front().context("full of nothing")?;
                oldest.await?;
            }
            Err(error) => return Err(error.into()),
        }
    }
    for receipt in receipts {
        receipt.await?;
    }
    Ok(())
}

/// Consumes the topic from its beginning as the only member of a group; joining counts, as it does
/// in Kafka's tool.
async fn consume(log: &Log, topic: &Topic, records: u64) -> Result<()> {
    let mut member = log.join("bench", std::slice::from_ref(topic)).await?;
    let mut seen = 0;
    while seen < records {
        match member.next().await? {
            Event::Assigned {
                topic, partition, ..
            } => member.start(&topic, partition, Offset(0)),
            Event::Records { records, .. } => seen += records.len() as u64,
            Event::CaughtUp { .. } => {}
            Event::Revoked { .. } => anyhow::bail!("nobody else is in the group"),
        }
    }
    ensure!(seen == records, "{seen} records instead of {records}");
    Ok(())
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
