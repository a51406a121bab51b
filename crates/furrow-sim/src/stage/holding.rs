//! What is done with a phone in the hand, and with its window.

use super::{Stage, i32_of};
use crate::fault::Fault;
use crate::site::{Element, fnv};
use furrow_core::interaction::{Kind, Response, ResponseKind, Rotation, Swipe, TiltPath, Zoom};

/// Readings of the up-vector come so often, ms.
const TILT_MS: u32 = 100;

impl Stage<'_> {
    /// Turns the screen over, or back.
    pub(crate) fn turn(&mut self) {
        let (from_degrees, to_degrees) = if self.turned { (90, 0) } else { (0, 90) };
        self.turned = !self.turned;
        let (width, height) = self.person.hand.device.viewport;
        self.person.hand.device.viewport = (height, width);
        self.note(Kind::Rotation(Rotation {
            from_degrees,
            to_degrees,
            viewport: (height, width),
            video_in_view: self.page().film && self.scroll_y == 0,
        }));
    }

    pub(crate) fn is_turned(&self) -> bool {
        self.turned
    }

    /// Swipes over the page's pictures; they follow, or they do not.
    pub(crate) fn swipe(&mut self, follows: bool) {
        let (width, height) = self.person.hand.device.viewport;
        let start = (i32_of(width * 3 / 4), i32_of(height / 3));
        let far = self.draw.within(width / 4..=width / 2);
        let aside = i32_of(self.draw.within(0..=16)) - 8;
        let duration_ms = self.draw.within(90..=260);
        let mut facts = Vec::new();
        if follows {
            let after = self.draw.within(8..=30);
            facts.push((ResponseKind::MutationStill, after));
            facts.push((ResponseKind::Scroll, after + 4));
        } else {
            let page = fnv(self.page().path.as_bytes());
            self.meet(Fault::DeadSwipe, page);
        }
        let swipe = Swipe {
            start,
            displacement: (-i32_of(far), aside),
            duration_ms,
            target: None,
            response: self.watched(facts),
        };
        let known = self.now + 1_000;
        self.tape.note(self.now, known, Kind::Swipe(swipe), None);
        self.now += duration_ms;
    }

    /// Makes a text larger with two fingers, and small again.
    pub(crate) fn zoom(&mut self, text: &Element, times: u32) {
        let mut scale = 1_000;
        for _ in 0..times {
            let after = scale + self.draw.within(300..=900);
            self.zoom_to(text, scale, after);
            scale = after;
            self.pause(900..=2_600);
        }
        self.zoom_to(text, scale, 1_000);
    }

    fn zoom_to(&mut self, text: &Element, from: u32, to: u32) {
        let position = self.place_of(text);
        let zoom = Zoom {
            scale_before_milli: from,
            scale_after_milli: to,
            position,
            target: None,
            response: self.watched(Vec::new()),
        };
        self.note_of(Kind::Zoom(zoom), text);
    }

    fn watched(&self, facts: Vec<(ResponseKind, u32)>) -> Response {
        Response {
            watched_ms: 1_000,
            reportable: self.person.hand.reportable,
            facts,
            quiet_before_ms: if self.page().moving { 120 } else { 10_000 },
        }
    }

    /// The phone is shaken.
    pub(crate) fn shake(&mut self) {
        let peak_mm_s2 = self.draw.within(18_000..=42_000);
        let duration_ms = self.draw.within(300..=900);
        self.note(Kind::Shake {
            peak_mm_s2,
            duration_ms,
        });
        self.now += duration_ms;
    }

    /// The phone is held for so many readings, tilting about by up to so much
    /// of the up-vector, in 1/127.
    pub(crate) fn hold(&mut self, readings: u32, most: u32) {
        let mut before = (0, 0, 0);
        let mut steps = Vec::new();
        let mut side = 1;
        for reading in 0..readings {
            // Four readings to a side: a swing, when it is wide.
            if reading % 4 == 0 {
                side = -side;
            }
            let x = side * i32_of(self.draw.within(most / 2..=most));
            let y = i32_of(self.draw.within(60..=80));
            let rest = 127 * 127 - x * x - y * y;
            let z = f64::from(rest.max(0)).sqrt() as i32;
            let dt = if reading == 0 { 0 } else { TILT_MS };
            steps.push((dt, x - before.0, y - before.1, z - before.2));
            before = (x, y, z);
        }
        let known = self.now + TILT_MS * readings.saturating_sub(1);
        let path = TiltPath { steps };
        self.tape.note(self.now, known, Kind::TiltPath(path), None);
        self.now = known;
    }

    /// Does something in another window for a while.
    pub(crate) fn look_away(&mut self, ms: std::ops::RangeInclusive<u32>) {
        self.note(Kind::Visibility { visible: false });
        self.pause(ms);
        self.note(Kind::Visibility { visible: true });
    }
}
