//! Outages that end a transfer although the path comes back in the end: somebody gave up meanwhile.

#![allow(clippy::expect_used, clippy::indexing_slicing)]

#[path = "made/session.rs"]
mod session;
#[path = "made/talk.rs"]
mod talk;
#[path = "made/told.rs"]
mod told;

use session::{Session, record};
use talk::{ACK, FIN_ACK, NEXT, PSH_ACK, RST, SEGMENT, SYN, SYN_ACK, Talk};
use told::{share, shows, told};
use whyreset_connections::Side;
use whyreset_verdicts::{Cause, EndedBy, Verdict};

fn is_an_outage(verdict: &Verdict) {
    assert_eq!(verdict.cause, Cause::PathBlackhole, "{}", told(verdict));
    assert!(verdict.confidence > 0.6, "{}", told(verdict));
    assert_eq!(verdict.ended_by, EndedBy::Network);
}

/// A download of which so much is missing, captured at the client. Gives the numbers reached.
fn download() -> (Talk, u32, u32) {
    let mut talk = Talk::open();
    let up = talk.request(0.05, 1, 1);
    let down = talk.response(0.1, 1, up, 900_000, 28_960);
    (talk, up, down)
}

/// The server repeats a segment for so long; the client's FIN, which acknowledges nothing of it, is the first that comes again.
fn repeated_by_the_server(copies: u32) -> Talk {
    let (mut talk, up, down) = download();
    let mut at = 0.12;
    for n in 0..3 {
        talk.server(at, ACK, down + n * 1448, up, &SEGMENT);
    }
    for n in 0..copies {
        at += 0.2 * f64::from(1 << n);
        talk.server(at, ACK, down, up, &SEGMENT);
    }
    talk.client(at + 0.3, FIN_ACK, up, down, b"");
    talk.server(at + 0.34, ACK, down + 4344, up + 1, &SEGMENT);
    talk.stranger(at + 0.341, Side::Client, RST, up + 1, 64);
    talk
}

#[test]
fn who_gave_up_in_an_outage_did_not_leave_on_purpose() {
    is_an_outage(&repeated_by_the_server(6).verdict(20.0));
}

#[test]
fn a_passing_loss_is_no_outage() {
    let verdict = repeated_by_the_server(1).verdict(3.0);
    assert_eq!(verdict.cause, Cause::ClientAbort, "{}", told(&verdict));
}

#[test]
fn a_fin_that_is_heard_at_last_was_sent_into_an_outage() {
    let (mut talk, up, down) = download();
    for at in [14.0, 14.21, 14.63, 15.47] {
        talk.client(at, FIN_ACK, up, down, b"");
    }
    talk.server(15.511, ACK, down + 28_960, up + 1, &SEGMENT);
    talk.stranger(15.511_02, Side::Client, RST, up + 1, 64);
    is_an_outage(&talk.verdict(20.0));
}

#[test]
fn an_upload_that_stood_still_was_not_given_up_at_will() {
    let mut talk = Talk::open();
    let head = b"PUT /file HTTP/1.1\r\nHost: lab.test\r\nContent-Length: 900000\r\n\r\n";
    talk.client(0.05, PSH_ACK, 1, 1, head);
    let up = 1 + head.len() as u32;
    talk.server(0.09, ACK, 1, up, b"");
    for n in 0..4 {
        talk.client(0.091, ACK, up + n * 1448, 1, &SEGMENT);
    }
    let mut at = 0.091;
    for n in 0..6 {
        at += 0.2 * f64::from(1 << n);
        talk.client(at, ACK, up, 1, &SEGMENT);
    }
    // The path is back; the program has closed meanwhile, and the FIN follows what was still to be sent.
    talk.server(at + 0.04, ACK, 1, up + 1448, b"");
    talk.client(at + 0.041, ACK, up + 1448, 1, &SEGMENT);
    talk.server(at + 0.081, ACK, 1, up + 4 * 1448, b"");
    talk.client(at + 0.082, FIN_ACK, up + 4 * 1448, 1, b"");
    talk.server(at + 0.122, FIN_ACK, 1, up + 4 * 1448 + 1, b"");
    talk.client(at + 0.123, ACK, up + 4 * 1448 + 1, 2, b"");
    is_an_outage(&talk.verdict(30.0));
}

