//! Groups: owning, handing over, committing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use furrow_log::{Event, ForgetError, Log, Member, Offset, Partition, Topic, TopicPlan};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::{
    Subject, committed_soon, event, listed, poll_once, put, put_all, soon, texts, topic, waits,
};

listed![
    a_member_is_assigned_every_partition_and_reads_what_it_starts,
    the_end_is_said_once_each_time_it_is_reached,
    records_come_in_bounded_lots,
    a_group_goes_on_where_it_committed,
    a_lower_commit_is_taken,
    a_commit_after_losing_the_partition_is_taken,
    the_new_owner_waits_for_the_old_one,
    members_come_and_go_and_every_record_is_seen,
    groups_do_not_disturb_each_other,
    one_member_reads_several_topics,
    a_dropped_call_of_next_loses_nothing,
    a_forgotten_group_has_committed_nothing,
    a_group_s_lag_is_the_age_of_the_first_record_that_it_has_not_committed,
];

const PARTITIONS: u32 = 6;

async fn a_member_is_assigned_every_partition_and_reads_what_it_starts(subject: Subject) {
    let log = subject.open().await;
    log.create_topic(&topic(), &TopicPlan::of(3)).await.unwrap();
    put(&log, 1, "a").await;
    let mut member = log.join("g", &[topic()]).await.unwrap();
    let mut assigned = BTreeSet::new();
    for _ in 0..3 {
        let Event::Assigned {
            partition,
            committed,
            ..
        } = event(&mut member).await
        else {
            panic!("not assigned");
        };
        assert_eq!(committed, None);
        assigned.insert(partition.0);
    }
    assert_eq!(assigned, BTreeSet::from([0, 1, 2]));
    // Nothing was started, so nothing flows.
    assert!(waits(member.next()).await);
    member.start(&topic(), Partition(1), Offset(0));
    let Event::Records {
        partition, records, ..
    } = event(&mut member).await
    else {
        panic!("no records");
    };
    assert_eq!(
        (partition, texts(&records)),
        (Partition(1), vec!["a".to_owned()])
    );
}

async fn the_end_is_said_once_each_time_it_is_reached(subject: Subject) {
    let log = subject.open().await;
    log.create_topic(&topic(), &TopicPlan::of(1)).await.unwrap();
    let mut member = log.join("g", &[topic()]).await.unwrap();
    start_all(&mut member, 1).await;
    assert_eq!(event(&mut member).await, caught_up(0));
    assert!(waits(member.next()).await);
    for end in 1..4 {
        put(&log, 0, "a").await;
        assert!(matches!(event(&mut member).await, Event::Records { .. }));
        assert_eq!(event(&mut member).await, caught_up(end));
        assert!(waits(member.next()).await);
    }
}

async fn records_come_in_bounded_lots(subject: Subject) {
    let log = subject.open().await;
    log.create_topic(&topic(), &TopicPlan::of(1)).await.unwrap();
    put_all(&log, 0, (0..2_000).map(|n| n.to_string())).await;
    let mut member = log.join("g", &[topic()]).await.unwrap();
    start_all(&mut member, 1).await;
    let mut next = 0;
    loop {
        match event(&mut member).await {
            Event::Records { records, .. } => {
                assert!(!records.is_empty() && records.len() <= 512);
                for record in records {
                    assert_eq!(record.offset, Offset(next));
                    next += 1;
                }
            }
            Event::CaughtUp { end, .. } => break assert_eq!(end, Offset(next)),
            Event::Assigned { .. } | Event::Revoked { .. } => panic!("no other member came"),
        }
    }
    assert_eq!(next, 2_000);
}

async fn a_group_goes_on_where_it_committed(subject: Subject) {
    let log = subject.open().await;
    log.create_topic(&topic(), &TopicPlan::of(1)).await.unwrap();
    put_all(&log, 0, (0..10).map(|n| n.to_string())).await;
    let mut member = log.join("g", &[topic()]).await.unwrap();
    start_all(&mut member, 1).await;
    member.commit(&topic(), Partition(0), Offset(7)).unwrap();
    committed_soon(&log, "g", Partition(0), Offset(7)).await;
    assert_eq!(
        log.committed("other", &topic(), Partition(0))
            .await
            .unwrap(),
        None
    );
    drop(member);
    log.close().await.unwrap();
    let log = subject.open().await;
    let mut member = log.join("g", &[topic()]).await.unwrap();
    let Event::Assigned {
        committed: Some(committed),
        ..
    } = event(&mut member).await
    else {
        panic!("no commit");
    };
    member.start(&topic(), Partition(0), committed);
    let Event::Records { records, .. } = event(&mut member).await else {
        panic!("no records");
    };
    assert_eq!(texts(&records), ["7", "8", "9"]);
}

