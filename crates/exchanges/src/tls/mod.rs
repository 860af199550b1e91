//! TLS 1.0 to 1.3 (RFC 2246, 4346, 5246, 8446), without keys, and with them where they are given.

mod account;
mod aead;
mod alert;
mod alpn;
mod answer;
mod close_notify;
mod decrypt12;
mod decrypt13;
mod decryption;
mod early_data;
mod flow;
mod handshake;
mod hello;
mod inside;
mod keylog;
mod leaving;
mod opening;
mod record;
mod session;
mod suite;
mod turns;
mod unread_upload;
mod upload;

pub(crate) use alert::AlertName;
pub(crate) use alpn::is_http2;
pub(crate) use close_notify::CloseNotifyNotes;
pub use keylog::KeyLog;
pub(crate) use record::record_likeness;
pub(crate) use session::TlsSession;
