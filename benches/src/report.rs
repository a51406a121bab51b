//! The table and the file.

use crate::drive::Width;
use serde::Serialize;
use std::fmt::Write as _;
use std::time::Duration;

/// Width of the table's first column, and of the others.
const LABEL_CHARS: usize = 42;
const CELL_CHARS: usize = 13;

/// Measured times.
#[derive(Debug, Default)]
pub struct Latencies(Vec<Duration>);

impl Latencies {
    /// One more.
    pub fn push(&mut self, time: Duration) {
        self.0.push(time);
    }

    /// Those of another.
    pub fn add(&mut self, other: Latencies) {
        self.0.extend(other.0);
    }

    /// How many.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.len() as u64
    }

    /// Their middle and their end; `None` without any.
    #[must_use]
    pub fn summary(mut self) -> Option<Summary> {
        self.0.sort_unstable();
        let ms = |time: &Duration| time.as_secs_f64() * 1_000.0;
        let at = |hundredths: usize| ms(&self.0[(self.0.len() - 1) * hundredths / 100]);
        let max = ms(self.0.last()?);
        Some(Summary {
            count: self.count(),
            p50_ms: at(50),
            p99_ms: at(99),
            max_ms: max,
        })
    }
}

/// What is told of measured times.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Summary {
    /// How many.
    pub count: u64,
    /// Half of them took no longer.
    pub p50_ms: f64,
    /// 99 of 100 took no longer.
    pub p99_ms: f64,
    /// None took longer.
    pub max_ms: f64,
}

/// What one process took in one phase, until everything of it was counted.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Cost {
    /// Processor time.
    pub cpu_s: f64,
    /// The most memory that was resident.
    pub peak_rss_bytes: Option<u64>,
}

/// What only the pipeline has, and the echo has not.
#[derive(Debug, Clone, Serialize)]
pub struct Behind {
    /// Sessions that began.
    pub sessions: u64,
    /// From a session's first batch to its first update on the live stream.
    pub live: Option<Summary>,
    /// Times that the live stream ended because its reader was behind.
    pub live_let_go: u64,
    /// Sessions whose rows were waited for.
    pub probes: u64,
    /// From a session's first batch to its row in ClickHouse.
    pub row: Option<Summary>,
    /// From the last answer until ClickHouse counted every batch.
    pub counted_after_s: f64,
    /// What the process of the engine took.
    pub engine: Cost,
    /// Disk space that the log took for each acknowledged batch, its scores
    /// included.
    pub log_bytes_per_batch: f64,
}

/// One phase.
#[derive(Debug, Clone, Serialize)]
pub struct Phase {
    /// Its name.
    pub name: String,
    /// Batches a second that were due; none when flat out.
    pub offered: Option<u32>,
    /// How long batches were sent.
    pub took_s: f64,
    /// Batches that were acknowledged.
    pub acknowledged: u64,
    /// Pointer samples in them.
    pub samples: u64,
    /// From the sending of a batch to its answer.
    pub ack: Option<Summary>,
    /// Batches that were refused for a limit.
    pub shed: u64,
    /// Batches that failed otherwise.
    pub failed: u64,
    /// What the first failure said.
    pub failure: Option<String>,
    /// What the server took.
    pub server: Cost,
    /// Processor time of the client.
    pub client_cpu_s: f64,
    /// What lies behind the edge.
    pub behind: Option<Behind>,
}

/// The whole run.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// Processors that could be used.
    pub cores: usize,
    /// How much was sent at once.
    pub width: Width,
    /// In the order in which they ran.
    pub phases: Vec<Phase>,
    /// Batches that were acknowledged by the pipeline.
    pub acknowledged: u64,
    /// Batches that may or may not have been taken.
    pub uncertain: u64,
    /// Batches in the archive in the end.
    pub archived: u64,
    /// Batches that the sessions' rows count in the end.
    pub scored: u64,
}

impl Report {
    /// What is wrong: batches that were acknowledged and are not counted, or
    /// are counted twice.
    #[must_use]
    pub fn fault(&self) -> Option<String> {
        let least = self.acknowledged;
        let most = least + self.uncertain;
        let wrong = |count: u64| !(least..=most).contains(&count);
        (wrong(self.archived) || wrong(self.scored)).then(|| {
            format!(
                "{least} batches were acknowledged and {} more may have been taken, but {} are \
                 archived and {} are scored",
                self.uncertain, self.archived, self.scored
            )
        })
    }

    /// One column for each phase.
    #[must_use]
    pub fn table(&self) -> String {
        let mut table = String::new();
        for (label, cell) in ROWS {
            write!(table, "{label:<LABEL_CHARS$}").expect("a string takes all");
            for phase in &self.phases {
                write!(table, "{:>CELL_CHARS$}", cell(phase)).expect("a string takes all");
            }
            table.push('\n');
        }
        table
    }
}

