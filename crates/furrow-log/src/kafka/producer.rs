//! Appending: one record per append, in the order of the calls, acknowledged by all replicas in
//! sync. The library's own thread takes the brokers' answers and resolves the receipts.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use rdkafka::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use rdkafka::message::{DeliveryResult, Message};
use rdkafka::producer::{BaseRecord, Producer, ProducerContext, ThreadedProducer};
use tokio::sync::{oneshot, watch};

use super::errors;
use super::library;
use super::reader;
use super::settings::KafkaSettings;
use crate::counters::{APPEND_OVERHEAD_BYTES, Counters, QueueLimit};
use crate::{
    AppendError, Appended, BrokerError, Offset, OpenError, Partition, Receipt, Stats, StorageError,
    Topic, TopicError,
};

/// What appends, and what asks the brokers.
pub(super) struct Appender {
    producer: ThreadedProducer<Deliveries>,
    counters: Arc<Counters>,
    limit: QueueLimit,
    record_bytes_max: usize,
    failure: watch::Receiver<Option<StorageError>>,
    heard: watch::Receiver<Option<BrokerError>>,
}

/// What the library's thread is told to do with the brokers' answers.
pub(super) struct Deliveries {
    counters: Arc<Counters>,
    failure: watch::Sender<Option<StorageError>>,
    /// The last error that belongs to no record: why a connection fails.
    heard: watch::Sender<Option<BrokerError>>,
    away: Seldom,
}

/// Brokers that are away are told of so often; the library says it several times a second.
const AWAY_EVERY: Duration = Duration::from_secs(10);

/// What is told now and then while it goes on.
struct Seldom {
    since: Instant,
    /// From then on, ms since `since`.
    again_at_ms: AtomicU64,
}

impl Seldom {
    fn new() -> Self {
        Self {
            since: Instant::now(),
            again_at_ms: AtomicU64::new(0),
        }
    }

    /// Whether it is time, after `passed`; then not for a while.
    fn is_due(&self, passed: Duration) -> bool {
        let ms = |duration: Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        // The library calls back from one thread.
        let due = ms(passed) >= self.again_at_ms.load(Ordering::Relaxed);
        if due {
            let again_at_ms = ms(passed + AWAY_EVERY);
            self.again_at_ms.store(again_at_ms, Ordering::Relaxed);
        }
        due
    }
}

/// A record on its way.
pub(super) struct Pending {
    reply: oneshot::Sender<Result<Appended, AppendError>>,
    bytes: u64,
}

impl Appender {
    pub(super) fn new(settings: &KafkaSettings) -> Result<Self, OpenError> {
        let counters = Arc::new(Counters::default());
        let (failure, failed) = watch::channel(None);
        let (heard, last) = watch::channel(None);
        let deliveries = Deliveries {
            counters: Arc::clone(&counters),
            failure,
            heard,
            away: Seldom::new(),
        };
        let producer = settings
            .producer()
            .create_with_context(deliveries)
            .map_err(super::settings::refused)?;
        Ok(Self {
            producer,
            counters,
            limit: QueueLimit {
                records_max: settings.queue_records_max,
                bytes_max: settings.queue_bytes_max,
            },
            record_bytes_max: settings.record_bytes_max,
            failure: failed,
            heard: last,
        })
    }

    /// Queues a record, or says at once why not.
    pub(super) fn append(
        &self,
        topic: &Topic,
        partition: Partition,
        key: &[u8],
        payload: &Bytes,
    ) -> Result<Receipt, AppendError> {
        if let Some(error) = &*self.failure.borrow() {
            return Err(error.clone().into());
        }
        let (bytes, bytes_max) = (key.len() + payload.len(), self.record_bytes_max);
        if bytes > bytes_max {
            return Err(AppendError::TooLarge { bytes, bytes_max });
        }
        let taken = bytes as u64 + APPEND_OVERHEAD_BYTES;
        self.counters.admit(taken, self.limit)?;
        let (reply, answer) = oneshot::channel();
        let pending = Box::new(Pending {
            reply,
            bytes: taken,
        });
        let record = BaseRecord::with_opaque_to(topic.as_str(), pending)
            .partition(reader::number(partition))
            .key(key)
            .payload(&payload[..]);
        self.producer.send(record).map_err(|(error, _)| {
            self.counters.release(1, taken);
            self.not_queued(topic, partition, &error)
        })?;
        Ok(Receipt::new(answer))
    }

