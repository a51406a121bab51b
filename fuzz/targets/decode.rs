//! `furrow_fuzz::decode` under libFuzzer.

#![no_main]

use furrow_fuzz::{Target, seeds};

libfuzzer_sys::fuzz_target!(
    init: seeds::provide(Target::Decode),
    |bytes: &[u8]| -> () { Target::Decode.check(bytes) }
);
