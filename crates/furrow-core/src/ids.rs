//! Identities. None of them can be taken for another.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

/// Who runs Furrow for themselves. At most 64 bytes, from configuration.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Tenant(pub Arc<str>);

/// One site or app of a tenant. At most 64 bytes, from configuration.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Property(pub Arc<str>);

/// A session's `UUIDv7`, made by the client.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SessionId(pub [u8; 16]);

impl SessionId {
    /// The time inside the `UUIDv7`: ms since 1970 on the client's clock.
    #[must_use]
    pub fn created_ms(self) -> i64 {
        let b = self.0;
        i64::from_be_bytes([0, 0, b[0], b[1], b[2], b[3], b[4], b[5]])
    }

    /// Whether version and variant bits say `UUIDv7`.
    #[must_use]
    pub fn is_v7(self) -> bool {
        self.0[6] >> 4 == 7 && self.0[8] >> 6 == 0b10
    }
}

/// A pseudonymous person-device.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct VisitorId(pub [u8; 16]);

/// One page load or app start.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SenderId(pub [u8; 8]);

/// Identifies an element across page loads and visitors.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TargetHash(pub u64);

/// State is keyed by all three: a session id alone proves nothing about whose
/// it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SessionKey {
    /// Which session. It stands first because it tells keys apart soonest.
    pub session: SessionId,
    /// Who runs Furrow.
    pub tenant: Tenant,
    /// Which site or app.
    pub property: Property,
}

/// Counts the lives of a topic: it rises when the topic is created anew or its
/// partition count changes.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Epoch(pub u16);

/// Where an interaction record stands in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Origin {
    /// The topic's life.
    pub epoch: Epoch,
    /// The partition.
    pub partition: u32,
    /// The record's offset, below 2^48.
    pub offset: u64,
}

impl Origin {
    /// The version of every row that comes from this record.
    #[must_use]
    pub fn version(self) -> u64 {
        debug_assert!(self.offset < 1 << 48, "an offset fits 48 bits");
        u64::from(self.epoch.0) << 48 | self.offset
    }
}

fn hex(bytes: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    bytes.iter().try_for_each(|b| write!(f, "{b:02x}"))
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, part) in [0..4, 4..6, 6..8, 8..10, 10..16].into_iter().enumerate() {
            if i > 0 {
                f.write_str("-")?;
            }
            hex(&self.0[part], f)?;
        }
        Ok(())
    }
}

impl fmt::Debug for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Debug for VisitorId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hex(&self.0, f)
    }
}

impl fmt::Display for SenderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hex(&self.0, f)
    }
}

impl fmt::Debug for SenderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Debug for TargetHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}
