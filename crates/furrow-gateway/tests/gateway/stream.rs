//! Batches acknowledged one by one.

use crate::running::{BOUND, Running, keyed, keyed_as, raw, reason, retry_after, session};
use furrow_log::EmbeddedSettings;
use furrow_proto::ingest::{IngestClient, RawBatch};
use furrow_proto::record::Entry;
use furrow_proto::v1::Ack;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_stream::StreamExt;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::Endpoint;
use tonic::{Code, Status, Streaming};

async fn until_the_end(mut acks: Streaming<Ack>) -> (Vec<u32>, Option<Status>) {
    let mut sequences = Vec::new();
    loop {
        let next = tokio::time::timeout(BOUND, acks.message())
            .await
            .expect("in time");
        match next {
            Ok(Some(ack)) => sequences.push(ack.sequence),
            Ok(None) => return (sequences, None),
            Err(status) => return (sequences, Some(status)),
        }
    }
}

#[tokio::test]
async fn batches_are_acknowledged_in_order_once_durable() {
    let running = Running::start().await;
    let session = session(1);
    let batches: Vec<_> = (0..50).map(|sequence| raw(session, sequence)).collect();
    let mut client = running.client().await;
    let answer = client
        .stream(keyed(tokio_stream::iter(batches.clone())))
        .await;
    let mut acks = answer.expect("opens").into_inner();
    for sequence in 0..50 {
        let ack = acks
            .message()
            .await
            .expect("is acknowledged")
            .expect("is not the end");
        assert_eq!(ack.session_id, session.0);
        assert_eq!(ack.sender_id, [7; 8]);
        assert_eq!(ack.sequence, sequence);
    }
    assert!(acks.message().await.expect("ends well").is_none());
    let records = running.records().await;
    let stored: Vec<_> = records.iter().map(|r| RawBatch(r.batch.clone())).collect();
    assert_eq!(stored, batches);
    assert!(records.iter().all(|r| r.entry == Entry::Stream));
}

#[tokio::test]
async fn the_first_refused_batch_ends_the_stream_after_the_acks_before_it() {
    let running = Running::start().await;
    let session = session(1);
    let mut batches: Vec<_> = (0..5).map(|sequence| raw(session, sequence)).collect();
    batches.push(RawBatch(vec![0xff].into()));
    batches.push(raw(session, 5));
    let mut client = running.client().await;
    let answer = client
        .stream(keyed(tokio_stream::iter(batches)))
        .await
        .expect("opens");
    let (sequences, end) = until_the_end(answer.into_inner()).await;
    assert_eq!(sequences, [0, 1, 2, 3, 4]);
    let status = end.expect("ends with its error");
    assert_eq!(status.code(), Code::InvalidArgument);
    assert_eq!(reason(&status), "malformed");
    assert_eq!(
        running.stored().await.len(),
        5,
        "what came after is not read"
    );
}

#[tokio::test]
async fn a_message_too_large_to_read_ends_the_stream_as_a_batch_too_large() {
    let running = Running::start().await;
    let batches = vec![raw(session(1), 0), RawBatch(vec![0; 2 << 20].into())];
    let mut client = running.client().await;
    let answer = client
        .stream(keyed(tokio_stream::iter(batches)))
        .await
        .expect("opens");
    let (sequences, end) = until_the_end(answer.into_inner()).await;
    assert_eq!(sequences, [0]);
    assert_eq!(
        reason(&end.expect("ends with its error")),
        "batch_too_large"
    );
}

#[tokio::test]
async fn a_stream_with_a_wrong_key_does_not_open() {
    let running = Running::start().await;
    let mut client = running.client().await;
    let batches = tokio_stream::iter(vec![raw(session(1), 0)]);
    let status = client
        .stream(keyed_as(batches, "other"))
        .await
        .expect_err("does not open");
    assert_eq!(status.code(), Code::Unauthenticated);
}

#[tokio::test]
async fn a_client_that_takes_no_acks_is_not_read_from() {
    const BATCHES: u32 = 2_000;
    let running = Running::configured(|config| {
        config.stream.unacknowledged_max = std::num::NonZeroUsize::MIN.saturating_add(3);
        config.connections.send_buffer_bytes_max = 1_024;
        config.rates.session.burst = std::num::NonZeroU32::MIN.saturating_add(BATCHES);
    })
    .await;
    let endpoint = Endpoint::new(running.uri()).expect("an address");
    let small = endpoint.initial_stream_window_size(256);
    let mut client = IngestClient::new(small.connect().await.expect("connects"));
    let session = session(1);
    let batches: Vec<_> = (0..BATCHES)
        .map(|sequence| raw(session, sequence))
        .collect();
    let answer = client
        .stream(keyed(tokio_stream::iter(batches)))
        .await
        .expect("opens");

    let received = || running.metric("furrow_gateway_batches_received_total", "stream");
    let mut before = u64::MAX;
    let mut look = tokio::time::interval(Duration::from_millis(50));
    tokio::time::timeout(BOUND, async {
        while received() != before || before == 0 {
            before = received();
            look.tick().await;
        }
    })
    .await
    .expect("comes to rest");
    assert!(
        before < u64::from(BATCHES) / 4,
        "read {before} batches unasked"
    );

    let (sequences, end) = until_the_end(answer.into_inner()).await;
    assert!(end.is_none(), "{end:?}");
    assert_eq!(sequences, (0..BATCHES).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_full_log_sheds_with_the_time_to_wait() {
    let settings = EmbeddedSettings {
        queue_records_max: 1,
        ..EmbeddedSettings::default()
    };
    let running = Running::with(settings, |_| {}).await;
    let session = session(1);
    let batches: Vec<_> = (0..200).map(|sequence| raw(session, sequence)).collect();
    let mut client = running.client().await;
    let answer = client
        .stream(keyed(tokio_stream::iter(batches)))
        .await
        .expect("opens");
    let (sequences, end) = until_the_end(answer.into_inner()).await;
    let status = end.expect("one record is not enough for a stream");
    assert_eq!(status.code(), Code::ResourceExhausted, "{status}");
    assert_eq!(reason(&status), "log_full");
    assert!(retry_after(&status) > Duration::ZERO);
    assert_eq!(
        running.stored().await.len(),
        sequences.len(),
        "what is acknowledged is stored"
    );
}

#[tokio::test]
async fn a_stream_that_brings_nothing_is_ended() {
    let running = Running::configured(|config| config.stream.idle_max_ms = 50).await;
    let mut client = running.client().await;
    let (_sender, receiver) = mpsc::channel::<RawBatch>(1);
    let silent = ReceiverStream::new(receiver).map(|batch| batch);
    let answer = client.stream(keyed(silent)).await.expect("opens");
    let (sequences, end) = until_the_end(answer.into_inner()).await;
    assert!(sequences.is_empty());
    assert_eq!(end.expect("ends").code(), Code::DeadlineExceeded);
}
