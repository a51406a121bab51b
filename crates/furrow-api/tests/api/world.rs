//! A served api, a store behind it, and how it is asked.

use crate::samples::{now_ms, update};
use furrow_api::{Api, Config, Metrics, Pipeline, Reader};
use furrow_log::{EmbeddedSettings, Log, Topic, TopicPlan};
use furrow_proto::record;
use furrow_proto::v1::query_service_client::QueryServiceClient;
use furrow_store::engine::{Account, MEMORY_BYTES_MAX_DEFAULT, START_TIMEOUT_DEFAULT};
use furrow_store::{Connection, Engine, EngineSettings, Password, Store};
use serde_json::Value;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tonic::transport::Channel;

/// How long a test waits for what must come.
pub(crate) const BOUND: Duration = Duration::from_secs(30);
pub(crate) const SCORES: &str = "furrow.scores.v1";
pub(crate) const DEAD_LETTERS: &str = "furrow.dead-letters.v1";

fn library() -> PathBuf {
    let home = || PathBuf::from(std::env::var_os("HOME").expect("there is a home")).join(".cache");
    let cache = std::env::var_os("FURROW_CACHE")
        .map(PathBuf::from)
        .unwrap_or_else(|| {
            std::env::var_os("XDG_CACHE_HOME")
                .map_or_else(home, PathBuf::from)
                .join("furrow")
        });
    cache.join("engine/26.7.3-stable.1/libchdb.so")
}

pub(crate) async fn engine(dir: &Path) -> (Engine, Store, Store) {
    let arguments = [
        "engine_child",
        "--exact",
        "--nocapture",
        "--test-threads=1",
        "--",
    ];
    let database = "furrow".parse().unwrap();
    let engine = Engine::start(EngineSettings {
        library: library(),
        data_dir: dir.to_owned(),
        program: std::env::current_exe().unwrap(),
        arguments: arguments.map(Into::into).into(),
        http_port: 0,
        databases: vec!["furrow".parse().unwrap()],
        memory_bytes_max: MEMORY_BYTES_MAX_DEFAULT,
        start_timeout: START_TIMEOUT_DEFAULT,
    })
    .await
    .unwrap();
    let store = |account| Store::connect(&engine.connection(account, &database)).unwrap();
    let (writer, reader) = (store(Account::Writer), store(Account::Reader));
    writer.migrate().await.unwrap();
    (engine, writer, reader)
}

/// A store whose database is away.
pub(crate) fn away() -> Store {
    Store::connect(&Connection {
        url: "http://127.0.0.1:1".into(),
        user: "nobody".into(),
        password: Password::new(""),
        database: "furrow".parse().unwrap(),
    })
    .unwrap()
}

/// A served api.
pub(crate) struct World {
    pub(crate) log: Log,
    pub(crate) address: SocketAddr,
    pub(crate) token: CancellationToken,
    served: JoinHandle<Result<(), furrow_api::ServeError>>,
    _dir: TempDir,
}

/// A sink that reads the scores, and nothing that counts.
pub(crate) fn pipeline() -> Pipeline {
    let sink = Reader {
        role: "sink",
        name: "scores",
        group: "sink".into(),
        topic: Topic::new(SCORES),
        seconds_max: 300,
    };
    Pipeline {
        readers: vec![sink],
        dead_letters: Topic::new(DEAD_LETTERS),
        retention: Duration::from_secs(3_600),
        canary: None,
        accounts: Arc::new(Vec::new),
    }
}

pub(crate) fn config() -> Config {
    Config {
        listen: SocketAddr::from(([127, 0, 0, 1], 0)),
        ..Config::default()
    }
}

pub(crate) async fn log() -> (Log, TempDir) {
    let dir = TempDir::new().unwrap();
    let log = Log::open(dir.path(), EmbeddedSettings::default()).unwrap();
    for (topic, partitions) in [(SCORES, 2), (DEAD_LETTERS, 1)] {
        let plan = TopicPlan::of(partitions);
        log.create_topic(&Topic::new(topic), &plan).await.unwrap();
    }
    (log, dir)
}

impl World {
    pub(crate) async fn with(config: Config, store: Store) -> World {
        let (log, dir) = log().await;
        let bound = Api::bind(&config, store, log.clone(), Metrics::default(), pipeline())
            .await
            .unwrap();
        let address = bound.local_addr();
        let token = CancellationToken::new();
        let served = tokio::spawn(bound.serve(token.clone()));
        World {
            log,
            address,
            token,
            served,
            _dir: dir,
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, &[], "").await
    }

    pub(crate) async fn ask(
        &self,
        method: &str,
        path: &str,
        headers: &[&str],
        body: &str,
    ) -> Answer {
        let mut stream = self.send(method, path, headers, body).await;
        let mut text = String::new();
        let read = stream.read_to_string(&mut text);
        tokio::time::timeout(BOUND, read).await.unwrap().unwrap();
        Answer::of(&text)
    }

    /// Speaks HTTP/1.0, whose answers have no framing but the end.
    pub(crate) async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[&str],
        body: &str,
    ) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let host = format!("host: {}", self.address);
        let mut lines = vec![format!("{method} {path} HTTP/1.0")];
        if !headers.iter().any(|h| h.starts_with("host:")) {
            lines.push(host);
        }
        lines.extend(headers.iter().map(|h| (*h).to_owned()));
        lines.push(format!("content-length: {}", body.len()));
        let request = format!("{}\r\n\r\n{body}", lines.join("\r\n"));
        stream.write_all(request.as_bytes()).await.unwrap();
        stream
    }

    pub(crate) async fn grpc(&self) -> QueryServiceClient<Channel> {
        QueryServiceClient::connect(format!("http://{}", self.address))
            .await
            .unwrap()
    }

    pub(crate) async fn append(&self, property: &str, number: u8, frustration: u16) {
        let payload = record::encode_score_update(&update(property, now_ms(), number, frustration));
        self.log
            .append(&Topic::new(SCORES), &[number], payload)
            .unwrap()
            .await
            .unwrap();
    }

    pub(crate) async fn end(self) {
        self.token.cancel();
        tokio::time::timeout(BOUND, self.served)
            .await
            .unwrap()
            .unwrap()
            .unwrap();
    }
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    head: String,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn of(text: &str) -> Answer {
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((text, ""));
        let status = head.split(' ').nth(1).and_then(|s| s.parse().ok());
        Answer {
            status: status.unwrap_or_else(|| panic!("no status in {text:?}")),
            head: head.to_lowercase(),
            body: body.to_owned(),
        }
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|e| panic!("{e}: {}", self.body))
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }
}

/// Reads until the text so far satisfies `enough`.
pub(crate) async fn until(
    stream: &mut TcpStream,
    text: &mut String,
    enough: impl Fn(&str) -> bool,
) {
    let read = async {
        let mut buffer = [0; 4096];
        while !enough(text) {
            let n = stream.read(&mut buffer).await.unwrap();
            assert!(n > 0, "the stream ended after {text}");
            text.push_str(std::str::from_utf8(&buffer[..n]).unwrap());
        }
    };
    tokio::time::timeout(BOUND, read).await.unwrap();
}
