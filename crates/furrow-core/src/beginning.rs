//! Where a replay of a partition begins, and what it has to know there that
//! the records after it do not tell.

use crate::control::Standing;
use crate::entry::Entry;
use crate::ids::{SenderId, SessionKey};
use crate::sequence::Sequence;
use crate::time::LogTime;

/// Where a replay begins. It means the same under every fold version.
#[derive(Debug, Clone, PartialEq)]
pub struct Beginning {
    /// The first record that is folded.
    pub offset: u64,
    /// The log time before it.
    pub watermark: LogTime,
    /// The rules that hold there.
    pub standing: Vec<Standing>,
    /// Whether these are all; more were published in the time of one open
    /// session than are kept otherwise.
    pub standing_complete: bool,
    /// Sessions that may not reopen any more.
    pub markers: Vec<Marker>,
}

impl Beginning {
    /// A beginning of which nothing but its place is known.
    #[must_use]
    pub fn unknown(offset: u64, watermark: LogTime) -> Beginning {
        Beginning {
            offset,
            watermark,
            standing: Vec::new(),
            standing_complete: false,
            markers: Vec::new(),
        }
    }
}

/// What is left of a session that may not reopen: enough to tell repeats from
/// late batches.
#[derive(Debug, Clone, PartialEq)]
pub struct Marker {
    /// Which session.
    pub key: SessionKey,
    /// When it goes.
    pub until: LogTime,
    /// What came from each sender.
    pub seen: Vec<Seen>,
}

/// Which of a sender's batches have come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// The sender.
    pub sender: SenderId,
    /// The lowest number that has not come.
    pub next: u32,
    /// Bit i: number `next + 1 + i` has come.
    pub beyond: u64,
}

impl Marker {
    pub(crate) fn of(
        key: &SessionKey,
        until: LogTime,
        seen: &[(SenderId, Sequence<()>)],
    ) -> Marker {
        let seen = seen.iter().map(|(sender, sequence)| {
            let (next, beyond) = sequence.window();
            Seen {
                sender: *sender,
                next,
                beyond,
            }
        });
        Marker {
            key: key.clone(),
            until,
            seen: seen.collect(),
        }
    }

    pub(crate) fn entry(self) -> (SessionKey, Entry) {
        let seen = self.seen.into_iter();
        let entry = Entry::Marker {
            until: self.until,
            seen: seen
                .map(|s| (s.sender, Sequence::windowed(s.next, s.beyond)))
                .collect(),
        };
        (self.key, entry)
    }
}
