//! Sessions under published rules.

use super::*;
use crate::control::Scope;

/// Rules under which every session is scored, or none is.
pub(super) fn control(property: Option<&str>, number: u64, scores_all: bool, at: i64) -> Record {
    let mut rules = RuleSet::default();
    let evidence = if scores_all { 0 } else { 1_000_000 };
    rules.scores.evidence_min_interactions = evidence;
    rules.scores.evidence_min_ms = evidence;
    Record::Control(Box::new(Control {
        at_ms: NOON + at,
        scope: Scope {
            tenant: Tenant("demo".into()),
            property: property.map(|property| Property(property.into())),
        },
        number,
        rules: rules.into(),
        content: number.to_be_bytes().to_vec().into(),
    }))
}

/// The same batch of another property.
pub(super) fn of_property(mut record: Record, property: &str) -> Record {
    if let Record::Batch(batch) = &mut record {
        batch.property = Property(property.into());
    }
    record
}

#[test]
fn a_rule_set_holds_from_its_offset_on_and_an_older_one_is_ignored() {
    let mut log = Log::new();
    assert!(!log.batch(0, calm(1, 1, 0, 0)).updates[0].session.scored);
    let _ = log.record(0, control(Some("shop"), 4, true, 0));
    let _ = log.record(0, control(Some("shop"), 3, false, 0));
    let session = log.batch(2_000, calm(1, 1, 1, 2_000)).updates[0]
        .session
        .clone();
    assert!(session.scored);
    assert_eq!(session.rules, 4);
}

#[test]
fn a_session_folds_under_the_rules_of_its_property() {
    let mut log = Log::new();
    let _ = log.record(0, control(None, 5, true, 0));
    let _ = log.record(0, control(Some("shop"), 2, false, 0));
    let shop = log.batch(1, calm(1, 1, 0, 0)).updates.remove(0).session;
    assert_eq!((shop.rules, shop.scored), (2, false));
    let blog = of_property(record(calm(2, 2, 0, 0), 1), "blog");
    let blog = log.record(1, blog).updates.remove(0).session;
    assert_eq!((blog.rules, blog.scored), (5, true));
    let updates = log.tick(36 * MINUTE).updates;
    let numbers: Vec<_> = updates.iter().map(|u| u.session.rules).collect();
    assert_eq!(numbers, [2, 5], "an end is judged by the same");
}

#[test]
fn a_control_record_moves_the_log_s_time_as_a_tick_does() {
    let mut log = Log::new();
    let _ = log.batch(0, calm(1, 1, 0, 0));
    let folded = log.record(35 * MINUTE, control(None, 1, true, 35 * MINUTE));
    assert_eq!(folded.updates[0].session.status, SessionStatus::Ended);
    assert_eq!(log.0.watermark(), LogTime(NOON + 35 * MINUTE));
}

#[test]
fn a_replay_from_an_unknown_beginning_folds_under_the_standard_rules() {
    let mut log = Log::new();
    let _ = log.record(0, control(None, 1, true, 0));
    let beginning = Beginning::unknown(log.0.next_offset(), log.0.watermark());
    let state = PartitionState::begun(Epoch(1), 0, beginning, ALLOWED_LATENESS_MS);
    let (tenant, property) = (Tenant("demo".into()), Property("shop".into()));
    assert_eq!(log.0.rules(&tenant, &property).0, 1);
    assert_eq!(state.rules(&tenant, &property), (0, &RuleSet::default()));
}
