//! Ports on which nobody listens.

use furrow_test_broker::free_port;
use std::net::SocketAddr;

/// Where it listens, all on loopback.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ports {
    /// gRPC, gRPC-web and beacons.
    pub gateway: SocketAddr,
    /// The query API and the dashboard.
    pub api: SocketAddr,
    /// Health, readiness and metrics.
    pub observe: SocketAddr,
    /// The demo shop, if there is one.
    pub demo: SocketAddr,
}

impl Ports {
    /// Four ports on which nobody listens now.
    #[must_use]
    pub fn free() -> Ports {
        Ports {
            gateway: free_port(),
            api: free_port(),
            observe: free_port(),
            demo: free_port(),
        }
    }

    /// The settings that say so, as variables of the environment.
    #[must_use]
    pub fn variables(self) -> [(String, String); 4] {
        [
            ("GATEWAY", self.gateway),
            ("API", self.api),
            ("OBSERVE", self.observe),
            ("DEMO", self.demo),
        ]
        .map(|(role, address)| (format!("FURROW__{role}__LISTEN"), address.to_string()))
    }
}
