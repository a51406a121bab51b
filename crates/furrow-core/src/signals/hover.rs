//! Hesitation and re-entry: waiting over something, and coming back to it.
//!
//! A hover hesitates when the target is there to be pressed and was not. Over
//! a text field the pointer is left while one types, over pictures, videos and
//! canvases while one looks: these do not count, and neither does an unstyled
//! link in an article, which lies in the way of whoever reads. Beyond
//! `parked_ms` the hand has left the pointer, and nothing is known. A field
//! that took the focus by itself as the page came up was not hesitated in.

use super::{Firing, Firings, Moment, SignalKind, TargetName, milli, to_u32, within};
use crate::ids::TargetHash;
use crate::interaction::{
    Button, Field, FieldChange, Hover, Interaction, Kind, Press, Target, TargetKind,
};
use crate::rules::{TIME_MAX_MS, section};
use crate::time::ClientTime;
use serde::{Deserialize, Serialize};

section! {
    /// Thresholds of hesitation and re-entry.
    HoverRules {
        /// Over an interactive target without a press.
        hesitation_ms: u32 = 2_000, in 1..=TIME_MAX_MS;
        /// In a field without input.
        field_hesitation_ms: u32 = 5_000, in 1..=TIME_MAX_MS;
        /// Beyond this time the pointer or the field was left alone.
        parked_ms: u32 = 30_000, in 1..=TIME_MAX_MS;
        /// A field that has the focus within this time of the page's
        /// beginning took it by itself.
        autofocus_ms: u32 = 1_000, in 0..=TIME_MAX_MS;
        /// Fewest times that the finally pressed target was entered again.
        re_entries_min: u32 = 3, in 1..=1_000;
        /// Within this time before the press.
        re_entry_span_ms: u32 = 15_000, in 1..=TIME_MAX_MS;
    }
}

/// Hovers that are remembered until a press; the oldest give way.
pub const HOVERS_MAX: usize = 8;

/// A press and the hover that it ends are told within this time of each other,
/// and a hover that begins within it after a press waits for the answer, ms.
const TOGETHER_MS: u32 = 1_000;

/// What one sender's visitor waits over.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct HoverDetector {
    /// Hovers that no press has ended, oldest first.
    hovers: Vec<Hovered>,
    /// The last target pressed, and when.
    pressed: Option<(TargetHash, ClientTime)>,
    visit: Option<Visit>,
    page_began: Option<ClientTime>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Hovered {
    target: TargetHash,
    from: ClientTime,
    to: ClientTime,
    entries: u32,
}

/// A field that has the focus.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Visit {
    field: u64,
    focused: ClientTime,
}

impl HoverDetector {
    /// Looks at an interaction.
    pub fn observe(
        &mut self,
        interaction: &Interaction,
        moment: Moment<'_>,
        firings: &mut Firings,
    ) {
        self.passed(moment);
        match &interaction.kind {
            Kind::Hover(hover) => self.hovered(hover, moment, firings),
            Kind::Press(press) => self.pressed(press, moment, firings),
            Kind::Field(field) => self.field(field, moment, firings),
            Kind::PageView(_) => {
                *self = HoverDetector {
                    page_began: Some(moment.now),
                    ..HoverDetector::default()
                };
            }
            // What is hidden is not waited over.
            Kind::Visibility { .. } => self.visit = None,
            _ => {}
        }
    }

    /// Forgets what time has made useless.
    fn passed(&mut self, moment: Moment<'_>) {
        let (now, rules) = (moment.now, &moment.rules.hover);
        let span_ms = rules.re_entry_span_ms;
        self.hovers
            .retain(|hover| within(Some(hover.to), now, span_ms.saturating_add(TOGETHER_MS)));
        self.pressed
            .take_if(|(_, at)| !within(Some(*at), now, rules.parked_ms));
        self.page_began
            .take_if(|at| !within(Some(*at), now, rules.autofocus_ms));
    }

    fn hovered(&mut self, hover: &Hover, moment: Moment<'_>, firings: &mut Firings) {
        let target = &moment.targets[usize::from(hover.target.0)];
        if moment.ignored(target).all {
            return;
        }
        let to = moment.now;
        let from = to.plus(-i64::from(hover.duration_ms));
        if self.hovers.len() == HOVERS_MAX {
            self.hovers.remove(0);
        }
        self.hovers.push(Hovered {
            target: target.hash,
            from,
            to,
            entries: hover.entries,
        });
        if hover.pressed_after {
            self.re_entered(target, to, moment, firings);
            self.pressed = Some((target.hash, to));
        } else {
            self.hesitated(hover, target, from, moment, firings);
        }
    }

    fn hesitated(
        &self,
        hover: &Hover,
        target: &Target,
        from: ClientTime,
        moment: Moment<'_>,
        firings: &mut Firings,
    ) {
        let rules = &moment.rules.hover;
        let long = (rules.hesitation_ms..=rules.parked_ms).contains(&hover.duration_ms);
        // Waiting for what a press brings is no hesitation before one.
        let waits = self.pressed.is_some_and(|(hash, at)| {
            hash == target.hash && from.since(at) <= u64::from(TOGETHER_MS)
        });
        if !long || waits || !invites(target) {
            return;
        }
        let waited = f64::from(hover.duration_ms) / f64::from(rules.hesitation_ms);
        let firing = Firing {
            duration_ms: hover.duration_ms,
            target: Some(TargetName::from(target)),
            // The least time may be chance, four times as much is not.
            intensity_milli: milli(0.4 + 0.2 * (waited - 1.0)),
            evidence_at: vec![0],
            reason: format!(
                "rested on it for {:.1} s without a press",
                f64::from(hover.duration_ms) / 1_000.0
            )
            .into(),
            ..moment.firing(SignalKind::Hesitation, from)
        };
        firings.fire(firing, moment.rules);
    }

