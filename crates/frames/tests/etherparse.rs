//! Another reader of the same bytes: Ethernet, VLAN tags, IPv4, IPv6 and TCP as etherparse sees them.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use etherparse::{NetSlice, SlicedPacket, TransportSlice};
use proptest::prelude::*;
use whyreset_capture::{LinkType, Record, Timestamp};
use whyreset_frames::{Dissector, Found};
use whyreset_segments::{Host, Segment};

/// A frame with an arbitrary but lawful header of each kind.
fn frame() -> impl Strategy<Value = Vec<u8>> {
    let tags = proptest::collection::vec(any::<u16>(), 0..3);
    let payload = proptest::collection::vec(any::<u8>(), 0..60);
    let options =
        (0..=10_usize).prop_flat_map(|words| proptest::collection::vec(any::<u8>(), words * 4));
    let tcp = (any::<[u8; 12]>(), any::<[u8; 7]>(), options);
    (
        any::<[u8; 12]>(),
        tags,
        any::<bool>(),
        any::<[u8; 34]>(),
        tcp,
        payload,
        0..6_usize,
    )
        .prop_map(|(addresses, tags, v6, ip, tcp, payload, padding)| {
            let mut segment = tcp.0.to_vec();
            segment.push(u8::try_from(5 + tcp.2.len() / 4).unwrap() << 4 | tcp.1[0] & 1);
            segment.extend(&tcp.1);
            segment.truncate(20);
            segment.extend(tcp.2);
            segment.extend(payload);
            // Not the address of Cisco's inter-switch links, which are frames in frames.
            let mut frame = addresses.to_vec();
            frame[0] &= 0xfc;
            for tag in tags {
                frame.extend([0x81, 0]);
                frame.extend(tag.to_be_bytes());
            }
            frame.extend(if v6 {
                ipv6(&ip, &segment)
            } else {
                ipv4(&ip, &segment)
            });
            frame.extend(vec![0; padding]);
            frame
        })
}

fn ipv4(ip: &[u8; 34], segment: &[u8]) -> Vec<u8> {
    let len = u16::try_from(20 + segment.len()).unwrap().to_be_bytes();
    let mut packet = vec![
        8,
        0,
        0x45,
        ip[0],
        len[0],
        len[1],
        ip[1],
        ip[2],
        ip[3] & 0x40,
        0,
        ip[4],
        6,
    ];
    packet.extend(&ip[5..15]);
    packet.extend(segment);
    packet
}

fn ipv6(ip: &[u8; 34], segment: &[u8]) -> Vec<u8> {
    let len = u16::try_from(segment.len()).unwrap().to_be_bytes();
    let mut packet = vec![
        0x86,
        0xdd,
        0x60 | ip[32] >> 4,
        ip[32] << 4,
        ip[33],
        0x11,
        len[0],
        len[1],
        6,
        ip[0],
    ];
    packet.extend(&ip[..32]);
    packet.extend(segment);
    packet
}

fn assert_same(segment: &Segment<'_>, frame: &[u8]) {
    let sliced = SlicedPacket::from_ethernet(frame).unwrap();
    let Some(TransportSlice::Tcp(tcp)) = &sliced.transport else {
        panic!("etherparse sees no TCP");
    };
    match &sliced.net {
        Some(NetSlice::Ipv4(ip)) => {
            let header = ip.header();
            assert_eq!(segment.source.host, Host::V4(header.source_addr()));
            assert_eq!(
                segment.destination.host,
                Host::V4(header.destination_addr())
            );
            assert_eq!(
                (segment.ip.ttl, segment.ip.id),
                (header.ttl(), header.identification())
            );
            assert_eq!(segment.ip.dont_fragment, header.dont_fragment());
            assert_eq!(segment.ip.ecn, header.ecn().value());
            assert_eq!(segment.ip.total_len, u32::from(header.total_len()));
        }
        Some(NetSlice::Ipv6(ip)) => {
            let header = ip.header();
            assert_eq!(segment.source.host, Host::V6(header.source_addr()));
            assert_eq!(
                segment.destination.host,
                Host::V6(header.destination_addr())
            );
            assert_eq!(segment.ip.ttl, header.hop_limit());
            assert_eq!(segment.ip.flow_label, header.flow_label().value());
            assert_eq!(segment.ip.ecn, header.traffic_class() & 3);
        }
        other => panic!("etherparse sees {other:?}"),
    }
    let ports = (segment.source.port, segment.destination.port);
    assert_eq!(ports, (tcp.source_port(), tcp.destination_port()));
    assert_eq!(segment.seq.0, tcp.sequence_number());
    assert_eq!(segment.ack.0, tcp.acknowledgment_number());
    assert_eq!(segment.window, u32::from(tcp.window_size()));
    assert_eq!(segment.urgent, tcp.urgent_pointer());
    assert_eq!(segment.payload, tcp.payload());
    assert_eq!(
        usize::try_from(segment.payload_len).unwrap(),
        tcp.payload().len()
    );
    assert_eq!(segment.flags.is_rst(), tcp.rst());
    assert_eq!(segment.flags.is_fin(), tcp.fin());
    assert_eq!(segment.flags.is_syn_ack(), tcp.syn() && tcp.ack());
    let tags = sliced.vlan_ids();
    assert_eq!(segment.link.vlan, tags.last().map_or(0, |id| id.value()));
}

proptest! {
    #[test]
    fn sees_what_etherparse_sees(frame in frame()) {
        let record = Record {
            frame: 1,
            time: Some(Timestamp::default()),
            link: LinkType::ETHERNET,
            interface: 0,
            fcs_len: 0,
            wire_len: u32::try_from(frame.len()).unwrap(),
            bytes: &frame,
        };
        let mut count = 0;
        Dissector::new().dissect(&record, Timestamp::default(), &mut |found| {
            count += 1;
            match found {
                Found::Segment(segment) => assert_same(&segment, &frame),
                Found::Quote(quote) => panic!("{quote:?}"),
            }
        });
        prop_assert_eq!(count, 1);
    }
}
