//! The laws that scores obey, over sessions made of any interactions.

mod any;
mod clocks;

use any::{NOON, any_movement, batch, interactions};
use furrow_core::ids::{Epoch, Property, Tenant};
use furrow_core::interaction::{
    Batch, Button, Interaction, Kind, PointerPath, PointerType, Press, PressKind, Reportable,
    Response, ScrollCause, ScrollPath, Step, TargetIndex,
};
use furrow_core::output::ScoreUpdate;
use furrow_core::partition::{ALLOWED_LATENESS_MS, PartitionState, Record, TenantBatch};
use furrow_core::session::{ClientFacts, Received};
use furrow_core::time::{ClientTime, LogTime};
use proptest::prelude::*;

fn record(batch: Batch) -> Record {
    Record::Batch(Box::new(TenantBatch {
        tenant: Tenant("demo".into()),
        property: Property("shop".into()),
        received: Received {
            received_ms: NOON,
            client: ClientFacts::default(),
            batch,
        },
    }))
}

fn empty() -> PartitionState {
    PartitionState::new(Epoch(1), 0, 0, ALLOWED_LATENESS_MS)
}

fn folded(batches: Vec<Batch>) -> PartitionState {
    let mut state = empty();
    for batch in batches {
        let folded = state.fold(state.next_offset(), LogTime(NOON), record(batch));
        assert_eq!(folded.outcome, furrow_core::ledger::Outcome::Scored);
    }
    state
}

/// The session as it stands when nothing more comes.
fn ended(batches: Vec<Batch>) -> ScoreUpdate {
    folded(batches).finish().remove(0)
}

/// What it says, apart from how it was cut into batches and where it stands in
/// the log.
fn said(mut update: ScoreUpdate) -> ScoreUpdate {
    update.session.batches = 0;
    update.session.unknown = 0;
    update.origin.offset = 0;
    update
}

fn end_of(interactions: &[Interaction]) -> ClientTime {
    let last = interactions.last().expect("at least one");
    // The longest path that is made here lasts 12 s.
    last.at.plus(20_000)
}

/// Each begins when the one before has ended, and a pause has passed.
fn one_after_another(steps: Vec<(i64, Kind)>) -> Vec<Interaction> {
    let mut at = ClientTime(NOON);
    let mut moves = Vec::new();
    for (pause, kind) in steps {
        at = at.plus(pause);
        let path_ms: i64 = steps_of(&kind).iter().map(|step| i64::from(step.dt)).sum();
        moves.push(Interaction { at, kind });
        at = at.plus(path_ms);
    }
    moves
}

fn steps_of(kind: &Kind) -> &[Step] {
    match kind {
        Kind::PointerPath(path) => &path.steps,
        Kind::ScrollPath(path) => &path.steps,
        _ => &[],
    }
}

/// The same interaction with its path in parts of at most so many samples.
fn parts(whole: &Interaction, samples_max: usize) -> Vec<Interaction> {
    let mut parts: Vec<Interaction> = Vec::new();
    let (mut at, mut moved) = (whole.at, (0, 0));
    let begin = |at, moved: (i32, i32)| {
        let kind = match &whole.kind {
            Kind::PointerPath(path) => Kind::PointerPath(PointerPath {
                pointer: path.pointer,
                start: (path.start.0 + moved.0, path.start.1 + moved.1),
                steps: Vec::new(),
            }),
            Kind::ScrollPath(path) => Kind::ScrollPath(ScrollPath {
                start_y: path.start_y + moved.1,
                steps: Vec::new(),
                ..path.clone()
            }),
            other => other.clone(),
        };
        Interaction { at, kind }
    };
    parts.push(begin(at, moved));
    for step in steps_of(&whole.kind) {
        at = at.plus(i64::from(step.dt));
        moved = (moved.0 + step.dx, moved.1 + step.dy);
        let newest = parts.last_mut().expect("there is a first");
        let steps = match &mut newest.kind {
            Kind::PointerPath(path) => &mut path.steps,
            Kind::ScrollPath(path) => &mut path.steps,
            _ => unreachable!("only paths have steps"),
        };
        if steps.len() + 1 < samples_max {
            steps.push(*step);
        } else {
            parts.push(begin(at, moved));
        }
    }
    parts
}

/// A press on the button that the page never answers, told when it is known.
fn dead_press(number: u32, down: ClientTime) -> Interaction {
    Interaction {
        at: down.plus(3_000),
        kind: Kind::Press(Press {
            number,
            kind: PressKind::Click,
            pointer: PointerType::Mouse,
            down,
            position: (700, 700),
            page_position: (700, 700),
            target: Some(TargetIndex(0)),
            button: Button::Primary,
            hold_ms: 80,
            hover_before_ms: 0,
            selected_text: false,
            scrolled: false,
            keyboard: false,
            modified: false,
            response: Response {
                watched_ms: 3_000,
                reportable: Reportable(u64::MAX),
                facts: Vec::new(),
                quiet_before_ms: 10_000,
            },
        }),
    }
}

