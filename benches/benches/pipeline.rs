//! The one-process pipeline from end to end: what it takes in, how soon it is
//! seen, and what that costs. `benches/README.md` says how to read it.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a terminal program: its lines are its interface"
)]

use anyhow::{Context, Result};
use furrow_benches::count::{self, Counted};
use furrow_benches::drive::{Driven, Width, drive};
use furrow_benches::echo::{self, Echo};
use furrow_benches::report::{Behind, Cost, Phase, Report};
use furrow_benches::traffic::{Pace, Traffic};
use furrow_benches::watch::Watch;
use furrow_benches::{BATCH_SAMPLES, usage};
use furrow_store::Store;
use furrow_store::engine::{self, Account};
use furrow_tests::Furrow;
use std::process::ExitCode;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// How long each phase sends, unless told otherwise.
const SECONDS: u32 = 8;
/// Batches a second that are offered, one phase each; flat out follows.
const RATES: &[u32] = &[200, 1_000, 5_000];
/// Connections and calls in flight, unless told otherwise.
const WIDTH: Width = Width {
    connections: 4,
    in_flight: 256,
};
/// What is sent first and not reported: connections are made, caches filled.
const WARM_UP_SECONDS: u32 = 2;
const WARM_UP_RATE: u32 = 200;
/// How long ClickHouse may take to count everything after a phase.
const COUNTED_MAX: Duration = Duration::from_secs(60);
/// Sessions that began and are not yet known to the watch.
const FIRSTS_MAX: usize = 4_096;
/// More than any phase sends: the gateway's rates are not what is measured.
const RATE: &str = "1000000";
/// Updates that the watch may be behind: it is to miss none.
const LIVE_UPDATES_MAX: &str = "65536";

/// What the command line asks for.
#[derive(Debug, Clone, Copy)]
struct Options {
    seconds: u32,
    width: Width,
}

