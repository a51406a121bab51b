//! The tables and the file.

use crate::Spread;
use crate::handover::{Cause, HandOver, Snapshots};
use crate::memory::Memory;
use crate::options::Options;
use crate::pair;
use crate::throughput::{self, Row};
use anyhow::{Context, Result};
use serde::Serialize;
use std::fs;
use std::path::PathBuf;

/// Everything that was measured.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    /// Processors, shared by everything.
    pub cores: usize,
    /// The log beside Kafka's tools.
    pub throughput: Vec<Row>,
    /// Scorers while sessions are opened.
    pub growth: Vec<Grown>,
    /// Every hand-over.
    pub hand_overs: Vec<HandOver>,
    /// What the scorers had in memory after each of them: of whom, and what.
    pub afterwards: Vec<Grown>,
    /// Batches that were appended, each of which is counted once in the newest update of its session.
    pub batches: u64,
    /// Updates in the log, repeats included.
    pub updates: u64,
}

/// A scorer at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Grown {
    /// Open sessions.
    pub sessions: u64,
    /// Its process.
    #[serde(flatten)]
    pub memory: Memory,
}

impl Report {
    /// Appending and consuming, in Markdown.
    #[must_use]
    pub fn throughput(&self, rounds: u32) -> String {
        let mut lines = vec![
            format!(
                "{} cores, shared with the broker; {} partitions, acks=all, records a second, \
                 median (least to most) of {rounds} rounds",
                self.cores,
                throughput::PARTITIONS
            ),
            String::new(),
            "| record | furrow-log appends | Kafka's producer, batches as large | Kafka's \
             producer, its defaults | furrow-log consumes | Kafka's consumer |"
                .to_owned(),
            "|---|---:|---:|---:|---:|---:|".to_owned(),
        ];
        for row in &self.throughput {
            let cells = [
                row.log_appends,
                row.producer_large,
                row.producer_default,
                row.log_consumes,
                row.consumer,
            ];
            let cells = cells.map(|cell| whole(cell, 1_000.0, "k"));
            lines.push(format!("| {} B | {} |", row.bytes, cells.join(" | ")));
        }
        lines.join("\n")
    }

    /// Memory of the scorers, in Markdown.
    #[must_use]
    pub fn memory(&self, options: &Options) -> String {
        let mut lines = vec![
            format!(
                "two scorers, {} partitions each, sessions of {} batches; memory of each",
                pair::PARTITIONS / 2,
                options.batches
            ),
            String::new(),
            "| open sessions | resident | allocated | peak | resident a session beyond the start |"
                .to_owned(),
            "|---:|---:|---:|---:|---:|".to_owned(),
        ];
        let start = self.growth.iter().find(|grown| grown.sessions == 0);
        for grown in &self.growth {
            lines.push(grown_row(*grown, start.copied()));
        }
        lines.push(String::new());
        lines.push("after hand-overs:".to_owned());
        lines.push(String::new());
        for grown in &self.afterwards {
            lines.push(grown_row(*grown, start.copied()));
        }
        lines.join("\n")
    }

    /// Hand-overs, in Markdown.
    #[must_use]
    pub fn hand_overs(&self, options: &Options) -> String {
        let mut lines = vec![
            format!(
                "partitions with about {} open sessions go to a scorer that has as many already, \
                 {} batches a second coming; seconds, median (least to most)",
                options.sessions, options.rate
            ),
            String::new(),
            "| their owner | snapshot | times | sessions | records replayed | gives up | until \
             the group has given them on | until the first output is delivered | until one of \
             each partition is | revoke to first delivery report | longest silence of a \
             partition |"
                .to_owned(),
            "|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|".to_owned(),
        ];
        for (cause, words) in [
            (Cause::Leaves, "is told to end"),
            (Cause::Dies, "is killed"),
            (Cause::Joins, "shares with one that joins"),
        ] {
            for snapshots in [Snapshots::Kept, Snapshots::Deleted] {
                let all = self.hand_overs.iter();
                let those: Vec<HandOver> = all
                    .filter(|one| one.cause == cause && one.snapshots == snapshots)
                    .copied()
                    .collect();
                lines.extend(row(words, snapshots, &those));
            }
        }
        lines.join("\n")
    }

    /// Writes it to `bench/kafka.json` in the target folder, and tells where that is.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn store(&self) -> Result<PathBuf> {
        let own = std::env::current_exe()?;
        // The benchmark lies in <target>/<profile>/deps.
        let target = own.ancestors().nth(3).context("no target folder")?;
        let folder = target.join("bench");
        fs::create_dir_all(&folder)?;
        let file = folder.join("kafka.json");
        fs::write(&file, serde_json::to_string_pretty(self)?)?;
        Ok(file)
    }
}

fn grown_row(grown: Grown, start: Option<Grown>) -> String {
    let mb = |bytes: u64| format!("{:.0} MB", bytes as f64 / 1e6);
    let Grown { sessions, memory } = grown;
    let each = match start {
        Some(start) if sessions > 0 => {
            let beyond = memory.resident.saturating_sub(start.memory.resident);
            format!("{} B", beyond / sessions)
        }
        Some(_) | None => "–".to_owned(),
    };
    format!(
        "| {sessions} | {} | {} | {} | {each} |",
        mb(memory.resident),
        mb(memory.anonymous),
        mb(memory.peak)
    )
}

fn row(words: &str, snapshots: Snapshots, those: &[HandOver]) -> Option<String> {
    let snapshot = match snapshots {
        Snapshots::Kept => "yes",
        Snapshots::Deleted => "none",
    };
    let cell = |of: fn(&HandOver) -> i64| {
        let seconds = those.iter().map(|one| of(one) as f64 / 1_000.0);
        Spread::of(seconds).map(|spread| {
            format!(
                "{:.2} ({:.2} to {:.2})",
                spread.median, spread.min, spread.max
            )
        })
    };
    let count = |of: fn(&HandOver) -> u64| {
        let counts = those.iter().map(|one| of(one) as f64);
        Spread::of(counts).map(|spread| format!("{:.0}", spread.median))
    };
    let cells = [
        count(|one| one.sessions)?,
        count(|one| one.replayed)?,
        cell(|one| one.giving_up_ms)?,
        cell(|one| one.group_ms)?,
        cell(|one| one.first_ms)?,
        cell(|one| one.all_ms)?,
        cell(HandOver::revoke_to_first_ms)?,
        cell(|one| one.silence_ms)?,
    ];
    let times = those.len();
    Some(format!(
        "| {words} | {snapshot} | {times} | {} |",
        cells.join(" | ")
    ))
}

/// Without decimals, in some unit.
fn whole(spread: Spread, unit: f64, name: &str) -> String {
    let Spread { min, median, max } = spread;
    format!(
        "{:.0}{name} ({:.0} to {:.0})",
        median / unit,
        min / unit,
        max / unit
    )
}
