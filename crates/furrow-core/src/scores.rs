//! From firings to scores.
//!
//! A signal's load is `log2(1 + Σ intensity)`, with at most `target_cap`
//! intensities per target, so that one broken widget does not decide alone. A
//! score is `10·(1 − exp(−Σ weight·load))`.
//!
//! The running score tells what is going on now. Its load halves every
//! [`HALF_LIFE_MS`] of the visitor's own time; a new firing adds to what is left
//! of its signal's load with the same diminishing returns. Because the whole
//! load decays exponentially, a reader can decay a stored value by itself:
//! `load = −ln(1 − v/10)`, halved per half-life.

use crate::ids::TargetHash;
use crate::output::{RunningScores, Scores};
use crate::rules::{AttentionRules, ScoreKind, ScoreRules};
use crate::signals::SignalKind;
use crate::time::ClientTime;
use serde::{Deserialize, Serialize};

/// Half-life of the load of running scores, ms. It is no rule: whoever reads a
/// stored value decays it too, and must know by how much.
pub const HALF_LIFE_MS: u32 = 90_000;

/// Targets whose cap is kept apart, per signal; further ones share one cap.
pub const TALLIED_TARGETS_MAX: usize = 32;

/// What the firings of a session or page view add up to, per signal.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Tallies(Vec<Tally>);

/// What the firings of one signal add up to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Tally {
    /// The signal.
    pub kind: SignalKind,
    /// How often it fired.
    pub count: u32,
    /// Sum of intensities after the cap, in thousandths.
    sum_milli: u64,
    /// Running load at `at`.
    running: f64,
    at: ClientTime,
    targets: Vec<TargetTally>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct TargetTally {
    target: Option<TargetHash>,
    total_milli: u32,
    /// What is left of the intensities at the tally's `at`, in thousandths.
    running_milli: f64,
}

impl Tallies {
    pub(crate) fn add(
        &mut self,
        kind: SignalKind,
        target: Option<TargetHash>,
        at: ClientTime,
        intensity_milli: u16,
        new: bool,
        rules: &ScoreRules,
    ) {
        let place = match self.0.binary_search_by_key(&kind, |t| t.kind) {
            Ok(place) => place,
            Err(place) => {
                self.0.insert(
                    place,
                    Tally {
                        kind,
                        count: 0,
                        sum_milli: 0,
                        running: 0.0,
                        at,
                        targets: Vec::new(),
                    },
                );
                place
            }
        };
        let tally = &mut self.0[place];
        tally.count += u32::from(new);
        tally.add(target, at, intensity_milli, rules);
    }

    /// The tallies, in the catalogue's order.
    #[must_use]
    pub fn all(&self) -> &[Tally] {
        &self.0
    }

    /// Load of one score over the whole time.
    #[must_use]
    pub fn load(&self, score: ScoreKind, rules: &ScoreRules) -> f64 {
        let weighted = |t: &Tally| {
            let weight = rules.weight(t.kind, score);
            // Most signals count toward few scores, and logarithms are dear.
            (weight > 0.0).then(|| weight * t.load())
        };
        self.0.iter().filter_map(weighted).sum()
    }

    /// Load of one score as it stands at `now`.
    #[must_use]
    pub fn running_load(&self, score: ScoreKind, now: ClientTime, rules: &ScoreRules) -> f64 {
        let weighted = |t: &Tally| {
            let weight = rules.weight(t.kind, score);
            let left = || decay(now.since(t.at));
            (weight > 0.0).then(|| weight * t.running * left())
        };
        self.0.iter().filter_map(weighted).sum()
    }
}

impl Tally {
    /// `log2(1 + Σ intensity)`.
    #[must_use]
    pub fn load(&self) -> f64 {
        log2_1p(self.sum_milli as f64 / 1_000.0)
    }

    fn add(
        &mut self,
        target: Option<TargetHash>,
        at: ClientTime,
        intensity_milli: u16,
        rules: &ScoreRules,
    ) {
        // Evidence may be older than the newest firing; time never runs back.
        let left = decay(at.since(self.at));
        self.at = self.at.max(at);
        self.running *= left;
        self.targets
            .iter_mut()
            .for_each(|t| t.running_milli *= left);

        let cap_milli = 1_000 * rules.target_cap;
        let slot = self.slot(target);
        let total = (slot.total_milli + u32::from(intensity_milli))
            .min(cap_milli)
            .max(slot.total_milli);
        let gain = total - slot.total_milli;
        slot.total_milli = total;
        let room = (f64::from(cap_milli) - slot.running_milli).max(0.0);
        let running_gain = f64::from(intensity_milli).min(room);
        slot.running_milli += running_gain;

        self.sum_milli += u64::from(gain);
        let evidence = libm::exp2(self.running) - 1.0;
        self.running = log2_1p(evidence + running_gain / 1_000.0);
    }

