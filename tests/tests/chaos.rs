//! A short run of `cargo xtask chaos`: three real brokers, ClickHouse, two of each role, all of
//! them killed under load.

#![allow(clippy::print_stdout, reason = "all of this file is tests")]

use furrow_tests::chaos;
use furrow_tests::random::Random;

const KILLS: usize = 12;

#[test]
fn whatever_is_killed_every_acknowledged_batch_counts_once_and_no_score_changes() {
    let seed = Random::seed();
    println!("FURROW_TEST_SEED={seed}");
    let report = chaos::run(seed, KILLS, |line| println!("{line}"));
    println!("{report}");
    let complaints = report.complaints();
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));

    // The kills came in the middle of things.
    assert_eq!(report.kills(), KILLS);
    assert!(report.acknowledged() > 500, "the load was no load");
    assert!(report.repeats() > 0, "nothing was sent twice");
    let takeovers = report.takeovers();
    assert!(takeovers.from_a_snapshot > 0, "{takeovers:?}");
    assert!(takeovers.with_outputs_to_repeat > 0, "{takeovers:?}");
}
