//! Resets of both sides, ICMP about an open connection, and limits on a whole transfer.

#![allow(clippy::expect_used, clippy::indexing_slicing)]

#[path = "made/talk.rs"]
mod talk;
#[path = "made/told.rs"]
mod told;

use talk::{ACK, FIN_ACK, PSH_ACK, RST, RST_ACK, SYN, SYN_ACK, Talk};
use told::{shows, told};
use whyreset_connections::Side;
use whyreset_verdicts::{Cause, EndedBy, Verdict};

/// What a client had when it reset the connection is what its RST acknowledges, not its last packet before.
#[test]
fn the_reset_tells_how_far_the_client_had_come() {
    let mut talk = Talk::open();
    let up = talk.request(0.05, 1, 1);
    let down = talk.response(0.1, 1, up, 500_000, 14_480);
    talk.server(0.120, ACK, down, up, &[b'x'; 1448]);
    talk.server(0.121, ACK, down + 1448, up, &[b'x'; 1448]);
    talk.client(0.122, RST_ACK, up, down + 2 * 1448, b"");
    let verdict = talk.verdict(1.0);
    assert_eq!(verdict.cause, Cause::ClientAbort, "{:#?}", verdict.weighing);
    assert!(
        verdict.summary.contains("17,376 of 500,000 bytes"),
        "{}",
        verdict.summary
    );
}

/// Captured at the server; the client is 40 ms away. The server closes, or does not; RSTs come in the names of both within a moment.
fn both_reset(closed: bool) -> Verdict {
    let mut talk = Talk::new();
    talk.ttl = (57, 64);
    talk.round_trip = 0.000_05;
    talk.client(0.0, talk::SYN, 0, 0, b"");
    talk.server(0.000_05, talk::SYN_ACK, 0, 1, b"");
    talk.client(0.04, talk::ACK, 1, 1, b"");
    let up = talk.request(0.05, 1, 1);
    let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    talk.server(0.1, PSH_ACK, 1, up, answer);
    let down = 1 + answer.len() as u32;
    talk.client(0.14, talk::ACK, up, down, b"");
    if closed {
        talk.server(0.15, FIN_ACK, down, up, b"");
    }
    let more = b"GET /more HTTP/1.1\r\nHost: lab.test\r\n\r\n";
    talk.client(0.16, PSH_ACK, up, down, more);
    // The host answers what met its closed socket; a device comes when it likes.
    let (at, flags) = if closed {
        (0.160_05, RST)
    } else {
        (1.5, RST_ACK)
    };
    talk.stranger(at, Side::Server, flags, down, 64);
    talk.client(at + 0.000_1, RST_ACK, up + more.len() as u32, down, b"");
    talk.verdict(3.0)
}

#[test]
fn resets_that_answer_what_met_a_closed_socket_are_no_devices_pair() {
    let verdict = both_reset(true);
    assert!(!shows(&verdict, "rst_both_ways"), "{}", told(&verdict));
    assert_ne!(verdict.cause, Cause::InjectedReset);
    let verdict = both_reset(false);
    assert!(shows(&verdict, "rst_both_ways"), "{}", told(&verdict));
}

/// Captured at the server, in the middle of a download: the client says something and closes, which the server's program leaves unread;
/// data that is on its way meets the client's closed socket.
#[test]
fn a_server_that_is_left_in_the_middle_and_the_client_s_closed_socket_are_no_devices_pair() {
    let mut talk = Talk::new();
    talk.ttl = (57, 64);
    talk.round_trip = 0.000_05;
    talk.client(0.0, talk::SYN, 0, 0, b"");
    talk.server(0.000_05, talk::SYN_ACK, 0, 1, b"");
    talk.client(0.09, talk::ACK, 1, 1, b"");
    let up = talk.request(0.1, 1, 1);
    let down = talk.response(0.2, 1, up, 900_000, 50_000);
    talk.server(0.29, talk::ACK, down, up, &[b'x'; 1_448]);
    talk.client(0.3, PSH_ACK, up, down, b"goodbye");
    talk.client(0.300_01, FIN_ACK, up + 7, down, b"");
    talk.server(0.300_1, RST_ACK, down + 1_448, up + 8, b"");
    talk.stranger(0.31, Side::Client, RST, up, 57);
    let verdict = talk.verdict(3.0);
    assert!(!shows(&verdict, "rst_both_ways"), "{}", told(&verdict));
    assert_eq!(verdict.cause, Cause::ClientAbort, "{}", told(&verdict));
}

