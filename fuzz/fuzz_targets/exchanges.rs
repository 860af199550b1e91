//! Conversations of any bytes, cut in two ways: what is found must not depend on the cut.
//!
//! The first byte picks the protocol that both sides begin with (HTTP/1, HTTP/2, TLS, or nothing); then each turn is a byte
//! for side and kind, one for its length, and its bytes.
#![no_main]

#[path = "../entries/exchanges.rs"]
mod entry;

libfuzzer_sys::fuzz_target!(|script: &[u8]| entry::run(script));
