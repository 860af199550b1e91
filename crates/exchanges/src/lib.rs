//! What was asked, promised and delivered inside a connection.

mod exchange;
mod tracker;

pub use exchange::{
    CloseNotify, Exchange, Exchanges, Finding, Framing, Protocol, Tls, TlsAlert, TlsHandshake,
};
pub use tracker::Tracker;