async fn a_lower_commit_is_taken(subject: Subject) {
    let log = subject.open().await;
    log.create_topic(&topic(), &TopicPlan::of(1)).await.unwrap();
    let mut member = log.join("g", &[topic()]).await.unwrap();
    start_all(&mut member, 1).await;
    for next in [5, 3] {
        member.commit(&topic(), Partition(0), Offset(next)).unwrap();
        committed_soon(&log, "g", Partition(0), Offset(next)).await;
    }
}

async fn a_commit_after_losing_the_partition_is_taken(subject: Subject) {
    let log = subject.open().await;
    log.create_topic(&topic(), &TopicPlan::of(2)).await.unwrap();
    put_all(&log, 0, (0..9).map(|n| n.to_string())).await;
    put_all(&log, 1, (0..9).map(|n| n.to_string())).await;
    let mut old = log.join("g", &[topic()]).await.unwrap();
    start_all(&mut old, 2).await;
    let mut new = log.join("g", &[topic()]).await.unwrap();
    let lost = loop {
        if let Event::Revoked { partition, .. } = event(&mut old).await {
            break partition;
        }
    };
    assert!(matches!(
        event(&mut new).await,
        Event::Assigned { partition, committed: None, .. } if partition == lost
    ));
    old.commit(&topic(), lost, Offset(4)).unwrap();
    committed_soon(&log, "g", lost, Offset(4)).await;
}

async fn the_new_owner_waits_for_the_old_one(subject: Subject) {
    let log = subject.open().await;
    log.create_topic(&topic(), &TopicPlan::of(2)).await.unwrap();
    let mut old = log.join("g", &[topic()]).await.unwrap();
    start_all(&mut old, 2).await;
    let mut new = log.join("g", &[topic()]).await.unwrap();
    // The old owner has both ends to report and reads on until it takes the news.
    let taken = loop {
        assert!(waits(new.next()).await);
        if let Event::Revoked { partition, .. } = event(&mut old).await {
            break partition;
        }
    };
    let Event::Assigned { partition, .. } = event(&mut new).await else {
        panic!("not assigned");
    };
    assert_eq!(partition, taken);
    drop(old);
    let Event::Assigned { partition, .. } = event(&mut new).await else {
        panic!("not assigned");
    };
    assert_ne!(partition, taken);
}

/// What the members of one group saw together.
#[derive(Default)]
struct Seen {
    owner: BTreeMap<u32, usize>,
    records: BTreeMap<u32, BTreeSet<u64>>,
}

/// A member that starts at what was committed and commits what it saw, until it is told to leave.
async fn work(
    log: &Log,
    id: usize,
    seen: Arc<Mutex<Seen>>,
) -> (watch::Sender<bool>, JoinHandle<()>) {
    let mut member = log.join("workers", &[topic()]).await.unwrap();
    let (leave, mut told) = watch::channel(false);
    let task = tokio::spawn(async move {
        loop {
            let event = tokio::select! {
                event = member.next() => event.unwrap(),
                _ = told.wait_for(|leave| *leave) => break,
            };
            match event {
                Event::Assigned {
                    topic,
                    partition,
                    committed,
                } => {
                    let before = seen.lock().unwrap().owner.insert(partition.0, id);
                    assert_eq!(before, None, "{partition} has two owners");
                    member.start(&topic, partition, committed.unwrap_or(Offset(0)));
                }
                Event::Revoked { partition, .. } => {
                    // The next owner may have been told by now; it must not be this member.
                    let mut seen = seen.lock().unwrap();
                    if seen.owner.get(&partition.0) == Some(&id) {
                        seen.owner.remove(&partition.0);
                    }
                }
                Event::Records {
                    topic,
                    partition,
                    records,
                } => {
                    let next = Offset(records.last().unwrap().offset.0 + 1);
                    let offsets = records.iter().map(|record| record.offset.0);
                    let mut seen = seen.lock().unwrap();
                    assert_eq!(seen.owner.get(&partition.0), Some(&id));
                    seen.records.entry(partition.0).or_default().extend(offsets);
                    member.commit(&topic, partition, next).unwrap();
                }
                Event::CaughtUp { .. } => {}
            }
        }
        seen.lock().unwrap().owner.retain(|_, owner| *owner != id);
        drop(member);
    });
    (leave, task)
}

