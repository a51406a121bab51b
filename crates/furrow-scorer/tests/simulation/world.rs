//! Several scorers over one log, and what happens to them.

use crate::draw::Draw;
use crate::instance::{Fault, Instance};
use crate::log::{Log, Reached};
use crate::oracle;
use crate::shelf::{Fold, Published, Shelf};
use crate::visitors::Visitors;
use furrow_log::{Offset, Partition, Stored};
use furrow_scorer::Config;
use std::collections::BTreeMap;

/// Noon of some day.
const NOON_MS: i64 = 1_790_000_000_000;

const MINUTE_MS: i64 = 60_000;

/// Things that happen before the end.
const STEPS: usize = 200;

/// Rounds in which everything that was begun comes to its end; more, and
/// something goes on for ever.
const ROUNDS_MAX: usize = 2_000;

/// Beyond every pause of a scorer, so that a round waits for nothing.
const ROUND_MS: i64 = 12_000;

/// Whether steps are told as they are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Told {
    Aloud,
    Silently,
}

/// What happens next.
#[derive(Debug, Clone, Copy)]
enum Step {
    ClientActs,
    GatewayTakes,
    RulesGoOut,
    Poison,
    TimePasses,
    Reads,
    Sends,
    Looks,
    OutputLands,
    AppendLands,
    AppendLost,
    ReceiptComes,
    SnapshotLands,
    SnapshotLost,
    PartitionMoves,
    LossIsHeard,
    Crashes,
    Leaves,
    BrokerChanges,
}

/// How often, beside the others.
const WEIGHTS: &[(u32, Step)] = &[
    (16, Step::ClientActs),
    (20, Step::GatewayTakes),
    (3, Step::RulesGoOut),
    (2, Step::Poison),
    (14, Step::TimePasses),
    (26, Step::Reads),
    (16, Step::Sends),
    (26, Step::Looks),
    (22, Step::OutputLands),
    (6, Step::AppendLands),
    (1, Step::AppendLost),
    (22, Step::ReceiptComes),
    (14, Step::SnapshotLands),
    (1, Step::SnapshotLost),
    (6, Step::PartitionMoves),
    (2, Step::LossIsHeard),
    (2, Step::Crashes),
    (1, Step::Leaves),
    (1, Step::BrokerChanges),
];

pub(crate) struct World {
    draw: Draw,
    config: Config,
    fault: Fault,
    told: Told,
    at_ms: i64,
    log: Log,
    shelf: Shelf,
    visitors: Visitors,
    instances: Vec<Instance>,
    /// Whose each partition is in truth.
    owners: BTreeMap<Partition, usize>,
}

impl World {
    pub(crate) fn new(seed: u64, fault: Fault, told: Told) -> World {
        let mut draw = Draw::new(seed);
        let partitions = 1 + draw.below(3);
        let scorers = 1 + draw.below(3);
        let config = Config {
            snapshot_every_ms: [0, 20, 500][draw.below(3)],
            commit_every_ms: [0, 20, 500][draw.below(3)],
            outputs_in_flight_max: 1 + draw.below(6),
            ..Config::default()
        };
        let mut world = World {
            visitors: Visitors::new(partitions, &mut draw),
            draw,
            config,
            fault,
            told,
            at_ms: NOON_MS,
            log: Log::new(partitions),
            shelf: Shelf::default(),
            instances: Vec::new(),
            owners: BTreeMap::new(),
        };
        for _ in 0..scorers {
            let started = world.started();
            world.instances.push(started);
        }
        for partition in world.log.partitions() {
            let to = world.draw.below(scorers);
            world.give(partition, to);
        }
        world
    }

    /// Everything that happens, and then whether it was right.
    pub(crate) fn run(mut self) -> Result<Reached, String> {
        self.live()?;
        oracle::compare(&mut self.log, &self.config, self.at_ms)?;
        Ok(self.log.reached)
    }

    /// The log as it stands when everything has happened.
    pub(crate) fn history(mut self) -> Vec<Vec<Stored>> {
        self.live().unwrap();
        let partitions = self.log.partitions();
        partitions.map(|p| self.log.records(p).to_vec()).collect()
    }

    fn live(&mut self) -> Result<(), String> {
        for _ in 0..STEPS {
            let step = self.draw.weighted(WEIGHTS);
            if self.told == Told::Aloud {
                eprintln!("{:>9} ms  {step:?}", self.at_ms - NOON_MS);
            }
            self.step(step);
        }
        self.recover();
        // Sessions end; those that ended leave markers; rules are told again.
        for minutes in [0, 36, 61, 26 * 60] {
            self.at_ms += minutes * MINUTE_MS;
            self.settle()?;
        }
        Ok(())
    }

