//! What a Kafka log is told when it connects, and what its clients are told by it.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::KafkaError;

use crate::types::RECORD_BYTES_MAX;
use crate::{OpenError, ReadLimit};

/// The settings of a log on Kafka; [`Default`] suits a cluster nearby that asks for no credentials.
#[derive(Clone)]
pub struct KafkaSettings {
    /// Addresses of some of the brokers, `host:port` with commas between them.
    pub brokers: String,
    /// More settings for librdkafka, by its own names: credentials, certificates, compression.
    /// Those on which the log's promises rest are refused here.
    pub client: BTreeMap<String, String>,
    /// How members of a group share out partitions.
    pub group_protocol: GroupProtocol,
    /// Appends that may wait for their receipt; more are refused as full.
    pub queue_records_max: usize,
    /// Bytes that may wait for their receipt; more are refused as full.
    pub queue_bytes_max: usize,
    /// The largest record, key and payload together.
    pub record_bytes_max: usize,
    /// How long an append is tried while the brokers do not acknowledge it.
    pub patience: Patience,
    /// A member that the brokers have not heard of for so long is taken for dead. The new group
    /// protocol leaves this to the brokers.
    pub session_timeout_ms: u32,
    /// How long a partition that is to be given up waits for [`Revoked`](crate::Event::Revoked) to
    /// be taken.
    pub revoke_wait_ms_max: u32,
    /// A member that takes nothing for so long is no longer fetched for; what was fetched ahead
    /// is fetched again when it goes on.
    pub untaken_ms_max: u32,
    /// How much one [`Records`](crate::Event::Records) or one step of a tail carries.
    pub fetch: ReadLimit,
    /// Bytes that each topic of a member, each tail and each reader may hold fetched ahead; exceeded
    /// by one answer of a broker at most.
    pub fetch_bytes_max: usize,
    /// How long a broker waits for records before it answers that there are none; that the end is
    /// reached is known so much later.
    pub fetch_wait_ms_max: u32,
    /// Reads that may run at once, each on a blocking thread with a connection of its own.
    pub reads_max: usize,
    /// How long connecting waits for a first broker to answer.
    pub connect_timeout_ms: u32,
    /// How long a question to the brokers is asked again when none answers.
    pub query_timeout_ms: u32,
}

/// How long an append is tried while the brokers do not acknowledge it. Whatever it is, no more
/// appends wait than [`KafkaSettings::queue_records_max`] and [`KafkaSettings::queue_bytes_max`]
/// allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Patience {
    /// For so long, ms, at least 1; then it has [timed out](crate::AppendError::TimedOut). For who
    /// has to answer somebody: below the clients' own patience, every client learns what became of
    /// its batch.
    Bounded(u32),
    /// For as long as it takes. For who has nobody to answer, and nothing better to do than to wait.
    Endless,
}

/// How long closing waits for appends that would be tried for ever. Whoever cares for a receipt has
/// waited for it before.
const FLUSH_MS: u32 = 5_000;

impl Patience {
    /// As the library wants it, which takes 0 for no end, ms.
    fn message_timeout_ms(self) -> u32 {
        match self {
            Patience::Bounded(ms) => ms,
            Patience::Endless => 0,
        }
    }

    /// How long closing waits for what is on its way.
    pub(super) fn flush(self) -> Duration {
        let ms = match self {
            // Until then every append has its answer.
            Patience::Bounded(ms) => ms,
            Patience::Endless => FLUSH_MS,
        };
        Duration::from_millis(ms.into())
    }
}

/// How members of a group share out partitions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum GroupProtocol {
    /// A member works it out, and partitions that stay where they are flow on (cooperative-sticky).
    #[default]
    Classic,
    /// The brokers work it out (KIP-848); Kafka 4 and newer.
    Consumer,
}

impl Default for KafkaSettings {
    fn default() -> Self {
        Self {
            brokers: "localhost:9092".to_owned(),
            client: BTreeMap::new(),
            group_protocol: GroupProtocol::Classic,
            queue_records_max: 16_384,
            queue_bytes_max: 32 << 20,
            record_bytes_max: RECORD_BYTES_MAX as usize,
            patience: Patience::Bounded(20_000),
            session_timeout_ms: 15_000,
            revoke_wait_ms_max: 30_000,
            untaken_ms_max: 3_000,
            fetch: ReadLimit::default(),
            fetch_bytes_max: 16 << 20,
            fetch_wait_ms_max: 100,
            reads_max: 4,
            connect_timeout_ms: 30_000,
            query_timeout_ms: 60_000,
        }
    }
}

