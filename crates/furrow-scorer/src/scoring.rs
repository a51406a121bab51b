//! What a scorer decides, for all partitions that it owns: values in, values
//! out, and time is one of the values.
//!
//! [`crate::Scorer`] carries out what is decided here, and so does the
//! simulation that holds it.

use crate::owned::Owned;
use crate::snapshot::{SnapshotError, Written};
use crate::takeover::{self, LogGone, Offer};
use crate::{Config, read};
use bytes::Bytes;
use furrow_core::ids::{Epoch, Origin};
use furrow_core::ledger::Outcome;
use furrow_core::output::ScoreUpdate;
use furrow_core::partition::PartitionState;
use furrow_core::time::LogTime;
use furrow_log::{Offset, Partition, Stored};
use furrow_proto::Limits;
use furrow_proto::record::{DeadLetter, InteractionRecord, encode_score_update};
use std::collections::{BTreeMap, VecDeque};

/// How long a full log is waited for before an output is tried again.
const FULL_PAUSE_MS: u64 = 10;

/// The longest time without looking at deadlines, commits and lag.
const LOOK_EVERY_MS: u64 = 250;

/// A commit that says nothing new is repeated after so long: it may have been
/// lost, or a previous owner's late one may stand over it, and in a quiet
/// partition no other would follow.
const COMMIT_AGAIN_MS: u64 = 60_000;

/// What this process's clocks say. They decide when something is done, never
/// what anything scores.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    /// Time since some moment of this process, ms. It never goes back.
    pub running_ms: u64,
    /// The time of day, ms since 1970. It may be wrong.
    pub at_ms: i64,
}

/// An output that the log has not taken yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// Where it goes.
    pub kind: OutputKind,
    /// What decides its partition there.
    pub key: Bytes,
    /// Its bytes.
    pub payload: Bytes,
    sent: Sent,
}

/// Where an output goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutputKind {
    /// To the scores.
    Update,
    /// To the dead letters.
    DeadLetter,
}

/// An output that is on its way. The one who carries it says when it is
/// durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "commits wait for it"]
pub struct Sent {
    partition: Partition,
    /// Of which ownership of the partition.
    life: u64,
    /// Of the record that it comes from.
    offset: u64,
}

/// What time brought about.
#[derive(Debug)]
pub enum Due {
    /// To be appended to the partition of the interactions, in this order.
    /// Nobody waits for the receipts: what is lost is appended again.
    Append {
        /// The partition.
        partition: Partition,
        /// Ticks, or rules that are told again.
        records: Vec<InteractionRecord>,
    },
    /// To be published in the background.
    Publish(Written),
    /// To be committed.
    Commit {
        /// The partition.
        partition: Partition,
        /// Outputs of the records before it are durable.
        next: Offset,
    },
    /// To be shown to people: where the partitions stand.
    Show,
}

/// Where a partition stands.
#[derive(Debug)]
pub struct Standing<'a> {
    /// Which one.
    pub partition: Partition,
    /// What its records so far add up to.
    pub state: &'a PartitionState,
}

/// All partitions of one scorer, and the outputs that the log has not taken.
#[derive(Debug)]
pub struct Scoring {
    config: Config,
    epoch: Epoch,
    limits: Limits,
    owned: BTreeMap<Partition, Owned>,
    /// At most what one fetch of records brings about.
    waiting: VecDeque<Output>,
    in_flight: usize,
    lives: u64,
    next_commit_ms: u64,
    next_repeat_ms: u64,
}

impl Scoring {
    /// Owns nothing yet.
    #[must_use]
    pub fn new(config: Config, epoch: Epoch, now: Now) -> Scoring {
        Scoring {
            config,
            epoch,
            limits: read::log_limits(),
            owned: BTreeMap::new(),
            waiting: VecDeque::new(),
            in_flight: 0,
            lives: 0,
            next_commit_ms: now.running_ms,
            next_repeat_ms: now.running_ms + COMMIT_AGAIN_MS,
        }
    }

    /// A partition is this scorer's: the offset from which it needs records.
    ///
    /// # Errors
    /// When the log no longer holds what its scores need.
    pub fn assigned(
        &mut self,
        partition: Partition,
        offer: Offer,
        now: Now,
    ) -> Result<Offset, LogGone> {
        let lateness_ms = i64::from(self.config.allowed_lateness_ms);
        let begun = takeover::begin(self.epoch, partition, offer, lateness_ms)?;
        self.lives += 1;
        let from = begun.state.next_offset();
        let snapshot_ms = now.running_ms + self.config.snapshot_every_ms;
        let owned = Owned::new(begun, self.lives, snapshot_ms);
        self.owned.insert(partition, owned);
        Ok(Offset(from))
    }

    /// A partition is no longer this scorer's: its state goes. What is on its
    /// way harms nothing, and the next owner repeats it.
    pub fn revoked(&mut self, partition: Partition) {
        self.owned.remove(&partition);
        self.waiting
            .retain(|output| output.sent.partition != partition);
    }

    /// Every record of a partition was handed over.
    pub fn caught_up(&mut self, partition: Partition) {
        if let Some(owned) = self.owned.get_mut(&partition) {
            owned.caught_up();
        }
    }

    /// Whether every partition that it owns has been replayed.
    #[must_use]
    pub fn is_caught_up(&self) -> bool {
        self.owned.values().all(Owned::is_caught_up)
    }

    /// Whether it takes records now, or waits until outputs become durable.
    #[must_use]
    pub fn reads(&self) -> bool {
        self.waiting.is_empty() && self.in_flight < self.config.outputs_in_flight_max
    }

