//! Captures that lost single packets, recorded them out of order, cut them short or began late: what shows by the rest counts, and what
//! may have been in the lost ones lowers the confidence.

#![allow(clippy::expect_used, clippy::indexing_slicing)]

#[path = "made/session.rs"]
mod session;
#[path = "made/talk.rs"]
mod talk;
#[path = "made/told.rs"]
mod told;

use session::record;
use talk::{ACK, FIN_ACK, NEXT, PSH_ACK, RST, RST_ACK, SYN, SYN_ACK, Talk};
use told::{expect_outcome, share, shows, told, weighs};
use whyreset_connections::{Neighbours, Side};
use whyreset_verdicts::{Cause, Outcome, Verdict, judge};

fn is(verdict: &Verdict, cause: Cause) {
    assert_eq!(verdict.cause, cause, "{}", told(verdict));
}

fn is_not_sure_of(verdict: &Verdict, cause: Cause) {
    let sure = verdict.cause == cause && verdict.confidence >= 0.85;
    assert!(!sure, "{}", told(verdict));
}

/// A whole exchange, as the capture holds it.
fn answered() -> (Talk, u32, u32) {
    let mut talk = Talk::open();
    let up = talk.request(0.05, 1, 1);
    let down = talk.response(0.1, 1, up, 3000, 3000);
    (talk, up, down)
}

#[test]
fn a_full_queue_shows_without_the_syn() {
    let mut talk = Talk::new();
    talk.server(0.040, SYN_ACK, 0, 1, b"");
    talk.client(0.041, ACK, 1, 1, b"");
    for at in [0.042, 0.25, 0.65, 1.45, 3.05] {
        talk.client(at, PSH_ACK, 1, 1, NEXT);
    }
    for at in [1.07, 3.08] {
        talk.server(at, SYN_ACK, 0, 1, b"");
        talk.client(at + 0.001, ACK, 1 + NEXT.len() as u32, 1, b"");
    }
    is(&talk.verdict(4.0), Cause::AcceptQueueOverflow);
}

#[test]
fn a_rst_behind_acknowledged_data_refuses_no_syn() {
    let mut talk = Talk::new();
    talk.client(0.0, SYN, 0, 0, b"");
    talk.client(0.040_1, ACK, 1, 1, b"");
    talk.client(0.041, PSH_ACK, 1, 1, NEXT);
    let up = 1 + NEXT.len() as u32;
    talk.server(0.081, ACK, 1, up, b"");
    talk.server(0.3, RST_ACK, 1, up, b"");
    is(&talk.verdict(1.0), Cause::ServerAbort);
}

#[test]
fn a_syn_ack_that_is_not_due_again_yet_may_have_its_ack() {
    let mut talk = Talk::new();
    talk.client(0.0, SYN, 0, 0, b"");
    talk.server(0.040, SYN_ACK, 0, 1, b"");
    // Packets without SYN, FIN and RST are in the capture.
    talk.client_port = 40_001;
    talk.handshake();
    let all = talk.verdicts(1.3);
    let half_open = all.iter().find(|(c, _)| c.ends.client.port == 40_000);
    is_not_sure_of(&half_open.expect("both").1, Cause::HandshakeIncomplete);
}

/// A request behind an answer and a silence, that a device refuses; of the answer and its acknowledgement in this order.
fn refused_by_a_device(acknowledged: &[f64]) -> Verdict {
    let mut talk = Talk::open();
    let up = talk.request(0.05, 1, 1);
    let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    let down = 1 + answer.len() as u32;
    for at in acknowledged {
        talk.client(*at, ACK, up, down, b"");
    }
    talk.server(0.1, PSH_ACK, 1, up, answer);
    talk.client(300.0, PSH_ACK, up, down, NEXT);
    talk.stranger(300.012, Side::Server, RST, down, 63);
    talk.verdict(301.0)
}

#[test]
fn a_silence_is_one_whether_or_not_the_acknowledgement_before_it_was_captured() {
    is(&refused_by_a_device(&[]), Cause::IdleStateLost);
}

