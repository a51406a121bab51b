//! A visit: what people of flesh and blood do on a site, page after page.

use crate::calm;
use crate::fault::Fault;
use crate::lost;
use crate::site::{Answer, Element, Outcome, fnv};
use crate::stage::{Load, Stage};
use crate::upset::{self, Cause};
use furrow_core::interaction::{DeviceClass, FeedbackKind, Kind, ProblemKind, SessionEndCause};
use std::ops::ControlFlow;

/// Most pages that a visitor looks at, ways to and fro left out.
const PAGES_MAX: u32 = 12;
/// How often an order is tried against a form that refuses.
const REFUSALS_MAX: u32 = 4;

/// Breaks when the visitor leaves.
pub(crate) type Goes = ControlFlow<()>;
pub(crate) const STAYS: Goes = ControlFlow::Continue(());
pub(crate) const LEAVES: Goes = ControlFlow::Break(());

/// From the first page to the last. The cause of the session's end is told by
/// those who log out.
pub(crate) fn visit(stage: &mut Stage<'_>) -> Option<SessionEndCause> {
    calm::introduce(stage);
    for _ in 0..PAGES_MAX {
        if see(stage).is_break() || !stage.may_load() {
            break;
        }
    }
    ask(stage);
    if !stage.touches() && stage.draw.chance(550) {
        stage.head_out();
    }
    (stage.bought() && stage.draw.chance(300)).then_some(SessionEndCause::Logout)
}

/// One page, and the way to the next.
fn see(stage: &mut Stage<'_>) -> Goes {
    endure(stage)?;
    look_about(stage)?;
    lost::find_the_way(stage)?;
    use_controls(stage)?;
    calm::indulge(stage);
    move_on(stage)
}

/// Whether something holds, so often in one.
pub(crate) fn odds(stage: &mut Stage<'_>, of_one: f64) -> bool {
    stage.draw.unit() < of_one
}

/// What the page does to those who come.
fn endure(stage: &mut Stage<'_>) -> Goes {
    let page = stage.page();
    if stage.came() == Load::Slow || &*page.group == "missing" {
        upset::react(stage, Cause::Page)?;
    }
    let page = stage.page();
    for (milli, kind) in [
        (page.troubles.script_error, ProblemKind::ScriptError),
        (20, ProblemKind::LongTask),
        (10, ProblemKind::ResourceFailed),
    ] {
        if page.troubles.script_error > 0 && stage.draw.chance(milli) {
            stage.problem(kind);
        }
    }
    uncover(stage)?;
    let phone = stage.person.hand.device.class == DeviceClass::Phone;
    if phone && stage.draw.chance(page.troubles.cramped) {
        stage.meet(Fault::CrampedLayout, fnv(page.path.as_bytes()));
        squint(stage);
        upset::react(stage, Cause::Page)?;
    }
    STAYS
}

/// Something covers the page, and must go.
fn uncover(stage: &mut Stage<'_>) -> Goes {
    let page = stage.page();
    let Some(overlay) = &page.overlay else {
        return STAYS;
    };
    if !stage.draw.chance(overlay.shown_milli) {
        return STAYS;
    }
    stage.pause(300..=1_500);
    stage.obstruct(true);
    stage.pause(700..=2_200);
    if !stage.draw.chance(overlay.stubborn_milli) {
        stage.press_this(&overlay.close, Outcome::Answered);
        stage.pause(100..=300);
        stage.obstruct(false);
        return STAYS;
    }
    stage.meet(Fault::BlockingOverlay, overlay.close.hash());
    match stage.draw.within(0..=2) {
        // It goes when it wants to.
        0 => {
            if !stage.touches() {
                stage.wander(200);
            }
            stage.pause(3_500..=8_000);
        }
        // Its cross is so small that it is missed.
        1 => {
            let cover = Element {
                answer: Answer::Nothing,
                selector: "div#cover".into(),
                label: "".into(),
                ..overlay.close.clone()
            };
            let misses = stage.draw.within(1..=3);
            for _ in 0..misses {
                stage.press_this(&cover, Outcome::Answered);
                stage.pause(400..=1_200);
            }
            stage.press_this(&overlay.close, Outcome::Answered);
        }
        // It closes late.
        _ => {
            stage.press_this(&overlay.close, Outcome::Slow);
            stage.pause(1_500..=2_400);
        }
    }
    stage.obstruct(false);
    upset::react(stage, Cause::Page)
}

/// Tries to read what is too small, or too wide.
fn squint(stage: &mut Stage<'_>) {
    let text = stage.page().elements.iter().find(|e| is_plain(e));
    if let Some(text) = text.filter(|_| stage.draw.chance(600)) {
        let times = stage.draw.within(1..=3);
        stage.zoom(text, times);
    } else {
        let turns = stage.draw.within(1..=3);
        for _ in 0..turns {
            stage.turn();
            stage.pause(900..=2_600);
        }
    }
}

