//! One interaction's kind, from wire type to core type.

use super::check::{Check, known, missing, or_unspecified, out_of_range};
use crate::reject::{Reject, RejectReason};
use crate::v1;
use furrow_core::interaction::{
    Button, Conversion, FeedbackKind, Field, FieldChange, FieldKind, Hover, Kind, NavigationKind,
    Obstruction, ObstructionKind, Page, PageView, PointerType, Press, PressKind, Problem,
    ProblemKind, ReferrerClass, Reportable, Response, ResponseKind, ResponseUpdate, Rotation,
    SessionEndCause, Swipe, Value, Zoom,
};
use furrow_core::time::ClientTime;
use v1::interaction::Kind as Wire;

/// The longest stillness before a press that a client tells.
const QUIET_MS_MAX: u32 = 10_000;
const MILLI: u16 = 1_000;
const STATUS_MAX: u16 = 999;

/// The name of the kind's field, for paths.
pub(super) fn field_of(kind: &Wire) -> &'static str {
    match kind {
        Wire::PointerPath(_) => "pointer_path",
        Wire::Press(_) => "press",
        Wire::Response(_) => "response",
        Wire::Swipe(_) => "swipe",
        Wire::Zoom(_) => "zoom",
        Wire::Shake(_) => "shake",
        Wire::ScrollPath(_) => "scroll_path",
        Wire::Hover(_) => "hover",
        Wire::Rotation(_) => "rotation",
        Wire::TiltPath(_) => "tilt_path",
        Wire::Focus(_) => "focus",
        Wire::Visibility(_) => "visibility",
        Wire::Field(_) => "field",
        Wire::PageView(_) => "page_view",
        Wire::Navigation(_) => "navigation",
        Wire::Problem(_) => "problem",
        Wire::TextSelection(_) => "text_selection",
        Wire::Copy(_) => "copy",
        Wire::Find(_) => "find",
        Wire::Print(_) => "print",
        Wire::Conversion(_) => "conversion",
        Wire::Exposure(_) => "exposure",
        Wire::Feedback(_) => "feedback",
        Wire::Identify(_) => "identify",
        Wire::Custom(_) => "custom",
        Wire::SessionEnd(_) => "session_end",
        Wire::Obstruction(_) => "obstruction",
    }
}

