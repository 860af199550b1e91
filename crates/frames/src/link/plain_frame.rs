//! The shape nearly every frame has, read in one go: Ethernet with one tag at most, or a Linux cooked header; IPv4 without
//! options or fragments; TCP.
//!
//! Everything else, and everything odd, is left to the layers' own files; what is read here reads the same there.

use std::net::Ipv4Addr;

use whyreset_capture::{LinkType, Record, Timestamp};
use whyreset_segments::{
    Addresses, BytesAt, EndV4, Host, IpFields, LinkLook, Look, PlainLook, Segment, TcpFlags,
    Timestamps, Usual,
};

use crate::link::{linux_cooked, vlan};
use crate::network::ipv4;
use crate::packet::Packet;
use crate::transport::tcp::{self, Sighting};
use crate::walk::Datagram;

/// The headers below TCP, and what follows them. Headers are read by words of four bytes: that takes far fewer steps than byte
/// by byte.
struct Below<'a> {
    carrier: Carrier,
    source: Ipv4Addr,
    destination: Ipv4Addr,
    total_len: u16,
    id: u16,
    dont_fragment: bool,
    ecn: u8,
    ttl: u8,
    /// The datagram's payload.
    tcp: Packet<'a>,
}

/// What the link layer says.
#[derive(Clone, Copy)]
struct Carrier {
    /// Bytes of its headers.
    len: u8,
    link: LinkLook,
}

const IPV4: u16 = 20;
const TCP: u16 = 20;
/// Two NOPs and the timestamps option (RFC 7323, appendix A).
const TIMESTAMPS: u16 = 12;
/// EtherTypes of IPv4 and of a tag.
const ETHERTYPE_IPV4: u16 = 0x0800;
const ETHERTYPE_VLAN: u16 = 0x8100;
/// Version 4 and a header of five words.
const VERSION_AND_LEN: u32 = 0x45;
const PROTOCOL_TCP: u32 = 6;
const DONT_FRAGMENT: u32 = 0x4000;
/// Two NOPs, and kind and length of the timestamps option.
const BEFORE_TIMESTAMPS: u32 = 0x0101_080a;

/// The words of a header without options, as they stand: each is read where it is needed.
#[inline(always)]
fn five_words(header: &[u8; 20]) -> Option<&[[u8; 4]; 5]> {
    header.as_chunks::<4>().0.first_chunk()
}

/// The words that these bytes begin with.
#[inline(always)]
fn words<const N: usize>(bytes: &[u8]) -> Option<[u32; N]> {
    let (words, _) = bytes.as_chunks::<4>();
    let words: &[[u8; 4]; N] = words.first_chunk()?;
    Some(words.map(u32::from_be_bytes))
}

/// Whether a header that begins with these words is of that shape.
#[inline(always)]
fn is_plain(first: u32, second: u32, third: u32) -> bool {
    first >> 24 == VERSION_AND_LEN
        && third >> 16 & 0xff == PROTOCOL_TCP
        && second & u32::from(ipv4::FRAGMENT_BITS) == 0
}

/// Whether all that the length of the datagram says was in the frame. `rest` is what was captured of it.
#[inline(always)]
const fn is_whole(record: &Record<'_>, carrier: Carrier, total_len: u32, rest: &[u8]) -> bool {
    total_len as usize <= rest.len() || total_len + carrier.len as u32 <= record.wire_len
}

/// The header of Ethernet without a tag, where IPv4 follows it, and what follows. Most frames are so: what is done with them is
/// made for this carrier alone, and a second time for all others ([`other`]).
#[inline(always)]
fn untagged<'a>(record: &Record<'a>) -> Option<(Carrier, &'a [u8])> {
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

/// The headers of any other carrier, where IPv4 follows them, and what follows.
fn other<'a>(record: &Record<'a>) -> Option<(Carrier, &'a [u8])> {
    if record.fcs_len != 0 {
        return None;
    }
    match record.link {
        LinkType::ETHERNET => tagged(record.bytes),
        LinkType::LINUX_SLL => cooked_v1(record.bytes),
        LinkType::LINUX_SLL2 => cooked_v2(record.bytes),
        _ => None,
    }
}

fn tagged(bytes: &[u8]) -> Option<(Carrier, &[u8])> {
    let (header, rest) = bytes.split_first_chunk::<18>()?;
    let (ethernet, tag) = header.split_first_chunk::<14>()?;
    let source_and_type = u64::from_be_bytes(*ethernet.last_chunk::<8>()?);
    let [tag] = words(tag)?;
    let id = (tag >> 16) as u16 & vlan::ID_BITS;
    let carrier = Carrier {
        len: 18,
        link: LinkLook::ethernet(source_and_type >> 16, id),
    };
    let is_plain = source_and_type as u16 == ETHERTYPE_VLAN && tag as u16 == ETHERTYPE_IPV4;
    is_plain.then_some((carrier, rest))
}

