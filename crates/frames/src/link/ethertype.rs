//! EtherTypes (<https://www.iana.org/assignments/ieee-802-numbers>): what follows an Ethernet header, a tag, and much else.

use crate::link::{
    arista_timestamp, cisco_metadata, e_tag, ethernet, fabric_path, frer, hsr, llc, macsec, mpls,
    pppoe, provider_backbone, trill, vlan, vn_tag,
};
use crate::network::{ipv4, ipv6};
use crate::packet::{Packet, Walked};
use crate::tunnel::{lwapp, nsh};
use crate::walk::{Outer, Walk};

/// The longest length that can stand in place of an EtherType (IEEE 802.3 §3.2.6).
pub(crate) const MAX_LENGTH: u16 = 1500;

/// The lowest EtherType.
const MIN_TYPE: u16 = 1536;

/// Reads what follows a field that holds an EtherType, or the length of an LLC frame.
pub(crate) fn dissect_type_or_length(
    walk: &mut Walk<'_>,
    kind: u16,
    packet: Packet<'_>,
    outer: &Outer,
) -> Walked {
    match kind {
        0..=MAX_LENGTH => llc::dissect(walk, packet.limit(usize::from(kind)), outer),
        MIN_TYPE.. => dissect(walk, kind, packet, outer),
        _ => Ok(()),
    }
}

/// Reads what an EtherType announces. A layer that ends early spoils nothing outside of it.
pub(crate) fn dissect(
    walk: &mut Walk<'_>,
    ethertype: u16,
    packet: Packet<'_>,
    outer: &Outer,
) -> Walked {
    let inner = outer.deeper()?;
    let _ = announced(walk, ethertype, packet, &inner);
    Ok(())
}

fn announced(walk: &mut Walk<'_>, ethertype: u16, packet: Packet<'_>, outer: &Outer) -> Walked {
    match ethertype {
        0x0800 => ipv4::dissect_any_version(walk, packet, outer),
        0x86dd => ipv6::dissect(walk, packet, outer),
        0x8100 | 0x9100 => vlan::dissect(walk, packet, outer),
        0x6558 => ethernet::dissect(walk, packet, &outer.tunnelled()),
        0x8847 | 0x8848 => mpls::dissect(walk, packet, outer),
        0x8864 => pppoe::dissect(walk, packet, outer),
        0x8870 => llc::dissect(walk, packet, outer),
        0x22f3 => trill::dissect(walk, packet, outer),
        0x88a8 => provider_backbone::dissect_service_tag(walk, packet, outer),
        0x88e5 => macsec::dissect(walk, packet, outer),
        0x88e7 => provider_backbone::dissect(walk, packet, outer),
        0x88bb | 0xbbbb => lwapp::dissect(walk, packet, outer),
        fabric_path::ETHERTYPE => fabric_path::dissect(walk, packet, outer),
        0x8909 => cisco_metadata::dissect(walk, packet, outer),
        0x8926 => vn_tag::dissect(walk, packet, outer),
        0x892f => hsr::dissect(walk, packet, outer),
        0x893f => e_tag::dissect(walk, packet, outer),
        0x894f => nsh::dissect(walk, packet, outer),
        0xd28b => arista_timestamp::dissect(walk, packet, outer),
        0xf1c1 => frer::dissect(walk, packet, outer),
        _ => Ok(()),
    }
}

/// Whether this is one of the EtherTypes that most frames have.
pub(crate) fn is_common(ethertype: u16) -> bool {
    matches!(
        ethertype,
        0x0800 | 0x0806 | 0x86dd | 0x8100 | 0x88a8 | 0x8847 | 0x8864
    )
}
