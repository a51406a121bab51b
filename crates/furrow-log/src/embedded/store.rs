//! The folder: topics, partitions and segments as one fjall database. The writer owns it.
//!
//! A segment is a keyspace, so that dropping old records is deleting a folder. A group of appends is
//! one atomic batch with one fsync. The end of a partition is found from its last segment; when
//! segments are dropped, a note keeps the end, so that no offset is given twice.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use fjall::config::{BlockSizePolicy, FilterPolicy};
use fjall::{Database, Keyspace, KeyspaceCreateOptions, OwnedWriteBatch, PersistMode};
use tokio::sync::watch;

use super::commits::{Commits, Read};
use super::layout::{
    FORMAT, FORMAT_KEY, NOTES, Note, Slot, TopicId, decode_u64, encode_record, parse_segment_name,
    record_time_ms, segment_name,
};
use super::view::{Catalog, SegmentView, Span, TopicView, View};
use crate::{EmbeddedSettings, OpenError, StorageError, Topic};

/// Tables kept open for reading.
const OPEN_FILES_MAX: usize = 64;
/// Threads that write tables and merge them.
const WORKERS: usize = 2;
/// The least that fjall takes; two such journals exist at most times.
const JOURNAL_BYTES_MAX: u64 = 64 << 20;
/// Records are read in order, so blocks are larger than for point reads.
const BLOCK_BYTES: u32 = 16 << 10;
/// What a record costs beside its key and payload.
const RECORD_OVERHEAD_BYTES: u64 = 20;

/// All that the folder holds.
pub(super) struct Store {
    // Dropped before the database, whose threads end when it goes.
    topics: BTreeMap<TopicId, TopicWriter>,
    notes: Keyspace,
    database: Database,
    catalog: watch::Sender<Catalog>,
    limits: SegmentLimits,
}

/// When a segment is followed by a new one, and how it is kept.
#[derive(Clone, Copy)]
struct SegmentLimits {
    bytes_max: u64,
    age_max_ms: i64,
    memtable_bytes: u64,
}

struct TopicWriter {
    topic: Topic,
    partitions: Vec<PartitionWriter>,
    appended: watch::Sender<()>,
}

struct PartitionWriter {
    slot: Slot,
    segments: Vec<Segment>,
    /// The offset of the next record.
    next: u64,
    last_time_ms: i64,
    view: watch::Sender<View>,
}

struct Segment {
    base: u64,
    first_time_ms: i64,
    last_time_ms: i64,
    bytes: u64,
    keyspace: Keyspace,
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
            let append_time_ms = now_ms.max(partition.last_time_ms);
            let offset = partition.next;
            let segment = partition.segment_for(append_time_ms, &self.database, self.limits)?;
            let value = encode_record(append_time_ms, entry.key, entry.payload);
            segment.last_time_ms = append_time_ms;
            segment.bytes += value.len() as u64 + RECORD_OVERHEAD_BYTES;
            batch.insert(&segment.keyspace, offset.to_be_bytes(), value);
            partition.next += 1;
            partition.last_time_ms = append_time_ms;
            placed.push(Placed {
                offset,
                append_time_ms,
            });
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

impl PartitionWriter {
    fn recover(
        slot: Slot,
        mut segments: Vec<Segment>,
        floor: Option<Floor>,
    ) -> Result<Self, StorageError> {
        segments.sort_by_key(|segment| segment.base);
        let last = segments.last();
        let found = match last {
            Some(segment) => last_offset(&segment.keyspace)? + 1,
            None => 0,
        };
        let last_time_ms = last.map_or(i64::MIN, |segment| segment.last_time_ms);
        let floor = floor.unwrap_or(Floor {
            end: 0,
            last_time_ms: i64::MIN,
        });
        let partition = Self {
            slot,
            next: found.max(floor.end),
            last_time_ms: last_time_ms.max(floor.last_time_ms),
            segments,
            view: watch::Sender::new(View::Closed),
        };
        partition.publish();
        Ok(partition)
    }

