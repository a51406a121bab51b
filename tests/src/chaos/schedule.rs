//! What is done to whom, and when: drawn from a seed, the same every time.

use crate::random::Random;
use std::fmt;
use std::ops::Range;
use std::time::Duration;

/// From one blow to the next, ms.
const PAUSE_MS: Range<u64> = 200..2_500;
/// From a death to the next start, ms.
const DOWN_MS: Range<u64> = 0..2_000;
/// How long a process stands still, ms: longer than a group waits for a member, so that its
/// partitions have moved when it wakes.
const FROZEN_MS: Range<u64> = 8_000..12_000;

/// A part of the system, of which there are one or more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// Takes batches in.
    Gateway,
    /// Folds them.
    Scorer,
    /// Brings rows to ClickHouse.
    Sink,
    /// Keeps the log, with others.
    Broker,
    /// Keeps the rows.
    ClickHouse,
}

impl Part {
    /// All of them.
    pub const ALL: [Part; 5] = [
        Part::Gateway,
        Part::Scorer,
        Part::Sink,
        Part::Broker,
        Part::ClickHouse,
    ];

    /// How many processes of it there are.
    #[must_use]
    pub fn count(self) -> u64 {
        match self {
            Part::Gateway | Part::Scorer | Part::Sink => 2,
            Part::Broker => 3,
            Part::ClickHouse => 1,
        }
    }

    /// How many of 10 blows fall on it: most on what Furrow is made of.
    fn share(self) -> usize {
        match self {
            Part::Gateway => 2,
            Part::Scorer | Part::Sink => 3,
            Part::Broker | Part::ClickHouse => 1,
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Part::Gateway => "gateway",
            Part::Scorer => "scorer",
            Part::Sink => "sink",
            Part::Broker => "broker",
            Part::ClickHouse => "ClickHouse",
        })
    }
}

/// One process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Victim {
    /// Which part of the system.
    pub part: Part,
    /// Which of its processes, from 0.
    pub number: usize,
}

impl fmt::Display for Victim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.part, self.number + 1)
    }
}

/// What is done to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blow {
    /// `kill -9`.
    Kill,
    /// SIGTERM, as a deploy does.
    Stop,
    /// SIGSTOP, and SIGCONT when its time has come: until then it is a zombie.
    Freeze,
}

/// One blow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// From the blow before.
    pub pause: Duration,
    /// To whom.
    pub victim: Victim,
    /// What.
    pub blow: Blow,
    /// When it starts again, or goes on, after the blow. ClickHouse is started again by what
    /// watches over it.
    pub away: Duration,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let blow = match self.blow {
            Blow::Kill => "kill -9",
            Blow::Stop => "end",
            Blow::Freeze => "freeze",
        };
        let (pause, away) = (self.pause.as_millis(), self.away.as_millis());
        write!(
            f,
            "after {pause:>4} ms {blow:<7} {:<12} away {away} ms",
            self.victim.to_string()
        )
    }
}

/// So many kills, with stops and zombies between them. Every part is killed, and a scorer and a
/// sink are frozen, before the rest is left to chance.
#[must_use]
pub fn schedule(seed: u64, kills: usize) -> Vec<Step> {
    let mut random = Random::new(seed);
    let mut first: Vec<(Part, Blow)> = vec![
        (Part::Scorer, Blow::Freeze),
        (Part::Sink, Blow::Freeze),
        (Part::Scorer, Blow::Stop),
    ];
    first.extend(Part::ALL.map(|part| (part, Blow::Kill)));
    let mut steps = Vec::new();
    let mut left = kills;
    while left > 0 {
        let (part, blow) = match first.len() {
            0 => any(&mut random),
            some => first.swap_remove(below(&mut random, some)),
        };
        steps.push(step(&mut random, part, blow));
        left -= usize::from(blow == Blow::Kill);
    }
    steps
}

fn any(random: &mut Random) -> (Part, Blow) {
    let shares: Vec<Part> = Part::ALL
        .into_iter()
        .flat_map(|part| std::iter::repeat_n(part, part.share()))
        .collect();
    let part = shares[below(random, shares.len())];
    let blow = match random.within(0..10) {
        0..7 => Blow::Kill,
        7..9 => Blow::Freeze,
        // What watches over ClickHouse knows of no deploys.
        _ if part == Part::ClickHouse => Blow::Kill,
        _ => Blow::Stop,
    };
    (part, blow)
}

fn step(random: &mut Random, part: Part, blow: Blow) -> Step {
    let away_ms = match blow {
        Blow::Kill | Blow::Stop => DOWN_MS,
        Blow::Freeze => FROZEN_MS,
    };
    let count = usize::try_from(part.count()).expect("a few");
    Step {
        pause: Duration::from_millis(random.within(PAUSE_MS)),
        victim: Victim {
            part,
            number: below(random, count),
        },
        blow,
        away: Duration::from_millis(random.within(away_ms)),
    }
}

fn below(random: &mut Random, end: usize) -> usize {
    let end = u64::try_from(end).expect("a few");
    usize::try_from(random.within(0..end)).expect("a few")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kills(steps: &[Step]) -> impl Iterator<Item = &Step> {
        steps.iter().filter(|step| step.blow == Blow::Kill)
    }

    #[test]
    fn a_seed_draws_the_same_schedule_every_time() {
        assert_eq!(schedule(7, 50), schedule(7, 50));
        assert_ne!(schedule(7, 50), schedule(8, 50));
    }

    #[test]
    fn there_are_as_many_kills_as_were_asked_for() {
        for count in [0, 1, 5, 10, 200] {
            assert_eq!(kills(&schedule(3, count)).count(), count);
        }
    }

    #[test]
    fn ten_kills_hit_every_part_and_leave_a_zombie_scorer_and_sink() {
        for seed in 0..200 {
            let steps = schedule(seed, 10);
            for part in Part::ALL {
                assert!(
                    kills(&steps).any(|step| step.victim.part == part),
                    "{seed}: {part}"
                );
            }
            for part in [Part::Scorer, Part::Sink] {
                let frozen = |step: &Step| step.blow == Blow::Freeze && step.victim.part == part;
                assert!(steps.iter().any(frozen), "{seed}: {part}");
            }
        }
    }

    #[test]
    fn a_long_schedule_reaches_every_process() {
        let steps = schedule(1, 200);
        for part in Part::ALL {
            for number in 0..usize::try_from(part.count()).unwrap_or(0) {
                let victim = Victim { part, number };
                assert!(kills(&steps).any(|step| step.victim == victim), "{victim}");
            }
        }
    }
}
