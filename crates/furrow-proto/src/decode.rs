//! Bytes to core batches, checked: what passes here cannot be wrong.
//!
//! Unknown fields are ignored. An interaction of an unknown kind, or of none,
//! is left out and counted, and its time still passes. Unknown values of
//! device class, pointer type, target kind, scroll cause, field kind, referrer
//! and session end cause mean "unspecified"; unknown kinds of response and of
//! `ignore` are left out; an unknown press, navigation, problem, field change,
//! feedback or obstruction means nothing and refuses the batch.

mod check;
mod fields;
mod identity;
mod interaction;
mod path;

use crate::limits::Limits;
use crate::reject::{Reject, RejectReason};
use crate::v1;
use check::{Check, missing, or_unspecified};
use fields::{Broken, Fields, WireType};
use furrow_core::ids::{SenderId, SessionId, TargetHash, VisitorId};
use furrow_core::interaction::{
    Batch, Device, DeviceClass, Interaction, Kind, Page, PointerType, Target, TargetKind,
};
use furrow_core::time::ClientTime;
pub use identity::{BatchIdentity, batch_identity};
use prost::{DecodeError, Message};

/// Times on the wire fit the 48 bits that a `UUIDv7` has for its own.
const TIME_MS_MAX: i64 = (1 << 48) - 1;

/// Decodes and checks an encoded batch.
///
/// # Errors
/// The first fault found, with its field.
pub fn decode_batch(bytes: &[u8], limits: &Limits) -> Result<Batch, Reject> {
    let parts = split(bytes, limits)?;
    let check = Check {
        limits,
        targets: parts.targets.len(),
    };
    let head = parts.head;

    let session = SessionId(id(parts.session_id, "session_id")?);
    if !session.is_v7() {
        let detail = "version and variant bits do not say UUIDv7";
        return Err(Reject::new(
            RejectReason::SessionIdNotV7,
            "session_id",
            detail,
        ));
    }
    let visitor = match parts.visitor_id {
        [] => None,
        bytes => Some(VisitorId(id(bytes, "visitor_id")?)),
    };
    let origin = time(head.origin_ms, "origin_ms")?;
    let sent = time(head.sent_ms, "sent_ms")?;
    if sent < origin {
        return Err(untimely("sent_ms", "lies before origin_ms"));
    }
    check.name(head.sdk, "sdk")?;

    let mut targets = Vec::with_capacity(parts.targets.len());
    for (i, bytes) in parts.targets.into_iter().enumerate() {
        let target = check
            .target_message(bytes)
            .map_err(|r| r.under_index("targets", i))?;
        targets.push(target);
    }
    let read = check.interactions(&parts.interactions, origin)?;
    Ok(Batch {
        session,
        visitor,
        sender: SenderId(id(parts.sender_id, "sender_id")?),
        sequence: check.count(head.sequence, "sequence")?,
        origin,
        sent,
        page: head.page.map_or(Ok(Page::default()), |p| {
            check.page(p).map_err(|r| r.under("page"))
        })?,
        device: head
            .device
            .map(|d| check.device(d).map_err(|r| r.under("device")))
            .transpose()?,
        targets,
        interactions: read.known,
        unknown: read.unknown,
        samples: read.samples,
    })
}

