//! One SYN that is answered twice with different numbers: two hosts behind one address, or two half-open connections of one.

#![allow(clippy::expect_used, clippy::indexing_slicing)]

#[path = "made/talk.rs"]
mod talk;
#[path = "made/told.rs"]
mod told;

use talk::{ACK, FIN_ACK, PSH_ACK, RST, SYN, SYN_ACK, Talk};
use told::{share, shows, told};
use whyreset_connections::Side;
use whyreset_verdicts::Cause;

/// How far the numbers of the second host are from those of the first.
const APART: u32 = 700_000;

/// Two SYNs, and an answer of another host to each.
fn answered_twice() -> Talk {
    let mut talk = Talk::new();
    talk.client(0.0, SYN, 0, 0, b"");
    talk.client(1.0, SYN, 0, 0, b"");
    talk.server(1.01, SYN_ACK, 0, 1, b"");
    talk.server(1.04, SYN_ACK, APART, 1, b"");
    talk
}

#[test]
fn the_other_host_refuses_what_is_not_its_own() {
    let mut talk = answered_twice();
    talk.client(1.040_1, ACK, 1, 1, b"");
    talk.stranger(1.080_2, Side::Server, RST, 1, 57);
    let verdict = talk.verdict(3.0);
    assert_eq!(verdict.cause, Cause::Unknown, "{}", told(&verdict));
    assert!(verdict.confidence < 0.9, "{}", told(&verdict));
    assert!(shows(&verdict, "answered_twice"), "{}", told(&verdict));
    assert!(verdict.summary.contains("twice"), "{}", verdict.summary);
}

#[test]
fn and_the_request_behind_it() {
    let mut talk = answered_twice();
    talk.client(1.040_1, ACK, 1, 1, b"");
    talk.client(
        1.040_2,
        PSH_ACK,
        1,
        1,
        b"GET / HTTP/1.1\r\nHost: lab.test\r\n\r\n",
    );
    talk.stranger(1.080_2, Side::Server, RST, 1, 57);
    talk.stranger(1.080_3, Side::Server, RST, 1, 57);
    let verdict = talk.verdict(3.0);
    assert!(
        share(&verdict, Cause::PeerStateLost) < 0.3,
        "{}",
        told(&verdict)
    );
    assert!(shows(&verdict, "answered_twice"), "{}", told(&verdict));
}

#[test]
fn a_client_that_refuses_both_is_no_sure_scanner() {
    let mut talk = Talk::new();
    talk.server(0.04, SYN_ACK, 0, 1, b"");
    talk.stranger(0.040_1, Side::Client, RST, 1, 64);
    talk.server(1.04, SYN_ACK, APART, 1, b"");
    talk.stranger(1.040_1, Side::Client, RST, 1, 64);
    let verdict = talk.verdict(3.0);
    assert!(
        share(&verdict, Cause::HandshakeIncomplete) < 0.85,
        "{}",
        told(&verdict)
    );
    assert!(!verdict.summary.contains("scan"), "{}", verdict.summary);
}

#[test]
fn the_same_answer_again_is_none_of_another() {
    let mut talk = Talk::new();
    talk.client(0.0, SYN, 0, 0, b"");
    talk.server(0.04, SYN_ACK, 0, 1, b"");
    talk.server(1.04, SYN_ACK, 0, 1, b"");
    talk.client(1.040_1, ACK, 1, 1, b"");
    talk.stranger(1.080_2, Side::Server, RST, 1, 57);
    let verdict = talk.verdict(3.0);
    assert!(!shows(&verdict, "answered_twice"), "{}", told(&verdict));
}

#[test]
fn what_goes_on_with_the_second_answer_is_well() {
    let mut talk = answered_twice();
    let down = APART + 1;
    talk.client(1.040_1, ACK, 1, down, b"");
    let up = talk.request(1.05, 1, down);
    let down = talk.response(1.1, down, up, 300, 300);
    talk.client(1.2, FIN_ACK, up, down, b"");
    talk.server(1.24, FIN_ACK, down, up + 1, b"");
    talk.client(1.240_1, ACK, up + 1, down + 1, b"");
    let verdict = talk.verdict(3.0);
    assert_eq!(verdict.cause, Cause::None, "{}", told(&verdict));
    assert!(!shows(&verdict, "answered_twice"), "{}", told(&verdict));
}
