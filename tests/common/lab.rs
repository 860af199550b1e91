//! The lab's fixtures: captures of failures that were made, with the truth about them.

use std::path::{Path, PathBuf};

use serde_json::Value;

/// From here on a wrong answer is a bug.
pub const SURE: f64 = 0.9;

/// Where a capture was taken.
pub const VANTAGES: [&str; 3] = ["client", "path", "server"];

/// A record of a little-endian pcap: its header and its frame.
pub type Record = (Vec<u8>, Vec<u8>);

/// The records of a pcap.
pub fn records(pcap: &[u8]) -> Vec<Record> {
    let mut rest = &pcap[24..];
    let mut records = Vec::new();
    while let Some((header, behind)) = rest.split_at_checked(16) {
        let len = u32::from_le_bytes(header[8..12].try_into().unwrap()) as usize;
        let (frame, after) = behind.split_at(len);
        records.push((header.to_vec(), frame.to_vec()));
        rest = after;
    }
    records
}

/// Where TCP begins: the fixtures are in Ethernet frames, IPv4 without options or IPv6 without extension headers.
pub fn tcp(frame: &[u8]) -> Option<usize> {
    match frame.get(12..14)? {
        [8, 0] if frame.get(23) == Some(&6) => Some(34),
        [0x86, 0xdd] if frame.get(20) == Some(&6) => Some(54),
        _ => None,
    }
}

/// The fixtures' folders.
pub fn cases() -> Vec<PathBuf> {
    let folders = |path: &Path| -> Vec<PathBuf> {
        let entries = std::fs::read_dir(path).unwrap();
        entries
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.is_dir())
            .collect()
    };
    let mut cases: Vec<PathBuf> = folders(Path::new("tests/fixtures/lab"))
        .iter()
        .flat_map(|cause| folders(cause))
        .collect();
    cases.sort();
    assert!(cases.len() >= 20, "{cases:?}");
    cases
}

/// The verdicts of a document on what was left of a capture that are wrong, and sure of it.
pub fn surely_wrong(case: &Path, vantage: &str, left: &str, document: &Value) -> Vec<String> {
    let truth: Value =
        serde_json::from_slice(&std::fs::read(case.join("truth.json")).unwrap()).unwrap();
    let known = truth["connections"].as_array().unwrap();
    let mut wrong = Vec::new();
    for connection in document["connections"].as_array().unwrap() {
        let ends = [end(&connection["client"]), end(&connection["server"])];
        let mut known = known.iter();
        let Some(expected) = known.find(|it| ends.iter().any(|end| it["client"] == end.as_str()))
        else {
            continue;
        };
        let cause = connection["verdict"]["cause"].as_str().unwrap();
        let confidence = connection["verdict"]["confidence"].as_f64().unwrap();
        let allowed = cause == "unknown" || is_right(expected, "cause", cause, vantage);
        if confidence >= SURE && !allowed {
            wrong.push(format!(
                "{} at the {vantage}, {left}: {cause} ({confidence})",
                case.display()
            ));
        }
    }
    wrong
}

fn end(end: &Value) -> String {
    let ip = end["ip"].as_str().unwrap();
    match ip.contains(':') {
        true => format!("[{ip}]:{}", end["port"]),
        false => format!("{ip}:{}", end["port"]),
    }
}

/// Whether `given` is the truth about a connection, or right as well from this vantage.
pub fn is_right(connection: &Value, field: &str, given: &str, vantage: &str) -> bool {
    let also = |place: &str| {
        connection["truth"]["also"][place][field]
            .as_array()
            .is_some_and(|also| also.iter().any(|value| value == given))
    };
    connection["truth"][field] == given || also("any") || also(vantage)
}
