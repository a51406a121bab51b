//! Who is answered at all.

use crate::world::{World, away, config, log, pipeline};
use furrow_api::{Api, BindError, Config, ConfigError, Metrics};
use furrow_proto::v1;
use furrow_proto::v1::query_service_client::QueryServiceClient;
use furrow_service::config::Secret;
use std::net::SocketAddr;
use tonic::transport::Channel;
use tonic::{Code, Request};

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
