//! Records on their way from a consumer to whoever asked for them: pure.

use crate::{Offset, Partition, ReadError, ReadLimit, Stored};

/// Which start of a partition something belongs to: what flows from an earlier one is not wanted
/// any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Life(pub(super) u64);

/// What leaves a consumer, in order.
#[derive(Debug)]
pub(super) struct Parcel {
    pub(super) partition: Partition,
    pub(super) life: Life,
    pub(super) content: Content,
}

#[derive(Debug)]
pub(super) enum Content {
    /// Never empty.
    Records(Vec<Stored>),
    /// Everything before this offset was given out.
    CaughtUp(Offset),
    Failed(ReadError),
}

/// Gathers records that follow each other in one partition into lots.
#[derive(Debug)]
pub(super) struct Gather {
    limit: ReadLimit,
    lot: Option<Lot>,
}

#[derive(Debug)]
struct Lot {
    partition: Partition,
    life: Life,
    records: Vec<Stored>,
    bytes: usize,
}

impl Gather {
    pub(super) fn new(limit: ReadLimit) -> Self {
        Self { limit, lot: None }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.lot.is_none()
    }

    /// Takes a record, and answers a lot that is full with it, or that it does not belong to.
    pub(super) fn push(
        &mut self,
        partition: Partition,
        life: Life,
        record: Stored,
    ) -> Option<Parcel> {
        let bytes = record.key.len() + record.payload.len();
        let belongs = self.lot.as_ref().is_some_and(|lot| {
            lot.partition == partition
                && lot.life == life
                && lot.records.len() < self.limit.records_max
                && lot.bytes + bytes <= self.limit.bytes_max
        });
        let sealed = if belongs { None } else { self.seal() };
        let lot = self.lot.get_or_insert_with(|| Lot {
            partition,
            life,
            records: Vec::new(),
            bytes: 0,
        });
        lot.bytes += bytes;
        lot.records.push(record);
        sealed
    }

    /// What was gathered so far.
    pub(super) fn seal(&mut self) -> Option<Parcel> {
        self.lot.take().map(|lot| Parcel {
            partition: lot.partition,
            life: lot.life,
            content: Content::Records(lot.records),
        })
    }

    /// Forgets what was gathered of a partition.
    pub(super) fn forget(&mut self, partition: Partition) {
        self.lot.take_if(|lot| lot.partition == partition);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIFE: Life = Life(1);

    fn record(offset: u64, bytes: usize) -> Stored {
        Stored {
            offset: Offset(offset),
            append_time_ms: 0,
            key: bytes::Bytes::new(),
            payload: vec![0; bytes].into(),
        }
    }

    fn offsets(parcel: Option<Parcel>) -> Option<(u32, Vec<u64>)> {
        let parcel = parcel?;
        let Content::Records(records) = parcel.content else {
            panic!("not records");
        };
        let offsets = records.iter().map(|record| record.offset.0).collect();
        Some((parcel.partition.0, offsets))
    }

    fn gather(records_max: usize, bytes_max: usize) -> Gather {
        Gather::new(ReadLimit {
            records_max,
            bytes_max,
        })
    }

    #[test]
    fn a_lot_ends_where_its_limits_are() {
        let mut gather = gather(2, 100);
        for offset in 0..2 {
            assert!(gather.push(Partition(0), LIFE, record(offset, 1)).is_none());
        }
        let full = gather.push(Partition(0), LIFE, record(2, 1));
        assert_eq!(offsets(full), Some((0, vec![0, 1])));
        let large = gather.push(Partition(0), LIFE, record(3, 100));
        assert_eq!(offsets(large), Some((0, vec![2])));
        assert_eq!(offsets(gather.seal()), Some((0, vec![3])));
        assert!(gather.is_empty());
    }

    #[test]
    fn a_record_that_is_larger_than_the_limit_is_a_lot_of_its_own() {
        let mut gather = gather(9, 10);
        assert!(gather.push(Partition(0), LIFE, record(0, 1_000)).is_none());
        let first = gather.push(Partition(0), LIFE, record(1, 1));
        assert_eq!(offsets(first), Some((0, vec![0])));
    }

    #[test]
    fn records_of_two_partitions_are_two_lots() {
        let mut gather = gather(9, 100);
        assert!(gather.push(Partition(0), LIFE, record(7, 1)).is_none());
        let other = gather.push(Partition(1), LIFE, record(3, 1));
        assert_eq!(offsets(other), Some((0, vec![7])));
        gather.forget(Partition(0));
        assert_eq!(offsets(gather.seal()), Some((1, vec![3])));
    }

    #[test]
    fn what_flowed_before_a_partition_was_started_again_is_not_mixed_with_what_follows() {
        let mut gather = gather(9, 100);
        assert!(gather.push(Partition(0), LIFE, record(7, 1)).is_none());
        let before = gather.push(Partition(0), Life(2), record(0, 1));
        assert_eq!(offsets(before), Some((0, vec![7])));
        gather.forget(Partition(0));
        assert!(gather.is_empty());
    }
}
