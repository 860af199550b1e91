//! Plain HTTP to ports where servers expect TLS, a close without a byte, and answers that are none in HTTP.

#![allow(clippy::expect_used, clippy::indexing_slicing)]

#[path = "made/talk.rs"]
mod talk;
#[path = "made/told.rs"]
mod told;

use talk::{ACK, FIN_ACK, PSH_ACK, RST_ACK, Talk};
use told::told;
use whyreset_verdicts::{Cause, Verdict};

/// The server reads a request and closes 60 ms later without a word.
fn closed_without_a_byte(port: u16) -> Verdict {
    let mut talk = Talk::new();
    talk.port = port;
    talk.handshake();
    let up = talk.request(0.05, 1, 1);
    talk.server(0.091, FIN_ACK, 1, up, b"");
    talk.client(0.0911, FIN_ACK, up, 2, b"");
    talk.server(0.131, ACK, 2, up + 1, b"");
    talk.verdict(1.0)
}

#[test]
fn on_ports_of_tls_it_is_a_mismatch() {
    for port in [443, 4443, 8443, 10_443, 5671, 993] {
        let verdict = closed_without_a_byte(port);
        assert_eq!(
            verdict.cause,
            Cause::ProtocolMismatch,
            "{port}: {:#?}",
            verdict.weighing
        );
    }
}

#[test]
fn on_ports_that_tell_nothing_both_are_possible() {
    let verdict = closed_without_a_byte(7_070);
    let mismatch = verdict
        .alternatives
        .iter()
        .find(|a| a.cause == Cause::ProtocolMismatch);
    assert_eq!(verdict.cause, Cause::ServerAbort);
    assert!(verdict.confidence < 0.8, "{}", verdict.confidence);
    assert!(
        mismatch.is_some_and(|m| m.confidence > 0.2),
        "{}",
        told(&verdict)
    );
}

#[test]
fn on_ports_of_http_it_is_the_server() {
    let verdict = closed_without_a_byte(8080);
    assert_eq!(verdict.cause, Cause::ServerAbort);
    assert!(verdict.confidence > 0.85, "{}", verdict.confidence);
}

#[test]
fn a_server_that_closes_on_the_preface_of_http2_without_a_byte_does_not_speak_it() {
    let mut talk = Talk::open();
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
    let request = b"\0\0\x03\x01\x05\0\0\0\x01\x82\x84\x86";
    let up = 1 + preface.len() as u32;
    talk.client(0.041, PSH_ACK, 1, 1, preface);
    talk.client(0.0411, PSH_ACK, up, 1, request);
    talk.server(0.082, FIN_ACK, 1, up, b"");
    let up = up + request.len() as u32;
    talk.client(0.0821, FIN_ACK, up, 2, b"");
    talk.server(0.122, ACK, 2, up + 1, b"");
    let verdict = talk.verdict(1.0);
    assert_eq!(verdict.cause, Cause::ProtocolMismatch, "{}", told(&verdict));
}

/// The server answers a request with this, and closes with FIN, or with RST.
fn answered(with: &[u8], reset: bool) -> Verdict {
    let mut talk = Talk::open();
    let up = talk.request(0.05, 1, 1);
    talk.server(0.1, PSH_ACK, 1, up, with);
    let down = 1 + with.len() as u32;
    talk.client(0.1001, ACK, up, down, b"");
    if reset {
        talk.server(0.15, RST_ACK, down, up, b"");
    } else {
        talk.server(0.15, FIN_ACK, down, up, b"");
        talk.client(0.1501, FIN_ACK, up, down + 1, b"");
        talk.server(0.19, ACK, down + 1, up + 1, b"");
    }
    talk.verdict(1.0)
}

#[test]
fn an_answer_that_is_none_in_http_is_most_likely_a_mismatch() {
    for with in [
        &b"hello world\r\n"[..],
        b"HTTP/1.1 nope\r\n\r\n",
        b"\x01\x02\x03\x04",
    ] {
        for reset in [false, true] {
            let verdict = answered(with, reset);
            assert_eq!(verdict.cause, Cause::ProtocolMismatch, "{}", told(&verdict));
            let sure = verdict.confidence;
            assert!((0.5..0.85).contains(&sure), "{}", told(&verdict));
            assert!(
                verdict.summary.contains("begins with"),
                "{}",
                verdict.summary
            );
        }
    }
}
