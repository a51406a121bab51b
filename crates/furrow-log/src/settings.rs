//! What an embedded log is told when it is opened.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::{OpenError, ReadLimit};

const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);

/// The settings of an embedded log; [`Default`] suits a small site.
#[derive(Clone, Debug)]
pub struct EmbeddedSettings {
    /// Appends that may wait for their receipt; more are refused as full.
    pub queue_records_max: usize,
    /// Bytes that may wait for their receipt; more are refused as full.
    pub queue_bytes_max: usize,
    /// Appends that share one fsync at most.
    pub group_records_max: usize,
    /// Bytes that share one fsync at most.
    pub group_bytes_max: usize,
    /// The largest record, key and payload together.
    pub record_bytes_max: usize,
    /// How much one [`Records`](crate::Event::Records) or one step of a tail carries.
    pub fetch: ReadLimit,
    /// Reads that may run at once, each on a blocking thread.
    pub reads_max: usize,
    /// A segment that has so many bytes is followed by a new one.
    pub segment_bytes_max: u64,
    /// A segment whose first record is so old is followed by a new one.
    pub segment_age_max: Duration,
    /// Records younger than this are kept; older ones go, a segment at a time, once every group
    /// that ever committed has read them.
    pub retention: Duration,
    /// The least that `retention` may be: what recovery needs.
    pub retention_min: Duration,
    /// How often old segments are looked for.
    pub sweep_interval: Duration,
    /// Memory for blocks read from disk.
    pub cache_bytes: u64,
    /// Memory that one segment gathers before it is written as a table.
    pub memtable_bytes: u64,
    /// Where append times come from.
    pub clock: Clock,
}

impl Default for EmbeddedSettings {
    fn default() -> Self {
        Self {
            queue_records_max: 16_384,
            queue_bytes_max: 32 << 20,
            group_records_max: 1_024,
            group_bytes_max: 8 << 20,
            record_bytes_max: 4 << 20,
            fetch: ReadLimit::default(),
            reads_max: 8,
            segment_bytes_max: 512 << 20,
            segment_age_max: DAY,
            retention: 3 * DAY,
            retention_min: DAY + 26 * HOUR,
            sweep_interval: Duration::from_secs(60),
            cache_bytes: 8 << 20,
            memtable_bytes: 2 << 20,
            clock: Clock::System,
        }
    }
}

impl EmbeddedSettings {
    /// Refuses settings under which the log could not work or would lose what recovery needs.
    pub(crate) fn check(&self) -> Result<(), OpenError> {
        let refuse = |name, reason: String| Err(OpenError::Setting { name, reason });
        if self.retention < self.retention_min {
            return refuse(
                "retention",
                format!(
                    "{} h is less than the {} h that recovery needs",
                    self.retention.as_secs() / 3600,
                    self.retention_min.as_secs().div_ceil(3600)
                ),
            );
        }
        let counts = [
            ("queue_records_max", self.queue_records_max),
            ("queue_bytes_max", self.queue_bytes_max),
            ("group_records_max", self.group_records_max),
            ("group_bytes_max", self.group_bytes_max),
            ("reads_max", self.reads_max),
        ];
        for (name, value) in counts {
            if value == 0 {
                return refuse(name, "it must be at least 1".to_owned());
            }
        }
        if self.record_bytes_max > RECORD_BYTES_CEILING {
            return refuse(
                "record_bytes_max",
                format!("it must be at most {RECORD_BYTES_CEILING}"),
            );
        }
        if self.queue_bytes_max < self.record_bytes_max {
            return refuse(
                "queue_bytes_max",
                "it must hold the largest record".to_owned(),
            );
        }
        if self.sweep_interval.is_zero() {
            return refuse("sweep_interval", "it must be more than 0".to_owned());
        }
        Ok(())
    }
}

/// No setting may allow a larger record: lengths are kept in 32 bits.
const RECORD_BYTES_CEILING: usize = 1 << 30;

/// Where append times come from.
#[derive(Clone, Debug, Default)]
pub enum Clock {
    /// The system's clock.
    #[default]
    System,
    /// A clock that a test sets, in milliseconds since the Unix epoch.
    Manual(Arc<AtomicI64>),
}

impl Clock {
    /// Now, in milliseconds since the Unix epoch.
    pub(crate) fn now_ms(&self) -> i64 {
        match self {
            Self::System => {
                let since = SystemTime::now()
                    .duration_since(UNIX_EPOCH)
                    .unwrap_or(Duration::ZERO);
                i64::try_from(since.as_millis()).expect("the year is before 292 million")
            }
            Self::Manual(now) => now.load(Ordering::Relaxed),
        }
    }
}