    /// The segment that the next record goes to, made if the last one is full or too old.
    fn segment_for(
        &mut self,
        now_ms: i64,
        database: &Database,
        limits: SegmentLimits,
    ) -> Result<&mut Segment, StorageError> {
        let room = self.segments.last().is_some_and(|segment| {
            segment.bytes < limits.bytes_max
                && now_ms.saturating_sub(segment.first_time_ms) < limits.age_max_ms
        });
        if !room {
            let name = segment_name(self.slot, self.next);
            let keyspace = database.keyspace(&name, || limits.keyspace_options())?;
            self.segments.push(Segment {
                base: self.next,
                first_time_ms: now_ms,
                last_time_ms: now_ms,
                bytes: 0,
                keyspace,
            });
        }
        Ok(self
            .segments
            .last_mut()
            .expect("one was made if there was none"))
    }

    /// How many of the oldest segments have only records before this time.
    fn older_than(&self, horizon_ms: i64) -> usize {
        self.segments
            .iter()
            .take_while(|segment| segment.last_time_ms < horizon_ms)
            .count()
    }

    /// How many of the oldest segments have only records below this offset.
    fn below(&self, offset: u64) -> usize {
        let ends = self
            .segments
            .iter()
            .skip(1)
            .map(|segment| segment.base)
            .chain([self.next]);
        ends.take_while(|end| *end <= offset)
            .count()
            .min(self.segments.len())
    }

    fn publish(&self) {
        let segments = self.segments.iter().map(Segment::view).collect();
        self.view.send_replace(View::Open(Span {
            segments,
            end: self.next,
        }));
    }
}

impl Segment {
    /// What the store holds under this name; `None` when it is empty.
    fn recover(base: u64, keyspace: Keyspace) -> Result<Option<Self>, StorageError> {
        let (Some(first), Some(last)) = (keyspace.first_key_value(), keyspace.last_key_value())
        else {
            return Ok(None);
        };
        let (key, value) = first.into_inner()?;
        if decode_u64(&key) != Some(base) {
            return Err(StorageError::new(format!(
                "segment {base} does not begin at its base"
            )));
        }
        let garbled = || StorageError::new("a record does not read back");
        let first_time_ms = record_time_ms(&value).ok_or_else(garbled)?;
        let last_time_ms = record_time_ms(&last.value()?).ok_or_else(garbled)?;
        let bytes = keyspace.disk_space();
        Ok(Some(Self {
            base,
            first_time_ms,
            last_time_ms,
            bytes,
            keyspace,
        }))
    }

