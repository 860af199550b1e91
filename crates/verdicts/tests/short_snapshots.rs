//! Captures with a short snapshot length: what it cuts off each frame is not known.

#![allow(clippy::expect_used, clippy::indexing_slicing)]

#[path = "made/talk.rs"]
mod talk;
#[path = "made/told.rs"]
mod told;

use talk::{ACK, FIN_ACK, PSH_ACK, RST, RST_ACK, SEGMENT, SYN, SYN_ACK, Talk};
use told::{expect_by, is_unsure_of, share, told};
use whyreset_verdicts::{Cause, EndedBy, Verdict};

#[test]
fn what_is_said_behind_a_switch_of_protocols_whose_head_is_cut_is_not_known_to_be_whole() {
    for reset in [true, false] {
        let mut talk = Talk::new();
        talk.snapshot = 30;
        talk.handshake();
        let up = talk.request(0.05, 1, 1);
        let switch = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n";
        talk.server(0.1, PSH_ACK, 1, up, switch);
        let mut down = 1 + switch.len() as u32;
        talk.client(0.1001, ACK, up, down, b"");
        for n in 0..5 {
            let at = 0.2 + f64::from(n) / 10.0;
            talk.server(at, PSH_ACK, down, up, b"\x81\x06tick 1");
            down += 8;
            talk.client(at + 0.0001, ACK, up, down, b"");
        }
        if reset {
            talk.server(0.8, RST_ACK, down, up, b"");
        } else {
            talk.server(0.8, FIN_ACK, down, up, b"");
            talk.client(0.8001, FIN_ACK, up, down + 1, b"");
            talk.server(0.84, ACK, down + 1, up + 1, b"");
        }
        let verdict = talk.verdict(2.0);
        let harmless = matches!(verdict.cause, Cause::None | Cause::BenignReset);
        assert!(!harmless || verdict.confidence < 0.9, "{verdict:#?}");
    }
}

#[test]
fn many_acknowledgements_behind_the_last_segment_say_nothing_of_its_size() {
    let mut talk = Talk::new();
    talk.ttl = (57, 64);
    talk.round_trip = 0.000_05;
    talk.snapshot = 30;
    talk.client(0.0, SYN, 0, 0, b"");
    talk.server(0.000_05, SYN_ACK, 0, 1, b"");
    talk.client(0.04, ACK, 1, 1, b"");
    let up = talk.request(0.05, 1, 1);
    let mut down = talk.response(0.1, 1, up, 100_000, 100_000);
    let end = down;
    down -= 40 * 1_448;
    for n in 0..40 {
        down += 1_448;
        talk.client(0.15 + f64::from(n) / 1e4, ACK, up, down.min(end), b"");
    }
    talk.client(0.35, RST_ACK, up, end, b"");
    let verdict = talk.verdict(2.0);
    assert!(
        verdict.cause == Cause::BenignReset || verdict.confidence < 0.9,
        "{verdict:#?}"
    );
}

/// The head of the answer is cut; the client closes before it, or behind its first part, and refuses what comes then.
fn refuses_the_answer(before: bool) -> Verdict {
    let mut talk = Talk::new();
    talk.snapshot = 20;
    talk.handshake();
    let up = talk.request(0.05, 1, 1);
    let head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n";
    let mut down = 1;
    if !before {
        talk.server(0.2, PSH_ACK, 1, up, head);
        down += head.len() as u32;
        talk.client(0.201, ACK, up, down, b"");
    }
    talk.client(2.0, FIN_ACK, up, down, b"");
    talk.server(2.04, ACK, down, up + 1, b"");
    talk.server(4.0, PSH_ACK, down, up + 1, head);
    talk.stranger(4.000_1, whyreset_connections::Side::Client, RST, up + 1, 64);
    talk.verdict(5.0)
}

#[test]
fn an_answer_that_the_client_refuses_was_not_taken_whole() {
    for before in [true, false] {
        let verdict = refuses_the_answer(before);
        let left = matches!(verdict.cause, Cause::ClientAbort | Cause::ClientTimeout);
        assert!(left && verdict.failed, "{before}: {}", told(&verdict));
    }
}

/// A 413 whose head a short snapshot cuts, in the middle of an upload; the client stops, and closes in order.
#[test]
fn an_answer_that_was_cut_is_early_all_the_same() {
    let mut talk = Talk::open();
    talk.snapshot = 110;
    let head = b"PUT /f HTTP/1.1\r\nHost: lab.test\r\nContent-Length: 209715200\r\n\r\n";
    talk.client(0.05, PSH_ACK, 1, 1, head);
    let mut up = 1 + head.len() as u32;
    let mut answer = b"HTTP/1.1 413 Request Entity Too Large\r\nServer: nginx/1.22.1\r\nDate: Fri, 27 Nov 2026 12:35:38 GMT\r\nContent-Type: text/html\r\nContent-Length: 183\r\n\r\n".to_vec();
    answer.resize(answer.len() + 183, b'x');
    for n in 0..20 {
        talk.client(0.0501 + f64::from(n) / 1e4, ACK, up, 1, &SEGMENT);
        up += 1448;
    }
    talk.server(0.0901, PSH_ACK, 1, up, &answer);
    let down = 1 + answer.len() as u32;
    talk.client(0.0902, FIN_ACK, up, down, b"");
    talk.server(0.1303, FIN_ACK, down, up + 1, b"");
    talk.client(0.1304, ACK, up + 1, down + 1, b"");
    let verdict = talk.verdict(2.0);
    expect_by(&verdict, Cause::RequestRejectedEarly, EndedBy::Server);
}

