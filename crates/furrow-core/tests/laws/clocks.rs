//! What wrong clocks may change, and that a topic created anew takes the place of the old one.
//!
//! Clocks are told by how far they are ahead of true time, ms; negative ones are behind.

use crate::any::{NOON, batch, interactions};
use crate::{ended, record, said};
use furrow_core::ids::Epoch;
use furrow_core::interaction::{Batch, Interaction, Kind};
use furrow_core::ledger::Outcome;
use furrow_core::output::{ScoreUpdate, SessionStatus};
use furrow_core::partition::{
    ALLOWED_LATENESS_MS, CLOCK_AHEAD_MAX_MS, PartitionState, Record, SESSION_TIMEOUT_MS,
};
use furrow_core::time::{ClientTime, LogTime};
use proptest::prelude::*;

const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 24 * 60 * MINUTE_MS;
const YEAR_MS: i64 = 365 * DAY_MS;

/// As a client tells it whose clock is so far ahead.
fn told_by_a_clock(ahead_ms: i64, mut batch: Batch) -> Batch {
    let shift = |at: &mut ClientTime| *at = at.plus(ahead_ms);
    shift(&mut batch.origin);
    shift(&mut batch.sent);
    for Interaction { at, kind } in &mut batch.interactions {
        shift(at);
        match kind {
            Kind::Press(press) => shift(&mut press.down),
            Kind::Problem(problem) => shift(&mut problem.began),
            _ => {}
        }
    }
    batch
}

/// Who appends a record: one of two gateways a batch, the scorer a tick.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Writer {
    Gateway(usize),
    Scorer,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Clocks {
    broker_ms: i64,
    gateways_ms: [i64; 2],
    scorer_ms: i64,
}

const RIGHT: Clocks = Clocks {
    broker_ms: 0,
    gateways_ms: [0, 0],
    scorer_ms: 0,
};

impl Clocks {
    fn of(self, writer: Writer) -> i64 {
        match writer {
            Writer::Gateway(number) => self.gateways_ms[number],
            Writer::Scorer => self.scorer_ms,
        }
    }

    /// How far ahead of true time a writer's record may move log time.
    fn reach_ms(self, writer: Writer) -> i64 {
        self.broker_ms.min(self.of(writer) + CLOCK_AHEAD_MAX_MS)
    }

    fn furthest_ms(self) -> i64 {
        let reach = |writer| self.reach_ms(writer);
        WRITERS
            .into_iter()
            .map(reach)
            .max()
            .expect("there are some")
    }

    fn least_ms(self) -> i64 {
        let reach = |writer| self.reach_ms(writer);
        WRITERS
            .into_iter()
            .map(reach)
            .min()
            .expect("there are some")
    }
}

const WRITERS: [Writer; 3] = [Writer::Gateway(0), Writer::Gateway(1), Writer::Scorer];

/// One visit's batches, and ticks between them: who appends, and how long after the one before.
#[derive(Debug, Clone)]
struct Visit {
    batches: Vec<Batch>,
    steps: Vec<(i64, Writer)>,
}

fn visit(pause_ms_max: i64) -> impl Strategy<Value = Visit> {
    let writer = prop::sample::select(WRITERS.to_vec());
    let steps = prop::collection::vec((0..pause_ms_max, writer), 1..12);
    (interactions(60), steps).prop_map(|(interactions, steps)| {
        let is_batch = |(_, writer): &&(i64, Writer)| *writer != Writer::Scorer;
        let count = steps.iter().filter(is_batch).count().max(1);
        let each = interactions.len().div_ceil(count);
        let parts = (0..).zip(interactions.chunks(each));
        let batches = parts.map(|(number, part)| batch(number, part.to_vec()));
        Visit {
            batches: batches.collect(),
            steps,
        }
    })
}

/// What came of a visit under these clocks.
struct Passed {
    state: PartitionState,
    updates: Vec<ScoreUpdate>,
    /// True time, who appended, and log time after it.
    log_times: Vec<(i64, Writer, LogTime)>,
}

