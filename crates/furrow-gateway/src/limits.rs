//! Token buckets and totals: what is shed.
//!
//! The maps are bounded and shared by all requests. Each stands behind a lock
//! that is held for one look-up and never across an await: a task that owned
//! them would cost every batch two hops.

use crate::config::{Rate, Rates, SessionTotals};
use crate::keys::Key;
use furrow_core::ids::{SenderId, SessionId};
use furrow_core::interaction::Batch;
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultDirectRateLimiter, Quota};
use lru::LruCache;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// A session that sent all it may comes back as another one, which a client
/// begins after this long without interaction.
const SESSION_GAP: Duration = Duration::from_secs(30 * 60);

/// Which limit is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Limit {
    AddressRate,
    KeyRate,
    SessionRate,
    SessionInteractions,
    SessionBytes,
    SessionSenders,
    InFlight,
    LogFull,
}

impl Limit {
    /// Its stable name.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Limit::AddressRate => "address_rate",
            Limit::KeyRate => "key_rate",
            Limit::SessionRate => "session_rate",
            Limit::SessionInteractions => "session_interactions",
            Limit::SessionBytes => "session_bytes",
            Limit::SessionSenders => "session_senders",
            Limit::InFlight => "in_flight",
            Limit::LogFull => "log_full",
        }
    }
}

/// More than a limit allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TooMuch {
    pub(crate) limit: Limit,
    pub(crate) retry_after: Duration,
}

type Bucket = DefaultDirectRateLimiter;

/// What one session sent so far.
struct SessionUse {
    bucket: Bucket,
    interactions: u64,
    bytes: u64,
    senders: Vec<SenderId>,
}

/// All buckets and totals of the process.
pub(crate) struct Gate {
    clock: DefaultClock,
    address_rate: Rate,
    session_rate: Rate,
    totals: SessionTotals,
    /// By the keys' numbers.
    keys: Vec<Bucket>,
    addresses: Mutex<LruCache<IpAddr, Bucket>>,
    sessions: Mutex<LruCache<(usize, SessionId), SessionUse>>,
}

impl Gate {
    pub(crate) fn new(keys: &[Arc<Key>], rates: &Rates, totals: &SessionTotals) -> Gate {
        let clock = DefaultClock::default();
        Gate {
            keys: keys.iter().map(|key| bucket(key.rate, &clock)).collect(),
            addresses: Mutex::new(LruCache::new(rates.addresses_max)),
            sessions: Mutex::new(LruCache::new(totals.sessions_max)),
            address_rate: rates.address,
            session_rate: rates.session,
            totals: totals.clone(),
            clock,
        }
    }

    /// Takes a batch's tokens from its address and then its key, so that one
    /// address over its limit does not drain the key for the others.
    pub(crate) fn admit(&self, address: IpAddr, key: &Key) -> Result<(), TooMuch> {
        {
            let mut addresses = self
                .addresses
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            let bucket =
                addresses.get_or_insert(address, || bucket(self.address_rate, &self.clock));
            self.take(bucket, Limit::AddressRate)?;
        }
        self.take(&self.keys[key.number], Limit::KeyRate)
    }

    /// Counts a batch of `bytes` to its session.
    pub(crate) fn admit_to_session(
        &self,
        key: &Key,
        batch: &Batch,
        bytes: usize,
    ) -> Result<(), TooMuch> {
        let mut sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        let used = sessions.get_or_insert_mut((key.number, batch.session), || SessionUse {
            bucket: bucket(self.session_rate, &self.clock),
            interactions: 0,
            bytes: 0,
            senders: Vec::new(),
        });
        self.take(&used.bucket, Limit::SessionRate)?;
        let known_sender = used.senders.contains(&batch.sender);
        let interactions =
            used.interactions + batch.interactions.len() as u64 + u64::from(batch.unknown);
        let bytes = used.bytes + bytes as u64;
        let over = if !known_sender && used.senders.len() >= self.totals.senders_max {
            Some(Limit::SessionSenders)
        } else if interactions > self.totals.interactions_max {
            Some(Limit::SessionInteractions)
        } else if bytes > self.totals.bytes_max {
            Some(Limit::SessionBytes)
        } else {
            None
        };
        if let Some(limit) = over {
            return Err(TooMuch {
                limit,
                retry_after: SESSION_GAP,
            });
        }
        if !known_sender {
            used.senders.push(batch.sender);
        }
        used.interactions = interactions;
        used.bytes = bytes;
        Ok(())
    }

    fn take(&self, bucket: &Bucket, limit: Limit) -> Result<(), TooMuch> {
        bucket.check().map_err(|not_until| TooMuch {
            limit,
            retry_after: not_until.wait_time_from(self.clock.now()),
        })
    }
}

fn bucket(rate: Rate, clock: &DefaultClock) -> Bucket {
    let quota = Quota::per_second(rate.per_second).allow_burst(rate.burst);
    Bucket::direct_with_clock(quota, clock.clone())
}
