//! Visitors with minds of their own.

use crate::device::Hand;
use crate::draw::Draw;
use crate::site::{Answer, SiteModel};
use crate::stage::{Outcome, Stage};
use crate::truth::Truth;
use furrow_core::ids::{SessionId, VisitorId};
use furrow_core::interaction::{Batch, ReferrerClass, SessionEndCause, TargetKind};

/// One session as its client sends it.
#[derive(Debug, Clone, PartialEq)]
pub struct Script {
    /// A `UUIDv7` of the start.
    pub session: SessionId,
    /// Who it is.
    pub visitor: VisitorId,
    /// What is true of it, whatever was sent.
    pub truth: Truth,
    /// What was bought, minor units.
    pub revenue_minor: i64,
    /// In order of time.
    pub sent: Vec<Sent>,
}

/// A batch and when it leaves.
#[derive(Debug, Clone, PartialEq)]
pub struct Sent {
    /// ms after the session's start.
    pub after_ms: u32,
    /// What leaves.
    pub batch: Batch,
}

/// A visitor whose every move follows from a seed, their number and the site.
#[derive(Debug, Clone)]
pub struct Visitor<'a> {
    seed: u64,
    index: u64,
    site: &'a SiteModel,
}

const REFERRERS: [ReferrerClass; 5] = [
    ReferrerClass::Direct,
    ReferrerClass::Search,
    ReferrerClass::Search,
    ReferrerClass::Social,
    ReferrerClass::Advertisement,
];

/// Most pages that a visitor looks at.
const PAGES_MAX: u32 = 7;

