//! A log on a real Kafka broker: against the suite that every log passes, and what is Kafka's own.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test fails by panicking"
)]

mod conformance;

use std::collections::BTreeMap;
use std::time::Duration;

use conformance::{Subject, put, put_all, read_all, soon, texts, topic};
use furrow_log::{
    AppendError, Cleanup, Event, GroupProtocol, KafkaSettings, Log, Offset, OpenError, Partition,
    Patience, Stamp, Topic, TopicError, TopicPlan,
};
use furrow_test_broker::Broker;
use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions};
use rdkafka::client::DefaultClientContext;
use rdkafka::error::RDKafkaErrorCode as Code;
use rdkafka::topic_partition_list::{Offset as Place, TopicPartitionList};

/// Every topic and group of the cases.
const TOPICS: [&str; 3] = ["conformance.v1", "conformance.a", "conformance.b"];
const GROUPS: [&str; 6] = ["g", "other", "one", "two", "workers", "slow"];

fn settings(brokers: &str) -> KafkaSettings {
    KafkaSettings {
        brokers: brokers.to_owned(),
        // The brokers allow no shorter one.
        session_timeout_ms: 6_000,
        ..KafkaSettings::default()
    }
}

async fn connect(settings: &KafkaSettings) -> Log {
    soon("a connection", Log::connect(settings.clone()))
        .await
        .unwrap()
}

/// A log without the topics and groups of earlier cases.
async fn subject(settings: &KafkaSettings) -> Subject {
    clear(settings).await;
    let opened = settings.clone();
    let aged = settings.clone();
    Subject {
        open: Box::new(move |queue_records_max| {
            let settings = KafkaSettings {
                queue_records_max,
                ..opened.clone()
            };
            Box::pin(async move { connect(&settings).await })
        }),
        age: Box::new(move |_, topic, partition| {
            let brokers = aged.brokers.clone();
            Box::pin(async move { delete_records(&brokers, topic, partition).await })
        }),
    }
}

async fn clear(settings: &KafkaSettings) {
    let admin = admin(&settings.brokers);
    let options = AdminOptions::new();
    // The members of a case that has ended are still leaving.
    loop {
        let forgotten = admin.delete_groups(&GROUPS, &options).await.unwrap();
        let codes = forgotten
            .into_iter()
            .filter_map(|answer| Some(answer.err()?.1));
        if codes.into_iter().all(|code| code == Code::GroupIdNotFound) {
            break;
        }
    }
    // A topic is gone a moment after the brokers have said that they delete it.
    loop {
        let deleted = admin.delete_topics(&TOPICS, &options).await.unwrap();
        let gone = |answer: &Result<_, (_, Code)>| {
            matches!(answer, Err((_, Code::UnknownTopicOrPartition)))
        };
        if deleted.iter().all(gone) {
            break;
        }
    }
}

fn admin(brokers: &str) -> AdminClient<DefaultClientContext> {
    ClientConfig::new()
        .set("bootstrap.servers", brokers)
        .create()
        .unwrap()
}

/// What retention does, at once.
async fn delete_records(brokers: &str, topic: &Topic, partition: Partition) {
    let mut list = TopicPartitionList::new();
    let number = i32::try_from(partition.0).unwrap();
    list.add_partition_offset(topic.as_str(), number, Place::End)
        .unwrap();
    let admin = admin(brokers);
    let deleted = admin.delete_records(&list, &AdminOptions::new()).await;
    for element in deleted.unwrap().elements() {
        element.error().unwrap();
    }
}

#[tokio::test]
async fn a_log_on_kafka_does_what_every_log_must_do() {
    let broker = Broker::start();
    let settings = settings(&broker.bootstrap());
    conformance::run(async || subject(&settings).await).await;
    conformance::run_cases(all(), async || subject(&settings).await).await;
    let hasty = KafkaSettings {
        untaken_ms_max: 0,
        ..settings
    };
    let case: conformance::Case = ("a_member_that_takes_its_time_misses_nothing", |subject| {
        Box::pin(a_member_that_takes_its_time_misses_nothing(subject))
    });
    conformance::run_cases([case], async || subject(&hasty).await).await;
}

