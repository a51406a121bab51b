//! Core batches to bytes, as a client would send them. For simulators, load
//! generators and tests: the gateway passes the client's own bytes on.

use crate::v1;
use furrow_core::interaction::{
    Batch, Button, Device, Interaction, Kind, Page, PointerPath, Press, Response, ScrollPath,
    Target, TargetIndex, TiltPath, Value,
};
use furrow_core::time::ClientTime;
use prost::Message;

/// Encodes a batch. Decoding gives the same batch again.
///
/// # Panics
/// When the interactions are not in order of time, or more than 2^32 ms apart:
/// no decoded batch is so.
#[must_use]
pub fn encode_batch(batch: &Batch) -> Vec<u8> {
    wire_batch(batch).encode_to_vec()
}

/// The batch as its generated type.
///
/// # Panics
/// As [`encode_batch`].
#[must_use]
pub fn wire_batch(batch: &Batch) -> v1::Batch {
    let mut before = batch.origin;
    let mut interactions: Vec<_> = batch
        .interactions
        .iter()
        .map(|interaction| {
            let dt_ms = ms_between(before, interaction.at);
            before = interaction.at;
            v1::Interaction {
                dt_ms,
                kind: Some(kind(interaction)),
            }
        })
        .collect();
    // What they were is gone; that they were is kept.
    let unknown = (0..batch.unknown).map(|_| v1::Interaction {
        dt_ms: 0,
        kind: None,
    });
    interactions.extend(unknown);
    v1::Batch {
        session_id: batch.session.0.to_vec(),
        visitor_id: batch.visitor.map(|v| v.0.to_vec()).unwrap_or_default(),
        sender_id: batch.sender.0.to_vec(),
        sequence: batch.sequence,
        origin_ms: batch.origin.0,
        sent_ms: batch.sent.0,
        page: Some(page(&batch.page)),
        device: batch.device.as_ref().map(device),
        targets: batch.targets.iter().map(target).collect(),
        interactions,
        sdk: String::new(),
    }
}

fn ms_between(earlier: ClientTime, later: ClientTime) -> u32 {
    u32::try_from(later.0 - earlier.0).expect("times of a batch are in order and near each other")
}

fn page(page: &Page) -> v1::Page {
    v1::Page {
        number: page.number,
        path: page.path.to_string(),
        group: page.group.to_string(),
    }
}

fn device(device: &Device) -> v1::Device {
    v1::Device {
        class: device.class as i32,
        pointer: device.pointer as i32,
        os: device.os.to_string(),
        browser: device.browser.to_string(),
        viewport_width: device.viewport.0,
        viewport_height: device.viewport.1,
        screen_width: device.screen.0,
        screen_height: device.screen.1,
        pixel_ratio_milli: device.pixel_ratio_milli,
        language: device.language.to_string(),
    }
}

fn target(target: &Target) -> v1::Target {
    let ignore = [
        target.ignore_rage.then_some(v1::Ignore::Rage as i32),
        target.ignore_dead.then_some(v1::Ignore::Dead as i32),
    ];
    v1::Target {
        hash: target.hash.0,
        selector: target.selector.to_string(),
        label: target.label.to_string(),
        kind: target.kind as i32,
        interactive: target.interactive,
        looks_interactive: target.looks_interactive,
        ignore: ignore.into_iter().flatten().collect(),
    }
}

