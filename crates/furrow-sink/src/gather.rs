//! What was read and is not yet on its way, kept apart by partition, so that a
//! partition that goes to another owner takes nothing else with it.

use crate::block::{Block, Range};
use crate::place::Place;
use crate::reading::{Letter, Reading};
use furrow_log::{Offset, Stored};
use furrow_store::{BatchRow, Block as ScoreRows, RuleSetRow};
use std::collections::BTreeMap;

/// How large a block may grow before it is full.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BlockLimit {
    /// Rows of all tables together.
    pub(crate) rows_max: usize,
    /// Bytes of the records that made them.
    pub(crate) bytes_max: usize,
}

/// The block that fills.
#[derive(Debug, Default)]
pub(crate) struct Gathered {
    portions: BTreeMap<Place, Portion>,
}

/// What one partition brought.
#[derive(Debug)]
struct Portion {
    range: Range,
    scores: ScoreRows,
    batches: Vec<BatchRow>,
    rule_sets: Vec<RuleSetRow>,
    letters: Vec<Letter>,
    bytes: usize,
}

impl Gathered {
    /// Adds what became of a record, which follows those that the partition
    /// brought before.
    pub(crate) fn add(&mut self, place: Place, stored: &Stored, reading: Reading) {
        let portion = self
            .portions
            .entry(place)
            .or_insert_with(|| Portion::beginning(place, stored));
        debug_assert!(
            portion.range.next <= stored.offset,
            "records come in the log's order"
        );
        portion.range.next = Offset(stored.offset.0 + 1);
        portion.range.append_times_ms.1 = stored.append_time_ms;
        portion.bytes += stored.payload.len();
        match reading {
            Reading::Update(update) => portion.scores.push(&update),
            Reading::Batch(row) => portion.batches.push(*row),
            Reading::Rules(row) => portion.rule_sets.push(*row),
            Reading::Dead(letter) => portion.letters.push(letter),
            Reading::Nothing | Reading::Skipped { .. } => {}
        }
    }

    /// Forgets a partition's rows: its next owner reads the records again.
    pub(crate) fn forget(&mut self, place: Place) {
        self.portions.remove(&place);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.portions.is_empty()
    }

    pub(crate) fn is_full(&self, limit: BlockLimit) -> bool {
        self.rows() >= limit.rows_max || self.bytes() >= limit.bytes_max
    }

    /// Rows of all tables.
    pub(crate) fn rows(&self) -> usize {
        self.portions.values().map(Portion::rows).sum()
    }

    fn bytes(&self) -> usize {
        self.portions.values().map(|portion| portion.bytes).sum()
    }

    /// Takes everything as one block, partition by partition.
    pub(crate) fn seal(&mut self) -> Block {
        let mut block = Block::default();
        for mut portion in std::mem::take(&mut self.portions).into_values() {
            block.ranges.push(portion.range);
            let (to, from) = (&mut block.scores, &mut portion.scores);
            to.sessions.append(&mut from.sessions);
            to.signals.append(&mut from.signals);
            to.page_views.append(&mut from.page_views);
            to.conversions.append(&mut from.conversions);
            block.batches.append(&mut portion.batches);
            block.rule_sets.append(&mut portion.rule_sets);
            block.letters.append(&mut portion.letters);
        }
        block
    }
}

impl Portion {
    fn beginning(place: Place, stored: &Stored) -> Portion {
        Portion {
            range: Range {
                place,
                first: stored.offset,
                next: stored.offset,
                append_times_ms: (stored.append_time_ms, stored.append_time_ms),
            },
            scores: ScoreRows::default(),
            batches: Vec::new(),
            rule_sets: Vec::new(),
            letters: Vec::new(),
            bytes: 0,
        }
    }

    fn rows(&self) -> usize {
        self.scores.len() + self.batches.len() + self.rule_sets.len() + self.letters.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::place::Source;
    use bytes::Bytes;
    use furrow_core::ids::{Epoch, Origin};
    use furrow_log::Partition;
    use furrow_proto::record::DeadLetter;

    fn place(partition: u32) -> Place {
        Place {
            source: Source::Scores,
            partition: Partition(partition),
        }
    }

    fn stored(offset: u64) -> Stored {
        Stored {
            offset: Offset(offset),
            append_time_ms: 1_000 + i64::try_from(offset).unwrap(),
            key: Bytes::new(),
            payload: Bytes::from_static(b"four"),
        }
    }

    fn letter(offset: u64) -> Letter {
        Letter {
            key: Bytes::new(),
            letter: DeadLetter {
                origin: Origin {
                    epoch: Epoch(0),
                    partition: 0,
                    offset,
                },
                reason: "r".into(),
                detail: "d".into(),
                record: Bytes::new(),
            },
        }
    }

    fn add(gathered: &mut Gathered, partition: u32, offset: u64) {
        let reading = Reading::Dead(letter(offset));
        gathered.add(place(partition), &stored(offset), reading);
    }

    fn offsets(block: &Block) -> Vec<u64> {
        let origins = block.letters.iter().map(|l| l.letter.origin.offset);
        origins.collect()
    }

    #[test]
    fn a_block_holds_its_rows_partition_by_partition_in_the_logs_order() {
        let mut gathered = Gathered::default();
        for (partition, offset) in [(2, 20), (1, 10), (2, 21), (1, 11)] {
            add(&mut gathered, partition, offset);
        }
        let block = gathered.seal();
        assert_eq!(offsets(&block), [10, 11, 20, 21]);
        let ranges = [(1, 10, 12, (1_010, 1_011)), (2, 20, 22, (1_020, 1_021))];
        let ranges = ranges.map(|(partition, first, next, append_times_ms)| Range {
            place: place(partition),
            first: Offset(first),
            next: Offset(next),
            append_times_ms,
        });
        assert_eq!(block.ranges, ranges);
        assert!(gathered.is_empty());
    }

    #[test]
    fn records_without_rows_still_move_the_range() {
        let mut gathered = Gathered::default();
        gathered.add(place(0), &stored(5), Reading::Nothing);
        gathered.add(place(0), &stored(8), Reading::Nothing);
        assert_eq!(gathered.rows(), 0);
        assert!(!gathered.is_empty());
        let block = gathered.seal();
        assert!(!block.is_laden());
        assert_eq!(
            (block.ranges[0].first, block.ranges[0].next),
            (Offset(5), Offset(9))
        );
    }

    #[test]
    fn a_partition_that_goes_takes_its_own_rows_only() {
        let mut gathered = Gathered::default();
        for (partition, offset) in [(1, 10), (2, 20), (1, 11)] {
            add(&mut gathered, partition, offset);
        }
        gathered.forget(place(1));
        assert_eq!(gathered.rows(), 1);
        // Its next owner may be this sink again.
        add(&mut gathered, 1, 10);
        assert_eq!(offsets(&gathered.seal()), [10, 20]);
    }

    #[test]
    fn a_block_is_full_at_either_limit() {
        let limit = |rows_max, bytes_max| BlockLimit {
            rows_max,
            bytes_max,
        };
        let mut gathered = Gathered::default();
        add(&mut gathered, 0, 0);
        add(&mut gathered, 1, 0);
        assert!(gathered.is_full(limit(2, 100)));
        assert!(gathered.is_full(limit(100, 8)));
        assert!(!gathered.is_full(limit(3, 9)));
    }
}
