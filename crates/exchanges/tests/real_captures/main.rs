//! Captures of real servers and clients: what must be found in them, in those that are kept and in fresh ones.

#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test may panic: that is how it fails"
)]

mod capture;
mod http2;
mod java;
mod lost_packets;
mod nginx_and_apache;
mod tls_sessions;
mod tomcat;
