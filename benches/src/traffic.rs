//! Sessions that come and go at a rate, as encoded batches.
//!
//! A session sends a batch a second, [`SESSION_BATCHES`] in all. The sessions
//! form cohorts, one of which ends and begins anew every second, so that at any
//! time some sessions are new and some are old.

use crate::BATCH_SAMPLES;
use furrow_sim::load::{Load, Plan, Planned};

/// Batches of a session that is not cut short by the phase's beginning or end.
pub const SESSION_BATCHES: u32 = 10;
/// Groups of sessions that begin at different seconds.
const COHORTS: u64 = SESSION_BATCHES as u64;
/// Sessions of each cohort where no rate says how many there are.
const FLAT_OUT_SESSIONS: u64 = 400;
/// Batches a second beyond which nothing is planned for a phase flat out.
const FLAT_OUT_MAX: u64 = 100_000;
/// How far a flat out phase's clients' clocks lie behind, so that batches that
/// are sent ahead of their time are not batches from the future.
const FLAT_OUT_BEHIND_MS: i64 = 1_800_000;

/// How batches follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// So many a second.
    PerSecond(u32),
    /// Each as soon as there is room.
    FlatOut,
}

/// The batches of one phase.
#[derive(Debug)]
pub struct Traffic {
    pace: Pace,
    /// Of each cohort.
    sessions: u64,
    /// By cohort, then by generation.
    loads: Vec<Vec<Load>>,
}

impl Traffic {
    /// Plans the batches of a phase that begins at `start_ms` since 1970. No
    /// two phases of a run may have the same number.
    #[must_use]
    pub fn new(phase: u32, pace: Pace, seconds: u32, start_ms: i64) -> Traffic {
        let (sessions, turns, start_ms) = match pace {
            Pace::PerSecond(rate) => {
                let sessions = (u64::from(rate) / COHORTS).max(1);
                (sessions, u64::from(seconds) + 1, start_ms)
            }
            Pace::FlatOut => {
                let turns = u64::from(seconds) * FLAT_OUT_MAX / (COHORTS * FLAT_OUT_SESSIONS);
                (FLAT_OUT_SESSIONS, turns, start_ms - FLAT_OUT_BEHIND_MS)
            }
        };
        let load = |cohort: u64, generation: u64| {
            let sessions = u32::try_from(sessions).expect("a rate is of 32 bits");
            let plan = Plan {
                seed: u64::from(phase) << 40 | cohort << 32 | generation,
                sessions,
                batches_per_session: SESSION_BATCHES,
                batches_per_second: sessions,
                samples_per_batch: BATCH_SAMPLES,
            };
            let first_ms = first_turn(cohort, generation) * 1_000;
            plan.load(start_ms + i64::try_from(first_ms).expect("a phase is short"))
        };
        let generations = turns / COHORTS + 2;
        let loads = (0..COHORTS)
            .map(|cohort| (0..generations).map(|g| load(cohort, g)).collect())
            .collect();
        Traffic {
            pace,
            sessions,
            loads,
        }
    }

    /// How its batches follow each other.
    #[must_use]
    pub fn pace(&self) -> Pace {
        self.pace
    }

    /// The batch with this number, from 0; `None` beyond the plan.
    #[must_use]
    pub fn batch(&self, number: u64) -> Option<Planned> {
        let (cohort, of) = (number % COHORTS, number / COHORTS);
        let (turn, session) = (of / self.sessions, of % self.sessions);
        let generation = (turn + cohort) / COHORTS;
        let turn = turn - first_turn(cohort, generation);
        let loads = &self.loads[usize::try_from(cohort).expect("cohorts are few")];
        let load = loads.get(usize::try_from(generation).ok()?)?;
        Some(load.batch(turn * self.sessions + session))
    }
}

/// The second in which a generation of a cohort begins. All first ones begin
/// at once, and most of them are short.
fn first_turn(cohort: u64, generation: u64) -> u64 {
    (generation * COHORTS).saturating_sub(cohort)
}

#[cfg(test)]
mod tests {
    use super::*;
    use furrow_proto::{Limits, check_times, decode_batch};
    use std::collections::BTreeMap;

    const NOON: i64 = 1_790_000_000_000;

    #[test]
    fn every_sender_counts_from_0_without_gaps() {
        for pace in [Pace::PerSecond(50), Pace::FlatOut] {
            let traffic = Traffic::new(1, pace, 25, NOON);
            let mut next = BTreeMap::new();
            for number in 0..25 * 50 {
                let planned = traffic.batch(number).unwrap();
                let expected = next.entry(planned.sender.0).or_insert(0);
                assert_eq!(planned.sequence, *expected);
                *expected += 1;
            }
        }
    }

    #[test]
    fn sessions_begin_in_every_second() {
        let traffic = Traffic::new(1, Pace::PerSecond(100), 20, NOON);
        let begin = |second: u64| {
            let numbers = second * 100..(second + 1) * 100;
            let batches = numbers.map(|number| traffic.batch(number).unwrap());
            batches.filter(|batch| batch.sequence == 0).count()
        };
        assert_eq!(begin(0), 100);
        assert_eq!((1..20).map(begin).collect::<Vec<_>>(), [10; 19]);
    }

    #[test]
    fn every_batch_is_taken_when_it_is_sent() {
        let limits = Limits::default();
        let traffic = Traffic::new(1, Pace::PerSecond(100), 12, NOON);
        for number in 0..1_200 {
            let batch = decode_batch(&traffic.batch(number).unwrap().bytes, &limits).unwrap();
            let now_ms = NOON + i64::try_from(number * 10).unwrap();
            assert_eq!(check_times(&batch, now_ms, &limits), Ok(()));
            assert!((batch.sent.0 - now_ms).abs() <= 1_000);
        }
        let traffic = Traffic::new(1, Pace::FlatOut, 10, NOON);
        for number in (0..10 * FLAT_OUT_MAX).step_by(997) {
            let batch = decode_batch(&traffic.batch(number).unwrap().bytes, &limits).unwrap();
            assert_eq!(check_times(&batch, NOON, &limits), Ok(()));
            assert!(batch.sent.0 < NOON);
        }
    }

    #[test]
    fn a_plan_has_an_end() {
        let traffic = Traffic::new(1, Pace::FlatOut, 1, NOON);
        assert_eq!(traffic.batch(100 * FLAT_OUT_MAX), None);
    }

    #[test]
    fn phases_share_no_session() {
        let first = |phase| {
            Traffic::new(phase, Pace::FlatOut, 1, NOON)
                .batch(0)
                .unwrap()
        };
        assert_ne!(first(1).session, first(2).session);
    }
}
