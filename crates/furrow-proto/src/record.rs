//! What stands in the log: interaction records, score updates, dead letters.
//!
//! Only Furrow itself writes these, so what does not decode is a record of
//! another version or a damaged one: an error, not a reject.

mod score;

use crate::rules::{RulesError, decode_rules, rules_hash};
use crate::v1;
use bytes::Bytes;
use furrow_core::control::{self, Scope};
use furrow_core::ids::{Epoch, Origin, Property, Tenant};
use furrow_core::output::ScoreUpdate;
use prost::Message;
use v1::interaction_record::Kind as Wire;

/// Why a record of the log cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The bytes are no such message.
    #[error("undecodable record")]
    Undecodable(#[from] prost::DecodeError),
    /// A kind of record that this version does not know.
    #[error("record of an unknown kind")]
    UnknownKind,
    /// A field holds what it cannot.
    #[error("record with a bad {0}")]
    BadField(&'static str),
}

/// A record of the interactions topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InteractionRecord {
    /// A client's batch.
    Batch(BatchRecord),
    /// Moves the watermark of a quiet partition.
    Tick {
        /// The writer's clock, ms since 1970.
        at_ms: i64,
    },
    /// Changes how sessions are scored.
    Control(Control),
}

/// A client's batch with what only the gateway knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchRecord {
    /// Who runs Furrow.
    pub tenant: Tenant,
    /// Which site or app.
    pub property: Property,
    /// The gateway's clock, ms since 1970.
    pub received_ms: i64,
    /// How it came in.
    pub entry: Entry,
    /// From the request's headers.
    pub client: ClientFacts,
    /// The client's bytes, untouched.
    pub batch: Bytes,
}

/// How a batch came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Entry {
    /// `IngestService.Publish`.
    Publish,
    /// `IngestService.Stream`.
    Stream,
    /// `POST /v1/beacon`.
    Beacon,
}

/// What a request's headers say of the client; empty where they say nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ClientFacts {
    /// Operating system family.
    pub os: Box<str>,
    /// Browser family.
    pub browser: Box<str>,
    /// A phone or tablet, as it says itself.
    pub mobile: bool,
    /// Names itself a robot or is a known one.
    pub automated: bool,
}

/// Changes how the sessions of its scope are scored, from its offset on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Control {
    /// The writer's clock, ms since 1970.
    pub at_ms: i64,
    /// Whose sessions.
    pub scope: Scope,
    /// Rises with every publication in the scope.
    pub number: u64,
    /// SHA-256 of the rules.
    pub hash: [u8; 32],
    /// A rule set in JSON.
    pub rules: Bytes,
}

impl Control {
    /// A record of these rules, which need not be checked yet.
    #[must_use]
    pub fn new(at_ms: i64, scope: Scope, number: u64, rules: Bytes) -> Control {
        Control {
            at_ms,
            scope,
            number,
            hash: rules_hash(&rules),
            rules,
        }
    }

    /// What the core folds.
    ///
    /// # Errors
    /// When the rules are not those that were hashed, or are none.
    pub fn checked(self) -> Result<control::Control, RulesError> {
        if self.hash != rules_hash(&self.rules) {
            return Err(RulesError::new(
                "hash",
                "the rules are not those of the hash",
            ));
        }
        Ok(control::Control {
            at_ms: self.at_ms,
            scope: self.scope,
            number: self.number,
            rules: decode_rules(&self.rules)?.into(),
            content: self.rules[..].into(),
        })
    }
}

impl From<control::Control> for Control {
    fn from(control: control::Control) -> Control {
        let rules = Bytes::copy_from_slice(&control.content);
        Control::new(control.at_ms, control.scope, control.number, rules)
    }
}

/// A record that could not be folded, with where it stood and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    /// Where it stood.
    pub origin: Origin,
    /// From the writer's closed set.
    pub reason: Box<str>,
    /// For people.
    pub detail: Box<str>,
    /// The record as it stood in the log.
    pub record: Bytes,
}

impl InteractionRecord {
    /// The record's bytes.
    #[must_use]
    pub fn encode(self) -> Bytes {
        let kind = match self {
            InteractionRecord::Batch(batch) => Wire::Batch(v1::BatchRecord {
                tenant: batch.tenant.0.to_string(),
                property: batch.property.0.to_string(),
                received_ms: batch.received_ms,
                entry: wire_entry(batch.entry).into(),
                client: Some(v1::ClientFacts {
                    os: batch.client.os.into(),
                    browser: batch.client.browser.into(),
                    mobile: batch.client.mobile,
                    automated: batch.client.automated,
                }),
                batch: batch.batch,
            }),
            InteractionRecord::Tick { at_ms } => Wire::Tick(v1::Tick { at_ms }),
            InteractionRecord::Control(control) => Wire::Control(v1::Control {
                number: control.number,
                hash: control.hash.to_vec(),
                rules: control.rules,
                tenant: control.scope.tenant.0.to_string(),
                property: control
                    .scope
                    .property
                    .map(|property| property.0.to_string()),
                at_ms: control.at_ms,
            }),
        };
        encoded(&v1::InteractionRecord { kind: Some(kind) })
    }

