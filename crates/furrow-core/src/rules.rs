//! Every threshold and every weight, in one value.
//!
//! A rule set enters a partition through a control record and holds from that
//! record's offset on. The compiled-in one has number 0.

use crate::signals::SignalKind;
use serde::{Deserialize, Serialize};

/// A complete rule set.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RuleSet {
    /// Presses and what came of them.
    pub press: PressRules,
    /// Turning the screen.
    pub rotation: RotationRules,
    /// What keeps attention.
    pub attention: AttentionRules,
    /// How signals become scores.
    pub scores: ScoreRules,
}

/// Thresholds of the press family. Times are ms, lengths px.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PressRules {
    /// Fewest presses of a burst.
    pub burst_presses_min: u32,
    /// They lie within this time.
    pub burst_span_ms: u32,
    /// This much quiet closes a burst.
    pub burst_quiet_ms: u32,
    /// Presses without a common target belong together within this distance.
    pub burst_distance_px: u32,
    /// A press is answered in time within this.
    pub answer_ms: u32,
    /// Fewest presses for rage where the client reports no responses.
    pub unverified_presses_min: u32,
    /// They lie within this time.
    pub unverified_span_ms: u32,
    /// Without an answer in this time a press is dead.
    pub dead_ms: u32,
    /// At most one dead press per target in this time.
    pub dead_pause_ms: u32,
    /// Fewest dead or slow presses of a retry.
    pub retry_presses_min: u32,
    /// They lie within this time.
    pub retry_span_ms: u32,
    /// A problem that begins within this time after a press belongs to it.
    pub error_ms: u32,
    /// A page that changed by itself within this time before a press is moving.
    pub quiet_page_ms: u32,
}

/// Thresholds for repeated rotation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RotationRules {
    /// Two rotations within this time are repeated.
    pub two_within_ms: u32,
    /// Three rotations within this time are repeated.
    pub three_within_ms: u32,
}

/// What counts as attention.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AttentionRules {
    /// The time between two interactions counts as engaged up to this.
    pub pause_max_ms: u32,
    /// This much engaged time has the load 1.
    pub engaged_unit_ms: u32,
    /// Weight of engaged time.
    pub engaged_weight: f64,
    /// Weight of the full scroll depth.
    pub depth_weight: f64,
}

/// How loads become scores.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ScoreRules {
    /// Weight of each signal toward each score it feeds.
    pub weights: Vec<Weight>,
    /// One target adds at most this many full intensities of a signal.
    pub target_cap: u32,
    /// Half-life of the running score, ms.
    pub half_life_ms: u32,
    /// Parts of frustration and technical in experience; they are normalised.
    pub experience_frustration: f64,
    /// See `experience_frustration`.
    pub experience_technical: f64,
    /// Credit of engagement in experience.
    pub experience_engagement: f64,
    /// Below this time from first to newest interaction a session is unscored.
    pub evidence_min_ms: u32,
    /// Below this many interactions a session is unscored.
    pub evidence_min_interactions: u32,
    /// Engaged time that gives a confidence of 1 − 1/e by itself, ms.
    pub confidence_engaged_ms: u32,
    /// Likewise, presses.
    pub confidence_presses: u32,
    /// Likewise, samples.
    pub confidence_samples: u32,
}

/// What a signal adds to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScoreKind {
    /// What obstructs the visitor.
    Frustration,
    /// What failed or was slow.
    Technical,
    /// What held attention.
    Engagement,
}

impl ScoreKind {
    /// The name in rows and answers.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            ScoreKind::Frustration => "frustration",
            ScoreKind::Technical => "technical",
            ScoreKind::Engagement => "engagement",
        }
    }
}

/// One row of the table of weights.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Weight {
    /// The signal.
    pub signal: SignalKind,
    /// The score that it feeds.
    pub score: ScoreKind,
    /// How much: 1 for the strongest.
    pub weight: f64,
}

/// The longest time that a rule may speak of, ms.
const TIME_MAX_MS: u32 = 24 * 3_600_000;