/// The request behind a silence is repeated; the program closes; what comes at last meets no socket any more.
#[test]
fn a_device_forgot_what_the_client_then_refuses() {
    let mut talk = Talk::open();
    let up = talk.request(0.05, 1, 1);
    let down = talk.response(0.1, 1, up, 3_000, 3_000);
    let mut at = 50.0;
    talk.client(at, PSH_ACK, up, down, NEXT);
    for n in 0..6 {
        at += 0.2 * f64::from(1 << n);
        talk.client(at, PSH_ACK, up, down, NEXT);
    }
    let next = up + NEXT.len() as u32;
    for n in 0..4 {
        let arrives = at + 0.041 + f64::from(n) / 1e4;
        talk.server(arrives, ACK, down + n * 1448, next, &SEGMENT);
        talk.stranger(arrives + 0.000_02, Side::Client, RST, next, 64);
    }
    let verdict = talk.verdict(80.0);
    assert_eq!(verdict.cause, Cause::IdleStateLost, "{}", told(&verdict));
}

#[test]
fn a_server_that_comes_back_without_the_connection_has_lost_it() {
    let mut talk = Talk::open();
    let head = b"PUT /file HTTP/1.1\r\nHost: lab.test\r\nContent-Length: 900000\r\n\r\n";
    talk.client(0.05, PSH_ACK, 1, 1, head);
    let up = 1 + head.len() as u32;
    talk.server(0.09, ACK, 1, up, b"");
    let mut at = 0.091;
    talk.client(at, ACK, up, 1, &SEGMENT);
    for n in 0..6 {
        at += 0.2 * f64::from(1 << n);
        talk.client(at, ACK, up, 1, &SEGMENT);
    }
    talk.stranger(at + 0.04, Side::Server, RST, 1, 57);
    let verdict = talk.verdict(30.0);
    assert_eq!(verdict.cause, Cause::PeerStateLost, "{}", told(&verdict));
    assert!(verdict.confidence < 0.95, "{}", told(&verdict));
}

/// A client that answers as a stranger behind an outage has most likely given up in it: its FIN was lost as well.
#[test]
fn a_client_that_comes_back_without_the_connection_had_given_it_up() {
    let (mut talk, up, down) = download();
    let mut at = 0.12;
    talk.server(at, ACK, down, up, &SEGMENT);
    for n in 0..7 {
        at += 0.2 * f64::from(1 << n);
        talk.server(at, ACK, down, up, &SEGMENT);
    }
    talk.stranger(at + 0.000_02, Side::Client, RST, up, 64);
    is_an_outage(&talk.verdict(60.0));
}

/// Seen from the other end: nothing for long, then one segment alone, a round trip later two, and the FIN.
fn restarted(first: u32) -> Verdict {
    let mut talk = Talk::new();
    let head = b"PUT /file HTTP/1.1\r\nHost: lab.test\r\nContent-Length: 900000\r\n\r\n";
    talk.client(0.0, SYN, 0, 0, b"");
    talk.server(0.000_05, SYN_ACK, 0, 1, b"");
    talk.client(0.1, ACK, 1, 1, b"");
    talk.client(0.100_1, PSH_ACK, 1, 1, head);
    let mut up = 1 + head.len() as u32;
    talk.server(0.100_15, ACK, 1, up, b"");
    for (at, segments) in [(0.2, 10), (0.3, 10), (12.8, first), (12.9, 2), (13.0, 4)] {
        for n in 0..segments {
            let at = at + f64::from(n) / 1e4;
            talk.client(at, ACK, up, 1, &SEGMENT);
            up += 1448;
            talk.server(at + 0.000_05, ACK, 1, up, b"");
        }
    }
    talk.client(13.1, FIN_ACK, up, 1, b"");
    talk.server(13.100_05, FIN_ACK, 1, up + 1, b"");
    talk.client(13.2, ACK, up + 1, 2, b"");
    talk.verdict(30.0)
}

#[test]
fn an_upload_that_comes_back_segment_by_segment_had_an_outage() {
    let verdict = restarted(1);
    assert_eq!(verdict.cause, Cause::PathBlackhole, "{}", told(&verdict));
    let verdict = restarted(10);
    assert_eq!(verdict.cause, Cause::ClientAbort, "{}", told(&verdict));
}

/// The acknowledgements are lost: the server repeats what it need not, until the client gives up.
#[test]
fn acknowledgements_that_were_lost_are_an_outage_too() {
    let (mut talk, up, down) = download();
    let mut at = 0.2;
    for n in 0..6 {
        talk.server(at, ACK, down - 1448, up, &SEGMENT);
        talk.client(at + 0.000_01, ACK, up, down, b"");
        at += 0.3 * f64::from(1 << n);
    }
    talk.client(12.0, FIN_ACK, up, down, b"");
    talk.client(12.3, FIN_ACK, up, down, b"");
    talk.server(12.341, FIN_ACK, down, up + 1, b"");
    talk.client(12.341_01, ACK, up + 1, down + 1, b"");
    is_an_outage(&talk.verdict(20.0));
}

