//! `furrow simulate`.

use anyhow::Result;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {}

pub(crate) async fn simulate(_arguments: &Arguments) -> Result<()> {
    Ok(())
}
