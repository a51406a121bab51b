//! The pointer goes, rests, reads and strays; the page scrolls.

use super::{Stage, i32_of};
use crate::motion;
use crate::site::Element;
use furrow_core::interaction::{
    Hover, Kind, PointerPath, ScrollCause, ScrollPath, Step, TargetIndex,
};
use std::ops::RangeInclusive;

/// Samples of one path at most; longer ones follow each other.
const PATH_SAMPLES: usize = 60;
/// What a pointer that only wanders heads for is about so wide, px.
const ANYWHERE_PX: f64 = 120.0;

impl Stage<'_> {
    /// The visitor reads for about so long; a mouse wanders meanwhile.
    pub(crate) fn read(&mut self, ms: RangeInclusive<u32>) {
        let until = self.now + self.draw.within(ms);
        while self.now < until {
            self.pause(400..=1_300);
            if self.draw.chance(450) {
                self.wander(120);
            }
        }
    }

    /// Moves the pointer a little, up to so far each way, px.
    pub(crate) fn wander(&mut self, most: u32) {
        let mut drift = |at: i32| at + i32_of(self.draw.within(0..=2 * most)) - i32_of(most);
        let to = (drift(self.pointer.0), drift(self.pointer.1));
        self.point(self.inside(to), ANYWHERE_PX);
    }

    /// Moves the pointer there, if the hand has one, aiming at something so
    /// wide, px.
    pub(crate) fn point(&mut self, to: (i32, i32), width_px: f64) {
        if self.touches() {
            self.pointer = to;
            return;
        }
        let manner = self.person.manner;
        let steps = motion::aim(self.pointer, to, width_px, &manner, &mut self.draw);
        self.trace(&steps);
    }

    /// One movement that takes so long.
    pub(crate) fn stroke(&mut self, to: (i32, i32), ms: u32) {
        if self.touches() {
            self.pointer = to;
            return;
        }
        let manner = self.person.manner;
        let steps = motion::stroke(self.pointer, to, ms, &manner, &mut self.draw);
        self.trace(&steps);
    }

    fn trace(&mut self, steps: &[Step]) {
        for steps in steps.chunks(PATH_SAMPLES) {
            let took: u32 = steps.iter().map(|step| step.dt).sum();
            let path = PointerPath {
                pointer: self.person.hand.device.pointer,
                start: self.pointer,
                steps: steps.to_vec(),
            };
            let known = self.now + took;
            self.tape
                .note(self.now, known, Kind::PointerPath(path), None);
            self.now = known;
            self.pointer = end_of(self.pointer, steps);
        }
    }

    /// Follows so many lines of text with the pointer, to the right slowly, to
    /// the left faster.
    pub(crate) fn read_along(&mut self, lines: u32) {
        let (width, height) = self.person.hand.device.viewport;
        let (left, right) = (i32_of(width / 4), i32_of(width * 6 / 10));
        let mut y = i32_of(self.draw.within(height / 4..=height / 2));
        for _ in 0..lines {
            let indent = i32_of(self.draw.within(0..=60));
            self.point((left, y), ANYWHERE_PX);
            let ms = self.draw.within(1_100..=2_200);
            self.stroke((right - indent, y + 3), ms);
            y += i32_of(self.draw.within(20..=30));
        }
    }

    /// Throws the pointer to and fro about where it is, so often.
    pub(crate) fn thrash(&mut self, throws: u32) {
        let middle = self.pointer;
        for throw in 0..throws {
            let side = if throw % 2 == 0 { 1 } else { -1 };
            let far = i32_of(self.draw.within(60..=190));
            let aside = i32_of(self.draw.within(0..=120)) - 60;
            let ms = self.draw.within(70..=150);
            self.stroke(self.inside((middle.0 + side * far, middle.1 + aside)), ms);
        }
    }

    /// Strays slowly over the page without getting anywhere, for about so long.
    pub(crate) fn stray(&mut self, ms: RangeInclusive<u32>) {
        let until = self.now + self.draw.within(ms);
        let home = self.pointer;
        while self.now < until {
            let x = home.0 + i32_of(self.draw.within(0..=640)) - 320;
            let y = home.1 + i32_of(self.draw.within(0..=360)) - 180;
            let ms = self.draw.within(900..=1_900);
            self.stroke(self.inside((x, y)), ms);
            self.pause(0..=180);
        }
    }

    /// Heads for the window's upper edge, where it is closed.
    pub(crate) fn head_out(&mut self) {
        let aside = i32_of(self.draw.within(0..=300)) - 150;
        let ms = self.draw.within(160..=420);
        self.stroke(self.inside((self.pointer.0 + aside, 0)), ms);
    }

    /// Where the element is in the viewport once it is scrolled to.
    pub(super) fn place_of(&mut self, element: &Element) -> (i32, i32) {
        let width = self.person.hand.device.viewport.0;
        let jitter = |draw: &mut crate::draw::Draw| i32_of(draw.within(0..=12)) - 6;
        let x = i32_of(width * element.place.0 / 1_000) + jitter(&mut self.draw);
        let y = i32_of(element.place.1) - self.scroll_y + jitter(&mut self.draw);
        (x, y)
    }

    /// Brings the pointer to the element.
    pub(super) fn reach(&mut self, element: &Element) {
        self.scroll_to(element.place.1);
        let place = self.place_of(element);
        self.point(place, f64::from(element.width));
        self.pause(80..=350);
    }

    /// Goes onto the element and off it again, so often, before it is pressed.
    pub(crate) fn dither(&mut self, element: &Element, entries: u32) {
        if self.touches() {
            self.pause(1_500..=4_000);
            return;
        }
        self.scroll_to(element.place.1);
        let mut dwelt_ms = 0;
        for _ in 0..entries {
            let place = self.place_of(element);
            self.point(place, f64::from(element.width));
            let rest = self.draw.within(250..=900);
            self.now += rest;
            dwelt_ms += rest;
            let beside = place.0 - i32_of(element.width) - 40;
            self.point(self.inside((beside, place.1 + 30)), 60.0);
            self.pause(150..=600);
        }
        self.entered = Some((element.hash(), entries, dwelt_ms));
    }

    /// Rests on the element for about so long and leaves it again, so often in
    /// all.
    pub(crate) fn hover(&mut self, element: &Element, ms: RangeInclusive<u32>, entries: u32) {
        if self.touches() {
            self.now += self.draw.within(ms);
            return;
        }
        self.scroll_to(element.place.1);
        let place = self.place_of(element);
        let beside = i32_of(element.width) + 30;
        let mut duration_ms = 0;
        for entry in 0..entries.max(1) {
            if entry > 0 {
                let away = self.inside((place.0 - beside, place.1 + 24));
                self.point(away, 60.0);
                self.pause(120..=500);
            }
            self.point(place, f64::from(element.width));
            let rest = self.draw.within(ms.clone()) / entries.max(1);
            self.now += rest;
            duration_ms += rest;
        }
        let hover = Hover {
            target: TargetIndex(0),
            duration_ms,
            entries: entries.max(1),
            pressed_after: false,
        };
        self.note_of(Kind::Hover(hover), element);
        let away = self.inside((place.0 - beside, place.1 + 40));
        self.point(away, 60.0);
    }

    /// Scrolls until the document's place `y` is in view, about in its middle.
    pub(crate) fn scroll_to(&mut self, y: u32) {
        let height = self.person.hand.device.viewport.1;
        let lowest = i32_of(self.page().height.saturating_sub(height));
        let to = (i32_of(y) - i32_of(height / 2)).clamp(0, lowest);
        while self.scroll_y != to {
            let flick = i32_of(self.draw.within(250..=600));
            let ms = self.draw.within(180..=420);
            self.scroll_by((to - self.scroll_y).clamp(-flick, flick), ms);
            self.pause(150..=700);
        }
    }

    /// Scrolls up and down again in haste, so often, looking for something.
    pub(crate) fn scan(&mut self, turns: u32) {
        let height = self.person.hand.device.viewport.1;
        let lowest = i32_of(self.page().height.saturating_sub(height));
        for turn in 0..turns {
            let share = self.draw.within(500..=1_100);
            let far = i32_of(height * share / 1_000);
            let down = (turn % 2 == 0) != (self.scroll_y > lowest / 2);
            let to = if down {
                self.scroll_y + far
            } else {
                self.scroll_y - far
            };
            let dy = to.clamp(0, lowest) - self.scroll_y;
            let ms = self.draw.within(220..=420);
            if dy != 0 {
                self.scroll_by(dy, ms);
            }
            self.pause(60..=420);
        }
    }

    fn scroll_by(&mut self, dy: i32, ms: u32) {
        let path = ScrollPath {
            start_y: self.scroll_y,
            steps: motion::scroll(dy, ms),
            viewport_height: self.person.hand.device.viewport.1,
            document_height: self.page().height,
            cause: if self.touches() {
                ScrollCause::Touch
            } else {
                ScrollCause::Wheel
            },
        };
        let known = self.now + ms;
        self.tape
            .note(self.now, known, Kind::ScrollPath(path), None);
        self.now = known;
        self.scroll_y += dy;
    }

    fn inside(&self, (x, y): (i32, i32)) -> (i32, i32) {
        let (width, height) = self.person.hand.device.viewport;
        (x.clamp(0, i32_of(width)), y.clamp(0, i32_of(height)))
    }
}

fn end_of(start: (i32, i32), steps: &[Step]) -> (i32, i32) {
    let add = |(x, y): (i32, i32), step: &Step| (x + step.dx, y + step.dy);
    steps.iter().fold(start, add)
}
