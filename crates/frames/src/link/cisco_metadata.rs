//! Cisco metadata: tags of security groups.

use crate::link::ethertype;
use crate::packet::{Packet, Walked};
use crate::walk::{Outer, Walk};

/// Reads version, length, one option of four bytes, and what the EtherType behind them announces.
pub(crate) fn dissect(walk: &mut Walk<'_>, packet: Packet<'_>, outer: &Outer) -> Walked {
    ethertype::dissect(walk, packet.u16(6)?, packet.skip(8)?, outer)
}
