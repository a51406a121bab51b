//! Visits to a shop as a client would tell them: seeded, with everything that makes signals.

use crate::random::Random;
use furrow_core::ids::{SenderId, SessionId, TargetHash, VisitorId};
use furrow_core::interaction::{
    Batch, Button, Conversion, Device, DeviceClass, Interaction, Kind, Page, PageView, PointerPath,
    PointerType, Press, PressKind, Problem, ProblemKind, ReferrerClass, Reportable, Response,
    ResponseKind, ResponseUpdate, ScrollCause, ScrollPath, SessionEndCause, Step, Target,
    TargetIndex, TargetKind,
};
use furrow_core::time::ClientTime;
use furrow_proto::encode_batch;

/// Every response that a browser can report.
const REPORTABLE: Reportable = Reportable(0x1ff_fffe);
/// When a client first tells of an unanswered press, and when it stops watching it, ms.
const WATCHED_MS: [u32; 2] = [1_000, 3_000];
/// Interactions of one batch at most.
const BATCH_INTERACTIONS_MAX: u64 = 6;
const PAGES: [(&str, &str); 4] = [
    ("/", "home"),
    ("/products/kettle", "product"),
    ("/basket", "basket"),
    ("/checkout", "checkout"),
];
const TARGETS: [(&str, TargetKind); 4] = [
    ("main button#voucher", TargetKind::Button),
    ("main button#buy", TargetKind::Button),
    ("nav a.product", TargetKind::Link),
    ("main img.hero", TargetKind::Image),
];

/// How a visit ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// The client says that the session is over.
    Said,
    /// The visitor is not heard of again.
    Silent,
}

/// One sender's part of one session.
#[derive(Debug, Clone)]
pub struct Visit {
    /// The session.
    pub session: SessionId,
    /// The page load.
    pub sender: SenderId,
    /// In order of their numbers, from 0.
    pub batches: Vec<Batch>,
}

impl Visit {
    /// A visit that began at `began_ms` since 1970 on the client's clock.
    #[must_use]
    pub fn new(random: &mut Random, began_ms: i64, ending: Ending) -> Visit {
        let mut visit = Visit {
            session: session(random, began_ms),
            sender: SenderId(random.bytes()),
            batches: Vec::new(),
        };
        let visitor = random.once_in(2).then(|| VisitorId(random.bytes()));
        let mut told = Told::default();
        told.page(began_ms, 0);
        let mut now = began_ms + 400;
        for _ in 0..random.within(5..10) {
            now += i64::try_from(random.within(800..4_000)).expect("small");
            now = told.act(random, now);
        }
        if ending == Ending::Said {
            let last = told.0.iter().map(|i| i.at.0).max().unwrap_or(now);
            told.tell(last + 500, Kind::SessionEnd(SessionEndCause::Logout));
        }
        visit.batches = batches(random, &visit, visitor, told);
        visit
    }

    /// The batches as they go over the wire.
    #[must_use]
    pub fn encoded(&self) -> Vec<Vec<u8>> {
        self.batches.iter().map(encode_batch).collect()
    }
}

/// A `UUIDv7` of a moment.
#[must_use]
pub fn session(random: &mut Random, at_ms: i64) -> SessionId {
    let mut id: [u8; 16] = random.bytes();
    id[..6].copy_from_slice(&at_ms.to_be_bytes()[2..]);
    id[6] = 0x70 | (id[6] & 0x0f);
    id[8] = 0x80 | (id[8] & 0x3f);
    SessionId(id)
}

/// Interactions as they come to mind; sorted when batches are made.
#[derive(Default)]
struct Told(Vec<Interaction>, u32);

impl Told {
    fn tell(&mut self, at_ms: i64, kind: Kind) {
        let at = ClientTime(at_ms);
        self.0.push(Interaction { at, kind });
    }

