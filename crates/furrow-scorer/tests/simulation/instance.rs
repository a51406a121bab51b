//! One scorer: the real decisions, carried out by hand, one small thing at a
//! time.

use crate::draw::Draw;
use crate::log::{Log, OutputName};
use crate::shelf::{Fold, Published, Shelf};
use bytes::Bytes;
use furrow_core::ids::Epoch;
use furrow_log::{Offset, Partition};
use furrow_scorer::scoring::{Due, Now, Sent};
use furrow_scorer::snapshot::{Found, Written};
use furrow_scorer::takeover::Offer;
use furrow_scorer::{Config, Scoring};
use std::collections::BTreeMap;

pub(crate) const EPOCH: Epoch = Epoch(1);

/// What may be wrong with the one who carries decisions out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    None,
    /// An output is told to be durable when the log has only taken it.
    ReceiptsBeforeDurable,
    /// The record after those that were told is told as done as well.
    CommitsOneTooFar,
    /// A new owner misses the first record that it needs.
    SkipsARecord,
    /// Records are folded at the time at which they were read.
    OwnClockAsLogTime,
}

/// A process; dropping it is a crash.
pub(crate) struct Instance {
    scoring: Scoring,
    fold: Fold,
    fault: Fault,
    begun_ms: i64,
    pub(crate) skew_ms: i64,
    /// Where it reads, of the partitions that it believes to be its own.
    reading: BTreeMap<Partition, Offset>,
    /// Taken by the log, not durable.
    outputs: Vec<(OutputName, Bytes, Sent)>,
    /// In order, of every partition.
    appends: Vec<(Partition, Bytes)>,
    /// Durable, not told.
    receipts: Vec<Sent>,
    publishing: Vec<Written>,
}

impl Instance {
    pub(crate) fn new(
        config: &Config,
        fold: Fold,
        fault: Fault,
        at_ms: i64,
        skew_ms: i64,
    ) -> Instance {
        let now = Now {
            running_ms: 0,
            at_ms: at_ms + skew_ms,
        };
        Instance {
            scoring: Scoring::new(config.clone(), EPOCH, now),
            fold,
            fault,
            begun_ms: at_ms,
            skew_ms,
            reading: BTreeMap::new(),
            outputs: Vec::new(),
            appends: Vec::new(),
            receipts: Vec::new(),
            publishing: Vec::new(),
        }
    }

    fn now(&self, at_ms: i64) -> Now {
        Now {
            running_ms: (at_ms - self.begun_ms).unsigned_abs(),
            at_ms: at_ms + self.skew_ms,
        }
    }

    /// The partitions that it believes to be its own.
    pub(crate) fn owned(&self) -> impl Iterator<Item = Partition> {
        self.reading.keys().copied()
    }

    pub(crate) fn assigned(
        &mut self,
        partition: Partition,
        log: &mut Log,
        shelf: &Shelf,
        at_ms: i64,
    ) {
        let bounds = log.bounds(partition);
        let offer = Offer {
            found: shelf.find(self.fold, partition, EPOCH, bounds.end.0),
            bounds,
            committed: log.committed(partition),
            committed_ms: None,
        };
        assert_eq!(offer.asks_for_time_at(), None, "nothing was dropped");
        let taken_over = match &offer.found {
            Found::State(_) => "takeover from a state",
            Found::ReplayFrom(_) => "takeover from another fold's snapshot",
            Found::Nothing => "takeover from nothing",
        };
        log.reached.count(taken_over, 1);
        let from = self.scoring.assigned(partition, offer, self.now(at_ms));
        let Offset(from) = from.expect("nothing was dropped");
        let skipped = u64::from(self.fault == Fault::SkipsARecord);
        self.reading.insert(partition, Offset(from + skipped));
    }

    pub(crate) fn revoked(&mut self, partition: Partition) {
        self.scoring.revoked(partition);
        self.reading.remove(&partition);
    }

    /// Reads some records of one partition, if it takes any now; whether it
    /// did something.
    pub(crate) fn reads(
        &mut self,
        partition: Partition,
        log: &Log,
        at_ms: i64,
        records_max: usize,
    ) -> bool {
        if !self.scoring.reads() {
            return false;
        }
        let now = self.now(at_ms);
        let Some(from) = self.reading.get_mut(&partition) else {
            return false;
        };
        let all = log.records(partition);
        let rest = &all[all.len().min(usize::try_from(from.0).unwrap())..];
        let fetched = &rest[..rest.len().min(records_max)];
        for record in fetched {
            let mut record = record.clone();
            if self.fault == Fault::OwnClockAsLogTime {
                record.append_time_ms = now.at_ms;
            }
            self.scoring.fold(partition, &record, now);
        }
        from.0 += fetched.len() as u64;
        if fetched.len() == rest.len() {
            self.scoring.caught_up(partition);
        }
        !fetched.is_empty()
    }

