//! received = accepted + rejected + shed + failed + in flight.

use crate::running::{BOUND, KEY, Running, bytes, http, keyed, keyed_as, now_ms, raw, session};
use furrow_core::ids::SessionId;
use furrow_log::{Clock, EmbeddedSettings};
use furrow_proto::ingest::RawBatch;
use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::time::Duration;
use tokio::task::JoinSet;
use tonic::Code;

const SENDERS: u64 = 8;
const CALLS: u64 = 60;

/// Knuth's multiplier; the upper bits are random enough for a mix.
fn random(state: &mut u64) -> u64 {
    *state = state
        .wrapping_mul(6_364_136_223_846_793_005)
        .wrapping_add(1_442_695_040_888_963_407);
    *state >> 33
}

/// What one sender heard, by outcome.
type Heard = BTreeMap<&'static str, u64>;

fn outcome(code: Code) -> &'static str {
    match code {
        Code::Ok => "accepted",
        Code::InvalidArgument | Code::Unauthenticated | Code::PermissionDenied => "rejected",
        Code::ResourceExhausted => "shed",
        other => panic!("unexpected {other:?}"),
    }
}

fn message(state: &mut u64, session: SessionId, sequence: u32) -> RawBatch {
    match random(state) % 5 {
        0 => RawBatch(vec![0xff; 4].into()),
        1 => RawBatch(vec![0; 300_000].into()),
        _ => raw(session, sequence),
    }
}

async fn send(running: Arc<Running>, sessions: [SessionId; 4], seed: u64) -> Heard {
    let mut state = seed;
    let mut heard = Heard::new();
    let mut client = running.client().await;
    for call in 0..CALLS {
        let session = sessions[usize::try_from(random(&mut state) % 4).expect("is small")];
        let sequence = u32::try_from(call).expect("is small");
        match random(&mut state) % 6 {
            0 => {
                let request = keyed_as(message(&mut state, session, sequence), "other");
                let code = client
                    .publish(request)
                    .await
                    .map_or_else(|s| s.code(), |_| Code::Ok);
                *heard.entry(outcome(code)).or_default() += 1;
            }
            1 => {
                let batches = vec![raw(session, sequence), raw(session, 1_000)];
                let stream = client.stream(keyed(tokio_stream::iter(batches))).await;
                let mut acks = stream.expect("opens").into_inner();
                loop {
                    match acks.message().await {
                        Ok(Some(_)) => *heard.entry("accepted").or_default() += 1,
                        Ok(None) => break,
                        Err(status) => {
                            *heard.entry(outcome(status.code())).or_default() += 1;
                            break;
                        }
                    }
                }
            }
            2 => {
                let batch = bytes(session, sequence);
                let key = u8::try_from(KEY.len()).expect("is small");
                let length = u8::try_from(batch.len()).expect("is small");
                assert!(length < 0x80, "one byte of length");
                let body = [&[0x0a, key], KEY.as_bytes(), &[0x12, length], &batch].concat();
                let answer = http(running.address, "POST /v1/beacon", &[], &body).await;
                let outcome = match answer.status {
                    204 => "accepted",
                    429 => "shed",
                    other => panic!("unexpected {other}"),
                };
                *heard.entry(outcome).or_default() += 1;
            }
            _ => {
                let request = keyed(message(&mut state, session, sequence));
                let code = client
                    .publish(request)
                    .await
                    .map_or_else(|s| s.code(), |_| Code::Ok);
                *heard.entry(outcome(code)).or_default() += 1;
            }
        }
    }
    heard
}

fn hold(running: &Running) -> [u64; 4] {
    let sum = |name: &str, label: &str| running.metric(name, label);
    let outcomes = |label: &str| sum("furrow_gateway_batches_total", label);
    for entry in ["publish", "stream", "beacon"] {
        let entry = format!("entry=\"{entry}\"");
        let received = sum("furrow_gateway_batches_received_total", &entry);
        let in_flight = sum("furrow_gateway_batches_in_flight", &entry);
        assert_eq!(received, outcomes(&entry) + in_flight, "{entry}");
        assert_eq!(in_flight, 0, "{entry}");
    }
    ["accepted", "rejected", "shed", "failed"]
        .map(|outcome| outcomes(&format!("outcome=\"{outcome}\"")))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_batch_that_came_in_has_one_outcome_and_the_clients_heard_the_same() {
    let slow = NonZeroU32::MIN.saturating_add(20);
    let running = Running::configured(|config| {
        config.rates.session.per_second = slow;
        config.rates.session.burst = slow;
    })
    .await;
    let running = Arc::new(running);
    let sessions = [1, 2, 3, 4].map(session);
    let mut senders = JoinSet::new();
    for seed in 0..SENDERS {
        senders.spawn(send(Arc::clone(&running), sessions, seed));
    }
    let mut heard = Heard::new();
    while let Some(one) = senders.join_next().await {
        for (outcome, count) in one.expect("does not panic") {
            *heard.entry(outcome).or_default() += count;
        }
    }
    let [accepted, rejected, shed, failed] = hold(&running);
    let of = |outcome| heard.get(outcome).copied().unwrap_or(0);
    assert_eq!(
        [accepted, rejected, shed],
        ["accepted", "rejected", "shed"].map(of)
    );
    assert_eq!(failed, 0);
    for outcome in ["accepted", "rejected", "shed"] {
        assert!(of(outcome) > 0, "the mix has no {outcome}: {heard:?}");
    }
    assert_eq!(running.stored().await.len() as u64, accepted);
}

#[tokio::test]
async fn a_call_that_its_client_gave_up_still_has_an_outcome() {
    let running = Running::start().await;
    let client = running.client().await;
    for sequence in 0..50 {
        let mut client = client.clone();
        let call = tokio::spawn(async move {
            let _ = client.publish(keyed(raw(session(1), sequence))).await;
        });
        tokio::task::yield_now().await;
        call.abort();
    }
    let at_rest = async {
        let mut look = tokio::time::interval(Duration::from_millis(5));
        while running.metric("furrow_gateway_batches_in_flight", "publish") != 0 {
            look.tick().await;
        }
    };
    tokio::time::timeout(BOUND, at_rest)
        .await
        .expect("nothing stays in flight");
    hold(&running);
}

#[tokio::test]
async fn a_clock_that_is_behind_the_log_s_shows() {
    const BEHIND_MS: i64 = 600_000;
    let settings = EmbeddedSettings {
        clock: Clock::Manual(Arc::new(AtomicI64::new(now_ms() + BEHIND_MS))),
        ..EmbeddedSettings::default()
    };
    let running = Running::with(settings, |_| {}).await;
    running
        .publish(bytes(session(1), 0))
        .await
        .expect("is taken");
    let text = running.metrics();
    let told = |line: &str| {
        let value = line.strip_prefix("furrow_gateway_clock_behind_seconds ")?;
        value.parse::<f64>().ok()
    };
    let behind_s = text.lines().find_map(told).expect("is told");
    // What the test took until its batch came is off.
    let bound_s = BOUND.as_secs_f64();
    assert!((600.0 - bound_s..=600.0).contains(&behind_s), "{behind_s}");
}
