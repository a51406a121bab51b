//! The one table of weights: what every signal adds to every score.
//!
//! The values start from what other products publish of theirs, with a rage
//! press as 1; where none does, from how directly the behaviour speaks of the
//! state. Some were then set on simulated visitors of one site and are reported
//! on another (`docs/evaluation.md`): waiting, searching in vain and going back
//! frustrate too, and most people simply close what covers a page. Speed,
//! acceleration and jerk carry no weight: published studies do not show that
//! they tell frustration.

use crate::signals::SignalKind;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The largest weight.
const WEIGHT_MAX: f64 = 1_000.0;

macro_rules! score_kinds {
    ($($(#[$doc:meta])* $kind:ident: $name:literal;)+) => {
        /// What a signal adds to.
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
        )]
        #[serde(rename_all = "snake_case")]
        pub enum ScoreKind { $($(#[$doc])* $kind),+ }

        impl ScoreKind {
            /// All of them, in the order in which they are shown.
            pub const ALL: &[ScoreKind] = &[$(ScoreKind::$kind),+];

            /// The name in rows, rules and answers.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(ScoreKind::$kind => $name),+ }
            }
        }
    };
}

score_kinds! {
    /// What obstructs the visitor.
    Frustration: "frustration";
    /// The visitor does not see what to do.
    Confusion: "confusion";
    /// What holds attention.
    Engagement: "engagement";
    /// The way through the site does not lead where it should.
    Navigation: "navigation";
    /// A form is hard to fill in.
    Form: "form";
    /// What failed or was slow.
    Technical: "technical";
    /// The visitor is about to go.
    ExitRisk: "exit_risk";
}

const SIGNALS: usize = SignalKind::ALL.len();
const SCORES: usize = ScoreKind::ALL.len();

/// Weights by signal and score: 0 to 1,000, 1 for the strongest. In a file each
/// stands by name, `rage_press.frustration = 1.0`, over the compiled-in ones.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(from = "ByName", into = "ByName")]
pub struct Weights([[f64; SCORES]; SIGNALS]);

type ByName = BTreeMap<SignalKind, BTreeMap<ScoreKind, f64>>;

impl Weights {
    /// The weight of a signal toward a score.
    #[must_use]
    pub fn get(&self, signal: SignalKind, score: ScoreKind) -> f64 {
        self.0[signal as usize][score as usize]
    }

    /// Sets one weight.
    pub fn set(&mut self, signal: SignalKind, score: ScoreKind, weight: f64) {
        self.0[signal as usize][score as usize] = weight;
    }

    pub(super) fn fault(&self) -> Option<String> {
        all().find_map(|(signal, score)| {
            let fits = (0.0..=WEIGHT_MAX).contains(&self.get(signal, score));
            (!fits).then(|| format!("scores.weights.{}.{}", signal.name(), score.name()))
        })
    }
}

fn all() -> impl Iterator<Item = (SignalKind, ScoreKind)> {
    let scores = |signal: &SignalKind| {
        let signal = *signal;
        ScoreKind::ALL.iter().map(move |score| (signal, *score))
    };
    SignalKind::ALL.iter().flat_map(scores)
}

impl From<ByName> for Weights {
    fn from(named: ByName) -> Weights {
        let mut weights = Weights::default();
        for (signal, scores) in named {
            for (score, weight) in scores {
                weights.set(signal, score, weight);
            }
        }
        weights
    }
}

impl From<Weights> for ByName {
    /// Every weight that is set, and every 0 that stands over a compiled-in
    /// weight.
    fn from(weights: Weights) -> ByName {
        let compiled_in = Weights::default();
        let mut named = ByName::new();
        for (signal, score) in all() {
            let weight = weights.get(signal, score);
            if weight != 0.0 || compiled_in.get(signal, score) != 0.0 {
                named.entry(signal).or_default().insert(score, weight);
            }
        }
        named
    }
}

impl Default for Weights {
    fn default() -> Self {
        use ScoreKind::{
            Confusion, Engagement, ExitRisk, Form, Frustration, Navigation, Technical,
        };
        use SignalKind as S;
        let table: &[(SignalKind, &[(ScoreKind, f64)])] = &[
            (S::RagePress, &[(Frustration, 1.0), (ExitRisk, 0.3)]),
            (S::ResponsiveMultiPress, &[]),
            (S::DeadPress, &[(Frustration, 0.5)]),
            (S::SlowPress, &[(Technical, 0.5), (Frustration, 0.4)]),
            (S::SlowPage, &[(Technical, 0.5), (Frustration, 0.4)]),
            (S::RetryPress, &[(Frustration, 0.7)]),
            (S::ErrorPress, &[(Frustration, 1.0), (Technical, 1.0)]),
            (S::StaticPress, &[(Confusion, 0.3)]),
            (S::BrokenLink, &[(Frustration, 0.6), (Technical, 0.6)]),
            (S::ErrorLoop, &[(Technical, 0.6), (Frustration, 0.4)]),
            (S::FormErrorLoop, &[(Form, 0.6), (Frustration, 0.4)]),
            (S::Reload, &[(Frustration, 0.5)]),
            (S::BlockedView, &[(Frustration, 0.2)]),
            (S::Thrash, &[(Confusion, 0.3)]),
            (S::ThrashAtFailure, &[(Frustration, 0.6)]),
            (S::Meander, &[(Confusion, 0.3)]),
            (S::Detour, &[(Confusion, 0.3)]),
            (S::Hesitation, &[(Confusion, 0.4)]),
            (S::ReEntry, &[(Confusion, 0.3)]),
            (S::Reading, &[(Engagement, 0.4)]),
            (S::AboutToLeave, &[(ExitRisk, 1.0)]),
            (S::ScrollThrash, &[(Confusion, 0.3)]),
            (S::SteadyScroll, &[(Engagement, 0.3)]),
            (
                S::QuickBack,
                &[(Navigation, 0.4), (Frustration, 0.3), (Confusion, 0.2)],
            ),
            (S::PageLoop, &[(Navigation, 0.75), (Frustration, 0.2)]),
            (
                S::SearchStruggle,
                &[(Frustration, 0.6), (Navigation, 0.5), (Confusion, 0.3)],
            ),
            (S::FieldStruggle, &[(Form, 0.7), (Frustration, 0.2)]),
            (S::FormAbandonment, &[(Form, 0.7), (ExitRisk, 0.2)]),
            (S::FocusFlapping, &[(Confusion, 0.2)]),
            (S::RepeatedRotation, &[(Frustration, 0.35)]),
            (S::VideoRotation, &[(Engagement, 0.2)]),
            (S::TiltSwing, &[(Frustration, 0.15)]),
            (S::Shake, &[(Frustration, 0.8)]),
            (S::ZoomStruggle, &[(Frustration, 0.3)]),
            (S::DeadSwipe, &[(Frustration, 0.4)]),
            (S::ContentUse, &[(Engagement, 0.2)]),
        ];
        let mut weights = Weights([[0.0; SCORES]; SIGNALS]);
        for (signal, scores) in table {
            for (score, weight) in *scores {
                weights.set(*signal, *score, *weight);
            }
        }
        weights
    }
}