#[tokio::test]
async fn brokers_that_share_out_partitions_do_it_as_members_do() {
    // How soon members hear of each other is the brokers' to say.
    let broker = Broker::start_with(&[
        ("group.consumer.heartbeat.interval.ms", "500"),
        ("group.consumer.min.heartbeat.interval.ms", "500"),
    ]);
    let settings = KafkaSettings {
        group_protocol: GroupProtocol::Consumer,
        ..settings(&broker.bootstrap())
    };
    conformance::run_groups(async || subject(&settings).await).await;
}

conformance::listed![
    a_topic_is_made_as_planned_and_tells_what_it_is,
    a_topic_grows_and_keeps_its_records,
    a_deleted_topic_begins_anew,
    a_member_knows_where_its_partitions_end,
    a_record_that_the_topic_does_not_take_is_refused,
    records_that_go_while_they_are_read_are_told_of,
];

async fn a_topic_is_made_as_planned_and_tells_what_it_is(subject: Subject) {
    let log = subject.open().await;
    let plan = TopicPlan {
        replication: Some(1),
        min_insync: Some(1),
        retention: Duration::from_secs(7 * 3_600),
        ..TopicPlan::of(3)
    };
    log.create_topic(&topic(), &plan).await.unwrap();
    let facts = log.describe_topic(&topic()).await.unwrap();
    assert_eq!((facts.partitions, facts.replication), (3, 1));
    assert_eq!(facts.min_insync, 1);
    assert_eq!(facts.retention, Some(plan.retention));
    assert_eq!(facts.retention_bytes, None);
    assert_eq!((facts.stamp, facts.cleanup), (Stamp::Log, Cleanup::Delete));
    assert!(facts.record_bytes_max > u64::from(plan.record_bytes_max));
    let unknown = log.describe_topic(&Topic::new("conformance.b")).await;
    assert!(matches!(unknown, Err(TopicError::Unknown { .. })));
}

async fn a_topic_grows_and_keeps_its_records(subject: Subject) {
    let log = subject.open().await;
    log.create_topic(&topic(), &TopicPlan::of(2)).await.unwrap();
    put(&log, 1, "a").await;
    log.add_partitions(&topic(), 4).await.unwrap();
    log.add_partitions(&topic(), 4).await.unwrap();
    assert_eq!(log.partitions(&topic()).await.unwrap(), 4);
    put(&log, 3, "b").await;
    assert_eq!(texts(&read_all(&log, 1).await), ["a"]);
    assert_eq!(texts(&read_all(&log, 3).await), ["b"]);
    let fewer = log.add_partitions(&topic(), 3).await;
    assert!(matches!(fewer, Err(TopicError::OtherCount { .. })));
}

async fn a_deleted_topic_begins_anew(subject: Subject) {
    let log = subject.open().await;
    log.create_topic(&topic(), &TopicPlan::of(2)).await.unwrap();
    put(&log, 0, "a").await;
    log.delete_topic(&topic()).await.unwrap();
    let gone = log.append(&topic(), b"", "b".into());
    assert!(matches!(
        gone,
        Err(AppendError::Topic(TopicError::Unknown { .. }))
    ));
    let again = log.delete_topic(&topic()).await;
    assert!(matches!(again, Err(TopicError::Unknown { .. })));
    log.close().await.unwrap();
    let log = subject.open().await;
    log.create_topic(&topic(), &TopicPlan::of(1)).await.unwrap();
    assert_eq!(put(&log, 0, "c").await.offset, Offset(0));
    assert_eq!(texts(&read_all(&log, 0).await), ["c"]);
}

