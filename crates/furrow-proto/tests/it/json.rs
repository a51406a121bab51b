//! JSON and binary mean the same.

use crate::samples::{self, valid};
use furrow_proto::json::{batch_from_json, batch_to_json, to_json};
use furrow_proto::{FILE_DESCRIPTOR_SET, Limits, decode_batch, encode_batch, v1};
use proptest::prelude::*;
use prost::Message;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_batch_in_json_decodes_to_the_same_batch(batch in samples::batch()) {
        let json = batch_to_json(&encode_batch(&batch)).unwrap();
        let bytes = batch_from_json(&json).unwrap();
        prop_assert_eq!(decode_batch(&bytes, &Limits::default()), Ok(batch));
    }
}

#[test]
fn a_batch_written_by_hand_is_read() {
    let json = r##"{
        "sessionId": "AZfQFBQAelqaWlpaWlpaWg==",
        "senderId": "CQkJCQkJCQk=",
        "originMs": "1750000000000",
        "sentMs": 1750000005000,
        "page": {"path": "/shop"},
        "targets": [{"hash": "2", "selector": "#pay", "kind": "TARGET_KIND_BUTTON"}],
        "interactions": [
            {"dtMs": 10, "pointerPath": {"pointer": "POINTER_TYPE_MOUSE", "dt": [16], "dx": [3], "dy": [-4]}},
            {"dt_ms": 20, "press": {"kind": "PRESS_KIND_CLICK", "target": 0}}
        ]
    }"##;
    let batch = decode_batch(&batch_from_json(json).unwrap(), &Limits::default()).unwrap();
    assert_eq!(
        (batch.interactions.len(), batch.samples, batch.targets.len()),
        (2, 2, 1)
    );
    assert_eq!(batch.interactions[1].at, batch.origin.plus(30));
}

#[test]
fn a_mistyped_field_is_named_with_its_place() {
    let error = batch_from_json("{\n  \"interactions\": [{\"prss\": {}}]\n}")
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("prss") && error.contains("line 2"),
        "{error}"
    );
}

#[test]
fn text_after_the_batch_is_refused() {
    assert!(batch_from_json("{} {}").is_err());
}

#[test]
fn bytes_that_are_no_batch_have_no_json() {
    assert!(batch_to_json(b"no batch").is_err());
}

#[test]
fn an_answer_shows_fields_with_default_values() {
    let json = to_json(&v1::ListSessionsResponse {
        sessions: vec![v1::SessionScore::default()],
    });
    for field in [
        "\"presses\":0",
        "\"scored\":false",
        "\"contributors\":[]",
        "\"samples\":\"0\"",
    ] {
        assert!(json.contains(field), "{field} is not in {json}");
    }
}

#[test]
fn the_descriptors_hold_every_service() {
    let pool = prost_reflect::DescriptorPool::decode(FILE_DESCRIPTOR_SET).unwrap();
    let mut names: Vec<_> = pool.services().map(|s| s.full_name().to_owned()).collect();
    names.sort();
    assert_eq!(
        names,
        [
            "furrow.v1.ControlService",
            "furrow.v1.IngestService",
            "furrow.v1.QueryService"
        ]
    );
}

#[test]
fn the_valid_batch_survives_json() {
    let bytes = valid().encode_to_vec();
    let json = batch_to_json(&bytes).unwrap();
    assert_eq!(
        v1::Batch::decode(batch_from_json(&json).unwrap().as_slice()).unwrap(),
        valid()
    );
}
