//! What is new in a topic, for a live view.

use std::fmt;
use std::sync::Arc;

use tokio::sync::watch;

use super::Embedded;
use super::view::TopicView;
use crate::{Offset, Partition, ReadError, Stored, TopicError};

pub(crate) struct Tail {
    log: Embedded,
    topic: Arc<TopicView>,
    appended: watch::Receiver<()>,
    /// The next record of each partition.
    next: Vec<u64>,
    /// Where the next look begins.
    turn: usize,
}

impl Tail {
    pub(super) fn from_ends(log: Embedded, topic: Arc<TopicView>) -> Result<Self, TopicError> {
        let next = (0..topic.count())
            .map(|partition| Ok(topic.span(Partition(partition))?.end))
            .collect::<Result<_, TopicError>>()?;
        let appended = topic.appended.clone();
        Ok(Self {
            log,
            topic,
            appended,
            next,
            turn: 0,
        })
    }

    pub(crate) async fn next(&mut self) -> Result<(Partition, Vec<Stored>), ReadError> {
        loop {
            self.appended.mark_unchanged();
            if let Some(found) = self.fetch().await? {
                return Ok(found);
            }
            self.appended
                .changed()
                .await
                .map_err(|_| ReadError::Closed)?;
        }
    }

    async fn fetch(&mut self) -> Result<Option<(Partition, Vec<Stored>)>, ReadError> {
        let count = self.topic.count();
        let first = self.turn;
        for index in (0..self.next.len()).map(|step| (first + step) % self.next.len()) {
            let partition = Partition(u32::try_from(index).expect("an index below the count"));
            let span = self.topic.span(partition).map_err(|error| match error {
                TopicError::Closed => ReadError::Closed,
                other => ReadError::Topic(other),
            })?;
            let from = self.next[index];
            if from == span.end {
                continue;
            }
            let limit = self.log.0.settings.fetch;
            let read = self.log.read_span(span, Offset(from), limit).await;
            if let Err(ReadError::Gone { earliest }) = &read {
                self.next[index] = earliest.0;
            }
            let records = read?;
            self.next[index] += records.len() as u64;
            self.turn = (index + 1) % count as usize;
            return Ok(Some((partition, records)));
        }
        Ok(None)
    }
}

impl fmt::Debug for Tail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tail")
            .field("topic", &self.topic.topic)
            .field("next", &self.next)
            .finish_non_exhaustive()
    }
}
