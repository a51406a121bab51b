mod histories;
mod rules;

use super::*;
use crate::ids::{SenderId, SessionId, TargetHash, VisitorId};
use crate::interaction::{
    Batch, Button, Conversion, Interaction, Kind, Page, PointerPath, PointerType, Press, PressKind,
    Reportable, Response, ScrollCause, ScrollPath, SessionEndCause, Step, Target, TargetIndex,
    TargetKind,
};
use crate::ledger::DeathReason;
use crate::output::SessionStatus;
use crate::session::ClientFacts;
use crate::time::ClientTime;

/// Noon of some day, on every clock of these tests.
const NOON: i64 = 1_790_000_000_000;
const MINUTE: i64 = 60_000;

fn session_id(session: u8) -> SessionId {
    SessionId([0, 0, 0, 0, 0, 0, 0x70, 0, 0x80, 0, 0, 0, 0, 0, 0, session])
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

fn dead_press(number: u32, down: i64) -> Kind {
    Kind::Press(Press {
        number,
        kind: PressKind::Click,
        pointer: PointerType::Mouse,
        down: ClientTime(down),
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

fn path(samples: u32) -> Kind {
    Kind::PointerPath(PointerPath {
        pointer: PointerType::Mouse,
        start: (0, 0),
        steps: vec![
            Step {
                dt: 16,
                dx: 3,
                dy: 1
            };
            samples as usize - 1
        ],
    })
}

/// A batch of interactions, each with its ms since noon.
fn batch(session: u8, sender: u8, sequence: u32, interactions: Vec<(i64, Kind)>) -> Batch {
    let samples = interactions
        .iter()
        .map(|(_, kind)| u32::try_from(kind.samples()).expect("short"))
        .sum();
    let origin = interactions.first().map_or(0, |(at, _)| *at);
    let sent = interactions.last().map_or(0, |(at, _)| *at);
    Batch {
        session: session_id(session),
        visitor: Some(VisitorId([session; 16])),
        sender: SenderId([sender; 8]),
        sequence,
        origin: ClientTime(NOON + origin),
        sent: ClientTime(NOON + sent),
        page: Page {
            number: 0,
            path: "/cart".into(),
            group: "cart".into(),
        },
        device: None,
        targets: vec![target()],
        interactions: interactions
            .into_iter()
            .map(|(at, kind)| Interaction {
                at: ClientTime(NOON + at),
                kind,
            })
            .collect(),
        unknown: 0,
        samples,
    }
}

fn record(batch: Batch, received: i64) -> Record {
    Record::Batch(Box::new(TenantBatch {
        tenant: Tenant("demo".into()),
        property: Property("shop".into()),
        received: Received {
            received_ms: NOON + received,
            client: ClientFacts::default(),
            batch,
        },
    }))
}

fn raging(session: u8, sequence: u32, at: i64) -> Batch {
    let presses = (0..6).map(|n| {
        (
            at + 1_000 + 200 * n,
            dead_press(n as u32, NOON + at + 200 * n),
        )
    });
    batch(session, 1, sequence, presses.collect())
}

/// A partition that is fed at log times in ms since noon.
struct Log(PartitionState);

impl Log {
    fn new() -> Log {
        Log(PartitionState::new(Epoch(1), 0, 0, ALLOWED_LATENESS_MS))
    }

    fn batch(&mut self, at: i64, batch: Batch) -> Folded {
        self.0
            .fold(self.0.next_offset(), LogTime(NOON + at), record(batch, at))
    }

    fn record(&mut self, at: i64, record: Record) -> Folded {
        self.0
            .fold(self.0.next_offset(), LogTime(NOON + at), record)
    }

    fn tick(&mut self, at: i64) -> Folded {
        let at_ms = NOON + at;
        self.record(at, Record::Tick { at_ms })
    }
}

fn calm(session: u8, sender: u8, sequence: u32, at: i64) -> Batch {
    batch(session, sender, sequence, vec![(at, path(30))])
}

#[test]
fn a_first_batch_opens_a_session_and_its_update_leaves_at_once() {
    let folded = Log::new().batch(0, calm(1, 1, 0, 0));
    assert_eq!(folded.outcome, Outcome::Scored);
    assert_eq!(folded.updates.len(), 1);
    let session = &folded.updates[0].session;
    assert_eq!(
        (session.batches, session.samples, session.page_views),
        (1, 30, 1)
    );
    assert_eq!(folded.updates[0].page_views[0].path, "/cart".into());
    assert_eq!(session.entry_path, "/cart".into());
}

#[test]
fn a_second_update_waits_for_its_second_and_a_tick_brings_it() {
    let mut log = Log::new();
    let _ = log.batch(0, calm(1, 1, 0, 0));
    assert_eq!(log.batch(400, calm(1, 1, 1, 400)).updates, []);
    assert_eq!(log.0.deadline(), Some(LogTime(NOON + 1_000)));
    assert_eq!(log.tick(999).updates, []);
    let updates = log.tick(1_000).updates;
    assert_eq!(updates.len(), 1);
    assert_eq!(updates[0].session.batches, 2);
    assert_eq!(updates[0].origin.offset, 3);
    assert_eq!(log.tick(5_000).updates, []);
}

#[test]
fn a_session_ends_35_minutes_after_its_last_record() {
    let mut log = Log::new();
    let _ = log.batch(0, calm(1, 1, 0, 0));
    assert_eq!(log.tick(35 * MINUTE - 1).updates, []);
    let updates = log.tick(35 * MINUTE).updates;
    assert_eq!(updates[0].session.status, SessionStatus::Ended);
}

#[test]
fn a_batch_within_the_allowed_lateness_reopens_the_session() {
    let mut log = Log::new();
    let _ = log.batch(0, calm(1, 1, 0, 0));
    let _ = log.tick(36 * MINUTE);
    let folded = log.batch(90 * MINUTE, calm(1, 1, 1, 500));
    assert_eq!(folded.outcome, Outcome::Scored);
    assert_eq!(folded.updates[0].session.status, SessionStatus::Open);
    assert_eq!(folded.updates[0].session.batches, 2);
    assert_eq!(
        log.tick(126 * MINUTE).updates[0].session.status,
        SessionStatus::Ended
    );
}

#[test]
fn a_batch_after_the_allowed_lateness_is_late_and_changes_nothing() {
    let mut log = Log::new();
    let _ = log.batch(0, calm(1, 1, 0, 0));
    let _ = log.tick(95 * MINUTE);
    let folded = log.batch(95 * MINUTE, calm(1, 1, 1, 500));
    assert_eq!((folded.outcome, folded.updates), (Outcome::Late, vec![]));
    let folded = log.batch(95 * MINUTE, calm(1, 2, 0, 500));
    assert_eq!((folded.outcome, folded.updates), (Outcome::Late, vec![]));
    assert_eq!(
        log.batch(95 * MINUTE, calm(1, 1, 0, 0)).outcome,
        Outcome::Duplicate
    );
    assert_eq!(log.0.sizes(), (0, 1));
}

#[test]
fn a_late_marker_goes_after_25_hours() {
    let mut log = Log::new();
    let _ = log.batch(0, calm(1, 1, 0, 0));
    let _ = log.tick(95 * MINUTE);
    assert_eq!(log.0.sizes(), (0, 1));
    let _ = log.tick(95 * MINUTE + MARKER_MS);
    assert_eq!(log.0.sizes(), (0, 0));
    assert_eq!(log.0.deadline(), None);
    assert_eq!(
        log.batch(95 * MINUTE + MARKER_MS, calm(1, 1, 1, 0)).outcome,
        Outcome::Late
    );
}

#[test]
fn a_repeat_through_another_entry_is_a_duplicate() {
    let mut log = Log::new();
    let _ = log.batch(0, calm(1, 1, 0, 0));
    let folded = log.batch(2_000, calm(1, 1, 0, 0));
    assert_eq!(
        (folded.outcome, folded.updates),
        (Outcome::Duplicate, vec![])
    );
}

#[test]
fn a_beacon_that_overtakes_is_folded_and_the_batch_it_overtook_is_a_repeat() {
    let mut log = Log::new();
    let _ = log.batch(0, calm(1, 1, 0, 0));
    let beacon: Vec<_> = [1, 2]
        .map(|n| log.batch(2_000, calm(1, 1, n, 1_000)).outcome)
        .into();
    assert_eq!(beacon, [Outcome::Scored, Outcome::Scored]);
    assert_eq!(
        log.batch(2_100, calm(1, 1, 1, 1_000)).outcome,
        Outcome::Duplicate
    );
}

#[test]
fn a_held_batch_is_folded_when_its_session_ends() {
    let mut log = Log::new();
    let _ = log.batch(0, calm(1, 1, 0, 0));
    assert_eq!(
        log.batch(2_000, calm(1, 1, 2, 2_000)).outcome,
        Outcome::Held
    );
    assert_eq!(log.0.ledger().held, 1);
    let updates = log.tick(36 * MINUTE).updates;
    assert_eq!(
        (updates[0].session.batches, updates[0].session.gaps),
        (2, 1)
    );
    assert_eq!((log.0.ledger().held, log.0.ledger().scored), (0, 2));
}

#[test]
fn an_unknown_sender_that_does_not_begin_at_0_opens_nothing() {
    let mut log = Log::new();
    assert_eq!(log.batch(0, calm(1, 1, 3, 0)).outcome, Outcome::Late);
    assert_eq!(log.0.sizes(), (0, 0));
}

#[test]
fn two_tenants_with_one_session_id_are_two_sessions() {
    let mut log = Log::new();
    let _ = log.batch(0, calm(1, 1, 0, 0));
    let mut other = record(calm(1, 1, 0, 0), 0);
    if let Record::Batch(batch) = &mut other {
        batch.tenant = Tenant("other".into());
    }
    assert_eq!(log.0.fold(1, LogTime(NOON), other).outcome, Outcome::Scored);
    assert_eq!(log.0.sizes(), (2, 0));
}

#[test]
fn the_thirty_third_sender_of_a_session_is_refused() {
    let mut log = Log::new();
    for sender in 0..32 {
        assert_eq!(log.batch(0, calm(1, sender, 0, 0)).outcome, Outcome::Scored);
    }
    let folded = log.batch(0, calm(1, 32, 0, 0));
    assert_eq!(folded.outcome, Outcome::Dead(DeathReason::TooManySenders));
}

#[test]
fn a_broker_clock_far_ahead_ends_no_session() {
    let mut log = Log::new();
    let _ = log.batch(0, calm(1, 1, 0, 0));
    let folded = log.0.fold(
        1,
        LogTime(NOON + 1_000 * MINUTE),
        record(calm(2, 2, 0, 1_000), 1_000),
    );
    assert_eq!(folded.updates.len(), 1);
    assert_eq!(
        log.0.watermark(),
        LogTime(NOON + 1_000 + CLOCK_AHEAD_MAX_MS)
    );
}

#[test]
fn a_gateway_clock_far_ahead_ends_no_session() {
    let mut log = Log::new();
    let _ = log.batch(0, calm(1, 1, 0, 0));
    let record = record(calm(2, 2, 0, 0), 1_000 * MINUTE);
    let folded = log.0.fold(1, LogTime(NOON + 1_000), record);
    assert_eq!(folded.updates.len(), 1);
    assert_eq!(log.0.watermark(), LogTime(NOON + 1_000));
}

#[test]
fn a_record_that_makes_the_fold_panic_breaks_its_session_alone() {
    let mut log = Log::new();
    let _ = log.batch(0, calm(1, 1, 0, 0));
    let _ = log.batch(0, calm(1, 1, 2, 0));
    let poison = Kind::Custom {
        name: "panic".into(),
        attributes: vec![],
    };
    let folded = log.batch(2_000, batch(1, 1, 1, vec![(2_000, poison)]));
    assert_eq!(folded.outcome, Outcome::Dead(DeathReason::FoldFailed));
    assert_eq!(folded.updates[0].session.status, SessionStatus::Broken);
    assert!(log.0.ledger().balances(), "{:?}", log.0.ledger());
    let folded = log.batch(3_000, calm(1, 1, 3, 3_000));
    assert_eq!(folded.outcome, Outcome::Dead(DeathReason::SessionBroken));
    assert_eq!(
        log.batch(3_000, calm(2, 2, 0, 3_000)).outcome,
        Outcome::Scored
    );
}

#[test]
fn an_unreadable_record_is_dead_and_moves_no_time() {
    let mut log = Log::new();
    let folded = log.0.fold(0, LogTime(NOON), Record::Unreadable);
    assert_eq!(folded.outcome, Outcome::Dead(DeathReason::Unreadable));
    assert_eq!(log.0.deadline(), None);
}

#[test]
fn a_client_may_say_that_its_session_is_over() {
    let mut log = Log::new();
    let _ = log.batch(0, calm(1, 1, 0, 0));
    let end = Kind::SessionEnd(SessionEndCause::Logout);
    let folded = log.batch(100, batch(1, 1, 1, vec![(50, end)]));
    assert_eq!(folded.updates[0].session.status, SessionStatus::Ended);
}

#[test]
fn an_end_told_by_one_sender_folds_what_another_still_held() {
    let mut log = Log::new();
    let _ = log.batch(0, calm(1, 1, 0, 0));
    assert_eq!(log.batch(100, calm(1, 1, 2, 2_000)).outcome, Outcome::Held);
    let end = Kind::SessionEnd(SessionEndCause::Logout);
    let folded = log.batch(200, batch(1, 2, 0, vec![(50, end)]));
    assert_eq!(folded.updates[0].session.status, SessionStatus::Ended);
    assert_eq!(folded.updates[0].session.batches, 3);
    assert_eq!((log.0.ledger().held, log.0.ledger().scored), (0, 3));
}

#[test]
fn what_follows_an_end_reopens_the_session_in_whatever_order_it_came() {
    let mut log = Log::new();
    let _ = log.batch(0, calm(1, 1, 0, 0));
    let _ = log.batch(100, raging(1, 2, 5_000));
    let end = Kind::SessionEnd(SessionEndCause::Logout);
    let update = log
        .batch(2_000, batch(1, 1, 1, vec![(50, end)]))
        .updates
        .remove(0);
    assert_eq!(update.session.status, SessionStatus::Open);
    assert_eq!((update.session.batches, update.signals.len()), (3, 1));

    let mut in_order = Log::new();
    let _ = in_order.batch(0, calm(1, 1, 0, 0));
    let end = Kind::SessionEnd(SessionEndCause::Logout);
    let _ = in_order.batch(100, batch(1, 1, 1, vec![(50, end)]));
    let same = in_order.batch(2_000, raging(1, 2, 5_000)).updates.remove(0);
    assert_eq!(same.session.status, SessionStatus::Open);
    assert_eq!(same.session.scores, update.session.scores);
}

#[test]
fn rage_reads_as_a_sentence() {
    let mut log = Log::new();
    let _ = log.batch(0, calm(1, 1, 0, 0));
    let update = log.batch(4_000, raging(1, 1, 2_000)).updates.remove(0);
    assert_eq!(update.signals.len(), 1);
    assert_eq!(
        &*update.signals[0].reason,
        "6 of 6 presses without an answer within 1000 ms"
    );
    assert_eq!(update.signals[0].at_ms, NOON + 2_000);
    assert_eq!(update.session.scores.frustration, 6_321);
    assert_eq!(
        &*update.session.contributors[0].text,
        "rage press, on button#pay"
    );
    assert_eq!(update.page_views[0].scores.frustration, 6_321);
}

#[test]
fn a_whole_session_reads_as_its_snapshot() {
    let mut log = Log::new();
    let mut start = calm(1, 1, 0, 0);
    start.interactions.push(Interaction {
        at: ClientTime(NOON + 900),
        kind: Kind::ScrollPath(ScrollPath {
            start_y: 0,
            steps: vec![
                Step {
                    dt: 16,
                    dx: 0,
                    dy: 300
                };
                4
            ],
            viewport_height: 800,
            document_height: 4_000,
            cause: ScrollCause::Wheel,
        }),
    });
    let _ = log.batch(1_000, start);
    let _ = log.batch(5_000, raging(1, 1, 3_000));
    let bought = Kind::Conversion(Conversion {
        order_id: "A-1".into(),
        value_minor: 4_900,
        currency: "EUR".into(),
        kind: "purchase".into(),
    });
    let _ = log.batch(20_000, batch(1, 1, 2, vec![(20_000, bought)]));
    let update = log.0.finish().remove(0);
    insta::assert_json_snapshot!(update);
}
