//! Local networks of the past: FDDI, token ring, ARCNET; and IP over Fibre Channel and InfiniBand.

use crate::packet::{Packet, Walked};
use crate::walk::{Outer, Walk};
use crate::{ethertype, ipv4, ipv6, llc};

/// Reads an FDDI frame (RFC 1390): LLC frames have frame control 0x50 to 0x5f.
pub(crate) fn dissect_fddi(walk: &mut Walk<'_>, packet: Packet<'_>, outer: &Outer) -> Walked {
    let mut inner = *outer;
    inner.link.source_mac = packet.array(7)?;
    inner.mac_known = true;
    match packet.u8(0)? & 0xf0 {
        0x50 => llc::dissect(walk, packet.skip(13)?, &inner),
        _ => Ok(()),
    }
}

/// Reads a token ring frame (IEEE 802.5): LLC frames have the upper bits of frame control 01. The first bit of the
/// source address says that a source route follows.
pub(crate) fn dissect_token_ring(walk: &mut Walk<'_>, packet: Packet<'_>, outer: &Outer) -> Walked {
    let mut inner = *outer;
    inner.link.source_mac = packet.array(8)?;
    inner.mac_known = true;
    if packet.u8(1)? >> 6 != 1 {
        return Ok(());
    }
    let route_len = match packet.u8(8)? & 0x80 {
        0 => 0,
        _ => usize::from(packet.u8(14)? & 0x1f),
    };
    llc::dissect(walk, packet.skip(14 + route_len)?, &inner)
}

/// Reads an ARCNET frame as the BSDs capture it.
pub(crate) fn dissect_arcnet(walk: &mut Walk<'_>, packet: Packet<'_>, outer: &Outer) -> Walked {
    dissect_arcnet_protocol(walk, packet.skip(2)?, outer)
}

/// Reads an ARCNET frame as Linux captures it, with the offset field of the wire.
pub(crate) fn dissect_arcnet_linux(
    walk: &mut Walk<'_>,
    packet: Packet<'_>,
    outer: &Outer,
) -> Walked {
    dissect_arcnet_protocol(walk, packet.skip(4)?, outer)
}

fn dissect_arcnet_protocol(walk: &mut Walk<'_>, packet: Packet<'_>, outer: &Outer) -> Walked {
    match packet.u8(0)? {
        // RFC 1051: nothing more. RFC 1201: a split flag and a sequence number; 0xff announces both once more.
        240 => ipv4::dissect_any_version(walk, packet.skip(1)?, outer),
        protocol @ (212 | 196) => {
            let is_exception = packet.u8(1)? == 0xff;
            let rest = packet.skip(if is_exception { 8 } else { 4 })?;
            match protocol {
                212 => ipv4::dissect_any_version(walk, rest, outer),
                _ => ipv6::dissect(walk, rest, outer),
            }
        }
        _ => Ok(()),
    }
}

/// Reads IP over Fibre Channel (RFC 2625): two network addresses of eight bytes, then LLC.
pub(crate) fn dissect_fibre_channel(
    walk: &mut Walk<'_>,
    packet: Packet<'_>,
    outer: &Outer,
) -> Walked {
    llc::dissect(walk, packet.skip(16)?, outer)
}

/// Reads IP over InfiniBand (RFC 4391): the routing header, then an EtherType and two reserved bytes.
pub(crate) fn dissect_infiniband(walk: &mut Walk<'_>, packet: Packet<'_>, outer: &Outer) -> Walked {
    let rest = packet.skip(40)?;
    ethertype::dissect(walk, rest.u16(0)?, rest.skip(4)?, outer)
}

/// Reads classical IP over ATM (RFC 2225) as Linux captures it: just the packet.
pub(crate) fn dissect_clip(walk: &mut Walk<'_>, packet: Packet<'_>, outer: &Outer) -> Walked {
    ipv4::dissect_any_version(walk, packet, outer)
}

/// Reads ATM as SunATM captures it: four bytes, the first of which says what the circuit carries.
pub(crate) fn dissect_sun_atm(walk: &mut Walk<'_>, packet: Packet<'_>, outer: &Outer) -> Walked {
    match packet.u8(0)? & 0x0f {
        2 => llc::dissect(walk, packet.skip(4)?, outer),
        _ => Ok(()),
    }
}
