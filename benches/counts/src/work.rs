//! What is counted: the same work every time.
//!
//! Each piece stands in a function that is never inlined, by whose name
//! callgrind switches counting on and off. It holds no closures: their names
//! would contain its own, and switch too.

use furrow_core::ids::{Epoch, Property, Tenant};
use furrow_core::interaction::Batch;
use furrow_core::ledger::Outcome;
use furrow_core::partition::{ALLOWED_LATENESS_MS, PartitionState, Record, TenantBatch};
use furrow_core::session::{ClientFacts, Received};
use furrow_core::time::LogTime;
use furrow_proto::record::encode_score_update;
use furrow_proto::{Limits, decode_batch};
use furrow_sim::load::Plan;
use std::hint::black_box;

/// Sessions side by side, each with a batch of a second's movement every
/// second, and an answered press in it.
const PLAN: Plan = Plan {
    seed: 1,
    sessions: 16,
    batches_per_session: 40,
    batches_per_second: 16,
    samples_per_batch: 60,
};

const START_MS: i64 = 1_763_500_000_000;

/// One piece of work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Item {
    /// Wire bytes to checked batches.
    Decode,
    /// Checked batches to updates.
    Fold,
    /// Wire bytes to encoded updates.
    Wire,
}

impl Item {
    pub(crate) const ALL: [Item; 3] = [Item::Decode, Item::Fold, Item::Wire];

    /// As the budget calls it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Item::Decode => "decode",
            Item::Fold => "fold_and_score",
            Item::Wire => "wire_to_updates",
        }
    }

    /// The function within which is counted.
    pub(crate) fn function(self) -> &'static str {
        match self {
            Item::Decode => "furrow_budget_decode",
            Item::Fold => "furrow_budget_fold",
            Item::Wire => "furrow_budget_wire",
        }
    }

    /// Does it, and tells how many samples it was.
    pub(crate) fn run(self) -> u64 {
        let load = PLAN.load(START_MS);
        let encoded: Vec<Vec<u8>> = load.batches().map(|planned| planned.bytes).collect();
        let done = match self {
            Item::Decode => furrow_budget_decode(&encoded),
            Item::Fold => furrow_budget_fold(&mut empty(), records(&encoded)),
            Item::Wire => furrow_budget_wire(&mut empty(), &encoded),
        };
        assert_eq!(done, encoded.len(), "every batch counts");
        PLAN.batches() * u64::from(PLAN.samples_per_batch)
    }
}

#[inline(never)]
fn furrow_budget_decode(encoded: &[Vec<u8>]) -> usize {
    let limits = Limits::default();
    let mut taken = 0;
    for bytes in encoded {
        taken += usize::from(black_box(decode_batch(bytes, &limits)).is_ok());
    }
    taken
}

#[inline(never)]
fn furrow_budget_fold(state: &mut PartitionState, records: Vec<(LogTime, Record)>) -> usize {
    let mut scored = 0;
    for (at, record) in records {
        let folded = black_box(state.fold(state.next_offset(), at, record));
        scored += usize::from(folded.outcome == Outcome::Scored);
    }
    scored
}

#[inline(never)]
fn furrow_budget_wire(state: &mut PartitionState, encoded: &[Vec<u8>]) -> usize {
    let limits = Limits::default();
    let mut scored = 0;
    for bytes in encoded {
        if let Ok(batch) = decode_batch(bytes, &limits) {
            let (at, record) = record(batch);
            let folded = state.fold(state.next_offset(), at, record);
            scored += usize::from(folded.outcome == Outcome::Scored);
            for update in &folded.updates {
                black_box(encode_score_update(update));
            }
        }
    }
    scored
}

fn records(encoded: &[Vec<u8>]) -> Vec<(LogTime, Record)> {
    let limits = Limits::default();
    let batches = encoded.iter().map(|bytes| decode_batch(bytes, &limits));
    batches
        .map(|batch| record(batch.expect("a load is valid")))
        .collect()
}

fn record(batch: Batch) -> (LogTime, Record) {
    let at_ms = batch.sent.0;
    let batch = TenantBatch {
        tenant: Tenant("demo".into()),
        property: Property("shop".into()),
        received: Received {
            received_ms: at_ms,
            client: ClientFacts::default(),
            batch,
        },
    };
    (LogTime(at_ms), Record::Batch(Box::new(batch)))
}

fn empty() -> PartitionState {
    PartitionState::new(Epoch(1), 0, 0, ALLOWED_LATENESS_MS)
}
