//! The folder: topics, partitions and segments as one fjall database. The writer owns it.
//!
//! A segment is a keyspace, so that dropping old records is deleting a folder. A group of appends is
//! one atomic batch with one fsync. The end of a partition is found from its last segment; when
//! segments are dropped, a note keeps the end, so that no offset is given twice.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use fjall::{Database, Keyspace, OwnedWriteBatch, PersistMode};
use tokio::sync::watch;

use super::commits::{Commits, Read};
use super::layout::{NOTES, Note, Slot, TopicId};
use super::opening::{Recovered, check_format, open_database};
use super::partition::{PartitionWriter, SegmentLimits};
use super::view::{Catalog, TopicView, View};
use crate::{EmbeddedSettings, OpenError, StorageError, Topic};

/// All that the folder holds.
pub(super) struct Store {
    // Dropped before the database, whose threads end when it goes.
    topics: BTreeMap<TopicId, TopicWriter>,
    notes: Keyspace,
    database: Database,
    catalog: watch::Sender<Catalog>,
    limits: SegmentLimits,
}

struct TopicWriter {
    topic: Topic,
    partitions: Vec<PartitionWriter>,
    appended: watch::Sender<()>,
}

/// One record on its way.
pub(super) struct Entry<'a> {
    pub(super) slot: Slot,
    pub(super) key: &'a [u8],
    pub(super) payload: &'a [u8],
}

/// Where a record went.
#[derive(Clone, Copy, Debug)]
pub(super) struct Placed {
    pub(super) offset: u64,
    pub(super) append_time_ms: i64,
}

/// What a sweep did and left.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Swept {
    pub(super) dropped: u64,
    pub(super) overdue: u64,
}

impl Store {
    /// Opens the database in `dir`, which this process has locked, and finds the ends.
    pub(super) fn open(
        dir: &Path,
        settings: &EmbeddedSettings,
        commits: &Commits,
    ) -> Result<Self, OpenError> {
        let limits = SegmentLimits {
            bytes_max: settings.segment_bytes_max,
            age_max_ms: millis(settings.segment_age_max),
            memtable_bytes: settings.memtable_bytes,
        };
        let database = open_database(dir, settings, limits)?;
        let notes = database
            .keyspace(NOTES, || limits.keyspace_options())
            .map_err(StorageError::from)?;
        check_format(dir, &notes)?;
        let recovered = Recovered::load(&database, &notes, limits, commits)?;
        let mut store = Self {
            topics: BTreeMap::new(),
            notes,
            database,
            catalog: watch::Sender::new(Catalog::Closed),
            limits,
        };
        let Recovered {
            topics,
            mut segments,
            floors,
        } = recovered;
        for (id, (topic, count)) in topics {
            let partitions = (0..count)
                .map(|partition| {
                    let slot = Slot {
                        topic: id,
                        partition,
                    };
                    let found = segments.remove(&slot).unwrap_or_default();
                    PartitionWriter::recover(slot, found, floors.get(&slot).copied())
                })
                .collect::<Result<_, _>>()?;
            let appended = watch::Sender::new(());
            store.topics.insert(
                id,
                TopicWriter {
                    topic,
                    partitions,
                    appended,
                },
            );
        }
        store.publish_catalog();
        Ok(store)
    }

    /// What readers look topics up in.
    pub(super) fn catalog(&self) -> watch::Receiver<Catalog> {
        self.catalog.subscribe()
    }

    /// How many partitions a topic has.
    pub(super) fn partitions(&self, topic: &Topic) -> Option<u32> {
        let found = self.topics.values().find(|writer| writer.topic == *topic)?;
        Some(u32::try_from(found.partitions.len()).expect("at most PARTITIONS_MAX"))
    }

    /// Makes a new topic durable.
    pub(super) fn create_topic(&mut self, topic: Topic, count: u32) -> Result<(), StorageError> {
        let id = self
            .topics
            .keys()
            .next_back()
            .map_or(TopicId(0), |last| TopicId(last.0 + 1));
        let note = Note::Topic {
            id,
            partitions: count,
            name: topic.as_str().to_owned(),
        };
        self.store_notes(vec![note], PersistMode::SyncAll)?;
        let partitions = (0..count)
            .map(|partition| {
                PartitionWriter::recover(
                    Slot {
                        topic: id,
                        partition,
                    },
                    Vec::new(),
                    None,
                )
            })
            .collect::<Result<_, _>>()?;
        let appended = watch::Sender::new(());
        self.topics.insert(
            id,
            TopicWriter {
                topic,
                partitions,
                appended,
            },
        );
        self.publish_catalog();
        Ok(())
    }

