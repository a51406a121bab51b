//! How many dead letters there are, by reason.

use furrow_log::{Log, Offset, Partition, ReadError, ReadLimit, Stored, Topic};
use furrow_proto::record::DeadLetter;
use furrow_proto::v1;
use std::collections::BTreeMap;

/// Of each partition so many of the newest are counted at first.
const LETTERS_MAX: u64 = 10_000;
/// Reasons that are told apart; the sets of those who write them are closed.
const REASONS_MAX: usize = 64;
/// The reason of what is beyond that, and of letters that cannot be read.
const OTHER: &str = "other";

/// Counts of what was read so far.
#[derive(Debug, Clone, Default)]
pub(crate) struct Letters {
    next: BTreeMap<Partition, Offset>,
    reasons: BTreeMap<Box<str>, u64>,
    since_ms: Option<i64>,
}

impl Letters {
    /// By reason, the most frequent first.
    pub(crate) fn counts(&self) -> Vec<v1::DeadLetterCount> {
        let mut counts: Vec<_> = self
            .reasons
            .iter()
            .map(|(reason, count)| v1::DeadLetterCount {
                reason: reason.to_string(),
                count: *count,
            })
            .collect();
        counts.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.reason.cmp(&b.reason)));
        counts
    }

    /// When the log took the oldest that is counted, ms since 1970; 0 without one.
    pub(crate) fn since_ms(&self) -> i64 {
        self.since_ms.unwrap_or(0)
    }

    /// Counts what has come, one read of each partition at most.
    pub(crate) async fn look(&mut self, log: &Log, topic: &Topic) -> Result<(), ReadError> {
        let count = log.partitions(topic).await?;
        for partition in (0..count).map(Partition) {
            let bounds = log.bounds(topic, partition).await?;
            let newest = Offset(bounds.end.0.saturating_sub(LETTERS_MAX));
            let known = self.next.get(&partition).copied().unwrap_or(newest);
            // Retention may have come in between.
            let from = known.max(bounds.earliest);
            if from >= bounds.end {
                continue;
            }
            let read = log
                .read(topic, partition, from, ReadLimit::default())
                .await?;
            self.count(partition, &read);
        }
        Ok(())
    }

    fn count(&mut self, partition: Partition, read: &[Stored]) {
        for stored in read {
            let letter = DeadLetter::decode(stored.payload.clone());
            let reason = letter.map_or_else(|_| OTHER.into(), |letter| letter.reason);
            let known = self.reasons.contains_key(&reason) || self.reasons.len() < REASONS_MAX;
            let reason = if known { reason } else { OTHER.into() };
            *self.reasons.entry(reason).or_default() += 1;
            let since_ms = self.since_ms.unwrap_or(stored.append_time_ms);
            self.since_ms = Some(since_ms.min(stored.append_time_ms));
            self.next.insert(partition, Offset(stored.offset.0 + 1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use furrow_core::ids::{Epoch, Origin};

    fn stored(offset: u64, payload: Bytes) -> Stored {
        Stored {
            offset: Offset(offset),
            append_time_ms: 1_000 + i64::try_from(offset).unwrap(),
            key: Bytes::new(),
            payload,
        }
    }

    fn letter(reason: &str) -> Bytes {
        let origin = Origin {
            epoch: Epoch(0),
            partition: 0,
            offset: 0,
        };
        let letter = DeadLetter {
            origin,
            reason: reason.into(),
            detail: "".into(),
            record: Bytes::new(),
        };
        letter.encode()
    }

    fn told(letters: &Letters) -> Vec<(String, u64)> {
        let counts = letters.counts().into_iter();
        counts.map(|count| (count.reason, count.count)).collect()
    }

    #[test]
    fn letters_are_counted_by_reason_and_one_that_cannot_be_read_as_other() {
        let mut letters = Letters::default();
        assert_eq!((told(&letters), letters.since_ms()), (vec![], 0));
        let reasons = ["unreadable", "fold_failed", "unreadable"];
        let read = (7..)
            .zip(reasons)
            .map(|(offset, reason)| stored(offset, letter(reason)));
        letters.count(Partition(1), &read.collect::<Vec<_>>());
        letters.count(Partition(0), &[stored(3, Bytes::from_static(b"\xff"))]);
        let expected = [("unreadable", 2), ("fold_failed", 1), ("other", 1)];
        assert_eq!(
            told(&letters),
            expected.map(|(reason, count)| (reason.to_owned(), count))
        );
        assert_eq!(letters.since_ms(), 1_003);
        assert_eq!(letters.next[&Partition(1)], Offset(10));
    }

    #[test]
    fn however_many_reasons_there_are_few_are_told_apart() {
        let mut letters = Letters::default();
        let read = (0..200).map(|n| stored(n, letter(&format!("reason {n}"))));
        letters.count(Partition(0), &read.collect::<Vec<_>>());
        let counts = told(&letters);
        assert_eq!(counts.len(), REASONS_MAX + 1);
        assert_eq!(counts[0], (OTHER.to_owned(), 136));
    }
}
