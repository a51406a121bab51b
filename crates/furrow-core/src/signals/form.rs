//! Field struggle and form abandonment.
//!
//! Search fields are left out: what is hard about searching is told by its
//! own signal. A form in which only choices were made is not abandoned, for
//! that is how filters and sorting look; nor are fields outside any form, whose
//! sending nobody could see. A field that takes the focus back because the
//! window does was not gone into again. What is told of a field names it by its
//! hash alone; a press on it tells how it reads.

use super::problem::unnamed;
use super::{
    EVIDENCE_MAX, Firing, FiringId, Firings, Moment, SignalKind, TargetName, milli, to_u32, within,
};
use crate::interaction::{Field, FieldChange, FieldKind, Interaction, Kind, Target, TargetKind};
use crate::rules::{TIME_MAX_MS, section};
use crate::time::ClientTime;
use serde::{Deserialize, Serialize};

section! {
    /// Thresholds of forms.
    FormRules {
        /// Fewest times that one field took the focus.
        focuses_min: u32 = 3, in 2..=1_000;
        /// Fewest corrections and clears in one field.
        corrections_min: u32 = 3, in 1..=1_000;
        /// Fewest times that one field was refused.
        refusals_min: u32 = 2, in 1..=1_000;
        /// Validation errors of one field with no longer pauses are one refusal.
        refusal_pause_ms: u32 = 1_000, in 0..=TIME_MAX_MS;
        /// Fewest inputs into a form that can be abandoned.
        inputs_min: u32 = 1, in 1..=1_000;
    }
}

/// Fields that one page view remembers; those not used for longest give way.
pub const FIELDS_MAX: usize = 16;

/// Forms that one page view remembers, likewise.
pub const FORMS_MAX: usize = 4;

/// Forms that one session remembers to have been sent.
pub const SENT_MAX: usize = 8;

/// What a session has sent, and the goals that it has reached. Who leaves a
/// form and sends it later, from another load of its page, has not abandoned
/// it; nor has anybody whose order the next page confirms.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct SentForms {
    sent: Vec<(u64, ClientTime)>,
    /// The newest conversion.
    converted: Option<ClientTime>,
}

impl SentForms {
    /// Looks at an interaction.
    pub fn observe(&mut self, interaction: &Interaction) {
        if let Kind::Conversion(_) = &interaction.kind {
            self.converted = self.converted.max(Some(interaction.at));
        }
        if let Kind::Field(field) = &interaction.kind
            && field.change == FieldChange::Submit
        {
            self.sent.retain(|(form, _)| *form != field.form);
            if self.sent.len() == SENT_MAX {
                self.sent.remove(0);
            }
            self.sent.push((field.form, interaction.at));
        }
    }

    fn since(&self, form: u64, at: ClientTime) -> bool {
        let sent = self.sent.iter().any(|(f, when)| *f == form && *when >= at);
        sent || self.converted.is_some_and(|when| when >= at)
    }
}

/// One page view's forms.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct FormDetector {
    /// Least recently used first; at most [`FIELDS_MAX`].
    fields: Vec<Filled>,
    /// Likewise; at most [`FORMS_MAX`].
    forms: Vec<Begun>,
    /// The input that was pressed last.
    pressed: Option<TargetName>,
    /// The window was left since a field last took the focus.
    window_left: bool,
}

/// What has happened to one field.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Filled {
    field: u64,
    /// When it first gave evidence.
    at: ClientTime,
    focuses: u32,
    /// Of the visits before this one, with what was cleared.
    corrections: u32,
    /// Of this visit, as last told.
    corrections_now: u32,
    refusals: u32,
    refused: Option<ClientTime>,
    /// When it gave evidence, ms after `at`; at most [`EVIDENCE_MAX`].
    evidence_ms: Vec<u32>,
    /// How long after `at` the newest was.
    lasted_ms: u32,
    fired: Option<Fired>,
}

/// What a field has fired, and how it reads once that is known.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Fired {
    id: FiringId,
    name: Option<TargetName>,
}

/// A form into which something was entered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Begun {
    form: u64,
    page_view: Option<u32>,
    /// First and newest input.
    span: (ClientTime, ClientTime),
    inputs: u32,
    /// More than choices were made.
    written: bool,
    /// It was sent, or the page reached its goal.
    redeemed: bool,
}

