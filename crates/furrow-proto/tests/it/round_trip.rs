//! Nothing is lost between core and wire, and nothing panics.

use crate::samples;
use furrow_core::interaction::Batch;
use furrow_proto::{Limits, check_times, decode_batch, encode_batch};
use proptest::prelude::*;
use proptest::sample::Index;

/// One change to a batch's bytes, as damage or malice makes them.
#[derive(Debug, Clone)]
enum Damage {
    Set(Index, u8),
    Cut(Index),
    Insert(Index, Vec<u8>),
    Repeat(Index, Index),
}

fn damage() -> impl Strategy<Value = Damage> {
    prop_oneof![
        (any::<Index>(), any::<u8>()).prop_map(|(at, byte)| Damage::Set(at, byte)),
        any::<Index>().prop_map(Damage::Cut),
        (any::<Index>(), any::<Vec<u8>>()).prop_map(|(at, bytes)| Damage::Insert(at, bytes)),
        (any::<Index>(), any::<Index>()).prop_map(|(from, to)| Damage::Repeat(from, to)),
    ]
}

fn damaged(mut bytes: Vec<u8>, damages: Vec<Damage>) -> Vec<u8> {
    for damage in damages {
        let n = bytes.len() + 1;
        match damage {
            Damage::Set(at, byte) => {
                if let Some(old) = bytes.get_mut(at.index(n)) {
                    *old = byte;
                }
            }
            Damage::Cut(at) => bytes.truncate(at.index(n)),
            Damage::Insert(at, more) => {
                let at = at.index(n);
                bytes.splice(at..at, more);
            }
            Damage::Repeat(from, to) => {
                let (a, b) = (from.index(n), to.index(n));
                bytes.extend_from_within(a.min(b)..a.max(b));
            }
        }
    }
    bytes
}

/// Whatever is accepted holds what the core relies on.
fn accepted_is_sound(batch: &Batch) -> Result<(), TestCaseError> {
    prop_assert!(batch.session.is_v7());
    prop_assert!(batch.sent >= batch.origin);
    prop_assert!(batch.interactions.is_sorted_by_key(|i| i.at));
    prop_assert!(batch.interactions.iter().all(|i| i.at >= batch.origin));
    prop_assert_eq!(
        &decode_batch(&encode_batch(batch), &Limits::default()).unwrap(),
        batch
    );
    let _ = check_times(batch, samples::NOON_MS, &Limits::default());
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn an_encoded_batch_decodes_to_itself(batch in samples::batch()) {
        prop_assert_eq!(decode_batch(&encode_batch(&batch), &Limits::default()), Ok(batch));
    }

    #[test]
    fn random_bytes_are_refused_or_sound(bytes in any::<Vec<u8>>()) {
        if let Ok(batch) = decode_batch(&bytes, &Limits::default()) {
            accepted_is_sound(&batch)?;
        }
    }

    #[test]
    fn damaged_batches_are_refused_or_sound(
        batch in samples::batch(),
        damages in prop::collection::vec(damage(), 1..4),
    ) {
        let bytes = damaged(encode_batch(&batch), damages);
        if let Ok(batch) = decode_batch(&bytes, &Limits::default()) {
            accepted_is_sound(&batch)?;
        }
    }
}
