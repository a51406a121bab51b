//! Scripted visitors of the demo shop.

use furrow_service::config::Secret;
use std::net::SocketAddr;
use tokio_util::sync::CancellationToken;

/// Visits until the token fires.
pub(crate) async fn visit(
    _ingest: SocketAddr,
    _key: Option<Secret>,
    token: CancellationToken,
) -> anyhow::Result<()> {
    token.cancelled().await;
    Ok(())
}
