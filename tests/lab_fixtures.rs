//! Real failures from the lab: the verdict from both places is the right one, or an honest `unknown`.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod common;

use std::path::{Path, PathBuf};

use common::document;
use common::lab::{cases, is_right};
use serde_json::Value;

/// What is wrong with the verdicts on the captures of these places, read together.
fn judged(case: &Path, places: &[&str]) -> Vec<String> {
    let truth: Value =
        serde_json::from_slice(&std::fs::read(case.join("truth.json")).unwrap()).unwrap();
    let captures: Vec<PathBuf> = places
        .iter()
        .map(|place| case.join(format!("{place}.pcap")))
        .collect();
    let captures: Vec<&str> = captures.iter().map(|it| it.to_str().unwrap()).collect();
    let document = document(&captures);
    let vantage = &places.join(" and the ");
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

#[test]
fn captures_of_both_ends_are_one() {
    // What never reached the server, or is not to be seen at one end, is judged from that end alone.
    let both = |case: &&PathBuf| {
        ["client", "server"]
            .iter()
            .all(|place| case.join(format!("{place}.pcap")).exists())
    };
    let wrong: Vec<String> = cases()
        .iter()
        .filter(both)
        .flat_map(|case| judged(case, &["client", "server"]))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}
