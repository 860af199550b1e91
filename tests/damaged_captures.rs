//! Damaged captures on the whole way, from the file to the document: nothing panics or hangs, what was readable is
//! reported as if the file had ended there, and a warning says that something is missing.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use whyreset::input::{Input, InputOptions};
use whyreset::reading::{self, Reader};
use whyreset::reports::json::Document;
use whyreset::{Analysis, Judged};

/// Folders of captures, and the longest of their files to take: each is read thousands of times.
const FOLDERS: [(&str, u64); 2] = [
    ("crates/capture/tests/fixtures", 900),
    ("crates/frames/tests/fixtures", 600),
];
/// No small file may take longer, on a busy machine without optimisation.
const PATIENCE: Duration = Duration::from_secs(10);

/// What was read of a capture.
#[derive(Clone, Debug, Default, PartialEq)]
struct Reading {
    packets: u64,
    format: String,
    /// All connections, as the document has them.
    connections: String,
    warnings: Vec<String>,
}

/// The program without its arguments: reads a capture that is written to `path`.
fn read(path: &Path, bytes: &[u8]) -> Result<Reading, String> {
    fs::write(path, bytes).unwrap();
    let started = Instant::now();
    let mut input = Input::open(&[path], options()).map_err(|e| e.to_string())?;
    let mut sink = Sink(Document::new(Vec::new()));
    reading::read(&mut input, &mut Analysis::default(), &mut sink).unwrap();
    let facts = reading::capture_facts(&mut input).remove(0);
    assert!(started.elapsed() < PATIENCE, "hangs");
    Ok(Reading {
        packets: facts.packets,
        format: facts.format,
        connections: String::from_utf8(sink.0.end(&[]).unwrap()).unwrap(),
        warnings: facts.warnings,
    })
}

/// Small buffers: they are made for every reading.
fn options() -> InputOptions {
    InputOptions {
        buffer_len: 2048,
        ..InputOptions::default()
    }
}

struct Sink(Document<Vec<u8>>);

impl Reader for Sink {
    type Error = std::io::Error;

    fn judged(&mut self, judged: Judged, analysis: &Analysis) -> std::io::Result<()> {
        self.0
            .connection(&judged, analysis.origin(), analysis.names())
    }
}

/// Names and bytes of small captures of every kind.
fn captures() -> Vec<(String, Vec<u8>)> {
    let mut paths: Vec<PathBuf> = FOLDERS
        .iter()
        .flat_map(|(folder, longest)| small_files(folder, *longest))
        .collect();
    paths.sort();
    assert!(paths.len() > 25, "{}", paths.len());
    paths
        .iter()
        .map(|path| (path.display().to_string(), fs::read(path).unwrap()))
        .collect()
}

fn small_files(folder: &str, longest: u64) -> impl Iterator<Item = PathBuf> {
    fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension != "md"))
        .filter(move |path| path.metadata().unwrap().len() <= longest)
}

/// The magic number that several variants of pcap share: the records tell which it is.
fn has_variants(file: &[u8]) -> bool {
    let shared = [
        [0xd4, 0xc3, 0xb2, 0xa1],
        [0xa1, 0xb2, 0xc3, 0xd4],
        [0x34, 0xcd, 0xb2, 0xa1],
    ];
    file.first_chunk::<4>()
        .is_some_and(|magic| shared.contains(magic))
}

#[test]
fn a_capture_cut_at_any_byte_is_reported_up_to_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cut");
    for (name, file) in captures() {
        // The latest cut between two records.
        let mut whole = Reading::default();
        for len in 0..=file.len() {
            let reading = match read(&path, &file[..len]) {
                Ok(reading) => reading,
                Err(line) => {
                    assert_eq!(whole.packets, 0, "{name} cut at {len}: {line}");
                    assert_eq!(line.lines().count(), 1, "{line}");
                    continue;
                }
            };
            if reading.warnings.is_empty() {
                assert!(reading.packets >= whole.packets, "{name} cut at {len}");
                whole = reading;
            } else {
                assert_eq!(
                    (reading.packets, &reading.connections),
                    (whole.packets, &whole.connections),
                    "{name} cut at {len}"
                );
            }
        }
    }
}

#[test]
fn any_byte_of_a_capture_may_be_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("flipped");
    for (name, file) in captures() {
        let whole = read(&path, &file).map(|reading| reading.packets);
        for at in 0..file.len() {
            let mut damaged = file.clone();
            damaged[at] ^= [0x01, 0x80, 0xff][at % 3];
            match read(&path, &damaged) {
                Ok(reading) => {
                    let fewer = whole
                        .as_ref()
                        .is_ok_and(|packets| reading.packets < *packets);
                    // A block of pcapng whose type is wrong is one that nobody knows, and none that is missing.
                    let may = has_variants(&file) || reading.format == "pcapng";
                    assert!(
                        !fewer || may || !reading.warnings.is_empty(),
                        "{name} with byte {at} changed loses packets in silence"
                    );
                }
                Err(line) => assert_eq!(line.lines().count(), 1, "{line}"),
            }
        }
    }
}

#[test]
fn a_compressed_capture_cut_at_any_byte_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cut.gz");
    let file = fs::read("crates/frames/tests/fixtures/frag_in_order.pcap").unwrap();
    let mut lz4 = lz4_flex::frame::FrameEncoder::new(Vec::new());
    std::io::Write::write_all(&mut lz4, &file).unwrap();
    for (packed, name) in [
        (common::gzip(&file), "gzip"),
        (zstd::encode_all(&file[..], 3).unwrap(), "zstd"),
        (lz4.finish().unwrap(), "lz4"),
    ] {
        let whole = read(&path, &packed).unwrap();
        assert!(whole.warnings.is_empty());
        let mut before = 0;
        // Before, the magic number is not whole.
        for len in 4..packed.len() {
            match read(&path, &packed[..len]) {
                Ok(reading) => {
                    assert!(
                        (before..=whole.packets).contains(&reading.packets),
                        "{name} {len}"
                    );
                    before = reading.packets;
                    let warning = reading.warnings.first().map_or("", |warning| warning);
                    assert!(
                        warning.contains(&format!("the {name} data is cut or damaged")),
                        "{name} cut at {len}: {warning}"
                    );
                }
                Err(line) => assert_eq!(line.lines().count(), 1, "{line}"),
            }
        }
    }
}
