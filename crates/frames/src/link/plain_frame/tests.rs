//! What is read here is what the layers' own files read.

use proptest::prelude::*;

use whyreset_capture::LinkType;
use whyreset_segments::{BytesAt, Endpoint, Opening};

use super::*;
use crate::{Dissector, Found};

/// What stands before IP, and its link type.
fn below_ip() -> impl Strategy<Value = (u16, Vec<u8>)> {
    let kind = prop_oneof![
        2 => Just([8, 0]),
        2 => Just([0x86, 0xdd]),
        1 => Just([0x81, 0]),
        1 => Just([0x88, 0x47]),
    ];
    let inner = prop_oneof![3 => Just([8_u8, 0]), 3 => Just([0x86, 0xdd]), 1 => Just([0x81, 0])];
    let tag = (any::<u16>(), inner);
    let ethernet = (any::<[u8; 12]>(), kind.clone(), tag).prop_map(|(macs, kind, (id, inner))| {
        let tag = [&id.to_be_bytes()[..], &inner].concat();
        let tag = if kind == [0x81, 0] { &tag[..] } else { &[] };
        (1, [&macs[..], &kind, tag].concat())
    });
    let hardware = prop_oneof![3 => Just(1_u16), 1 => Just(778), 1 => Just(824), 1 => Just(770), 1 => any::<u16>()];
    let cooked = (
        0_u8..6,
        hardware,
        5_u8..8,
        any::<[u8; 8]>(),
        kind,
        any::<bool>(),
    );
    let cooked = cooked.prop_map(|(packet, hardware, len, mac, kind, is_v2)| {
        let hardware = hardware.to_be_bytes();
        if is_v2 {
            let fields = [&kind[..], &[0; 6], &hardware, &[packet, len], &mac];
            (276, fields.concat())
        } else {
            let fields = [&[0, packet][..], &hardware, &[0, len], &mac, &kind];
            (113, fields.concat())
        }
    });
    let bare = prop_oneof![Just(12), Just(14), Just(101), Just(228), Just(229)];
    let bare = bare.prop_map(|link| (link, Vec::new()));
    prop_oneof![3 => ethernet, 2 => cooked, 1 => bare, 1 => loopback()]
}

fn loopback() -> impl Strategy<Value = (u16, Vec<u8>)> {
    let family = prop_oneof![
        Just(2_u32),
        Just(24),
        Just(28),
        Just(30),
        Just(2 << 16),
        Just(0x2_03ff),
        Just(0x800),
        any::<u32>(),
    ];
    let link = prop_oneof![Just(0), Just(108)];
    (link, family, any::<bool>()).prop_map(|(link, family, is_big)| {
        let header = match is_big {
            true => family.to_be_bytes(),
            false => family.to_le_bytes(),
        };
        (link, header.to_vec())
    })
}

/// A header of either version whose datagram is so long, or nearly plain.
fn ip() -> impl Strategy<Value = Vec<u8>> {
    let odd = || prop_oneof![9 => Just(None), 1 => any::<(u8, u8)>().prop_map(Some)];
    let v4 = (any::<[u8; 2]>(), 0_u8..3, any::<u8>(), odd());
    let v4 = (v4, any::<u8>(), 30_u16..90).prop_map(|((id, fragment, ttl, odd), tos, len)| {
        let [l0, l1] = len.to_be_bytes();
        let [i0, i1] = id;
        let start = [0x45, tos, l0, l1, i0, i1, fragment << 5, 0, ttl, 6, 0, 0];
        let header = [&start[..], &[10, 0, 0, 1, 10, 0, 0, 2]].concat();
        spoilt(header, odd)
    });
    let v6 = (any::<[u8; 3]>(), any::<u8>(), 10_u16..70, odd());
    let v6 = v6.prop_map(|([a, b, c], hops, len, odd)| {
        let [l0, l1] = len.to_be_bytes();
        let start = [0x60 | a & 15, b, c, a, l0, l1, 6, hops];
        let hosts = [[0x20; 15].as_slice(), &[1], &[0x20; 15], &[2]].concat();
        spoilt([&start[..], &hosts].concat(), odd)
    });
    prop_oneof![v4, v6]
}

/// One of the first bytes is another.
fn spoilt(mut header: Vec<u8>, odd: Option<(u8, u8)>) -> Vec<u8> {
    if let Some((at, byte)) = odd {
        header[usize::from(at) % 10] = byte;
    }
    header
}

