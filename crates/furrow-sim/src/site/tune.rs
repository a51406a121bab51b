//! A furniture shop to tune scores on: dead and slow controls beside things
//! that move by themselves, a crowded list, and much for fast hands to press.

use super::{
    Answer, Element, Faults, Overlay, PageModel, RELIABLE, SOUND, SiteModel, Troubles, button,
    element, field, link, page, plain,
};
use furrow_core::interaction::{ObstructionKind, TargetKind};

pub(super) fn site() -> SiteModel {
    SiteModel {
        name: "tune",
        origin: "furniture.example".into(),
        currency: "EUR".into(),
        pages: vec![
            home(),
            list(),
            chair(),
            guide(),
            basket(),
            address(),
            thanks(),
            missing(),
        ],
        bad_line_milli: 110,
        basket_minor: (2_900, 64_900),
    }
}

fn search(place: (u32, u32)) -> Element {
    let answer = Answer::Search("/list".into());
    let kind = TargetKind::TextField;
    element(kind, "input#find", "Search", place, answer, SOUND)
}

fn change(selector: &str, label: &str, place: (u32, u32), faults: Faults) -> Element {
    button(selector, label, place, Answer::Change, faults)
}

fn home() -> PageModel {
    let close = change("button#newsletter-close", "Close", (720, 180), SOUND);
    let offer = Faults {
        broken: 60,
        ..SOUND
    };
    let elements = vec![
        search((500, 40)),
        link("a#chairs", "Chairs", (200, 620), "/list"),
        link("a#tables", "Tables", (500, 620), "/list"),
        link("a#guide", "Which chair is mine?", (800, 620), "/guide"),
        element(
            TargetKind::Link,
            "a#offer",
            "This week only",
            (500, 300),
            Answer::Lead("/chair".into()),
            offer,
        ),
        button("button#slides", "Next", (960, 300), Answer::Step, RELIABLE),
        plain(TargetKind::Image, "img#room", (300, 1_300)),
        plain(TargetKind::Text, "p#about", (500, 1_700)),
    ];
    PageModel {
        moving: true,
        words: 110,
        clutter_milli: 60,
        gallery: true,
        onward: vec!["a#chairs"],
        overlay: Some(Overlay {
            kind: ObstructionKind::Overlay,
            covered_milli: 620,
            close,
            shown_milli: 160,
            stubborn_milli: 180,
        }),
        troubles: Troubles {
            slow: 15,
            lost_search: 260,
            dead_swipe: 30,
            cramped: 20,
            script_error: 60,
            ..Troubles::default()
        },
        ..page("/", "home", 2_100, elements)
    }
}

fn list() -> PageModel {
    let filter = Faults {
        dead: 90,
        slow: 60,
        ..SOUND
    };
    let sort = Faults { slow: 120, ..SOUND };
    let elements = vec![
        search((500, 40)),
        change("button#filter", "Oak only", (120, 240), filter),
        change("button#sort", "Cheapest first", (860, 180), sort),
        button(
            "label#in-stock",
            "In stock",
            (120, 330),
            Answer::Toggle,
            RELIABLE,
        ),
        link("a#chair-1", "Chair One", (350, 520), "/chair"),
        link("a#chair-2", "Chair Two", (620, 520), "/chair"),
        link("a#chair-3", "Chair Three", (880, 520), "/chair"),
        link("a#chair-9", "Chair Nine", (620, 1_900), "/chair"),
        link("a#logo", "Home", (80, 40), "/"),
        plain(TargetKind::Image, "img#badge", (880, 900)),
    ];
    PageModel {
        words: 160,
        clutter_milli: 240,
        onward: vec!["a#chair-2"],
        troubles: Troubles {
            slow: 25,
            lost_search: 220,
            cramped: 70,
            script_error: 40,
            ..Troubles::default()
        },
        ..page("/list", "list", 3_600, elements)
    }
}

