//! Ports on which nobody listens.

use std::hash::{BuildHasher, RandomState};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};

/// Below the ports that systems give to outgoing connections, so that a port is still free when
/// its owner is started again.
const PORTS: std::ops::Range<u16> = 20_000..32_000;

/// An address on loopback at which nobody listens now.
///
/// # Panics
/// When all of 12,000 ports are taken.
#[must_use]
pub fn free_port() -> SocketAddr {
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