impl FormDetector {
    /// Looks at an interaction.
    pub fn observe(
        &mut self,
        interaction: &Interaction,
        moment: Moment<'_>,
        firings: &mut Firings,
    ) {
        match &interaction.kind {
            Kind::Field(field) if field.kind != FieldKind::Search => {
                self.changed(interaction.at, field, moment);
                self.struggled(interaction.at, field, moment, firings);
            }
            // A form is sent whatever stands in it.
            Kind::Field(field) if field.change == FieldChange::Submit => self.sent(field.form),
            Kind::Focus { gained: false } | Kind::Visibility { visible: false } => {
                self.window_left = true;
            }
            Kind::Press(press) => {
                if let Some(target) = moment.target(press.target) {
                    self.pressed(target, moment, firings);
                }
            }
            Kind::Conversion(_) => self.redeemed(),
            Kind::PageView(_) => self.left(None, moment, firings),
            _ => {}
        }
    }

    /// The page has reached its goal: nothing on it is abandoned.
    pub fn redeemed(&mut self) {
        self.forms.iter_mut().for_each(|form| form.redeemed = true);
    }

    /// Nothing more will come.
    pub fn ended(&mut self, sent: &SentForms, moment: Moment<'_>, firings: &mut Firings) {
        self.left(Some(sent), moment, firings);
    }

    /// The page was left.
    fn left(&mut self, sent: Option<&SentForms>, moment: Moment<'_>, firings: &mut Firings) {
        for form in &self.forms {
            if !sent.is_some_and(|sent| sent.since(form.form, form.span.1)) {
                form.left(moment, firings);
            }
        }
        *self = FormDetector::default();
    }

    /// Something was pressed; it may be a field that has fired without a name.
    fn pressed(&mut self, target: &Target, moment: Moment<'_>, firings: &mut Firings) {
        if !is_input(target.kind) {
            return;
        }
        self.pressed = Some(TargetName::from(target));
        for filled in &mut self.fields {
            let unnamed = |fired: &Fired| fired.name.is_none();
            if filled.field == target.hash.0 && filled.fired.as_ref().is_some_and(unnamed) {
                filled.judge(self.pressed.as_ref(), moment, firings);
            }
        }
    }

    fn sent(&mut self, form: u64) {
        for begun in self.forms.iter_mut().filter(|f| f.form == form) {
            begun.redeemed = true;
        }
    }

    fn changed(&mut self, at: ClientTime, field: &Field, moment: Moment<'_>) {
        if field.change == FieldChange::Submit {
            self.sent(field.form);
            return;
        }
        let known = self.forms.iter().position(|f| f.form == field.form);
        let entered = match field.change {
            FieldChange::Change | FieldChange::Paste | FieldChange::Clear => true,
            // Telling again what was entered before the form was sent.
            FieldChange::Blur => known.is_none() && field.first_input_ms.is_some(),
            FieldChange::Focus | FieldChange::Submit | FieldChange::ValidationError => false,
        };
        if !entered || field.form == 0 {
            return;
        }
        let mut form = match known {
            Some(place) if !self.forms[place].redeemed => self.forms.remove(place),
            known => {
                if let Some(place) = known {
                    self.forms.remove(place);
                }
                if self.forms.len() == FORMS_MAX {
                    self.forms.remove(0);
                }
                Begun {
                    form: field.form,
                    page_view: moment.page_view,
                    span: (at, at),
                    inputs: 0,
                    written: false,
                    redeemed: false,
                }
            }
        };
        form.span.1 = at;
        form.inputs = form.inputs.saturating_add(1);
        form.written |= field.kind != FieldKind::Choice;
        self.forms.push(form);
    }

    fn struggled(
        &mut self,
        at: ClientTime,
        field: &Field,
        moment: Moment<'_>,
        firings: &mut Firings,
    ) {
        if field.field == 0 {
            return;
        }
        let back = field.change == FieldChange::Focus && std::mem::take(&mut self.window_left);
        let known = self.fields.iter().position(|f| f.field == field.field);
        let was_in_it = known.is_some_and(|place| place + 1 == self.fields.len());
        let mut filled = match known {
            Some(place) => self.fields.remove(place),
            None => {
                if self.fields.len() == FIELDS_MAX {
                    self.fields.remove(0);
                }
                Filled::new(field.field, at)
            }
        };
        let refusal_pause_ms = moment.rules.form.refusal_pause_ms;
        if !(back && was_in_it) && filled.takes(at, field, refusal_pause_ms) {
            filled.judge(self.pressed.as_ref(), moment, firings);
        }
        self.fields.push(filled);
    }
}

impl Filled {
    fn new(field: u64, at: ClientTime) -> Filled {
        Filled {
            field,
            at,
            focuses: 0,
            corrections: 0,
            corrections_now: 0,
            refusals: 0,
            refused: None,
            evidence_ms: Vec::new(),
            lasted_ms: 0,
            fired: None,
        }
    }

