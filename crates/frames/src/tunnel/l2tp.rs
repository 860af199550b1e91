//! L2TP version 2 (RFC 2661): PPP over UDP.

use crate::link::ppp;
use crate::packet::{Packet, Walked};
use crate::walk::{Outer, Walk};

const CONTROL: u16 = 0x8000;
const LENGTH: u16 = 0x4000;
const SEQUENCE: u16 = 0x0800;
const OFFSET: u16 = 0x0200;
const VERSION: u16 = 0x000f;

/// Reads a data message over UDP.
pub(crate) fn dissect_udp(walk: &mut Walk<'_>, packet: Packet<'_>, outer: &Outer) -> Walked {
    let flags = packet.u16(0)?;
    if flags & VERSION != 2 || flags & CONTROL != 0 {
        return Ok(());
    }
    let mut rest = packet.skip(2)?;
    if flags & LENGTH != 0 {
        rest = packet.limit(usize::from(packet.u16(2)?)).skip(4)?;
    }
    rest = rest.skip(4)?;
    if flags & SEQUENCE != 0 {
        rest = rest.skip(4)?;
    }
    if flags & OFFSET != 0 {
        let pad = usize::from(rest.u16(0)?);
        rest = rest.skip(2 + pad)?;
    }
    ppp::dissect_hdlc(walk, rest, outer)
}
