//! The engine's process: how it starts, dies, comes back and ends.

#![allow(clippy::unwrap_used)] // It is all tests.

mod world;

use furrow_store::engine::{Account, EngineState, attach};
use furrow_store::{
    Block, Connection, Database, Engine, EngineError, InsertError, Password, Store,
};
use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use tempfile::TempDir;
use world::{World, eventually, insert, key, library, read, settings, update};

const PARENT_DIR: &str = "FURROW_STORE_TEST_PARENT_DIR";

fn furrow() -> Database {
    "furrow".parse().unwrap()
}

fn store(engine: &Engine, account: Account) -> Store {
    Store::connect(&engine.connection(account, &furrow())).unwrap()
}

fn pid(number: u32) -> Pid {
    Pid::from_raw(i32::try_from(number).unwrap()).unwrap()
}

async fn up(engine: &Engine, not: Option<u32>) -> u32 {
    eventually("an engine that is up", async || {
        match *engine.state().borrow() {
            EngineState::Up { pid } if Some(pid) != not => Some(pid),
            EngineState::Up { .. }
            | EngineState::Starting
            | EngineState::Down { .. }
            | EngineState::Ended => None,
        }
    })
    .await
}

async fn write_one(engine: &Engine) {
    let writer = store(engine, Account::Writer);
    writer.migrate().await.unwrap();
    let mut block = Block::default();
    block.push(&update(1, 1));
    insert(&writer, &block, "t").await;
}

#[tokio::test]
async fn a_killed_engine_comes_back_with_its_data() {
    let dir = TempDir::new().unwrap();
    let engine = Engine::start(settings(dir.path(), &["furrow"]))
        .await
        .unwrap();
    write_one(&engine).await;
    let first = up(&engine, None).await;
    kill_process(pid(first), Signal::KILL).unwrap();
    let second = up(&engine, Some(first)).await;
    assert_ne!(first, second);
    let reader = store(&engine, Account::Reader);
    let session = reader.session(&key(1)).await.unwrap().unwrap();
    assert_eq!(session.session, update(1, 1).session);
    assert_eq!(session.signals, update(1, 1).signals);
    engine.shutdown().await;
    assert!(
        test_kill_process(pid(second)).is_err(),
        "the child has ended"
    );
}

#[tokio::test]
async fn no_row_is_lost_or_doubled_when_the_engine_is_killed_under_inserts() {
    let dir = TempDir::new().unwrap();
    let engine = Engine::start(settings(dir.path(), &["furrow"]))
        .await
        .unwrap();
    let writer = store(&engine, Account::Writer);
    writer.migrate().await.unwrap();
    let mut child = up(&engine, None).await;
    for number in 1..=60 {
        if number % 15 == 0 {
            // It dies while the insert below is on its way, or just before.
            kill_process(pid(child), Signal::KILL).unwrap();
        }
        let mut block = Block::default();
        block.push(&update(number, u64::from(number)));
        eventually("an insert", async || {
            insert_once(&writer, &block, number).await
        })
        .await;
        if number % 15 == 0 {
            child = up(&engine, Some(child)).await;
        }
    }
    let reader = store(&engine, Account::Reader);
    assert_eq!(
        read(&reader, "SELECT count() FROM v_sessions").await,
        "60\n"
    );
    assert_eq!(
        read(&reader, "SELECT count() FROM v_signals").await,
        "120\n"
    );
    assert_eq!(
        read(&reader, "SELECT sum(version) FROM v_sessions").await,
        {
            let versions: u64 = (1..=60).map(|offset| world::origin(offset).version()).sum();
            format!("{versions}\n")
        }
    );
    engine.shutdown().await;
}

/// One attempt; what is refused for good fails the test.
async fn insert_once(store: &Store, block: &Block, number: u8) -> Option<()> {
    let token = number.to_string();
    let outcome = async {
        store.insert(&block.signals, &token).await?;
        store.insert(&block.sessions, &token).await
    };
    match outcome.await {
        Ok(()) => Some(()),
        Err(InsertError::Retry { .. }) => None,
        Err(error @ InsertError::Crash { .. }) => panic!("{error:?}"),
    }
}

#[tokio::test]
async fn an_engine_that_is_away_means_retry() {
    let dir = TempDir::new().unwrap();
    let engine = Engine::start(settings(dir.path(), &["furrow"]))
        .await
        .unwrap();
    let writer = store(&engine, Account::Writer);
    writer.migrate().await.unwrap();
    let mut block = Block::default();
    block.push(&update(1, 1));
    insert(&writer, &block, "warm").await;
    engine.shutdown().await;
    let error = writer.insert(&block.sessions, "t").await.unwrap_err();
    assert!(matches!(error, InsertError::Retry { .. }), "{error:?}");
}

#[tokio::test]
async fn a_second_start_goes_on_with_data_and_passwords() {
    let dir = TempDir::new().unwrap();
    let first = Engine::start(settings(dir.path(), &["furrow"]))
        .await
        .unwrap();
    write_one(&first).await;
    let password = first.connection(Account::Reader, &furrow()).password;
    first.shutdown().await;

    let second = Engine::start(settings(dir.path(), &["furrow"]))
        .await
        .unwrap();
    assert_eq!(
        second.connection(Account::Reader, &furrow()).password,
        password
    );
    let attached = attach(dir.path(), Account::Reader, &furrow()).unwrap();
    assert_eq!(attached, second.connection(Account::Reader, &furrow()));
    let reader = Store::connect(&attached).unwrap();
    assert_eq!(read(&reader, "SELECT count() FROM v_sessions").await, "1\n");
    second.shutdown().await;
}