#[test]
fn an_acknowledgement_may_be_recorded_before_what_it_acknowledges() {
    is(&refused_by_a_device(&[0.099_99]), Cause::IdleStateLost);
}

#[test]
fn a_bare_rst_whose_trigger_was_lost_may_have_refused_a_request() {
    let (mut talk, _, down) = answered();
    talk.stranger(2.5, Side::Server, RST, down + 1, 57);
    is_not_sure_of(&talk.verdict(4.0), Cause::BenignReset);
}

#[test]
fn a_hole_that_the_receiver_refuses_at_once_had_no_time_to_be_filled() {
    let mut talk = Talk::open();
    let up = talk.request(0.05, 1, 1);
    talk.client(0.2, FIN_ACK, up, 1, b"");
    talk.server(0.24, ACK, 1, up + 1, b"");
    talk.server(
        0.3,
        PSH_ACK,
        1,
        up + 1,
        b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n",
    );
    talk.client(0.300_1, RST, up + 1, 0, b"");
    talk.server(0.300_2, FIN_ACK, 5_042, up + 1, b"");
    talk.client(0.300_3, RST, up + 1, 0, b"");
    is(&talk.verdict(1.0), Cause::ClientAbort);
}

#[test]
fn what_the_client_said_last_counts_by_the_number_of_its_fin() {
    let mut talk = Talk::open();
    let up = talk.request(0.05, 1, 1);
    // The answer and the next request are lost; the server's close has crossed that.
    let (down, end) = (292, up + 70);
    talk.server(2.1, FIN_ACK, down, up, b"");
    talk.client(2.100_1, FIN_ACK, end, down + 1, b"");
    talk.stranger(2.14, Side::Server, RST, down, 57);
    is_not_sure_of(&talk.verdict(4.0), Cause::BenignReset);
}

#[test]
fn a_close_that_acknowledges_more_than_was_captured_may_answer_the_servers() {
    let mut talk = Talk::open();
    let up = talk.request(0.05, 1, 1);
    let down = talk.response(0.1, 1, up, 90_000, 30_000);
    // As many acknowledgements as push the data out of what is kept.
    for n in 0..30 {
        talk.client(0.2 + f64::from(n) / 1e4, ACK, up, down, b"");
    }
    talk.client(0.25, FIN_ACK, up, down + 1, b"");
    talk.server(0.29, ACK, down + 1, up + 1, b"");
    is_not_sure_of(&talk.verdict(1.0), Cause::ClientAbort);
}

/// `sent` bytes of an upload whose head is cut by the snapshot length, and an answer whose head is.
fn upload_answered(answer: &[u8]) -> Verdict {
    let mut talk = Talk::new();
    talk.snapshot = 20;
    talk.handshake();
    let head = b"PUT /u HTTP/1.1\r\nHost: a\r\nContent-Length: 289600\r\n\r\n";
    talk.client(0.05, PSH_ACK, 1, 1, head);
    let mut up = 1 + head.len() as u32;
    for n in 0..20 {
        talk.client(0.051 + f64::from(n) / 1e4, ACK, up, 1, &[b'x'; 1448]);
        up += 1448;
    }
    talk.server(0.1, ACK, 1, up, b"");
    let down = 1 + answer.len() as u32;
    if !answer.is_empty() {
        talk.server(0.11, PSH_ACK, 1, up, answer);
    }
    talk.server(0.110_1, RST_ACK, down, up, b"");
    talk.verdict(2.0)
}

#[test]
fn an_answer_whose_head_was_cut_is_one() {
    let no = b"HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 60\r\n\r\n123456789012345678901234567890123456789012345678901234567890";
    is(&upload_answered(no), Cause::RequestRejectedEarly);
    is(&upload_answered(b""), Cause::ServerAbort);
}

