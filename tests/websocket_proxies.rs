//! WebSockets through real proxies: see `tests/fixtures/websocket_proxies/README.md`.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod common;

use common::document;

#[test]
fn ends_of_websockets_through_real_proxies() {
    for (capture, cause, outcome) in [
        ("nginx_read_timeout", "server_timeout", "timed_out"),
        ("haproxy_tunnel_timeout", "server_timeout", "timed_out"),
        ("apache_timeout", "server_timeout", "timed_out"),
        ("nginx_backend_dies", "server_abort", "truncated"),
        ("haproxy_closed_well", "none", "completed"),
        ("apache_client_leaves", "client_abort", "truncated"),
    ] {
        let path = format!("tests/fixtures/websocket_proxies/{capture}.pcap");
        let connection = document(&[&path])["connections"][0].clone();
        let verdict = &connection["verdict"];
        assert_eq!(verdict["cause"], cause, "{capture}: {verdict:#}");
        assert_eq!(connection["outcome"], outcome, "{capture}");
        let confidence = verdict["confidence"].as_f64().unwrap();
        assert!(
            confidence < 0.9 || cause == "none",
            "{capture}: {confidence}"
        );
    }
}
