//! Bytes of state that a session takes, over many simulated ones.
//!
//! Each session is folded into a partition of its own, and what an empty one
//! takes is subtracted: serialized as in a snapshot, and in memory by an
//! allocator that counts. In memory that includes a node of each of the
//! partition's trees, which sessions of one partition share; so thousands
//! are folded into one partition too, and told by their mean.

#![allow(clippy::print_stdout, reason = "the table is what it is for")]

use anyhow::{Context, Result, bail};
use cap::Cap;
use furrow_core::ids::{Epoch, Property, Tenant};
use furrow_core::interaction::Batch;
use furrow_core::partition::{
    ALLOWED_LATENESS_MS, PartitionState, Record, SESSION_TIMEOUT_MS, TenantBatch,
};
use furrow_core::session::{ClientFacts, Received};
use furrow_core::time::LogTime;
use furrow_sim::{Script, SiteModel, Visitor};
use serde::Serialize;
use std::alloc::System;
use std::fs;

#[global_allocator]
static ALLOCATOR: Cap<System> = Cap::new(System, usize::MAX);

const SESSIONS: u64 = 100_000;

/// Sessions that are folded into one partition for the mean.
const TOGETHER: u64 = 1_000;

const SEED: u64 = 1;
const START_MS: i64 = 1_763_500_000_000;

/// What a partition takes, bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Size {
    serialized: u64,
    heap: u64,
}

impl Size {
    /// Of a partition whose heap began to grow at `base` allocated bytes.
    fn of(state: &PartitionState, base: usize) -> Size {
        let heap = ALLOCATOR.allocated() - base;
        let serialized = postcard::to_allocvec(state)
            .expect("state serializes")
            .len();
        Size {
            serialized: serialized as u64,
            heap: heap as u64,
        }
    }

    fn beyond(self, empty: Size) -> Size {
        Size {
            serialized: self.serialized.saturating_sub(empty.serialized),
            heap: self.heap.saturating_sub(empty.heap),
        }
    }
}

/// One session from its first batch until it is a late marker.
struct Life {
    /// After whichever batch it was largest, each by itself.
    largest: Size,
    last: Size,
    ended: Size,
    marker: Size,
}

/// What is told of one moment in one form.
#[derive(Debug, Serialize)]
struct Row {
    moment: &'static str,
    form: &'static str,
    median: u64,
    p90: u64,
    p99: u64,
    max: u64,
    mean: u64,
    /// How many sessions take less than each power of two and no less than
    /// the one before.
    histogram: Vec<(u64, u64)>,
}

/// The whole run.
#[derive(Debug, Serialize)]
struct Report {
    sessions: u64,
    /// Of a session's batches and samples, the mean.
    batches: f64,
    samples: f64,
    rows: Vec<Row>,
    /// Mean of a session among many in one partition, after its last batch.
    together_serialized: u64,
    together_heap: u64,
}

fn main() -> Result<()> {
    let sessions = sessions()?;
    let site = SiteModel::shop();
    let empty = empty_size();
    let mut lives = Vec::new();
    let (mut batches, mut samples) = (0, 0);
    for index in 0..sessions {
        let script = Visitor::new(SEED, index, &site).script(START_MS);
        batches += script.sent.len() as u64;
        samples += script
            .sent
            .iter()
            .map(|sent| u64::from(sent.batch.samples))
            .sum::<u64>();
        lives.push(live(&script, empty));
    }
    let together = together(sessions.min(TOGETHER), &site, empty);
    let report = Report {
        sessions,
        batches: batches as f64 / sessions as f64,
        samples: samples as f64 / sessions as f64,
        rows: rows(&lives),
        together_serialized: together.serialized,
        together_heap: together.heap,
    };
    print!("{}", table(&report));
    store(&report)
}

/// Of `--sessions N`; what cargo adds is left aside.
fn sessions() -> Result<u64> {
    let args: Vec<String> = std::env::args()
        .skip(1)
        .filter(|arg| arg != "--bench")
        .collect();
    match args.as_slice() {
        [] => Ok(SESSIONS),
        [option, number] if option == "--sessions" => {
            let number: u64 = number.parse().context("--sessions takes a number")?;
            anyhow::ensure!(number > 0, "--sessions takes at least 1");
            Ok(number)
        }
        _ => bail!("usage: cargo xtask bench state [--sessions N]"),
    }
}

/// A partition that knows the time and nothing else.
fn empty_size() -> Size {
    let base = ALLOCATOR.allocated();
    let mut state = empty();
    tick(&mut state, START_MS);
    Size::of(&state, base)
}

