//! How far, how fast and how steadily the page was scrolled.

use super::average::ratio;
use crate::interaction::{ScrollCause, ScrollPath};
use crate::time::ClientTime;
use serde::{Deserialize, Serialize};

/// Scrolling back by less is no reversal, as a share of the viewport.
pub const REVERSAL_VIEWPORTS: f64 = 0.1;

/// Without a sample for longer, speed is unknown, ms.
pub const SCROLL_GAP_MS: u64 = 100;

/// Without a sample for this long, scrolling has paused, ms.
pub const SCROLL_PAUSE_MS: u64 = 200;

/// A longer pause is idleness and no part of a rhythm, ms.
pub const SCROLL_IDLE_MS: u64 = 5_000;

/// Pauses below which there is no rhythm.
pub const PAUSES_MIN: u32 = 3;

/// No browser lays out a page that is longer, px; what says so is dropped.
pub const SCROLL_PX_MAX: i64 = 1 << 25;

/// Viewports are kept to this fineness.
const PER_VIEWPORT: u64 = 100_000;

/// Between the samples of one sender's scrolling.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ScrollStream {
    newest: Option<(ClientTime, i64)>,
    /// Which way it goes, and the furthest that way, px.
    heading: Option<(Way, i64)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Way {
    Down,
    Up,
}

/// Scrolling, summed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Scrolls {
    samples: u32,
    depth_milli: u16,
    /// In 1/[`PER_VIEWPORT`] of a viewport: all, and where speed is known.
    path: u64,
    timed_path: u64,
    timed_ms: u64,
    reversals: u32,
    pauses: u32,
    pauses_ms: u64,
    pauses_ms_squared: u64,
}

impl ScrollStream {
    /// Samples in order. One that is not later than the one before counts for
    /// depth only, and so does what a script scrolled.
    #[must_use]
    pub fn path(&mut self, at: ClientTime, path: &ScrollPath) -> Scrolls {
        let mut scrolls = Scrolls::default();
        let (mut at, mut y) = (at, i64::from(path.start_y));
        self.sample(at, y, path, &mut scrolls);
        for step in &path.steps {
            at = at.plus(i64::from(step.dt));
            y += i64::from(step.dy);
            self.sample(at, y, path, &mut scrolls);
        }
        scrolls
    }

    /// Another page is shown, at its own place.
    pub fn page_changed(&mut self) {
        *self = ScrollStream::default();
    }

    fn sample(&mut self, at: ClientTime, y: i64, path: &ScrollPath, scrolls: &mut Scrolls) {
        if y.abs() > SCROLL_PX_MAX {
            return;
        }
        scrolls.reach(y, path);
        let before = self.newest;
        if before.is_some_and(|(then, _)| at <= then) {
            return;
        }
        self.newest = Some((at, y));
        if path.cause == ScrollCause::Script {
            self.heading = None;
            return;
        }
        scrolls.samples += 1;
        let Some((then, from)) = before else {
            return;
        };
        let viewport_px = u64::from(path.viewport_height);
        if viewport_px == 0 {
            return;
        }
        let moved = y.abs_diff(from) * PER_VIEWPORT / viewport_px;
        scrolls.path += moved;
        let ms = at.since(then);
        if ms <= SCROLL_GAP_MS {
            scrolls.timed_path += moved;
            scrolls.timed_ms += ms;
        }
        if (SCROLL_PAUSE_MS..=SCROLL_IDLE_MS).contains(&ms) {
            scrolls.pauses += 1;
            scrolls.pauses_ms += ms;
            scrolls.pauses_ms_squared += ms * ms;
        }
        scrolls.reversals += u32::from(self.turned(from, y, viewport_px));
    }

    /// Tells whether this sample completes a reversal.
    fn turned(&mut self, from: i64, y: i64, viewport_px: u64) -> bool {
        let Some((way, furthest)) = self.heading else {
            if y != from {
                let way = if y > from { Way::Down } else { Way::Up };
                self.heading = Some((way, y));
            }
            return false;
        };
        let (ahead, back_px, other) = match way {
            Way::Down => (y >= furthest, furthest - y, Way::Up),
            Way::Up => (y <= furthest, y - furthest, Way::Down),
        };
        if ahead {
            self.heading = Some((way, y));
            return false;
        }
        let reversed = back_px as f64 > REVERSAL_VIEWPORTS * viewport_px as f64;
        if reversed {
            self.heading = Some((other, y));
        }
        reversed
    }
}

impl Scrolls {
    fn reach(&mut self, y: i64, path: &ScrollPath) {
        let document_px = i64::from(path.document_height);
        if document_px > 0 {
            let seen_px = y + i64::from(path.viewport_height);
            let depth = (seen_px * 1_000 / document_px).clamp(0, 1_000);
            self.depth_milli = self.depth_milli.max(depth as u16);
        }
    }

    pub(super) fn add(&mut self, other: Scrolls) {
        self.samples += other.samples;
        self.depth_milli = self.depth_milli.max(other.depth_milli);
        self.path += other.path;
        self.timed_path += other.timed_path;
        self.timed_ms += other.timed_ms;
        self.reversals += other.reversals;
        self.pauses += other.pauses;
        self.pauses_ms += other.pauses_ms;
        self.pauses_ms_squared += other.pauses_ms_squared;
    }

    /// Share of the document that has been above the viewport's lower edge.
    pub(super) fn depth(&self) -> Option<f64> {
        (self.depth_milli > 0).then(|| f64::from(self.depth_milli) / 1e3)
    }

