//! Filters: any text.
#![no_main]

#[path = "../entries/filter.rs"]
mod entry;

libfuzzer_sys::fuzz_target!(|text: &str| entry::run(text));
