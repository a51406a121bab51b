//! Clients, gateways and publishers: what is appended, and when.

use crate::draw::Draw;
use bytes::Bytes;
use furrow_core::control::Scope;
use furrow_core::ids::{Property, SenderId, SessionId, TargetHash, Tenant};
use furrow_core::interaction::{
    Batch, Button, Interaction, Kind, Page, PointerPath, PointerType, Press, PressKind, Reportable,
    Response, SessionEndCause, Step, Target, TargetIndex, TargetKind,
};
use furrow_core::rules::RuleSet;
use furrow_core::time::ClientTime;
use furrow_log::Partition;
use furrow_proto::record::{BatchRecord, ClientFacts, Control, Entry, InteractionRecord};
use furrow_proto::rules::encode_rules;
use furrow_proto::{Limits, encode_batch};
use std::sync::LazyLock;

const SESSIONS_MAX: usize = 6;
const SENDERS_MAX: usize = 3;

/// Rules under which every session is scored, or none is.
static RULES: LazyLock<[Bytes; 2]> = LazyLock::new(|| {
    [0, 1_000_000].map(|evidence| {
        let mut rules = RuleSet::default();
        rules.scores.evidence_min_interactions = evidence;
        rules.scores.evidence_min_ms = evidence;
        encode_rules(&rules)
    })
});

static LIMITS: LazyLock<Limits> = LazyLock::new(Limits::default);

/// Everybody who appends to the interactions but scorers.
pub(crate) struct Visitors {
    partitions: usize,
    sessions: Vec<Visit>,
    /// Closed by its client; no gateway has said OK, or the client has not
    /// heard it.
    pending: Vec<Pending>,
    gateway_skews_ms: [i64; 2],
    /// Rules on their way to every partition.
    publishing: Vec<(Partition, Bytes)>,
    number: u64,
}

struct Visit {
    number: u8,
    created_ms: i64,
    partition: Partition,
    property: &'static str,
    /// How wrong the client's clock is.
    skew_ms: i64,
    /// The next number of each sender.
    senders: Vec<u32>,
}

struct Pending {
    partition: Partition,
    property: &'static str,
    created_ms: i64,
    origin_ms: i64,
    batch: Bytes,
}

/// A record for the interactions.
pub(crate) type Append = (Partition, Bytes);

impl Visitors {
    pub(crate) fn new(partitions: usize, draw: &mut Draw) -> Visitors {
        Visitors {
            partitions,
            sessions: Vec::new(),
            pending: Vec::new(),
            gateway_skews_ms: [draw.skew_ms(), draw.skew_ms()],
            publishing: Vec::new(),
            number: 0,
        }
    }

    /// A client closes a batch.
    pub(crate) fn act(&mut self, draw: &mut Draw, at_ms: i64) {
        let comes = self.sessions.is_empty() || draw.percent(20);
        if comes && self.sessions.len() < SESSIONS_MAX {
            let number = u8::try_from(self.sessions.len()).unwrap();
            let skew_ms = draw.skew_ms();
            self.sessions.push(Visit {
                number,
                created_ms: at_ms + skew_ms,
                partition: Partition(u32::try_from(draw.below(self.partitions)).unwrap()),
                property: ["shop", "blog"][draw.below(2)],
                skew_ms,
                senders: Vec::new(),
            });
        }
        let chosen = draw.below(self.sessions.len());
        let visit = &mut self.sessions[chosen];
        let opens = visit.senders.is_empty() || draw.percent(10);
        if opens && visit.senders.len() < SENDERS_MAX {
            visit.senders.push(0);
        }
        let sender = draw.below(visit.senders.len());
        let sequence = visit.senders[sender];
        visit.senders[sender] += 1;
        let batch = batch(visit, sender, sequence, at_ms, draw);
        self.pending.push(Pending {
            partition: visit.partition,
            property: visit.property,
            created_ms: visit.created_ms,
            origin_ms: batch.origin.0,
            batch: encode_batch(&batch).into(),
        });
    }

    /// A gateway takes a batch: mostly the oldest, and now and then one that
    /// it or the other has taken before.
    pub(crate) fn take(&mut self, draw: &mut Draw, at_ms: i64) -> Option<Append> {
        if self.pending.is_empty() {
            return None;
        }
        let oldest = draw.percent(60);
        let chosen = if oldest {
            0
        } else {
            draw.below(self.pending.len())
        };
        let Pending {
            partition,
            property,
            created_ms,
            origin_ms,
            ref batch,
        } = self.pending[chosen];
        let received_ms = at_ms + self.gateway_skews_ms[draw.below(2)];
        let is_old = received_ms - origin_ms > LIMITS.interaction_age_ms_max
            || received_ms - created_ms > LIMITS.session_age_ms_max;
        let record = InteractionRecord::Batch(BatchRecord {
            tenant: Tenant("demo".into()),
            property: Property(property.into()),
            received_ms,
            entry: Entry::Publish,
            client: ClientFacts::default(),
            batch: batch.clone(),
        });
        if is_old || draw.percent(80) {
            self.pending.remove(chosen);
        }
        (!is_old).then(|| (partition, record.encode()))
    }