/// A frame with a SYN, whose options fill the datagram, or nearly.
fn opening() -> impl Strategy<Value = (u16, Vec<u8>)> {
    let flags = prop_oneof![Just(2_u8), Just(0x12), Just(0xc2), any::<u8>()];
    let options = (0_u16..11, proptest::collection::vec(any::<u8>(), 40));
    let odd = prop_oneof![9 => Just(0_u16), 1 => any::<u16>()];
    let tcp = (any::<[u8; 12]>(), flags, any::<u16>(), odd.clone(), odd);
    (below_ip(), ip(), tcp, options).prop_map(|((link, below_ip), mut ip, tcp, options)| {
        let (numbers, flags, window, urgent, off) = tcp;
        let (words, bytes) = options;
        let (at, len) = if ip.len() == 20 { (2, 40) } else { (4, 20) };
        let len = (len + words * 4).wrapping_add(off);
        ip[at..at + 2].copy_from_slice(&len.to_be_bytes());
        let offset = (5 + words as u8) << 4;
        let (window, urgent) = (window.to_be_bytes(), urgent.to_be_bytes());
        let rest = [&[offset, flags][..], &window, &[0, 0], &urgent].concat();
        let options = &bytes[..usize::from(words) * 4];
        (
            link,
            [below_ip, ip, numbers.to_vec(), rest, options.to_vec()].concat(),
        )
    })
}

/// Frames of that shape, or nearly, and their link type.
fn frame() -> impl Strategy<Value = (u16, Vec<u8>)> {
    let tcp = (any::<[u8; 12]>(), any::<u8>(), any::<u8>(), any::<u16>());
    let behind = (
        prop_oneof![Just(0_u16), Just(0), any::<u16>()],
        any::<bool>(),
        proptest::collection::vec(any::<u8>(), 0..40),
    );
    (below_ip(), ip(), tcp, behind).prop_map(|((link, below_ip), ip, tcp, behind)| {
        let (numbers, offset, bits, window) = tcp;
        let (urgent, has_timestamps, rest) = behind;
        let offset = match offset % 8 {
            0 => offset,
            1..4 => 0x50,
            _ => 0x80,
        };
        let flags = if bits & 1 == 0 { 0x18 } else { bits };
        let mut frame = [below_ip, ip].concat();
        frame.extend(numbers);
        frame.extend([offset, flags]);
        frame.extend(window.to_be_bytes());
        frame.extend([0, 0]);
        frame.extend(urgent.to_be_bytes());
        if has_timestamps {
            frame.extend([1, 1, 8, 10]);
        }
        frame.extend(rest);
        (link, frame)
    })
}

/// What is told of a frame at second sight, and the ends of its segment. At first sight the same is told of it, or nothing.
fn sight(record: &Record<'_>, usual: &mut Usual) -> (Option<Sight>, Option<[Endpoint; 2]>) {
    let mut told = None;
    let sight = at_second_sight(record, 0, usual, |ends| told = Some(ends.endpoints()));
    let mut first = Usual::BLANK;
    let is_usual = at_first_sight(record, 0, &mut first).map(|ends| (ends, Sight::Usual));
    let opens = || opens_at_first_sight(record, 0, &mut first).map(|ends| (ends, Sight::Opening));
    if let Some((ends, seen)) = is_usual.or_else(opens) {
        assert_eq!(sight, Some(seen));
        assert_eq!(told, Some(Addresses::V4(ends).endpoints()));
        assert_eq!(format!("{first:?}"), format!("{usual:?}"));
    }
    (sight, told)
}

/// Whether it is all header, and opens a connection.
fn is_opening(segment: &Segment<'_>) -> bool {
    let header_len = usize::from(segment.tcp_bytes.get(12).map_or(0, |offset| offset >> 4)) * 4;
    Opening::has_flags(segment.flags)
        && !segment.bad_offset
        && segment.payload_len == 0
        && segment.tcp_bytes.len() == header_len
        && segment.urgent == 0
}

/// A usual segment but for where its bytes are, and its bytes.
fn parts((usual, holder): (Usual, &[u8])) -> (String, &[u8], Option<&[u8]>) {
    let BytesAt { tcp, end, .. } = usual.at;
    let told = Usual {
        at: BytesAt::default(),
        ..usual
    };
    (
        format!("{told:?}"),
        usual.payload(holder),
        holder.get(tcp as usize..end as usize),
    )
}

/// A frame of which so many bytes were not captured.
fn record(link: u16, bytes: &[u8], cut: u32) -> Record<'_> {
    Record {
        frame: 7,
        time: Some(Timestamp::from_nanos(5)),
        link: LinkType(link),
        interface: 3,
        fcs_len: 0,
        wire_len: u32::try_from(bytes.len()).unwrap() + cut,
        bytes,
    }
}

