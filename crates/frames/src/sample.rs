//! Packets for the tests of the layers, built from the inside out.

use whyreset_capture::{LinkType, Record, Timestamp};

use crate::{Dissector, Found};

/// A TCP segment from port 1000 to 80 with ACK and five bytes.
pub(crate) fn tcp() -> Vec<u8> {
    [
        &[
            3, 0xe8, 0, 80, 0, 0, 0, 7, 0, 0, 0, 9, 0x50, 0x10, 0, 100, 0, 0, 0, 0,
        ][..],
        b"hello",
    ]
    .concat()
}

/// An IPv4 packet from 10.0.0.1 to 10.0.0.2.
pub(crate) fn ipv4(protocol: u8, payload: &[u8]) -> Vec<u8> {
    fragment(protocol, 0, payload)
}

/// An IPv4 packet with identification 1 and this fragment field.
pub(crate) fn fragment(protocol: u8, field: u16, payload: &[u8]) -> Vec<u8> {
    let len = u16::try_from(20 + payload.len()).unwrap().to_be_bytes();
    let [f0, f1] = field.to_be_bytes();
    let header = [0x45, 0, len[0], len[1], 0, 1, f0, f1, 64, protocol, 0, 0];
    [&header[..], &[10, 0, 0, 1, 10, 0, 0, 2], payload].concat()
}

/// An IPv6 packet from fd00::1 to fd00::2.
pub(crate) fn ipv6(next: u8, payload: &[u8]) -> Vec<u8> {
    let len = u16::try_from(payload.len()).unwrap().to_be_bytes();
    let mut packet = vec![0x60, 0, 0, 0, len[0], len[1], next, 64];
    for last in [1, 2] {
        packet.extend([0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, last]);
    }
    packet.extend(payload);
    packet
}

/// A UDP datagram to this port.
pub(crate) fn udp(port: u16, payload: &[u8]) -> Vec<u8> {
    let len = u16::try_from(8 + payload.len()).unwrap().to_be_bytes();
    let [p0, p1] = port.to_be_bytes();
    [&[0xc3, 0x50, p0, p1, len[0], len[1], 0, 0], payload].concat()
}

/// An Ethernet frame from 02:00:00:00:00:01.
pub(crate) fn ethernet(ethertype: u16, payload: &[u8]) -> Vec<u8> {
    let addresses = [2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1];
    [&addresses[..], &ethertype.to_be_bytes(), payload].concat()
}

/// A GRE packet in IPv4, with this protocol number and no options.
pub(crate) fn gre(protocol: u16, payload: &[u8]) -> Vec<u8> {
    ipv4(
        47,
        &[&[0, 0][..], &protocol.to_be_bytes(), payload].concat(),
    )
}

/// What a frame of this link type holds, a line each: `segment FROM > TO LEN`, or `quote of N bytes`.
pub(crate) fn found(link: u16, frame: &[u8]) -> Vec<String> {
    found_in(&mut Dissector::new(), link, frame)
}

/// The same, by a dissector that may have seen other frames.
pub(crate) fn found_in(dissector: &mut Dissector, link: u16, frame: &[u8]) -> Vec<String> {
    let record = Record {
        frame: 1,
        time: Some(Timestamp::default()),
        link: LinkType(link),
        interface: 0,
        fcs_len: 0,
        wire_len: u32::try_from(frame.len()).unwrap(),
        bytes: frame,
    };
    let mut lines = Vec::new();
    dissector.dissect(&record, Timestamp::default(), &mut |found| {
        lines.push(match found {
            Found::Segment(s) => {
                format!("segment {} > {} {}", s.source, s.destination, s.payload_len)
            }
            Found::Quote(q) => format!("quote of {} bytes", q.quoted_bytes),
        });
    });
    lines
}

/// The line of [`tcp`] in [`ipv4`].
pub(crate) const SEGMENT: &str = "segment 10.0.0.1:1000 > 10.0.0.2:80 5";

/// The line of [`tcp`] in [`ipv6`].
pub(crate) const SEGMENT6: &str = "segment [fd00::1]:1000 > [fd00::2]:80 5";
