//! What a crowd shows, told from its batches and its truth alone: no scorer is asked.

#![allow(clippy::unwrap_used, reason = "all of this file is tests")]

mod crowd;

use crowd::{NOON, PEOPLE, REPORT, Seen, crowds, kind_name, kinds, share};
use furrow_core::ids::VisitorId;
use furrow_sim::{FRUSTRATED, SiteModel, Visitor, lines, truth};
use std::collections::{BTreeMap, BTreeSet};

#[test]
fn at_least_a_fifth_of_the_frustrated_never_press_in_vain() {
    for (name, crowd) in crowds() {
        let frustrated: Vec<_> = crowd.iter().filter(|s| s.truth.frustrated).collect();
        let silent = frustrated.iter().filter(|s| !s.press_in_vain).count();
        let share = share(silent, frustrated.len());
        assert!(frustrated.len() >= 50, "{name}: {}", frustrated.len());
        assert!(share >= 0.2, "{name}: {share}");
    }
}

#[test]
fn at_least_a_twentieth_of_the_calm_press_in_vain() {
    for (name, crowd) in crowds() {
        let calm: Vec<_> = crowd.iter().filter(|s| !s.truth.frustrated).collect();
        let noisy = calm.iter().filter(|s| s.press_in_vain).count();
        let share = share(noisy, calm.len());
        assert!(share >= 0.05, "{name}: {share}");
    }
}

#[test]
fn a_press_in_vain_is_more_common_among_the_frustrated_and_proves_nothing() {
    for (name, crowd) in crowds() {
        let among = |frustrated: bool| {
            let those = crowd.iter().filter(|s| s.truth.frustrated == frustrated);
            let (mut all, mut in_vain) = (0, 0);
            for seen in those {
                all += 1;
                in_vain += usize::from(seen.press_in_vain);
            }
            share(in_vain, all)
        };
        assert!(among(true) > 1.5 * among(false), "{name}");
    }
}

#[test]
fn the_frustrated_are_a_minority_and_have_met_something() {
    for (name, crowd) in crowds() {
        let frustrated: Vec<_> = crowd.iter().filter(|s| s.truth.frustrated).collect();
        let share = share(frustrated.len(), crowd.len());
        assert!((0.04..0.2).contains(&share), "{name}: {share}");
        for seen in frustrated {
            assert!(seen.truth.frustration >= FRUSTRATED);
            assert!(!seen.truth.faults.is_empty(), "{name}");
        }
    }
}

#[test]
fn conversion_falls_with_frustration_at_equal_intent_and_rises_with_intent() {
    let both: Vec<&Seen> = crowds().flat_map(|(_, crowd)| crowd).collect();
    let rate = |intent: std::ops::Range<f64>, frustration: std::ops::Range<f64>| {
        let those = both.iter().filter(|s| {
            intent.contains(&s.truth.intent) && frustration.contains(&s.truth.frustration)
        });
        let (mut all, mut bought) = (0, 0);
        for seen in those {
            all += 1;
            bought += usize::from(seen.truth.converted);
        }
        assert!(all >= 30, "{all} within {intent:?} and {frustration:?}");
        share(bought, all)
    };
    let eager = 0.5..1.01;
    assert!(rate(eager.clone(), 0.0..0.3) > 1.5 * rate(eager, 0.5..1.01));
    assert!(rate(0.6..1.01, 0.0..0.3) > 2.0 * rate(0.0..0.3, 0.0..0.3));
}

#[test]
fn those_who_are_lost_are_not_always_those_who_are_frustrated() {
    for (name, crowd) in crowds() {
        let count = |lost: bool, frustrated: bool| {
            let those = crowd.iter().filter(|s| {
                (s.truth.confusion >= 0.35) == lost && s.truth.frustrated == frustrated
            });
            those.count()
        };
        let (both, neither) = (count(true, true), count(false, false));
        let (lost, angry) = (count(true, false), count(false, true));
        assert!(both.min(neither).min(lost).min(angry) > 0, "{name}");
        // They go together, by the odds ratio.
        assert!(both * neither > 2 * lost * angry, "{name}");
    }
}

