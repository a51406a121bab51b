//! Protobuf allows one message many encodings; all of them mean the same.

use crate::samples::valid;
use furrow_core::interaction::{Batch, Kind, Page, ResponseKind};
use furrow_proto::{Limits, decode_batch, v1};
use prost::Message;

fn decoded(bytes: &[u8]) -> Batch {
    decode_batch(bytes, &Limits::default()).unwrap()
}

fn varint(mut value: u64) -> Vec<u8> {
    let mut out = Vec::new();
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
    out
}

fn number(field: u64, value: u64) -> Vec<u8> {
    [varint(field << 3), varint(value)].concat()
}

fn length_delimited(field: u64, bytes: &[u8]) -> Vec<u8> {
    [
        varint(field << 3 | 2),
        varint(bytes.len() as u64),
        bytes.to_vec(),
    ]
    .concat()
}

fn zigzag(value: i32) -> u64 {
    u64::from((value << 1 ^ value >> 31) as u32)
}

fn packed(field: u64, values: &[u64]) -> Vec<u8> {
    length_delimited(
        field,
        &values.iter().flat_map(|&v| varint(v)).collect::<Vec<_>>(),
    )
}

fn unpacked(field: u64, values: &[u64]) -> Vec<u8> {
    values.iter().flat_map(|&v| number(field, v)).collect()
}

const DT: [u64; 4] = [16, 17, 300, 0];

fn columns() -> [Vec<u64>; 3] {
    let deltas = |d: [i32; 4]| d.map(zigzag).to_vec();
    [
        DT.to_vec(),
        deltas([5, -300, 150, 0]),
        deltas([0, 2, -90, 7]),
    ]
}

/// A batch whose one interaction is this encoded pointer path.
fn with_path(path: &[u8]) -> Vec<u8> {
    let interaction = [number(1, 40), length_delimited(2, path)].concat();
    let head = v1::Batch {
        targets: Vec::new(),
        interactions: Vec::new(),
        ..valid()
    };
    [head.encode_to_vec(), length_delimited(10, &interaction)].concat()
}

fn pointer_path(column: fn(u64, &[u64]) -> Vec<u8>) -> Vec<u8> {
    let [dt, dx, dy] = columns();
    [
        number(1, 1),
        number(2, 20),
        column(4, &dt),
        column(5, &dx),
        column(6, &dy),
    ]
    .concat()
}

#[test]
fn columns_may_be_packed_unpacked_split_or_mixed() {
    let plain = decoded(&with_path(&pointer_path(packed)));
    assert_eq!(plain.samples, 5);
    assert_eq!(decoded(&with_path(&pointer_path(unpacked))), plain);
    let split = |field, values: &[u64]| {
        [
            packed(field, &values[..1]),
            packed(field, &[]),
            packed(field, &values[1..]),
        ]
        .concat()
    };
    assert_eq!(decoded(&with_path(&pointer_path(split))), plain);
    let mixed = |field, values: &[u64]| {
        [packed(field, &values[..2]), unpacked(field, &values[2..])].concat()
    };
    assert_eq!(decoded(&with_path(&pointer_path(mixed))), plain);
}

#[test]
fn columns_may_be_interleaved_row_by_row() {
    let [dt, dx, dy] = columns();
    let rows =
        (0..DT.len()).flat_map(|i| [number(6, dy[i]), number(4, dt[i]), number(5, dx[i])].concat());
    let path = [number(2, 20), rows.collect(), number(1, 1)].concat();
    assert_eq!(
        decoded(&with_path(&path)),
        decoded(&with_path(&pointer_path(packed)))
    );
}

#[test]
fn varints_may_be_longer_than_they_need_be() {
    let long = |field, values: &[u64]| {
        let bytes = values.iter().flat_map(|&v| {
            let mut bytes = varint(v);
            *bytes.last_mut().unwrap() |= 0x80;
            bytes.extend([0x80, 0]);
            bytes
        });
        length_delimited(field, &bytes.collect::<Vec<_>>())
    };
    let plain = decoded(&with_path(&pointer_path(packed)));
    assert_eq!(decoded(&with_path(&pointer_path(long))), plain);
}

#[test]
fn a_path_may_come_in_two_parts_that_merge() {
    let [dt, dx, dy] = columns();
    let first = [number(1, 1), number(2, 20), packed(4, &dt), packed(5, &dx)].concat();
    let interaction = [
        length_delimited(2, &first),
        number(1, 40),
        length_delimited(2, &packed(6, &dy)),
    ]
    .concat();
    let head = v1::Batch {
        targets: Vec::new(),
        interactions: Vec::new(),
        ..valid()
    };
    let bytes = [head.encode_to_vec(), length_delimited(10, &interaction)].concat();
    assert_eq!(decoded(&bytes), decoded(&with_path(&pointer_path(packed))));
}

#[test]
fn fields_may_come_in_any_order() {
    let batch = valid();
    let ids = v1::Batch {
        session_id: batch.session_id.clone(),
        sender_id: batch.sender_id.clone(),
        visitor_id: batch.visitor_id.clone(),
        ..Default::default()
    };
    let interactions = v1::Batch {
        interactions: batch.interactions.clone(),
        ..Default::default()
    };
    let rest = v1::Batch {
        session_id: Vec::new(),
        sender_id: Vec::new(),
        visitor_id: Vec::new(),
        interactions: Vec::new(),
        ..batch.clone()
    };
    let bytes = [
        interactions.encode_to_vec(),
        rest.encode_to_vec(),
        ids.encode_to_vec(),
    ]
    .concat();
    assert_eq!(decoded(&bytes), decoded(&batch.encode_to_vec()));
}

