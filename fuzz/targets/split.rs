//! `furrow_fuzz::split` under libFuzzer.

#![no_main]

use furrow_fuzz::{Target, seeds};

libfuzzer_sys::fuzz_target!(
    init: seeds::provide(Target::Split),
    |bytes: &[u8]| -> () { Target::Split.check(bytes) }
);
