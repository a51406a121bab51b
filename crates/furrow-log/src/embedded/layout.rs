//! How names, records and notes are laid out in the store. Numbers are big-endian, so that keys
//! sort as their numbers do.

use bytes::Bytes;

use crate::{Offset, Stored};

/// The layout of this version; another one is refused at opening.
pub(super) const FORMAT: u32 = 1;

/// The keyspace of everything that is not a record.
pub(super) const NOTES: &str = "notes";

/// Where [`FORMAT`] is noted.
pub(super) const FORMAT_KEY: &[u8] = b"format";

/// A topic within this folder; names may be long, numbers are short.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct TopicId(pub(super) u32);

/// One partition of one topic within this folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Slot {
    pub(super) topic: TopicId,
    pub(super) partition: u32,
}

/// The keyspace of a segment, `base` being the offset of its first record.
pub(super) fn segment_name(slot: Slot, base: u64) -> String {
    format!("segment.{}.{}.{base}", slot.topic.0, slot.partition)
}

/// What [`segment_name`] named, if it did.
pub(super) fn parse_segment_name(name: &str) -> Option<(Slot, u64)> {
    let mut parts = name.strip_prefix("segment.")?.split('.');
    let topic = TopicId(parts.next()?.parse().ok()?);
    let partition = parts.next()?.parse().ok()?;
    let base = parts.next()?.parse().ok()?;
    let slot = Slot { topic, partition };
    parts.next().is_none().then_some((slot, base))
}

/// What precedes a record's key and payload: the append time and the key's length.
const HEADER_BYTES: usize = 8 + 4;

/// A record as its segment holds it.
pub(super) fn encode_record(append_time_ms: i64, key: &[u8], payload: &[u8]) -> Vec<u8> {
    let key_len = u32::try_from(key.len()).expect("a record is smaller than 1 GiB");
    let mut value = Vec::with_capacity(HEADER_BYTES + key.len() + payload.len());
    value.extend_from_slice(&append_time_ms.to_be_bytes());
    value.extend_from_slice(&key_len.to_be_bytes());
    value.extend_from_slice(key);
    value.extend_from_slice(payload);
    value
}

/// The record that [`encode_record`] laid out. The bytes are copied once, so that a record held for
/// long does not hold the block it was read from.
pub(super) fn decode_record(key: &[u8], value: &[u8]) -> Option<Stored> {
    let offset = Offset(decode_u64(key)?);
    let append_time_ms = record_time_ms(value)?;
    let (key_len, body) = value.get(8..)?.split_first_chunk::<4>()?;
    let key_len = u32::from_be_bytes(*key_len) as usize;
    if key_len > body.len() {
        return None;
    }
    let mut key = Bytes::copy_from_slice(body);
    let payload = key.split_off(key_len);
    Some(Stored {
        offset,
        append_time_ms,
        key,
        payload,
    })
}

/// The append time of a record.
pub(super) fn record_time_ms(value: &[u8]) -> Option<i64> {
    Some(i64::from_be_bytes(*value.first_chunk()?))
}

/// An offset as a segment's key or a note's value.
pub(super) fn decode_u64(bytes: &[u8]) -> Option<u64> {
    Some(u64::from_be_bytes(bytes.try_into().ok()?))
}

/// A fact that outlives the process, other than a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Note {
    /// A topic exists.
    Topic {
        id: TopicId,
        partitions: u32,
        name: String,
    },
    /// A partition reached this end before its segments were dropped.
    Floor {
        slot: Slot,
        end: u64,
        last_time_ms: i64,
    },
    /// A group needs nothing before this offset.
    Commit {
        slot: Slot,
        group: String,
        next: u64,
    },
}

impl Note {
    /// What the note is found under.
    pub(super) fn key(&self) -> Vec<u8> {
        match self {
            Self::Topic { id, .. } => [b"t".as_slice(), &id.0.to_be_bytes()].concat(),
            Self::Floor { slot, .. } => slot_key(b'e', *slot, ""),
            Self::Commit { slot, group, .. } => slot_key(b'c', *slot, group),
        }
    }