/// Values may be secrets: only names are shown.
impl fmt::Debug for KafkaSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KafkaSettings")
            .field("brokers", &self.brokers)
            .field("client", &self.client.keys())
            .field("group_protocol", &self.group_protocol)
            .finish_non_exhaustive()
    }
}

/// A consumer that is ahead of its readers looks again so soon whether there is room to fetch.
/// Unless told otherwise it sleeps for a second, which costs most of the throughput.
const FETCH_BACKOFF_MS: u32 = 10;

/// Records that a consumer may hold fetched ahead, whatever their size.
const FETCHED_RECORDS_MAX: u32 = 16_384;

/// How often a member tells its group that it is there, at the least.
const HEARTBEAT_INTERVAL_MS_MAX: u32 = 500;

/// A member that was not polled for so long leaves its group. Polling never stops, so this is met
/// only by a process that hangs.
const POLL_INTERVAL_MS_MAX: u32 = 300_000;

/// How often a member hears where its partitions end.
const ENDS_INTERVAL_MS: u32 = 1_000;

/// A record's headers and its batch's head come on top of key and payload.
pub(super) const RECORD_OVERHEAD_BYTES: usize = 1 << 10;

/// What the library may allow for a record, and not more.
const RECORD_BYTES_CEILING: usize = 1_000_000_000 - RECORD_OVERHEAD_BYTES;

/// What the log's promises rest on, by each of its names.
const OWNED: &[&str] = &[
    "acks",
    "allow.auto.create.topics",
    "auto.commit.enable",
    "auto.commit.interval.ms",
    "auto.offset.reset",
    "bootstrap.servers",
    "delivery.report.only.error",
    "delivery.timeout.ms",
    "enable.auto.commit",
    "enable.auto.offset.store",
    "enable.gapless.guarantee",
    "enable.idempotence",
    "enable.partition.eof",
    "enable.sparse.connections",
    "fetch.max.bytes",
    "fetch.message.max.bytes",
    "fetch.queue.backoff.ms",
    "fetch.wait.max.ms",
    "group.id",
    "group.instance.id",
    "group.protocol",
    "group.remote.assignor",
    "heartbeat.interval.ms",
    "isolation.level",
    "log.queue",
    "max.in.flight",
    "max.in.flight.requests.per.connection",
    "max.partition.fetch.bytes",
    "max.poll.interval.ms",
    "message.max.bytes",
    "message.send.max.retries",
    "message.timeout.ms",
    "metadata.broker.list",
    "offset.store.method",
    "partition.assignment.strategy",
    "partitioner",
    "produce.offset.report",
    "queue.buffering.max.kbytes",
    "queue.buffering.max.messages",
    "queued.max.messages.kbytes",
    "queued.min.messages",
    "queuing.strategy",
    "receive.message.max.bytes",
    "request.required.acks",
    "retries",
    "session.timeout.ms",
    "statistics.interval.ms",
    "transaction.timeout.ms",
    "transactional.id",
];

impl KafkaSettings {
    /// Refuses settings under which the log could not work or could not keep its promises.
    pub(super) fn check(&self) -> Result<(), OpenError> {
        let refuse = |name, reason: &str| {
            let reason = reason.to_owned();
            Err(OpenError::Setting { name, reason })
        };
        if self.brokers.trim().is_empty() {
            return refuse("brokers", "it must name at least one broker");
        }
        let counts = [
            ("queue_records_max", self.queue_records_max),
            ("queue_bytes_max", self.queue_bytes_max),
            ("fetch_bytes_max", self.fetch_bytes_max),
            ("reads_max", self.reads_max),
            ("connect_timeout_ms", self.connect_timeout_ms as usize),
            ("query_timeout_ms", self.query_timeout_ms as usize),
            ("session_timeout_ms", self.session_timeout_ms as usize),
        ];
        for (name, value) in counts {
            if value == 0 {
                return refuse(name, "it must be at least 1");
            }
        }
        if self.patience == Patience::Bounded(0) {
            return refuse("message_timeout_ms", "it must be at least 1");
        }
        if self.record_bytes_max > RECORD_BYTES_CEILING {
            return refuse("record_bytes_max", "it must be below a gigabyte");
        }
        if self.queue_bytes_max < self.record_bytes_max {
            return refuse("queue_bytes_max", "it must hold the largest record");
        }
        if self.revoke_wait_ms_max >= POLL_INTERVAL_MS_MAX {
            return refuse("revoke_wait_ms_max", "it must be below five minutes");
        }
        for name in self.client.keys() {
            if OWNED.contains(&name.trim()) {
                return Err(OpenError::ClientSetting {
                    name: name.clone(),
                    reason: "Furrow sets it, because what it promises rests on it".to_owned(),
                });
            }
        }
        // The library knows its settings best, so it is asked about each kind of client.
        for config in [self.producer(), self.member("check"), self.reader()] {
            config.create_native_config().map_err(refused)?;
        }
        Ok(())
    }

