//! What is refused, why, and at which field; and that each limit lies where
//! it says.

use crate::samples::{NOON_MS, session_created, valid};
use furrow_proto::{Limits, Reject, RejectReason, check_times, decode_batch, v1};
use prost::Message;
use v1::interaction::Kind;

type Change = fn(&mut v1::Batch);
type Set = fn(&mut v1::Batch, u64);

/// The one interaction of this kind in [`valid`], to be changed.
macro_rules! of {
    ($batch:expr, $kind:ident) => {
        $batch
            .interactions
            .iter_mut()
            .find_map(|i| match &mut i.kind {
                Some(Kind::$kind(kind)) => Some(kind),
                _ => None,
            })
            .expect("the valid batch has one of every kind")
    };
}

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;

fn decode(batch: &v1::Batch) -> Result<furrow_core::interaction::Batch, Reject> {
    decode_batch(&batch.encode_to_vec(), &Limits::default())
}

/// Every line reads: *this* is refused as *reason* at *field*.
#[rustfmt::skip]
fn refusals() -> Vec<(&'static str, RejectReason, &'static str, Change)> {
    use RejectReason::*;
    vec![
        ("more than 256 KiB", BatchTooLarge, "", |b| b.sdk = "x".repeat(256 * 1024)),
        ("501 interactions", TooManyInteractions, "interactions", |b| b.interactions = vec![v1::Interaction::default(); 501]),
        ("201 targets", TooManyTargets, "targets", |b| b.targets = vec![v1::Target::default(); 201]),
        ("5,001 samples in one path", TooManySamples, "interactions[0].pointer_path", |b| pointer_rows(b, 5_000)),
        ("5,001 samples in two paths", TooManySamples, "interactions[6].scroll_path", |b| pointer_rows(b, 4_997)),
        ("17 attributes", TooManyAttributes, "interactions[19].custom.attributes", |b| of!(b, Custom).attributes = vec![v1::Attribute::default(); 17]),

        ("a session id of 15 bytes", BadIdLength, "session_id", |b| b.session_id.truncate(15)),
        ("a session id of 17 bytes", BadIdLength, "session_id", |b| b.session_id.push(0)),
        ("a visitor id of 8 bytes", BadIdLength, "visitor_id", |b| b.visitor_id.truncate(8)),
        ("a sender id of 16 bytes", BadIdLength, "sender_id", |b| b.sender_id = vec![0; 16]),
        ("a session id of version 4", SessionIdNotV7, "session_id", |b| b.session_id[6] = 0x40),
        ("a session id of another variant", SessionIdNotV7, "session_id", |b| b.session_id[8] = 0xc0),

        ("no session id", MissingField, "session_id", |b| b.session_id.clear()),
        ("no sender id", MissingField, "sender_id", |b| b.sender_id.clear()),
        ("a page view without page", MissingField, "interactions[11].page_view.page", |b| of!(b, PageView).page = None),
        ("a response update without response", MissingField, "interactions[2].response.response", |b| of!(b, Response).response = None),
        ("a conversion without order id", MissingField, "interactions[15].conversion.order_id", |b| of!(b, Conversion).order_id.clear()),
        ("an exposure without experiment", MissingField, "interactions[16].exposure.experiment", |b| of!(b, Exposure).experiment.clear()),
        ("an identify without id", MissingField, "interactions[18].identify.id", |b| of!(b, Identify).id.clear()),
        ("a custom without name", MissingField, "interactions[19].custom.name", |b| of!(b, Custom).name.clear()),
        ("an attribute without name", MissingField, "interactions[19].custom.attributes[0].name", |b| of!(b, Custom).attributes[0].name.clear()),

        ("dx shorter than dt", ColumnsUnequal, "interactions[0].pointer_path.dx", |b| { of!(b, PointerPath).dx.pop(); }),
        ("dy longer than dt", ColumnsUnequal, "interactions[0].pointer_path.dy", |b| of!(b, PointerPath).dy.push(1)),
        ("a scroll path without dy", ColumnsUnequal, "interactions[6].scroll_path.dy", |b| of!(b, ScrollPath).dy.clear()),
        ("a tilt path with a short dz", ColumnsUnequal, "interactions[9].tilt_path.dz", |b| { of!(b, TiltPath).dz.pop(); }),

        ("a path that takes longer than a day", DeltaSumOutOfRange, "interactions[0].pointer_path.dt", |b| of!(b, PointerPath).dt = vec![u32::MAX; 3]),
        ("a path that leaves any screen", DeltaSumOutOfRange, "interactions[0].pointer_path.dx", |b| of!(b, PointerPath).dx = vec![i32::MAX; 3]),
        ("a path that leaves it and comes back", DeltaSumOutOfRange, "interactions[0].pointer_path.dy", |b| of!(b, PointerPath).dy = vec![0, i32::MIN, i32::MAX]),
        ("a scroll beyond any document", DeltaSumOutOfRange, "interactions[6].scroll_path.dy", |b| of!(b, ScrollPath).dy = vec![1 << 26, 1]),
        ("an up-vector longer than one", DeltaSumOutOfRange, "interactions[9].tilt_path.dx", |b| of!(b, TiltPath).dx = vec![100, 100]),
        ("interactions more than a day after origin", DeltaSumOutOfRange, "interactions[1].dt_ms", |b| b.interactions[1].dt_ms = u32::MAX),

        ("a press on a third target of two", TargetIndexOutOfRange, "interactions[1].press.target", |b| of!(b, Press).target = Some(2)),
        ("a press on target 65,536", TargetIndexOutOfRange, "interactions[1].press.target", |b| of!(b, Press).target = Some(65_536)),
        ("a swipe on no target", TargetIndexOutOfRange, "interactions[3].swipe.target", |b| of!(b, Swipe).target = Some(9)),
        ("a zoom on no target", TargetIndexOutOfRange, "interactions[4].zoom.target", |b| of!(b, Zoom).target = Some(9)),
        ("a hover over no target", TargetIndexOutOfRange, "interactions[7].hover.target", |b| of!(b, Hover).target = 2),
        ("a selection in no target", TargetIndexOutOfRange, "interactions[14].text_selection.target", |b| of!(b, TextSelection).target = Some(2)),

        ("a press of a kind yet to come", UnknownEnumValue, "interactions[1].press.kind", |b| of!(b, Press).kind = 4),
        ("a press of no kind", UnknownEnumValue, "interactions[1].press.kind", |b| of!(b, Press).kind = 0),
        ("a field change of no kind", UnknownEnumValue, "interactions[10].field.change", |b| of!(b, Field).change = 0),
        ("a navigation of kind -1", UnknownEnumValue, "interactions[12].navigation.kind", |b| of!(b, Navigation).kind = -1),
        ("a problem of no kind", UnknownEnumValue, "interactions[13].problem.kind", |b| of!(b, Problem).kind = 0),
        ("a feedback of kind 4", UnknownEnumValue, "interactions[17].feedback.kind", |b| of!(b, Feedback).kind = 4),
        ("an obstruction of kind 4", UnknownEnumValue, "interactions[20].obstruction.kind", |b| of!(b, Obstruction).kind = 4),

        ("a selector of 513 bytes", StringTooLong, "targets[1].selector", |b| b.targets[1].selector = "x".repeat(513)),
        ("a label of 257 bytes in 129 letters", StringTooLong, "targets[0].label", |b| b.targets[0].label = format!("{}x", "ä".repeat(128))),
        ("a browser name of 129 bytes", StringTooLong, "device.browser", |b| b.device.as_mut().unwrap().browser = "x".repeat(129)),
        ("an sdk name of 129 bytes", StringTooLong, "sdk", |b| b.sdk = "x".repeat(129)),

        ("a screen turned by 45 degrees", ValueOutOfRange, "interactions[8].rotation.to_degrees", |b| of!(b, Rotation).to_degrees = 45),
        ("a CSAT answer of 0", ValueOutOfRange, "interactions[17].feedback.answer", |b| of!(b, Feedback).answer = 0),
        ("a currency of two letters", ValueOutOfRange, "interactions[15].conversion.currency", |b| of!(b, Conversion).currency = "EU".into()),
        ("a currency in small letters", ValueOutOfRange, "interactions[15].conversion.currency", |b| of!(b, Conversion).currency = "eur".into()),
        ("a number that is none", ValueOutOfRange, "interactions[19].custom.attributes[0].number", |b| of!(b, Custom).attributes[0].value = Some(v1::attribute::Value::Number(f64::NAN))),
        ("a press at the end of the world", ValueOutOfRange, "interactions[1].press.page_y", |b| of!(b, Press).page_y = i32::MIN),

        ("a batch begun before 1970", TimeOutOfRange, "origin_ms", |b| b.origin_ms = -1),
        ("a batch begun in the year 292,278,994", TimeOutOfRange, "origin_ms", |b| b.origin_ms = i64::MAX),
        ("a batch sent before it began", TimeOutOfRange, "sent_ms", |b| b.sent_ms = b.origin_ms - 1),
        ("a batch sent in the year 292,278,994", TimeOutOfRange, "sent_ms", |b| b.sent_ms = i64::MAX),
    ]
}

