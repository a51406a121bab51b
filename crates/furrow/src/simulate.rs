//! `furrow simulate`: seeded visitors, written to a file or sent.

use crate::client::Client;
use anyhow::{Context, Result};
use furrow_core::interaction::Batch;
use furrow_core::time::ClientTime;
use furrow_sim::{SiteModel, Visitor, lines};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};
use tokio::task::JoinSet;

/// Sessions that are sent at a time.
const SENDING_MAX: usize = 64;

#[derive(Debug, clap::Args)]
#[command(group(clap::ArgGroup::new("whither").required(true)))]
pub(crate) struct Arguments {
    /// The same seed makes the same visitors.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many visitors, one session each.
    #[arg(long, default_value_t = 100)]
    visitors: u64,
    /// When they come, ms since 1970; now if absent.
    #[arg(long)]
    start_ms: Option<i64>,
    /// Write their batches as JSON, one a line; - for standard output.
    #[arg(long, group = "whither", value_name = "FILE")]
    out: Option<PathBuf>,
    /// Send their batches to this gateway, as fast as it takes them.
    #[arg(long, group = "whither", value_name = "URL")]
    send: Option<String>,
    /// The write key to send with.
    #[arg(long, default_value = "furrow-demo")]
    key: String,
}

pub(crate) async fn simulate(arguments: &Arguments) -> Result<()> {
    let start_ms = arguments.start_ms.map_or_else(now_ms, Ok)?;
    match (&arguments.out, &arguments.send) {
        (Some(file), _) => write(arguments, start_ms, file),
        (None, Some(url)) => send(arguments, start_ms, url).await,
        (None, None) => unreachable!("one of them is required"),
    }
}

fn write(arguments: &Arguments, start_ms: i64, file: &std::path::Path) -> Result<()> {
    let site = SiteModel::shop();
    let mut out: Box<dyn Write> = if file.as_os_str() == "-" {
        Box::new(std::io::stdout().lock())
    } else {
        let created =
            File::create(file).with_context(|| format!("{} cannot be written", file.display()))?;
        Box::new(BufWriter::new(created))
    };
    for index in 0..arguments.visitors {
        let script = Visitor::new(arguments.seed, index, &site).script(start_ms);
        out.write_all(lines::lines(&script).as_bytes())?;
    }
    out.flush()?;
    Ok(())
}

async fn send(arguments: &Arguments, start_ms: i64, url: &str) -> Result<()> {
    let site = SiteModel::shop();
    let client = Client::new(url, &arguments.key)?;
    let mut sending: JoinSet<Result<()>> = JoinSet::new();
    for index in 0..arguments.visitors {
        if sending.len() == SENDING_MAX
            && let Some(sent) = sending.join_next().await
        {
            sent??;
        }
        // What a visitor did must lie behind when it is sent.
        let script = Visitor::new(arguments.seed, index, &site).script(start_ms);
        let lasted_ms = script.sent.last().map_or(0, |sent| sent.after_ms);
        let script =
            Visitor::new(arguments.seed, index, &site).script(start_ms - i64::from(lasted_ms));
        let batches: Vec<Batch> = script.sent.into_iter().map(|sent| sent.batch).collect();
        let mut client = client.clone();
        sending.spawn(async move {
            for batch in batches {
                // It leaves now, and says so: its times stay true.
                let closed = batch.sent.max(ClientTime(now_ms()?));
                let batch = Batch {
                    sent: closed,
                    ..batch
                };
                client.send(&batch).await?;
            }
            Ok(())
        });
    }
    while let Some(sent) = sending.join_next().await {
        sent??;
    }
    crate::print(format!("{} sessions sent\n", arguments.visitors).as_bytes())
}

fn now_ms() -> Result<i64> {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .context("the clock is before 1970")?;
    Ok(i64::try_from(since.as_millis())?)
}
