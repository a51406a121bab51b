//! `furrow doctor`: what is wrong, and what to do about it.

mod process;

use crate::config::Config;
use crate::{print, store};
use anyhow::Result;
use furrow_service::clock::now_ms;
use furrow_service::config::ConfigError;
use furrow_service::exposition::{Sample, samples};
use furrow_store::engine::Account;
use process::{Answers, Report};
use std::fmt::Write;
use std::net::SocketAddr;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// How long anything asked may take to answer.
const ANSWER_MAX: Duration = Duration::from_secs(5);

/// The most that is read of an answer.
const ANSWER_BYTES_MAX: u64 = 16 << 20;

enum Finding {
    Good(String),
    /// Nothing is broken, but something is not running.
    Note(String),
    Bad {
        what: String,
        remedy: String,
    },
}

/// Prints one line per finding; fails when one is bad. Processes are asked at
/// the addresses of their health and metrics; without any, at the configured
/// one.
pub(crate) async fn doctor(
    config: Result<Config, ConfigError>,
    data: &Path,
    processes: &[String],
) -> Result<ExitCode> {
    let config = match config {
        Ok(config) => config,
        Err(error) => {
            let what = error.to_string();
            let remedy = "correct it; `furrow config --defaults` prints every setting".into();
            return report(&[Finding::Bad { what, remedy }]);
        }
    };
    if !processes.is_empty() {
        return report(&elsewhere(processes, &config).await);
    }
    let mut findings = vec![Finding::Good("configuration: complete".into())];
    findings.push(engine_library(&config));
    findings.push(data_folder(data));
    match ask(&config.observe.listen.to_string()).await {
        Ok(answers) => {
            findings.extend(process::judge(&answers, &config, now_ms()));
            findings.push(database(&config, data).await);
        }
        Err(Unheard::Silent) => {
            findings.push(Finding::Note("furrow: not running here".into()));
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
        Err(Unheard::Odd) => findings.push(Finding::Bad {
            what: format!("whoever listens on {} is no Furrow", config.observe.listen),
            remedy: "end it, or set observe.listen".into(),
        }),
    }
    report(&findings)
}

/// What processes say that run elsewhere.
async fn elsewhere(processes: &[String], config: &Config) -> Vec<Finding> {
    let mut findings = Vec::new();
    for address in processes {
        let told = match ask(address).await {
            Ok(answers) => process::judge(&answers, config, now_ms()),
            Err(Unheard::Silent | Unheard::Odd) => vec![Finding::Bad {
                what: "no Furrow answers".into(),
                remedy: "see that it runs, and that this is its observe.listen".into(),
            }],
        };
        findings.extend(told.into_iter().map(|finding| finding.of(address)));
    }
    findings
}

impl Finding {
    /// The same, with the process that it is about.
    fn of(self, address: &str) -> Finding {
        match self {
            Finding::Good(what) => Finding::Good(format!("{address}: {what}")),
            Finding::Note(what) => Finding::Note(format!("{address}: {what}")),
            Finding::Bad { what, remedy } => Finding::Bad {
                what: format!("{address}: {what}"),
                remedy,
            },
        }
    }
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

/// Why a process said nothing of use.
enum Unheard {
    /// Nobody listens, or nobody answers in time.
    Silent,
    /// What answers is no Furrow.
    Odd,
}

/// Asks a process for its readiness, and for its metrics three times.
async fn ask(address: &str) -> Result<Answers, Unheard> {
    let report = get(address, "/readyz").await.ok_or(Unheard::Silent)?;
    let report: Report = serde_json::from_str(&report).map_err(|_| Unheard::Odd)?;
    let readings = [
        metrics(address).await?,
        metrics(address).await?,
        metrics(address).await?,
    ];
    Ok(Answers { report, readings })
}

async fn metrics(address: &str) -> Result<Vec<Sample>, Unheard> {
    let text = get(address, "/metrics").await.ok_or(Unheard::Silent)?;
    Ok(samples(&text))
}

/// An answer's body, whatever its status.
async fn get(address: &str, path: &str) -> Option<String> {
    let ask = async {
        let mut stream = TcpStream::connect(address).await.ok()?;
        let request = format!("GET {path} HTTP/1.0\r\nHost: {address}\r\n\r\n");
        stream.write_all(request.as_bytes()).await.ok()?;
        let mut answer = String::new();
        let mut bounded = stream.take(ANSWER_BYTES_MAX);
        bounded.read_to_string(&mut answer).await.ok()?;
        let (_, body) = answer.split_once("\r\n\r\n")?;
        Some(body.to_owned())
    };
    tokio::time::timeout(ANSWER_MAX, ask).await.ok().flatten()
}
