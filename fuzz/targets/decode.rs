//! `furrow_fuzz::decode` under libFuzzer.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| furrow_fuzz::decode::check(bytes));
