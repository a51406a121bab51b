//! What goes on in a visitor: latent, and written down as the session's truth.
//!
//! Frustration and confusion lie within 0 to 1. What happens takes its share
//! of what is left to 1, so that neither is ever exceeded; time and success
//! take some of it back. Patience is used up: each fault is harder to bear
//! than the one before (a frustrated searcher tends to stay so: Feild and
//! Allan, 2009).

use crate::fault::Fault;

/// Frustration halves in so much time in which nothing happens, ms.
const FRUSTRATION_HALF_LIFE_MS: f64 = 180_000.0;
/// And confusion.
const CONFUSION_HALF_LIFE_MS: f64 = 60_000.0;
/// What a fault leaves of patience.
const PATIENCE_LEFT: f64 = 0.88;
/// What a success leaves of frustration and confusion.
const SUCCESS_LEAVES: f64 = 0.85;
/// A fault that is met again counts so much.
const AGAIN: f64 = 0.25;
/// Being lost costs time, and so a little temper.
const LOST_FRUSTRATES: f64 = 0.22;

/// A visitor's state of mind. Times are ms since the session's start.
#[derive(Debug, Clone)]
pub(crate) struct Mind {
    /// 0 to 1: how much they want to buy.
    pub(crate) intent: f64,
    patience: f64,
    savvy: f64,
    frustration: f64,
    confusion: f64,
    frustration_most: f64,
    confusion_most: f64,
    at_ms: u32,
}

impl Mind {
    pub(crate) fn new(intent: f64, patience: f64, savvy: f64) -> Mind {
        Mind {
            intent,
            patience,
            savvy,
            frustration: 0.0,
            confusion: 0.0,
            frustration_most: 0.0,
            confusion_most: 0.0,
            at_ms: 0,
        }
    }

    /// A fault stands in the way for the first time.
    pub(crate) fn meet(&mut self, fault: Fault, now_ms: u32) {
        self.settle(now_ms);
        self.vex(fault.frustrates());
        self.puzzle(fault.confuses());
        self.patience *= PATIENCE_LEFT;
    }

    /// A fault that is known stands in the way again.
    pub(crate) fn meet_again(&mut self, fault: Fault, now_ms: u32) {
        self.settle(now_ms);
        self.vex(AGAIN * fault.frustrates());
        self.puzzle(AGAIN * fault.confuses());
    }

    /// It is not plain how to go on.
    pub(crate) fn lose_the_way(&mut self, by: f64, now_ms: u32) {
        self.settle(now_ms);
        self.puzzle(by);
        self.vex(LOST_FRUSTRATES * by);
    }

    /// Something was achieved.
    pub(crate) fn succeed(&mut self, now_ms: u32) {
        self.settle(now_ms);
        self.frustration *= SUCCESS_LEAVES;
        self.confusion *= SUCCESS_LEAVES;
    }

    pub(crate) fn frustration(&mut self, now_ms: u32) -> f64 {
        self.settle(now_ms);
        self.frustration
    }

    pub(crate) fn confusion(&mut self, now_ms: u32) -> f64 {
        self.settle(now_ms);
        self.confusion
    }

    /// The highest frustration and confusion so far.
    pub(crate) fn most(&self) -> (f64, f64) {
        (self.frustration_most, self.confusion_most)
    }

    fn vex(&mut self, by: f64) {
        let hit = by * (0.7 + 0.9 * self.intent) * (1.5 - self.patience);
        self.frustration += (1.0 - self.frustration) * hit.clamp(0.0, 0.95);
        self.frustration_most = self.frustration_most.max(self.frustration);
    }

    fn puzzle(&mut self, by: f64) {
        let hit = by * (1.5 - self.savvy);
        self.confusion += (1.0 - self.confusion) * hit.clamp(0.0, 0.95);
        self.confusion_most = self.confusion_most.max(self.confusion);
    }

    fn settle(&mut self, now_ms: u32) {
        let since_ms = f64::from(now_ms.saturating_sub(self.at_ms));
        self.frustration *= libm::exp2(-since_ms / FRUSTRATION_HALF_LIFE_MS);
        self.confusion *= libm::exp2(-since_ms / CONFUSION_HALF_LIFE_MS);
        self.at_ms = self.at_ms.max(now_ms);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn frustration_halves_in_three_quiet_minutes_and_its_peak_stays() {
        let mut mind = Mind::new(0.5, 0.5, 0.5);
        mind.meet(Fault::ErrorControl, 1_000);
        let at_first = mind.frustration(1_000);
        let later = mind.frustration(181_000);
        assert!((later - at_first / 2.0).abs() < 1e-12);
        assert_eq!(mind.most().0, at_first);
    }

    #[test]
    fn the_same_fault_hurts_the_impatient_and_the_eager_more() {
        let after = |intent, patience| {
            let mut mind = Mind::new(intent, patience, 0.5);
            mind.meet(Fault::DeadControl, 0);
            mind.frustration(0)
        };
        assert!(after(0.5, 0.2) > after(0.5, 0.8));
        assert!(after(0.9, 0.5) > after(0.1, 0.5));
    }

    #[test]
    fn the_second_fault_is_harder_to_bear_than_the_first() {
        let mut mind = Mind::new(0.5, 0.6, 0.5);
        mind.meet(Fault::SlowPage, 0);
        let first = mind.frustration(0);
        mind.meet(Fault::SlowPage, 0);
        let share_of_rest = (mind.frustration(0) - first) / (1.0 - first);
        assert!(share_of_rest > first);
    }

    proptest! {
        #[test]
        fn no_course_of_events_leaves_the_range(
            events in prop::collection::vec((0..4_usize, 0..10_usize, 0..100_000_u32), 0..60),
            traits in (0.0..=1.0, 0.0..=1.0, 0.0..=1.0),
        ) {
            let mut mind = Mind::new(traits.0, traits.1, traits.2);
            let mut now_ms = 0;
            for (what, fault, after_ms) in events {
                now_ms += after_ms;
                let fault = Fault::ALL[fault];
                match what {
                    0 => mind.meet(fault, now_ms),
                    1 => mind.meet_again(fault, now_ms),
                    2 => mind.lose_the_way(0.3, now_ms),
                    _ => mind.succeed(now_ms),
                }
                for value in [mind.frustration(now_ms), mind.confusion(now_ms)] {
                    prop_assert!((0.0..=1.0).contains(&value));
                    prop_assert!(mind.most().0 <= 1.0 && mind.most().1 <= 1.0);
                }
                prop_assert!(mind.frustration(now_ms) <= mind.most().0);
            }
        }
    }
}
