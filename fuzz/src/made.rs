//! Batches that are made by choice instead of by chance: every field within
//! what decoding takes, so that an input gets past it and into the fold.

use crate::draw::Draw;
use furrow_core::interaction::Batch;
use furrow_proto::v1::interaction::Kind;
use furrow_proto::{Limits, decode_batch, v1};
use prost::Message;

/// When sessions begin, ms since 1970.
pub(crate) const NOON_MS: i64 = 1_763_500_000_000;

/// Few, so that records meet each other.
const SESSIONS: u8 = 3;
const SENDERS: u8 = 4;

const COUNT_MAX: u32 = 1 << 24;
const PX_MAX: u32 = 1 << 22;
const TARGETS: u8 = 3;
const PATHS: [&str; 3] = ["/", "/product/9", "/checkout"];

/// What one sender has sent.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Sent {
    batches: u32,
    presses: u32,
    /// Its clock after the session's start.
    clock_ms: u32,
    page: u32,
}

/// Everybody who sends.
#[derive(Debug, Clone, Default)]
pub(crate) struct Crowd([[Sent; SENDERS as usize]; SESSIONS as usize]);

/// In which order batches come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// Each after the one before.
    Kept,
    /// With gaps and fillers.
    Shuffled,
}

impl Crowd {
    /// The next batch of one of them; none when decoding refuses it.
    pub(crate) fn batch(&mut self, order: Order, draw: &mut Draw<'_>) -> Option<Batch> {
        let (session, sender) = (draw.below(SESSIONS), draw.below(SENDERS));
        let sent = &mut self.0[usize::from(session)][usize::from(sender)];
        let sequence = match order {
            Order::Kept => sent.batches,
            Order::Shuffled => match draw.byte() {
                0..200 => sent.batches,
                200..240 => sent.batches + draw.amount(80),
                240.. => sent.batches.saturating_sub(draw.amount(80)),
            },
        };
        sent.batches = sent.batches.max(sequence.saturating_add(1));
        let origin_ms = NOON_MS + i64::from(sent.clock_ms);
        if draw.seldom() {
            sent.page += 1;
        }
        let begins = page(sent.page, draw);
        let interactions: Vec<_> = (0..=draw.below(6))
            .map(|_| {
                let dt_ms = draw.ms();
                sent.clock_ms = sent.clock_ms.saturating_add(dt_ms);
                v1::Interaction {
                    dt_ms,
                    kind: Some(kind(sent, draw)),
                }
            })
            .collect();
        let batch = v1::Batch {
            session_id: session_id(session),
            visitor_id: if draw.flag() { vec![7; 16] } else { Vec::new() },
            sender_id: vec![sender; 8],
            sequence,
            origin_ms,
            sent_ms: NOON_MS + i64::from(sent.clock_ms) + i64::from(draw.ms()),
            page: Some(begins),
            device: draw.seldom().then(|| device(draw)),
            targets: (0..TARGETS).map(|number| target(number, draw)).collect(),
            interactions,
            ..Default::default()
        };
        decode_batch(&batch.encode_to_vec(), &Limits::default()).ok()
    }
}

fn session_id(session: u8) -> Vec<u8> {
    let mut id = [session; 16];
    id[..6].copy_from_slice(&NOON_MS.to_be_bytes()[2..]);
    (id[6], id[8]) = (0x70, 0x80);
    id.to_vec()
}

fn page(number: u32, draw: &mut Draw<'_>) -> v1::Page {
    v1::Page {
        number,
        path: PATHS[usize::from(draw.below(3))].into(),
        group: String::new(),
    }
}

fn device(draw: &mut Draw<'_>) -> v1::Device {
    v1::Device {
        class: draw.below(5).into(),
        pointer: draw.below(4).into(),
        os: "Linux".into(),
        viewport_width: draw.amount(PX_MAX),
        viewport_height: draw.amount(PX_MAX),
        ..Default::default()
    }
}

fn target(number: u8, draw: &mut Draw<'_>) -> v1::Target {
    let traits = draw.byte();
    v1::Target {
        hash: u64::from(number),
        selector: format!("#t{number}"),
        kind: draw.below(17).into(),
        interactive: traits & 1 == 0,
        looks_interactive: traits & 2 == 0,
        ignore: if traits < 240 {
            Vec::new()
        } else {
            vec![(traits & 3).into()]
        },
        ..Default::default()
    }
}

