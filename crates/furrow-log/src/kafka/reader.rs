//! Reading from an offset, without a group: a few consumers that are lent out one read at a time.
//!
//! A consumer that has read a partition up to some offset is the one that reads on from there, so
//! that a replay takes what was fetched ahead instead of asking anew each time.

use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};

use rdkafka::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode as Code};
use rdkafka::message::Message;
use rdkafka::topic_partition_list::{Offset as Place, TopicPartitionList};
use tokio::sync::Semaphore;

use super::errors;
use super::library;
use super::running::Running;
use super::settings::KafkaSettings;
use crate::{BrokerError, Offset, Partition, ReadError, ReadLimit, Stored, Topic, TopicError};

/// The library assigns partitions only to consumers that name a group. Nothing joins this one and
/// nothing is committed under its name.
const GROUP: &str = "furrow-readers";

/// How long one look for records waits.
const POLL: Duration = Duration::from_millis(100);

/// How long the brokers may take to say where a partition begins and ends.
pub(super) const WATERMARKS_TIMEOUT: Duration = Duration::from_secs(5);

/// The consumers that are not lent out, and how many may be.
pub(super) struct Readers {
    permits: Semaphore,
    /// Held for a push or a swap only: which one is taken depends on all of them.
    idle: Mutex<Vec<Reader>>,
    idle_max: usize,
}

/// One consumer, and where it stands.
pub(super) struct Reader {
    consumer: BaseConsumer<Quiet>,
    standing: Option<Standing>,
    /// The record that was read and did not fit.
    ahead: Option<Stored>,
}

#[derive(Clone, Debug)]
struct Standing {
    topic: Topic,
    partition: Partition,
    /// The next record that the consumer gives.
    next: u64,
    /// The end when it was last asked for.
    end: u64,
}

/// A client that only logs.
pub(super) struct Quiet;

impl ClientContext for Quiet {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        library::log(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        tracing::debug!(%error, reason, "a reader of the log waits for its brokers");
    }
}

impl ConsumerContext for Quiet {}

/// How far a read may go.
#[derive(Clone, Copy)]
pub(super) struct Want<'a> {
    pub(super) from: Offset,
    pub(super) limit: ReadLimit,
    /// When the brokers have had their chance.
    pub(super) until: Instant,
    /// Nobody waits for a read of a log that is closed, but the process's end does.
    pub(super) running: &'a Running,
}

impl Want<'_> {
    /// Whether a question that failed may be asked again.
    fn again(
        self,
        topic: &Topic,
        partition: Partition,
        error: &KafkaError,
    ) -> Result<(), ReadError> {
        if self.running.is_closed() {
            return Err(ReadError::Closed);
        }
        let topic = topic.clone();
        match errors::hope(error) {
            errors::Hope::Unknown => Err(TopicError::NoPartition { topic, partition }.into()),
            errors::Hope::None => Err(ReadError::Broker(errors::told(error))),
            errors::Hope::Again if Instant::now() >= self.until => {
                Err(ReadError::Broker(errors::told(error)))
            }
            errors::Hope::Again => {
                std::thread::sleep(POLL);
                Ok(())
            }
        }
    }

    /// Whether records that do not come may be waited for.
    fn waits(self) -> Result<(), ReadError> {
        if self.running.is_closed() {
            return Err(ReadError::Closed);
        }
        if Instant::now() < self.until {
            return Ok(());
        }
        Err(ReadError::Broker(BrokerError::new(
            "the records that a partition is said to hold do not come",
        )))
    }
}

impl Readers {
    pub(super) fn new(reads_max: usize) -> Self {
        Self {
            permits: Semaphore::new(reads_max),
            idle: Mutex::new(Vec::new()),
            idle_max: reads_max,
        }
    }

