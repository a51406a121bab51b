//! Visitors: people who come once or a few times.

use crate::draw::Draw;
use crate::mover;
use crate::person::Person;
use crate::site::{PageModel, SiteModel};
use crate::stage::Stage;
use crate::truth::Truth;
use crate::visit;
use furrow_core::ids::{SessionId, VisitorId};
use furrow_core::interaction::{Batch, Kind, ReferrerClass};
use furrow_core::time::ClientTime;

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
    errand: Errand,
}

/// What somebody comes for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Errand {
    /// Whatever people come for.
    Visit,
    /// To look, and touch nothing.
    Look,
}

/// Sessions of one visitor at most.
const SESSIONS_MAX: u32 = 4;
/// Between two sessions of one visitor: longer than the half hour after which
/// a client begins a new one, short enough that four lie within a day.
const BETWEEN_MS: (u32, u32) = (35 * 60_000, 5 * 3_600_000);
/// Random streams of a visitor: one for who they are, one for each session.
const STREAMS: u64 = 8;
/// Personas draw from the streams below.
const STREAMS_FROM: u64 = 1 << 62;
const LOOKING_FROM: u64 = 1 << 63;

impl<'a> Visitor<'a> {
    /// The visitor with this number.
    #[must_use]
    pub fn new(seed: u64, index: u64, site: &'a SiteModel) -> Visitor<'a> {
        Visitor {
            seed,
            index,
            site,
            errand: Errand::Visit,
        }
    }

    /// Somebody who only looks: their pointer moves, rests and reads, the page
    /// scrolls; nothing is pressed and nothing goes wrong.
    #[must_use]
    pub fn mover(seed: u64, index: u64, site: &'a SiteModel) -> Visitor<'a> {
        Visitor {
            seed,
            index,
            site,
            errand: Errand::Look,
        }
    }

    /// All their sessions, 1 to 4, more than half an hour apart; the first
    /// begins at `start_ms` since 1970 on their clock.
    #[must_use]
    pub fn sessions(&self, start_ms: i64) -> Vec<Script> {
        let mut draw = self.draw(0);
        let person = Person::any(&mut draw);
        let mut count = 1;
        while count < SESSIONS_MAX && draw.chance(400) {
            count += 1;
        }
        let mut start_ms = start_ms;
        let sessions = (0..count).map(|number| {
            let script = self.session(person.clone(), number, start_ms);
            let lasted_ms = script.lasted_ms();
            let between_ms = draw.within(BETWEEN_MS.0..=BETWEEN_MS.1);
            start_ms += i64::from(lasted_ms) + i64::from(between_ms);
            script
        });
        sessions.collect()
    }

    /// Their first session, which begins at `start_ms` since 1970 on their
    /// clock.
    #[must_use]
    pub fn script(&self, start_ms: i64) -> Script {
        let person = Person::any(&mut self.draw(0));
        self.session(person, 0, start_ms)
    }

    fn session(&self, person: Person, number: u32, start_ms: i64) -> Script {
        let mut draw = self.draw(u64::from(number) + 1);
        let from = referrer(&mut draw);
        let page = self.landing(&mut draw);
        let mut stage = Stage::enter(self.site, draw, person, page, start_ms);
        match self.errand {
            Errand::Visit => {
                let load = stage.line();
                stage.show(from, load);
                let end = visit::visit(&mut stage);
                stage.finish(end)
            }
            Errand::Look => {
                stage.show_quick(from);
                mover::look(&mut stage);
                stage.close(None)
            }
        }
    }

    /// Most arrive on the first page, the others on one that can be found from
    /// outside.
    fn landing(&self, draw: &mut Draw) -> &'a PageModel {
        let first = self.site.pages.first().expect("a site has a page");
        let inner = ["list", "results", "product", "article"];
        let inner: Vec<&PageModel> = self
            .site
            .pages
            .iter()
            .filter(|page| inner.contains(&&*page.group))
            .collect();
        match inner.is_empty() || draw.chance(650) {
            true => first,
            false => draw.one::<&PageModel>(&inner),
        }
    }

    fn draw(&self, stream: u64) -> Draw {
        let from = match self.errand {
            Errand::Visit => STREAMS_FROM,
            Errand::Look => LOOKING_FROM,
        };
        Draw::new(
            self.seed,
            from.wrapping_add(self.index.wrapping_mul(STREAMS)) + stream,
        )
    }
}

/// Shares of sessions by where they come from, in a hundred.
fn referrer(draw: &mut Draw) -> ReferrerClass {
    match draw.within(0..=99) {
        0..25 => ReferrerClass::Direct,
        25..47 => ReferrerClass::Search,
        47..68 => ReferrerClass::Advertisement,
        68..73 => ReferrerClass::Mail,
        73..78 => ReferrerClass::Social,
        _ => ReferrerClass::Other,
    }
}

impl Script {
    /// From the session's start to the leaving of its last batch, ms.
    #[must_use]
    pub fn lasted_ms(&self) -> u32 {
        self.sent.last().map_or(0, |sent| sent.after_ms)
    }

    /// The same session, all of it so much later, ms; or earlier.
    #[must_use]
    pub fn moved_by(mut self, ms: i64) -> Script {
        let created_ms = self.session.created_ms() + ms;
        self.session.0[..6].copy_from_slice(&created_ms.to_be_bytes()[2..]);
        for Sent { batch, .. } in &mut self.sent {
            batch.session = self.session;
            let later = |at: &mut ClientTime| *at = at.plus(ms);
            later(&mut batch.origin);
            later(&mut batch.sent);
            for interaction in &mut batch.interactions {
                later(&mut interaction.at);
                match &mut interaction.kind {
                    Kind::Press(press) => later(&mut press.down),
                    Kind::Problem(problem) => later(&mut problem.began),
                    _ => {}
                }
            }
        }
        self
    }
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
            name in prop::sample::select(SiteModel::NAMES.to_vec()),
            moves: bool,
        ) {
            let site = SiteModel::named(name).unwrap();
            let script = match moves {
                true => Visitor::mover(seed, index, &site).script(NOON),
                false => Visitor::new(seed, index, &site).script(NOON),
            };
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
        let crowd: Vec<_> = (0..400)
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
        assert!((3..60).contains(&buyers), "{buyers} bought");
    }
}