    /// For what appends and asks: nothing is acknowledged before all replicas in sync have it, a
    /// record that is sent again is there once, and the order of calls is kept.
    pub(super) fn producer(&self) -> ClientConfig {
        let mut config = self.client();
        let queue_kbytes = self.queue_bytes_max.div_ceil(1 << 10) + QUEUE_SLACK_KBYTES;
        set(
            &mut config,
            &[
                ("enable.idempotence", &"true"),
                ("acks", &"all"),
                ("max.in.flight.requests.per.connection", &5),
                ("message.timeout.ms", &self.patience.message_timeout_ms()),
                // The log's own limits are met first: they count what they say they count.
                (
                    "queue.buffering.max.messages",
                    &(self.queue_records_max + 1),
                ),
                ("queue.buffering.max.kbytes", &queue_kbytes),
            ],
        );
        config
    }

    /// For a member of a group: it commits what it is told to and nothing else.
    pub(super) fn member(&self, group: &str) -> ClientConfig {
        let mut config = self.consumer();
        set(
            &mut config,
            &[
                ("group.id", &group),
                ("max.poll.interval.ms", &POLL_INTERVAL_MS_MAX),
                // The one way to hear where partitions end without asking.
                ("statistics.interval.ms", &ENDS_INTERVAL_MS),
            ],
        );
        match self.group_protocol {
            GroupProtocol::Classic => set(
                &mut config,
                &[
                    ("group.protocol", &"classic"),
                    ("partition.assignment.strategy", &"cooperative-sticky"),
                    ("session.timeout.ms", &self.session_timeout_ms),
                    // A few may be lost before a member is taken for dead. It is in the answers that
                    // a member hears of others, so a partition that changes hands waits for one, and
                    // for two when its old owner stays.
                    (
                        "heartbeat.interval.ms",
                        &(self.session_timeout_ms / 10).clamp(1, HEARTBEAT_INTERVAL_MS_MAX),
                    ),
                ],
            ),
            GroupProtocol::Consumer => set(&mut config, &[("group.protocol", &"consumer")]),
        }
        config
    }

    /// For reads and tails, which belong to no group.
    pub(super) fn reader(&self) -> ClientConfig {
        self.consumer()
    }

    fn consumer(&self) -> ClientConfig {
        let mut config = self.client();
        let answer_bytes_max = self.record_bytes_max + RECORD_OVERHEAD_BYTES;
        set(
            &mut config,
            &[
                ("enable.auto.commit", &"false"),
                ("enable.auto.offset.store", &"false"),
                // A place that is not there is said, never replaced by another.
                ("auto.offset.reset", &"error"),
                ("enable.partition.eof", &"true"),
                ("isolation.level", &"read_uncommitted"),
                ("fetch.queue.backoff.ms", &FETCH_BACKOFF_MS),
                ("fetch.wait.max.ms", &self.fetch_wait_ms_max),
                ("fetch.error.backoff.ms", &100),
                ("fetch.max.bytes", &answer_bytes_max.max(FETCH_ANSWER_BYTES)),
                ("max.partition.fetch.bytes", &FETCH_PARTITION_BYTES),
                (
                    "queued.max.messages.kbytes",
                    &self.fetch_bytes_max.div_ceil(1 << 10),
                ),
                ("queued.min.messages", &FETCHED_RECORDS_MAX),
            ],
        );
        config
    }

