//! What visitors hold in their hands.

use crate::draw::Draw;
use furrow_core::interaction::{Device, DeviceClass, PointerType, Reportable, ResponseKind};

/// A device and what its browser can tell.
#[derive(Debug, Clone)]
pub(crate) struct Hand {
    pub(crate) device: Device,
    pub(crate) reportable: Reportable,
}

/// Families, viewport, pixel ratio in thousandths, and whether the browser
/// attributes paints to presses.
struct Model {
    class: DeviceClass,
    os: &'static str,
    browser: &'static str,
    viewport: (u32, u32),
    pixel_ratio_milli: u32,
    paints: bool,
}

const DESKTOPS: [Model; 4] = [
    model(
        DeviceClass::Desktop,
        "Windows",
        "Chrome",
        (1_536, 730),
        1_250,
        true,
    ),
    model(
        DeviceClass::Desktop,
        "Windows",
        "Edge",
        (1_920, 950),
        1_000,
        true,
    ),
    model(
        DeviceClass::Desktop,
        "macOS",
        "Safari",
        (1_440, 790),
        2_000,
        false,
    ),
    model(
        DeviceClass::Desktop,
        "Linux",
        "Firefox",
        (1_680, 900),
        1_000,
        false,
    ),
];
const PHONES: [Model; 3] = [
    model(
        DeviceClass::Phone,
        "Android",
        "Chrome",
        (412, 780),
        2_625,
        true,
    ),
    model(
        DeviceClass::Phone,
        "iOS",
        "Safari",
        (390, 664),
        3_000,
        false,
    ),
    model(
        DeviceClass::Phone,
        "Android",
        "Firefox",
        (393, 740),
        2_750,
        false,
    ),
];
const TABLETS: [Model; 1] = [model(
    DeviceClass::Tablet,
    "iOS",
    "Safari",
    (820, 1_080),
    2_000,
    false,
)];

const fn model(
    class: DeviceClass,
    os: &'static str,
    browser: &'static str,
    viewport: (u32, u32),
    pixel_ratio_milli: u32,
    paints: bool,
) -> Model {
    Model {
        class,
        os,
        browser,
        viewport,
        pixel_ratio_milli,
        paints,
    }
}

impl Hand {
    /// One as they come: about half desktops, a third phones.
    pub(crate) fn any(draw: &mut Draw) -> Hand {
        match draw.within(0..=99) {
            0..55 => Hand::desktop(draw),
            55..90 => Hand::phone(draw),
            _ => Hand::of(draw.one(&TABLETS), draw),
        }
    }

    /// One as they come to a site today: a little more than half phones.
    pub(crate) fn crowd(draw: &mut Draw) -> Hand {
        match draw.within(0..=99) {
            0..42 => Hand::desktop(draw),
            42..96 => Hand::phone(draw),
            _ => Hand::of(draw.one(&TABLETS), draw),
        }
    }

    pub(crate) fn desktop(draw: &mut Draw) -> Hand {
        Hand::of(draw.one(&DESKTOPS), draw)
    }

    pub(crate) fn phone(draw: &mut Draw) -> Hand {
        Hand::of(draw.one(&PHONES), draw)
    }

    fn of(model: &Model, draw: &mut Draw) -> Hand {
        let touch = model.class != DeviceClass::Desktop;
        let all = ResponseKind::ALL.iter().copied();
        let reportable = all
            .filter(|kind| model.paints || *kind != ResponseKind::Paint)
            .fold(0, |bits, kind| bits | 1 << kind as u8);
        Hand {
            device: Device {
                class: model.class,
                pointer: if touch {
                    PointerType::Touch
                } else {
                    PointerType::Mouse
                },
                os: model.os.into(),
                browser: model.browser.into(),
                viewport: model.viewport,
                screen: (model.viewport.0, model.viewport.1 + 130),
                pixel_ratio_milli: model.pixel_ratio_milli,
                language: (*draw.one(&["en-GB", "de-DE", "fr-FR", "nl-NL", "en-US"])).into(),
            },
            reportable: Reportable(reportable),
        }
    }

    pub(crate) fn touches(&self) -> bool {
        self.device.pointer == PointerType::Touch
    }
}
