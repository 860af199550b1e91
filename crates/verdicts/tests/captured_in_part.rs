//! Captures that hold a part of a connection: picked by flags, one direction, a late start. What the numbers show of the rest counts.

#![allow(clippy::expect_used, clippy::indexing_slicing)]

#[path = "made/talk.rs"]
mod talk;
#[path = "made/told.rs"]
mod told;

use talk::{ACK, FIN_ACK, NEXT, PSH_ACK, RST, RST_ACK, SEGMENT, SYN, SYN_ACK, Talk};
use told::{expect_by, is_unsure_of, share, told};
use whyreset_verdicts::{Cause, EndedBy, Verdict};

/// SYN and SYN/ACK, and none of the packets between them and the end.
fn opened_unseen() -> Talk {
    let mut talk = Talk::new();
    talk.client(0.0, SYN, 0, 0, b"");
    talk.server(0.040, SYN_ACK, 0, 1, b"");
    talk
}

#[test]
fn a_rst_whose_numbers_tell_of_data_ends_no_half_open_connection() {
    let mut talk = opened_unseen();
    talk.server(1.7, RST_ACK, 305_250, 82, b"");
    talk.stranger(1.701, whyreset_connections::Side::Server, RST, 159_594, 57);
    let verdict = talk.verdict(3.0);
    assert_ne!(
        verdict.cause,
        Cause::HandshakeIncomplete,
        "{}",
        told(&verdict)
    );
    is_unsure_of(&verdict, Cause::BenignReset);
}

#[test]
fn whether_a_download_that_a_filter_left_out_was_whole_does_not_show() {
    let mut talk = opened_unseen();
    talk.server(2.0, FIN_ACK, 20_084, 74, b"");
    talk.client(2.001, FIN_ACK, 74, 20_085, b"");
    let verdict = talk.verdict(3.0);
    is_unsure_of(&verdict, Cause::None);
    assert!(
        !told(&verdict).contains("hole_never_filled"),
        "{}",
        told(&verdict)
    );
    assert!(
        verdict
            .next_steps
            .iter()
            .chain([&verdict.summary])
            .any(|it| it.contains("capture"))
    );
}

#[test]
fn a_request_that_only_its_numbers_tell_of_is_unanswered_where_the_server_said_nothing() {
    let mut talk = opened_unseen();
    talk.client(4.3, FIN_ACK, 518, 1, b"");
    talk.server(4.34, FIN_ACK, 1, 519, b"");
    let verdict = talk.verdict(6.0);
    assert_ne!(verdict.cause, Cause::None, "{}", told(&verdict));
    assert_ne!(verdict.cause, Cause::MtuBlackhole, "{}", told(&verdict));
}

#[test]
fn a_host_that_does_not_repeat_its_syn_ack_may_have_its_ack() {
    let verdict = opened_unseen().verdict(30.0);
    is_unsure_of(&verdict, Cause::HandshakeIncomplete);
    let mut talk = opened_unseen();
    for at in [1.04, 3.04, 7.04] {
        talk.server(at, SYN_ACK, 0, 1, b"");
    }
    let verdict = talk.verdict(30.0);
    assert_eq!(
        verdict.cause,
        Cause::HandshakeIncomplete,
        "{}",
        told(&verdict)
    );
    assert!(verdict.confidence > 0.9, "{}", told(&verdict));
}

#[test]
fn a_body_is_cut_short_where_all_that_the_server_sent_is_less_than_it_promised() {
    let mut talk = Talk::open();
    // The request is not in the capture; what answers it is.
    let up = 83;
    talk.server(0.09, ACK, 1, up, b"");
    let down = talk.response(0.1, 1, up, 150_000, 14_480);
    talk.server(0.3, FIN_ACK, down, up, b"");
    talk.client(0.3001, FIN_ACK, up, down + 1, b"");
    talk.server(0.34, ACK, down + 1, up + 1, b"");
    let verdict = talk.verdict(2.0);
    assert_eq!(
        verdict.cause,
        Cause::ResponseTruncated,
        "{}",
        told(&verdict)
    );
}

#[test]
fn of_one_direction_silences_do_not_show() {
    let mut talk = Talk::new();
    talk.server(0.040, SYN_ACK, 0, 1, b"");
    talk.server(0.09, ACK, 1, 83, b"");
    talk.server(
        0.1,
        PSH_ACK,
        1,
        83,
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
    );
    talk.server(60.1, FIN_ACK, 41, 83, b"");
    let verdict = talk.verdict(90.0);
    is_unsure_of(&verdict, Cause::ServerTimeout);
}