// The workers share one thread, so what a worker does between taking `Revoked` and its next wait is
// done before another worker can see the partition assigned to it.
async fn members_come_and_go_and_every_record_is_seen(subject: Subject) {
    let log = subject.open().await;
    log.create_topic(&topic(), &TopicPlan::of(PARTITIONS))
        .await
        .unwrap();
    let seen = Arc::new(Mutex::new(Seen::default()));
    let mut members = vec![work(&log, 0, Arc::clone(&seen)).await];
    let mut born = 1;
    let mut written = 0_u64;
    for wanted in [1, 2, 1, 3] {
        while members.len() > wanted {
            let (leave, task) = members.remove(0);
            leave.send_replace(true);
            soon("leaving", task).await.unwrap();
        }
        while members.len() < wanted {
            members.push(work(&log, born, Arc::clone(&seen)).await);
            born += 1;
        }
        for partition in 0..PARTITIONS {
            put_all(&log, partition, (0..200).map(|n| n.to_string())).await;
        }
        written += 200;
        let everything = || {
            let seen = seen.lock().unwrap();
            let owners: BTreeSet<_> = seen.owner.values().collect();
            owners.len() == wanted
                && seen.records.len() == PARTITIONS as usize
                && seen
                    .records
                    .values()
                    .all(|offsets| offsets.len() as u64 == written)
        };
        soon("every record", async {
            while !everything() {
                tokio::task::yield_now().await;
            }
        })
        .await;
    }
    for (leave, task) in members {
        leave.send_replace(true);
        soon("leaving", task).await.unwrap();
    }
}

async fn groups_do_not_disturb_each_other(subject: Subject) {
    let log = subject.open().await;
    log.create_topic(&topic(), &TopicPlan::of(1)).await.unwrap();
    put(&log, 0, "a").await;
    for group in ["one", "two"] {
        let mut member = log.join(group, &[topic()]).await.unwrap();
        start_all(&mut member, 1).await;
        assert!(matches!(event(&mut member).await, Event::Records { .. }));
        member.commit(&topic(), Partition(0), Offset(1)).unwrap();
    }
    let first = log.join("one", &[topic()]).await.unwrap();
    let mut second = log.join("two", &[topic()]).await.unwrap();
    drop(first);
    assert!(matches!(
        event(&mut second).await,
        Event::Assigned {
            committed: Some(Offset(1)),
            ..
        }
    ));
}

async fn one_member_reads_several_topics(subject: Subject) {
    let log = subject.open().await;
    let topics = [Topic::new("conformance.a"), Topic::new("conformance.b")];
    for topic in &topics {
        log.create_topic(topic, &TopicPlan::of(2)).await.unwrap();
    }
    let mut member = log.join("g", &topics).await.unwrap();
    let mut ends = 0;
    let mut seen = BTreeSet::new();
    while seen.len() < 2 {
        match event(&mut member).await {
            Event::Assigned {
                topic, partition, ..
            } => member.start(&topic, partition, Offset(0)),
            Event::CaughtUp { .. } => {
                ends += 1;
                if ends == 4 {
                    for topic in &topics {
                        let payload = topic.as_str().to_owned().into();
                        drop(log.append_to(topic, Partition(1), b"", payload).unwrap());
                    }
                }
            }
            Event::Records { topic, records, .. } => {
                assert_eq!(texts(&records), [topic.as_str()]);
                seen.insert(topic);
            }
            Event::Revoked { .. } => panic!("no other member came"),
        }
    }
}

async fn a_dropped_call_of_next_loses_nothing(subject: Subject) {
    let log = subject.open().await;
    log.create_topic(&topic(), &TopicPlan::of(1)).await.unwrap();
    put_all(&log, 0, (0..1_000).map(|n| n.to_string())).await;
    let mut member = log.join("g", &[topic()]).await.unwrap();
    let mut next = 0;
    let finished = async {
        loop {
            // Polled a few times only, then dropped, in the middle of whatever it did.
            let mut call = Box::pin(member.next());
            let mut polled = poll_once(call.as_mut()).await;
            for _ in 0..next % 3 {
                if polled.is_ready() {
                    break;
                }
                tokio::task::yield_now().await;
                polled = poll_once(call.as_mut()).await;
            }
            drop(call);
            match polled {
                std::task::Poll::Pending => {
                    // As often as not the call is waited for, or a slow read would never end.
                    if let Ok(found) =
                        tokio::time::timeout(std::time::Duration::from_millis(1), member.next())
                            .await
                        && on_event(&mut member, found.unwrap(), &mut next)
                    {
                        break;
                    }
                }
                std::task::Poll::Ready(found) => {
                    if on_event(&mut member, found.unwrap(), &mut next) {
                        break;
                    }
                }
            }
        }
    };
    soon("every record", finished).await;
    assert_eq!(next, 1_000);
}

