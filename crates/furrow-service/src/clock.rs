//! This process's clock. It decides when something is done and what people are
//! shown, never what anything scores.

use std::time::{SystemTime, UNIX_EPOCH};

/// Now, ms since 1970; 0 on a clock that stands before that.
#[must_use]
pub fn now_ms() -> i64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since.as_millis()).expect("the year is before 292 million")
}
