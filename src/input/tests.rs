//! Inputs from files that the tests write.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use proptest::prelude::*;
use whyreset_capture::{CaptureWriter, HearRecords, LinkType, Notes, Record, RecordAt, Timestamp};

use super::{Event, Input, InputOptions, TOGETHER};

/// A folder of its own, removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("whyreset-input-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.0.join(name);
        fs::write(&path, bytes).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A capture with frames at these seconds; each frame's bytes are its second.
fn capture(seconds: &[i64]) -> Vec<u8> {
    let of_one: Vec<_> = seconds.iter().map(|second| (*second, 0)).collect();
    capture_of_interfaces(&of_one)
}

/// The same of frames on these interfaces.
fn capture_of_interfaces(frames: &[(i64, u32)]) -> Vec<u8> {
    let mut writer = CaptureWriter::new();
    let mut file = writer.header().to_vec();
    for &(second, interface) in frames {
        let record = Record {
            frame: 0,
            time: Some(Timestamp::from_nanos(second * 1_000_000_000)),
            link: LinkType::ETHERNET,
            interface,
            fcs_len: 0,
            wire_len: 8,
            bytes: &second.to_le_bytes(),
        };
        file.extend(writer.record(&record, &Notes::default()));
    }
    file
}

fn open<P: AsRef<Path>>(paths: &[P]) -> Input {
    Input::open(paths, InputOptions::default()).unwrap()
}

fn refusal<P: AsRef<Path>>(paths: &[P]) -> String {
    match Input::open(paths, InputOptions::default()) {
        Ok(_) => panic!("was opened"),
        Err(error) => error.to_string(),
    }
}

/// Notes the number of a record, and where its bytes begin.
struct Heard;

impl HearRecords for Heard {
    type Note = (u64, u32);

    fn hear(&mut self, record: &Record<'_>, at: &RecordAt, note: &mut (u64, u32)) {
        *note = (record.frame, at.start);
    }
}

