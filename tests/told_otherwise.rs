//! The same packets told otherwise: on another link layer, with numbers that wrap, seen on both sides of a router, stamped a little late.
//! Nothing that they say changes, and so the verdict must not. Each is made of every fixture of the lab.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod common;

use std::collections::HashMap;
use std::path::Path;

use common::document;
use common::lab::{Record, VANTAGES, cases, records, tcp};
use serde_json::Value;

/// A way of telling it.
struct Telling {
    name: &'static str,
    link_type: u8,
    tell: fn(&[Record]) -> Vec<Record>,
}

const ETHERNET: u8 = 1;
/// `LINKTYPE_LINUX_SLL`.
const COOKED: u8 = 113;

const TELLINGS: &[Telling] = &[
    Telling {
        name: "in a VLAN",
        link_type: ETHERNET,
        tell: |records| {
            relinked(records, |frame| {
                [&frame[..12], &[0x81, 0, 0, 100], &frame[12..14]].concat()
            })
        },
    },
    Telling {
        name: "as tcpdump -i any has it",
        link_type: COOKED,
        tell: |records| {
            relinked(records, |frame| {
                [&[0, 0, 0, 1, 0, 6], &frame[6..12], &[0, 0], &frame[12..14]].concat()
            })
        },
    },
    Telling {
        name: "with numbers that wrap",
        link_type: ETHERNET,
        tell: wrapped,
    },
    Telling {
        name: "on both sides of a router",
        link_type: ETHERNET,
        tell: routed,
    },
    Telling {
        name: "one direction stamped late",
        link_type: ETHERNET,
        tell: stamped_late,
    },
];

/// Another header before the same packet.
fn relinked(records: &[Record], header: fn(&[u8]) -> Vec<u8>) -> Vec<Record> {
    let relink = |(head, frame): &Record| record(head, [&header(frame), &frame[14..]].concat());
    records.iter().map(relink).collect()
}

/// A record like this one, with another frame in it.
fn record(head: &[u8], frame: Vec<u8>) -> Record {
    let mut head = head.to_vec();
    let word = |at: usize| u32::from_le_bytes(head[at..at + 4].try_into().unwrap());
    let cut = word(12) - word(8);
    let captured = u32::try_from(frame.len()).unwrap();
    head[8..12].copy_from_slice(&captured.to_le_bytes());
    head[12..16].copy_from_slice(&(captured + cut).to_le_bytes());
    (head, frame)
}

fn micros(head: &[u8]) -> u64 {
    let word = |at: usize| u64::from(u32::from_le_bytes(head[at..at + 4].try_into().unwrap()));
    word(0) * 1_000_000 + word(4)
}

fn later(record: &Record, micros_later: u64) -> Record {
    let (mut head, frame) = record.clone();
    let at = micros(&head) + micros_later;
    let word = |value: u64| u32::try_from(value).unwrap().to_le_bytes();
    head[..4].copy_from_slice(&word(at / 1_000_000));
    head[4..8].copy_from_slice(&word(at % 1_000_000));
    (head, frame)
}

fn in_time_order(mut records: Vec<Record>) -> Vec<Record> {
    records.sort_by_key(|(head, _)| micros(head));
    records
}

/// Source and ports, and the other direction's.
fn directions(frame: &[u8], at: usize) -> [Vec<u8>; 2] {
    let (source, destination) = match at {
        34 => (26..30, 30..34),
        _ => (22..38, 38..54),
    };
    let [ours, theirs] = [&frame[at..at + 2], &frame[at + 2..at + 4]];
    [
        [&frame[source], ours, theirs].concat(),
        [&frame[destination], theirs, ours].concat(),
    ]
}

/// All numbers of each direction moved, so that its first is the last before 0.
fn wrapped(records: &[Record]) -> Vec<Record> {
    if records.iter().any(|(_, frame)| is_quote(frame)) {
        return records.to_vec();
    }
    let mut moved: HashMap<Vec<u8>, u32> = HashMap::new();
    let mut told = Vec::new();
    for (head, frame) in records {
        let mut frame = frame.clone();
        if let Some(at) = tcp(&frame) {
            let [own, peer] = directions(&frame, at);
            let number =
                |from: usize| u32::from_be_bytes(frame[from..from + 4].try_into().unwrap());
            let (seq, ack, flags) = (number(at + 4), number(at + 8), frame[at + 13]);
            let resets = flags & 0x04 != 0;
            let by = match resets {
                true => moved.get(&own).copied().unwrap_or(0),
                false => *moved.entry(own).or_insert(u32::MAX.wrapping_sub(seq)),
            };
            let acked_by = moved.get(&peer).copied().unwrap_or(0);
            frame[at + 4..at + 8].copy_from_slice(&seq.wrapping_add(by).to_be_bytes());
            if flags & 0x10 != 0 {
                frame[at + 8..at + 12].copy_from_slice(&ack.wrapping_add(acked_by).to_be_bytes());
            }
            move_blocks(&mut frame, at, acked_by);
        }
        told.push((head.clone(), frame));
    }
    told
}

/// An ICMP error, which quotes numbers.
fn is_quote(frame: &[u8]) -> bool {
    let at = |index: usize| frame.get(index).copied();
    match frame.get(12..14) {
        Some([8, 0]) => at(23) == Some(1),
        Some([0x86, 0xdd]) => at(20) == Some(58) && at(54).is_some_and(|kind| kind < 128),
        _ => false,
    }
}

