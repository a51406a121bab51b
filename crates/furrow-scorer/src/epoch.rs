//! The life of the interactions topic, kept beside the snapshots.
//!
//! Row versions are `epoch << 48 | offset`. A topic that is created anew, or
//! with another number of partitions, begins its offsets anew, so its epoch
//! must be higher.

use furrow_core::ids::Epoch;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt, PutMode, PutOptions};
use serde::{Deserialize, Serialize};

const NAME: &str = "epoch.json";

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Life {
    epoch: u16,
    partitions: u32,
}

/// Why the epoch is not known.
#[derive(Debug, thiserror::Error)]
pub enum EpochError {
    /// The store does not answer.
    #[error("the snapshot store cannot be read")]
    Store(#[from] object_store::Error),
    /// What stands there is not an epoch.
    #[error("the snapshot store holds a damaged {NAME}")]
    Damaged(#[from] serde_json::Error),
    /// The topic was created anew.
    #[error(
        "the topic has {found} partitions, but its scores were computed with {recorded}; \
         repartitioning needs a new epoch"
    )]
    Repartitioned {
        /// Now.
        found: u32,
        /// When the epoch began.
        recorded: u32,
    },
}

/// The epoch in force. The first one is recorded when there is none.
///
/// # Errors
/// When the store does not answer, or the topic has another number of
/// partitions than when the epoch began.
pub async fn in_force(store: &dyn ObjectStore, partitions: u32) -> Result<Epoch, EpochError> {
    let path = Path::from(NAME);
    match store.get(&path).await {
        Ok(object) => {
            let life: Life = serde_json::from_slice(&object.bytes().await?)?;
            if life.partitions != partitions {
                return Err(EpochError::Repartitioned {
                    found: partitions,
                    recorded: life.partitions,
                });
            }
            Ok(Epoch(life.epoch))
        }
        Err(object_store::Error::NotFound { .. }) => {
            let life = Life {
                epoch: 1,
                partitions,
            };
            let bytes = serde_json::to_vec(&life)?;
            let options = PutOptions::from(PutMode::Create);
            match store.put_opts(&path, bytes.into(), options).await {
                Ok(_) => Ok(Epoch(life.epoch)),
                // Somebody else was faster; theirs holds.
                Err(object_store::Error::AlreadyExists { .. }) => {
                    Box::pin(in_force(store, partitions)).await
                }
                Err(error) => Err(error.into()),
            }
        }
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use object_store::memory::InMemory;

    #[tokio::test]
    async fn the_first_epoch_is_recorded_and_stays() {
        let store = InMemory::new();
        assert_eq!(in_force(&store, 8).await.unwrap(), Epoch(1));
        assert_eq!(in_force(&store, 8).await.unwrap(), Epoch(1));
    }

    #[tokio::test]
    async fn another_number_of_partitions_is_refused() {
        let store = InMemory::new();
        in_force(&store, 8).await.unwrap();
        assert!(matches!(
            in_force(&store, 4).await,
            Err(EpochError::Repartitioned {
                found: 4,
                recorded: 8
            })
        ));
    }
}
