//! Rules enter the log: by whom, which, and in every partition.

use crate::running::{PARTITIONS, Running, details, now_ms, reason};
use bytes::Bytes;
use furrow_log::Partition;
use furrow_proto::record::{Control, InteractionRecord};
use furrow_proto::rules::rules_hash;
use furrow_proto::v1::control_service_client::ControlServiceClient;
use furrow_proto::v1::{PublishRulesRequest, PublishRulesResponse};
use furrow_service::config::Secret;
use std::collections::BTreeMap;
use tonic::{Code, Request, Status};

const ADMIN_KEY: &str = "open sesame";
const RULES: &[u8] = br#"{"press":{"dead_ms":1000}}"#;

async fn with_key() -> Running {
    Running::configured(|config| config.admin_key = Secret::new(ADMIN_KEY)).await
}

fn rules() -> PublishRulesRequest {
    PublishRulesRequest {
        tenant: "demo".into(),
        property: Some("shop".into()),
        number: 7,
        rules: Bytes::from_static(RULES),
    }
}

async fn publish(
    gateway: &Running,
    message: PublishRulesRequest,
    key: Option<&str>,
) -> Result<PublishRulesResponse, Status> {
    let client = ControlServiceClient::connect(gateway.uri()).await;
    let mut request = Request::new(message);
    if let Some(key) = key {
        let key = key.parse().expect("is ASCII");
        request.metadata_mut().insert("x-furrow-admin-key", key);
    }
    let answer = client.expect("connects").publish_rules(request).await;
    answer.map(tonic::Response::into_inner)
}

/// The control records of each partition.
async fn controls(gateway: &Running) -> BTreeMap<Partition, Vec<Control>> {
    let mut controls: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for (partition, stored) in gateway.stored().await {
        match InteractionRecord::decode(stored.payload).expect("is a record") {
            InteractionRecord::Control(control) => {
                controls.entry(partition).or_default().push(control);
            }
            other => panic!("nobody sent {other:?}"),
        }
    }
    controls
}

#[tokio::test]
async fn rules_are_durable_in_every_partition_when_the_answer_comes() {
    let gateway = with_key().await;
    let before_ms = now_ms();
    let answer = publish(&gateway, rules(), Some(ADMIN_KEY))
        .await
        .expect("taken");
    assert_eq!(answer.partitions, PARTITIONS);
    assert_eq!(answer.hash, rules_hash(RULES));
    let controls = controls(&gateway).await;
    assert_eq!(controls.len(), PARTITIONS as usize);
    for records in controls.values() {
        let [control] = records.as_slice() else {
            panic!("one in each: {records:?}");
        };
        assert_eq!(&*control.scope.tenant.0, "demo");
        assert_eq!(&*control.scope.property.clone().expect("of one").0, "shop");
        assert_eq!((control.number, &control.rules[..]), (7, RULES));
        assert!((before_ms..=now_ms()).contains(&control.at_ms));
        assert!(control.clone().checked().is_ok());
    }
    let counted = gateway.metric("furrow_gateway_rule_publications_total", "published");
    assert_eq!(counted, 1);
}

#[tokio::test]
async fn publishing_again_completes_what_was_cut_short() {
    let gateway = with_key().await;
    let topic = furrow_log::Topic::new("furrow.interactions.v1");
    let answer = publish(&gateway, rules(), Some(ADMIN_KEY)).await;
    assert!(answer.is_ok());
    // As if only the first partition had been reached.
    let first = controls(&gateway)
        .await
        .remove(&Partition(0))
        .expect("stands");
    let cut = Control {
        number: 8,
        ..first[0].clone()
    };
    let record = InteractionRecord::Control(cut).encode();
    let appended = gateway.log.append_to(&topic, Partition(0), &[], record);
    appended.expect("is taken").await.expect("is durable");
    let again = PublishRulesRequest {
        number: 8,
        ..rules()
    };
    let answer = publish(&gateway, again, Some(ADMIN_KEY)).await;
    assert_eq!(answer.expect("taken").partitions, PARTITIONS);
    for (partition, records) in controls(&gateway).await {
        let newest = records.last().expect("each has some");
        assert_eq!(
            (newest.number, newest.hash),
            (8, first[0].hash),
            "{partition}"
        );
    }
}

#[tokio::test]
async fn nobody_publishes_without_the_admin_key() {
    let gateway = with_key().await;
    for (key, expected) in [
        (None, "key_missing"),
        (Some(""), "key_unknown"),
        (Some("open sesam"), "key_unknown"),
        (Some("furrow-demo"), "key_unknown"),
    ] {
        let status = publish(&gateway, rules(), key)
            .await
            .expect_err("is refused");
        assert_eq!(status.code(), Code::Unauthenticated);
        assert_eq!(reason(&status), expected);
    }
    assert!(controls(&gateway).await.is_empty());
}

#[tokio::test]
async fn without_an_admin_key_publishing_is_switched_off() {
    let gateway = Running::start().await;
    for key in [None, Some(""), Some(ADMIN_KEY)] {
        let status = publish(&gateway, rules(), key)
            .await
            .expect_err("is refused");
        assert_eq!(status.code(), Code::FailedPrecondition);
        assert!(status.message().contains("gateway.admin_key"));
    }
    assert!(controls(&gateway).await.is_empty());
}

#[tokio::test]
async fn what_is_wrong_is_refused_with_its_field() {
    let gateway = with_key().await;
    let with_rules = |json: &'static [u8]| PublishRulesRequest {
        rules: Bytes::from_static(json),
        ..rules()
    };
    let with_number = |number| PublishRulesRequest { number, ..rules() };
    let cases = [
        ("press.dead_ms", with_rules(br#"{"press":{"dead_ms":"x"}}"#)),
        (
            "press.dead_ms",
            with_rules(br#"{"press":{"dead_ms":4000000000}}"#),
        ),
        ("press.ded_ms", with_rules(br#"{"press":{"ded_ms":1}}"#)),
        ("rules", with_rules(b"{}{}")),
        ("number", with_number(0)),
        ("number", with_number(now_ms().unsigned_abs() * 2)),
        (
            "tenant",
            PublishRulesRequest {
                tenant: "dema".into(),
                ..rules()
            },
        ),
        (
            "property",
            PublishRulesRequest {
                property: Some("shoq".into()),
                ..rules()
            },
        ),
    ];
    for (field, message) in cases {
        let status = publish(&gateway, message, Some(ADMIN_KEY)).await;
        let status = status.expect_err("is refused");
        assert_eq!(status.code(), Code::InvalidArgument, "{field}: {status}");
        let details = details(&status);
        let violations = &details
            .bad_request()
            .expect("names a field")
            .field_violations;
        assert_eq!(violations[0].field, field);
    }
    assert!(controls(&gateway).await.is_empty());
}
