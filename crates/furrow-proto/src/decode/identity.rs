//! Whose batch it is, read without decoding what it holds.

use super::fields::{Field, Fields, WireType};
use crate::v1;
use furrow_core::ids::{SenderId, SessionId, VisitorId};
use prost::Message;

/// What names a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BatchIdentity {
    /// The session; not checked to be a `UUIDv7`.
    pub session: SessionId,
    /// None without consent, or when the bytes are no id.
    pub visitor: Option<VisitorId>,
    /// The page load or app start.
    pub sender: SenderId,
    /// Counts the sender's batches from 0.
    pub sequence: u32,
}

/// Reads a batch's identity. The rest of the batch need not be valid, and
/// bytes that are broken behind the identity do not hide it. None when session
/// or sender cannot be read.
#[must_use]
pub fn batch_identity(bytes: &[u8]) -> Option<BatchIdentity> {
    let mut head = v1::Batch::default();
    let mut fields = Fields::of(bytes);
    while let Ok(Some(field)) = fields.next() {
        if names_batch(&field) && head.merge(field.whole).is_err() {
            break;
        }
    }
    Some(BatchIdentity {
        session: SessionId(head.session_id.try_into().ok()?),
        visitor: head.visitor_id.try_into().ok().map(VisitorId),
        sender: SenderId(head.sender_id.try_into().ok()?),
        sequence: head.sequence,
    })
}

fn names_batch(field: &Field<'_>) -> bool {
    matches!(
        (field.number, field.wire_type),
        (1..=3, WireType::Length) | (4, WireType::Varint)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch() -> v1::Batch {
        v1::Batch {
            session_id: vec![1; 16],
            visitor_id: vec![2; 16],
            sender_id: vec![3; 8],
            sequence: 300,
            targets: vec![v1::Target::default(); 3],
            interactions: vec![v1::Interaction::default(); 3],
            ..Default::default()
        }
    }

    const IDENTITY: BatchIdentity = BatchIdentity {
        session: SessionId([1; 16]),
        visitor: Some(VisitorId([2; 16])),
        sender: SenderId([3; 8]),
        sequence: 300,
    };

    #[test]
    fn a_batch_tells_its_identity() {
        assert_eq!(batch_identity(&batch().encode_to_vec()), Some(IDENTITY));
    }

    #[test]
    fn bytes_broken_behind_the_identity_do_not_hide_it() {
        let mut bytes = batch().encode_to_vec();
        bytes.truncate(bytes.len() - 1);
        bytes.push(0xff);
        assert_eq!(batch_identity(&bytes), Some(IDENTITY));
    }

    #[test]
    fn a_batch_without_session_or_sender_has_no_identity() {
        let unnamed = [
            v1::Batch {
                session_id: vec![1; 15],
                ..batch()
            },
            v1::Batch {
                sender_id: Vec::new(),
                ..batch()
            },
        ];
        for batch in unnamed {
            assert_eq!(batch_identity(&batch.encode_to_vec()), None);
        }
        assert_eq!(batch_identity(b"\xff\xff"), None);
    }

    #[test]
    fn a_visitor_id_of_another_length_is_none() {
        let odd = v1::Batch {
            visitor_id: vec![2; 4],
            ..batch()
        };
        let identity = batch_identity(&odd.encode_to_vec()).expect("session and sender stand");
        assert_eq!(identity.visitor, None);
    }
}