    fn view(&self) -> SegmentView {
        SegmentView {
            base: self.base,
            first_time_ms: self.first_time_ms,
            keyspace: self.keyspace.clone(),
        }
    }
}

fn last_offset(keyspace: &Keyspace) -> Result<u64, StorageError> {
    let last = keyspace
        .last_key_value()
        .expect("only segments with records are kept");
    decode_u64(&last.key()?).ok_or_else(|| StorageError::new("a record's key does not read back"))
}

#[derive(Clone, Copy)]
struct Floor {
    end: u64,
    last_time_ms: i64,
}

/// What was found at opening.
struct Recovered {
    topics: BTreeMap<TopicId, (Topic, u32)>,
    segments: BTreeMap<Slot, Vec<Segment>>,
    floors: BTreeMap<Slot, Floor>,
}

impl Recovered {
    fn load(
        database: &Database,
        notes: &Keyspace,
        limits: SegmentLimits,
        commits: &Commits,
    ) -> Result<Self, StorageError> {
        let mut topics = BTreeMap::new();
        let mut floors = BTreeMap::new();
        for entry in notes.iter() {
            let (key, value) = entry.into_inner()?;
            if *key == *FORMAT_KEY {
                continue;
            }
            match Note::parse(&key, &value) {
                Some(Note::Topic {
                    id,
                    partitions,
                    name,
                }) => {
                    topics.insert(id, (Topic::new(&name), partitions));
                }
                Some(Note::Floor {
                    slot,
                    end,
                    last_time_ms,
                }) => {
                    floors.insert(slot, Floor { end, last_time_ms });
                }
                Some(Note::Commit { slot, group, next }) => commits.recover(group, slot, next),
                None => return Err(StorageError::new("a note does not read back")),
            }
        }
        let mut segments: BTreeMap<Slot, Vec<Segment>> = BTreeMap::new();
        for name in database.list_keyspace_names() {
            let Some((slot, base)) = parse_segment_name(&name) else {
                continue;
            };
            let keyspace = database.keyspace(&name, || limits.keyspace_options())?;
            match Segment::recover(base, keyspace.clone())? {
                Some(segment) => segments.entry(slot).or_default().push(segment),
                // Made for a group of appends that did not become durable.
                None => database.delete_keyspace(keyspace)?,
            }
        }
        Ok(Self {
            topics,
            segments,
            floors,
        })
    }
}

impl SegmentLimits {
    fn keyspace_options(&self) -> KeyspaceCreateOptions {
        KeyspaceCreateOptions::default()
            .max_memtable_size(self.memtable_bytes)
            .data_block_size_policy(BlockSizePolicy::all(BLOCK_BYTES))
            // Nothing is looked up that may not exist.
            .filter_policy(FilterPolicy::disabled())
    }
}

/// Opens the database, or makes it beside its place and moves it there when it is whole: a process
/// that dies while it makes one leaves nothing that the next has to understand.
fn open_database(
    dir: &Path,
    settings: &EmbeddedSettings,
    limits: SegmentLimits,
) -> Result<Database, OpenError> {
    let open = |path: &Path| {
        Database::builder(path)
            .cache_size(settings.cache_bytes)
            .max_cached_files(Some(OPEN_FILES_MAX))
            .max_journaling_size(JOURNAL_BYTES_MAX)
            .worker_threads(WORKERS)
            .open()
    };
    let place = dir.join("store");
    let io = |source| OpenError::Folder {
        dir: dir.to_owned(),
        source,
    };
    if !place.try_exists().map_err(io)? {
        let unfinished = dir.join("store.new");
        if unfinished.try_exists().map_err(io)? {
            std::fs::remove_dir_all(&unfinished).map_err(io)?;
        }
        let database = open(&unfinished).map_err(StorageError::from)?;
        let notes = database
            .keyspace(NOTES, || limits.keyspace_options())
            .map_err(StorageError::from)?;
        notes
            .insert(FORMAT_KEY, FORMAT.to_be_bytes())
            .map_err(StorageError::from)?;
        database
            .persist(PersistMode::SyncAll)
            .map_err(StorageError::from)?;
        drop((notes, database));
        std::fs::rename(&unfinished, &place).map_err(io)?;
        std::fs::File::open(dir)
            .and_then(|folder| folder.sync_all())
            .map_err(io)?;
    }
    open(&place).map_err(|error| match error {
        fjall::Error::Locked => OpenError::InUse {
            dir: dir.to_owned(),
        },
        other => OpenError::Storage(other.into()),
    })
}

fn check_format(dir: &Path, notes: &Keyspace) -> Result<(), OpenError> {
    let stored = notes.get(FORMAT_KEY).map_err(StorageError::from)?;
    let found = stored
        .as_deref()
        .and_then(|bytes| bytes.try_into().ok())
        .map_or(0, u32::from_be_bytes);
    if found == FORMAT {
        Ok(())
    } else {
        Err(OpenError::Format {
            dir: dir.to_owned(),
            found,
            expected: FORMAT,
        })
    }
}

/// A span of time as milliseconds; one too long to be counted is as good as for ever.
pub(super) fn millis(duration: std::time::Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