/// Of what was lost in an outage nothing small had come in its place.
#[test]
fn a_hole_that_only_an_acknowledgement_tells_of_is_no_matter_of_size() {
    let mut talk = Talk::open();
    let up = talk.request(0.05, 1, 1);
    for at in [27.9, 28.1, 28.5, 29.3] {
        talk.client(at, FIN_ACK, up, 1, b"");
    }
    talk.server(29.341, ACK, 14_523, up + 1, b"");
    talk.server(
        40.0,
        PSH_ACK,
        1,
        up + 1,
        b"HTTP/1.1 200 OK\r\nContent-Length: 30000\r\n\r\n",
    );
    talk.stranger(40.000_02, Side::Client, RST, up + 1, 64);
    is_an_outage(&talk.verdict(60.0));
}

/// The server gives up waiting for an upload, says so, and is not heard any more: the path was gone.
#[test]
fn a_goodbye_that_nobody_hears_was_said_into_an_outage() {
    let mut talk = Talk::open();
    let head = b"PUT /file HTTP/1.1\r\nHost: lab.test\r\nContent-Length: 900000\r\n\r\n";
    talk.client(0.05, PSH_ACK, 1, 1, head);
    let up = 1 + head.len() as u32;
    let up = talk.upload(0.1, 0.01, (up, 1), 20);
    let page = b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n";
    let fin = 1 + page.len() as u32;
    let mut at = 7.3;
    talk.server(at, PSH_ACK, 1, up, page);
    talk.server(at + 0.000_05, FIN_ACK, fin, up, b"");
    for n in 0..6 {
        at += 0.2 * f64::from(1 << n);
        talk.server(at, FIN_ACK, 1, up, page);
    }
    talk.stranger(at + 0.02, Side::Client, RST, up, 64);
    is_an_outage(&talk.verdict(60.0));
}

/// Whose host refuses what is repeated has had enough of the connection: nothing of it is lost.
#[test]
fn what_is_refused_is_no_lost_acknowledgement() {
    let (mut talk, up, down) = download();
    let mut at = 0.2;
    for n in 0..6 {
        talk.server(at, ACK, down - 1448, up, &SEGMENT);
        talk.stranger(at + 0.000_01, Side::Client, RST, up, 64);
        at += 0.3 * f64::from(1 << n);
    }
    let verdict = talk.verdict(20.0);
    assert_ne!(verdict.cause, Cause::PathBlackhole, "{}", told(&verdict));
}

/// An answer in pieces dries up inside a session; the client says goodbye after so long, again and again.
fn goodbye_into_silence(wait: f64) -> Verdict {
    let pieces = [324, 16_408, 16_408, 8_224, 16_408, 16_408, 8_224];
    let mut session = Session::new(&pieces);
    let (up, down) = (session.up, session.down);
    let goodbye = record(21, 26);
    let mut at = 0.14 + wait;
    session.talk.client(at, PSH_ACK, up, down, &goodbye);
    let end = up + goodbye.len() as u32;
    session.talk.client(at + 0.000_1, FIN_ACK, end, down, b"");
    for n in 0..6 {
        at += 0.2 * f64::from(1 << n);
        session.talk.client(at, FIN_ACK, up, down, &goodbye);
    }
    session.talk.verdict(at + 20.0)
}

#[test]
fn a_goodbye_that_nobody_hears_follows_a_wait_and_no_idling() {
    is_an_outage(&goodbye_into_silence(11.0));
    // Behind a long rest a device has rather forgotten it.
    let verdict = goodbye_into_silence(300.0);
    assert_eq!(verdict.cause, Cause::IdleStateLost, "{}", told(&verdict));
    assert!(verdict.confidence < 0.9, "{}", told(&verdict));
}

/// The same of an upload, seen next to the server: all that it says passes here, and the client hears none of it until it has given up.
#[test]
fn who_repeats_what_was_acknowledged_had_been_waiting() {
    let mut talk = Talk::open();
    let head = b"PUT /file HTTP/1.1\r\nHost: lab.test\r\nContent-Length: 900000\r\n\r\n";
    talk.client(0.05, PSH_ACK, 1, 1, head);
    let up = 1 + head.len() as u32;
    let body = up;
    let up = talk.upload(0.1, 0.01, (up, 1), 20);
    let mut at = 0.6;
    for n in 0..7 {
        talk.client(at, ACK, body, 1, &SEGMENT);
        talk.server(at + 0.04, ACK, 1, up, b"");
        at += 0.3 * f64::from(1 << n);
    }
    talk.client(at, ACK, body, 1, &SEGMENT);
    talk.server(at + 0.04, ACK, 1, up, b"");
    talk.client(at + 0.041, FIN_ACK, up, 1, b"");
    talk.server(at + 0.081, FIN_ACK, 1, up + 1, b"");
    talk.client(at + 0.082, ACK, up + 1, 2, b"");
    is_an_outage(&talk.verdict(at + 9.0));
}