#[tokio::test]
async fn passwords_are_for_their_owner_alone() {
    let dir = TempDir::new().unwrap();
    let engine = Engine::start(settings(dir.path(), &["furrow"]))
        .await
        .unwrap();
    for name in ["endpoint", "users.xml", "config.xml"] {
        let mode = fs::metadata(dir.path().join(name))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    let users = fs::read_to_string(dir.path().join("users.xml")).unwrap();
    let password = engine.connection(Account::Writer, &furrow()).password;
    assert!(!users.contains(password.reveal()));
    engine.shutdown().await;
}

#[tokio::test]
async fn nobody_reads_without_a_password() {
    let world = World::migrated().await;
    let known = world
        .shared
        .engine()
        .connection(Account::Reader, &world.database);
    let anonymous = |user: &str, password: &str| {
        let user = user.to_owned();
        let connection = Connection {
            user,
            password: Password::new(password),
            ..known.clone()
        };
        Store::connect(&connection).unwrap()
    };
    let default = anonymous("default", "");
    for sql in [
        "SELECT * FROM sessions",
        "SELECT * FROM v_sessions",
        "INSERT INTO sessions (tenant) VALUES ('x')",
        "CREATE DATABASE mine ENGINE = Atomic",
        "SELECT * FROM file('/etc/passwd', 'LineAsString')",
        "SYSTEM SHUTDOWN",
    ] {
        assert_eq!(world::refusal(&default, sql).await, Some(497), "{sql}");
    }
    for (user, password) in [
        ("furrow_reader", ""),
        ("furrow_writer", "x"),
        ("nobody", ""),
    ] {
        let code = anonymous(user, password).check().await.unwrap_err().code();
        assert_eq!(code, Some(516), "{user}");
    }
}

#[tokio::test]
async fn a_folder_has_one_engine() {
    let dir = TempDir::new().unwrap();
    let engine = Engine::start(settings(dir.path(), &["furrow"]))
        .await
        .unwrap();
    let error = Engine::start(settings(dir.path(), &["furrow"]))
        .await
        .err()
        .unwrap();
    assert!(matches!(error, EngineError::InUse(_)), "{error}");
    // The first is as it was, its passwords included.
    store(&engine, Account::Writer).migrate().await.unwrap();
    engine.shutdown().await;
}

#[tokio::test]
async fn a_missing_library_says_what_to_run() {
    let dir = TempDir::new().unwrap();
    let mut settings = settings(dir.path(), &["furrow"]);
    settings.library = dir.path().join("none.so");
    let text = Engine::start(settings).await.err().unwrap().to_string();
    assert!(
        text.contains("cargo xtask setup") && text.contains("engine.library"),
        "{text}"
    );
}

#[tokio::test]
async fn a_library_that_is_none_fails_with_its_log() {
    let dir = TempDir::new().unwrap();
    let mut settings = settings(dir.path(), &["furrow"]);
    settings.library = dir.path().join("none.so");
    fs::write(&settings.library, "not a library").unwrap();
    let text = Engine::start(settings).await.err().unwrap().to_string();
    assert!(text.contains("none.so"), "{text}");
}

#[tokio::test]
async fn a_taken_port_is_named() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let dir = TempDir::new().unwrap();
    let mut settings = settings(dir.path(), &["furrow"]);
    settings.http_port = taken.local_addr().unwrap().port();
    let error = Engine::start(settings.clone()).await.err().unwrap();
    assert!(
        matches!(error, EngineError::PortTaken { port } if port == settings.http_port),
        "{error}"
    );
}

#[tokio::test]
async fn a_dropped_engine_takes_its_child_along() {
    let dir = TempDir::new().unwrap();
    let engine = Engine::start(settings(dir.path(), &["furrow"]))
        .await
        .unwrap();
    let child = up(&engine, None).await;
    drop(engine);
    eventually("the child's end", async || {
        test_kill_process(pid(child)).err()
    })
    .await;
}

/// Not a test: the parent that the next test kills.
#[tokio::test]
async fn parent() {
    let Some(dir) = std::env::var_os(PARENT_DIR) else {
        return;
    };
    let engine = Engine::start(settings(Path::new(&dir), &["furrow"]))
        .await
        .unwrap();
    write_one(&engine).await;
    println!("child {}", up(&engine, None).await);
    std::future::pending::<()>().await;
}

#[tokio::test]
async fn the_engine_ends_when_its_parent_is_killed() {
    assert!(library().is_file(), "set-up has fetched the library");
    let dir = TempDir::new().unwrap();
    let mut parent = Command::new(std::env::current_exe().unwrap())
        .args(["parent", "--exact", "--nocapture"])
        .env(PARENT_DIR, dir.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let child: u32 = BufReader::new(parent.stdout.take().unwrap())
        .lines()
        .map_while(Result::ok)
        .find_map(|line| line.split_once("child ").and_then(|(_, n)| n.parse().ok()))
        .expect("the parent says what its child is");
    assert!(test_kill_process(pid(child)).is_ok());
    parent.kill().unwrap();
    parent.wait().unwrap();
    eventually("the child's end", async || ended(child).then_some(())).await;

    let engine = Engine::start(settings(dir.path(), &["furrow"]))
        .await
        .unwrap();
    let reader = store(&engine, Account::Reader);
    assert_eq!(read(&reader, "SELECT count() FROM v_signals").await, "2\n");
    engine.shutdown().await;
}

/// An orphan that ended may stay as a zombie where nobody takes it in.
fn ended(child: u32) -> bool {
    fs::read_to_string(format!("/proc/{child}/stat")).map_or(true, |stat| {
        stat.rsplit_once(") ")
            .is_some_and(|(_, rest)| rest.starts_with('Z'))
    })
}
