//! Waiting for what can be observed, with a bound.

use std::time::{Duration, Instant};

/// How often a condition is looked at.
const LOOK_INTERVAL: Duration = Duration::from_millis(20);

/// Waits until `condition` gives a value, and gives that value.
///
/// # Panics
/// When `bound` has passed first; the message names `what`.
#[track_caller]
pub fn until<T>(what: &str, bound: Duration, mut condition: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(value) = condition() {
            return value;
        }
        assert!(
            began.elapsed() < bound,
            "not within {} s: {what}",
            bound.as_secs_f32()
        );
        std::thread::sleep(LOOK_INTERVAL);
    }
}
