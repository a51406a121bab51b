//! What is new in a topic, for a live view: a consumer without a group, on a thread of its own.

use std::collections::VecDeque;
use std::fmt;
use std::sync::mpsc as commands;
use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode as Code};
use rdkafka::message::Message;
use rdkafka::topic_partition_list::TopicPartitionList;
use tokio::sync::{mpsc, watch};

use super::Kafka;
use super::errors::{self, Hope};
use super::gather::{Content, Gather, Life, Parcel};
use super::member::is_closed;
use super::reader::{self, Quiet};
use super::running::Running;
use super::settings::KafkaSettings;
use crate::{BrokerError, Offset, Partition, ReadError, Stored, Topic, TopicError};

/// Parcels that may wait to be taken, besides the one that is gathered.
const PARCELS_MAX: usize = 2;

/// How long one look for records waits.
const POLL: Duration = Duration::from_millis(50);

/// A tail starts each partition once.
const LIFE: Life = Life(0);

pub(crate) struct Tail {
    topic: Topic,
    parcels: mpsc::Receiver<Parcel>,
    room: commands::Sender<()>,
    closed: watch::Receiver<bool>,
    /// The log is there as long as any of its tails.
    _log: Kafka,
}

/// The thread's state.
struct Follower {
    topic: Topic,
    consumer: BaseConsumer<Quiet>,
    /// The next record of each partition.
    next: Vec<u64>,
    gather: Gather,
    outbox: VecDeque<Parcel>,
    parcels: mpsc::Sender<Parcel>,
    room: commands::Receiver<()>,
    closed: watch::Receiver<bool>,
    /// Some partition's records are not where they were looked for.
    astray: bool,
}

impl Tail {
    /// Follows every partition from the offset that is given for it.
    pub(super) fn follow(
        log: Kafka,
        settings: &KafkaSettings,
        running: &Running,
        topic: &Topic,
        next: Vec<u64>,
    ) -> Result<Self, TopicError> {
        let refused = |source| TopicError::Broker {
            topic: topic.clone(),
            source,
        };
        let consumer = reader::consumer(settings).map_err(|error| refused(errors::told(&error)))?;
        let (parcels, taken) = mpsc::channel(PARCELS_MAX);
        let (room, made) = commands::channel();
        let follower = Follower {
            topic: topic.clone(),
            consumer,
            next,
            gather: Gather::new(settings.fetch),
            outbox: VecDeque::new(),
            parcels,
            room: made,
            closed: running.closed(),
            astray: false,
        };
        follower
            .assign()
            .map_err(|error| refused(errors::told(&error)))?;
        running
            .spawn(format!("log {topic}"), move || follower.run())
            .map_err(|error| refused(BrokerError::new(error.to_string())))?;
        Ok(Self {
            topic: topic.clone(),
            parcels: taken,
            room,
            closed: running.closed(),
            _log: log,
        })
    }

    pub(crate) async fn next(&mut self) -> Result<(Partition, Vec<Stored>), ReadError> {
        loop {
            let parcel = tokio::select! {
                biased;
                () = is_closed(&mut self.closed) => return Err(ReadError::Closed),
                parcel = self.parcels.recv() => parcel.ok_or(ReadError::Closed)?,
            };
            // A follower that has ended has said why.
            let _ = self.room.send(());
            match parcel.content {
                Content::Records(records) => return Ok((parcel.partition, records)),
                Content::Failed(error) => return Err(error),
                Content::CaughtUp(_) => {}
            }
        }
    }
}

impl Follower {
    fn run(mut self) {
        while !*self.closed.borrow() && self.turn() {}
    }

    /// Looks for records and passes them on; `false` when nobody listens any more.
    fn turn(&mut self) -> bool {
        if self.astray {
            self.find_astray();
        }
        while let Some(parcel) = self.outbox.pop_front() {
            match self.parcels.try_send(parcel) {
                Ok(()) => {}
                Err(mpsc::error::TrySendError::Closed(_)) => return false,
                Err(mpsc::error::TrySendError::Full(parcel)) => {
                    // No group waits for a tail: what is not taken is not followed by more.
                    self.outbox.push_front(parcel);
                    let _ = self.room.recv_timeout(POLL);
                    return true;
                }
            }
        }
        if self.parcels.is_closed() {
            return false;
        }
        self.look()
    }

    fn look(&mut self) -> bool {
        let wait = match self.gather.is_empty() {
            true => POLL,
            false => Duration::ZERO,
        };
        let polled = self
            .consumer
            .poll(wait)
            .map(|record| record.map(|message| (message.partition(), reader::stored(&message))));
        match polled {
            Some(Ok((partition, record))) => self.keep(partition, record),
            Some(Err(KafkaError::PartitionEOF(_))) | None => {
                let sealed = self.gather.seal();
                self.outbox.extend(sealed);
            }
            Some(Err(error)) if errors::code(&error) == Some(Code::AutoOffsetReset) => {
                self.astray = true;
            }
            Some(Err(error)) => match errors::hope(&error) {
                Hope::Again | Hope::Unknown => {}
                Hope::None => {
                    let told = ReadError::Broker(errors::told(&error));
                    self.outbox.push_back(failed(Partition(0), told));
                }
            },
        }
        true
    }

    fn keep(&mut self, partition: i32, record: Result<Stored, ReadError>) {
        let Ok(partition) = u32::try_from(partition) else {
            return;
        };
        let Some(next) = self.next.get_mut(partition as usize) else {
            return;
        };
        let parcel = match record {
            Ok(record) if record.offset.0 < *next => None,
            Ok(record) => {
                *next = record.offset.0 + 1;
                self.gather.push(Partition(partition), LIFE, record)
            }
            Err(error) => Some(failed(Partition(partition), error)),
        };
        self.outbox.extend(parcel);
    }

    /// Says which partitions no longer hold what comes next, and goes on where they begin, or end.
    fn find_astray(&mut self) {
        self.astray = false;
        let sealed = self.gather.seal();
        self.outbox.extend(sealed);
        for (index, next) in self.next.iter_mut().enumerate() {
            let partition = Partition(u32::try_from(index).expect("an index below the count"));
            match reader::watermarks(&self.consumer, &self.topic, partition) {
                Ok((earliest, _)) if *next < earliest => {
                    *next = earliest;
                    let earliest = Offset(earliest);
                    self.outbox
                        .push_back(failed(partition, ReadError::Gone { earliest }));
                }
                Ok((_, end)) if *next > end => {
                    *next = end;
                    let end = Offset(end);
                    self.outbox
                        .push_back(failed(partition, ReadError::Beyond { end }));
                }
                Ok(_) => {}
                Err(_) => self.astray = true,
            }
        }
        if let Err(error) = self.assign() {
            tracing::error!(topic = %self.topic, %error, "a tail could not go on");
        }
    }

    fn assign(&self) -> KafkaResult<()> {
        let mut list = TopicPartitionList::new();
        for (index, next) in self.next.iter().enumerate() {
            let partition = Partition(u32::try_from(index).expect("an index below the count"));
            reader::add(&mut list, &self.topic, partition, *next)?;
        }
        self.consumer.assign(&list)
    }
}

fn failed(partition: Partition, error: ReadError) -> Parcel {
    Parcel {
        partition,
        life: LIFE,
        content: Content::Failed(error),
    }
}

impl fmt::Debug for Tail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tail")
            .field("topic", &self.topic)
            .finish_non_exhaustive()
    }
}
