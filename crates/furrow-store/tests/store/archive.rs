//! Batches as they came.

use crate::world::{World, batch, key};
use furrow_store::{BatchLimit, BatchRow};

fn batch_rows(batches: &[furrow_store::ArchivedBatch]) -> Vec<BatchRow> {
    batches.iter().cloned().map(BatchRow::from).collect()
}

const ALL: BatchLimit = BatchLimit {
    count_max: 1_000,
    bytes_max: 1 << 30,
};

#[tokio::test]
async fn batches_read_back_in_log_order_byte_by_byte() {
    let world = World::migrated().await;
    let bytes: Vec<u8> = (0..=255).cycle().take(100_000).collect();
    let batches = [
        batch(1, 1, 20, &[]),
        batch(1, 0, 10, &bytes),
        batch(2, 0, 15, b"other"),
    ];
    world
        .writer
        .insert(&batch_rows(&batches), "t")
        .await
        .unwrap();
    let read = world.reader.session_batches(&key(1), ALL).await.unwrap();
    assert_eq!(read.batches, [batches[1].clone(), batches[0].clone()]);
    assert_eq!(read.left_out, 0);
    let none = world.reader.session_batches(&key(3), ALL).await.unwrap();
    assert!(none.batches.is_empty() && none.left_out == 0);
    let sql = "SELECT sender, sequence, entry, epoch, partition, offset, length(payload) FROM v_batches \
               ORDER BY offset";
    assert!(
        world
            .read(sql)
            .await
            .starts_with("01020300ff060708\t0\tbeacon\t3\t5\t10\t100000\n")
    );
}

#[tokio::test]
async fn a_batch_that_came_twice_is_archived_once() {
    let world = World::migrated().await;
    world
        .writer
        .insert(&batch_rows(&[batch(1, 0, 10, b"x")]), "a")
        .await
        .unwrap();
    world
        .writer
        .insert(&batch_rows(&[batch(1, 0, 12, b"x")]), "b")
        .await
        .unwrap();
    let read = world.reader.session_batches(&key(1), ALL).await.unwrap();
    assert_eq!(read.batches, [batch(1, 0, 12, b"x")]);
}

#[tokio::test]
async fn the_archive_is_read_within_bounds() {
    let world = World::migrated().await;
    let batches: Vec<_> = (0..5)
        .map(|n| batch(1, n, u64::from(n), &[7; 10]))
        .collect();
    world
        .writer
        .insert(&batch_rows(&batches), "t")
        .await
        .unwrap();
    let read = async |count_max, bytes_max| {
        let limit = BatchLimit {
            count_max,
            bytes_max,
        };
        let read = world.reader.session_batches(&key(1), limit).await.unwrap();
        (read.batches.len(), read.left_out)
    };
    assert_eq!(read(3, 1_000).await, (3, 2));
    assert_eq!(read(100, 29).await, (2, 3));
    assert_eq!(read(100, 50).await, (5, 0));
    assert_eq!(read(100, 1).await, (1, 4));
}

#[tokio::test]
async fn a_wrong_clock_chooses_no_partition() {
    let world = World::migrated().await;
    let mut batches = Vec::new();
    for year in 0..200_u64 {
        let mut batch = batch(1, 0, year, b"x");
        let created = year * 31_557_600_000;
        batch.key.session.0[..6].copy_from_slice(&created.to_be_bytes()[2..]);
        batches.push(batch);
    }
    world
        .writer
        .insert(&batch_rows(&batches), "t")
        .await
        .unwrap();
    let sql = "SELECT count(), uniqExact(toYYYYMM(session_created)) FROM v_batches";
    assert_eq!(world.read(sql).await, "200\t1\n");
}
