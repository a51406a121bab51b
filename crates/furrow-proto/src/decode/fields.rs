//! Splits an encoded message into its fields without decoding them, so that a
//! batch is counted before anything is allocated for it.

/// Deepest nesting of groups in an unknown field, as in other decoders.
const GROUP_DEPTH_MAX: usize = 100;

/// How a field's value is written. Names and numbers are protobuf's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WireType {
    Varint,
    Fixed64,
    Length,
    GroupStart,
    GroupEnd,
    Fixed32,
}

/// One field as it stands in the bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Field<'a> {
    pub(super) number: u32,
    pub(super) wire_type: WireType,
    /// Key and value: by itself a message of this one field.
    pub(super) whole: &'a [u8],
    /// The bytes of a length-delimited value; empty for others.
    pub(super) payload: &'a [u8],
}

/// The bytes are not a sequence of fields; says what is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Broken(pub(super) &'static str);

/// Reads fields one after another.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fields<'a> {
    rest: &'a [u8],
}

impl<'a> Fields<'a> {
    pub(super) fn of(message: &'a [u8]) -> Fields<'a> {
        Fields { rest: message }
    }

    /// The next field; `None` at the end of the message.
    pub(super) fn next(&mut self) -> Result<Option<Field<'a>>, Broken> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let before = self.rest;
        let (number, wire_type) = self.key()?;
        let payload = match wire_type {
            WireType::GroupStart => {
                self.skip_group(number)?;
                &[]
            }
            WireType::GroupEnd => return Err(Broken("a group ends that did not begin")),
            WireType::Varint | WireType::Fixed64 | WireType::Length | WireType::Fixed32 => {
                self.value(wire_type)?
            }
        };
        let whole = &before[..before.len() - self.rest.len()];
        Ok(Some(Field {
            number,
            wire_type,
            whole,
            payload,
        }))
    }

    fn key(&mut self) -> Result<(u32, WireType), Broken> {
        let key =
            u32::try_from(self.varint()?).map_err(|_| Broken("a field number is too large"))?;
        let wire_type = match key & 7 {
            0 => WireType::Varint,
            1 => WireType::Fixed64,
            2 => WireType::Length,
            3 => WireType::GroupStart,
            4 => WireType::GroupEnd,
            5 => WireType::Fixed32,
            _ => return Err(Broken("a wire type is unknown")),
        };
        match key >> 3 {
            0 => Err(Broken("a field has number 0")),
            number => Ok((number, wire_type)),
        }
    }

    /// Skips a value that is no group; the bytes if it is length-delimited.
    fn value(&mut self, wire_type: WireType) -> Result<&'a [u8], Broken> {
        match wire_type {
            WireType::Varint => self.varint().map(|_| &[][..]),
            WireType::Fixed64 => self.take(8).map(|_| &[][..]),
            WireType::Fixed32 => self.take(4).map(|_| &[][..]),
            WireType::Length => {
                let length = self.varint()?;
                self.take(usize::try_from(length).unwrap_or(usize::MAX))
            }
            WireType::GroupStart | WireType::GroupEnd => Ok(&[]),
        }
    }

    fn skip_group(&mut self, number: u32) -> Result<(), Broken> {
        let mut open = vec![number];
        while let Some(&innermost) = open.last() {
            let (number, wire_type) = self.key()?;
            match wire_type {
                WireType::GroupStart if open.len() == GROUP_DEPTH_MAX => {
                    return Err(Broken("groups nest too deep"));
                }
                WireType::GroupStart => open.push(number),
                WireType::GroupEnd if number == innermost => {
                    open.pop();
                }
                WireType::GroupEnd => return Err(Broken("a group ends that did not begin")),
                WireType::Varint | WireType::Fixed64 | WireType::Length | WireType::Fixed32 => {
                    self.value(wire_type)?;
                }
            }
        }
        Ok(())
    }

    fn varint(&mut self) -> Result<u64, Broken> {
        let mut value = 0u64;
        for (i, &byte) in self.rest.iter().take(10).enumerate() {
            if i == 9 && byte > 1 {
                return Err(Broken("a varint is too long"));
            }
            value |= u64::from(byte & 0x7f) << (7 * i);
            if byte < 0x80 {
                self.rest = &self.rest[i + 1..];
                return Ok(value);
            }
        }
        Err(Broken("a varint has no end"))
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], Broken> {
        let (taken, rest) = self
            .rest
            .split_at_checked(length)
            .ok_or(Broken("a field runs past the end"))?;
        self.rest = rest;
        Ok(taken)
    }
}
