//! Ports on which nobody listens.

use std::hash::{BuildHasher, RandomState};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};

/// Below the ports that systems give to outgoing connections, so that a port is still free when
/// its owner is started again.
const PORTS: std::ops::Range<u16> = 20_000..32_000;

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

/// A port on which nobody listens now.
pub(crate) fn free_port() -> SocketAddr {
    // A fresh hasher's keys differ between threads and processes.
    let random = RandomState::new().hash_one(std::process::id());
    let span = u64::from(PORTS.end - PORTS.start);
    (0..span)
        .map(|step| {
            let offset = u16::try_from((random.wrapping_add(step)) % span)
                .expect("the range is one of ports");
            SocketAddr::from((Ipv4Addr::LOCALHOST, PORTS.start + offset))
        })
        .find(|address| TcpListener::bind(address).is_ok())
        .expect("there is a free port")
}