fn main() -> ExitCode {
    let outcome = options(std::env::args().skip(1)).and_then(measure);
    match outcome {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn options(mut args: impl Iterator<Item = String>) -> Result<Options> {
    let mut options = Options {
        seconds: SECONDS,
        width: WIDTH,
    };
    while let Some(name) = args.next() {
        let mut number = || -> Result<u32> {
            let value = args.next().unwrap_or_default();
            let number = value.parse().ok().filter(|number| *number > 0);
            number.with_context(|| format!("{name} takes a number from 1, not {value:?}"))
        };
        match name.as_str() {
            // Cargo tells every benchmark that it is one.
            "--bench" => {}
            "--seconds" => options.seconds = number()?,
            "--connections" => options.width.connections = usize::try_from(number()?)?,
            "--in-flight" => options.width.in_flight = usize::try_from(number()?)?,
            other => anyhow::bail!(
                "{other:?} is not known; there are --seconds N, --connections N, --in-flight N"
            ),
        }
    }
    Ok(options)
}

fn measure(options: Options) -> Result<ExitCode> {
    let runtime = tokio::runtime::Runtime::new()?;
    let furrow = start();
    let engine_dir = furrow.data().join("clickhouse");
    let reader = engine::attach(&engine_dir, Account::Reader, &"furrow".parse()?)?;
    let mut pipeline = Pipeline {
        store: Store::connect(&reader)?,
        furrow,
        width: options.width,
        phases: Vec::new(),
        counted: Counted::default(),
    };
    let warm_up = Pace::PerSecond(WARM_UP_RATE);
    runtime.block_on(pipeline.phase(warm_up, WARM_UP_SECONDS))?;
    let paces = RATES.iter().map(|rate| Pace::PerSecond(*rate));
    for pace in paces.chain([Pace::FlatOut]) {
        runtime.block_on(pipeline.phase(pace, options.seconds))?;
    }
    let Pipeline {
        mut furrow,
        mut phases,
        counted,
        ..
    } = pipeline;
    // The echo is alone, as the pipeline was.
    furrow.stop();
    let acknowledged = phases.iter().map(|phase| phase.acknowledged).sum();
    let uncertain = phases.iter().map(|phase| phase.failed).sum();
    // The warm-up counts, but nobody reads its figures.
    phases.remove(0);
    let echo = Echo::start()?;
    phases.push(runtime.block_on(echo_phase(&echo.url(), options))?);
    let report = Report {
        cores: std::thread::available_parallelism()?.get(),
        width: options.width,
        phases,
        acknowledged,
        uncertain,
        archived: counted.archived,
        scored: counted.scored,
    };
    tell(&report)
}

/// Prints the table, writes the file, and says whether anything is lost.
fn tell(report: &Report) -> Result<ExitCode> {
    let Width {
        connections,
        in_flight,
    } = report.width;
    println!(
        "\n{} cores, client included; {connections} connections, {in_flight} calls in flight at \
         most; {BATCH_SAMPLES} samples a batch\n",
        report.cores
    );
    print!("{}", report.table());
    println!();
    for phase in &report.phases {
        if let Some(failure) = &phase.failure {
            println!("{}: the first failure: {failure}", phase.name);
        }
        let let_go = phase.behind.as_ref().map_or(0, |behind| behind.live_let_go);
        if let_go > 0 {
            println!("{}: the live stream ended {let_go} times", phase.name);
        }
    }
    // The benchmark lies in <target>/<profile>/deps.
    let own = std::env::current_exe()?;
    let target = own.ancestors().nth(3).context("no target folder")?;
    let folder = target.join("bench");
    std::fs::create_dir_all(&folder)?;
    let file = folder.join("pipeline.json");
    std::fs::write(&file, serde_json::to_string_pretty(report)?)?;
    println!("written to {}", file.display());
    Ok(match report.fault() {
        Some(fault) => {
            eprintln!("error: {fault}");
            ExitCode::FAILURE
        }
        None => {
            println!(
                "nothing lost: {} acknowledged, {} archived, {} scored",
                report.acknowledged, report.archived, report.scored
            );
            ExitCode::SUCCESS
        }
    })
}

/// A `furrow up` without rates that would hold the client back.
fn start() -> Furrow {
    let mut options = Furrow::options();
    for bucket in ["KEY", "ADDRESS", "SESSION"] {
        for of in ["PER_SECOND", "BURST"] {
            options = options.set(&format!("FURROW__GATEWAY__RATES__{bucket}__{of}"), RATE);
        }
    }
    options
        .set("FURROW__API__LIMITS__LIVE_UPDATES_MAX", LIVE_UPDATES_MAX)
        .start()
}

/// A running Furrow and what was measured of it.
struct Pipeline {
    furrow: Furrow,
    store: Store,
    width: Width,
    phases: Vec<Phase>,
    /// In the end of the last phase.
    counted: Counted,
}

/// What processes and disk took so far.
struct Before {
    furrow: Duration,
    engine: Duration,
    client: Duration,
    log_bytes: u64,
}

impl Pipeline {
    fn before(&self, engine: u32) -> Before {
        let furrow = self.furrow.pid();
        Before {
            furrow: usage::cpu(furrow).unwrap_or_default(),
            engine: usage::cpu(engine).unwrap_or_default(),
            client: client_cpu(),
            log_bytes: usage::disk_bytes(&self.furrow.data().join("log")),
        }
    }

    /// Sends for a while, waits until ClickHouse counts everything, and notes
    /// what was seen.
    async fn phase(&mut self, pace: Pace, seconds: u32) -> Result<()> {
        let (furrow, engine) = (self.furrow.pid(), self.furrow.engine_pid());
        let engine = engine.context("the engine is not running")?;
        usage::forget_peak(furrow);
        usage::forget_peak(engine);
        let watch = Watch::open(self.furrow.ports().api, self.store.clone()).await?;
        let number = u32::try_from(self.phases.len())? + 1;
        let traffic = traffic(number, pace, seconds)?;
        let before = self.before(engine);
        let done = CancellationToken::new();
        let (firsts, began) = mpsc::channel(FIRSTS_MAX);
        let watching = tokio::spawn(watch.run(began, done.clone()));
        eprintln!("{}, for {seconds} s", name(pace));
        let time = Duration::from_secs(seconds.into());
        let url = self.furrow.ingest_url();
        let driven = drive(&url, self.width, traffic, time, firsts).await?;
        let client = client_cpu() - before.client;

        let told = Instant::now();
        let so_far: u64 = self.phases.iter().map(|phase| phase.acknowledged).sum();
        let expected = so_far + driven.acks.count();
        self.counted = count::until(&self.store, expected, COUNTED_MAX).await?;
        let counted_after_s = told.elapsed().as_secs_f64();
        done.cancel();
        let seen = watching.await??;
        let after = self.before(engine);
        let cost = |pid, cpu: Duration| Cost {
            cpu_s: cpu.as_secs_f64(),
            peak_rss_bytes: usage::peak_rss(pid),
        };
        let log_bytes = after.log_bytes as f64 - before.log_bytes as f64;
        let behind = Behind {
            sessions: seen.sessions,
            live: seen.live.summary(),
            live_let_go: seen.let_go,
            probes: seen.probes,
            row: seen.rows.summary(),
            counted_after_s,
            engine: cost(engine, after.engine - before.engine),
            log_bytes_per_batch: log_bytes / driven.acks.count().max(1) as f64,
        };
        let server = cost(furrow, after.furrow - before.furrow);
        let phase = phase(name(pace), pace, driven, server, client, Some(behind));
        self.phases.push(phase);
        Ok(())
    }
}

/// The same client, flat out, against a server that only decodes and answers.
async fn echo_phase(url: &str, options: Options) -> Result<Phase> {
    let Options { seconds, width } = options;
    let pace = Pace::FlatOut;
    let traffic = traffic(0, pace, seconds)?;
    eprintln!("echo, for {seconds} s");
    let (firsts, _) = mpsc::channel(1);
    let (server, client) = (usage::threads_cpu(echo::THREAD_NAME), client_cpu());
    let time = Duration::from_secs(seconds.into());
    let driven = drive(url, width, traffic, time, firsts).await?;
    let server = Cost {
        cpu_s: (usage::threads_cpu(echo::THREAD_NAME) - server).as_secs_f64(),
        peak_rss_bytes: None,
    };
    let client = client_cpu() - client;
    Ok(phase("echo".into(), pace, driven, server, client, None))
}

fn phase(
    name: String,
    pace: Pace,
    driven: Driven,
    server: Cost,
    client_cpu: Duration,
    behind: Option<Behind>,
) -> Phase {
    Phase {
        name,
        offered: match pace {
            Pace::PerSecond(rate) => Some(rate),
            Pace::FlatOut => None,
        },
        took_s: driven.took.as_secs_f64(),
        acknowledged: driven.acks.count(),
        samples: driven.acks.count() * u64::from(BATCH_SAMPLES),
        ack: driven.acks.summary(),
        shed: driven.shed,
        failed: driven.failed,
        failure: driven.failure,
        server,
        client_cpu_s: client_cpu.as_secs_f64(),
        behind,
    }
}

fn name(pace: Pace) -> String {
    match pace {
        Pace::PerSecond(rate) => format!("{rate}/s"),
        Pace::FlatOut => "flat out".into(),
    }
}

fn traffic(number: u32, pace: Pace, seconds: u32) -> Result<Traffic> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?;
    let now_ms = i64::try_from(now.as_millis())?;
    Ok(Traffic::new(number, pace, seconds, now_ms))
}

/// Processor time of this process but for the echo's threads.
fn client_cpu() -> Duration {
    let own = usage::cpu(std::process::id()).unwrap_or_default();
    own.saturating_sub(usage::threads_cpu(echo::THREAD_NAME))
}
