//! What the groups have committed.
//!
//! The one state here that several tasks write: a commit is to be seen at once by whoever asks
//! next, must not wait for the writer's fsync, and a later one replaces an earlier one that was not
//! stored yet. A lock held for a few map operations gives exactly that.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard};

use super::layout::{Note, Slot};

/// The committed offsets of all groups, shared between the members and the writer.
#[derive(Debug, Default)]
pub(super) struct Commits(Mutex<Table>);

#[derive(Debug, Default)]
struct Table {
    groups: BTreeMap<String, BTreeMap<Slot, u64>>,
    /// What the store does not have yet.
    unstored: BTreeSet<(String, Slot)>,
}

/// Whether the writer has to be told that there is something to store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub(super) enum Wake {
    Due,
    Pending,
}

impl Commits {
    /// Takes what the store held at opening.
    pub(super) fn recover(&self, group: String, slot: Slot, next: u64) {
        self.table()
            .groups
            .entry(group)
            .or_default()
            .insert(slot, next);
    }

    /// A group commits.
    pub(super) fn commit(&self, group: &str, slot: Slot, next: u64) -> Wake {
        let mut table = self.table();
        let was_empty = table.unstored.is_empty();
        table
            .groups
            .entry(group.to_owned())
            .or_default()
            .insert(slot, next);
        table.unstored.insert((group.to_owned(), slot));
        if was_empty { Wake::Due } else { Wake::Pending }
    }

    /// What a group committed last.
    pub(super) fn committed(&self, group: &str, slot: Slot) -> Option<u64> {
        self.table().groups.get(group)?.get(&slot).copied()
    }

    /// What is to be stored, once.
    pub(super) fn take_unstored(&self) -> Vec<Note> {
        self.table().take_unstored()
    }

    /// What is to be stored, and how far every partition has been read when it is.
    pub(super) fn take_for_sweep(&self) -> (Vec<Note>, Read) {
        let mut table = self.table();
        let notes = table.take_unstored();
        (
            notes,
            Read {
                groups: table.groups.clone(),
            },
        )
    }

    /// Forgets a group and answers what the store is to forget.
    pub(super) fn forget(&self, group: &str) -> Vec<Note> {
        let mut table = self.table();
        table.unstored.retain(|(name, _)| name != group);
        let slots = table.groups.remove(group).unwrap_or_default();
        slots
            .into_iter()
            .map(|(slot, next)| Note::Commit {
                slot,
                group: group.to_owned(),
                next,
            })
            .collect()
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.0
            .lock()
            .expect("no code panics while it holds the commits")
    }
}

impl Table {
    fn take_unstored(&mut self) -> Vec<Note> {
        std::mem::take(&mut self.unstored)
            .into_iter()
            .filter_map(|(group, slot)| {
                let next = *self.groups.get(&group)?.get(&slot)?;
                Some(Note::Commit { slot, group, next })
            })
            .collect()
    }
}

/// How far the groups had read at one moment.
#[derive(Debug)]
pub(super) struct Read {
    groups: BTreeMap<String, BTreeMap<Slot, u64>>,
}

impl Read {
    /// Every group that ever committed in the topic has read this partition below this offset; none
    /// such: `None`. A group that committed in other partitions of the topic only has read nothing
    /// of this one.
    pub(super) fn by_all(&self, slot: Slot) -> Option<u64> {
        self.groups
            .values()
            .filter(|slots| slots.keys().any(|other| other.topic == slot.topic))
            .map(|slots| slots.get(&slot).copied().unwrap_or(0))
            .min()
    }
}

#[cfg(test)]
mod tests {
    use super::super::layout::TopicId;
    use super::*;

    fn slot(topic: u32, partition: u32) -> Slot {
        Slot {
            topic: TopicId(topic),
            partition,
        }
    }

    fn commits(entries: &[(&str, Slot, u64)]) -> Commits {
        let commits = Commits::default();
        for (group, slot, next) in entries {
            let _ = commits.commit(group, *slot, *next);
        }
        commits
    }

    #[test]
    fn the_slowest_group_decides_what_all_have_read() {
        let (_, read) = commits(&[("a", slot(1, 0), 9), ("b", slot(1, 0), 4)]).take_for_sweep();
        assert_eq!(read.by_all(slot(1, 0)), Some(4));
    }

    #[test]
    fn a_group_that_never_committed_in_a_topic_does_not_count() {
        let (_, read) = commits(&[("a", slot(1, 0), 9), ("b", slot(2, 0), 4)]).take_for_sweep();
        assert_eq!(read.by_all(slot(1, 0)), Some(9));
        assert_eq!(read.by_all(slot(3, 0)), None);
    }

    #[test]
    fn a_partition_that_a_group_has_not_reached_counts_as_unread() {
        let (_, read) = commits(&[("a", slot(1, 0), 9)]).take_for_sweep();
        assert_eq!(read.by_all(slot(1, 1)), Some(0));
    }

    #[test]
    fn commits_between_two_stores_are_stored_once_with_the_last_value() {
        let commits = commits(&[("a", slot(1, 0), 9), ("a", slot(1, 0), 3)]);
        let note = Note::Commit {
            slot: slot(1, 0),
            group: "a".to_owned(),
            next: 3,
        };
        assert_eq!(commits.take_unstored(), [note]);
        assert_eq!(commits.take_unstored(), []);
        assert_eq!(commits.commit("a", slot(1, 0), 10), Wake::Due);
        assert_eq!(commits.commit("a", slot(1, 0), 11), Wake::Pending);
    }
}
