//! From a record to what becomes of it.

use crate::place::{Place, Source};
use bytes::Bytes;
use furrow_core::ids::{Epoch, Origin, SessionKey};
use furrow_core::output::ScoreUpdate;
use furrow_core::time::LogTime;
use furrow_log::Stored;
use furrow_proto::decode::batch_identity;
use furrow_proto::record::{self, BatchRecord, Control, DeadLetter, InteractionRecord};
use furrow_store::{ArchivedBatch, BatchRow, PublishedRules, RuleSetRow};

/// What becomes of a record.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Reading {
    /// Rows of `sessions`, `signals`, `page_views` and `conversions`.
    Update(Box<ScoreUpdate>),
    /// A row of `batches`.
    Batch(Box<BatchRow>),
    /// A row of `rule_sets`.
    Rules(Box<RuleSetRow>),
    /// It says nothing that is stored: a tick.
    Nothing,
    /// It cannot be read, and nobody else will say so.
    Dead(Letter),
    /// It cannot be read; the scorer sends it to the dead letters.
    Skipped {
        /// For people.
        why: String,
    },
}

/// A dead letter under its record's key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Letter {
    pub(crate) key: Bytes,
    pub(crate) letter: DeadLetter,
}

/// The reason in dead letters of this crate.
const UNDECODABLE: &str = "undecodable";

/// Reads one record. `epoch` is the present life of the topics.
pub(crate) fn read(place: Place, epoch: Epoch, stored: &Stored) -> Reading {
    let origin = Origin {
        epoch,
        partition: place.partition.0,
        offset: stored.offset.0,
    };
    match place.source {
        Source::Scores => match record::decode_score_update(&stored.payload) {
            Ok(update) => Reading::Update(Box::new(update)),
            Err(error) => Reading::Dead(Letter {
                key: stored.key.clone(),
                letter: DeadLetter {
                    origin,
                    reason: UNDECODABLE.into(),
                    detail: format!("score update: {error}").into(),
                    record: stored.payload.clone(),
                },
            }),
        },
        Source::Interactions => match InteractionRecord::decode(stored.payload.clone()) {
            Ok(InteractionRecord::Batch(batch)) => archived(batch, origin, stored.append_time_ms),
            Ok(InteractionRecord::Control(control)) => published(control, stored.append_time_ms),
            Ok(InteractionRecord::Tick { .. }) => Reading::Nothing,
            Err(error) => Reading::Skipped {
                why: error.to_string(),
            },
        },
    }
}

/// The client's bytes are the archive: they need not decode as long as they
/// say whose they are.
fn archived(record: BatchRecord, origin: Origin, append_time_ms: i64) -> Reading {
    let Some(identity) = batch_identity(&record.batch) else {
        return Reading::Skipped {
            why: "batch without a readable session or sender".to_owned(),
        };
    };
    Reading::Batch(Box::new(BatchRow::from(ArchivedBatch {
        key: SessionKey {
            session: identity.session,
            tenant: record.tenant,
            property: record.property,
        },
        sender: identity.sender,
        sequence: identity.sequence,
        visitor: identity.visitor,
        origin,
        appended: LogTime(append_time_ms),
        received_ms: record.received_ms,
        entry: match record.entry {
            record::Entry::Publish => furrow_store::Entry::Publish,
            record::Entry::Stream => furrow_store::Entry::Stream,
            record::Entry::Beacon => furrow_store::Entry::Beacon,
        },
        payload: record.batch,
    })))
}

