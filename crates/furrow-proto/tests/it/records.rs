//! What stands in the log survives it.

use crate::samples;
use bytes::Bytes;
use furrow_core::control::Scope;
use furrow_core::ids::{Property, Tenant};
use furrow_core::rules::RuleSet;
use furrow_proto::record::{
    BatchRecord, ClientFacts, Control, DeadLetter, Entry, InteractionRecord, RecordError,
    decode_score_update, encode_score_update,
};
use furrow_proto::rules::{RULES_BYTES_MAX, decode_rules, encode_rules};
use furrow_proto::v1;
use proptest::prelude::*;
use prost::Message;

fn entry() -> impl Strategy<Value = Entry> {
    prop_oneof![
        Just(Entry::Publish),
        Just(Entry::Stream),
        Just(Entry::Beacon)
    ]
}

fn batch_record() -> impl Strategy<Value = BatchRecord> {
    (
        any::<[String; 4]>(),
        any::<i64>(),
        entry(),
        any::<[bool; 2]>(),
        any::<Vec<u8>>(),
    )
        .prop_map(
            |([tenant, property, os, browser], received_ms, entry, [mobile, automated], batch)| {
                BatchRecord {
                    tenant: Tenant(tenant.into()),
                    property: Property(property.into()),
                    received_ms,
                    entry,
                    client: ClientFacts {
                        os: os.into(),
                        browser: browser.into(),
                        mobile,
                        automated,
                    },
                    batch: batch.into(),
                }
            },
        )
}

fn control() -> impl Strategy<Value = Control> {
    (
        any::<(i64, u64)>(),
        any::<(String, Option<String>)>(),
        any::<[u8; 32]>(),
        any::<Vec<u8>>(),
    )
        .prop_map(
            |((at_ms, number), (tenant, property), hash, rules)| Control {
                at_ms,
                scope: Scope {
                    tenant: Tenant(tenant.into()),
                    property: property.map(|property| Property(property.into())),
                },
                number,
                hash,
                rules: rules.into(),
            },
        )
}

fn record() -> impl Strategy<Value = InteractionRecord> {
    prop_oneof![
        batch_record().prop_map(InteractionRecord::Batch),
        any::<i64>().prop_map(|at_ms| InteractionRecord::Tick { at_ms }),
        control().prop_map(InteractionRecord::Control),
    ]
}

proptest! {
    #[test]
    fn an_interaction_record_decodes_to_itself(record in record()) {
        prop_assert_eq!(InteractionRecord::decode(record.clone().encode()).unwrap(), record);
    }

    #[test]
    fn a_score_update_decodes_to_itself(update in samples::score_update()) {
        prop_assert_eq!(decode_score_update(&encode_score_update(&update)).unwrap(), update);
    }

    #[test]
    fn a_dead_letter_decodes_to_itself(
        origin in samples::origin(),
        reason in ".*",
        detail in ".*",
        record in any::<Vec<u8>>(),
    ) {
        let letter = DeadLetter {
            origin,
            reason: reason.into(),
            detail: detail.into(),
            record: record.into(),
        };
        prop_assert_eq!(DeadLetter::decode(letter.clone().encode()).unwrap(), letter);
    }

    #[test]
    fn random_bytes_are_no_panic(bytes in any::<Vec<u8>>()) {
        let _ = InteractionRecord::decode(bytes.clone().into());
        let _ = DeadLetter::decode(bytes.clone().into());
        let _ = decode_score_update(&bytes);
    }
}

#[test]
fn the_batch_in_a_record_shares_the_records_bytes() {
    let record = InteractionRecord::Batch(BatchRecord {
        tenant: Tenant("demo".into()),
        property: Property("shop".into()),
        received_ms: 1,
        entry: Entry::Publish,
        client: ClientFacts::default(),
        batch: Bytes::from_static(b"untouched"),
    });
    let bytes = record.encode();
    let InteractionRecord::Batch(batch) = InteractionRecord::decode(bytes.clone()).unwrap() else {
        panic!("a batch was written");
    };
    assert!(bytes.as_ptr_range().contains(&batch.batch.as_ptr()));
}

#[test]
fn a_record_of_a_later_kind_is_unknown_and_not_damaged() {
    let later = Bytes::from_static(&[0x52, 0]);
    assert!(matches!(
        InteractionRecord::decode(later),
        Err(RecordError::UnknownKind)
    ));
}

fn rules_record(rules: &'static [u8]) -> Control {
    let scope = Scope {
        tenant: Tenant("demo".into()),
        property: None,
    };
    Control::new(1, scope, 7, Bytes::from_static(rules))
}

#[test]
fn a_control_record_repeats_the_bytes_that_were_published() {
    let published = rules_record(b"{ \"press\": { \"dead_ms\": 1000 } }");
    let checked = published.clone().checked().unwrap();
    assert_eq!(checked.rules.press.dead_ms, 1_000);
    assert_eq!(checked.rules.rotation, RuleSet::default().rotation);
    assert_eq!(Control::from(checked), published);
}

#[test]
fn rules_that_do_not_fit_their_hash_are_refused() {
    let mut torn = rules_record(b"{}");
    torn.hash[0] ^= 1;
    assert_eq!(torn.checked().unwrap_err().field, "hash");
}

#[test]
fn a_rule_set_survives_its_json() {
    let rules = RuleSet::default();
    assert_eq!(decode_rules(&encode_rules(&rules)).unwrap(), rules);
}

#[test]
fn bad_rules_are_refused_and_name_the_field() {
    let field = |json: &[u8]| decode_rules(json).unwrap_err().field;
    assert_eq!(field(br#"{"press": {"dead_ms": "soon"}}"#), "press.dead_ms");
    assert_eq!(
        field(br#"{"press": {"dead_ms": 99999999999}}"#),
        "press.dead_ms"
    );
    assert_eq!(
        field(br#"{"press": {"dead_ms": 4000000000}}"#),
        "press.dead_ms"
    );
    assert_eq!(field(br#"{"press": {"ded_ms": 1}}"#), "press.ded_ms");
    assert_eq!(field(b"{} {}"), "rules");
    assert_eq!(field(&vec![b' '; RULES_BYTES_MAX + 1]), "rules");
}

#[test]
fn a_score_above_ten_is_refused() {
    let update = v1::ScoreUpdate {
        origin: Some(v1::Origin::default()),
        session: Some(v1::SessionScore {
            session_id: vec![0; 16],
            status: 1,
            frustration_now: 10_001,
            ..Default::default()
        }),
        ..Default::default()
    };
    let error = decode_score_update(&update.encode_to_vec()).unwrap_err();
    assert!(
        matches!(error, RecordError::BadField("frustration_now")),
        "{error}"
    );
}
