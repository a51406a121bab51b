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
#[derive(Debug, Serialize)]
pub struct Report {
    /// What was asked for.
    pub options: Options,
    /// Processors, shared by everything.
    pub cores: usize,
    /// The log beside Kafka's tools.
    pub throughput: Vec<Row>,
    /// Scorers at several moments.
    pub memory: Vec<Footprint>,
    /// Every hand-over.
    pub hand_overs: Vec<HandOver>,
    /// Batches that were appended, each of which is counted once in the newest update of its session.
    pub batches: u64,
    /// Updates in the log, repeats included.
    pub updates: u64,
}

/// What a scorer had in memory at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Footprint {
    /// What it had done before.
    pub moment: Moment,
    /// Its open sessions.
    pub sessions: u64,
    /// Its process.
    #[serde(flatten)]
    pub memory: Memory,
}

/// What a scorer had done before its memory was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Moment {
    /// It was just ready and owned half of the empty partitions.
    Began,
    /// It folded sessions as they came.
    Folded,
    /// It took the other's partitions over.
    TookOver,
    /// It gave half of its partitions to one that joined.
    GaveUp,
    /// It joined and began with snapshots.
    Joined,
}

impl Report {
    /// Appending and consuming, in Markdown.
    #[must_use]
    pub fn throughput(&self) -> String {
        let rounds = self.options.rounds;
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
    pub fn memory(&self) -> String {
        let mut lines = vec![
            format!(
                "two scorers, {} partitions each; sessions of {} batches and more; medians",
                pair::PARTITIONS / 2,
                self.options.batches
            ),
            String::new(),
            "| a scorer that | open sessions | resident | its most | a session beyond the start |"
                .to_owned(),
            "|---|---:|---:|---:|---:|".to_owned(),
        ];
        let mut steps: Vec<(Moment, u64)> = Vec::new();
        for sized in &self.memory {
            // The two halves are not quite equal.
            let step = (sized.moment, self.step(sized.sessions));
            if !steps.contains(&step) {
                steps.push(step);
            }
        }
        let start = self.median(|one| one.moment == Moment::Began, resident);
        for (moment, step) in steps {
            let those = |one: &Footprint| (one.moment, self.step(one.sessions)) == (moment, step);
            let of = |value| self.median(those, value);
            let (sessions, now) = (of(|one| one.sessions as f64), of(resident));
            let each = match moment {
                Moment::Began => "–".to_owned(),
                Moment::Folded | Moment::TookOver | Moment::GaveUp | Moment::Joined => {
                    format!("{:.1} kB", (now - start) / sessions / 1e3)
                }
            };
            lines.push(format!(
                "| {} | {sessions:.0} | {:.0} MB | {:.0} MB | {each} |",
                moment.words(),
                now / 1e6,
                of(|one| one.memory.peak as f64) / 1e6
            ));
        }
        lines.join("\n")
    }

    /// Sessions in quarters of those that each scorer has when all are open, rounded.
    fn step(&self, sessions: u64) -> u64 {
        let quarter = u64::from(self.options.sessions).div_ceil(4);
        (sessions + quarter / 2) / quarter
    }

    fn median(&self, those: impl Fn(&Footprint) -> bool, value: fn(&Footprint) -> f64) -> f64 {
        let those = self.memory.iter().filter(|one| those(one));
        Spread::of(those.map(value)).map_or(f64::NAN, |spread| spread.median)
    }

    /// Hand-overs, in Markdown.
    #[must_use]
    pub fn hand_overs(&self) -> String {
        let options = &self.options;
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

impl Moment {
    fn words(self) -> &'static str {
        match self {
            Moment::Began => "has just begun",
            Moment::Folded => "has folded them",
            Moment::TookOver => "has taken over half of them",
            Moment::GaveUp => "has given as many up",
            Moment::Joined => "has read them from snapshots",
        }
    }
}

fn resident(one: &Footprint) -> f64 {
    one.memory.resident as f64
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