fn pointer_rows(batch: &mut v1::Batch, rows: usize) {
    let path = of!(batch, PointerPath);
    path.dt = vec![1; rows];
    path.dx = vec![0; rows];
    path.dy = vec![0; rows];
}

/// Every line reads: *these bytes* are malformed at *field*.
fn malformed() -> Vec<(&'static str, &'static str, Vec<u8>)> {
    let after_head = |more: &[u8]| {
        let head = v1::Batch {
            targets: Vec::new(),
            interactions: Vec::new(),
            ..valid()
        };
        [&head.encode_to_vec(), more].concat()
    };
    vec![
        ("text", "", b"no batch".to_vec()),
        ("a field cut off", "", vec![0x0a, 16, 1]),
        (
            "a length of 2^63",
            "",
            [&[0x0a][..], &[0xff; 8], &[0x7f]].concat(),
        ),
        ("a varint without end", "", vec![0x20, 0xff]),
        (
            "a varint of eleven bytes",
            "",
            [&[0x20][..], &[0xff; 10], &[1]].concat(),
        ),
        ("field number 0", "", vec![0, 0]),
        ("interactions that are a number", "", vec![0x50, 1]),
        ("a group that ends before it began", "", vec![0xa4, 1]),
        ("groups without end", "", [0xa3, 1].repeat(10_000)),
        (
            "a target cut off",
            "targets[0]",
            after_head(&[0x4a, 1, 0x09]),
        ),
        ("a path of one byte that no text has", "interactions[0]", {
            after_head(&[0x52, 7, 0x7a, 5, 0x0a, 3, 0x12, 1, 0xff])
        }),
    ]
}

