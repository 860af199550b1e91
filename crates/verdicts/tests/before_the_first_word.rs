//! Connections that end before anybody has said anything.

#![allow(clippy::expect_used, clippy::indexing_slicing)]

#[path = "made/talk.rs"]
mod talk;
#[path = "made/told.rs"]
mod told;

use talk::{ACK, FIN_ACK, PSH_ACK, RST, RST_ACK, SYN, SYN_ACK, Talk};
use told::{expect, expect_by, expect_outcome, share, told};
use whyreset_connections::Side;
use whyreset_verdicts::{Cause, EndedBy, Outcome, Verdict};

fn on_port(port: u16) -> Talk {
    let mut talk = Talk::new();
    talk.port = port;
    talk.handshake();
    talk
}

/// The client closes in order at this time.
fn client_leaves(mut talk: Talk, at: f64) -> Verdict {
    talk.client(at, FIN_ACK, 1, 1, b"");
    talk.server(at + 0.04, FIN_ACK, 1, 2, b"");
    talk.client(at + 0.0401, ACK, 2, 2, b"");
    talk.verdict(at + 5.0)
}

#[test]
fn a_client_that_waited_for_a_greeting_in_vain_gave_up() {
    for port in [21, 22, 25, 3306] {
        let verdict = client_leaves(on_port(port), 10.040);
        expect(
            &verdict,
            Cause::ClientTimeout,
            EndedBy::Client,
            Outcome::TimedOut,
        );
        assert!(
            (0.5..0.9).contains(&verdict.confidence),
            "{}",
            told(&verdict)
        );
        assert!(verdict.summary.contains("greeting"), "{}", verdict.summary);
        let mut talk = on_port(port);
        talk.client(10.040, RST_ACK, 1, 1, b"");
        let verdict = talk.verdict(12.0);
        assert_eq!(verdict.cause, Cause::ClientTimeout, "{}", told(&verdict));
        assert!(verdict.confidence < 0.9, "{}", told(&verdict));
    }
}

#[test]
fn checks_that_leave_at_once_and_clients_that_speak_first_wait_for_nothing() {
    let verdict = client_leaves(on_port(22), 0.0403);
    assert_eq!(verdict.cause, Cause::None, "{}", told(&verdict));
    let verdict = client_leaves(on_port(443), 10.0403);
    assert_eq!(verdict.cause, Cause::None, "{}", told(&verdict));
}

#[test]
fn a_greeting_that_never_comes_is_no_rest() {
    let verdict = on_port(22).verdict(60.0);
    assert_ne!(verdict.cause, Cause::None, "{}", told(&verdict));
    assert_eq!(verdict.outcome, Outcome::Stalled, "{}", told(&verdict));
    assert!(verdict.confidence < 0.9, "{}", told(&verdict));
    let verdict = on_port(22).verdict(2.0);
    assert_eq!(verdict.outcome, Outcome::Open, "{}", told(&verdict));
}

/// Linux with `tcp_abort_on_overflow`, BSD as it comes: what the backlog has no room for is refused at its last ACK.
fn refused_handshake() -> Talk {
    let mut talk = on_port(80);
    talk.stranger(0.0803, Side::Server, RST, 1, 57);
    talk
}

/// The handshake was refused at its end, by a full queue most likely, though nothing else of the listener is known.
fn likely_a_full_queue(verdict: &Verdict) {
    assert_eq!(
        (verdict.cause, verdict.outcome),
        (Cause::AcceptQueueOverflow, Outcome::Aborted),
        "{}",
        told(verdict)
    );
    assert!(
        (0.4..0.75).contains(&verdict.confidence),
        "{}",
        told(verdict)
    );
}

#[test]
fn a_handshake_that_is_refused_at_its_end_is_no_lost_connection() {
    let verdict = refused_handshake().verdict(5.0);
    likely_a_full_queue(&verdict);
    let lost = share(&verdict, Cause::PeerStateLost);
    assert!((0.15..0.5).contains(&lost), "{}", told(&verdict));
    assert!(
        share(&verdict, Cause::ServerTimeout) < 0.05,
        "{}",
        told(&verdict)
    );
}

#[test]
fn a_request_on_its_way_changes_nothing_about_the_refusal_of_the_handshake() {
    let mut talk = on_port(80);
    let request = b"GET / HTTP/1.1\r\nHost: lab.test\r\n\r\n";
    talk.client(0.0402, PSH_ACK, 1, 1, request);
    talk.stranger(0.0803, Side::Server, RST, 1, 57);
    talk.stranger(0.0804, Side::Server, RST, 1, 57);
    let verdict = talk.verdict(5.0);
    likely_a_full_queue(&verdict);
}

