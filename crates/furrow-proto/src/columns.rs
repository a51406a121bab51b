//! The wire type of pointer paths, written by hand: most of what comes is
//! their columns, and nearly all of their numbers are one byte.
//!
//! Like the generated type it takes every legal encoding: packed, unpacked,
//! split into several fields, in any order.

use prost::bytes::{Buf, BufMut};
use prost::encoding::{self, DecodeContext, WireType};
use prost::{DecodeError, Message, Name};

/// `furrow.v1.PointerPath`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[allow(missing_docs)]
pub struct PointerPath {
    pub pointer: i32,
    pub start_x: i32,
    pub start_y: i32,
    pub dt: Vec<u32>,
    pub dx: Vec<i32>,
    pub dy: Vec<i32>,
}

impl Name for PointerPath {
    const NAME: &'static str = "PointerPath";
    const PACKAGE: &'static str = "furrow.v1";

    fn full_name() -> String {
        "furrow.v1.PointerPath".into()
    }

    fn type_url() -> String {
        "/furrow.v1.PointerPath".into()
    }
}

impl Message for PointerPath {
    fn encode_raw(&self, buf: &mut impl BufMut) {
        let PointerPath {
            pointer,
            start_x,
            start_y,
            dt,
            dx,
            dy,
        } = self;
        if *pointer != 0 {
            encoding::int32::encode(1, pointer, buf);
        }
        if *start_x != 0 {
            encoding::sint32::encode(2, start_x, buf);
        }
        if *start_y != 0 {
            encoding::sint32::encode(3, start_y, buf);
        }
        encoding::uint32::encode_packed(4, dt, buf);
        encoding::sint32::encode_packed(5, dx, buf);
        encoding::sint32::encode_packed(6, dy, buf);
    }

    fn merge_field(
        &mut self,
        tag: u32,
        wire_type: WireType,
        buf: &mut impl Buf,
        ctx: DecodeContext,
    ) -> Result<(), DecodeError> {
        match tag {
            1 => encoding::int32::merge(wire_type, &mut self.pointer, buf, ctx),
            2 => encoding::sint32::merge(wire_type, &mut self.start_x, buf, ctx),
            3 => encoding::sint32::merge(wire_type, &mut self.start_y, buf, ctx),
            4 => match packed(wire_type, buf, &mut self.dt, |n| n as u32) {
                Packed::Taken => Ok(()),
                Packed::Left => encoding::uint32::merge_repeated(wire_type, &mut self.dt, buf, ctx),
            },
            5 => match packed(wire_type, buf, &mut self.dx, zigzag) {
                Packed::Taken => Ok(()),
                Packed::Left => encoding::sint32::merge_repeated(wire_type, &mut self.dx, buf, ctx),
            },
            6 => match packed(wire_type, buf, &mut self.dy, zigzag) {
                Packed::Taken => Ok(()),
                Packed::Left => encoding::sint32::merge_repeated(wire_type, &mut self.dy, buf, ctx),
            },
            _ => encoding::skip_field(wire_type, tag, buf, ctx),
        }
    }

    fn encoded_len(&self) -> usize {
        let number = |tag, value: &i32, len: fn(u32, &i32) -> usize| match value {
            0 => 0,
            value => len(tag, value),
        };
        number(1, &self.pointer, encoding::int32::encoded_len)
            + number(2, &self.start_x, encoding::sint32::encoded_len)
            + number(3, &self.start_y, encoding::sint32::encoded_len)
            + encoding::uint32::encoded_len_packed(4, &self.dt)
            + encoding::sint32::encoded_len_packed(5, &self.dx)
            + encoding::sint32::encoded_len_packed(6, &self.dy)
    }

    fn clear(&mut self) {
        *self = PointerPath::default();
    }
}

/// Whether a column was read the quick way.
enum Packed {
    Taken,
    /// Nothing was consumed; the general reader says what is there, or what is
    /// wrong with it.
    Left,
}

fn zigzag(n: u64) -> i32 {
    let n = n as u32;
    (n >> 1) as i32 ^ -((n & 1) as i32)
}

