//! An input as a history of records: clients' own bytes, batches that are
//! made by choice, repeats, ticks, rules, damage.

use crate::draw::Draw;
use crate::made::{Crowd, NOON_MS, Order};
use crate::rules::changed_rules;
use furrow_core::control::Control;
use furrow_core::ids::{Property, Tenant};
use furrow_core::interaction::Batch;
use furrow_core::partition::{Record, TenantBatch};
use furrow_core::rules::RuleSet;
use furrow_core::session::{ClientFacts, Received};
use furrow_core::time::LogTime;
use furrow_proto::{Limits, decode_batch};

/// Batches that may come again.
const REMEMBERED_MAX: usize = 64;

/// The first byte of a step that holds a client's own bytes.
const ENCODED: u8 = 0;

const MINUTE_MS: i64 = 60_000;

/// One step of a history.
#[derive(Debug)]
pub(crate) enum Step {
    /// A record, appended at this time.
    Record(LogTime, Record),
    /// A snapshot is taken here.
    Snapshot,
}

/// Reads one step after the other.
#[derive(Debug)]
pub(crate) struct History<'a> {
    draw: Draw<'a>,
    crowd: Crowd,
    remembered: Vec<Batch>,
    log_ms: i64,
    rules_number: u64,
}

impl<'a> History<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> History<'a> {
        History {
            draw: Draw::new(bytes),
            crowd: Crowd::default(),
            remembered: Vec::new(),
            log_ms: NOON_MS,
            rules_number: 0,
        }
    }

    fn batch(&mut self, batch: Option<Batch>) -> Record {
        let Some(batch) = batch else {
            return Record::Unreadable;
        };
        if self.remembered.len() < REMEMBERED_MAX {
            self.remembered.push(batch.clone());
        }
        record(batch, self.log_ms)
    }

    fn again(&mut self) -> Record {
        let count = u8::try_from(self.remembered.len()).expect("few are remembered");
        match count {
            0 => Record::Unreadable,
            _ => {
                let batch = &self.remembered[usize::from(self.draw.below(count))];
                record(batch.clone(), self.log_ms)
            }
        }
    }

    fn control(&mut self) -> Record {
        match changed_rules(&mut self.draw) {
            Some(rules) => {
                self.rules_number += u64::from(self.draw.below(3));
                control(self.rules_number, self.log_ms, rules)
            }
            None => Record::Unreadable,
        }
    }
}

impl Iterator for History<'_> {
    type Item = Step;

    fn next(&mut self) -> Option<Step> {
        if self.draw.is_over() {
            return None;
        }
        let what = self.draw.below(16);
        self.log_ms += i64::from(self.draw.byte()) * 20;
        let record = match what {
            ENCODED..2 => {
                let length = usize::from(self.draw.short());
                let bytes = self.draw.bytes(length);
                self.batch(decode_batch(bytes, &Limits::default()).ok())
            }
            2..10 => {
                let batch = self.crowd.batch(Order::Shuffled, &mut self.draw);
                self.batch(batch)
            }
            10 => self.again(),
            11 => Record::Tick { at_ms: self.log_ms },
            // Now and then a session has time to end, or to go for good.
            12 => {
                self.log_ms += i64::from(self.draw.amount(1 << 11)) * MINUTE_MS;
                Record::Tick { at_ms: self.log_ms }
            }
            13 => self.control(),
            14 => Record::Unreadable,
            15.. => return Some(Step::Snapshot),
        };
        Some(Step::Record(LogTime(self.log_ms), record))
    }
}

/// The step that holds a client's own bytes, as an input spells it; `None`
/// when they are too many.
pub(crate) fn spell(encoded: &[u8], after_ms: u32) -> Option<Vec<u8>> {
    let length = u16::try_from(encoded.len()).ok()?;
    let after = u8::try_from(after_ms / 20).unwrap_or(u8::MAX);
    let mut step = vec![ENCODED, after];
    step.extend(length.to_le_bytes());
    step.extend_from_slice(encoded);
    Some(step)
}

/// Rules for all of the tenant that every history is of.
pub(crate) fn control(number: u64, at_ms: i64, rules: RuleSet) -> Record {
    let control = Control::unpublished(at_ms, Tenant("demo".into()), number, rules);
    Record::Control(Box::new(control))
}

/// A batch as the log holds it.
pub(crate) fn record(batch: Batch, received_ms: i64) -> Record {
    Record::Batch(Box::new(TenantBatch {
        tenant: Tenant("demo".into()),
        property: Property("shop".into()),
        received: Received {
            received_ms,
            client: ClientFacts::default(),
            batch,
        },
    }))
}