#[test]
fn times_in_whole_seconds_tell_no_wait_of_one() {
    let last = |at: f64| {
        let mut talk = Talk::new();
        talk.client(0.0, SYN, 0, 0, b"");
        talk.server(0.0, SYN_ACK, 0, 1, b"");
        talk.client(0.0, ACK, 1, 1, b"");
        talk.client(0.0, PSH_ACK, 1, 1, b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
        talk.server(0.0, ACK, 1, 32, b"");
        talk.client(at, FIN_ACK, 32, 1, b"");
        talk.verdict(at)
    };
    is_unsure_of(&last(1.0), Cause::ClientTimeout);
    is_unsure_of(&last(1.0), Cause::ClientAbort);
    assert_eq!(
        last(30.0).cause,
        Cause::ClientTimeout,
        "{}",
        told(&last(30.0))
    );
}

#[test]
fn a_response_that_stands_before_its_request_in_the_capture_answers_it() {
    let mut talk = Talk::open();
    let up = talk.request(0.05, 1, 1);
    let down = talk.response(0.1, 1, up, 100, 100);
    let request = b"GET /b HTTP/1.1\r\nHost: a\r\n\r\n";
    let next = up + request.len() as u32;
    // Recorded the wrong way round.
    let end = talk.response(0.200_02, down, next, 100, 100);
    talk.client(0.200_01, PSH_ACK, up, down, request);
    talk.client(0.21, FIN_ACK, next, end, b"");
    talk.server(0.25, FIN_ACK, end, next + 1, b"");
    talk.client(0.250_01, ACK, next + 1, end + 1, b"");
    let verdict = talk.verdict(2.0);
    assert_eq!(verdict.cause, Cause::None, "{}", told(&verdict));
}

#[test]
fn a_refused_upload_whose_server_resets_by_itself_was_left_unread() {
    let mut talk = Talk::open();
    let head = b"PUT /u HTTP/1.1\r\nHost: a\r\nContent-Length: 28960\r\n\r\n";
    talk.client(0.05, PSH_ACK, 1, 1, head);
    let mut up = 1 + head.len() as u32;
    for n in 0..20 {
        talk.client(0.051 + f64::from(n) / 1e4, ACK, up, 1, &[b'x'; 1448]);
        up += 1448;
    }
    // Its host has taken everything; its program has read the head alone.
    talk.server(0.1, ACK, 1, up, b"");
    let answer = b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\nno";
    talk.server(0.11, PSH_ACK, 1, up, answer);
    let down = 1 + answer.len() as u32;
    talk.client(0.12, FIN_ACK, up, down, b"");
    talk.server(0.16, RST_ACK, down, up + 1, b"");
    let verdict = talk.verdict(2.0);
    assert_eq!(
        verdict.cause,
        Cause::RequestRejectedEarly,
        "{}",
        told(&verdict)
    );
}

#[test]
fn a_capture_of_syns_alone_does_not_tell_whether_they_were_answered() {
    let asked = || {
        let mut talk = Talk::new();
        talk.client(0.0, SYN, 0, 0, b"");
        talk
    };
    let verdict = asked().verdict(5.0);
    is_unsure_of(&verdict, Cause::NoAnswer);
    let mut steps = verdict.next_steps.iter();
    assert!(steps.any(|it| it.contains("without a filter")));
    // Who repeats it has heard nothing.
    let mut talk = asked();
    talk.client(1.0, SYN, 0, 0, b"");
    talk.client(3.0, SYN, 0, 0, b"");
    let verdict = talk.verdict(5.0);
    assert_eq!(verdict.cause, Cause::NoAnswer, "{}", told(&verdict));
    assert!(verdict.confidence > 0.8, "{}", told(&verdict));
}

#[test]
fn a_bare_rst_refuses_no_syn() {
    let mut talk = Talk::new();
    talk.client(0.0, SYN, 0, 0, b"");
    talk.stranger(1.8, whyreset_connections::Side::Server, RST, 1, 57);
    let verdict = talk.verdict(5.0);
    is_unsure_of(&verdict, Cause::PortClosed);
    assert_ne!(verdict.cause, Cause::FirewallReject, "{}", told(&verdict));
}

#[test]
fn a_syn_ack_that_is_repeated_may_have_an_ack_that_a_filter_left_out() {
    let mut talk = opened_unseen();
    talk.server(1.04, SYN_ACK, 0, 1, b"");
    talk.server(3.04, SYN_ACK, 0, 1, b"");
    // Another connection was closed, and nothing that led to it was captured.
    talk.client_port = 40_001;
    talk.client(4.0, SYN, 0, 0, b"");
    talk.server(4.04, SYN_ACK, 0, 1, b"");
    talk.client(4.3, FIN_ACK, 518, 3_001, b"");
    talk.server(4.34, FIN_ACK, 3_001, 519, b"");
    let all = talk.verdicts(30.0);
    let half_open = all.iter().find(|(c, _)| c.ends.client.port == 40_000);
    is_unsure_of(&half_open.expect("both").1, Cause::HandshakeIncomplete);
}

#[test]
fn a_lone_syn_among_connections_of_which_clients_alone_were_captured_may_have_an_answer() {
    let share_of = |acknowledges: bool| {
        let mut talk = Talk::new();
        talk.client(0.0, SYN, 0, 0, b"");
        talk.port = 443;
        talk.client_port = 40_001;
        talk.client(0.1, SYN, 0, 0, b"");
        if acknowledges {
            talk.client(0.14, ACK, 1, 1, b"");
            talk.client(0.15, PSH_ACK, 1, 1, b"some words");
            talk.client(0.3, FIN_ACK, 11, 1_001, b"");
        }
        let all = talk.verdicts(30.0);
        let lone = all.iter().find(|(c, _)| c.ends.client.port == 40_000);
        share(&lone.expect("both").1, Cause::NoAnswer)
    };
    assert!(share_of(true) < share_of(false) / 2.0);
}

/// A capture that begins with an acknowledgement, and `rest` seconds before the request and the server's RST cross.
fn crossed_behind(rest: f64) -> Verdict {
    let mut talk = Talk::new();
    talk.client(0.0, ACK, 1, 1, b"");
    talk.client(
        rest,
        PSH_ACK,
        1,
        1,
        b"GET / HTTP/1.1\r\nHost: lab.test\r\n\r\n",
    );
    talk.server(rest + 0.001, RST_ACK, 1, 1, b"");
    talk.verdict(rest + 1.0)
}

#[test]
fn a_connection_that_was_not_at_rest_was_not_closed_for_resting() {
    is_unsure_of(&crossed_behind(0.000_1), Cause::KeepaliveRace);
    assert_eq!(crossed_behind(5.0).cause, Cause::KeepaliveRace);
}

#[test]
fn what_an_upload_was_told_before_the_capture_began_does_not_show() {
    let mut talk = Talk::new();
    talk.ttl = (57, 64);
    for n in 0..20 {
        let at = f64::from(n) / 1e3;
        talk.client(at, ACK, 1 + n * 1448, 1, &[b'u'; 1448]);
        talk.server(at + 0.000_05, ACK, 1, 1 + (n + 1) * 1448, b"");
    }
    talk.server(0.1, RST_ACK, 1, 1 + 20 * 1448, b"");
    let verdict = talk.verdict(1.0);
    is_unsure_of(&verdict, Cause::ServerAbort);
    let mut others = verdict.alternatives.iter();
    let early = others.find(|a| a.cause == Cause::RequestRejectedEarly);
    assert!(
        early.is_some_and(|a| a.confidence > 0.15),
        "{}",
        told(&verdict)
    );
}

/// Only the server's packets: a part of a promised answer, and its FIN, which acknowledges so much more than its data did.
fn ended_unseen_behind(more: u32) -> Verdict {
    let mut talk = Talk::new();
    talk.server(0.04, SYN_ACK, 0, 1, b"");
    talk.server(
        0.08,
        PSH_ACK,
        1,
        80,
        b"HTTP/1.1 200 OK\r\nContent-Length: 900000\r\n\r\n",
    );
    for n in 0..20 {
        talk.server(
            0.1 + f64::from(n) / 100.0,
            ACK,
            43 + n * 1448,
            80,
            &[b'x'; 1448],
        );
    }
    talk.server(0.4, FIN_ACK, 43 + 20 * 1448, 80 + more, b"");
    talk.verdict(3.0)
}

#[test]
fn a_fin_that_acknowledges_an_unseen_fin_did_not_cut_the_answer() {
    let verdict = ended_unseen_behind(0);
    assert_eq!(
        verdict.cause,
        Cause::ResponseTruncated,
        "{}",
        told(&verdict)
    );
    let verdict = ended_unseen_behind(1);
    assert_ne!(
        verdict.cause,
        Cause::ResponseTruncated,
        "{}",
        told(&verdict)
    );
}

/// Within a session of TLS: only the client's close_notify can be read, 12 s behind what the server said last.
#[test]
fn a_goodbye_alone_tells_nothing_of_the_records_before_it() {
    let mut talk = Talk::new();
    for n in 0..30 {
        let (at, next) = (f64::from(n) / 1e3, 1 + n * 1448);
        talk.server(at, ACK, next, 1, &SEGMENT);
        talk.client(at + 0.000_05, ACK, 1, next + 1448, b"");
    }
    let (down, alert) = (1 + 30 * 1448, [21, 3, 3, 0, 26]);
    let mut goodbye = alert.to_vec();
    goodbye.resize(31, 0xa5);
    talk.client(12.2, PSH_ACK, 1, down, &goodbye);
    talk.client(12.2001, FIN_ACK, 32, down, b"");
    talk.server(12.25, RST_ACK, down, 33, b"");
    let verdict = talk.verdict(14.0);
    assert!(verdict.confidence < 0.75, "{}", told(&verdict));
}

#[test]
fn who_sends_the_same_again_and_again_from_the_first_packet_on_hears_nothing() {
    let mut talk = Talk::new();
    let times = [0.0, 0.3, 0.9, 2.1, 4.5, 9.3];
    for at in times {
        talk.client(at, PSH_ACK, 1, 1, NEXT);
    }
    let verdict = talk.verdict(20.0);
    assert_eq!(verdict.cause, Cause::PathBlackhole, "{}", told(&verdict));
    // Where it acknowledges more and more, somebody was heard, and not captured.
    let mut talk = Talk::new();
    for (at, ack) in times
        .into_iter()
        .zip([1, 1_449, 2_897, 2_897, 2_897, 2_897])
    {
        talk.client(at, PSH_ACK, 1, ack, NEXT);
    }
    let verdict = talk.verdict(20.0);
    assert_eq!(verdict.cause, Cause::Unknown, "{}", told(&verdict));
}

#[test]
fn a_lost_request_does_not_leave_the_last_one_unanswered() {
    let mut talk = Talk::open();
    // The first request, and the answer to it, were lost.
    let (mut up, mut down) = (54, 340);
    for n in 0..2 {
        let at = 0.3 + f64::from(n) * 0.5;
        let asked = talk.request(at, up, down);
        down = talk.response(at + 0.041, down, asked, 300, 300);
        up = asked;
    }
    talk.client(1.3, FIN_ACK, up, down, b"");
    talk.server(1.34, FIN_ACK, down, up + 1, b"");
    talk.client(1.341, ACK, up + 1, down + 1, b"");
    let verdict = talk.verdict(3.0);
    is_unsure_of(&verdict, Cause::ClientAbort);
    assert_eq!(verdict.cause, Cause::None, "{}", told(&verdict));
}

#[test]
fn a_copy_of_a_syn_ack_repeats_nothing() {
    let ended_behind = |copy: f64| {
        let mut talk = opened_unseen();
        talk.server(copy, SYN_ACK, 0, 1, b"");
        talk.verdict(copy + 0.05)
    };
    is_unsure_of(&ended_behind(0.040_02), Cause::HandshakeIncomplete);
    let verdict = ended_behind(1.04);
    assert_eq!(
        verdict.cause,
        Cause::HandshakeIncomplete,
        "{}",
        told(&verdict)
    );
}

/// The capture begins behind the data that is acknowledged first, and ends in what is sent again in vain.
#[test]
fn what_is_sent_again_in_vain_is_no_hole_and_not_too_little() {
    let mut talk = Talk::new();
    talk.client(0.0, ACK, 1, 1, b"");
    talk.server(0.000_1, PSH_ACK, 5_793, 1, &SEGMENT[..100]);
    talk.client(0.000_2, ACK, 1, 2_897, b"");
    talk.client(0.000_3, ACK, 1, 5_793, b"");
    for at in [0.206, 0.806, 2.006, 4.406, 9.211] {
        talk.server(at, PSH_ACK, 5_793, 1, &SEGMENT[..100]);
    }
    let verdict = talk.verdict(9.3);
    expect_by(&verdict, Cause::PathBlackhole, EndedBy::Network);
    assert!(verdict.confidence > 0.6, "{}", told(&verdict));
}
