//! What goes to the store together, and the tokens that say so.

use crate::place::{Place, Topics};
use crate::reading::Letter;
use furrow_core::ids::Epoch;
use furrow_log::Offset;
use furrow_store::migrate::schema_version;
use furrow_store::{BatchRow, Block as ScoreRows, RuleSetRow};
use sha2::{Digest, Sha256};
use std::fmt::Write as _;

/// Consecutive records of one partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Range {
    pub(crate) place: Place,
    /// The first of them.
    pub(crate) first: Offset,
    /// What follows the last of them.
    pub(crate) next: Offset,
    /// When the log took the first and the last, ms since 1970.
    pub(crate) append_times_ms: (i64, i64),
}

/// Rows that keep their order until all of them are confirmed.
#[derive(Debug, Default)]
pub(crate) struct Block {
    /// The records that made them, one range per partition, in order.
    pub(crate) ranges: Vec<Range>,
    pub(crate) scores: ScoreRows,
    pub(crate) batches: Vec<BatchRow>,
    pub(crate) rule_sets: Vec<RuleSetRow>,
    pub(crate) letters: Vec<Letter>,
}

impl Block {
    /// Whether there are rows or letters: of ticks nothing is left but their
    /// offsets.
    pub(crate) fn is_laden(&self) -> bool {
        !(self.scores.is_empty()
            && self.batches.is_empty()
            && self.rule_sets.is_empty()
            && self.letters.is_empty())
    }

    /// The token of the block's rows of one table.
    ///
    /// The same ranges of the same topics make the same rows, and nothing else
    /// may have their token: the store would take other rows for a repeat and
    /// lose them. Offsets begin anew in another life of a topic and in another
    /// log, so the epoch and the log's own times stand in it as well.
    pub(crate) fn token(&self, table: &str, epoch: Epoch, topics: &Topics) -> String {
        let mut text = format!("{table}\n{}\n{}\n", schema_version(), epoch.0);
        for range in &self.ranges {
            let Range {
                place,
                first,
                next,
                append_times_ms: (from, to),
            } = range;
            let topic = topics.name(place.source);
            let partition = place.partition;
            writeln!(text, "{topic} {partition} {first} {next} {from} {to}")
                .expect("a String takes all");
        }
        let hash = Sha256::digest(text);
        hash.iter().fold(String::new(), |mut hex, byte| {
            write!(hex, "{byte:02x}").expect("a String takes all");
            hex
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::place::Source;
    use furrow_log::{Partition, Topic};

    fn topics() -> Topics {
        Topics {
            scores: Topic::new("scores"),
            interactions: Topic::new("interactions"),
        }
    }

    fn block(first: u64, next: u64, append_times_ms: (i64, i64)) -> Block {
        Block {
            ranges: vec![Range {
                place: Place {
                    source: Source::Scores,
                    partition: Partition(1),
                },
                first: Offset(first),
                next: Offset(next),
                append_times_ms,
            }],
            ..Block::default()
        }
    }

    fn token(block: &Block) -> String {
        block.token("sessions", Epoch(1), &topics())
    }

    #[test]
    fn the_same_ranges_have_the_same_token() {
        assert_eq!(token(&block(10, 20, (5, 9))), token(&block(10, 20, (5, 9))));
    }

    #[test]
    fn whatever_makes_other_rows_makes_another_token() {
        let plain = block(10, 20, (5, 9));
        let others = [
            token(&block(11, 20, (5, 9))),
            token(&block(10, 21, (5, 9))),
            token(&block(10, 20, (6, 9))),
            token(&block(10, 20, (5, 8))),
            plain.token("signals", Epoch(1), &topics()),
            plain.token("sessions", Epoch(2), &topics()),
        ];
        for other in others {
            assert_ne!(other, token(&plain));
        }
    }
}
