//! A shop: its pages, what can be pressed there and how it answers.

use furrow_core::ids::TargetHash;
use furrow_core::interaction::{Page, Target, TargetKind};

/// A site that visitors come to.
#[derive(Debug, Clone, PartialEq)]
pub struct SiteModel {
    /// The name by which it is asked for.
    pub name: &'static str,
    /// Where scripts and requests of this site come from.
    pub origin: Box<str>,
    /// What the site charges in.
    pub currency: Box<str>,
    /// The first is where visitors arrive.
    pub pages: Vec<PageModel>,
}

/// One page.
#[derive(Debug, Clone, PartialEq)]
pub struct PageModel {
    /// Path without query and fragment.
    pub path: Box<str>,
    /// The site's own name for pages of this kind.
    pub group: Box<str>,
    /// px
    pub height: u32,
    /// Something on it changes by itself.
    pub moving: bool,
    /// What can be pressed.
    pub elements: Vec<Element>,
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
    /// It changes itself.
    Toggle,
    /// It takes text.
    Focus,
    /// It leads to the page with this path.
    Lead(Box<str>),
    /// An order is placed, and the page with this path says so.
    Order(Box<str>),
}

/// How often, in a thousand presses, an element does what it should not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Faults {
    /// Nothing happens.
    pub dead: u32,
    /// It works, after one to two seconds.
    pub slow: u32,
    /// A request is refused, and the page says so.
    pub error: u32,
}

impl SiteModel {
    /// The names of all sites.
    pub const NAMES: [&'static str; 3] = ["shop", "tune", "report"];

    /// The site with this name: the demo's `shop`, one to `tune` scores on, and
    /// one to `report` them on.
    #[must_use]
    pub fn named(name: &str) -> Option<SiteModel> {
        let shop = SiteModel::shop();
        let name = SiteModel::NAMES.into_iter().find(|known| *known == name)?;
        Some(SiteModel { name, ..shop })
    }

    /// The demo shop: its pages and ids, its dead voucher button, its slow and
    /// its failing one.
    #[must_use]
    pub fn shop() -> SiteModel {
        SiteModel {
            name: "shop",
            origin: "shop.example".into(),
            currency: "EUR".into(),
            pages: vec![home(), product(), cart(), checkout(), done()],
        }
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
    pub(crate) fn as_target(&self) -> Target {
        Target {
            hash: TargetHash(fnv(self.selector.as_bytes())),
            selector: self.selector.clone(),
            label: self.label.clone(),
            kind: self.kind,
            interactive: true,
            looks_interactive: true,
            ignore_rage: false,
            ignore_dead: false,
        }
    }
}

/// FNV-1a, 64 bits.
pub(crate) fn fnv(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

const RELIABLE: Faults = Faults {
    dead: 0,
    slow: 10,
    error: 0,
};

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
    element(
        kind,
        selector,
        label,
        place,
        Answer::Focus,
        Faults::default(),
    )
}

fn element(
    kind: TargetKind,
    selector: &str,
    label: &str,
    place: (u32, u32),
    answer: Answer,
    faults: Faults,
) -> Element {
    Element {
        selector: selector.into(),
        label: label.into(),
        kind,
        place,
        answer,
        faults,
    }
}

fn page(path: &str, group: &str, height: u32, moving: bool, elements: Vec<Element>) -> PageModel {
    PageModel {
        path: path.into(),
        group: group.into(),
        height,
        moving,
        elements,
    }
}

fn home() -> PageModel {
    let elements = vec![
        link("a#hero-product", "The watering can", (250, 420), "/product"),
        link("a#good-can", "Watering can", (180, 980), "/product"),
        link("a#good-pot", "Terracotta pot", (500, 980), "/product"),
        link("a#good-fork", "Hand fork", (820, 980), "/product"),
        link("a#good-seeds", "Seeds for a year", (180, 1_460), "/product"),
        link("a#nav-cart", "Basket", (880, 40), "/cart"),
    ];
    page("/", "home", 2_200, false, elements)
}

fn product() -> PageModel {
    let always = |dead, slow, error| Faults { dead, slow, error };
    let elements = vec![
        button(
            "button#carousel-next",
            "Next picture",
            (430, 360),
            Answer::Change,
            RELIABLE,
        ),
        button(
            "button#stepper-plus",
            "One more",
            (720, 560),
            Answer::Change,
            RELIABLE,
        ),
        button(
            "button#toggle",
            "Favourite",
            (900, 200),
            Answer::Toggle,
            RELIABLE,
        ),
        button(
            "button#add",
            "Add to basket",
            (800, 640),
            Answer::Change,
            RELIABLE,
        ),
        button(
            "button#slow",
            "Check delivery date",
            (650, 760),
            Answer::Change,
            always(0, 900, 0),
        ),
        button(
            "button#error",
            "Find it in a store",
            (850, 760),
            Answer::Change,
            always(0, 0, 900),
        ),
        button(
            "button#dead",
            "Apply voucher",
            (880, 860),
            Answer::Change,
            always(1_000, 0, 0),
        ),
        button(
            "button#tab-care",
            "Care",
            (700, 980),
            Answer::Change,
            RELIABLE,
        ),
        link("a#nav-cart", "Basket", (880, 40), "/cart"),
    ];
    page("/product", "product", 1_900, true, elements)
}

fn cart() -> PageModel {
    let elements = vec![
        button(
            "button#more-can",
            "One more",
            (620, 260),
            Answer::Change,
            RELIABLE,
        ),
        link("a#to-checkout", "To the checkout", (780, 520), "/checkout"),
        link("a#nav-shop", "Shop", (760, 40), "/"),
    ];
    page("/cart", "cart", 1_000, false, elements)
}

fn checkout() -> PageModel {
    let faults = Faults {
        dead: 0,
        slow: 150,
        error: 50,
    };
    let elements = vec![
        field("input#full-name", "Name", (300, 220)),
        field("input#email", "E-mail", (700, 220)),
        field("input#street", "Street", (300, 320)),
        field("input#card", "Card number", (500, 520)),
        button(
            "button#buy",
            "Buy now",
            (500, 700),
            Answer::Order("/checkout/done".into()),
            faults,
        ),
    ];
    page("/checkout", "checkout", 1_100, false, elements)
}

fn done() -> PageModel {
    let elements = vec![link("a#nav-shop", "Shop", (760, 40), "/")];
    page("/checkout/done", "checkout", 900, false, elements)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_link_of_the_shop_leads_to_a_page_of_it() {
        let shop = SiteModel::shop();
        for element in shop.pages.iter().flat_map(|page| &page.elements) {
            match &element.answer {
                Answer::Lead(path) | Answer::Order(path) => {
                    assert!(shop.page(path).is_some(), "{path}");
                }
                Answer::Change | Answer::Toggle | Answer::Focus => {}
            }
        }
    }
}
