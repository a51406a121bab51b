//! What the benchmarks share: batches of the size that a browser sends, and
//! the parts of the measurement of the pipeline.
//!
//! ```text
//! traffic  sessions that come and go at a rate, as encoded batches
//! drive    a client that sends them and times the answers
//! watch    when a session's first scores are seen: on the live stream, in a row
//! count    what ClickHouse counts
//! echo     a server that only decodes and answers, for comparison
//! usage    processor time, memory and disk space
//! report   the table and the file
//! ```

pub mod count;
pub mod drive;
pub mod echo;
pub mod report;
pub mod traffic;
pub mod usage;
pub mod watch;

use furrow_core::ids::{SenderId, SessionId, TargetHash};
use furrow_core::interaction::{
    Batch, Button, Interaction, Kind, Page, PointerPath, PointerType, Press, PressKind, Reportable,
    Response, ResponseKind, Step, Target, TargetIndex, TargetKind,
};
use furrow_core::time::ClientTime;

/// Samples of one batch: a second of pointer movement at 60 Hz.
pub const BATCH_SAMPLES: u32 = 60;

/// The numbered batch of a session: a second of movement, and in every fourth
/// an unanswered press.
#[must_use]
pub fn batch(session: u64, sequence: u32) -> Batch {
    let origin = 1_790_000_000_000 + i64::from(sequence) * 1_000;
    let mut interactions = vec![Interaction {
        at: ClientTime(origin),
        kind: Kind::PointerPath(PointerPath {
            pointer: PointerType::Mouse,
            start: (400, 300),
            steps: (1..BATCH_SAMPLES).map(|i| step(sequence, i)).collect(),
        }),
    }];
    if sequence % 4 == 3 {
        interactions.push(press(sequence / 4, origin));
    }
    Batch {
        session: session_id(session),
        visitor: None,
        sender: SenderId(session.to_be_bytes()),
        sequence,
        origin: ClientTime(origin),
        sent: ClientTime(origin + 1_000),
        page: Page {
            number: 0,
            path: "/product/9".into(),
            group: "product".into(),
        },
        device: None,
        targets: vec![target()],
        interactions,
        unknown: 0,
        samples: BATCH_SAMPLES,
    }
}

fn session_id(session: u64) -> SessionId {
    let mut id = [0; 16];
    id[..6].copy_from_slice(&1_790_000_000_000_u64.to_be_bytes()[2..]);
    id[6] = 0x70;
    id[8..].copy_from_slice(&session.to_be_bytes());
    id[8] = 0x80 | (id[8] & 0x3f);
    SessionId(id)
}

/// A hand's movement in small: a few px a step, never quite straight.
fn step(sequence: u32, i: u32) -> Step {
    let wave = |period: u32| {
        let phase = (i + sequence) % period;
        i32::try_from(phase.min(period - phase)).expect("short periods")
    };
    Step {
        dt: 16 + i % 2,
        dx: wave(14) - 3,
        dy: wave(22) - 5,
    }
}

fn press(number: u32, down: i64) -> Interaction {
    Interaction {
        at: ClientTime(down + 1_000),
        kind: Kind::Press(Press {
            number,
            kind: PressKind::Click,
            pointer: PointerType::Mouse,
            down: ClientTime(down),
            position: (420, 310),
            page_position: (420, 910),
            target: Some(TargetIndex(0)),
            button: Button::Primary,
            hold_ms: 90,
            hover_before_ms: 300,
            selected_text: false,
            scrolled: false,
            keyboard: false,
            modified: false,
            response: Response {
                watched_ms: 1_000,
                reportable: Reportable(0x00ff_fffe),
                facts: vec![(ResponseKind::MutationMoving, 110)],
                quiet_before_ms: 120,
            },
        }),
    }
}

fn target() -> Target {
    Target {
        hash: TargetHash(0x00c0_ffee),
        selector: "main section.product button#voucher".into(),
        label: "Apply voucher".into(),
        kind: TargetKind::Button,
        interactive: true,
        looks_interactive: true,
        ignore_rage: false,
        ignore_dead: false,
    }
}