    fn slot(&mut self, target: Option<TargetHash>) -> &mut TargetTally {
        let place = match self.targets.iter().position(|t| t.target == target) {
            Some(place) => place,
            None if self.targets.len() < TALLIED_TARGETS_MAX => {
                self.targets.push(TargetTally {
                    target,
                    total_milli: 0,
                    running_milli: 0.0,
                });
                self.targets.len() - 1
            }
            None => TALLIED_TARGETS_MAX - 1,
        };
        &mut self.targets[place]
    }
}

/// What of a load is left after `ms`.
fn decay(ms: u64) -> f64 {
    libm::exp2(-(ms as f64) / f64::from(HALF_LIFE_MS))
}

fn log2_1p(x: f64) -> f64 {
    libm::log1p(x) * std::f64::consts::LOG2_E
}

/// `10·(1 − exp(−load))` in thousandths: 0 to 10,000.
#[must_use]
pub fn saturate(load: f64) -> u16 {
    debug_assert!(
        load >= 0.0,
        "loads are sums of weights and logarithms above 1"
    );
    if load == 0.0 {
        return 0;
    }
    thousandths(10_000.0 * -libm::expm1(-load))
}

fn thousandths(value: f64) -> u16 {
    libm::round(value.clamp(0.0, 10_000.0)) as u16
}

/// What attention amounts to: engaged time with diminishing returns, and how
/// far the page was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attention {
    /// ms
    pub engaged_ms: u64,
    /// Thousandths of the document.
    pub scroll_depth_milli: u16,
}

impl Attention {
    /// Load of engaged time.
    #[must_use]
    pub fn engaged_load(self, rules: &AttentionRules) -> f64 {
        let units = self.engaged_ms as f64 / f64::from(rules.engaged_unit_ms);
        rules.engaged_weight * log2_1p(units)
    }

    /// Load of the scroll depth.
    #[must_use]
    pub fn depth_load(self, rules: &AttentionRules) -> f64 {
        rules.depth_weight * f64::from(self.scroll_depth_milli) / 1_000.0
    }
}

/// The scores of a session or page view over its whole time.
///
/// Experience is `10 − (a·frustration + b·confusion + c·technical)/(a + b + c)`
/// plus a smaller credit for engagement, within 0 to 10.
#[must_use]
pub fn scores(
    tallies: Option<&Tallies>,
    attention: Attention,
    rules: &ScoreRules,
    attention_rules: &AttentionRules,
) -> Scores {
    let score = |kind| saturate(tallies.map_or(0.0, |t| t.load(kind, rules)));
    let frustration = score(ScoreKind::Frustration);
    let confusion = score(ScoreKind::Confusion);
    let technical = score(ScoreKind::Technical);
    let engagement = saturate(
        tallies.map_or(0.0, |t| t.load(ScoreKind::Engagement, rules))
            + attention.engaged_load(attention_rules)
            + attention.depth_load(attention_rules),
    );
    let parts = [
        (rules.experience_frustration, frustration),
        (rules.experience_confusion, confusion),
        (rules.experience_technical, technical),
    ];
    let whole: f64 = parts.iter().map(|(part, _)| part).sum();
    let harm: f64 = parts
        .iter()
        .map(|(part, score)| part * f64::from(*score))
        .sum();
    let credit = rules.experience_engagement * f64::from(engagement);
    Scores {
        frustration,
        confusion,
        engagement,
        navigation: score(ScoreKind::Navigation),
        form: score(ScoreKind::Form),
        technical,
        exit_risk: score(ScoreKind::ExitRisk),
        experience: thousandths(10_000.0 - harm / whole + credit),
    }
}

/// The scores as they stand at `now`: what is going on. Engagement counts its
/// signals alone.
#[must_use]
pub fn running_scores(
    tallies: Option<&Tallies>,
    now: ClientTime,
    rules: &ScoreRules,
) -> RunningScores {
    let score = |kind| saturate(tallies.map_or(0.0, |t| t.running_load(kind, now, rules)));
    RunningScores {
        frustration: score(ScoreKind::Frustration),
        confusion: score(ScoreKind::Confusion),
        engagement: score(ScoreKind::Engagement),
        navigation: score(ScoreKind::Navigation),
        form: score(ScoreKind::Form),
        technical: score(ScoreKind::Technical),
        exit_risk: score(ScoreKind::ExitRisk),
    }
}

