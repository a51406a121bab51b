//! One scorer's partitions go to the other.
//!
//! Both write down, with the time, when the group gave a partition to them,
//! when they gave it up, and when the first output of theirs was delivered. They
//! run on one machine with the broker, so all times are of one clock.

use crate::now_ms;
use crate::pair::{PARTITIONS, PATIENCE, Pair, until};
use crate::seen::Seen;
use crate::told::{Told, What, told};
use anyhow::{Context, Result, ensure};
use serde::Serialize;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// How often the snapshots are removed while there are to be none.
const REMOVE_INTERVAL: Duration = Duration::from_millis(2);

/// Why partitions move.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// Their owner was told to end (SIGTERM).
    Leaves,
    /// Their owner was killed.
    Dies,
    /// A second scorer comes.
    Joins,
}

/// What the new owner finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Snapshots {
    /// One of each partition, some seconds old.
    Kept,
    /// None: the whole log is read again.
    Deleted,
}

/// What one hand-over took.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct HandOver {
    /// Why.
    pub cause: Cause,
    /// What the new owner found.
    pub snapshots: Snapshots,
    /// Partitions that moved.
    pub partitions: usize,
    /// Sessions of theirs that may still change.
    pub sessions: u64,
    /// Records that the new owner folded again, without outputs.
    pub replayed: u64,
    /// Records that had come in the meantime.
    pub behind: u64,
    /// From the signal, or the new one's start, until the old owner had given all up; one that was
    /// killed has at once.
    pub giving_up_ms: i64,
    /// From then until the group gave them to the new owner.
    pub group_ms: i64,
    /// From then until the new owner's first output was delivered.
    pub first_ms: i64,
    /// From then until an output of every partition was.
    pub all_ms: i64,
    /// The longest time in which no output of one of the partitions was appended.
    pub silence_ms: i64,
}

impl HandOver {
    /// From revoke to the new owner's first delivery report.
    #[must_use]
    pub fn revoke_to_first_ms(&self) -> i64 {
        self.group_ms + self.first_ms
    }
}

/// Lets partitions move while batches go on coming, and measures it.
///
/// # Errors
/// When they do not move as they should.
pub async fn hand_over(
    pair: &mut Pair,
    seen: &mut Seen,
    cause: Cause,
    snapshots: Snapshots,
) -> Result<HandOver> {
    pair.until_caught_up().await?;
    let removing = match snapshots {
        Snapshots::Kept => {
            pair.until_snapshots(&pair.ends().await?).await?;
            None
        }
        Snapshots::Deleted => Some(Removing::start(&pair.snapshots())),
    };
    seen.read_on().await?;
    let before = told(&pair.stays.stderr()).len();
    let began_ms = now_ms();
    let old = set_going(pair, cause)?;
    let (new, skip) = match cause {
        Cause::Leaves | Cause::Dies => (&pair.stays, before),
        Cause::Joins => (pair.guest()?, 0),
    };
    let each = PARTITIONS as usize / 2;
    until("outputs of all partitions flow", || {
        flowing(&new.stderr(), skip).len() == each
    })
    .await
    .with_context(|| pair.said())?;
    let moved = flowing(&new.stderr(), skip);
    let old = old.unwrap_or_else(|| told(&pair.stays.stderr())[before..].to_vec());
    if let Some(removing) = removing {
        removing.stop().await?;
    }
    let new = told(&new.stderr())[skip..].to_vec();
    let mut measured = measured(cause, snapshots, began_ms, &moved, &old, &new)?;
    pair.until_caught_up().await?;
    let longest = seen.read_on().await?;
    let pauses = moved.iter().filter_map(|partition| longest.get(partition));
    measured.silence_ms = pauses.copied().max().unwrap_or_default();
    let new = match cause {
        Cause::Leaves | Cause::Dies => &pair.stays,
        Cause::Joins => pair.guest()?,
    };
    let sessions = moved.iter().map(|partition| {
        let name = format!("furrow_scorer_sessions{{partition=\"{partition}\"}}");
        new.metric(&name).unwrap_or_default() as u64
    });
    measured.sessions = sessions.sum();
    Ok(measured)
}

/// What the guest said at its end, if it was there and ends.
fn set_going(pair: &mut Pair, cause: Cause) -> Result<Option<Vec<Told>>> {
    if cause == Cause::Joins {
        pair.invite();
        return Ok(None);
    }
    let mut guest = pair.take_guest()?;
    let before = told(&guest.stderr()).len();
    match cause {
        Cause::Leaves => guest.stop(),
        Cause::Dies | Cause::Joins => guest.kill(),
    }
    Ok(Some(told(&guest.stderr())[before..].to_vec()))
}

/// The partitions of which outputs have flowed since so many things were told.
fn flowing(log: &str, skip: usize) -> BTreeSet<u32> {
    let told = told(log);
    let flows = |told: &&Told| told.what == What::Flows;
    let flowing = told.iter().skip(skip).filter(flows);
    flowing.map(|told| told.partition).collect()
}