    fn step(&mut self, step: Step) {
        let at_ms = self.at_ms;
        let chosen = self.any_instance(step);
        let instance = &mut self.instances[chosen];
        match step {
            Step::ClientActs => self.visitors.act(&mut self.draw, at_ms),
            Step::GatewayTakes => {
                let record = self.visitors.take(&mut self.draw, at_ms);
                self.append(record);
            }
            Step::RulesGoOut => {
                let record = self.visitors.publish(&mut self.draw, at_ms);
                self.append(record);
            }
            Step::Poison => {
                let record = self.visitors.poison(&mut self.draw);
                self.append(Some(record));
            }
            Step::TimePasses => self.at_ms += passing_ms(&mut self.draw),
            Step::Reads => {
                let owned: Vec<_> = instance.owned().collect();
                if !owned.is_empty() {
                    let partition = owned[self.draw.below(owned.len())];
                    let records_max = 1 + self.draw.below(8);
                    instance.reads(partition, &self.log, at_ms, records_max);
                }
            }
            Step::Sends => {
                instance.sends(1 + self.draw.below(4));
            }
            Step::Looks => {
                let log_is_full = self.draw.percent(5);
                instance.looks(&mut self.log, at_ms, log_is_full);
            }
            Step::OutputLands => {
                instance.output_lands(&mut self.log, &mut self.draw);
            }
            Step::AppendLands => {
                instance.append_lands(&mut self.log, at_ms);
            }
            Step::AppendLost => instance.append_lost(),
            Step::ReceiptComes => {
                instance.receipt_comes(&mut self.draw);
            }
            Step::SnapshotLands => {
                let comes_to = self.draw.weighted(&[
                    (8, Published::Whole),
                    (1, Published::Torn),
                    (1, Published::Lost),
                ]);
                instance.snapshot_lands(&mut self.shelf, comes_to);
            }
            Step::SnapshotLost => self.shelf.lose(&mut self.draw),
            Step::PartitionMoves => {
                let partition = self.any_partition();
                self.give(partition, chosen);
            }
            Step::LossIsHeard => {
                let lost = instance
                    .owned()
                    .find(|partition| self.owners.get(partition) != Some(&chosen));
                if let Some(partition) = lost {
                    instance.revoked(partition);
                }
            }
            Step::Crashes => {
                let started = self.started();
                let crashed = std::mem::replace(&mut self.instances[chosen], started);
                crashed.crashes(&mut self.log, &mut self.draw, at_ms);
                self.owners.retain(|_, owner| *owner != chosen);
            }
            Step::Leaves => {
                let started = self.started();
                let left = std::mem::replace(&mut self.instances[chosen], started);
                left.leaves(&mut self.log, &mut self.shelf);
                self.owners.retain(|_, owner| *owner != chosen);
            }
            Step::BrokerChanges => {
                let (partition, skew_ms) = (self.any_partition(), self.draw.skew_ms());
                self.log.lead(partition, skew_ms);
            }
        }
    }

    /// Mostly one that owns something: the others have little to do, and what
    /// they do is seldom heard of.
    fn any_instance(&mut self, step: Step) -> usize {
        let any = self.draw.below(self.instances.len());
        let partition = self.any_partition();
        match self.owners.get(&partition) {
            Some(owner) if !matches!(step, Step::PartitionMoves) && self.draw.percent(50) => *owner,
            Some(_) | None => any,
        }
    }

    fn append(&mut self, record: Option<(Partition, bytes::Bytes)>) {
        if let Some((partition, record)) = record {
            self.log.append(partition, record, self.at_ms);
        }
    }

    fn any_partition(&mut self) -> Partition {
        let partitions: Vec<_> = self.log.partitions().collect();
        partitions[self.draw.below(partitions.len())]
    }

    /// The partition is this instance's now. The one before has not heard.
    fn give(&mut self, partition: Partition, to: usize) {
        self.owners.insert(partition, to);
        self.instances[to].assigned(partition, &mut self.log, &self.shelf, self.at_ms);
    }

    fn started(&mut self) -> Instance {
        let fold = [Fold::This, Fold::Another][self.draw.below(2)];
        let skew_ms = self.draw.skew_ms();
        Instance::new(&self.config, fold, self.fault, self.at_ms, skew_ms)
    }

    /// The misfortunes are over: clocks are right, owners know what is theirs.
    fn recover(&mut self) {
        for partition in self.log.partitions() {
            self.log.lead(partition, 0);
            if self.draw.percent(50) || !self.owners.contains_key(&partition) {
                let to = self.draw.below(self.instances.len());
                self.give(partition, to);
            }
        }
        for (number, instance) in self.instances.iter_mut().enumerate() {
            instance.skew_ms = 0;
            let owned: Vec<_> = instance.owned().collect();
            for partition in owned {
                if self.owners.get(&partition) != Some(&number) {
                    instance.revoked(partition);
                }
            }
        }
    }

    /// Goes on until every batch is taken, everything is committed and nothing
    /// more is due.
    fn settle(&mut self) -> Result<(), String> {
        for _ in 0..ROUNDS_MAX {
            self.at_ms += ROUND_MS;
            let mut busy = false;
            while self.visitors.is_waiting() {
                let record = self.visitors.take(&mut self.draw, self.at_ms);
                self.append(record);
                busy = true;
            }
            let (log, shelf, draw) = (&mut self.log, &mut self.shelf, &mut self.draw);
            for instance in &mut self.instances {
                let owned: Vec<_> = instance.owned().collect();
                for partition in owned {
                    busy |= instance.reads(partition, log, self.at_ms, 64);
                }
                busy |= instance.sends(64);
                instance.looks(log, self.at_ms, false);
                while instance.output_lands(log, draw) {}
                while instance.receipt_comes(draw) {}
                busy |= instance.append_lands(log, self.at_ms);
                while instance.snapshot_lands(shelf, Published::Whole) {}
            }
            busy |= self
                .log
                .partitions()
                .any(|p| self.log.committed(p).unwrap_or(Offset(0)) < self.log.end(p));
            if !busy {
                return Ok(());
            }
        }
        let behind: Vec<_> = self
            .log
            .partitions()
            .map(|p| (p, self.log.committed(p), self.log.end(p)))
            .collect();
        Err(format!("it never settles: {behind:?}"))
    }
}

/// How long it takes until something else happens: mostly less than a second,
/// seldom longer than sessions, markers and rules last.
fn passing_ms(draw: &mut Draw) -> i64 {
    match draw.below(40) {
        0 => 36 * MINUTE_MS,
        1 => draw.within(MINUTE_MS, 100 * MINUTE_MS),
        2 => draw.within(3_600_000, 27 * 3_600_000),
        3..8 => draw.within(1_000, 20_000),
        _ => draw.within(1, 900),
    }
}
