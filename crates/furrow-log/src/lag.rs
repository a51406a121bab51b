//! How far a group is behind, told by the log alone.

use crate::{Bounds, Log, Offset, Partition, ReadError, ReadLimit, Topic};

/// Where a group stands in one partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The first record that the group has not passed on: what it committed, or the earliest
    /// record where that is later or nothing was committed.
    pub next: Offset,
    /// The offset that the next record gets.
    pub end: Offset,
    /// When the log took the record at `next`, in milliseconds since the Unix epoch; `None` at the
    /// end.
    pub next_append_ms: Option<i64>,
    /// Records that retention dropped before the group committed them.
    pub gone: u64,
}

impl Standing {
    /// Records that the group has not passed on.
    pub fn records(&self) -> u64 {
        self.end.0.saturating_sub(self.next.0)
    }

    /// The lag in seconds: the age at `now_ms` of the first record that was not passed on, 0 when
    /// there is none or the log's clock is ahead.
    pub fn seconds(&self, now_ms: i64) -> f64 {
        let since_ms = self.next_append_ms.unwrap_or(now_ms);
        let age_ms = now_ms.saturating_sub(since_ms).max(0);
        // Exact for any time that a log can hold.
        age_ms as f64 / 1_000.0
    }
}

/// From what the log said of a partition to a standing whose record has yet to be looked up.
fn standing(committed: Option<Offset>, bounds: Bounds) -> Standing {
    let committed = committed.unwrap_or(bounds.earliest);
    let next = committed.max(bounds.earliest);
    Standing {
        next,
        // A commit may have come after the look at the bounds.
        end: bounds.end.max(next),
        next_append_ms: bounds.earliest_time_ms.filter(|_| next == bounds.earliest),
        gone: next.0 - committed.0,
    }
}

impl Log {
    /// Where a group stands in a partition, whoever owns it, or nobody. Reads one record when the
    /// group is behind.
    pub async fn standing(
        &self,
        group: &str,
        topic: &Topic,
        partition: Partition,
    ) -> Result<Standing, ReadError> {
        loop {
            // The commit first: a record that is passed on in between then counts as behind, and
            // never the other way about.
            let committed = self.committed(group, topic, partition).await?;
            let bounds = self.bounds(topic, partition).await?;
            let standing = standing(committed, bounds);
            if standing.records() == 0 || standing.next_append_ms.is_some() {
                return Ok(standing);
            }
            let one = ReadLimit {
                records_max: 1,
                ..ReadLimit::default()
            };
            match self.read(topic, partition, standing.next, one).await {
                Ok(records) => {
                    let next_append_ms = records.first().map(|record| record.append_time_ms);
                    return Ok(Standing {
                        next_append_ms,
                        ..standing
                    });
                }
                // Retention came in between; then the earliest is another one.
                Err(ReadError::Gone { .. }) => {}
                Err(error) => return Err(error),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EARLIEST_MS: i64 = 10_000;

    fn bounds(earliest: u64, end: u64) -> Bounds {
        Bounds {
            earliest: Offset(earliest),
            earliest_time_ms: (earliest < end).then_some(EARLIEST_MS),
            end: Offset(end),
        }
    }

    fn read(next: u64, end: u64, next_append_ms: Option<i64>) -> Standing {
        Standing {
            next: Offset(next),
            end: Offset(end),
            next_append_ms,
            gone: 0,
        }
    }

    #[test]
    fn a_group_at_the_end_has_no_lag_however_long_nothing_came() {
        let standing = standing(Some(Offset(7)), bounds(3, 7));
        assert_eq!(standing, read(7, 7, None));
        assert_eq!((standing.records(), standing.seconds(i64::MAX)), (0, 0.0));
    }

    #[test]
    fn lag_is_the_age_of_the_first_record_that_was_not_passed_on() {
        let standing = read(5, 9, Some(20_000));
        assert_eq!((standing.records(), standing.seconds(27_500)), (4, 7.5));
    }

    #[test]
    fn a_group_that_never_committed_is_behind_from_the_earliest_record_on() {
        let standing = standing(None, bounds(3, 7));
        assert_eq!(standing, read(3, 7, Some(EARLIEST_MS)));
    }

    #[test]
    fn a_group_that_never_committed_in_an_empty_partition_has_no_lag() {
        assert_eq!(standing(None, bounds(0, 0)), read(0, 0, None));
        assert_eq!(standing(None, bounds(4, 4)), read(4, 4, None));
    }

    #[test]
    fn records_that_retention_dropped_unread_are_counted_and_lag_begins_at_the_earliest() {
        let expected = Standing {
            gone: 2,
            ..read(3, 7, Some(EARLIEST_MS))
        };
        assert_eq!(standing(Some(Offset(1)), bounds(3, 7)), expected);
    }

    #[test]
    fn a_commit_that_overtakes_the_look_at_the_end_is_no_lag() {
        assert_eq!(standing(Some(Offset(9)), bounds(3, 7)).records(), 0);
    }

    #[test]
    fn a_clock_behind_the_logs_makes_no_lag_below_zero() {
        assert_eq!(read(5, 9, Some(20_000)).seconds(19_000), 0.0);
    }
}
