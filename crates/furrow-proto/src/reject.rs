//! Why input is refused: a closed set, and the field at fault.

use std::fmt;

/// A refused batch: the reason, the field at fault and words for people.
/// Neither field nor detail repeats what the client sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason} at {field}: {detail}")]
pub struct Reject {
    /// From the closed set.
    pub reason: RejectReason,
    /// The field at fault.
    pub field: FieldPath,
    /// For people.
    pub detail: String,
}

impl Reject {
    /// A reject at a field of the message being checked.
    #[must_use]
    pub fn new(reason: RejectReason, field: &str, detail: impl Into<String>) -> Reject {
        Reject {
            reason,
            field: FieldPath(field.to_owned()),
            detail: detail.into(),
        }
    }

    /// The same reject, seen from the message that holds this one as `field`.
    #[must_use]
    pub fn under(mut self, field: &str) -> Reject {
        self.field = self.field.under(field);
        self
    }

    /// The same reject, seen from the message that holds this one as element
    /// `index` of `field`.
    #[must_use]
    pub fn under_index(mut self, field: &str, index: usize) -> Reject {
        self.field = self.field.under(&format!("{field}[{index}]"));
        self
    }
}

/// Path of a field from the batch, such as `interactions[3].press.target`;
/// empty for the batch itself.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FieldPath(String);

impl FieldPath {
    /// The path as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn under(self, field: &str) -> FieldPath {
        if self.0.is_empty() {
            FieldPath(field.to_owned())
        } else {
            FieldPath(format!("{field}.{}", self.0))
        }
    }
}

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_empty() { "batch" } else { &self.0 })
    }
}

macro_rules! reject_reasons {
    ($($(#[$doc:meta])* $variant:ident = $name:literal),+ $(,)?) => {
        /// The reasons that exist. Names are stable: they stand in errors,
        /// metrics and dead letters.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum RejectReason { $($(#[$doc])* $variant),+ }

        impl RejectReason {
            /// Every reason.
            pub const ALL: &[RejectReason] = &[$(RejectReason::$variant),+];

            /// Its stable name, in snake case.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(RejectReason::$variant => $name),+ }
            }
        }
    };
}

reject_reasons! {
    /// The bytes are no message of this type.
    Malformed = "malformed",
    /// The encoded batch is larger than `batch_bytes_max`.
    BatchTooLarge = "batch_too_large",
    /// More than `interactions_max`.
    TooManyInteractions = "too_many_interactions",
    /// More than `targets_max`.
    TooManyTargets = "too_many_targets",
    /// More than `samples_max` in all paths together.
    TooManySamples = "too_many_samples",
    /// A custom interaction with more than `attributes_max`.
    TooManyAttributes = "too_many_attributes",
    /// A text above its limit.
    StringTooLong = "string_too_long",
    /// A field that must be there is not.
    MissingField = "missing_field",
    /// An id of the wrong length.
    BadIdLength = "bad_id_length",
    /// The session id is no `UUIDv7`.
    SessionIdNotV7 = "session_id_not_v7",
    /// Columns of one path differ in length.
    ColumnsUnequal = "columns_unequal",
    /// Deltas add up to more than a time, a position or a unit vector holds.
    DeltaSumOutOfRange = "delta_sum_out_of_range",
    /// An index that names no target.
    TargetIndexOutOfRange = "target_index_out_of_range",
    /// A value that this version does not know, where it needs one.
    UnknownEnumValue = "unknown_enum_value",
    /// A number or a text outside what its field means.
    ValueOutOfRange = "value_out_of_range",
    /// A time that cannot be true: before 1970, sent before begun, too long
    /// before receipt or after it.
    TimeOutOfRange = "time_out_of_range",
}

impl fmt::Display for RejectReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