/// Presses and movements more often than the rest.
fn kind(sent: &mut Sent, draw: &mut Draw<'_>) -> Kind {
    match draw.below(40) {
        0..9 => press(sent, draw),
        9 => Kind::Response(v1::ResponseUpdate {
            press: sent.presses.saturating_sub(draw.amount(COUNT_MAX)),
            response: Some(response(draw)),
        }),
        10..13 => pointer_path(draw),
        13..16 => scroll_path(draw),
        16 => tilt_path(draw),
        17 => Kind::Swipe(v1::Swipe {
            start_x: draw.offset(PX_MAX),
            start_y: draw.offset(PX_MAX),
            dx: draw.offset(PX_MAX),
            dy: draw.offset(PX_MAX),
            duration_ms: draw.ms(),
            target: target_index(draw),
            response: Some(response(draw)),
        }),
        18 => Kind::Zoom(v1::Zoom {
            scale_before_milli: draw.amount(COUNT_MAX),
            scale_after_milli: draw.amount(COUNT_MAX),
            x: draw.offset(PX_MAX),
            y: draw.offset(PX_MAX),
            target: target_index(draw),
            response: Some(response(draw)),
        }),
        19 => Kind::Shake(v1::Shake {
            peak_mm_s2: draw.amount(COUNT_MAX),
            duration_ms: draw.ms(),
        }),
        20 => Kind::Hover(v1::Hover {
            target: draw.below(TARGETS).into(),
            duration_ms: draw.ms(),
            entries: draw.amount(COUNT_MAX),
            pressed_after: draw.flag(),
        }),
        21 => rotation(draw),
        22 => Kind::Focus(v1::Focus {
            gained: draw.flag(),
        }),
        23 => Kind::Visibility(v1::Visibility {
            visible: draw.flag(),
        }),
        24..27 => field(draw),
        27 | 28 => page_view(sent, draw),
        29 => Kind::Navigation(v1::Navigation {
            kind: 1 + i32::from(draw.below(4)),
        }),
        30 | 31 => problem(draw),
        32 => Kind::TextSelection(v1::TextSelection {
            target: target_index(draw),
            length: draw.amount(COUNT_MAX),
        }),
        33 => Kind::Copy(v1::Copy {
            target: target_index(draw),
        }),
        34 => Kind::Conversion(v1::Conversion {
            order_id: draw.below(4).to_string(),
            value_minor: draw.offset(u32::MAX).into(),
            currency: "EUR".into(),
            kind: "purchase".into(),
        }),
        35 => Kind::Obstruction(v1::Obstruction {
            kind: 1 + i32::from(draw.below(3)),
            covered_milli: draw.amount(1_000),
            opened_by_visitor: draw.flag(),
            shown: draw.flag(),
        }),
        36 => Kind::Find(v1::Find {}),
        37 => Kind::Print(v1::Print {}),
        38 => Kind::Feedback(v1::Feedback {
            kind: 1 + i32::from(draw.below(3)),
            answer: draw.below(12).into(),
        }),
        39.. => told(draw),
    }
}

/// What a site or a client says in words.
fn told(draw: &mut Draw<'_>) -> Kind {
    match draw.below(8) {
        0 => Kind::SessionEnd(v1::SessionEnd {
            cause: draw.below(4).into(),
        }),
        1..4 => Kind::Exposure(v1::Exposure {
            experiment: "price".into(),
            variant: draw.below(3).to_string(),
        }),
        4..6 => Kind::Identify(v1::Identify {
            id: draw.below(3).to_string(),
        }),
        6.. => Kind::Custom(v1::Custom {
            name: "step".into(),
            ..Default::default()
        }),
    }
}

fn press(sent: &mut Sent, draw: &mut Draw<'_>) -> Kind {
    let number = match draw.seldom() {
        true => sent.presses.saturating_sub(draw.amount(COUNT_MAX)),
        false => sent.presses,
    };
    sent.presses = sent.presses.saturating_add(1).min(COUNT_MAX);
    let (x, y) = (draw.offset(PX_MAX), draw.offset(PX_MAX));
    let traits = draw.byte();
    Kind::Press(v1::Press {
        number,
        kind: 1 + i32::from(draw.below(3)),
        pointer: draw.below(4).into(),
        down_before_ms: draw.ms(),
        x,
        y,
        page_x: x,
        page_y: y,
        target: target_index(draw),
        button: u32::from(traits >> 6),
        hold_ms: draw.ms(),
        hover_before_ms: draw.ms(),
        selected_text: traits & 15 == 1,
        scrolled: traits & 15 == 2,
        keyboard: traits & 15 == 3,
        modified: traits & 15 == 4,
        response: Some(response(draw)),
    })
}

