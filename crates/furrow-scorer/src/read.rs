//! From a record's bytes to what the core folds.

use bytes::Bytes;
use furrow_core::partition::{Record, TenantBatch};
use furrow_core::session::{ClientFacts, Received};
use furrow_proto::record::InteractionRecord;
use furrow_proto::{Limits, decode_batch};

/// What a record in the log may hold. What it means must not depend on a
/// setting, so these are fixed, and wider than any gateway's.
#[must_use]
pub fn log_limits() -> Limits {
    Limits {
        batch_bytes_max: 4 << 20,
        samples_max: 1 << 20,
        interactions_max: 1 << 17,
        targets_max: 1 << 15,
        attributes_max: 1 << 10,
        path_bytes_max: 64 << 10,
        selector_bytes_max: 64 << 10,
        text_bytes_max: 64 << 10,
        name_bytes_max: 64 << 10,
        ..Limits::default()
    }
}

/// The record, and for one that cannot be read, why.
#[must_use]
pub fn read(payload: &Bytes, limits: &Limits) -> (Record, Option<String>) {
    let record = match InteractionRecord::decode(payload.clone()) {
        Ok(record) => record,
        Err(error) => return (Record::Unreadable, Some(error.to_string())),
    };
    match record {
        InteractionRecord::Tick { at_ms } => (Record::Tick { at_ms }, None),
        InteractionRecord::Control(control) => match control.checked() {
            Ok(control) => (Record::Control(Box::new(control)), None),
            Err(error) => (Record::Unreadable, Some(format!("bad rules: {error}"))),
        },
        InteractionRecord::Batch(record) => match decode_batch(&record.batch, limits) {
            Ok(batch) => {
                let client = ClientFacts {
                    os: record.client.os,
                    browser: record.client.browser,
                    mobile: record.client.mobile,
                    automated: record.client.automated,
                };
                let batch = TenantBatch {
                    tenant: record.tenant,
                    property: record.property,
                    received: Received {
                        received_ms: record.received_ms,
                        client,
                        batch,
                    },
                };
                (Record::Batch(Box::new(batch)), None)
            }
            Err(reject) => (
                Record::Unreadable,
                Some(format!("{}: {}", reject.field, reject.detail)),
            ),
        },
    }
}
