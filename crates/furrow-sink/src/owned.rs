//! The partitions that are this sink's: how far each is read and confirmed, and
//! how far it is behind.

use crate::block::Range;
use crate::place::Place;
use furrow_log::Offset;
use std::collections::BTreeMap;

/// Offsets and times of every partition owned.
#[derive(Debug, Default)]
pub(crate) struct Owned(BTreeMap<Place, Standing>);

#[derive(Debug)]
struct Standing {
    /// Every record before this is confirmed.
    confirmed: Offset,
    /// What is to be read next.
    next: Offset,
    /// The newest moment at which no record was known to wait, ms since 1970.
    level_ms: i64,
}

/// How far behind the log a partition is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Lag {
    /// Records without confirmation.
    pub(crate) records: u64,
    /// Age of the oldest of them; 0 when there is none.
    pub(crate) seconds: f64,
}

impl Owned {
    /// The partition is read from `from` on.
    pub(crate) fn assigned(&mut self, place: Place, from: Offset, now_ms: i64) {
        let standing = Standing {
            confirmed: from,
            next: from,
            level_ms: now_ms,
        };
        self.0.insert(place, standing);
    }

    /// The partition is another's.
    pub(crate) fn revoked(&mut self, place: Place) {
        self.0.remove(&place);
    }

    /// Every record before `next` was read.
    pub(crate) fn read(&mut self, place: Place, next: Offset) {
        if let Some(standing) = self.0.get_mut(&place) {
            standing.next = next;
        }
    }

    /// What is to be read next.
    pub(crate) fn next(&self, place: Place) -> Option<Offset> {
        Some(self.0.get(&place)?.next)
    }

    /// Rows and letters of these records are stored.
    pub(crate) fn confirmed(&mut self, range: &Range) {
        if let Some(standing) = self.0.get_mut(&range.place) {
            debug_assert!(standing.confirmed <= range.first, "nothing is stored twice");
            standing.confirmed = range.next;
        }
    }

    pub(crate) fn places(&self) -> impl Iterator<Item = Place> + use<'_> {
        self.0.keys().copied()
    }

    /// How far the partition is behind `end`, the offset of its next record,
    /// when the log took the oldest unconfirmed record that was read at
    /// `oldest_ms`. A record that waits to be read is at most as old as the
    /// moment at which nothing waited.
    pub(crate) fn lag(
        &mut self,
        place: Place,
        end: Offset,
        oldest_ms: Option<i64>,
        now_ms: i64,
    ) -> Option<Lag> {
        let standing = self.0.get_mut(&place)?;
        let records = end.0.saturating_sub(standing.confirmed.0);
        if records == 0 {
            standing.level_ms = now_ms;
        }
        let since_ms = match (records, oldest_ms) {
            (0, _) => now_ms,
            (_, Some(oldest_ms)) => oldest_ms,
            (_, None) => standing.level_ms,
        };
        let age_ms = u32::try_from(now_ms - since_ms).unwrap_or(if now_ms > since_ms {
            u32::MAX
        } else {
            0
        });
        Some(Lag {
            records,
            seconds: f64::from(age_ms) / 1_000.0,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::place::Source;
    use furrow_log::Partition;

    const PLACE: Place = Place {
        source: Source::Interactions,
        partition: Partition(0),
    };

    fn range(first: u64, next: u64) -> Range {
        Range {
            place: PLACE,
            first: Offset(first),
            next: Offset(next),
            append_times_ms: (0, 0),
        }
    }

    fn lag(owned: &mut Owned, end: u64, oldest_ms: Option<i64>, now_ms: i64) -> (u64, f64) {
        let lag = owned.lag(PLACE, Offset(end), oldest_ms, now_ms).unwrap();
        (lag.records, lag.seconds)
    }

    #[test]
    fn a_partition_that_is_caught_up_has_no_lag_however_long_nothing_came() {
        let mut owned = Owned::default();
        owned.assigned(PLACE, Offset(10), 1_000);
        assert_eq!(lag(&mut owned, 10, None, 900_000), (0, 0.0));
    }

    #[test]
    fn lag_is_the_age_of_the_oldest_unconfirmed_record() {
        let mut owned = Owned::default();
        owned.assigned(PLACE, Offset(10), 1_000);
        assert_eq!(lag(&mut owned, 15, Some(2_000), 9_500), (5, 7.5));
        owned.confirmed(&range(10, 13));
        assert_eq!(lag(&mut owned, 15, Some(9_000), 9_500), (2, 0.5));
    }

    #[test]
    fn records_that_wait_to_be_read_came_after_the_last_moment_without_any() {
        let mut owned = Owned::default();
        owned.assigned(PLACE, Offset(10), 1_000);
        assert_eq!(lag(&mut owned, 10, None, 60_000), (0, 0.0));
        assert_eq!(lag(&mut owned, 12, None, 61_000), (2, 1.0));
    }

    #[test]
    fn a_clock_behind_the_logs_makes_no_lag_below_zero() {
        let mut owned = Owned::default();
        owned.assigned(PLACE, Offset(10), 1_000);
        assert_eq!(lag(&mut owned, 11, Some(2_000), 1_500), (1, 0.0));
    }

    #[test]
    fn a_partition_that_is_gone_has_no_lag() {
        let mut owned = Owned::default();
        owned.assigned(PLACE, Offset(10), 1_000);
        owned.revoked(PLACE);
        assert_eq!(owned.lag(PLACE, Offset(12), None, 2_000), None);
        owned.confirmed(&range(10, 12));
        assert_eq!(owned.places().count(), 0);
    }
}