pub(crate) fn is_plain(element: &Element) -> bool {
    element.answer == Answer::Nothing
}

fn look_about(stage: &mut Stage<'_>) -> Goes {
    let page = stage.page();
    stage.read(600..=2_800);
    let bounces = stage.before().is_none() && {
        let intent = stage.mind.intent;
        odds(stage, 0.75 * (1.0 - intent))
    };
    if bounces {
        return LEAVES;
    }
    // About 240 words a minute, but most is not read.
    let words = page.words * stage.draw.within(5..=45) / 100;
    if stage.person.reads_along && words > 30 {
        let lines = (words / 12).clamp(3, 7);
        stage.read_along(lines);
    }
    let depth = stage.draw.within(200..=page.height.max(201));
    stage.scroll_to(depth);
    let ms = words * 250;
    stage.read(400..=(400 + ms).min(25_000));
    STAYS
}

/// Presses some of what does something here.
fn use_controls(stage: &mut Stage<'_>) -> Goes {
    let page = stage.page();
    if page.gallery && stage.touches() && stage.draw.chance(400) {
        swipe_through(stage)?;
        if !std::ptr::eq(stage.page(), page) {
            return STAYS;
        }
    }
    for element in &page.elements {
        let stays = match element.answer {
            Answer::Change | Answer::Step | Answer::Toggle | Answer::Window => true,
            Answer::Focus
            | Answer::Search(_)
            | Answer::Lead(_)
            | Answer::Order(_)
            | Answer::Nothing => false,
        };
        let needed = page.onward.contains(&&*element.selector);
        if !stays || needed {
            continue;
        }
        let wants = 0.07 + 0.22 * stage.mind.intent;
        if odds(stage, wants) {
            use_control(stage, element)?;
            if !std::ptr::eq(stage.page(), page) {
                return STAYS;
            }
        }
    }
    STAYS
}

fn use_control(stage: &mut Stage<'_>, element: &Element) -> Goes {
    let outcome = stage.press(&element.selector);
    let hasty = stage.person.double_milli;
    match outcome {
        Outcome::Answered if element.answer == Answer::Step => {
            if stage.draw.chance(650) {
                stage.pause(200..=700);
                let more = stage.draw.within(2..=6);
                let slowest = stage.draw.within(220..=560);
                stage.burst(&element.selector, outcome, more, 160..=slowest);
            }
            stage.pause(300..=1_200);
            STAYS
        }
        Outcome::Answered => {
            if element.answer == Answer::Change && stage.draw.chance(hasty) {
                stage.burst(&element.selector, outcome, 1, 110..=180);
            }
            stage.pause(400..=1_500);
            STAYS
        }
        Outcome::Slow | Outcome::Dead | Outcome::Failed | Outcome::Broken => {
            // Fast hands press again before anything is felt.
            if stage.draw.chance(hasty * 2) {
                let more = stage.draw.within(2..=3);
                stage.burst(&element.selector, outcome, more, 120..=260);
            }
            upset::react(stage, Cause::Control(element, outcome))
        }
    }
}

fn swipe_through(stage: &mut Stage<'_>) -> Goes {
    let dead = stage.draw.chance(stage.page().troubles.dead_swipe);
    let swipes = stage.draw.within(2..=5);
    for _ in 0..swipes {
        stage.swipe(!dead);
        stage.pause(500..=1_800);
    }
    if dead {
        return upset::react(stage, Cause::Page);
    }
    STAYS
}

/// Leaves, searches, goes on toward an order, or just somewhere.
fn move_on(stage: &mut Stage<'_>) -> Goes {
    let (intent, frustration) = (stage.mind.intent, stage.frustration());
    let tired = 0.14 * (1.0 - intent) + 0.5 * frustration * frustration;
    let done = if stage.bought() { 0.7 } else { 0.0 };
    if odds(stage, tired.max(done)) {
        return LEAVES;
    }
    if let Some(field) = stage.search_field()
        && stage.draw.chance(160)
    {
        return search(stage, field);
    }
    let toward = (0.28 + 0.62 * intent) * (1.0 - 0.6 * frustration);
    if !stage.page().onward.is_empty() && odds(stage, toward) {
        return go_onward(stage);
    }
    let leads = |e: &&Element| matches!(e.answer, Answer::Lead(_));
    let ways: Vec<&Element> = stage.page().elements.iter().filter(leads).collect();
    if ways.is_empty() {
        return LEAVES;
    }
    let way = *stage.draw.one(&ways);
    follow(stage, way)
}

/// Presses what leads on; when it does not, tries once more or not.
fn follow(stage: &mut Stage<'_>, way: &Element) -> Goes {
    for _ in 0..2 {
        match stage.press(&way.selector) {
            Outcome::Answered | Outcome::Broken => return STAYS,
            outcome @ Outcome::Slow => {
                return match way.answer {
                    // The page came, late.
                    Answer::Lead(_) => STAYS,
                    _ => upset::react(stage, Cause::Control(way, outcome)),
                };
            }
            outcome @ (Outcome::Dead | Outcome::Failed) => {
                let page = stage.page();
                upset::react(stage, Cause::Control(way, outcome))?;
                if !std::ptr::eq(stage.page(), page) {
                    return STAYS;
                }
            }
        }
    }
    STAYS
}

