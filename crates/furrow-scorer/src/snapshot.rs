//! One partition's state with its next offset, in an object store.
//!
//! A snapshot only saves time: deleting all of them changes no score. Its
//! name, `snapshots/PARTITION/EPOCH/NEXT_OFFSET/FOLD_VERSION`, is created once
//! and never overwritten. The object is a line of JSON, which every version
//! can read, and the state, which only its own fold version reads.

use crate::header::Header;
use bytes::Bytes;
use furrow_core::beginning::Beginning;
use furrow_core::explain::FOLD_VERSION;
use furrow_core::ids::Epoch;
use furrow_core::partition::PartitionState;
use furrow_log::Partition;
use futures_util::TryStreamExt;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt, PutMode, PutOptions};
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// Snapshots that stand per partition; older ones go.
pub const KEPT: usize = 2;

/// Why a snapshot could not be written or found.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// The store does not answer.
    #[error("the snapshot store does not answer")]
    Store(#[from] object_store::Error),
    /// The state does not serialize: a bug.
    #[error("a state cannot be written")]
    State(#[from] postcard::Error),
    /// The header does not serialize: a bug.
    #[error("a snapshot's header cannot be written")]
    Header(#[from] serde_json::Error),
    /// The log ends before records that were folded already.
    #[error(
        "partition {partition} ends at {end}, but a snapshot tells of its records up to {next}"
    )]
    Beyond {
        /// The partition.
        partition: Partition,
        /// The snapshot's next offset.
        next: u64,
        /// The log's.
        end: u64,
    },
}

/// Where snapshots and the epoch are kept.
pub type Snapshots = Arc<dyn ObjectStore>;

/// What the newest snapshots offer a new owner.
#[derive(Debug, PartialEq)]
pub enum Found {
    /// The state itself.
    State(Box<PartitionState>),
    /// Only where to begin, from another fold version.
    ReplayFrom(Box<Beginning>),
    /// Nothing.
    Nothing,
}

/// A state written down, to be published when its outputs are durable.
#[derive(Debug)]
pub struct Written {
    path: Path,
    bytes: Bytes,
    /// Outputs of all records before this must be durable first.
    pub next_offset: u64,
}

/// Writes a state down.
///
/// # Errors
/// When it does not serialize.
pub fn write(state: &PartitionState, partition: Partition) -> Result<Written, SnapshotError> {
    let body = postcard::to_allocvec(state)?;
    let header = Header::new(state.beginning(), hex(&Sha256::digest(&body)));
    let mut bytes = serde_json::to_vec(&header)?;
    bytes.push(b'\n');
    bytes.extend_from_slice(&body);
    let next_offset = state.next_offset();
    // Padded, so that names sort as offsets do.
    let path = folder(partition, state.epoch())
        .join(format!("{next_offset:020}"))
        .join(FOLD_VERSION.to_string());
    Ok(Written {
        path,
        bytes: bytes.into(),
        next_offset,
    })
}

