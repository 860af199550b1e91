//! Requests that are refused over HTTP/2 inside TLS: see `tests/fixtures/http2_refused/README.md`.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod common;

use common::document;

/// The frame behind the answer is as long as the one by which a server gives an answer up: that stays possible.
#[test]
fn an_answer_with_a_reset_behind_it_was_most_likely_a_refusal() {
    for capture in ["upload", "form"] {
        let path = format!("tests/fixtures/http2_refused/{capture}.pcapng");
        let verdict = document(&[&path])["connections"][0]["verdict"].clone();
        let others = verdict["alternatives"].as_array().unwrap();
        let named: Vec<&str> = [&verdict]
            .into_iter()
            .chain(others)
            .filter_map(|it| it["cause"].as_str())
            .collect();
        assert_eq!(verdict["cause"], "request_rejected_early", "{capture}");
        assert!(
            named.contains(&"benign_reset") && named.contains(&"server_abort"),
            "{capture}: {verdict:#}"
        );
        assert!(
            verdict["confidence"].as_f64().unwrap() < 0.6,
            "{capture}: {verdict:#}"
        );
    }
}
