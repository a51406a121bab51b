//! Topics, appends, reads and tails.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use furrow_log::{
    AppendError, Bounds, Log, Offset, Partition, ReadError, ReadLimit, Topic, TopicError, TopicPlan,
};

use super::{Subject, listed, poll_once, put, put_all, read_all, soon, texts, topic};

listed![
    a_topic_keeps_its_number_of_partitions,
    names_that_cannot_be_are_refused,
    what_was_acknowledged_is_there_after_reopening,
    appends_come_back_in_the_order_of_the_calls,
    a_key_stays_in_its_partition_and_in_order,
    offsets_follow_each_other_from_zero,
    append_times_never_go_back,
    a_read_begins_at_its_offset_and_keeps_to_its_limits,
    one_record_is_read_even_when_it_is_larger_than_the_limit,
    bounds_say_what_is_durable,
    a_read_at_the_end_is_empty_and_one_beyond_it_is_refused,
    keys_and_payloads_come_back_byte_for_byte,
    a_dropped_receipt_does_not_cancel_its_append,
    a_full_queue_sheds_at_once_and_keeps_what_it_took,
    records_that_aged_are_gone_and_their_offsets_are_not_reused,
    a_tail_begins_at_the_ends,
    a_closed_log_says_so,
];

async fn a_topic_keeps_its_number_of_partitions(subject: Subject) {
    let log = subject.open().await;
    log.create_topic(&topic(), &TopicPlan::of(3)).await.unwrap();
    log.create_topic(&topic(), &TopicPlan::of(3)).await.unwrap();
    let error = log
        .create_topic(&topic(), &TopicPlan::of(4))
        .await
        .unwrap_err();
    assert!(matches!(
        error,
        TopicError::OtherCount {
            existing: 3,
            asked: 4,
            ..
        }
    ));
    assert_eq!(log.partitions(&topic()).await.unwrap(), 3);
    log.close().await.unwrap();
    let log = subject.open().await;
    assert_eq!(log.partitions(&topic()).await.unwrap(), 3);
    let error = log
        .create_topic(&topic(), &TopicPlan::of(2))
        .await
        .unwrap_err();
    assert!(matches!(
        error,
        TopicError::OtherCount {
            existing: 3,
            asked: 2,
            ..
        }
    ));
}

async fn names_that_cannot_be_are_refused(subject: Subject) {
    let log = subject.open().await;
    for (name, partitions) in [
        ("", 1),
        ("a b", 1),
        ("ä", 1),
        (".", 1),
        ("a", 0),
        ("a", 1_000_000),
    ] {
        let error = log
            .create_topic(&Topic::new(name), &TopicPlan::of(partitions))
            .await
            .unwrap_err();
        assert!(
            matches!(error, TopicError::Illegal { .. }),
            "{name:?} {partitions}"
        );
    }
    let unknown = Topic::new("unknown");
    assert!(matches!(
        log.partitions(&unknown).await,
        Err(TopicError::Unknown { .. })
    ));
    let error = log.append(&unknown, b"", Bytes::new()).unwrap_err();
    assert!(matches!(
        error,
        AppendError::Topic(TopicError::Unknown { .. })
    ));
    log.create_topic(&topic(), &TopicPlan::of(2)).await.unwrap();
    let error = log
        .append_to(&topic(), Partition(2), b"", Bytes::new())
        .unwrap_err();
    assert!(matches!(
        error,
        AppendError::Topic(TopicError::NoPartition { .. })
    ));
    assert!(matches!(
        log.join("", &[topic()]).await,
        Err(TopicError::IllegalGroup { .. })
    ));
    assert!(matches!(
        log.join("g", &[unknown]).await,
        Err(TopicError::Unknown { .. })
    ));
}

async fn what_was_acknowledged_is_there_after_reopening(subject: Subject) {
    let log = subject.open().await;
    log.create_topic(&topic(), &TopicPlan::of(2)).await.unwrap();
    for round in 0..3 {
        let log = if round == 0 {
            log.clone()
        } else {
            subject.open().await
        };
        put_all(&log, 0, (0..50).map(|n| format!("{round}.{n}"))).await;
        let expected: Vec<_> = (0..=round)
            .flat_map(|r| (0..50).map(move |n| format!("{r}.{n}")))
            .collect();
        assert_eq!(texts(&read_all(&log, 0).await), expected);
        log.close().await.unwrap();
    }
}