fn go_onward(stage: &mut Stage<'_>) -> Goes {
    let page = stage.page();
    for selector in &page.onward {
        let element = stage.element(selector);
        if matches!(element.answer, Answer::Order(_)) {
            return check_out(stage, element);
        }
        follow(stage, element)?;
        if !std::ptr::eq(stage.page(), page) {
            return STAYS;
        }
        stage.pause(300..=1_800);
    }
    STAYS
}

/// Fills in the form and orders, or thinks better of it.
fn check_out(stage: &mut Stage<'_>, order: &Element) -> Goes {
    let page = stage.page();
    let bad = stage.draw.chance(page.troubles.bad_form);
    let fields = stage.fields();
    for field in &fields {
        let unsure = bad && stage.draw.chance(350);
        match unsure {
            true => stage.fill_unsure(&field.selector),
            false => stage.press_as(&field.selector, Outcome::Answered),
        }
        // What it will cost in all is seen here.
        if stage.draw.chance(if unsure { 60 } else { 25 }) {
            return LEAVES;
        }
    }
    let (intent, frustration) = (stage.mind.intent, stage.frustration());
    if !odds(stage, (0.02 + 0.55 * intent) * (1.0 - 0.8 * frustration)) {
        return LEAVES;
    }
    if bad {
        refuse(stage, order, &fields)?;
    }
    stage.submit(order);
    let outcome = stage.press(&order.selector);
    match outcome {
        Outcome::Answered | Outcome::Slow => {
            calm::sign_in(stage);
            STAYS
        }
        Outcome::Dead | Outcome::Failed | Outcome::Broken => {
            stage.pause(900..=2_500);
            upset::react(stage, Cause::Control(order, outcome))?;
            if !std::ptr::eq(stage.page(), page) {
                return STAYS;
            }
            let gives_up = 0.3 + 0.5 * stage.frustration();
            if odds(stage, gives_up) {
                return LEAVES;
            }
            stage.press(&order.selector);
            STAYS
        }
    }
}

/// The form refuses, once or more, until it is content or left.
fn refuse(stage: &mut Stage<'_>, order: &Element, fields: &[&Element]) -> Goes {
    let refused = Element {
        answer: Answer::Change,
        ..order.clone()
    };
    for _ in 0..REFUSALS_MAX {
        stage.submit(order);
        stage.scroll_to(order.place.1);
        stage.press_this(&refused, Outcome::Answered);
        stage.pause(150..=400);
        let first = stage.draw.within(0..=1) as usize;
        let wrong = &fields[first..=first + stage.draw.within(0..=1) as usize];
        stage.refuse(wrong);
        stage.pause(900..=3_000);
        upset::react(stage, Cause::Page)?;
        let page = stage.page();
        if page.element(&order.selector).is_none() {
            return LEAVES;
        }
        for field in wrong {
            if stage.draw.chance(300) {
                stage.glance_into(&field.selector);
            }
            stage.fill_anew(&field.selector);
        }
        let frustration = stage.frustration();
        if odds(stage, 0.12 + 0.5 * frustration) {
            return LEAVES;
        }
        if stage.draw.chance(450) {
            return STAYS;
        }
    }
    LEAVES
}

/// Looks for something by words, again if it is not found.
fn search(stage: &mut Stage<'_>, field: &Element) -> Goes {
    let lost = stage.draw.chance(stage.page().troubles.lost_search);
    stage.look_for(&field.selector, true);
    if !lost {
        stage.mind.succeed(stage.now);
        return STAYS;
    }
    stage.meet(Fault::LostSearch, field.hash());
    let again = stage.draw.within(0..=3);
    for _ in 0..again {
        stage.read(1_500..=5_000);
        if stage.draw.chance(200) {
            stage.note(Kind::Find);
            stage.pause(1_500..=4_000);
        }
        let Some(field) = stage.search_field().filter(|_| stage.may_load()) else {
            break;
        };
        stage.look_for(&field.selector, true);
        stage.meet(Fault::LostSearch, field.hash());
        if stage.came() == Load::Slow {
            upset::react(stage, Cause::Page)?;
        }
    }
    upset::react(stage, Cause::Page)
}

/// Few are asked how it was, and fewer answer.
fn ask(stage: &mut Stage<'_>) {
    if !stage.draw.chance(60) {
        return;
    }
    let (frustration, confusion) = stage.mind.most();
    let felt = 9.3 - 7.0 * frustration - 1.5 * confusion + 1.3 * stage.draw.normal();
    stage.pause(1_500..=4_000);
    stage.note(Kind::Feedback {
        kind: FeedbackKind::Nps,
        answer: felt.round().clamp(0.0, 10.0) as u32,
    });
}
