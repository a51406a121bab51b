//! Sites: their pages, what can be pressed there, how it answers, and what is
//! wrong with them.

mod report;
mod shop;
mod tune;

use crate::draw::Draw;
use furrow_core::ids::TargetHash;
use furrow_core::interaction::{ObstructionKind, Page, Target, TargetKind};

/// A site that visitors come to.
#[derive(Debug, Clone, PartialEq)]
pub struct SiteModel {
    /// The name by which it is asked for.
    pub name: &'static str,
    /// Where scripts and requests of this site come from.
    pub origin: Box<str>,
    /// What the site charges in.
    pub currency: Box<str>,
    /// The first is where most visitors arrive.
    pub pages: Vec<PageModel>,
    /// How many visits in a thousand have a bad line, on which half of the
    /// pages are slow.
    pub bad_line_milli: u32,
    /// What is bought: the least and the most, minor units.
    pub basket_minor: (u32, u32),
}

/// One page.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PageModel {
    /// Path without query and fragment.
    pub path: Box<str>,
    /// The site's own name for pages of this kind.
    pub group: Box<str>,
    /// px
    pub height: u32,
    /// Something on it changes by itself.
    pub moving: bool,
    /// Words of running text.
    pub words: u32,
    /// How hard it is to find one's way here: the chance in a thousand that
    /// somebody of middling savvy is lost.
    pub clutter_milli: u32,
    /// Pictures that follow a finger.
    pub gallery: bool,
    /// A film.
    pub film: bool,
    /// What can be pressed.
    pub elements: Vec<Element>,
    /// Selectors of what leads to a purchase, in the order in which they must
    /// be pressed.
    pub onward: Vec<&'static str>,
    /// What covers the page.
    pub overlay: Option<Overlay>,
    /// What else is wrong.
    pub troubles: Troubles,
}

/// Something that covers a page.
#[derive(Debug, Clone, PartialEq)]
pub struct Overlay {
    /// What it is.
    pub kind: ObstructionKind,
    /// How much of the viewport it covers, in thousandths.
    pub covered_milli: u16,
    /// What closes it.
    pub close: Element,
    /// How often in a thousand views it comes.
    pub shown_milli: u32,
    /// How often in a thousand times it does not go at once.
    pub stubborn_milli: u32,
}

/// What can be wrong with a page: in how many views of a thousand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Troubles {
    /// It takes 3 to 9 s to come.
    pub slow: u32,
    /// Its form refuses what it is given, once a visit or more.
    pub bad_form: u32,
    /// A search made here finds nothing.
    pub lost_search: u32,
    /// Its gallery does not follow the finger.
    pub dead_swipe: u32,
    /// It does not fit a phone.
    pub cramped: u32,
    /// A script breaks in the background, and nobody sees it.
    pub script_error: u32,
}

/// Something that can be pressed.
#[derive(Debug, Clone, PartialEq)]
pub struct Element {
    /// Readable, and the name by which scripts find it.
    pub selector: Box<str>,
    /// What it is called.
    pub label: Box<str>,
    /// What it is.
    pub kind: TargetKind,
    /// Its middle in the document: share of the width in thousandths, and px
    /// from the top.
    pub place: (u32, u32),
    /// Its width, px.
    pub width: u32,
    /// What it does when it works.
    pub answer: Answer,
    /// How often it does not.
    pub faults: Faults,
}

/// What an element does when it works.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// Something changes elsewhere on the page.
    Change,
    /// The same, and people press it several times: a stepper, a carousel.
    Step,
    /// It changes itself.
    Toggle,
    /// It takes text.
    Focus,
    /// It takes text and looks for it, and the page with this path shows what
    /// was found.
    Search(Box<str>),
    /// It leads to the page with this path.
    Lead(Box<str>),
    /// A new window opens.
    Window,
    /// An order is placed, and the page with this path says so.
    Order(Box<str>),
    /// Nothing: it is no control, and nothing is wrong with that.
    Nothing,
}

/// In how many visits of a thousand an element does what it should not, from
/// the first press on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Faults {
    /// Nothing happens.
    pub dead: u32,
    /// It works, after one to two seconds.
    pub slow: u32,
    /// A request is refused, and the page says so.
    pub error: u32,
    /// It leads to a page that is not there.
    pub broken: u32,
}

/// What a press comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Answered,
    Slow,
    Dead,
    Failed,
    /// It leads nowhere.
    Broken,
}

impl SiteModel {
    /// The names of all sites.
    pub const NAMES: [&'static str; 3] = ["shop", "tune", "report"];

    /// The site with this name: the demo's `shop`, one to `tune` scores on, and
    /// one to `report` them on.
    #[must_use]
    pub fn named(name: &str) -> Option<SiteModel> {
        match name {
            "shop" => Some(SiteModel::shop()),
            "tune" => Some(tune::site()),
            "report" => Some(report::site()),
            _ => None,
        }
    }

    /// The demo shop: its pages and ids, its dead voucher button, its slow and
    /// its failing one.
    #[must_use]
    pub fn shop() -> SiteModel {
        shop::site()
    }

    /// The page with this path.
    #[must_use]
    pub fn page(&self, path: &str) -> Option<&PageModel> {
        self.pages.iter().find(|page| &*page.path == path)
    }
}

impl PageModel {
    /// The element with this selector.
    #[must_use]
    pub fn element(&self, selector: &str) -> Option<&Element> {
        self.elements.iter().find(|e| &*e.selector == selector)
    }