    fn not_queued(&self, topic: &Topic, partition: Partition, error: &KafkaError) -> AppendError {
        let topic = topic.clone();
        match error.rdkafka_error_code() {
            Some(Code::QueueFull) => {
                self.counters.shed.fetch_add(1, Ordering::Relaxed);
                AppendError::Full
            }
            Some(Code::UnknownTopic) => TopicError::Unknown { topic }.into(),
            Some(Code::UnknownPartition) => TopicError::NoPartition { topic, partition }.into(),
            Some(Code::Fatal) => errors::fatal(&error.to_string()).into(),
            Some(_) | None => AppendError::Refused(errors::told(error)),
        }
    }

    /// The client, for questions to the brokers. It is served by the library's thread.
    pub(super) fn client(&self) -> &rdkafka::client::Client<Deliveries> {
        self.producer.client()
    }

    /// Waits until every append has its receipt, or for so long. Blocks.
    pub(super) fn flush(&self, timeout: Duration) -> bool {
        // What is left over is counted below by whoever asks.
        self.producer.flush(timeout).is_ok()
    }

    pub(super) fn stats(&self) -> Stats {
        self.counters.snapshot()
    }

    pub(super) fn failure(&self) -> watch::Receiver<Option<StorageError>> {
        self.failure.clone()
    }

    /// The last that was heard of a connection.
    pub(super) fn heard(&self) -> Option<BrokerError> {
        self.heard.borrow().clone()
    }
}

impl ClientContext for Deliveries {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        library::log(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.heard.send_if_modified(|heard| {
            // That all are away says less than why the last one is.
            let says_why = error.rdkafka_error_code() != Some(Code::AllBrokersDown);
            if says_why || heard.is_none() {
                *heard = Some(BrokerError::new(format!("{error}: {reason}")));
            }
            says_why
        });
        if error.rdkafka_error_code() == Some(Code::Fatal) {
            tracing::error!(%error, reason, "the Kafka producer cannot go on");
            self.failure.send_replace(Some(errors::fatal(reason)));
        } else if self.away.is_due(self.away.since.elapsed()) {
            tracing::warn!(%error, reason, "a Kafka broker is away");
        }
    }
}

impl ProducerContext for Deliveries {
    type DeliveryOpaque = Box<Pending>;

    fn delivery(&self, result: &DeliveryResult<'_>, pending: Box<Pending>) {
        let Pending { reply, bytes } = *pending;
        let answer = match result {
            Ok(message) => place(message),
            Err((error, _)) => Err(self.not_delivered(error)),
        };
        let counters = &self.counters;
        match &answer {
            Ok(_) => {
                counters.appended_records.fetch_add(1, Ordering::Relaxed);
                let kept = bytes - APPEND_OVERHEAD_BYTES;
                counters.appended_bytes.fetch_add(kept, Ordering::Relaxed);
            }
            Err(_) => {
                counters.failed.fetch_add(1, Ordering::Relaxed);
            }
        }
        // Whoever waits for the receipt finds the room given back.
        counters.release(1, bytes);
        // A dropped receipt is nobody's question.
        let _ = reply.send(answer);
    }
}

/// Where a delivered record went.
fn place(message: &impl Message) -> Result<Appended, AppendError> {
    let partition = u32::try_from(message.partition());
    let offset = u64::try_from(message.offset());
    match (partition, offset, message.timestamp().to_millis()) {
        (Ok(partition), Ok(offset), Some(append_time_ms)) => Ok(Appended {
            partition: Partition(partition),
            offset: Offset(offset),
            append_time_ms,
        }),
        // After some retries the brokers only say that they have the record already.
        _ => Err(AppendError::TimedOut),
    }
}

impl Deliveries {
    fn not_delivered(&self, error: &KafkaError) -> AppendError {
        match error.rdkafka_error_code() {
            Some(Code::PurgeQueue | Code::PurgeInflight) => AppendError::Closed,
            Some(Code::Fatal) => {
                let failure = errors::fatal(&error.to_string());
                self.failure.send_replace(Some(failure.clone()));
                failure.into()
            }
            Some(code) if errors::refuses_record(code) => AppendError::Refused(errors::told(error)),
            Some(_) | None => AppendError::TimedOut,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_on_is_told_at_once_and_then_every_ten_seconds() {
        let away = Seldom::new();
        let seconds = [0, 1, 9, 10, 11, 25, 34, 35].map(Duration::from_secs);
        let told = seconds.map(|passed| away.is_due(passed));
        let expected = [true, false, false, true, false, true, false, true];
        assert_eq!(told, expected);
    }
}
