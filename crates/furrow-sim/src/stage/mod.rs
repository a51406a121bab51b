//! Acts performed on a site, recorded on tapes.
//!
//! ```text
//! pointing   the pointer goes, rests, reads and strays; the page scrolls
//! pressing   presses, and how the page answers
//! filling    fields, forms and searches
//! holding    what is done with a phone: swipes, zooms, turns, tilts
//! ```

mod filling;
mod holding;
mod pointing;
mod pressing;

use crate::device::Hand;
use crate::draw::Draw;
use crate::fault::Fault;
use crate::mind::Mind;
use crate::person::Person;
pub(crate) use crate::site::Outcome;
use crate::site::{Element, PageModel, SiteModel, fnv};
use crate::tape::{Owner, Tape};
use crate::truth::{FRUSTRATED, Truth};
use crate::visitor::{Script, Sent};
use furrow_core::ids::{SenderId, SessionId, VisitorId};
use furrow_core::interaction::{
    Conversion, Kind, NavigationKind, Obstruction, PageView, Problem, ProblemKind, ReferrerClass,
    SessionEndCause,
};
use std::ops::RangeInclusive;

/// The quiet at the end of a session after the last press: every press is
/// judged by then.
const QUIET_MS: u32 = 3_600;
/// Page loads of a session; a gateway takes 32 senders.
const LOADS_MAX: u32 = 24;
/// How many pages in a thousand are slow on a bad line.
const SLOW_ON_BAD_LINE_MILLI: u32 = 500;

/// How a page comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Load {
    Quick,
    Slow,
}

/// A visitor on a page, at a moment.
pub(crate) struct Stage<'a> {
    pub(crate) draw: Draw,
    pub(crate) person: Person,
    pub(crate) mind: Mind,
    pub(crate) site: &'a SiteModel,
    page: &'a PageModel,
    before: Option<&'a PageModel>,
    owner: Owner,
    tape: Tape,
    /// ms since the start.
    pub(crate) now: u32,
    last_down: u32,
    pointer: (i32, i32),
    scroll_y: i32,
    turned: bool,
    bad_line: bool,
    came: Load,
    loads: u32,
    presses: u32,
    /// What the pointer has entered before a press: hash, times, ms in all.
    entered: Option<(u64, u32, u32)>,
    /// What is wrong with elements in this visit, by their hash.
    ails: Vec<(u64, Outcome)>,
    /// The faults met, and where.
    met: Vec<(Fault, u64)>,
    sent: Vec<Sent>,
    revenue_minor: i64,
}

