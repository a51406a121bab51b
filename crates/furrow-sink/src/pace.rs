//! When to flush: soon after a quiet time, and then at most once in an
//! interval, so that load makes inserts larger and not more.

use std::time::Duration;
use tokio::time::Instant;

/// The moments that decide about the next flush.
#[derive(Debug)]
pub(crate) struct Pace {
    linger: Duration,
    flush_after: Duration,
    /// When the first record came that waits.
    waiting_since: Option<Instant>,
    /// When the last flush ended.
    ended: Option<Instant>,
}

impl Pace {
    pub(crate) fn new(linger: Duration, flush_after: Duration) -> Pace {
        Pace {
            linger,
            flush_after,
            waiting_since: None,
            ended: None,
        }
    }

    /// Records wait.
    pub(crate) fn waiting(&mut self, now: Instant) {
        self.waiting_since.get_or_insert(now);
    }

    /// No record waits any more: they are on their way, or another's.
    pub(crate) fn emptied(&mut self) {
        self.waiting_since = None;
    }

    /// A flush ended.
    pub(crate) fn flushed(&mut self, now: Instant) {
        self.ended = Some(now);
    }

    /// When the next flush is due; none while nothing waits.
    pub(crate) fn due(&self) -> Option<Instant> {
        let lingered = self.waiting_since? + self.linger;
        Some(match self.ended {
            Some(ended) => lingered.max(ended + self.flush_after),
            None => lingered,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn pace() -> (Pace, Instant) {
        (Pace::new(50 * MS, 500 * MS), Instant::now())
    }

    #[test]
    fn nothing_is_due_while_nothing_waits() {
        let (mut pace, start) = pace();
        assert_eq!(pace.due(), None);
        pace.waiting(start);
        pace.emptied();
        pace.flushed(start);
        assert_eq!(pace.due(), None);
    }

    #[test]
    fn the_first_row_after_a_quiet_time_lingers_only() {
        let (mut pace, start) = pace();
        pace.flushed(start);
        pace.waiting(start + 2_000 * MS);
        pace.waiting(start + 2_020 * MS);
        assert_eq!(pace.due(), Some(start + 2_050 * MS));
    }

    #[test]
    fn under_load_an_interval_lies_between_flushes() {
        let (mut pace, start) = pace();
        pace.waiting(start);
        assert_eq!(pace.due(), Some(start + 50 * MS));
        pace.emptied();
        pace.waiting(start + 60 * MS);
        pace.flushed(start + 80 * MS);
        assert_eq!(pace.due(), Some(start + 580 * MS));
    }
}
