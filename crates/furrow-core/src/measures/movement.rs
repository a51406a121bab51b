//! From pointer samples to movements.
//!
//! A movement runs from the first motion after a pause or a press to the next
//! pause or press. Standing samples add nothing to its shape, so a source that
//! reports them and one that does not agree.

use super::fitts::Aim;
use super::grid::{ArcGrid, GRID_PX, Place, TimeGrid};
use super::kinematics::Kinematics;
use super::shape::{Headings, Shape};
use crate::interaction::{PointerPath, PointerType};
use crate::time::ClientTime;
use serde::{Deserialize, Serialize};

/// Without motion for this long, a movement has ended, ms.
pub const PAUSE_MS: u32 = 200;

/// Without a sample for longer, speed is unknown, ms.
pub const GAP_MS: u32 = 100;

/// A source slower than this on average has no acceleration and no jerk, ms
/// between samples.
pub const SOURCE_MS_MAX: f64 = 33.0;

/// No pointer is further than this from the viewport's corner along an axis,
/// px; what says so has no place to tell.
pub const COORDINATE_PX_MAX: i64 = 32_766;

/// Samples after which a movement ends, whatever follows: a quarter of an hour
/// without a pause.
pub const MOVEMENT_SAMPLES_MAX: u32 = 65_536;

/// A press tells where a movement aimed when it comes within this after the
/// movement's end, ms.
pub const AIM_MS_MAX: u64 = 1_000;

/// A finished movement. Lengths are px of the page, times ms of the client's
/// clock. What could not be known is absent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Movement {
    /// What moved.
    pub pointer: PointerType,
    /// When motion began.
    pub start: ClientTime,
    /// When motion ended.
    pub end: ClientTime,
    /// Samples that moved, with the first; at least 2.
    pub samples: u32,
    /// From start to end, above 0.
    pub duration_ms: u32,
    /// Length along the samples, above 0.
    pub path_px: f64,
    /// From the first sample to the last.
    pub displacement_px: f64,
    /// Displacement over path, 0 to 1.
    pub straightness: f64,
    /// ln(path / displacement), from 0; absent for a closed path.
    pub excess_path: Option<f64>,
    /// Area between path and chord over chord², positive where the path lies
    /// to the left of the chord on the screen; parts on either side cancel.
    pub signed_area: Option<f64>,
    /// Mean distance of the samples from the chord, signed likewise.
    pub mean_deviation_px: Option<f64>,
    /// Root of the mean squared distance from the chord, from 0.
    pub rms_deviation_px: Option<f64>,
    /// Largest distance from the chord, from 0; beyond
    /// [`TRAIL_MAX`](super::shape::TRAIL_MAX) samples of every second, fourth
    /// and so on.
    pub max_deviation_px: Option<f64>,
    /// Changes between left and right.
    pub x_flips: u32,
    /// Changes between up and down.
    pub y_flips: u32,
    /// Angles between the pieces of the arc grid, summed without sign.
    pub turned_rad: f64,
    /// Pieces of the arc grid.
    pub arc_pieces: u32,
    /// Of directions on the arc grid, 0 to 3.
    pub heading_entropy_bits: Option<f64>,
    /// Path over duration, px/s.
    pub mean_speed_px_per_s: f64,
    /// On the time grid.
    pub peak_speed_px_per_s: Option<f64>,
    /// On the time grid, without sign.
    pub peak_acceleration_px_per_s2: Option<f64>,
    /// On the time grid.
    pub rms_jerk_px_per_s3: Option<f64>,
    /// Nearer to 0 is smoother; mostly -3 to -15.
    pub log_dimensionless_jerk: Option<f64>,
    /// Peaks of speed that are apart.
    pub submovements: Option<u32>,
}

impl Movement {
    /// Turning per 1,000 px on the arc grid; absent below two pieces.
    #[must_use]
    pub fn turning_rad_per_1000_px(&self) -> Option<f64> {
        let length_px = f64::from(self.arc_pieces) * GRID_PX;
        (self.arc_pieces > 1).then(|| self.turned_rad * 1_000.0 / length_px)
    }
}

/// What one sender's pointer does, between samples.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct PointerStream {
    pointer: PointerType,
    newest: Option<Sample>,
    open: Option<Box<OpenMovement>>,
    /// The last finished movement, until a press tells where it aimed.
    reached: Option<Reached>,
    dropped: u32,
}

