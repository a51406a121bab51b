//! How a client cuts its interactions into batches changes no score.

use crate::draw::Draw;
use crate::fold::empty;
use crate::history::record;
use crate::laws;
use crate::made::{Crowd, Order};
use furrow_core::interaction::{Batch, Kind};
use furrow_core::output::ScoreUpdate;
use furrow_core::partition::PartitionState;
use furrow_core::time::LogTime;

/// Batches of one input.
const BATCHES_MAX: usize = 60;

/// Folds the batches that the bytes spell once as they are, and once with
/// each cut in two.
///
/// # Panics
/// When the sessions come out differently.
pub(crate) fn check(bytes: &[u8]) {
    let mut draw = Draw::new(bytes);
    let mut crowd = Crowd::default();
    let (mut whole, mut cut) = (empty(), empty());
    for _ in 0..BATCHES_MAX {
        if draw.is_over() {
            break;
        }
        let at = usize::from(draw.below(8));
        let Some(batch) = crowd.batch(Order::Kept, &mut draw) else {
            // Its number is taken: what would follow is a gap.
            break;
        };
        let (first, second) = in_two(batch.clone(), at);
        fold(&mut whole, batch);
        fold(&mut cut, first);
        fold(&mut cut, second);
    }
    assert_eq!(scored(&mut whole), scored(&mut cut));
}

/// The same interactions in two batches that follow each other.
fn in_two(batch: Batch, at: usize) -> (Batch, Batch) {
    let at = at.min(batch.interactions.len());
    let mut first = Batch {
        sequence: batch.sequence * 2,
        ..batch
    };
    let rest = first.interactions.split_off(at);
    let shown = first.interactions.iter().rev().find_map(|i| match &i.kind {
        Kind::PageView(view) => Some(view.page.clone()),
        _ => None,
    });
    let mut second = Batch {
        sequence: first.sequence + 1,
        page: shown.unwrap_or_else(|| first.page.clone()),
        origin: rest.first().map_or(first.sent, |i| i.at),
        device: None,
        interactions: rest,
        unknown: 0,
        ..first.clone()
    };
    for half in [&mut first, &mut second] {
        let samples: usize = half.interactions.iter().map(|i| i.kind.samples()).sum();
        half.samples = u32::try_from(samples).expect("limits keep paths short");
    }
    (first, second)
}

/// All at one log time: when an update leaves is not what is compared.
fn fold(state: &mut PartitionState, batch: Batch) {
    let at = batch.session.created_ms();
    let _ = laws::fold(state, LogTime(at), record(batch, at));
}

/// The sessions as they end, without what tells batches apart.
fn scored(state: &mut PartitionState) -> Vec<ScoreUpdate> {
    let mut updates = state.finish();
    for update in &mut updates {
        update.origin.offset = 0;
        update.session.batches = 0;
    }
    updates
}