fn response(draw: &mut Draw<'_>) -> v1::Response {
    let reportable = match draw.below(4) {
        0 => 0,
        1 => u64::from(draw.short()),
        2.. => 0x01ff_fffe,
    };
    v1::Response {
        watched_ms: draw.ms(),
        reportable,
        facts: (0..draw.below(4))
            .map(|_| v1::ResponseFact {
                kind: draw.below(26).into(),
                after_ms: draw.ms(),
            })
            .collect(),
        quiet_before_ms: draw.amount(10_000),
    }
}

fn target_index(draw: &mut Draw<'_>) -> Option<u32> {
    draw.below(TARGETS + 1).checked_sub(1).map(u32::from)
}

/// Columns of a few steps over and over: (dt, dx, dy) of each sample.
fn steps(draw: &mut Draw<'_>) -> Vec<(u32, i32, i32)> {
    let count = usize::from(draw.below(64));
    let turns: Vec<_> = (0..=draw.below(4))
        .map(|_| {
            let dt = draw.amount(1 << 16);
            (dt, draw.offset(1 << 14), draw.offset(1 << 14))
        })
        .collect();
    turns.into_iter().cycle().take(count).collect()
}

fn pointer_path(draw: &mut Draw<'_>) -> Kind {
    let pointer = draw.below(4).into();
    let steps = steps(draw);
    Kind::PointerPath(v1::PointerPath {
        pointer,
        start_x: draw.offset(PX_MAX),
        start_y: draw.offset(PX_MAX),
        dt: steps.iter().map(|step| step.0).collect(),
        dx: steps.iter().map(|step| step.1).collect(),
        dy: steps.iter().map(|step| step.2).collect(),
    })
}

fn scroll_path(draw: &mut Draw<'_>) -> Kind {
    let steps = steps(draw);
    Kind::ScrollPath(v1::ScrollPath {
        start_y: draw.offset(PX_MAX),
        dt: steps.iter().map(|step| step.0).collect(),
        dy: steps.iter().map(|step| step.2).collect(),
        viewport_height: draw.amount(PX_MAX),
        document_height: draw.amount(PX_MAX),
        cause: draw.below(6).into(),
    })
}

fn tilt_path(draw: &mut Draw<'_>) -> Kind {
    let mut out = (0, 0);
    let steps: Vec<_> = steps(draw)
        .into_iter()
        .enumerate()
        // Every swing out is followed by the one back: the vector keeps its length.
        .map(|(i, (dt, dx, dy))| {
            out = match i % 2 {
                0 => (dx % 100, dy % 100),
                _ => (-out.0, -out.1),
            };
            (dt, out.0, out.1)
        })
        .collect();
    let dx = steps.iter().map(|step| step.1);
    Kind::TiltPath(v1::TiltPath {
        dt: steps.iter().map(|step| step.0).collect(),
        dx: dx.clone().collect(),
        dy: steps.iter().map(|step| step.2).collect(),
        dz: dx.collect(),
    })
}

fn rotation(draw: &mut Draw<'_>) -> Kind {
    Kind::Rotation(v1::Rotation {
        from_degrees: u32::from(draw.below(4)) * 90,
        to_degrees: u32::from(draw.below(4)) * 90,
        viewport_width: draw.amount(PX_MAX),
        viewport_height: draw.amount(PX_MAX),
        video_in_view: draw.seldom(),
    })
}

fn field(draw: &mut Draw<'_>) -> Kind {
    Kind::Field(v1::Field {
        form: draw.below(2).into(),
        field: draw.below(4).into(),
        kind: draw.below(11).into(),
        change: 1 + i32::from(draw.below(7)),
        first_input_ms: draw.flag().then(|| draw.ms()),
        corrections: draw.amount(COUNT_MAX),
    })
}

fn page_view(sent: &mut Sent, draw: &mut Draw<'_>) -> Kind {
    sent.page = if draw.seldom() {
        draw.amount(COUNT_MAX)
    } else {
        sent.page.saturating_add(1)
    };
    Kind::PageView(v1::PageView {
        page: Some(page(sent.page, draw)),
        referrer: draw.below(8).into(),
        first_paint_ms: draw.ms(),
        interactive_ms: draw.ms(),
        loaded_ms: draw.ms(),
        document_width: draw.amount(PX_MAX),
        document_height: draw.amount(PX_MAX),
        viewport_width: draw.amount(PX_MAX),
        viewport_height: draw.amount(PX_MAX),
    })
}

fn problem(draw: &mut Draw<'_>) -> Kind {
    Kind::Problem(v1::Problem {
        kind: 1 + i32::from(draw.below(5)),
        message_hash: draw.below(3).into(),
        origin: String::new(),
        status: draw.amount(999),
        began_before_ms: draw.ms(),
        broken_link: draw.seldom(),
    })
}
