//! What a client sends, as the core sees it: checked, with absolute times.
//!
//! The shapes follow `proto/furrow/v1/interaction.proto`, which documents every
//! field; invalid values do not exist here. Lengths are px, durations ms.

use crate::ids::{SenderId, SessionId, TargetHash, VisitorId};
use crate::time::ClientTime;
use serde::{Deserialize, Serialize};

/// One sender's interactions of one session, in order of time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Batch {
    /// The session.
    pub session: SessionId,
    /// None without consent.
    pub visitor: Option<VisitorId>,
    /// The page load or app start.
    pub sender: SenderId,
    /// Counts the sender's batches from 0.
    pub sequence: u32,
    /// The client's clock when the batch begins.
    pub origin: ClientTime,
    /// The client's clock when the batch was closed.
    pub sent: ClientTime,
    /// The page view in which the batch begins.
    pub page: Page,
    /// Present when it changed.
    pub device: Option<Device>,
    /// What the interactions refer to by index.
    pub targets: Vec<Target>,
    /// In order of time.
    pub interactions: Vec<Interaction>,
    /// Interactions of kinds that this version does not know; they are left out.
    pub unknown: u32,
    /// Samples in all paths of the batch.
    pub samples: u32,
}

/// A page view as far as every batch repeats it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Page {
    /// Counts the sender's page views from 0.
    pub number: u32,
    /// Path without query and fragment.
    pub path: Box<str>,
    /// The site's own name for pages of this kind.
    pub group: Box<str>,
}

/// The device as far as it is told.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Device {
    /// Its class.
    pub class: DeviceClass,
    /// The pointer it mainly offers.
    pub pointer: PointerType,
    /// Operating system family.
    pub os: Box<str>,
    /// Browser family.
    pub browser: Box<str>,
    /// Viewport width and height, px.
    pub viewport: (u32, u32),
    /// Screen width and height, px.
    pub screen: (u32, u32),
    /// Device pixels per px, in thousandths.
    pub pixel_ratio_milli: u32,
    /// BCP 47.
    pub language: Box<str>,
}

/// An element acted on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// Stable identity.
    pub hash: TargetHash,
    /// Readable, free of personal data.
    pub selector: Box<str>,
    /// What the element is called; may be empty.
    pub label: Box<str>,
    /// What it is.
    pub kind: TargetKind,
    /// A control, or something with a listener for presses.
    pub interactive: bool,
    /// Looks as if it could be pressed.
    pub looks_interactive: bool,
    /// Rage is not judged here.
    pub ignore_rage: bool,
    /// Dead presses are not judged here.
    pub ignore_dead: bool,
}

/// One thing a visitor did, or the page did to them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Interaction {
    /// When it began or was reported.
    pub at: ClientTime,
    /// What it was.
    pub kind: Kind,
}

/// The kinds of interaction.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub enum Kind {
    PointerPath(PointerPath),
    Press(Press),
    Response(ResponseUpdate),
    Swipe(Swipe),
    Zoom(Zoom),
    Shake {
        peak_mm_s2: u32,
        duration_ms: u32,
    },
    ScrollPath(ScrollPath),
    Hover(Hover),
    Rotation(Rotation),
    TiltPath(TiltPath),
    Focus {
        gained: bool,
    },
    Visibility {
        visible: bool,
    },
    Field(Field),
    PageView(PageView),
    Navigation(NavigationKind),
    Problem(Problem),
    TextSelection {
        target: Option<TargetIndex>,
        length: u32,
    },
    Copy {
        target: Option<TargetIndex>,
    },
    Find,
    Print,
    Conversion(Conversion),
    Exposure {
        experiment: Box<str>,
        variant: Box<str>,
    },
    Feedback {
        kind: FeedbackKind,
        answer: u32,
    },
    Identify {
        id: Box<str>,
    },
    Custom {
        name: Box<str>,
        attributes: Vec<(Box<str>, Value)>,
    },
    SessionEnd(SessionEndCause),
    Obstruction(Obstruction),
}

impl Kind {
    /// How many samples it carries; 0 for what is no path.
    #[must_use]
    pub fn samples(&self) -> usize {
        match self {
            Kind::PointerPath(path) => 1 + path.steps.len(),
            Kind::ScrollPath(path) => 1 + path.steps.len(),
            // A tilt path's first reading is a step too, from (0, 0, 0).
            Kind::TiltPath(path) => path.steps.len(),
            Kind::Press(_)
            | Kind::Response(_)
            | Kind::Swipe(_)
            | Kind::Zoom(_)
            | Kind::Shake { .. }
            | Kind::Hover(_)
            | Kind::Rotation(_)
            | Kind::Focus { .. }
            | Kind::Visibility { .. }
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
            | Kind::Obstruction(_) => 0,
        }
    }
}

