//! Core batches to bytes.
use furrow_core::interaction::Batch;

/// Encodes a batch, as a client would.
#[must_use]
pub fn encode_batch(_batch: &Batch) -> Vec<u8> {
    Vec::new()
}