#[test]
fn icmp_about_an_open_connection_is_not_said_to_refuse_its_syn() {
    let mut talk = Talk::open();
    let up = talk.request(0.05, 1, 1);
    let down = talk.response(0.1, 1, up, 2_000, 2_000);
    for at in [5.0, 5.2, 5.6, 6.4] {
        talk.client(
            at,
            PSH_ACK,
            up,
            down,
            b"GET /b HTTP/1.1\r\nHost: lab.test\r\n\r\n",
        );
        talk.icmp_about(at + 0.02, (PSH_ACK, up, down), 3, 13);
    }
    let verdict = talk.verdict(9.0);
    assert_eq!(verdict.cause, Cause::FirewallReject, "{}", told(&verdict));
    assert!(
        verdict.summary.contains("open connection"),
        "{}",
        verdict.summary
    );
    assert!(!verdict.summary.contains("SYN"), "{}", verdict.summary);
}

/// A client that resets a flowing download so long behind its SYN.
fn stopped_at(end: f64) -> Verdict {
    let mut talk = Talk::open();
    let up = talk.request(0.05, 1, 1);
    let mut down = talk.response(0.1, 1, up, 90_000_000, 30_000);
    let mut at = 0.2;
    while at < end - 0.01 {
        talk.server(at, PSH_ACK, down, up, &[b'x'; 1448]);
        down += 1448;
        talk.client(at + 0.000_05, talk::ACK, up, down, b"");
        at += 0.05;
    }
    talk.client(end, RST_ACK, up, down, b"");
    talk.verdict(end + 1.0)
}

#[test]
fn a_limit_on_the_whole_transfer_counts_from_the_programs_start() {
    for end in [2.993, 3.004] {
        let verdict = stopped_at(end);
        assert!(shows(&verdict, "round_total"), "{end}: {}", told(&verdict));
        assert_eq!(verdict.ended_by, EndedBy::Client);
    }
    assert!(!shows(&stopped_at(2.6), "round_total"));
}

/// A firewall answers each acknowledgement of a download with a RST (`reject with tcp reset`). While data is on its way their numbers are
/// old when they arrive; behind the last of it one is right, and the client's host refuses what the server sends again.
#[test]
fn resets_that_come_too_late_until_one_does_not_are_forged() {
    let mut talk = Talk::open();
    let up = talk.request(0.05, 1, 1);
    let head = b"HTTP/1.1 200 OK\r\nContent-Length: 900000\r\n\r\n";
    talk.server(0.1, PSH_ACK, 1, up, head);
    let start = 1 + head.len() as u32;
    for n in 0..40 {
        let (at, down) = (0.1 + 0.002 * f64::from(n), start + 1_448 * n);
        talk.server(at + 0.000_1, ACK, down, up, &[b'x'; 1_448]);
        talk.client(at + 0.000_2, ACK, up, down + 1_448, b"");
        let refused = down.saturating_sub(1_448 * 9).max(1);
        talk.stranger(at + 0.001, Side::Server, RST, refused, 62);
    }
    let end = start + 1_448 * 40;
    talk.stranger(0.22, Side::Server, RST, end, 62);
    for at in [0.4, 0.8, 1.6] {
        talk.server(at, ACK, end - 1_448, up, &[b'x'; 1_448]);
        talk.stranger(at + 0.000_1, Side::Client, RST, up, 64);
    }
    let verdict = talk.verdict(5.0);
    assert_eq!(verdict.cause, Cause::InjectedReset, "{}", verdict.summary);
}

