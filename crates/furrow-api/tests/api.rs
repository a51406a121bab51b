//! The bound api over real sockets, on a real log and a real engine.
#![allow(clippy::unwrap_used)] // The helpers are part of the tests.

#[path = "../src/samples.rs"]
mod samples;

use furrow_api::{Api, BindError, Config, ConfigError, Metrics, Pipeline, Reader, shop};
use furrow_core::ids::{Epoch, Origin, SessionKey};
use furrow_core::output::ScoreUpdate;
use furrow_log::{EmbeddedSettings, Log, Partition, Topic, TopicPlan};
use furrow_proto::record::DeadLetter;
use furrow_proto::v1::query_service_client::QueryServiceClient;
use furrow_proto::{encode_batch, json, record, v1};
use furrow_service::config::Secret;
use furrow_store::engine::{Account, MEMORY_BYTES_MAX_DEFAULT, START_TIMEOUT_DEFAULT, child_main};
use furrow_store::{
    ArchivedBatch, BatchRow, Block, Connection, Engine, EngineSettings, Entry, Password, Store,
};
use samples::{batch, now_ms, page_view, pointer_path, press, session_id, update};
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
use tonic::{Code, Request};
use tonic_types::StatusExt;

/// How long a test waits for what must come.
const BOUND: Duration = Duration::from_secs(30);
const SCORES: &str = "furrow.scores.v1";
const DEAD_LETTERS: &str = "furrow.dead-letters.v1";

/// Not a test: the engine's process is this binary, asked for this one test.
#[test]
fn engine_child() {
    let arguments: Vec<_> = std::env::args_os()
        .skip_while(|a| a != "--")
        .skip(1)
        .collect();
    if let [_, library, _, data, _, config] = &arguments[..] {
        child_main(Path::new(library), Path::new(data), Path::new(config));
    }
}

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