/// Reads a packed column that lies in one piece.
fn packed<T>(
    wire_type: WireType,
    buf: &mut impl Buf,
    column: &mut Vec<T>,
    value: impl Fn(u64) -> T + Copy,
) -> Packed {
    if wire_type != WireType::LengthDelimited {
        return Packed::Left;
    }
    let chunk = buf.chunk();
    // The length takes two bytes at the most: longer columns are rare enough.
    let (head, len) = match chunk {
        [len @ 0..0x80, ..] => (1, usize::from(*len)),
        [low, high @ 0..0x80, ..] => (2, usize::from(*low & 0x7f) | usize::from(*high) << 7),
        _ => return Packed::Left,
    };
    let Some(bytes) = chunk.get(head..head + len) else {
        return Packed::Left;
    };
    let before = column.len();
    column.reserve(len);
    let mut rest = bytes;
    // The bit that says that a number goes on is the one that ASCII leaves free.
    if bytes.is_ascii() {
        column.extend(bytes.iter().map(|byte| value(u64::from(*byte))));
        rest = &[];
    }
    while let Some((&first, after)) = rest.split_first() {
        if first < 0x80 {
            column.push(value(u64::from(first)));
            rest = after;
            continue;
        }
        match long(rest) {
            Some((n, after)) => {
                column.push(value(n));
                rest = after;
            }
            None => {
                column.truncate(before);
                return Packed::Left;
            }
        }
    }
    buf.advance(head + len);
    Packed::Taken
}

/// A number of two to five bytes; other ones are for the general reader.
fn long(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut n = 0_u64;
    for (place, byte) in bytes.iter().enumerate().take(5) {
        n |= u64::from(byte & 0x7f) << (7 * place);
        if *byte < 0x80 {
            return Some((n, &bytes[place + 1..]));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What prost makes of the same message.
    #[derive(Clone, PartialEq, Message)]
    struct Generated {
        #[prost(int32, tag = "1")]
        pointer: i32,
        #[prost(sint32, tag = "2")]
        start_x: i32,
        #[prost(sint32, tag = "3")]
        start_y: i32,
        #[prost(uint32, repeated, tag = "4")]
        dt: Vec<u32>,
        #[prost(sint32, repeated, tag = "5")]
        dx: Vec<i32>,
        #[prost(sint32, repeated, tag = "6")]
        dy: Vec<i32>,
    }

    fn same(bytes: &[u8]) {
        let (ours, theirs) = (PointerPath::decode(bytes), Generated::decode(bytes));
        match (ours, theirs) {
            (Ok(a), Ok(b)) => assert_eq!(
                (a.pointer, a.start_x, a.start_y, a.dt, a.dx, a.dy),
                (b.pointer, b.start_x, b.start_y, b.dt, b.dx, b.dy)
            ),
            (Err(a), Err(b)) => assert_eq!(kind(&a.to_string()), kind(&b.to_string())),
            (a, b) => panic!("{a:?} is not {b:?} of {bytes:?}"),
        }
    }

    /// The error without the path of fields, which names the types.
    fn kind(error: &str) -> String {
        error.rsplit(": ").next().unwrap_or_default().to_owned()
    }

    proptest! {
        #[test]
        fn what_it_writes_is_what_prost_writes_and_both_read_it(
            head: (i32, i32, i32),
            dt in prop::collection::vec(any::<u32>(), 0..90),
            dx in prop::collection::vec(any::<i32>(), 0..90),
            dy in prop::collection::vec(-90..90_i32, 0..200),
        ) {
            let (pointer, start_x, start_y) = head;
            let ours = PointerPath {
                pointer, start_x, start_y, dt: dt.clone(), dx: dx.clone(), dy: dy.clone(),
            };
            let theirs = Generated { pointer, start_x, start_y, dt, dx, dy };
            let bytes = ours.encode_to_vec();
            prop_assert_eq!(&bytes, &theirs.encode_to_vec());
            prop_assert_eq!(ours.encoded_len(), bytes.len());
            prop_assert_eq!(PointerPath::decode(&*bytes), Ok(ours));
            same(&bytes);
        }

        #[test]
        fn any_bytes_read_as_prost_reads_them(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            same(&bytes);
        }

        #[test]
        fn a_column_that_is_cut_or_changed_reads_as_prost_reads_it(
            dx in prop::collection::vec(any::<i32>(), 1..60), at: prop::sample::Index, byte: u8
        ) {
            let path = PointerPath { dx, ..PointerPath::default() };
            let mut bytes = path.encode_to_vec();
            let place = at.index(bytes.len());
            bytes[place] = byte;
            same(&bytes);
            same(&bytes[..place]);
        }
    }

    #[test]
    fn a_column_in_two_pieces_is_read_whole() {
        let bytes = PointerPath {
            dt: vec![16; 40],
            ..PointerPath::default()
        }
        .encode_to_vec();
        let (head, tail) = bytes.split_at(9);
        let path = PointerPath::decode(head.chain(tail)).expect("it is whole");
        assert_eq!(path.dt, vec![16; 40]);
    }
}