fn pass(visit: &Visit, clocks: Clocks) -> Passed {
    let mut passed = Passed {
        state: PartitionState::new(Epoch(1), 0, 0, ALLOWED_LATENESS_MS),
        updates: Vec::new(),
        log_times: Vec::new(),
    };
    let (mut at_ms, mut batches) = (NOON, visit.batches.iter());
    for (pause_ms, writer) in &visit.steps {
        at_ms += pause_ms;
        let writer_ms = at_ms + clocks.of(*writer);
        let record = match writer {
            Writer::Scorer => Record::Tick { at_ms: writer_ms },
            Writer::Gateway(_) => match batches.next() {
                Some(batch) => received(batch.clone(), writer_ms),
                None => continue,
            },
        };
        let state = &mut passed.state;
        let append_time = LogTime(at_ms + clocks.broker_ms);
        let folded = state.fold(state.next_offset(), append_time, record);
        passed.updates.extend(folded.updates);
        passed.log_times.push((at_ms, *writer, state.watermark()));
    }
    passed
}

/// As a gateway takes it at that time of its clock.
fn received(batch: Batch, received_ms: i64) -> Record {
    let mut record = record(batch);
    if let Record::Batch(batch) = &mut record {
        batch.received.received_ms = received_ms;
    }
    record
}

/// Without the times of day that people are shown.
fn timeless(mut update: ScoreUpdate) -> ScoreUpdate {
    (
        update.session.started_ms,
        update.session.last_interaction_ms,
    ) = (0, 0);
    for view in &mut update.page_views {
        (view.started_ms, view.last_interaction_ms) = (0, 0);
    }
    update
        .signals
        .iter_mut()
        .for_each(|signal| signal.at_ms = 0);
    update
        .conversions
        .iter_mut()
        .for_each(|seen| seen.at_ms = 0);
    update
}

/// The session as it stands when nothing more comes, wherever it lies in log time.
fn at_last(visit: &Visit, clocks: Clocks) -> Option<ScoreUpdate> {
    let mut update = timeless(pass(visit, clocks).state.finish().pop()?);
    (update.session.first_record, update.session.last_record) = (LogTime(0), LogTime(0));
    Some(update)
}

fn any_clocks() -> impl Strategy<Value = Clocks> {
    let wrong = || prop_oneof![-DAY_MS..DAY_MS, -10 * MINUTE_MS..10 * MINUTE_MS];
    (wrong(), [wrong(), wrong()], wrong()).prop_map(|(broker_ms, gateways_ms, scorer_ms)| Clocks {
        broker_ms,
        gateways_ms,
        scorer_ms,
    })
}

proptest! {
    #[test]
    fn a_client_s_clock_wrong_by_any_constant_changes_nothing_not_even_times_of_day(
        interactions in interactions(60), ahead_ms in -10 * YEAR_MS..10 * YEAR_MS
    ) {
        let right = batch(0, interactions);
        let wrong = told_by_a_clock(ahead_ms, right.clone());
        prop_assert_eq!(said(ended(vec![wrong])), said(ended(vec![right])));
    }

    #[test]
    fn writers_ahead_by_anything_or_behind_by_five_minutes_change_only_times_of_day(
        visit in visit(60 * MINUTE_MS),
        ahead in [-CLOCK_AHEAD_MAX_MS..DAY_MS, -CLOCK_AHEAD_MAX_MS..DAY_MS],
        scorer_ms in -CLOCK_AHEAD_MAX_MS..DAY_MS,
    ) {
        let wrong = Clocks { gateways_ms: ahead, scorer_ms, ..RIGHT };
        let (wrong, right) = (pass(&visit, wrong), pass(&visit, RIGHT));
        prop_assert_eq!(wrong.log_times, right.log_times);
        let timeless = |updates: Vec<ScoreUpdate>| -> Vec<_> {
            updates.into_iter().map(timeless).collect()
        };
        prop_assert_eq!(timeless(wrong.updates), timeless(right.updates));
    }

    #[test]
    fn log_time_never_runs_back_and_is_off_by_what_two_clocks_agree_on(
        visit in visit(60 * MINUTE_MS), clocks in any_clocks()
    ) {
        let mut before = LogTime(i64::MIN);
        for (at_ms, writer, log_time) in pass(&visit, clocks).log_times {
            prop_assert!(log_time >= before);
            prop_assert!(log_time.0 >= at_ms + clocks.reach_ms(writer));
            prop_assert!(log_time.0 <= at_ms + clocks.furthest_ms());
            before = log_time;
        }
    }

    #[test]
    fn clocks_that_differ_by_less_than_a_silence_needs_to_end_a_session_change_no_score(
        visit in visit(3 * MINUTE_MS), clocks in any_clocks()
    ) {
        let silence_ms: i64 = visit.steps.iter().map(|(pause_ms, _)| pause_ms).sum();
        let spread_ms = clocks.furthest_ms() - clocks.least_ms();
        prop_assume!(silence_ms + spread_ms < SESSION_TIMEOUT_MS);
        prop_assert_eq!(at_last(&visit, clocks), at_last(&visit, RIGHT));
    }
}

