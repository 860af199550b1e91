//! A RST that answers the first packet after a silence: the host forgot the connection, or a device did.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::too_many_arguments,
    dead_code
)]

#[path = "made/talk.rs"]
mod talk;

use talk::{FIN_ACK, PSH_ACK, RST, Talk};
use whyreset_connections::Side;
use whyreset_verdicts::{Cause, Verdict};

const NEXT: &[u8] = b"GET /next HTTP/1.1\r\nHost: lab.test\r\n\r\n";

/// A whole exchange, `idle` seconds of silence, the next request, and a bare RST `after` seconds behind it.
fn refused(idle: f64, after: f64, ttl: u8) -> Verdict {
    let mut talk = Talk::open();
    let up = talk.request(0.05, 1, 1);
    let down = talk.response(0.1, 1, up, 3000, 3000);
    let at = 0.102 + idle;
    talk.client(at, PSH_ACK, up, down, NEXT);
    talk.stranger(at + after, Side::Server, RST, down, ttl);
    talk.verdict(at + 1.0)
}

fn chance(verdict: &Verdict, cause: Cause) -> f64 {
    if verdict.cause == cause {
        return verdict.confidence;
    }
    let other = verdict.alternatives.iter().find(|a| a.cause == cause);
    other.map_or(0.0, |a| a.confidence)
}

#[test]
fn a_device_that_keeps_the_ttl_remains_possible() {
    let verdict = refused(40.0, 0.041, 57);
    assert_eq!(
        verdict.cause,
        Cause::PeerStateLost,
        "{:#?}",
        verdict.weighing
    );
    assert!(
        (0.7..0.9).contains(&verdict.confidence),
        "{}",
        verdict.confidence
    );
    assert!(chance(&verdict, Cause::IdleStateLost) > 0.08);
}

#[test]
fn a_silence_just_past_a_known_limit_raises_the_device() {
    let any = chance(&refused(280.0, 0.041, 57), Cause::IdleStateLost);
    let known = chance(&refused(351.0, 0.041, 57), Cause::IdleStateLost);
    assert!(known > 2.0 * any, "{any} {known}");
}

#[test]
fn another_ttl_or_a_shorter_way_is_a_device_s() {
    for (after, ttl) in [(0.041, 63), (0.012, 57)] {
        let verdict = refused(40.0, after, ttl);
        assert_eq!(
            verdict.cause,
            Cause::IdleStateLost,
            "{after} {ttl}: {:#?}",
            verdict.weighing
        );
    }
}

/// Captured at the server, which closes for being idle and repeats its FIN for so long, until the next request comes.
fn closed_into_the_void(copies: u32) -> Verdict {
    let mut talk = Talk::open();
    let up = talk.request(0.05, 1, 1);
    let down = talk.response(0.1, 1, up, 3000, 3000);
    let mut at = 60.1;
    talk.server(at, FIN_ACK, down, up, b"");
    for n in 0..copies {
        at += 0.2 * f64::from(1 << n);
        talk.server(at, FIN_ACK, down, up, b"");
    }
    at += 0.02;
    talk.client(at, PSH_ACK, up, down, NEXT);
    talk.stranger(at + 0.04, Side::Server, RST, down, 57);
    talk.verdict(at + 9.0)
}

#[test]
fn a_close_that_is_lost_again_and_again_crosses_nothing() {
    let verdict = closed_into_the_void(0);
    assert_eq!(
        verdict.cause,
        Cause::KeepaliveRace,
        "{:#?}",
        verdict.weighing
    );
    let verdict = closed_into_the_void(4);
    assert!(
        chance(&verdict, Cause::KeepaliveRace) < 0.6,
        "{:#?}",
        verdict.weighing
    );
}

/// The server closes for being idle, and its FIN is refused in the client's name so much later.
fn idle_close_refused(after: f64, ttl: u8) -> Verdict {
    let mut talk = Talk::open();
    (talk.round_trip, talk.ttl) = (0.04, (60, 64));
    let up = talk.request(0.05, 1, 1);
    let down = talk.response(0.1, 1, up, 3000, 3000);
    talk.server(60.0, FIN_ACK, down, up, b"");
    talk.stranger(60.0 + after, Side::Client, RST, up, ttl);
    talk.verdict(62.0)
}

#[test]
fn a_device_that_forgot_an_idle_connection_may_refuse_its_close() {
    let device = idle_close_refused(0.000_001, 63);
    assert!(
        chance(&device, Cause::IdleStateLost) > 0.2,
        "{:#?}",
        device.weighing
    );
    assert!(device.confidence < 0.8, "{:#?}", device.weighing);
    let host = idle_close_refused(0.000_001, 60);
    assert!(
        chance(&host, Cause::IdleStateLost) < 0.1,
        "{:#?}",
        host.weighing
    );
}