fn kind(interaction: &Interaction) -> v1::interaction::Kind {
    use v1::interaction::Kind as Wire;
    match &interaction.kind {
        Kind::PointerPath(path) => Wire::PointerPath(pointer_path(path)),
        Kind::Press(p) => Wire::Press(press(p, interaction.at)),
        Kind::Response(u) => Wire::Response(v1::ResponseUpdate {
            press: u.press,
            response: Some(response(&u.response)),
        }),
        Kind::Swipe(s) => Wire::Swipe(v1::Swipe {
            start_x: s.start.0,
            start_y: s.start.1,
            dx: s.displacement.0,
            dy: s.displacement.1,
            duration_ms: s.duration_ms,
            target: index(s.target),
            response: Some(response(&s.response)),
        }),
        Kind::Zoom(z) => Wire::Zoom(v1::Zoom {
            scale_before_milli: z.scale_before_milli,
            scale_after_milli: z.scale_after_milli,
            x: z.position.0,
            y: z.position.1,
            target: index(z.target),
            response: Some(response(&z.response)),
        }),
        &Kind::Shake {
            peak_mm_s2,
            duration_ms,
        } => Wire::Shake(v1::Shake {
            peak_mm_s2,
            duration_ms,
        }),
        Kind::ScrollPath(path) => Wire::ScrollPath(scroll_path(path)),
        Kind::Hover(h) => Wire::Hover(v1::Hover {
            target: h.target.0.into(),
            duration_ms: h.duration_ms,
            entries: h.entries,
            pressed_after: h.pressed_after,
        }),
        Kind::Rotation(r) => Wire::Rotation(v1::Rotation {
            from_degrees: r.from_degrees.into(),
            to_degrees: r.to_degrees.into(),
            viewport_width: r.viewport.0,
            viewport_height: r.viewport.1,
            video_in_view: r.video_in_view,
        }),
        Kind::TiltPath(path) => Wire::TiltPath(tilt_path(path)),
        &Kind::Focus { gained } => Wire::Focus(v1::Focus { gained }),
        &Kind::Visibility { visible } => Wire::Visibility(v1::Visibility { visible }),
        Kind::Field(f) => Wire::Field(v1::Field {
            form: f.form,
            field: f.field,
            kind: f.kind as i32,
            change: f.change as i32,
            first_input_ms: f.first_input_ms,
            corrections: f.corrections,
        }),
        Kind::PageView(p) => Wire::PageView(v1::PageView {
            page: Some(page(&p.page)),
            referrer: p.referrer as i32,
            first_paint_ms: p.first_paint_ms,
            interactive_ms: p.interactive_ms,
            loaded_ms: p.loaded_ms,
            document_width: p.document.0,
            document_height: p.document.1,
            viewport_width: p.viewport.0,
            viewport_height: p.viewport.1,
        }),
        &Kind::Navigation(kind) => Wire::Navigation(v1::Navigation { kind: kind as i32 }),
        Kind::Problem(p) => Wire::Problem(v1::Problem {
            kind: p.kind as i32,
            message_hash: p.message_hash,
            origin: p.origin.to_string(),
            status: p.status.into(),
            began_before_ms: ms_between(p.began, interaction.at),
            broken_link: p.broken_link,
        }),
        &Kind::TextSelection { target, length } => Wire::TextSelection(v1::TextSelection {
            target: index(target),
            length,
        }),
        &Kind::Copy { target } => Wire::Copy(v1::Copy {
            target: index(target),
        }),
        Kind::Find => Wire::Find(v1::Find {}),
        Kind::Print => Wire::Print(v1::Print {}),
        Kind::Conversion(c) => Wire::Conversion(v1::Conversion {
            order_id: c.order_id.to_string(),
            value_minor: c.value_minor,
            currency: c.currency.to_string(),
            kind: c.kind.to_string(),
        }),
        Kind::Exposure {
            experiment,
            variant,
        } => Wire::Exposure(v1::Exposure {
            experiment: experiment.to_string(),
            variant: variant.to_string(),
        }),
        &Kind::Feedback { kind, answer } => Wire::Feedback(v1::Feedback {
            kind: kind as i32,
            answer,
        }),
        Kind::Identify { id } => Wire::Identify(v1::Identify { id: id.to_string() }),
        Kind::Custom { name, attributes } => Wire::Custom(v1::Custom {
            name: name.to_string(),
            attributes: attributes.iter().map(attribute).collect(),
        }),
        &Kind::SessionEnd(cause) => Wire::SessionEnd(v1::SessionEnd {
            cause: cause as i32,
        }),
        Kind::Obstruction(o) => Wire::Obstruction(v1::Obstruction {
            kind: o.kind as i32,
            covered_milli: o.covered_milli.into(),
            opened_by_visitor: o.opened_by_visitor,
            shown: o.shown,
        }),
    }
}

fn index(target: Option<TargetIndex>) -> Option<u32> {
    target.map(|t| t.0.into())
}

fn pointer_path(path: &PointerPath) -> v1::PointerPath {
    v1::PointerPath {
        pointer: path.pointer as i32,
        start_x: path.start.0,
        start_y: path.start.1,
        dt: path.steps.iter().map(|s| s.dt).collect(),
        dx: path.steps.iter().map(|s| s.dx).collect(),
        dy: path.steps.iter().map(|s| s.dy).collect(),
    }
}

fn scroll_path(path: &ScrollPath) -> v1::ScrollPath {
    v1::ScrollPath {
        start_y: path.start_y,
        dt: path.steps.iter().map(|s| s.dt).collect(),
        dy: path.steps.iter().map(|s| s.dy).collect(),
        viewport_height: path.viewport_height,
        document_height: path.document_height,
        cause: path.cause as i32,
    }
}

fn tilt_path(path: &TiltPath) -> v1::TiltPath {
    v1::TiltPath {
        dt: path.steps.iter().map(|s| s.0).collect(),
        dx: path.steps.iter().map(|s| s.1).collect(),
        dy: path.steps.iter().map(|s| s.2).collect(),
        dz: path.steps.iter().map(|s| s.3).collect(),
    }
}

fn press(press: &Press, at: ClientTime) -> v1::Press {
    v1::Press {
        number: press.number,
        kind: press.kind as i32,
        pointer: press.pointer as i32,
        down_before_ms: ms_between(press.down, at),
        x: press.position.0,
        y: press.position.1,
        page_x: press.page_position.0,
        page_y: press.page_position.1,
        target: index(press.target),
        button: match press.button {
            Button::Primary => 0,
            Button::Middle => 1,
            Button::Secondary => 2,
            Button::Other => 3,
        },
        hold_ms: press.hold_ms,
        hover_before_ms: press.hover_before_ms,
        selected_text: press.selected_text,
        scrolled: press.scrolled,
        keyboard: press.keyboard,
        modified: press.modified,
        response: Some(response(&press.response)),
    }
}

fn response(response: &Response) -> v1::Response {
    v1::Response {
        watched_ms: response.watched_ms,
        reportable: response.reportable.0,
        facts: response
            .facts
            .iter()
            .map(|&(kind, after_ms)| v1::ResponseFact {
                kind: kind as i32,
                after_ms,
            })
            .collect(),
        quiet_before_ms: response.quiet_before_ms,
    }
}

fn attribute((name, value): &(Box<str>, Value)) -> v1::Attribute {
    use v1::attribute::Value as Wire;
    let value = match value {
        Value::Text(text) => Wire::Text(text.to_string()),
        Value::Number(number) => Wire::Number(*number),
        Value::Flag(flag) => Wire::Flag(*flag),
    };
    v1::Attribute {
        name: name.to_string(),
        value: Some(value),
    }
}
