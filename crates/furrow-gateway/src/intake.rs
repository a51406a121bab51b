//! The way of one batch: checked, limited, appended, durable.

use crate::Config;
use crate::client::Asker;
use crate::keys::{Key, Keys};
use crate::limits::{Gate, Limit, TooMuch};
use crate::metrics::{Metrics, Ticket};
use crate::refusal::{LogFailure, Refusal};
use bytes::Bytes;
use furrow_core::interaction::Batch;
use furrow_log::{AppendError, Appended, Log, Receipt, Topic, TopicError};
use furrow_proto::record::{BatchRecord, ClientFacts, Entry, InteractionRecord};
use furrow_proto::v1::Ack;
use furrow_proto::{Limits, Reject, RejectReason, check_times, decode_batch};
use furrow_service::clock::now_ms;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Shared by all requests.
#[derive(Clone)]
pub(crate) struct Intake(Arc<Parts>);

struct Parts {
    keys: Keys,
    gate: Gate,
    limits: Limits,
    log: Log,
    topic: Topic,
    slots: Arc<Semaphore>,
    metrics: Metrics,
    retry_after: Duration,
}

/// An asker whose key is known and whose origin it allows.
#[derive(Debug, Clone)]
pub(crate) struct Writer {
    key: Arc<Key>,
    address: IpAddr,
    facts: ClientFacts,
}

impl Intake {
    pub(crate) fn new(
        config: &Config,
        keys: Keys,
        log: Log,
        topic: Topic,
        metrics: Metrics,
    ) -> Intake {
        Intake(Arc::new(Parts {
            gate: Gate::new(&keys.in_order(), &config.rates, &config.session),
            keys,
            limits: config.limits.clone(),
            log,
            topic,
            slots: Arc::new(Semaphore::new(config.in_flight_max)),
            metrics,
            retry_after: config.retry_after(),
        }))
    }

    /// Finds the asker's key and holds its origin against it.
    pub(crate) fn authenticate(&self, asker: &Asker) -> Result<Writer, Refusal> {
        let key = asker.key.as_deref().ok_or(Refusal::KeyMissing)?;
        let key = self.0.keys.find(key).ok_or(Refusal::KeyUnknown)?;
        match &asker.origin {
            Some(origin) if !key.allows(origin) => Err(Refusal::OriginDenied),
            Some(_) | None => Ok(Writer {
                key: Arc::clone(key),
                address: asker.address,
                facts: asker.facts.clone(),
            }),
        }
    }

    /// Checks a batch and appends it. The order of calls is the order in the
    /// log.
    pub(crate) fn begin(
        &self,
        entry: Entry,
        writer: &Writer,
        raw: Bytes,
    ) -> Result<Pending, Refusal> {
        let ticket = self.0.metrics.receive(entry);
        match self.append(entry, writer, raw) {
            Ok(appending) => Ok(Pending {
                appending,
                ticket,
                metrics: self.0.metrics.clone(),
            }),
            Err(refusal) => {
                ticket.refused(&refusal);
                Err(refusal)
            }
        }
    }

    /// Counts a batch that is refused before it is looked at.
    pub(crate) fn refuse(&self, entry: Entry, refusal: Refusal) -> Refusal {
        self.0.metrics.receive(entry).refused(&refusal);
        refusal
    }

    fn append(&self, entry: Entry, writer: &Writer, raw: Bytes) -> Result<Appending, Refusal> {
        let slot = Arc::clone(&self.0.slots)
            .try_acquire_owned()
            .map_err(|_| self.full(Limit::InFlight))?;
        // Cheap limits go before the work of decoding.
        self.0
            .gate
            .admit(writer.address, &writer.key)
            .map_err(Refusal::Shed)?;
        let received_ms = now_ms();
        let bytes = raw.len();
        let batch = decode_batch(&raw, &self.0.limits).map_err(Refusal::Rejected)?;
        check_times(&batch, received_ms, &self.0.limits).map_err(Refusal::Rejected)?;
        self.0
            .gate
            .admit_to_session(&writer.key, &batch, bytes)
            .map_err(Refusal::Shed)?;
        let key = log_key(&writer.key, &batch);
        let record = InteractionRecord::Batch(BatchRecord {
            tenant: writer.key.tenant.clone(),
            property: writer.key.property.clone(),
            received_ms,
            entry,
            client: writer.facts.clone(),
            batch: raw,
        });
        let begun = Instant::now();
        let receipt = self
            .0
            .log
            .append(&self.0.topic, &key, record.encode())
            .map_err(|error| not_appended(&error, self.0.retry_after))?;
        Ok(Appending {
            receipt,
            begun,
            received_ms,
            ack: Ack {
                session_id: batch.session.0.to_vec(),
                sender_id: batch.sender.0.to_vec(),
                sequence: batch.sequence,
            },
            bytes: bytes as u64,
            interactions: batch.interactions.len() as u64,
            samples: u64::from(batch.samples),
            retry_after: self.0.retry_after,
            slot,
        })
    }