fn cooked_v1(bytes: &[u8]) -> Option<(Carrier, &[u8])> {
    let (header, rest) = bytes.split_first_chunk::<16>()?;
    let [_, kind, h0, h1, _, address_len, mac @ .., _, _, t0, t1] = *header;
    let link = cooked([kind, address_len], mac, [h0, h1], [t0, t1])?;
    Some((Carrier { len: 16, link }, rest))
}

fn cooked_v2(bytes: &[u8]) -> Option<(Carrier, &[u8])> {
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
    let link = cooked([kind, address_len], mac, [h0, h1], [t0, t1])?;
    Some((Carrier { len: 20, link }, rest))
}

fn cooked(
    [kind, address_len]: [u8; 2],
    mac: [u8; 6],
    hardware: [u8; 2],
    protocol: [u8; 2],
) -> Option<LinkLook> {
    let hardware = u16::from_be_bytes(hardware);
    let is_plain = u16::from_be_bytes(protocol) == ETHERTYPE_IPV4
        && hardware != linux_cooked::NETLINK
        && hardware != linux_cooked::GRE;
    let source_mac = (address_len == 6).then_some(mac);
    is_plain.then(|| LinkLook::cooked(source_mac, kind == linux_cooked::OUTGOING))
}

#[inline(always)]
fn below<'a>(record: &Record<'a>, carrier: Carrier, datagram: &'a [u8]) -> Option<Below<'a>> {
    let (header, rest) = datagram.split_first_chunk::<{ IPV4 as usize }>()?;
    let [first, second, third, source, destination] = words(header)?;
    let total_len = first as u16;
    let payload_len = total_len.checked_sub(IPV4)?;
    if !is_plain(first, second, third) || !is_whole(record, carrier, total_len.into(), datagram) {
        return None;
    }
    Some(Below {
        carrier,
        source: Ipv4Addr::from_bits(source),
        destination: Ipv4Addr::from_bits(destination),
        total_len,
        id: (second >> 16) as u16,
        dont_fragment: second & DONT_FRAGMENT != 0,
        ecn: (first >> 16) as u8 & 3,
        ttl: (third >> 24) as u8,
        tcp: Packet::new(rest, usize::from(payload_len)),
    })
}

/// The segment of a frame of that shape.
#[inline]
pub(crate) fn segment<'a>(record: &Record<'a>, time: Timestamp) -> Option<Segment<'a>> {
    let (carrier, rest) = untagged(record).or_else(|| other(record))?;
    let below = below(record, carrier, rest)?;
    let datagram = Datagram {
        source: Host::V4(below.source),
        destination: Host::V4(below.destination),
        fields: IpFields {
            ttl: below.ttl,
            id: below.id,
            dont_fragment: below.dont_fragment,
            ecn: below.ecn,
            flow_label: 0,
            total_len: u32::from(below.total_len),
            fragmented: false,
        },
        payload_len: Some(u32::from(below.total_len - IPV4)),
    };
    let sighting = Sighting {
        frame: record.frame,
        time,
        time_known: record.time.is_some(),
        mac_known: below.carrier.link.has_mac(),
        link: below.carrier.link.fields(record.interface),
    };
    tcp::segment(&sighting, &datagram, below.tcp)
}

/// What is told of a frame of that shape at first sight.
#[derive(Clone, Copy, Debug)]
pub enum Sight {
    /// It holds a usual segment, sent so.
    Usual(Addresses),
    /// It holds another one.
    Other(Addresses),
}

/// Looks at a frame, which the capture tells the time of. `None` where it has another shape. A usual segment is written where
/// there is room for it: it is large, and so it need not be moved.
#[inline]
pub(crate) fn at_first_sight(record: &Record<'_>, usual: &mut Usual) -> Option<Sight> {
    match untagged(record) {
        Some((carrier, rest)) => look_at(record, carrier, rest, usual),
        None => look_at_other(*record, usual),
    }
}

/// The record is handed over as it is, so that only frames that come here have it written to memory.
#[inline(never)]
fn look_at_other(record: Record<'_>, usual: &mut Usual) -> Option<Sight> {
    let (carrier, rest) = other(&record)?;
    look_at(&record, carrier, rest, usual)
}

