//! `POST /v1/beacon`.

use crate::running::{Answer, KEY, Running, bytes, http, session};
use furrow_gateway::config::Rate;
use furrow_proto::record::Entry;
use std::num::NonZeroU32;

const ORIGIN: &str = "http://localhost:7120";
const TEXT: (&str, &str) = ("content-type", "text/plain;charset=UTF-8");

/// The encoded `Beacon`.
fn body(key: &str, batches: &[Vec<u8>]) -> Vec<u8> {
    let mut body = field(1, key.as_bytes());
    for batch in batches {
        body.extend(field(2, batch));
    }
    body
}

fn field(number: u8, value: &[u8]) -> Vec<u8> {
    let mut field = vec![number << 3 | 2];
    let mut length = value.len();
    while length >= 0x80 {
        field.push(u8::try_from(length & 0x7f).expect("7 bits") | 0x80);
        length >>= 7;
    }
    field.push(u8::try_from(length).expect("7 bits"));
    field.extend(value);
    field
}

async fn send(running: &Running, origin: &str, body: &[u8]) -> Answer {
    http(
        running.address,
        "POST /v1/beacon",
        &[("origin", origin), TEXT],
        body,
    )
    .await
}

#[tokio::test]
async fn a_beacon_s_batches_stand_in_the_log_byte_for_byte() {
    let running = Running::start().await;
    let session = session(1);
    let sent = vec![bytes(session, 0), bytes(session, 1)];
    let answer = send(&running, ORIGIN, &body(KEY, &sent)).await;
    assert_eq!(answer.status, 204, "{}", answer.text());
    assert_eq!(answer.header("access-control-allow-origin"), Some(ORIGIN));
    let records = running.records().await;
    let stored: Vec<_> = records.iter().map(|r| r.batch.to_vec()).collect();
    assert_eq!(stored, sent);
    assert!(records.iter().all(|r| r.entry == Entry::Beacon));
}

#[tokio::test]
async fn a_beacon_without_content_type_is_taken() {
    let running = Running::start().await;
    let body = body(KEY, &[bytes(session(1), 0)]);
    let answer = http(running.address, "POST /v1/beacon", &[], &body).await;
    assert_eq!(answer.status, 204, "{}", answer.text());
}

#[tokio::test]
async fn what_cannot_be_taken_is_answered_with_its_reason() {
    let running = Running::start().await;
    let good = bytes(session(1), 0);
    let bad = vec![0xff];
    let refused = [
        (
            ORIGIN,
            body("other", std::slice::from_ref(&good)),
            401,
            "key_unknown",
        ),
        (
            ORIGIN,
            body("", std::slice::from_ref(&good)),
            401,
            "key_missing",
        ),
        (
            "https://evil.example",
            body(KEY, std::slice::from_ref(&good)),
            403,
            "origin_denied",
        ),
        (ORIGIN, vec![0xff], 400, "malformed"),
        (ORIGIN, body(KEY, &[good.clone(), bad]), 400, "batches[1]"),
        (
            ORIGIN,
            body(KEY, &vec![good.clone(); 65]),
            413,
            "batch_too_large",
        ),
        (ORIGIN, vec![0; 61_441], 413, ""),
    ];
    for (origin, body, status, words) in refused {
        let answer = send(&running, origin, &body).await;
        assert_eq!(answer.status, status, "{words}: {}", answer.text());
        assert!(answer.text().contains(words), "{words}: {}", answer.text());
    }
    assert_eq!(
        running.stored().await.len(),
        1,
        "the good batch beside the bad one is taken"
    );
}

#[tokio::test]
async fn a_beacon_that_is_no_simple_request_is_refused() {
    let running = Running::start().await;
    let json = [("content-type", "application/json")];
    let answer = http(running.address, "POST /v1/beacon", &json, b"{}").await;
    assert_eq!(answer.status, 415);
    let answer = http(running.address, "GET /v1/beacon", &[], b"").await;
    assert_eq!(answer.status, 405);
}

#[tokio::test]
async fn over_a_limit_or_without_a_log_a_beacon_hears_when_to_come_back() {
    let slow = Rate {
        per_second: NonZeroU32::MIN,
        burst: NonZeroU32::MIN,
    };
    let running = Running::configured(|config| config.rates.session = slow).await;
    let session_id = session(1);
    let sent: Vec<_> = (0..5).map(|sequence| bytes(session_id, sequence)).collect();
    let answer = send(&running, ORIGIN, &body(KEY, &sent)).await;
    assert_eq!(answer.status, 429, "{}", answer.text());
    assert!(answer.header("retry-after").is_some());

    running.log.clone().close().await.expect("closes");
    let answer = send(&running, ORIGIN, &body(KEY, &[bytes(session(2), 0)])).await;
    assert_eq!(answer.status, 503, "{}", answer.text());
    assert_eq!(answer.header("retry-after"), Some("1"));
}
