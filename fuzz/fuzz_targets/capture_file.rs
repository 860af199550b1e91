//! Capture files of every format: any bytes, in chunks of any size.
#![no_main]

#[path = "../entries/capture_file.rs"]
mod entry;

libfuzzer_sys::fuzz_target!(|file: &[u8]| entry::run(file));