    /// A record of rules becomes durable in one partition; the publisher may
    /// be interrupted, and publishes again.
    pub(crate) fn publish(&mut self, draw: &mut Draw, at_ms: i64) -> Option<Append> {
        if self.publishing.is_empty() || draw.percent(10) {
            self.number += u64::from(draw.percent(70));
            let property = [None, Some("shop"), Some("blog")][draw.below(3)];
            let scope = Scope {
                tenant: Tenant("demo".into()),
                property: property.map(|property| Property(property.into())),
            };
            let rules = RULES[draw.below(2)].clone();
            let mut control = Control::new(at_ms + draw.skew_ms(), scope, self.number, rules);
            if draw.percent(10) {
                control.hash[0] ^= 1;
            }
            let record = InteractionRecord::Control(control).encode();
            let partitions = 0..u32::try_from(self.partitions).unwrap();
            self.publishing = partitions.map(|p| (Partition(p), record.clone())).collect();
        }
        self.publishing.pop()
    }

    /// Bytes that nobody can read.
    pub(crate) fn poison(&self, draw: &mut Draw) -> Append {
        let partition = Partition(u32::try_from(draw.below(self.partitions)).unwrap());
        let bytes = match self.pending.first() {
            Some(pending) => pending.batch.slice(..pending.batch.len() / 2),
            None => Bytes::from_static(b"no record at all"),
        };
        (partition, bytes)
    }

    /// Nobody closes anything any more; what is pending stays so.
    pub(crate) fn is_waiting(&self) -> bool {
        !self.pending.is_empty()
    }
}

fn batch(visit: &Visit, sender: usize, sequence: u32, at_ms: i64, draw: &mut Draw) -> Batch {
    let sender = u8::try_from(sender).unwrap();
    let origin_ms = at_ms + visit.skew_ms;
    let mut id = [0; 16];
    id[..6].copy_from_slice(&visit.created_ms.to_be_bytes()[2..]);
    (id[6], id[8], id[15]) = (0x70, 0x80, visit.number);
    let kinds = match draw.below(8) {
        0..4 => vec![path()],
        4..7 => (0..5).map(|n| dead_press(n, origin_ms)).collect(),
        _ => vec![path(), Kind::SessionEnd(SessionEndCause::Logout)],
    };
    let samples = u32::from(
        kinds
            .iter()
            .any(|kind| matches!(kind, Kind::PointerPath(_))),
    ) * 4;
    let at = |n: usize| ClientTime(origin_ms + 200 * i64::try_from(n).unwrap());
    Batch {
        session: SessionId(id),
        visitor: None,
        sender: SenderId([sender; 8]),
        sequence,
        origin: ClientTime(origin_ms),
        sent: at(kinds.len()),
        page: Page {
            number: sequence / 3,
            path: "/cart".into(),
            group: "cart".into(),
        },
        device: None,
        targets: vec![target()],
        interactions: kinds
            .into_iter()
            .enumerate()
            .map(|(n, kind)| Interaction { at: at(n), kind })
            .collect(),
        unknown: 0,
        samples,
    }
}

fn path() -> Kind {
    let step = Step {
        dt: 16,
        dx: 3,
        dy: 1,
    };
    Kind::PointerPath(PointerPath {
        pointer: PointerType::Mouse,
        start: (0, 0),
        steps: vec![step; 3],
    })
}

fn target() -> Target {
    Target {
        hash: TargetHash(7),
        selector: "button#pay".into(),
        label: "Pay".into(),
        kind: TargetKind::Button,
        interactive: true,
        looks_interactive: true,
        ignore_rage: false,
        ignore_dead: false,
    }
}

fn dead_press(number: u32, origin_ms: i64) -> Kind {
    Kind::Press(Press {
        number,
        kind: PressKind::Click,
        pointer: PointerType::Mouse,
        down: ClientTime(origin_ms + 200 * i64::from(number)),
        position: (10, 10),
        page_position: (10, 10),
        target: Some(TargetIndex(0)),
        button: Button::Primary,
        hold_ms: 80,
        hover_before_ms: 0,
        selected_text: false,
        scrolled: false,
        keyboard: false,
        modified: false,
        response: Response {
            watched_ms: 1_000,
            reportable: Reportable(u64::MAX),
            facts: Vec::new(),
            quiet_before_ms: 10_000,
        },
    })
}
