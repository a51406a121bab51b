//! Bytes to core batches, checked.
use crate::limits::Limits;
use crate::reject::Reject;
use furrow_core::interaction::Batch;

/// Decodes and checks an encoded batch.
///
/// # Errors
/// The first fault found, with its field.
pub fn decode_batch(_bytes: &[u8], _limits: &Limits) -> Result<Batch, Reject> {
    Err(Reject::new(
        crate::reject::RejectReason::Malformed,
        "",
        "not built yet",
    ))
}

/// Checks a batch's times against the clock of the gateway that received it.
///
/// # Errors
/// `time_out_of_range` with the field.
pub fn check_times(_batch: &Batch, _received_ms: i64, _limits: &Limits) -> Result<(), Reject> {
    Ok(())
}
