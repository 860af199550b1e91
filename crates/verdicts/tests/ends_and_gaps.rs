//! Ends that cross, RSTs that end nothing, and what a capture, or our own bounds, leave out.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::too_many_arguments,
    dead_code
)]

#[path = "made/talk.rs"]
mod talk;

use talk::{ACK, FIN_ACK, PSH_ACK, RST, RST_ACK, SYN, SYN_ACK, Talk};
use whyreset_connections::{Neighbours, Side};
use whyreset_verdicts::{Cause, EndedBy, Outcome, Verdict, judge};

fn told(verdict: &Verdict) -> String {
    format!("{}\n{:#?}", verdict.summary, verdict.weighing)
}

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
    assert_eq!(
        (verdict.cause, verdict.ended_by),
        (Cause::None, EndedBy::Server),
        "{}",
        told(&verdict)
    );
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
    assert_eq!(
        (verdict.cause, verdict.ended_by),
        (Cause::InjectedReset, EndedBy::Middlebox),
        "{}",
        told(&verdict)
    );
    assert!(
        !told(&verdict).contains("unanswered_tail"),
        "{}",
        told(&verdict)
    );
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
    assert_eq!(
        (verdict.cause, verdict.outcome),
        (Cause::None, Outcome::Completed),
        "{}",
        told(&verdict)
    );
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
    assert_eq!(
        (verdict.cause, verdict.outcome),
        (Cause::None, Outcome::Completed),
        "{}",
        told(&verdict)
    );
}

#[test]
fn what_the_client_acknowledged_it_had_though_the_capture_lost_it() {
    let mut talk = Talk::open();
    let up = talk.request(0.05, 1, 1);
    let down = talk.response(0.1, 1, up, 20_000, 18_552);
    talk.client(0.15, ACK, up, down + 1_448, b"");
    talk.client(0.2, FIN_ACK, up, down + 1_448, b"");
    talk.server(0.24, FIN_ACK, down + 1_448, up + 1, b"");
    talk.client(0.2401, ACK, up + 1, down + 1_449, b"");
    let verdict = talk.verdict(1.0);
    assert_eq!(verdict.cause, Cause::None, "{}", told(&verdict));
}

