//! Kafka's own performance tools, run and read.

use anyhow::{Context, Result};
use furrow_test_broker::{Broker, Compiler, run_tool_on};

/// Records a second.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Until all were acknowledged.
    pub appended: f64,
    /// From joining the group to the last one.
    pub consumed: f64,
}

/// How Kafka's producer gathers records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Batches {
    /// As it does unless told otherwise: 16 KiB.
    Default,
    /// As many bytes as librdkafka gathers, under `furrow-log`: a megabyte.
    Large,
}

impl Batches {
    /// On top of `acks=all`: what both send, idempotence and five requests in flight, is the
    /// tool's default as well.
    fn properties(self) -> &'static [&'static str] {
        match self {
            Batches::Default => &[],
            Batches::Large => &["batch.size=1000000", "linger.ms=5"],
        }
    }
}

/// One round of Kafka's tools on a topic: so many records of so many bytes.
///
/// # Errors
/// When they print something else than they used to.
pub fn tools(
    broker: &Broker,
    topic: &str,
    bytes: usize,
    records: u64,
    batches: Batches,
) -> Result<Pace> {
    let bootstrap = broker.bootstrap();
    let (count, size) = (records.to_string(), bytes.to_string());
    let servers = format!("bootstrap.servers={bootstrap}");
    let mut arguments = vec!["--topic", topic, "--num-records", &count];
    arguments.extend(["--record-size", &size, "--throughput", "-1"]);
    arguments.extend(["--producer-props", &servers, "acks=all"]);
    arguments.extend(batches.properties());
    let produced = run_tool_on(
        Compiler::Full,
        "org.apache.kafka.tools.ProducerPerformance",
        &arguments,
    );
    let mut arguments = vec!["--bootstrap-server", &bootstrap];
    arguments.extend(["--topic", topic, "--messages", &count]);
    let consumed = run_tool_on(
        Compiler::Full,
        "org.apache.kafka.tools.ConsumerPerformance",
        &arguments,
    );
    Ok(Pace {
        appended: sent_a_second(&produced).with_context(|| produced.clone())?,
        consumed: fetched_a_second(&consumed).with_context(|| consumed.clone())?,
    })
}

/// From the last line of `ProducerPerformance`, which alone has percentiles.
fn sent_a_second(printed: &str) -> Option<f64> {
    let line = printed.lines().rfind(|line| line.contains("99th"))?;
    let (_, rest) = line.split_once("records sent, ")?;
    rest.split_once(" records/sec")?.0.parse().ok()
}

/// From the last line of `ConsumerPerformance`, by the names in its first.
fn fetched_a_second(printed: &str) -> Option<f64> {
    let mut lines = printed.lines().filter(|line| line.contains(','));
    let mut names = lines.next()?.split(',');
    let column = names.position(|name| name.trim() == "nMsg.sec")?;
    lines
        .next_back()?
        .split(',')
        .nth(column)?
        .trim()
        .parse()
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_producer_s_last_line_counts() {
        let printed = "120 records sent, 24.0 records/sec (0.02 MB/sec), 3.1 ms avg latency.\n\
            500 records sent, 691.5 records/sec (0.66 MB/sec), 2.0 ms avg latency, 9.0 ms max \
            latency, 1 ms 50th, 2 ms 95th, 3 ms 99th, 9 ms 99.9th.\n";
        assert_eq!(sent_a_second(printed), Some(691.5));
        assert_eq!(sent_a_second("nothing"), None);
    }

    #[test]
    fn the_consumer_s_column_is_found_by_its_name() {
        let printed = "start.time, end.time, MB.sec, data.consumed.in.nMsg, nMsg.sec\n\
            2026-01-01 00:00:00:000, 2026-01-01 00:00:01:000, 1.0, 500, 500.25\n";
        assert_eq!(fetched_a_second(printed), Some(500.25));
    }
}
