//! Clients that send batches.

use crate::http::{Answer, request};
use furrow_proto::ingest::{IngestClient, RawBatch};
use furrow_proto::v1::Ack;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Status};

/// The demo property's write key.
pub const WRITE_KEY: &str = "furrow-demo";

/// How long one call may take.
const CALL_MAX: Duration = Duration::from_secs(10);

/// A client that connects when it is first used, and again when it must.
///
/// # Panics
/// Outside a runtime.
#[must_use]
pub fn ingest(gateway: SocketAddr) -> IngestClient<Channel> {
    let endpoint = Endpoint::from_shared(format!("http://{gateway}")).expect("it is an address");
    IngestClient::new(endpoint.connect_timeout(CALL_MAX).connect_lazy())
}

/// A message with the write key.
#[must_use]
pub fn keyed<T>(message: T) -> Request<T> {
    keyed_as(WRITE_KEY, message)
}

fn keyed_as<T>(key: &str, message: T) -> Request<T> {
    let mut request = Request::new(message);
    let key = key.parse().expect("the key is ASCII");
    request.metadata_mut().insert("x-furrow-key", key);
    request
}

/// A client for tests that do one thing after the other.
#[derive(Debug)]
pub struct Sender {
    runtime: Runtime,
    gateway: SocketAddr,
    ingest: IngestClient<Channel>,
}

impl Sender {
    /// One that sends there.
    ///
    /// # Panics
    /// When no runtime can be made.
    #[must_use]
    pub fn to(gateway: SocketAddr) -> Sender {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime can be made");
        let entered = runtime.enter();
        let ingest = ingest(gateway);
        drop(entered);
        Sender {
            runtime,
            gateway,
            ingest,
        }
    }

    /// `Publish`.
    ///
    /// # Errors
    /// What the gateway answers.
    pub fn publish(&self, batch: &[u8]) -> Result<Ack, Status> {
        self.publish_as(WRITE_KEY, batch)
    }

    /// `Publish` with another write key.
    ///
    /// # Errors
    /// What the gateway answers.
    pub fn publish_as(&self, key: &str, batch: &[u8]) -> Result<Ack, Status> {
        let mut ingest = self.ingest.clone();
        let request = keyed_as(key, RawBatch(batch.to_vec().into()));
        self.runtime.block_on(async {
            let answer = tokio::time::timeout(CALL_MAX, ingest.publish(request)).await;
            answer
                .map_err(|_| Status::deadline_exceeded("no answer"))?
                .map(tonic::Response::into_inner)
        })
    }

    /// `Stream`, to its end.
    ///
    /// # Errors
    /// What the gateway answers.
    pub fn stream(&self, batches: &[Vec<u8>]) -> Result<Vec<Ack>, Status> {
        let mut ingest = self.ingest.clone();
        let messages: Vec<_> = batches
            .iter()
            .map(|batch| RawBatch(batch.clone().into()))
            .collect();
        self.runtime.block_on(async {
            let all = async {
                let request = keyed(tokio_stream::iter(messages));
                let mut answers = ingest.stream(request).await?.into_inner();
                let mut acks = Vec::new();
                while let Some(ack) = answers.message().await? {
                    acks.push(ack);
                }
                Ok(acks)
            };
            tokio::time::timeout(CALL_MAX, all)
                .await
                .unwrap_or_else(|_| Err(Status::deadline_exceeded("no answer")))
        })
    }

    /// `POST /v1/beacon`.
    ///
    /// # Errors
    /// When nobody answers.
    pub fn beacon(&self, batches: &[Vec<u8>]) -> std::io::Result<Answer> {
        send_beacon(self.gateway, batches)
    }
}

/// `POST /v1/beacon`; status 204 says that all batches are durable.
///
/// # Errors
/// When nobody answers.
pub fn send_beacon(gateway: SocketAddr, batches: &[Vec<u8>]) -> std::io::Result<Answer> {
    let beacon = furrow_proto::v1::Beacon {
        write_key: WRITE_KEY.into(),
        batches: batches.iter().map(|batch| batch.clone().into()).collect(),
    };
    let body = prost::Message::encode_to_vec(&beacon);
    request(gateway, "POST", "/v1/beacon", &[], &body)
}
