//! The two grids on which a path is read: 16 ms for what differentiates by
//! time, 20 px of its own length for what looks at direction.
//!
//! Why two: on a time grid the mean turning angle changes with the rate of the
//! source and ranks sessions anew; on the arc grid it keeps their order. And at
//! the source's own rate, 10 ms in place of 16 ms more than doubles a peak
//! acceleration.

use serde::{Deserialize, Serialize};

/// Step of the time grid, ms.
pub const GRID_MS: u32 = 16;

/// Step of the arc grid, px.
pub const GRID_PX: f64 = 20.0;

/// A place of a movement: ms since its beginning, px from there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Place {
    pub(super) ms: u32,
    pub(super) x: i32,
    pub(super) y: i32,
}

/// Positions at multiples of [`GRID_MS`], between samples on a straight line.
/// An interval of the source that spans several of them gives the last one
/// only, so the grid is never finer than the source.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub(super) struct TimeGrid {
    ms: u32,
    x: f64,
    y: f64,
}

/// What a grid was crossed by: so many px in so many ms.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Stride {
    pub(super) px: f64,
    pub(super) ms: u32,
}

impl TimeGrid {
    /// A grid that begins anew at this place.
    pub(super) fn from(place: Place) -> TimeGrid {
        TimeGrid {
            ms: place.ms,
            x: f64::from(place.x),
            y: f64::from(place.y),
        }
    }

    /// The straight piece from the sample before to this one.
    #[inline]
    pub(super) fn cross(&mut self, from: Place, to: Place) -> Option<Stride> {
        let cells = (to.ms - self.ms) / GRID_MS;
        if cells == 0 {
            return None;
        }
        let ms = cells * GRID_MS;
        let at = self.ms + ms;
        let part = f64::from(at - from.ms) / f64::from(to.ms - from.ms);
        let x = f64::from(from.x) + part * f64::from(to.x - from.x);
        let y = f64::from(from.y) + part * f64::from(to.y - from.y);
        let (dx, dy) = (x - self.x, y - self.y);
        *self = TimeGrid { ms: at, x, y };
        Some(Stride {
            px: (dx * dx + dy * dy).sqrt(),
            ms,
        })
    }
}

/// Positions every [`GRID_PX`] along the path.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(super) struct ArcGrid {
    /// How far the next one is, px.
    left_px: f64,
    x: f64,
    y: f64,
}

impl Default for ArcGrid {
    fn default() -> Self {
        ArcGrid {
            left_px: GRID_PX,
            x: 0.0,
            y: 0.0,
        }
    }
}

impl ArcGrid {
    /// A straight piece of the path: where it begins, what it adds, its
    /// length. Tells the pieces of the grid, each as a direction (of any
    /// length) and how many follow each other in it. O(1): along one straight
    /// piece all but the first are the same.
    #[inline]
    pub(super) fn advance(
        &mut self,
        from: (f64, f64),
        step: (f64, f64),
        length_px: f64,
        mut each: impl FnMut(f64, f64, u32),
    ) {
        if length_px < self.left_px {
            self.left_px -= length_px;
            return;
        }
        let part = self.left_px / length_px;
        let first = (from.0 + part * step.0, from.1 + part * step.1);
        each(first.0 - self.x, first.1 - self.y, 1);
        let rest_px = length_px - self.left_px;
        if rest_px < GRID_PX {
            *self = ArcGrid {
                left_px: GRID_PX - rest_px,
                x: first.0,
                y: first.1,
            };
            return;
        }
        let more = (rest_px / GRID_PX) as u32;
        each(step.0, step.1, more);
        let more_px = f64::from(more) * GRID_PX;
        let along = more_px / length_px;
        *self = ArcGrid {
            left_px: GRID_PX - (rest_px - more_px),
            x: first.0 + along * step.0,
            y: first.1 + along * step.1,
        };
    }
}
