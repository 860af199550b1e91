//! TCP segments: the one shape in which frames and pasted lists reach the TCP engine.

mod addresses;
mod checksum;
mod endpoint;
mod flags;
mod look;
mod opening;
mod options;
mod segment;
mod seq;
mod usual;

pub use addresses::{Addresses, AddressesV4, AddressesV6, EndV4, EndV6};
pub use checksum::AddressSum;
pub use endpoint::{Endpoint, Host, HostNames};
pub use flags::TcpFlags;
pub use look::{LinkLook, Look, PlainLook};
pub use opening::Opening;
pub use options::{FastOpen, SackBlock, TcpOptions, Timestamps};
pub use segment::{Checksum, IcmpError, IpFields, Known, LinkFields, Quote, Segment};
pub use seq::SeqNumber;
pub use usual::{BytesAt, Usual};
