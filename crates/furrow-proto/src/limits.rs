//! What a batch may hold. Every limit is configurable, and exceeding each has
//! its reject reason.

use serde::{Deserialize, Serialize};

/// The limits that a batch is checked against. Sizes are bytes of UTF-8,
/// times ms, lengths px.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Size of the encoded batch, after decompression.
    pub batch_bytes_max: usize,
    /// Samples in all paths of a batch.
    pub samples_max: usize,
    /// Interactions in a batch, known and unknown.
    pub interactions_max: usize,
    /// Targets in a batch.
    pub targets_max: usize,
    /// Attributes of one custom interaction.
    pub attributes_max: usize,
    /// A page's path.
    pub path_bytes_max: usize,
    /// A target's selector.
    pub selector_bytes_max: usize,
    /// Labels, identities, hosts, attribute texts.
    pub text_bytes_max: usize,
    /// Names: page groups, families, kinds, experiments, attributes.
    pub name_bytes_max: usize,
    /// Any one duration, one path, and a whole batch from its origin.
    pub span_ms_max: u32,
    /// Distance of any position from 0, also while deltas are summed.
    pub position_px_max: i32,
    /// Any count or number: sequence, press number, corrections.
    pub count_max: u32,
    /// Absolute value of a conversion, minor units.
    pub value_minor_max: i64,
    /// How long before receipt an interaction may lie.
    pub interaction_age_ms_max: i64,
    /// How long before receipt a session may have been created.
    pub session_age_ms_max: i64,
    /// How long after receipt anything may lie.
    pub ahead_ms_max: i64,
}

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;

impl Default for Limits {
    fn default() -> Self {
        Limits {
            batch_bytes_max: 256 * 1024,
            samples_max: 5_000,
            interactions_max: 500,
            targets_max: 200,
            attributes_max: 16,
            path_bytes_max: 1_024,
            selector_bytes_max: 512,
            text_bytes_max: 256,
            name_bytes_max: 128,
            span_ms_max: 24 * 60 * MINUTE_MS as u32,
            position_px_max: 1 << 26,
            count_max: 1 << 24,
            value_minor_max: 1_000_000_000_000_000,
            interaction_age_ms_max: 24 * HOUR_MS,
            session_age_ms_max: 48 * HOUR_MS,
            ahead_ms_max: 5 * MINUTE_MS,
        }
    }
}