/// Checks a batch's times against the clock of the gateway that received it,
/// `received_ms` since 1970.
///
/// A client clock that runs ahead is corrected by as much as it says to have
/// sent after receipt. Then every interaction, to the end of its path, must
/// lie within `interaction_age_ms_max` before receipt and `ahead_ms_max` after
/// it, and the session's creation within `session_age_ms_max` and the same.
///
/// # Errors
/// `time_out_of_range` with the first field at fault.
pub fn check_times(batch: &Batch, received_ms: i64, limits: &Limits) -> Result<(), Reject> {
    let ahead_ms = (batch.sent.0 - received_ms).max(0);
    let within = |at_ms: i64, age_ms_max: i64| {
        let after_receipt_ms = at_ms - ahead_ms - received_ms;
        if after_receipt_ms > limits.ahead_ms_max {
            Err(format!("lies {after_receipt_ms} ms after receipt"))
        } else if -after_receipt_ms > age_ms_max {
            Err(format!("lies {} ms before receipt", -after_receipt_ms))
        } else {
            Ok(())
        }
    };
    within(batch.session.created_ms(), limits.session_age_ms_max)
        .map_err(|detail| untimely("session_id", detail))?;
    for (i, interaction) in batch.interactions.iter().enumerate() {
        let begin = interaction.at.0;
        let end = begin + path_ms(&interaction.kind);
        within(begin, limits.interaction_age_ms_max)
            .and_then(|()| within(end, limits.interaction_age_ms_max))
            .map_err(|detail| {
                // Where unknown kinds were left out, indices have shifted.
                match batch.unknown {
                    0 => untimely("", detail).under_index("interactions", i),
                    _ => untimely("interactions", detail),
                }
            })?;
    }
    Ok(())
}

fn path_ms(kind: &Kind) -> i64 {
    let dt = |ms: u32| i64::from(ms);
    match kind {
        Kind::PointerPath(path) => path.steps.iter().map(|s| dt(s.dt)).sum(),
        Kind::ScrollPath(path) => path.steps.iter().map(|s| dt(s.dt)).sum(),
        Kind::TiltPath(path) => path.steps.iter().map(|s| dt(s.0)).sum(),
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

/// A batch with its identities, which prost would copy twice, and its two long
/// lists still encoded.
struct Parts<'a> {
    session_id: &'a [u8],
    visitor_id: &'a [u8],
    sender_id: &'a [u8],
    /// All other fields.
    head: v1::Batch,
    targets: Vec<&'a [u8]>,
    interactions: Vec<&'a [u8]>,
}

/// Takes a batch apart. Nothing is allocated for more elements than allowed.
fn split<'a>(bytes: &'a [u8], limits: &Limits) -> Result<Parts<'a>, Reject> {
    if bytes.len() > limits.batch_bytes_max {
        let detail = format!(
            "{} bytes, at most {} are taken",
            bytes.len(),
            limits.batch_bytes_max
        );
        return Err(Reject::new(RejectReason::BatchTooLarge, "", detail));
    }
    let mut parts = Parts {
        session_id: &[],
        visitor_id: &[],
        sender_id: &[],
        head: v1::Batch::default(),
        targets: Vec::new(),
        interactions: Vec::new(),
    };
    let mut fields = Fields::of(bytes);
    while let Some(field) = fields.next().map_err(|e: Broken| malformed(e.0))? {
        let identity = match (field.number, field.wire_type) {
            (1, WireType::Length) => Some(&mut parts.session_id),
            (2, WireType::Length) => Some(&mut parts.visitor_id),
            (3, WireType::Length) => Some(&mut parts.sender_id),
            _ => None,
        };
        if let Some(id) = identity {
            *id = field.payload;
            continue;
        }
        let (list, max, too_many, name) = match (field.number, field.wire_type) {
            (9, WireType::Length) => {
                let max = limits.targets_max;
                (
                    &mut parts.targets,
                    max,
                    RejectReason::TooManyTargets,
                    "targets",
                )
            }
            (10, WireType::Length) => {
                let max = limits.interactions_max;
                (
                    &mut parts.interactions,
                    max,
                    RejectReason::TooManyInteractions,
                    "interactions",
                )
            }
            _ => {
                parts.head.merge(field.whole).map_err(|e| undecodable(&e))?;
                continue;
            }
        };
        if list.len() == max {
            return Err(Reject::new(
                too_many,
                name,
                format!("at most {max} are taken"),
            ));
        }
        list.push(field.payload);
    }
    Ok(parts)
}

struct Read {
    known: Vec<Interaction>,
    unknown: u32,
    samples: u32,
}

