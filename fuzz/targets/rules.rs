//! `furrow_fuzz::rules` under libFuzzer.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| furrow_fuzz::rules::check(bytes));
