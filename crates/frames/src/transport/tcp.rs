//! TCP headers (RFC 9293 §3.1): the end of every walk.

use whyreset_capture::Timestamp;
use whyreset_segments::{
    Endpoint, Host, Known, LinkFields, Quote, Segment, SeqNumber, TcpFlags, TcpOptions,
};

use crate::Found;
use crate::packet::{Cut, Packet, Walked};
use crate::walk::{Datagram, Outer, Quoting, Walk};

/// From this many captured bytes on a header counts, as in Wireshark: up to and with the window.
pub(crate) const SHORTEST_SEEN: usize = 16;

/// Length of a header without options.
const HEADER_LEN: usize = 20;

/// Where and when a segment was seen.
#[derive(Clone, Copy)]
pub(crate) struct Sighting {
    /// Frame number.
    pub(crate) frame: u64,
    /// Time of the frame.
    pub(crate) time: Timestamp,
    /// Whether the capture told the time.
    pub(crate) time_known: bool,
    /// Whether `link.source_mac` was told.
    pub(crate) mac_known: bool,
    /// Link fields.
    pub(crate) link: LinkFields,
}

/// Reports the segment, or the quote where an ICMP error lies around it.
pub(crate) fn dissect(
    walk: &mut Walk<'_>,
    packet: Packet<'_>,
    datagram: &Datagram,
    outer: &Outer,
) -> Walked {
    let sighting = Sighting {
        frame: walk.frame,
        time: walk.time,
        time_known: walk.time_known,
        mac_known: outer.mac_known,
        link: outer.link,
    };
    if let Some(quoting) = &outer.quoting {
        let quote = quote(&sighting, datagram, packet, quoting).ok_or(Cut)?;
        (walk.found)(Found::Quote(quote));
        return Ok(());
    }
    let mut segment = segment(&sighting, datagram, packet).ok_or(Cut)?;
    if outer.first_fragment_only || outer.sampled {
        // The rest is elsewhere: Wireshark counts no payload, and how much there was is not known.
        segment.payload = &[];
        segment.payload_len = 0;
        segment.tcp_bytes = &[];
        segment.known = segment.known.without(Known::LEN);
    }
    (walk.found)(Found::Segment(segment));
    Ok(())
}

/// The segment whose header `packet` starts with; `None` where too little of it was captured.
#[inline]
pub(crate) fn segment<'a>(
    sighting: &Sighting,
    datagram: &Datagram,
    packet: Packet<'a>,
) -> Option<Segment<'a>> {
    let bytes = packet.bytes();
    let (head, tail) = bytes.split_first_chunk::<SHORTEST_SEEN>()?;
    let [
        s0,
        s1,
        d0,
        d1,
        q0,
        q1,
        q2,
        q3,
        a0,
        a1,
        a2,
        a3,
        offset,
        bits,
        w0,
        w1,
    ] = *head;
    let mut known = known(sighting, datagram);
    let header_len = usize::from(offset >> 4) * 4;
    let body = packet.wire_len().checked_sub(header_len);
    let bad_offset = header_len < HEADER_LEN || body.is_none();
    let payload = match body {
        Some(_) if !bad_offset => bytes.get(header_len..).unwrap_or_default(),
        _ => &[],
    };
    let payload_len = if bad_offset { 0 } else { body.unwrap_or(0) };
    let options = if header_len == HEADER_LEN {
        TcpOptions::default()
    } else {
        let options = options(bytes, header_len);
        if bytes.len() < header_len {
            known = known.without(Known::OPTIONS);
        }
        if header_len < HEADER_LEN {
            known = known.without(Known(Known::OPTIONS.0 | Known::SOME_OPTIONS.0));
        }
        options
    };
    if body.is_none() {
        // Wireshark calls it a short segment and analyses nothing of it.
        known = known.without(Known::LEN);
    }
    Some(Segment {
        frame: sighting.frame,
        time: sighting.time,
        source: Endpoint {
            host: datagram.source,
            port: u16::from_be_bytes([s0, s1]),
        },
        destination: Endpoint {
            host: datagram.destination,
            port: u16::from_be_bytes([d0, d1]),
        },
        seq: SeqNumber(u32::from_be_bytes([q0, q1, q2, q3])),
        ack: SeqNumber(u32::from_be_bytes([a0, a1, a2, a3])),
        flags: TcpFlags(u16::from_be_bytes([offset & 1, bits])),
        window: u32::from(u16::from_be_bytes([w0, w1])),
        urgent: match tail {
            [_, _, high, low, ..] => u16::from_be_bytes([*high, *low]),
            _ => 0,
        },
        payload_len: u32::try_from(payload_len).unwrap_or(u32::MAX),
        payload,
        tcp_bytes: bytes,
        options,
        ip: datagram.fields,
        link: sighting.link,
        known,
        bad_offset,
    })
}

fn options(bytes: &[u8], header_len: usize) -> TcpOptions {
    let end = header_len.min(bytes.len());
    let mut options = bytes
        .get(HEADER_LEN..end)
        .map(TcpOptions::parse)
        .unwrap_or_default();
    options.malformed |= bytes.len() < header_len;
    options
}

fn known(sighting: &Sighting, datagram: &Datagram) -> Known {
    let mut known = match datagram.source {
        Host::V4(_) => Known::FRAME_V4,
        _ => Known::FRAME_V6,
    };
    if sighting.mac_known {
        known = known.with(Known::MAC);
    }
    if !sighting.time_known {
        known = known.without(Known::TIME);
    }
    known
}