impl Check<'_> {
    fn interactions(&self, encoded: &[&[u8]], origin: ClientTime) -> Result<Read, Reject> {
        let mut read = Read {
            known: Vec::with_capacity(encoded.len()),
            unknown: 0,
            samples: 0,
        };
        let mut after_origin_ms = 0u32;
        for (i, bytes) in encoded.iter().enumerate() {
            let here = |r: Reject| r.under_index("interactions", i);
            let wire = v1::Interaction::decode(*bytes).map_err(|e| here(undecodable(&e)))?;
            after_origin_ms = after_origin_ms
                .checked_add(wire.dt_ms)
                .filter(|&ms| ms <= self.limits.span_ms_max)
                .ok_or_else(|| {
                    let detail = format!("more than {} ms from origin", self.limits.span_ms_max);
                    here(Reject::new(
                        RejectReason::DeltaSumOutOfRange,
                        "dt_ms",
                        detail,
                    ))
                })?;
            let Some(wire) = wire.kind else {
                read.unknown += 1;
                continue;
            };
            let at = origin.plus(i64::from(after_origin_ms));
            let field = interaction::field_of(&wire);
            let kind = self.kind(wire, at).map_err(|r| here(r.under(field)))?;
            read.samples = self
                .samples(read.samples, kind.samples())
                .map_err(|r| here(r.under(field)))?;
            read.known.push(Interaction { at, kind });
        }
        Ok(read)
    }

    fn samples(&self, before: u32, more: usize) -> Result<u32, Reject> {
        let max = self.limits.samples_max;
        u32::try_from(more)
            .ok()
            .and_then(|more| before.checked_add(more))
            .filter(|&all| all as usize <= max)
            .ok_or_else(|| {
                let detail = format!("at most {max} in a batch are taken");
                Reject::new(RejectReason::TooManySamples, "", detail)
            })
    }

    fn target_message(&self, bytes: &[u8]) -> Result<Target, Reject> {
        let target = v1::Target::decode(bytes).map_err(|e| undecodable(&e))?;
        let ignores = |one: v1::Ignore| {
            target
                .ignore
                .iter()
                .any(|&i| i == one as i32 || i == v1::Ignore::All as i32)
        };
        Ok(Target {
            hash: TargetHash(target.hash),
            kind: or_unspecified(target.kind, TargetKind::from_number),
            interactive: target.interactive,
            looks_interactive: target.looks_interactive,
            ignore_rage: ignores(v1::Ignore::Rage),
            ignore_dead: ignores(v1::Ignore::Dead),
            selector: self.selector(target.selector, "selector")?,
            label: self.text(target.label, "label")?,
        })
    }

    fn device(&self, d: v1::Device) -> Result<Device, Reject> {
        Ok(Device {
            class: or_unspecified(d.class, DeviceClass::from_number),
            pointer: or_unspecified(d.pointer, PointerType::from_number),
            os: self.name(d.os, "os")?,
            browser: self.name(d.browser, "browser")?,
            viewport: self.size(
                (d.viewport_width, d.viewport_height),
                ["viewport_width", "viewport_height"],
            )?,
            screen: self.size(
                (d.screen_width, d.screen_height),
                ["screen_width", "screen_height"],
            )?,
            pixel_ratio_milli: self.count(d.pixel_ratio_milli, "pixel_ratio_milli")?,
            language: self.name(d.language, "language")?,
        })
    }
}

fn id<const N: usize>(bytes: &[u8], field: &str) -> Result<[u8; N], Reject> {
    if bytes.is_empty() {
        return Err(missing(field));
    }
    bytes.try_into().map_err(|_| {
        let detail = format!("{} bytes instead of {N}", bytes.len());
        Reject::new(RejectReason::BadIdLength, field, detail)
    })
}

fn time(ms: i64, field: &str) -> Result<ClientTime, Reject> {
    if (0..=TIME_MS_MAX).contains(&ms) {
        Ok(ClientTime(ms))
    } else {
        Err(untimely(field, "is no time since 1970 in ms"))
    }
}

fn untimely(field: &str, detail: impl Into<String>) -> Reject {
    Reject::new(RejectReason::TimeOutOfRange, field, detail)
}

fn malformed(detail: &str) -> Reject {
    Reject::new(RejectReason::Malformed, "", detail)
}

fn undecodable(error: &DecodeError) -> Reject {
    malformed(&error.to_string())
}
