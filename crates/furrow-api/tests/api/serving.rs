//! Pages, the demo shop, and connections.

use crate::world::{Answer, BOUND, World, away, config};
use furrow_api::shop;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

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
