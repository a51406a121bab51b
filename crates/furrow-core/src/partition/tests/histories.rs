//! What holds of any history.

use super::rules::{control, of_property};
use super::*;
use proptest::prelude::*;

#[derive(Debug, Clone)]
enum Came {
    Batch((u8, u8, u32, u8)),
    Tick,
    Control((u8, u64, bool)),
}

/// Any history: batches of few sessions and senders in any order, with
/// repeats and gaps, ticks, and rules for either property and for both.
fn any_history() -> impl Strategy<Value = Vec<(i64, Record)>> {
    let any_record = prop_oneof![
        8 => (0..4_u8, 0..2_u8, 0..8_u32, 0..3_u8).prop_map(Came::Batch),
        2 => Just(Came::Tick),
        2 => (0..3_u8, 1..6_u64, any::<bool>()).prop_map(Came::Control),
    ];
    prop::collection::vec((0..4_000_i64, 0..40_u32, any_record), 1..60).prop_map(|steps| {
        let mut at = 0;
        steps
            .into_iter()
            .map(|(dt, jump, what)| {
                // Now and then a session has time to end, or to go for good.
                at += if jump == 0 { 40 * MINUTE } else { dt };
                let property = |session| if session % 2 == 0 { "shop" } else { "blog" };
                let record = match what {
                    Came::Tick => Record::Tick { at_ms: NOON + at },
                    Came::Control((scope, number, scores_all)) => {
                        let property = [None, Some("shop"), Some("blog")][usize::from(scope)];
                        control(property, number, scores_all, at)
                    }
                    Came::Batch((session, sender, sequence, 0)) => {
                        let session = session * 2 + sender;
                        let batch = raging(session, sequence, i64::from(sequence) * 5_000);
                        of_property(record(batch, at), property(session))
                    }
                    Came::Batch((session, sender, sequence, _)) => {
                        let batch = calm(session, sender, sequence, i64::from(sequence) * 5_000);
                        of_property(record(batch, at), property(session))
                    }
                };
                (at, record)
            })
            .collect()
    })
}

fn fold_all(state: &mut PartitionState, history: &[(i64, Record)]) -> Vec<ScoreUpdate> {
    history
        .iter()
        .flat_map(|(at, record)| {
            let folded = state.fold(state.next_offset(), LogTime(NOON + at), record.clone());
            assert!(state.ledger().balances());
            folded.updates
        })
        .collect()
}

proptest! {
    #[test]
    fn a_snapshot_anywhere_changes_no_output(history in any_history(), cut in 0..60_usize) {
        let mut whole = Log::new().0;
        let expected = fold_all(&mut whole, &history);
        let (before, after) = history.split_at(cut.min(history.len()));
        let mut state = Log::new().0;
        let mut outputs = fold_all(&mut state, before);
        let snapshot = postcard::to_allocvec(&state).expect("state serializes");
        let mut restored: PartitionState =
            postcard::from_bytes::<PartitionState>(&snapshot).expect("and back").restored();
        prop_assert_eq!(&restored, &state);
        outputs.extend(fold_all(&mut restored, after));
        prop_assert_eq!(outputs, expected);
        prop_assert_eq!(restored, whole);
    }

    #[test]
    fn a_replay_from_a_snapshot_s_beginning_goes_on_with_the_same_outputs(
        history in any_history(),
        cut in 0..60_usize,
    ) {
        let cut = cut.min(history.len());
        let mut whole = Log::new().0;
        let _ = fold_all(&mut whole, &history[..cut]);
        let beginning = whole.beginning();
        prop_assert!(beginning.standing_complete);
        let from = usize::try_from(beginning.offset).expect("few records");
        let mut replayed =
            PartitionState::begun(Epoch(1), 0, beginning, ALLOWED_LATENESS_MS);
        let _ = fold_all(&mut replayed, &history[from..cut]);
        let properties = ["shop", "blog"].map(|property| Property(property.into()));
        for (at, record) in &history[cut..] {
            for property in &properties {
                let tenant = Tenant("demo".into());
                prop_assert_eq!(replayed.rules(&tenant, property), whole.rules(&tenant, property));
            }
            let next = whole.next_offset();
            let expected = whole.fold(next, LogTime(NOON + at), record.clone());
            prop_assert_eq!(replayed.fold(next, LogTime(NOON + at), record.clone()), expected);
            prop_assert_eq!(replayed.deadline(), whole.deadline());
            prop_assert_eq!(replayed.repeat_due(), whole.repeat_due());
        }
    }

    #[test]
    fn log_time_changes_no_score(history in any_history(), slower in 1..5_i64) {
        // Without ends in between, when records are appended does not matter.
        let scores = |factor: i64| {
            let mut state = Log::new().0;
            let squeezed: Vec<_> = history
                .iter()
                .map(|(at, record)| (at % (4 * MINUTE) * factor / 5, record.clone()))
                .filter(|(_, record)| matches!(record, Record::Batch(_)))
                .collect();
            let mut at_most = 0;
            for (at, record) in squeezed {
                at_most = at_most.max(at);
                let _ = state.fold(state.next_offset(), LogTime(NOON + at_most), record);
            }
            state.finish().into_iter().map(|u| (u.session.key, u.session.scores, u.signals)).collect::<Vec<_>>()
        };
        prop_assert_eq!(scores(5), scores(5 - slower.min(4)));
    }

    #[test]
    fn splitting_a_batch_changes_no_score(cut in 0..6_usize) {
        let whole = raging(1, 0, 0);
        let mut one = Log::new().0;
        let _ = one.fold(0, LogTime(NOON), record(whole.clone(), 0));
        let mut two = Log::new().0;
        let mut first = whole.clone();
        let rest = first.interactions.split_off(cut);
        let second = Batch { sequence: 1, interactions: rest, ..whole };
        let _ = two.fold(0, LogTime(NOON), record(first, 0));
        let _ = two.fold(1, LogTime(NOON), record(second, 0));
        let scores = |state: &mut PartitionState| {
            let update = state.finish().remove(0);
            (update.session.scores, update.signals, update.page_views, update.session.engaged_ms)
        };
        prop_assert_eq!(scores(&mut one), scores(&mut two));
    }
}
