//! `furrow simulate`: seeded visitors, written to a file or sent, and what is true of them beside.

use crate::client::Client;
use anyhow::{Context, Result, anyhow};
use furrow_core::interaction::Batch;
use furrow_core::time::ClientTime;
use furrow_service::clock::now_ms;
use furrow_sim::{Script, SiteModel, Visitor, lines, truth};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use tokio::task::JoinSet;

/// Sessions that are sent at a time.
const SENDING_MAX: usize = 64;

#[derive(Debug, clap::Args)]
#[command(group(clap::ArgGroup::new("whither").required(true)))]
pub(crate) struct Arguments {
    /// The same seed makes the same visitors.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many visitors, one to four sessions each.
    #[arg(long, default_value_t = 100)]
    visitors: u64,
    /// The site that they visit: shop, tune or report.
    #[arg(long, default_value = "shop", value_name = "NAME")]
    site: String,
    /// When they come, ms since 1970; now if absent.
    #[arg(long)]
    start_ms: Option<i64>,
    /// Write their batches as JSON, one a line; - for standard output. What is true of each
    /// session goes to FILE.truth.jsonl, in the same order.
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
    let start_ms = arguments.start_ms.unwrap_or_else(now_ms);
    let site = site(&arguments.site)?;
    match (&arguments.out, &arguments.send) {
        (Some(file), _) => write(arguments, &site, start_ms, file),
        (None, Some(url)) => send(arguments, &site, start_ms, url).await,
        (None, None) => unreachable!("one of them is required"),
    }
}

fn site(name: &str) -> Result<SiteModel> {
    SiteModel::named(name).ok_or_else(|| {
        let known = SiteModel::NAMES.join(", ");
        anyhow!("there is no site {name}; there are {known}")
    })
}

fn write(arguments: &Arguments, site: &SiteModel, start_ms: i64, file: &Path) -> Result<()> {
    let (mut out, mut truths): (Box<dyn Write>, Option<Box<dyn Write>>) = match file.to_str() {
        Some("-") => (Box::new(std::io::stdout().lock()), None),
        _ => {
            let mut beside = file.as_os_str().to_owned();
            beside.push(".truth.jsonl");
            (create(file)?, Some(create(Path::new(&beside))?))
        }
    };
    for index in 0..arguments.visitors {
        for script in Visitor::new(arguments.seed, index, site).sessions(start_ms) {
            out.write_all(lines::lines(&script).as_bytes())?;
            if let Some(truths) = &mut truths {
                truths.write_all(truth::line(&script, site.name).as_bytes())?;
                truths.write_all(b"\n")?;
            }
        }
    }
    if let Some(mut truths) = truths {
        truths.flush()?;
    }
    out.flush()?;
    Ok(())
}

fn create(file: &Path) -> Result<Box<dyn Write>> {
    let created =
        File::create(file).with_context(|| format!("{} cannot be written", file.display()))?;
    Ok(Box::new(BufWriter::new(created)))
}

async fn send(arguments: &Arguments, site: &SiteModel, start_ms: i64, url: &str) -> Result<()> {
    let client = Client::new(url, &arguments.key)?;
    let mut sending: JoinSet<Result<()>> = JoinSet::new();
    let mut sessions = 0_u64;
    for index in 0..arguments.visitors {
        for script in ended_by(start_ms, arguments.seed, index, site) {
            if sending.len() == SENDING_MAX
                && let Some(sent) = sending.join_next().await
            {
                sent??;
            }
            sessions += 1;
            let mut client = client.clone();
            sending.spawn(async move {
                for batch in script.sent.into_iter().map(|sent| sent.batch) {
                    // It leaves now, and says so: its times stay true.
                    let closed = batch.sent.max(ClientTime(now_ms()));
                    let batch = Batch {
                        sent: closed,
                        ..batch
                    };
                    client.send(&batch).await?;
                }
                Ok(())
            });
        }
    }
    while let Some(sent) = sending.join_next().await {
        sent??;
    }
    crate::print(format!("{sessions} sessions sent\n").as_bytes())
}

/// A visitor's sessions, the last of which ends then: what they did must lie behind when it is
/// sent.
fn ended_by(end_ms: i64, seed: u64, index: u64, site: &SiteModel) -> Vec<Script> {
    let sessions = Visitor::new(seed, index, site).sessions(end_ms);
    let last = sessions.last().expect("a visitor comes at least once");
    let earlier_ms = last.session.created_ms() + i64::from(last.lasted_ms()) - end_ms;
    let moved = sessions
        .into_iter()
        .map(|script| script.moved_by(-earlier_ms));
    moved.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_site_is_told_with_those_that_there_are() {
        let told = site("mall").unwrap_err().to_string();
        assert_eq!(told, "there is no site mall; there are shop, tune, report");
    }

    #[test]
    fn sessions_that_are_sent_lie_behind() {
        let site = SiteModel::shop();
        for index in 0..20 {
            let sessions = ended_by(1_763_500_000_000, 3, index, &site);
            let last = sessions.last().unwrap();
            let ended_ms = last.session.created_ms() + i64::from(last.lasted_ms());
            assert_eq!(ended_ms, 1_763_500_000_000);
        }
    }
}
