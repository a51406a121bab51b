//! What people do who do not find their way: they dither, stray, scan, go to
//! and fro. A poor layout does this to them, or what went wrong before.

use crate::site::{Answer, Element};
use crate::stage::Stage;
use crate::visit::{Goes, STAYS, is_plain, odds};
use furrow_core::interaction::Kind;

/// Looks for the way on this page, if it is not plain.
pub(crate) fn find_the_way(stage: &mut Stage<'_>) -> Goes {
    let clutter = f64::from(stage.page().clutter_milli) / 1_000.0;
    let slow_to_see = 1.5 - stage.person.savvy;
    if odds(stage, clutter * slow_to_see) {
        let by = 0.2 + 0.3 * stage.draw.unit();
        stage.mind.lose_the_way(by, stage.now);
    }
    let confusion = stage.confusion();
    if !odds(stage, 1.6 * confusion) {
        return STAYS;
    }
    let signs = stage.draw.within(1..=3);
    for _ in 0..signs {
        show(stage);
    }
    STAYS
}

/// One sign of being lost.
fn show(stage: &mut Stage<'_>) {
    let page = stage.page();
    let leads = |e: &&Element| matches!(e.answer, Answer::Lead(_));
    let ways: Vec<&Element> = page.elements.iter().filter(leads).collect();
    match stage.draw.within(0..=99) {
        0..18 => {
            let turns = stage.draw.within(4..=8);
            stage.scan(turns);
        }
        18..36 => {
            if let Some(way) = pick(stage, &ways) {
                stage.hover(way, 2_000..=5_500, 1);
            }
        }
        36..50 => {
            if let Some(way) = pick(stage, &ways) {
                let entries = stage.draw.within(2..=5);
                stage.dither(way, entries);
                if stage.may_load() {
                    stage.press(&way.selector);
                }
            }
        }
        50..64 => match stage.touches() {
            true => stage.pause(2_500..=6_000),
            false => stage.stray(5_000..=9_000),
        },
        64..74 => go_to_and_fro(stage, &ways),
        74..82 => press_what_is_none(stage),
        82..88 => {
            stage.note(Kind::Find);
            stage.pause(2_000..=5_000);
        }
        88..94 => {
            let times = stage.draw.within(1..=3);
            for _ in 0..times {
                stage.look_away(1_500..=6_000);
                stage.pause(800..=3_500);
            }
        }
        _ => stage.read(3_000..=8_000),
    }
}

fn pick<'e>(stage: &mut Stage<'_>, ways: &[&'e Element]) -> Option<&'e Element> {
    match ways {
        [] => None,
        some => Some(*stage.draw.one(some)),
    }
}

/// Goes somewhere and comes back, once or twice.
fn go_to_and_fro(stage: &mut Stage<'_>, ways: &[&Element]) {
    let here = stage.page();
    for _ in 0..stage.draw.within(1..=2) {
        let Some(way) = pick(stage, ways).filter(|_| stage.may_load()) else {
            return;
        };
        stage.press(&way.selector);
        if std::ptr::eq(stage.page(), here) {
            return;
        }
        stage.read(900..=4_500);
        stage.back();
        if !std::ptr::eq(stage.page(), here) {
            return;
        }
        stage.read(500..=2_000);
    }
}

/// Presses what only looks as if it could be pressed.
fn press_what_is_none(stage: &mut Stage<'_>) {
    let page = stage.page();
    if let Some(plain) = page.elements.iter().find(|e| is_plain(e)) {
        for _ in 0..stage.draw.within(1..=3) {
            stage.press(&plain.selector);
            stage.pause(600..=1_800);
        }
    }
}
