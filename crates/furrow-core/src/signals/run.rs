//! A run: like things that happen again and again within a time.
//!
//! Until there are enough of them a window slides over them; from then on the
//! run goes on as long as the next one comes within the same time, and raises
//! what it has fired.

use super::firings::EVIDENCE_MAX;
use super::{Firing, FiringId, Firings, Moment, evidence, to_u32};
use crate::time::ClientTime;
use serde::{Deserialize, Serialize};

/// Moments that a run lists; later ones are counted. No rule asks for more.
pub(crate) const RUN_MAX: u32 = EVIDENCE_MAX as u32;

/// How many of them, within which time, make a run.
#[derive(Debug, Clone, Copy)]
pub(super) struct Enough {
    pub(super) count: u32,
    pub(super) span_ms: u32,
}

/// Moments that belong together, and what they fired; nothing while none has
/// come.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(super) struct Run(Option<Running>);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Running {
    /// Oldest first; at most [`RUN_MAX`], and at least one.
    moments: Vec<ClientTime>,
    /// How many came when the list was full, and the newest of them.
    further: Option<(u32, ClientTime)>,
    firing: Option<FiringId>,
}

impl Run {
    /// It happened once more. Tells whether that makes a run, or goes on with
    /// one.
    pub(super) fn one_more(&mut self, at: ClientTime, enough: Enough) -> bool {
        self.passed(at, enough.span_ms);
        let Some(running) = &mut self.0 else {
            self.0 = Some(Running {
                moments: vec![at],
                further: None,
                firing: None,
            });
            return enough.count <= 1;
        };
        let newest = running.newest().max(at);
        let span_ms = u64::from(enough.span_ms);
        if newest.since(at) > span_ms {
            // Another sender's clock, far behind: it belongs to no run.
            return false;
        }
        if running.firing.is_none() {
            running.moments.retain(|m| newest.since(*m) <= span_ms);
        }
        if running.moments.len() < RUN_MAX as usize {
            let place = running.moments.partition_point(|m| *m <= at);
            running.moments.insert(place, at);
        } else {
            let count = running.further.map_or(0, |(count, _)| count);
            running.further = Some((count.saturating_add(1), newest));
        }
        running.firing.is_some() || running.count() >= enough.count
    }

    /// Forgets a run that can no longer go on.
    pub(super) fn passed(&mut self, now: ClientTime, span_ms: u32) {
        if let Some(newest) = self.newest()
            && now.since(newest) > u64::from(span_ms)
        {
            self.0 = None;
        }
    }

    /// How often it has happened.
    pub(super) fn count(&self) -> u32 {
        self.0.as_ref().map_or(0, Running::count)
    }

    /// When it last happened.
    pub(super) fn newest(&self) -> Option<ClientTime> {
        self.0.as_ref().map(Running::newest)
    }

    /// From the first to the newest, s.
    pub(super) fn seconds(&self) -> f64 {
        let duration_ms = self.0.as_ref().map_or(0, Running::duration_ms);
        f64::from(duration_ms) / 1_000.0
    }

    /// Fires, or raises what it has fired, with its moments as evidence.
    pub(super) fn tell(&mut self, firing: Firing, moment: Moment<'_>, firings: &mut Firings) {
        let running = self.0.as_mut().expect("told after one_more");
        let firing = Firing {
            at: running.moments[0],
            duration_ms: running.duration_ms(),
            evidence_count: running.count(),
            evidence_at: evidence(&running.moments),
            ..firing
        };
        running.firing = Some(match running.firing {
            Some(id) => firings.raise(id, firing, moment.rules),
            None => firings.fire(firing, moment.rules),
        });
    }
}

impl Running {
    fn count(&self) -> u32 {
        let further = self.further.map_or(0, |(count, _)| count);
        to_u32(self.moments.len() as u64).saturating_add(further)
    }

    fn newest(&self) -> ClientTime {
        let further = self.further.map(|(_, newest)| newest);
        further.unwrap_or(self.moments[self.moments.len() - 1])
    }

    fn duration_ms(&self) -> u32 {
        to_u32(self.newest().since(self.moments[0]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENOUGH: Enough = Enough {
        count: 3,
        span_ms: 100,
    };

    fn runs(moments: &[i64]) -> Vec<bool> {
        let mut run = Run::default();
        moments
            .iter()
            .map(|at| run.one_more(ClientTime(*at), ENOUGH))
            .collect()
    }

    #[test]
    fn the_window_slides_until_there_are_enough() {
        assert_eq!(runs(&[0, 50, 100]), [false, false, true]);
        assert_eq!(runs(&[0, 50, 101]), [false, false, false]);
        assert_eq!(runs(&[0, 50, 101, 150]), [false, false, false, true]);
    }

    #[test]
    fn one_that_is_told_late_counts_where_it_belongs() {
        assert_eq!(runs(&[100, 0, 50]), [false, false, true]);
        assert_eq!(runs(&[200, 99, 150, 180]), [false, false, false, true]);
    }

    #[test]
    fn more_than_a_run_lists_are_counted() {
        let mut run = Run::default();
        for at in 0..1_000 {
            let enough = run.one_more(ClientTime(at), ENOUGH);
            let running = run.0.as_mut().expect("one has come");
            running.firing = enough.then_some(FiringId::Listed(0));
        }
        assert_eq!((run.count(), run.newest()), (1_000, Some(ClientTime(999))));
        let running = run.0.expect("they go on");
        assert_eq!(running.moments.len(), RUN_MAX as usize);
    }

    #[test]
    fn a_run_that_is_over_leaves_nothing() {
        let mut run = Run::default();
        run.one_more(ClientTime(0), ENOUGH);
        run.passed(ClientTime(100), 100);
        assert_eq!(run.count(), 1);
        run.passed(ClientTime(101), 100);
        assert_eq!(run, Run::default());
        assert_eq!(postcard::to_allocvec(&run).expect("it serializes").len(), 1);
    }
}
