//! `furrow doctor`: what is wrong, and what to do about it.

use crate::config::Config;
use crate::{print, store};
use anyhow::Result;
use furrow_service::config::ConfigError;
use furrow_store::engine::Account;
use std::fmt::Write;
use std::net::SocketAddr;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// How long anything asked may take to answer.
const ANSWER_MAX: Duration = Duration::from_secs(5);

/// The most that is read of a readiness report.
const REPORT_BYTES_MAX: u64 = 64 << 10;

enum Finding {
    Good(String),
    /// Nothing is broken, but something is not running.
    Note(String),
    Bad {
        what: String,
        remedy: String,
    },
}

/// Prints one line per finding; fails when one is bad.
pub(crate) async fn doctor(config: Result<Config, ConfigError>, data: &Path) -> Result<ExitCode> {
    let config = match config {
        Ok(config) => config,
        Err(error) => {
            let what = error.to_string();
            let remedy = "correct it; `furrow config --defaults` prints every setting".into();
            return report(&[Finding::Bad { what, remedy }]);
        }
    };
    let mut findings = vec![Finding::Good("configuration: complete".into())];
    findings.push(engine_library(&config));
    findings.push(data_folder(data));
    let running = readiness(config.observe.listen).await;
    let up = running.is_some();
    findings.push(match running {
        Some(Readiness { ready: true, .. }) => Finding::Good("furrow up: running and ready".into()),
        Some(Readiness { report, .. }) => Finding::Bad {
            what: format!("furrow up runs but is not ready: {report}"),
            remedy: "wait if it is replaying; else its log says more".into(),
        },
        None => Finding::Note("furrow up: not running".into()),
    });
    if up {
        findings.push(database(&config, data).await);
    } else {
        let ports = [
            (config.gateway.listen, "gateway.listen"),
            (config.api.listen, "api.listen"),
            (config.observe.listen, "observe.listen"),
            (config.demo.listen, "demo.listen"),
        ];
        for (address, setting) in ports {
            findings.push(port(address, setting).await);
        }
    }
    report(&findings)
}

fn report(findings: &[Finding]) -> Result<ExitCode> {
    let mut text = String::new();
    let mut bad = false;
    for finding in findings {
        match finding {
            Finding::Good(what) => writeln!(text, "ok    {what}")?,
            Finding::Note(what) => writeln!(text, "note  {what}")?,
            Finding::Bad { what, remedy } => {
                bad = true;
                writeln!(text, "BAD   {what}\n      -> {remedy}")?;
            }
        }
    }
    print(text.as_bytes())?;
    Ok(if bad {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

fn engine_library(config: &Config) -> Finding {
    if !config.store.url.is_empty() {
        return Finding::Good(format!("ClickHouse: a server at {}", config.store.url));
    }
    let library = config.engine.library();
    if library.is_file() {
        return Finding::Good(format!("engine library: {}", library.display()));
    }
    Finding::Bad {
        what: format!("the engine library {} is missing", library.display()),
        remedy: "run `cargo xtask setup`, or set engine.library, or name a server in store.url"
            .into(),
    }
}

fn data_folder(data: &Path) -> Finding {
    let probe = data.join(".doctor");
    let existed = data.exists();
    let written = std::fs::create_dir_all(data).and_then(|()| std::fs::write(&probe, b""));
    // Leave nothing behind that was not there.
    let _ = std::fs::remove_file(&probe);
    if !existed {
        let _ = std::fs::remove_dir(data);
    }
    match written {
        Ok(()) => Finding::Good(format!("data folder: {} can be written", data.display())),
        Err(error) => Finding::Bad {
            what: format!(
                "the data folder {} cannot be written: {error}",
                data.display()
            ),
            remedy: "name another with --data, or correct its rights".into(),
        },
    }
}

async fn port(address: SocketAddr, setting: &str) -> Finding {
    match TcpListener::bind(address).await {
        Ok(_) => Finding::Good(format!("{address}: free for {setting}")),
        Err(error) => Finding::Bad {
            what: format!("{address} cannot be listened on: {error}"),
            remedy: format!("end the program that listens there, or set {setting}"),
        },
    }
}

async fn database(config: &Config, data: &Path) -> Finding {
    let counts = async {
        let reader = store::attach(config, data, Account::Reader)?;
        Ok::<_, anyhow::Error>(reader.counts().await?)
    };
    match tokio::time::timeout(ANSWER_MAX, counts).await {
        Ok(Ok(counts)) => Finding::Good(format!(
            "ClickHouse: answers; {} sessions, {} batches",
            counts.sessions, counts.batches
        )),
        Ok(Err(error)) => Finding::Bad {
            what: format!("ClickHouse does not answer: {error:#}"),
            remedy: "see clickhouse/ in the data folder for its log".into(),
        },
        Err(_) => Finding::Bad {
            what: format!(
                "ClickHouse does not answer within {} s",
                ANSWER_MAX.as_secs()
            ),
            remedy: "see clickhouse/ in the data folder for its log".into(),
        },
    }
}

struct Readiness {
    ready: bool,
    report: String,
}

/// What `/readyz` says; none when nobody listens.
async fn readiness(address: SocketAddr) -> Option<Readiness> {
    let ask = async {
        let mut stream = TcpStream::connect(address).await.ok()?;
        stream
            .write_all(b"GET /readyz HTTP/1.0\r\nHost: localhost\r\n\r\n")
            .await
            .ok()?;
        let mut answer = String::new();
        stream
            .take(REPORT_BYTES_MAX)
            .read_to_string(&mut answer)
            .await
            .ok()?;
        let (head, body) = answer.split_once("\r\n\r\n")?;
        let ready = head.split_whitespace().nth(1) == Some("200");
        Some(Readiness {
            ready,
            report: body.trim().to_owned(),
        })
    };
    tokio::time::timeout(ANSWER_MAX, ask).await.ok().flatten()
}
