//! Segments for tests.

use whyreset_capture::Timestamp;
use whyreset_segments::{
    Endpoint, Host, IpFields, Known, LinkFields, Segment, SeqNumber, TcpFlags, TcpOptions,
};

pub(crate) const A: Endpoint = endpoint(1, 40000);
pub(crate) const B: Endpoint = endpoint(2, 80);

pub(crate) const fn endpoint(last: u8, port: u16) -> Endpoint {
    Endpoint {
        host: Host::V4(std::net::Ipv4Addr::new(10, 0, 0, last)),
        port,
    }
}

/// A segment of `from` to `to` with the given flags.
pub(crate) fn segment<'a>(
    from: Endpoint,
    to: Endpoint,
    flags: TcpFlags,
    seq: u32,
    ack: u32,
    payload: &'a [u8],
) -> Segment<'a> {
    let payload_len = u32::try_from(payload.len()).unwrap();
    Segment {
        frame: 1,
        time: Timestamp::from_nanos(0),
        source: from,
        destination: to,
        seq: SeqNumber(seq),
        ack: SeqNumber(ack),
        flags,
        window: 1000,
        urgent: 0,
        payload_len,
        payload,
        tcp_bytes: &[],
        options: TcpOptions::default(),
        ip: IpFields {
            ttl: 64,
            total_len: 40 + payload_len,
            ..IpFields::default()
        },
        link: LinkFields::default(),
        known: Known::FRAME_V4,
        bad_offset: false,
    }
}

/// An ordinary ACK, with or without data.
pub(crate) fn data<'a>(
    from: Endpoint,
    to: Endpoint,
    seq: u32,
    ack: u32,
    payload: &'a [u8],
) -> Segment<'a> {
    segment(from, to, TcpFlags::ACK, seq, ack, payload)
}

/// The segment with another frame number and time.
pub(crate) const fn frame_at(mut segment: Segment<'_>, frame: u64, nanos: i64) -> Segment<'_> {
    segment.frame = frame;
    segment.time = Timestamp::from_nanos(nanos);
    segment
}
