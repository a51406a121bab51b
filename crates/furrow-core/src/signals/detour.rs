//! A movement against the session's own earlier ones.
//!
//! Four measures of the way tell hesitation between goals from going straight
//! to one (mouse-tracking studies, such as Kieslich & Henninger 2017): excess
//! path ln(path / displacement), mean and largest deviation from the straight
//! line over its length, and changes between left and right. Each is compared
//! with its mean and deviation over the session's earlier movements with the
//! same pointer; square roots are taken first, because all four are skewed.
//! The z are combined with Stouffer's formula for correlated tests,
//! `Z = wᵀz / √(wᵀRw)`, with the studies' effects as weights. `R` is set, not
//! estimated: rather too high, so that Z is rather too low. `n / (n + 20)` of
//! it counts, n being the earlier movements.
//!
//! How long a movement took is left out: over a given distance that is its
//! speed, which carries no weight. Fingers swipe where a mouse moves to a
//! goal, so touch is not looked at.

use super::{Firing, FiringId, Firings, Moment, SignalKind, milli, to_u32};
use crate::interaction::PointerType;
use crate::measures::Movement;
use crate::rules::section;
use crate::time::ClientTime;
use serde::{Deserialize, Serialize};

section! {
    /// Thresholds of detours.
    DetourRules {
        /// Fewest earlier movements to compare with.
        movements_min: u32 = 8, in 2..=1_000;
        /// Weight of the own baseline is n / (n + this).
        shrinkage: u32 = 20, in 0..=10_000;
        /// Least combined z, thousandths.
        z_min_milli: u32 = 2_000, in 1..=100_000;
        /// Movements that lead less far are not compared, px.
        displacement_min_px: u32 = 50, in 1..=100_000;
    }
}

const MEASURES: usize = 4;

/// Effects on excess path, mean deviation, largest deviation and flips, as
/// d_z.
const WEIGHTS: [f64; MEASURES] = [0.87, 0.86, 0.83, 0.62];

/// How the four go together.
const CORRELATIONS: [[f64; MEASURES]; MEASURES] = [
    [1.0, 0.8, 0.9, 0.5],
    [0.8, 1.0, 0.95, 0.4],
    [0.9, 0.95, 1.0, 0.4],
    [0.5, 0.4, 0.4, 1.0],
];

/// Largest values that are compared; beyond them a movement is a loop.
const VALUES_MAX: [f64; MEASURES] = [3.0, 5.0, 5.0, 25.0];

/// Least deviations of the roots: people who moved evenly a few times are not
/// that even.
const DEVIATIONS_MIN: [f64; MEASURES] = [0.1, 0.1, 0.1, 0.5];

/// No single measure counts as more than so many deviations.
const Z_MAX: f64 = 6.0;

/// A detour that begins within this time of the last one's end goes on, ms.
const GOES_ON_MS: u64 = 5_000;

/// The session's movements, as far as later ones are compared with them.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct DetourDetector {
    /// Per type of pointer, of which there are few.
    own: Vec<(PointerType, Baseline)>,
    newest: Option<Detour>,
}

/// Means and sums of squared deviations of the roots, after Welford.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
struct Baseline {
    count: u32,
    means: [f32; MEASURES],
    squares: [f32; MEASURES],
}

/// What has fired and may go on.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Detour {
    id: FiringId,
    sender: u8,
    from: ClientTime,
    to: ClientTime,
    movements: u32,
}

impl DetourDetector {
    /// A movement has ended.
    pub fn moved(&mut self, movement: &Movement, moment: Moment<'_>, firings: &mut Firings) {
        let rules = &moment.rules.detour;
        let Some(roots) = roots(movement, rules) else {
            return;
        };
        let place = self.own.iter().position(|(p, _)| *p == movement.pointer);
        let place = place.unwrap_or_else(|| {
            self.own.push((movement.pointer, Baseline::default()));
            self.own.len() - 1
        });
        let own = &mut self.own[place].1;
        let before = *own;
        own.add(roots);
        if before.count < rules.movements_min {
            return;
        }
        let n = f64::from(before.count);
        let z = combined(before.z(roots)) * n / (n + f64::from(rules.shrinkage));
        let least = f64::from(rules.z_min_milli) / 1_000.0;
        if z >= least {
            self.fire(movement, before, (z, least), moment, firings);
        }
    }

