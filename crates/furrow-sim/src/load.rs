//! Many sessions at a rate, as encoded batches, quickly.
//!
//! What a batch holds is encoded once and only its head is written anew, so
//! that making load costs next to nothing beside taking it in.

use crate::draw::Draw;
use crate::motion;
use crate::site::SiteModel;
use crate::stage::session_id;
use furrow_core::ids::{SenderId, SessionId, VisitorId};
use furrow_core::interaction::{
    Batch, Button, Device, DeviceClass, Interaction, Kind, PageView, PointerPath, PointerType,
    Press, PressKind, ReferrerClass, Reportable, Response, ResponseKind, TargetIndex,
};
use furrow_core::time::ClientTime;
use furrow_proto::encode_batch;

/// Templates that later batches take turns with.
const TEMPLATES: u64 = 8;

/// How much is sent, and how fast.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    /// The same seed makes the same bytes.
    pub seed: u64,
    /// Sessions that send side by side, at least 1.
    pub sessions: u32,
    /// Batches that each of them sends.
    pub batches_per_session: u32,
    /// Batches a second over all sessions, at least 1.
    pub batches_per_second: u32,
    /// Pointer samples in each batch, 2 to 4,000; 60 is a second of a mouse.
    pub samples_per_batch: u32,
}

/// A batch of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    /// When it is due, ms after the start.
    pub after_ms: u64,
    /// Its session.
    pub session: SessionId,
    /// Its one sender.
    pub sender: SenderId,
    /// Its number.
    pub sequence: u32,
    /// The encoded batch.
    pub bytes: Vec<u8>,
}

/// A plan with its templates made.
#[derive(Debug, Clone)]
pub struct Load {
    plan: Plan,
    start_ms: i64,
    first: Template,
    later: Vec<Template>,
}

/// An encoded batch without its head.
#[derive(Debug, Clone)]
struct Template {
    body: Vec<u8>,
    /// From its origin to its being sent, ms.
    span_ms: i64,
}

/// Who sends.
#[derive(Debug, Clone, Copy)]
struct Head {
    session: SessionId,
    visitor: VisitorId,
    sender: SenderId,
    sequence: u32,
    origin_ms: i64,
    sent_ms: i64,
}

impl Plan {
    /// Makes the templates. The first batch is due at `start_ms` since 1970.
    #[must_use]
    pub fn load(self, start_ms: i64) -> Load {
        let mut draw = Draw::new(self.seed, 0);
        let first = Template::new(true, self.samples_per_batch, &mut draw);
        let mut later = || Template::new(false, self.samples_per_batch, &mut draw);
        Load {
            plan: self,
            start_ms,
            first,
            later: (0..TEMPLATES).map(|_| later()).collect(),
        }
    }

    /// Batches of all sessions together.
    #[must_use]
    pub fn batches(self) -> u64 {
        u64::from(self.sessions) * u64::from(self.batches_per_session)
    }
}

impl Load {
    /// All batches in the order in which they are due; sessions take turns.
    pub fn batches(&self) -> impl Iterator<Item = Planned> + '_ {
        (0..self.plan.batches()).map(|number| self.batch(number))
    }

    /// The batch with this number, from 0.
    #[must_use]
    pub fn batch(&self, number: u64) -> Planned {
        let sessions = u64::from(self.plan.sessions.max(1));
        let (turn, of) = (number / sessions, number % sessions);
        let mut draw = Draw::new(self.plan.seed, of + 1);
        let sequence = u32::try_from(turn).expect("a session's batches are counted in 32 bits");
        let after_ms = self.due_ms(number);
        let template = match turn {
            0 => &self.first,
            _ => &self.later[usize::try_from((turn + of) % TEMPLATES).expect("they are few")],
        };
        let sent_ms = self.start_ms + i64::try_from(after_ms).expect("a load ends some day");
        let session = session_id(self.start_ms, &mut draw);
        let head = Head {
            session,
            visitor: VisitorId(draw.bytes()),
            sender: SenderId(draw.bytes()),
            sequence,
            origin_ms: sent_ms - template.span_ms,
            sent_ms,
        };
        let mut bytes = head.encode();
        bytes.extend_from_slice(&template.body);
        Planned {
            after_ms,
            session,
            sender: head.sender,
            sequence,
            bytes,
        }
    }

    fn due_ms(&self, number: u64) -> u64 {
        number * 1_000 / u64::from(self.plan.batches_per_second.max(1))
    }
}

impl Template {
    fn new(opens: bool, samples: u32, draw: &mut Draw) -> Template {
        let batch = sample_batch(opens, samples, draw);
        let head = Head {
            session: batch.session,
            visitor: VisitorId([1; 16]),
            sender: batch.sender,
            sequence: batch.sequence,
            origin_ms: batch.origin.0,
            sent_ms: batch.sent.0,
        };
        let encoded = encode_batch(&batch);
        let body = encoded.strip_prefix(&*head.encode());
        Template {
            body: body.expect("the head stands first, in this form").to_vec(),
            span_ms: batch.sent.0 - batch.origin.0,
        }
    }
}

impl Head {
    /// Fields 1 to 6 of a `Batch` in the order and form in which they are
    /// always written.
    fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(80);
        let ids: [(u8, &[u8]); 3] = [
            (1, &self.session.0),
            (2, &self.visitor.0),
            (3, &self.sender.0),
        ];
        for (number, id) in ids {
            let length = u8::try_from(id.len()).expect("ids are short");
            bytes.extend([number << 3 | 2, length]);
            bytes.extend_from_slice(id);
        }
        let numbers = [
            (4, i64::from(self.sequence)),
            (5, self.origin_ms),
            (6, self.sent_ms),
        ];
        for (number, value) in numbers {
            if value != 0 {
                bytes.push(number << 3);
                varint(value.cast_unsigned(), &mut bytes);
            }
        }
        bytes
    }
}

