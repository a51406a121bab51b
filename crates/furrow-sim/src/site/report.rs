//! A seller of journeys to report scores on: a bad line, obstinate overlays,
//! a search that misses, refusing forms and failing requests.

use super::{
    Answer, Element, Faults, Overlay, PageModel, RELIABLE, SOUND, SiteModel, Troubles, button,
    element, field, link, page, plain,
};
use furrow_core::interaction::{ObstructionKind, TargetKind};

pub(super) fn site() -> SiteModel {
    SiteModel {
        name: "report",
        origin: "journeys.example".into(),
        currency: "EUR".into(),
        pages: vec![
            start(),
            results(),
            journey(),
            advice(),
            seats(),
            travellers(),
            booked(),
            missing(),
        ],
        bad_line_milli: 130,
        basket_minor: (9_900, 189_900),
    }
}

fn consent(stubborn_milli: u32) -> Overlay {
    Overlay {
        kind: ObstructionKind::Interstitial,
        covered_milli: 780,
        close: button(
            "button#no-thanks",
            "No, thanks",
            (500, 420),
            Answer::Change,
            SOUND,
        ),
        shown_milli: 260,
        stubborn_milli,
    }
}

fn whither(place: (u32, u32)) -> Element {
    let answer = Answer::Search("/results".into());
    let kind = TargetKind::TextField;
    element(kind, "input#whither", "Where to?", place, answer, SOUND)
}

fn start() -> PageModel {
    let elements = vec![
        whither((500, 320)),
        link("a#islands", "Islands", (250, 760), "/results"),
        link("a#cities", "Cities", (500, 760), "/results"),
        link("a#when", "When to travel", (750, 760), "/advice"),
        button(
            "button#month-next",
            "Next month",
            (820, 420),
            Answer::Step,
            RELIABLE,
        ),
        plain(TargetKind::Image, "img#beach", (500, 1_100)),
        plain(TargetKind::Text, "p#promise", (500, 1_400)),
    ];
    PageModel {
        words: 70,
        clutter_milli: 50,
        onward: vec!["a#islands"],
        overlay: Some(consent(120)),
        troubles: Troubles {
            slow: 20,
            lost_search: 300,
            cramped: 25,
            script_error: 70,
            ..Troubles::default()
        },
        ..page("/", "start", 1_800, elements)
    }
}

fn results() -> PageModel {
    let map = Faults {
        error: 120,
        ..SOUND
    };
    let offer = Faults {
        broken: 70,
        ..SOUND
    };
    let to_journey = || Answer::Lead("/journey".into());
    let kind = TargetKind::Link;
    let elements = vec![
        whither((400, 60)),
        button(
            "button#on-map",
            "On the map",
            (880, 160),
            Answer::Change,
            map,
        ),
        button(
            "label#direct",
            "Direct only",
            (110, 260),
            Answer::Toggle,
            RELIABLE,
        ),
        button("button#later", "Later", (700, 220), Answer::Step, RELIABLE),
        element(kind, "a#offer-1", "Corfu", (500, 460), to_journey(), offer),
        element(kind, "a#offer-2", "Malta", (500, 820), to_journey(), offer),
        link("a#offer-3", "Madeira", (500, 1_180), "/journey"),
        link("a#to-start", "Start", (80, 40), "/"),
        plain(TargetKind::Image, "img#stars", (300, 640)),
    ];
    PageModel {
        words: 190,
        clutter_milli: 190,
        onward: vec!["a#offer-3"],
        troubles: Troubles {
            slow: 25,
            lost_search: 280,
            cramped: 60,
            script_error: 50,
            ..Troubles::default()
        },
        ..page("/results", "results", 4_200, elements)
    }
}

