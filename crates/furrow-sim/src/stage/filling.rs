//! Fields, forms and searches.

use super::{Outcome, Stage};
use crate::fault::Fault;
use crate::site::{Answer, Element, fnv};
use furrow_core::interaction::{Field, FieldChange, FieldKind, Kind, TargetKind};

impl<'a> Stage<'a> {
    /// What is to be filled in on this page, searches left out.
    pub(crate) fn fields(&self) -> Vec<&'a Element> {
        let elements = self.page().elements.iter();
        elements.filter(|e| e.answer == Answer::Focus).collect()
    }

    /// The field that looks for things on the site, if the page has one.
    pub(crate) fn search_field(&self) -> Option<&'a Element> {
        let mut elements = self.page().elements.iter();
        elements.find(|e| matches!(e.answer, Answer::Search(_)))
    }

    pub(super) fn type_into(&mut self, element: &Element) {
        let corrections = self.draw.within(0..=2);
        self.fill(element, 300, corrections);
    }

    /// Fills in a field that has the focus: so long until the first key, at
    /// least, and so many corrections.
    fn fill(&mut self, element: &Element, hesitates_ms: u32, corrections: u32) {
        let mut field = self.field_of(element);
        self.note(Kind::Field(field.clone()));
        let first = self.draw.within(hesitates_ms..=hesitates_ms + 900);
        self.now += first;
        self.pause(900..=3_500);
        self.now += 400 * corrections;
        field.first_input_ms = Some(first);
        field.corrections = corrections;
        for change in [FieldChange::Change, FieldChange::Blur] {
            field.change = change;
            self.note(Kind::Field(field.clone()));
        }
    }

    /// Presses a field and fills it in as somebody does who does not know what
    /// is wanted.
    pub(crate) fn fill_unsure(&mut self, selector: &str) {
        let element = self.element(selector);
        self.reach(element);
        self.press_this(element, Outcome::Answered);
        let corrections = self.draw.within(2..=6);
        let hesitates_ms = self.draw.within(1_500..=5_500);
        self.fill(element, hesitates_ms, corrections);
    }

    /// The form refuses one or two of its fields.
    pub(crate) fn refuse(&mut self, fields: &[&Element]) {
        for element in fields {
            let mut field = self.field_of(element);
            field.change = FieldChange::ValidationError;
            self.note(Kind::Field(field));
        }
        let form = fnv(self.page().path.as_bytes());
        self.meet(Fault::BadForm, form);
    }

    /// Empties a field and fills it in anew.
    pub(crate) fn fill_anew(&mut self, selector: &str) {
        let element = self.element(selector);
        self.reach(element);
        self.press_this(element, Outcome::Answered);
        if self.draw.chance(500) {
            let mut field = self.field_of(element);
            field.change = FieldChange::Clear;
            self.note(Kind::Field(field));
        }
        let corrections = self.draw.within(0..=4);
        self.fill(element, 400, corrections);
    }

    /// Goes into a field and out again without a key.
    pub(crate) fn glance_into(&mut self, selector: &str) {
        let element = self.element(selector);
        self.reach(element);
        self.press_this(element, Outcome::Answered);
        let mut field = self.field_of(element);
        self.note(Kind::Field(field.clone()));
        self.pause(700..=6_500);
        field.change = FieldChange::Blur;
        self.note(Kind::Field(field));
    }

    /// The form is sent.
    pub(crate) fn submit(&mut self, element: &Element) {
        let mut field = self.field_of(element);
        field.change = FieldChange::Submit;
        self.note(Kind::Field(field));
    }

    /// Types a query; Enter sends it, and the page that shows what was found
    /// is loaded.
    pub(crate) fn look_for(&mut self, selector: &str, fresh: bool) {
        let element = self.element(selector);
        if fresh {
            self.reach(element);
            self.press_this(element, Outcome::Answered);
        }
        self.fill(element, 200, 0);
        self.submit(element);
        self.pause(80..=250);
        if let Answer::Search(path) = &element.answer {
            self.open(path);
        }
    }

    fn field_of(&self, element: &Element) -> Field {
        let kind = match &element.answer {
            Answer::Search(_) => FieldKind::Search,
            _ if element.kind == TargetKind::Date => FieldKind::Date,
            _ => field_kind(&element.selector),
        };
        Field {
            form: fnv(self.page().path.as_bytes()),
            field: element.hash(),
            kind,
            change: FieldChange::Focus,
            first_input_ms: None,
            corrections: 0,
        }
    }
}

fn field_kind(selector: &str) -> FieldKind {
    match selector {
        "input#email" | "input#mail" => FieldKind::Email,
        "input#card" | "input#iban" | "input#card-number" => FieldKind::Payment,
        "input#phone" => FieldKind::Telephone,
        "input#born" => FieldKind::Date,
        _ => FieldKind::Text,
    }
}
