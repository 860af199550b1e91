//! Frame relay (Q.922) with the encapsulations of RFC 2427, and Cisco's.

use crate::link::{cisco_hdlc, llc, ppp};
use crate::network::{ipv4, ipv6};
use crate::packet::{Cut, Packet, Walked};
use crate::walk::{Outer, Walk};

/// Unnumbered information.
const UI: u8 = 0x03;

/// The last byte of an address has its lowest bit set; there are at most this many.
const MAX_ADDRESS_LEN: usize = 4;

/// Reads a frame.
pub(crate) fn dissect(walk: &mut Walk<'_>, packet: Packet<'_>, outer: &Outer) -> Walked {
    let address = packet.bytes().iter().take(MAX_ADDRESS_LEN);
    let last = address
        .enumerate()
        .find(|(_, byte)| **byte & 1 != 0)
        .map(|(at, _)| at);
    let rest = packet.skip(last.ok_or(Cut)?.saturating_add(1))?;
    let outer = outer.deeper()?;
    if rest.u8(0)? != UI {
        return cisco_hdlc::dissect_protocol(walk, rest.u16(0)?, rest.skip(2)?, &outer);
    }
    let rest = rest.skip(1)?;
    match rest.u8(0)? {
        // A byte of padding keeps the rest aligned.
        0 => dissect_nlpid(walk, rest.skip(1)?, &outer),
        _ => dissect_nlpid(walk, rest, &outer),
    }
}

/// Reads what follows a byte that says whether the frame was sent (LINKTYPE_FRELAY_WITH_DIR).
pub(crate) fn dissect_with_direction(
    walk: &mut Walk<'_>,
    packet: Packet<'_>,
    outer: &Outer,
) -> Walked {
    let mut inner = *outer;
    inner.link.outgoing = Some(packet.u8(0)? != 0);
    dissect(walk, packet.skip(1)?, &inner)
}

/// Reads a packet from its network layer protocol identifier on (ISO/IEC TR 9577).
fn dissect_nlpid(walk: &mut Walk<'_>, packet: Packet<'_>, outer: &Outer) -> Walked {
    let rest = packet.skip(1)?;
    match packet.u8(0)? {
        0xcc => ipv4::dissect_any_version(walk, rest, outer),
        0x8e => ipv6::dissect(walk, rest, outer),
        0xcf => ppp::dissect(walk, rest, outer),
        0x80 => llc::dissect_snap(walk, 0, rest, outer),
        _ => Ok(()),
    }
}
