//! Real failures from the lab: the verdict from both places is the right one, or an honest `unknown`.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod common;

use std::path::{Path, PathBuf};

use common::document;
use common::lab::{cases, is_right, records};
use serde_json::Value;

/// What is wrong with the verdicts on the captures of these places, read together.
fn judged(case: &Path, places: &[&str]) -> Vec<String> {
    let captures: Vec<PathBuf> = places
        .iter()
        .map(|place| case.join(format!("{place}.pcap")))
        .collect();
    let captures: Vec<&str> = captures.iter().map(|it| it.to_str().unwrap()).collect();
    wrong_in(case, &document(&captures), &places.join(" and the "))
}

/// What is wrong with the verdicts of a document on a fixture's captures.
fn wrong_in(case: &Path, document: &Value, vantage: &str) -> Vec<String> {
    let truth: Value =
        serde_json::from_slice(&std::fs::read(case.join("truth.json")).unwrap()).unwrap();
    let mut wrong = Vec::new();
    for expected in truth["connections"].as_array().unwrap() {
        let client = expected["client"].as_str().unwrap();
        let found = document["connections"]
            .as_array()
            .unwrap()
            .iter()
            .find(|it| {
                let ip = it["client"]["ip"].as_str().unwrap();
                let port = it["client"]["port"].as_u64().unwrap();
                client == format!("{ip}:{port}") || client == format!("[{ip}]:{port}")
            });
        // What never passed a capture point cannot be judged there.
        let Some(found) = found else { continue };
        let cause = found["verdict"]["cause"].as_str().unwrap();
        let ended_by = found["verdict"]["ended_by"].as_str().unwrap();
        if cause == "unknown" {
            continue;
        }
        let confidence = &found["verdict"]["confidence"];
        if !is_right(expected, "cause", cause, vantage) {
            wrong.push(format!(
                "{} at the {vantage}: {cause} ({confidence})",
                case.display()
            ));
        } else if !is_right(expected, "ended_by", ended_by, vantage) {
            wrong.push(format!(
                "{} at the {vantage}: {cause} by {ended_by}",
                case.display()
            ));
        }
    }
    wrong
}

#[test]
fn every_fixture_is_judged_rightly_from_both_places() {
    let cases = cases();
    assert!(cases.len() >= 12, "{cases:?}");
    let wrong: Vec<String> = cases
        .iter()
        .flat_map(|case| [judged(case, &["client"]), judged(case, &["server"])].concat())
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The fixtures that were captured at both ends. What never reached the server, or is not to be seen at one end, is judged from that end alone.
fn captured_at_both_ends() -> Vec<PathBuf> {
    let mut cases = cases();
    cases.retain(|case| {
        ["client", "server"]
            .iter()
            .all(|place| case.join(format!("{place}.pcap")).exists())
    });
    cases
}

#[test]
fn captures_of_both_ends_are_one() {
    let wrong: Vec<String> = captured_at_both_ends()
        .iter()
        .flat_map(|case| judged(case, &["client", "server"]))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The same capture by a clock that is so many microseconds ahead.
fn by_a_clock_ahead(pcap: &[u8], ahead: i64) -> Vec<u8> {
    let mut shifted = pcap[..24].to_vec();
    for (mut header, frame) in records(pcap) {
        let word = |at: usize| u32::from_le_bytes(header[at..at + 4].try_into().unwrap());
        let micros = i64::from(word(0)) * 1_000_000 + i64::from(word(4)) + ahead;
        let seconds = u32::try_from(micros / 1_000_000).unwrap();
        let micros = u32::try_from(micros % 1_000_000).unwrap();
        header[..4].copy_from_slice(&seconds.to_le_bytes());
        header[4..8].copy_from_slice(&micros.to_le_bytes());
        shifted.extend(header);
        shifted.extend(frame);
    }
    shifted
}

#[test]
fn clocks_that_differ_are_set_by_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let shifted = folder.path().join("server.pcap");
    let mut wrong = Vec::new();
    for case in captured_at_both_ends() {
        let client = case.join("client.pcap");
        let server = std::fs::read(case.join("server.pcap")).unwrap();
        for ahead in [400_000, -3_000_000, 3_600_000_000] {
            std::fs::write(&shifted, by_a_clock_ahead(&server, ahead)).unwrap();
            let document = document(&[client.to_str().unwrap(), shifted.to_str().unwrap()]);
            let vantage = format!("client and the server, {ahead} us ahead");
            wrong.extend(wrong_in(&case, &document, &vantage));
            // Where packets passed one way alone, nothing tells a clock from a long path.
            let answered = document["connections"]
                .as_array()
                .unwrap()
                .iter()
                .any(|it| it["bytes"]["server"] != 0);
            let said = document["captures"][1]["warnings"].to_string();
            if answered && !said.contains("its clock is") {
                wrong.push(format!("{}: nothing said of the clock", case.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