    /// Reads a record. The batch's bytes are shared, not copied.
    ///
    /// # Errors
    /// What [`RecordError`] says.
    pub fn decode(bytes: Bytes) -> Result<InteractionRecord, RecordError> {
        let record = v1::InteractionRecord::decode(bytes)?;
        Ok(match record.kind.ok_or(RecordError::UnknownKind)? {
            Wire::Batch(batch) => InteractionRecord::Batch(batch_record(batch)?),
            Wire::Tick(tick) => InteractionRecord::Tick { at_ms: tick.at_ms },
            Wire::Control(control) => InteractionRecord::Control(Control {
                at_ms: control.at_ms,
                scope: Scope {
                    tenant: Tenant(control.tenant.into()),
                    property: control.property.map(|property| Property(property.into())),
                },
                number: control.number,
                hash: control
                    .hash
                    .try_into()
                    .map_err(|_| RecordError::BadField("hash"))?,
                rules: control.rules,
            }),
        })
    }
}

fn batch_record(batch: v1::BatchRecord) -> Result<BatchRecord, RecordError> {
    let client = batch.client.unwrap_or_default();
    Ok(BatchRecord {
        tenant: Tenant(batch.tenant.into()),
        property: Property(batch.property.into()),
        received_ms: batch.received_ms,
        entry: match v1::Entry::try_from(batch.entry) {
            Ok(v1::Entry::Publish) => Entry::Publish,
            Ok(v1::Entry::Stream) => Entry::Stream,
            Ok(v1::Entry::Beacon) => Entry::Beacon,
            Ok(v1::Entry::Unspecified) | Err(_) => return Err(RecordError::BadField("entry")),
        },
        client: ClientFacts {
            os: client.os.into(),
            browser: client.browser.into(),
            mobile: client.mobile,
            automated: client.automated,
        },
        batch: batch.batch,
    })
}

fn wire_entry(entry: Entry) -> v1::Entry {
    match entry {
        Entry::Publish => v1::Entry::Publish,
        Entry::Stream => v1::Entry::Stream,
        Entry::Beacon => v1::Entry::Beacon,
    }
}

impl DeadLetter {
    /// The letter's bytes.
    #[must_use]
    pub fn encode(self) -> Bytes {
        encoded(&v1::DeadLetter {
            origin: Some(wire_origin(self.origin)),
            reason: self.reason.into(),
            detail: self.detail.into(),
            record: self.record,
        })
    }

    /// Reads a letter. The record's bytes are shared, not copied.
    ///
    /// # Errors
    /// What [`RecordError`] says.
    pub fn decode(bytes: Bytes) -> Result<DeadLetter, RecordError> {
        let letter = v1::DeadLetter::decode(bytes)?;
        Ok(DeadLetter {
            origin: origin(letter.origin)?,
            reason: letter.reason.into(),
            detail: letter.detail.into(),
            record: letter.record,
        })
    }
}

/// The bytes of a score update.
#[must_use]
pub fn encode_score_update(update: &ScoreUpdate) -> Bytes {
    encoded(&v1::ScoreUpdate::from(update))
}

/// Reads a score update.
///
/// # Errors
/// What [`RecordError`] says.
pub fn decode_score_update(bytes: &[u8]) -> Result<ScoreUpdate, RecordError> {
    v1::ScoreUpdate::decode(bytes)?.try_into()
}

fn encoded(message: &impl Message) -> Bytes {
    message.encode_to_vec().into()
}

fn wire_origin(origin: Origin) -> v1::Origin {
    v1::Origin {
        epoch: origin.epoch.0.into(),
        partition: origin.partition,
        offset: origin.offset,
    }
}

fn origin(origin: Option<v1::Origin>) -> Result<Origin, RecordError> {
    let origin = origin.ok_or(RecordError::BadField("origin"))?;
    if origin.offset >= 1 << 48 {
        return Err(RecordError::BadField("origin.offset"));
    }
    Ok(Origin {
        epoch: Epoch(
            u16::try_from(origin.epoch).map_err(|_| RecordError::BadField("origin.epoch"))?,
        ),
        partition: origin.partition,
        offset: origin.offset,
    })
}
