//! Every reject reason, as a client meets it.

use crate::running::{Running, batch, details, keyed, reason, session};
use furrow_proto::RejectReason;
use furrow_proto::encode::wire_batch;
use furrow_proto::ingest::RawBatch;
use furrow_proto::v1;
use furrow_proto::v1::ingest_service_client::IngestServiceClient;
use std::collections::BTreeSet;
use tonic::{Code, Status};
use v1::interaction::Kind;

fn valid() -> v1::Batch {
    wire_batch(&batch(session(1), 0))
}

fn changed(change: impl FnOnce(&mut v1::Batch)) -> v1::Batch {
    let mut batch = valid();
    change(&mut batch);
    batch
}

fn with(kind: Kind) -> v1::Batch {
    changed(|batch| {
        batch.interactions = vec![v1::Interaction {
            dt_ms: 0,
            kind: Some(kind),
        }];
    })
}

fn path(rows: usize) -> v1::PointerPath {
    v1::PointerPath {
        dt: vec![0; rows],
        dx: vec![0; rows],
        dy: vec![0; rows],
        ..v1::PointerPath::default()
    }
}

/// The reason, the field at fault, and a batch that is refused for it.
fn typed() -> Vec<(RejectReason, &'static str, v1::Batch)> {
    use RejectReason as R;
    let find = v1::Interaction {
        dt_ms: 0,
        kind: Some(Kind::Find(v1::Find {})),
    };
    let attribute = v1::Attribute {
        name: "a".to_owned(),
        value: Some(v1::attribute::Value::Flag(true)),
    };
    vec![
        (
            R::TooManyInteractions,
            "interactions",
            changed(|b| b.interactions = vec![find; 501]),
        ),
        (
            R::TooManyTargets,
            "targets",
            changed(|b| b.targets = vec![v1::Target::default(); 201]),
        ),
        (
            R::TooManySamples,
            "interactions[0].pointer_path",
            with(Kind::PointerPath(path(5_001))),
        ),
        (
            R::TooManyAttributes,
            "interactions[0].custom.attributes",
            with(Kind::Custom(v1::Custom {
                name: "c".into(),
                attributes: vec![attribute; 17],
            })),
        ),
        (
            R::StringTooLong,
            "page.path",
            changed(|b| {
                b.page = Some(v1::Page {
                    path: "x".repeat(2_000),
                    ..v1::Page::default()
                });
            }),
        ),
        (
            R::MissingField,
            "interactions[0].identify.id",
            with(Kind::Identify(v1::Identify::default())),
        ),
        (
            R::BadIdLength,
            "sender_id",
            changed(|b| b.sender_id = vec![1; 7]),
        ),
        (
            R::SessionIdNotV7,
            "session_id",
            changed(|b| b.session_id = vec![0; 16]),
        ),
        (
            R::ColumnsUnequal,
            "interactions[0].pointer_path.dx",
            with(Kind::PointerPath(v1::PointerPath {
                dx: vec![1],
                ..path(2)
            })),
        ),
        (
            R::DeltaSumOutOfRange,
            "interactions[0].pointer_path.dx",
            with(Kind::PointerPath(v1::PointerPath {
                dx: vec![i32::MAX, 1],
                ..path(2)
            })),
        ),
        (
            R::TargetIndexOutOfRange,
            "interactions[0].hover.target",
            with(Kind::Hover(v1::Hover {
                target: 3,
                ..v1::Hover::default()
            })),
        ),
        (
            R::UnknownEnumValue,
            "interactions[0].navigation.kind",
            with(Kind::Navigation(v1::Navigation { kind: 99 })),
        ),
        (
            R::ValueOutOfRange,
            "interactions[0].rotation.from_degrees",
            with(Kind::Rotation(v1::Rotation {
                from_degrees: 45,
                ..v1::Rotation::default()
            })),
        ),
        (
            R::TimeOutOfRange,
            "sent_ms",
            changed(|b| b.sent_ms = b.origin_ms - 1),
        ),
        // The gateway's clock, and not the batch alone, decides here.
        (
            R::TimeOutOfRange,
            "interactions[0]",
            changed(|b| b.origin_ms -= 25 * 3_600_000),
        ),
    ]
}

/// What no message can be made of.
fn untyped() -> Vec<(RejectReason, &'static str, Vec<u8>)> {
    vec![
        (RejectReason::Malformed, "batch", vec![0xff; 3]),
        (RejectReason::BatchTooLarge, "batch", vec![0; 300_000]),
    ]
}

fn hold(status: &Status, expected: RejectReason, field: &str) {
    let context = format!("{expected}: {status:?}");
    assert_eq!(status.code(), Code::InvalidArgument, "{context}");
    assert_eq!(reason(status), expected.as_str(), "{context}");
    let details = details(status);
    let violations = &details
        .bad_request()
        .expect("has BadRequest")
        .field_violations;
    assert_eq!(violations.len(), 1, "{context}");
    assert_eq!(violations[0].field, field, "{context}");
    assert!(
        violations[0].description.starts_with(expected.as_str()),
        "{context}"
    );
    assert!(details.retry_info().is_none(), "{context}");
}

#[tokio::test]
async fn every_reject_reason_is_answered_with_the_field_at_fault() {
    let running = Running::start().await;
    let mut seen = BTreeSet::new();
    let mut client = IngestServiceClient::connect(running.uri())
        .await
        .expect("connects");
    for (expected, field, batch) in typed() {
        let status = client
            .publish(keyed(batch))
            .await
            .expect_err(expected.as_str());
        hold(&status, expected, field);
        seen.insert(expected);
    }
    let mut client = running.client().await;
    for (expected, field, bytes) in untyped() {
        let answer = client.publish(keyed(RawBatch(bytes.into()))).await;
        hold(&answer.expect_err(expected.as_str()), expected, field);
        seen.insert(expected);
    }
    let all: BTreeSet<_> = RejectReason::ALL.iter().copied().collect();
    assert_eq!(seen, all, "a reason without a row in the table");
    for reason in all {
        let label = format!("outcome=\"rejected\",reason=\"{reason}\"");
        assert!(
            running.metric("furrow_gateway_batches_total", &label) >= 1,
            "{reason}"
        );
    }
    assert_eq!(
        running.stored().await.len(),
        0,
        "nothing refused stands in the log"
    );
    running.stop().await.expect("ends well");
}

#[tokio::test]
async fn a_batch_of_the_table_is_taken_where_nothing_is_wrong_with_it() {
    let running = Running::start().await;
    let mut client = IngestServiceClient::connect(running.uri())
        .await
        .expect("connects");
    client.publish(keyed(valid())).await.expect("is taken");
}
