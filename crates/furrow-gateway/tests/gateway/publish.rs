//! One batch, one answer.

use crate::running::{
    KEY, Running, batch, bytes, keyed, keyed_as, now_ms, raw, reason, retry_after, session,
};
use furrow_core::ids::SenderId;
use furrow_gateway::Config;
use furrow_gateway::config::Rate;
use furrow_proto::encode_batch;
use furrow_proto::ingest::RawBatch;
use furrow_proto::record::Entry;
use std::num::NonZeroU32;
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tonic::{Code, Request};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

#[tokio::test]
async fn ok_means_that_the_untouched_bytes_stand_in_the_log() {
    let running = Running::start().await;
    // Field 100 is nobody's: a newer client's, which must survive.
    let mut sent = bytes(session(1), 3);
    sent.extend([0xa0, 0x06, 0x05]);
    let before = now_ms();
    let mut client = running.client().await;
    let ack = client
        .publish(keyed(RawBatch(sent.clone().into())))
        .await
        .expect("is taken");
    let ack = ack.into_inner();
    assert_eq!((ack.sender_id, ack.sequence), (vec![7; 8], 3));

    let records = running.records().await;
    assert_eq!(records.len(), 1);
    assert_eq!(records[0].batch, sent);
    assert_eq!(&*records[0].tenant.0, "demo");
    assert_eq!(&*records[0].property.0, "shop");
    assert_eq!(records[0].entry, Entry::Publish);
    assert!((before..=now_ms()).contains(&records[0].received_ms));
    assert!(!records[0].client.automated);
}

#[tokio::test]
async fn a_session_stays_in_one_partition_in_the_order_of_its_batches() {
    let running = Running::start().await;
    let session = session(1);
    for sequence in 0..20 {
        running
            .publish(bytes(session, sequence))
            .await
            .expect("is taken");
    }
    let stored = running.stored().await;
    assert_eq!(stored.len(), 20);
    assert!(
        stored
            .iter()
            .all(|(partition, _)| *partition == stored[0].0)
    );
    assert!(
        stored
            .iter()
            .all(|(_, record)| record.key == stored[0].1.key)
    );
    let sent: Vec<_> = running
        .records()
        .await
        .into_iter()
        .map(|r| r.batch)
        .collect();
    assert!(
        sent.windows(2).all(|pair| pair[0] != pair[1]),
        "twenty different batches"
    );
}

#[tokio::test]
async fn a_missing_or_wrong_key_is_unauthenticated() {
    let running = Running::start().await;
    let mut client = running.client().await;
    let missing = client
        .publish(Request::new(raw(session(1), 0)))
        .await
        .expect_err("no key");
    assert_eq!(missing.code(), Code::Unauthenticated);
    assert_eq!(reason(&missing), "key_missing");
    let wrong = client
        .publish(keyed_as(raw(session(1), 0), "other"))
        .await
        .expect_err("wrong");
    assert_eq!(wrong.code(), Code::Unauthenticated);
    assert_eq!(reason(&wrong), "key_unknown");
    assert!(running.stored().await.is_empty());
}

#[tokio::test]
async fn a_page_may_send_from_an_origin_of_its_key_alone() {
    let running = Running::start().await;
    let mut client = running.client().await;
    for (origin, allowed) in [
        ("http://localhost:7120", true),
        ("http://127.0.0.1:9", true),
        ("https://evil.example", false),
        ("null", false),
    ] {
        let mut request = keyed(raw(session(1), 0));
        request
            .metadata_mut()
            .insert("origin", origin.parse().expect("is ASCII"));
        match client.publish(request).await {
            Ok(_) => assert!(allowed, "{origin}"),
            Err(status) => {
                assert!(!allowed, "{origin}: {status}");
                assert_eq!(status.code(), Code::PermissionDenied);
                assert_eq!(reason(&status), "origin_denied");
            }
        }
    }
}

fn two_a_day() -> Rate {
    // The slowest that a bucket fills is one a second; two more must not come
    // within the test.
    Rate {
        per_second: NonZeroU32::MIN,
        burst: NonZeroU32::MIN.saturating_add(1),
    }
}