/// The segment that an ICMP error quotes: from the ports on, each field as far as the quote goes.
fn quote<'a>(
    sighting: &Sighting,
    datagram: &Datagram,
    packet: Packet<'a>,
    quoting: &Quoting,
) -> Option<Quote<'a>> {
    let bytes = packet.bytes();
    let mut longer = [0; SHORTEST_SEEN];
    for (to, from) in longer.iter_mut().zip(bytes) {
        *to = *from;
    }
    // The fixed part is read from a copy that is long enough; what was not quoted is then marked as not known.
    let fixed = segment(sighting, datagram, Packet::whole(&longer))?;
    let whole = segment(sighting, datagram, packet).unwrap_or(Segment {
        tcp_bytes: bytes,
        payload: &[],
        ..fixed
    });
    let mut known = whole.known.with(Known::LEN);
    for (end, field) in [
        (4, Known::PORTS),
        (8, Known::SEQ),
        (12, Known::ACK),
        (14, Known::FLAGS),
        (13, Known::LEN),
        (16, Known::WINDOW),
        (20, Known(Known::OPTIONS.0 | Known::SOME_OPTIONS.0)),
    ] {
        if bytes.len() < end {
            known = known.without(field);
        }
    }
    if bytes.len() < 4 {
        return None;
    }
    let header_len = bytes.get(12).map_or(0, |offset| u32::from(offset >> 4) * 4);
    let payload_len = datagram
        .payload_len
        .and_then(|len| len.checked_sub(header_len));
    if payload_len.is_none() {
        known = known.without(Known::LEN);
    }
    Some(Quote {
        error: quoting.error,
        reporter: quoting.reporter,
        reporter_ttl: quoting.reporter_ttl,
        segment: Segment {
            known,
            payload_len: payload_len.unwrap_or(0),
            // A quote may end in the header: only what the header says is held against it.
            bad_offset: bytes.len() >= SHORTEST_SEEN && (header_len as usize) < HEADER_LEN,
            ..whole
        },
        quoted_bytes: bytes.len(),
    })
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use whyreset_segments::{IcmpError, IpFields};

    use super::*;
    use crate::sample::tcp;

    fn datagram() -> Datagram {
        Datagram {
            source: Host::V4(Ipv4Addr::new(10, 0, 0, 1)),
            destination: Host::V4(Ipv4Addr::new(10, 0, 0, 2)),
            fields: IpFields::default(),
            payload_len: Some(25),
        }
    }

    fn sighting() -> Sighting {
        Sighting {
            frame: 1,
            time: Timestamp::default(),
            time_known: true,
            mac_known: false,
            link: LinkFields::default(),
        }
    }

    fn read(bytes: &[u8], wire_len: usize) -> Option<Segment<'_>> {
        segment(&sighting(), &datagram(), Packet::new(bytes, wire_len))
    }

    #[test]
    fn the_snapshot_cuts_the_payload_and_not_its_length() {
        let bytes = tcp();
        let cut = read(&bytes[..22], 25).unwrap();
        assert_eq!((cut.payload, cut.payload_len), (&b"he"[..], 5));
        assert!(cut.known.has(Known::FRAME_V4) && !cut.known.has(Known::MAC));
    }

    #[test]
    fn cut_options_are_not_known() {
        let mut bytes = tcp();
        bytes[12] = 0xa0;
        bytes.splice(20.., [2, 4, 5, 0xb4, 1, 3, 3]);
        let cut = read(&bytes, 40).unwrap();
        assert_eq!(cut.options.mss, Some(1460));
        assert!(cut.options.malformed && !cut.known.has(Known::OPTIONS));
        assert!(cut.known.has(Known::SOME_OPTIONS));
    }

    #[test]
    fn a_data_offset_below_5_carries_no_payload() {
        let mut bytes = tcp();
        bytes[12] = 0x40;
        let odd = read(&bytes, 25).unwrap();
        assert!(odd.bad_offset && !odd.known.has(Known::OPTIONS));
        assert_eq!((odd.payload, odd.payload_len), (&b""[..], 0));
    }

    #[test]
    fn a_header_longer_than_its_packet_is_none_that_a_host_takes() {
        let mut bytes = tcp();
        bytes[12] = 0x70;
        let short = read(&bytes, 25).unwrap();
        assert!(short.bad_offset && !short.known.has(Known::LEN));
        assert!(read(&tcp()[..18], 18).unwrap().bad_offset);
        assert!(!read(&tcp()[..18], 25).unwrap().bad_offset);
    }

    #[test]
    fn what_was_not_quoted_is_not_known() {
        let quoting = Quoting {
            error: IcmpError {
                v6: false,
                kind: 3,
                code: 1,
                mtu: None,
            },
            reporter: datagram().source,
            reporter_ttl: 60,
        };
        let bytes = tcp();
        let quoted = |len| {
            quote(
                &sighting(),
                &datagram(),
                Packet::new(&bytes[..len], 25),
                &quoting,
            )
        };
        let eight = quoted(8).unwrap();
        assert_eq!((eight.segment.seq.0, eight.quoted_bytes), (7, 8));
        assert!(
            eight
                .segment
                .known
                .has(Known(Known::PORTS.0 | Known::SEQ.0))
        );
        for unknown in [
            Known::ACK,
            Known::FLAGS,
            Known::WINDOW,
            Known::LEN,
            Known::OPTIONS,
        ] {
            assert!(!eight.segment.known.has(unknown), "{unknown:?}");
        }
        let seventeen = quoted(17).unwrap().segment;
        assert!(seventeen.known.has(Known::LEN) && !seventeen.bad_offset);
        let twenty = quoted(20).unwrap().segment;
        assert!(twenty.known.has(Known::FRAME_V4));
        assert_eq!(twenty.payload_len, 5);
        assert!(quoted(3).is_none());
    }
}