    /// Counts what happened. Tells whether it is evidence of a struggle.
    fn takes(&mut self, at: ClientTime, field: &Field, refusal_pause_ms: u32) -> bool {
        let before = self.corrected();
        match field.change {
            FieldChange::Focus => {
                // The client counts from 0 again.
                self.corrections = before;
                self.corrections_now = 0;
                self.focuses = self.focuses.saturating_add(1);
            }
            FieldChange::Clear => self.corrections = self.corrections.saturating_add(1),
            FieldChange::ValidationError => {
                let same = within(self.refused, at, refusal_pause_ms);
                self.refused = Some(at);
                self.refusals = self.refusals.saturating_add(u32::from(!same));
            }
            FieldChange::Blur | FieldChange::Change | FieldChange::Submit | FieldChange::Paste => {}
        }
        if field.change != FieldChange::Focus {
            self.corrections_now = self.corrections_now.max(field.corrections);
        }
        let telling = match field.change {
            FieldChange::Focus | FieldChange::Clear | FieldChange::ValidationError => true,
            FieldChange::Blur | FieldChange::Change | FieldChange::Submit | FieldChange::Paste => {
                self.corrected() > before
            }
        };
        if !telling {
            return false;
        }
        if self.evidence_ms.is_empty() {
            self.at = at;
        }
        self.lasted_ms = to_u32(at.since(self.at));
        if self.evidence_ms.len() < EVIDENCE_MAX {
            self.evidence_ms.push(self.lasted_ms);
        }
        true
    }

    fn corrected(&self) -> u32 {
        self.corrections.saturating_add(self.corrections_now)
    }

    fn judge(&mut self, pressed: Option<&TargetName>, moment: Moment<'_>, firings: &mut Firings) {
        let rules = &moment.rules.form;
        let corrected = self.corrected();
        let mut reached = 0.0;
        let mut reasons = Vec::new();
        for (count, fewest, what) in [
            (self.focuses, rules.focuses_min, "gone into"),
            (corrected, rules.corrections_min, "corrected"),
            (self.refusals, rules.refusals_min, "refused"),
        ] {
            if count >= fewest {
                reached += (f64::from(count) / f64::from(fewest)).min(2.0);
                reasons.push(format!("{what} {count} times"));
            }
        }
        if reasons.is_empty() {
            return;
        }
        let all = self.focuses.saturating_add(corrected);
        let known = self.fired.as_ref().and_then(|fired| fired.name.clone());
        let name = known.or_else(|| pressed.filter(|p| p.hash.0 == self.field).cloned());
        let firing = Firing {
            duration_ms: self.lasted_ms,
            target: Some(name.clone().unwrap_or_else(|| unnamed(self.field))),
            // One threshold reached is clear; further ones, and each reached
            // twice, add.
            intensity_milli: milli(0.3 + 0.3 * reached),
            evidence_count: all.saturating_add(self.refusals),
            evidence_at: self.evidence_ms.clone(),
            reason: format!("a field was {}", reasons.join(", ")).into(),
            ..moment.firing(SignalKind::FieldStruggle, self.at)
        };
        let id = match &self.fired {
            Some(fired) => firings.raise(fired.id, firing, moment.rules),
            None => firings.fire(firing, moment.rules),
        };
        self.fired = Some(Fired { id, name });
    }
}

/// Whether it is something to be filled in.
fn is_input(kind: TargetKind) -> bool {
    match kind {
        TargetKind::TextField
        | TargetKind::Check
        | TargetKind::Select
        | TargetKind::Date
        | TargetKind::File
        | TargetKind::Slider => true,
        TargetKind::Unspecified
        | TargetKind::Button
        | TargetKind::Link
        | TargetKind::LinkAway
        | TargetKind::InputLabel
        | TargetKind::Canvas
        | TargetKind::Video
        | TargetKind::Frame
        | TargetKind::Image
        | TargetKind::Text
        | TargetKind::Other => false,
    }
}

impl Begun {
    /// The page is left; a form that was begun and not sent is abandoned.
    fn left(&self, moment: Moment<'_>, firings: &mut Firings) {
        let fewest = moment.rules.form.inputs_min;
        if self.redeemed || !self.written || self.inputs < fewest {
            return;
        }
        let (first, newest) = self.span;
        let further = self.inputs - fewest;
        let firing = Firing {
            page_view: self.page_view,
            duration_ms: to_u32(newest.since(first)),
            target: Some(unnamed(self.form)),
            // The more was entered, the more was given up.
            intensity_milli: milli(0.5 + 0.1 * f64::from(further)),
            evidence_count: self.inputs,
            reason: format!("a form was left unsent after {} inputs", self.inputs).into(),
            ..moment.firing(SignalKind::FormAbandonment, first)
        };
        firings.fire(firing, moment.rules);
    }
}

#[cfg(test)]
#[path = "form_tests.rs"]
mod tests;