fn measured(
    cause: Cause,
    snapshots: Snapshots,
    began_ms: i64,
    moved: &BTreeSet<u32>,
    old: &[Told],
    new: &[Told],
) -> Result<HandOver> {
    let times = |told: &[Told], what: fn(&What) -> bool| -> Vec<i64> {
        let of = |told: &&Told| moved.contains(&told.partition) && what(&told.what);
        told.iter().filter(of).map(|told| told.at_ms).collect()
    };
    let given_up = times(old, |what| *what == What::GaveUp);
    let revoked_ms = match cause {
        Cause::Leaves | Cause::Joins => {
            ensure!(given_up.len() == moved.len(), "not everything was given up");
            given_up.into_iter().max().context("something moved")?
        }
        Cause::Dies => began_ms,
    };
    let assigned = times(new, |what| *what == What::Assigned);
    let assigned_ms = assigned.into_iter().min().context("nothing was assigned")?;
    let flows = times(new, |what| *what == What::Flows);
    let first_ms = flows.iter().min().context("nothing flows")? - assigned_ms;
    let all_ms = flows.iter().max().context("nothing flows")? - assigned_ms;
    let (mut replayed, mut behind) = (0, 0);
    for told in new.iter().filter(|told| moved.contains(&told.partition)) {
        let What::TookOver {
            from,
            emit_from,
            end,
        } = told.what
        else {
            continue;
        };
        match snapshots {
            Snapshots::Kept => ensure!(from > 0, "there was no snapshot"),
            Snapshots::Deleted => ensure!(from == 0, "there was a snapshot"),
        }
        let emits = emit_from.max(from);
        replayed += emits - from;
        behind += end.saturating_sub(emits);
    }
    Ok(HandOver {
        cause,
        snapshots,
        partitions: moved.len(),
        sessions: 0,
        replayed,
        behind,
        giving_up_ms: revoked_ms - began_ms,
        group_ms: assigned_ms - revoked_ms,
        first_ms,
        all_ms,
        silence_ms: 0,
    })
}

/// Snapshots that are removed as soon as they are published.
struct Removing {
    stop: CancellationToken,
    running: JoinHandle<()>,
}

impl Removing {
    fn start(folder: &Path) -> Removing {
        let stop = CancellationToken::new();
        let (folder, stopped) = (folder.to_owned(), stop.clone());
        let running = tokio::spawn(async move {
            let bound = tokio::time::Instant::now() + PATIENCE;
            while !stopped.is_cancelled() && tokio::time::Instant::now() < bound {
                // Most of the time there is nothing to remove.
                let _ = fs::remove_dir_all(&folder);
                tokio::time::sleep(REMOVE_INTERVAL).await;
            }
        });
        Removing { stop, running }
    }

    async fn stop(self) -> Result<()> {
        self.stop.cancel();
        self.running.await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn at(at_ms: i64, partition: u32, what: What) -> Told {
        Told {
            at_ms,
            partition,
            what,
        }
    }

    fn took(from: u64) -> What {
        What::TookOver {
            from,
            emit_from: 90,
            end: 100,
        }
    }

    fn two_partitions(from: u64) -> Vec<Told> {
        vec![
            at(1_500, 3, What::Assigned),
            at(1_501, 4, What::Assigned),
            at(1_600, 3, took(from)),
            at(1_610, 4, took(from)),
            // Of a partition that it had before.
            at(1_615, 7, What::Flows),
            at(1_650, 3, What::Flows),
            at(1_700, 4, What::Flows),
        ]
    }

    #[test]
    fn each_part_of_a_hand_over_begins_where_the_one_before_it_ends() {
        let old = [at(1_200, 3, What::GaveUp), at(1_210, 4, What::GaveUp)];
        let moved = BTreeSet::from([3, 4]);
        let kept = Snapshots::Kept;
        let new = two_partitions(80);
        let took = measured(Cause::Leaves, kept, 1_000, &moved, &old, &new).unwrap();
        let parts = [took.giving_up_ms, took.group_ms, took.first_ms, took.all_ms];
        assert_eq!(parts, [210, 290, 150, 200]);
        assert_eq!((took.replayed, took.behind), (20, 20));
        assert_eq!(took.revoke_to_first_ms(), 440);
        // One that was killed said nothing.
        let took = measured(Cause::Dies, kept, 1_000, &moved, &[], &new).unwrap();
        assert_eq!((took.giving_up_ms, took.group_ms), (0, 500));
    }

    #[test]
    fn a_snapshot_where_there_was_to_be_none_is_no_measurement() {
        let moved = BTreeSet::from([3, 4]);
        let none = Snapshots::Deleted;
        let with = two_partitions(80);
        measured(Cause::Dies, none, 1_000, &moved, &[], &with).unwrap_err();
        let without = two_partitions(0);
        let took = measured(Cause::Dies, none, 1_000, &moved, &[], &without).unwrap();
        assert_eq!(took.replayed, 180);
    }
}