    /// Room for one more read; `None` once the log is closed.
    pub(super) async fn permit(&self) -> Option<tokio::sync::SemaphorePermit<'_>> {
        self.permits.acquire().await.ok()
    }

    /// Ends all reading.
    pub(super) fn close(&self) {
        self.permits.close();
        self.idle().clear();
    }

    /// The reader that stands where the read begins, or any, or a new one. Blocks a moment for a
    /// new one.
    pub(super) fn take(
        &self,
        settings: &KafkaSettings,
        topic: &Topic,
        partition: Partition,
        from: Offset,
    ) -> Result<Reader, ReadError> {
        let idle = {
            let mut idle = self.idle();
            let stands = |reader: &Reader| reader.stands_at(topic, partition, from);
            let index = idle.iter().position(stands);
            let index = index.or_else(|| idle.len().checked_sub(1));
            index.map(|index| idle.swap_remove(index))
        };
        match idle {
            Some(reader) => Ok(reader),
            None => Reader::new(settings),
        }
    }

    /// Takes a reader back.
    pub(super) fn put(&self, reader: Reader) {
        let mut idle = self.idle();
        if idle.len() < self.idle_max && !self.permits.is_closed() {
            idle.push(reader);
        }
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Reader>> {
        self.idle
            .lock()
            .expect("no code panics while it holds the readers")
    }
}

impl Reader {
    fn new(settings: &KafkaSettings) -> Result<Self, ReadError> {
        Ok(Self {
            consumer: consumer(settings)
                .map_err(|error| ReadError::Broker(errors::told(&error)))?,
            standing: None,
            ahead: None,
        })
    }

    fn stands_at(&self, topic: &Topic, partition: Partition, from: Offset) -> bool {
        self.standing.as_ref().is_some_and(|standing| {
            let next = self
                .ahead
                .as_ref()
                .map_or(standing.next, |record| record.offset.0);
            standing.topic == *topic && standing.partition == partition && next == from.0
        })
    }

    /// Records from a place on, at most as many as the limit says and no fewer unless the end
    /// comes first. Blocks.
    pub(super) fn read(
        &mut self,
        topic: &Topic,
        partition: Partition,
        want: Want<'_>,
    ) -> Result<Vec<Stored>, ReadError> {
        let read = self.try_read(topic, partition, want);
        if read.is_err() {
            // Whatever went wrong, the next read begins anew.
            self.leave();
        }
        read
    }

    fn try_read(
        &mut self,
        topic: &Topic,
        partition: Partition,
        want: Want<'_>,
    ) -> Result<Vec<Stored>, ReadError> {
        let from = want.from.0;
        let stands = self.stands_at(topic, partition, want.from);
        let known = self.standing.as_ref().map_or(0, |standing| standing.end);
        if !stands || known <= from {
            let end = self.end_after(topic, partition, want)?;
            if end == from {
                self.leave();
                return Ok(Vec::new());
            }
            match &mut self.standing {
                Some(standing) if stands => standing.end = end,
                Some(_) | None => self.stand(topic, partition, from, end)?,
            }
        }
        self.gather(topic, partition, want)
    }

    /// Where the partition ends, if it begins at or before what is wanted.
    fn end_after(
        &self,
        topic: &Topic,
        partition: Partition,
        want: Want<'_>,
    ) -> Result<u64, ReadError> {
        let (earliest, end) = loop {
            match watermarks(&self.consumer, topic, partition) {
                Ok(bounds) => break bounds,
                Err(error) => want.again(topic, partition, &error)?,
            }
        };
        if want.from.0 > end {
            return Err(ReadError::Beyond { end: Offset(end) });
        }
        if want.from.0 < earliest {
            let earliest = Offset(earliest);
            return Err(ReadError::Gone { earliest });
        }
        Ok(end)
    }

    /// Has the records from an offset on fetched.
    fn stand(
        &mut self,
        topic: &Topic,
        partition: Partition,
        from: u64,
        end: u64,
    ) -> Result<(), ReadError> {
        let refused = |error: KafkaError| ReadError::Broker(errors::told(&error));
        let mut list = TopicPartitionList::new();
        add(&mut list, topic, partition, from).map_err(refused)?;
        self.consumer.assign(&list).map_err(refused)?;
        self.ahead = None;
        self.standing = Some(Standing {
            topic: topic.clone(),
            partition,
            next: from,
            end,
        });
        Ok(())
    }

