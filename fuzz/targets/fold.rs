//! `furrow_fuzz::fold` under libFuzzer.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| furrow_fuzz::fold::check(bytes));
