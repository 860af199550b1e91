//! What carries the datagram: Ethernet with one tag at most, a Linux cooked header, or hardly anything.

use whyreset_capture::{LinkType, Record};
use whyreset_segments::LinkLook;

use super::words;
use crate::link::{linux_cooked, null_loopback, raw_ip, vlan};

/// What the link layer says.
#[derive(Clone, Copy)]
pub(super) struct Carrier {
    /// Bytes of its headers.
    pub(super) len: u8,
    pub(super) link: LinkLook,
}

/// The IP version of what is carried, as the carrier has it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Version {
    V4,
    V6,
}

/// EtherTypes.
const ETHERTYPE_IPV4: u16 = 0x0800;
const ETHERTYPE_IPV6: u16 = 0x86dd;
const ETHERTYPE_VLAN: u16 = 0x8100;

impl Version {
    const fn of_ethertype(ethertype: u16) -> Option<Self> {
        match ethertype {
            ETHERTYPE_IPV4 => Some(Self::V4),
            ETHERTYPE_IPV6 => Some(Self::V6),
            _ => None,
        }
    }

    /// Of a datagram that tells it itself.
    fn of_datagram(datagram: &[u8]) -> Option<Self> {
        match datagram.first()? >> 4 {
            4 => Some(Self::V4),
            6 => Some(Self::V6),
            _ => None,
        }
    }
}

/// The header of Ethernet without a tag, where IPv4 follows it, and what follows. Most frames are so: what is done with them is
/// made for this carrier alone, and a second time for all others ([`other`]).
#[inline(always)]
pub(super) fn untagged<'a>(record: &Record<'a>) -> Option<(Carrier, &'a [u8])> {
    if record.link != LinkType::ETHERNET || record.fcs_len != 0 {
        return None;
    }
    let (header, rest) = record.bytes.split_first_chunk::<14>()?;
    let source_and_type = u64::from_be_bytes(*header.last_chunk::<8>()?);
    let carrier = Carrier {
        len: 14,
        link: LinkLook::ethernet(source_and_type >> 16, 0),
    };
    (source_and_type as u16 == ETHERTYPE_IPV4).then_some((carrier, rest))
}

/// The headers of any other carrier, or of Ethernet without a tag where IPv6 follows it, the version of IP that follows them, and what follows.
#[inline(always)]
pub(super) fn other<'a>(record: &Record<'a>) -> Option<(Carrier, Version, &'a [u8])> {
    if record.fcs_len != 0 {
        return None;
    }
    if record.link == LinkType::ETHERNET {
        return ethernet(record.bytes);
    }
    seldom(record)
}

/// The same where it is not Ethernet.
fn seldom<'a>(record: &Record<'a>) -> Option<(Carrier, Version, &'a [u8])> {
    match record.link {
        LinkType::LINUX_SLL => cooked_v1(record.bytes),
        LinkType::LINUX_SLL2 => cooked_v2(record.bytes),
        LinkType(12 | 14 | 101) => raw_ip(record.bytes),
        LinkType(228) => bare::<0>(record.bytes, Version::of_datagram),
        LinkType(229) => bare::<0>(record.bytes, |_| Some(Version::V6)),
        LinkType::NULL => loopback(record.bytes),
        LinkType(108) => loopback_openbsd(record.bytes),
        _ => None,
    }
}

#[inline(always)]
fn ethernet(bytes: &[u8]) -> Option<(Carrier, Version, &[u8])> {
    let (header, rest) = bytes.split_first_chunk::<14>()?;
    let source_and_type = u64::from_be_bytes(*header.last_chunk::<8>()?);
    let (source_mac, ethertype) = (source_and_type >> 16, source_and_type as u16);
    if ethertype == ETHERTYPE_VLAN {
        return tagged(source_mac, rest);
    }
    let carrier = Carrier {
        len: 14,
        link: LinkLook::ethernet(source_mac, 0),
    };
    (ethertype == ETHERTYPE_IPV6).then_some((carrier, Version::V6, rest))
}