/// How long the answer was to be was cut; the client leaves 12 s behind the last of it, or at once.
#[test]
fn who_leaves_an_unread_answer_behind_a_long_silence_may_have_given_up() {
    let leaves = |after: f64| {
        let mut talk = Talk::open();
        talk.snapshot = 20;
        let up = talk.request(0.05, 1, 1);
        let down = talk.response(0.1, 1, up, 900_000, 144_800);
        talk.client(0.15 + after, FIN_ACK, up, down, b"");
        talk.server(0.19 + after, FIN_ACK, down, up + 1, b"");
        talk.client(0.191 + after, ACK, up + 1, down + 1, b"");
        talk.verdict(after + 2.0)
    };
    let (soon, late) = (leaves(0.01), leaves(12.43));
    let (soon, late) = (
        share(&soon, Cause::ClientTimeout),
        share(&late, Cause::ClientTimeout),
    );
    assert!(soon < 0.03 && late > 0.07, "{soon} {late}");
}

/// A short snapshot cuts the head of a request off, which the server answers with this status; the client closes.
fn head_cut_off(status: &str) -> Verdict {
    let mut talk = Talk::open();
    talk.snapshot = 40;
    let head = b"DELETE /none HTTP/1.1\r\nHost: lab.test\r\nAccept: */*\r\n\r\n";
    talk.client(0.05, PSH_ACK, 1, 1, head);
    let up = 1 + head.len() as u32;
    let answer = format!("HTTP/1.1 {status}\r\nDate: Tue, 04 Jan 2014 17:30:01 GMT\r\n\r\n");
    talk.server(0.09, PSH_ACK, 1, up, answer.as_bytes());
    let down = 1 + answer.len() as u32;
    talk.client(0.091, FIN_ACK, up, down, b"");
    talk.server(0.131, FIN_ACK, down, up + 1, b"");
    talk.client(0.132, ACK, up + 1, down + 1, b"");
    talk.verdict(2.0)
}

#[test]
fn a_request_whose_head_is_cut_off_was_whole_where_the_server_says_yes_to_it() {
    let verdict = head_cut_off("204 No Content");
    assert_eq!(verdict.cause, Cause::None, "{}", told(&verdict));
}

#[test]
fn what_is_too_short_for_a_head_may_have_been_waited_for() {
    let mut talk = Talk::open();
    talk.snapshot = 10;
    let head = b"GET / HTTP/1.1\r\nHost: x\r\n";
    talk.client(0.05, PSH_ACK, 1, 1, head);
    let up = 1 + head.len() as u32;
    talk.server(0.09, ACK, 1, up, b"");
    talk.server(3.97, FIN_ACK, 1, up, b"");
    talk.client(3.971, FIN_ACK, up, 2, b"");
    talk.server(4.01, ACK, 2, up + 1, b"");
    let verdict = talk.verdict(6.0);
    is_unsure_of(&verdict, Cause::ServerAbort);
    let waited = share(&verdict, Cause::ServerTimeout);
    assert!(waited > 0.2, "{}", told(&verdict));
}

/// An upload through TLS, of which a short snapshot leaves no record whole, not even the handshake's.
#[test]
fn sizes_of_records_that_were_cut_show_nothing() {
    let mut talk = Talk::open();
    talk.snapshot = 30;
    let record = |kind: u8, len: u16| {
        let [high, low] = len.to_be_bytes();
        let mut record = vec![kind, 3, 1, high, low];
        record.resize(5 + usize::from(len), 0xa5);
        record
    };
    let (hello, answer) = (record(22, 512), record(22, 1_179));
    talk.client(0.05, PSH_ACK, 1, 1, &hello);
    talk.server(0.09, PSH_ACK, 1, 518, &answer);
    let down = 1 + answer.len() as u32;
    let up = talk.upload(0.1, 0.1, (518, down), 40);
    talk.client(4.2, FIN_ACK, up, down, b"");
    talk.server(4.24, FIN_ACK, down, up + 1, b"");
    talk.client(4.241, ACK, up + 1, down + 1, b"");
    let verdict = talk.verdict(6.0);
    is_unsure_of(&verdict, Cause::None);
    let mut evidence = verdict.evidence();
    assert!(
        !evidence.any(|e| e.text.contains("records")),
        "{}",
        told(&verdict)
    );
}

#[test]
fn a_short_answer_whose_head_is_cut_was_whole_most_likely() {
    let mut talk = Talk::new();
    talk.snapshot = 30;
    talk.handshake();
    let up = talk.request(0.05, 1, 1);
    let answer = b"HTTP/1.1 200 OK\r\nServer: nginx\r\nContent-Length: 2\r\n\r\nok";
    talk.server(0.1, PSH_ACK, 1, up, answer);
    let down = 1 + answer.len() as u32;
    talk.client(0.1001, ACK, up, down, b"");
    talk.client(0.4, RST_ACK, up, down, b"");
    let verdict = talk.verdict(2.0);
    assert_eq!(verdict.cause, Cause::BenignReset, "{}", told(&verdict));
    assert!(verdict.confidence < 0.9, "{}", told(&verdict));
}
