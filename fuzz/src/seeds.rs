//! Inputs to begin with, made of simulated visitors and of the compiled-in
//! rules.

use crate::history::{record, spell};
use crate::made::NOON_MS;
use crate::{Target, fold, laws};
use furrow_core::ids::{Property, Tenant};
use furrow_core::rules::RuleSet;
use furrow_core::time::LogTime;
use furrow_proto::encode_batch;
use furrow_proto::record::{
    BatchRecord, ClientFacts, Entry, InteractionRecord, encode_score_update,
};
use furrow_sim::{Script, Sent, SiteModel, Visitor};
use std::fs;
use std::path::Path;

/// Visitors of whom seeds are made, and how much of each is decoded.
const VISITORS: u64 = 12;
const BATCHES: usize = 6;

/// The longest seed; of a longer history its beginning.
const BYTES_MAX: usize = 6_000;

/// Inputs without a pattern, for batches that are made.
const NOISES: u32 = 8;
const NOISE_BYTES: u32 = 700;

/// The seeds of a target.
#[must_use]
pub fn seeds(target: Target) -> Vec<Vec<u8>> {
    match target {
        Target::Decode => scripts().flat_map(of_the_wire).collect(),
        Target::Fold => scripts().map(history).chain(noises()).collect(),
        Target::Split => noises().collect(),
        Target::Rules => of_rules(&RuleSet::default()),
    }
}

/// Writes the seeds of a target into the folder that `$FURROW_FUZZ_SEEDS`
/// names, if it is set: libFuzzer starts a target before it reads inputs.
///
/// # Panics
/// When they cannot be written.
pub fn provide(target: Target) {
    let Some(folder) = std::env::var_os("FURROW_FUZZ_SEEDS") else {
        return;
    };
    for (number, seed) in seeds(target).iter().enumerate() {
        let file = Path::new(&folder).join(format!("{number:03}"));
        fs::write(file, seed).expect("the folder for seeds takes files");
    }
}

fn scripts() -> impl Iterator<Item = Script> {
    let shop = SiteModel::shop();
    (0..VISITORS).map(move |index| Visitor::new(11, index, &shop).script(NOON_MS))
}

/// The first batches of a visitor, a record of the log, and what came of it.
fn of_the_wire(script: Script) -> Vec<Vec<u8>> {
    let mut state = fold::empty();
    let mut seeds = Vec::new();
    for Sent { batch, .. } in script.sent.into_iter().take(BATCHES) {
        let at_ms = batch.sent.0;
        let bytes = encode_batch(&batch);
        if batch.sequence == 0 {
            seeds.push(in_the_log(&bytes, at_ms));
        }
        seeds.push(bytes);
        let folded = laws::fold(&mut state, LogTime(at_ms), record(batch, at_ms));
        let updates = folded.updates.iter().take(1);
        seeds.extend(updates.map(|update| encode_score_update(update).to_vec()));
    }
    seeds
}

fn in_the_log(batch: &[u8], received_ms: i64) -> Vec<u8> {
    let record = InteractionRecord::Batch(BatchRecord {
        tenant: Tenant("demo".into()),
        property: Property("shop".into()),
        received_ms,
        entry: Entry::Publish,
        client: ClientFacts::default(),
        batch: batch.to_vec().into(),
    });
    record.encode().to_vec()
}

/// A visitor's session as a history, as far as it is not too long.
fn history(script: Script) -> Vec<u8> {
    let mut seed = Vec::new();
    let mut before_ms = 0;
    for sent in script.sent {
        let step = spell(&encode_batch(&sent.batch), sent.after_ms - before_ms);
        before_ms = sent.after_ms;
        match step {
            Some(step) if seed.len() + step.len() <= BYTES_MAX => seed.extend(step),
            Some(_) | None => break,
        }
    }
    seed
}

fn noises() -> impl Iterator<Item = Vec<u8>> {
    (1..=NOISES).map(|seed| {
        (0..NOISE_BYTES)
            .map(|n| noise(seed.wrapping_mul(0x9e37_79b9).wrapping_add(n)))
            .collect()
    })
}

/// A byte that looks like chance: the finisher of a 32-bit Murmur hash.
pub(crate) fn noise(number: u32) -> u8 {
    let mut x = number;
    x = (x ^ x >> 16).wrapping_mul(0x85eb_ca6b);
    x = (x ^ x >> 13).wrapping_mul(0xc2b2_ae35);
    (x ^ x >> 16).to_be_bytes()[3]
}

fn of_rules(rules: &RuleSet) -> Vec<Vec<u8>> {
    let toml = toml::to_string(rules).expect("rules are valid TOML");
    let json = serde_json::to_vec(rules).expect("rules are valid JSON");
    vec![toml.into_bytes(), json]
}
