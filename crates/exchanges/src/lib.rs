//! What was asked, promised and delivered inside a connection.
//!
//! The TCP engine hands each side's bytes, in order and each once, to a [`Tracker`]. That finds out which protocol is
//! spoken by the bytes alone (`banner`), follows it (`http1`, `http2`, `tls`, or only who speaks when), and gives the
//! exchanges at the end. Bodies are counted and never kept; every buffer has a bound that its module names.

mod acknowledged_bytes;
mod application;
#[cfg(test)]
mod application_tests;
mod banner;
#[cfg(test)]
mod conversation_test;
mod exchange;
mod exchange_list;
mod exchange_log;
mod filler;
mod http1;
mod http2;
mod last_words;
mod layer;
mod list;
mod mismatch;
mod proxy_protocol;
mod short_queue;
mod ssl_request;
mod tls;
mod tracker;
mod turns;
mod websocket;
mod why_incomplete;

pub use exchange::{
    AnswerEnd, CloseNotify, Exchange, Exchanges, Finding, FlowControlStall, Framing, Http2Stream,
    Protocol, StreamReset, Tls, TlsAlert, TlsHandshake,
};
pub use exchange_list::ExchangeList;
pub use last_words::{LastWords, Says};
pub use list::{LOOSE, PART};
pub use mismatch::ODD_ANSWER;
pub use tls::KeyLog;
pub use tracker::Tracker;
pub use turns::ClientsLast;