impl RuleSet {
    /// The first thing in it under which nothing could be scored, if any: a
    /// count of none, a time beyond a day, a divisor of 0, a weight that is no
    /// weight.
    #[must_use]
    pub fn fault(&self) -> Option<&'static str> {
        let RuleSet {
            press,
            rotation,
            attention,
            scores,
        } = self;
        let times = [
            ("press.burst_span_ms", press.burst_span_ms),
            ("press.burst_quiet_ms", press.burst_quiet_ms),
            ("press.answer_ms", press.answer_ms),
            ("press.unverified_span_ms", press.unverified_span_ms),
            ("press.dead_ms", press.dead_ms),
            ("press.dead_pause_ms", press.dead_pause_ms),
            ("press.retry_span_ms", press.retry_span_ms),
            ("press.error_ms", press.error_ms),
            ("press.quiet_page_ms", press.quiet_page_ms),
            ("rotation.two_within_ms", rotation.two_within_ms),
            ("rotation.three_within_ms", rotation.three_within_ms),
            ("attention.pause_max_ms", attention.pause_max_ms),
        ];
        let least_one = [
            ("press.burst_presses_min", press.burst_presses_min),
            ("press.unverified_presses_min", press.unverified_presses_min),
            ("press.retry_presses_min", press.retry_presses_min),
            ("attention.engaged_unit_ms", attention.engaged_unit_ms),
            ("scores.target_cap", scores.target_cap),
            ("scores.half_life_ms", scores.half_life_ms),
            ("scores.confidence_engaged_ms", scores.confidence_engaged_ms),
            ("scores.confidence_presses", scores.confidence_presses),
            ("scores.confidence_samples", scores.confidence_samples),
        ];
        let numbers = [
            ("attention.engaged_weight", attention.engaged_weight),
            ("attention.depth_weight", attention.depth_weight),
            (
                "scores.experience_frustration",
                scores.experience_frustration,
            ),
            ("scores.experience_technical", scores.experience_technical),
            ("scores.experience_engagement", scores.experience_engagement),
        ];
        let weights = scores.weights.iter().map(|w| ("scores.weights", w.weight));
        let harm = scores.experience_frustration + scores.experience_technical;
        times
            .into_iter()
            .find(|(_, ms)| *ms > TIME_MAX_MS)
            .or_else(|| {
                least_one
                    .into_iter()
                    .find(|(_, n)| !(1..=TIME_MAX_MS).contains(n))
            })
            .map(|(name, _)| name)
            .or_else(|| {
                let mut all = numbers.into_iter().chain(weights);
                all.find(|(_, x)| !(0.0..=1_000.0).contains(x))
                    .map(|(name, _)| name)
            })
            .or_else(|| (scores.target_cap > 1_000).then_some("scores.target_cap"))
            .or_else(|| (harm <= 0.0).then_some("scores.experience_frustration"))
    }
}

impl ScoreRules {
    /// The weight of a signal toward a score; 0 when the table has no row.
    #[must_use]
    pub fn weight(&self, signal: SignalKind, score: ScoreKind) -> f64 {
        self.weights
            .iter()
            .find(|w| w.signal == signal && w.score == score)
            .map_or(0.0, |w| w.weight)
    }
}

impl Default for PressRules {
    fn default() -> Self {
        PressRules {
            burst_presses_min: 3,
            burst_span_ms: 2_000,
            burst_quiet_ms: 1_000,
            burst_distance_px: 50,
            answer_ms: 1_000,
            unverified_presses_min: 4,
            unverified_span_ms: 1_000,
            dead_ms: 2_500,
            dead_pause_ms: 1_000,
            retry_presses_min: 3,
            retry_span_ms: 15_000,
            error_ms: 1_000,
            quiet_page_ms: 1_000,
        }
    }
}

impl Default for RotationRules {
    fn default() -> Self {
        RotationRules {
            two_within_ms: 4_000,
            three_within_ms: 10_000,
        }
    }
}

impl Default for AttentionRules {
    fn default() -> Self {
        AttentionRules {
            pause_max_ms: 5_000,
            engaged_unit_ms: 60_000,
            engaged_weight: 0.6,
            depth_weight: 0.6,
        }
    }
}

impl Default for ScoreRules {
    fn default() -> Self {
        use ScoreKind::{Frustration, Technical};
        let row = |signal, score, weight| Weight {
            signal,
            score,
            weight,
        };
        ScoreRules {
            weights: vec![
                row(SignalKind::RagePress, Frustration, 1.0),
                row(SignalKind::ErrorPress, Frustration, 1.0),
                row(SignalKind::RetryPress, Frustration, 0.7),
                row(SignalKind::DeadPress, Frustration, 0.5),
                row(SignalKind::RepeatedRotation, Frustration, 0.35),
                row(SignalKind::ErrorPress, Technical, 1.0),
                row(SignalKind::SlowPress, Technical, 0.5),
            ],
            target_cap: 3,
            half_life_ms: 90_000,
            experience_frustration: 2.0,
            experience_technical: 1.0,
            experience_engagement: 0.1,
            evidence_min_ms: 3_000,
            evidence_min_interactions: 5,
            confidence_engaged_ms: 60_000,
            confidence_presses: 10,
            confidence_samples: 2_000,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_compiled_in_rules_have_no_fault() {
        assert_eq!(RuleSet::default().fault(), None);
    }

    #[test]
    fn rules_under_which_nothing_could_be_scored_are_named() {
        let fault = |change: fn(&mut RuleSet)| {
            let mut rules = RuleSet::default();
            change(&mut rules);
            rules.fault()
        };
        assert_eq!(
            fault(|r| r.press.burst_presses_min = 0),
            Some("press.burst_presses_min")
        );
        assert_eq!(fault(|r| r.press.dead_ms = u32::MAX), Some("press.dead_ms"));
        assert_eq!(
            fault(|r| r.scores.half_life_ms = 0),
            Some("scores.half_life_ms")
        );
        assert_eq!(
            fault(|r| r.scores.target_cap = 2_000),
            Some("scores.target_cap")
        );
        assert_eq!(
            fault(|r| r.scores.weights[0].weight = f64::NAN),
            Some("scores.weights")
        );
        assert_eq!(
            fault(|r| r.scores.weights[0].weight = -1.0),
            Some("scores.weights")
        );
    }
}
