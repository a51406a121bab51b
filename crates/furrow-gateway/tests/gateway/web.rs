//! What a browser does: gRPC-web over HTTP/1.1, with a preflight before.

use crate::running::{Answer, KEY, Running, bytes, http, session};

const PATH: &str = "POST /furrow.v1.IngestService/Publish";
const ORIGIN: &str = "http://localhost:7120";
const AGENT: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko Firefox/140.0";

fn framed(message: &[u8]) -> Vec<u8> {
    let length = u32::try_from(message.len()).expect("fits").to_be_bytes();
    [&[0], &length[..], message].concat()
}

async fn publish(running: &Running, origin: &str, message: &[u8]) -> Answer {
    let headers = [
        ("content-type", "application/grpc-web+proto"),
        ("x-grpc-web", "1"),
        ("x-furrow-key", KEY),
        ("origin", origin),
        ("user-agent", AGENT),
    ];
    http(running.address, PATH, &headers, &framed(message)).await
}

async fn preflight(running: &Running, origin: &str) -> Answer {
    let headers = [
        ("origin", origin),
        ("access-control-request-method", "POST"),
        (
            "access-control-request-headers",
            "content-type,x-furrow-key,x-grpc-web",
        ),
    ];
    let line = PATH.replace("POST", "OPTIONS");
    http(running.address, &line, &headers, b"").await
}

#[tokio::test]
async fn a_preflight_says_who_may_send_what_and_for_how_long() {
    let running = Running::start().await;
    let answer = preflight(&running, ORIGIN).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("access-control-allow-origin"), Some(ORIGIN));
    let headers = answer
        .header("access-control-allow-headers")
        .expect("allows headers");
    for name in [
        "content-type",
        "x-furrow-key",
        "x-grpc-web",
        "x-user-agent",
        "grpc-timeout",
    ] {
        assert!(headers.contains(name), "{name} in {headers}");
    }
    assert_eq!(answer.header("access-control-allow-methods"), Some("POST"));
    assert_eq!(answer.header("access-control-max-age"), Some("7200"));

    let foreign = preflight(&running, "https://evil.example").await;
    assert_eq!(foreign.header("access-control-allow-origin"), None);
}

#[tokio::test]
async fn a_page_sends_by_grpc_web_and_may_read_the_answer() {
    let running = Running::start().await;
    let sent = bytes(session(1), 0);
    let answer = publish(&running, ORIGIN, &sent).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("access-control-allow-origin"), Some(ORIGIN));
    let exposed = answer
        .header("access-control-expose-headers")
        .expect("exposes headers");
    for name in ["grpc-status", "grpc-message", "grpc-status-details-bin"] {
        assert!(exposed.contains(name), "{name} in {exposed}");
    }
    assert_eq!(answer.body[0], 0, "first a message");
    assert!(
        answer.text().contains("grpc-status:0"),
        "then the trailers: {}",
        answer.text()
    );

    let records = running.records().await;
    assert_eq!(records.len(), 1);
    assert_eq!(records[0].batch, sent);
    assert_eq!(&*records[0].client.os, "Windows");
    assert_eq!(&*records[0].client.browser, "Firefox");
}

#[tokio::test]
async fn a_page_reads_why_its_batch_was_refused() {
    let running = Running::start().await;
    let answer = publish(&running, ORIGIN, &[0xff, 0xff]).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("grpc-status"), Some("3"));
    assert!(answer.header("grpc-status-details-bin").is_some());

    let denied = publish(&running, "https://evil.example", &bytes(session(1), 0)).await;
    assert_eq!(denied.header("grpc-status"), Some("7"));
    assert_eq!(denied.header("access-control-allow-origin"), None);
}

#[tokio::test]
async fn what_is_no_call_of_ours_is_refused() {
    let running = Running::start().await;
    let answer = http(running.address, "GET /", &[], b"").await;
    assert_eq!(answer.status, 400);
}
