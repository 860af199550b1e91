//! Uploads into a hole of the path: see `tests/fixtures/holes/README.md`.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod common;

use common::document;

#[test]
fn an_upload_of_which_only_small_segments_arrive_meets_a_hole() {
    for capture in ["later_client", "later_server", "http_server", "tls_server"] {
        let path = format!("tests/fixtures/holes/{capture}.pcap");
        let connection = document(&[&path])["connections"][0].clone();
        let verdict = &connection["verdict"];
        assert_eq!(verdict["cause"], "mtu_blackhole", "{capture}: {verdict:#}");
        assert_eq!(verdict["ended_by"], "network");
        assert_eq!(connection["outcome"], "stalled", "{capture}");
    }
}

#[test]
fn a_hole_that_opens_later_is_not_said_to_have_been_there_before() {
    let verdict =
        document(&["tests/fixtures/holes/later_client.pcap"])["connections"][0]["verdict"].clone();
    let summary = verdict["summary"].as_str().unwrap();
    assert!(summary.contains("no longer got through"), "{summary}");
}