    /// Distance scrolled by the visitor, viewports.
    pub(super) fn path_viewports(&self) -> Option<f64> {
        (self.samples > 0).then(|| self.path as f64 / PER_VIEWPORT as f64)
    }

    pub(super) fn reversals(&self) -> Option<f64> {
        (self.samples > 0).then(|| f64::from(self.reversals))
    }

    pub(super) fn viewports_per_s(&self) -> Option<f64> {
        let viewports = self.timed_path as f64 / PER_VIEWPORT as f64;
        ratio(viewports * 1e3, self.timed_ms as f64)
    }

    /// Standard deviation of the pauses over their mean.
    pub(super) fn gap_cv(&self) -> Option<f64> {
        if self.pauses < PAUSES_MIN {
            return None;
        }
        let n = i128::from(self.pauses);
        let sum = i128::from(self.pauses_ms);
        // n²(n − 1)/n times the variance, exactly.
        let spread = n * i128::from(self.pauses_ms_squared) - sum * sum;
        let variance = spread as f64 / (n * (n - 1)) as f64;
        Some(variance.sqrt() * n as f64 / sum as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interaction::Step;
    use proptest::prelude::*;

    /// Samples (ms, y) in a viewport of 1,000 px and a document of 10,000 px.
    fn path(samples: &[(i64, i32)], cause: ScrollCause) -> (ClientTime, ScrollPath) {
        let steps = samples
            .windows(2)
            .map(|pair| Step {
                dt: u32::try_from(pair[1].0 - pair[0].0).unwrap(),
                dx: 0,
                dy: pair[1].1 - pair[0].1,
            })
            .collect();
        let path = ScrollPath {
            start_y: samples[0].1,
            steps,
            viewport_height: 1_000,
            document_height: 10_000,
            cause,
        };
        (ClientTime(samples[0].0), path)
    }

    fn scrolled(samples: &[(i64, i32)]) -> Scrolls {
        let (at, path) = path(samples, ScrollCause::Wheel);
        ScrollStream::default().path(at, &path)
    }

    #[test]
    fn two_viewports_down_in_a_second_are_two_a_second() {
        let samples: Vec<_> = (0..=20).map(|i| (i64::from(i) * 50, i * 100)).collect();
        let scrolls = scrolled(&samples);
        assert_eq!(scrolls.path_viewports(), Some(2.0));
        assert_eq!(scrolls.viewports_per_s(), Some(2.0));
        assert_eq!(scrolls.depth(), Some(0.3));
        assert_eq!(scrolls.reversals(), Some(0.0));
        assert_eq!(scrolls.gap_cv(), None);
    }

    #[test]
    fn a_tenth_of_a_viewport_back_is_no_reversal_and_a_px_more_is_one() {
        assert_eq!(
            scrolled(&[(0, 0), (50, 500), (100, 400)]).reversals(),
            Some(0.0)
        );
        assert_eq!(
            scrolled(&[(0, 0), (50, 500), (100, 399)]).reversals(),
            Some(1.0)
        );
        let to_and_fro = [(0, 0), (50, 500), (100, 300), (150, 250), (200, 400)];
        assert_eq!(scrolled(&to_and_fro).reversals(), Some(2.0));
    }

    #[test]
    fn equal_pauses_have_no_spread_and_idleness_is_no_pause() {
        let samples = [
            (0, 0),
            (1_000, 100),
            (2_000, 200),
            (3_000, 300),
            (9_000, 400),
        ];
        assert_eq!(scrolled(&samples).gap_cv(), Some(0.0));
        // 1, 2 and 3 s: deviation 1 s, mean 2 s.
        let samples = [(0, 0), (1_000, 100), (3_000, 200), (6_000, 300)];
        assert_eq!(scrolled(&samples).gap_cv(), Some(0.5));
    }

    #[test]
    fn a_script_that_scrolls_deepens_and_does_nothing_else() {
        let mut stream = ScrollStream::default();
        let (at, by_script) = path(&[(0, 0), (50, 9_000)], ScrollCause::Script);
        let scrolls = stream.path(at, &by_script);
        assert_eq!(scrolls.depth(), Some(1.0));
        assert_eq!(scrolls.path_viewports(), None);
        let (at, by_hand) = path(&[(100, 8_500), (150, 8_400)], ScrollCause::Wheel);
        let scrolls = stream.path(at, &by_hand);
        assert_eq!(scrolls.path_viewports(), Some(0.6));
        assert_eq!(scrolls.reversals(), Some(0.0));
    }

    proptest! {
        #[test]
        fn the_cut_into_paths_changes_nothing(
            steps in prop::collection::vec((0_i64..400, -300..300_i32), 2..60),
            cut in 0_usize..60,
        ) {
            let (mut ms, mut y) = (0, 5_000);
            let samples: Vec<_> = steps
                .into_iter()
                .map(|(dt, dy)| { ms += dt; y += dy; (ms, y) })
                .collect();
            let cut = 1 + cut % (samples.len() - 1);
            let (mut whole, mut parts) = (ScrollStream::default(), ScrollStream::default());
            let (at, all) = path(&samples, ScrollCause::Touch);
            let in_one = whole.path(at, &all);
            let mut in_two = Scrolls::default();
            for part in [&samples[..cut], &samples[cut..]] {
                let (at, part) = path(part, ScrollCause::Touch);
                in_two.add(parts.path(at, &part));
            }
            prop_assert_eq!(in_one, in_two);
            prop_assert_eq!(whole, parts);
        }
    }
}