async fn appends_come_back_in_the_order_of_the_calls(subject: Subject) {
    let log = subject.open().await;
    log.create_topic(&topic(), &TopicPlan::of(1)).await.unwrap();
    put_all(&log, 0, (0..2_000).map(|n| n.to_string())).await;
    let expected: Vec<_> = (0..2_000).map(|n| n.to_string()).collect();
    assert_eq!(texts(&read_all(&log, 0).await), expected);
}

async fn a_key_stays_in_its_partition_and_in_order(subject: Subject) {
    let log = subject.open().await;
    log.create_topic(&topic(), &TopicPlan::of(4)).await.unwrap();
    let mut receipts = Vec::new();
    for n in 0..400_u32 {
        let key = format!("key {}", n % 13);
        receipts.push(
            log.append(&topic(), key.as_bytes(), n.to_string().into())
                .unwrap(),
        );
    }
    for receipt in receipts {
        soon("a receipt", receipt).await.unwrap();
    }
    let mut by_key: BTreeMap<Bytes, (u32, Vec<u32>)> = BTreeMap::new();
    for partition in 0..4 {
        for record in read_all(&log, partition).await {
            let text = String::from_utf8(record.payload.to_vec()).unwrap();
            let entry = by_key.entry(record.key).or_insert((partition, Vec::new()));
            assert_eq!(entry.0, partition);
            entry.1.push(text.parse().unwrap());
        }
    }
    assert_eq!(by_key.len(), 13);
    assert_eq!(
        by_key
            .values()
            .map(|(_, numbers)| numbers.len())
            .sum::<usize>(),
        400
    );
    assert!(by_key.values().all(|(_, numbers)| numbers.is_sorted()));
}

async fn offsets_follow_each_other_from_zero(subject: Subject) {
    let log = subject.open().await;
    log.create_topic(&topic(), &TopicPlan::of(2)).await.unwrap();
    for n in 0..5 {
        let appended = put(&log, 1, "x").await;
        assert_eq!(
            (appended.partition, appended.offset),
            (Partition(1), Offset(n))
        );
    }
    log.close().await.unwrap();
    let log = subject.open().await;
    assert_eq!(put(&log, 1, "x").await.offset, Offset(5));
    assert_eq!(put(&log, 0, "x").await.offset, Offset(0));
}

async fn append_times_never_go_back(subject: Subject) {
    let log = subject.open().await;
    log.create_topic(&topic(), &TopicPlan::of(1)).await.unwrap();
    let appended = put(&log, 0, "a").await;
    put_all(&log, 0, (0..100).map(|n| n.to_string())).await;
    log.close().await.unwrap();
    let log = subject.open().await;
    put(&log, 0, "z").await;
    let records = read_all(&log, 0).await;
    assert!(
        records
            .iter()
            .map(|record| record.append_time_ms)
            .is_sorted()
    );
    assert_eq!(records[0].append_time_ms, appended.append_time_ms);
}

async fn a_read_begins_at_its_offset_and_keeps_to_its_limits(subject: Subject) {
    let log = subject.open().await;
    log.create_topic(&topic(), &TopicPlan::of(1)).await.unwrap();
    put_all(&log, 0, (0..100).map(|n| format!("{n:07}"))).await;
    let read = |from, records_max, bytes_max| {
        let limit = ReadLimit {
            records_max,
            bytes_max,
        };
        let log = log.clone();
        async move {
            texts(
                &log.read(&topic(), Partition(0), Offset(from), limit)
                    .await
                    .unwrap(),
            )
        }
    };
    assert_eq!(read(40, 3, 1_000).await, ["0000040", "0000041", "0000042"]);
    // Each has three bytes of key and seven of payload.
    assert_eq!(read(40, 100, 29).await, ["0000040", "0000041"]);
    assert_eq!(read(98, 100, 1_000).await, ["0000098", "0000099"]);
}