#[test]
fn a_repeated_message_merges_and_a_repeated_number_is_replaced() {
    let batch = valid();
    let earlier = v1::Batch {
        sequence: 77,
        page: Some(v1::Page {
            number: 5,
            path: String::new(),
            group: "old".into(),
        }),
        ..Default::default()
    };
    let later = v1::Batch {
        page: Some(v1::Page {
            number: 0,
            path: "/shop".into(),
            group: "list".into(),
        }),
        ..batch.clone()
    };
    let merged = decoded(&[earlier.encode_to_vec(), later.encode_to_vec()].concat());
    let page = Page {
        number: 5,
        path: "/shop".into(),
        group: "list".into(),
    };
    assert_eq!(
        merged,
        Batch {
            page,
            ..decoded(&batch.encode_to_vec())
        }
    );
}

#[test]
fn unknown_fields_are_ignored_wherever_they_stand() {
    let group = [varint(900 << 3 | 3), number(1, 7), varint(900 << 3 | 4)].concat();
    let fixed = [
        varint(901 << 3 | 1),
        vec![1; 8],
        varint(902 << 3 | 5),
        vec![1; 4],
    ]
    .concat();
    let unknown = [
        number(903, 1 << 40),
        length_delimited(904, b"later"),
        group,
        fixed,
    ]
    .concat();
    let path = [unknown.clone(), pointer_path(packed), unknown.clone()].concat();
    let bytes = [unknown.clone(), with_path(&path), unknown].concat();
    assert_eq!(decoded(&bytes), decoded(&with_path(&pointer_path(packed))));
}

#[test]
fn an_interaction_of_an_unknown_kind_is_counted_and_its_time_passes() {
    let plain = decoded(&valid().encode_to_vec());
    let unknown = [number(1, 30), length_delimited(99, b"of a later version")].concat();
    let nothing = number(1, 20);
    let mut bytes = v1::Batch {
        interactions: Vec::new(),
        ..valid()
    }
    .encode_to_vec();
    bytes.extend(length_delimited(10, &unknown));
    bytes.extend(length_delimited(10, &nothing));
    bytes.extend(
        v1::Batch {
            interactions: valid().interactions,
            ..Default::default()
        }
        .encode_to_vec(),
    );
    let batch = decoded(&bytes);
    assert_eq!(batch.unknown, 2);
    assert_eq!(batch.interactions.len(), plain.interactions.len());
    assert_eq!(batch.interactions[0].at, plain.interactions[0].at.plus(50));
}

#[test]
fn unknown_values_mean_unspecified_where_that_is_something() {
    let mut batch = valid();
    batch.device.as_mut().unwrap().class = 77;
    batch.targets[0].kind = -1;
    batch.targets[1].ignore = vec![1, 88];
    let mut plain = valid();
    plain.device.as_mut().unwrap().class = 0;
    plain.targets[0].kind = 0;
    assert_eq!(
        decoded(&batch.encode_to_vec()),
        decoded(&plain.encode_to_vec())
    );
}

#[test]
fn response_facts_are_sorted_the_first_of_a_kind_counts_and_unknown_kinds_are_left_out() {
    let mut batch = valid();
    let fact = |kind, after_ms| v1::ResponseFact { kind, after_ms };
    let facts = vec![
        fact(3, 90),
        fact(10, 50),
        fact(999, 1),
        fact(3, 20),
        fact(0, 2),
        fact(1, 90),
    ];
    batch.interactions.truncate(2);
    let Some(v1::interaction::Kind::Press(press)) = &mut batch.interactions[1].kind else {
        panic!("the second is a press");
    };
    press.response.as_mut().unwrap().facts = facts;
    let batch = decoded(&batch.encode_to_vec());
    let Kind::Press(press) = &batch.interactions[1].kind else {
        panic!("it stays a press")
    };
    assert_eq!(
        press.response.facts,
        [
            (ResponseKind::MutationStill, 20),
            (ResponseKind::Request, 50),
            (ResponseKind::Paint, 90)
        ]
    );
}

#[test]
fn ignore_all_means_rage_and_dead() {
    let mut batch = valid();
    batch.targets[1].ignore = vec![3];
    let target = decoded(&batch.encode_to_vec()).targets.remove(1);
    assert!(target.ignore_rage && target.ignore_dead);
}

#[test]
fn a_press_went_down_before_its_interaction() {
    let batch = decoded(&valid().encode_to_vec());
    let Kind::Press(press) = &batch.interactions[1].kind else {
        panic!("the second is a press")
    };
    assert_eq!(press.down, batch.interactions[1].at.plus(-1_000));
}

#[test]
fn a_batch_without_visitor_page_device_or_interactions_is_valid() {
    let batch = v1::Batch {
        visitor_id: Vec::new(),
        page: None,
        device: None,
        targets: Vec::new(),
        interactions: Vec::new(),
        ..valid()
    };
    let batch = decoded(&batch.encode_to_vec());
    assert_eq!(
        (batch.visitor, batch.page, batch.device),
        (None, Page::default(), None)
    );
}