#[test]
fn answers_in_turn_whose_heads_were_cut_are_answers() {
    let mut talk = Talk::new();
    talk.snapshot = 10;
    talk.handshake();
    let (mut up, mut down) = (1, 1);
    for n in 0..3 {
        let at = 0.05 + f64::from(n) / 5.0;
        talk.client(at, PSH_ACK, up, down, NEXT);
        up += NEXT.len() as u32;
        talk.server(at + 0.04, PSH_ACK, down, up, &[b'H'; 900]);
        down += 900;
        talk.client(at + 0.041, ACK, up, down, b"");
    }
    talk.client(1.8, RST_ACK, up, down, b"");
    is_not_sure_of(&talk.verdict(3.0), Cause::ClientAbort);
}

#[test]
fn a_goodbye_in_a_session_whose_beginning_is_not_captured_fails_no_handshake() {
    let mut talk = Talk::new();
    let finished = [record(22, 192), record(20, 1), record(22, 40)].concat();
    talk.server(0.1, PSH_ACK, 1, 1, &finished);
    let mut down = 1 + finished.len() as u32;
    let mut up = 1;
    for (at, ask) in [(0.15, true), (0.4, true), (0.6, false)] {
        let (asked, said) = match ask {
            true => (record(23, 100), record(23, 315)),
            false => (record(23, 100), record(21, 26)),
        };
        talk.client(at, PSH_ACK, up, down, &asked);
        up += asked.len() as u32;
        talk.server(at + 0.05, PSH_ACK, down, up, &said);
        down += said.len() as u32;
    }
    talk.server(0.66, FIN_ACK, down, up, b"");
    talk.client(0.661, FIN_ACK, up, down + 1, b"");
    let verdict = talk.verdict(2.0);
    assert_ne!(verdict.cause, Cause::TlsFailure, "{}", told(&verdict));
}

#[test]
fn a_request_that_begins_the_capture_of_a_session_is_unanswered_where_nothing_comes() {
    let mut talk = Talk::new();
    let asked = record(23, 169);
    talk.client(0.0, PSH_ACK, 1, 1, &asked);
    let up = 1 + asked.len() as u32;
    talk.server(0.04, ACK, 1, up, b"");
    talk.client(6.0, PSH_ACK, up, 1, &record(21, 26));
    talk.client(6.001, FIN_ACK, up + 31, 1, b"");
    talk.server(6.041, ACK, 1, up + 32, b"");
    let verdict = talk.verdict(8.0);
    assert_ne!(verdict.cause, Cause::None, "{}", told(&verdict));
}

