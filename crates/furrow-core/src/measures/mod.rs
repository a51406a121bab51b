//! Measures: numbers computed from samples, in one pass and bounded memory.
//!
//! ```text
//! movement    pointer samples to movements
//! grid        the 16 ms and the 20 px grid
//! shape       length, straightness, deviation, flips, turning, entropy
//! kinematics  speed, acceleration, jerk, smoothness, submovements
//! fitts       movement time by difficulty
//! scroll      depth, path, reversals, speed, rhythm
//! hover       rests and re-entries
//! dwell       the distribution of dwell times
//! tilt        how the device is held
//! streams     what stands between the samples of one sender
//! roll_up     all of a page view or session, as values
//! average     means that add exactly
//! ```
//!
//! A sender keeps [`Streams`], which stand between its samples. What ends or is
//! summed there is added to a [`Measures`] per page view and per session.
//! Adding is exact, so neither order nor the cut into paths or batches changes
//! a value. Mouse, touch and pen are never mixed. To add a measure: compute it
//! in its file, here its row in `catalogue!`, its place in `Measures::values`,
//! its row in `docs/measures.md`.

mod average;
pub mod dwell;
pub mod fitts;
pub mod grid;
pub mod hover;
pub mod kinematics;
pub mod movement;
mod roll_up;
pub mod scroll;
pub mod shape;
mod streams;
pub mod tilt;

pub use fitts::Aim;
pub use hover::HoverStream;
pub use movement::{Movement, PointerStream, Pressed};
pub use roll_up::Measures;
pub use scroll::ScrollStream;
pub use streams::{Recipients, Streams};
pub use tilt::TiltStream;

use serde::{Deserialize, Serialize};

macro_rules! catalogue {
    ($($(#[$doc:meta])* $kind:ident: $name:literal, $unit:literal, $words:literal;)+) => {
        /// A measure of a page view or session. Ranges are what can come, not
        /// what is usual.
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
        )]
        #[serde(rename_all = "snake_case")]
        pub enum MeasureKind { $($(#[$doc])* $kind),+ }

        impl MeasureKind {
            /// The whole catalogue.
            pub const ALL: &[MeasureKind] = &[$(MeasureKind::$kind),+];

            /// The name in rows, rules and answers.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(MeasureKind::$kind => $name),+ }
            }

            /// The unit; 1 for a bare number.
            #[must_use]
            pub fn unit(self) -> &'static str {
                match self { $(MeasureKind::$kind => $unit),+ }
            }

            /// The name for people.
            #[must_use]
            pub fn words(self) -> &'static str {
                match self { $(MeasureKind::$kind => $words),+ }
            }
        }
    };
}