#[test]
fn the_valid_batch_is_valid() {
    decode(&valid()).unwrap();
}

#[test]
fn every_refusal_names_its_reason_and_its_field() {
    for (says, reason, field, change) in refusals() {
        let mut batch = valid();
        change(&mut batch);
        let reject = decode(&batch).expect_err(says);
        assert_eq!(
            (reject.reason, reject.field.as_str()),
            (reason, field),
            "{says}: {reject}"
        );
        assert!(!reject.detail.is_empty(), "{says}");
    }
}

#[test]
fn every_reason_has_a_refusal() {
    let malformed = malformed().into_iter().map(|_| RejectReason::Malformed);
    let changed = refusals().into_iter().map(|(_, reason, _, _)| reason);
    let provoked: Vec<_> = malformed.chain(changed).collect();
    for reason in RejectReason::ALL {
        assert!(provoked.contains(reason), "nothing provokes {reason}");
    }
}

#[test]
fn reasons_have_distinct_names_in_snake_case() {
    let mut names: Vec<_> = RejectReason::ALL.iter().map(|r| r.as_str()).collect();
    assert!(names.iter().all(|n| {
        n.bytes()
            .all(|b| b.is_ascii_lowercase() || b"_0123456789".contains(&b))
    }));
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), RejectReason::ALL.len());
}