fn tagged(source_mac: u64, rest: &[u8]) -> Option<(Carrier, Version, &[u8])> {
    let (tag, rest) = rest.split_first_chunk::<4>()?;
    let [tag] = words(tag)?;
    let id = (tag >> 16) as u16 & vlan::ID_BITS;
    let carrier = Carrier {
        len: 18,
        link: LinkLook::ethernet(source_mac, id),
    };
    Some((carrier, Version::of_ethertype(tag as u16)?, rest))
}

fn cooked_v1(bytes: &[u8]) -> Option<(Carrier, Version, &[u8])> {
    let (header, rest) = bytes.split_first_chunk::<16>()?;
    let [_, kind, h0, h1, _, address_len, mac @ .., _, _, t0, t1] = *header;
    let (link, version) = cooked([kind, address_len], mac, [h0, h1], [t0, t1])?;
    Some((Carrier { len: 16, link }, version, rest))
}

fn cooked_v2(bytes: &[u8]) -> Option<(Carrier, Version, &[u8])> {
    let (header, rest) = bytes.split_first_chunk::<20>()?;
    let [
        t0,
        t1,
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
    ] = *header;
    let (link, version) = cooked([kind, address_len], mac, [h0, h1], [t0, t1])?;
    Some((Carrier { len: 20, link }, version, rest))
}

fn cooked(
    [kind, address_len]: [u8; 2],
    mac: [u8; 6],
    hardware: [u8; 2],
    protocol: [u8; 2],
) -> Option<(LinkLook, Version)> {
    let hardware = u16::from_be_bytes(hardware);
    if hardware == linux_cooked::NETLINK || hardware == linux_cooked::GRE {
        return None;
    }
    let version = Version::of_ethertype(u16::from_be_bytes(protocol))?;
    let source_mac = (address_len == 6).then_some(mac);
    let link = LinkLook::cooked(source_mac, kind == linux_cooked::OUTGOING);
    Some((link, version))
}

/// A header of so many bytes that says nothing of the link, and what it says follows.
fn bare<const LEN: usize>(
    bytes: &[u8],
    version: impl FnOnce(&[u8]) -> Option<Version>,
) -> Option<(Carrier, Version, &[u8])> {
    let rest = bytes.get(LEN..)?;
    let carrier = Carrier {
        len: LEN as u8,
        link: LinkLook::SILENT,
    };
    Some((carrier, version(rest)?, rest))
}

/// Where PPP may begin, the layer's own file has a look; what has it elsewhere is no plain datagram.
fn raw_ip(bytes: &[u8]) -> Option<(Carrier, Version, &[u8])> {
    let [_, next @ ..] = bytes else {
        return None;
    };
    if next.starts_with(&raw_ip::PPP_START.to_be_bytes()) {
        return None;
    }
    bare::<0>(bytes, Version::of_datagram)
}

fn loopback(bytes: &[u8]) -> Option<(Carrier, Version, &[u8])> {
    let header = *bytes.first_chunk::<4>()?;
    if header.starts_with(&raw_ip::PPP_START.to_be_bytes()) {
        return None;
    }
    let family = null_loopback::family(u32::from_le_bytes(header));
    bare::<4>(bytes, |datagram| of_family(family, datagram))
}

fn loopback_openbsd(bytes: &[u8]) -> Option<(Carrier, Version, &[u8])> {
    let family = u32::from_be_bytes(*bytes.first_chunk::<4>()?);
    bare::<4>(bytes, |datagram| of_family(family, datagram))
}

/// Under the family of IPv4 either version may come.
fn of_family(family: u32, datagram: &[u8]) -> Option<Version> {
    match family {
        null_loopback::INET => Version::of_datagram(datagram),
        family if null_loopback::is_inet6(family) => Some(Version::V6),
        _ => None,
    }
}
