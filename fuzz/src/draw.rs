//! Choices made by the bytes of an input, from its first to its last.
//!
//! An input that has come to its end chooses 0 for ever, so every input means
//! something, and cutting one short changes nothing before the cut.

/// The rest of an input.
#[derive(Debug, Clone)]
pub(crate) struct Draw<'a>(&'a [u8]);

impl<'a> Draw<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Draw<'a> {
        Draw(bytes)
    }

    pub(crate) fn is_over(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn byte(&mut self) -> u8 {
        match self.0.split_first() {
            Some((&first, rest)) => {
                self.0 = rest;
                first
            }
            None => 0,
        }
    }

    /// Below `end`, which is not 0.
    pub(crate) fn below(&mut self, end: u8) -> u8 {
        self.byte() % end
    }

    /// One of two, evenly.
    pub(crate) fn flag(&mut self) -> bool {
        self.byte() & 1 == 1
    }

    /// Once in 16.
    pub(crate) fn seldom(&mut self) -> bool {
        self.byte() & 15 == 15
    }

    pub(crate) fn short(&mut self) -> u16 {
        u16::from_le_bytes([self.byte(), self.byte()])
    }

    /// Mostly small, sometimes any power of two, at most `max`.
    pub(crate) fn amount(&mut self, max: u32) -> u32 {
        let amount = match self.byte() {
            small @ 0..=199 => u32::from(small),
            large => 1 << ((large - 200) % 32),
        };
        amount.min(max)
    }

    /// The same on either side of 0.
    pub(crate) fn offset(&mut self, max: u32) -> i32 {
        let amount = i32::try_from(self.amount(max)).unwrap_or(i32::MAX);
        if self.flag() { -amount } else { amount }
    }

    /// Mostly up to some seconds, sometimes up to a day.
    pub(crate) fn ms(&mut self) -> u32 {
        match self.byte() {
            brief @ 0..=99 => u32::from(brief),
            some @ 100..=229 => (u32::from(some) - 99) * 50,
            long => 1 << ((long - 230) + 1),
        }
    }

    /// That many bytes, or what is left.
    pub(crate) fn bytes(&mut self, count: usize) -> &'a [u8] {
        let (bytes, rest) = self.0.split_at(count.min(self.0.len()));
        self.0 = rest;
        bytes
    }
}