fn varint(mut value: u64, to: &mut Vec<u8>) {
    while value >= 0x80 {
        to.push(value.to_le_bytes()[0] | 0x80);
        value >>= 7;
    }
    to.push(value.to_le_bytes()[0]);
}

/// A reach of so many samples and an answered press at its end; the page view
/// and the device before it when the batch opens a session.
fn sample_batch(opens: bool, samples: u32, draw: &mut Draw) -> Batch {
    let shop = SiteModel::shop();
    let page = &shop.pages[0];
    let at = ClientTime;
    let from = (40, 60);
    let to = (
        from.0 + i32::try_from(draw.within(200..=900)).expect("a few hundred"),
        from.1 + i32::try_from(draw.within(100..=600)).expect("a few hundred"),
    );
    // The last step ends on a frame, so that their number is exact.
    let steps = samples.max(2) - 1;
    let steps = motion::reach(from, to, steps * 50 / 3, draw);
    let end = steps.iter().map(|step| i64::from(step.dt)).sum::<i64>();
    let mut interactions = Vec::new();
    if opens {
        interactions.push(Interaction {
            at: at(0),
            kind: Kind::PageView(PageView {
                page: page.as_page(),
                referrer: ReferrerClass::Direct,
                first_paint_ms: 180,
                interactive_ms: 260,
                loaded_ms: 700,
                document: (1_440, page.height),
                viewport: (1_440, 800),
            }),
        });
    }
    interactions.push(Interaction {
        at: at(0),
        kind: Kind::PointerPath(PointerPath {
            pointer: PointerType::Mouse,
            start: from,
            steps,
        }),
    });
    interactions.push(Interaction {
        at: at(end + 60),
        kind: Kind::Press(Press {
            number: 0,
            kind: PressKind::Click,
            pointer: PointerType::Mouse,
            down: at(end + 20),
            position: to,
            page_position: to,
            target: Some(TargetIndex(0)),
            button: Button::Primary,
            hold_ms: 30,
            hover_before_ms: 20,
            selected_text: false,
            scrolled: false,
            keyboard: false,
            modified: false,
            response: Response {
                watched_ms: 40,
                reportable: Reportable(0x01ff_fffe),
                facts: vec![(ResponseKind::Paint, 40)],
                quiet_before_ms: 10_000,
            },
        }),
    });
    Batch {
        session: SessionId([0; 16]),
        visitor: Some(VisitorId([1; 16])),
        sender: SenderId([0; 8]),
        sequence: 0,
        origin: at(0),
        sent: at(end + 80),
        page: page.as_page(),
        device: opens.then(|| Device {
            class: DeviceClass::Desktop,
            pointer: PointerType::Mouse,
            os: "Linux".into(),
            browser: "Chrome".into(),
            viewport: (1_440, 800),
            screen: (1_440, 900),
            pixel_ratio_milli: 1_000,
            language: "en-GB".into(),
        }),
        targets: vec![page.elements[0].as_target()],
        interactions,
        unknown: 0,
        samples: samples.max(2),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use furrow_proto::{Limits, check_times, decode_batch};
    use proptest::prelude::*;

    const NOON: i64 = 1_763_500_000_000;

    fn plan() -> Plan {
        Plan {
            seed: 1,
            sessions: 3,
            batches_per_session: 40,
            batches_per_second: 30,
            samples_per_batch: 60,
        }
    }

    proptest! {
        #[test]
        fn every_planned_batch_is_taken(
            seed: u64,
            sessions in 1..5_u32,
            samples_per_batch in 2..=500_u32,
        ) {
            let plan = Plan { seed, sessions, samples_per_batch, ..plan() };
            let limits = Limits::default();
            for planned in plan.load(NOON).batches().take(12) {
                let batch = decode_batch(&planned.bytes, &limits);
                prop_assert!(batch.is_ok(), "{:?}", batch);
                let batch = batch.unwrap();
                let received_ms = NOON + i64::try_from(planned.after_ms).unwrap();
                prop_assert_eq!(check_times(&batch, received_ms, &limits), Ok(()));
                prop_assert_eq!(batch.samples, samples_per_batch);
                prop_assert_eq!(batch.session, planned.session);
                prop_assert_eq!(batch.sender, planned.sender);
                prop_assert_eq!(batch.sequence, planned.sequence);
                prop_assert_eq!(batch.sent.0, received_ms);
                // What was patched together is what would have been encoded.
                prop_assert_eq!(encode_batch(&batch), planned.bytes);
            }
        }
    }

    #[test]
    fn sessions_take_turns_at_the_rate() {
        let load = plan().load(NOON);
        let batches: Vec<Planned> = load.batches().collect();
        assert_eq!(batches.len(), 120);
        assert_eq!(batches[0].session, batches[3].session);
        assert_ne!(batches[0].session, batches[1].session);
        assert_eq!((batches[3].sequence, batches[119].sequence), (1, 39));
        assert_eq!((batches[3].after_ms, batches[119].after_ms), (100, 3_966));
    }

    #[test]
    fn the_same_plan_makes_the_same_bytes() {
        let all = || plan().load(NOON).batches().collect::<Vec<_>>();
        assert_eq!(all(), all());
        let other = Plan { seed: 2, ..plan() };
        assert_ne!(other.load(NOON).batch(5), plan().load(NOON).batch(5));
    }
}