catalogue! {
    /// Movements that ended, from 1.
    Movements: "movements", "1", "pointer movements";
    /// Length of all movements, from 0. Hardly moves with the rate of samples.
    PathPx: "path_px", "px", "pointer path";
    /// Mean distance from a movement's first sample to its last, from 0.
    DisplacementPx: "displacement_px", "px", "displacement";
    /// Mean duration of a movement, above 0.
    MovementMs: "movement_ms", "ms", "movement time";
    /// Mean of displacement over path, 0 to 1 (straight). Hardly moves with
    /// the rate of samples.
    Straightness: "straightness", "1", "straightness";
    /// Mean of ln(path / displacement), from 0 (straight), without bound.
    ExcessPath: "excess_path", "1", "excess path";
    /// Mean area between path and chord over chord², without sign, from 0: the
    /// "area under the curve" of mouse-tracking studies, free of scale.
    ChordArea: "chord_area", "1", "area beside the chord";
    /// Mean of the samples' mean signed distance from the chord, its sign
    /// dropped, from 0. Slow parts have more samples and weigh more.
    MeanDeviationPx: "mean_deviation_px", "px", "mean deviation";
    /// Mean of the root mean squared distance from the chord, from 0. Slow
    /// parts weigh more.
    RmsDeviationPx: "rms_deviation_px", "px", "RMS deviation";
    /// Mean of the largest distance from the chord, from 0.
    MaxDeviationPx: "max_deviation_px", "px", "largest deviation";
    /// Mean changes between left and right in a movement, from 0; runs of up
    /// to 10 px do not count. Hardly moves with the rate of samples.
    XFlips: "x_flips", "1", "horizontal flips";
    /// Mean changes between up and down in a movement, likewise.
    YFlips: "y_flips", "1", "vertical flips";
    /// Angles between pieces of the 20 px grid per 1,000 px, 0 to 50π. On this
    /// grid the rate of samples keeps the order of sessions.
    TurningRadPer1000Px: "turning_rad_per_1000_px", "rad/1000 px", "turning";
    /// Mean Shannon entropy of directions over eighths of the circle, 0 to 3.
    HeadingEntropyBits: "heading_entropy_bits", "bit", "heading entropy";
    /// Path over duration of all movements, above 0. Hardly moves with the
    /// rate of samples.
    MeanSpeedPxPerS: "mean_speed_px_per_s", "px/s", "mean speed";
    /// Mean of a movement's highest speed on the 16 ms grid, from 0. Falls
    /// when the source is slower than the grid.
    PeakSpeedPxPerS: "peak_speed_px_per_s", "px/s", "peak speed";
    /// Mean of a movement's largest change of speed, from 0. Compare only
    /// between sources of one rate; absent above 33 ms between samples.
    PeakAccelerationPxPerS2: "peak_acceleration_px_per_s2", "px/s²", "peak acceleration";
    /// Mean of a movement's RMS second derivative of speed, from 0. As
    /// acceleration, more so.
    RmsJerkPxPerS3: "rms_jerk_px_per_s3", "px/s³", "RMS jerk";
    /// Mean log dimensionless jerk, mostly -3 to -15; higher is smoother.
    /// Absent above 33 ms between samples (Balasubramanian et al. 2012).
    LogDimensionlessJerk: "log_dimensionless_jerk", "1", "smoothness";
    /// Mean peaks of speed in a movement that stand apart, from 1. Absent
    /// above 33 ms between samples.
    Submovements: "submovements", "1", "submovements";
    /// How much longer each bit of difficulty takes (Fitts 1954, MacKenzie
    /// 1992), any sign. All targets count as 44 px wide.
    FittsMsPerBit: "fitts_ms_per_bit", "ms/bit", "time per bit of difficulty";
    /// Standard error of movement time about Fitts' line, from 0.
    FittsResidualMs: "fitts_residual_ms", "ms", "time that difficulty leaves unexplained";
    /// Share of the document that was scrolled to, above 0 to 1.
    ScrollDepth: "scroll_depth", "1", "scroll depth";
    /// Distance scrolled by the visitor, from 0.
    ScrollPathViewports: "scroll_path_viewports", "viewports", "scroll path";
    /// Changes of direction of more than a tenth of a viewport, from 0.
    ScrollReversals: "scroll_reversals", "1", "scroll reversals";
    /// Scrolled distance over time without gaps above 100 ms, from 0. Absent
    /// when the source is slower.
    ScrollViewportsPerS: "scroll_viewports_per_s", "viewports/s", "scroll speed";
    /// Standard deviation over mean of pauses of 200 ms to 5 s between scrolls,
    /// from 0 (a metronome).
    ScrollGapCv: "scroll_gap_cv", "1", "unevenness of scroll pauses";
    /// Pauses between interactions, up to 5 s each, while the page is visible
    /// and focused, above 0.
    EngagedMs: "engaged_ms", "ms", "engaged time";
    /// Shape k of the Weibull distribution of engaged times of page views,
    /// above 0; below 1 who stays is ever less likely to leave.
    DwellShape: "dwell_shape", "1", "shape of dwell times";
    /// Its scale λ: 63 % of page views are left before, above 0.
    DwellScaleMs: "dwell_scale_ms", "ms", "scale of dwell times";
    /// Hovers that were told, from 1.
    Hovers: "hovers", "1", "hovers";
    /// Mean time of a hover, from 0.
    HoverMs: "hover_ms", "ms", "hover time";
    /// Returns of the pointer to one of the last 8 targets, from 0.
    TargetReentries: "target_reentries", "1", "target re-entries";
    /// 1 − ‖Σu‖/n of the up-vector, 0 (still) to 1 (Mardia and Jupp 2000).
    TiltVariance: "tilt_variance", "1", "spread of tilt";
    /// Mean angular speed of the up-vector over steps of at least 100 ms, 0 to
    /// 10π. A device at rest may show up to 0.08, the wire's quantisation.
    TiltRadPerS: "tilt_rad_per_s", "rad/s", "tilting speed";
    /// Its highest value, 0 to 10π.
    TiltPeakRadPerS: "tilt_peak_rad_per_s", "rad/s", "fastest tilt";
}

#[cfg(test)]
mod movement_laws;
#[cfg(test)]
mod movement_tests;
#[cfg(test)]
mod roll_up_tests;
