//! Fetching: records come, are gathered, and wait to be taken.

use std::collections::{BTreeSet, VecDeque};
use std::sync::mpsc::RecvTimeoutError;
use std::time::{Duration, Instant};

use rdkafka::consumer::Consumer;
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use rdkafka::message::Message;
use rdkafka::topic_partition_list::TopicPartitionList;
use tokio::sync::mpsc;

use super::{BURST, Command, Course, Feeder, Flow, Look, POLL, Pace};
use crate::kafka::gather::{Content, Parcel};
use crate::kafka::{errors, reader};
use crate::{Offset, Partition, ReadError};

impl Feeder {
    /// Passes on what was fetched, as far as there is room.
    pub(super) fn deliver(&mut self) -> Course {
        while let Some(parcel) = self.outbox.pop_front() {
            match self.line.parcels.try_send((self.line.index, parcel)) {
                Ok(()) => {}
                Err(mpsc::error::TrySendError::Full((_, parcel))) => {
                    self.outbox.push_front(parcel);
                    return Course::On;
                }
                Err(mpsc::error::TrySendError::Closed(_)) => return Course::Leave,
            }
        }
        Course::On
    }

    /// Looks for records, or waits until those that there are have been taken.
    pub(super) fn fetch(&mut self) -> Course {
        if self.outbox.is_empty() {
            if matches!(self.pace, Pace::Paused) {
                let flowing = self.flowing();
                self.report("go on fetching", self.consumer.resume(&flowing));
            }
            self.pace = Pace::Flowing;
            return self.poll_burst();
        }
        match self.pace {
            Pace::Flowing => self.pace = Pace::Full(Instant::now()),
            Pace::Full(since) if since.elapsed() < self.untaken_wait => {
                match self.line.commands.recv_timeout(POLL) {
                    Ok(Command::Leave) | Err(RecvTimeoutError::Disconnected) => {
                        return Course::Leave;
                    }
                    Ok(command) => self.obey(command),
                    Err(RecvTimeoutError::Timeout) => {}
                }
            }
            Pace::Full(_) => {
                let flowing = self.flowing();
                self.report("pause", self.consumer.pause(&flowing));
                self.pace = Pace::Paused;
            }
            Pace::Paused => return self.poll_burst(),
        }
        Course::On
    }

    /// What is fetched now.
    fn flowing(&self) -> TopicPartitionList {
        let mut list = TopicPartitionList::new();
        for (partition, flow) in &self.owned {
            if flow.is_some() {
                list.add_partition(self.topic.as_str(), reader::number(Partition(*partition)));
            }
        }
        list
    }

    fn poll_burst(&mut self) -> Course {
        let mut wait = match self.gather.is_empty() {
            true => POLL,
            false => Duration::ZERO,
        };
        let before = self.outbox.len();
        for _ in 0..BURST {
            match self.look(wait) {
                Look::Something => wait = Duration::ZERO,
                Look::Nothing => {
                    // Nothing more is there now: nobody is to wait for what was gathered.
                    let sealed = self.gather.seal();
                    self.outbox.extend(sealed);
                    return Course::On;
                }
                Look::Refused => return Course::Leave,
            }
            if self.outbox.len() > before {
                return Course::On;
            }
        }
        Course::On
    }

    /// Takes the next thing that the library has, or waits for it.
    pub(super) fn look(&mut self, wait: Duration) -> Look {
        let polled = self
            .consumer
            .poll(wait)
            .map(|record| record.map(|message| (message.partition(), reader::stored(&message))));
        match polled {
            None => return Look::Nothing,
            Some(Ok((partition, record))) => self.keep(partition, record),
            Some(Err(KafkaError::PartitionEOF(partition))) => self.at_end(partition),
            Some(Err(error)) if errors::code(&error) == Some(Code::AutoOffsetReset) => {
                self.astray = true;
            }
            Some(Err(error)) => {
                if self.hope(&error) == Course::Leave {
                    return Look::Refused;
                }
            }
        }
        Look::Something
    }

    /// Takes one record, unless its partition has been stopped since.
    fn keep(&mut self, partition: i32, record: Result<crate::Stored, ReadError>) {
        let Ok(partition) = u32::try_from(partition) else {
            return;
        };
        let Some(Some(flow)) = self.owned.get_mut(&partition) else {
            return;
        };
        let life = flow.life;
        let parcel = match record {
            Ok(record) if record.offset.0 < flow.next => None,
            Ok(record) => {
                flow.next = record.offset.0 + 1;
                flow.caught_up = false;
                self.gather.push(Partition(partition), life, record)
            }
            Err(error) => Some(Parcel {
                partition: Partition(partition),
                life,
                content: Content::Failed(error),
            }),
        };
        self.outbox.extend(parcel);
    }

    /// Everything that a partition holds was given out.
    fn at_end(&mut self, partition: i32) {
        let Ok(partition) = u32::try_from(partition) else {
            return;
        };
        if let Some(Some(flow)) = self.owned.get_mut(&partition)
            && !flow.caught_up
        {
            flow.caught_up = true;
            let (life, end) = (flow.life, flow.next);
            let sealed = self.gather.seal();
            self.outbox.extend(sealed);
            self.outbox.push_back(Parcel {
                partition: Partition(partition),
                life,
                content: Content::CaughtUp(Offset(end)),
            });
            self.line.ends.send_modify(|ends| {
                ends.insert(partition, end);
            });
        }
    }

    /// Finds out which partition does not hold the record that is next; the library tells only
    /// that there is one.
    pub(super) fn find_astray(&mut self) {
        if !self.astray || self.revoking.is_some() {
            return;
        }
        self.astray = false;
        let flows: Vec<(u32, Flow)> = self
            .owned
            .iter()
            .filter_map(|(partition, flow)| Some((*partition, (*flow)?)))
            .collect();
        for (partition, flow) in flows {
            let bounds = reader::watermarks(&self.consumer, &self.topic, Partition(partition));
            let error = match bounds {
                Ok((earliest, _)) if flow.next < earliest => ReadError::Gone {
                    earliest: Offset(earliest),
                },
                Ok((_, end)) if flow.next > end => ReadError::Beyond { end: Offset(end) },
                Ok(_) => continue,
                Err(_) => {
                    self.astray = true;
                    continue;
                }
            };
            // What was gathered before is given out before the error.
            let sealed = self.gather.seal();
            self.outbox.extend(sealed);
            let given: VecDeque<Parcel> = std::mem::take(&mut self.outbox);
            self.stop(BTreeSet::from([partition]));
            self.outbox = given;
            self.outbox.push_back(Parcel {
                partition: Partition(partition),
                life: flow.life,
                content: Content::Failed(error),
            });
        }
    }
}