#[test]
fn a_long_download_that_is_dropped_in_full_flow_had_not_been_waited_for() {
    let mut talk = Talk::open();
    let up = talk.request(0.05, 1, 1);
    let head = b"HTTP/1.1 200 OK\r\nContent-Length: 90000000\r\n\r\n";
    talk.server(0.1, PSH_ACK, 1, up, head);
    let mut down = 1 + head.len() as u32;
    for n in 0..3_000 {
        let at = 0.11 + f64::from(n) / 1e3;
        talk.server(at, ACK, down, up, &[b'x'; 1448]);
        down += 1448;
        if n <= 2_000 {
            talk.client(at + 0.000_02, ACK, up, down, b"");
        }
        if n == 2_000 {
            talk.client(at + 0.000_5, FIN_ACK, up, down, b"");
        }
        if n > 2_000 {
            talk.stranger(at + 0.000_03, Side::Client, RST, up, 64);
        }
    }
    let verdict = talk.verdict(4.0);
    assert_eq!(verdict.cause, Cause::ClientAbort, "{}", told(&verdict));
    assert!(verdict.confidence > 0.7, "{}", verdict.confidence);
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
fn a_connection_that_is_opened_and_never_used_may_hide_a_lost_request() {
    let verdict = Talk::open().verdict(20.0);
    assert_eq!(
        (verdict.cause, verdict.outcome),
        (Cause::None, Outcome::Open)
    );
    assert!(verdict.confidence < 0.9, "{}", verdict.confidence);
}

#[test]
fn a_refusal_before_the_end_of_an_upload_counts_though_all_of_it_was_acknowledged() {
    let mut talk = Talk::open();
    let head = b"PUT /up HTTP/1.1\r\nHost: lab.test\r\nContent-Length: 14480\r\n\r\n";
    talk.client(0.05, PSH_ACK, 1, 1, head);
    let mut up = 1 + head.len() as u32;
    for n in 0..10 {
        talk.client(0.051 + f64::from(n) / 1e4, ACK, up, 1, &[b'u'; 1448]);
        up += 1448;
    }
    let no = b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    let down = 1 + no.len() as u32;
    talk.server(0.0911, PSH_ACK, 1, up - 8 * 1448, no);
    talk.client(0.0912, FIN_ACK, up, down, b"");
    talk.server(0.0915, ACK, down, up, b"");
    talk.server(0.1315, RST_ACK, down, up + 1, b"");
    let verdict = talk.verdict(1.0);
    assert_eq!(
        verdict.cause,
        Cause::RequestRejectedEarly,
        "{}",
        told(&verdict)
    );
}

#[test]
fn a_first_word_that_is_left_without_an_answer_is_not_well() {
    let mut talk = Talk::new();
    talk.port = 9_000;
    talk.handshake();
    talk.client(0.05, PSH_ACK, 1, 1, &[7; 60]);
    talk.server(0.09, ACK, 1, 61, b"");
    talk.server(0.1, FIN_ACK, 1, 61, b"");
    talk.client(0.1001, FIN_ACK, 61, 2, b"");
    talk.server(0.14, ACK, 2, 62, b"");
    let verdict = talk.verdict(1.0);
    assert_eq!(verdict.cause, Cause::ServerAbort, "{}", told(&verdict));
    assert!(
        (0.4..0.85).contains(&verdict.confidence),
        "{}",
        verdict.confidence
    );
}

#[test]
fn a_session_that_was_answered_and_rests_loses_nothing_by_a_rst() {
    let mut talk = Talk::new();
    talk.port = 9_000;
    talk.handshake();
    talk.client(0.05, PSH_ACK, 1, 1, &[7; 20]);
    talk.server(0.09, PSH_ACK, 1, 21, &[8; 4]);
    talk.client(0.0901, ACK, 21, 5, b"");
    talk.server(4.1, RST_ACK, 5, 21, b"");
    let verdict = talk.verdict(5.0);
    assert_eq!(verdict.cause, Cause::BenignReset, "{}", told(&verdict));
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
fn a_gateway_timeout_in_the_middle_of_an_upload_is_a_time_out() {
    let mut talk = Talk::open();
    let head = b"POST /up HTTP/1.1\r\nHost: lab.test\r\nContent-Length: 400000\r\n\r\n";
    talk.client(0.05, PSH_ACK, 1, 1, head);
    let up = 1 + head.len() as u32;
    talk.client(0.051, PSH_ACK, up, 1, &[b'u'; 1448]);
    let up = up + 1448;
    talk.server(0.09, ACK, 1, up, b"");
    let no = b"HTTP/1.1 504 Gateway Time-out\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    talk.server(5.09, PSH_ACK, 1, up, no);
    let down = 1 + no.len() as u32;
    talk.server(5.0901, FIN_ACK, down, up, b"");
    talk.client(5.0902, FIN_ACK, up, down + 1, b"");
    talk.server(5.13, ACK, down + 1, up + 1, b"");
    let verdict = talk.verdict(6.0);
    assert_eq!(verdict.cause, Cause::ServerTimeout, "{}", told(&verdict));
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
fn a_server_that_drops_what_it_has_just_accepted_was_not_idle() {
    let mut talk = Talk::open();
    let text = b"GET / HTTP/1.1\r\nHost: lab.test\r\n\r\n";
    talk.client(0.041, PSH_ACK, 1, 1, text);
    talk.server(0.0805, RST_ACK, 1, 1, b"");
    let verdict = talk.verdict(1.0);
    assert_eq!(verdict.cause, Cause::ServerAbort, "{}", told(&verdict));
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
fn a_window_that_is_shut_and_probed_when_the_capture_ends_is_stalled() {
    let mut talk = Talk::open();
    let up = talk.request(0.05, 1, 1);
    let down = talk.response(0.1, 1, up, 500_000, 20_000);
    talk.window = 0;
    talk.client(0.12, ACK, up, down, b"");
    talk.window = 64_240;
    talk.server(0.4, ACK, down - 1, up, b"");
    talk.window = 0;
    talk.client(0.4001, ACK, up, down, b"");
    let verdict = talk.verdict(0.41);
    assert_eq!(
        (verdict.cause, verdict.outcome),
        (Cause::ReceiverStalled, Outcome::Stalled),
        "{}",
        told(&verdict)
    );
    assert!(verdict.confidence < 0.8);
}

#[test]
fn a_request_that_the_capture_lost_leaves_no_other_unanswered() {
    let mut talk = Talk::open();
    let up = talk.request(0.05, 1, 1);
    let down = talk.response(0.1, 1, up, 3000, 3000);
    let up = talk.request(0.35, up, down);
    let down = talk.response(0.4, down, up, 5000, 5000);
    talk.client(0.5, FIN_ACK, up, down, b"");
    talk.server(0.54, FIN_ACK, down, up + 1, b"");
    talk.client(0.5401, ACK, up + 1, down + 1, b"");
    let (mut connection, _) = talk.verdicts(1.0).swap_remove(0);
    // As if a lost request had taken the second response, and left the second request without one.
    connection.flows.client.missing_bytes = 50;
    let list = &mut connection.app.list;
    let mut asked = list[1].clone();
    (asked.complete, asked.response_complete) = (false, false);
    (asked.status, asked.response_started, asked.ended) = (None, None, asked.request_ended);
    (asked.body_delivered, asked.body_expected) = (None, None);
    list[1].request = None;
    list.insert(1, asked);
    let verdict = judge(&connection, &Neighbours::default());
    assert_eq!(
        (verdict.cause, verdict.outcome),
        (Cause::None, Outcome::Completed),
        "{}",
        told(&verdict)
    );
    // But a response that was over before it is none of its own.
    let list = &mut connection.app.list;
    list[2].ended = list[0].ended;
    assert!(judge(&connection, &Neighbours::default()).failed);
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
        let mut weights = verdict.weighing.iter().flat_map(|w| &w.weights);
        weights.any(|weight| weight.observation == "captured_at_sender")
    };
    assert!(sent_with(64));
    assert!(!sent_with(252));
}

#[test]
fn a_server_that_closes_in_the_middle_of_an_upload_had_not_waited_whatever_was_not_kept() {
    let mut talk = Talk::new();
    talk.port = 21;
    // At the server: the client is 0.1 s away.
    talk.client(0.0, SYN, 0, 0, b"");
    talk.server(0.000_03, SYN_ACK, 0, 1, b"");
    talk.client(0.1, ACK, 1, 1, b"");
    talk.server(0.15, PSH_ACK, 1, 1, b"150 go on\r\n");
    let (mut at, mut up) = (0.3, 1);
    let full = [b'x'; 1400];
    let mut pour = |talk: &mut Talk, segments: u32, acked: u32| {
        for _ in 0..segments {
            at += 0.001;
            talk.client(at, ACK, up, 12, &full);
            up += 1400;
            talk.server(at + 0.000_9, ACK, 12, acked.min(up), b"");
        }
        at
    };
    pour(&mut talk, 20, u32::MAX);
    // A hole stops the acknowledgements, not the data.
    let closed = pour(&mut talk, 1500, 1 + 20 * 1400) + 0.000_95;
    talk.server(closed, FIN_ACK, 12, 1 + 20 * 1400, b"");
    for n in 0..300 {
        let next = closed + 0.000_05 + f64::from(n) * 0.000_1;
        talk.client(next, ACK, 1 + 1520 * 1400 + n * 1400, 12, &full);
        talk.stranger(next + 0.000_02, Side::Server, RST, 12, 57);
    }
    let verdict = talk.verdict(4.0);
    assert_ne!(verdict.cause, Cause::ServerTimeout, "{}", told(&verdict));
    assert!(!verdict.evidence.iter().any(|e| e.id == "long_wait"));
}

#[test]
fn data_did_not_stop_in_full_flow_where_the_last_of_it_was_not_captured() {
    let stopped = |unseen: u32| {
        let mut talk = Talk::open();
        let up = talk.request(0.05, 1, 1);
        let head = b"HTTP/1.1 200 OK\r\nContent-Length: 90000\r\n\r\n";
        talk.server(0.1, PSH_ACK, 1, up, head);
        let mut down = 1 + head.len() as u32;
        for n in 0..6 {
            talk.server(
                0.1001 + f64::from(n) * 0.000_1,
                ACK,
                down,
                up,
                &[b'x'; 1448],
            );
            down += 1448;
        }
        down += unseen;
        talk.client(0.101, ACK, up, down, b"");
        talk.client(6.7, FIN_ACK, up, down, b"");
        talk.server(6.74, ACK, down, up + 1, b"");
        let verdict = talk.verdict(8.0);
        let mut weights = verdict.weighing.iter().flat_map(|w| &w.weights);
        weights.any(|weight| weight.observation == "stopped_in_full_flow")
    };
    assert!(stopped(0));
    assert!(!stopped(5000));
}

#[test]
fn a_request_that_was_captured_in_part_is_unanswered_where_the_server_said_nothing() {
    let mut talk = Talk::open();
    let start = b"POST /u HTTP/1.1\r\nHost: lab.test\r\nContent-Le";
    talk.client(0.05, PSH_ACK, 1, 1, start);
    let up = 1 + start.len() as u32;
    talk.server(0.09, ACK, 1, up, b"");
    talk.server(4.1, FIN_ACK, 1, up, b"");
    talk.client(4.1001, FIN_ACK, up, 2, b"");
    talk.server(4.14, ACK, 2, up + 1, b"");
    let (mut connection, _) = talk.verdicts(5.0).swap_remove(0);
    // As a short snapshot length leaves it.
    connection.app.list[0].uncertain = true;
    let verdict = judge(&connection, &Neighbours::default());
    assert_eq!(
        (verdict.cause, verdict.failed),
        (Cause::ServerTimeout, true),
        "{}",
        told(&verdict)
    );
}

#[test]
fn a_frame_of_several_segments_is_as_much_as_they_are_apart() {
    let closed_after = |mail: usize| {
        let mut talk = Talk::new();
        talk.port = 25;
        talk.handshake();
        talk.server(0.08, PSH_ACK, 1, 1, b"220 mail.test\r\n");
        talk.client(0.09, PSH_ACK, 1, 16, b"DATA\r\n");
        talk.server(0.13, PSH_ACK, 16, 7, b"354 go on\r\n");
        talk.client(0.14, PSH_ACK, 7, 27, b"Subject: x\r\n");
        talk.client(0.1401, PSH_ACK, 19, 27, &vec![b'x'; mail]);
        let up = 19 + mail as u32;
        talk.server(0.19, ACK, 27, up, b"");
        talk.server(5.2, FIN_ACK, 27, up, b"");
        talk.client(5.2001, FIN_ACK, up, 28, b"");
        talk.server(5.24, ACK, 28, up + 1, b"");
        talk.verdict(6.0).cause
    };
    assert_eq!(closed_after(3_000), Cause::ServerTimeout);
    assert_eq!(closed_after(30), Cause::None);
}

#[test]
fn a_server_whose_data_the_capture_lost_had_said_something() {
    let mut talk = Talk::open();
    let up = talk.request(0.05, 1, 1);
    talk.client(0.12, ACK, up, 1449, b"");
    talk.client(0.1201, ACK, up, 4083, b"");
    talk.client(0.1202, FIN_ACK, up, 4083, b"");
    talk.server(0.16, FIN_ACK, 4083, up + 1, b"");
    talk.client(0.1601, ACK, up + 1, 4084, b"");
    let verdict = talk.verdict(1.0);
    assert_eq!(verdict.cause, Cause::None, "{}", told(&verdict));
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
    let mut weights = verdict.weighing.iter().flat_map(|w| &w.weights);
    assert!(
        weights.all(|w| w.observation != "unanswered_tail"),
        "{:#?}",
        verdict.weighing
    );
}

/// Of a connection that a sampler cut off, or that a full disk left out, neither side's next packet is in the capture.
#[test]
fn data_that_is_neither_acknowledged_nor_sent_again_was_not_captured_to_the_end() {
    let mut talk = Talk::open();
    let up = talk.request(0.05, 1, 1);
    let down = talk.response(0.1, 1, up, 90_000, 8_000);
    talk.server(0.3, ACK, down, up, &[b'x'; 1_448]);
    let verdict = talk.verdict(40.0);
    assert_eq!(verdict.cause, Cause::Unknown, "{}", told(&verdict));
    assert_eq!(verdict.outcome, Outcome::Partial, "{}", told(&verdict));
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

/// As of a data connection of FTP, of which a filter kept little.
#[test]
fn a_server_that_hands_much_over_unasked_waits_for_nothing() {
    let mut talk = Talk::open();
    let mut down = 1;
    for n in 0..6 {
        talk.server(0.1 + f64::from(n) / 1e3, ACK, down, 1, &[b'x'; 1_448]);
        down += 1_448;
    }
    talk.client(0.15, ACK, 1, down, b"");
    talk.server(20.0, FIN_ACK, down, 1, b"");
    talk.client(20.001, FIN_ACK, 1, down + 1, b"");
    talk.server(20.04, ACK, down + 1, 2, b"");
    let verdict = talk.verdict(25.0);
    assert_eq!(verdict.cause, Cause::None, "{}", told(&verdict));
}

#[test]
fn a_capture_that_ends_behind_the_clients_fin_does_not_tell_whether_it_took_an_answer() {
    let leaves = |until: f64| {
        let mut talk = Talk::open();
        let up = talk.request(0.05, 1, 1);
        talk.client(0.12, FIN_ACK, up, 1, b"");
        talk.server(0.16, ACK, 1, up + 1, b"");
        talk.verdict(until)
    };
    let verdict = leaves(0.161);
    assert!(verdict.confidence < 0.85, "{}", told(&verdict));
    assert!(leaves(20.0).confidence >= verdict.confidence + 0.05);
}

#[test]
fn a_client_that_waits_for_leave_to_send_its_body_waits_for_the_server() {
    let mut talk = Talk::open();
    let head = b"PUT /f HTTP/1.1\r\nHost: lab.test\r\nContent-Length: 3000000\r\nExpect: 100-continue\r\n\r\n";
    let up = 1 + head.len() as u32;
    talk.client(0.05, PSH_ACK, 1, 1, head);
    talk.server(0.09, ACK, 1, up, b"");
    talk.client(30.05, FIN_ACK, up, 1, b"");
    talk.server(30.09, ACK, 1, up + 1, b"");
    let verdict = talk.verdict(40.0);
    assert_eq!(verdict.cause, Cause::ClientTimeout, "{}", told(&verdict));
}

#[test]
fn a_response_whose_chunks_cannot_be_read_is_not_whole() {
    let mut talk = Talk::open();
    let up = talk.request(0.05, 1, 1);
    let answer =
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\nzz!!\r\nbroken\r\n";
    talk.server(0.1, PSH_ACK, 1, up, answer);
    let down = 1 + answer.len() as u32;
    talk.client(0.1001, ACK, up, down, b"");
    talk.client(0.1002, FIN_ACK, up, down, b"");
    talk.server(0.1402, FIN_ACK, down, up + 1, b"");
    let verdict = talk.verdict(2.0);
    assert_eq!(verdict.cause, Cause::ClientAbort, "{}", told(&verdict));
}
