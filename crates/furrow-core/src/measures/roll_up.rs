//! All measures of a page view or session.

use super::MeasureKind as M;
use super::average::{Mean, ratio};
use super::dwell::Dwell;
use super::fitts::{Aim, Fitts, Line};
use super::hover::Hovers;
use super::movement::Movement;
use super::scroll::Scrolls;
use super::tilt::Tilt;
use super::{MeasureKind, grid::GRID_PX};
use crate::interaction::PointerType;
use serde::{Deserialize, Serialize};

/// A movement with a shorter path counts as movement, but has no shape: a hand
/// at rest trembles as much. px.
pub(super) const SHAPE_PATH_PX_MIN: f64 = 20.0;

/// A movement that ends closer to its beginning has no chord to compare with,
/// px.
pub(super) const CHORD_PX_MIN: f64 = 20.0;

/// What is known of a page view or session. Parts without evidence take a byte
/// of state each.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Measures {
    /// By pointer type, at most one each.
    pointers: Vec<Pointer>,
    scrolls: Option<Scrolls>,
    hovers: Option<Hovers>,
    tilt: Option<Tilt>,
    dwell: Option<Dwell>,
    engaged_ms: u64,
}

/// The movements of one pointer type.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Pointer {
    pointer: PointerType,
    duration_ms: Mean<1>,
    path_px: Mean<100>,
    shape: Option<Shapes>,
    speed: Option<Speeds>,
    fitts: Option<Fitts>,
}

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
struct Shapes {
    displacement_px: Mean<100>,
    straightness: Mean<10_000>,
    excess_path: Mean<10_000>,
    chord_area: Mean<10_000>,
    mean_deviation_px: Mean<100>,
    rms_deviation_px: Mean<100>,
    max_deviation_px: Mean<100>,
    flips: (u32, u32),
    turned_rad: Mean<10_000>,
    arc_pieces: u32,
    heading_entropy_bits: Mean<10_000>,
}

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
struct Speeds {
    peak_px_per_s: Mean<1>,
    peak_acceleration_px_per_s2: Mean<1>,
    rms_jerk_px_per_s3: Mean<1>,
    log_dimensionless_jerk: Mean<10_000>,
    submovements: Mean<1>,
}

impl Measures {
    /// A movement ended.
    pub fn add(&mut self, movement: &Movement) {
        let pointer = self.pointer(movement.pointer);
        pointer
            .duration_ms
            .add(Some(f64::from(movement.duration_ms)));
        pointer.path_px.add(Some(movement.path_px));
        if movement.path_px >= SHAPE_PATH_PX_MIN {
            pointer
                .shape
                .get_or_insert_with(Shapes::default)
                .add(movement);
        }
        if movement.path_px >= SHAPE_PATH_PX_MIN && movement.peak_speed_px_per_s.is_some() {
            pointer
                .speed
                .get_or_insert_with(Speeds::default)
                .add(movement);
        }
    }

    /// A movement ended in a press.
    pub fn aimed(&mut self, aim: Aim) {
        self.pointer(aim.pointer)
            .fitts
            .get_or_insert_with(Fitts::default)
            .add(aim);
    }

    /// The page was scrolled.
    pub fn scrolled(&mut self, scrolls: Scrolls) {
        self.scrolls
            .get_or_insert_with(Scrolls::default)
            .add(scrolls);
    }

    /// The pointer rested.
    pub fn hovered(&mut self, hovers: Hovers) {
        self.hovers.get_or_insert_with(Hovers::default).add(hovers);
    }

    /// The device told how it is held.
    pub fn tilted(&mut self, tilt: Tilt) {
        if !tilt.is_empty() {
            self.tilt.get_or_insert_with(Tilt::default).add(tilt);
        }
    }

    /// The visitor was engaged for so long.
    pub fn engaged(&mut self, engaged_ms: u64) {
        self.engaged_ms += engaged_ms;
    }

