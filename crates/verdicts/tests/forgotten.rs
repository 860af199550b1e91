//! A RST that answers the first packet after a silence: the host forgot the connection, or a device did.

#![allow(clippy::expect_used, clippy::indexing_slicing)]

#[path = "made/talk.rs"]
mod talk;
#[path = "made/told.rs"]
mod told;

use talk::{ACK, FIN_ACK, NEXT, PSH_ACK, RST, RST_ACK, SYN, SYN_ACK, Talk};
use told::{share, told, weighs};
use whyreset_connections::Side;
use whyreset_verdicts::{Cause, Verdict};

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

#[test]
fn a_device_that_keeps_the_ttl_remains_possible() {
    let verdict = refused(40.0, 0.041, 57);
    assert_eq!(verdict.cause, Cause::PeerStateLost, "{}", told(&verdict));
    assert!(
        (0.7..0.9).contains(&verdict.confidence),
        "{}",
        verdict.confidence
    );
    assert!(share(&verdict, Cause::IdleStateLost) > 0.08);
}

#[test]
fn a_silence_just_past_a_known_limit_raises_the_device() {
    let any = share(&refused(280.0, 0.041, 57), Cause::IdleStateLost);
    let known = share(&refused(351.0, 0.041, 57), Cause::IdleStateLost);
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
    assert_eq!(verdict.cause, Cause::KeepaliveRace, "{}", told(&verdict));
    let verdict = closed_into_the_void(4);
    assert!(
        share(&verdict, Cause::KeepaliveRace) < 0.6,
        "{}",
        told(&verdict)
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
        share(&device, Cause::IdleStateLost) > 0.2,
        "{}",
        told(&device)
    );
    assert!(device.confidence < 0.8, "{}", told(&device));
    let host = idle_close_refused(0.000_001, 60);
    assert!(share(&host, Cause::IdleStateLost) < 0.1, "{}", told(&host));
}

/// A device's RST+ACK that acknowledges the request behind a silence.
fn refused_in_full(idle: f64) -> Verdict {
    let mut talk = Talk::open();
    let up = talk.request(0.05, 1, 1);
    let down = talk.response(0.1, 1, up, 3000, 3000);
    let at = 0.102 + idle;
    talk.client(at, PSH_ACK, up, down, NEXT);
    talk.ttl.1 = 63;
    talk.server(at + 0.01, RST_ACK, down, up + NEXT.len() as u32, b"");
    talk.verdict(at + 1.0)
}

#[test]
fn who_refuses_words_behind_a_short_rest_has_forgotten_nothing() {
    let short = refused_in_full(6.6);
    assert_eq!(short.cause, Cause::InjectedReset, "{}", told(&short));
    assert!(short.confidence < 0.9 && share(&short, Cause::IdleStateLost) > 0.1);
    let long = refused_in_full(400.0);
    assert_eq!(long.cause, Cause::IdleStateLost, "{}", told(&long));
}

/// At the server's side, where its packets arrive with this TTL: it answers, and refuses the acknowledgement a moment later.
fn gone_in_a_moment(ttl: u8) -> Verdict {
    let mut talk = Talk::new();
    talk.ttl = (57, ttl);
    talk.round_trip = 0.000_2;
    talk.client(0.0, SYN, 0, 0, b"");
    talk.server(0.000_2, SYN_ACK, 0, 1, b"");
    talk.client(0.040, ACK, 1, 1, b"");
    let up = talk.request(0.041, 1, 1);
    talk.server(0.042, PSH_ACK, 1, up, &[b'x'; 300]);
    talk.client(0.082, ACK, up, 301, b"");
    talk.stranger(0.082_2, Side::Server, RST, 301, ttl);
    talk.verdict(1.0)
}

#[test]
fn what_came_over_a_router_was_not_captured_at_its_sender() {
    assert!(weighs(&gone_in_a_moment(64), "captured_at_sender"));
    assert!(!weighs(&gone_in_a_moment(63), "captured_at_sender"));
}

/// A whole exchange, and keep-alive probes every ten seconds behind a minute of rest: the first `answered` are, six more are not.
fn probed(answered: u32) -> Verdict {
    let mut talk = Talk::open();
    let up = talk.request(0.05, 1, 1);
    let down = talk.response(0.1, 1, up, 3000, 3000);
    for n in 0..answered + 6 {
        let at = 60.0 + f64::from(n) * 10.0;
        talk.client(at, ACK, up - 1, down, b"");
        if n < answered {
            talk.server(at + 0.04, ACK, down, up, b"");
        }
    }
    talk.verdict(70.0 + f64::from(answered + 6) * 10.0)
}

#[test]
fn what_probes_do_not_find_any_more_may_have_been_forgotten() {
    let verdict = probed(0);
    let (forgotten, failed) = (
        share(&verdict, Cause::IdleStateLost),
        share(&verdict, Cause::PathBlackhole),
    );
    assert!(forgotten > 0.3 && failed > 0.3, "{}", told(&verdict));
    let verdict = probed(2);
    assert_eq!(verdict.cause, Cause::PathBlackhole, "{}", told(&verdict));
    assert!(verdict.confidence > 0.8, "{}", told(&verdict));
}
