//! TLS 1.0 to 1.3 (RFC 2246, 4346, 5246, 8446), without keys, and with them where they are given.

mod alert;
mod close_notify;
mod hello;
mod keylog;
mod record;
mod session;

pub(crate) use alert::AlertName;
pub(crate) use close_notify::CloseNotifyNotes;
pub use keylog::KeyLog;
pub(crate) use record::record_likeness;
pub(crate) use session::TlsSession;
