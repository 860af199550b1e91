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

#[cfg(test)]
mod tests {
    use crate::sample::{SEGMENT, found, ipv4, tcp, udp};

    #[test]
    fn optional_fields_are_skipped_and_control_messages_left() {
        let payload = [&[0xff, 3, 0, 0x21][..], &ipv4(6, &tcp())].concat();
        let data = |header: &[u8]| found(101, &ipv4(17, &udp(1701, &[header, &payload].concat())));
        assert_eq!(data(&[0, 2, 0, 1, 0, 1]), [SEGMENT]);
        assert_eq!(
            data(&[0x4a, 2, 0, 64, 0, 1, 0, 1, 0, 0, 0, 0, 0, 1, 9]),
            [SEGMENT]
        );
        assert!(data(&[0x80, 2, 0, 1, 0, 1]).is_empty());
        assert!(data(&[0, 3, 0, 0, 0, 1]).is_empty());
    }
}