fn chair() -> PageModel {
    let colour = Faults { dead: 80, ..SOUND };
    let add = Faults {
        dead: 25,
        slow: 90,
        error: 20,
        ..SOUND
    };
    let elements = vec![
        button(
            "button#photo-next",
            "Next picture",
            (440, 380),
            Answer::Step,
            RELIABLE,
        ),
        change("button#colour", "Walnut", (700, 420), colour),
        button(
            "button#plus",
            "One more",
            (760, 560),
            Answer::Step,
            RELIABLE,
        ),
        button("button#like", "Keep", (930, 160), Answer::Toggle, RELIABLE),
        change("button#to-basket", "Into the basket", (780, 660), add),
        change("button#measures", "Measures", (300, 980), RELIABLE),
        link("a#basket", "Basket", (930, 40), "/basket"),
        link("a#all-chairs", "All chairs", (120, 40), "/list"),
        plain(TargetKind::Text, "p#price", (760, 330)),
        plain(TargetKind::Image, "img#wood", (300, 1_250)),
    ];
    PageModel {
        moving: true,
        words: 260,
        clutter_milli: 70,
        gallery: true,
        film: true,
        onward: vec!["button#to-basket", "a#basket"],
        troubles: Troubles {
            slow: 20,
            dead_swipe: 90,
            cramped: 40,
            script_error: 50,
            ..Troubles::default()
        },
        ..page("/chair", "product", 2_300, elements)
    }
}

fn guide() -> PageModel {
    let elements = vec![
        link("a#guide-list", "See the chairs", (500, 2_600), "/list"),
        button("label#unfold", "More", (500, 900), Answer::Toggle, RELIABLE),
        plain(TargetKind::Text, "p#guide-text", (500, 600)),
        plain(TargetKind::Image, "img#sketch", (500, 1_500)),
    ];
    PageModel {
        words: 620,
        clutter_milli: 40,
        onward: vec!["a#guide-list"],
        ..page("/guide", "article", 3_000, elements)
    }
}

fn basket() -> PageModel {
    let voucher = Faults { dead: 260, ..SOUND };
    let elements = vec![
        button(
            "button#one-more",
            "One more",
            (620, 260),
            Answer::Step,
            RELIABLE,
        ),
        change("button#voucher", "Use voucher", (700, 420), voucher),
        link("a#pay", "Pay", (800, 560), "/address"),
        link("a#go-on", "Look further", (200, 560), "/list"),
        plain(TargetKind::Text, "p#sum", (800, 480)),
    ];
    PageModel {
        words: 50,
        clutter_milli: 50,
        onward: vec!["a#pay"],
        troubles: Troubles {
            slow: 20,
            script_error: 30,
            ..Troubles::default()
        },
        ..page("/basket", "basket", 1_100, elements)
    }
}

fn address() -> PageModel {
    let pay = Faults {
        dead: 15,
        slow: 160,
        error: 60,
        ..SOUND
    };
    let order = Answer::Order("/thanks".into());
    let elements = vec![
        field("input#name", "Name", (300, 220)),
        field("input#mail", "E-mail", (700, 220)),
        field("input#road", "Street", (300, 320)),
        field("input#town", "Town", (700, 320)),
        field("input#iban", "IBAN", (500, 520)),
        button("button#order", "Order now", (500, 700), order, pay),
        link("a#back-to-basket", "Basket", (120, 40), "/basket"),
    ];
    PageModel {
        words: 70,
        clutter_milli: 80,
        onward: vec!["button#order"],
        troubles: Troubles {
            slow: 25,
            bad_form: 140,
            cramped: 50,
            ..Troubles::default()
        },
        ..page("/address", "checkout", 1_200, elements)
    }
}

fn thanks() -> PageModel {
    let elements = vec![link("a#thanks-home", "Home", (500, 400), "/")];
    PageModel {
        words: 60,
        ..page("/thanks", "done", 900, elements)
    }
}

fn missing() -> PageModel {
    let elements = vec![link("a#missing-home", "Home", (500, 400), "/")];
    PageModel {
        words: 20,
        clutter_milli: 150,
        onward: vec!["a#missing-home"],
        ..page("/missing", "missing", 700, elements)
    }
}