/// The blocks of SACK (option 5) are numbers of the other direction.
fn move_blocks(frame: &mut [u8], at: usize, by: u32) {
    let end = (at + usize::from(frame[at + 12] >> 4) * 4).min(frame.len());
    let mut option = at + 20;
    while option + 1 < end && frame[option] != 0 {
        if frame[option] == 1 {
            option += 1;
            continue;
        }
        let next = option + usize::from(frame[option + 1]).max(2);
        if frame[option] == 5 && next <= end {
            for edge in frame[option + 2..next].chunks_exact_mut(4) {
                let moved = u32::from_be_bytes(edge.try_into().unwrap()).wrapping_add(by);
                edge.copy_from_slice(&moved.to_be_bytes());
            }
        }
        option = next;
    }
}

/// Each packet a second time, 700 µs later, one hop further.
fn routed(records: &[Record]) -> Vec<Record> {
    let copy = |record: &Record| {
        let (head, mut frame) = later(record, 700);
        frame[..12].copy_from_slice(&[2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2]);
        let hops = if frame[12] == 8 { 22 } else { 21 };
        frame[hops] = frame[hops].saturating_sub(1).max(1);
        (head, frame)
    };
    let copies = records.iter().map(copy);
    in_time_order(records.iter().cloned().chain(copies).collect())
}

/// What goes to the lower port is stamped 30 µs late, as by another queue of the network card: an acknowledgement may come before what it
/// acknowledges.
fn stamped_late(records: &[Record]) -> Vec<Record> {
    let stamp = |record: &Record| {
        let late = tcp(&record.1).is_some_and(|at| record.1[at..at + 2] < record.1[at + 2..at + 4]);
        later(record, if late { 30 } else { 0 })
    };
    in_time_order(records.iter().map(stamp).collect())
}

/// Cause and client's port of each connection.
fn causes(pcap_header: &[u8], link_type: u8, records: &[Record]) -> Vec<(u64, String)> {
    let mut bytes = pcap_header.to_vec();
    bytes[20] = link_type;
    for (head, frame) in records {
        bytes.extend_from_slice(head);
        bytes.extend_from_slice(frame);
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("told.pcap");
    std::fs::write(&path, bytes).unwrap();
    let document = document(&[path.to_str().unwrap()]);
    let connections = document["connections"].as_array().unwrap().iter();
    let cause = |it: &Value| {
        let cause = it["verdict"]["cause"].as_str().unwrap().to_owned();
        (it["client"]["port"].as_u64().unwrap(), cause)
    };
    let mut causes: Vec<_> = connections.map(cause).collect();
    causes.sort();
    causes
}

/// Payload overwritten with zeros, as in captures that were made anonymous.
fn wiped(records: &[Record]) -> Vec<Record> {
    let wipe = |(head, frame): &Record| {
        let mut frame = frame.clone();
        if let Some(payload) = payload(&frame) {
            frame[payload..].fill(0);
        }
        (head.clone(), frame)
    };
    records.iter().map(wipe).collect()
}

/// Frames cut off where their payload begins, as by a short snapshot length.
fn beheaded(records: &[Record]) -> Vec<Record> {
    let cut = |(head, frame): &Record| {
        let kept = payload(frame).unwrap_or(frame.len());
        let mut head = head.clone();
        head[8..12].copy_from_slice(&u32::try_from(kept).unwrap().to_le_bytes());
        (head, frame[..kept].to_vec())
    };
    records.iter().map(cut).collect()
}

/// Where the payload of a TCP segment begins.
fn payload(frame: &[u8]) -> Option<usize> {
    let at = tcp(frame)?;
    let begins = at + usize::from(frame[at + 12] >> 4) * 4;
    (begins <= frame.len()).then_some(begins)
}

#[test]
fn payload_that_was_wiped_says_no_more_than_none() {
    let told = |case: &Path, vantage: &str| {
        let pcap = std::fs::read(case.join(format!("{vantage}.pcap"))).ok()?;
        let all = records(&pcap);
        let as_if = |records: &[Record]| causes(&pcap[..24], ETHERNET, records);
        let (wiped, cut) = (as_if(&wiped(&all)), as_if(&beheaded(&all)));
        (wiped != cut).then(|| {
            format!(
                "{} at the {vantage}: {wiped:?}, not {cut:?}",
                case.display()
            )
        })
    };
    let cases = cases();
    let differ: Vec<String> = cases
        .iter()
        .flat_map(|case| VANTAGES.iter().filter_map(|vantage| told(case, vantage)))
        .collect();
    assert!(differ.is_empty(), "{differ:#?}");
}

/// The tellings of one capture that change a verdict.
fn changed(case: &Path, vantage: &str) -> Vec<String> {
    let Ok(pcap) = std::fs::read(case.join(format!("{vantage}.pcap"))) else {
        return Vec::new();
    };
    let all = records(&pcap);
    let untouched = causes(&pcap[..24], ETHERNET, &all);
    let mut changed = Vec::new();
    for telling in TELLINGS {
        let told = causes(&pcap[..24], telling.link_type, &(telling.tell)(&all));
        if told != untouched {
            changed.push(format!(
                "{} at the {vantage}, {}: {told:?}, not {untouched:?}",
                case.display(),
                telling.name
            ));
        }
    }
    changed
}

#[test]
fn the_same_packets_told_otherwise_have_the_same_verdict() {
    let cases = cases();
    let changed: Vec<String> = cases
        .iter()
        .flat_map(|case| VANTAGES.iter().flat_map(|vantage| changed(case, vantage)))
        .collect();
    assert!(changed.is_empty(), "{changed:#?}");
}
