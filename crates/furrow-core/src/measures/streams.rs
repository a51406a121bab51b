//! Everything that stands between the samples of one sender.

use super::fitts::NOMINAL_TARGET_PX;
use super::{HoverStream, Measures, Movement, PointerStream, ScrollStream, TiltStream};
use crate::interaction::{Interaction, Kind, Press, Target};
use serde::{Deserialize, Serialize};

/// What one sender's samples have begun and not ended.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Streams {
    pointer: PointerStream,
    scroll: ScrollStream,
    hover: HoverStream,
    tilt: TiltStream,
}

/// Where measures of a sender go.
#[derive(Debug)]
pub struct Recipients<'a> {
    /// Its session.
    pub session: &'a mut Measures,
    /// The page view that it shows.
    pub page_view: Option<&'a mut Measures>,
    /// Movements that have ended, for whoever looks at each.
    pub movements: &'a mut Vec<Movement>,
}

impl Recipients<'_> {
    fn add(&mut self, movement: Movement) {
        self.each(|measures| measures.add(&movement));
        // Hardly any interaction ends two, and a list grows to four at once.
        self.movements.reserve_exact(1);
        self.movements.push(movement);
    }

    fn each(&mut self, tell: impl Fn(&mut Measures)) {
        tell(self.session);
        if let Some(page_view) = &mut self.page_view {
            tell(page_view);
        }
    }
}

impl Streams {
    /// An interaction in order; `targets` are what it refers to.
    pub fn observe(
        &mut self,
        interaction: &Interaction,
        targets: &[Target],
        mut to: Recipients<'_>,
    ) {
        let at = interaction.at;
        if let Some(movement) = self.pointer.passed(at) {
            to.add(movement);
        }
        match &interaction.kind {
            Kind::PointerPath(path) => self.pointer.path(at, path, |movement| to.add(movement)),
            Kind::Press(press) => self.pressed(press, &mut to),
            Kind::ScrollPath(path) => {
                let scrolls = self.scroll.path(at, path);
                to.each(|measures| measures.scrolled(scrolls));
            }
            Kind::Hover(hover) => {
                let target = targets[usize::from(hover.target.0)].hash;
                let hovers = self.hover.hovered(target, hover);
                to.each(|measures| measures.hovered(hovers));
            }
            Kind::TiltPath(path) => {
                let tilt = self.tilt.path(at, path);
                to.each(|measures| measures.tilted(tilt));
            }
            Kind::Visibility { visible: false } => self.ended(to),
            Kind::Visibility { visible: true }
            | Kind::Response(_)
            | Kind::Swipe(_)
            | Kind::Zoom(_)
            | Kind::Shake { .. }
            | Kind::Rotation(_)
            | Kind::Focus { .. }
            | Kind::Field(_)
            | Kind::PageView(_)
            | Kind::Navigation(_)
            | Kind::Problem(_)
            | Kind::TextSelection { .. }
            | Kind::Copy { .. }
            | Kind::Find
            | Kind::Print
            | Kind::Conversion(_)
            | Kind::Exposure { .. }
            | Kind::Feedback { .. }
            | Kind::Identify { .. }
            | Kind::Custom { .. }
            | Kind::SessionEnd(_)
            | Kind::Obstruction(_) => {}
        }
    }

    /// A key presses at no place.
    fn pressed(&mut self, press: &Press, to: &mut Recipients<'_>) {
        if press.keyboard {
            return;
        }
        let pressed = self
            .pointer
            .pressed(press.down, press.pointer, NOMINAL_TARGET_PX);
        if let Some(movement) = pressed.movement {
            to.add(movement);
        }
        if let Some(aim) = pressed.aim {
            to.each(|measures| measures.aimed(aim));
        }
    }

    /// Nothing more comes on this page view.
    pub fn left(&mut self, to: Recipients<'_>) {
        self.ended(to);
        self.scroll.page_changed();
        self.hover.page_changed();
    }

    /// Nothing more comes for now: what has begun ends.
    pub fn ended(&mut self, mut to: Recipients<'_>) {
        if let Some(movement) = self.pointer.ended() {
            to.add(movement);
        }
    }
}