/// Index into the batch's targets; checked when the batch is decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetIndex(pub u16);

/// One more sample of a path, relative to the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// ms since the sample before.
    pub dt: u32,
    /// px to the right.
    pub dx: i32,
    /// px down.
    pub dy: i32,
}

/// Pointer positions in the viewport.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct PointerPath {
    pub pointer: PointerType,
    /// The first sample, at the interaction's time.
    pub start: (i32, i32),
    pub steps: Vec<Step>,
}

/// A click, tap or long press.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Press {
    /// Counts the sender's presses from 0.
    pub number: u32,
    pub kind: PressKind,
    pub pointer: PointerType,
    /// When the pointer went down.
    pub down: ClientTime,
    /// Position in the viewport.
    pub position: (i32, i32),
    /// Position in the document.
    pub page_position: (i32, i32),
    pub target: Option<TargetIndex>,
    pub button: Button,
    pub hold_ms: u32,
    pub hover_before_ms: u32,
    pub selected_text: bool,
    pub scrolled: bool,
    pub keyboard: bool,
    pub modified: bool,
    pub response: Response,
}

/// What the page did after a press, as far as the client saw it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Response {
    /// How long the client has watched, from pointer-down.
    pub watched_ms: u32,
    /// Which kinds this client can report at all.
    pub reportable: Reportable,
    /// The first of each kind, ms from pointer-down, in order of time.
    pub facts: Vec<(ResponseKind, u32)>,
    /// How long the page had stood still before.
    pub quiet_before_ms: u32,
}

/// A set of response kinds: bit k stands for the kind with number k.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Reportable(pub u64);

impl Reportable {
    /// Whether the client can report this kind.
    #[must_use]
    pub fn contains(self, kind: ResponseKind) -> bool {
        self.0 & (1 << kind as u8) != 0
    }

    /// Whether the client can report anything at all.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }
}

/// Completes an earlier press of the same sender.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct ResponseUpdate {
    pub press: u32,
    pub response: Response,
}

/// One finger moved over the screen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Swipe {
    pub start: (i32, i32),
    pub displacement: (i32, i32),
    pub duration_ms: u32,
    pub target: Option<TargetIndex>,
    pub response: Response,
}

/// A pinch, a double-tap or a keyboard zoom.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Zoom {
    pub scale_before_milli: u32,
    pub scale_after_milli: u32,
    pub position: (i32, i32),
    pub target: Option<TargetIndex>,
    pub response: Response,
}

/// Vertical scroll positions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct ScrollPath {
    /// The first sample, at the interaction's time.
    pub start_y: i32,
    /// `dx` is 0.
    pub steps: Vec<Step>,
    pub viewport_height: u32,
    pub document_height: u32,
    pub cause: ScrollCause,
}

/// The pointer rested on a target.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Hover {
    pub target: TargetIndex,
    pub duration_ms: u32,
    pub entries: u32,
    pub pressed_after: bool,
}

/// The screen turned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Rotation {
    pub from_degrees: u16,
    pub to_degrees: u16,
    pub viewport: (u32, u32),
    pub video_in_view: bool,
}

/// Readings of the device's up-vector, in 1/127, each relative to the one
/// before and first to (0, 0, 0).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct TiltPath {
    /// `(dt, dx, dy, dz)`
    pub steps: Vec<(u32, i32, i32, i32)>,
}

/// Something happened to a form field.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Field {
    pub form: u64,
    pub field: u64,
    pub kind: FieldKind,
    pub change: FieldChange,
    pub first_input_ms: Option<u32>,
    pub corrections: u32,
}

/// A page begins to be shown.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct PageView {
    pub page: Page,
    pub referrer: ReferrerClass,
    pub first_paint_ms: u32,
    pub interactive_ms: u32,
    pub loaded_ms: u32,
    pub document: (u32, u32),
    pub viewport: (u32, u32),
}

/// Something went wrong on the page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Problem {
    pub kind: ProblemKind,
    pub message_hash: u64,
    pub origin: Box<str>,
    pub status: u16,
    /// When it began.
    pub began: ClientTime,
    pub broken_link: bool,
}

/// A goal reached, with its value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Conversion {
    pub order_id: Box<str>,
    pub value_minor: i64,
    /// Three capital letters, or empty for a goal without value.
    pub currency: Box<str>,
    pub kind: Box<str>,
}

/// Something covers the page, or stops covering it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Obstruction {
    pub kind: ObstructionKind,
    pub covered_milli: u16,
    pub opened_by_visitor: bool,
    pub shown: bool,
}

/// A custom attribute's value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub enum Value {
    Text(Box<str>),
    Number(f64),
    Flag(bool),
}

