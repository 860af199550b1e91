//! HTTP/2 (RFC 9113): frames, streams and header blocks.

mod connection;
mod error_code;
mod flow_control;
mod frames;
mod header_block;
mod streams;
#[cfg(test)]
mod tests;

pub(crate) use connection::Http2;