async fn one_record_is_read_even_when_it_is_larger_than_the_limit(subject: Subject) {
    let log = subject.open().await;
    log.create_topic(&topic(), &TopicPlan::of(1)).await.unwrap();
    put_all(
        &log,
        0,
        ["large".repeat(1_000), "small".to_owned()].into_iter(),
    )
    .await;
    for (records_max, bytes_max) in [(10, 10), (0, 0)] {
        let limit = ReadLimit {
            records_max,
            bytes_max,
        };
        let records = log
            .read(&topic(), Partition(0), Offset(0), limit)
            .await
            .unwrap();
        assert_eq!(records.len(), 1);
    }
}

async fn bounds_say_what_is_durable(subject: Subject) {
    let log = subject.open().await;
    log.create_topic(&topic(), &TopicPlan::of(2)).await.unwrap();
    let empty = Bounds {
        earliest: Offset(0),
        earliest_time_ms: None,
        end: Offset(0),
    };
    assert_eq!(log.bounds(&topic(), Partition(0)).await.unwrap(), empty);
    let first = put(&log, 0, "a").await;
    put(&log, 0, "b").await;
    let two = Bounds {
        earliest: Offset(0),
        earliest_time_ms: Some(first.append_time_ms),
        end: Offset(2),
    };
    assert_eq!(log.bounds(&topic(), Partition(0)).await.unwrap(), two);
    log.close().await.unwrap();
    let log = subject.open().await;
    assert_eq!(log.bounds(&topic(), Partition(0)).await.unwrap(), two);
    assert_eq!(log.bounds(&topic(), Partition(1)).await.unwrap(), empty);
}

async fn a_read_at_the_end_is_empty_and_one_beyond_it_is_refused(subject: Subject) {
    let log = subject.open().await;
    log.create_topic(&topic(), &TopicPlan::of(1)).await.unwrap();
    put(&log, 0, "a").await;
    let read = |from| {
        let log = log.clone();
        async move {
            log.read(&topic(), Partition(0), Offset(from), ReadLimit::default())
                .await
        }
    };
    assert_eq!(read(1).await.unwrap(), []);
    let error = read(2).await.unwrap_err();
    assert!(matches!(error, ReadError::Beyond { end: Offset(1) }));
}

async fn keys_and_payloads_come_back_byte_for_byte(subject: Subject) {
    let log = subject.open().await;
    log.create_topic(&topic(), &TopicPlan::of(1)).await.unwrap();
    let all: Vec<u8> = (0..=255).collect();
    let cases: [(&[u8], &[u8]); 4] = [(b"", b""), (b"", &all), (&all, b""), (&all, &all)];
    for (key, payload) in cases {
        let payload = Bytes::copy_from_slice(payload);
        let receipt = log.append_to(&topic(), Partition(0), key, payload).unwrap();
        soon("a receipt", receipt).await.unwrap();
    }
    let records = read_all(&log, 0).await;
    for (record, (key, payload)) in records.iter().zip(cases) {
        assert_eq!((&*record.key, &*record.payload), (key, payload));
    }
    assert_eq!(records.len(), cases.len());
}

async fn a_dropped_receipt_does_not_cancel_its_append(subject: Subject) {
    let log = subject.open().await;
    log.create_topic(&topic(), &TopicPlan::of(1)).await.unwrap();
    drop(
        log.append_to(&topic(), Partition(0), b"", "a".into())
            .unwrap(),
    );
    put(&log, 0, "b").await;
    assert_eq!(texts(&read_all(&log, 0).await), ["a", "b"]);
}

