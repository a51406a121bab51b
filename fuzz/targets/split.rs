//! `furrow_fuzz::split` under libFuzzer.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| furrow_fuzz::split::check(bytes));
