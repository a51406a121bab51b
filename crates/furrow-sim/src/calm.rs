//! What people do without meaning anything by it: they select and copy, look
//! away, wiggle the pointer to find it, press on bare text, turn the phone for
//! a film.

use crate::site::{Answer, Element};
use crate::stage::Stage;
use crate::visit::is_plain;
use furrow_core::interaction::{Kind, TargetKind, Value};

/// What a site tells of a visitor who has just come.
pub(crate) fn introduce(stage: &mut Stage<'_>) {
    if stage.draw.chance(200) {
        let variant = *stage.draw.one(&["long", "short"]);
        stage.note(Kind::Exposure {
            experiment: "texts".into(),
            variant: variant.into(),
        });
    }
    if stage.draw.chance(100) {
        let theme = *stage.draw.one(&["light", "dark"]);
        stage.note(Kind::Custom {
            name: "theme".into(),
            attributes: vec![("name".into(), Value::Text(theme.into()))],
        });
    }
}

/// Some who have ordered have an account, and the site says whose it is.
pub(crate) fn sign_in(stage: &mut Stage<'_>) {
    if stage.draw.chance(400) {
        let [.., first, last] = stage.person.visitor.0;
        stage.note(Kind::Identify {
            id: format!("account-{first:02x}{last:02x}").into(),
        });
    }
}

/// Habits, on any page.
pub(crate) fn indulge(stage: &mut Stage<'_>) {
    let fidgets = stage.person.fidget_milli;
    if stage.draw.chance(fidgets) {
        fidget(stage);
    }
    if stage.draw.chance(35) {
        select(stage);
    }
    if stage.draw.chance(50) {
        stage.look_away(2_000..=20_000);
    }
    if stage.draw.chance(12) {
        stage.note(Kind::Find);
        stage.pause(1_500..=4_000);
    }
    if stage.draw.chance(3) {
        stage.note(Kind::Print);
        stage.pause(2_000..=5_000);
    }
    if !stage.touches() && stage.draw.chance(25) {
        let throws = stage.draw.within(4..=9);
        stage.thrash(throws);
    }
    if stage.touches() {
        let film = stage.page().film;
        if film && !stage.is_turned() && stage.draw.chance(60) {
            stage.turn();
            stage.pause(6_000..=20_000);
            stage.turn();
        }
        if stage.person.tells_tilt {
            stage.hold(16, 20);
        }
    }
}

/// Presses what has no answer to give: bare ground mostly, a picture, a line
/// of text.
fn fidget(stage: &mut Stage<'_>) {
    let page = stage.page();
    let times = stage.draw.within(1..=4);
    let plain = page.elements.iter().find(|e| is_plain(e));
    let ground = ground();
    for _ in 0..times {
        match plain {
            Some(element) if stage.draw.chance(450) => {
                stage.press(&element.selector);
            }
            _ => stage.press_blank(&ground),
        }
        stage.pause(150..=700);
    }
}

fn select(stage: &mut Stage<'_>) {
    let texts = |e: &&Element| e.kind == TargetKind::Text;
    if let Some(text) = stage.page().elements.iter().find(texts) {
        let presses = stage.draw.within(2..=3);
        stage.select_text(text, presses);
        if stage.draw.chance(500) {
            stage.pause(400..=1_200);
            stage.note_of(Kind::Copy { target: None }, text);
        }
    }
}

fn ground() -> Element {
    Element {
        selector: "main".into(),
        label: "".into(),
        kind: TargetKind::Other,
        place: (500, 400),
        width: 400,
        answer: Answer::Nothing,
        faults: crate::site::Faults::default(),
    }
}
