//! One uninterrupted pass over the log, and how what reached it compares.

use crate::instance::EPOCH;
use crate::log::{Log, OutputName, Reached};
use bytes::Bytes;
use furrow_core::ids::{Origin, SenderId, SessionKey};
use furrow_core::ledger::Outcome;
use furrow_core::output::ScoreUpdate;
use furrow_core::partition::{PartitionState, Record};
use furrow_core::time::LogTime;
use furrow_log::Partition;
use furrow_proto::record::{DeadLetter, decode_score_update, encode_score_update};
use furrow_scorer::{Config, read};
use std::collections::{BTreeMap, BTreeSet, HashSet};

type Outputs = HashSet<(OutputName, Bytes)>;

/// Whether what reached the log is what one pass puts out, byte for byte,
/// every batch that was taken counts once, and nothing is overdue at `at_ms`.
pub(crate) fn compare(log: &mut Log, config: &Config, at_ms: i64) -> Result<(), String> {
    let (mut once, mut overdue) = (Outputs::new(), None);
    for partition in log.partitions() {
        let state = pass(log, partition, config, &mut once)?;
        let due = [state.deadline(), state.repeat_due()];
        let is_due = due.into_iter().flatten().any(|due| due.0 <= at_ms);
        overdue = overdue.or(is_due.then_some(partition));
        count(&mut log.reached, &state);
    }
    if log.outputs != once {
        let (missing, other) = (named(&once, &log.outputs), named(&log.outputs, &once));
        return Err(format!(
            "outputs are not those of one pass; missing: {missing:?}; other: {other:?}"
        ));
    }
    match overdue {
        Some(partition) => Err(format!("partition {partition} waits for a tick in vain")),
        None => Ok(()),
    }
}

fn count(reached: &mut Reached, state: &PartitionState) {
    let ledger = state.ledger();
    reached.count("scored", ledger.scored);
    reached.count("duplicate", ledger.duplicate);
    reached.count("reordered", ledger.reordered);
    reached.count("late", ledger.late);
    reached.count("dead", ledger.dead);
    reached.count("tick", ledger.tick);
    reached.count("control", ledger.control);
}

/// What stands in the one alone.
fn named(outputs: &Outputs, others: &Outputs) -> Vec<String> {
    let mut names: Vec<_> = outputs.difference(others).map(identity).collect();
    names.sort_unstable();
    names
}

fn pass(
    log: &Log,
    partition: Partition,
    config: &Config,
    outputs: &mut Outputs,
) -> Result<PartitionState, String> {
    let limits = read::log_limits();
    let lateness_ms = i64::from(config.allowed_lateness_ms);
    let mut state = PartitionState::new(EPOCH, partition.0, 0, lateness_ms);
    let mut counted = Counted::default();
    for record in log.records(partition) {
        let (input, why) = read::read(&record.payload, &limits);
        let batch = match &input {
            Record::Batch(batch) => {
                let batch = &batch.received.batch;
                Some((batch.session, batch.sender, batch.sequence))
            }
            Record::Unreadable | Record::Tick { .. } | Record::Control(_) => None,
        };
        let append_time = LogTime(record.append_time_ms);
        let folded = state.fold(record.offset.0, append_time, input);
        if let Outcome::Dead(reason) = folded.outcome {
            let letter = DeadLetter {
                origin: Origin {
                    epoch: EPOCH,
                    partition: partition.0,
                    offset: record.offset.0,
                },
                reason: reason.name().into(),
                detail: why.unwrap_or_default().into(),
                record: record.payload.clone(),
            };
            outputs.insert((OutputName::DeadLetter, letter.encode()));
        }
        for update in &folded.updates {
            outputs.insert((OutputName::Update, encode_score_update(update)));
            counted.show(update);
        }
        if let (Some(batch), Outcome::Scored | Outcome::Held | Outcome::Reordered) =
            (batch, folded.outcome)
        {
            counted.take(batch.0.0, (batch.1, batch.2));
        }
    }
    let ledger = state.ledger();
    if !ledger.balances() || ledger.records != log.end(partition).0 {
        return Err(format!("the ledger does not balance: {ledger:?}"));
    }
    counted.check()?;
    Ok(state)
}

/// Batches that were taken, beside what the newest update counts.
#[derive(Default)]
struct Counted {
    newest: BTreeMap<SessionKey, ScoreUpdate>,
    taken: BTreeMap<[u8; 16], BTreeSet<(SenderId, u32)>>,
}

impl Counted {
    fn show(&mut self, update: &ScoreUpdate) {
        let session = &update.session;
        let before = self.newest.insert(session.key.clone(), update.clone());
        // One that begins anew after its marker has gone counts anew.
        if before.is_some_and(|before| before.session.first_record != session.first_record) {
            self.taken.remove(&session.key.session.0);
        }
    }

    fn take(&mut self, session: [u8; 16], batch: (SenderId, u32)) {
        self.taken.entry(session).or_default().insert(batch);
    }

    fn check(&self) -> Result<(), String> {
        for (key, update) in &self.newest {
            let taken = self.taken.get(&key.session.0).map_or(0, BTreeSet::len);
            let counted = update.session.batches;
            if usize::try_from(counted) != Ok(taken) {
                let session = key.session;
                return Err(format!("{session} counts {counted} batches of {taken}"));
            }
        }
        Ok(())
    }
}

/// What a store would know an output by.
fn identity((name, payload): &(OutputName, Bytes)) -> String {
    match name {
        OutputName::Update => {
            let update = decode_score_update(payload).unwrap();
            let (session, origin) = (update.session.key.session, update.origin);
            format!("{session}@{}/{}", origin.partition, origin.offset)
        }
        OutputName::DeadLetter => {
            let origin = DeadLetter::decode(payload.clone()).unwrap().origin;
            format!("letter@{}/{}", origin.partition, origin.offset)
        }
    }
}
