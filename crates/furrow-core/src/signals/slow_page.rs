//! Slow page: a page could not be used for longer than people wait at ease.
//!
//! It rests on the time that the browser gives for the page's becoming
//! interactive. Beyond about 10 s attention goes elsewhere (Nielsen 1993); a
//! page out of the browser's memory has no such time and is not slow.

use super::{Firing, Firings, Moment, SignalKind, milli};
use crate::interaction::{Interaction, Kind, PageView};
use crate::rules::{TIME_MAX_MS, section};
use serde::{Deserialize, Serialize};

section! {
    /// Thresholds of slow pages.
    SlowPageRules {
        /// A page is slow that takes at least this long to become interactive.
        slow_ms: u32 = 4_000, in 1..=TIME_MAX_MS;
        /// From this on its intensity is full.
        full_ms: u32 = 10_000, in 1..=TIME_MAX_MS;
    }
}

/// Intensity of a page that is just slow.
const LEAST: f64 = 0.4;

/// It remembers nothing: every page stands for itself.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct SlowPageDetector;

impl SlowPageDetector {
    /// Looks at an interaction.
    pub fn observe(
        &mut self,
        interaction: &Interaction,
        moment: Moment<'_>,
        firings: &mut Firings,
    ) {
        if let Kind::PageView(view) = &interaction.kind {
            shown(view, moment, firings);
        }
    }
}

fn shown(view: &PageView, moment: Moment<'_>, firings: &mut Firings) {
    let rules = &moment.rules.slow_page;
    let ms = view.interactive_ms;
    if ms < rules.slow_ms {
        return;
    }
    let span_ms = rules.full_ms.saturating_sub(rules.slow_ms).max(1);
    let share = f64::from(ms - rules.slow_ms) / f64::from(span_ms);
    let firing = Firing {
        intensity_milli: milli(LEAST + (1.0 - LEAST) * share),
        reason: format!(
            "the page could be used after {:.1} s",
            f64::from(ms) / 1_000.0
        )
        .into(),
        ..moment.firing(SignalKind::SlowPage, moment.now)
    };
    firings.fire(firing, moment.rules);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interaction::{Page, ReferrerClass};
    use crate::rules::RuleSet;
    use crate::signals::Around;
    use crate::time::ClientTime;

    /// Shows pages, each ready after so many ms; tells what fired and how
    /// strongly, in thousandths.
    fn check(ready_ms: &[u32], expected: &str) {
        let (rules, page) = (RuleSet::default(), Page::default());
        let mut firings = Firings::default();
        for (second, &interactive_ms) in (0..).zip(ready_ms) {
            let at = ClientTime(1_000 * second);
            let moment = Moment {
                now: at,
                sender: 0,
                page_view: None,
                page: &page,
                targets: &[],
                rules: &rules,
                around: Around::default(),
            };
            let kind = Kind::PageView(PageView {
                page: page.clone(),
                referrer: ReferrerClass::Direct,
                first_paint_ms: 100,
                interactive_ms,
                loaded_ms: 20_000,
                document: (1_000, 1_000),
                viewport: (1_000, 800),
            });
            SlowPageDetector.observe(&Interaction { at, kind }, moment, &mut firings);
        }
        let found: Vec<String> = firings
            .listed()
            .iter()
            .map(|f| format!("{}@{} {}", f.kind.name(), f.at.0, f.intensity_milli))
            .collect();
        assert_eq!(found.join("; "), expected, "{ready_ms:?}");
    }

    #[test]
    fn a_page_that_takes_four_seconds_is_slow() {
        check(&[4_000], "slow_page@0 400");
        check(&[3_999], "");
    }

    #[test]
    fn the_longer_the_stronger_up_to_ten_seconds() {
        check(&[7_000], "slow_page@0 700");
        check(&[10_000], "slow_page@0 1000");
        check(&[60_000], "slow_page@0 1000");
    }

    #[test]
    fn every_slow_page_counts() {
        check(&[4_000, 200, 5_000], "slow_page@0 400; slow_page@2000 500");
    }

    #[test]
    fn a_fast_page_and_one_of_unknown_time_are_not_slow() {
        check(&[300], "");
        check(&[0], "");
    }
}