/// Frame, capture, interface and second of every record.
fn records(input: &mut Input) -> Vec<(u64, usize, u32, i64)> {
    let mut records = Vec::new();
    loop {
        let mut notes = [(0, 0); TOGETHER];
        match input.next_event(&mut notes, &mut Heard) {
            Event::Records(several) => {
                let bytes = several.bytes();
                let same = notes.iter().take(several.len()).map(|&(frame, at)| {
                    let frame_bytes = &bytes[at as usize..][..8];
                    (frame, frame_bytes)
                });
                let frames = several.frames().map(|frame| frame.record());
                assert!(same.eq(frames.map(|record| (record.frame, record.bytes))));
                for record in several.frames().map(|frame| frame.record()) {
                    let second = i64::from_le_bytes(record.bytes.try_into().unwrap());
                    records.push((record.frame, several.capture(), record.interface, second));
                }
            }
            Event::End => return records,
            other => panic!("{other:?}"),
        }
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn one_capture_bare_and_compressed() {
    let folder = Folder::new();
    let bytes = capture(&[5, 6, 4]);
    let expected = [(1, 0, 0, 5), (2, 0, 0, 6), (3, 0, 0, 4)];
    for (name, bytes, compressions) in [
        ("bare", bytes.clone(), vec![]),
        ("gz", gzip(&bytes), vec!["gzip"]),
        ("gz.gz", gzip(&gzip(&bytes)), vec!["gzip", "gzip"]),
        (
            "zst",
            zstd::stream::encode_all(bytes.as_slice(), 1).unwrap(),
            vec!["zstd"],
        ),
    ] {
        let path = folder.file(name, &bytes);
        let mut input = open(&[path]);
        assert_eq!(records(&mut input), expected, "{name}");
        let info = &input.infos()[0];
        assert_eq!(info.format, "pcapng");
        assert_eq!(info.compressions, compressions);
        assert_eq!(info.packets, 3);
        assert_eq!(info.bytes, bytes.len() as u64);
        assert_eq!(info.first_time, Some(Timestamp::from_nanos(4_000_000_000)));
        assert_eq!(info.last_time, Some(Timestamp::from_nanos(6_000_000_000)));
        assert!(info.warnings.is_empty());
        assert_eq!(input.bytes_total(), Some(bytes.len() as u64));
    }
}

#[test]
fn several_captures_are_merged_in_time_order() {
    let folder = Folder::new();
    let paths = [
        folder.file("b", &capture(&[20, 22, 23])),
        folder.file("a", &capture(&[1, 2, 21, 3])),
        folder.file("c", &gzip(&capture(&[2, 30]))),
        folder.file("empty", &capture(&[])),
    ];
    let mut input = open(&paths);
    assert_eq!(
        records(&mut input),
        [
            (1, 1, 0, 1),
            (2, 1, 0, 2),
            (3, 2, 1, 2),
            (4, 0, 2, 20),
            (5, 1, 0, 21),
            (6, 1, 0, 3),
            (7, 0, 2, 22),
            (8, 0, 2, 23),
            (9, 2, 1, 30),
        ]
    );
    let packets: Vec<_> = input.infos().iter().map(|info| info.packets).collect();
    assert_eq!(packets, [3, 4, 2, 0]);
    let sizes: u64 = paths
        .iter()
        .map(|path| fs::metadata(path).unwrap().len())
        .sum();
    assert_eq!(input.bytes_read(), sizes);
}

/// Always the earliest of the next frames, as [`records`] tells them.
fn merged(files: &[Vec<(i64, u32)>]) -> Vec<(u64, usize, u32, i64)> {
    let mut rest: Vec<_> = files.iter().map(|file| file.iter().peekable()).collect();
    let mut interfaces = Vec::new();
    let mut merged = Vec::new();
    loop {
        let heads = rest.iter_mut().enumerate();
        let heads = heads.filter_map(|(file, frames)| Some((frames.peek()?.0, file)));
        let Some((second, file)) = heads.min() else {
            return merged;
        };
        let (_, interface) = rest[file].next().unwrap();
        let known = interfaces.iter().position(|it| *it == (file, interface));
        let number = known.unwrap_or_else(|| {
            interfaces.push((file, interface));
            interfaces.len() - 1
        });
        let frame = merged.len() as u64 + 1;
        merged.push((frame, file, u32::try_from(number).unwrap(), second));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]
    #[test]
    fn frames_that_are_handed_out_together_are_in_order(
        files in proptest::collection::vec(
            proptest::collection::vec((0_i64..60, prop_oneof![5 => Just(0_u32), 1 => Just(1)]), 1..100),
            2..4,
        ),
        sorted in any::<bool>(),
    ) {
        let mut files = files;
        if sorted {
            files.iter_mut().for_each(|file| file.sort_by_key(|frame| frame.0));
        }
        let folder = Folder::new();
        let write = |(at, file): (usize, &Vec<_>)| folder.file(["a", "b", "c"][at], &capture_of_interfaces(file));
        let paths: Vec<_> = files.iter().enumerate().map(write).collect();
        prop_assert_eq!(records(&mut open(&paths)), merged(&files));
    }
}

#[test]
fn the_files_of_a_ring_have_the_same_interfaces() {
    let folder = Folder::new();
    let file =
        |name: &str, frames: &[(i64, u32)]| folder.file(name, &capture_of_interfaces(frames));
    let paths = [
        file("ring_2.pcap", &[(11, 0), (12, 1)]),
        file("other.pcap", &[(5, 0), (15, 0)]),
        file("ring_1.pcap", &[(1, 0), (10, 1)]),
    ];
    let interfaces: Vec<_> = records(&mut open(&paths))
        .iter()
        .map(|record| (record.3, record.2))
        .collect();
    let expected = [(1, 0), (5, 1), (10, 2), (11, 0), (12, 2), (15, 1)];
    assert_eq!(interfaces, expected);
}

#[test]
fn a_large_ring_is_read_in_any_order_of_names() {
    let folder = Folder::new();
    let paths: Vec<_> = (0..300_i64)
        .map(|i| {
            let start = (i * 7 % 300) * 10;
            folder.file(&i.to_string(), &capture(&[start, start + 1, start + 9]))
        })
        .collect();
    let mut input = open(&paths);
    let seconds: Vec<_> = records(&mut input).iter().map(|record| record.3).collect();
    assert_eq!(seconds.len(), 900);
    assert!(seconds.is_sorted());
}

#[test]
fn cut_files_keep_what_was_read_and_warn() {
    let folder = Folder::new();
    let bytes = capture(&[1, 2]);
    let cut = folder.file("cut", &bytes[..bytes.len() - 5]);
    let mut input = open(&[cut]);
    assert_eq!(records(&mut input).len(), 1);
    let warning = &input.infos()[0].warnings[0];
    assert!(
        warning.starts_with("the last record is cut short: 35 of 40 bytes are there"),
        "{warning}"
    );

    let many = capture(&(0..100_000).collect::<Vec<_>>());
    let packed = gzip(&many);
    let cut = folder.file("cut.gz", &packed[..packed.len() / 2]);
    let mut input = open(&[cut]);
    let count = records(&mut input).len();
    assert!((1_000..99_000).contains(&count), "{count}");
    let warning = &input.infos()[0].warnings[0];
    assert!(
        warning.starts_with("the gzip data is cut or damaged"),
        "{warning}"
    );
}

#[test]
fn texts_come_first_in_pieces() {
    let folder = Folder::new();
    let long = "1 0.0 10.0.0.1 -> 10.0.0.2 TCP 80 > 1 [RST]\n".repeat(5_000);
    let text = folder.file("list.txt", long.as_bytes());
    let packed = folder.file("list.gz", &gzip(b"some text\n"));
    let binary = folder.file("x.pcap", &capture(&[1]));
    let mut input = open(&[binary, text, packed]);
    let mut texts = vec![String::new(); 3];
    let mut ended = Vec::new();
    loop {
        match input.next_event(&mut [(); TOGETHER], &mut ()) {
            Event::Text { capture, bytes } => texts[capture] += std::str::from_utf8(bytes).unwrap(),
            Event::TextEnd { capture } => ended.push(capture),
            _ => break,
        }
    }
    assert_eq!(ended, [1, 2]);
    assert_eq!(texts, ["", &long, "some text\n"]);
    let formats: Vec<_> = input.infos().iter().map(|info| info.format).collect();
    assert_eq!(formats, ["pcapng", "text", "text"]);
}

#[test]
fn each_refusal_is_one_clear_line() {
    let folder = Folder::new();
    let missing = folder.0.join("missing.pcap");
    let empty = folder.file("empty.pcap", b"");
    let pdf = folder.file("x.pcap", b"%PDF-1.7 ...");
    let head = folder.file("head.pcap", &[0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0]);
    for (path, expected) in [
        (&missing, "there is no such file"),
        (&folder.0, "is a folder"),
        (&empty, "is empty"),
        (&pdf, "is a PDF document, not a capture"),
        (
            &head,
            "cannot be read: the file header is cut short: 8 of 24 bytes",
        ),
    ] {
        let line = refusal(&[path]);
        assert!(line.contains(expected), "{line}");
        assert!(line.starts_with(&path.display().to_string()), "{line}");
        assert!(!line.contains('\n'));
    }
    assert!(refusal::<&Path>(&[]).contains("no capture"));
}

#[test]
fn among_others_a_file_that_is_no_capture_is_left_out_with_a_warning() {
    let folder = Folder::new();
    let empty = folder.file("empty.pcap", b"");
    let good = folder.file("good.pcap", &capture(&[1]));
    let mut input = open(&[&empty, &good]);
    assert_eq!(records(&mut input).len(), 1);
    assert!(input.infos()[0].warnings[0].contains("left out: it is empty"));
    assert!(refusal(&[&empty, &folder.0.join("missing")]).contains("there is no such file"));
    assert!(refusal(&[&empty, &empty]).contains("is empty"));
}