#[test]
fn the_more_so_where_the_listener_served_others() {
    let mut talk = refused_handshake();
    talk.client_port = 40_001;
    talk.client(0.5, SYN, 0, 0, b"");
    talk.server(0.54, SYN_ACK, 0, 1, b"");
    talk.client(0.5401, ACK, 1, 1, b"");
    let up = talk.request(0.55, 1, 1);
    talk.response(0.6, 1, up, 3_000, 3_000);
    let all = talk.verdicts(2.0);
    let refused = all.iter().find(|(c, _)| c.ends.client.port == 40_000);
    let verdict = &refused.expect("the refused one").1;
    assert_eq!(
        verdict.cause,
        Cause::AcceptQueueOverflow,
        "{}",
        told(verdict)
    );
    assert!(
        (0.7..0.93).contains(&verdict.confidence),
        "{}",
        told(verdict)
    );
}

#[test]
fn a_client_that_gave_up_while_its_syn_was_unanswered_refuses_the_late_answer() {
    let mut talk = Talk::new();
    talk.ordinary_syn = true;
    talk.client(0.0, SYN, 0, 0, b"");
    talk.client(1.0, SYN, 0, 0, b"");
    talk.server(2.5, SYN_ACK, 0, 1, b"");
    talk.stranger(2.500_1, Side::Client, RST, 1, 64);
    let verdict = talk.verdict(5.0);
    expect_by(&verdict, Cause::ClientTimeout, EndedBy::Client);
    assert!(
        (0.4..0.85).contains(&verdict.confidence),
        "{}",
        told(&verdict)
    );
}

#[test]
fn a_connect_that_is_cancelled_at_once_is_harmless_and_told_so() {
    let mut talk = Talk::new();
    talk.ordinary_syn = true;
    talk.client(0.0, SYN, 0, 0, b"");
    talk.server(0.04, SYN_ACK, 0, 1, b"");
    talk.stranger(0.040_1, Side::Client, RST, 1, 64);
    let verdict = talk.verdict(5.0);
    assert_eq!(verdict.cause, Cause::BenignReset, "{}", told(&verdict));
    assert!(
        share(&verdict, Cause::PeerStateLost) < 0.08,
        "{}",
        told(&verdict)
    );
    assert!(
        !verdict.summary.contains("delivered"),
        "{}",
        verdict.summary
    );
}

/// SYN, and a RST that refuses it.
fn refused(talk: &mut Talk, at: f64) {
    talk.client(at, SYN, 0, 0, b"");
    talk.refusal(at + 0.04);
}

#[test]
fn a_refusal_that_the_client_outlives_ended_nothing() {
    let mut talk = Talk::new();
    refused(&mut talk, 0.0);
    // Windows asks again by itself, with the same numbers.
    talk.client(0.5, SYN, 0, 0, b"");
    talk.server(0.54, SYN_ACK, 0, 1, b"");
    talk.client(0.540_1, ACK, 1, 1, b"");
    let verdict = talk.verdict(10.0);
    expect_outcome(&verdict, Cause::None, Outcome::Open);
}

#[test]
fn a_refusal_before_the_server_s_own_answer_is_a_device_s() {
    let mut talk = Talk::new();
    talk.client(0.0, SYN, 0, 0, b"");
    talk.refusal(0.01);
    talk.server(0.04, SYN_ACK, 0, 1, b"");
    talk.stranger(0.040_01, Side::Client, RST, 1, 64);
    let verdict = talk.verdict(10.0);
    expect_by(&verdict, Cause::InjectedReset, EndedBy::Middlebox);
    assert!(!told(&verdict).contains("failed"), "{}", told(&verdict));
    assert!(verdict.summary.contains("refused"), "{}", verdict.summary);
}

/// The server is 40 ms away; its RST comes so long behind the ACK that opens the connection, and the request behind that.
fn reset_behind_the_handshake(after: f64) -> Verdict {
    let mut talk = Talk::open();
    let opened = talk.round_trip + 0.000_05;
    let request = b"GET / HTTP/1.1\r\nHost: lab.test\r\n\r\n";
    talk.client(opened + 0.000_1, PSH_ACK, 1, 1, request);
    talk.server(opened + after, RST_ACK, 1, 1, b"");
    talk.verdict(2.0)
}

#[test]
fn a_reset_that_cannot_know_of_the_handshakes_end_is_no_programs() {
    let verdict = reset_behind_the_handshake(0.009);
    assert_eq!(verdict.cause, Cause::InjectedReset, "{}", told(&verdict));
    assert!(verdict.confidence < 0.9, "{}", told(&verdict));
    assert!(
        share(&verdict, Cause::ServerAbort) < 0.3,
        "{}",
        told(&verdict)
    );
    let verdict = reset_behind_the_handshake(0.041);
    assert_eq!(verdict.cause, Cause::ServerAbort, "{}", told(&verdict));
}

/// A whole handshake, the client's request, and SYN/ACKs behind it that the client answers, or not.
fn repeated_syn_acks(heard: bool) -> Verdict {
    let mut talk = on_port(80);
    let text = b"GET / HTTP/1.1\r\nHost: lab.test\r\n\r\n";
    let end = 1 + text.len() as u32;
    for at in [0.05, 0.25, 0.65, 1.45, 3.05, 6.25, 12.7, 25.5] {
        talk.client(at, talk::PSH_ACK, 1, 1, text);
        let again = [(1.45, 1.7), (3.05, 3.7), (6.25, 7.7)];
        if let Some(&(_, at)) = again.iter().find(|(behind, _)| *behind == at) {
            talk.server(at, SYN_ACK, 0, 1, b"");
            if heard {
                talk.client(at + 0.000_1, ACK, end, 1, b"");
            }
        }
    }
    talk.verdict(60.0)
}

