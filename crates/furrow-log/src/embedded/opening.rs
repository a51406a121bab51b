//! Opening a folder: the database, its format, and what it holds.

use std::collections::BTreeMap;
use std::path::Path;

use fjall::{Database, Keyspace, PersistMode};

use super::commits::Commits;
use super::layout::{FORMAT, FORMAT_KEY, NOTES, Note, Slot, TopicId, parse_segment_name};
use super::partition::{Floor, Segment, SegmentLimits};
use crate::{EmbeddedSettings, OpenError, StorageError, Topic};

/// Tables kept open for reading.
const OPEN_FILES_MAX: usize = 64;
/// Threads that write tables and merge them.
const WORKERS: usize = 2;
/// The least that fjall takes; two such journals exist at most times.
const JOURNAL_BYTES_MAX: u64 = 64 << 20;

/// What was found at opening.
pub(super) struct Recovered {
    pub(super) topics: BTreeMap<TopicId, (Topic, u32)>,
    pub(super) segments: BTreeMap<Slot, Vec<Segment>>,
    pub(super) floors: BTreeMap<Slot, Floor>,
}

impl Recovered {
    /// Reads the notes and finds the segments.
    pub(super) fn load(
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

/// Opens the database, or makes it beside its place and moves it there when it is whole: a process
/// that dies while it makes one leaves nothing that the next has to understand.
pub(super) fn open_database(
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

/// Refuses what another version wrote.
pub(super) fn check_format(dir: &Path, notes: &Keyspace) -> Result<(), OpenError> {
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
