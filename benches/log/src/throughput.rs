//! Appending and consuming through the log, in turns with Kafka's tools.
//!
//! All wait for all replicas, and each consumes what it wrote itself. The
//! rounds take turns, so that a machine that is busy for a while is busy for
//! all.

use crate::Spread;
use crate::tools::{Batches, Pace, tools};
use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use furrow_log::{AppendError, Event, KafkaSettings, Log, Offset, Topic, TopicPlan};
use furrow_test_broker::Broker;
use serde::Serialize;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Of every topic here.
pub const PARTITIONS: u32 = 4;

/// Bytes of a record, and how many make a round.
const LOADS: [(usize, u64); 2] = [(100, 1_000_000), (1_000, 300_000)];

/// No round takes longer.
const PATIENCE: Duration = Duration::from_secs(120);

/// What was measured with records of one size, records a second.
#[derive(Debug, Serialize)]
pub struct Row {
    /// Bytes of a record.
    pub bytes: usize,
    /// Records of each round.
    pub records: u64,
    /// Through the log.
    pub log_appends: Spread,
    /// Kafka's producer, its batches as large as the log's.
    pub producer_large: Spread,
    /// Kafka's producer as it is.
    pub producer_default: Spread,
    /// Through the log.
    pub log_consumes: Spread,
    /// Kafka's consumer.
    pub consumer: Spread,
}

/// All rows, each of so many rounds.
///
/// # Errors
/// When a record is lost, or a tool is not understood.
pub async fn measure(broker: &Broker, rounds: u32) -> Result<Vec<Row>> {
    let settings = KafkaSettings {
        brokers: broker.bootstrap(),
        ..KafkaSettings::default()
    };
    let mut rows = Vec::new();
    for (bytes, records) in LOADS {
        let (mut ours, mut large, mut default) = (Vec::new(), Vec::new(), Vec::new());
        for round in 0..rounds {
            let topic = |whose: &str| Topic::new(&format!("bench.{bytes}.{round}.{whose}"));
            let [log, first, second] = ["log", "large", "default"].map(topic);
            let set_up = Log::connect(settings.clone()).await?;
            for topic in [&log, &first, &second] {
                set_up
                    .create_topic(topic, &TopicPlan::of(PARTITIONS))
                    .await?;
            }
            ours.push(timed(&settings, &log, bytes, records).await?);
            let theirs =
                |topic: &Topic, batches| tools(broker, topic.as_str(), bytes, records, batches);
            large.push(theirs(&first, Batches::Large)?);
            default.push(theirs(&second, Batches::Default)?);
            // Their bytes would only fill the disk.
            for topic in [&log, &first, &second] {
                set_up.delete_topic(topic).await?;
            }
            set_up.close().await?;
        }
        let appended = |paces: &[Pace]| spread(paces.iter().map(|pace| pace.appended));
        let consumed = |paces: &[Pace]| spread(paces.iter().map(|pace| pace.consumed));
        rows.push(Row {
            bytes,
            records,
            log_appends: appended(&ours)?,
            producer_large: appended(&large)?,
            producer_default: appended(&default)?,
            log_consumes: consumed(&ours)?,
            consumer: consumed(&[large, default].concat())?,
        });
    }
    Ok(rows)
}

fn spread(values: impl Iterator<Item = f64>) -> Result<Spread> {
    Spread::of(values).context("there was no round")
}

/// One round through the log, with clients that are new, as the tools' are.
async fn timed(
    settings: &KafkaSettings,
    topic: &Topic,
    bytes: usize,
    records: u64,
) -> Result<Pace> {
    let log = Log::connect(settings.clone()).await?;
    let began = Instant::now();
    let round = tokio::time::timeout(PATIENCE, append(&log, topic, bytes, records));
    round.await.context("appending takes too long")??;
    let appending = began.elapsed();
    let began = Instant::now();
    let round = tokio::time::timeout(PATIENCE, consume(&log, topic, records));
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
