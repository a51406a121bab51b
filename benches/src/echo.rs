//! A server that only decodes and answers: what the edge costs without a log,
//! limits and scores behind it.

use anyhow::Result;
use furrow_proto::ingest::{IngestService, IngestServiceServer, RawBatch};
use furrow_proto::v1::Ack;
use furrow_proto::{Limits, decode_batch};
use std::net::{Ipv4Addr, SocketAddr};
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status, Streaming};

/// How its threads are named, for [`crate::usage::threads_cpu`].
pub const THREAD_NAME: &str = "furrow-echo";

/// A running echo on threads of its own, which end when it is dropped.
#[derive(Debug)]
pub struct Echo {
    _runtime: Runtime,
    address: SocketAddr,
}

impl Echo {
    /// Starts one on a free port.
    ///
    /// # Errors
    /// When the system gives no port or no thread.
    pub fn start() -> Result<Echo> {
        let runtime = Builder::new_multi_thread()
            .thread_name(THREAD_NAME)
            .enable_all()
            .build()?;
        let listener = runtime.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)))?;
        let address = listener.local_addr()?;
        let server = Server::builder().add_service(IngestServiceServer::new(Decoding {
            limits: Limits::default(),
        }));
        runtime.spawn(
            server.serve_with_incoming(TcpIncoming::from(listener).with_nodelay(Some(true))),
        );
        Ok(Echo {
            _runtime: runtime,
            address,
        })
    }

    /// Where batches are sent to.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

struct Decoding {
    limits: Limits,
}

#[tonic::async_trait]
impl IngestService for Decoding {
    async fn publish(&self, request: Request<RawBatch>) -> Result<Response<Ack>, Status> {
        let batch = decode_batch(&request.into_inner().0, &self.limits)
            .map_err(|reject| Status::invalid_argument(format!("{reject:?}")))?;
        Ok(Response::new(Ack {
            session_id: batch.session.0.to_vec(),
            sender_id: batch.sender.0.to_vec(),
            sequence: batch.sequence,
        }))
    }

    type StreamStream = tokio_stream::Empty<Result<Ack, Status>>;

    async fn stream(
        &self,
        _: Request<Streaming<RawBatch>>,
    ) -> Result<Response<Self::StreamStream>, Status> {
        Err(Status::unimplemented("only single batches are echoed"))
    }
}