impl<'a> Visitor<'a> {
    /// The visitor with this number.
    #[must_use]
    pub fn new(seed: u64, index: u64, site: &'a SiteModel) -> Visitor<'a> {
        Visitor { seed, index, site }
    }

    /// Somebody who only looks: their pointer moves, rests and reads, the page
    /// scrolls; nothing is pressed and nothing goes wrong.
    #[must_use]
    pub fn mover(seed: u64, index: u64, site: &'a SiteModel) -> Visitor<'a> {
        Visitor { seed, index, site }
    }

    /// All their sessions, 1 to 4, more than half an hour apart; the first
    /// begins at `start_ms` since 1970 on their clock.
    #[must_use]
    pub fn sessions(&self, start_ms: i64) -> Vec<Script> {
        vec![self.script(start_ms)]
    }

    /// Their first session, which begins at `start_ms` since 1970 on their
    /// clock.
    #[must_use]
    pub fn script(&self, start_ms: i64) -> Script {
        let mut draw = Draw::new(self.seed, self.index);
        let hand = Hand::any(&mut draw);
        let from = *draw.one(&REFERRERS);
        let mut stage = Stage::arrive(self.site, draw, hand, from, start_ms);
        let pages = stage.draw.within(2..=PAGES_MAX);
        for _ in 0..pages {
            look_around(&mut stage);
            if !move_on(&mut stage) {
                break;
            }
        }
        let end = stage.draw.chance(300).then_some(SessionEndCause::Logout);
        stage.finish(end)
    }
}

/// Reads, scrolls, and presses some of what is there.
fn look_around(stage: &mut Stage<'_>) {
    stage.read(800..=4_000);
    let depth = stage.draw.within(300..=stage.page().height.max(301));
    stage.scroll_to(depth);
    stage.read(500..=3_000);
    let here = stage.page();
    let stays = |answer: &Answer| match answer {
        Answer::Change | Answer::Toggle | Answer::Focus => true,
        Answer::Lead(_) | Answer::Order(_) => false,
    };
    for element in here.elements.iter().filter(|e| stays(&e.answer)) {
        // A form is filled in; of buttons each has its chance.
        let chance = if element.kind == TargetKind::TextField {
            950
        } else {
            220
        };
        if !stage.draw.chance(chance) {
            continue;
        }
        let outcome = stage.press(&element.selector);
        stage.pause(200..=900);
        match outcome {
            Outcome::Answered if element.answer == Answer::Change && stage.draw.chance(250) => {
                let more = stage.draw.within(3..=5);
                stage.burst(&element.selector, Outcome::Answered, more, 180..=380);
            }
            Outcome::Answered | Outcome::Slow => {}
            Outcome::Dead | Outcome::Failed => insist(stage, &element.selector, outcome),
        }
        stage.read(300..=2_000);
    }
}

/// What people do when nothing comes: rage, try again, or give up.
fn insist(stage: &mut Stage<'_>, selector: &str, outcome: Outcome) {
    match stage.draw.within(0..=9) {
        0..4 => {
            stage.pause(600..=1_500);
            let times = stage.draw.within(3..=7);
            stage.burst(selector, outcome, times, 120..=320);
        }
        4..6 => {
            for _ in 0..2 {
                stage.pause(1_100..=2_400);
                stage.press_as(selector, outcome);
            }
        }
        _ => stage.pause(1_200..=3_000),
    }
}

/// Follows a link or orders; false for those who leave the site.
fn move_on(stage: &mut Stage<'_>) -> bool {
    let here = stage.page();
    let leads = |answer: &Answer| match answer {
        Answer::Lead(_) | Answer::Order(_) => true,
        Answer::Change | Answer::Toggle | Answer::Focus => false,
    };
    let ways: Vec<_> = here.elements.iter().filter(|e| leads(&e.answer)).collect();
    if ways.is_empty() || stage.draw.chance(120) {
        return false;
    }
    let way = *stage.draw.one(&ways);
    for _ in 0..3 {
        match stage.press(&way.selector) {
            Outcome::Answered | Outcome::Slow => return true,
            Outcome::Dead | Outcome::Failed => stage.pause(1_200..=2_500),
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use furrow_core::interaction::{DeviceClass, Kind};
    use furrow_proto::{Limits, check_times, decode_batch, encode_batch};
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    const NOON: i64 = 1_763_500_000_000;

    proptest! {
        #[test]
        fn every_batch_of_every_visitor_is_taken_and_comes_back_the_same(
            seed: u64,
            index in 0..1_000_u64,
        ) {
            let shop = SiteModel::shop();
            let script = Visitor::new(seed, index, &shop).script(NOON);
            let limits = Limits::default();
            for sent in &script.sent {
                let decoded = decode_batch(&encode_batch(&sent.batch), &limits);
                prop_assert_eq!(decoded.as_ref(), Ok(&sent.batch));
                let received_ms = NOON + i64::from(sent.after_ms) + 40;
                prop_assert_eq!(check_times(&sent.batch, received_ms, &limits), Ok(()));
                prop_assert_eq!(sent.batch.sent.0, NOON + i64::from(sent.after_ms));
            }
            let times = script.sent.iter().map(|sent| sent.after_ms);
            prop_assert!(times.is_sorted());
        }

        #[test]
        fn senders_number_their_batches_without_gaps_and_sessions_end_quietly(
            seed: u64,
        ) {
            let shop = SiteModel::shop();
            let script = Visitor::new(seed, 0, &shop).script(NOON);
            let senders: BTreeSet<_> = script.sent.iter().map(|s| s.batch.sender).collect();
            for sender in senders {
                let of_it = script.sent.iter().filter(|s| s.batch.sender == sender);
                let numbers: Vec<_> = of_it.map(|s| s.batch.sequence).collect();
                let expected: Vec<_> = (0..u32::try_from(numbers.len()).unwrap()).collect();
                prop_assert_eq!(numbers, expected);
            }
            let interactions = || script.sent.iter().flat_map(|s| &s.batch.interactions);
            let last_down = interactions().filter_map(|i| match &i.kind {
                Kind::Press(press) => Some(press.down.0),
                _ => None,
            }).max();
            let end = interactions().map(|i| i.at.0).max().unwrap();
            prop_assert!(last_down.is_none_or(|down| end - down > 3_000));
        }
    }

    #[test]
    fn the_same_seed_is_the_same_visitor_and_another_is_another() {
        let shop = SiteModel::shop();
        let script = |seed, index| Visitor::new(seed, index, &shop).script(NOON);
        assert_eq!(script(1, 2), script(1, 2));
        assert_ne!(script(1, 2).session, script(1, 3).session);
        assert_ne!(script(1, 2).session, script(2, 2).session);
        assert_eq!(script(1, 2).session.created_ms(), NOON);
        assert!(script(1, 2).session.is_v7());
    }

    #[test]
    fn a_crowd_is_mixed() {
        let shop = SiteModel::shop();
        let crowd: Vec<_> = (0..200)
            .map(|i| Visitor::new(9, i, &shop).script(NOON))
            .collect();
        let class = |script: &Script| {
            let device = script.sent[0].batch.device.as_ref();
            device.map(|device| device.class)
        };
        for expected in [
            DeviceClass::Desktop,
            DeviceClass::Phone,
            DeviceClass::Tablet,
        ] {
            assert!(
                crowd.iter().any(|s| class(s) == Some(expected)),
                "{expected:?}"
            );
        }
        let buyers = crowd.iter().filter(|s| s.revenue_minor > 0).count();
        assert!((5..150).contains(&buyers), "{buyers} bought");
    }
}
