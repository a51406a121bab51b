//! `furrow_fuzz::rules` under libFuzzer.

#![no_main]

use furrow_fuzz::{Target, seeds};

libfuzzer_sys::fuzz_target!(
    init: seeds::provide(Target::Rules),
    |bytes: &[u8]| -> () { Target::Rules.check(bytes) }
);
