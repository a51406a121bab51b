//! Leaving the window and coming back, again and again.
//!
//! A switch of tab tells both focus and visibility, in whichever order the
//! platform likes. What counts is whether the visitor went or came: the second
//! telling of the same says nothing new.

use super::run::{Enough, RUN_MAX, Run};
use super::{Firing, Firings, Moment, SignalKind, milli};
use crate::interaction::{Interaction, Kind};
use crate::rules::{TIME_MAX_MS, section};
use crate::time::ClientTime;
use serde::{Deserialize, Serialize};

section! {
    /// Thresholds of leaving the window.
    FocusRules {
        /// Fewest changes of focus or visibility.
        flips_min: u32 = 4, in 2..=RUN_MAX;
        /// They lie within this time.
        span_ms: u32 = 30_000, in 1..=TIME_MAX_MS;
    }
}

/// One sender's comings and goings.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct FocusDetector {
    away: bool,
    run: Run,
}

impl FocusDetector {
    /// Looks at an interaction.
    pub fn observe(
        &mut self,
        interaction: &Interaction,
        moment: Moment<'_>,
        firings: &mut Firings,
    ) {
        self.run.passed(interaction.at, moment.rules.focus.span_ms);
        let here = match interaction.kind {
            Kind::Focus { gained } => gained,
            Kind::Visibility { visible } => visible,
            _ => return,
        };
        if self.away == here {
            self.away = !here;
            self.flipped(interaction.at, moment, firings);
        }
    }

    fn flipped(&mut self, at: ClientTime, moment: Moment<'_>, firings: &mut Firings) {
        let rules = &moment.rules.focus;
        let enough = Enough {
            count: rules.flips_min,
            span_ms: rules.span_ms,
        };
        if !self.run.one_more(at, enough) {
            return;
        }
        let count = self.run.count();
        let firing = Firing {
            // Twice away and back is a beginning; each further change adds.
            intensity_milli: milli(0.5 + 0.1 * f64::from(count.saturating_sub(rules.flips_min))),
            reason: format!(
                "left the window or came back {count} times in {:.1} s",
                self.run.seconds()
            )
            .into(),
            ..moment.firing(SignalKind::FocusFlapping, at)
        };
        self.run.tell(firing, moment, firings);
    }
}

#[cfg(test)]
mod tests {
    use crate::signals::SignalKind::FocusFlapping;
    use crate::signals::script::{check_only, found};

    #[track_caller]
    fn check(text: &str, expected: &str) {
        check_only(&[FocusFlapping], text, expected);
    }

    #[test]
    fn going_and_coming_twice_within_thirty_seconds_is_flapping() {
        check(
            "window 0 lost; window 9000 gained; window 20000 lost; window 30000 gained",
            "focus_flapping@0x4",
        );
        check(
            "window 0 lost; window 9000 gained; window 20000 lost; window 30001 gained",
            "",
        );
        check(
            "window 0 hidden; window 5000 shown; window 9000 hidden; window 12000 shown",
            "focus_flapping@0x4",
        );
    }

    #[test]
    fn three_changes_are_nothing() {
        check("window 0 lost; window 9000 gained; window 20000 lost", "");
    }

    #[test]
    fn a_switch_of_tab_that_tells_focus_and_visibility_counts_once() {
        let there_and_back =
            "window 0 lost; window 5 hidden; window 4000 shown; window 4005 gained;";
        check(there_and_back, "");
        check(
            &format!(
                "{there_and_back} window 8000 hidden; window 8001 lost; window 9000 gained; window 9001 shown"
            ),
            "focus_flapping@0x4",
        );
    }

    #[test]
    fn the_same_told_again_is_nothing() {
        check(
            "window 0 gained; window 10 shown; window 20 gained; window 30 shown; window 40 gained",
            "",
        );
        check(
            "window 0 lost; window 10 lost; window 20 hidden; window 30 lost; window 40 hidden",
            "",
        );
    }

    #[test]
    fn more_changes_raise_the_same_firing() {
        let text: String = (0..8)
            .map(|i| format!("window {} {};", 5_000 * i, ["lost", "gained"][i % 2]))
            .collect();
        check(&text, "focus_flapping@0x8");
        let firing = &found(&[FocusFlapping], &text)[0];
        assert_eq!(firing.intensity_milli, 900);
        assert_eq!(
            &*firing.reason,
            "left the window or came back 8 times in 35.0 s"
        );
    }

    #[test]
    fn after_a_quiet_time_flapping_begins_anew() {
        let once = |from: i64| {
            let times = [0, 1_000, 2_000, 3_000].map(|ms| from + ms);
            format!(
                "window {} lost; window {} gained; window {} lost; window {} gained;",
                times[0], times[1], times[2], times[3]
            )
        };
        check(
            &(once(0) + &once(60_000)),
            "focus_flapping@0x4 focus_flapping@60000x4",
        );
    }
}
