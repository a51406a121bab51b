//! A gateway that runs, and batches for it.

use bytes::Bytes;
use furrow_core::ids::{SenderId, SessionId};
use furrow_core::interaction::{Batch, Interaction, Kind, Page};
use furrow_core::time::ClientTime;
use furrow_gateway::{Config, Gateway, ServeError};
use furrow_log::{EmbeddedSettings, Log, Offset, Partition, ReadLimit, Stored, Topic, TopicPlan};
use furrow_proto::encode_batch;
use furrow_proto::ingest::{IngestClient, RawBatch};
use furrow_proto::record::{BatchRecord, InteractionRecord};
use furrow_service::observe::Readiness;
use prometheus_client::registry::Registry;
use std::net::SocketAddr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tonic::transport::Channel;
use tonic::{Request, Status};
use tonic_types::{ErrorDetails, StatusExt};

pub(crate) const KEY: &str = "furrow-demo";
/// No wait in a test is longer.
pub(crate) const BOUND: Duration = Duration::from_secs(30);
pub(crate) const PARTITIONS: u32 = 4;

pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    pub(crate) log: Log,
    pub(crate) readiness: Readiness,
    pub(crate) token: CancellationToken,
    topic: Topic,
    registry: Registry,
    serving: JoinHandle<Result<(), ServeError>>,
    _folder: TempDir,
}

impl Running {
    pub(crate) async fn start() -> Running {
        Running::with(EmbeddedSettings::default(), |_| {}).await
    }

    pub(crate) async fn configured(change: impl FnOnce(&mut Config)) -> Running {
        Running::with(EmbeddedSettings::default(), change).await
    }

    pub(crate) async fn with(
        settings: EmbeddedSettings,
        change: impl FnOnce(&mut Config),
    ) -> Running {
        let folder = tempfile::tempdir().expect("a folder");
        let log = Log::open(folder.path(), settings).expect("opens");
        let topic = Topic::new("furrow.interactions.v1");
        log.create_topic(&topic, &TopicPlan::of(PARTITIONS))
            .await
            .expect("is created");
        let mut config = Config::default();
        config.listen.set_port(0);
        change(&mut config);
        let mut registry = Registry::default();
        let readiness = Readiness::new("gateway");
        let gateway = Gateway::compose(
            config,
            log.clone(),
            topic.clone(),
            &mut registry,
            readiness.clone(),
        )
        .await
        .expect("composes");
        let bound = gateway.bind().await.expect("binds");
        let address = bound.local_addr();
        let token = CancellationToken::new();
        let serving = tokio::spawn(bound.serve(token.clone()));
        readiness.until_ready().await;
        Running {
            address,
            log,
            readiness,
            token,
            topic,
            registry,
            serving,
            _folder: folder,
        }
    }

    pub(crate) fn uri(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) async fn client(&self) -> IngestClient<Channel> {
        IngestClient::connect(self.uri()).await.expect("connects")
    }

    /// Sends one batch with the demo key.
    pub(crate) async fn publish(&self, batch: Vec<u8>) -> Result<(), Status> {
        let request = keyed(RawBatch(batch.into()));
        self.client().await.publish(request).await.map(|_| ())
    }

    pub(crate) async fn stored(&self) -> Vec<(Partition, Stored)> {
        let mut all = Vec::new();
        for partition in (0..PARTITIONS).map(Partition) {
            let mut next = Offset(0);
            loop {
                let limit = ReadLimit::default();
                let read = self.log.read(&self.topic, partition, next, limit).await;
                let read = read.expect("reads");
                let Some(last) = read.last() else { break };
                next = Offset(last.offset.0 + 1);
                all.extend(read.into_iter().map(|stored| (partition, stored)));
            }
        }
        all
    }

    pub(crate) async fn records(&self) -> Vec<BatchRecord> {
        let stored = self.stored().await.into_iter();
        stored
            .map(
                |(_, stored)| match InteractionRecord::decode(stored.payload) {
                    Ok(InteractionRecord::Batch(batch)) => batch,
                    other => panic!("no batch: {other:?}"),
                },
            )
            .collect()
    }

    pub(crate) fn metrics(&self) -> String {
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &self.registry).expect("encodes");
        text
    }

    /// The sum of all series of a metric whose labels hold `label`.
    pub(crate) fn metric(&self, name: &str, label: &str) -> u64 {
        let text = self.metrics();
        let series = text.lines().filter(|line| {
            line.strip_prefix(name)
                .is_some_and(|rest| rest.starts_with('{'))
                && line.contains(label)
        });
        series
            .map(|line| {
                line.rsplit(' ')
                    .next()
                    .expect("a value")
                    .parse::<u64>()
                    .expect("a number")
            })
            .sum()
    }

    /// Asks the gateway to end and waits until it has.
    pub(crate) async fn stop(self) -> Result<(), ServeError> {
        self.token.cancel();
        self.ended().await
    }

    pub(crate) async fn ended(self) -> Result<(), ServeError> {
        let ended = tokio::time::timeout(BOUND, self.serving).await;
        ended.expect("ends in time").expect("does not panic")
    }
}

