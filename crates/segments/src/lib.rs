//! TCP segments: the one shape in which frames and pasted lists reach the TCP engine.

mod checksum;
mod endpoint;
mod flags;
mod glimpse;
mod look;
mod options;
mod segment;
mod seq;
mod usual;

pub use endpoint::{Endpoint, Host, HostNames};
pub use flags::TcpFlags;
pub use glimpse::Glimpse;
pub use look::{Look, PlainLook};
pub use options::{FastOpen, SackBlock, TcpOptions, Timestamps};
pub use segment::{Checksum, IcmpError, IpFields, Known, LinkFields, Quote, Segment};
pub use seq::SeqNumber;
pub use usual::Usual;