/// Windows 2000 and XP abort with a bare RST.
#[test]
fn a_bare_rst_behind_acknowledged_data_answers_nothing() {
    let mut talk = Talk::open();
    let up = talk.request(0.05, 1, 1);
    let down = talk.response(0.1, 1, up, 500, 500);
    talk.client(0.3, ACK, up, down, b"");
    talk.client(0.98, RST, up, 0, b"");
    let verdict = talk.verdict(5.0);
    assert_eq!(verdict.cause, Cause::BenignReset, "{}", told(&verdict));
}

/// A device that writes the SYN's own number into the RST, as some in Russia do.
#[test]
fn a_refusal_that_does_not_acknowledge_the_syn_is_no_hosts() {
    let mut talk = Talk::new();
    for at in [0.0, 1.0, 3.0] {
        talk.client(at, SYN, 0, 0, b"");
        talk.refusal_of(at + 0.001, 0, b"");
    }
    let verdict = talk.verdict(10.0);
    assert_eq!(verdict.cause, Cause::FirewallReject, "{}", told(&verdict));
    assert!(verdict.confidence >= 0.8, "{}", told(&verdict));
}

#[test]
fn a_refusal_with_the_word_of_the_stack_is_the_hosts() {
    let mut talk = Talk::new();
    talk.ttl.1 = 240;
    talk.client(0.0, SYN, 0, 0, b"");
    talk.refusal_of(0.1, 1, b"No listener");
    let verdict = talk.verdict(10.0);
    assert_eq!(verdict.cause, Cause::PortClosed, "{}", told(&verdict));
}

#[test]
fn an_answer_that_a_live_clients_host_refuses_as_a_strangers_was_not_taken() {
    let mut talk = Talk::open();
    let up = talk.request(0.05, 1, 1);
    talk.server(
        0.1,
        PSH_ACK,
        1,
        up,
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
    );
    talk.stranger(0.100_1, Side::Client, RST, up, 64);
    let verdict = talk.verdict(2.0);
    assert_ne!(verdict.cause, Cause::BenignReset, "{}", told(&verdict));
    assert!(verdict.failed);
}

#[test]
fn what_got_through_in_the_end_was_not_refused_for_good() {
    let body = [b'x'; 1_000];
    let mut talk = Talk::open();
    talk.client(
        0.05,
        PSH_ACK,
        1,
        1,
        b"PUT /f HTTP/1.1\r\nHost: lab.test\r\nContent-Length: 1000\r\n\r\n",
    );
    let up = 1 + 57;
    talk.server(0.09, ACK, 1, up, b"");
    talk.client(0.1, PSH_ACK, up, 1, &body);
    talk.icmp_about(0.12, (PSH_ACK, up, 1), 3, 13);
    talk.client(0.4, PSH_ACK, up, 1, &body);
    talk.icmp_about(0.42, (PSH_ACK, up, 1), 3, 13);
    talk.client(1.0, PSH_ACK, up, 1, &body);
    let up = up + 1_000;
    let down = talk.response(1.041, 1, up, 5, 5);
    talk.client(1.05, FIN_ACK, up, down, b"");
    talk.server(1.09, FIN_ACK, down, up + 1, b"");
    talk.client(1.091, ACK, up + 1, down + 1, b"");
    let verdict = talk.verdict(5.0);
    assert_eq!(verdict.cause, Cause::None, "{verdict:#?}");
}