/// What a press tells of movements.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pressed {
    /// The movement that it ended.
    pub movement: Option<Movement>,
    /// What the last movement aimed at.
    pub aim: Option<Aim>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Sample {
    at: ClientTime,
    x: i32,
    y: i32,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Reached {
    pointer: PointerType,
    end: ClientTime,
    duration_ms: u32,
    displacement_px: f64,
}

impl PointerStream {
    /// Samples in order; `each` is given the movements that end with them. A
    /// sample that is not later than the one before, or lies nowhere, is
    /// dropped.
    pub fn path(&mut self, at: ClientTime, path: &PointerPath, mut each: impl FnMut(Movement)) {
        if path.pointer != self.pointer {
            if let Some(movement) = self.ended() {
                each(movement);
            }
            self.pointer = path.pointer;
            self.newest = None;
        }
        let start = (at, i64::from(path.start.0), i64::from(path.start.1));
        let mut steps = path.steps.iter();
        let mut next = Some(start);
        // One place that calls, so that all of a sample stands in this loop.
        while let Some((at, x, y)) = next {
            self.sample(at, x, y, &mut each);
            next = steps.next().map(|step| {
                let (dt, dx, dy) = (step.dt.into(), i64::from(step.dx), i64::from(step.dy));
                (at.plus(dt), x + dx, y + dy)
            });
        }
    }

    #[inline]
    fn sample(&mut self, at: ClientTime, x: i64, y: i64, each: &mut impl FnMut(Movement)) {
        if x.abs() > COORDINATE_PX_MAX || y.abs() > COORDINATE_PX_MAX {
            self.dropped += 1;
            return;
        }
        let sample = Sample {
            at,
            x: x as i32,
            y: y as i32,
        };
        let Some(before) = self.newest else {
            self.newest = Some(sample);
            return;
        };
        if at <= before.at {
            self.dropped += 1;
            return;
        }
        self.newest = Some(sample);
        if let Some(movement) = self.passed(at) {
            each(movement);
        }
        if (sample.x, sample.y) == (before.x, before.y) {
            return;
        }
        let open = match &mut self.open {
            Some(open) => open,
            None if at.since(before.at) > u64::from(GAP_MS) => {
                self.open = Some(Box::new(OpenMovement::new(sample)));
                return;
            }
            None => self.open.insert(Box::new(OpenMovement::new(before))),
        };
        open.push(before, sample);
    }

    /// The sender's time is `now`: ends the open movement if it has paused.
    #[inline]
    pub fn passed(&mut self, now: ClientTime) -> Option<Movement> {
        let open = self.open.as_ref()?;
        let paused = now.since(open.moved_at) >= u64::from(PAUSE_MS);
        if paused || open.shape.moves() >= MOVEMENT_SAMPLES_MAX {
            self.ended()
        } else {
            None
        }
    }

    /// The pointer was pressed at `down` on a target of this width. Clients
    /// may tell a press late: a movement that began after it goes on, and one
    /// that spans it ends with the samples that have come.
    pub fn pressed(&mut self, down: ClientTime, pointer: PointerType, width_px: f64) -> Pressed {
        let spanned = self.open.as_ref().is_some_and(|open| open.start < down);
        let movement = if spanned { self.ended() } else { None };
        let aim = match self.reached {
            Some(reached)
                if reached.pointer == pointer
                    && reached.end <= down
                    && down.since(reached.end) <= AIM_MS_MAX =>
            {
                self.reached = None;
                Aim::new(
                    pointer,
                    reached.duration_ms,
                    reached.displacement_px,
                    width_px,
                )
            }
            Some(_) | None => None,
        };
        Pressed { movement, aim }
    }

    /// Ends the open movement, if anything moved in it.
    pub fn ended(&mut self) -> Option<Movement> {
        let movement = self.open.take()?.finish(self.pointer)?;
        self.reached = Some(Reached {
            pointer: movement.pointer,
            end: movement.end,
            duration_ms: movement.duration_ms,
            displacement_px: movement.displacement_px,
        });
        Some(movement)
    }

    /// Samples without a usable time or place.
    #[must_use]
    pub fn dropped(&self) -> u32 {
        self.dropped
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct OpenMovement {
    start: ClientTime,
    origin: (i32, i32),
    /// When motion was last seen.
    moved_at: ClientTime,
    shape: Shape,
    arc: ArcGrid,
    headings: Headings,
    grid: TimeGrid,
    kinematics: Kinematics,
    /// Between samples without gaps, ms, and how many such intervals.
    source_ms: u32,
    intervals: u32,
}

impl OpenMovement {
    fn new(first: Sample) -> OpenMovement {
        OpenMovement {
            start: first.at,
            origin: (first.x, first.y),
            moved_at: first.at,
            shape: Shape::new(),
            arc: ArcGrid::default(),
            headings: Headings::default(),
            grid: TimeGrid::default(),
            kinematics: Kinematics::default(),
            source_ms: 0,
            intervals: 0,
        }
    }

    /// A place relative to the beginning. Pauses end movements, so the time of
    /// [`MOVEMENT_SAMPLES_MAX`] samples fits.
    #[inline]
    fn place(&self, sample: Sample) -> Place {
        Place {
            ms: (sample.at.0 - self.start.0) as u32,
            x: sample.x - self.origin.0,
            y: sample.y - self.origin.1,
        }
    }

    /// A sample that moved, after one that may have stood for a while.
    #[inline]
    fn push(&mut self, before: Sample, sample: Sample) {
        let (from, to) = (self.place(before), self.place(sample));
        let (dx, dy) = (to.x - from.x, to.y - from.y);
        let (x_step, y_step) = (f64::from(dx), f64::from(dy));
        let length_px = (x_step * x_step + y_step * y_step).sqrt();
        self.shape.push(dx, dy, length_px);
        let headings = &mut self.headings;
        self.arc.advance(
            (f64::from(from.x), f64::from(from.y)),
            (x_step, y_step),
            length_px,
            |x, y, count| headings.push(x, y, count),
        );
        if before.at != self.moved_at {
            self.stand(from);
        }
        self.advance(from, to);
        self.moved_at = sample.at;
    }

    /// Nothing had moved until the sample before.
    #[cold]
    fn stand(&mut self, until: Place) {
        let ms = (self.moved_at.0 - self.start.0) as u32;
        self.advance(Place { ms, ..until }, until);
    }

    #[inline(always)]
    fn advance(&mut self, from: Place, to: Place) {
        let ms = to.ms - from.ms;
        if ms > GAP_MS {
            self.kinematics.gap();
            self.grid = TimeGrid::from(to);
            return;
        }
        self.source_ms += ms;
        self.intervals += 1;
        if let Some(stride) = self.grid.cross(from, to) {
            self.kinematics.push(stride);
        }
    }

    fn finish(self, pointer: PointerType) -> Option<Movement> {
        let shape = self.shape.values()?;
        let duration_ms = u32::try_from(self.moved_at.since(self.start))
            .expect("a movement of MOVEMENT_SAMPLES_MAX samples without pause is short");
        let chord = shape.chord;
        let fast_source = self.intervals > 0
            && f64::from(self.source_ms) <= SOURCE_MS_MAX * f64::from(self.intervals);
        let kinematics = self.kinematics;
        let if_fast = |value: Option<f64>| value.filter(|_| fast_source);
        Some(Movement {
            pointer,
            start: self.start,
            end: self.moved_at,
            samples: self.shape.moves() + 1,
            duration_ms,
            path_px: shape.path_px,
            displacement_px: shape.displacement_px,
            straightness: shape.straightness,
            excess_path: chord.map(|c| c.excess_path),
            signed_area: chord.map(|c| c.signed_area),
            mean_deviation_px: chord.map(|c| c.mean_deviation_px),
            rms_deviation_px: chord.map(|c| c.rms_deviation_px),
            max_deviation_px: chord.map(|c| c.max_deviation_px),
            x_flips: shape.x_flips,
            y_flips: shape.y_flips,
            turned_rad: self.headings.turned_rad(),
            arc_pieces: self.headings.pieces(),
            heading_entropy_bits: self.headings.entropy_bits(),
            mean_speed_px_per_s: shape.path_px * 1e3 / f64::from(duration_ms),
            peak_speed_px_per_s: kinematics.peak_speed(),
            peak_acceleration_px_per_s2: if_fast(kinematics.peak_acceleration()),
            rms_jerk_px_per_s3: if_fast(kinematics.rms_jerk()),
            log_dimensionless_jerk: if_fast(kinematics.log_dimensionless_jerk()),
            submovements: kinematics.submovements().filter(|_| fast_source),
        })
    }
}
