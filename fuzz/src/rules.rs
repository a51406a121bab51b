//! Any text as a rule set, in TOML and in JSON.
//!
//! It is refused, by its form or for a fault; or it comes back the same, and
//! whatever is folded under it is scored in range.

use crate::draw::Draw;
use crate::fold::empty;
use crate::history::{History, Step, record};
use crate::laws;
use crate::made::NOON_MS;
use crate::seeds::noise;
use furrow_core::partition::Record;
use furrow_core::rules::RuleSet;
use furrow_core::time::LogTime;
use furrow_sim::{SiteModel, Visitor};
use serde_json::Value;
use std::sync::LazyLock;

/// Visitors whose sessions are folded under every rule set, and the most
/// batches of each.
const VISITORS: u64 = 4;
const BATCHES_MAX: usize = 12;

/// Of how much chance the rest is made.
const MADE_BYTES: u32 = 1_500;

/// Values that an input changes in a rule set.
const CHANGES_MAX: u8 = 4;

/// Reads the bytes as a rule set and folds sessions under it.
///
/// # Panics
/// When something does not hold.
pub(crate) fn check(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let from_toml = toml::from_str::<RuleSet>(text).ok();
    let from_json = serde_json::from_str::<RuleSet>(text).ok();
    for rules in from_toml.into_iter().chain(from_json) {
        if rules.fault().is_none() {
            comes_back(&rules);
            scores(&rules);
        }
    }
}

fn comes_back(rules: &RuleSet) {
    let json = serde_json::to_vec(rules).expect("rules are valid JSON");
    let again: RuleSet = serde_json::from_slice(&json).expect("its own JSON is read");
    assert_eq!(*rules, again, "a control record holds the same rules");
    let toml = toml::to_string(rules).expect("rules are valid TOML");
    let again: RuleSet = toml::from_str(&toml).expect("its own TOML is read");
    assert_eq!(*rules, again, "a file holds the same rules");
}

fn scores(rules: &RuleSet) {
    let mut state = empty();
    let control = Record::Control {
        number: 1,
        rules: Box::new(rules.clone()),
    };
    let _ = laws::fold(&mut state, LogTime(NOON_MS), control);
    for (at, record) in SESSIONS.iter() {
        let _ = laws::fold(&mut state, *at, record.clone());
    }
    laws::comes_to_rest(state);
}

/// What is folded under every rule set: some visitors, and some of everything
/// that is made.
static SESSIONS: LazyLock<Vec<(LogTime, Record)>> = LazyLock::new(|| {
    let shop = SiteModel::shop();
    let visitors = (0..VISITORS).flat_map(|index| {
        let sent = Visitor::new(7, index, &shop).script(NOON_MS).sent;
        sent.into_iter().take(BATCHES_MAX).map(|sent| {
            let at_ms = sent.batch.sent.0;
            (LogTime(at_ms), record(sent.batch, at_ms))
        })
    });
    let bytes: Vec<u8> = (0..MADE_BYTES).map(noise).collect();
    let made = History::new(&bytes).filter_map(|step| match step {
        Step::Record(at, record @ Record::Batch(_)) => Some((at, record)),
        Step::Record(..) | Step::Snapshot => None,
    });
    visitors.chain(made).collect()
});

/// The compiled-in rules with some values changed; none when they are refused.
pub(crate) fn changed_rules(draw: &mut Draw<'_>) -> Option<RuleSet> {
    let mut rules = serde_json::to_value(RuleSet::default()).expect("rules are valid JSON");
    let count = numbers(&mut rules).len();
    for _ in 0..=draw.below(CHANGES_MAX) {
        let which = usize::from(draw.short()) % count;
        let old = &mut *numbers(&mut rules)[which];
        *old = match old.is_f64() {
            true => (f64::from(draw.amount(1 << 10)) / 64.0).into(),
            false => draw.amount(u32::MAX).into(),
        };
    }
    let rules: RuleSet = serde_json::from_value(rules).ok()?;
    rules.fault().is_none().then_some(rules)
}

/// Every number in it.
fn numbers(value: &mut Value) -> Vec<&mut Value> {
    match value {
        Value::Number(_) => vec![value],
        Value::Array(items) => items.iter_mut().flat_map(numbers).collect(),
        Value::Object(fields) => fields
            .iter_mut()
            .flat_map(|(_, value)| numbers(value))
            .collect(),
        Value::Null | Value::Bool(_) | Value::String(_) => Vec::new(),
    }
}
