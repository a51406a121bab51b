//! The ingest service over a real connection: the bytes arrive as they left.

use crate::samples::valid;
use bytes::Bytes;
use furrow_proto::ingest::{
    IngestClient, IngestService, IngestServiceServer, RawBatch, decode_beacon,
};
use furrow_proto::{RejectReason, v1};
use prost::Message;
use std::pin::Pin;
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tokio_stream::{Stream, StreamExt};
use tonic::codec::CompressionEncoding;
use tonic::service::Routes;
use tonic::transport::{Channel, Server};
use tonic::{Code, Request, Response, Status, Streaming};

/// Acknowledges with the bytes that it got, so that a test sees them.
struct Mirror;

fn mirrored(batch: RawBatch) -> v1::Ack {
    v1::Ack {
        session_id: batch.0.into(),
        ..Default::default()
    }
}

#[tonic::async_trait]
impl IngestService for Mirror {
    async fn publish(&self, request: Request<RawBatch>) -> Result<Response<v1::Ack>, Status> {
        Ok(Response::new(mirrored(request.into_inner())))
    }

    type StreamStream = Pin<Box<dyn Stream<Item = Result<v1::Ack, Status>> + Send>>;

    async fn stream(
        &self,
        request: Request<Streaming<RawBatch>>,
    ) -> Result<Response<Self::StreamStream>, Status> {
        let acks = request.into_inner().map(|batch| batch.map(mirrored));
        Ok(Response::new(Box::pin(acks)))
    }
}

/// A server on a free port; it ends with the test's runtime.
async fn served() -> Channel {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let service = IngestServiceServer::new(Mirror)
        .accept_compressed(CompressionEncoding::Gzip)
        .max_decoding_message_size(4_096);
    let routes = Routes::new(service);
    let incoming = TcpListenerStream::new(listener);
    tokio::spawn(
        Server::builder()
            .add_routes(routes)
            .serve_with_incoming(incoming),
    );
    Channel::from_shared(format!("http://{address}"))
        .unwrap()
        .connect()
        .await
        .unwrap()
}

/// A batch with a field that this version does not know: encoding it anew
/// would lose that.
fn with_unknown_field() -> Bytes {
    let mut bytes = valid().encode_to_vec();
    bytes.extend([0xfa, 0x7f, 2, 1, 2]);
    bytes.into()
}

#[tokio::test]
async fn published_bytes_arrive_untouched() {
    let mut client = IngestClient::new(served().await);
    let ack = client
        .publish(RawBatch(with_unknown_field()))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(ack.session_id, with_unknown_field());
}

#[tokio::test]
async fn compressed_bytes_arrive_untouched() {
    let mut client = IngestClient::new(served().await).send_compressed(CompressionEncoding::Gzip);
    let ack = client
        .publish(RawBatch(with_unknown_field()))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(ack.session_id, with_unknown_field());
}

#[tokio::test]
async fn streamed_bytes_arrive_untouched_one_by_one() {
    let mut client = IngestClient::new(served().await);
    let batches = [&b""[..], b"one", b"two"].map(|b| RawBatch(Bytes::from_static(b)));
    let acks = client
        .stream(tokio_stream::iter(batches))
        .await
        .unwrap()
        .into_inner();
    let acks: Vec<_> = acks.map(|ack| ack.unwrap().session_id).collect().await;
    assert_eq!(acks, [&b""[..], b"one", b"two"]);
}

#[tokio::test]
async fn a_generated_client_speaks_to_the_same_service() {
    let mut client = v1::ingest_service_client::IngestServiceClient::new(served().await);
    let ack = client.publish(valid()).await.unwrap().into_inner();
    assert_eq!(ack.session_id, valid().encode_to_vec());
}

#[tokio::test]
async fn a_message_above_the_size_limit_is_refused() {
    let mut client = IngestClient::new(served().await);
    let status = client
        .publish(RawBatch(vec![0; 5_000].into()))
        .await
        .unwrap_err();
    assert_eq!(status.code(), Code::OutOfRange);
}

#[test]
fn a_beacons_batches_share_its_bytes() {
    let beacon = v1::Beacon {
        write_key: "k".into(),
        batches: vec![with_unknown_field(); 2],
    };
    let body = Bytes::from(beacon.encode_to_vec());
    let read = decode_beacon(body.clone()).unwrap();
    assert_eq!(read, beacon);
    assert!(body.as_ptr_range().contains(&read.batches[1].as_ptr()));
}

#[test]
fn a_body_that_is_no_beacon_is_malformed() {
    let reject = decode_beacon(Bytes::from_static(b"no beacon")).unwrap_err();
    assert_eq!(reject.reason, RejectReason::Malformed);
}