/// Folds one session and measures it.
fn live(script: &Script, empty_size: Size) -> Life {
    let base = ALLOCATOR.allocated();
    let mut state = empty();
    let mut largest = Size {
        serialized: 0,
        heap: 0,
    };
    let mut last = largest;
    let mut at_ms = START_MS;
    for sent in &script.sent {
        at_ms = START_MS + i64::from(sent.after_ms);
        fold(&mut state, at_ms, sent.batch.clone());
        last = Size::of(&state, base).beyond(empty_size);
        largest.serialized = largest.serialized.max(last.serialized);
        largest.heap = largest.heap.max(last.heap);
    }
    tick(&mut state, at_ms + SESSION_TIMEOUT_MS);
    let ended = Size::of(&state, base).beyond(empty_size);
    tick(&mut state, at_ms + SESSION_TIMEOUT_MS + ALLOWED_LATENESS_MS);
    assert_eq!(state.sizes(), (0, 1), "a late marker is left");
    let marker = Size::of(&state, base).beyond(empty_size);
    Life {
        largest,
        last,
        ended,
        marker,
    }
}

/// The mean of sessions that share a partition.
fn together(sessions: u64, site: &SiteModel, empty_size: Size) -> Size {
    let base = ALLOCATOR.allocated();
    let mut state = empty();
    for index in 0..sessions {
        for sent in Visitor::new(SEED, index, site).script(START_MS).sent {
            // At one log time, so that none ends while others are folded.
            fold(&mut state, START_MS, sent.batch);
        }
    }
    let all = Size::of(&state, base).beyond(empty_size);
    Size {
        serialized: all.serialized / sessions,
        heap: all.heap / sessions,
    }
}

fn empty() -> PartitionState {
    PartitionState::new(Epoch(1), 0, 0, ALLOWED_LATENESS_MS)
}

fn fold(state: &mut PartitionState, at_ms: i64, batch: Batch) {
    let batch = TenantBatch {
        tenant: Tenant("demo".into()),
        property: Property("shop".into()),
        received: Received {
            received_ms: at_ms,
            client: ClientFacts::default(),
            batch,
        },
    };
    let record = Record::Batch(Box::new(batch));
    let _ = state.fold(state.next_offset(), LogTime(at_ms), record);
}

fn tick(state: &mut PartitionState, at_ms: i64) {
    let _ = state.fold(state.next_offset(), LogTime(at_ms), Record::Tick { at_ms });
}

fn rows(lives: &[Life]) -> Vec<Row> {
    type Moment = fn(&Life) -> Size;
    type Form = fn(Size) -> u64;
    let moments: [(&str, Moment); 4] = [
        ("open, when largest", |life| life.largest),
        ("open, after its last batch", |life| life.last),
        ("ended, may reopen", |life| life.ended),
        ("late marker", |life| life.marker),
    ];
    let forms: [(&str, Form); 2] = [
        ("serialized", |size| size.serialized),
        ("in memory", |size| size.heap),
    ];
    let row = |(form, in_form): (&'static str, Form), (moment, at): (&'static str, Moment)| {
        let sizes = lives.iter().map(|life| in_form(at(life)));
        row(moment, form, sizes.collect())
    };
    forms
        .into_iter()
        .flat_map(|form| moments.into_iter().map(move |moment| row(form, moment)))
        .collect()
}

fn row(moment: &'static str, form: &'static str, mut sizes: Vec<u64>) -> Row {
    sizes.sort_unstable();
    let at = |hundredths: usize| sizes[(sizes.len() - 1) * hundredths / 100];
    let mut histogram: Vec<(u64, u64)> = Vec::new();
    for size in &sizes {
        let below = (size + 1).next_power_of_two();
        match histogram.last_mut() {
            Some((bound, count)) if *bound == below => *count += 1,
            Some(_) | None => histogram.push((below, 1)),
        }
    }
    Row {
        moment,
        form,
        median: at(50),
        p90: at(90),
        p99: at(99),
        max: at(100),
        mean: sizes.iter().sum::<u64>() / sizes.len() as u64,
        histogram,
    }
}

/// In Markdown.
fn table(report: &Report) -> String {
    let mut lines = vec![
        format!(
            "Bytes of state of {} sessions ({:.1} batches and {:.0} samples in the mean)\n",
            report.sessions, report.batches, report.samples
        ),
        "| moment | form | median | p90 | p99 | max | mean | sessions below a power of two |"
            .into(),
        "|---|---|---:|---:|---:|---:|---:|---|".into(),
    ];
    for row in &report.rows {
        let buckets = row
            .histogram
            .iter()
            .map(|(below, count)| format!("{below}: {count}"));
        lines.push(format!(
            "| {} | {} | {} | {} | {} | {} | {} | {} |",
            row.moment,
            row.form,
            row.median,
            row.p90,
            row.p99,
            row.max,
            row.mean,
            buckets.collect::<Vec<_>>().join(", ")
        ));
    }
    lines.push(format!(
        "\n{} of them in one partition, after their last batches: {} bytes a session serialized, {} in memory\n",
        report.sessions.min(TOGETHER),
        report.together_serialized,
        report.together_heap
    ));
    lines.join("\n")
}

fn store(report: &Report) -> Result<()> {
    let own = std::env::current_exe()?;
    // The benchmark lies in <target>/<profile>/deps.
    let target = own.ancestors().nth(3).context("no target folder")?;
    let folder = target.join("bench");
    fs::create_dir_all(&folder)?;
    let file = folder.join("state.json");
    fs::write(&file, serde_json::to_string_pretty(report)?)?;
    println!("written to {}", file.display());
    Ok(())
}