    /// A page view was left after so much engaged time.
    pub fn dwelt(&mut self, dwell_ms: u64) {
        self.dwell.get_or_insert_with(Dwell::default).add(dwell_ms);
    }

    fn pointer(&mut self, pointer: PointerType) -> &mut Pointer {
        let place = match self.pointers.binary_search_by_key(&pointer, |p| p.pointer) {
            Ok(place) => place,
            Err(place) => {
                let new = Pointer {
                    pointer,
                    duration_ms: Mean::default(),
                    path_px: Mean::default(),
                    shape: None,
                    speed: None,
                    fitts: None,
                };
                self.pointers.insert(place, new);
                place
            }
        };
        &mut self.pointers[place]
    }

    /// The pointer type with most movements; of equals, the one with the lower
    /// number.
    #[must_use]
    pub fn main_pointer(&self) -> Option<PointerType> {
        let mut main = self.pointers.first()?;
        for pointer in &self.pointers {
            if pointer.duration_ms.count() > main.duration_ms.count() {
                main = pointer;
            }
        }
        Some(main.pointer)
    }

    /// Fitts' line of a pointer type, when there are enough aims.
    #[must_use]
    pub fn fitts_line(&self, pointer: PointerType) -> Option<Line> {
        self.pointers
            .iter()
            .find(|p| p.pointer == pointer)?
            .fitts?
            .line()
    }

    /// Every measure with evidence, in the catalogue's order; those of movement
    /// are the main pointer's.
    #[must_use]
    pub fn values(&self) -> Vec<(MeasureKind, f64)> {
        let mut values = Vec::with_capacity(MeasureKind::ALL.len());
        self.each(|kind, value| values.push((kind, value)));
        values
    }

    /// As [`Measures::values`], told one by one.
    pub fn each(&self, mut each: impl FnMut(MeasureKind, f64)) {
        let mut tell = |kind, value: Option<f64>| {
            if let Some(value) = value {
                each(kind, value);
            }
        };
        let main = self.main_pointer();
        if let Some(pointer) = self.pointers.iter().find(|p| Some(p.pointer) == main) {
            pointer.values(&mut tell);
        }
        if let Some(scrolls) = &self.scrolls {
            tell(M::ScrollDepth, scrolls.depth());
            tell(M::ScrollPathViewports, scrolls.path_viewports());
            tell(M::ScrollReversals, scrolls.reversals());
            tell(M::ScrollViewportsPerS, scrolls.viewports_per_s());
            tell(M::ScrollGapCv, scrolls.gap_cv());
        }
        if self.engaged_ms > 0 {
            tell(M::EngagedMs, Some(self.engaged_ms as f64));
        }
        if let Some(weibull) = self.dwell.and_then(|dwell| dwell.weibull()) {
            tell(M::DwellShape, Some(weibull.shape));
            tell(M::DwellScaleMs, Some(weibull.scale_ms));
        }
        if let Some(hovers) = self.hovers {
            let count = f64::from(hovers.count);
            tell(M::Hovers, Some(count));
            tell(M::HoverMs, ratio(hovers.rested_ms as f64, count));
            tell(M::TargetReentries, Some(hovers.reentries as f64));
        }
        if let Some(tilt) = &self.tilt {
            tell(M::TiltVariance, tilt.variance());
            tell(M::TiltRadPerS, tilt.mean_rad_per_s());
            tell(M::TiltPeakRadPerS, tilt.peak_rad_per_s());
        }
    }

    /// The measures of movement of one pointer type.
    #[must_use]
    pub fn pointer_values(&self, pointer: PointerType) -> Vec<(MeasureKind, f64)> {
        let mut values = Vec::new();
        if let Some(known) = self.pointers.iter().find(|p| p.pointer == pointer) {
            known.values(&mut |kind, value| values.extend(value.map(|value| (kind, value))));
        }
        values
    }
}

