//! Captures by others, whose story is known: see `tests/fixtures/public/README.md`.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod common;

use common::document;
use serde_json::Value;

fn verdict(capture: &str) -> Value {
    let path = format!("tests/fixtures/public/{capture}.pcap");
    document(&[&path])["connections"][0]["verdict"].clone()
}

fn evidence<'a>(verdict: &'a Value, id: &str) -> Option<&'a Value> {
    let list = verdict["evidence"].as_array().unwrap();
    list.iter().find(|e| e["id"] == id)
}

#[test]
fn a_forged_answer_that_was_whole_leaves_nothing_to_abort() {
    for (capture, forged, real) in [
        ("quantum_insert_redirect", 5, 9),
        ("quantum_insert_page", 5, 10),
    ] {
        let verdict = verdict(capture);
        assert_eq!(verdict["cause"], "benign_reset", "{capture}: {verdict:#}");
        assert!(verdict["confidence"].as_f64().unwrap() < 0.9, "{verdict:#}");
        let found = evidence(&verdict, "forged_data").unwrap();
        assert_eq!(found["frames"], serde_json::json!([forged, real]));
        assert!(verdict["summary"].as_str().unwrap().contains("forged"));
    }
}

#[test]
fn a_forged_refusal_makes_the_end_a_third_party_s_work() {
    let verdict = verdict("forged_syn_rst");
    assert_eq!(verdict["cause"], "injected_reset", "{verdict:#}");
    assert_eq!(verdict["ended_by"], "middlebox");
    assert!(verdict["confidence"].as_f64().unwrap() < 0.9);
    let found = evidence(&verdict, "earlier_forgery").unwrap();
    assert_eq!(found["frames"], serde_json::json!([2, 3]));
}
