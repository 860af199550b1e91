//! Which stream a segment belongs to, as Wireshark numbers them: the rules, each with a short capture.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod made;

use std::net::Ipv6Addr;

use made::{end, segment};
use whyreset_capture::Timestamp;
use whyreset_connections::{Connection, Engine, EngineConfig, Opener};
use whyreset_segments::{Endpoint, Host, IcmpError, Quote, Segment, TcpFlags};

const SYN: TcpFlags = TcpFlags::SYN;
const ACK: TcpFlags = TcpFlags::ACK;
const RST: TcpFlags = TcpFlags::RST;
const FIN: TcpFlags = TcpFlags::FIN;

const A: Endpoint = end(1, 40000);
const B: Endpoint = end(2, 80);

fn with(mut segment: Segment<'static>, payload: &'static [u8]) -> Segment<'static> {
    segment.payload = payload;
    segment.payload_len = u32::try_from(payload.len()).unwrap();
    segment.ip.total_len += segment.payload_len;
    segment
}

/// The streams of the segments, and the connections.
fn run(segments: &[Segment<'static>]) -> (Vec<u64>, Vec<Connection<()>>) {
    let mut engine = Engine::<()>::new(EngineConfig::default());
    let streams = (1_u64..)
        .zip(segments)
        .map(|(frame, segment)| {
            let mut segment = *segment;
            segment.frame = frame;
            segment.time = Timestamp::from_nanos(i64::try_from(frame).unwrap() * 1_000_000);
            engine.segment(&segment, None).unwrap().stream
        })
        .collect();
    engine.finish();
    (
        streams,
        std::iter::from_fn(|| engine.next_finished()).collect(),
    )
}

fn streams(segments: &[Segment<'static>]) -> Vec<u64> {
    run(segments).0
}

#[test]
fn numbers_follow_first_appearance_and_both_directions_share_one() {
    let v6 = |last: u16, port| Endpoint {
        host: Host::V6(Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, last)),
        port,
    };
    let got = streams(&[
        segment(A, B, SYN, 1000, 0),
        segment(v6(1, 9), v6(2, 9), SYN, 1000, 0),
        segment(B, A, SYN | ACK, 5000, 1001),
        segment(v6(2, 9), v6(1, 9), SYN | ACK, 5000, 1001),
        segment(end(1, 0), end(2, 0), RST, 7, 0),
    ]);
    assert_eq!(got, [0, 1, 0, 1, 2]);
}

#[test]
fn a_syn_with_another_number_starts_a_stream_and_the_same_number_does_not() {
    let got = streams(&[
        segment(A, B, SYN, 1000, 0),
        segment(B, A, RST | ACK, 0, 1001),
        segment(A, B, SYN, 1000, 0),
        segment(A, B, SYN, 2000, 0),
        segment(B, A, RST | ACK, 0, 1001),
        segment(A, B, SYN | FIN, 1000, 0),
    ]);
    assert_eq!(got, [0, 0, 0, 1, 1, 2]);
}

#[test]
fn without_a_syn_the_first_number_less_one_is_the_base() {
    let opened = |isn| streams(&[segment(A, B, ACK, 1001, 5001), segment(A, B, SYN, isn, 0)]);
    assert_eq!(opened(1000), [0, 0]);
    assert_eq!(opened(1001), [0, 1]);
}

#[test]
fn the_other_sides_ack_less_one_is_a_base_as_well() {
    let opened = |isn| {
        streams(&[
            segment(B, A, RST | ACK, 5001, 1001),
            segment(A, B, SYN, isn, 0),
        ])
    };
    assert_eq!(opened(1000), [0, 0]);
    assert_eq!(opened(2000), [0, 1]);
}

#[test]
fn in_a_direction_without_a_base_a_syn_starts_nothing_new() {
    let got = streams(&[
        segment(B, A, RST, 5001, 0),
        segment(A, B, SYN, 1000, 0),
        segment(A, B, SYN, 3000, 0),
    ]);
    assert_eq!(got, [0, 0, 1]);
}

#[test]
fn a_syn_ack_never_starts_a_stream_but_moves_the_base() {
    let got = streams(&[
        segment(A, B, SYN, 1000, 0),
        segment(B, A, SYN | ACK, 5000, 1001),
        segment(B, A, SYN | ACK, 6000, 1001),
        segment(B, A, SYN, 6000, 0),
        segment(B, A, SYN, 5000, 0),
    ]);
    assert_eq!(got, [0, 0, 0, 0, 1]);
}

#[test]
fn late_packets_belong_to_the_newest_stream() {
    let (got, connections) = run(&[
        segment(A, B, SYN, 1000, 0),
        segment(A, B, SYN, 9000, 0),
        with(segment(B, A, ACK, 5001, 1001), b"old"),
    ]);
    assert_eq!(got, [0, 1, 1]);
    assert_eq!(connections.len(), 2);
    assert_eq!(connections[0].frames.count, 1);
    assert_eq!(connections[1].frames.count, 2);
}

#[test]
fn a_bad_data_offset_counts_as_a_frame_without_payload() {
    let mut odd = segment(A, B, ACK, 1001, 5001);
    odd.bad_offset = true;
    let (got, connections) = run(&[segment(A, B, SYN, 1000, 0), odd]);
    assert_eq!(got, [0, 0]);
    assert_eq!(connections[0].frames.count, 2);
    assert_eq!(connections[0].flows.client.bytes, 0);
}

#[test]
fn an_icmp_error_joins_or_creates_a_stream_from_16_bytes_on() {
    let quote = |quoted_bytes| Quote {
        error: IcmpError {
            v6: false,
            kind: 3,
            code: 13,
            mtu: None,
        },
        reporter: end(254, 0).host,
        reporter_ttl: 64,
        segment: segment(A, B, SYN, 1000, 0),
        quoted_bytes,
    };
    let mut engine = Engine::<()>::new(EngineConfig::default());
    assert_eq!(engine.quote(&quote(8)), None);
    assert_eq!(engine.quote(&quote(16)).unwrap().stream, 0);
    // It sets no base: another SYN belongs to the same stream.
    let mut syn = segment(A, B, SYN, 7777, 0);
    syn.frame = 3;
    assert_eq!(engine.segment(&syn, None).unwrap().stream, 0);
    engine.finish();
    let connection = engine.next_finished().unwrap();
    assert_eq!(connection.frames.count, 2);
    assert_eq!(connection.notices.len(), 1);
    assert_eq!(connection.opener, Opener::Syn);
    assert_eq!(connection.ends.client, A);
}

#[test]
fn an_icmp_error_with_8_quoted_bytes_joins_a_stream_that_is_there_without_counting_in_it() {
    let error = Quote {
        error: IcmpError {
            v6: false,
            kind: 3,
            code: 13,
            mtu: None,
        },
        reporter: end(254, 0).host,
        reporter_ttl: 64,
        segment: segment(A, B, SYN, 1000, 0),
        quoted_bytes: 8,
    };
    let mut engine = Engine::<()>::new(EngineConfig::default());
    assert_eq!(engine.quote(&error), None);
    engine.segment(&segment(A, B, SYN, 1000, 0), None);
    assert_eq!(engine.quote(&error).unwrap().stream, 0);
    engine.finish();
    let connection = engine.next_finished().unwrap();
    assert_eq!(connection.frames.count, 1);
    assert_eq!(connection.notices.len(), 1);
}

#[test]
fn the_syn_ack_names_the_client_where_no_syn_was_captured() {
    let (_, connections) = run(&[
        with(segment(B, A, ACK, 4000, 900), b"x"),
        segment(B, A, SYN | ACK, 5000, 1001),
        segment(A, B, ACK, 1001, 5001),
    ]);
    assert_eq!(connections[0].opener, Opener::SynAck);
    assert_eq!(connections[0].ends.client, A);
    assert!(connections[0].packets.iter().all(|packet| {
        (packet.side == whyreset_connections::Side::Server) == (packet.frame < 3)
    }));
}

#[test]
fn unique_bytes_count_once_and_data_in_a_rst_not_at_all() {
    let (_, connections) = run(&[
        with(segment(A, B, SYN, u32::MAX - 1, 0), b"ab"),
        segment(B, A, SYN | ACK, 5000, 2),
        with(segment(A, B, ACK, u32::MAX, 5001), b"abcd"),
        with(segment(A, B, ACK, u32::MAX, 5001), b"abcd"),
        with(segment(A, B, ACK, 13, 5001), b"xyz"),
        with(segment(B, A, RST | ACK, 5001, 3), b"reason"),
    ]);
    let connection = &connections[0];
    assert_eq!(connection.flows.client.bytes, 7);
    assert_eq!(connection.flows.client.missing_bytes, 10);
    assert_eq!(connection.flows.server.bytes, 0);
    assert_eq!(connection.reset_count.server, 1);
}

#[test]
fn a_tunnel_through_socks_uses_up_a_number() {
    let proxy = end(2, 1080);
    let asked = [
        segment(A, proxy, SYN, 1000, 0),
        with(
            segment(A, proxy, ACK, 1001, 1),
            b"\x04\x01\x00\x50\xc6\x33\x64\x01u\0",
        ),
        with(segment(proxy, A, ACK, 1, 1011), b"\x00\x5a\0\0\0\0\0\0"),
        with(segment(A, proxy, ACK, 1011, 9), b"GET / HTTP/1.0\r\n\r\n"),
        segment(end(3, 5), B, SYN, 7, 0),
    ];
    assert_eq!(streams(&asked), [0, 0, 0, 0, 2]);
}
