//! Ends that cross, RSTs and ICMP errors that end nothing, and what meets a host that has left.

#![allow(clippy::expect_used, clippy::indexing_slicing)]

#[path = "made/talk.rs"]
mod talk;
#[path = "made/told.rs"]
mod told;

use talk::{ACK, FIN_ACK, PSH_ACK, RST, RST_ACK, SYN, SYN_ACK, Talk};
use told::{expect_by, expect_outcome, told, weighs};
use whyreset_connections::Side;
use whyreset_verdicts::{Cause, EndedBy, Outcome};

#[test]
fn of_fins_that_cross_the_one_that_left_first_counts() {
    let mut talk = Talk::open();
    let up = talk.request(0.05, 1, 1);
    let down = talk.response(0.1, 1, up, 3000, 3000);
    talk.client(0.120, FIN_ACK, up, down, b"");
    // It left the server 20 ms before it passes here, and does not know of the client's.
    talk.server(0.121, FIN_ACK, down, up, b"");
    talk.client(0.1211, ACK, up + 1, down + 1, b"");
    talk.server(0.160, ACK, down + 1, up + 1, b"");
    let verdict = talk.verdict(1.0);
    expect_by(&verdict, Cause::None, EndedBy::Server);
}

#[test]
fn a_host_that_closes_in_order_has_not_reset_before() {
    // A packet filter near the client answers each segment with a bare RST; the client's program waits, and closes at last.
    let mut talk = Talk::open();
    let up = talk.request(0.05, 1, 1);
    let down = talk.response(0.1, 1, up, 90_000, 14_480);
    for n in 0..10 {
        let at = 0.15 + f64::from(n) / 1e3;
        talk.server(at, ACK, down + n * 1448, up, &[b'x'; 1448]);
        talk.stranger(at + 0.000_02, Side::Client, RST, up, 64);
    }
    for n in 0..4 {
        let at = 6.0 + 0.3 * f64::from(1_u32 << n);
        talk.client(at, FIN_ACK, up, down, b"");
        talk.stranger(at + 0.04, Side::Server, RST, down, 57);
    }
    let verdict = talk.verdict(20.0);
    expect_by(&verdict, Cause::InjectedReset, EndedBy::Middlebox);
    assert!(!weighs(&verdict, "unanswered_tail"), "{}", told(&verdict));
}

#[test]
fn a_rst_to_an_older_connection_on_the_same_ports_ends_nothing() {
    let mut talk = Talk::new();
    talk.client(0.0, SYN, 0, 0, b"");
    talk.server(0.04, ACK, 500_000, 700_000, b"");
    talk.stranger(0.040_05, Side::Client, RST, 700_000, 64);
    talk.client(1.0, SYN, 0, 0, b"");
    talk.server(1.04, SYN_ACK, 0, 1, b"");
    talk.client(1.040_05, ACK, 1, 1, b"");
    let up = talk.request(1.05, 1, 1);
    let down = talk.response(1.1, 1, up, 3000, 3000);
    talk.client(1.2, FIN_ACK, up, down, b"");
    talk.server(1.24, FIN_ACK, down, up + 1, b"");
    talk.client(1.2401, ACK, up + 1, down + 1, b"");
    let verdict = talk.verdict(3.0);
    expect_outcome(&verdict, Cause::None, Outcome::Completed);
}

#[test]
fn a_forged_rst_that_failed_does_not_end_what_goes_on() {
    let mut talk = Talk::new();
    talk.client(0.0, SYN, 0, 0, b"");
    talk.server(0.02, RST_ACK, 1, 1, b"");
    talk.server(0.04, SYN_ACK, 0, 1, b"");
    talk.client(0.040_05, ACK, 1, 1, b"");
    let up = talk.request(0.05, 1, 1);
    let down = talk.response(0.1, 1, up, 3000, 3000);
    talk.client(0.2, FIN_ACK, up, down, b"");
    talk.server(0.24, FIN_ACK, down, up + 1, b"");
    talk.client(0.2401, ACK, up + 1, down + 1, b"");
    let verdict = talk.verdict(3.0);
    expect_outcome(&verdict, Cause::None, Outcome::Completed);
}

#[test]
fn a_client_that_resets_with_a_full_buffer_had_not_read_it() {
    let mut talk = Talk::new();
    talk.port = 8_333;
    talk.handshake();
    talk.client(0.05, PSH_ACK, 1, 1, &[7; 8]);
    let mut down = 1;
    for n in 0..40 {
        let flags = if n == 39 { PSH_ACK } else { ACK };
        talk.server(0.1 + f64::from(n) / 1e4, flags, down, 9, &[9; 1448]);
        down += 1448;
    }
    talk.server(0.105, PSH_ACK, down, 9, &[9; 600]);
    talk.window = 0;
    talk.client(0.106, ACK, 9, down + 600, b"");
    talk.client(0.25, RST_ACK, 9, down + 600, b"");
    let verdict = talk.verdict(1.0);
    assert_eq!(verdict.cause, Cause::ClientAbort, "{}", told(&verdict));
    assert!(verdict.confidence < 0.95);
}