    /// What the note says.
    pub(super) fn value(&self) -> Vec<u8> {
        match self {
            Self::Topic {
                partitions, name, ..
            } => [partitions.to_be_bytes().as_slice(), name.as_bytes()].concat(),
            Self::Floor {
                end, last_time_ms, ..
            } => [end.to_be_bytes(), last_time_ms.to_be_bytes()].concat(),
            Self::Commit { next, .. } => next.to_be_bytes().to_vec(),
        }
    }

    /// The note that was written as this key and value.
    pub(super) fn parse(key: &[u8], value: &[u8]) -> Option<Self> {
        let (kind, rest) = key.split_first()?;
        let (topic, rest) = rest.split_first_chunk::<4>()?;
        let id = TopicId(u32::from_be_bytes(*topic));
        if *kind == b't' {
            let (partitions, name) = value.split_first_chunk::<4>()?;
            let name = std::str::from_utf8(name).ok()?.to_owned();
            return Some(Self::Topic {
                id,
                partitions: u32::from_be_bytes(*partitions),
                name,
            });
        }
        let (partition, group) = rest.split_first_chunk::<4>()?;
        let slot = Slot {
            topic: id,
            partition: u32::from_be_bytes(*partition),
        };
        match kind {
            b'e' => {
                let (end, time) = value.split_first_chunk::<8>()?;
                let end = u64::from_be_bytes(*end);
                Some(Self::Floor {
                    slot,
                    end,
                    last_time_ms: record_time_ms(time)?,
                })
            }
            b'c' => {
                let group = std::str::from_utf8(group).ok()?.to_owned();
                Some(Self::Commit {
                    slot,
                    group,
                    next: decode_u64(value)?,
                })
            }
            _ => None,
        }
    }
}

fn slot_key(kind: u8, slot: Slot, group: &str) -> Vec<u8> {
    let mut key = vec![kind];
    key.extend_from_slice(&slot.topic.0.to_be_bytes());
    key.extend_from_slice(&slot.partition.to_be_bytes());
    key.extend_from_slice(group.as_bytes());
    key
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn slot() -> impl Strategy<Value = Slot> {
        (any::<u32>(), any::<u32>()).prop_map(|(topic, partition)| Slot {
            topic: TopicId(topic),
            partition,
        })
    }

    fn note() -> impl Strategy<Value = Note> {
        prop_oneof![
            (any::<u32>(), any::<u32>(), "[a-z.]{1,20}").prop_map(|(id, partitions, name)| {
                Note::Topic {
                    id: TopicId(id),
                    partitions,
                    name,
                }
            }),
            (slot(), any::<u64>(), any::<i64>()).prop_map(|(slot, end, last_time_ms)| {
                Note::Floor {
                    slot,
                    end,
                    last_time_ms,
                }
            }),
            (slot(), "\\PC{1,20}", any::<u64>()).prop_map(|(slot, group, next)| Note::Commit {
                slot,
                group,
                next
            }),
        ]
    }

    proptest! {
        #[test]
        fn a_note_reads_back_as_it_was_written(note in note()) {
            prop_assert_eq!(Note::parse(&note.key(), &note.value()), Some(note));
        }

        #[test]
        fn a_record_reads_back_as_it_was_written(
            offset: u64, append_time_ms: i64, key: Vec<u8>, payload: Vec<u8>
        ) {
            let stored = decode_record(
                &offset.to_be_bytes(),
                &encode_record(append_time_ms, &key, &payload),
            );
            prop_assert_eq!(stored, Some(Stored {
                offset: Offset(offset),
                append_time_ms,
                key: key.into(),
                payload: payload.into(),
            }));
        }

        #[test]
        fn a_segment_is_named_once(slot in slot(), base: u64) {
            prop_assert_eq!(parse_segment_name(&segment_name(slot, base)), Some((slot, base)));
        }

        #[test]
        fn foreign_bytes_are_refused_without_a_panic(key: Vec<u8>, value: Vec<u8>) {
            let _ = Note::parse(&key, &value);
            let _ = decode_record(&key, &value);
        }
    }
}