impl<'a> Stage<'a> {
    /// A visitor without peculiarities arrives on the site's first page.
    pub(crate) fn arrive(
        site: &'a SiteModel,
        mut draw: Draw,
        hand: Hand,
        from: ReferrerClass,
        start_ms: i64,
    ) -> Stage<'a> {
        let page = site.pages.first().expect("a site has a page");
        let person = Person::plain(VisitorId(draw.bytes()), hand);
        let mut stage = Stage::enter(site, draw, person, page, start_ms);
        stage.show(from, Load::Quick);
        stage
    }

    /// Somebody is about to see `page`.
    pub(crate) fn enter(
        site: &'a SiteModel,
        mut draw: Draw,
        person: Person,
        page: &'a PageModel,
        start_ms: i64,
    ) -> Stage<'a> {
        let owner = Owner {
            session: session_id(start_ms, &mut draw),
            visitor: person.visitor,
            start_ms,
        };
        let sender = SenderId(draw.bytes());
        let tape = Tape::new(owner, sender, page.as_page(), person.hand.device.clone());
        let intent = 0.6 * person.leaning + 0.4 * draw.unit();
        let mind = Mind::new(intent, person.patience, person.savvy);
        let bad_line = draw.chance(site.bad_line_milli);
        Stage {
            draw,
            person,
            mind,
            site,
            page,
            before: None,
            owner,
            tape,
            now: 0,
            last_down: 0,
            pointer: (0, 0),
            scroll_y: 0,
            turned: false,
            bad_line,
            came: Load::Quick,
            loads: 1,
            presses: 0,
            entered: None,
            ails: Vec::new(),
            met: Vec::new(),
            sent: Vec::new(),
            revenue_minor: 0,
        }
    }

    pub(crate) fn page(&self) -> &'a PageModel {
        self.page
    }

    /// The page before this one, if the visitor came from one.
    pub(crate) fn before(&self) -> Option<&'a PageModel> {
        self.before
    }

    pub(crate) fn touches(&self) -> bool {
        self.person.hand.touches()
    }

    pub(crate) fn bought(&self) -> bool {
        self.revenue_minor > 0
    }

    /// Whether another page can be loaded.
    pub(crate) fn may_load(&self) -> bool {
        self.loads < LOADS_MAX
    }

    /// Loads another page of the site.
    pub(crate) fn open(&mut self, path: &str) {
        let page = self.site.page(path).expect("links lead to pages");
        self.before = Some(self.page);
        self.load(page, ReferrerClass::Internal);
    }

    /// Goes back to the page before, if there is one.
    pub(crate) fn back(&mut self) {
        if let Some(page) = self.before.take().filter(|_| self.may_load()) {
            let left = self.page;
            self.load(page, ReferrerClass::Internal);
            self.note(Kind::Navigation(NavigationKind::Back));
            self.before = Some(left);
        }
    }

    /// Loads the same page again.
    pub(crate) fn reload(&mut self) {
        if self.may_load() {
            self.load(self.page, ReferrerClass::Internal);
            self.note(Kind::Navigation(NavigationKind::Reload));
        }
    }

    fn load(&mut self, page: &'a PageModel, referrer: ReferrerClass) {
        self.page = page;
        self.entered = None;
        self.loads += 1;
        let sender = SenderId(self.draw.bytes());
        let device = self.person.hand.device.clone();
        let next = Tape::new(self.owner, sender, page.as_page(), device);
        let left = std::mem::replace(&mut self.tape, next);
        self.send(left);
        self.scroll_y = 0;
        let load = self.line();
        self.show(referrer, load);
    }

    /// How the page will come.
    pub(crate) fn line(&mut self) -> Load {
        let slow = match self.bad_line {
            true => SLOW_ON_BAD_LINE_MILLI,
            false => self.page.troubles.slow,
        };
        match slow > 0 && self.draw.chance(slow) {
            true => Load::Slow,
            false => Load::Quick,
        }
    }

    /// How the page came.
    pub(crate) fn came(&self) -> Load {
        self.came
    }

    fn send(&mut self, tape: Tape) {
        let batches = tape.leave(self.now).into_iter();
        let sent = batches.map(|(after_ms, batch)| Sent { after_ms, batch });
        self.sent.extend(sent);
    }

    /// The page begins to be shown.
    pub(crate) fn show(&mut self, referrer: ReferrerClass, load: Load) {
        self.came = load;
        self.now += self.draw.within(80..=400);
        let first_paint_ms = match load {
            Load::Quick => self.draw.within(90..=500),
            Load::Slow => self.draw.within(2_600..=7_000),
        };
        let interactive_ms = first_paint_ms + self.draw.within(20..=300);
        let loaded_ms = interactive_ms + self.draw.within(50..=900);
        if load == Load::Slow {
            self.now += first_paint_ms;
        }
        let (width, height) = self.person.hand.device.viewport;
        self.note(Kind::PageView(PageView {
            page: self.page.as_page(),
            referrer,
            first_paint_ms,
            interactive_ms,
            loaded_ms: match load {
                Load::Quick => loaded_ms,
                Load::Slow => loaded_ms.max(3_100),
            },
            document: (width, self.page.height),
            viewport: (width, height),
        }));
        self.pointer = (
            i32_of(self.draw.within(0..=width)),
            i32_of(self.draw.within(0..=height)),
        );
        if load == Load::Slow {
            let page = fnv(self.page.path.as_bytes());
            self.meet(Fault::SlowPage, page ^ u64::from(self.loads));
        }
    }

    /// As [`Stage::show`], on a good line.
    pub(crate) fn show_quick(&mut self, referrer: ReferrerClass) {
        self.show(referrer, Load::Quick);
    }

    pub(crate) fn note(&mut self, kind: Kind) {
        self.tape.note(self.now, self.now, kind, None);
    }

    /// The same of an element.
    pub(crate) fn note_of(&mut self, kind: Kind, element: &Element) {
        let target = Some(element.as_target());
        self.tape.note(self.now, self.now, kind, target);
    }

    /// Time passes, and nothing is done.
    pub(crate) fn pause(&mut self, ms: RangeInclusive<u32>) {
        self.now += self.draw.within(ms);
    }

    /// Something is wrong there. The first time is written down.
    pub(crate) fn meet(&mut self, fault: Fault, place: u64) {
        if self.met.contains(&(fault, place)) {
            self.mind.meet_again(fault, self.now);
        } else {
            self.met.push((fault, place));
            self.mind.meet(fault, self.now);
        }
    }

    pub(crate) fn frustration(&mut self) -> f64 {
        self.mind.frustration(self.now)
    }

    pub(crate) fn confusion(&mut self) -> f64 {
        self.mind.confusion(self.now)
    }

    /// Something covers the page, or goes.
    pub(crate) fn obstruct(&mut self, shown: bool) {
        if let Some(overlay) = &self.page.overlay {
            self.note(Kind::Obstruction(Obstruction {
                kind: overlay.kind,
                covered_milli: overlay.covered_milli,
                opened_by_visitor: false,
                shown,
            }));
        }
    }

    /// Something goes wrong in the background.
    pub(crate) fn problem(&mut self, kind: ProblemKind) {
        let problem = Problem {
            kind,
            message_hash: fnv(self.page.path.as_bytes()) ^ kind as u64,
            origin: self.site.origin.clone(),
            status: if kind == ProblemKind::ResourceFailed {
                404
            } else {
                0
            },
            began: self.tape.clock(self.now),
            broken_link: false,
        };
        self.note(Kind::Problem(problem));
    }

    fn order(&mut self) {
        let (least, most) = self.site.basket_minor;
        let value_minor = i64::from(self.draw.within(least / 100..=most / 100)) * 100;
        let number = self.draw.word() >> 24;
        self.revenue_minor += value_minor;
        self.note(Kind::Conversion(Conversion {
            order_id: format!("sim-{number:010x}").into(),
            value_minor,
            currency: self.site.currency.clone(),
            kind: "purchase".into(),
        }));
        self.mind.succeed(self.now);
    }

    /// Nothing more is pressed; the page goes away after a quiet time.
    pub(crate) fn finish(mut self, end: Option<SessionEndCause>) -> Script {
        self.read(500..=2_000);
        self.now = self.now.max(self.last_down + QUIET_MS);
        self.close(end)
    }

    /// The page goes away now.
    pub(crate) fn close(mut self, end: Option<SessionEndCause>) -> Script {
        self.note(Kind::Visibility { visible: false });
        if let Some(cause) = end {
            self.note(Kind::SessionEnd(cause));
        }
        let tape = self.tape.clone();
        self.send(tape);
        let (frustration, confusion) = self.mind.most();
        Script {
            session: self.owner.session,
            visitor: self.owner.visitor,
            truth: Truth {
                frustration,
                frustrated: frustration >= FRUSTRATED,
                confusion,
                intent: self.mind.intent,
                converted: self.revenue_minor > 0,
                revenue_minor: self.revenue_minor,
                presses: self.presses,
                faults: self.met.iter().map(|(fault, _)| fault.name()).collect(),
            },
            revenue_minor: self.revenue_minor,
            sent: self.sent,
        }
    }
}

pub(crate) fn session_id(start_ms: i64, draw: &mut Draw) -> SessionId {
    let mut id: [u8; 16] = draw.bytes();
    id[..6].copy_from_slice(&start_ms.to_be_bytes()[2..]);
    id[6] = 0x70 | id[6] & 0x0f;
    id[8] = 0x80 | id[8] & 0x3f;
    SessionId(id)
}

fn i32_of(px: u32) -> i32 {
    i32::try_from(px).expect("pages are smaller")
}