/// Each number is written as soon as it is read: what is written where no usual segment is, is not looked at.
#[inline(always)]
fn look_at(record: &Record<'_>, carrier: Carrier, rest: &[u8], usual: &mut Usual) -> Option<Sight> {
    usual.time = record.time?;
    let (header, behind) = rest.split_first_chunk::<{ IPV4 as usize }>()?;
    let [first, second, third, source, destination] = *five_words(header)?;
    let [first, second, third] = [first, second, third].map(u32::from_be_bytes);
    let total_len = first & 0xffff;
    if !is_plain(first, second, third) || !is_whole(record, carrier, total_len, rest) {
        return None;
    }
    usual.frame = record.frame;
    usual.ip_id = (second >> 16) as u16;
    usual.flow_label = 0;
    usual.look = Look::plain(&PlainLook {
        link: carrier.link,
        interface: record.interface,
        ttl: (third >> 24) as u8,
        ecn: (first >> 16) as u8,
        dont_fragment: second & DONT_FRAGMENT != 0,
    });
    let payload_len = total_len.checked_sub(u32::from(IPV4))?;
    let tcp = behind.get(..payload_len as usize).unwrap_or(behind);
    let Some((header, behind)) = tcp.split_first_chunk::<{ TCP as usize }>() else {
        return cut_short(source, destination, tcp);
    };
    let [ports, seq, ack, fourth, fifth] = *five_words(header)?;
    usual.seq = u32::from_be_bytes(seq);
    usual.ack = u32::from_be_bytes(ack);
    let [fourth, fifth] = [fourth, fifth].map(u32::from_be_bytes);
    usual.window = fourth as u16;
    usual.flags = flags(fourth);
    // The header was captured, and so it is no longer than what holds it.
    usual.payload_len = payload_len.wrapping_sub(u32::from(TCP));
    let tcp_at = u32::from(carrier.len) + u32::from(IPV4);
    usual.at = BytesAt {
        tcp: tcp_at,
        payload: tcp_at + u32::from(TCP),
        end: tcp_at + tcp.len() as u32,
    };
    let addresses = addresses(source, destination, ports);
    let has_usual_options = match fourth >> 28 {
        5 => {
            usual.timestamps = Usual::NO_TIMESTAMPS;
            true
        }
        8 => read_timestamps(behind, usual),
        _ => false,
    };
    if !has_usual_options || !has_usual_bits(fourth, fifth) {
        return Some(Sight::Other(addresses));
    }
    Some(Sight::Usual(addresses))
}

/// What is told of a frame of which TCP's header was not captured whole.
#[cold]
fn cut_short(source: [u8; 4], destination: [u8; 4], tcp: &[u8]) -> Option<Sight> {
    let head = tcp.first_chunk::<{ tcp::SHORTEST_SEEN }>()?;
    let ports = head.first_chunk::<4>()?;
    Some(Sight::Other(addresses(source, destination, *ports)))
}

#[inline(always)]
const fn addresses(source: [u8; 4], destination: [u8; 4], ports: [u8; 4]) -> Addresses {
    let ports = u32::from_be_bytes(ports);
    Addresses {
        source: EndV4::new(u32::from_be_bytes(source), (ports >> 16) as u16),
        destination: EndV4::new(u32::from_be_bytes(destination), ports as u16),
    }
}

/// Takes the timestamps, where they are all that there is of options.
#[inline(always)]
fn read_timestamps(behind: &[u8], usual: &mut Usual) -> bool {
    let options = behind.first_chunk::<{ TIMESTAMPS as usize }>();
    let Some([before, value, echo]) = options.and_then(|options| words(options)) else {
        return false;
    };
    usual.timestamps = Timestamps { value, echo };
    usual.look = usual.look.with_timestamps();
    usual.payload_len = usual.payload_len.wrapping_sub(u32::from(TIMESTAMPS));
    usual.at.payload = usual.at.payload.wrapping_add(u32::from(TIMESTAMPS));
    before == BEFORE_TIMESTAMPS
}

/// The control bits in the header's fourth word.
#[inline(always)]
const fn flags(fourth: u32) -> TcpFlags {
    TcpFlags((fourth >> 16) as u16 & 0x1ff)
}

