//! `whyreset slice`: what one connection takes along into a capture of its own.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::path::Path;

use common::{document, gzip, run, run_with_input};
use whyreset::capture::{CaptureWriter, LinkType, Notes, Record, Timestamp};
use whyreset::input::{Event, Input, InputOptions, TOGETHER};

const CLIENT: &str = "tests/fixtures/lab/client_abort/basic-curl-killed/client.pcap";
const SERVER: &str = "tests/fixtures/lab/client_abort/basic-curl-killed/server.pcap";

/// A frame of a slice.
#[derive(Debug, PartialEq)]
struct Frame {
    nanos: i64,
    wire_len: u32,
    bytes: Vec<u8>,
    comments: Vec<String>,
    interface: (u32, String),
}

fn frames(path: &Path) -> Vec<Frame> {
    let mut input = Input::open(&[path], InputOptions::default()).unwrap();
    let mut frames = Vec::new();
    loop {
        match input.next_event(&mut [(); TOGETHER], &mut ()) {
            Event::Records(records) => {
                for frame in records.frames() {
                    let (record, details) = (frame.record(), frame.details());
                    let notes = details.notes();
                    let text = |bytes: &&[u8]| String::from_utf8(bytes.to_vec()).unwrap();
                    frames.push(Frame {
                        nanos: record.time.unwrap().nanos(),
                        wire_len: record.wire_len,
                        bytes: record.bytes.to_vec(),
                        comments: notes.comments.iter().map(text).collect(),
                        interface: (record.interface, notes.interface_name.to_owned()),
                    });
                }
            }
            Event::End => return frames,
            other => panic!("{other:?}"),
        }
    }
}

fn slice(inputs: &[&str]) -> Vec<Frame> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("slice.pcapng");
    let output = ["-o", path.to_str().unwrap()];
    let output = run(&[&["slice", "--stream", "0"], inputs, &output].concat());
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    frames(&path)
}

/// Where each frame was.
fn places(frames: &[Frame]) -> Vec<u64> {
    let place = |frame: &Frame| {
        let comment = frame.comments.last().unwrap();
        let number = comment.split(' ').nth(1).unwrap();
        number.parse().unwrap()
    };
    frames.iter().map(place).collect()
}

fn layers(name: &str) -> String {
    format!("crates/frames/tests/fixtures/{name}.pcap")
}

#[test]
fn all_fragments_of_a_datagram_come_along() {
    for (name, expected) in [
        ("frag_tiny", 8),
        ("frag_reversed", 6),
        ("frag_in_order", 6),
        ("frag6", 5),
    ] {
        let path = layers(name);
        let frames = slice(&[&path]);
        assert_eq!(
            places(&frames),
            (1..=expected).collect::<Vec<_>>(),
            "{name}"
        );
    }
}

#[test]
fn fragments_inside_a_fragmented_tunnel_come_along() {
    // IP in IP: the inner packet is cut in two, and the packet that carries its second half again.
    let tcp = [
        0x9c, 0x40, 0, 80, 0, 0, 3, 0xe8, 0, 0, 0, 0, 0x50, 2, 0x20, 0, 0, 0, 0, 0, 1, 2, 3, 4,
    ];
    let packet = |protocol: u8, id: u8, field: u16, payload: &[u8]| {
        let len = u16::try_from(20 + payload.len()).unwrap().to_be_bytes();
        let field = field.to_be_bytes();
        let addresses = [10, 0, 0, 1, 10, 0, 0, 2];
        let head = [
            0x45, 0, len[0], len[1], 0, id, field[0], field[1], 64, protocol, 0, 0,
        ];
        [&head[..], &addresses, payload].concat()
    };
    let first = packet(6, 1, 0x2000, &tcp[..16]);
    let second = packet(6, 1, 2, &tcp[16..]);
    let packets = [
        packet(4, 2, 0, &first),
        packet(17, 9, 0x2000, &[0; 8]),
        packet(4, 3, 0x2000, &second[..24]),
        packet(4, 3, 3, &second[24..]),
    ];
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tunnel.pcapng");
    std::fs::write(&path, capture(&packets, &|_| Notes::default())).unwrap();
    let frames = slice(&[path.to_str().unwrap()]);
    assert_eq!(places(&frames), [1, 3, 4]);
}

#[test]
fn icmp_errors_come_along_however_little_they_quote() {
    for name in ["icmp_quotes_8_bytes", "icmp_quotes_full_header"] {
        assert_eq!(places(&slice(&[&layers(name)])), [1, 2], "{name}");
    }
}

/// Raw IP packets as a capture, a microsecond and a nanosecond apart, on interfaces by turns.
fn capture<'a>(packets: &'a [Vec<u8>], notes: &dyn Fn(usize) -> Notes<'a>) -> Vec<u8> {
    let mut writer = CaptureWriter::new();
    let mut file = Vec::new();
    for (index, bytes) in packets.iter().enumerate() {
        let record = Record {
            frame: 0,
            time: Some(Timestamp::from_nanos(
                1_700_000_000_000_000_000 + index as i64 * 1_001,
            )),
            link: LinkType(101),
            interface: index as u32 % 2,
            fcs_len: 0,
            wire_len: 1_000,
            bytes,
        };
        file.extend(writer.record(&record, &notes(index)));
    }
    file
}

#[test]
fn times_comments_and_interfaces_stay() {
    let packet = |flags| {
        vec![
            0x45, 0, 0, 40, 0, 7, 0x40, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2, // IPv4
            0x9c, 0x40, 0, 80, 0, 0, 3, 0xe8, 0, 0, 0, 0, 0x50, flags, 0x20, 0, 0, 0, 0, 0,
        ]
    };
    let packets = [packet(2), packet(16), packet(4)];
    let notes = |index: usize| Notes {
        comments: vec![b"the SYN".as_slice(), b"again"]
            .into_iter()
            .take(2 - index)
            .collect(),
        interface_name: ["eth0", "eth1", "eth0"][index],
        interface_description: "",
    };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("whole.pcapng");
    std::fs::write(&path, capture(&packets, &notes)).unwrap();
    let mut expected = frames(&path);
    for (index, frame) in expected.iter_mut().enumerate() {
        frame
            .comments
            .push(format!("frame {} of the whole capture", index + 1));
    }
    assert_eq!(slice(&[path.to_str().unwrap()]), expected);
    assert_eq!(expected[1].nanos, 1_700_000_000_000_001_001);
    assert_eq!(expected[0].comments.len(), 3);
}

#[test]
fn several_inputs_compressed_or_not_make_one_slice() {
    let folder = tempfile::tempdir().unwrap();
    let packed = folder.path().join("client.pcap.gz");
    std::fs::write(&packed, gzip(&std::fs::read(CLIENT).unwrap())).unwrap();
    let frames = slice(&[packed.to_str().unwrap(), SERVER]);
    let whole = document(&[CLIENT, SERVER]);
    let count = whole["connections"][0]["frames"]["count"].as_u64().unwrap();
    assert_eq!(frames.len() as u64, count);
    assert!(frames.is_sorted_by_key(|frame| frame.nanos));
    let interfaces = frames.iter().map(|frame| frame.interface.0).max();
    assert_eq!(interfaces, Some(1));
}

#[test]
fn a_slice_goes_through_pipes() {
    let arguments = ["slice", "--stream", "0", "-", "-o", "-"];
    let output = run_with_input(&arguments, &std::fs::read(SERVER).unwrap());
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("slice.pcapng");
    std::fs::write(&path, output.stdout).unwrap();
    assert_eq!(frames(&path), slice(&[SERVER]));
}
