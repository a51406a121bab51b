//! Score updates as they stand in the log.

use anyhow::{Context, Result, ensure};
use furrow_core::ids::SessionId;
use furrow_log::{Log, Offset, Partition, ReadLimit, Topic};
use furrow_proto::record::decode_score_update;
use std::collections::{BTreeMap, HashMap};

/// What one read takes.
const LIMIT: ReadLimit = ReadLimit {
    records_max: 8_192,
    bytes_max: 8 << 20,
};

/// All updates so far: the newest of each session, as its row would be.
#[derive(Debug)]
pub struct Seen {
    log: Log,
    scores: Topic,
    /// The next update of each partition of the scores.
    next: BTreeMap<u32, Offset>,
    newest: HashMap<SessionId, Newest>,
    /// When the last output of each partition of the interactions was appended, ms since 1970.
    last_ms: BTreeMap<u32, i64>,
}

#[derive(Debug)]
struct Newest {
    version: u64,
    batches: u32,
}

impl Seen {
    /// Nothing yet.
    #[must_use]
    pub fn new(log: Log, scores: Topic, partitions: u32) -> Seen {
        Seen {
            log,
            scores,
            next: (0..partitions).map(|one| (one, Offset(0))).collect(),
            newest: HashMap::new(),
            last_ms: BTreeMap::new(),
        }
    }

    /// Reads on to the end: the longest time between two outputs of the records of each partition,
    /// ms, from the last one of the read before on.
    ///
    /// # Errors
    /// When an update cannot be read.
    pub async fn read_on(&mut self) -> Result<BTreeMap<u32, i64>> {
        let mut appended: BTreeMap<u32, Vec<i64>> = BTreeMap::new();
        for (partition, next) in &mut self.next {
            let partition = Partition(*partition);
            loop {
                let read = self.log.read(&self.scores, partition, *next, LIMIT).await?;
                let Some(last) = read.last() else { break };
                *next = Offset(last.offset.0 + 1);
                for record in &read {
                    let update = decode_score_update(&record.payload)?;
                    let version = update.origin.version();
                    let batches = update.session.batches;
                    let of = appended.entry(update.origin.partition).or_default();
                    of.push(record.append_time_ms);
                    let newest = self.newest.entry(update.session.key.session);
                    let newest = newest.or_insert(Newest { version, batches });
                    if version >= newest.version {
                        *newest = Newest { version, batches };
                    }
                }
            }
        }
        let mut longest = BTreeMap::new();
        for (partition, mut times) in appended {
            // They come from several partitions of the scores.
            times.sort_unstable();
            let before = self.last_ms.get(&partition).copied().unwrap_or(times[0]);
            let all: Vec<i64> = std::iter::once(before).chain(times).collect();
            let pauses = all.windows(2).map(|two| two[1] - two[0]);
            longest.insert(partition, pauses.max().unwrap_or_default());
            self.last_ms
                .extend(all.last().map(|last| (partition, *last)));
        }
        Ok(longest)
    }

    /// Whether the newest update of every session counts each of its batches once.
    ///
    /// # Errors
    /// When one does not: which, and how many there are.
    pub fn compare(&self, sent: impl Iterator<Item = (SessionId, u32)>) -> Result<()> {
        let mut sessions = 0;
        let mut wrong = Vec::new();
        for (session, batches) in sent {
            sessions += 1;
            let counted = self.newest.get(&session).map_or(0, |newest| newest.batches);
            if counted != batches {
                wrong.push(format!("{session} sent {batches}, {counted} count"));
            }
        }
        let first = wrong.first().map_or("", String::as_str);
        let known = self.newest.len();
        ensure!(
            wrong.is_empty(),
            "{} of {sessions} sessions count other batches than were sent: {first}",
            wrong.len()
        );
        ensure!(
            known == sessions,
            "{known} sessions have scores, of {sessions}"
        );
        Ok(())
    }

    /// Updates that stand in the log.
    ///
    /// # Errors
    /// When there are more than can be counted.
    pub fn updates(&self) -> Result<u64> {
        let counts = self.next.values().map(|next| next.0);
        counts
            .reduce(|one, other| one + other)
            .context("there are partitions")
    }
}