    fn full(&self, limit: Limit) -> Refusal {
        Refusal::Shed(TooMuch {
            limit,
            retry_after: self.0.retry_after,
        })
    }
}

/// A batch that the log has not answered for.
#[derive(Debug)]
pub(crate) struct Pending {
    appending: Appending,
    ticket: Ticket,
    metrics: Metrics,
}

#[derive(Debug)]
struct Appending {
    receipt: Receipt,
    begun: Instant,
    received_ms: i64,
    ack: Ack,
    bytes: u64,
    interactions: u64,
    samples: u64,
    retry_after: Duration,
    slot: OwnedSemaphorePermit,
}

impl Pending {
    /// Resolves when the log answered. Cancel-safe; then [`Pending::settle`].
    pub(crate) fn answered(&mut self) -> &mut Receipt {
        &mut self.appending.receipt
    }

    /// Counts the outcome.
    pub(crate) fn settle(self, answer: Result<Appended, AppendError>) -> Result<Ack, Refusal> {
        let Pending {
            appending,
            ticket,
            metrics,
        } = self;
        drop(appending.slot);
        metrics
            .append_seconds
            .observe(appending.begun.elapsed().as_secs_f64());
        match answer {
            Ok(appended) => {
                metrics.clock_compared(appended.append_time_ms, appending.received_ms);
                metrics.accepted_bytes.inc_by(appending.bytes);
                metrics.accepted_interactions.inc_by(appending.interactions);
                metrics.accepted_samples.inc_by(appending.samples);
                ticket.accepted();
                Ok(appending.ack)
            }
            Err(error) => {
                let refusal = not_appended(&error, appending.retry_after);
                ticket.refused(&refusal);
                Err(refusal)
            }
        }
    }

    /// Waits until the batch is durable.
    pub(crate) async fn durable(mut self) -> Result<Ack, Refusal> {
        let answer = self.answered().await;
        self.settle(answer)
    }
}

fn not_appended(error: &AppendError, retry_after: Duration) -> Refusal {
    match *error {
        AppendError::Full => Refusal::Shed(TooMuch {
            limit: Limit::LogFull,
            retry_after,
        }),
        AppendError::TooLarge { bytes, bytes_max } => {
            let detail = format!("a record of {bytes} bytes, the log takes {bytes_max}");
            Refusal::Rejected(Reject::new(RejectReason::BatchTooLarge, "", detail))
        }
        AppendError::Closed | AppendError::Topic(TopicError::Closed) => {
            failed(LogFailure::Closed, error, retry_after)
        }
        AppendError::Topic(_) => failed(LogFailure::Topic, error, retry_after),
        AppendError::TimedOut => failed(LogFailure::TimedOut, error, retry_after),
        AppendError::Refused(_) => failed(LogFailure::Refused, error, retry_after),
        AppendError::Storage(_) => failed(LogFailure::Storage, error, retry_after),
    }
}

fn failed(failure: LogFailure, error: &AppendError, retry_after: Duration) -> Refusal {
    tracing::warn!(%error, "batch not appended");
    Refusal::Failed {
        retry_after,
        failure,
    }
}

/// The same bytes for every batch of one session, whatever key or entry it
/// came by. Names hold no control characters.
fn log_key(key: &Key, batch: &Batch) -> Vec<u8> {
    const SEPARATOR: &[u8] = &[0];
    [
        key.tenant.0.as_bytes(),
        key.property.0.as_bytes(),
        &batch.session.0,
    ]
    .join(SEPARATOR)
}
