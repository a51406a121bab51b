//! What fired in a session, and what that adds up to.

use super::SignalKind;
use crate::ids::TargetHash;
use crate::interaction::Target;
use crate::rules::{RuleSet, ScoreKind};
use crate::scores::Tallies;
use crate::time::ClientTime;
use serde::{Deserialize, Serialize};

/// Most firings of one session that are listed; later ones still count in its
/// scores.
pub const FIRINGS_MAX: usize = 256;

/// Most moments of evidence that a firing lists.
pub const EVIDENCE_MAX: usize = 16;

/// A target as far as a firing names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetName {
    /// Stable identity.
    pub hash: TargetHash,
    /// Readable.
    pub selector: Box<str>,
    /// What it is called; may be empty.
    pub label: Box<str>,
}

impl From<&Target> for TargetName {
    fn from(target: &Target) -> Self {
        TargetName {
            hash: target.hash,
            selector: target.selector.clone(),
            label: target.label.clone(),
        }
    }
}

/// One firing with its evidence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Firing {
    /// What fired.
    pub kind: SignalKind,
    /// When what it rests on began.
    pub at: ClientTime,
    /// How long that lasted, ms.
    pub duration_ms: u32,
    /// Which of the session's senders.
    pub sender: u8,
    /// Ordinal of the page view.
    pub page_view: Option<u32>,
    /// On what.
    pub target: Option<TargetName>,
    /// Where in the viewport, px.
    pub position: (i32, i32),
    /// 0 to 1,000.
    pub intensity_milli: u16,
    /// How many presses or readings it rests on.
    pub evidence_count: u32,
    /// The first of them, ms after `at`; at most [`EVIDENCE_MAX`].
    pub evidence_at: Vec<u32>,
    /// What was measured, for people.
    pub reason: Box<str>,
}

/// A firing, as its detector remembers it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum FiringId {
    /// It stands in the session's list, at this place.
    Listed(u32),
    /// The list was full.
    Unlisted {
        /// It counts with this, in thousandths.
        intensity_milli: u16,
        /// Ordinal of the page view on which it began.
        page_view: Option<u32>,
    },
}

/// What fired in a session, and what that adds up to.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Firings {
    listed: Vec<Firing>,
    /// Ordinals that changed since the last update.
    changed: Vec<u32>,
    /// Over the session.
    tallies: Tallies,
    /// Per page view with firings, by ordinal.
    page_views: Vec<(u32, Tallies)>,
    /// The newest that counts toward frustration.
    newest_frustration: Option<ClientTime>,
    /// The newest press of those that the page did not answer in time.
    newest_unanswered: Option<ClientTime>,
}

impl Firings {
    /// Lists a firing, while there is room, and adds its intensity.
    pub fn fire(&mut self, firing: Firing, rules: &RuleSet) -> FiringId {
        self.add(&firing, firing.intensity_milli, true, rules);
        if self.listed.len() >= FIRINGS_MAX {
            return FiringId::Unlisted {
                intensity_milli: firing.intensity_milli,
                page_view: firing.page_view,
            };
        }
        let ordinal = u32::try_from(self.listed.len()).expect("FIRINGS_MAX fits");
        self.listed.push(firing);
        self.changed.push(ordinal);
        FiringId::Listed(ordinal)
    }

    /// Replaces a firing by a stronger reading of the same behaviour. The
    /// intensity never falls, and it stays with the page view on which it began.
    #[must_use]
    pub fn raise(&mut self, id: FiringId, firing: Firing, rules: &RuleSet) -> FiringId {
        let (before_milli, page_view) = match id {
            FiringId::Listed(ordinal) => {
                let before = &self.listed[ordinal as usize];
                (before.intensity_milli, before.page_view)
            }
            FiringId::Unlisted {
                intensity_milli,
                page_view,
            } => (intensity_milli, page_view),
        };
        let gain = firing.intensity_milli.saturating_sub(before_milli);
        let intensity_milli = before_milli + gain;
        let firing = Firing {
            intensity_milli,
            page_view,
            ..firing
        };
        if gain > 0 {
            self.add(&firing, gain, false, rules);
        }
        match id {
            FiringId::Unlisted { .. } => FiringId::Unlisted {
                intensity_milli,
                page_view,
            },
            FiringId::Listed(ordinal) => {
                let before = &mut self.listed[ordinal as usize];
                if *before != firing {
                    *before = firing;
                    if !self.changed.contains(&ordinal) {
                        self.changed.push(ordinal);
                    }
                }
                id
            }
        }
    }

    fn add(&mut self, firing: &Firing, intensity_milli: u16, new: bool, rules: &RuleSet) {
        let target = firing.target.as_ref().map(|t| t.hash);
        let at = firing.at.plus(i64::from(firing.duration_ms));
        if rules.scores.weight(firing.kind, ScoreKind::Frustration) > 0.0 {
            self.newest_frustration = self.newest_frustration.max(Some(at));
        }
        let pressed = match firing.kind {
            SignalKind::RagePress | SignalKind::RetryPress => Some(at),
            // These last until the page could have answered.
            SignalKind::DeadPress | SignalKind::SlowPress => Some(firing.at),
            _ => None,
        };
        self.newest_unanswered = self.newest_unanswered.max(pressed);
        self.tallies
            .add(firing.kind, target, at, intensity_milli, new, &rules.scores);
        let Some(page_view) = firing.page_view else {
            return;
        };
        let place = match self
            .page_views
            .binary_search_by_key(&page_view, |(p, _)| *p)
        {
            Ok(place) => place,
            Err(place) => {
                self.page_views
                    .insert(place, (page_view, Tallies::default()));
                place
            }
        };
        self.page_views[place]
            .1
            .add(firing.kind, target, at, intensity_milli, new, &rules.scores);
    }

    /// When the newest ended that counts toward frustration.
    #[must_use]
    pub fn newest_frustration(&self) -> Option<ClientTime> {
        self.newest_frustration
    }

    /// When the newest press went down of those that say that the page did not
    /// answer in time.
    #[must_use]
    pub fn newest_unanswered(&self) -> Option<ClientTime> {
        self.newest_unanswered
    }

    /// All listed firings; their index is their ordinal.
    #[must_use]
    pub fn listed(&self) -> &[Firing] {
        &self.listed
    }

    /// Takes the ordinals that changed since this was last asked.
    pub fn take_changed(&mut self) -> Vec<u32> {
        let mut changed = std::mem::take(&mut self.changed);
        changed.sort_unstable();
        changed
    }

    /// What the session's firings add up to.
    #[must_use]
    pub fn tallies(&self) -> &Tallies {
        &self.tallies
    }

    /// What one page view's firings add up to.
    #[must_use]
    pub fn page_view_tallies(&self, ordinal: u32) -> Option<&Tallies> {
        let place = self
            .page_views
            .binary_search_by_key(&ordinal, |(p, _)| *p)
            .ok()?;
        Some(&self.page_views[place].1)
    }
}
