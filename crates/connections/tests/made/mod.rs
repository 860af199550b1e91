//! Segments for the tests beside this folder.

use std::net::Ipv4Addr;

use whyreset_capture::Timestamp;
use whyreset_segments::{
    Endpoint, Host, IpFields, Known, LinkFields, Segment, SeqNumber, TcpFlags, TcpOptions,
};

/// `10.0.0.host:port`.
pub const fn end(host: u8, port: u16) -> Endpoint {
    Endpoint {
        host: Host::V4(Ipv4Addr::new(10, 0, 0, host)),
        port,
    }
}

/// A segment without data, at the beginning of time.
pub fn segment(
    source: Endpoint,
    destination: Endpoint,
    flags: TcpFlags,
    seq: u32,
    ack: u32,
) -> Segment<'static> {
    Segment {
        frame: 0,
        time: Timestamp::from_nanos(0),
        source,
        destination,
        seq: SeqNumber(seq),
        ack: SeqNumber(ack),
        flags,
        window: 60_000,
        urgent: 0,
        payload_len: 0,
        payload: &[],
        tcp_bytes: &[],
        options: TcpOptions::default(),
        ip: IpFields {
            ttl: 64,
            total_len: 40,
            ..IpFields::default()
        },
        link: LinkFields::default(),
        known: Known::FRAME_V4,
        bad_offset: false,
    }
}