#[test]
fn a_reject_reads_as_a_sentence() {
    let mut batch = valid();
    of!(batch, Press).target = Some(7);
    let reject = decode(&batch).unwrap_err();
    assert_eq!(
        reject.to_string(),
        "target_index_out_of_range at interactions[1].press.target: \
         7, but the batch names 2 targets"
    );
}

/// Every line reads: *this* is taken at the number and refused one above it.
#[rustfmt::skip]
fn boundaries() -> Vec<(&'static str, u64, RejectReason, Set)> {
    use RejectReason::*;
    const DAY_MS: u64 = 86_400_000;
    const PX: u64 = 1 << 26;
    const COUNT: u64 = 1 << 24;
    vec![
        ("interactions", 500, TooManyInteractions, |b, n| b.interactions = vec![v1::Interaction::default(); n as usize]),
        ("targets", 200, TooManyTargets, |b, n| b.targets = vec![v1::Target::default(); n as usize]),
        ("samples", 5_000, TooManySamples, |b, n| { b.interactions.truncate(1); pointer_rows(b, n as usize - 1); }),
        ("attributes", 16, TooManyAttributes, |b, n| of!(b, Custom).attributes = vec![v1::Attribute { name: "a".into(), value: None }; n as usize]),
        ("bytes of a path", 1_024, StringTooLong, |b, n| b.page.as_mut().unwrap().path = "x".repeat(n as usize)),
        ("bytes of a page view's path", 1_024, StringTooLong, |b, n| of!(b, PageView).page.as_mut().unwrap().path = "x".repeat(n as usize)),
        ("bytes of a selector", 512, StringTooLong, |b, n| b.targets[0].selector = "x".repeat(n as usize)),
        ("bytes of a label", 256, StringTooLong, |b, n| b.targets[0].label = "x".repeat(n as usize)),
        ("bytes of a host", 256, StringTooLong, |b, n| of!(b, Problem).origin = "x".repeat(n as usize)),
        ("bytes of an order id", 256, StringTooLong, |b, n| of!(b, Conversion).order_id = "x".repeat(n as usize)),
        ("bytes of an identity", 256, StringTooLong, |b, n| of!(b, Identify).id = "x".repeat(n as usize)),
        ("bytes of an attribute's text", 256, StringTooLong, |b, n| of!(b, Custom).attributes[0].value = Some(v1::attribute::Value::Text("x".repeat(n as usize)))),
        ("bytes of an attribute's name", 128, StringTooLong, |b, n| of!(b, Custom).attributes[0].name = "x".repeat(n as usize)),
        ("bytes of a group", 128, StringTooLong, |b, n| b.page.as_mut().unwrap().group = "x".repeat(n as usize)),
        ("bytes of a variant", 128, StringTooLong, |b, n| of!(b, Exposure).variant = "x".repeat(n as usize)),
        ("ms from origin to the last interaction", DAY_MS - 2_000, DeltaSumOutOfRange, |b, n| b.interactions[0].dt_ms = n as u32),
        ("ms of a path", DAY_MS, DeltaSumOutOfRange, |b, n| of!(b, PointerPath).dt = vec![n as u32, 0, 0]),
        ("px right", PX - 10, DeltaSumOutOfRange, |b, n| of!(b, PointerPath).dx = vec![n as i32, 0, 0]),
        ("px left", PX + 10, DeltaSumOutOfRange, |b, n| of!(b, PointerPath).dx = vec![0, -(n as i32), 0]),
        ("up-vector", 127, DeltaSumOutOfRange, |b, n| of!(b, TiltPath).dx = vec![-(n as i32), 0]),
        ("start of a path", PX, ValueOutOfRange, |b, n| { let p = of!(b, PointerPath); p.start_x = n as i32; p.dx = vec![0; 3]; }),
        ("position of a press", PX, ValueOutOfRange, |b, n| of!(b, Press).x = -(n as i32)),
        ("height of a document", PX, ValueOutOfRange, |b, n| of!(b, ScrollPath).document_height = n as u32),
        ("ms that the pointer was down before", DAY_MS, ValueOutOfRange, |b, n| of!(b, Press).down_before_ms = n as u32),
        ("ms that a problem began before", DAY_MS, ValueOutOfRange, |b, n| of!(b, Problem).began_before_ms = n as u32),
        ("ms watched", DAY_MS, ValueOutOfRange, |b, n| of!(b, Response).response.as_mut().unwrap().watched_ms = n as u32),
        ("ms to a response", DAY_MS, ValueOutOfRange, |b, n| of!(b, Response).response.as_mut().unwrap().facts[1].after_ms = n as u32),
        ("ms quiet", 10_000, ValueOutOfRange, |b, n| of!(b, Press).response.as_mut().unwrap().quiet_before_ms = n as u32),
        ("sequence", COUNT, ValueOutOfRange, |b, n| b.sequence = n as u32),
        ("number of a press", COUNT, ValueOutOfRange, |b, n| of!(b, Press).number = n as u32),
        ("HTTP status", 999, ValueOutOfRange, |b, n| of!(b, Problem).status = n as u32),
        ("thousandths covered", 1_000, ValueOutOfRange, |b, n| of!(b, Obstruction).covered_milli = n as u32),
        ("CSAT answer", 5, ValueOutOfRange, |b, n| of!(b, Feedback).answer = n as u32),
        ("NPS answer", 10, ValueOutOfRange, |b, n| *of!(b, Feedback) = v1::Feedback { kind: 1, answer: n as u32 }),
        ("CES answer", 7, ValueOutOfRange, |b, n| *of!(b, Feedback) = v1::Feedback { kind: 3, answer: n as u32 }),
        ("value of a conversion", 1_000_000_000_000_000, ValueOutOfRange, |b, n| of!(b, Conversion).value_minor = -(n as i64)),
        ("ms since 1970", (1 << 48) - 1, TimeOutOfRange, |b, n| b.sent_ms = n as i64),
    ]
}

