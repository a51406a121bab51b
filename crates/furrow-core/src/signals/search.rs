//! Looking for something by words, again and again.
//!
//! A browser tells a submit of the form, not of the field in it, so forms in
//! which a search field was seen are remembered. A search field outside any
//! form has no submit; there its change is the search. Looking for words in the
//! page after a search says that what it found was not what was meant.

use super::run::{Enough, RUN_MAX, Run};
use super::{Firing, Firings, Moment, SignalKind, milli, within};
use crate::interaction::{Field, FieldChange, FieldKind, Interaction, Kind};
use crate::rules::{TIME_MAX_MS, section};
use crate::time::ClientTime;
use serde::{Deserialize, Serialize};

section! {
    /// Thresholds of searching.
    SearchRules {
        /// Fewest searches.
        searches_min: u32 = 3, in 2..=RUN_MAX;
        /// They lie within this time.
        span_ms: u32 = 60_000, in 1..=TIME_MAX_MS;
        /// What is told within this time is one search.
        together_ms: u32 = 100, in 0..=TIME_MAX_MS;
    }
}

/// Forms for searching that one session remembers.
pub const SEARCH_FORMS_MAX: usize = 4;

/// A session's searches.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct SearchDetector {
    /// Forms with a search field; at most [`SEARCH_FORMS_MAX`].
    forms: Vec<u64>,
    /// Searches, and what was then looked for in the page.
    run: Run,
    found_in_page: bool,
}

impl SearchDetector {
    /// Looks at an interaction.
    pub fn observe(
        &mut self,
        interaction: &Interaction,
        moment: Moment<'_>,
        firings: &mut Firings,
    ) {
        self.run.passed(interaction.at, moment.rules.search.span_ms);
        self.found_in_page &= self.run.newest().is_some();
        if let Kind::Field(field) = &interaction.kind
            && self.searches(field)
        {
            let together_ms = moment.rules.search.together_ms;
            if !within(self.run.newest(), interaction.at, together_ms) {
                self.looked(interaction.at, moment, firings);
            }
        }
        if let Kind::Find = interaction.kind
            && self.run.newest().is_some()
        {
            self.found_in_page = true;
            self.looked(interaction.at, moment, firings);
        }
    }

    /// Whether what happened to a field begins a search.
    fn searches(&mut self, field: &Field) -> bool {
        if field.kind == FieldKind::Search && field.form != 0 && !self.forms.contains(&field.form) {
            if self.forms.len() == SEARCH_FORMS_MAX {
                self.forms.remove(0);
            }
            self.forms.push(field.form);
        }
        // A submit names its form, or the field in which Enter was pressed.
        let of_search = field.kind == FieldKind::Search
            || (field.kind == FieldKind::Other && self.forms.contains(&field.form));
        match field.change {
            FieldChange::Submit => of_search,
            FieldChange::Change => field.kind == FieldKind::Search && field.form == 0,
            FieldChange::Focus
            | FieldChange::Blur
            | FieldChange::ValidationError
            | FieldChange::Paste
            | FieldChange::Clear => false,
        }
    }

    fn looked(&mut self, at: ClientTime, moment: Moment<'_>, firings: &mut Firings) {
        let rules = &moment.rules.search;
        // One search and one look into the page are enough.
        let fewest = if self.found_in_page {
            2
        } else {
            rules.searches_min
        };
        let enough = Enough {
            count: fewest,
            span_ms: rules.span_ms,
        };
        if !self.run.one_more(at, enough) {
            return;
        }
        let (count, seconds) = (self.run.count(), self.run.seconds());
        let firing = Firing {
            intensity_milli: milli(0.6 + 0.1 * f64::from(count.saturating_sub(fewest))),
            reason: match self.found_in_page {
                true => {
                    format!("searched, then looked in the page: {count} times in {seconds:.1} s")
                }
                false => format!("searched {count} times in {seconds:.1} s"),
            }
            .into(),
            ..moment.firing(SignalKind::SearchStruggle, at)
        };
        self.run.tell(firing, moment, firings);
    }
}

#[cfg(test)]
mod tests {
    use crate::signals::SignalKind::SearchStruggle;
    use crate::signals::script::{check_only, found};

    #[track_caller]
    fn check(text: &str, expected: &str) {
        check_only(&[SearchStruggle], text, expected);
    }

    #[test]
    fn three_searches_within_a_minute_are_a_struggle() {
        check(
            "field 0 submit search; field 30000 submit search; field 60000 submit search",
            "search_struggle@0x3",
        );
        check(
            "field 0 submit search; field 30000 submit search; field 60001 submit search",
            "",
        );
        check("field 0 submit search; field 9000 submit search", "");
    }

    #[test]
    fn searches_on_one_page_after_another_belong_together() {
        check(
            "load 0 /; field 1000 submit search; load 1300 /s; field 9000 submit search; load 9300 /s; field 20000 submit search",
            "search_struggle@1000x3",
        );
    }

    #[test]
    fn a_browser_s_submit_of_the_form_is_a_search_when_a_search_field_is_in_it() {
        let search = |at: i64| {
            format!(
                "field {at} focus search; field {} change search; field {} submit unkind named 0;",
                at + 2_000,
                at + 2_001
            )
        };
        check(
            &(search(0) + &search(9_000) + &search(20_000)),
            "search_struggle@2001x3",
        );
        check(
            "field 0 submit unkind named 0; field 5000 submit unkind named 0; field 9000 submit unkind named 0",
            "",
        );
    }

    #[test]
    fn a_submit_told_of_field_and_form_is_one_search() {
        let search = |at: i64| format!("field {at} submit search; field {} submit unkind;", at + 1);
        check(&(search(0) + &search(9_000)), "");
    }

    #[test]
    fn outside_a_form_a_change_is_the_search() {
        check(
            "field 0 change search in 0; field 9000 change search in 0; field 18000 change search in 0",
            "search_struggle@0x3",
        );
        check(
            "field 0 change search; field 9000 change search; field 18000 change search",
            "",
        );
    }

    #[test]
    fn other_forms_are_no_searches() {
        check(
            "field 0 submit; field 9000 submit; field 18000 submit; field 20000 submit",
            "",
        );
    }

    #[test]
    fn looking_in_the_page_after_a_search_is_a_struggle() {
        check("field 0 submit search; find 60000", "search_struggle@0x2");
        check("field 0 submit search; find 60001", "");
        check("find 0; find 3000; find 6000", "");
        check("find 0; field 3000 submit search", "");
    }

    #[test]
    fn more_searches_raise_the_same_firing() {
        let text = "field 0 submit search; field 9000 submit search; field 18000 submit search; field 27000 submit search; find 30000";
        check(text, "search_struggle@0x5");
        let firing = &found(&[SearchStruggle], text)[0];
        assert_eq!(firing.intensity_milli, 900);
        assert_eq!(
            &*firing.reason,
            "searched, then looked in the page: 5 times in 30.0 s"
        );
    }
}
