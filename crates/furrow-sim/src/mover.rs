//! Somebody who only looks: nothing is pressed, and nothing goes wrong. They
//! may be lively, lost or asleep; what they move is all there is.

use crate::site::Element;
use crate::stage::Stage;

/// One page, looked at for a quarter of a minute to two minutes.
pub(crate) fn look(stage: &mut Stage<'_>) {
    let acts = stage.draw.within(6..=20);
    let page = stage.page();
    for _ in 0..acts {
        match stage.draw.within(0..=99) {
            0..35 => stage.read(1_500..=6_000),
            35..50 => {
                let depth = stage.draw.within(200..=page.height.max(201));
                stage.scroll_to(depth);
            }
            50..58 => {
                let turns = stage.draw.within(3..=8);
                stage.scan(turns);
            }
            58..72 => {
                let elements: Vec<&Element> = page.elements.iter().collect();
                let element = *stage.draw.one(&elements);
                let entries = stage.draw.within(1..=4);
                stage.hover(element, 300..=5_000, entries);
            }
            72..82 => match stage.touches() {
                true => stage.pause(1_000..=5_000),
                false => {
                    let lines = stage.draw.within(3..=6);
                    stage.read_along(lines);
                }
            },
            82..90 => match stage.touches() {
                true => stage.pause(1_000..=5_000),
                false => stage.stray(4_000..=8_000),
            },
            90..96 => {
                let throws = stage.draw.within(4..=16);
                stage.thrash(throws);
            }
            _ => stage.look_away(2_000..=12_000),
        }
    }
}