#[test]
fn every_limit_is_taken_at_its_number_and_refused_one_above() {
    for (says, max, reason, set) in boundaries() {
        let mut batch = valid();
        set(&mut batch, max);
        decode(&batch).unwrap_or_else(|reject| panic!("{says} at {max}: {reject}"));
        let mut batch = valid();
        set(&mut batch, max + 1);
        let reject = decode(&batch).expect_err(says);
        assert_eq!(reject.reason, reason, "{says} above {max}: {reject}");
    }
}

#[test]
fn a_batch_of_256_kib_is_taken_and_one_of_a_byte_more_is_refused() {
    let max = Limits::default().batch_bytes_max;
    let padded = |to: usize| {
        let mut bytes = valid().encode_to_vec();
        let length = to - bytes.len() - 5;
        // An unknown field: number 2047 with a length of three bytes.
        bytes.extend([0xfa, 0x7f]);
        bytes.extend([
            length as u8 | 0x80,
            (length >> 7) as u8 | 0x80,
            (length >> 14) as u8,
        ]);
        bytes.extend(vec![0; length]);
        assert_eq!(bytes.len(), to);
        bytes
    };
    decode_batch(&padded(max), &Limits::default()).unwrap();
    let reject = decode_batch(&padded(max + 1), &Limits::default()).unwrap_err();
    assert_eq!(reject.reason, RejectReason::BatchTooLarge);
}

#[test]
fn bytes_that_are_no_batch_are_malformed() {
    for (says, field, bytes) in malformed() {
        let reject = decode_batch(&bytes, &Limits::default()).expect_err(says);
        let at = (reject.reason, reject.field.as_str());
        assert_eq!(at, (RejectReason::Malformed, field), "{says}: {reject}");
    }
}