    /// What all clients share, beginning with what the user gave.
    fn client(&self) -> ClientConfig {
        let mut config = ClientConfig::new();
        config.set_log_level(RDKafkaLogLevel::Info);
        config.set("client.id", "furrow");
        // A broker that comes back is met within a second, not within ten.
        config.set("reconnect.backoff.max.ms", "1000");
        for (name, value) in &self.client {
            config.set(name.trim(), value);
        }
        set(
            &mut config,
            &[
                ("bootstrap.servers", &self.brokers),
                ("allow.auto.create.topics", &"false"),
                (
                    "message.max.bytes",
                    &(self.record_bytes_max + RECORD_OVERHEAD_BYTES),
                ),
            ],
        );
        config
    }
}

/// Room that the library's queue has beyond the log's own.
const QUEUE_SLACK_KBYTES: usize = 1 << 10;

/// What a broker answers at most, unless a single record is larger.
const FETCH_ANSWER_BYTES: usize = 8 << 20;

/// What a broker answers of one partition at most, unless a single record is larger.
const FETCH_PARTITION_BYTES: usize = 1 << 20;

fn set(config: &mut ClientConfig, settings: &[(&str, &dyn fmt::Display)]) {
    for (name, value) in settings {
        config.set(*name, value.to_string());
    }
}

/// What the library says of a setting, or of several together.
pub(super) fn refused(error: KafkaError) -> OpenError {
    match error {
        KafkaError::ClientConfig(_, reason, name, _) => OpenError::ClientSetting { name, reason },
        other => OpenError::ClientSetting {
            name: "(several together)".to_owned(),
            reason: other.to_string(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(name: &str, value: &str) -> KafkaSettings {
        KafkaSettings {
            client: BTreeMap::from([(name.to_owned(), value.to_owned())]),
            ..KafkaSettings::default()
        }
    }

    #[test]
    fn the_default_settings_are_taken_by_the_library() {
        KafkaSettings::default().check().unwrap();
        let consumer = KafkaSettings {
            group_protocol: GroupProtocol::Consumer,
            ..KafkaSettings::default()
        };
        consumer.check().unwrap();
    }

    #[test]
    fn what_the_promises_rest_on_is_left_to_nobody() {
        for name in OWNED {
            let error = with(name, "1").check().unwrap_err();
            let told = format!("the Kafka client's setting {name} is refused: Furrow sets it");
            assert!(error.to_string().starts_with(&told), "{error}");
        }
    }

    #[test]
    fn a_setting_that_the_library_does_not_know_is_named() {
        let error = with("sasl.pasword", "hunter2").check().unwrap_err();
        let OpenError::ClientSetting { name, .. } = &error else {
            panic!("{error}");
        };
        assert_eq!(name, "sasl.pasword");
        assert!(!error.to_string().contains("hunter2"));
    }

    #[test]
    fn credentials_and_certificates_are_passed_on() {
        let settings = with("sasl.password", "hunter2");
        settings.check().unwrap();
        assert_eq!(settings.producer().get("sasl.password"), Some("hunter2"));
        assert!(!format!("{settings:?}").contains("hunter2"));
        for (name, value) in [
            ("security.protocol", "SASL_SSL"),
            ("sasl.mechanisms", "SCRAM-SHA-512"),
            ("ssl.endpoint.identification.algorithm", "https"),
        ] {
            with(name, value).check().unwrap();
        }
    }

    #[test]
    fn endless_patience_is_what_the_library_takes_for_no_end_and_none_at_all_is_refused() {
        let patience = |patience| KafkaSettings {
            patience,
            ..KafkaSettings::default()
        };
        let told = |settings: KafkaSettings| {
            let producer = settings.producer();
            producer.get("message.timeout.ms").map(str::to_owned)
        };
        let endless = patience(Patience::Endless);
        endless.check().unwrap();
        assert_eq!(told(endless).as_deref(), Some("0"));
        assert_eq!(told(patience(Patience::Bounded(7))).as_deref(), Some("7"));
        let error = patience(Patience::Bounded(0)).check().unwrap_err();
        assert!(error.to_string().contains("message_timeout_ms"), "{error}");
    }

    #[test]
    fn a_queue_that_could_not_hold_the_largest_record_is_refused() {
        let settings = KafkaSettings {
            queue_bytes_max: 1 << 10,
            ..KafkaSettings::default()
        };
        let error = settings.check().unwrap_err();
        assert!(matches!(
            error,
            OpenError::Setting {
                name: "queue_bytes_max",
                ..
            }
        ));
    }
}
