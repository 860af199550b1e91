//! TCP segments: the one shape in which frames and pasted lists reach the TCP engine.

mod checksum;
mod endpoint;
mod flags;
mod options;
mod segment;
mod seq;

pub use endpoint::{Endpoint, Host, HostNames};
pub use flags::TcpFlags;
pub use options::{FastOpen, SackBlock, TcpOptions, Timestamps};
pub use segment::{Checksum, IcmpError, IpFields, Known, LinkFields, Quote, Segment};
pub use seq::SeqNumber;