fn on_event(member: &mut Member, event: Event, next: &mut u64) -> bool {
    match event {
        Event::Assigned {
            topic, partition, ..
        } => {
            member.start(&topic, partition, Offset(0));
            false
        }
        Event::Records { records, .. } => {
            for record in records {
                assert_eq!(record.offset, Offset(*next));
                *next += 1;
            }
            false
        }
        Event::CaughtUp { .. } => true,
        Event::Revoked { .. } => panic!("no other member came"),
    }
}

async fn a_forgotten_group_has_committed_nothing(subject: Subject) {
    let log = subject.open().await;
    log.create_topic(&topic(), &TopicPlan::of(1)).await.unwrap();
    put(&log, 0, "a").await;
    let mut member = log.join("g", &[topic()]).await.unwrap();
    start_all(&mut member, 1).await;
    member.commit(&topic(), Partition(0), Offset(1)).unwrap();
    committed_soon(&log, "g", Partition(0), Offset(1)).await;
    assert!(matches!(
        log.forget_group("g").await,
        Err(ForgetError::Active { members: 1, .. })
    ));
    drop(member);
    // Leaving may take a moment to be known.
    soon("the group to be left", async {
        while log.forget_group("g").await.is_err() {
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert_eq!(
        log.committed("g", &topic(), Partition(0)).await.unwrap(),
        None
    );
    log.close().await.unwrap();
    let log = subject.open().await;
    assert_eq!(
        log.committed("g", &topic(), Partition(0)).await.unwrap(),
        None
    );
}

/// Takes as many assignments, then starts all of them: records would flow between them otherwise.
async fn start_all(member: &mut Member, partitions: u32) {
    let mut starts = Vec::new();
    for _ in 0..partitions {
        let Event::Assigned {
            topic,
            partition,
            committed,
        } = event(member).await
        else {
            panic!("not assigned");
        };
        starts.push((topic, partition, committed.unwrap_or(Offset(0))));
    }
    for (topic, partition, from) in starts {
        member.start(&topic, partition, from);
    }
}

fn caught_up(end: u64) -> Event {
    Event::CaughtUp {
        topic: topic(),
        partition: Partition(0),
        end: Offset(end),
    }
}

async fn a_group_s_lag_is_the_age_of_the_first_record_that_it_has_not_committed(subject: Subject) {
    let log = subject.open().await;
    log.create_topic(&topic(), &TopicPlan::of(1)).await.unwrap();
    let partition = Partition(0);
    let topic = topic();
    let standing = || async {
        let standing = log.standing("g", &topic, partition);
        soon("a standing", standing).await.unwrap()
    };
    let empty = standing().await;
    assert_eq!((empty.records(), empty.seconds(i64::MAX)), (0, 0.0));

    let appended = [
        put(&log, 0, "a").await,
        put(&log, 0, "b").await,
        put(&log, 0, "c").await,
    ];
    let mut member = log.join("g", std::slice::from_ref(&topic)).await.unwrap();
    // Brokers refuse a commit of a member that is still joining.
    assert!(matches!(event(&mut member).await, Event::Assigned { .. }));
    for (committed, first) in [(None, 0), (Some(1), 1), (Some(2), 2)] {
        if let Some(next) = committed.map(Offset) {
            member.commit(&topic, partition, next).unwrap();
            committed_soon(&log, "g", partition, next).await;
        }
        let standing = standing().await;
        assert_eq!(standing.next, appended[first].offset);
        assert_eq!(standing.records(), (appended.len() - first) as u64);
        let now_ms = appended[first].append_time_ms + 2_500;
        assert_eq!(standing.seconds(now_ms), 2.5);
        assert_eq!(standing.gone, 0);
    }
    member.commit(&topic, partition, Offset(3)).unwrap();
    committed_soon(&log, "g", partition, Offset(3)).await;
    assert_eq!(standing().await.records(), 0);
}
