//! The one binary: roles as sub-commands, and `up` for all of them in one
//! process.
//!
//! ```text
//! admin_key what may publish rules
//! config    one configuration for all roles
//! client    sends batches as any client does
//! canary    a session that Furrow sends to itself and waits for
//! laws      what must add up
//! store     where scores are
//! log       the log: inside this process, or a cluster's
//! topics    what the log's topics must be
//! headroom  how near lag has come to retention
//! migrate   topics, their life and the database brought up to date
//! role      each role, composed
//! up        every role in one process, or one alone
//! demo      scripted visitors of the demo shop
//! offline   the pipeline's fold without a log
//! rules     rule sets: checked, compared, published
//! score     scores of a file of batches
//! evaluate  how well scores tell frustrated sessions from calm ones
//! simulate  seeded visitors, written to a file or sent
//! doctor    what is wrong with this machine or this set-up
//! ```

mod admin_key;
mod canary;
mod client;
mod config;
mod demo;
mod doctor;
mod evaluate;
mod headroom;
mod laws;
mod log;
mod migrate;
mod offline;
mod role;
mod rules;
mod score;
mod simulate;
mod store;
mod topics;
mod up;

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};
use config::Config;
use furrow_service::supervise::SuperviseError;
use furrow_service::telemetry;
use furrow_store::engine::Account;
use role::Role;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

/// Reads the body language of websites and apps: frustration, confusion and
/// engagement of every session while it happens, and why.
#[derive(Debug, Parser)]
#[command(name = "furrow", version)]
struct Arguments {
    /// A TOML file over the compiled-in defaults; variables such as
    /// FURROW__GATEWAY__LISTEN stand over both.
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The folder that holds everything that is written.
    #[arg(long, global = true, value_name = "DIR", default_value = "furrow-data")]
    data: PathBuf,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the whole pipeline in this process.
    Up {
        /// Add a demo shop and a handful of visitors.
        #[arg(long)]
        demo: bool,
    },
    /// Take batches in, on a log that other processes share.
    Gateway,
    /// Fold batches into scores, on a log that other processes share.
    Scorer,
    /// Bring scores to ClickHouse, from a log that other processes share.
    Sink,
    /// Answer questions and serve the dashboard, beside other processes.
    Api,
    /// Print the configuration in force, secrets as ***.
    Config {
        /// Print the commented defaults instead.
        #[arg(long)]
        defaults: bool,
    },
    /// Set up or check the log's topics and bring the database up to date.
    Migrate(migrate::Arguments),
    /// Ask ClickHouse as the read-only user.
    Sql {
        /// One statement, such as "SELECT * FROM v_sessions".
        query: String,
        /// Any output format of ClickHouse.
        #[arg(long, default_value = "TSVWithNames")]
        format: String,
    },
    /// Score a file of batches, one JSON object a line, and print one JSON
    /// object per session or page view.
    Score(score::Arguments),
    /// Measure how well scores tell frustrated sessions from calm ones, beside
    /// other products' rules: on simulated visitors, or on your own labels.
    Evaluate(evaluate::Arguments),
    /// Make seeded visitors and write or send what they do.
    Simulate(simulate::Arguments),
    /// Check, compare and publish what sessions are scored by.
    Rules {
        #[command(subcommand)]
        command: rules::Command,
    },
    /// Say what is wrong with this machine or this set-up, and what to do.
    Doctor {
        /// Ask the process whose health and metrics are here, such as
        /// gateway:7119, in place of this machine; as often as you like.
        #[arg(long, value_name = "ADDRESS")]
        process: Vec<String>,
    },
    /// The engine's own process, on --data and --config of its own.
    #[command(hide = true)]
    Engine {
        #[arg(long)]
        library: PathBuf,
    },
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if let Command::Engine { library } = &arguments.command {
        let file = arguments.config.unwrap_or_default();
        furrow_store::engine::child_main(library, &arguments.data, &file);
    }
    match run(arguments) {
        Ok(code) => code,
        Err(error) => {
            let code = error.downcast_ref().map_or(1, SuperviseError::exit_code);
            // Nobody is left to tell when standard error is gone.
            let _ = writeln!(std::io::stderr(), "furrow: {error:#}");
            ExitCode::from(code)
        }
    }
}

#[tokio::main]
async fn run(arguments: Arguments) -> Result<ExitCode> {
    let Arguments {
        config,
        data,
        command,
    } = arguments;
    let config = || Config::load(config.as_deref());
    match command {
        Command::Up { demo } => {
            telemetry::init(telemetry::Format::Auto)?;
            up::up(config()?, &data, demo).await?;
        }
        Command::Gateway => one(Role::Gateway, &config()?, &data).await?,
        Command::Scorer => one(Role::Scorer, &config()?, &data).await?,
        Command::Sink => one(Role::Sink, &config()?, &data).await?,
        Command::Api => one(Role::Api, &config()?, &data).await?,
        Command::Config { defaults: true } => print(config::defaults().as_bytes())?,
        Command::Config { defaults: false } => {
            print(furrow_service::config::in_force(&config()?)?.as_bytes())?;
        }
        Command::Migrate(arguments) => migrate::migrate(&config()?, &data, &arguments).await?,
        Command::Sql { query, format } => sql(&config()?, &data, &query, &format).await?,
        Command::Score(arguments) => return score::score(&arguments),
        Command::Evaluate(arguments) => evaluate::evaluate(&arguments)?,
        Command::Simulate(arguments) => simulate::simulate(&arguments).await?,
        Command::Rules { command } => return rules::rules(&command, &config()?, &data).await,
        Command::Doctor { process } => return doctor::doctor(config(), &data, &process).await,
        Command::Engine { .. } => unreachable!("main goes another way"),
    }
    Ok(ExitCode::SUCCESS)
}

async fn one(role: Role, config: &Config, data: &std::path::Path) -> Result<()> {
    telemetry::init(telemetry::Format::Auto)?;
    up::one(role, config, data).await
}

async fn sql(config: &Config, data: &std::path::Path, query: &str, format: &str) -> Result<()> {
    let store = store::attach(config, data, Account::Reader)?;
    let mut output = store.sql(query, format)?;
    while let Some(piece) = output.next().await? {
        print(&piece)?;
    }
    Ok(())
}

/// To standard output. A reader that has gone away is no error.
pub(crate) fn print(bytes: &[u8]) -> Result<()> {
    let mut out = std::io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => std::process::exit(0),
        written => written.context("standard output cannot be written"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_sound() {
        Arguments::command().debug_assert();
    }
}
