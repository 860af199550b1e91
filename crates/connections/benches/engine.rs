//! The engine alone: segments in, connections out. Items are packets.

#![allow(missing_docs)]

use std::net::Ipv4Addr;

use divan::counter::ItemsCount;
use whyreset_capture::Timestamp;
use whyreset_connections::{Engine, EngineConfig};
use whyreset_segments::{
    Endpoint, Host, IpFields, Known, LinkFields, Segment, SeqNumber, TcpFlags, TcpOptions,
    Timestamps,
};

fn main() {
    divan::main();
}

const PACKETS: u32 = 200_000;

fn segment(
    client: u32,
    from_client: bool,
    flags: TcpFlags,
    seq: u32,
    ack: u32,
) -> Segment<'static> {
    let client = Endpoint {
        host: Host::V4(Ipv4Addr::from(0x0a00_0000 + client)),
        port: 40_000,
    };
    let server = Endpoint {
        host: Host::V4(Ipv4Addr::new(192, 0, 2, 1)),
        port: 443,
    };
    let (source, destination) = if from_client {
        (client, server)
    } else {
        (server, client)
    };
    Segment {
        frame: 0,
        time: Timestamp::from_nanos(0),
        source,
        destination,
        seq: SeqNumber(seq),
        ack: SeqNumber(ack),
        flags,
        window: 500,
        urgent: 0,
        payload_len: 0,
        payload: &[],
        tcp_bytes: &[],
        options: TcpOptions {
            timestamps: Some(Timestamps {
                value: seq,
                echo: ack,
            }),
            kinds: [1, 1, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0],
            kinds_len: 3,
            ..TcpOptions::default()
        },
        ip: IpFields {
            ttl: 64,
            total_len: 52,
            ..IpFields::default()
        },
        link: LinkFields::default(),
        known: Known::FRAME_V4,
        bad_offset: false,
    }
}

/// Downloads, packet by packet in turn: the handshake, then two data segments and an ACK, again and again.
fn downloads(connections: u32) -> Vec<Segment<'static>> {
    let mut segments = Vec::new();
    let rounds = PACKETS / connections;
    for round in 0..rounds {
        for client in 0..connections {
            let data = round.saturating_sub(3);
            let sent = 1 + (data - data / 3) * 1448;
            let mut segment = match (round, data % 3) {
                (0, _) => segment(client, true, TcpFlags::SYN, 0, 0),
                (1, _) => segment(client, false, TcpFlags::SYN | TcpFlags::ACK, 0, 1),
                (2, 0) => segment(client, true, TcpFlags::ACK, 1, 1),
                (_, 0 | 1) => with_payload(segment(client, false, TcpFlags::ACK, sent, 1)),
                _ => segment(client, true, TcpFlags::ACK, 1, sent),
            };
            segment.frame = u64::try_from(segments.len()).unwrap_or_default() + 1;
            segment.time = Timestamp::from_nanos(i64::from(round) * 1_000_000 + i64::from(client));
            segment.ip.id = u16::try_from(round % 65_536).unwrap_or_default();
            segments.push(segment);
        }
    }
    segments
}

const fn with_payload(mut segment: Segment<'static>) -> Segment<'static> {
    const PAYLOAD: [u8; 1448] = [b'x'; 1448];
    segment.payload = &PAYLOAD;
    segment.payload_len = 1448;
    segment.ip.total_len += 1448;
    segment
}

fn run(bencher: divan::Bencher<'_, '_>, segments: &[Segment<'static>]) {
    bencher
        .counter(ItemsCount::new(segments.len()))
        .bench_local(|| {
            let mut engine = Engine::<()>::new(EngineConfig::default());
            for segment in segments {
                divan::black_box(engine.segment(segment, None));
            }
            engine.finish();
            std::iter::from_fn(|| engine.next_finished()).count()
        });
}

/// So many downloads at once.
#[divan::bench(args = [10, 1_000, 10_000], sample_count = 5)]
fn open_at_once(bencher: divan::Bencher<'_, '_>, connections: u32) {
    run(bencher, &downloads(connections));
}

/// One SYN each.
#[divan::bench(sample_count = 5)]
fn half_open(bencher: divan::Bencher<'_, '_>) {
    run(bencher, &downloads(PACKETS));
}
