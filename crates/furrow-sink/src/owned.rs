//! The partitions that are this sink's: how far each is read and confirmed.

use crate::block::Range;
use crate::place::Place;
use furrow_log::Offset;
use std::collections::BTreeMap;

/// Offsets of every partition owned.
#[derive(Debug, Default)]
pub(crate) struct Owned(BTreeMap<Place, Standing>);

#[derive(Debug)]
struct Standing {
    /// Every record before this is confirmed.
    confirmed: Offset,
    /// What is to be read next.
    next: Offset,
}

impl Owned {
    /// The partition is read from `from` on.
    pub(crate) fn assigned(&mut self, place: Place, from: Offset) {
        let standing = Standing {
            confirmed: from,
            next: from,
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

    #[test]
    fn a_partition_is_read_from_where_it_was_confirmed() {
        let mut owned = Owned::default();
        owned.assigned(PLACE, Offset(10));
        assert_eq!(owned.next(PLACE), Some(Offset(10)));
        owned.read(PLACE, Offset(13));
        assert_eq!(owned.next(PLACE), Some(Offset(13)));
    }

    #[test]
    fn a_partition_that_is_gone_is_read_and_confirmed_no_more() {
        let mut owned = Owned::default();
        owned.assigned(PLACE, Offset(10));
        owned.revoked(PLACE);
        owned.read(PLACE, Offset(13));
        owned.confirmed(&range(10, 12));
        assert_eq!(owned.next(PLACE), None);
        assert_eq!(owned.places().count(), 0);
    }
}
