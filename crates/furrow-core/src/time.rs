//! Two clocks that must never meet: the client's and the log's.

use serde::{Deserialize, Serialize};

/// A moment on a client's clock: ms since 1970, monotonic within one sender.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct ClientTime(pub i64);

impl ClientTime {
    /// ms from `earlier` to this; 0 when it lies before.
    #[must_use]
    pub fn since(self, earlier: ClientTime) -> u64 {
        u64::try_from(self.0 - earlier.0).unwrap_or(0)
    }

    /// The moment `ms` later; negative for earlier.
    #[must_use]
    pub fn plus(self, ms: i64) -> ClientTime {
        ClientTime(self.0 + ms)
    }
}

/// A moment of the log: ms since 1970, as append times and watermarks tell it.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct LogTime(pub i64);

impl LogTime {
    /// The moment `ms` later.
    #[must_use]
    pub fn plus(self, ms: i64) -> LogTime {
        LogTime(self.0 + ms)
    }
}
