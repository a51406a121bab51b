//! Any bytes as a batch, and as what stands in the log.
//!
//! They are refused, or what they decode to is sound: it encodes, it comes
//! back the same in binary and in JSON, and its identity is the one that is
//! read without decoding.

use bytes::Bytes;
use furrow_core::interaction::Batch;
use furrow_proto::decode::batch_identity;
use furrow_proto::json::{batch_from_json, batch_to_json};
use furrow_proto::record::{
    DeadLetter, InteractionRecord, decode_score_update, encode_score_update,
};
use furrow_proto::{Limits, check_times, decode_batch, encode_batch};

/// The longest input whose JSON is looked at too: that is slow.
const JSON_BYTES_MAX: usize = 1_024;

/// Decodes the bytes as everything that comes from outside or from the log.
///
/// # Panics
/// When something that was taken is not sound.
pub(crate) fn check(bytes: &[u8]) {
    batch(bytes);
    record(bytes);
}

fn batch(bytes: &[u8]) {
    let limits = Limits::default();
    let taken = decode_batch(bytes, &limits);
    if let Ok(batch) = &taken {
        is_sound(batch, bytes, &limits);
    }
    if let Ok(narrow) = decode_batch(bytes, &tiny()) {
        assert_eq!(
            Ok(&narrow),
            taken.as_ref(),
            "what tiny limits let pass is the same under wider ones"
        );
    }
}

fn is_sound(batch: &Batch, bytes: &[u8], limits: &Limits) {
    assert!(batch.session.is_v7());
    assert!(batch.sent >= batch.origin);
    assert!(batch.interactions.is_sorted_by_key(|i| i.at));
    assert!(batch.interactions.iter().all(|i| i.at >= batch.origin));

    let again = decode_batch(&encode_batch(batch), limits);
    assert_eq!(Ok(batch), again.as_ref(), "it comes back the same");

    let identity = batch_identity(bytes).expect("a batch that is taken has an identity");
    assert_eq!(
        (identity.session, identity.visitor),
        (batch.session, batch.visitor)
    );
    assert_eq!(
        (identity.sender, identity.sequence),
        (batch.sender, batch.sequence)
    );
    for received_ms in [0, batch.sent.0, i64::MAX >> 16] {
        let _ = check_times(batch, received_ms, limits);
    }
    if bytes.len() <= JSON_BYTES_MAX {
        let json = batch_to_json(bytes).expect("what is taken has a JSON");
        let from_json = batch_from_json(&json).expect("its own JSON is read");
        assert_eq!(
            Ok(batch),
            decode_batch(&from_json, limits).as_ref(),
            "binary and JSON mean the same: {json}"
        );
    }
}

fn record(bytes: &[u8]) {
    let bytes = Bytes::copy_from_slice(bytes);
    if let Ok(record) = InteractionRecord::decode(bytes.clone()) {
        let again = InteractionRecord::decode(record.clone().encode());
        assert_eq!(record, again.expect("its own bytes are read"));
    }
    if let Ok(letter) = DeadLetter::decode(bytes.clone()) {
        let again = DeadLetter::decode(letter.clone().encode());
        assert_eq!(letter, again.expect("its own bytes are read"));
    }
    if let Ok(update) = decode_score_update(&bytes) {
        let again = decode_score_update(&encode_score_update(&update));
        assert_eq!(update, again.expect("its own bytes are read"));
    }
}

/// Limits that a small input reaches.
fn tiny() -> Limits {
    Limits {
        batch_bytes_max: 512,
        samples_max: 8,
        interactions_max: 4,
        targets_max: 2,
        attributes_max: 1,
        path_bytes_max: 8,
        selector_bytes_max: 8,
        text_bytes_max: 4,
        name_bytes_max: 4,
        span_ms_max: 10_000,
        position_px_max: 1_000,
        count_max: 16,
        value_minor_max: 100,
        ..Limits::default()
    }
}
