//! Linux cooked captures, of the "any" interface (LINKTYPE_LINUX_SLL and LINKTYPE_LINUX_SLL2).

use crate::link::{ethernet, ethertype, frame_relay, llc, ppp, radiotap};
use crate::packet::{Packet, Walked};
use crate::tunnel::gre;
use crate::walk::{Outer, Walk};

/// The packet was sent by the capturing host (`PACKET_OUTGOING`).
pub(crate) const OUTGOING: u8 = 4;

/// ARPHRD_NETLINK: netlink messages, no packets.
pub(crate) const NETLINK: u16 = 824;

/// ARPHRD_FRAD and ARPHRD_IEEE80211_RADIOTAP: the frames are of that kind.
const FRAME_RELAY: u16 = 770;
const RADIOTAP: u16 = 803;

/// ARPHRD_IPGRE: the protocol field is GRE's.
pub(crate) const GRE: u16 = 778;

/// Below this the protocol field holds one of Linux' own numbers, not an EtherType.
const MIN_ETHERTYPE: u16 = 1537;

/// Reads a frame with the header of version 1.
pub(crate) fn dissect_v1(walk: &mut Walk<'_>, packet: Packet<'_>, outer: &Outer) -> Walked {
    let header: [u8; 16] = packet.array(0)?;
    let [_, kind, h0, h1, _, address_len, mac @ .., _, _, p0, p1] = header;
    let cooked = Cooked {
        kind,
        hardware: u16::from_be_bytes([h0, h1]),
        protocol: u16::from_be_bytes([p0, p1]),
        mac: (address_len == 6).then_some(mac),
    };
    cooked.dissect(walk, packet.skip(16)?, outer)
}

/// Reads a frame with the header of version 2.
pub(crate) fn dissect_v2(walk: &mut Walk<'_>, packet: Packet<'_>, outer: &Outer) -> Walked {
    let header: [u8; 20] = packet.array(0)?;
    let [
        p0,
        p1,
        _,
        _,
        _,
        _,
        _,
        _,
        h0,
        h1,
        kind,
        address_len,
        mac @ ..,
        _,
        _,
    ] = header;
    let cooked = Cooked {
        kind,
        hardware: u16::from_be_bytes([h0, h1]),
        protocol: u16::from_be_bytes([p0, p1]),
        mac: (address_len == 6).then_some(mac),
    };
    cooked.dissect(walk, packet.skip(20)?, outer)
}

struct Cooked {
    kind: u8,
    hardware: u16,
    protocol: u16,
    mac: Option<[u8; 6]>,
}

impl Cooked {
    fn dissect(&self, walk: &mut Walk<'_>, packet: Packet<'_>, outer: &Outer) -> Walked {
        let mut inner = *outer;
        inner.link.outgoing = Some(self.kind == OUTGOING);
        if let Some(mac) = self.mac {
            inner.link.source_mac = mac;
            inner.mac_known = true;
        }
        match (self.hardware, self.protocol) {
            (NETLINK, _) => Ok(()),
            (FRAME_RELAY, ..MIN_ETHERTYPE) => frame_relay::dissect(walk, packet, &inner),
            (RADIOTAP, ..MIN_ETHERTYPE) => radiotap::dissect(walk, packet, &inner),
            (_, 3) => ethernet::dissect(walk, packet, &inner),
            (_, 4) => llc::dissect(walk, packet, &inner),
            (_, 7) => ppp::dissect_hdlc(walk, packet, &inner),
            (_, ..MIN_ETHERTYPE) => Ok(()),
            (GRE, protocol) => gre::dissect_protocol(walk, protocol, false, packet, &inner),
            (_, ethertype) => ethertype::dissect(walk, ethertype, packet, &inner),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::sample::{SEGMENT, ethernet, found, ipv4, tcp};

    fn cooked(hardware: u16, protocol: u16, payload: &[u8]) -> Vec<String> {
        let [h0, h1] = hardware.to_be_bytes();
        let [p0, p1] = protocol.to_be_bytes();
        let header = [0, 4, h0, h1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0, p0, p1];
        found(113, &[&header[..], payload].concat())
    }

    #[test]
    fn protocol_and_hardware_type_tell_what_follows() {
        assert_eq!(cooked(1, 0x0800, &ipv4(6, &tcp())), [SEGMENT]);
        assert_eq!(
            cooked(
                512,
                7,
                &[&[0xff, 3, 0, 0x21][..], &ipv4(6, &tcp())].concat()
            ),
            [SEGMENT]
        );
        assert_eq!(cooked(1, 3, &ethernet(0x0800, &ipv4(6, &tcp()))), [SEGMENT]);
        assert_eq!(
            cooked(778, 0x6558, &ethernet(0x0800, &ipv4(6, &tcp()))),
            [SEGMENT]
        );
        assert!(cooked(824, 0x0800, &ipv4(6, &tcp())).is_empty());
    }
}
