//! What people do when something stands in their way: each in their own way,
//! many not at all.

use crate::person::Way;
use crate::site::{Element, Outcome};
use crate::stage::Stage;
use crate::visit::{Goes, LEAVES, STAYS, odds};

/// What stands in the way.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Cause<'e> {
    /// A control, and what pressing it comes to.
    Control(&'e Element, Outcome),
    /// The page itself.
    Page,
}

/// Does something about it, or nothing; some leave.
pub(crate) fn react(stage: &mut Stage<'_>, cause: Cause<'_>) -> Goes {
    let frustration = stage.frustration();
    stage.pause(500..=1_800);
    if !odds(stage, 0.2 + 0.75 * frustration) {
        return STAYS;
    }
    let touches = stage.touches();
    let may_load = stage.may_load();
    let may_go_back = stage.before().is_some() && may_load;
    let control = matches!(cause, Cause::Control(..));
    let temper = stage.person.temper;
    let open = |way| match way {
        Way::Rage | Way::Retry => control,
        Way::Thrash => !touches,
        Way::Turn | Way::Shake => touches,
        Way::Back => may_go_back,
        Way::Reload => may_load,
        Way::Leave | Way::Carry => true,
    };
    let way = temper.way(open, &mut stage.draw);
    act(stage, way, cause)?;
    let left = stage.frustration();
    match odds(stage, 0.45 * left * left) {
        true => LEAVES,
        false => STAYS,
    }
}

fn act(stage: &mut Stage<'_>, way: Way, cause: Cause<'_>) -> Goes {
    match (way, cause) {
        (Way::Rage, Cause::Control(element, outcome)) => {
            let times = stage.draw.within(3..=9);
            // Most rage fast, some slowly.
            let (least, most) = match stage.draw.chance(800) {
                true => (100, 320),
                false => (450, 800),
            };
            stage.burst(&element.selector, outcome, times, least..=most);
            stage.pause(900..=2_500);
        }
        (Way::Retry, Cause::Control(element, outcome)) => {
            let times = stage.draw.within(1..=3);
            for _ in 0..times {
                stage.pause(1_100..=3_600);
                stage.burst(&element.selector, outcome, 1, 200..=300);
            }
        }
        (Way::Rage | Way::Retry, Cause::Page) | (Way::Carry, _) => {}
        (Way::Reload, _) => {
            stage.reload();
            if stage.draw.chance(300) {
                stage.pause(2_000..=8_000);
                stage.reload();
            }
        }
        (Way::Back, _) => stage.back(),
        (Way::Thrash, _) => {
            let throws = stage.draw.within(8..=16);
            stage.thrash(throws);
        }
        (Way::Turn, _) => {
            let turns = stage.draw.within(2..=5);
            for _ in 0..turns {
                stage.turn();
                stage.pause(500..=1_700);
            }
        }
        (Way::Shake, _) => {
            stage.shake();
            if stage.person.tells_tilt {
                stage.hold(24, 110);
            }
        }
        (Way::Leave, _) => return LEAVES,
    }
    STAYS
}
