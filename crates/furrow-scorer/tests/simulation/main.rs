//! The scorer's decisions under every misfortune, in an order that a seed
//! chooses: what reaches the log is byte for byte what one uninterrupted pass
//! over the same records puts out.
//!
//! ```text
//! draw      chance, from a seed
//! visitors  clients, gateways and publishers: what is appended, and when
//! log       a log in memory that keeps the contract of the real ones
//! shelf     snapshots, with what may befall them
//! instance  one scorer: the real decisions, carried out by hand
//! world     several of them over one log, and what happens to them
//! oracle    one uninterrupted pass, and how it compares
//! ```
//!
//! `FURROW_SEED=7 cargo test -p furrow-scorer --test simulation` runs that
//! schedule alone and tells its steps; `FURROW_SCHEDULES` says how many run.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![allow(
    clippy::print_stderr,
    reason = "a schedule that fails is told step by step"
)]

mod draw;
mod instance;
mod log;
mod oracle;
mod shelf;
mod visitors;
mod world;

use crate::instance::Fault;
use crate::log::Reached;
use crate::world::{Told, World};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

const SCHEDULES: u64 = 10_000;

/// A driver that is wrong is found within so many.
const FAULTY_SCHEDULES_MAX: u64 = 300;

const PROGRESS_EVERY: Duration = Duration::from_secs(10);

/// What the environment asks for.
fn asked(name: &str) -> Option<u64> {
    let value = std::env::var(name).ok()?;
    Some(
        value
            .parse()
            .unwrap_or_else(|_| panic!("{name} is a number")),
    )
}

/// One schedule; its error is what did not hold.
fn run(seed: u64, fault: Fault, told: Told) -> Result<Reached, String> {
    let ran = catch_unwind(AssertUnwindSafe(|| World::new(seed, fault, told).run()));
    ran.unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
        Err(format!("panicked: {}", text.unwrap_or_default()))
    })
}

/// A schedule that fails, and what did not hold.
struct Failure {
    seed: u64,
    why: String,
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Failure { seed, why } = self;
        write!(
            f,
            "the schedule of seed {seed} fails: {why}\nto see it alone: cargo xtask soak --seed {seed}"
        )
    }
}

/// The first of these schedules that fails, by whichever thread; there is one
/// for each processor.
fn first_failure(first: u64, schedules: u64, fault: Fault) -> Option<Failure> {
    let (next, failed) = (AtomicU64::new(first), Mutex::new(None));
    let end = first.saturating_add(schedules);
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let begun = Instant::now();
    let shown = Mutex::new(begun);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= end {
                        break;
                    }
                    if let Err(why) = run(seed, fault, Told::Silently) {
                        next.store(end, Ordering::Relaxed);
                        let mut failed = failed.lock().unwrap();
                        failed.get_or_insert(Failure { seed, why });
                    }
                    let mut shown = shown.lock().unwrap();
                    if shown.elapsed() > PROGRESS_EVERY {
                        *shown = Instant::now();
                        let (done, seconds) = (seed - first, begun.elapsed().as_secs_f64());
                        let rate = done as f64 / seconds;
                        let left = (schedules - done.min(schedules)) as f64 / rate;
                        eprintln!(
                            "{done} of {schedules} schedules, {rate:.0} a second, {left:.0} s to go"
                        );
                    }
                }
            });
        }
    });
    failed.into_inner().unwrap()
}

#[test]
fn whatever_happens_to_scorers_their_outputs_are_those_of_one_pass() {
    let (seed, schedules) = (asked("FURROW_SEED"), asked("FURROW_SCHEDULES"));
    let (first, schedules) = match (seed, schedules) {
        (Some(seed), None) => {
            run(seed, Fault::None, Told::Aloud).unwrap();
            return;
        }
        (first, schedules) => (first.unwrap_or(0), schedules.unwrap_or(SCHEDULES)),
    };
    let begun = Instant::now();
    if let Some(failure) = first_failure(first, schedules, Fault::None) {
        panic!("{failure}");
    }
    let seconds = begun.elapsed().as_secs_f64();
    let rate = schedules as f64 / seconds;
    eprintln!(
        "{schedules} schedules from seed {first} in {seconds:.0} s, {rate:.0} a second: none fails"
    );
}

#[test]
fn a_schedule_that_fails_is_told_with_the_command_that_repeats_it() {
    let fault = Fault::CommitsOneTooFar;
    let failure = first_failure(7, FAULTY_SCHEDULES_MAX, fault).expect("one fails");
    assert!((7..7 + FAULTY_SCHEDULES_MAX).contains(&failure.seed));
    let again = run(failure.seed, fault, Told::Silently).unwrap_err();
    assert_eq!(again, failure.why);
    let command = format!("cargo xtask soak --seed {}", failure.seed);
    assert!(failure.to_string().ends_with(&command), "{failure}");
}

#[test]
fn a_seed_fixes_everything_that_happens() {
    for seed in 0..20 {
        let once = World::new(seed, Fault::None, Told::Silently).history();
        assert_eq!(
            once,
            World::new(seed, Fault::None, Told::Silently).history(),
            "seed {seed}"
        );
    }
}

#[test]
fn schedules_reach_every_outcome_and_every_way_to_take_over() {
    const REACHED: [&str; 12] = [
        "scored",
        "duplicate",
        "reordered",
        "late",
        "dead",
        "tick",
        "control",
        "lower commit",
        "repeated output",
        "takeover from a state",
        "takeover from another fold's snapshot",
        "takeover from nothing",
    ];
    let mut all = Reached::default();
    for seed in 0..200 {
        for (what, times) in run(seed, Fault::None, Told::Silently).unwrap().0 {
            all.count(what, times);
        }
    }
    eprintln!("in 200 schedules: {:?}", all.0);
    for what in REACHED {
        assert!(
            all.0.get(what).is_some_and(|times| *times >= 5),
            "{what} is seldom"
        );
    }
}

/// What one of the schedules finds wrong with a driver that has this fault.
fn found(fault: Fault) -> String {
    let failed = (0..FAULTY_SCHEDULES_MAX).find_map(|seed| {
        let why = run(seed, fault, Told::Silently).err()?;
        eprintln!("{fault:?} is found by seed {seed}: {why}");
        Some(why)
    });
    failed.unwrap_or_else(|| panic!("{fault:?} goes unnoticed"))
}

#[test]
fn receipts_that_are_given_too_early_are_found() {
    assert!(found(Fault::ReceiptsBeforeDurable).contains("missing"));
}

#[test]
fn a_commit_that_goes_one_too_far_is_found() {
    assert!(found(Fault::CommitsOneTooFar).contains("missing"));
}

#[test]
fn a_record_that_a_new_owner_misses_is_found() {
    assert!(found(Fault::SkipsARecord).contains("one pass"));
}

#[test]
fn log_time_that_is_taken_from_the_reader_s_clock_is_found() {
    assert!(found(Fault::OwnClockAsLogTime).contains("one pass"));
}
