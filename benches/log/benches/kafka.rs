//! `cargo xtask bench kafka`: the log beside Kafka's own tools, the memory of a scorer, and the
//! pause when partitions go from one scorer to another. `benches/README.md` says how to read it.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a terminal program: its lines are its interface"
)]

use anyhow::{Context, Result, ensure};
use furrow_log_benches::crowd::Crowd;
use furrow_log_benches::handover::{Cause, Snapshots, hand_over};
use furrow_log_benches::options::{Options, Part};
use furrow_log_benches::pair::{PARTITIONS, Pair, until};
use furrow_log_benches::report::{Grown, Report};
use furrow_log_benches::seen::Seen;
use furrow_log_benches::throughput;
use furrow_test_broker::{Broker, Compiler};
use std::process::ExitCode;
use std::time::Instant;

/// Sessions are opened in so many steps, to see whether memory grows evenly.
const STEPS: u32 = 4;

/// What one round lets happen, and what the new owner finds.
const ROUND: [(Cause, Snapshots); 8] = [
    (Cause::Leaves, Snapshots::Kept),
    (Cause::Joins, Snapshots::Kept),
    (Cause::Dies, Snapshots::Kept),
    (Cause::Joins, Snapshots::Kept),
    (Cause::Leaves, Snapshots::Deleted),
    (Cause::Joins, Snapshots::Kept),
    (Cause::Dies, Snapshots::Deleted),
    (Cause::Joins, Snapshots::Kept),
];

fn main() -> ExitCode {
    let measured = Options::read(std::env::args().skip(1)).and_then(measure);
    match measured {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn measure(options: Options) -> Result<()> {
    let runtime = tokio::runtime::Runtime::new()?;
    let began = Instant::now();
    let mut report = Report {
        cores: std::thread::available_parallelism()?.get(),
        ..Report::default()
    };
    if options.part != Part::Scorers {
        let broker = Broker::start_on(Compiler::Full, &[]);
        report.throughput = runtime.block_on(throughput::measure(&broker, options.rounds))?;
        println!("{}\n", report.throughput(options.rounds));
    }
    if options.part != Part::Throughput {
        // One that has not worked before.
        let broker = Broker::start_on(Compiler::Full, &[]);
        runtime.block_on(scorers(&broker, options, &mut report))?;
        println!("{}\n", report.memory(&options));
        println!("{}\n", report.hand_overs(&options));
        println!(
            "consistent: each of {} batches counts once in its session's newest of {} updates",
            report.batches, report.updates
        );
    }
    println!(
        "{:.0} s; written to {}",
        began.elapsed().as_secs_f64(),
        report.store()?.display()
    );
    Ok(())
}

/// Opens the sessions, lets partitions move, and holds what came of it to what was sent.
async fn scorers(broker: &Broker, options: Options, report: &mut Report) -> Result<()> {
    let mut pair = Pair::start(broker).await?;
    pair.until_caught_up().await?;
    report.growth.extend(grown(&pair)?);
    let sessions = options.sessions * 2;
    let (log, interactions) = (pair.log.clone(), pair.interactions.clone());
    let mut crowd = Crowd::new(sessions, log, interactions);
    for step in 0..STEPS {
        let part = |step: u32| u64::from(sessions) * u64::from(step) / u64::from(STEPS);
        let bounds = u32::try_from(part(step))?..u32::try_from(part(step + 1))?;
        let began = Instant::now();
        crowd.open(bounds.clone(), options.batches).await?;
        pair.until_caught_up().await?;
        until("the sessions are shown", || {
            pair.sum("furrow_scorer_sessions") == f64::from(bounds.end)
        })
        .await?;
        eprintln!(
            "{} sessions are open; {} batches took {:.1} s from the first append to the last commit",
            bounds.end,
            u64::from(bounds.end - bounds.start) * u64::from(options.batches),
            began.elapsed().as_secs_f64()
        );
        report.growth.extend(grown(&pair)?);
    }
    let mut seen = Seen::new(pair.log.clone(), pair.scores.clone(), PARTITIONS);
    seen.read_on().await?;
    let traffic = crowd.go_on(options.rate);
    for round in 1..=options.rounds {
        for (cause, snapshots) in ROUND {
            let one = hand_over(&mut pair, &mut seen, cause, snapshots).await;
            let one = one.with_context(|| format!("{cause:?}, {snapshots:?}"))?;
            eprintln!("round {round}: {one:?}");
            report.hand_overs.push(one);
            report.afterwards.extend(grown(&pair)?);
        }
    }
    let crowd = traffic.stop().await?;
    consistent(&pair, &mut seen, &crowd).await?;
    report.batches = crowd.batches();
    report.updates = seen.updates()?;
    Ok(())
}

fn grown(pair: &Pair) -> Result<Vec<Grown>> {
    let memory = pair.memory()?.into_iter();
    Ok(memory
        .map(|(memory, sessions)| Grown { sessions, memory })
        .collect())
}

/// Every batch that the log took was folded once, and is counted once in its session's newest
/// update.
async fn consistent(pair: &Pair, seen: &mut Seen, crowd: &Crowd) -> Result<()> {
    pair.until_caught_up().await?;
    // Updates that are held back leave within a second, by ticks.
    let mut said = Ok(());
    for _ in 0..20 {
        seen.read_on().await?;
        said = seen.compare(crowd.sent());
        if said.is_ok() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    }
    said?;
    let folded =
        |outcome: &str| pair.sum(&format!("furrow_scorer_records{{outcome=\"{outcome}\"}}")) as u64;
    let batches = crowd.batches();
    until("all batches are shown as folded", || {
        folded("scored") >= batches
    })
    .await?;
    ensure!(folded("scored") == batches, "more was folded than was sent");
    for outcome in ["duplicate", "reordered", "held", "late", "dead"] {
        let count = folded(outcome);
        ensure!(count == 0, "{count} batches were {outcome}");
    }
    Ok(())
}
