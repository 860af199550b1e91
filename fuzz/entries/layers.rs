//! Frames of every link type: records as a little-endian pcap file holds them, of which only the link type, the lengths
//! and the bytes matter.

use whyreset_capture::{LinkType, Record, Timestamp};
use whyreset_frames::{Dissector, Found, Sight, at_first_sight, plain_segment};
use whyreset_segments::{EndV4, Endpoint, Known, Segment, Usual};

/// Checks one input.
pub fn run(file: &[u8]) {
    let Some((header, mut rest)) = file.split_first_chunk::<24>() else {
        return;
    };
    let link = LinkType(u16::from_le_bytes([header[20], header[21]]));
    let mut dissector = Dissector::new();
    let mut frame = 0;
    while let Some((head, tail)) = rest.split_first_chunk::<16>() {
        let len = u32::from_le_bytes([head[8], head[9], head[10], head[11]]) as usize;
        let (bytes, after) = tail.split_at(len.min(tail.len()));
        rest = after;
        frame += 1;
        let record = Record {
            frame,
            time: Some(Timestamp::default()),
            link,
            interface: 0,
            fcs_len: head[0] & 7,
            wire_len: u32::from_le_bytes([head[12], head[13], head[14], head[15]]),
            bytes,
        };
        dissector.dissect(&record, Timestamp::default(), &mut |found| match found {
            Found::Segment(segment) => check(frame, &segment),
            Found::Quote(quote) => check(frame, &quote.segment),
        });
        check_first_sight(&record);
    }
}

/// What is told of a frame at first sight is what its segment says.
fn check_first_sight(record: &Record<'_>) {
    let mut usual = Usual::BLANK;
    let (sight, segment) = (at_first_sight(record, &mut usual), plain_segment(record));
    let Some(segment) = segment else {
        assert!(sight.is_none());
        return;
    };
    let Some(Sight::Usual(ends) | Sight::Other(ends)) = sight else {
        panic!("nothing is told of {segment:?}");
    };
    let shown = |end: EndV4| format!("{}:{}", end.address(), end.port());
    let ends = [shown(ends.source), shown(ends.destination)];
    assert_eq!(
        ends,
        [segment.source, segment.destination].map(|it: Endpoint| it.to_string())
    );
    if matches!(sight, Some(Sight::Usual(_))) {
        assert_eq!(usual.payload(record.bytes), segment.payload);
        let told = Usual::of(&segment).map(|told| Usual {
            at: usual.at,
            ..told
        });
        assert_eq!(format!("{told:?}"), format!("{:?}", Some(usual)));
    }
}

fn check(frame: u64, segment: &Segment<'_>) {
    assert_eq!(segment.frame, frame);
    assert!(segment.payload.len() <= segment.tcp_bytes.len());
    if segment.known.has(Known::LEN) && !segment.bad_offset {
        assert!(segment.payload.len() <= segment.payload_len as usize);
    }
    let _ = segment.checksum();
}