    fn fire(
        &mut self,
        movement: &Movement,
        own: Baseline,
        (z, least): (f64, f64),
        moment: Moment<'_>,
        firings: &mut Firings,
    ) {
        let goes_on = self.newest.filter(|newest| {
            newest.sender == moment.sender && movement.start.since(newest.to) <= GOES_ON_MS
        });
        let from = goes_on.map_or(movement.start, |newest| newest.from);
        let movements = goes_on.map_or(1, |newest| newest.movements.saturating_add(1));
        let duration_ms = to_u32(movement.end.since(from));
        let usual = f64::from(own.means[0]);
        let firing = Firing {
            duration_ms,
            intensity_milli: milli(0.4 + 0.2 * (z - least) + 0.1 * f64::from(movements - 1)),
            evidence_count: movements,
            evidence_at: vec![0, duration_ms],
            reason: format!(
                "{:.1} times the direct way, usually {:.1} times; z = {z:.1} over {} own movements",
                movement.path_px / movement.displacement_px,
                libm::exp(usual * usual),
                own.count
            )
            .into(),
            ..moment.firing(SignalKind::Detour, from)
        };
        let id = match goes_on {
            Some(newest) => firings.raise(newest.id, firing, moment.rules),
            None => firings.fire(firing, moment.rules),
        };
        self.newest = Some(Detour {
            id,
            sender: moment.sender,
            from,
            to: movement.end,
            movements,
        });
    }
}

impl Baseline {
    fn add(&mut self, roots: [f64; MEASURES]) {
        self.count = self.count.saturating_add(1);
        let count = f64::from(self.count);
        let moments = self.means.iter_mut().zip(&mut self.squares);
        for ((mean, squares), root) in moments.zip(roots) {
            let off = root - f64::from(*mean);
            let new_mean = f64::from(*mean) + off / count;
            *squares = (f64::from(*squares) + off * (root - new_mean)) as f32;
            *mean = new_mean as f32;
        }
    }

    /// How many deviations above the mean; at least two are counted.
    fn z(&self, roots: [f64; MEASURES]) -> [f64; MEASURES] {
        let freedom = f64::from(self.count) - 1.0;
        std::array::from_fn(|i| {
            let deviation = (f64::from(self.squares[i]) / freedom).sqrt();
            let z = (roots[i] - f64::from(self.means[i])) / deviation.max(DEVIATIONS_MIN[i]);
            z.clamp(-Z_MAX, Z_MAX)
        })
    }
}

/// The roots of what is compared, for a movement that leads somewhere.
fn roots(movement: &Movement, rules: &DetourRules) -> Option<[f64; MEASURES]> {
    let compared = matches!(movement.pointer, PointerType::Mouse | PointerType::Pen);
    let length_px = movement.displacement_px;
    if !compared || length_px < f64::from(rules.displacement_min_px) {
        return None;
    }
    let values = [
        movement.excess_path?,
        movement.mean_deviation_px?.abs() / length_px,
        movement.max_deviation_px? / length_px,
        f64::from(movement.x_flips),
    ];
    Some(std::array::from_fn(|i| {
        values[i].clamp(0.0, VALUES_MAX[i]).sqrt()
    }))
}

fn combined(z: [f64; MEASURES]) -> f64 {
    let weighted: f64 = WEIGHTS.iter().zip(z).map(|(w, z)| w * z).sum();
    let rows = WEIGHTS.iter().zip(CORRELATIONS);
    let variance: f64 = rows
        .map(|(w, row)| w * WEIGHTS.iter().zip(row).map(|(v, r)| v * r).sum::<f64>())
        .sum();
    weighted / variance.sqrt()
}

#[cfg(test)]
#[path = "detour_tests.rs"]
mod tests;