    /// One thing that visitors do; gives the time after it.
    fn act(&mut self, random: &mut Random, now: i64) -> i64 {
        match random.within(0..8) {
            0 => {
                for press in 0..4 {
                    self.press(random, now + press * 220, 0, None);
                }
                now + 1_000
            }
            1 => {
                self.press(random, now, 3, None);
                now + 300
            }
            2 => {
                self.press(random, now, 1, None);
                self.problem(now + 180);
                now + 400
            }
            3 => {
                let page = random.within(1..4);
                self.press(random, now, 2, Some(90));
                self.page(now + 200, usize::try_from(page).expect("small"));
                now + 600
            }
            4 => {
                self.press(random, now, 1, Some(120));
                self.conversion(random, now + 350);
                now + 500
            }
            5 => {
                self.press(random, now, 1, Some(1_700));
                now + 400
            }
            6 => {
                self.scroll(random, now);
                now + 700
            }
            _ => {
                self.pointer(random, now);
                now + 600
            }
        }
    }

    fn page(&mut self, at_ms: i64, index: usize) {
        let number = self
            .0
            .iter()
            .filter(|i| matches!(i.kind, Kind::PageView(_)));
        let (path, group) = PAGES[index];
        let page = Page {
            number: u32::try_from(number.count()).expect("few pages"),
            path: path.into(),
            group: group.into(),
        };
        let view = PageView {
            page,
            referrer: ReferrerClass::Internal,
            first_paint_ms: 180,
            interactive_ms: 420,
            loaded_ms: 900,
            document: (1_280, 4_000),
            viewport: (1_280, 720),
        };
        self.tell(at_ms, Kind::PageView(view));
    }

    /// A press at `down_ms` that the page answers after so many ms, or never.
    fn press(&mut self, random: &mut Random, down_ms: i64, target: u16, answer: Option<u32>) {
        let number = self.1;
        self.1 += 1;
        let response = |watched_ms| Response {
            watched_ms,
            reportable: REPORTABLE,
            facts: answer
                .filter(|after| *after <= watched_ms)
                .map(|after| (ResponseKind::MutationStill, after))
                .into_iter()
                .collect(),
            quiet_before_ms: 10_000,
        };
        let [first, last] = WATCHED_MS;
        let told_after = answer.map_or(first, |after| after.min(first));
        let position = (
            i32::try_from(random.within(100..900)).expect("small"),
            i32::try_from(random.within(100..600)).expect("small"),
        );
        let press = Press {
            number,
            kind: PressKind::Click,
            pointer: PointerType::Mouse,
            down: ClientTime(down_ms),
            position,
            page_position: position,
            target: Some(TargetIndex(target)),
            button: Button::Primary,
            hold_ms: 70,
            hover_before_ms: 240,
            selected_text: false,
            scrolled: false,
            keyboard: false,
            modified: false,
            response: response(told_after),
        };
        self.tell(down_ms + i64::from(told_after), Kind::Press(press));
        if told_after == first {
            let update = ResponseUpdate {
                press: number,
                response: response(answer.unwrap_or(last)),
            };
            let at = down_ms + i64::from(answer.unwrap_or(last));
            self.tell(at, Kind::Response(update));
        }
    }

    fn problem(&mut self, at_ms: i64) {
        let problem = Problem {
            kind: ProblemKind::ScriptError,
            message_hash: 0x5eed,
            origin: "self".into(),
            status: 0,
            began: ClientTime(at_ms - 20),
            broken_link: false,
        };
        self.tell(at_ms, Kind::Problem(problem));
    }

    fn conversion(&mut self, random: &mut Random, at_ms: i64) {
        let conversion = Conversion {
            order_id: format!("order-{:016x}", random.number()).into(),
            value_minor: i64::try_from(random.within(500..20_000)).expect("small"),
            currency: "EUR".into(),
            kind: "purchase".into(),
        };
        self.tell(at_ms, Kind::Conversion(conversion));
    }

    fn scroll(&mut self, random: &mut Random, at_ms: i64) {
        let path = ScrollPath {
            start_y: 0,
            steps: steps(random, 12, 0, 60),
            viewport_height: 720,
            document_height: 4_000,
            cause: ScrollCause::Wheel,
        };
        self.tell(at_ms, Kind::ScrollPath(path));
    }