/// How much evidence there is: 0 to 1,000 thousandths.
#[must_use]
pub fn confidence_milli(engaged_ms: u64, presses: u32, samples: u64, rules: &ScoreRules) -> u16 {
    let evidence = engaged_ms as f64 / f64::from(rules.confidence_engaged_ms)
        + f64::from(presses) / f64::from(rules.confidence_presses)
        + samples as f64 / f64::from(rules.confidence_samples);
    libm::round(1_000.0 * -libm::expm1(-evidence)) as u16
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn tallies(firings: &[(u64, i64, u16)]) -> Tallies {
        let rules = ScoreRules::default();
        let mut tallies = Tallies::default();
        for &(target, at, intensity) in firings {
            let target = Some(TargetHash(target));
            tallies.add(
                SignalKind::RagePress,
                target,
                ClientTime(at),
                intensity,
                true,
                &rules,
            );
        }
        tallies
    }

    fn frustration(firings: &[(u64, i64, u16)]) -> u16 {
        saturate(tallies(firings).load(ScoreKind::Frustration, &ScoreRules::default()))
    }

    fn now(firings: &[(u64, i64, u16)], at: i64) -> u16 {
        let rules = ScoreRules::default();
        saturate(tallies(firings).running_load(ScoreKind::Frustration, ClientTime(at), &rules))
    }

    #[test]
    fn one_full_rage_press_is_a_frustration_of_6_321() {
        assert_eq!(frustration(&[(1, 0, 1_000)]), 6_321);
    }

    #[test]
    fn one_target_counts_at_most_three_times() {
        let many = vec![(1, 0, 1_000); 50];
        assert_eq!(frustration(&many), frustration(&many[..3]));
    }

    #[test]
    fn the_running_load_halves_in_ninety_seconds() {
        let rules = ScoreRules::default();
        let tallies = tallies(&[(1, 0, 1_000), (2, 0, 500)]);
        let load = |at| tallies.running_load(ScoreKind::Frustration, ClientTime(at), &rules);
        assert!((load(90_000) - load(0) / 2.0).abs() < 1e-12);
    }

    #[test]
    fn old_rage_leaves_room_for_new_rage_on_the_same_target() {
        let early = [(1, 0, 1_000), (1, 0, 1_000), (1, 0, 1_000)];
        let again = [
            (1, 0, 1_000),
            (1, 0, 1_000),
            (1, 0, 1_000),
            (1, 600_000, 1_000),
        ];
        assert!(now(&again, 600_000) > now(&early, 600_000) + 5_000);
    }

    fn any_firings() -> impl Strategy<Value = Vec<(u64, i64, u16)>> {
        prop::collection::vec((0..6_u64, 0..600_000_i64, 0..=1_000_u16), 0..40)
    }

    proptest! {
        #[test]
        fn scores_stay_in_range(firings in any_firings(), engaged in 0..10_000_000_u64, depth in 0..=1_000_u16) {
            let (score_rules, attention_rules) = (ScoreRules::default(), AttentionRules::default());
            let attention = Attention { engaged_ms: engaged, scroll_depth_milli: depth };
            let s = scores(Some(&tallies(&firings)), attention, &score_rules, &attention_rules);
            for (name, score) in s.named() {
                prop_assert!(score <= 10_000, "{name}");
            }
        }

        #[test]
        fn one_more_rage_press_never_lowers_frustration(
            firings in any_firings(), target in 0..6_u64, intensity in 0..=1_000_u16
        ) {
            let mut more = firings.clone();
            let last = firings.iter().map(|f| f.1).max().unwrap_or(0);
            more.push((target, last, intensity));
            prop_assert!(frustration(&more) >= frustration(&firings));
            prop_assert!(now(&more, last) >= now(&firings, last));
        }

        #[test]
        fn a_longer_calm_stretch_never_raises_the_running_score(
            firings in any_firings(), calm in 0..600_000_i64, longer in 0..600_000_i64
        ) {
            let last = firings.iter().map(|f| f.1).max().unwrap_or(0);
            prop_assert!(now(&firings, last + calm + longer) <= now(&firings, last + calm));
        }

        #[test]
        fn the_running_score_never_exceeds_the_final_one(firings in any_firings()) {
            let mut firings = firings;
            firings.sort_by_key(|f| f.1);
            let last = firings.last().map_or(0, |f| f.1);
            prop_assert!(now(&firings, last) <= frustration(&firings) + 1);
        }
    }
}
