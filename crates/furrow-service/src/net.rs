//! Listening.

use std::net::SocketAddr;
use tokio::net::TcpListener;

/// Why an address cannot be listened on, and what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// Somebody else listens there.
    #[error(
        "port {} on {} is already taken: end the program that listens there, or set {setting} \
         (environment: {}) to another address",
        address.port(), address.ip(), variable(setting)
    )]
    Taken {
        /// The address asked for.
        address: SocketAddr,
        /// The setting that names it, such as `gateway.listen`.
        setting: &'static str,
    },
    /// Anything else.
    #[error(
        "cannot listen on {address}, as {setting} (environment: {}) says: {source}",
        variable(setting)
    )]
    Other {
        /// The address asked for.
        address: SocketAddr,
        /// The setting that names it.
        setting: &'static str,
        /// What the system said.
        source: std::io::Error,
    },
}

/// Listens on `address`, which `setting` (such as `gateway.listen`) gave.
///
/// # Errors
/// When the port is taken or the address is not ours.
pub async fn bind(address: SocketAddr, setting: &'static str) -> Result<TcpListener, BindError> {
    TcpListener::bind(address)
        .await
        .map_err(|source| match source.kind() {
            std::io::ErrorKind::AddrInUse => BindError::Taken { address, setting },
            _ => BindError::Other {
                address,
                setting,
                source,
            },
        })
}

fn variable(setting: &str) -> String {
    format!(
        "{}{}",
        crate::config::ENV_PREFIX,
        setting.replace('.', "__").to_uppercase()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_taken_port_is_named_with_the_setting_that_changes_it() {
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let first = bind(any, "gateway.listen").await.expect("binds");
        let taken = first.local_addr().expect("is bound");
        let message = bind(taken, "gateway.listen")
            .await
            .expect_err("is taken")
            .to_string();
        assert!(
            message.contains(&format!("port {} on 127.0.0.1", taken.port())),
            "{message}"
        );
        assert!(message.contains("gateway.listen"), "{message}");
        assert!(message.contains("FURROW__GATEWAY__LISTEN"), "{message}");
    }
}
