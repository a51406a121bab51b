//! Ending: what was begun is finished.

use crate::running::{BOUND, KEY, Running, answer, bytes, head, keyed, raw, retry_after, session};
use furrow_gateway::ServeError;
use furrow_proto::ingest::RawBatch;
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Code;

/// Sends the head and half the body of a call, and leaves it there.
async fn half_a_call(running: &Running, message: &[u8]) -> (TcpStream, Vec<u8>) {
    let length = u32::try_from(message.len()).expect("fits").to_be_bytes();
    let body = [&[0], &length[..], message].concat();
    let headers = [
        ("content-type", "application/grpc-web+proto"),
        ("x-furrow-key", KEY),
    ];
    let line = "POST /furrow.v1.IngestService/Publish";
    let mut stream = TcpStream::connect(running.address).await.expect("connects");
    stream
        .write_all(&head(line, &headers, body.len()))
        .await
        .expect("writes");
    stream.write_all(&body[..10]).await.expect("writes");
    (stream, body[10..].to_vec())
}

async fn until(running: &Running, what: &str) {
    let seen = async {
        let mut look = tokio::time::interval(Duration::from_millis(5));
        while !running.metrics().contains(what) {
            look.tick().await;
        }
    };
    tokio::time::timeout(BOUND, seen).await.expect(what);
}

async fn until_draining(running: &Running) {
    let seen = async {
        let mut look = tokio::time::interval(Duration::from_millis(5));
        while running.readiness.reason().as_deref() != Some("draining") {
            look.tick().await;
        }
    };
    tokio::time::timeout(BOUND, seen).await.expect("drains");
}

#[tokio::test]
async fn a_call_that_was_begun_is_finished() {
    let running = Running::start().await;
    let sent = bytes(session(1), 0);
    let (mut stream, rest) = half_a_call(&running, &sent).await;
    // The next call's answer shows that the bytes before it arrived.
    running
        .publish(bytes(session(2), 0))
        .await
        .expect("is taken");
    until(&running, "furrow_gateway_connections 1").await;
    running.token.cancel();
    until_draining(&running).await;
    stream.write_all(&rest).await.expect("writes");
    let answer = answer(&mut stream).await;
    assert_eq!(answer.status, 200);
    assert!(answer.text().contains("grpc-status:0"), "{}", answer.text());
    assert_eq!(running.records().await.len(), 2);
    let address = running.address;
    running.ended().await.expect("ends well");
    assert!(
        TcpStream::connect(address).await.is_err(),
        "nobody listens any more"
    );
}

#[tokio::test]
async fn a_stream_hears_its_acks_and_is_sent_elsewhere() {
    let running = Running::start().await;
    let (sender, receiver) = mpsc::channel::<RawBatch>(8);
    let mut client = running.client().await;
    let answer = client
        .stream(keyed(ReceiverStream::new(receiver)))
        .await
        .expect("opens");
    let mut acks = answer.into_inner();
    sender.send(raw(session(1), 0)).await.expect("is sent");
    let ack = acks
        .message()
        .await
        .expect("is acknowledged")
        .expect("is not the end");
    assert_eq!(ack.sequence, 0);
    running.token.cancel();
    let end = tokio::time::timeout(BOUND, acks.message())
        .await
        .expect("in time");
    let status = end.expect_err("ends with an error");
    assert_eq!(status.code(), Code::Unavailable, "{status}");
    assert!(retry_after(&status) > Duration::ZERO);
    running.ended().await.expect("ends well");
}

#[tokio::test]
async fn an_idle_connection_does_not_hold_the_end_up() {
    let running = Running::start().await;
    let _client = running.client().await;
    let _silent = TcpStream::connect(running.address).await.expect("connects");
    running.stop().await.expect("ends well");
}

#[tokio::test]
async fn who_does_not_finish_in_time_is_cut_off() {
    let running = Running::configured(|config| config.drain_max_ms = 50).await;
    let (_stream, _rest) = half_a_call(&running, &bytes(session(1), 0)).await;
    running
        .publish(bytes(session(2), 0))
        .await
        .expect("is taken");
    until(&running, "furrow_gateway_connections 1").await;
    let error = running.stop().await.expect_err("is late");
    assert!(
        matches!(error, ServeError::NotDrained { connections: 1, .. }),
        "{error}"
    );
}

#[tokio::test]
async fn a_call_that_takes_too_long_is_answered_all_the_same() {
    let running = Running::configured(|config| config.request_timeout_ms = 50).await;
    let (mut stream, _rest) = half_a_call(&running, &bytes(session(1), 0)).await;
    let answer = answer(&mut stream).await;
    assert_eq!(answer.header("grpc-status"), Some("4"), "deadline exceeded");
}
