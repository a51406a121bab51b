//! Pointer paths and scrolls as hands make them.
//!
//! A reach follows the minimum-jerk profile `10τ³ − 15τ⁴ + 6τ⁵` (Flash and
//! Hogan, 1985), bowed a little to one side. It takes as long as Fitts' law in
//! Shannon's form says (MacKenzie, 1992). The hand's noise grows with its speed
//! (Harris and Wolpert, 1998), a tremor of 8 to 12 Hz lies over it, and some
//! reaches fall short or go too far and are mended by a second one (Meyer and
//! others, 1988).

use crate::draw::Draw;
use furrow_core::interaction::Step;

/// Fitts' law: ms of a reach of no difficulty, and more for each bit of it.
pub(crate) const FITTS_MS: f64 = 90.0;
pub(crate) const FITTS_MS_PER_BIT: f64 = 185.0;
/// Of the time of a reach that is mended, the share of its first part.
const FIRST_PART: f64 = 0.72;

/// How somebody's hand moves.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Manner {
    /// Factor of all times.
    pub(crate) pace: f64,
    /// Deviation of the noise, as a share of the step.
    noise: f64,
    tremor_px: f64,
    tremor_hz: f64,
    /// How many reaches in a thousand need mending, per bit of difficulty.
    mended_milli_per_bit: u32,
}

impl Manner {
    /// A hand that always hits.
    pub(crate) const STEADY: Manner = Manner {
        pace: 1.0,
        noise: 0.02,
        tremor_px: 0.7,
        tremor_hz: 10.0,
        mended_milli_per_bit: 0,
    };

    pub(crate) fn any(draw: &mut Draw) -> Manner {
        Manner {
            pace: (1.0 + 0.2 * draw.normal()).clamp(0.55, 1.7),
            noise: 0.01 + 0.05 * draw.unit(),
            tremor_px: 0.2 + 1.1 * draw.unit() * draw.unit(),
            tremor_hz: 8.0 + 4.0 * draw.unit(),
            mended_milli_per_bit: draw.within(40..=130),
        }
    }
}

pub(crate) fn distance(from: (i32, i32), to: (i32, i32)) -> f64 {
    let (dx, dy) = (f64::from(to.0 - from.0), f64::from(to.1 - from.1));
    (dx * dx + dy * dy).sqrt()
}

/// How hard it is to hit something `width_px` wide so far away, bits.
pub(crate) fn difficulty_bits(distance_px: f64, width_px: f64) -> f64 {
    libm::log2(distance_px / width_px.max(1.0) + 1.0)
}

/// The samples after the first of a reach for something `width_px` wide; it
/// ends exactly at `to`.
pub(crate) fn aim(
    from: (i32, i32),
    to: (i32, i32),
    width_px: f64,
    manner: &Manner,
    draw: &mut Draw,
) -> Vec<Step> {
    let far = distance(from, to);
    let bits = difficulty_bits(far, width_px);
    let pace = manner.pace * (1.0 + 0.1 * draw.normal());
    let ms = (FITTS_MS + FITTS_MS_PER_BIT * bits) * pace;
    if far < 1.0 {
        return Vec::new();
    }
    let mended = f64::from(manner.mended_milli_per_bit) * bits;
    if far < 60.0 || !draw.chance(mended as u32) {
        return stroke(from, to, ms as u32, manner, draw);
    }
    // Twice as many fall short as go too far.
    let missed = match draw.chance(667) {
        true => -(0.04 + 0.08 * draw.unit()),
        false => 0.03 + 0.07 * draw.unit(),
    };
    let aside = 0.02 * draw.normal();
    let (dx, dy) = (f64::from(to.0 - from.0), f64::from(to.1 - from.1));
    let first = (
        (f64::from(to.0) + dx * missed - dy * aside).round() as i32,
        (f64::from(to.1) + dy * missed + dx * aside).round() as i32,
    );
    let first_ms = (ms * FIRST_PART) as u32;
    let mut steps = stroke(from, first, first_ms, manner, draw);
    steps.extend(stroke(first, to, ms as u32 - first_ms, manner, draw));
    steps
}

