//! Who sent a segment to whom.

use std::net::SocketAddrV4;

/// The ends of a segment in IPv4, in the order of its direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Addresses {
    /// Who sent it.
    pub source: SocketAddrV4,
    /// Who it is for.
    pub destination: SocketAddrV4,
}