proptest! {
    #[test]
    fn scores_stay_in_range_whatever_comes(interactions in interactions(80)) {
        let update = ended(vec![batch(0, interactions)]);
        let pages = update.page_views.iter().map(|p| (p.scores, p.running, p.confidence_milli));
        let session = &update.session;
        let all = pages.chain([(session.scores, session.running, session.confidence_milli)]);
        for (s, r, confidence) in all {
            let in_range = s.named().chain(r.named()).all(|(_, score)| score <= 10_000);
            prop_assert!(in_range, "{s:?} {r:?}");
            prop_assert!(confidence <= 1_000);
        }
        for signal in &update.signals {
            prop_assert!(signal.intensity_milli <= 1_000, "{signal:?}");
            prop_assert!(!signal.reason.is_empty(), "{signal:?}");
        }
    }

    #[test]
    fn where_a_batch_is_cut_changes_nothing(
        interactions in interactions(60), cut in 1..60_usize
    ) {
        let cut = cut.clamp(1, interactions.len());
        let (first, second) = interactions.split_at(cut);
        let two = vec![batch(0, first.to_vec()), batch(1, second.to_vec())];
        let one = said(ended(vec![batch(0, interactions.clone())]));
        prop_assert_eq!(said(ended(two)), one);
    }

    #[test]
    fn a_snapshot_anywhere_changes_nothing(
        interactions in interactions(60), cut in 1..60_usize
    ) {
        let cut = cut.clamp(1, interactions.len());
        let (first, second) = interactions.split_at(cut);
        let mut whole = folded(vec![batch(0, first.to_vec())]);
        let written = postcard::to_allocvec(&whole).expect("state serializes");
        let read: PartitionState = postcard::from_bytes(&written).expect("and back");
        let mut restored = read.restored();
        for state in [&mut whole, &mut restored] {
            let rest = record(batch(1, second.to_vec()));
            let _ = state.fold(1, LogTime(NOON), rest);
        }
        prop_assert_eq!(whole.finish(), restored.finish());
    }

    #[test]
    fn one_more_rage_press_never_lowers_frustration_whatever_its_intensity(
        interactions in interactions(60), presses in 3..12_i64, gap_ms in 50..650_i64
    ) {
        let from = end_of(&interactions);
        let burst = (0..presses).map(|n| {
            let number = 1_000 + u32::try_from(n).expect("few");
            dead_press(number, from.plus(gap_ms * n))
        });
        let more = vec![batch(0, interactions.clone()), batch(1, burst.collect())];
        let (less, more) = (ended(vec![batch(0, interactions)]), ended(more));
        prop_assert!(more.session.scores.frustration >= less.session.scores.frustration);
        prop_assert!(more.signals.len() > less.signals.len());
    }

    #[test]
    fn a_longer_calm_stretch_never_raises_the_running_score(
        interactions in interactions(60), calm in 0..300_000_i64, longer in 0..300_000_i64
    ) {
        let after = |calm: i64| {
            let at = end_of(&interactions).plus(calm);
            let sign_of_life = Interaction { at, kind: Kind::Print };
            let batches = vec![batch(0, interactions.clone()), batch(1, vec![sign_of_life])];
            ended(batches).session.running
        };
        let (sooner, later) = (after(calm), after(calm + longer));
        prop_assert!(later.frustration <= sooner.frustration);
        prop_assert!(later.technical <= sooner.technical);
    }

    #[test]
    fn unknown_interactions_change_nothing(interactions in interactions(60), unknown in 1..50_u32) {
        let known = batch(0, interactions);
        let more = Batch { unknown, ..known.clone() };
        let update = ended(vec![more]);
        prop_assert_eq!(update.session.unknown, unknown);
        prop_assert_eq!(said(update), said(ended(vec![known])));
    }

    #[test]
    fn movement_alone_never_frustrates(
        steps in prop::collection::vec((0..3_000_i64, any_movement()), 1..60)
    ) {
        let mut at = NOON;
        let moves = steps.into_iter().map(|(pause, kind)| {
            at += pause;
            Interaction { at: ClientTime(at), kind }
        });
        let update = ended(vec![batch(0, moves.collect())]);
        prop_assert_eq!(update.session.scores.frustration, 0);
        prop_assert_eq!(update.session.scores.technical, 0);
    }

    #[test]
    fn where_a_path_is_cut_changes_no_score(
        steps in prop::collection::vec((0..3_000_i64, any_movement()), 1..30),
        samples_max in 1..20_usize,
    ) {
        let moves = one_after_another(steps);
        let cut = moves.iter().flat_map(|one| parts(one, samples_max)).collect();
        let (whole, cut) = (ended(vec![batch(0, moves)]), ended(vec![batch(0, cut)]));
        prop_assert_eq!(cut.session.scores, whole.session.scores);
        prop_assert_eq!(cut.signals.len(), whole.signals.len());
    }

    #[test]
    fn no_path_however_absurd_breaks_a_session(
        start in any::<(i32, i32)>(),
        steps in prop::collection::vec(any::<(u32, i32, i32)>(), 0..40),
        y in any::<i32>(), viewport_height in any::<u32>(), document_height in any::<u32>(),
    ) {
        let steps: Vec<Step> = steps
            .into_iter()
            .map(|(dt, dx, dy)| Step { dt, dx, dy })
            .collect();
        let pointer = PointerPath { pointer: PointerType::Mouse, start, steps: steps.clone() };
        let cause = ScrollCause::Wheel;
        let scroll = ScrollPath { start_y: y, steps, viewport_height, document_height, cause };
        let kinds = [Kind::PointerPath(pointer), Kind::ScrollPath(scroll)];
        let moves = kinds.map(|kind| Interaction { at: ClientTime(NOON), kind });
        let update = ended(vec![batch(0, moves.to_vec())]);
        prop_assert_eq!(update.session.scores.frustration, 0);
    }
}
