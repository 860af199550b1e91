//! Captures of Juniper routers: a header of their own in front of the frame.

use crate::link::{cisco_hdlc, ethernet, frame_relay, ip_over_atm, mpls, ppp};
use crate::network::{ipv4, ipv6};
use crate::packet::{Packet, Walked};
use crate::walk::{Outer, Walk};

const MAGIC: [u8; 3] = *b"MGC";

/// Flags: extensions follow; the link header was taken off and an address family put in its place; it came in.
const HAS_EXTENSIONS: u8 = 0x80;
const NO_LINK_HEADER: u8 = 0x02;
const INCOMING: u8 = 0x01;

/// Reads a frame of a link type that Juniper defined (LINKTYPE_JUNIPER_…).
pub(crate) fn dissect(walk: &mut Walk<'_>, link: u16, packet: Packet<'_>, outer: &Outer) -> Walked {
    // Some captures lack the header: then the frame starts at once.
    let has_header = packet.array(0)? == MAGIC;
    let flags = if has_header { packet.u8(3)? } else { 0 };
    let mut rest = packet.skip(if has_header { 4 } else { 0 })?;
    if flags & HAS_EXTENSIONS != 0 {
        let len = usize::from(rest.u16(0)?);
        rest = rest.skip(2 + len)?;
    }
    let mut outer = outer.deeper()?;
    outer.link.outgoing = has_header.then_some(flags & INCOMING == 0);
    if flags & NO_LINK_HEADER != 0 {
        return dissect_family(walk, rest, &outer);
    }
    match link {
        130 if rest.u16(0)? == 0xff03 => ppp::dissect_hdlc(walk, rest, &outer),
        133 => ipv4::dissect_any_version(walk, rest.skip(4)?, &outer),
        135 => ip_over_atm::dissect_guessed(walk, rest.skip(8)?, &outer),
        137 => ip_over_atm::dissect_guessed(walk, rest.skip(4)?, &outer),
        136 => {
            let len = if flags & INCOMING == 0 { 12 } else { 16 };
            ipv4::dissect_any_version(walk, rest.skip(len)?, &outer)
        }
        167 | 178 => ethernet::dissect(walk, rest, &outer),
        179 => ppp::dissect(walk, rest.skip(2)?, &outer),
        180 => frame_relay::dissect(walk, rest, &outer),
        181 => cisco_hdlc::dissect(walk, rest, &outer),
        183 => ipv4::dissect_any_version(walk, rest.skip(18)?, &outer),
        _ => Ok(()),
    }
}

/// Four bytes that start with the address family, then the packet.
fn dissect_family(walk: &mut Walk<'_>, packet: Packet<'_>, outer: &Outer) -> Walked {
    let rest = packet.skip(4)?;
    match packet.u8(0)? {
        2 => ipv4::dissect_any_version(walk, rest, outer),
        4 | 5 => mpls::dissect(walk, rest, outer),
        6 => ipv6::dissect(walk, rest, outer),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use crate::sample::{SEGMENT, ethernet, found, ipv4, tcp};

    #[test]
    fn the_link_type_tells_the_frame_unless_its_header_was_taken_off() {
        let whole = [&b"MGC\x00"[..], &ethernet(0x0800, &ipv4(6, &tcp()))].concat();
        assert_eq!(found(178, &whole), [SEGMENT]);
        let without = [&b"MGC\x02"[..], &[2, 0, 0, 0], &ipv4(6, &tcp())].concat();
        assert_eq!(found(178, &without), [SEGMENT]);
        assert_eq!(found(178, &whole[4..]), [SEGMENT]);
    }
}
