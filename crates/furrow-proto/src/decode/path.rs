//! Columns of samples to steps. Positions and times are summed while they are
//! checked, so that nobody after this can overflow.

use super::check::Check;
use crate::reject::{Reject, RejectReason};
use crate::v1;
use furrow_core::interaction::{PointerPath, PointerType, ScrollCause, ScrollPath, Step, TiltPath};

/// The up-vector's components are quantised to 1/127.
const TILT_UNIT: i64 = 127;

/// A coordinate or a time while deltas are added to it.
struct Sum<'a> {
    value: i64,
    within: i64,
    field: &'a str,
}

impl Sum<'_> {
    fn add(&mut self, delta: i64) -> Result<(), Reject> {
        // Both summands are 32 bits wide, the limit as well.
        self.value += delta;
        if self.value.abs() > self.within {
            let detail = format!("adds up to {}, outside ±{}", self.value, self.within);
            return Err(Reject::new(
                RejectReason::DeltaSumOutOfRange,
                self.field,
                detail,
            ));
        }
        Ok(())
    }
}

fn equally_long(dt: usize, columns: &[(&str, usize)]) -> Result<(), Reject> {
    for &(field, length) in columns {
        if length != dt {
            let detail = format!("{length} rows, but dt has {dt}");
            return Err(Reject::new(RejectReason::ColumnsUnequal, field, detail));
        }
    }
    Ok(())
}

impl Check<'_> {
    pub(super) fn pointer_path(&self, path: &v1::PointerPath) -> Result<PointerPath, Reject> {
        equally_long(
            path.dt.len(),
            &[("dx", path.dx.len()), ("dy", path.dy.len())],
        )?;
        let start = self.point((path.start_x, path.start_y), ["start_x", "start_y"])?;
        let columns = path.dt.iter().zip(&path.dx).zip(&path.dy);
        let steps: Vec<Step> = columns
            .map(|((&dt, &dx), &dy)| Step { dt, dx, dy })
            .collect();
        if !self.surely_within(start, path) {
            self.within(start, &steps)?;
        }
        let pointer = super::check::or_unspecified(path.pointer, PointerType::from_number);
        Ok(PointerPath {
            pointer,
            start,
            steps,
        })
    }

    /// Whether the path stays within the limits even if every step led away from
    /// the beginning. These sums are cheap, and nearly always say yes.
    fn surely_within(&self, start: (i32, i32), path: &v1::PointerPath) -> bool {
        let position_px_max = i64::from(self.limits.position_px_max);
        let reach_px = |start: i32, column: &[i32]| -> i64 {
            let sizes = column.iter().map(|delta| i64::from(delta.unsigned_abs()));
            i64::from(start.unsigned_abs()) + sizes.sum::<i64>()
        };
        let ms: u64 = path.dt.iter().map(|dt| u64::from(*dt)).sum();
        ms <= u64::from(self.limits.span_ms_max)
            && reach_px(start.0, &path.dx) <= position_px_max
            && reach_px(start.1, &path.dy) <= position_px_max
    }

    /// Whether every sample lies within the limits.
    fn within(&self, start: (i32, i32), steps: &[Step]) -> Result<(), Reject> {
        let mut t = self.time();
        let mut x = self.along(start.0, "dx");
        let mut y = self.along(start.1, "dy");
        for step in steps {
            t.add(i64::from(step.dt))?;
            x.add(i64::from(step.dx))?;
            y.add(i64::from(step.dy))?;
        }
        Ok(())
    }

    pub(super) fn scroll_path(&self, path: &v1::ScrollPath) -> Result<ScrollPath, Reject> {
        equally_long(path.dt.len(), &[("dy", path.dy.len())])?;
        let start_y = self.coordinate(path.start_y, "start_y")?;
        let mut t = self.time();
        let mut y = self.along(start_y, "dy");
        let mut steps = Vec::with_capacity(path.dt.len());
        for (&dt, &dy) in path.dt.iter().zip(&path.dy) {
            t.add(i64::from(dt))?;
            y.add(i64::from(dy))?;
            steps.push(Step { dt, dx: 0, dy });
        }
        Ok(ScrollPath {
            start_y,
            steps,
            viewport_height: self.length(path.viewport_height, "viewport_height")?,
            document_height: self.length(path.document_height, "document_height")?,
            cause: super::check::or_unspecified(path.cause, ScrollCause::from_number),
        })
    }

    pub(super) fn tilt_path(&self, path: &v1::TiltPath) -> Result<TiltPath, Reject> {
        let columns = [
            ("dx", path.dx.len()),
            ("dy", path.dy.len()),
            ("dz", path.dz.len()),
        ];
        equally_long(path.dt.len(), &columns)?;
        let mut t = self.time();
        let mut up = ["dx", "dy", "dz"].map(|field| Sum {
            value: 0,
            within: TILT_UNIT,
            field,
        });
        let mut steps = Vec::with_capacity(path.dt.len());
        for (i, &dt) in path.dt.iter().enumerate() {
            let step = [path.dx[i], path.dy[i], path.dz[i]];
            t.add(i64::from(dt))?;
            for (sum, delta) in up.iter_mut().zip(step) {
                sum.add(i64::from(delta))?;
            }
            steps.push((dt, step[0], step[1], step[2]));
        }
        Ok(TiltPath { steps })
    }

    fn time(&self) -> Sum<'static> {
        Sum {
            value: 0,
            within: i64::from(self.limits.span_ms_max),
            field: "dt",
        }
    }

    fn along(&self, start: i32, field: &'static str) -> Sum<'static> {
        Sum {
            value: i64::from(start),
            within: i64::from(self.limits.position_px_max),
            field,
        }
    }
}