    fn pointer(&mut self, random: &mut Random, at_ms: i64) {
        let path = PointerPath {
            pointer: PointerType::Mouse,
            start: (200, 200),
            steps: steps(random, 25, 20, 15),
        };
        self.tell(at_ms, Kind::PointerPath(path));
    }
}

fn steps(random: &mut Random, count: usize, dx_max: u64, dy_max: u64) -> Vec<Step> {
    let mut along = |max: u64| i32::try_from(random.within(0..max + 1)).expect("small");
    (0..count)
        .map(|_| Step {
            dt: 16,
            dx: along(dx_max),
            dy: along(dy_max),
        })
        .collect()
}

fn batches(
    random: &mut Random,
    visit: &Visit,
    visitor: Option<VisitorId>,
    told: Told,
) -> Vec<Batch> {
    let mut interactions = told.0;
    interactions.sort_by_key(|interaction| interaction.at);
    let mut page = Page::default();
    let mut batches = Vec::new();
    let mut rest = interactions.into_iter().peekable();
    while let Some(first) = rest.peek() {
        let origin = first.at;
        if let (0, Kind::PageView(view)) = (batches.len(), &first.kind) {
            page = view.page.clone();
        }
        let begins_on = page.clone();
        let count = random.within(1..BATCH_INTERACTIONS_MAX + 1);
        let count = usize::try_from(count).expect("small");
        let chosen: Vec<Interaction> = rest.by_ref().take(count).collect();
        let mut end = origin.0;
        let mut samples = 0;
        for interaction in &chosen {
            end = end.max(interaction.at.0);
            match &interaction.kind {
                Kind::PageView(view) => page = view.page.clone(),
                Kind::PointerPath(PointerPath { steps, .. })
                | Kind::ScrollPath(ScrollPath { steps, .. }) => {
                    samples += 1 + u32::try_from(steps.len()).expect("few steps");
                    let took: i64 = steps.iter().map(|step| i64::from(step.dt)).sum();
                    end = end.max(interaction.at.0 + took);
                }
                _ => {}
            }
        }
        let sequence = u32::try_from(batches.len()).expect("few batches");
        batches.push(Batch {
            session: visit.session,
            visitor,
            sender: visit.sender,
            sequence,
            origin,
            sent: ClientTime(end + 20),
            page: begins_on,
            device: (sequence == 0).then(device),
            targets: targets(),
            interactions: chosen,
            unknown: 0,
            samples,
        });
    }
    batches
}

fn device() -> Device {
    Device {
        class: DeviceClass::Desktop,
        pointer: PointerType::Mouse,
        os: "Linux".into(),
        browser: "Firefox".into(),
        viewport: (1_280, 720),
        screen: (1_920, 1_080),
        pixel_ratio_milli: 1_000,
        language: "de-AT".into(),
    }
}

fn targets() -> Vec<Target> {
    (1..)
        .zip(TARGETS)
        .map(|(hash, (selector, kind))| Target {
            hash: TargetHash(hash),
            selector: selector.into(),
            label: "Label".into(),
            kind,
            interactive: kind != TargetKind::Image,
            looks_interactive: true,
            ignore_rage: false,
            ignore_dead: false,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use furrow_proto::{Limits, decode_batch};

    #[test]
    fn a_visit_s_batches_are_what_a_gateway_takes() {
        let mut random = Random::new(7);
        for _ in 0..50 {
            let visit = Visit::new(&mut random, 1_800_000_000_000, Ending::Said);
            assert!(visit.session.is_v7());
            assert_eq!(visit.session.created_ms(), 1_800_000_000_000);
            for (batch, bytes) in visit.batches.iter().zip(visit.encoded()) {
                let decoded = decode_batch(&bytes, &Limits::default()).unwrap();
                assert_eq!(&decoded, batch);
            }
        }
    }
}