/// The path is back, and an upload goes on, a window a round trip, until the FIN; the client rests so long before its last window.
fn goes_on_until_the_fin(rest: f64) -> Verdict {
    let mut talk = Talk::open();
    let head = b"PUT /file HTTP/1.1\r\nHost: lab.test\r\nContent-Length: 9000000\r\n\r\n";
    talk.client(0.05, PSH_ACK, 1, 1, head);
    let up = 1 + head.len() as u32;
    talk.server(0.09, ACK, 1, up, b"");
    for n in 0..4 {
        talk.client(0.091, ACK, up + n * 1448, 1, &SEGMENT);
    }
    let mut at = 0.091;
    for n in 0..6 {
        at += 0.2 * f64::from(1 << n);
        talk.client(at, ACK, up, 1, &SEGMENT);
    }
    let mut sent = up + 4 * 1448;
    talk.server(at + 0.04, ACK, 1, sent, b"");
    at += 0.041;
    for round in 0..36 {
        if round == 35 {
            at += rest;
        }
        for _ in 0..4 {
            talk.client(at, ACK, sent, 1, &SEGMENT);
            sent += 1448;
        }
        talk.server(at + 0.04, ACK, 1, sent, b"");
        at += 0.041;
    }
    talk.client(at, FIN_ACK, sent, 1, b"");
    talk.server(at + 0.04, FIN_ACK, 1, sent + 1, b"");
    talk.client(at + 0.041, ACK, sent + 1, 2, b"");
    talk.verdict(60.0)
}

#[test]
fn a_fin_waits_behind_all_that_its_socket_held() {
    is_an_outage(&goes_on_until_the_fin(0.0));
    let verdict = goes_on_until_the_fin(2.0);
    assert_eq!(verdict.cause, Cause::ClientAbort, "{}", told(&verdict));
}

#[test]
fn nobody_misses_the_late_goodbye_of_who_closes_second() {
    let mut talk = Talk::open();
    let up = talk.request(0.05, 1, 1);
    let down = talk.response(0.1, 1, up, 3000, 3000);
    talk.server(5.1, FIN_ACK, down, up, b"");
    talk.client(5.1001, ACK, up, down + 1, b"");
    for at in [95.0, 95.3, 95.9, 97.1] {
        talk.client(at, FIN_ACK, up, down + 1, b"");
    }
    let verdict = talk.verdict(110.0);
    assert_eq!(verdict.cause, Cause::None, "{}", told(&verdict));
}

/// The client gives up 10 s behind the last of a download; the answer to its FIN has the number that the server has reached.
fn answers_with_a_number(ahead: u32) -> Verdict {
    let (mut talk, up, down) = download();
    talk.client(10.15, FIN_ACK, up, down, b"");
    talk.server(10.19, ACK, down + ahead, up + 1, b"");
    talk.verdict(10.2)
}

#[test]
fn a_number_tells_what_was_sent_and_never_came() {
    let verdict = answers_with_a_number(20 * 1448);
    assert!(shows(&verdict, "sent_never_came"), "{}", told(&verdict));
    let lost = share(&verdict, Cause::PathBlackhole) + share(&verdict, Cause::MtuBlackhole);
    assert!(lost > 0.8, "{}", told(&verdict));
    assert_eq!(verdict.ended_by, EndedBy::Network);
    let verdict = answers_with_a_number(0);
    assert!(!shows(&verdict, "sent_never_came"), "{}", told(&verdict));
}

/// Hosts acknowledge what comes, or send again what is not acknowledged, on a dead path as well: neither was captured.
#[test]
fn what_was_neither_acknowledged_nor_sent_again_is_no_outage() {
    let left = |last_ack: u32| {
        let (mut talk, up, down) = download();
        for n in 0..6 {
            talk.server(0.12, ACK, down + n * 1448, up, &SEGMENT);
        }
        talk.client(0.121, ACK, up, down + 1448, b"");
        talk.client(0.122, ACK, up, down + last_ack, b"");
        talk.verdict(60.0)
    };
    let unsettled = left(2 * 1448);
    assert_eq!(unsettled.cause, Cause::Unknown, "{}", told(&unsettled));
    assert!(shows(&unsettled, "left_unsettled"), "{}", told(&unsettled));
    // Where an acknowledgement comes again, or all had arrived, it shows where the flow stopped.
    is_an_outage(&left(1448));
    is_an_outage(&left(6 * 1448));
}

#[test]
fn a_scanner_s_probe_without_an_answer_is_no_outage() {
    let mut talk = Talk::new();
    for at in [0.0, 0.2, 0.4] {
        talk.client(at, whyreset_segments::TcpFlags(0x2b), 0, 0, b"");
    }
    let verdict = talk.verdict(10.0);
    assert_eq!(verdict.cause, Cause::Unknown, "{}", told(&verdict));
}