/// A device resets both ends of a download, and misses the number at the client, whose acknowledgements meet the server's dead end then:
/// `device` is the TTL of what comes first in the server's name, `ahead` how far its number is ahead of what the client had.
fn dead_at_the_server(device: u8, ahead: i32) -> Verdict {
    let mut talk = Talk::open();
    let up = talk.request(0.05, 1, 1);
    let down = talk.response(0.1, 1, up, 900_000, 100_000);
    let number = down.saturating_add_signed(ahead);
    talk.stranger(0.103, Side::Server, RST, number, device);
    for n in 0..30 {
        talk.stranger(
            0.104 + f64::from(n) / 1e5,
            Side::Server,
            RST,
            down - 29 + n,
            57,
        );
    }
    talk.verdict(2.0)
}

#[test]
fn a_dead_ends_own_words_hide_no_forged_rst_before_them() {
    // A device is ahead of the client, or too late.
    for ahead in [5_000, -5_000] {
        let verdict = dead_at_the_server(201, ahead);
        assert_eq!(verdict.cause, Cause::InjectedReset, "{}", told(&verdict));
    }
    let verdict = dead_at_the_server(57, 5_000);
    assert_ne!(verdict.cause, Cause::InjectedReset, "{}", told(&verdict));
}

/// The server's address moves to a host that knows nothing: it refuses each of many acknowledgements, and the client, which is dead then,
/// what the old host sends again.
#[test]
fn who_answers_as_a_stranger_behind_many_refusals_died_of_one_of_them() {
    let mut talk = Talk::new();
    talk.ttl = (57, 64);
    talk.round_trip = 0.000_05;
    talk.client(0.0, SYN, 0, 0, b"");
    talk.server(0.000_05, talk::SYN_ACK, 0, 1, b"");
    talk.client(0.04, ACK, 1, 1, b"");
    let up = talk.request(0.05, 1, 1);
    let down = talk.response(0.1, 1, up, 900_000, 100_000);
    for n in 0..40 {
        let at = 0.15 + f64::from(n) / 1e3;
        talk.client(at, ACK, up, down - 39 + n, b"");
        talk.stranger(at + 0.000_3, Side::Server, RST, down - 40 + n, 64);
    }
    for at in [0.4, 0.9, 1.9, 3.9] {
        talk.server(at, ACK, down, up, &talk::SEGMENT);
        talk.stranger(at + 0.04, Side::Client, RST, up, 57);
    }
    let verdict = talk.verdict(6.0);
    assert_eq!(verdict.ended_by, EndedBy::Server, "{}", told(&verdict));
    assert_ne!(verdict.cause, Cause::PathBlackhole, "{}", told(&verdict));
}

#[test]
fn who_has_just_spoken_did_not_forget_though_its_last_ack_of_the_handshake_is_missing() {
    let mut talk = Talk::new();
    talk.client(0.0, SYN, 0, 0, b"");
    talk.server(0.04, SYN_ACK, 0, 1, b"");
    talk.client(0.05, PSH_ACK, 1, 1, &[7; 60]);
    talk.server(0.09, ACK, 1, 61, b"");
    talk.stranger(0.0901, Side::Client, RST, 61, 64);
    let verdict = talk.verdict(2.0);
    let lost = verdict.cause == Cause::PeerStateLost && verdict.confidence > 0.8;
    assert!(!lost, "{}", told(&verdict));
}

#[test]
fn a_reset_while_something_is_on_its_way_is_not_surely_harmless() {
    let mut talk = Talk::new();
    talk.port = 9_000;
    talk.handshake();
    for (n, at) in [0.1, 0.15, 0.2, 0.25].into_iter().enumerate() {
        talk.server(at, PSH_ACK, 1 + 5 * n as u32, 1, b"12345");
    }
    talk.client(0.26, RST_ACK, 1, 6, b"");
    let verdict = talk.verdict(2.0);
    let sure = verdict.cause == Cause::BenignReset && verdict.confidence > 0.7;
    assert!(!sure, "{}", told(&verdict));
    assert!(
        !verdict.summary.contains("nobody lost"),
        "{}",
        verdict.summary
    );
}