macro_rules! closed_set {
    ($(#[$doc:meta])* $name:ident { $($variant:ident = $number:literal),+ $(,)? } $(or $default:ident)?) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[repr(u8)]
        #[allow(missing_docs)]
        pub enum $name { $($variant = $number),+ }

        impl $name {
            /// Every value, in the order of their numbers.
            pub const ALL: &[$name] = &[$($name::$variant),+];

            /// The value with this number on the wire, if there is one.
            #[must_use]
            pub fn from_number(number: i32) -> Option<$name> {
                match number { $($number => Some($name::$variant),)+ _ => None }
            }
        }

        $(impl Default for $name { fn default() -> Self { $name::$default } })?
    };
}

closed_set!(
    /// What kind of device.
    DeviceClass { Unspecified = 0, Desktop = 1, Tablet = 2, Phone = 3, Other = 4 } or Unspecified
);
closed_set!(
    /// What points.
    PointerType { Unspecified = 0, Mouse = 1, Touch = 2, Pen = 3 } or Unspecified
);
closed_set!(
    /// What an element is.
    TargetKind {
        Unspecified = 0, Button = 1, Link = 2, LinkAway = 3, TextField = 4, Check = 5, Select = 6,
        Date = 7, File = 8, Slider = 9, InputLabel = 10, Canvas = 11, Video = 12, Frame = 13,
        Image = 14, Text = 15, Other = 16,
    } or Unspecified
);
closed_set!(
    /// How it was pressed.
    PressKind { Click = 1, Tap = 2, Long = 3 }
);
closed_set!(
    /// Which button.
    Button { Primary = 0, Middle = 1, Secondary = 2, Other = 3 }
);
closed_set!(
    /// What a page can do after a press.
    ResponseKind {
        Paint = 1, LayoutShift = 2, MutationStill = 3, MutationMoving = 4,
        MutationInsideLasting = 5, MutationInsidePassing = 6, Input = 7, Toggle = 8, Submit = 9,
        Request = 10, Navigation = 11, Scroll = 12, Focus = 13, Window = 14, Transition = 15,
        Selection = 16, Media = 17, Fullscreen = 18, Clipboard = 19, Canvas = 20, Value = 21,
        StyleSheet = 22, Error = 23, Analytics = 24,
    }
);
closed_set!(
    /// What moved the page.
    ScrollCause { Unspecified = 0, Wheel = 1, Touch = 2, Keyboard = 3, Bar = 4, Script = 5 } or Unspecified
);
closed_set!(
    /// What a field takes.
    FieldKind {
        Unspecified = 0, Text = 1, Email = 2, Telephone = 3, Password = 4, Number = 5, Date = 6,
        Choice = 7, Search = 8, Payment = 9, Other = 10,
    } or Unspecified
);
closed_set!(
    /// What happened to a field.
    FieldChange {
        Focus = 1, Blur = 2, Change = 3, Submit = 4, ValidationError = 5, Paste = 6, Clear = 7,
    }
);
closed_set!(
    /// Where a page view came from.
    ReferrerClass {
        Unspecified = 0, Direct = 1, Internal = 2, Search = 3, Social = 4, Mail = 5,
        Advertisement = 6, Other = 7,
    } or Unspecified
);
closed_set!(
    /// What covers the page.
    ObstructionKind { Overlay = 1, Interstitial = 2, Advertisement = 3 }
);
closed_set!(
    /// How the visitor moved between pages.
    NavigationKind { Back = 1, Forward = 2, Reload = 3, InPage = 4 }
);
closed_set!(
    /// What went wrong.
    ProblemKind {
        ScriptError = 1, RequestFailed = 2, ResourceFailed = 3, LongTask = 4, NotResponding = 5,
    }
);
closed_set!(
    /// What was asked.
    FeedbackKind { Nps = 1, Csat = 2, Ces = 3 }
);
closed_set!(
    /// Why a session ended.
    SessionEndCause { Unspecified = 0, Logout = 1, AppClosed = 2, ConsentWithdrawn = 3 } or Unspecified
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_carry_their_samples_and_nothing_else_does() {
        let step = Step {
            dt: 8,
            dx: 1,
            dy: 1,
        };
        let pointer = Kind::PointerPath(PointerPath {
            pointer: PointerType::Mouse,
            start: (0, 0),
            steps: vec![step; 2],
        });
        let scroll = Kind::ScrollPath(ScrollPath {
            start_y: 0,
            steps: Vec::new(),
            viewport_height: 900,
            document_height: 2_000,
            cause: ScrollCause::Wheel,
        });
        let tilt = Kind::TiltPath(TiltPath {
            steps: vec![(0, 0, 0, 127); 2],
        });
        let samples = [pointer, scroll, tilt, Kind::Find].map(|kind| kind.samples());
        assert_eq!(samples, [3, 1, 2, 0]);
    }
}
