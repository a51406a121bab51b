//! A log in memory that keeps the contract of the real ones: an append becomes
//! durable later or never, records of a partition have an order, a group's
//! commits are taken from whoever says them.

use bytes::Bytes;
use furrow_log::{Bounds, Offset, Partition, Stored};
use furrow_scorer::scoring::OutputKind;
use std::collections::{BTreeMap, HashSet};

/// What is durable.
#[derive(Default)]
pub(crate) struct Log {
    partitions: Vec<PartitionLog>,
    /// Outputs, once each: a store merges repeats of an identity.
    pub(crate) outputs: HashSet<(OutputName, Bytes)>,
    pub(crate) reached: Reached,
}

/// How often what a schedule should reach was reached.
#[derive(Debug, Default)]
pub(crate) struct Reached(pub(crate) BTreeMap<&'static str, u64>);

impl Reached {
    pub(crate) fn count(&mut self, what: &'static str, times: u64) {
        *self.0.entry(what).or_default() += times;
    }
}

#[derive(Default)]
struct PartitionLog {
    records: Vec<Stored>,
    committed: Option<Offset>,
    /// How wrong the clock of the broker is that leads the partition.
    skew_ms: i64,
}

/// Which topic an output stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum OutputName {
    Update,
    DeadLetter,
}

impl From<OutputKind> for OutputName {
    fn from(kind: OutputKind) -> OutputName {
        match kind {
            OutputKind::Update => OutputName::Update,
            OutputKind::DeadLetter => OutputName::DeadLetter,
        }
    }
}

impl Log {
    pub(crate) fn new(partitions: usize) -> Log {
        Log {
            partitions: (0..partitions).map(|_| PartitionLog::default()).collect(),
            outputs: HashSet::new(),
            reached: Reached::default(),
        }
    }

    pub(crate) fn partitions(&self) -> impl Iterator<Item = Partition> + use<> {
        (0..u32::try_from(self.partitions.len()).unwrap()).map(Partition)
    }

    /// Makes a record durable. Append times never go back in a partition.
    pub(crate) fn append(&mut self, partition: Partition, payload: Bytes, at_ms: i64) {
        let log = self.of(partition);
        let before = log.records.last().map(|last| last.append_time_ms);
        let append_time_ms = (at_ms + log.skew_ms).max(before.unwrap_or(i64::MIN));
        log.records.push(Stored {
            offset: Offset(log.records.len() as u64),
            append_time_ms,
            key: Bytes::new(),
            payload,
        });
    }

    pub(crate) fn records(&self, partition: Partition) -> &[Stored] {
        &self.partitions[partition.0 as usize].records
    }

    pub(crate) fn end(&self, partition: Partition) -> Offset {
        Offset(self.records(partition).len() as u64)
    }

    pub(crate) fn bounds(&self, partition: Partition) -> Bounds {
        let records = self.records(partition);
        Bounds {
            earliest: Offset(0),
            earliest_time_ms: records.first().map(|record| record.append_time_ms),
            end: self.end(partition),
        }
    }

    /// Another broker leads the partition.
    pub(crate) fn lead(&mut self, partition: Partition, skew_ms: i64) {
        self.of(partition).skew_ms = skew_ms;
    }

    pub(crate) fn committed(&self, partition: Partition) -> Option<Offset> {
        self.partitions[partition.0 as usize].committed
    }

    pub(crate) fn commit(&mut self, partition: Partition, next: Offset) {
        let before = self.of(partition).committed.replace(next);
        let is_lower = before.is_some_and(|before| before > next);
        self.reached.count("lower commit", u64::from(is_lower));
    }

    pub(crate) fn output(&mut self, name: OutputName, payload: Bytes) {
        let is_new = self.outputs.insert((name, payload));
        self.reached.count("repeated output", u64::from(!is_new));
    }

    fn of(&mut self, partition: Partition) -> &mut PartitionLog {
        &mut self.partitions[partition.0 as usize]
    }
}