    fn pressed(&mut self, press: &Press, moment: Moment<'_>, firings: &mut Firings) {
        let Some(target) = moment.target(press.target) else {
            return;
        };
        if press.button != Button::Primary || press.keyboard || moment.ignored(target).all {
            return;
        }
        // A hover that this press ended has been judged when it was told.
        let told_ms = u64::from(press.hold_ms) + u64::from(TOGETHER_MS);
        let judged = self.pressed.is_some_and(|(hash, at)| {
            hash == target.hash && at >= press.down && at.since(press.down) <= told_ms
        });
        if judged {
            return;
        }
        // The last entry was too short to be told as a hover.
        self.hovers.push(Hovered {
            target: target.hash,
            from: press.down,
            to: press.down,
            entries: 1,
        });
        self.re_entered(target, press.down, moment, firings);
        self.pressed = Some((target.hash, press.down));
    }

    /// The target was pressed; were there many ways to it?
    fn re_entered(
        &mut self,
        target: &Target,
        pressed: ClientTime,
        moment: Moment<'_>,
        firings: &mut Firings,
    ) {
        let rules = &moment.rules.hover;
        let span_ms = u64::from(rules.re_entry_span_ms);
        let (mut entries, mut from) = (0_u32, pressed);
        self.hovers.retain(|hover| {
            let same = hover.target == target.hash;
            if same && hover.to <= pressed && pressed.since(hover.to) <= span_ms {
                entries = entries.saturating_add(hover.entries);
                from = from.min(hover.from);
            }
            !same
        });
        let again = entries.saturating_sub(1);
        if again < rules.re_entries_min {
            return;
        }
        let duration_ms = to_u32(pressed.since(from));
        let further = f64::from(again - rules.re_entries_min);
        let firing = Firing {
            duration_ms,
            target: Some(TargetName::from(target)),
            intensity_milli: milli(0.4 + 0.2 * further),
            evidence_count: again,
            evidence_at: vec![0, duration_ms],
            reason: format!("left and entered again {again} times before it was pressed").into(),
            ..moment.firing(SignalKind::ReEntry, from)
        };
        firings.fire(firing, moment.rules);
    }

    fn field(&mut self, field: &Field, moment: Moment<'_>, firings: &mut Firings) {
        let now = moment.now;
        if field.change == FieldChange::Focus {
            let by_itself = self.page_began.is_some();
            self.visit = (!by_itself).then_some(Visit {
                field: field.field,
                focused: now,
            });
            return;
        }
        // What a form is told when it is sent says nothing of a field's visit.
        if let FieldChange::Submit | FieldChange::ValidationError = field.change {
            return;
        }
        let Some(visit) = self.visit.take_if(|visit| visit.field == field.field) else {
            return;
        };
        let until_now_ms = to_u32(now.since(visit.focused));
        let waited_ms = field.first_input_ms.unwrap_or(until_now_ms);
        let rules = &moment.rules.hover;
        if !(rules.field_hesitation_ms..=rules.parked_ms).contains(&waited_ms) {
            return;
        }
        let hash = TargetHash(field.field);
        let named = moment.targets.iter().find(|t| t.hash == hash);
        if named.is_some_and(|t| moment.ignored(t).all) {
            return;
        }
        let waited = f64::from(waited_ms) / f64::from(rules.field_hesitation_ms);
        let firing = Firing {
            duration_ms: waited_ms,
            target: Some(named.map_or_else(|| unnamed(hash), TargetName::from)),
            intensity_milli: milli(0.4 + 0.2 * (waited - 1.0)),
            evidence_at: vec![0],
            reason: format!(
                "in the field for {:.1} s without input",
                f64::from(waited_ms) / 1_000.0
            )
            .into(),
            ..moment.firing(SignalKind::Hesitation, visit.focused)
        };
        firings.fire(firing, moment.rules);
    }
}

/// A field of which the batch does not say more.
fn unnamed(hash: TargetHash) -> TargetName {
    TargetName {
        hash,
        selector: Box::default(),
        label: Box::default(),
    }
}

/// Whether it is there to be pressed, and not also to be looked at or typed
/// into.
fn invites(target: &Target) -> bool {
    let to_be_pressed = match target.kind {
        TargetKind::Link | TargetKind::LinkAway => !in_running_text(target),
        TargetKind::Unspecified
        | TargetKind::Button
        | TargetKind::Check
        | TargetKind::Select
        | TargetKind::Date
        | TargetKind::File
        | TargetKind::Slider
        | TargetKind::InputLabel
        | TargetKind::Other => true,
        TargetKind::TextField
        | TargetKind::Canvas
        | TargetKind::Video
        | TargetKind::Frame
        | TargetKind::Image
        | TargetKind::Text => false,
    };
    to_be_pressed && target.interactive
}

/// A link without name or class, directly named by the article around it.
fn in_running_text(target: &Target) -> bool {
    let words: Vec<&str> = target.selector.split(' ').collect();
    words[0].starts_with("article") && words[words.len() - 1] == "a"
}

#[cfg(test)]
#[path = "hover_tests.rs"]
mod tests;
