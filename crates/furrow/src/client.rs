//! Sends batches as any client does.

use anyhow::{Context, Result};
use furrow_core::interaction::Batch;
use furrow_proto::encode_batch;
use furrow_proto::ingest::{IngestClient, RawBatch};
use std::time::Duration;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request};

/// How long one answer may take.
const ANSWER_MAX: Duration = Duration::from_secs(10);

/// Attempts at one batch.
const ATTEMPTS_MAX: u32 = 20;

/// The first pause before a batch is sent again; it doubles up to
/// [`PAUSE_MAX`].
const PAUSE_MIN: Duration = Duration::from_millis(50);
const PAUSE_MAX: Duration = Duration::from_secs(5);

/// A client of one gateway under one write key. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    ingest: IngestClient<Channel>,
    key: MetadataValue<Ascii>,
}

impl Client {
    /// A client; it connects when it first sends.
    pub(crate) fn new(url: &str, key: &str) -> Result<Client> {
        let endpoint = Endpoint::from_shared(url.to_owned())
            .with_context(|| format!("{url} is no address of a gateway"))?
            .timeout(ANSWER_MAX)
            .connect_timeout(ANSWER_MAX);
        Ok(Client {
            ingest: IngestClient::new(endpoint.connect_lazy()),
            key: key
                .parse()
                .context("a write key is of printable ASCII characters")?,
        })
    }

    /// Sends a batch until it is durable. The same bytes are sent again when
    /// the gateway is away or asks for patience.
    pub(crate) async fn send(&mut self, batch: &Batch) -> Result<()> {
        let bytes = RawBatch(encode_batch(batch).into());
        let mut pause = PAUSE_MIN;
        for attempt in 1.. {
            let mut request = Request::new(bytes.clone());
            request
                .metadata_mut()
                .insert("x-furrow-key", self.key.clone());
            let status = match self.ingest.publish(request).await {
                Ok(_) => return Ok(()),
                Err(status) => status,
            };
            let again = matches!(
                status.code(),
                Code::Unavailable
                    | Code::ResourceExhausted
                    | Code::DeadlineExceeded
                    | Code::Cancelled
            );
            if !again || attempt == ATTEMPTS_MAX {
                anyhow::bail!(
                    "a batch was not taken: {}: {}",
                    status.code(),
                    status.message()
                );
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(PAUSE_MAX);
        }
        unreachable!("the last attempt returns")
    }
}
