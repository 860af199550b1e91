//! Frames of every link type: records as a little-endian pcap file holds them, of which only the link type, the lengths
//! and the bytes matter.

use whyreset_capture::{LinkType, Record, Timestamp};
use whyreset_frames::plain_segment;
use whyreset_frames::{
    Dissector, Found, Sight, at_first_sight, at_second_sight, opens_at_first_sight,
};
use whyreset_segments::{Addresses, Known, Opening, Segment, Usual};

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
    let mut ends = None;
    let sight = at_second_sight(record, 0, &mut usual, |it| ends = Some(it.endpoints()));
    let mut first = Usual::BLANK;
    let is_usual = at_first_sight(record, 0, &mut first).map(|it| (it, Sight::Usual));
    let opens = || opens_at_first_sight(record, 0, &mut first).map(|it| (it, Sight::Opening));
    if let Some((it, seen)) = is_usual.or_else(opens) {
        assert_eq!(sight, Some(seen));
        assert_eq!(ends, Some(Addresses::V4(it).endpoints()));
        assert_eq!(format!("{first:?}"), format!("{usual:?}"));
    }
    let Some(segment) = plain_segment(record) else {
        assert!(sight.is_none());
        return;
    };
    assert_eq!(ends, Some([segment.source, segment.destination]));
    match sight {
        Some(Sight::Usual) => {
            assert_eq!(usual.payload(record.bytes), segment.payload);
            let told = Usual::of(&segment).map(|told| Usual {
                at: usual.at,
                ..told
            });
            assert_eq!(format!("{told:?}"), format!("{:?}", Some(usual)));
        }
        Some(Sight::Opening) => {
            let opening = Opening::new(&usual, record.bytes);
            let told = opening.segment(segment.source, segment.destination);
            assert_eq!(format!("{told:?}"), format!("{segment:?}"));
        }
        Some(Sight::Other) => {
            assert!(segment.tcp_bytes.len() < 20 || Usual::of(&segment).is_none())
        }
        None => panic!("nothing is told of {segment:?}"),
    }
    check_layers(record, &segment);
}

/// The layers' own files find the same segment as the short way, and nothing else. They are asked by way of a check sequence that
/// was not captured: the short way leaves such frames to them.
fn check_layers(record: &Record<'_>, segment: &Segment<'_>) {
    const CHECK: u32 = 4;
    let wire_len = record.wire_len.max(record.bytes.len() as u32);
    let with_check = Record {
        fcs_len: CHECK as u8,
        wire_len: wire_len.saturating_add(CHECK),
        ..*record
    };
    if record.fcs_len != 0 || wire_len > u32::MAX / 4 {
        return;
    }
    let mut found = Vec::new();
    Dissector::new().dissect(&with_check, Timestamp::default(), &mut |it| {
        found.push(match it {
            Found::Segment(segment) => format!("{segment:?}"),
            Found::Quote(quote) => format!("{quote:?}"),
        });
    });
    assert_eq!(found, [format!("{segment:?}")]);
}

fn check(frame: u64, segment: &Segment<'_>) {
    assert_eq!(segment.frame, frame);
    assert!(segment.payload.len() <= segment.tcp_bytes.len());
    if segment.known.has(Known::LEN) && !segment.bad_offset {
        assert!(segment.payload.len() <= segment.payload_len as usize);
    }
    let _ = segment.checksum();
}
