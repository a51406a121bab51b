//! The shop of the demonstration.

use super::{Answer, Faults, PageModel, RELIABLE, SOUND, SiteModel, button, field, link, page};

pub(super) fn site() -> SiteModel {
    SiteModel {
        name: "shop",
        origin: "shop.example".into(),
        currency: "EUR".into(),
        pages: vec![home(), product(), cart(), checkout(), done()],
        bad_line_milli: 0,
        basket_minor: (1_900, 18_900),
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
    PageModel {
        words: 90,
        onward: vec!["a#good-can"],
        ..page("/", "home", 2_200, elements)
    }
}

fn product() -> PageModel {
    let step = |selector, label, place| button(selector, label, place, Answer::Step, RELIABLE);
    let change =
        |selector, label, place, faults| button(selector, label, place, Answer::Change, faults);
    let dead = Faults {
        dead: 1_000,
        ..SOUND
    };
    let slow = Faults { slow: 900, ..SOUND };
    let error = Faults {
        error: 900,
        ..SOUND
    };
    let elements = vec![
        step("button#carousel-next", "Next picture", (430, 360)),
        step("button#stepper-plus", "One more", (720, 560)),
        button(
            "button#toggle",
            "Favourite",
            (900, 200),
            Answer::Toggle,
            RELIABLE,
        ),
        change("button#add", "Add to basket", (800, 640), RELIABLE),
        change("button#slow", "Check delivery date", (650, 760), slow),
        change("button#error", "Find it in a store", (850, 760), error),
        change("button#dead", "Apply voucher", (880, 860), dead),
        change("button#tab-care", "Care", (700, 980), RELIABLE),
        link("a#nav-cart", "Basket", (880, 40), "/cart"),
    ];
    PageModel {
        moving: true,
        words: 220,
        onward: vec!["button#add", "a#nav-cart"],
        ..page("/product", "product", 1_900, elements)
    }
}

fn cart() -> PageModel {
    let elements = vec![
        button(
            "button#more-can",
            "One more",
            (620, 260),
            Answer::Step,
            RELIABLE,
        ),
        link("a#to-checkout", "To the checkout", (780, 520), "/checkout"),
        link("a#nav-shop", "Shop", (760, 40), "/"),
    ];
    PageModel {
        words: 40,
        onward: vec!["a#to-checkout"],
        ..page("/cart", "cart", 1_000, elements)
    }
}

fn checkout() -> PageModel {
    let faults = Faults {
        slow: 150,
        error: 50,
        ..SOUND
    };
    let order = Answer::Order("/checkout/done".into());
    let elements = vec![
        field("input#full-name", "Name", (300, 220)),
        field("input#email", "E-mail", (700, 220)),
        field("input#street", "Street", (300, 320)),
        field("input#card", "Card number", (500, 520)),
        button("button#buy", "Buy now", (500, 700), order, faults),
    ];
    PageModel {
        words: 60,
        onward: vec!["button#buy"],
        ..page("/checkout", "checkout", 1_100, elements)
    }
}

fn done() -> PageModel {
    let elements = vec![link("a#nav-shop", "Shop", (760, 40), "/")];
    PageModel {
        words: 50,
        ..page("/checkout/done", "checkout", 900, elements)
    }
}
