//! GTP user plane (3GPP TS 29.281): mobile subscribers' packets.

use crate::link::ethernet;
use crate::network::{ipv4, ipv6};
use crate::packet::{Cut, Packet, Walked};
use crate::walk::{Outer, Walk};

/// Message type of a subscriber's packet.
const G_PDU: u8 = 255;

/// The header has a sequence number, an N-PDU number, or extension headers: then it has the fields of all three.
const OPTIONAL_FIELDS: u8 = 0x07;
const EXTENSION: u8 = 0x04;

/// GTP, not GTP', which carries charging records.
const NOT_PRIME: u8 = 0x10;

/// Whether this can be GTP: version 0 only with its bit set that tells it from GTP'.
pub(crate) fn starts(packet: Packet<'_>) -> bool {
    packet
        .u8(0)
        .is_ok_and(|flags| flags >> 5 != 0 || flags & NOT_PRIME != 0)
}

/// Reads a subscriber's packet in GTP version 0 or 1.
pub(crate) fn dissect(walk: &mut Walk<'_>, packet: Packet<'_>, outer: &Outer) -> Walked {
    let flags = packet.u8(0)?;
    if packet.u8(1)? != G_PDU || flags & NOT_PRIME == 0 {
        return Ok(());
    }
    // The length counts from behind the mandatory header.
    let len = usize::from(packet.u16(2)?);
    let payload = match flags >> 5 {
        0 => packet.limit(20 + len).skip(20)?,
        1 => skip_version_1(packet.limit(8 + len), flags)?,
        _ => return Ok(()),
    };
    let outer = outer.deeper()?;
    // What the payload is, the control plane agreed on; here only its bytes can tell.
    match payload.u8(0)? {
        0x45..=0x4e => ipv4::dissect(walk, payload, &outer),
        0x60..=0x6f => ipv6::dissect(walk, payload, &outer),
        _ if payload.u16(12).is_ok_and(is_ip_or_arp) => ethernet::dissect(walk, payload, &outer),
        _ => Ok(()),
    }
}

fn skip_version_1(packet: Packet<'_>, flags: u8) -> Result<Packet<'_>, Cut> {
    if flags & OPTIONAL_FIELDS == 0 {
        return packet.skip(8);
    }
    let mut next = packet.u8(11)?;
    let mut rest = packet.skip(12)?;
    while flags & EXTENSION != 0 && next != 0 {
        let len = usize::from(rest.u8(0)?) * 4;
        let last = len.checked_sub(1).ok_or(Cut)?;
        next = rest.u8(last)?;
        rest = rest.skip(len)?;
    }
    Ok(rest)
}

fn is_ip_or_arp(ethertype: u16) -> bool {
    matches!(ethertype, 0x0800 | 0x0806 | 0x86dd)
}

#[cfg(test)]
mod tests {
    use crate::sample::{SEGMENT, found, ipv4, tcp, udp};

    fn over_udp(header: &[u8], payload: &[u8]) -> Vec<String> {
        found(101, &ipv4(17, &udp(2152, &[header, payload].concat())))
    }

    #[test]
    fn extension_headers_are_skipped() {
        let packet = ipv4(6, &tcp());
        assert_eq!(
            over_udp(&[0x30, 255, 0, 45, 0, 0, 0, 1], &packet),
            [SEGMENT]
        );
        let extended = [0x34, 255, 0, 53, 0, 0, 0, 1, 0, 0, 0, 0x85, 1, 0x10, 9, 0];
        assert_eq!(over_udp(&extended, &packet), [SEGMENT]);
    }

    #[test]
    fn other_messages_and_charging_records_are_not_packets() {
        let packet = ipv4(6, &tcp());
        assert!(over_udp(&[0x30, 254, 0, 45, 0, 0, 0, 1], &packet).is_empty());
        assert!(over_udp(&[0x20, 255, 0, 45, 0, 0, 0, 1], &packet).is_empty());
    }
}
