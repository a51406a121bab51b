//! What can be wrong with a site, and how hard it is to bear.

/// A planted fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Fault {
    /// A control that does nothing.
    DeadControl,
    /// A control that answers after more than a second.
    SlowControl,
    /// A control whose request is refused, or whose script breaks.
    ErrorControl,
    /// Something covers the page and does not want to go.
    BlockingOverlay,
    /// A link to a page that is not there.
    BrokenLink,
    /// A form that refuses what it was given and does not say why.
    BadForm,
    /// A page that takes more than three seconds to come.
    SlowPage,
    /// A search that does not find what is there.
    LostSearch,
    /// Pictures that do not follow the finger.
    DeadSwipe,
    /// A page that does not fit a phone.
    CrampedLayout,
}

impl Fault {
    #[cfg(test)]
    pub(crate) const ALL: [Fault; 10] = [
        Fault::DeadControl,
        Fault::SlowControl,
        Fault::ErrorControl,
        Fault::BlockingOverlay,
        Fault::BrokenLink,
        Fault::BadForm,
        Fault::SlowPage,
        Fault::LostSearch,
        Fault::DeadSwipe,
        Fault::CrampedLayout,
    ];

    /// Its name in a session's truth.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Fault::DeadControl => "dead_control",
            Fault::SlowControl => "slow_control",
            Fault::ErrorControl => "error_control",
            Fault::BlockingOverlay => "blocking_overlay",
            Fault::BrokenLink => "broken_link",
            Fault::BadForm => "bad_form",
            Fault::SlowPage => "slow_page",
            Fault::LostSearch => "lost_search",
            Fault::DeadSwipe => "dead_swipe",
            Fault::CrampedLayout => "cramped_layout",
        }
    }

    /// What it adds to the frustration of somebody of middling patience to
    /// whom their errand matters, 0 to 1.
    pub(crate) fn frustrates(self) -> f64 {
        match self {
            Fault::DeadControl => 0.34,
            Fault::SlowControl => 0.16,
            Fault::ErrorControl => 0.40,
            Fault::BlockingOverlay => 0.26,
            Fault::BrokenLink => 0.36,
            Fault::BadForm => 0.30,
            Fault::SlowPage => 0.24,
            Fault::LostSearch => 0.34,
            Fault::DeadSwipe => 0.20,
            Fault::CrampedLayout => 0.22,
        }
    }

    /// What it adds to the confusion of somebody of middling savvy, 0 to 1.
    pub(crate) fn confuses(self) -> f64 {
        match self {
            Fault::DeadControl => 0.10,
            Fault::SlowControl => 0.04,
            Fault::ErrorControl => 0.08,
            Fault::BlockingOverlay => 0.05,
            Fault::BrokenLink => 0.16,
            Fault::BadForm => 0.34,
            Fault::SlowPage => 0.02,
            Fault::LostSearch => 0.34,
            Fault::DeadSwipe => 0.10,
            Fault::CrampedLayout => 0.14,
        }
    }
}