    /// The next record of a partition. What it brings about waits to be sent.
    pub fn fold(&mut self, partition: Partition, record: &Stored, now: Now) {
        let Some(owned) = self.owned.get_mut(&partition) else {
            return;
        };
        let (input, why) = read::read(&record.payload, &self.limits);
        let offset = record.offset.0;
        let folded = owned.fold(offset, LogTime(record.append_time_ms), input, now);
        if offset < owned.emit_from() {
            return;
        }
        let sent = Sent {
            partition,
            life: owned.life(),
            offset,
        };
        let letter = match folded.outcome {
            Outcome::Dead(reason) => {
                let (partition, name) = (partition.0, reason.name());
                tracing::warn!(partition, offset, reason = name, why, "dead letter");
                let origin = Origin {
                    epoch: self.epoch,
                    partition,
                    offset,
                };
                let letter = DeadLetter {
                    origin,
                    reason: name.into(),
                    detail: why.unwrap_or_default().into(),
                    record: record.payload.clone(),
                };
                Some(Output {
                    kind: OutputKind::DeadLetter,
                    key: record.key.clone(),
                    payload: letter.encode(),
                    sent,
                })
            }
            Outcome::Scored
            | Outcome::Duplicate
            | Outcome::Reordered
            | Outcome::Held
            | Outcome::Late
            | Outcome::Tick
            | Outcome::Control => None,
        };
        let updates = folded.updates.iter();
        let updates = updates.map(|update| update_output(update, sent));
        let before = self.waiting.len();
        self.waiting.extend(updates.chain(letter));
        let outputs = u32::try_from(self.waiting.len() - before).expect("few outputs a record");
        owned.emitted(offset, outputs);
    }

    /// The next output that the log should take.
    #[must_use]
    pub fn next_output(&self) -> Option<&Output> {
        self.waiting.front()
    }

    /// The log took the next output; it is on its way.
    ///
    /// # Panics
    /// When there was none.
    pub fn taken(&mut self) -> Sent {
        let output = self.waiting.pop_front();
        self.in_flight += 1;
        output.expect("only a next output is taken").sent
    }

    /// An output on its way is durable. The log says so in any order.
    pub fn durable(&mut self, sent: Sent) {
        self.in_flight -= 1;
        if let Some(owned) = self.owned.get_mut(&sent.partition)
            && owned.life() == sent.life
        {
            owned.durable(sent.partition, sent.offset);
        }
    }

    /// What time has brought about. To be carried out in this order.
    ///
    /// # Errors
    /// When a state does not serialize: a bug.
    pub fn look(&mut self, now: Now) -> Result<Vec<Due>, SnapshotError> {
        let mut due = Vec::new();
        for (partition, owned) in &mut self.owned {
            let partition = *partition;
            let records = owned.take_appends(now);
            if !records.is_empty() {
                due.push(Due::Append { partition, records });
            }
        }
        let every_ms = self.config.snapshot_every_ms;
        for (partition, owned) in &mut self.owned {
            let written = owned.take_snapshot(*partition, now, every_ms)?;
            due.extend(written.map(Due::Publish));
        }
        if now.running_ms >= self.next_commit_ms {
            self.next_commit_ms = now.running_ms + self.config.commit_every_ms;
            if now.running_ms >= self.next_repeat_ms {
                self.next_repeat_ms = now.running_ms + COMMIT_AGAIN_MS;
                self.owned.values_mut().for_each(Owned::repeat_commit);
            }
            due.extend(self.commits());
            due.push(Due::Show);
        }
        Ok(due)
    }

    /// The log took no more of the records that were due in this partition.
    pub fn refused(&mut self, partition: Partition, now: Now) {
        if let Some(owned) = self.owned.get_mut(&partition) {
            owned.refused(now);
        }
    }

    /// When to look again, as [`Now::running_ms`].
    #[must_use]
    pub fn next_look_ms(&self, now: Now) -> u64 {
        if !self.waiting.is_empty() {
            return now.running_ms + FULL_PAUSE_MS;
        }
        let next = self
            .owned
            .values()
            .filter_map(|owned| owned.next_look_ms(now));
        let latest = now.running_ms + LOOK_EVERY_MS;
        next.min().map_or(latest, |next| next.min(latest))
    }

    /// What has to be committed, of the partitions where it has moved.
    pub fn commits(&mut self) -> impl Iterator<Item = Due> {
        self.owned.iter_mut().filter_map(|(partition, owned)| {
            let (partition, next) = (*partition, Offset(owned.take_commit()?));
            Some(Due::Commit { partition, next })
        })
    }

    /// Snapshots for the next owner, of the partitions that this one leaves
    /// with nothing on its way.
    ///
    /// # Errors
    /// When a state does not serialize: a bug.
    pub fn last_snapshots(&self) -> Result<Vec<Written>, SnapshotError> {
        let owned = self.owned.iter();
        owned
            .filter_map(|(partition, owned)| owned.last_snapshot(*partition).transpose())
            .collect()
    }

    /// Where the partitions stand.
    pub fn standing(&self) -> impl Iterator<Item = Standing<'_>> {
        let owned = self.owned.iter();
        owned.map(|(partition, owned)| owned.standing(*partition))
    }
}

fn update_output(update: &ScoreUpdate, sent: Sent) -> Output {
    Output {
        kind: OutputKind::Update,
        key: Bytes::copy_from_slice(&update.session.key.session.0),
        payload: encode_score_update(update),
        sent,
    }
}