proptest! {
    #[test]
    fn the_parts_read_what_the_whole_segment_says(
        (link, bytes) in prop_oneof![2 => frame(), 1 => opening()],
        cut in prop_oneof![Just(0), 0_u32..20],
    ) {
        let record = record(link, &bytes, cut);
        let segment = segment(&record, Timestamp::from_nanos(5));
        if let Some(segment) = &segment {
            let mut found = Vec::new();
            Dissector::new().dissect_layers(&record, Timestamp::from_nanos(5), &mut |it| {
                found.push(match it {
                    Found::Segment(segment) => format!("{segment:?}"),
                    Found::Quote(quote) => format!("{quote:?}"),
                });
            });
            prop_assert_eq!(found, [format!("{segment:?}")]);
        }
        let mut usual = Usual::BLANK;
        let (seen, ends) = sight(&record, &mut usual);
        prop_assert_eq!(ends, segment.map(|it| [it.source, it.destination]));
        prop_assert_eq!(seen.is_some(), segment.is_some());
        let whole = segment.filter(|segment| segment.tcp_bytes.len() >= 20);
        let expected = whole.as_ref().and_then(|it| Some((Usual::of(it)?, Usual::holder(it))));
        let found = (seen == Some(Sight::Usual)).then_some((usual, &bytes[..]));
        prop_assert_eq!(found.map(parts), expected.map(parts));
        let expected = segment.filter(is_opening).map(|it| format!("{it:?}"));
        let found = ends.filter(|_| seen == Some(Sight::Opening));
        let found = found.map(|[source, destination]| {
            let opening = Opening::new(&usual, &bytes);
            format!("{:?}", opening.segment(source, destination))
        });
        prop_assert_eq!(found, expected);
    }
}

const V4: [u8; 20] = [
    0x45, 0, 0, 40, 0, 7, 0x40, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2,
];
fn is_usual(link: u16, start: &[u8], ip: &[u8]) -> bool {
    let tcp = [
        0, 9, 0, 80, 0, 0, 0, 1, 0, 0, 0, 1, 0x50, 16, 1, 0, 0, 0, 0, 0,
    ];
    let bytes = [start, ip, &tcp].concat();
    let mut usual = Usual::BLANK;
    sight(&record(link, &bytes, 0), &mut usual).0 == Some(Sight::Usual)
}

#[test]
fn either_version_is_usual_in_each_carrier() {
    let v6 = [&[0x60, 0, 0, 0, 0, 20, 6, 64][..], &[0x20; 32]].concat();
    let macs = [2; 12];
    let tagged = [&macs[..], &[0x81, 0, 0, 5]].concat();
    let cooked = [0, 4, 0, 1, 0, 6, 2, 2, 2, 2, 2, 2, 0, 0];
    for (link, start) in [(1, &macs[..]), (1, &tagged), (113, &cooked)] {
        assert!(is_usual(link, &[start, &[8, 0]].concat(), &V4), "{link}");
        let start = [start, &[0x86, 0xdd]].concat();
        assert!(is_usual(link, &start, &v6), "{link}");
    }
    let cooked_v2 = [0, 0, 0, 0, 0, 2, 0, 1, 4, 6, 2, 2, 2, 2, 2, 2, 0, 0];
    assert!(is_usual(276, &[&[8, 0], &cooked_v2[..]].concat(), &V4));
    assert!(is_usual(
        276,
        &[&[0x86, 0xdd], &cooked_v2[..]].concat(),
        &v6
    ));
    for (link, start) in [
        (12, &[][..]),
        (101, &[]),
        (228, &[]),
        (0, &[2, 0, 0, 0]),
        (108, &[0, 0, 0, 2]),
    ] {
        assert!(is_usual(link, start, &V4), "{link}");
        assert!(is_usual(link, start, &v6), "{link}");
    }
    for (link, start) in [(229, &[][..]), (0, &[30, 0, 0, 0]), (108, &[0, 0, 0, 24])] {
        assert!(is_usual(link, start, &v6), "{link}");
        assert!(!is_usual(link, start, &V4), "{link}");
    }
}

#[test]
fn what_may_be_ppp_is_left_to_its_own_file() {
    let mut v6 = [&[0x60, 0, 0, 0, 0, 20, 6, 64][..], &[0x20; 32]].concat();
    assert!(is_usual(101, &[], &v6));
    v6[1..3].copy_from_slice(&[0xff, 3]);
    assert!(!is_usual(101, &[], &v6));
    assert!(is_usual(228, &[], &v6));
    assert!(is_usual(0, &[0, 0, 2, 0], &V4));
    assert!(!is_usual(0, &[0xff, 3, 2, 0], &V4));
}