/// Publishes a snapshot and removes those that two newer ones replace.
///
/// # Errors
/// When the store does not answer. Nothing is lost: the next one is tried.
pub async fn publish(store: &dyn ObjectStore, written: Written) -> Result<(), SnapshotError> {
    let options = PutOptions::from(PutMode::Create);
    match store
        .put_opts(&written.path, written.bytes.into(), options)
        .await
    {
        Ok(_) | Err(object_store::Error::AlreadyExists { .. }) => {}
        Err(error) => return Err(error.into()),
    }
    let parts: Vec<_> = written.path.parts().collect();
    let folder = Path::from_iter(parts[..parts.len() - 2].iter().cloned());
    for old in newest_first(store, &folder).await?.into_iter().skip(KEPT) {
        match store.delete(&old).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// The newest state of this fold version, else where the newest snapshot of
/// another begins. Damaged ones are passed over.
///
/// # Errors
/// When the store does not answer, or a snapshot lies beyond `end`: the log is
/// not the one that it was taken of.
pub async fn find(
    store: &dyn ObjectStore,
    partition: Partition,
    epoch: Epoch,
    end: u64,
) -> Result<Found, SnapshotError> {
    let mut begin = Found::Nothing;
    for path in newest_first(store, &folder(partition, epoch)).await? {
        if let Some(next) = next_offset(&path).filter(|next| *next > end) {
            return Err(SnapshotError::Beyond {
                partition,
                next,
                end,
            });
        }
        let bytes = match store.get(&path).await {
            Ok(object) => object.bytes().await?,
            Err(object_store::Error::NotFound { .. }) => continue,
            Err(error) => return Err(error.into()),
        };
        let own = path.filename() == Some(FOLD_VERSION.to_string().as_str());
        match parse(&bytes, own) {
            Some(found @ Found::State(_)) => return Ok(found),
            Some(found @ Found::ReplayFrom(_)) if begin == Found::Nothing => begin = found,
            Some(Found::ReplayFrom(_) | Found::Nothing) => {}
            None => tracing::warn!(%path, "damaged snapshot passed over"),
        }
    }
    Ok(begin)
}

/// Sessions that are open at the end of a partition; none when no snapshot was
/// taken there, and so nobody knows.
///
/// # Errors
/// As [`find`].
pub async fn open_sessions(
    store: &dyn ObjectStore,
    partition: Partition,
    epoch: Epoch,
    end: u64,
) -> Result<Option<usize>, SnapshotError> {
    if end == 0 {
        return Ok(Some(0));
    }
    let open = match find(store, partition, epoch, end).await? {
        Found::State(state) if state.next_offset() == end => Some(state.open_sessions()),
        Found::State(_) | Found::ReplayFrom(_) | Found::Nothing => None,
    };
    Ok(open)
}

/// The next offset that a snapshot's name tells.
fn next_offset(path: &Path) -> Option<u64> {
    let parts: Vec<_> = path.parts().collect();
    parts
        .get(parts.len().checked_sub(2)?)?
        .as_ref()
        .parse()
        .ok()
}

fn parse(bytes: &[u8], own: bool) -> Option<Found> {
    let line = bytes.iter().position(|b| *b == b'\n')?;
    let (header, body) = (&bytes[..line], &bytes[line + 1..]);
    let header: Header = serde_json::from_slice(header).ok()?;
    if hex(&Sha256::digest(body)) != header.hash {
        return None;
    }
    if !own {
        return Some(Found::ReplayFrom(Box::new(header.beginning())));
    }
    let state: PartitionState = postcard::from_bytes(body).ok()?;
    Some(Found::State(Box::new(state.restored())))
}

fn folder(partition: Partition, epoch: Epoch) -> Path {
    Path::from(format!("snapshots/{}/{}", partition.0, epoch.0))
}

async fn newest_first(
    store: &dyn ObjectStore,
    folder: &Path,
) -> Result<Vec<Path>, object_store::Error> {
    let mut paths: Vec<Path> = store
        .list(Some(folder))
        .map_ok(|meta| meta.location)
        .try_collect()
        .await?;
    paths.sort_unstable_by(|a, b| b.as_ref().cmp(a.as_ref()));
    Ok(paths)
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut text, b| {
        write!(text, "{b:02x}").expect("a string takes everything");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use furrow_core::partition::{ALLOWED_LATENESS_MS, Record};
    use furrow_core::time::LogTime;
    use object_store::memory::InMemory;

    const PARTITION: Partition = Partition(3);

    fn state(ticks: u64) -> PartitionState {
        let mut state = PartitionState::new(Epoch(1), 3, 0, ALLOWED_LATENESS_MS);
        for offset in 0..ticks {
            let at_ms = i64::try_from(offset).unwrap();
            let _ = state.fold(offset, LogTime(at_ms), Record::Tick { at_ms });
        }
        state
    }

    async fn published(store: &InMemory, ticks: u64) -> PartitionState {
        let state = state(ticks);
        publish(store, write(&state, PARTITION).unwrap())
            .await
            .unwrap();
        state
    }

    #[tokio::test]
    async fn the_newest_state_is_found() {
        let store = InMemory::new();
        published(&store, 9).await;
        let newest = published(&store, 10).await;
        let found = find(&store, PARTITION, Epoch(1), 10).await.unwrap();
        assert_eq!(found, Found::State(Box::new(newest)));
    }

    #[tokio::test]
    async fn a_state_beyond_the_end_of_the_log_is_of_another_log() {
        let store = InMemory::new();
        published(&store, 9).await;
        published(&store, 10).await;
        let refused = find(&store, PARTITION, Epoch(1), 9).await.unwrap_err();
        let told = refused.to_string();
        assert_eq!(
            told,
            "partition 3 ends at 9, but a snapshot tells of its records up to 10"
        );
    }

    #[tokio::test]
    async fn open_sessions_are_known_only_at_the_end() {
        let store = InMemory::new();
        let open = async |end| {
            open_sessions(&store, PARTITION, Epoch(1), end)
                .await
                .unwrap()
        };
        assert_eq!(open(0).await, Some(0));
        assert_eq!(open(9).await, None);
        published(&store, 9).await;
        assert_eq!(open(9).await, Some(0));
        assert_eq!(open(10).await, None);
    }

    #[tokio::test]
    async fn two_stand_and_older_ones_go() {
        let store = InMemory::new();
        for ticks in 1..=5 {
            published(&store, ticks).await;
        }
        let left = newest_first(&store, &folder(PARTITION, Epoch(1)))
            .await
            .unwrap();
        assert_eq!(left.len(), KEPT);
        assert!(left[0].as_ref().contains("00005"), "{left:?}");
    }

    #[tokio::test]
    async fn a_damaged_one_is_passed_over_for_an_older_one() {
        let store = InMemory::new();
        let older = published(&store, 1).await;
        let mut torn = write(&state(2), PARTITION).unwrap();
        torn.bytes = torn.bytes.slice(..torn.bytes.len() - 1);
        publish(&store, torn).await.unwrap();
        let found = find(&store, PARTITION, Epoch(1), 9).await.unwrap();
        assert_eq!(found, Found::State(Box::new(older)));
    }

    #[tokio::test]
    async fn one_of_another_fold_version_says_only_where_to_begin() {
        let store = InMemory::new();
        let mut other = write(&state(7), PARTITION).unwrap();
        other.path = folder(PARTITION, Epoch(1))
            .join(format!("{:020}", 7))
            .join("999");
        publish(&store, other).await.unwrap();
        let found = find(&store, PARTITION, Epoch(1), 9).await.unwrap();
        assert_eq!(found, Found::ReplayFrom(Box::new(state(7).beginning())));
        assert_eq!(state(7).beginning().offset, 7);
    }

    #[tokio::test]
    async fn another_epoch_offers_nothing() {
        let store = InMemory::new();
        published(&store, 1).await;
        assert_eq!(
            find(&store, PARTITION, Epoch(2), 9).await.unwrap(),
            Found::Nothing
        );
    }
}
