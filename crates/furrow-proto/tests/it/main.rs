//! The wire from outside.
//!
//! ```text
//! samples     batches and score updates to test with
//! refusals    what is refused, why, and at which field
//! encodings   all legal encodings mean the same
//! round_trip  nothing is lost; nothing panics
//! records     what stands in the log
//! json        JSON and binary mean the same
//! ingest      the service over a real connection
//! ```

#![allow(
    clippy::unwrap_used,
    reason = "a helper that fails is its test failing"
)]

mod encodings;
mod ingest;
mod json;
mod records;
mod refusals;
mod round_trip;
mod samples;
