//! Pointer paths and scrolls as hands make them.
//!
//! A reach follows the minimum-jerk profile `10τ³ − 15τ⁴ + 6τ⁵` (Flash and
//! Hogan, 1985), bowed a little to one side, with tremor. Longer reaches take
//! longer, by the square root of the distance: a law without logarithms, whose
//! last bits would differ between machines.

use crate::draw::Draw;
use furrow_core::interaction::Step;

/// Deviation of the tremor, px.
const TREMOR_PX: f64 = 0.7;

/// How long a reach over so many px takes, ms.
pub(crate) fn reach_ms(distance_px: f64, draw: &mut Draw) -> u32 {
    let ms = 160.0 + 21.0 * distance_px.sqrt();
    let pace = 1.0 + 0.18 * draw.normal();
    (ms * pace.max(0.5)) as u32
}

pub(crate) fn distance(from: (i32, i32), to: (i32, i32)) -> f64 {
    let (dx, dy) = (f64::from(to.0 - from.0), f64::from(to.1 - from.1));
    (dx * dx + dy * dy).sqrt()
}

/// The samples after the first of a reach that ends exactly at `to`, at 60 Hz.
pub(crate) fn reach(from: (i32, i32), to: (i32, i32), ms: u32, draw: &mut Draw) -> Vec<Step> {
    let (dx, dy) = (f64::from(to.0 - from.0), f64::from(to.1 - from.1));
    let bow = 0.06 * draw.normal();
    let points = frames(ms).map(|at| {
        let tau = f64::from(at) / f64::from(ms.max(1));
        let along = minimum_jerk(tau);
        let across = bow * 4.0 * along * (1.0 - along);
        let last = at == ms;
        let mut tremor = || if last { 0.0 } else { TREMOR_PX * draw.normal() };
        let x = f64::from(from.0) + dx * along - dy * across + tremor();
        let y = f64::from(from.1) + dy * along + dx * across + tremor();
        (at, (x.round() as i32, y.round() as i32))
    });
    let points: Vec<_> = points.collect();
    deltas(from, &points)
}

/// The samples after the first of a scroll by `dy` px, at 60 Hz.
pub(crate) fn scroll(dy: i32, ms: u32) -> Vec<Step> {
    let points: Vec<_> = frames(ms)
        .map(|at| {
            let tau = f64::from(at) / f64::from(ms.max(1));
            (at, (0, (f64::from(dy) * minimum_jerk(tau)).round() as i32))
        })
        .collect();
    deltas((0, 0), &points)
}

fn minimum_jerk(tau: f64) -> f64 {
    let cube = tau * tau * tau;
    cube * (10.0 - 15.0 * tau + 6.0 * tau * tau)
}

/// Times of the frames after the first, ms: every 16 2/3, and the last.
fn frames(ms: u32) -> impl Iterator<Item = u32> {
    let whole = ms * 3 / 50;
    let frames = (1..=whole).map(|k| k * 50 / 3);
    let rest = (whole * 50 / 3 != ms).then_some(ms);
    frames.chain(rest)
}

fn deltas(start: (i32, i32), points: &[(u32, (i32, i32))]) -> Vec<Step> {
    let mut before = (0, start);
    let step = |&(at, place): &(u32, (i32, i32))| {
        let step = Step {
            dt: at - before.0,
            dx: place.0 - before.1.0,
            dy: place.1 - before.1.1,
        };
        before = (at, place);
        step
    };
    points.iter().map(step).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sums(steps: &[Step]) -> (u32, i32, i32) {
        let sum = |(t, x, y), s: &Step| (t + s.dt, x + s.dx, y + s.dy);
        steps.iter().fold((0, 0, 0), sum)
    }

    #[test]
    fn a_reach_ends_where_and_when_it_should() {
        for ms in [0, 5, 17, 300, 1_001] {
            let steps = reach((10, 700), (640, -3), ms, &mut Draw::new(5, 1));
            let expected = if ms == 0 { (0, 0, 0) } else { (ms, 630, -703) };
            assert_eq!(sums(&steps), expected, "{ms}");
        }
    }

    #[test]
    fn a_reach_is_sampled_at_sixty_hertz() {
        let steps = reach((0, 0), (500, 0), 1_000, &mut Draw::new(5, 1));
        assert_eq!(steps.len(), 60);
        assert!(steps.iter().all(|step| (16..=17).contains(&step.dt)));
    }

    #[test]
    fn a_reach_is_fastest_in_its_middle() {
        let steps = reach((0, 0), (900, 0), 900, &mut Draw::new(5, 1));
        let third = steps.len() / 3;
        let ends = sums(&steps[..third]).1 + sums(&steps[2 * third..]).1;
        assert!(sums(&steps[third..2 * third]).1 > ends);
    }

    #[test]
    fn a_scroll_covers_its_distance() {
        assert_eq!(sums(&scroll(-740, 420)), (420, 0, -740));
    }
}
