//! Frames that end anywhere: nothing panics, and what is found is what the bytes hold.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod reading;

use proptest::prelude::*;
use whyreset_capture::{LinkType, Record, Timestamp};
use whyreset_frames::{Dissector, Found};
use whyreset_segments::Known;

/// The link types that have a layer of their own, and some that have none.
const LINK_TYPES: &[u16] = &[
    0, 1, 6, 7, 9, 10, 11, 12, 14, 16, 19, 50, 51, 101, 104, 105, 107, 108, 109, 112, 113, 117,
    119, 122, 123, 127, 129, 133, 136, 147, 163, 166, 167, 178, 179, 180, 181, 183, 192, 197, 204,
    205, 206, 219, 228, 229, 239, 242, 258, 276, 65535,
];

fn dissect(link: u16, bytes: &[u8], wire_len: u32, fcs_len: u8) -> usize {
    let record = Record {
        frame: 7,
        time: None,
        link: LinkType(link),
        interface: 3,
        fcs_len,
        wire_len,
        bytes,
    };
    let mut count = 0;
    Dissector::new().dissect(&record, Timestamp::default(), &mut |found| {
        count += 1;
        let segment = match found {
            Found::Segment(segment) => segment,
            Found::Quote(quote) => quote.segment,
        };
        assert_eq!((segment.frame, segment.link.interface), (7, 3));
        assert!(!segment.known.has(Known::TIME));
        assert!(segment.tcp_bytes.len() <= bytes.len());
        assert!(segment.payload.len() <= segment.tcp_bytes.len());
        segment.checksum();
    });
    count
}

#[test]
fn every_fixture_may_be_cut_anywhere() {
    let folder = format!("{}/tests/fixtures", env!("CARGO_MANIFEST_DIR"));
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "pcap") {
            continue;
        }
        let file = std::fs::read(&path).unwrap();
        let link = u16::from_le_bytes([file[20], file[21]]);
        let mut rest = &file[24..];
        while let Some((head, tail)) = rest.split_first_chunk::<16>() {
            let len = u32::from_le_bytes([head[8], head[9], head[10], head[11]]);
            let (frame, after) = tail.split_at(usize::try_from(len).unwrap().min(tail.len()));
            rest = after;
            for end in 0..frame.len() {
                dissect(link, &frame[..end], len, 0);
                dissect(link, &frame[..end], 0, 4);
            }
        }
    }
}

proptest! {
    #[test]
    fn any_bytes_may_stand_under_any_link_type(
        bytes in proptest::collection::vec(any::<u8>(), 0..300),
        link in proptest::sample::select(LINK_TYPES),
        wire_len in any::<u32>(),
        fcs_len in 0..9_u8,
    ) {
        dissect(link, &bytes, wire_len, fcs_len);
    }

    #[test]
    fn any_change_to_a_fixture_is_survived(
        name in proptest::sample::select(&["gtpu_extension", "ip6_extension_headers", "link_radiotap", "erspan2",
            "link_nflog", "mpls_in_gre", "tzsp", "frag_tiny", "icmp_quotes_full_header"][..]),
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
    ) {
        let mut file = reading::fixture(&format!("{name}.pcap"));
        for (index, byte) in changes {
            let at = 24 + index.index(file.len() - 24);
            file[at] = byte;
        }
        reading::dissect_file(&file, &mut |_| {});
    }
}

#[test]
fn hostile_nesting_ends() {
    let mut frame = vec![0; 12];
    for _ in 0..16_000 {
        frame.extend([0x88, 0x47, 0, 0, 0x11, 0x40]);
    }
    let len = u32::try_from(frame.len()).unwrap();
    assert_eq!(dissect(1, &frame, len, 0), 0);
    // Every IP header claims another one inside.
    let mut packet = Vec::new();
    for _ in 0..3_000 {
        packet.extend([
            0x45, 0, 0, 0, 0, 0, 0, 0, 64, 4, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2,
        ]);
    }
    let len = u32::try_from(packet.len()).unwrap();
    assert_eq!(dissect(101, &packet, len, 0), 0);
}
