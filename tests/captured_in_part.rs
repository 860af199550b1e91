//! Captures of which a filter, a short snapshot length, a late start or losses leave a part: what is not in them must not become
//! a confident wrong answer. Each cut is made of every fixture of the lab, and judged by the truth that the lab knows.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod common;

use std::path::Path;

use common::document;
use common::lab::{Record, VANTAGES, cases, records, surely_wrong, tcp};

/// A way of leaving a part out.
struct Cut {
    name: &'static str,
    keep: fn(&[Record]) -> Vec<Record>,
}

const CUTS: &[Cut] = &[
    Cut {
        name: "only SYN, FIN and RST",
        keep: |records| with_flags(records, 0x07),
    },
    Cut {
        name: "only SYN and RST",
        keep: |records| with_flags(records, 0x06),
    },
    Cut {
        name: "only RST",
        keep: |records| with_flags(records, 0x04),
    },
    Cut {
        name: "only what the client sends",
        keep: |records| of_one_side(records, Sender::Opener),
    },
    Cut {
        name: "only what the server sends",
        keep: |records| of_one_side(records, Sender::Other),
    },
    Cut {
        name: "60 bytes of each packet",
        keep: |records| snapped(records, 60),
    },
    Cut {
        name: "120 bytes of each packet",
        keep: |records| snapped(records, 120),
    },
    Cut {
        name: "without the first 3 packets",
        keep: |records| records.iter().skip(3).cloned().collect(),
    },
    Cut {
        name: "without the first 10 packets",
        keep: |records| records.iter().skip(10).cloned().collect(),
    },
    Cut {
        name: "every fiftieth lost",
        keep: |records| without_each(records, 50),
    },
    Cut {
        name: "neighbours out of order",
        keep: swapped,
    },
    Cut {
        name: "every eleventh lost",
        keep: |records| without_each(records, 11),
    },
];

#[derive(Clone, Copy, PartialEq)]
enum Sender {
    Opener,
    Other,
}

fn with_flags(records: &[Record], flags: u8) -> Vec<Record> {
    let picked = |frame: &[u8]| tcp(frame).is_some_and(|at| frame[at + 13] & flags != 0);
    let kept = records.iter().filter(|(_, frame)| picked(frame));
    kept.cloned().collect()
}

/// Both ends of a packet, the sender's first.
fn ends(frame: &[u8], at: usize) -> (Vec<u8>, Vec<u8>) {
    let (source, destination) = match at {
        34 => (&frame[26..30], &frame[30..34]),
        _ => (&frame[22..38], &frame[38..54]),
    };
    let end = |host: &[u8], port: &[u8]| [host, port].concat();
    (
        end(source, &frame[at..at + 2]),
        end(destination, &frame[at + 2..at + 4]),
    )
}

fn of_one_side(records: &[Record], wanted: Sender) -> Vec<Record> {
    let mut openers: Vec<(Vec<u8>, Vec<u8>)> = Vec::new();
    let mut kept = Vec::new();
    for record in records {
        let Some(at) = tcp(&record.1) else { continue };
        let (source, destination) = ends(&record.1, at);
        let answers = openers
            .iter()
            .any(|(opener, other)| *opener == destination && *other == source);
        let sender = match answers {
            true => Sender::Other,
            false => Sender::Opener,
        };
        if sender == Sender::Opener {
            openers.push((source, destination));
        }
        if sender == wanted {
            kept.push(record.clone());
        }
    }
    kept
}

fn snapped(records: &[Record], len: usize) -> Vec<Record> {
    let snap = |(header, frame): &Record| {
        let (mut header, mut frame) = (header.clone(), frame.clone());
        frame.truncate(len);
        let captured = u32::try_from(frame.len()).unwrap();
        header[8..12].copy_from_slice(&captured.to_le_bytes());
        (header, frame)
    };
    records.iter().map(snap).collect()
}

fn without_each(records: &[Record], every: usize) -> Vec<Record> {
    let kept = records
        .iter()
        .enumerate()
        .filter(|(n, _)| n % every != every / 2);
    kept.map(|(_, record)| record.clone()).collect()
}

/// As captures of several queues of one network card are: records out of time order by a few microseconds.
fn swapped(records: &[Record]) -> Vec<Record> {
    let mut records = records.to_vec();
    for pair in records.chunks_exact_mut(7) {
        pair.swap(2, 3);
    }
    records
}

/// The verdicts on what is left of one capture that are wrong, and sure of it.
fn wrong_of_the_rest(case: &Path, vantage: &str, cut: &Cut) -> Vec<String> {
    let Ok(pcap) = std::fs::read(case.join(format!("{vantage}.pcap"))) else {
        return Vec::new();
    };
    let kept = (cut.keep)(&records(&pcap));
    if kept.is_empty() {
        return Vec::new();
    }
    let mut bytes = pcap[..24].to_vec();
    for (header, frame) in &kept {
        bytes.extend_from_slice(header);
        bytes.extend_from_slice(frame);
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("part.pcap");
    std::fs::write(&path, bytes).unwrap();
    let document = document(&[path.to_str().unwrap()]);
    surely_wrong(case, vantage, cut.name, &document)
}

#[test]
fn what_was_left_out_does_not_become_a_confident_wrong_answer() {
    let mut wrong = Vec::new();
    for case in cases() {
        for cut in CUTS {
            for vantage in VANTAGES {
                wrong.extend(wrong_of_the_rest(&case, vantage, cut));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
