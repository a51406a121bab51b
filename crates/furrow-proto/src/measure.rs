//! The wire type of a measure, written by hand: an update holds dozens, and
//! their names are the catalogue's, which need no copies.

use prost::bytes::{Buf, BufMut};
use prost::encoding::{self, DecodeContext, WireType};
use prost::{DecodeError, Message, Name};
use std::borrow::Cow;

/// `furrow.v1.Measured`.
#[derive(Debug, Clone, PartialEq, Default)]
#[allow(missing_docs)]
pub struct Measured {
    pub measure: Cow<'static, str>,
    pub value: f64,
}

impl Name for Measured {
    const NAME: &'static str = "Measured";
    const PACKAGE: &'static str = "furrow.v1";

    fn full_name() -> String {
        "furrow.v1.Measured".into()
    }

    fn type_url() -> String {
        "/furrow.v1.Measured".into()
    }
}

impl Message for Measured {
    fn encode_raw(&self, buf: &mut impl BufMut) {
        if !self.measure.is_empty() {
            encoding::encode_key(1, WireType::LengthDelimited, buf);
            encoding::encode_varint(self.measure.len() as u64, buf);
            buf.put_slice(self.measure.as_bytes());
        }
        if self.value != 0.0 {
            encoding::double::encode(2, &self.value, buf);
        }
    }

    fn merge_field(
        &mut self,
        tag: u32,
        wire_type: WireType,
        buf: &mut impl Buf,
        ctx: DecodeContext,
    ) -> Result<(), DecodeError> {
        match tag {
            1 => encoding::string::merge(wire_type, self.measure.to_mut(), buf, ctx),
            2 => encoding::double::merge(wire_type, &mut self.value, buf, ctx),
            _ => encoding::skip_field(wire_type, tag, buf, ctx),
        }
    }

    fn encoded_len(&self) -> usize {
        let measure = match self.measure.len() {
            0 => 0,
            len => encoding::key_len(1) + encoding::encoded_len_varint(len as u64) + len,
        };
        let value = if self.value == 0.0 {
            0
        } else {
            encoding::double::encoded_len(2, &self.value)
        };
        measure + value
    }

    fn clear(&mut self) {
        *self = Measured::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What prost makes of the same message.
    #[derive(Clone, PartialEq, Message)]
    struct Generated {
        #[prost(string, tag = "1")]
        measure: String,
        #[prost(double, tag = "2")]
        value: f64,
    }

    proptest! {
        #[test]
        fn what_it_writes_is_what_prost_writes_and_both_read_it(
            measure in ".{0,200}",
            value: f64,
        ) {
            let theirs = Generated { measure: measure.clone(), value };
            let ours = Measured { measure: measure.into(), value };
            let bytes = ours.encode_to_vec();
            prop_assert_eq!(&bytes, &theirs.encode_to_vec());
            prop_assert_eq!(ours.encoded_len(), bytes.len());
            prop_assert_eq!(Measured::decode(&*bytes), Ok(ours));
        }

        #[test]
        fn any_bytes_read_as_prost_reads_them(bytes in prop::collection::vec(any::<u8>(), 0..30)) {
            match (Measured::decode(&*bytes), Generated::decode(&*bytes)) {
                (Ok(ours), Ok(theirs)) => {
                    prop_assert_eq!(&*ours.measure, &*theirs.measure);
                    prop_assert_eq!(ours.value.to_bits(), theirs.value.to_bits());
                }
                (ours, theirs) => prop_assert_eq!(ours.is_err(), theirs.is_err()),
            }
        }
    }
}