fn print() -> Vec<Interaction> {
    vec![Interaction {
        at: ClientTime(NOON),
        kind: Kind::Print,
    }]
}

/// A session's first batch through a gateway so far behind, and after a silence its second through
/// one that is right: whether the session had ended in between, and what became of the second.
fn across_gateways(behind_ms: i64, silence_ms: i64) -> (bool, Outcome) {
    let mut state = PartitionState::new(Epoch(1), 0, 0, ALLOWED_LATENESS_MS);
    let first = received(batch(0, print()), NOON - behind_ms);
    let _ = state.fold(0, LogTime(NOON), first);
    let at_ms = NOON + silence_ms;
    // A tick moves log time as the second batch would, so that an end is seen by itself.
    let passed = state.fold(1, LogTime(at_ms), Record::Tick { at_ms });
    let ended = |update: &ScoreUpdate| update.session.status == SessionStatus::Ended;
    let second = received(batch(1, print()), at_ms);
    let second = state.fold(2, LogTime(at_ms), second);
    (passed.updates.iter().any(ended), second.outcome)
}

#[test]
fn beside_a_right_gateway_one_behind_shortens_the_silence_that_ends_a_session() {
    // It ends after 35 minutes, and for what it is behind beyond 5 minutes the sooner.
    for (behind, ends_after) in [(0, 35), (5, 35), (20, 20), (39, 1)] {
        let (behind_ms, ends_after_ms) = (behind * MINUTE_MS, ends_after * MINUTE_MS);
        let before = across_gateways(behind_ms, ends_after_ms - 1);
        assert_eq!(before, (false, Outcome::Scored), "{behind} min");
        let then = across_gateways(behind_ms, ends_after_ms);
        assert_eq!(then, (true, Outcome::Scored), "{behind} min");
    }
}

#[test]
fn beside_a_right_gateway_one_behind_by_100_minutes_makes_batches_late_and_by_less_it_does_not() {
    assert_eq!(across_gateways(100 * MINUTE_MS - 1, 0).1, Outcome::Scored);
    assert_eq!(across_gateways(100 * MINUTE_MS, 0).1, Outcome::Late);
}

#[test]
fn rows_of_a_topic_that_was_created_anew_take_the_place_of_those_before() {
    let version = |epoch, offset| {
        let mut state = PartitionState::new(Epoch(epoch), 0, offset, ALLOWED_LATENESS_MS);
        let folded = state.fold(offset, LogTime(NOON), record(batch(0, print())));
        folded.updates[0].origin.version()
    };
    let (last_before, first_anew) = (version(1, (1 << 48) - 1), version(2, 0));
    assert!(first_anew > last_before);
    assert!(version(2, 1) > first_anew);
}