async fn a_full_queue_sheds_at_once_and_keeps_what_it_took(subject: Subject) {
    let log = (subject.open)(4).await;
    log.create_topic(&topic(), &TopicPlan::of(1)).await.unwrap();
    let mut taken = Vec::new();
    let mut shed = 0;
    // An append takes longer than a call, so a queue of four is soon full.
    while shed == 0 {
        let name = taken.len().to_string();
        match log.append_to(&topic(), Partition(0), b"", name.into()) {
            Ok(receipt) => taken.push(receipt),
            Err(AppendError::Full) => shed += 1,
            Err(error) => panic!("{error}"),
        }
        assert!(taken.len() < 1_000_000, "the queue never was full");
    }
    let count = taken.len();
    for receipt in taken {
        soon("a receipt", receipt).await.unwrap();
    }
    let expected: Vec<_> = (0..count).map(|n| n.to_string()).collect();
    assert_eq!(texts(&read_all(&log, 0).await), expected);
    assert_eq!(log.stats().shed, 1);
    assert_eq!((log.stats().queue_records, log.stats().queue_bytes), (0, 0));
    put(&log, 0, "there is room again").await;
}

async fn records_that_aged_are_gone_and_their_offsets_are_not_reused(subject: Subject) {
    let log = subject.open().await;
    log.create_topic(&topic(), &TopicPlan::of(2)).await.unwrap();
    put_all(&log, 0, (0..10).map(|n| n.to_string())).await;
    (subject.age)(&log, &topic(), Partition(0)).await;
    assert_gone_below(&log, 10).await;
    log.close().await.unwrap();
    let log = subject.open().await;
    assert_gone_below(&log, 10).await;
    assert_eq!(put(&log, 0, "next").await.offset, Offset(10));
    assert_gone_below(&log, 10).await;
    assert_eq!(texts(&read_all(&log, 0).await), ["next"]);
}

async fn assert_gone_below(log: &Log, earliest: u64) {
    let bounds = log.bounds(&topic(), Partition(0)).await.unwrap();
    assert_eq!(bounds.earliest, Offset(earliest));
    let read = log
        .read(&topic(), Partition(0), Offset(3), ReadLimit::default())
        .await;
    let Err(ReadError::Gone { earliest: told }) = read else {
        panic!("the records should be gone");
    };
    assert_eq!(told, Offset(earliest));
}

async fn a_tail_begins_at_the_ends(subject: Subject) {
    let log = subject.open().await;
    log.create_topic(&topic(), &TopicPlan::of(3)).await.unwrap();
    put(&log, 0, "before").await;
    let mut tail = log.tail(&topic()).await.unwrap();
    put(&log, 2, "a").await;
    let (partition, records) = soon("a record", tail.next()).await.unwrap();
    assert_eq!(
        (partition, texts(&records)),
        (Partition(2), vec!["a".to_owned()])
    );
    let mut waiting = Box::pin(tail.next());
    assert!(poll_once(waiting.as_mut()).await.is_pending());
    put(&log, 0, "b").await;
    let (partition, records) = soon("a record", waiting).await.unwrap();
    assert_eq!(
        (partition, texts(&records)),
        (Partition(0), vec!["b".to_owned()])
    );
    put_all(&log, 1, (0..1_500).map(|n| n.to_string())).await;
    let mut seen = Vec::new();
    while seen.len() < 1_500 {
        let (partition, records) = soon("records", tail.next()).await.unwrap();
        assert_eq!(partition, Partition(1));
        assert!(!records.is_empty() && records.len() <= ReadLimit::default().records_max);
        seen.extend(texts(&records));
    }
    let expected: Vec<_> = (0..1_500).map(|n| n.to_string()).collect();
    assert_eq!(seen, expected);
}

async fn a_closed_log_says_so(subject: Subject) {
    let log = subject.open().await;
    log.create_topic(&topic(), &TopicPlan::of(1)).await.unwrap();
    let receipt = log.append(&topic(), b"", "a".into()).unwrap();
    let mut tail = log.tail(&topic()).await.unwrap();
    let mut member = log.join("g", &[topic()]).await.unwrap();
    let other = Arc::new(log.clone());
    log.close().await.unwrap();
    soon("a receipt", receipt).await.unwrap();
    assert!(other.append(&topic(), b"", "b".into()).is_err());
    assert!(matches!(
        other.partitions(&topic()).await,
        Err(TopicError::Closed)
    ));
    assert!(soon("an error", tail.next()).await.is_err() || tail.next().await.is_err());
    while soon("an error", member.next()).await.is_ok() {}
    let again = subject.open().await;
    assert_eq!(texts(&read_all(&again, 0).await), ["a"]);
}