async fn engine(dir: &Path) -> (Engine, Store, Store) {
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
fn away() -> Store {
    Store::connect(&Connection {
        url: "http://127.0.0.1:1".into(),
        user: "nobody".into(),
        password: Password::new(""),
        database: "furrow".parse().unwrap(),
    })
    .unwrap()
}

/// A served api.
struct World {
    log: Log,
    address: SocketAddr,
    token: CancellationToken,
    served: JoinHandle<Result<(), furrow_api::ServeError>>,
    _dir: TempDir,
}

/// A sink that reads the scores, and nothing that counts.
fn pipeline() -> Pipeline {
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

fn config() -> Config {
    Config {
        listen: SocketAddr::from(([127, 0, 0, 1], 0)),
        ..Config::default()
    }
}

async fn log() -> (Log, TempDir) {
    let dir = TempDir::new().unwrap();
    let log = Log::open(dir.path(), EmbeddedSettings::default()).unwrap();
    for (topic, partitions) in [(SCORES, 2), (DEAD_LETTERS, 1)] {
        let plan = TopicPlan::of(partitions);
        log.create_topic(&Topic::new(topic), &plan).await.unwrap();
    }
    (log, dir)
}

impl World {
    async fn with(config: Config, store: Store) -> World {
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

    async fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, &[], "").await
    }

    async fn ask(&self, method: &str, path: &str, headers: &[&str], body: &str) -> Answer {
        let mut stream = self.send(method, path, headers, body).await;
        let mut text = String::new();
        let read = stream.read_to_string(&mut text);
        tokio::time::timeout(BOUND, read).await.unwrap().unwrap();
        Answer::of(&text)
    }

    /// Speaks HTTP/1.0, whose answers have no framing but the end.
    async fn send(&self, method: &str, path: &str, headers: &[&str], body: &str) -> TcpStream {
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

    async fn grpc(&self) -> QueryServiceClient<Channel> {
        QueryServiceClient::connect(format!("http://{}", self.address))
            .await
            .unwrap()
    }

    async fn append(&self, property: &str, number: u8, frustration: u16) {
        let payload = record::encode_score_update(&update(property, now_ms(), number, frustration));
        self.log
            .append(&Topic::new(SCORES), &[number], payload)
            .unwrap()
            .await
            .unwrap();
    }

    async fn end(self) {
        self.token.cancel();
        tokio::time::timeout(BOUND, self.served)
            .await
            .unwrap()
            .unwrap()
            .unwrap();
    }
}

struct Answer {
    status: u16,
    head: String,
    body: String,
}

impl Answer {
    fn of(text: &str) -> Answer {
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((text, ""));
        let status = head.split(' ').nth(1).and_then(|s| s.parse().ok());
        Answer {
            status: status.unwrap_or_else(|| panic!("no status in {text:?}")),
            head: head.to_lowercase(),
            body: body.to_owned(),
        }
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|e| panic!("{e}: {}", self.body))
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.head
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }
}

/// Reads until the text so far satisfies `enough`.
async fn until(stream: &mut TcpStream, text: &mut String, enough: impl Fn(&str) -> bool) {
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

fn same<M: Sent>(answer: &Answer, message: &M) {
    assert_eq!(answer.status, 200, "{}", answer.body);
    let message: Value = serde_json::from_str(&message.mapped()).unwrap();
    assert_eq!(answer.json(), message);
}

/// What both ways of asking answer with.
trait Sent {
    fn mapped(&self) -> String;
}

macro_rules! sent {
    ($($message:ident),+) => {
        $(impl Sent for v1::$message {
            fn mapped(&self) -> String {
                json::to_json(self)
            }
        })+
    };
}

sent!(ListSessionsResponse, GetSessionResponse, GetTrailResponse);

/// Two sessions of the shop and one of another property, with the archive of
/// the first.
async fn filled(writer: &Store, began_ms: i64) -> SessionKey {
    let updates = [
        update("shop", began_ms, 1, 7_000),
        update("shop", began_ms + 60_000, 2, 1_500),
        update("blog", began_ms, 3, 3_000),
    ];
    let mut block = Block::default();
    updates.iter().for_each(|u| block.push(u));
    writer.insert(&block.signals, "a").await.unwrap();
    writer.insert(&block.page_views, "a").await.unwrap();
    writer.insert(&block.conversions, "a").await.unwrap();
    writer.insert(&block.sessions, "a").await.unwrap();
    let ScoreUpdate {
        origin, session, ..
    } = updates[0].clone();
    let sent = batch(
        session_id(began_ms, 1),
        0,
        began_ms,
        (0, "/lamp"),
        vec![
            (0, page_view(0, "/lamp", (1_000, 700))),
            (100, pointer_path((10, 20), &[(16, 3, 4), (16, 3, 4)])),
            (1_500, press(began_ms + 500, (16, 28))),
        ],
    );
    let archived = ArchivedBatch {
        key: session.key.clone(),
        sender: sent.sender,
        sequence: 0,
        visitor: None,
        origin,
        appended: session.first_record,
        received_ms: sent.sent.0,
        entry: Entry::Publish,
        payload: encode_batch(&sent).into(),
    };
    writer
        .insert(&[BatchRow::from(archived)], "a")
        .await
        .unwrap();
    session.key
}

#[tokio::test(flavor = "multi_thread")]
async fn json_and_grpc_answer_alike_from_a_real_store() {
    let data = TempDir::new().unwrap();
    let (engine, writer, reader) = engine(data.path()).await;
    let key = filled(&writer, now_ms() - 3_600_000).await;
    let world = World::with(config(), reader).await;
    let mut grpc = world.grpc().await;

    let all = v1::ListSessionsRequest::default();
    let all = grpc.list_sessions(all).await.unwrap().into_inner();
    assert_eq!(all.sessions.len(), 2, "the first configured property's");
    same(&world.get("/api/v1/sessions").await, &all);
    assert_eq!(all.sessions[1].session_id, key.session.0, "newest first");

    let asked = v1::ListSessionsRequest {
        order: v1::SessionOrder::MostFrustrated.into(),
        limit: 1,
        ..Default::default()
    };
    let worst = grpc.list_sessions(asked).await.unwrap().into_inner();
    assert_eq!(worst.sessions[0].session_id, key.session.0);
    same(
        &world
            .get("/api/v1/sessions?order=most_frustrated&limit=1")
            .await,
        &worst,
    );

    let asked = v1::ListSessionsRequest {
        frustration_min: 5_000,
        ..Default::default()
    };
    let upset = grpc.list_sessions(asked).await.unwrap().into_inner();
    assert_eq!(upset.sessions.len(), 1);
    same(
        &world.get("/api/v1/sessions?frustration_min=5000").await,
        &upset,
    );

    let before_ms = all.sessions[0].last_interaction_ms;
    let asked = v1::ListSessionsRequest {
        before_ms,
        ..Default::default()
    };
    let older = grpc.list_sessions(asked).await.unwrap().into_inner();
    assert_eq!(older.sessions.len(), 1);
    same(
        &world
            .get(&format!("/api/v1/sessions?before_ms={before_ms}"))
            .await,
        &older,
    );

    let other = world
        .get("/api/v1/sessions?tenant=demo&property=blog")
        .await
        .json();
    assert_eq!(other["sessions"].as_array().unwrap().len(), 1);

    let session_id = key.session.to_string();
    let asked = v1::GetSessionRequest {
        session_id: session_id.clone(),
        ..Default::default()
    };
    let one = grpc.get_session(asked).await.unwrap().into_inner();
    assert_eq!(
        (
            one.signals.len(),
            one.page_views.len(),
            one.conversions.len()
        ),
        (1, 1, 1)
    );
    let answer = world.get(&format!("/api/v1/sessions/{session_id}")).await;
    same(&answer, &one);
    let body = answer.json();
    assert_eq!(
        body["session"]["samples"], "3000000000",
        "64 bits travel as text"
    );
    assert_eq!(body["session"]["status"], "SESSION_STATUS_OPEN");

    let asked = v1::GetTrailRequest {
        session_id: session_id.clone(),
        ..Default::default()
    };
    let trail = grpc.get_trail(asked).await.unwrap().into_inner();
    assert_eq!(trail.pages[0].paths[0].x, [10, 13, 16]);
    assert_eq!(trail.pages[0].presses[0].selector, "button#pay");
    same(
        &world
            .get(&format!("/api/v1/sessions/{session_id}/trail"))
            .await,
        &trail,
    );

    let nobody = "01900000-0000-7000-8000-000000000000";
    let asked = v1::GetSessionRequest {
        session_id: nobody.into(),
        ..Default::default()
    };
    assert_eq!(
        grpc.get_session(asked).await.unwrap_err().code(),
        Code::NotFound
    );
    let answer = world.get(&format!("/api/v1/sessions/{nobody}")).await;
    assert_eq!(
        (answer.status, answer.json()["code"].as_i64()),
        (404, Some(5))
    );
    // Nothing is archived, and nothing is wrong: the archive is kept for a shorter time.
    let answer = world.get(&format!("/api/v1/sessions/{nobody}/trail")).await;
    assert_eq!(answer.json()["pages"], serde_json::json!([]));

    drop(grpc);
    world.end().await;
    engine.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_question_is_refused_alike_with_the_field_named() {
    let world = World::with(config(), away()).await;
    let mut grpc = world.grpc().await;
    let long = "x".repeat(65);
    for (query, asked, field) in [
        (
            "limit=501",
            v1::ListSessionsRequest {
                limit: 501,
                ..Default::default()
            },
            "limit",
        ),
        (
            "frustration_min=10001",
            v1::ListSessionsRequest {
                frustration_min: 10_001,
                ..Default::default()
            },
            "frustration_min",
        ),
        (
            "before_ms=-1",
            v1::ListSessionsRequest {
                before_ms: -1,
                ..Default::default()
            },
            "before_ms",
        ),
        (
            "property=nowhere",
            v1::ListSessionsRequest {
                property: "nowhere".into(),
                ..Default::default()
            },
            "property",
        ),
        (
            &format!("tenant={long}"),
            v1::ListSessionsRequest {
                tenant: long.clone(),
                ..Default::default()
            },
            "tenant",
        ),
    ] {
        let status = grpc.list_sessions(asked).await.unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument, "{query}");
        let violations = status.get_details_bad_request().unwrap().field_violations;
        assert_eq!(violations[0].field, field);
        let answer = world.get(&format!("/api/v1/sessions?{query}")).await;
        assert_eq!(answer.status, 400, "{query}");
        let body = answer.json();
        assert_eq!(body["code"], 3, "{query}");
        assert_eq!(body["message"], status.message(), "{query}");
        assert_eq!(
            body["details"][0]["fieldViolations"][0]["field"], field,
            "{query}"
        );
    }
    for (path, field) in [
        ("/api/v1/sessions?limit=many", "limit"),
        ("/api/v1/sessions?order=oldest", "order"),
        ("/api/v1/sessions?colour=red", "colour"),
        ("/api/v1/sessions/seven", "session_id"),
        ("/api/v1/live?limit=1", "limit"),
    ] {
        let answer = world.get(path).await;
        assert_eq!(answer.status, 400, "{path}");
        let body = answer.json();
        assert_eq!(
            body["details"][0]["fieldViolations"][0]["field"], field,
            "{path}"
        );
    }
    assert_eq!(world.get("/api/v1/nothing").await.json()["code"], 5);
    assert_eq!(
        world.ask("POST", "/api/v1/sessions", &[], "").await.status,
        405
    );
    drop(grpc);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_away_is_said_with_when_to_come_back() {
    let world = World::with(config(), away()).await;
    let answer = world.get("/api/v1/sessions").await;
    assert_eq!(answer.status, 503);
    assert_eq!(answer.header("retry-after"), Some("2"));
    let mut grpc = world.grpc().await;
    let status = grpc
        .list_sessions(v1::ListSessionsRequest::default())
        .await
        .unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
    assert!(status.get_details_retry_info().is_some());
    drop(grpc);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_host_is_turned_away_from_everything() {
    let hosts = vec!["scores.example.org".to_owned()];
    let world = World::with(Config { hosts, ..config() }, away()).await;
    for path in [
        "/",
        "/app.js",
        "/api/v1/sessions",
        "/api/v1/live",
        "/api/v1/login",
    ] {
        let answer = world
            .ask("GET", path, &["host: evil.example:7118"], "")
            .await;
        assert_eq!(answer.status, 421, "{path}");
        assert_eq!(
            answer.header("x-content-type-options"),
            Some("nosniff"),
            "{path}"
        );
        assert_eq!(answer.header("access-control-allow-origin"), None, "{path}");
    }
    let ours = world
        .ask("GET", "/api/v1/nothing", &["host: scores.example.org"], "")
        .await;
    assert_eq!(ours.status, 404);
    let foreign = ["sec-fetch-site: cross-site"];
    assert_eq!(
        world
            .ask("GET", "/api/v1/sessions", &foreign, "")
            .await
            .status,
        403
    );

    let channel = Channel::from_shared(format!("http://{}", world.address)).unwrap();
    let channel = channel.origin("http://evil.example".parse().unwrap());
    let mut grpc = QueryServiceClient::new(channel.connect().await.unwrap());
    let status = grpc
        .list_sessions(v1::ListSessionsRequest::default())
        .await
        .unwrap_err();
    assert_eq!(status.code(), Code::PermissionDenied);
    drop(grpc);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_read_key_every_question_needs_it_and_pages_do_not() {
    let read_key = Secret::new("geheim");
    let world = World::with(
        Config {
            read_key,
            ..config()
        },
        away(),
    )
    .await;
    for path in [
        "/api/v1/sessions",
        "/api/v1/sessions/01900000-0000-7000-8000-000000000000",
        "/api/v1/sessions/01900000-0000-7000-8000-000000000000/trail",
        "/api/v1/live",
    ] {
        let answer = world.get(path).await;
        assert_eq!(
            (answer.status, answer.json()["code"].as_i64()),
            (401, Some(16)),
            "{path}"
        );
        let wrong = world.ask("GET", path, &["x-furrow-key: falsch"], "").await;
        assert_eq!(wrong.status, 401, "{path}");
    }
    // The right key comes as far as the database, which is away.
    let right = world
        .ask("GET", "/api/v1/sessions", &["x-furrow-key: geheim"], "")
        .await;
    assert_eq!(right.status, 503);
    assert_ne!(world.get("/").await.status, 401);

    let json = "content-type: application/json";
    let wrong = world
        .ask("POST", "/api/v1/login", &[json], r#"{"key":"falsch"}"#)
        .await;
    assert_eq!((wrong.status, wrong.header("set-cookie")), (401, None));
    let form = world.ask("POST", "/api/v1/login", &[], "key=geheim").await;
    assert_eq!(form.status, 400);
    let answer = world
        .ask("POST", "/api/v1/login", &[json], r#"{"key":"geheim"}"#)
        .await;
    let cookie = answer.header("set-cookie").unwrap();
    assert!(
        cookie.contains("samesite=strict") && cookie.contains("httponly"),
        "{cookie}"
    );
    let pair = format!("cookie: {}", cookie.split(';').next().unwrap());
    assert_eq!(
        world
            .ask("GET", "/api/v1/sessions", &[&pair], "")
            .await
            .status,
        503
    );

    let mut grpc = world.grpc().await;
    let asked = || v1::ListSessionsRequest::default();
    let status = grpc.list_sessions(asked()).await.unwrap_err();
    assert_eq!(status.code(), Code::Unauthenticated);
    let mut keyed = Request::new(asked());
    keyed
        .metadata_mut()
        .insert("x-furrow-key", "geheim".parse().unwrap());
    assert_eq!(
        grpc.list_sessions(keyed).await.unwrap_err().code(),
        Code::Unavailable
    );
    drop(grpc);
    world.end().await;
}

#[tokio::test]
async fn an_address_that_others_reach_is_not_bound_without_a_read_key() {
    let (log, _dir) = log().await;
    let listen = SocketAddr::from(([0, 0, 0, 0], 0));
    let open = Config {
        listen,
        ..Config::default()
    };
    let refused = Api::bind(&open, away(), log.clone(), Metrics::default(), pipeline()).await;
    let Err(error) = refused else {
        panic!("it is open to others")
    };
    assert!(
        matches!(error, BindError::Config(ConfigError::OpenToOthers(_))),
        "{error}"
    );
    assert!(
        error.to_string().contains("FURROW__API__READ_KEY"),
        "{error}"
    );
    let keyed = Config {
        read_key: Secret::new("k"),
        ..open
    };
    assert!(
        Api::bind(&keyed, away(), log, Metrics::default(), pipeline())
            .await
            .is_ok()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_update_in_the_log_reaches_live_listeners_of_both_kinds() {
    let world = World::with(config(), away()).await;
    let mut stream = world.send("GET", "/api/v1/live", &[], "").await;
    let mut text = String::new();
    until(&mut stream, &mut text, |t| t.contains("event: ready\n")).await;
    assert!(
        text.to_lowercase()
            .contains("content-type: text/event-stream"),
        "{text}"
    );
    let mut grpc = world.grpc().await;
    let watch = v1::WatchScoresRequest::default();
    let mut watched = grpc.watch_scores(watch).await.unwrap().into_inner();

    world.append("blog", 1, 9_000).await;
    world.append("shop", 2, 4_321).await;
    until(&mut stream, &mut text, |t| {
        t.matches("event: score\n").count() == 1 && t.ends_with("\n\n")
    })
    .await;
    assert!(!text.contains("9000"), "another property's: {text}");
    let data = text.rsplit_once("event: score\n").unwrap().1;
    let data: Value = serde_json::from_str(data.trim().strip_prefix("data: ").unwrap()).unwrap();
    assert_eq!(data["update"]["session"]["scores"]["frustration"], 4_321);
    for part in [&data["update"]["session"], &data["update"]["pageViews"][0]] {
        assert_eq!(part["scores"]["exitRisk"], 4_000);
        assert_eq!(part["running"]["confusion"], 1_400);
        assert_eq!(part["contributors"][0]["signal"], "rage_press");
        assert_eq!(part["measures"][0]["measure"], "path_px");
        assert_eq!(part["measures"][0]["value"], 1_234.5);
    }

    let heard = tokio::time::timeout(BOUND, watched.message())
        .await
        .unwrap()
        .unwrap()
        .unwrap();
    let heard: Value = serde_json::from_str(&json::to_json(&heard)).unwrap();
    assert_eq!(heard, data, "both kinds hear the same");

    // Ending the service ends both streams, with a word to say so.
    world.token.cancel();
    until(&mut stream, &mut text, |t| t.contains("event: resync\n")).await;
    let status = tokio::time::timeout(BOUND, watched.message())
        .await
        .unwrap()
        .unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
    drop((grpc, watched, stream));
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_come_with_a_policy_that_knows_no_inline_script() {
    let world = World::with(config(), away()).await;
    let answer = world.get("/").await;
    // Without its files the page says which command builds them.
    assert!(
        answer.status == 200 || answer.body.contains("npm --prefix web"),
        "{}",
        answer.body
    );
    let policy = answer.header("content-security-policy").unwrap();
    assert!(
        policy.contains("script-src 'self';") && !policy.contains("unsafe"),
        "{policy}"
    );
    assert!(!answer.body.contains("<script>"), "{}", answer.body);
    assert_eq!(world.get("/../Cargo.toml").await.status, 404);
    assert_eq!(world.ask("POST", "/", &[], "").await.status, 405);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_shop_fails_where_it_should_and_knows_where_to_send() {
    let addresses = shop::Addresses {
        ingest: "http://127.0.0.1:4711".into(),
        dashboard: "http://127.0.0.1:4712/".into(),
    };
    let listen = SocketAddr::from(([127, 0, 0, 1], 0));
    let shop = shop::bind(listen, addresses).await.unwrap();
    let token = CancellationToken::new();
    let address = shop.local_addr();
    let served = tokio::spawn(shop.serve(token.clone()));
    let get = async |path: &str| {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let request = format!("GET {path} HTTP/1.0\r\nhost: {address}\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).await.unwrap();
        Answer::of(&text)
    };
    assert_eq!(get("/shop/api/error").await.status, 500);
    let began = std::time::Instant::now();
    assert_eq!(get("/shop/api/slow").await.status, 200);
    assert!(began.elapsed() >= Duration::from_millis(1_800));
    let page = get("/").await;
    if page.status == 200 {
        assert!(
            page.body.contains(r#"content="http://127.0.0.1:4711""#),
            "{}",
            page.body
        );
        assert!(
            page.body.contains(r#"content="http://127.0.0.1:4712/""#),
            "{}",
            page.body
        );
    } else {
        assert!(page.body.contains("npm --prefix web"), "{}", page.body);
    }
    token.cancel();
    tokio::time::timeout(BOUND, served)
        .await
        .unwrap()
        .unwrap()
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_beyond_the_limit_wait_and_silent_ones_do_not_hold_up_the_end() {
    let mut config = config();
    config.limits.connections_max = 1;
    let world = World::with(config, away()).await;
    let mut silent = TcpStream::connect(world.address).await.unwrap();
    let mut second = world.send("GET", "/api/v1/nothing", &[], "").await;
    let mut text = String::new();
    // The first place is taken, so the second is answered only after it is left.
    silent
        .write_all(b"GET /api/v1/nothing HTTP/1.0\r\n\r\n")
        .await
        .unwrap();
    silent.read_to_string(&mut text).await.unwrap();
    assert_eq!(Answer::of(&text).status, 421, "it names no host");
    drop(silent);
    text.clear();
    let read = second.read_to_string(&mut text);
    tokio::time::timeout(BOUND, read).await.unwrap().unwrap();
    assert_eq!(Answer::of(&text).status, 404);

    let mut silent = TcpStream::connect(world.address).await.unwrap();
    world.end().await;
    text.clear();
    // Closed or reset: either way it is over.
    let read = silent.read_to_string(&mut text);
    tokio::time::timeout(BOUND, read).await.unwrap().ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pipeline_s_health_is_told_from_the_log_in_both_ways() {
    let world = World::with(config(), away()).await;
    let told = async |enough: fn(&Value) -> bool| {
        let asking = async {
            let mut look = tokio::time::interval(Duration::from_millis(50));
            loop {
                look.tick().await;
                let answer = world.get("/api/v1/health").await;
                assert_eq!(answer.status, 200, "{}", answer.body);
                let health = answer.json();
                if enough(&health) {
                    return health;
                }
            }
        };
        tokio::time::timeout(BOUND, asking).await.unwrap()
    };
    let letter = DeadLetter {
        origin: Origin {
            epoch: Epoch(0),
            partition: 0,
            offset: 0,
        },
        reason: "unreadable".into(),
        detail: "".into(),
        record: bytes::Bytes::new(),
    };
    let topic = Topic::new(DEAD_LETTERS);
    let appended = world.log.append(&topic, b"key", letter.encode()).unwrap();
    appended.await.unwrap();
    world.append("shop", 1, 9_000).await;

    // Nobody has joined the group: a role that is absent is behind.
    let health = told(|health| health["lags"][0]["records"] == "1").await;
    let lag = &health["lags"][0];
    assert_eq!(
        (&lag["role"], &lag["topic"]),
        (&"sink".into(), &"scores".into())
    );
    assert_eq!(lag["partitions"], 2);
    assert_eq!(lag["secondsMax"], 300);
    let letters = serde_json::json!([{ "reason": "unreadable", "count": "1" }]);
    assert_eq!(health["deadLetters"], letters);
    assert_eq!(health["retentionS"], "3600");
    told(|health| health["lags"][0]["seconds"].as_f64() > Some(0.0)).await;

    let member = world.log.join("sink", &[Topic::new(SCORES)]).await.unwrap();
    for partition in [0, 1].map(Partition) {
        let bounds = world.log.bounds(&Topic::new(SCORES), partition);
        let end = bounds.await.unwrap().end;
        member.commit(&Topic::new(SCORES), partition, end).unwrap();
    }
    let level = told(|health| health["lags"][0]["records"] == "0").await;
    assert_eq!(level["lags"][0]["seconds"], 0.0);

    let mut grpc = world.grpc().await;
    let asked = v1::GetHealthRequest {};
    let answer = grpc.get_health(asked).await.unwrap().into_inner();
    assert_eq!(answer.lags[0].role, "sink");
    assert_eq!(answer.dead_letters[0].count, 1);
    let answer = world.get("/api/v1/health?tenant=x").await;
    assert_eq!(answer.status, 400);
    drop((grpc, member));
    world.end().await;
}
