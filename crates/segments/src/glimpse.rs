//! What is seen of a frame at first sight.

use std::net::SocketAddrV4;

use crate::Usual;

/// A frame that holds one TCP segment in IPv4, and nothing else.
#[derive(Clone, Copy, Debug)]
pub struct Glimpse<'a> {
    /// Who sent it.
    pub source: SocketAddrV4,
    /// Who it is for.
    pub destination: SocketAddrV4,
    /// The segment, where it is a usual one.
    pub usual: Option<Usual<'a>>,
}
