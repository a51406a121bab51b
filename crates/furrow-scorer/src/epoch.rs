//! The life of the interactions topic, kept beside the snapshots.
//!
//! Row versions are `epoch << 48 | offset`. A topic that is created anew
//! begins its offsets anew, so its epoch must be higher. Making a topic anew
//! is begun and ended here, so that one that was cut short is seen.

use furrow_core::ids::Epoch;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt, PutMode, PutOptions};
use serde::{Deserialize, Serialize};

const NAME: &str = "epoch.json";

/// One life of the topic, as it is recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Life {
    epoch: u16,
    /// How many partitions it has, or is to have.
    pub partitions: u32,
    /// How far it has come.
    #[serde(default)]
    pub stage: Stage,
}

impl Life {
    /// Its number.
    #[must_use]
    pub fn epoch(&self) -> Epoch {
        Epoch(self.epoch)
    }
}

/// How far a life has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// The topic is there.
    #[default]
    InForce,
    /// The topic of the epoch before goes, and that of this one is made.
    Making,
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
    /// There is none.
    #[error(
        "the snapshot store holds no {NAME}: run `furrow migrate` first, or name the store that it \
         was run with"
    )]
    Unrecorded,
    /// The topic was created anew.
    #[error(
        "the topic has {found} partitions, but its scores were computed with {recorded}; only \
         `furrow migrate --partitions` may change that, and `furrow migrate --adopt` takes the \
         topic as it is"
    )]
    Repartitioned {
        /// Now.
        found: u32,
        /// When the epoch began.
        recorded: u32,
    },
    /// The topic is being made anew.
    #[error(
        "the topic is being made anew with {partitions} partitions: wait for `furrow migrate`, or \
         run `furrow migrate --partitions {partitions}` again if it was cut short"
    )]
    Making {
        /// How many it is to have.
        partitions: u32,
    },
    /// No higher epoch can be written.
    #[error("epoch {} is the last one", .0.0)]
    Last(Epoch),
}

/// The epoch in force.
///
/// # Errors
/// When the store does not answer or holds none, when the topic is being made
/// anew, or has another number of partitions than when the epoch began.
pub async fn in_force(store: &dyn ObjectStore, partitions: u32) -> Result<Epoch, EpochError> {
    let life = recorded(store).await?;
    match life.stage {
        Stage::Making => Err(EpochError::Making {
            partitions: life.partitions,
        }),
        Stage::InForce if life.partitions != partitions => Err(EpochError::Repartitioned {
            found: partitions,
            recorded: life.partitions,
        }),
        Stage::InForce => Ok(Epoch(life.epoch)),
    }
}

/// The epoch in force; the first one is recorded when there is none.
///
/// # Errors
/// As [`in_force`].
pub async fn begin(store: &dyn ObjectStore, partitions: u32) -> Result<Epoch, EpochError> {
    let life = Life {
        epoch: 1,
        partitions,
        stage: Stage::InForce,
    };
    let options = PutOptions::from(PutMode::Create);
    let bytes = serde_json::to_vec(&life)?;
    match in_force(store, partitions).await {
        Err(EpochError::Unrecorded) => {}
        known => return known,
    }
    match store
        .put_opts(&Path::from(NAME), bytes.into(), options)
        .await
    {
        Ok(_) => Ok(Epoch(life.epoch)),
        // Somebody else was faster; theirs holds.
        Err(object_store::Error::AlreadyExists { .. }) => in_force(store, partitions).await,
        Err(error) => Err(error.into()),
    }
}

/// Raises the epoch for a topic that is about to be made anew; until
/// [`made`], no role starts. One that was raised and not made stays.
///
/// # Errors
/// When the store does not answer or holds none.
pub async fn raise(store: &dyn ObjectStore, partitions: u32) -> Result<Epoch, EpochError> {
    let life = recorded(store).await?;
    let epoch = match life.stage {
        Stage::Making => life.epoch,
        Stage::InForce => life
            .epoch
            .checked_add(1)
            .ok_or(EpochError::Last(Epoch(life.epoch)))?,
    };
    let stage = Stage::Making;
    write(
        store,
        Life {
            epoch,
            partitions,
            stage,
        },
    )
    .await
}

/// Says that the topic of a raised epoch stands.
///
/// # Errors
/// When the store does not answer or holds none.
pub async fn made(store: &dyn ObjectStore) -> Result<Epoch, EpochError> {
    let life = recorded(store).await?;
    let stage = Stage::InForce;
    write(store, Life { stage, ..life }).await
}

/// The life that is recorded, whatever the topic is.
///
/// # Errors
/// When the store does not answer or holds none.
pub async fn recorded(store: &dyn ObjectStore) -> Result<Life, EpochError> {
    match store.get(&Path::from(NAME)).await {
        Ok(object) => Ok(serde_json::from_slice(&object.bytes().await?)?),
        Err(object_store::Error::NotFound { .. }) => Err(EpochError::Unrecorded),
        Err(error) => Err(error.into()),
    }
}

async fn write(store: &dyn ObjectStore, life: Life) -> Result<Epoch, EpochError> {
    let bytes = serde_json::to_vec(&life)?;
    store.put(&Path::from(NAME), bytes.into()).await?;
    Ok(Epoch(life.epoch))
}

#[cfg(test)]
mod tests {
    use super::*;
    use object_store::memory::InMemory;

    #[tokio::test]
    async fn the_first_epoch_is_recorded_and_stays() {
        let store = InMemory::new();
        assert_eq!(begin(&store, 8).await.unwrap(), Epoch(1));
        assert_eq!(begin(&store, 8).await.unwrap(), Epoch(1));
        assert_eq!(in_force(&store, 8).await.unwrap(), Epoch(1));
    }

    #[tokio::test]
    async fn a_role_records_no_epoch() {
        let store = InMemory::new();
        let refused = in_force(&store, 8).await.unwrap_err();
        assert!(matches!(refused, EpochError::Unrecorded));
        assert!(matches!(
            raise(&store, 8).await,
            Err(EpochError::Unrecorded)
        ));
    }

    #[tokio::test]
    async fn another_number_of_partitions_is_refused() {
        let store = InMemory::new();
        begin(&store, 8).await.unwrap();
        for refused in [begin(&store, 4).await, in_force(&store, 4).await] {
            assert!(matches!(
                refused,
                Err(EpochError::Repartitioned {
                    found: 4,
                    recorded: 8
                })
            ));
        }
    }

    #[tokio::test]
    async fn a_topic_made_anew_has_a_higher_epoch_once_it_is_made() {
        let store = InMemory::new();
        begin(&store, 8).await.unwrap();
        assert_eq!(raise(&store, 16).await.unwrap(), Epoch(2));
        for partitions in [8, 16] {
            let refused = in_force(&store, partitions).await.unwrap_err();
            assert!(matches!(refused, EpochError::Making { partitions: 16 }));
        }
        // Cut short and done again, with other partitions.
        assert_eq!(raise(&store, 32).await.unwrap(), Epoch(2));
        assert_eq!(made(&store).await.unwrap(), Epoch(2));
        assert_eq!(in_force(&store, 32).await.unwrap(), Epoch(2));
    }

    #[tokio::test]
    async fn an_epoch_that_an_earlier_version_wrote_is_in_force() {
        let store = InMemory::new();
        let written = r#"{"epoch":3,"partitions":8}"#;
        store.put(&Path::from(NAME), written.into()).await.unwrap();
        assert_eq!(in_force(&store, 8).await.unwrap(), Epoch(3));
    }
}
