//! `POST /v1/beacon`: what a page sends when it goes. It is a simple request
//! in the sense of CORS: no preflight, the write key in the body.

use crate::client::Asker;
use crate::intake::Intake;
use crate::refusal::Refusal;
use axum::Extension;
use axum::body::Body;
use axum::extract::State;
use bytes::Bytes;
use furrow_proto::ingest::decode_beacon;
use furrow_proto::record::Entry;
use furrow_proto::{Reject, RejectReason};
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, Response, StatusCode};

/// What the beacon needs.
#[derive(Clone)]
pub(crate) struct Beacons {
    pub(crate) intake: Intake,
    pub(crate) batches_max: usize,
}

/// Takes every batch that can be taken; the answer is that of the first that
/// could not.
pub(crate) async fn beacon(
    State(beacons): State<Beacons>,
    Extension(asker): Extension<Asker>,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    if !is_plain_text(&headers) {
        return answer(StatusCode::UNSUPPORTED_MEDIA_TYPE, "send text/plain\n");
    }
    match take(&beacons, asker, body).await {
        Ok(()) => answer(StatusCode::NO_CONTENT, ""),
        Err(refusal) => refused(&refusal),
    }
}

async fn take(beacons: &Beacons, mut asker: Asker, body: Bytes) -> Result<(), Refusal> {
    let beacon = decode_beacon(body).map_err(Refusal::Rejected)?;
    if beacon.batches.len() > beacons.batches_max {
        let detail = format!("at most {} are taken", beacons.batches_max);
        let reject = Reject::new(RejectReason::BatchTooLarge, "batches", detail);
        return Err(Refusal::Rejected(reject));
    }
    // The page cannot set headers, so the key stands in the body.
    asker.key = match beacon.write_key {
        key if key.is_empty() => None,
        key => Some(key.into()),
    };
    let mut first_refusal = None;
    let mut pending = Vec::with_capacity(beacon.batches.len());
    for (index, batch) in beacon.batches.into_iter().enumerate() {
        let begun = match beacons.intake.authenticate(&asker) {
            Ok(writer) => beacons.intake.begin(Entry::Beacon, &writer, batch),
            Err(refusal) => Err(beacons.intake.refuse(Entry::Beacon, refusal)),
        };
        match begun {
            Ok(batch) => pending.push(batch),
            Err(refusal) => {
                first_refusal.get_or_insert(in_batch(refusal, index));
            }
        }
    }
    for batch in pending {
        if let Err(refusal) = batch.durable().await {
            first_refusal.get_or_insert(refusal);
        }
    }
    first_refusal.map_or(Ok(()), Err)
}

fn in_batch(refusal: Refusal, index: usize) -> Refusal {
    match refusal {
        Refusal::Rejected(reject) => Refusal::Rejected(reject.under_index("batches", index)),
        Refusal::KeyMissing
        | Refusal::KeyUnknown
        | Refusal::OriginDenied
        | Refusal::Shed(_)
        | Refusal::Failed { .. } => refusal,
    }
}

/// `sendBeacon` with bytes alone sends no content type.
fn is_plain_text(headers: &HeaderMap) -> bool {
    headers.get(CONTENT_TYPE).is_none_or(|value| {
        let essence = value.to_str().unwrap_or("").split(';').next().unwrap_or("");
        essence.trim().eq_ignore_ascii_case("text/plain")
    })
}

fn refused(refusal: &Refusal) -> Response<Body> {
    let mut response = answer(refusal.http_status(), refusal.line());
    if let Some(wait) = refusal.retry_after() {
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        response.headers_mut().insert(RETRY_AFTER, seconds.into());
    }
    response
}

fn answer(status: StatusCode, text: impl Into<Body>) -> Response<Body> {
    let mut response = Response::new(text.into());
    *response.status_mut() = status;
    response
}
