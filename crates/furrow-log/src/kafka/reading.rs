//! What a log asks the brokers of a partition: where it begins and ends, and records from a place on.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use super::questions::of_topic;
use super::reader::{self, Want};
use super::{ASK_TIMEOUT, Kafka, Shared};
use crate::{
    Bounds, Offset, Partition, ReadError, ReadLimit, StorageError, Stored, Topic, TopicError,
};

/// What a reader does once it has read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Afterwards {
    /// It goes on fetching what follows.
    Stay,
    Leave,
}

impl Kafka {
    pub(crate) async fn bounds(
        &self,
        topic: &Topic,
        partition: Partition,
    ) -> Result<Bounds, TopicError> {
        let (earliest, end) = self.watermarks(topic, partition).await?;
        let earliest_time_ms = match earliest == end {
            true => None,
            false => self.first_time(topic, partition, earliest).await?,
        };
        Ok(Bounds {
            earliest: Offset(earliest),
            earliest_time_ms,
            end: Offset(end),
        })
    }

    pub(crate) async fn read(
        &self,
        topic: &Topic,
        partition: Partition,
        from: Offset,
        limit: ReadLimit,
    ) -> Result<Vec<Stored>, ReadError> {
        self.read_and(topic, partition, from, limit, Afterwards::Stay)
            .await
    }

    /// The first offset of a partition, and the one that the next record gets.
    pub(super) async fn watermarks(
        &self,
        topic: &Topic,
        partition: Partition,
    ) -> Result<(u64, u64), TopicError> {
        self.check_partition(topic, partition).await?;
        let of = topic.clone();
        let number = reader::number(partition);
        let bounds = self.0.ask(self.patience(), move |shared| {
            let client = shared.appender.client();
            client.fetch_watermarks(of.as_str(), number, ASK_TIMEOUT)
        });
        let bounds = bounds.await.map_err(|error| of_topic(topic, error))?;
        Ok(reader::unsigned(bounds))
    }

    /// The append time of the record at `offset`; `None` when it has gone meanwhile.
    async fn first_time(
        &self,
        topic: &Topic,
        partition: Partition,
        offset: u64,
    ) -> Result<Option<i64>, TopicError> {
        let place = (topic.clone(), partition.0);
        if let Some((at, time_ms)) = self.0.first_times().get(&place)
            && *at == offset
        {
            return Ok(Some(*time_ms));
        }
        let one = ReadLimit {
            records_max: 1,
            bytes_max: 0,
        };
        let read = self.read_and(topic, partition, Offset(offset), one, Afterwards::Leave);
        match read.await {
            Ok(records) => {
                let time_ms = records.first().map(|record| record.append_time_ms);
                if let Some(time_ms) = time_ms {
                    self.0.first_times().insert(place, (offset, time_ms));
                }
                Ok(time_ms)
            }
            Err(ReadError::Gone { .. } | ReadError::Beyond { .. }) => Ok(None),
            Err(ReadError::Topic(error)) => Err(error),
            Err(ReadError::Closed) => Err(TopicError::Closed),
            Err(ReadError::Storage(error)) => Err(error.into()),
            Err(ReadError::Broker(source)) => Err(TopicError::Broker {
                topic: topic.clone(),
                source,
            }),
        }
    }

    async fn read_and(
        &self,
        topic: &Topic,
        partition: Partition,
        from: Offset,
        limit: ReadLimit,
        afterwards: Afterwards,
    ) -> Result<Vec<Stored>, ReadError> {
        self.check_partition(topic, partition)
            .await
            .map_err(|error| match error {
                TopicError::Closed => ReadError::Closed,
                other => ReadError::Topic(other),
            })?;
        let _permit = self.0.readers.permit().await.ok_or(ReadError::Closed)?;
        let shared = Arc::clone(&self.0);
        let topic = topic.clone();
        let until = Instant::now() + self.patience();
        let read = tokio::task::spawn_blocking(move || {
            let readers = &shared.readers;
            let mut reader = readers.take(&shared.settings, &topic, partition, from)?;
            let running = &shared.running;
            let want = Want {
                from,
                limit,
                until,
                running,
            };
            let records = reader.read(&topic, partition, want);
            if afterwards == Afterwards::Leave {
                reader.leave();
            }
            readers.put(reader);
            records
        });
        read.await
            .unwrap_or_else(|error| Err(StorageError::new(error).into()))
    }
}

impl Shared {
    fn first_times(&self) -> std::sync::MutexGuard<'_, BTreeMap<(Topic, u32), (u64, i64)>> {
        self.first_times
            .lock()
            .expect("no code panics while it holds the times")
    }
}
