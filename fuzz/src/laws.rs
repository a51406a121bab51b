//! What must hold after every record, whatever it was.

use furrow_core::ledger::{DeathReason, Outcome};
use furrow_core::output::{Contributor, Measured, ScoreUpdate, SessionStatus};
use furrow_core::partition::{Folded, PartitionState, Record};
use furrow_core::time::LogTime;
use furrow_proto::record::{decode_score_update, encode_score_update};

/// The highest score, in thousandths.
const SCORE_MAX: u16 = 10_000;

const MILLI: u16 = 1_000;

/// Deadlines of one session from its first record until it is forgotten: an
/// update, its end, its marker, the marker's end, and one for each reopening.
const DEADLINES_OF_A_SESSION: usize = 8;

/// Folds a record and asserts what holds of any.
pub(crate) fn fold(state: &mut PartitionState, append_time: LogTime, record: Record) -> Folded {
    let (before, watermark) = (state.ledger(), state.watermark());
    let folded = state.fold(state.next_offset(), append_time, record);
    assert!(state.ledger().balances(), "{:?}", state.ledger());
    assert_eq!(state.ledger().records, before.records + 1);
    assert!(state.watermark() >= watermark, "log time never runs back");
    assert_ne!(folded.outcome, Outcome::Dead(DeathReason::FoldFailed));
    assert!(
        folded
            .updates
            .is_sorted_by(|a, b| a.session.key < b.session.key),
        "at most one update of a session, in the order of their keys"
    );
    folded.updates.iter().for_each(update);
    folded
}

/// Asserts what holds of any update.
pub(crate) fn update(update: &ScoreUpdate) {
    let session = &update.session;
    assert_ne!(session.status, SessionStatus::Broken);
    scores(session.scores.named().chain(session.running.named()));
    assert!(session.confidence_milli <= MILLI, "{session:?}");
    assert!(session.scroll_depth_milli <= MILLI, "{session:?}");
    assert!(session.started_ms <= session.last_interaction_ms);
    contributors(&session.contributors);
    measures(&session.measures);
    for signal in &update.signals {
        assert!(signal.intensity_milli <= MILLI, "{signal:?}");
        assert!(signal.ordinal < session.signals, "{signal:?}");
    }
    for page_view in &update.page_views {
        scores(page_view.scores.named().chain(page_view.running.named()));
        assert!(page_view.confidence_milli <= MILLI, "{page_view:?}");
        contributors(&page_view.contributors);
        measures(&page_view.measures);
        assert!(page_view.scroll_depth_milli <= MILLI, "{page_view:?}");
        assert!(page_view.ordinal < session.page_views, "{page_view:?}");
    }
    for conversion in &update.conversions {
        assert!(conversion.frustration <= SCORE_MAX, "{conversion:?}");
        assert!(conversion.ordinal < session.conversions, "{conversion:?}");
    }
    let again = decode_score_update(&encode_score_update(update));
    assert_eq!(*update, again.expect("its own bytes are read"));
}

fn scores(mut scores: impl Iterator<Item = (&'static str, u16)>) {
    let beyond = scores.find(|(_, score)| *score > SCORE_MAX);
    assert_eq!(beyond, None);
}

fn contributors(contributors: &[Contributor]) {
    for contributor in contributors {
        assert!(contributor.share_milli <= MILLI, "{contributor:?}");
        assert!(contributor.count > 0, "{contributor:?}");
    }
}

fn measures(measures: &[Measured]) {
    for measured in measures {
        assert!(measured.value.is_finite(), "{measured:?}");
    }
}

/// The state after a way through a snapshot.
pub(crate) fn restored(state: &PartitionState) -> PartitionState {
    let snapshot = postcard::to_allocvec(state).expect("state serializes");
    let restored: PartitionState = postcard::from_bytes(&snapshot).expect("a snapshot is read");
    let restored = restored.restored();
    assert_eq!(*state, restored, "a snapshot leaves nothing out");
    restored
}

/// Ends what is left, in both ways: at once, and by the ticks that an owner
/// appends.
pub(crate) fn comes_to_rest(mut state: PartitionState) {
    let mut at_once = state.clone();
    at_once.finish().iter().for_each(update);
    assert_eq!(at_once.ledger().held, 0);
    assert!(at_once.ledger().balances());

    let (sessions, markers) = state.sizes();
    for _ in 0..(sessions + markers) * DEADLINES_OF_A_SESSION {
        let Some(LogTime(at_ms)) = state.deadline() else {
            break;
        };
        let _ = fold(&mut state, LogTime(at_ms), Record::Tick { at_ms });
    }
    assert_eq!(state.deadline(), None, "ticks come to an end");
    assert_eq!(state.sizes(), (0, 0), "everything is forgotten in the end");
    assert_eq!(state.ledger().held, 0);
}