/// What is in a row of a phase's column.
type Cell = fn(&Phase) -> String;

const ROWS: &[(&str, Cell)] = &[
    ("", |p| p.name.clone()),
    ("offered, batches/s", |p| {
        p.offered.map_or("-".into(), |offered| offered.to_string())
    }),
    ("acknowledged, batches/s", |p| rate(p.acknowledged, p)),
    ("acknowledged, samples/s", |p| rate(p.samples, p)),
    ("shed", |p| p.shed.to_string()),
    ("failed", |p| p.failed.to_string()),
    ("send to ack, p50, ms", |p| ms(p.ack.map(|s| s.p50_ms))),
    ("send to ack, p99, ms", |p| ms(p.ack.map(|s| s.p99_ms))),
    ("send to ack, max, ms", |p| ms(p.ack.map(|s| s.max_ms))),
    ("first batch to live score, p50, ms", |p| {
        ms(live(p).map(|s| s.p50_ms))
    }),
    ("first batch to live score, p99, ms", |p| {
        ms(live(p).map(|s| s.p99_ms))
    }),
    ("sessions begun", |p| behind(p, |b| b.sessions.to_string())),
    ("  of them seen live", |p| {
        behind(p, |b| b.live.map_or(0, |s| s.count).to_string())
    }),
    ("first batch to ClickHouse row, p50, ms", |p| {
        ms(row(p).map(|s| s.p50_ms))
    }),
    ("first batch to ClickHouse row, p99, ms", |p| {
        ms(row(p).map(|s| s.p99_ms))
    }),
    ("sessions asked for", |p| {
        behind(p, |b| b.probes.to_string())
    }),
    ("  of them found", |p| {
        behind(p, |b| b.row.map_or(0, |s| s.count).to_string())
    }),
    ("last ack to all counted, s", |p| {
        behind(p, |b| format!("{:.1}", b.counted_after_s))
    }),
    ("server, CPU s", |p| format!("{:.2}", p.server.cpu_s)),
    ("server, CPU us/batch", |p| {
        per_batch(p.server.cpu_s * 1e6, p)
    }),
    ("server, peak RSS, MB", |p| mb(p.server.peak_rss_bytes)),
    ("engine, CPU s", |p| {
        behind(p, |b| format!("{:.2}", b.engine.cpu_s))
    }),
    ("engine, CPU us/batch", |p| {
        behind(p, |b| per_batch(b.engine.cpu_s * 1e6, p))
    }),
    ("engine, peak RSS, MB", |p| {
        behind(p, |b| mb(b.engine.peak_rss_bytes))
    }),
    ("client, CPU us/batch", |p| {
        per_batch(p.client_cpu_s * 1e6, p)
    }),
    ("log on disk, bytes/batch", |p| {
        behind(p, |b| format!("{:.0}", b.log_bytes_per_batch))
    }),
];

fn live(phase: &Phase) -> Option<Summary> {
    phase.behind.as_ref()?.live
}

fn row(phase: &Phase) -> Option<Summary> {
    phase.behind.as_ref()?.row
}

fn behind(phase: &Phase, cell: impl FnOnce(&Behind) -> String) -> String {
    phase.behind.as_ref().map_or("-".into(), cell)
}

fn rate(count: u64, phase: &Phase) -> String {
    format!("{:.0}", count as f64 / phase.took_s)
}

fn per_batch(amount: f64, phase: &Phase) -> String {
    match phase.acknowledged {
        0 => "-".into(),
        batches => format!("{:.1}", amount / batches as f64),
    }
}

fn ms(value: Option<f64>) -> String {
    value.map_or("-".into(), |ms| format!("{ms:.2}"))
}

fn mb(bytes: Option<u64>) -> String {
    bytes.map_or("-".into(), |bytes| format!("{:.0}", bytes as f64 / 1e6))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_names_the_middle_and_the_end() {
        let mut latencies = Latencies::default();
        for ms in (1..=100).rev() {
            latencies.push(Duration::from_millis(ms));
        }
        let summary = latencies.summary().unwrap();
        assert_eq!((summary.p50_ms, summary.p99_ms), (50.0, 99.0));
        assert_eq!((summary.count, summary.max_ms), (100, 100.0));
        assert_eq!(Latencies::default().summary(), None);
    }

    #[test]
    fn a_batch_that_is_missing_or_counted_twice_is_a_fault() {
        let fault = |archived, scored, uncertain| {
            let report = Report {
                cores: 2,
                width: Width {
                    connections: 1,
                    in_flight: 1,
                },
                phases: Vec::new(),
                acknowledged: 10,
                uncertain,
                archived,
                scored,
            };
            report.fault().is_some()
        };
        assert!(!fault(10, 10, 0));
        assert!(!fault(11, 10, 1));
        assert!(fault(9, 10, 0));
        assert!(fault(10, 9, 5));
        assert!(fault(10, 11, 0));
    }
}
