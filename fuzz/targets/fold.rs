//! `furrow_fuzz::fold` under libFuzzer.

#![no_main]

use furrow_fuzz::{Target, seeds};

libfuzzer_sys::fuzz_target!(
    init: seeds::provide(Target::Fold),
    |bytes: &[u8]| -> () { Target::Fold.check(bytes) }
);