#[test]
fn an_unreachable_host_in_the_middle_is_not_a_connection_that_was_never_answered() {
    let mut talk = Talk::open();
    let up = talk.request(0.05, 1, 1);
    let down = talk.response(0.1, 1, up, 900_000, 14_480);
    for at in [0.3, 0.75, 1.6, 3.4] {
        talk.server(at, ACK, down, up, &[b'x'; 1448]);
    }
    talk.icmp_about_syn(4.0, 3, 1);
    let verdict = talk.verdict(9.0);
    assert_eq!(verdict.cause, Cause::PathBlackhole, "{}", told(&verdict));
}

#[test]
fn one_lost_fin_is_no_black_hole() {
    let mut talk = Talk::open();
    let up = talk.request(0.05, 1, 1);
    talk.client(5.05, FIN_ACK, up, 1, b"");
    talk.client(5.36, FIN_ACK, up, 1, b"");
    let verdict = talk.verdict(5.5);
    assert_eq!(verdict.cause, Cause::ClientTimeout, "{}", told(&verdict));
}

#[test]
fn what_was_in_flight_to_a_server_that_refuses_it_was_not_delivered() {
    let mut talk = Talk::new();
    talk.port = 9_000;
    talk.handshake();
    talk.server(0.05, PSH_ACK, 1, 1, b"150 go on\r\n");
    talk.client(0.0501, ACK, 1, 12, b"");
    let mut up = 1;
    for n in 0..60 {
        talk.client(0.06 + f64::from(n) / 1e3, ACK, up, 12, &[7; 1448]);
        up += 1448;
        if n == 45 {
            talk.server(0.1055, FIN_ACK, 12, 1 + 5 * 1448, b"");
        }
    }
    for n in 0..12 {
        talk.stranger(0.108 + f64::from(n) / 1e3, Side::Server, RST, 12, 57);
    }
    let verdict = talk.verdict(2.0);
    assert_eq!(verdict.cause, Cause::ServerAbort, "{}", told(&verdict));
}

#[test]
fn an_answer_that_comes_after_the_client_has_gone_changes_nothing() {
    let mut talk = Talk::open();
    let up = talk.request(0.05, 1, 1);
    talk.client(3.051, FIN_ACK, up, 1, b"");
    talk.server(3.091, ACK, 1, up + 1, b"");
    let head = b"HTTP/1.1 200 OK\r\nContent-Length: 20000\r\n\r\n";
    talk.server(3.5, PSH_ACK, 1, up + 1, head);
    talk.server(3.5001, ACK, 1 + head.len() as u32, up + 1, &[b'x'; 1448]);
    talk.stranger(3.5001, Side::Client, RST, up + 1, 64);
    talk.stranger(3.5002, Side::Client, RST, up + 1, 64);
    let verdict = talk.verdict(5.0);
    assert_eq!(verdict.cause, Cause::ClientTimeout, "{}", told(&verdict));
}

#[test]
fn a_goodbye_that_meets_a_closed_server_is_no_loss() {
    let mut talk = Talk::new();
    talk.port = 9_000;
    talk.handshake();
    talk.client(0.05, PSH_ACK, 1, 1, &[7; 300]);
    talk.server(0.09, PSH_ACK, 1, 301, &[8; 700]);
    talk.server(0.0901, FIN_ACK, 701, 301, b"");
    talk.client(0.0902, ACK, 301, 702, b"");
    talk.client(0.0905, PSH_ACK, 301, 702, &[9; 85]);
    talk.stranger(0.1305, Side::Server, RST, 702, 57);
    let verdict = talk.verdict(1.0);
    assert!(
        !verdict.failed || verdict.confidence < 0.7,
        "{}",
        told(&verdict)
    );
}

#[test]
fn what_a_device_sends_did_not_begin_at_the_host_it_names() {
    let sent_with = |ttl| {
        let mut talk = Talk::open();
        let up = talk.request(0.05, 1, 1);
        let down = talk.response(0.1, 1, up, 9000, 3000);
        talk.server(0.15, PSH_ACK, down, up, &[b'x'; 1000]);
        talk.stranger(0.150_02, Side::Client, RST, up, ttl);
        let verdict = talk.verdict(1.0);
        weighs(&verdict, "captured_at_sender")
    };
    assert!(sent_with(64));
    assert!(!sent_with(252));
}

#[test]
fn a_segment_that_the_aborting_rst_acknowledges_was_not_lost() {
    let mut talk = Talk::open();
    let up = talk.request(0.05, 1, 1);
    let down = talk.response(0.1, 1, up, 9_000, 8_000);
    // Acknowledged but for the last piece, which is sent again until the client leaves.
    for at in [0.12, 0.3, 0.6, 0.9] {
        talk.server(at, PSH_ACK, down, up, &[b'x'; 1_000]);
    }
    talk.client(0.95, RST_ACK, up, down + 1_000, b"");
    let verdict = talk.verdict(5.0);
    assert!(!weighs(&verdict, "unanswered_tail"), "{}", told(&verdict));
}

#[test]
fn a_syn_whose_time_to_live_runs_out_on_the_way_gets_no_answer() {
    let mut talk = Talk::new();
    talk.client(0.0, SYN, 0, 0, b"");
    talk.icmp_about_syn(0.01, 11, 0);
    let verdict = talk.verdict(0.2);
    assert_eq!(verdict.cause, Cause::NoAnswer, "{}", told(&verdict));
    assert!(
        verdict.summary.contains("time to live"),
        "{}",
        told(&verdict)
    );
}
