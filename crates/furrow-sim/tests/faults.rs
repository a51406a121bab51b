//! Faults hit as often as they were planted, and nobody is vexed without them.

#![allow(clippy::unwrap_used, reason = "all of this file is tests")]

mod crowd;

use crowd::{NOON, kinds, presses};
use furrow_core::interaction::Kind;
use furrow_sim::site::{Faults, PageModel, Troubles};
use furrow_sim::{SiteModel, Visitor};

/// The report site with nothing wrong.
fn sound() -> SiteModel {
    let mut site = SiteModel::named("report").unwrap();
    site.bad_line_milli = 0;
    for page in &mut site.pages {
        page.troubles = Troubles::default();
        page.overlay = None;
        page.clutter_milli = 0;
        for element in &mut page.elements {
            element.faults = Faults::default();
        }
    }
    site
}

fn page<'s>(site: &'s mut SiteModel, path: &str) -> &'s mut PageModel {
    let mut pages = site.pages.iter_mut();
    pages.find(|page| &*page.path == path).unwrap()
}

/// Within four standard deviations of a binomial distribution.
fn assert_close(hits: usize, of: usize, milli: u32) {
    let (n, p) = (of as f64, f64::from(milli) / 1_000.0);
    let off = (hits as f64 - n * p).abs();
    let bound = 4.0 * (n * p * (1.0 - p)).sqrt();
    assert!(
        of >= 100 && off <= bound,
        "{hits} of {of}, {milli} in 1,000"
    );
}

#[test]
fn nobody_is_frustrated_where_nothing_is_wrong() {
    let site = sound();
    for index in 0..200 {
        let truth = Visitor::new(2, index, &site).script(NOON).truth;
        assert_eq!((truth.frustration, truth.faults.len()), (0.0, 0), "{index}");
    }
}

fn assert_fails_as_often_as_planted(faults: Faults, milli: u32, name: &str) {
    let selector = "button#dates";
    let mut site = sound();
    let mut elements = page(&mut site, "/journey").elements.iter_mut();
    elements.find(|e| &*e.selector == selector).unwrap().faults = faults;
    let (mut pressed, mut hit) = (0, 0);
    for index in 0..1_000 {
        let script = Visitor::new(9, index, &site).script(NOON);
        let presses = presses(&script);
        let tried = presses.iter().any(|(_, t)| &*t.selector == selector);
        pressed += usize::from(tried);
        hit += usize::from(script.truth.faults.contains(&name));
        assert!(tried || script.truth.faults.is_empty());
    }
    assert_close(hit, pressed, milli);
}

#[test]
fn a_control_is_dead_as_often_as_planted() {
    let faults = Faults {
        dead: 300,
        ..Faults::default()
    };
    assert_fails_as_often_as_planted(faults, 300, "dead_control");
}

#[test]
fn a_control_is_slow_as_often_as_planted() {
    let faults = Faults {
        slow: 450,
        ..Faults::default()
    };
    assert_fails_as_often_as_planted(faults, 450, "slow_control");
}

#[test]
fn a_control_fails_as_often_as_planted() {
    let faults = Faults {
        error: 200,
        ..Faults::default()
    };
    assert_fails_as_often_as_planted(faults, 200, "error_control");
}

#[test]
fn a_first_page_is_slow_as_often_as_planted() {
    let mut site = sound();
    page(&mut site, "/").troubles.slow = 250;
    let (mut first, mut slow) = (0, 0);
    for index in 0..900 {
        let script = Visitor::new(9, index, &site).script(NOON);
        let mut views = kinds(&script).filter_map(|kind| match kind {
            Kind::PageView(view) => Some(view),
            _ => None,
        });
        let view = views.next().unwrap();
        if &*view.page.path == "/" {
            first += 1;
            slow += usize::from(view.loaded_ms > 3_000);
        }
    }
    assert_close(slow, first, 250);
}

#[test]
fn a_page_is_covered_as_often_as_planted() {
    let mut site = sound();
    let with = SiteModel::named("report").unwrap();
    let overlay = with.page("/").unwrap().overlay.clone().unwrap();
    let milli = overlay.shown_milli;
    page(&mut site, "/").overlay = Some(overlay);
    let (mut views, mut covered) = (0, 0);
    for index in 0..600 {
        let script = Visitor::new(9, index, &site).script(NOON);
        for kind in kinds(&script) {
            match kind {
                Kind::PageView(view) => views += usize::from(&*view.page.path == "/"),
                Kind::Obstruction(seen) => covered += usize::from(seen.shown),
                _ => {}
            }
        }
    }
    assert_close(covered, views, milli);
}