fn journey() -> PageModel {
    let dates = Faults {
        slow: 170,
        dead: 20,
        ..SOUND
    };
    let elements = vec![
        button(
            "button#picture-next",
            "Next picture",
            (520, 380),
            Answer::Step,
            RELIABLE,
        ),
        button(
            "button#dates",
            "Other dates",
            (760, 520),
            Answer::Change,
            dates,
        ),
        button(
            "button#guests-plus",
            "One more guest",
            (760, 600),
            Answer::Step,
            RELIABLE,
        ),
        button(
            "button#note",
            "Remember",
            (930, 140),
            Answer::Toggle,
            RELIABLE,
        ),
        button(
            "button#partner",
            "Ask the hotel",
            (300, 900),
            Answer::Window,
            RELIABLE,
        ),
        link("a#choose", "Choose", (780, 700), "/seats"),
        link("a#to-results", "Results", (120, 40), "/results"),
        plain(TargetKind::Text, "p#per-night", (760, 440)),
        plain(TargetKind::Text, "p#reviews", (400, 1_500)),
    ];
    PageModel {
        moving: true,
        words: 340,
        clutter_milli: 60,
        gallery: true,
        film: true,
        onward: vec!["a#choose"],
        overlay: Some(consent(350)),
        troubles: Troubles {
            slow: 20,
            dead_swipe: 50,
            cramped: 30,
            script_error: 40,
            ..Troubles::default()
        },
        ..page("/journey", "product", 2_900, elements)
    }
}

fn advice() -> PageModel {
    let elements = vec![
        link(
            "a#advice-results",
            "Find a journey",
            (500, 2_900),
            "/results",
        ),
        button(
            "label#more-months",
            "More",
            (500, 1_100),
            Answer::Toggle,
            RELIABLE,
        ),
        plain(TargetKind::Text, "p#advice-text", (500, 700)),
        plain(TargetKind::Image, "img#climate", (500, 1_800)),
    ];
    PageModel {
        words: 700,
        clutter_milli: 30,
        onward: vec!["a#advice-results"],
        ..page("/advice", "article", 3_300, elements)
    }
}

fn seats() -> PageModel {
    let seat = Faults {
        dead: 60,
        error: 70,
        ..SOUND
    };
    let elements = vec![
        button("button#seat-a", "Window", (350, 300), Answer::Change, seat),
        button(
            "button#bag",
            "One more bag",
            (650, 420),
            Answer::Step,
            RELIABLE,
        ),
        link("a#go-on", "Go on", (800, 620), "/travellers"),
        link("a#to-journey", "Journey", (120, 40), "/journey"),
        plain(TargetKind::Image, "img#plane", (350, 700)),
    ];
    PageModel {
        words: 60,
        clutter_milli: 140,
        onward: vec!["a#go-on"],
        troubles: Troubles {
            slow: 20,
            cramped: 90,
            script_error: 40,
            ..Troubles::default()
        },
        ..page("/seats", "basket", 1_300, elements)
    }
}

fn travellers() -> PageModel {
    let book = Faults {
        slow: 200,
        error: 90,
        ..SOUND
    };
    let order = Answer::Order("/booked".into());
    let elements = vec![
        field("input#first-name", "First name", (300, 220)),
        field("input#last-name", "Last name", (700, 220)),
        field("input#born", "Born", (300, 320)),
        field("input#passport", "Passport", (700, 320)),
        field("input#phone", "Telephone", (300, 420)),
        field("input#card-number", "Card", (500, 560)),
        button("button#book", "Book", (500, 760), order, book),
        link("a#to-seats", "Seats", (120, 40), "/seats"),
    ];
    PageModel {
        words: 90,
        clutter_milli: 110,
        onward: vec!["button#book"],
        troubles: Troubles {
            slow: 20,
            bad_form: 240,
            cramped: 60,
            script_error: 20,
            ..Troubles::default()
        },
        ..page("/travellers", "checkout", 1_400, elements)
    }
}

fn booked() -> PageModel {
    let elements = vec![link("a#booked-start", "Start", (500, 400), "/")];
    PageModel {
        words: 80,
        ..page("/booked", "done", 900, elements)
    }
}

fn missing() -> PageModel {
    let elements = vec![link("a#missing-start", "Start", (500, 400), "/")];
    PageModel {
        words: 20,
        clutter_milli: 150,
        onward: vec!["a#missing-start"],
        ..page("/missing", "missing", 700, elements)
    }
}
