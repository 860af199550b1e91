//! Frames of every link type: records as a little-endian pcap file holds them, of which only the link type, the lengths
//! and the bytes matter.
#![no_main]

#[path = "../entries/layers.rs"]
mod entry;

libfuzzer_sys::fuzz_target!(|file: &[u8]| entry::run(file));