    /// Gives the log what it takes.
    pub(crate) fn sends(&mut self, outputs_max: usize) -> bool {
        for sent in 0..outputs_max {
            let Some(output) = self.scoring.next_output() else {
                return sent > 0;
            };
            let (name, payload) = (output.kind.into(), output.payload.clone());
            let sent = self.scoring.taken();
            if self.fault == Fault::ReceiptsBeforeDurable {
                self.scoring.durable(sent);
            }
            self.outputs.push((name, payload, sent));
        }
        true
    }

    /// Looks at what time has brought about. The log may take nothing.
    pub(crate) fn looks(&mut self, log: &mut Log, at_ms: i64, log_is_full: bool) {
        let now = self.now(at_ms);
        let dues = self.scoring.look(now).unwrap();
        for due in dues {
            match due {
                Due::Append { partition, .. } if log_is_full => {
                    self.scoring.refused(partition, now);
                }
                Due::Append { partition, records } => {
                    let records = records.into_iter();
                    let appends = records.map(|record| (partition, record.encode()));
                    self.appends.extend(appends);
                }
                Due::Publish(written) => self.publishing.push(written),
                Due::Commit { partition, next } => {
                    let too_far = u64::from(self.fault == Fault::CommitsOneTooFar);
                    log.commit(partition, Offset(next.0 + too_far));
                }
                Due::Show => {
                    let mut standing = self.scoring.standing();
                    assert!(standing.all(|standing| standing.state.ledger().balances()));
                }
            }
        }
    }

    /// One of the outputs that the log has taken becomes durable.
    pub(crate) fn output_lands(&mut self, log: &mut Log, draw: &mut Draw) -> bool {
        if self.outputs.is_empty() {
            return false;
        }
        let (name, payload, sent) = self.outputs.swap_remove(draw.below(self.outputs.len()));
        log.output(name, payload);
        self.receipts.push(sent);
        true
    }

    /// So does the first of what it appended to the interactions.
    pub(crate) fn append_lands(&mut self, log: &mut Log, at_ms: i64) -> bool {
        if self.appends.is_empty() {
            return false;
        }
        let (partition, record) = self.appends.remove(0);
        log.append(partition, record, at_ms);
        true
    }

    /// The first of it does not: nobody waits for these.
    pub(crate) fn append_lost(&mut self) {
        if !self.appends.is_empty() {
            self.appends.remove(0);
        }
    }

    /// It hears that one of its outputs is durable.
    pub(crate) fn receipt_comes(&mut self, draw: &mut Draw) -> bool {
        if self.receipts.is_empty() {
            return false;
        }
        let sent = self.receipts.swap_remove(draw.below(self.receipts.len()));
        if self.fault != Fault::ReceiptsBeforeDurable {
            self.scoring.durable(sent);
        }
        true
    }

    /// A snapshot arrives at the store, or does not.
    pub(crate) fn snapshot_lands(&mut self, shelf: &mut Shelf, comes_to: Published) -> bool {
        if self.publishing.is_empty() {
            return false;
        }
        let written = self.publishing.remove(0);
        shelf.publish(self.fold, written, comes_to);
        true
    }

    /// It ends as a process that was asked to: commits, and last snapshots.
    pub(crate) fn leaves(mut self, log: &mut Log, shelf: &mut Shelf) {
        let dues: Vec<_> = self.scoring.commits().collect();
        for due in dues {
            if let Due::Commit { partition, next } = due {
                log.commit(partition, next);
            }
        }
        for written in self.scoring.last_snapshots().unwrap() {
            shelf.publish(self.fold, written, Published::Whole);
        }
    }

    /// It is killed. Of what is on its way, the log may still take some:
    /// nobody will hear of it.
    pub(crate) fn crashes(mut self, log: &mut Log, draw: &mut Draw, at_ms: i64) {
        for _ in 0..draw.below(self.outputs.len() + 1) {
            self.output_lands(log, draw);
        }
        for _ in 0..draw.below(self.appends.len() + 1) {
            self.append_lands(log, at_ms);
        }
    }
}