impl Check<'_> {
    /// The checked kind of an interaction that happened at `at`.
    pub(super) fn kind(&self, kind: Wire, at: ClientTime) -> Result<Kind, Reject> {
        Ok(match kind {
            Wire::PointerPath(p) => Kind::PointerPath(self.pointer_path(&p)?),
            Wire::Press(p) => Kind::Press(self.press(p, at)?),
            Wire::Response(u) => Kind::Response(ResponseUpdate {
                press: self.count(u.press, "press")?,
                response: self.response(Some(u.response.ok_or_else(|| missing("response"))?))?,
            }),
            Wire::Swipe(s) => Kind::Swipe(self.swipe(s)?),
            Wire::Zoom(z) => Kind::Zoom(self.zoom(z)?),
            Wire::Shake(s) => Kind::Shake {
                peak_mm_s2: self.count(s.peak_mm_s2, "peak_mm_s2")?,
                duration_ms: self.span(s.duration_ms, "duration_ms")?,
            },
            Wire::ScrollPath(p) => Kind::ScrollPath(self.scroll_path(&p)?),
            Wire::Hover(h) => Kind::Hover(Hover {
                target: self.target(h.target, "target")?,
                duration_ms: self.span(h.duration_ms, "duration_ms")?,
                entries: self.count(h.entries, "entries")?,
                pressed_after: h.pressed_after,
            }),
            Wire::Rotation(r) => Kind::Rotation(self.rotation(r)?),
            Wire::TiltPath(p) => Kind::TiltPath(self.tilt_path(&p)?),
            Wire::Focus(f) => Kind::Focus { gained: f.gained },
            Wire::Visibility(v) => Kind::Visibility { visible: v.visible },
            Wire::Field(f) => Kind::Field(self.field(f)?),
            Wire::PageView(p) => Kind::PageView(self.page_view(p)?),
            Wire::Navigation(n) => {
                Kind::Navigation(known(n.kind, NavigationKind::from_number, "kind")?)
            }
            Wire::Problem(p) => Kind::Problem(self.problem(p, at)?),
            Wire::TextSelection(s) => Kind::TextSelection {
                target: self.optional_target(s.target)?,
                length: self.count(s.length, "length")?,
            },
            Wire::Copy(c) => Kind::Copy {
                target: self.optional_target(c.target)?,
            },
            Wire::Find(v1::Find {}) => Kind::Find,
            Wire::Print(v1::Print {}) => Kind::Print,
            Wire::Conversion(c) => Kind::Conversion(self.conversion(c)?),
            Wire::Exposure(e) => Kind::Exposure {
                experiment: self.some_name(e.experiment, "experiment")?,
                variant: self.name(e.variant, "variant")?,
            },
            Wire::Feedback(f) => feedback(f)?,
            Wire::Identify(i) => Kind::Identify {
                id: self.some_text(i.id, "id")?,
            },
            Wire::Custom(c) => self.custom(c)?,
            Wire::SessionEnd(e) => {
                Kind::SessionEnd(or_unspecified(e.cause, SessionEndCause::from_number))
            }
            Wire::Obstruction(o) => Kind::Obstruction(Obstruction {
                kind: known(o.kind, ObstructionKind::from_number, "kind")?,
                covered_milli: self.small(o.covered_milli, MILLI, "covered_milli")?,
                opened_by_visitor: o.opened_by_visitor,
                shown: o.shown,
            }),
        })
    }

    fn press(&self, p: v1::Press, at: ClientTime) -> Result<Press, Reject> {
        let down_before_ms = self.span(p.down_before_ms, "down_before_ms")?;
        Ok(Press {
            number: self.count(p.number, "number")?,
            kind: known(p.kind, PressKind::from_number, "kind")?,
            pointer: or_unspecified(p.pointer, PointerType::from_number),
            down: at.plus(-i64::from(down_before_ms)),
            position: self.point((p.x, p.y), ["x", "y"])?,
            page_position: self.point((p.page_x, p.page_y), ["page_x", "page_y"])?,
            target: self.optional_target(p.target)?,
            button: i32::try_from(p.button)
                .ok()
                .and_then(Button::from_number)
                .unwrap_or(Button::Other),
            hold_ms: self.span(p.hold_ms, "hold_ms")?,
            hover_before_ms: self.span(p.hover_before_ms, "hover_before_ms")?,
            selected_text: p.selected_text,
            scrolled: p.scrolled,
            keyboard: p.keyboard,
            modified: p.modified,
            response: self.response(p.response)?,
        })
    }

    /// The response, empty when nothing was watched. Kinds that this version
    /// does not know are left out; of a kind told twice the earlier counts.
    fn response(&self, response: Option<v1::Response>) -> Result<Response, Reject> {
        self.response_fields(&response.unwrap_or_default())
            .map_err(|r| r.under("response"))
    }

    fn response_fields(&self, r: &v1::Response) -> Result<Response, Reject> {
        let mut facts = Vec::new();
        for (i, fact) in r.facts.iter().enumerate() {
            self.span(fact.after_ms, "after_ms")
                .map_err(|e| e.under_index("facts", i))?;
        }
        let mut known: Vec<_> = r
            .facts
            .iter()
            .filter_map(|f| Some((ResponseKind::from_number(f.kind)?, f.after_ms)))
            .collect();
        known.sort_by_key(|&(_, after_ms)| after_ms);
        let mut seen = 0u64;
        for (kind, after_ms) in known {
            let bit = 1u64 << kind as u8;
            if seen & bit == 0 {
                seen |= bit;
                facts.push((kind, after_ms));
            }
        }
        if r.quiet_before_ms > QUIET_MS_MAX {
            let detail = format!("{} is above {QUIET_MS_MAX}", r.quiet_before_ms);
            return Err(out_of_range("quiet_before_ms", detail));
        }
        Ok(Response {
            watched_ms: self.span(r.watched_ms, "watched_ms")?,
            reportable: Reportable(r.reportable),
            facts,
            quiet_before_ms: r.quiet_before_ms,
        })
    }

    fn swipe(&self, s: v1::Swipe) -> Result<Swipe, Reject> {
        Ok(Swipe {
            start: self.point((s.start_x, s.start_y), ["start_x", "start_y"])?,
            displacement: self.point((s.dx, s.dy), ["dx", "dy"])?,
            duration_ms: self.span(s.duration_ms, "duration_ms")?,
            target: self.optional_target(s.target)?,
            response: self.response(s.response)?,
        })
    }

    fn zoom(&self, z: v1::Zoom) -> Result<Zoom, Reject> {
        Ok(Zoom {
            scale_before_milli: self.count(z.scale_before_milli, "scale_before_milli")?,
            scale_after_milli: self.count(z.scale_after_milli, "scale_after_milli")?,
            position: self.point((z.x, z.y), ["x", "y"])?,
            target: self.optional_target(z.target)?,
            response: self.response(z.response)?,
        })
    }

    fn rotation(&self, r: v1::Rotation) -> Result<Rotation, Reject> {
        Ok(Rotation {
            from_degrees: degrees(r.from_degrees, "from_degrees")?,
            to_degrees: degrees(r.to_degrees, "to_degrees")?,
            viewport: self.size(
                (r.viewport_width, r.viewport_height),
                ["viewport_width", "viewport_height"],
            )?,
            video_in_view: r.video_in_view,
        })
    }

    fn field(&self, f: v1::Field) -> Result<Field, Reject> {
        Ok(Field {
            form: f.form,
            field: f.field,
            kind: or_unspecified(f.kind, FieldKind::from_number),
            change: known(f.change, FieldChange::from_number, "change")?,
            first_input_ms: f
                .first_input_ms
                .map(|ms| self.span(ms, "first_input_ms"))
                .transpose()?,
            corrections: self.count(f.corrections, "corrections")?,
        })
    }

    pub(super) fn page(&self, p: v1::Page) -> Result<Page, Reject> {
        Ok(Page {
            number: self.count(p.number, "number")?,
            path: self.path(p.path, "path")?,
            group: self.name(p.group, "group")?,
        })
    }

    fn page_view(&self, p: v1::PageView) -> Result<PageView, Reject> {
        let page = p.page.ok_or_else(|| missing("page"))?;
        Ok(PageView {
            page: self.page(page).map_err(|r| r.under("page"))?,
            referrer: or_unspecified(p.referrer, ReferrerClass::from_number),
            first_paint_ms: self.span(p.first_paint_ms, "first_paint_ms")?,
            interactive_ms: self.span(p.interactive_ms, "interactive_ms")?,
            loaded_ms: self.span(p.loaded_ms, "loaded_ms")?,
            document: self.size(
                (p.document_width, p.document_height),
                ["document_width", "document_height"],
            )?,
            viewport: self.size(
                (p.viewport_width, p.viewport_height),
                ["viewport_width", "viewport_height"],
            )?,
        })
    }

    fn problem(&self, p: v1::Problem, at: ClientTime) -> Result<Problem, Reject> {
        let began_before_ms = self.span(p.began_before_ms, "began_before_ms")?;
        Ok(Problem {
            kind: known(p.kind, ProblemKind::from_number, "kind")?,
            message_hash: p.message_hash,
            origin: self.text(p.origin, "origin")?,
            status: self.small(p.status, STATUS_MAX, "status")?,
            began: at.plus(-i64::from(began_before_ms)),
            broken_link: p.broken_link,
        })
    }

    fn conversion(&self, c: v1::Conversion) -> Result<Conversion, Reject> {
        let max = self.limits.value_minor_max;
        if c.value_minor.unsigned_abs() > max.unsigned_abs() {
            let detail = format!("{} is not within ±{max}", c.value_minor);
            return Err(out_of_range("value_minor", detail));
        }
        let three_capitals =
            c.currency.len() == 3 && c.currency.bytes().all(|b| b.is_ascii_uppercase());
        if !c.currency.is_empty() && !three_capitals {
            return Err(out_of_range("currency", "is not three capital letters"));
        }
        Ok(Conversion {
            order_id: self.some_text(c.order_id, "order_id")?,
            value_minor: c.value_minor,
            currency: c.currency.into_boxed_str(),
            kind: self.name(c.kind, "kind")?,
        })
    }

    fn custom(&self, c: v1::Custom) -> Result<Kind, Reject> {
        let max = self.limits.attributes_max;
        if c.attributes.len() > max {
            let detail = format!("{}, at most {max} are taken", c.attributes.len());
            return Err(Reject::new(
                RejectReason::TooManyAttributes,
                "attributes",
                detail,
            ));
        }
        let mut attributes = Vec::with_capacity(c.attributes.len());
        for (i, attribute) in c.attributes.into_iter().enumerate() {
            let checked = self
                .attribute(attribute)
                .map_err(|r| r.under_index("attributes", i))?;
            attributes.extend(checked);
        }
        Ok(Kind::Custom {
            name: self.some_name(c.name, "name")?,
            attributes,
        })
    }

    /// `None` for a value of a type that this version does not know.
    fn attribute(&self, a: v1::Attribute) -> Result<Option<(Box<str>, Value)>, Reject> {
        use v1::attribute::Value as WireValue;
        let name = self.some_name(a.name, "name")?;
        Ok(match a.value {
            None => None,
            Some(WireValue::Text(text)) => Some((name, Value::Text(self.text(text, "text")?))),
            Some(WireValue::Number(number)) if number.is_finite() => {
                Some((name, Value::Number(number)))
            }
            Some(WireValue::Number(_)) => return Err(out_of_range("number", "is not finite")),
            Some(WireValue::Flag(flag)) => Some((name, Value::Flag(flag))),
        })
    }
}

fn degrees(value: u32, field: &str) -> Result<u16, Reject> {
    match value {
        0 => Ok(0),
        90 => Ok(90),
        180 => Ok(180),
        270 => Ok(270),
        other => Err(out_of_range(
            field,
            format!("{other} is not 0, 90, 180 or 270"),
        )),
    }
}

fn feedback(f: v1::Feedback) -> Result<Kind, Reject> {
    let kind = known(f.kind, FeedbackKind::from_number, "kind")?;
    let answers = match kind {
        FeedbackKind::Nps => 0..=10,
        FeedbackKind::Csat => 1..=5,
        FeedbackKind::Ces => 1..=7,
    };
    if !answers.contains(&f.answer) {
        let detail = format!(
            "{} is not within {} to {}",
            f.answer,
            answers.start(),
            answers.end()
        );
        return Err(out_of_range("answer", detail));
    }
    Ok(Kind::Feedback {
        kind,
        answer: f.answer,
    })
}