pub(crate) fn keyed<T>(message: T) -> Request<T> {
    keyed_as(message, KEY)
}

pub(crate) fn keyed_as<T>(message: T, key: &str) -> Request<T> {
    let mut request = Request::new(message);
    request
        .metadata_mut()
        .insert("x-furrow-key", key.parse().expect("is ASCII"));
    request
}

pub(crate) fn now_ms() -> i64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("after 1970");
    i64::try_from(since.as_millis()).expect("fits")
}

/// A session that began now.
pub(crate) fn session(number: u8) -> SessionId {
    let mut id = [number; 16];
    id[..6].copy_from_slice(&now_ms().to_be_bytes()[2..]);
    id[6] = 0x70;
    id[8] = 0x80;
    SessionId(id)
}

pub(crate) fn batch(session: SessionId, sequence: u32) -> Batch {
    let sent = ClientTime(now_ms());
    Batch {
        session,
        visitor: None,
        sender: SenderId([7; 8]),
        sequence,
        origin: sent.plus(-100),
        sent,
        page: Page::default(),
        device: None,
        targets: Vec::new(),
        interactions: vec![Interaction {
            at: sent.plus(-50),
            kind: Kind::Find,
        }],
        unknown: 0,
        samples: 0,
    }
}

pub(crate) fn bytes(session: SessionId, sequence: u32) -> Vec<u8> {
    encode_batch(&batch(session, sequence))
}

pub(crate) fn raw(session: SessionId, sequence: u32) -> RawBatch {
    RawBatch(Bytes::from(bytes(session, sequence)))
}

pub(crate) fn details(status: &Status) -> ErrorDetails {
    status.get_error_details()
}

/// The reason in `ErrorInfo`.
pub(crate) fn reason(status: &Status) -> String {
    details(status)
        .error_info()
        .expect("has ErrorInfo")
        .reason
        .clone()
}

/// How long `RetryInfo` asks to wait.
pub(crate) fn retry_after(status: &Status) -> Duration {
    let details = details(status);
    let retry = details.retry_info().expect("has RetryInfo");
    retry.retry_delay.expect("says how long")
}

/// One answer over HTTP/1.1.
pub(crate) struct Answer {
    pub(crate) status: u16,
    head: String,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (its, value) = line.split_once(':')?;
            its.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// One request over HTTP/1.1 on a connection of its own.
pub(crate) async fn http(
    address: SocketAddr,
    line: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Answer {
    let mut stream = TcpStream::connect(address).await.expect("connects");
    stream
        .write_all(&head(line, headers, body.len()))
        .await
        .expect("writes");
    stream.write_all(body).await.expect("writes");
    answer(&mut stream).await
}

pub(crate) fn head(line: &str, headers: &[(&str, &str)], length: usize) -> Vec<u8> {
    let mut text = format!("{line} HTTP/1.1\r\nhost: gateway\r\nconnection: close\r\n");
    for (name, value) in headers {
        text += &format!("{name}: {value}\r\n");
    }
    text += &format!("content-length: {length}\r\n\r\n");
    text.into_bytes()
}

pub(crate) async fn answer(stream: &mut TcpStream) -> Answer {
    let mut read = Vec::new();
    let reading = stream.read_to_end(&mut read);
    tokio::time::timeout(BOUND, reading)
        .await
        .expect("in time")
        .expect("reads");
    let end = read
        .windows(4)
        .position(|w| w == b"\r\n\r\n")
        .expect("a head");
    let head = String::from_utf8(read[..end].to_vec()).expect("is text");
    let status = head
        .split(' ')
        .nth(1)
        .expect("a status")
        .parse()
        .expect("a number");
    let body = read[end + 4..].to_vec();
    let mut answer = Answer { status, head, body };
    if answer.header("transfer-encoding") == Some("chunked") {
        answer.body = dechunk(&answer.body);
    }
    answer
}

fn dechunk(mut rest: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    loop {
        let end = rest.windows(2).position(|w| w == b"\r\n").expect("a size");
        let size = std::str::from_utf8(&rest[..end]).expect("is text");
        let size = usize::from_str_radix(size, 16).expect("is hexadecimal");
        if size == 0 {
            return body;
        }
        body.extend_from_slice(&rest[end + 2..end + 2 + size]);
        rest = &rest[end + 2 + size + 2..];
    }
}