#[tokio::test]
async fn over_a_rate_or_a_total_a_batch_is_shed_with_the_time_to_wait() {
    type Change = fn(&mut Config);
    let table: [(&str, Change); 6] = [
        ("key_rate", |c| c.keys[0].rate = Some(two_a_day())),
        ("address_rate", |c| c.rates.address = two_a_day()),
        ("session_rate", |c| c.rates.session = two_a_day()),
        ("session_interactions", |c| c.session.interactions_max = 2),
        ("session_bytes", |c| c.session.bytes_max = 150),
        ("session_senders", |c| c.session.senders_max = 2),
    ];
    for (expected, change) in table {
        let running = Running::configured(change).await;
        let mut client = running.client().await;
        let mut shed = None;
        let session = session(1);
        // Senders differ, so that the senders' limit can be met as well.
        for number in 0..20 {
            let mut batch = batch(session, 0);
            batch.sender = SenderId([number; 8]);
            let sent = RawBatch(encode_batch(&batch).into());
            if let Err(status) = client.publish(keyed(sent)).await {
                shed = Some(status);
                break;
            }
        }
        let status = shed.expect(expected);
        assert_eq!(
            status.code(),
            Code::ResourceExhausted,
            "{expected}: {status}"
        );
        assert_eq!(reason(&status), expected);
        assert!(retry_after(&status) > Duration::ZERO, "{expected}");
        let label = format!("outcome=\"shed\",reason=\"{expected}\"");
        assert_eq!(running.metric("furrow_gateway_batches_total", &label), 1);
        running.stop().await.expect("ends well");
    }
}

#[tokio::test]
async fn one_session_over_its_rate_does_not_stop_another() {
    let running = Running::configured(|c| c.rates.session = two_a_day()).await;
    let busy = session(1);
    let mut answers = Vec::new();
    for sequence in 0..10 {
        answers.push(running.publish(bytes(busy, sequence)).await);
    }
    assert!(answers.iter().any(Result::is_err));
    running
        .publish(bytes(session(2), 0))
        .await
        .expect("is taken");
}

#[tokio::test]
async fn a_log_that_is_gone_is_unavailable_with_the_time_to_wait() {
    let running = Running::start().await;
    running.log.clone().close().await.expect("closes");
    let status = running
        .publish(bytes(session(1), 0))
        .await
        .expect_err("is refused");
    assert_eq!(status.code(), Code::Unavailable);
    assert_eq!(reason(&status), "log_closed");
    assert_eq!(retry_after(&status), Duration::from_secs(1));
}

#[tokio::test]
async fn a_compressed_batch_is_stored_as_it_was_before() {
    let running = Running::start().await;
    let mut client = running
        .client()
        .await
        .send_compressed(tonic::codec::CompressionEncoding::Gzip);
    let sent = raw(session(1), 0);
    client.publish(keyed(sent.clone())).await.expect("is taken");
    assert_eq!(running.records().await[0].batch, sent.0);
}

#[tokio::test]
async fn a_message_too_large_to_read_is_refused_unread() {
    let running = Running::start().await;
    let huge = RawBatch(vec![0; 2 << 20].into());
    let status = running
        .client()
        .await
        .publish(keyed(huge))
        .await
        .expect_err("is refused");
    assert_eq!(status.code(), Code::OutOfRange, "{status}");
}

#[tokio::test]
async fn health_says_serving() {
    let running = Running::start().await;
    let channel = tonic::transport::Endpoint::new(running.uri()).expect("an address");
    let mut client = HealthClient::new(channel.connect().await.expect("connects"));
    for service in ["", "furrow.v1.IngestService"] {
        let request = HealthCheckRequest {
            service: service.to_owned(),
        };
        let answer = client.check(request).await.expect("answers").into_inner();
        assert_eq!(answer.status(), ServingStatus::Serving, "{service}");
    }
}

#[tokio::test]
async fn connections_over_the_limit_of_their_address_are_closed() {
    let running = Running::configured(|c| c.connections.per_address_max = 1).await;
    let _first = running.client().await;
    let mut second = TcpStream::connect(running.address).await.expect("connects");
    // The end of the stream or a reset: either way nobody talks.
    assert!(!matches!(second.read(&mut [0; 1]).await, Ok(1..)));
    let text = running.metrics();
    assert!(
        text.contains("furrow_gateway_connections_refused_total 1"),
        "{text}"
    );
    assert!(text.contains("furrow_gateway_connections 1"), "{text}");
}

#[tokio::test]
async fn a_connection_that_says_nothing_is_closed() {
    let running = Running::configured(|c| c.connections.head_timeout_ms = 50).await;
    let mut silent = TcpStream::connect(running.address).await.expect("connects");
    assert!(!matches!(silent.read(&mut [0; 1]).await, Ok(1..)));
}

#[tokio::test]
async fn two_keys_write_to_two_properties() {
    let running = Running::configured(|config| {
        let mut other = config.keys[0].clone();
        other.key = furrow_service::config::Secret::new("second");
        other.property = "blog".to_owned();
        config.keys.push(other);
    })
    .await;
    let mut client = running.client().await;
    for key in [KEY, "second"] {
        client
            .publish(keyed_as(raw(session(1), 0), key))
            .await
            .expect("is taken");
    }
    let mut properties: Vec<String> = running
        .records()
        .await
        .iter()
        .map(|r| r.property.0.to_string())
        .collect();
    properties.sort();
    assert_eq!(properties, ["blog", "shop"]);
}
