//! PPP multiplexing (RFC 3153) and bridging (RFC 3518).

use crate::link::{ethernet, ppp};
use crate::packet::{Packet, Walked};
use crate::walk::{Outer, Walk};

/// A subframe's protocol number is given; its length takes two bytes.
const HAS_PROTOCOL: u8 = 0x80;
const LONG_LENGTH: u8 = 0x40;

/// Reads the subframes of a multiplexed frame. One without a protocol number has that of the one before it.
pub(crate) fn dissect(walk: &mut Walk<'_>, packet: Packet<'_>, outer: &Outer) -> Walked {
    let mut rest = packet;
    let mut protocol = None;
    while rest.wire_len() > 0 {
        let flags = rest.u8(0)?;
        let (len, header_len) = match flags & LONG_LENGTH {
            0 => (usize::from(flags & 0x3f), 1),
            _ => (usize::from(rest.u16(0)? & 0x3fff), 2),
        };
        let after = rest.skip(header_len)?;
        rest = after.skip(len)?;
        let mut subframe = after.limit(len);
        if flags & HAS_PROTOCOL != 0 {
            let (number, body) = ppp::split_protocol(subframe)?;
            protocol = Some(number);
            subframe = body;
        }
        if let Some(protocol) = protocol {
            ppp::dissect_protocol(walk, protocol, subframe, outer)?;
        }
    }
    Ok(())
}

/// A bridged frame: a LAN id follows; as many bytes of padding at the end.
const HAS_LAN_ID: u8 = 0x40;
const PADS: u8 = 0x0f;
const ETHERNET: u8 = 1;

/// Reads a bridged Ethernet frame.
pub(crate) fn dissect_bridged(walk: &mut Walk<'_>, packet: Packet<'_>, outer: &Outer) -> Walked {
    let [flags, kind] = packet.array(0)?;
    if kind != ETHERNET {
        return Ok(());
    }
    let len = if flags & HAS_LAN_ID == 0 { 2 } else { 6 };
    let frame = packet.skip(len)?;
    let frame = frame.limit(frame.wire_len().saturating_sub(usize::from(flags & PADS)));
    ethernet::dissect(walk, frame, &outer.tunnelled())
}

#[cfg(test)]
mod tests {
    use crate::sample::{SEGMENT, ethernet, found, ipv4, tcp};

    #[test]
    fn a_subframe_inherits_the_protocol() {
        let packet = ipv4(6, &tcp());
        let len = u8::try_from(packet.len()).unwrap();
        let muxed = [
            &[0, 0x59, 0x80 | (len + 1), 0x21][..],
            &packet,
            &[len],
            &packet,
        ]
        .concat();
        assert_eq!(found(9, &muxed), [SEGMENT, SEGMENT]);
    }

    #[test]
    fn bridged_frames_are_read() {
        let bridged = [
            &[0, 0x31, 2, 1][..],
            &ethernet(0x0800, &ipv4(6, &tcp())),
            &[0; 2],
        ]
        .concat();
        assert_eq!(found(9, &bridged), [SEGMENT]);
    }
}
