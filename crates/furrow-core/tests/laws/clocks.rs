//! What a wrong clock may change, and a topic that is created anew.

use crate::any::{NOON, batch, interactions};
use crate::{ended, record, said};
use furrow_core::ids::Epoch;
use furrow_core::interaction::{Batch, Interaction, Kind};
use furrow_core::output::ScoreUpdate;
use furrow_core::partition::{ALLOWED_LATENESS_MS, PartitionState, Record};
use furrow_core::time::{ClientTime, LogTime};
use proptest::prelude::*;

/// A day, the longest by which a clock of these laws is wrong, ms.
const WRONG_MAX_MS: i64 = 24 * 3_600_000;

/// As a client tells it whose clock is wrong by so much.
fn told_by_a_clock(wrong_ms: i64, mut batch: Batch) -> Batch {
    let shift = |at: &mut ClientTime| *at = at.plus(wrong_ms);
    shift(&mut batch.origin);
    shift(&mut batch.sent);
    for Interaction { at, kind } in &mut batch.interactions {
        shift(at);
        match kind {
            Kind::Press(press) => shift(&mut press.down),
            Kind::Obstruction(obstruction) => shift(&mut obstruction.began),
            _ => {}
        }
    }
    batch
}

/// As a gateway takes it at that time of its clock.
fn received(batch: Batch, received_ms: i64) -> Record {
    let mut record = record(batch);
    if let Record::Batch(batch) = &mut record {
        batch.received.received_ms = received_ms;
    }
    record
}

/// The session of these records, appended while every other clock said noon.
fn of_records(epoch: Epoch, records: Vec<Record>) -> ScoreUpdate {
    let mut state = PartitionState::new(epoch, 0, 0, ALLOWED_LATENESS_MS);
    for record in records {
        let _ = state.fold(state.next_offset(), LogTime(NOON), record);
    }
    state.finish().remove(0)
}

proptest! {
    #[test]
    fn a_client_s_wrong_clock_changes_nothing(
        interactions in interactions(60), wrong_ms in -WRONG_MAX_MS..WRONG_MAX_MS
    ) {
        let right = batch(0, interactions);
        let wrong = told_by_a_clock(wrong_ms, right.clone());
        prop_assert_eq!(said(ended(vec![wrong])), said(ended(vec![right])));
    }

    #[test]
    fn two_gateways_with_wrong_clocks_change_no_score(
        interactions in interactions(60),
        cut in 1..60_usize,
        wrong_ms in [-WRONG_MAX_MS..WRONG_MAX_MS, -WRONG_MAX_MS..WRONG_MAX_MS],
    ) {
        let (first, second) = interactions.split_at(cut.clamp(1, interactions.len()));
        let batches = [batch(0, first.to_vec()), batch(1, second.to_vec())];
        let scores = |wrong_ms: [i64; 2]| {
            let taken = batches.iter().zip(wrong_ms);
            let records = taken.map(|(batch, wrong_ms)| received(batch.clone(), NOON + wrong_ms));
            let update = of_records(Epoch(1), records.collect());
            let signals = update.signals.iter().map(|s| (s.signal.clone(), s.intensity_milli));
            let pages = update.page_views.iter().map(|p| (p.scores, p.running));
            let session = &update.session;
            (
                (session.scores, session.running, session.confidence_milli, session.engaged_ms),
                signals.collect::<Vec<_>>(),
                pages.collect::<Vec<_>>(),
            )
        };
        prop_assert_eq!(scores(wrong_ms), scores([0, 0]));
    }
}

#[test]
fn rows_of_a_topic_that_was_created_anew_take_the_place_of_those_before() {
    let at = |epoch, offset| {
        let mut state = PartitionState::new(Epoch(epoch), 0, offset, ALLOWED_LATENESS_MS);
        let path = Interaction {
            at: ClientTime(NOON),
            kind: Kind::Print,
        };
        let folded = state.fold(offset, LogTime(NOON), record(batch(0, vec![path])));
        folded.updates[0].origin.version()
    };
    let (last_before, first_anew) = (at(1, (1 << 48) - 1), at(2, 0));
    assert!(first_anew > last_before);
    assert!(at(2, 1) > first_anew);
}
