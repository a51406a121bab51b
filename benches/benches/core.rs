//! Decode, fold and score, per pointer sample.

#![allow(clippy::print_stderr, reason = "sizes are told beside the times")]

use bytes::Bytes;
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use furrow_benches::{BATCH_SAMPLES, batch};
use furrow_core::ids::{Epoch, Property, Tenant};
use furrow_core::interaction::Kind;
use furrow_core::measures::{Measures, PointerStream};
use furrow_core::partition::{ALLOWED_LATENESS_MS, PartitionState, Record, TenantBatch};
use furrow_core::session::{ClientFacts, Received};
use furrow_core::time::LogTime;
use furrow_proto::record::encode_score_update;
use furrow_proto::{Limits, decode_batch, encode_batch};
use std::hint::black_box;

/// Batches of one session that are folded in one go.
const BATCHES: u32 = 240;

fn record(received_ms: i64, batch: furrow_core::interaction::Batch) -> Record {
    Record::Batch(Box::new(TenantBatch {
        tenant: Tenant("demo".into()),
        property: Property("shop".into()),
        received: Received {
            received_ms,
            client: ClientFacts::default(),
            batch,
        },
    }))
}

fn empty() -> PartitionState {
    PartitionState::new(Epoch(1), 0, 0, ALLOWED_LATENESS_MS)
}

fn fold_all(state: &mut PartitionState, records: Vec<(i64, Record)>) -> usize {
    let fold = |(at, record)| {
        let folded = state.fold(state.next_offset(), LogTime(at), record);
        folded.updates.len()
    };
    records.into_iter().map(fold).sum()
}

fn records(sessions: u64, batches: u32) -> Vec<(i64, Record)> {
    (0..batches)
        .flat_map(|sequence| (0..sessions).map(move |session| batch(session, sequence)))
        .map(|batch| (batch.sent.0, record(batch.sent.0, batch)))
        .collect()
}

fn per_sample(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("per sample");
    let limits = Limits::default();

    let encoded: Vec<Bytes> = (0..BATCHES)
        .map(|n| encode_batch(&batch(1, n)).into())
        .collect();
    let bytes: usize = encoded.iter().map(Bytes::len).sum();
    eprintln!(
        "{:.2} bytes a sample on the wire",
        bytes as f64 / f64::from(BATCHES * BATCH_SAMPLES)
    );
    group.throughput(Throughput::Elements(u64::from(BATCHES * BATCH_SAMPLES)));
    group.bench_function("decode", |bencher| {
        bencher.iter(|| {
            for bytes in &encoded {
                black_box(decode_batch(black_box(bytes), &limits).expect("it is valid"));
            }
        });
    });
    let interactions: Vec<_> = (0..BATCHES)
        .flat_map(|n| batch(1, n).interactions)
        .collect();
    group.bench_function("pointer measures", |bencher| {
        bencher.iter(|| {
            let (mut stream, mut measures) = (PointerStream::default(), Measures::default());
            for interaction in &interactions {
                if let Kind::PointerPath(path) = black_box(&interaction.kind) {
                    stream.path(interaction.at, path, |movement| measures.add(&movement));
                }
            }
            black_box((stream, measures))
        });
    });
    group.bench_function("fold and score, one session", |bencher| {
        bencher.iter_batched(
            || (empty(), records(1, BATCHES)),
            |(mut state, records)| black_box(fold_all(&mut state, records)),
            BatchSize::LargeInput,
        );
    });
    group.bench_function("fold and score, 240 sessions at once", |bencher| {
        bencher.iter_batched(
            || (empty(), records(u64::from(BATCHES), 1)),
            |(mut state, records)| black_box(fold_all(&mut state, records)),
            BatchSize::LargeInput,
        );
    });
    group.bench_function("from wire bytes to encoded updates", |bencher| {
        bencher.iter_batched(
            empty,
            |mut state| {
                for (n, bytes) in (0..).zip(&encoded) {
                    let batch = decode_batch(bytes, &limits).expect("it is valid");
                    let at = batch.sent.0;
                    let folded = state.fold(n, LogTime(at), record(at, batch));
                    for update in &folded.updates {
                        black_box(encode_score_update(update));
                    }
                }
            },
            BatchSize::SmallInput,
        );
    });
    group.finish();
}

fn state(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("state");
    let mut state = empty();
    let sessions = 1_000;
    fold_all(&mut state, records(sessions, 8));
    let bytes = postcard::to_allocvec(&state)
        .expect("state serializes")
        .len();
    eprintln!(
        "{} bytes of state a session, serialized",
        bytes as u64 / sessions
    );
    group.throughput(Throughput::Elements(sessions));
    group.bench_function("snapshot, per session", |bencher| {
        bencher.iter(|| black_box(postcard::to_allocvec(&state).expect("state serializes")));
    });
    group.finish();
}

criterion_group!(benches, per_sample, state);
criterion_main!(benches);