async fn a_member_that_takes_its_time_misses_nothing(subject: Subject) {
    const RECORDS: u64 = 5_000;
    // Fetching is paused whenever something waits to be taken at all.
    let log = subject.open().await;
    log.create_topic(&topic(), &TopicPlan::of(1)).await.unwrap();
    put_all(&log, 0, (0..RECORDS).map(|n| n.to_string())).await;
    let mut member = log.join("g", &[topic()]).await.unwrap();
    let mut next = 0;
    while next < RECORDS {
        match conformance::event(&mut member).await {
            Event::Assigned { partition, .. } => member.start(&topic(), partition, Offset(0)),
            Event::Records { records, .. } => {
                for record in records {
                    assert_eq!(record.offset, Offset(next));
                    next += 1;
                }
            }
            Event::CaughtUp { end, .. } => assert_eq!(end, Offset(next)),
            Event::Revoked { .. } => panic!("no other member came"),
        }
    }
}

async fn a_member_knows_where_its_partitions_end(subject: Subject) {
    let log = subject.open().await;
    log.create_topic(&topic(), &TopicPlan::of(1)).await.unwrap();
    put_all(&log, 0, (0..10).map(|n| n.to_string())).await;
    let mut member = log.join("g", &[topic()]).await.unwrap();
    let Event::Assigned { partition, .. } = conformance::event(&mut member).await else {
        panic!("not assigned");
    };
    assert_eq!(member.end(&topic(), Partition(1)), None);
    member.start(&topic(), partition, Offset(10));
    while member.end(&topic(), partition) != Some(Offset(10)) {
        let Event::CaughtUp { .. } = conformance::event(&mut member).await else {
            panic!("nothing else was to come");
        };
    }
    put(&log, 0, "another").await;
    soon("the end", async {
        while member.end(&topic(), partition) != Some(Offset(11)) {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

async fn a_record_that_the_topic_does_not_take_is_refused(subject: Subject) {
    let log = subject.open().await;
    let plan = TopicPlan {
        record_bytes_max: 1_000,
        ..TopicPlan::of(1)
    };
    log.create_topic(&topic(), &plan).await.unwrap();
    put(&log, 0, "a").await;
    let large = log
        .append_to(&topic(), Partition(0), b"", vec![0; 10_000].into())
        .unwrap();
    let refused = soon("an answer", large).await.unwrap_err();
    assert!(matches!(refused, AppendError::Refused(_)), "{refused}");
    put(&log, 0, "b").await;
    assert_eq!(texts(&read_all(&log, 0).await), ["a", "b"]);
    assert_eq!(log.stats().failed, 1);
}

async fn records_that_go_while_they_are_read_are_told_of(subject: Subject) {
    let log = subject.open().await;
    log.create_topic(&topic(), &TopicPlan::of(1)).await.unwrap();
    put_all(&log, 0, (0..10).map(|n| n.to_string())).await;
    let mut member = log.join("g", &[topic()]).await.unwrap();
    let Event::Assigned { partition, .. } = conformance::event(&mut member).await else {
        panic!("not assigned");
    };
    (subject.age)(&log, &topic(), partition).await;
    member.start(&topic(), partition, Offset(3));
    let error = soon("an error", member.next()).await.unwrap_err();
    assert!(
        matches!(
            error,
            furrow_log::ConsumeError::Read {
                source: furrow_log::ReadError::Gone {
                    earliest: Offset(10)
                },
                ..
            }
        ),
        "{error:?}"
    );
    member.start(&topic(), partition, Offset(12));
    let error = soon("an error", member.next()).await.unwrap_err();
    assert!(
        matches!(
            error,
            furrow_log::ConsumeError::Read {
                source: furrow_log::ReadError::Beyond { end: Offset(10) },
                ..
            }
        ),
        "{error:?}"
    );
    member.start(&topic(), partition, Offset(10));
    put(&log, 0, "next").await;
    loop {
        if let Event::Records { records, .. } = conformance::event(&mut member).await {
            break assert_eq!(texts(&records), ["next"]);
        }
    }
}

#[tokio::test]
async fn keys_choose_the_partitions_that_kafkas_own_producer_chooses() {
    const KEYS: &str = "100";
    let broker = Broker::start();
    let log = connect(&settings(&broker.bootstrap())).await;
    log.create_topic(&topic(), &TopicPlan::of(7)).await.unwrap();
    furrow_test_broker::run_tool(
        "org.apache.kafka.tools.VerifiableProducer",
        &[
            "--bootstrap-server",
            &broker.bootstrap(),
            "--topic",
            topic().as_str(),
            "--max-messages",
            KEYS,
            "--repeating-keys",
            KEYS,
        ],
    );
    let mut theirs = BTreeMap::new();
    for partition in 0..7 {
        for record in read_all(&log, partition).await {
            theirs.insert(record.key, Partition(partition));
        }
    }
    assert_eq!(theirs.len().to_string(), KEYS);
    for (key, partition) in theirs {
        let receipt = log.append(&topic(), &key, "ours".into()).unwrap();
        let ours = soon("a receipt", receipt).await.unwrap().partition;
        assert_eq!(ours, partition, "{key:?}");
    }
}

#[tokio::test]
async fn what_was_acknowledged_is_there_once_and_in_order_after_brokers_were_killed() {
    const PARTITIONS: u32 = 2;
    const ROUNDS: u64 = 3;
    const EACH: u64 = 2_000;
    let mut broker = Broker::start();
    let settings = KafkaSettings {
        patience: Patience::Endless,
        ..settings(&broker.bootstrap())
    };
    let log = connect(&settings).await;
    log.create_topic(&topic(), &TopicPlan::of(PARTITIONS))
        .await
        .unwrap();
    let mut acknowledged: BTreeMap<u32, Vec<(u64, u64)>> = BTreeMap::new();
    for round in 0..ROUNDS {
        let mut receipts = Vec::new();
        for n in round * EACH..(round + 1) * EACH {
            let partition = u32::try_from(n).unwrap() % PARTITIONS;
            let payload = n.to_string().into();
            let receipt = log.append_to(&topic(), Partition(partition), b"", payload);
            receipts.push((n, receipt.unwrap()));
            if n == round * EACH + EACH / 2 {
                // Some have been acknowledged, others are on their way.
                let (first, receipt) = receipts.remove(0);
                let appended = soon("a receipt", receipt).await.unwrap();
                let places = acknowledged.entry(appended.partition.0).or_default();
                places.push((first, appended.offset.0));
                broker.kill();
            }
        }
        broker.start_again();
        for (n, receipt) in receipts {
            let appended = soon("a receipt", receipt).await.unwrap();
            let places = acknowledged.entry(appended.partition.0).or_default();
            places.push((n, appended.offset.0));
        }
    }
    for (partition, places) in acknowledged {
        let records = read_all(&log, partition).await;
        let held: Vec<(u64, u64)> = texts(&records)
            .iter()
            .zip(&records)
            .map(|(text, record)| (text.parse().unwrap(), record.offset.0))
            .collect();
        // All of them, in the order of the calls, at the places that were told, and nothing else.
        assert_eq!(held, places);
        assert!(held.is_sorted());
    }
    assert_eq!(log.stats().failed, 0);
}

#[tokio::test]
async fn an_append_that_no_broker_acknowledges_times_out_and_the_next_is_taken() {
    let broker = Broker::start();
    let settings = KafkaSettings {
        patience: Patience::Bounded(2_000),
        ..settings(&broker.bootstrap())
    };
    let log = connect(&settings).await;
    log.create_topic(&topic(), &TopicPlan::of(1)).await.unwrap();
    put(&log, 0, "before").await;
    broker.freeze();
    let receipt = log.append(&topic(), b"", "while".into()).unwrap();
    let error = soon("an answer", receipt).await.unwrap_err();
    assert!(matches!(error, AppendError::TimedOut), "{error}");
    broker.thaw();
    put(&log, 0, "after").await;
    let held = texts(&read_all(&log, 0).await);
    // Nobody was told what became of the one that timed out.
    let rest: Vec<_> = held.iter().filter(|text| *text != "while").collect();
    assert_eq!(rest, ["before", "after"]);
}

#[tokio::test]
async fn credentials_and_certificates_open_a_cluster_that_asks_for_them() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    let (store, certificate) = (path("broker.p12"), path("broker.pem"));
    keytool(&[
        "-genkeypair",
        "-keyalg",
        "EC",
        "-dname",
        "CN=localhost",
        "-ext",
        "SAN=IP:127.0.0.1",
        "-keystore",
        &store,
    ]);
    keytool(&[
        "-exportcert",
        "-rfc",
        "-file",
        &certificate,
        "-keystore",
        &store,
    ]);
    let broker = Broker::start_with(&[
        (
            "listener.security.protocol.map",
            "PLAINTEXT:SASL_SSL,CONTROLLER:PLAINTEXT",
        ),
        ("ssl.keystore.type", "PKCS12"),
        ("ssl.keystore.location", &store),
        ("ssl.keystore.password", STORE_PASSWORD),
        ("ssl.truststore.type", "PEM"),
        ("ssl.truststore.location", &certificate),
        ("sasl.enabled.mechanisms", "PLAIN"),
        ("sasl.mechanism.inter.broker.protocol", "PLAIN"),
        (
            "listener.name.plaintext.plain.sasl.jaas.config",
            "org.apache.kafka.common.security.plain.PlainLoginModule required \
             username=\"broker\" password=\"within\" \
             user_broker=\"within\" user_furrow=\"hunter2\";",
        ),
    ]);
    let with = |password: &str| KafkaSettings {
        client: [
            ("security.protocol", "SASL_SSL"),
            ("ssl.ca.location", &certificate),
            ("sasl.mechanisms", "PLAIN"),
            ("sasl.username", "furrow"),
            ("sasl.password", password),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into(),
        connect_timeout_ms: 10_000,
        ..settings(&broker.bootstrap())
    };
    let log = connect(&with("hunter2")).await;
    log.create_topic(&topic(), &TopicPlan::of(1)).await.unwrap();
    put(&log, 0, "a").await;
    assert_eq!(texts(&read_all(&log, 0).await), ["a"]);
    let mut member = log.join("g", &[topic()]).await.unwrap();
    assert!(matches!(
        conformance::event(&mut member).await,
        Event::Assigned { .. }
    ));
    let stranger = KafkaSettings {
        connect_timeout_ms: 1_000,
        ..with("guessed")
    };
    let refused = soon("an answer", Log::connect(stranger)).await.unwrap_err();
    let why = std::error::Error::source(&refused).unwrap().to_string();
    assert!(why.contains("Authentication failed"), "{why}");
    assert!(!format!("{refused:?}").contains("guessed"));
}

const STORE_PASSWORD: &str = "changeit";

/// Java's own tool for keys and certificates.
fn keytool(args: &[&str]) {
    let output = std::process::Command::new("keytool")
        .args(args)
        .args(["-alias", "broker", "-storepass", STORE_PASSWORD])
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
}

#[tokio::test]
async fn a_cluster_that_does_not_answer_is_named() {
    let scram = [
        ("security.protocol", "SASL_SSL"),
        ("sasl.mechanisms", "SCRAM-SHA-512"),
        ("sasl.username", "furrow"),
        ("sasl.password", "hunter2"),
    ];
    let settings = KafkaSettings {
        brokers: format!("127.0.0.1:{}", furrow_test_broker::free_port()),
        // The library refuses at once what it was not built with.
        client: scram
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
        connect_timeout_ms: 500,
        ..KafkaSettings::default()
    };
    let error = soon("an answer", Log::connect(settings.clone()))
        .await
        .unwrap_err();
    let OpenError::Unreachable { brokers, .. } = &error else {
        panic!("{error}");
    };
    assert_eq!(*brokers, settings.brokers);
}
