//! Everything killed at random moments under load, on real servers, and what was left compared
//! with one uninterrupted pass over the same log.
//!
//! ```text
//! schedule    what is done to whom, and when
//! world       three brokers, a ClickHouse, two of each role, all of which can be struck
//! role        one role in a process of its own
//! clickhouse  a ClickHouse server
//! crowd       simulated visitors who send until they are answered
//! report      what a run showed, and whether it holds
//! ```

mod clickhouse;
mod crowd;
mod report;
mod role;
mod schedule;
mod world;

pub use report::{Report, Takeovers};
pub use schedule::{Blow, Part, Step, Victim, schedule};

use crate::compare::{Difference, Faults, batches_by_session, miscounted};
use crate::random::Random;
use crowd::Crowd;
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::Instant;
use world::World;

/// Runs a schedule of so many kills drawn from a seed. `tell` is told what is being done.
///
/// # Panics
/// When something does not come up, come back or drain within a bound.
#[must_use]
pub fn run(seed: u64, kills: usize, tell: impl Fn(String)) -> Report {
    let began = Instant::now();
    let steps = schedule(seed, kills);
    let mut world = World::start();
    tell(format!("all is up after {} s", began.elapsed().as_secs()));
    // Other numbers than those of the schedule.
    let crowd = Crowd::start(&world.gateways(), &mut Random::new(!seed));
    let under_load = Instant::now();
    for (number, step) in (1..).zip(&steps) {
        tell(format!("{number:>3}/{} {step}", steps.len()));
        world.take(step);
    }
    world.mend();
    let struck_for = under_load.elapsed();
    let sent = crowd.finish();
    let batches = u64::try_from(sent.acknowledged.len()).expect("a count fits");
    tell(format!("{batches} batches are acknowledged; draining"));
    world.until_stored("furrow", batches);

    let faults = Faults::of(&sent.acknowledged, &world.archived());
    let (counted, gaps) = world.counted();
    let counted = counted.iter().map(|(id, count)| (id.as_str(), *count));
    let expected = batches_by_session(&sent.acknowledged);
    let miscounted = owned(&miscounted(&expected, &counted.collect()));
    let [interactions, dead_letters] = world.records();
    let survived = world.tables("furrow");
    let (own_ends, events) = (world.own_ends(), world.events());
    tell("one uninterrupted pass over the same log".into());
    let folded = world.pass_again(batches);
    let uninterrupted = world.tables("uninterrupted");

    let empty = survived.iter().filter(|(_, rows)| rows.is_empty());
    Report {
        seed,
        faults,
        miscounted,
        gaps,
        interactions,
        dead_letters,
        folded,
        rows: survived.values().map(Vec::len).sum(),
        empty: empty.map(|(table, _)| *table).collect(),
        differences: survived
            .iter()
            .map(|(table, rows)| (*table, Difference::between(rows, &uninterrupted[table])))
            .collect(),
        own_ends,
        disorderly: std::mem::take(&mut world.disorderly),
        panics: panics(&events),
        takeovers: takeovers(&events),
        steps,
        sent,
        struck_for,
        took: began.elapsed(),
    }
}

fn owned(counts: &BTreeMap<&str, u64>) -> BTreeMap<String, u64> {
    let counts = counts.iter();
    counts
        .map(|(id, count)| ((*id).to_owned(), *count))
        .collect()
}

/// Lines with which Rust announces a panic: they are no events.
fn panics(events: &[Value]) -> Vec<String> {
    let lines = events.iter().filter_map(Value::as_str);
    lines
        .filter(|line| line.contains("panicked at"))
        .map(str::to_owned)
        .collect()
}

fn takeovers(events: &[Value]) -> Takeovers {
    let mut sum = Takeovers::default();
    for event in events
        .iter()
        .filter(|event| event["message"] == "took over")
    {
        let offset = |name: &str| event[name].as_u64().unwrap_or_default();
        let (from, emit_from) = (offset("from"), offset("emit_from"));
        sum.all += 1;
        sum.from_a_snapshot += u32::from(from > 0);
        sum.with_outputs_to_repeat += u32::from(emit_from < offset("end"));
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn panics_and_takeovers_are_read_from_what_roles_write() {
        let took_over = |from: u64, emit_from: u64| json!({"message": "took over", "from": from, "emit_from": emit_from, "end": 9});
        let events = [
            took_over(0, 9),
            took_over(4, 7),
            json!({"message": "ready"}),
            json!("thread 'main' panicked at src/main.rs:1:1:"),
        ];
        assert_eq!(panics(&events).len(), 1);
        let expected = Takeovers {
            all: 2,
            from_a_snapshot: 1,
            with_outputs_to_repeat: 1,
        };
        assert_eq!(takeovers(&events), expected);
    }
}
