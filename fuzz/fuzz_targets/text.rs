//! Pasted text: any bytes.
#![no_main]

#[path = "../entries/text.rs"]
mod entry;

libfuzzer_sys::fuzz_target!(|text: &[u8]| entry::run(text));