/// Times relative to receipt: the session's creation, the batch's origin (with
/// one interaction then) and when it was sent.
fn timed(created_ms: i64, origin_ms: i64, sent_ms: i64) -> Result<(), Reject> {
    let mut batch = v1::Batch {
        session_id: session_created(NOON_MS + created_ms).to_vec(),
        origin_ms: NOON_MS + origin_ms,
        sent_ms: NOON_MS + sent_ms,
        ..valid()
    };
    batch.interactions.truncate(1);
    batch.interactions[0].dt_ms = 0;
    let path = of!(batch, PointerPath);
    (path.dt, path.dx, path.dy) = (vec![7, 13], vec![0; 2], vec![0; 2]);
    check_times(&decode(&batch).unwrap(), NOON_MS, &Limits::default())
}

fn refused_at(field: &str, times: Result<(), Reject>) {
    let reject = times.expect_err(field);
    assert_eq!(
        (reject.reason, reject.field.as_str()),
        (RejectReason::TimeOutOfRange, field)
    );
}

#[test]
fn an_interaction_may_lie_a_day_before_receipt() {
    assert_eq!(timed(-25 * HOUR_MS, -24 * HOUR_MS, 0), Ok(()));
    refused_at(
        "interactions[0]",
        timed(-25 * HOUR_MS, -24 * HOUR_MS - 1, 0),
    );
}

#[test]
fn an_interaction_may_lie_five_minutes_after_receipt_to_the_end_of_its_path() {
    let path_ms = 20;
    // Sent at receipt, so nothing is corrected: the path runs ahead of it.
    let batch = |dt_ms: i64| {
        let mut batch = valid();
        batch.sent_ms = NOON_MS;
        batch.interactions.truncate(1);
        batch.interactions[0].dt_ms = dt_ms as u32;
        let path = of!(batch, PointerPath);
        (path.dt, path.dx, path.dy) = (vec![path_ms as u32], vec![0], vec![0]);
        check_times(&decode(&batch).unwrap(), NOON_MS, &Limits::default())
    };
    assert_eq!(batch(5 * MINUTE_MS - path_ms), Ok(()));
    refused_at("interactions[0]", batch(5 * MINUTE_MS - path_ms + 1));
}

#[test]
fn a_session_may_have_begun_two_days_before_receipt() {
    assert_eq!(timed(-48 * HOUR_MS, 0, 0), Ok(()));
    refused_at("session_id", timed(-48 * HOUR_MS - 1, 0, 0));
}

#[test]
fn a_session_may_begin_five_minutes_after_receipt() {
    assert_eq!(timed(5 * MINUTE_MS, 0, 0), Ok(()));
    refused_at("session_id", timed(5 * MINUTE_MS + 1, 0, 0));
}

#[test]
fn a_clock_that_runs_ahead_is_corrected_by_what_it_runs_ahead() {
    let years_ms = 3 * 365 * 24 * HOUR_MS;
    assert_eq!(timed(years_ms - 60_000, years_ms - 1_000, years_ms), Ok(()));
    refused_at(
        "session_id",
        timed(years_ms - 48 * HOUR_MS - 1, years_ms, years_ms),
    );
    refused_at(
        "interactions[0]",
        timed(years_ms, years_ms - 24 * HOUR_MS - 1, years_ms),
    );
}

#[test]
fn a_clock_that_runs_behind_is_not_corrected() {
    assert_eq!(timed(-23 * HOUR_MS, -23 * HOUR_MS, -23 * HOUR_MS), Ok(()));
    refused_at(
        "interactions[0]",
        timed(-25 * HOUR_MS, -25 * HOUR_MS, -25 * HOUR_MS),
    );
}

#[test]
fn the_index_of_a_late_interaction_is_not_told_where_kinds_were_left_out() {
    let mut batch = valid();
    batch.interactions.insert(0, v1::Interaction::default());
    let batch = decode(&batch).unwrap();
    refused_at(
        "session_id",
        check_times(&batch, NOON_MS + 50 * HOUR_MS, &Limits::default()),
    );
    refused_at(
        "interactions",
        check_times(&batch, NOON_MS + 25 * HOUR_MS, &Limits::default()),
    );
}