/// RFC 9293 §3.6.1: a host whose program has closed answers data with RST.
#[test]
fn who_takes_more_behind_its_fin_has_not_left() {
    let mut talk = Talk::new();
    talk.handshake();
    let up = 1 + NEXT.len() as u32;
    talk.client(0.05, PSH_ACK, 1, 1, NEXT);
    talk.client(0.051, FIN_ACK, up, 1, b"");
    let head = b"HTTP/1.1 200 OK\r\nContent-Length: 30000\r\n\r\n";
    talk.server(0.3, PSH_ACK, 1, up + 1, head);
    let mut down = 1 + head.len() as u32;
    for n in 0..6 {
        let at = 0.301 + f64::from(n) / 20.0;
        talk.server(at, ACK, down, up + 1, &[b'x'; 1000]);
        down += 1000;
        talk.client(at + 0.02, ACK, up + 1, down, b"");
    }
    let verdict = talk.verdict(0.7);
    assert!(shows(&verdict, "takes_on"));
    assert_eq!(verdict.cause, Cause::Unknown, "{}", told(&verdict));
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
fn a_connection_that_is_opened_and_never_used_may_hide_a_lost_request() {
    let verdict = Talk::open().verdict(20.0);
    expect_outcome(&verdict, Cause::None, Outcome::Open);
    assert!(verdict.confidence < 0.9, "{}", verdict.confidence);
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
    expect_outcome(&verdict, Cause::ReceiverStalled, Outcome::Stalled);
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
    let mut list = connection.app.list.into_vec();
    let mut asked = list[1].clone();
    (asked.complete, asked.response_complete) = (false, false);
    (asked.status, asked.response_started, asked.ended) = (None, None, asked.request_ended);
    (asked.body_delivered, asked.body_expected) = (None, None);
    list[1].request = None;
    list.insert(1, asked);
    connection.app.list = list.into();
    let verdict = judge(&connection, &Neighbours::default());
    expect_outcome(&verdict, Cause::None, Outcome::Completed);
    // But a response that was over before it is none of its own.
    let list = &mut connection.app.list;
    list[2].ended = list[0].ended;
    assert!(judge(&connection, &Neighbours::default()).failed);
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
        weighs(&verdict, "stopped_in_full_flow")
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

#[test]
fn numbers_beyond_every_window_leave_no_hole() {
    let mut talk = Talk::open();
    let up = talk.request(0.05, 1, 1);
    talk.server(0.1, PSH_ACK, 1, up, &[b'x'; 100]);
    // What a firewall that writes its own numbers sends on, on its other side.
    talk.server(0.101, PSH_ACK, 1_800_000_000, up, &[b'y'; 100]);
    talk.client(0.102, ACK, up, 101, b"");
    talk.client(0.3, ACK, up, 101, b"");
    let verdict = talk.verdict(60.0);
    assert!(!weighs(&verdict, "hole_stays"), "{}", told(&verdict));
    is_not_sure_of(&verdict, Cause::MtuBlackhole);
}

/// A whole exchange, and thirty seconds later another of which the capture lost `lost`: of the request, its acknowledgement, and the
/// beginning of the answer, in this order.
fn ends_behind_a_pause(lost: [bool; 3], ends: fn(&mut Talk, u32, u32)) -> Verdict {
    let mut talk = Talk::open();
    let up = talk.request(0.05, 1, 1);
    let down = talk.response(0.1, 1, up, 300, 300);
    let asked = up + NEXT.len() as u32;
    let [request, heard, answer] = lost;
    if !request {
        talk.client(30.0, PSH_ACK, up, down, NEXT);
    }
    if !heard {
        talk.server(30.04, ACK, down, asked, b"");
    }
    let head = b"HTTP/1.1 200 OK\r\nContent-Length: 90000\r\n\r\n";
    let answered = down + head.len() as u32;
    if !answer {
        talk.server(30.05, PSH_ACK, down, asked, head);
        talk.client(30.0501, ACK, asked, answered, b"");
    }
    ends(&mut talk, asked, answered);
    talk.verdict(60.0)
}

#[test]
fn what_was_acknowledged_though_not_captured_was_said_and_no_silence() {
    let closes = |talk: &mut Talk, up: u32, down: u32| {
        talk.server(30.07, FIN_ACK, down, up, b"");
        talk.client(30.0701, FIN_ACK, up, down + 1, b"");
        talk.server(30.11, ACK, down + 1, up + 1, b"");
    };
    let leaves = |talk: &mut Talk, up: u32, down: u32| {
        talk.client(30.06, FIN_ACK, up, down, b"");
        talk.server(30.1, ACK, down, up + 1, b"");
    };
    for (lost, ends) in [
        ([true, false, false], closes as fn(&mut Talk, u32, u32)),
        ([true, true, false], closes),
        ([true, false, true], leaves),
        ([true, true, true], leaves),
    ] {
        let verdict = ends_behind_a_pause(lost, ends);
        let waited = share(&verdict, Cause::ServerTimeout) + share(&verdict, Cause::ClientTimeout);
        assert!(waited < 0.3, "{lost:?}: {}", told(&verdict));
    }
}

#[test]
fn a_reset_that_acknowledges_what_was_not_captured_is_not_known_to_be_harmless() {
    let verdict = ends_behind_a_pause([true, true, true], |talk, up, _| {
        let down = 1 + b"HTTP/1.1 200 OK\r\nContent-Length: 300\r\n\r\n".len() as u32 + 300;
        talk.server(30.05, RST_ACK, down, up, b"");
    });
    let harmless = share(&verdict, Cause::BenignReset);
    assert!(harmless < 0.7, "{}", told(&verdict));
}