    pub(crate) fn as_page(&self) -> Page {
        Page {
            number: 0,
            path: self.path.clone(),
            group: self.group.clone(),
        }
    }
}

impl Element {
    /// Its identity across page loads.
    pub(crate) fn hash(&self) -> u64 {
        fnv(self.selector.as_bytes())
    }

    pub(crate) fn as_target(&self) -> Target {
        let control = self.answer != Answer::Nothing;
        Target {
            hash: TargetHash(self.hash()),
            selector: self.selector.clone(),
            label: self.label.clone(),
            kind: self.kind,
            interactive: control,
            // A picture without a listener looks like one with it.
            looks_interactive: control || self.kind == TargetKind::Image,
            ignore_rage: false,
            ignore_dead: false,
        }
    }
}

impl Faults {
    /// What a press comes to in one visit.
    pub(crate) fn draw(self, draw: &mut Draw) -> Outcome {
        let mut left = draw.within(0..=999);
        for (milli, outcome) in [
            (self.dead, Outcome::Dead),
            (self.slow, Outcome::Slow),
            (self.error, Outcome::Failed),
            (self.broken, Outcome::Broken),
        ] {
            if left < milli {
                return outcome;
            }
            left -= milli;
        }
        Outcome::Answered
    }
}

/// FNV-1a, 64 bits.
pub(crate) fn fnv(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

const SOUND: Faults = Faults {
    dead: 0,
    slow: 0,
    error: 0,
    broken: 0,
};
const RELIABLE: Faults = Faults { slow: 10, ..SOUND };

fn lead(path: &str) -> Answer {
    Answer::Lead(path.into())
}

fn button(
    selector: &str,
    label: &str,
    place: (u32, u32),
    answer: Answer,
    faults: Faults,
) -> Element {
    element(TargetKind::Button, selector, label, place, answer, faults)
}

fn link(selector: &str, label: &str, place: (u32, u32), to: &str) -> Element {
    element(TargetKind::Link, selector, label, place, lead(to), RELIABLE)
}

fn field(selector: &str, label: &str, place: (u32, u32)) -> Element {
    let kind = TargetKind::TextField;
    element(kind, selector, label, place, Answer::Focus, SOUND)
}

/// Running text, or a picture that is nothing but a picture.
fn plain(kind: TargetKind, selector: &str, place: (u32, u32)) -> Element {
    element(kind, selector, "", place, Answer::Nothing, SOUND)
}

fn element(
    kind: TargetKind,
    selector: &str,
    label: &str,
    place: (u32, u32),
    answer: Answer,
    faults: Faults,
) -> Element {
    let width = match kind {
        TargetKind::TextField => 260,
        TargetKind::Link | TargetKind::Image | TargetKind::Text => 180,
        TargetKind::Check => 28,
        _ => 110,
    };
    Element {
        selector: selector.into(),
        label: label.into(),
        kind,
        place,
        width,
        answer,
        faults,
    }
}

fn page(path: &str, group: &str, height: u32, elements: Vec<Element>) -> PageModel {
    PageModel {
        path: path.into(),
        group: group.into(),
        height,
        elements,
        ..PageModel::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sites() -> impl Iterator<Item = SiteModel> {
        let named = |name| SiteModel::named(name).unwrap();
        SiteModel::NAMES.into_iter().map(named)
    }

    #[test]
    fn a_site_is_found_by_the_name_that_it_has() {
        assert!(sites().map(|site| site.name).eq(SiteModel::NAMES));
        assert_eq!(SiteModel::named("nowhere"), None);
    }

    #[test]
    fn every_link_of_a_site_leads_to_a_page_of_it() {
        for site in sites() {
            for element in site.pages.iter().flat_map(|page| &page.elements) {
                match &element.answer {
                    Answer::Lead(path) | Answer::Order(path) | Answer::Search(path) => {
                        assert!(site.page(path).is_some(), "{path} of {}", site.name);
                    }
                    Answer::Change
                    | Answer::Step
                    | Answer::Toggle
                    | Answer::Focus
                    | Answer::Window
                    | Answer::Nothing => {}
                }
            }
        }
    }

    #[test]
    fn from_every_page_the_way_onward_ends_in_an_order() {
        for site in sites() {
            for start in &site.pages {
                let mut page = start;
                for _ in 0..8 {
                    let Some(last) = page.onward.last() else {
                        break;
                    };
                    assert!(page.onward.iter().all(|s| page.element(s).is_some()));
                    match &page.element(last).unwrap().answer {
                        Answer::Lead(path) | Answer::Order(path) | Answer::Search(path) => {
                            page = site.page(path).unwrap();
                        }
                        other => panic!("{last} of {} does {other:?}", page.path),
                    }
                }
                assert!(page.onward.is_empty(), "{} of {}", start.path, site.name);
            }
        }
    }

    #[test]
    fn the_two_sites_have_other_faults_in_other_places() {
        let [tune, report] = ["tune", "report"].map(|name| SiteModel::named(name).unwrap());
        let faulty = |site: &SiteModel| -> Vec<Box<str>> {
            let elements = site.pages.iter().flat_map(|page| &page.elements);
            let faulty = elements.filter(|e| e.faults != SOUND && e.faults != RELIABLE);
            faulty.map(|e| e.selector.clone()).collect()
        };
        let (of_tune, of_report) = (faulty(&tune), faulty(&report));
        assert!(of_tune.len() >= 5 && of_report.len() >= 5);
        assert!(of_tune.iter().all(|selector| !of_report.contains(selector)));
    }
}
