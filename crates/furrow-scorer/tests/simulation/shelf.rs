//! Snapshots, with what may befall them: lost, torn, or of another fold
//! version.

use crate::draw::Draw;
use bytes::Bytes;
use furrow_core::explain::FOLD_VERSION;
use furrow_core::ids::Epoch;
use furrow_log::Partition;
use furrow_scorer::snapshot::{self, Found, Written};
use futures_util::{FutureExt, TryStreamExt};
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use std::collections::BTreeMap;

/// Which fold a scorer runs. Both compute the same, and neither reads the
/// other's states.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fold {
    This,
    Another,
}

/// The version under which the other fold's snapshots stand.
const ANOTHER_VERSION: u32 = FOLD_VERSION + 1;

/// What a publication comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Published {
    Whole,
    Torn,
    Lost,
}

/// Every snapshot that stands, by name.
#[derive(Default)]
pub(crate) struct Shelf(BTreeMap<String, Bytes>);

impl Shelf {
    pub(crate) fn find(&self, fold: Fold, partition: Partition, epoch: Epoch, end: u64) -> Found {
        let store = self.seen_by(fold);
        let found = snapshot::find(&store, partition, epoch, end).now_or_never();
        found.expect("memory answers at once").unwrap()
    }

    pub(crate) fn publish(&mut self, fold: Fold, written: Written, comes_to: Published) {
        if comes_to == Published::Lost {
            return;
        }
        let store = self.seen_by(fold);
        let published = snapshot::publish(&store, written).now_or_never();
        published.expect("memory answers at once").unwrap();
        let before = std::mem::take(&mut self.0);
        for (path, bytes) in all(&store) {
            let name = swapped(fold, &path);
            let is_torn = comes_to == Published::Torn && !before.contains_key(&name);
            let whole = bytes.len();
            let kept = if is_torn { whole * 2 / 3 } else { whole };
            self.0.insert(name, bytes.slice(..kept));
        }
    }

    /// Somebody deletes one of them, or the newest, or all.
    pub(crate) fn lose(&mut self, draw: &mut Draw) {
        match draw.below(4) {
            0 => self.0.clear(),
            1 => {
                self.0.pop_last();
            }
            _ if self.0.is_empty() => {}
            _ => {
                let name = self.0.keys().nth(draw.below(self.0.len()));
                let name = name.expect("it is one of them").clone();
                self.0.remove(&name);
            }
        }
    }

    /// The snapshots as the real code finds them.
    fn seen_by(&self, fold: Fold) -> InMemory {
        let store = InMemory::new();
        for (name, bytes) in &self.0 {
            let path = Path::from(swapped(fold, name));
            let put = store.put(&path, bytes.clone().into()).now_or_never();
            put.expect("memory answers at once").unwrap();
        }
        store
    }
}

/// For a scorer of the other fold, that one's version and this one's change
/// places.
fn swapped(fold: Fold, name: &str) -> String {
    let (place, version) = name.rsplit_once('/').expect("a version stands last");
    match fold {
        Fold::This => name.to_owned(),
        Fold::Another => {
            let version: u32 = version.parse().unwrap();
            let other = FOLD_VERSION + ANOTHER_VERSION - version;
            format!("{place}/{other}")
        }
    }
}

fn all(store: &InMemory) -> Vec<(String, Bytes)> {
    let listed = async {
        let metas: Vec<_> = store.list(None).try_collect().await?;
        let mut all = Vec::new();
        for meta in metas {
            let bytes = store.get(&meta.location).await?.bytes().await?;
            all.push((meta.location.to_string(), bytes));
        }
        Ok::<_, object_store::Error>(all)
    };
    let listed = listed.now_or_never().expect("memory answers at once");
    listed.unwrap()
}