/// Rules that the scorer refuses were never in force.
fn published(record: Control, append_time_ms: i64) -> Reading {
    match record.clone().checked() {
        Ok(_) => Reading::Rules(Box::new(RuleSetRow::from(PublishedRules {
            scope: record.scope,
            number: record.number,
            hash: record.hash,
            rules: record.rules,
            appended: LogTime(append_time_ms),
        }))),
        Err(error) => Reading::Skipped {
            why: format!("bad rules: {error}"),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use furrow_core::control::Scope;
    use furrow_core::ids::{Property, SenderId, SessionId, Tenant};
    use furrow_log::{Offset, Partition};
    use furrow_proto::record::ClientFacts;

    fn place(source: Source) -> Place {
        Place {
            source,
            partition: Partition(3),
        }
    }

    fn stored(payload: Bytes) -> Stored {
        Stored {
            offset: Offset(70),
            append_time_ms: 1_750_000_000_000,
            key: Bytes::from_static(b"key"),
            payload,
        }
    }

    fn batch(bytes: &[u8]) -> Stored {
        let record = InteractionRecord::Batch(BatchRecord {
            tenant: Tenant("demo".into()),
            property: Property("shop".into()),
            received_ms: 1_749_999_999_990,
            entry: record::Entry::Beacon,
            client: ClientFacts::default(),
            batch: Bytes::copy_from_slice(bytes),
        });
        stored(record.encode())
    }

    /// Session 1, sender 3, sequence 5, and then bytes that are no field.
    fn broken_behind_its_identity() -> Vec<u8> {
        let mut bytes = vec![0x0a, 16];
        bytes.extend([1; 16]);
        bytes.extend([0x1a, 8]);
        bytes.extend([3; 8]);
        bytes.extend([0x20, 5, 0xff]);
        bytes
    }

    #[test]
    fn a_batch_that_does_not_decode_is_archived_as_far_as_its_identity_can_be_read() {
        let bytes = broken_behind_its_identity();
        let Reading::Batch(row) = read(place(Source::Interactions), Epoch(2), &batch(&bytes))
        else {
            panic!("it says whose it is");
        };
        let archived = ArchivedBatch::try_from(*row).unwrap();
        assert_eq!(archived.key.session, SessionId([1; 16]));
        assert_eq!(archived.sender, SenderId([3; 8]));
        assert_eq!(archived.sequence, 5);
        assert_eq!(archived.payload, bytes);
        assert_eq!(archived.entry, furrow_store::Entry::Beacon);
        let origin = Origin {
            epoch: Epoch(2),
            partition: 3,
            offset: 70,
        };
        assert_eq!(archived.origin, origin);
    }

    #[test]
    fn a_batch_without_identity_is_left_to_the_scorer() {
        let reading = read(place(Source::Interactions), Epoch(0), &batch(b"\xff"));
        assert!(matches!(reading, Reading::Skipped { .. }), "{reading:?}");
        let reading = read(
            place(Source::Interactions),
            Epoch(0),
            &stored(Bytes::from_static(b"\xff")),
        );
        assert!(matches!(reading, Reading::Skipped { .. }), "{reading:?}");
    }

    #[test]
    fn ticks_make_no_row() {
        let tick = InteractionRecord::Tick { at_ms: 1 }.encode();
        let reading = read(place(Source::Interactions), Epoch(0), &stored(tick));
        assert_eq!(reading, Reading::Nothing);
    }

    #[test]
    fn rules_make_a_row_and_those_that_the_scorer_refuses_none() {
        let scope = Scope {
            tenant: Tenant("demo".into()),
            property: None,
        };
        let control = Control::new(1, scope.clone(), 7, Bytes::from_static(b"{}"));
        let read_control = |control| {
            let record = InteractionRecord::Control(control).encode();
            read(place(Source::Interactions), Epoch(0), &stored(record))
        };
        let expected = RuleSetRow::from(PublishedRules {
            scope,
            number: 7,
            hash: control.hash,
            rules: Bytes::from_static(b"{}"),
            appended: LogTime(1_750_000_000_000),
        });
        let reading = read_control(control.clone());
        assert_eq!(reading, Reading::Rules(Box::new(expected)));
        let reading = read_control(Control {
            hash: [0; 32],
            ..control
        });
        assert!(matches!(reading, Reading::Skipped { .. }), "{reading:?}");
    }

    #[test]
    fn a_score_record_that_cannot_be_read_becomes_a_dead_letter_with_its_origin() {
        let payload = Bytes::from_static(b"\xff\xff");
        let Reading::Dead(letter) = read(place(Source::Scores), Epoch(4), &stored(payload.clone()))
        else {
            panic!("these bytes are no update");
        };
        assert_eq!(letter.key, "key");
        assert_eq!(&*letter.letter.reason, UNDECODABLE);
        assert_eq!(letter.letter.record, payload);
        assert_eq!(letter.letter.origin.partition, 3);
        assert_eq!(letter.letter.origin.offset, 70);
        assert_eq!(letter.letter.origin.epoch, Epoch(4));
    }
}