impl Pointer {
    fn values(&self, tell: &mut impl FnMut(MeasureKind, Option<f64>)) {
        let movements = self.duration_ms.count();
        if movements > 0 {
            tell(M::Movements, Some(f64::from(movements)));
            tell(M::PathPx, Some(self.path_px.total()));
        }
        if let Some(shape) = &self.shape {
            tell(M::DisplacementPx, shape.displacement_px.mean());
        }
        tell(M::MovementMs, self.duration_ms.mean());
        if let Some(shape) = &self.shape {
            shape.values(tell);
        }
        let speed = ratio(self.path_px.total() * 1e3, self.duration_ms.total());
        tell(M::MeanSpeedPxPerS, speed);
        if let Some(speed) = &self.speed {
            tell(M::PeakSpeedPxPerS, speed.peak_px_per_s.mean());
            let acceleration = speed.peak_acceleration_px_per_s2.mean();
            tell(M::PeakAccelerationPxPerS2, acceleration);
            tell(M::RmsJerkPxPerS3, speed.rms_jerk_px_per_s3.mean());
            tell(M::LogDimensionlessJerk, speed.log_dimensionless_jerk.mean());
            tell(M::Submovements, speed.submovements.mean());
        }
        if let Some(line) = self.fitts.and_then(|fitts| fitts.line()) {
            tell(M::FittsMsPerBit, Some(line.slope_ms_per_bit));
            tell(M::FittsResidualMs, Some(line.residual_ms));
        }
    }
}

impl Shapes {
    fn add(&mut self, movement: &Movement) {
        self.displacement_px.add(Some(movement.displacement_px));
        self.straightness.add(Some(movement.straightness));
        if movement.displacement_px >= CHORD_PX_MIN {
            self.excess_path.add(movement.excess_path);
            self.chord_area.add(movement.signed_area.map(f64::abs));
            self.mean_deviation_px
                .add(movement.mean_deviation_px.map(f64::abs));
            self.rms_deviation_px.add(movement.rms_deviation_px);
            self.max_deviation_px.add(movement.max_deviation_px);
        }
        self.flips.0 += movement.x_flips;
        self.flips.1 += movement.y_flips;
        if movement.arc_pieces > 1 {
            self.turned_rad.add(Some(movement.turned_rad));
            self.arc_pieces += movement.arc_pieces;
        }
        self.heading_entropy_bits.add(movement.heading_entropy_bits);
    }

    fn values(&self, tell: &mut impl FnMut(MeasureKind, Option<f64>)) {
        tell(M::Straightness, self.straightness.mean());
        tell(M::ExcessPath, self.excess_path.mean());
        tell(M::ChordArea, self.chord_area.mean());
        tell(M::MeanDeviationPx, self.mean_deviation_px.mean());
        tell(M::RmsDeviationPx, self.rms_deviation_px.mean());
        tell(M::MaxDeviationPx, self.max_deviation_px.mean());
        let movements = f64::from(self.straightness.count());
        tell(M::XFlips, ratio(f64::from(self.flips.0), movements));
        tell(M::YFlips, ratio(f64::from(self.flips.1), movements));
        let arc_px = f64::from(self.arc_pieces) * GRID_PX;
        let turning = ratio(self.turned_rad.total() * 1e3, arc_px);
        tell(M::TurningRadPer1000Px, turning);
        tell(M::HeadingEntropyBits, self.heading_entropy_bits.mean());
    }
}

impl Speeds {
    fn add(&mut self, movement: &Movement) {
        self.peak_px_per_s.add(movement.peak_speed_px_per_s);
        self.peak_acceleration_px_per_s2
            .add(movement.peak_acceleration_px_per_s2);
        self.rms_jerk_px_per_s3.add(movement.rms_jerk_px_per_s3);
        self.log_dimensionless_jerk
            .add(movement.log_dimensionless_jerk);
        self.submovements.add(movement.submovements.map(f64::from));
    }
}
