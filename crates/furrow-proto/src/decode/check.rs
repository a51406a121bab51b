//! The single checks. Each takes a wire value and gives a core value or the
//! reject that names its field.

use crate::limits::Limits;
use crate::reject::{Reject, RejectReason};
use furrow_core::interaction::TargetIndex;

/// What every check in a batch needs to know.
#[derive(Debug, Clone, Copy)]
pub(super) struct Check<'a> {
    pub(super) limits: &'a Limits,
    /// How many targets the batch names.
    pub(super) targets: usize,
}

pub(super) fn out_of_range(field: &str, detail: impl Into<String>) -> Reject {
    Reject::new(RejectReason::ValueOutOfRange, field, detail)
}

pub(super) fn missing(field: &str) -> Reject {
    Reject::new(RejectReason::MissingField, field, "is missing or empty")
}

/// An enum value where the core has one for "unspecified": values that this
/// version does not know mean that too.
pub(super) fn or_unspecified<T: Default>(number: i32, from_number: fn(i32) -> Option<T>) -> T {
    from_number(number).unwrap_or_default()
}

/// An enum value where an interaction means nothing without it.
pub(super) fn known<T>(
    number: i32,
    from_number: fn(i32) -> Option<T>,
    field: &str,
) -> Result<T, Reject> {
    from_number(number).ok_or_else(|| {
        let detail = match number {
            0 => "is unspecified".to_owned(),
            n => format!("{n} is not known"),
        };
        Reject::new(RejectReason::UnknownEnumValue, field, detail)
    })
}

fn text(value: String, field: &str, bytes_max: usize) -> Result<Box<str>, Reject> {
    if value.len() > bytes_max {
        let detail = format!("{} bytes, at most {bytes_max} are taken", value.len());
        return Err(Reject::new(RejectReason::StringTooLong, field, detail));
    }
    Ok(value.into_boxed_str())
}

fn at_most(value: u32, max: u32, field: &str) -> Result<u32, Reject> {
    if value > max {
        return Err(out_of_range(field, format!("{value} is above {max}")));
    }
    Ok(value)
}

impl Check<'_> {
    pub(super) fn path(&self, value: String, field: &str) -> Result<Box<str>, Reject> {
        text(value, field, self.limits.path_bytes_max)
    }

    pub(super) fn selector(&self, value: String, field: &str) -> Result<Box<str>, Reject> {
        text(value, field, self.limits.selector_bytes_max)
    }

    pub(super) fn text(&self, value: String, field: &str) -> Result<Box<str>, Reject> {
        text(value, field, self.limits.text_bytes_max)
    }

    pub(super) fn name(&self, value: String, field: &str) -> Result<Box<str>, Reject> {
        text(value, field, self.limits.name_bytes_max)
    }

    /// A text without which the interaction means nothing.
    pub(super) fn some_text(&self, value: String, field: &str) -> Result<Box<str>, Reject> {
        if value.is_empty() {
            Err(missing(field))
        } else {
            self.text(value, field)
        }
    }

    /// A name without which the interaction means nothing.
    pub(super) fn some_name(&self, value: String, field: &str) -> Result<Box<str>, Reject> {
        if value.is_empty() {
            Err(missing(field))
        } else {
            self.name(value, field)
        }
    }

    /// A duration, ms.
    pub(super) fn span(&self, ms: u32, field: &str) -> Result<u32, Reject> {
        at_most(ms, self.limits.span_ms_max, field)
    }

    pub(super) fn count(&self, value: u32, field: &str) -> Result<u32, Reject> {
        at_most(value, self.limits.count_max, field)
    }

    /// A number with a maximum that belongs to its meaning.
    pub(super) fn small(&self, value: u32, max: u16, field: &str) -> Result<u16, Reject> {
        let value = at_most(value, u32::from(max), field)?;
        Ok(u16::try_from(value).expect("is at most a u16"))
    }

    /// Width and height, px.
    pub(super) fn size(&self, size: (u32, u32), fields: [&str; 2]) -> Result<(u32, u32), Reject> {
        Ok((
            self.length(size.0, fields[0])?,
            self.length(size.1, fields[1])?,
        ))
    }

    /// A length, px.
    pub(super) fn length(&self, px: u32, field: &str) -> Result<u32, Reject> {
        at_most(px, self.limits.position_px_max.unsigned_abs(), field)
    }

    /// A coordinate, px.
    pub(super) fn coordinate(&self, px: i32, field: &str) -> Result<i32, Reject> {
        let max = self.limits.position_px_max;
        if px.unsigned_abs() > max.unsigned_abs() {
            return Err(out_of_range(field, format!("{px} is not within ±{max}")));
        }
        Ok(px)
    }

    /// A point or a displacement, px.
    pub(super) fn point(&self, point: (i32, i32), fields: [&str; 2]) -> Result<(i32, i32), Reject> {
        Ok((
            self.coordinate(point.0, fields[0])?,
            self.coordinate(point.1, fields[1])?,
        ))
    }

    pub(super) fn target(&self, index: u32, field: &str) -> Result<TargetIndex, Reject> {
        u16::try_from(index)
            .ok()
            .filter(|&i| usize::from(i) < self.targets)
            .map(TargetIndex)
            .ok_or_else(|| {
                let detail = format!("{index}, but the batch names {} targets", self.targets);
                Reject::new(RejectReason::TargetIndexOutOfRange, field, detail)
            })
    }

    pub(super) fn optional_target(
        &self,
        index: Option<u32>,
    ) -> Result<Option<TargetIndex>, Reject> {
        index.map(|i| self.target(i, "target")).transpose()
    }
}