/// The samples after the first of one movement that ends exactly at `to` after
/// `ms`, at 60 Hz.
pub(crate) fn stroke(
    from: (i32, i32),
    to: (i32, i32),
    ms: u32,
    manner: &Manner,
    draw: &mut Draw,
) -> Vec<Step> {
    let (dx, dy) = (f64::from(to.0 - from.0), f64::from(to.1 - from.1));
    let far = distance(from, to);
    let bow = 0.05 * draw.normal();
    let phase = draw.unit();
    let mut before = 0.0;
    let points = frames(ms).map(|at| {
        let along = minimum_jerk(f64::from(at) / f64::from(ms.max(1)));
        let across = bow * 4.0 * along * (1.0 - along);
        let (mut noise_x, mut noise_y) = (0.0, 0.0);
        if at != ms {
            let turns = f64::from(at) / 1_000.0 * manner.tremor_hz + phase;
            let tremor = manner.tremor_px * wave(turns);
            let spread = manner.noise * far * (along - before);
            noise_x = tremor + spread * draw.normal();
            noise_y = 0.6 * tremor + spread * draw.normal();
        }
        before = along;
        let x = f64::from(from.0) + dx * along - dy * across + noise_x;
        let y = f64::from(from.1) + dy * along + dx * across + noise_y;
        (at, (x.round() as i32, y.round() as i32))
    });
    let points: Vec<_> = points.collect();
    deltas(from, &points)
}

/// As [`stroke`], by a steady hand.
pub(crate) fn reach(from: (i32, i32), to: (i32, i32), ms: u32, draw: &mut Draw) -> Vec<Step> {
    stroke(from, to, ms, &Manner::STEADY, draw)
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

/// A wave of period and height 1, made of parabolas: near enough to a sine.
fn wave(turns: f64) -> f64 {
    let part = turns - turns.floor();
    let half = if part < 0.5 { part } else { part - 0.5 };
    let arc = 16.0 * half * (0.5 - half);
    if part < 0.5 { arc } else { -arc }
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

    fn crowd(count: u64) -> impl Iterator<Item = (Manner, Draw)> {
        (0..count).map(|index| {
            let mut draw = Draw::new(77, index);
            (Manner::any(&mut draw), draw)
        })
    }

    #[test]
    fn an_aimed_reach_ends_on_its_target_whoever_makes_it() {
        for (manner, mut draw) in crowd(300) {
            let steps = aim((900, 40), (120, 610), 24.0, &manner, &mut draw);
            let (_, x, y) = sums(&steps);
            assert_eq!((x, y), (-780, 570));
        }
    }

    #[test]
    fn speed_peaks_at_half_time_in_a_single_stroke() {
        let (mut middle, mut all) = (0, 0);
        for (manner, mut draw) in crowd(300) {
            let steps = stroke((0, 0), (900, 0), 900, &manner, &mut draw);
            let fastest = steps.iter().enumerate().max_by_key(|(_, step)| step.dx);
            let at = fastest.unwrap().0 as f64 / steps.len() as f64;
            all += 1;
            middle += u32::from((0.35..=0.65).contains(&at));
        }
        assert!(middle * 10 > all * 9, "{middle} of {all}");
    }

    #[test]
    fn half_of_a_stroke_is_half_way() {
        let steps = stroke(
            (0, 0),
            (800, 0),
            1_000,
            &Manner::STEADY,
            &mut Draw::new(1, 1),
        );
        let (_, x, _) = sums(&steps[..30]);
        assert!((380..=420).contains(&x), "{x}");
    }

    #[test]
    fn the_time_of_a_reach_grows_by_fitts_law() {
        let (mut n, mut s, mut t, mut ss, mut st) = (0.0, 0.0, 0.0, 0.0, 0.0);
        for (manner, mut draw) in crowd(600) {
            for (far, width) in [(80, 40.0), (200, 60.0), (500, 30.0), (900, 16.0)] {
                let steps = aim((0, 0), (far, 0), width, &manner, &mut draw);
                let (bits, ms) = (
                    difficulty_bits(f64::from(far), width),
                    f64::from(sums(&steps).0),
                );
                (n, s, t) = (n + 1.0, s + bits, t + ms);
                (ss, st) = (ss + bits * bits, st + bits * ms);
            }
        }
        let slope = (n * st - s * t) / (n * ss - s * s);
        let rest = (t - slope * s) / n;
        assert!((slope - FITTS_MS_PER_BIT).abs() < 10.0, "{slope} ms a bit");
        assert!((rest - FITTS_MS).abs() < 25.0, "{rest} ms");
    }

    #[test]
    fn some_reaches_pause_before_they_arrive_and_are_mended() {
        let mended = crowd(500).filter(|(manner, draw)| {
            let mut draw = draw.clone();
            let steps = aim((0, 0), (700, 0), 20.0, manner, &mut draw);
            let peak = (0..steps.len()).max_by_key(|&i| steps[i].dx).unwrap();
            let slowed = (peak..steps.len()).find(|&i| steps[i].dx <= 1);
            let after = &steps[slowed.unwrap_or(steps.len())..];
            after.iter().any(|step| step.dx.abs() >= 4)
        });
        let mended = mended.count();
        assert!((50..450).contains(&mended), "{mended} of 500");
    }
}