/// Whether the control bits are usual, the window is open and no data is urgent.
#[inline(always)]
const fn has_usual_bits(fourth: u32, fifth: u32) -> bool {
    Usual::has_flags(flags(fourth)) && fourth as u16 != 0 && fifth as u16 == 0
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{Dissector, Found};

    /// What stands before IPv4, and its link type.
    fn below_ip() -> impl Strategy<Value = (u16, Vec<u8>)> {
        let kind = prop_oneof![
            Just([8, 0]),
            Just([8, 0]),
            Just([0x81, 0]),
            Just([0x86, 0xdd])
        ];
        let tag = (
            any::<u16>(),
            prop_oneof![3 => Just([8_u8, 0]), 1 => Just([0x81, 0])],
        );
        let ethernet =
            (any::<[u8; 12]>(), kind.clone(), tag).prop_map(|(macs, kind, (id, inner))| {
                let tag = [&id.to_be_bytes()[..], &inner].concat();
                let tag = if kind == [0x81, 0] { &tag[..] } else { &[] };
                (1, [&macs[..], &kind, tag].concat())
            });
        let hardware = prop_oneof![3 => Just(1_u16), 1 => Just(778), 1 => Just(824), 1 => Just(770), 1 => any::<u16>()];
        let cooked = (
            0_u8..6,
            hardware,
            5_u8..8,
            any::<[u8; 8]>(),
            kind,
            any::<bool>(),
        );
        let cooked = cooked.prop_map(|(packet, hardware, len, mac, kind, is_v2)| {
            let hardware = hardware.to_be_bytes();
            if is_v2 {
                let fields = [&kind[..], &[0; 6], &hardware, &[packet, len], &mac];
                (276, fields.concat())
            } else {
                let fields = [&[0, packet][..], &hardware, &[0, len], &mac, &kind];
                (113, fields.concat())
            }
        });
        prop_oneof![ethernet, cooked]
    }

    /// Frames of that shape, or nearly, and their link type.
    fn frame() -> impl Strategy<Value = (u16, Vec<u8>)> {
        let below_ip = below_ip();
        let ip = (any::<u8>(), 30_u16..90, any::<u16>(), 0_u8..3, any::<u8>());
        let tcp = (any::<[u8; 12]>(), any::<u8>(), any::<u8>(), any::<u16>());
        let behind = (
            prop_oneof![Just(0_u16), Just(0), any::<u16>()],
            any::<bool>(),
            proptest::collection::vec(any::<u8>(), 0..40),
        );
        (below_ip, ip, tcp, behind).prop_map(|((link, below_ip), ip, tcp, behind)| {
            let (tos, total_len, id, fragment, ttl) = ip;
            let (numbers, offset, bits, window) = tcp;
            let (urgent, has_timestamps, rest) = behind;
            let offset = match offset % 8 {
                0 => offset,
                1..4 => 0x50,
                _ => 0x80,
            };
            let flags = if bits & 1 == 0 { 0x18 } else { bits };
            let mut frame = below_ip;
            frame.extend([0x45, tos]);
            frame.extend(total_len.to_be_bytes());
            frame.extend(id.to_be_bytes());
            frame.extend([fragment << 5, 0, ttl, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2]);
            frame.extend(numbers);
            frame.extend([offset, flags]);
            frame.extend(window.to_be_bytes());
            frame.extend([0, 0]);
            frame.extend(urgent.to_be_bytes());
            if has_timestamps {
                frame.extend([1, 1, 8, 10]);
            }
            frame.extend(rest);
            (link, frame)
        })
    }

    /// A usual segment but for where its bytes are, and its bytes.
    fn parts((usual, holder): (Usual, &[u8])) -> (String, &[u8], Option<&[u8]>) {
        let BytesAt { tcp, end, .. } = usual.at;
        let told = Usual {
            at: BytesAt::default(),
            ..usual
        };
        (
            format!("{told:?}"),
            usual.payload(holder),
            holder.get(tcp as usize..end as usize),
        )
    }

    proptest! {
        #[test]
        fn the_parts_read_what_the_whole_segment_says((link, bytes) in frame(), cut in 0_u32..20) {
            let record = Record {
                frame: 7,
                time: Some(Timestamp::from_nanos(5)),
                link: LinkType(link),
                interface: 3,
                fcs_len: 0,
                wire_len: u32::try_from(bytes.len()).unwrap() + cut,
                bytes: &bytes,
            };
            let segment = segment(&record, Timestamp::from_nanos(5));
            if let Some(segment) = &segment {
                let mut found = Vec::new();
                Dissector::new().dissect_layers(&record, Timestamp::from_nanos(5), &mut |it| {
                    found.push(match it {
                        Found::Segment(segment) => format!("{segment:?}"),
                        Found::Quote(quote) => format!("{quote:?}"),
                    });
                });
                prop_assert_eq!(found, [format!("{segment:?}")]);
            }
            let ends = segment.map(|it| (it.source.to_string(), it.destination.to_string()));
            let mut usual = Usual::BLANK;
            let seen = at_first_sight(&record, &mut usual);
            let addresses = seen.map(|(Sight::Usual(addresses) | Sight::Other(addresses))| addresses);
            let shown = |end: EndV4| format!("{}:{}", end.address(), end.port());
            let told = addresses.map(|it| (shown(it.source), shown(it.destination)));
            prop_assert_eq!(told, ends);
            let whole = segment.filter(|segment| segment.tcp_bytes.len() >= 20);
            let expected = whole.as_ref().and_then(|it| Some((Usual::of(it)?, Usual::holder(it))));
            let found = matches!(seen, Some(Sight::Usual(_))).then_some((usual, &bytes[..]));
            prop_assert_eq!(found.map(parts), expected.map(parts));
        }
    }
}