    /// Makes a group of records durable, with one fsync, and shows them to readers. After an error
    /// nothing may be appended any more: the offsets given out are not known to be used.
    pub(super) fn append(
        &mut self,
        entries: &[Entry<'_>],
        notes: Vec<Note>,
        now_ms: i64,
    ) -> Result<Vec<Placed>, StorageError> {
        let mut batch = self.database.batch().durability(Some(PersistMode::SyncAll));
        self.add_notes(&mut batch, notes);
        let mut placed = Vec::with_capacity(entries.len());
        for entry in entries {
            let partition = partition_of(&mut self.topics, entry.slot);
            placed.push(partition.add(entry, now_ms, &self.database, self.limits, &mut batch)?);
        }
        batch.commit()?;
        self.show(entries);
        Ok(placed)
    }

    /// Stores what groups committed; the system may lose it, the process does not.
    pub(super) fn store_commits(&self, notes: Vec<Note>) -> Result<(), StorageError> {
        self.store_notes(notes, PersistMode::Buffer)
    }

    /// Stores what groups committed for good.
    pub(super) fn flush(&self, notes: Vec<Note>) -> Result<(), StorageError> {
        self.store_notes(notes, PersistMode::SyncAll)?;
        Ok(self.database.persist(PersistMode::SyncAll)?)
    }

    /// Forgets what the notes said.
    pub(super) fn forget(&self, notes: &[Note]) -> Result<(), StorageError> {
        let mut batch = self.database.batch().durability(Some(PersistMode::SyncAll));
        for note in notes {
            batch.remove(&self.notes, note.key());
        }
        Ok(batch.commit()?)
    }

    /// Drops segments whose last record is older than `horizon_ms` and that every group has read.
    /// What the groups have read is stored first, so that no crash takes it back.
    pub(super) fn sweep(
        &mut self,
        horizon_ms: i64,
        mut notes: Vec<Note>,
        read: &Read,
    ) -> Result<Swept, StorageError> {
        let mut swept = Swept::default();
        let mut going = Vec::new();
        for partition in self.topics.values().flat_map(|topic| &topic.partitions) {
            let old = partition.older_than(horizon_ms);
            let unheld = partition
                .below(read.by_all(partition.slot).unwrap_or(u64::MAX))
                .min(old);
            swept.overdue += (old - unheld) as u64;
            swept.dropped += unheld as u64;
            if unheld > 0 {
                going.push((partition.slot, unheld));
                notes.push(Note::Floor {
                    slot: partition.slot,
                    end: partition.next,
                    last_time_ms: partition.last_time_ms,
                });
            }
        }
        let persist = if going.is_empty() {
            PersistMode::Buffer
        } else {
            PersistMode::SyncAll
        };
        self.store_notes(notes, persist)?;
        for (slot, count) in going {
            let partition = partition_of(&mut self.topics, slot);
            let dropped: Vec<_> = partition.segments.drain(..count).collect();
            partition.publish();
            for segment in dropped {
                self.database.delete_keyspace(segment.keyspace)?;
            }
        }
        Ok(swept)
    }

    /// How many segments there are.
    pub(super) fn segments(&self) -> u64 {
        let partitions = self.topics.values().flat_map(|topic| &topic.partitions);
        partitions
            .map(|partition| partition.segments.len() as u64)
            .sum()
    }

    /// Tells every reader that the log is closed and lets go of the folder.
    pub(super) fn close(self) {
        self.catalog.send_replace(Catalog::Closed);
        for partition in self.topics.values().flat_map(|topic| &topic.partitions) {
            partition.view.send_replace(View::Closed);
        }
    }

    fn store_notes(&self, notes: Vec<Note>, persist: PersistMode) -> Result<(), StorageError> {
        let mut batch = self.database.batch().durability(Some(persist));
        self.add_notes(&mut batch, notes);
        Ok(batch.commit()?)
    }

    fn add_notes(&self, batch: &mut OwnedWriteBatch, notes: Vec<Note>) {
        for note in notes {
            batch.insert(&self.notes, note.key(), note.value());
        }
    }

    /// Shows the new ends to readers: first every partition's, then that there is something new.
    fn show(&mut self, entries: &[Entry<'_>]) {
        let mut slots: Vec<Slot> = entries.iter().map(|entry| entry.slot).collect();
        slots.sort_unstable();
        slots.dedup();
        for slot in &slots {
            partition_of(&mut self.topics, *slot).publish();
        }
        slots.dedup_by_key(|slot| slot.topic);
        for slot in slots {
            self.topics[&slot.topic].appended.send_replace(());
        }
    }

    fn publish_catalog(&self) {
        let topics = self
            .topics
            .iter()
            .map(|(id, writer)| {
                let view = TopicView {
                    topic: writer.topic.clone(),
                    id: *id,
                    partitions: writer
                        .partitions
                        .iter()
                        .map(|p| p.view.subscribe())
                        .collect(),
                    appended: writer.appended.subscribe(),
                };
                (writer.topic.clone(), Arc::new(view))
            })
            .collect();
        self.catalog.send_replace(Catalog::Open(Arc::new(topics)));
    }
}

fn partition_of(topics: &mut BTreeMap<TopicId, TopicWriter>, slot: Slot) -> &mut PartitionWriter {
    topics
        .get_mut(&slot.topic)
        .and_then(|topic| topic.partitions.get_mut(slot.partition as usize))
        .expect("a slot comes from the catalog, and topics are never removed")
}

/// A span of time as milliseconds; one too long to be counted is as good as for ever.
pub(super) fn millis(duration: std::time::Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