#[test]
fn people_come_one_to_four_times_and_stay_who_they_are() {
    let mut visits: BTreeMap<VisitorId, Vec<&Seen>> = BTreeMap::new();
    for seen in REPORT.iter() {
        visits.entry(seen.visitor).or_default().push(seen);
    }
    assert_eq!(visits.len() as u64, PEOPLE);
    let counts: BTreeSet<usize> = visits.values().map(Vec::len).collect();
    assert_eq!(counts, BTreeSet::from([1, 2, 3, 4]));
    let intents: Vec<_> = visits
        .values()
        .filter(|of_one| of_one.len() >= 2)
        .map(|of_one| (of_one[0].truth.intent, of_one[1].truth.intent))
        .collect();
    let mean = intents.iter().map(|(first, _)| first).sum::<f64>() / intents.len() as f64;
    let (mut together, mut alone) = (0.0, 0.0);
    for (first, second) in intents {
        together += (first - mean) * (second - mean);
        alone += (first - mean) * (first - mean);
    }
    assert!(together > 0.3 * alone, "{together} of {alone}");
}

#[test]
fn every_kind_of_interaction_appears() {
    let seen: BTreeSet<&str> = crowds()
        .flat_map(|(_, crowd)| crowd)
        .flat_map(|seen| seen.kinds.iter().copied())
        .collect();
    assert_eq!(seen.len(), 27, "{seen:?}");
}

#[test]
fn the_same_seed_is_the_same_bytes_in_whatever_order_people_come() {
    let site = SiteModel::named("report").unwrap();
    let text = |index: u64| -> String {
        let scripts = Visitor::new(8, index, &site).sessions(NOON);
        let texts = scripts
            .iter()
            .map(|script| lines::lines(script) + &truth::line(script, site.name));
        texts.collect()
    };
    let forward: Vec<String> = (0..6).map(text).collect();
    let mut backward: Vec<String> = (0..6).rev().map(text).collect();
    backward.reverse();
    assert_eq!(forward, backward);
    assert!((1..6).all(|index| forward[index] != forward[0]));
}

#[test]
fn a_session_that_is_moved_is_the_one_that_would_have_begun_then() {
    let site = SiteModel::named("tune").unwrap();
    for index in 0..20 {
        let visitor = Visitor::new(4, index, &site);
        let later = visitor.script(NOON + 7_654_321);
        assert_eq!(visitor.script(NOON).moved_by(7_654_321), later);
    }
}

#[test]
fn sessions_of_one_person_lie_apart_and_within_a_day() {
    let site = SiteModel::named("tune").unwrap();
    for index in 0..60 {
        let sessions = Visitor::new(4, index, &site).sessions(NOON);
        for pair in sessions.windows(2) {
            let ended_ms = pair[0].session.created_ms() + i64::from(pair[0].lasted_ms());
            assert!(pair[1].session.created_ms() - ended_ms >= 35 * 60_000);
        }
        let last = sessions.last().unwrap();
        let ended_ms = last.session.created_ms() + i64::from(last.lasted_ms());
        assert!(ended_ms - NOON < 24 * 3_600_000);
        assert_eq!(sessions[0], Visitor::new(4, index, &site).script(NOON));
    }
}

#[test]
fn no_session_has_more_page_loads_than_a_gateway_takes() {
    for name in SiteModel::NAMES {
        let site = SiteModel::named(name).unwrap();
        for script in (0..150).map(|index| Visitor::new(6, index, &site).script(NOON)) {
            let senders: BTreeSet<_> = script.sent.iter().map(|s| s.batch.sender).collect();
            assert!(senders.len() <= 32);
        }
    }
}

#[test]
fn movers_move_and_nothing_else_happens_to_them() {
    for name in SiteModel::NAMES {
        let site = SiteModel::named(name).unwrap();
        let mut all = BTreeSet::new();
        for index in 0..60 {
            for script in Visitor::mover(3, index, &site).sessions(NOON) {
                assert_eq!((script.truth.presses, script.truth.frustration), (0, 0.0));
                assert_eq!(script.truth.confusion, 0.0);
                assert!(script.truth.faults.is_empty() && !script.truth.converted);
                all.extend(kinds(&script).map(kind_name));
            }
        }
        let allowed = [
            "hover",
            "page view",
            "pointer path",
            "scroll path",
            "visibility",
        ];
        assert_eq!(all, BTreeSet::from(allowed), "{name}");
    }
}