#[test]
fn a_syn_ack_that_the_client_does_not_hear_tells_of_the_path_and_not_of_the_queue() {
    let verdict = repeated_syn_acks(true);
    assert_eq!(
        verdict.cause,
        Cause::AcceptQueueOverflow,
        "{}",
        told(&verdict)
    );
    let verdict = repeated_syn_acks(false);
    assert_eq!(verdict.cause, Cause::PathBlackhole, "{}", told(&verdict));
    assert!(share(&verdict, Cause::AcceptQueueOverflow) < 0.1);
}

/// `TCP_DEFER_ACCEPT`, or an ACK that is lost once.
#[test]
fn a_listener_that_takes_the_mute_client_up_later_had_room() {
    let mut talk = on_port(443);
    talk.server(1.08, SYN_ACK, 0, 1, b"");
    talk.client(1.080_1, ACK, 1, 1, b"");
    let verdict = client_leaves(talk, 10.0);
    assert_eq!(verdict.cause, Cause::None, "{}", told(&verdict));
}

#[test]
fn a_syn_ack_that_had_left_before_the_ack_can_have_come_repeats_nothing() {
    let mut talk = Talk::new();
    talk.client(0.0, SYN, 0, 0, b"");
    talk.client(1.0, SYN, 0, 0, b"");
    talk.server(1.03, SYN_ACK, 0, 1, b"");
    talk.client(1.030_1, ACK, 1, 1, b"");
    talk.server(1.04, SYN_ACK, 0, 1, b"");
    talk.client(1.040_1, ACK, 1, 1, b"");
    talk.request(1.05, 1, 1);
    let verdict = talk.verdict(1.1);
    assert!(
        share(&verdict, Cause::AcceptQueueOverflow) < 0.05,
        "{}",
        told(&verdict)
    );
}

/// The RST ends the half-open connection, had it reached the server: a full queue does not keep it out.
#[test]
fn a_syn_ack_behind_the_clients_rst_is_of_no_full_queue() {
    let mut talk = on_port(80);
    talk.client(0.040_1, RST_ACK, 1, 1, b"");
    for at in [1.3, 3.3] {
        talk.server(at, SYN_ACK, 0, 1, b"");
        talk.client(at + 0.000_1, RST, 1, 0, b"");
    }
    let verdict = talk.verdict(10.0);
    assert!(
        share(&verdict, Cause::AcceptQueueOverflow) < 0.05,
        "{}",
        told(&verdict)
    );
}

/// The server accepts and closes at once, as one does that has no room or does not want this client; the client's first words were on
/// their way.
fn dropped_at_once(port: u16, words: &[u8], reset: bool) -> Verdict {
    let mut talk = on_port(port);
    talk.client(0.0402, PSH_ACK, 1, 1, words);
    match reset {
        true => talk.server(0.081, RST_ACK, 1, 1, b""),
        false => talk.server(0.081, FIN_ACK, 1, 1, b""),
    }
    talk.stranger(0.0812, Side::Server, RST, 1, 57);
    talk.verdict(2.0)
}

#[test]
fn what_the_server_had_not_read_cannot_have_been_the_wrong_protocol() {
    let hello = [&[22, 3, 1, 0, 250, 1, 0, 0, 246, 3, 3][..], &[7; 244]].concat();
    let request = b"GET / HTTP/1.1\r\nHost: lab.test\r\n\r\n";
    for reset in [true, false] {
        for (port, words) in [(443, &hello[..]), (8000, &hello), (8443, request)] {
            let verdict = dropped_at_once(port, words, reset);
            assert_eq!(
                (verdict.cause, verdict.ended_by),
                (Cause::ServerAbort, EndedBy::Server),
                "{port} {reset}: {}",
                told(&verdict)
            );
            assert!(verdict.confidence > 0.6, "{port}: {}", told(&verdict));
        }
    }
}

/// RFC 7413: the program has the connection, and the question, before the handshake is finished.
#[test]
fn a_server_may_abort_what_a_fast_open_asked() {
    let mut talk = Talk::new();
    talk.port = 8001;
    let question = b"GET /file HTTP/1.1\r\nHost: lab.test\r\n\r\n";
    let up = 1 + question.len() as u32;
    talk.client(0.0, SYN, 0, 0, question);
    talk.server(0.04, SYN_ACK, 0, up, b"");
    talk.client(0.040_05, ACK, up, 1, b"");
    talk.server(0.040_7, RST_ACK, 1, up, b"");
    let verdict = talk.verdict(3.0);
    assert_eq!(verdict.cause, Cause::ServerAbort, "{}", told(&verdict));
}