    fn gather(
        &mut self,
        topic: &Topic,
        partition: Partition,
        want: Want<'_>,
    ) -> Result<Vec<Stored>, ReadError> {
        let mut records: Vec<Stored> = Vec::new();
        let mut bytes = 0;
        loop {
            let record = match self.ahead.take() {
                Some(record) => record,
                None => {
                    let standing = self.standing.as_mut().expect("it was made to stand");
                    if standing.next >= standing.end {
                        return Ok(records);
                    }
                    match self.consumer.poll(POLL) {
                        Some(Ok(message)) => {
                            let record = stored(&message)?;
                            standing.next = record.offset.0 + 1;
                            record
                        }
                        // A broker that is away is waited for, also in the middle.
                        Some(Err(KafkaError::PartitionEOF(_))) | None => {
                            want.waits()?;
                            continue;
                        }
                        Some(Err(error)) => {
                            if errors::code(&error) == Some(Code::AutoOffsetReset) {
                                // It was there a moment ago; what became of it is told now.
                                self.end_after(topic, partition, want)?;
                            }
                            want.again(topic, partition, &error)?;
                            continue;
                        }
                    }
                }
            };
            let size = record.key.len() + record.payload.len();
            let fits =
                records.len() < want.limit.records_max && bytes + size <= want.limit.bytes_max;
            if !fits && !records.is_empty() {
                self.ahead = Some(record);
                return Ok(records);
            }
            bytes += size;
            records.push(record);
            if records.len() >= want.limit.records_max {
                return Ok(records);
            }
        }
    }

    /// Stops fetching.
    pub(super) fn leave(&mut self) {
        self.ahead = None;
        if self.standing.take().is_some()
            && let Err(error) = self.consumer.unassign()
        {
            tracing::warn!(%error, "a reader of the log does not let go of its partition");
        }
        // What the library had to say is heard, or it would be kept.
        let _ = self.consumer.poll(Duration::ZERO);
    }
}

/// A consumer that belongs to no group.
pub(super) fn consumer(settings: &KafkaSettings) -> KafkaResult<BaseConsumer<Quiet>> {
    let mut config = settings.reader();
    config.set("group.id", GROUP);
    config.create_with_context(Quiet)
}

/// The first and the next offset of a partition.
pub(super) fn watermarks<C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
    topic: &Topic,
    partition: Partition,
) -> KafkaResult<(u64, u64)> {
    let number = number(partition);
    let bounds = consumer.fetch_watermarks(topic.as_str(), number, WATERMARKS_TIMEOUT)?;
    Ok(unsigned(bounds))
}

/// A partition as the library counts.
pub(super) fn number(partition: Partition) -> i32 {
    i32::try_from(partition.0).expect("a topic has at most PARTITIONS_MAX")
}

/// The library's offsets, of which no valid one is below 0.
pub(super) fn unsigned((low, high): (i64, i64)) -> (u64, u64) {
    (
        u64::try_from(low).unwrap_or(0),
        u64::try_from(high).unwrap_or(0),
    )
}

/// Adds a partition and where to begin in it.
pub(super) fn add(
    list: &mut TopicPartitionList,
    topic: &Topic,
    partition: Partition,
    from: u64,
) -> KafkaResult<()> {
    let number = number(partition);
    let from = i64::try_from(from).expect("an offset is below 2^63");
    list.add_partition_offset(topic.as_str(), number, Place::Offset(from))
}

/// A record as readers get it.
pub(super) fn stored(message: &impl Message) -> Result<Stored, ReadError> {
    let told = |what: &str| ReadError::Broker(BrokerError::new(what));
    Ok(Stored {
        offset: u64::try_from(message.offset())
            .map(Offset)
            .map_err(|_| told("a record without an offset"))?,
        append_time_ms: message
            .timestamp()
            .to_millis()
            .ok_or_else(|| told("a record without a time"))?,
        key: bytes::Bytes::copy_from_slice(message.key().unwrap_or_default()),
        payload: bytes::Bytes::copy_from_slice(message.payload().unwrap_or_default()),
    })
}
