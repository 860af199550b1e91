//! Uploads that stop arriving, seen at the server; and other ends that a hurried rule gets wrong.

#![allow(clippy::expect_used, clippy::indexing_slicing)]

#[path = "made/session.rs"]
mod session;
#[path = "made/talk.rs"]
mod talk;
#[path = "made/told.rs"]
mod told;

use talk::{ACK, FIN_ACK, PSH_ACK, RST_ACK, Talk};
use told::{share, told};
use whyreset_verdicts::{Cause, Outcome, Verdict};

const HEAD: &[u8] = b"POST /up HTTP/1.1\r\nHost: lab.test\r\nContent-Length: 900000\r\n\r\n";

/// The server's own capture: the client is 40 ms away, the server at once.
fn at_server() -> Talk {
    let mut talk = Talk::new();
    talk.ttl = (57, 64);
    talk.round_trip = 0.000_05;
    talk.client(0.0, talk::SYN, 0, 0, b"");
    talk.server(0.000_05, talk::SYN_ACK, 0, 1, b"");
    talk.client(0.04, ACK, 1, 1, b"");
    talk
}

/// An upload of `segments` full segments, all acknowledged; the last carries PSH or not. Gives the next number.
fn upload(talk: &mut Talk, segments: u32, pushed: bool) -> u32 {
    talk.client(0.041, PSH_ACK, 1, 1, HEAD);
    let mut next = 1 + HEAD.len() as u32;
    for n in 0..segments {
        let at = 0.042 + f64::from(n) / 1e3;
        let last = n + 1 == segments;
        let flags = if last && pushed { PSH_ACK } else { ACK };
        talk.client(at, flags, next, 1, &[b'u'; 1448]);
        next += 1448;
        talk.server(at + 0.000_05, ACK, 1, next, b"");
    }
    next
}

#[test]
fn an_upload_that_stops_in_full_flow_is_not_well() {
    let mut talk = at_server();
    upload(&mut talk, 20, false);
    let verdict = talk.verdict(9.0);
    assert_eq!(verdict.cause, Cause::PathBlackhole, "{}", told(&verdict));
    assert!(verdict.confidence < 0.95);
    assert_eq!(verdict.outcome, Outcome::Stalled);
}

#[test]
fn who_owes_the_rest_of_its_upload_waits_for_no_answer() {
    let mut talk = at_server();
    let next = upload(&mut talk, 20, true);
    talk.client(6.062, FIN_ACK, next, 1, b"");
    talk.server(6.0621, FIN_ACK, 1, next + 1, b"");
    talk.client(6.103, ACK, next + 1, 2, b"");
    let verdict = talk.verdict(9.0);
    assert_eq!(verdict.cause, Cause::ClientAbort, "{}", told(&verdict));
    assert!(verdict.confidence < 0.9, "{}", told(&verdict));
    assert!(share(&verdict, Cause::ClientTimeout) < 0.3);
}

#[test]
fn an_upload_that_stops_behind_a_push_waits_for_somebody() {
    let mut talk = at_server();
    upload(&mut talk, 20, true);
    let verdict = talk.verdict(9.0);
    assert_eq!(verdict.outcome, Outcome::Stalled, "{}", told(&verdict));
    assert!(share(&verdict, Cause::None) < 0.3);
}

#[test]
fn a_server_that_gives_up_on_a_vanished_client_is_not_the_root() {
    let mut talk = at_server();
    let next = upload(&mut talk, 20, false);
    talk.server(60.1, FIN_ACK, 1, next, b"");
    for at in [60.3, 60.5, 60.9, 61.8] {
        talk.server(at, FIN_ACK, 1, next, b"");
    }
    let verdict = talk.verdict(80.0);
    assert_eq!(verdict.cause, Cause::PathBlackhole, "{}", told(&verdict));
    assert_eq!(verdict.outcome, Outcome::TimedOut);
}

#[test]
fn a_server_that_gives_up_on_a_client_that_still_acknowledges_has_waited() {
    let mut talk = at_server();
    let next = upload(&mut talk, 20, true);
    talk.server(60.1, FIN_ACK, 1, next, b"");
    talk.client(60.14, FIN_ACK, next, 2, b"");
    talk.server(60.141, ACK, 2, next + 1, b"");
    let verdict = talk.verdict(80.0);
    assert_eq!(verdict.cause, Cause::ServerTimeout, "{}", told(&verdict));
}

#[test]
fn a_body_that_never_comes_may_be_too_large_for_the_path() {
    let mut talk = at_server();
    talk.client(0.041, PSH_ACK, 1, 1, HEAD);
    talk.server(0.041_05, ACK, 1, 1 + HEAD.len() as u32, b"");
    let verdict = talk.verdict(9.0);
    assert_eq!(verdict.outcome, Outcome::Stalled, "{}", told(&verdict));
    assert!(share(&verdict, Cause::MtuBlackhole) > 0.3);
    assert!(verdict.confidence < 0.9);
}

#[test]
fn a_client_that_asked_for_leave_waits_for_it() {
    let mut talk = at_server();
    let head = b"POST /up HTTP/1.1\r\nHost: lab.test\r\nContent-Length: 900000\r\nExpect: 100-continue\r\n\r\n";
    talk.client(0.041, PSH_ACK, 1, 1, head);
    talk.server(0.041_05, ACK, 1, 1 + head.len() as u32, b"");
    let verdict = talk.verdict(9.0);
    assert!(
        share(&verdict, Cause::MtuBlackhole) < 0.1,
        "{}",
        told(&verdict)
    );
}

#[test]
fn the_rest_of_an_upload_that_meets_a_closed_server_was_rejected() {
    let mut talk = at_server();
    let head = b"PUT /up HTTP/1.1\r\nHost: lab.test\r\nContent-Length: 14480\r\n\r\n";
    talk.client(0.041, PSH_ACK, 1, 1, head);
    let mut next = 1 + head.len() as u32;
    let begin = next;
    for n in 0..2 {
        talk.client(0.042 + f64::from(n) / 1e3, ACK, next, 1, &[b'u'; 1448]);
        next += 1448;
    }
    talk.server(0.044, ACK, 1, next, b"");
    let no = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    talk.server(0.045, PSH_ACK, 1, next, no);
    let down = 1 + no.len() as u32;
    talk.server(0.045_1, FIN_ACK, down, next, b"");
    let mut at = 0.046;
    while next < begin + 14_480 {
        talk.client(at, ACK, next, 1, &[b'u'; 1448]);
        talk.stranger(
            at + 0.000_02,
            whyreset_connections::Side::Server,
            talk::RST,
            1,
            64,
        );
        next += 1448;
        at += 0.001;
    }
    let verdict = talk.verdict(1.0);
    assert_eq!(
        verdict.cause,
        Cause::RequestRejectedEarly,
        "{}",
        told(&verdict)
    );
    assert_eq!(verdict.outcome, Outcome::Aborted);
}

#[test]
fn an_upload_whose_head_the_snapshot_cuts_is_not_well_where_nothing_answers_it() {
    let mut talk = at_server();
    talk.snapshot = 40;
    talk.client(0.041, PSH_ACK, 1, 1, HEAD);
    let next = 1 + HEAD.len() as u32;
    talk.client(0.042, ACK, next, 1, &[b'u'; 1448]);
    talk.server(0.042_1, ACK, 1, next + 1448, b"");
    talk.server(4.05, FIN_ACK, 1, next + 1448, b"");
    talk.client(4.09, FIN_ACK, next + 1448, 2, b"");
    talk.server(4.090_1, ACK, 2, next + 1449, b"");
    let verdict = talk.verdict(9.0);
    assert_eq!(verdict.cause, Cause::ServerTimeout, "{verdict:#?}");
    assert_eq!(verdict.outcome, Outcome::TimedOut);
}

/// The head, ten full segments, and then two that are lost before one of `above` bytes arrives; the capture runs on until `end`.
fn with_a_hole(above: usize, end: f64) -> Verdict {
    let mut talk = at_server();
    let next = upload(&mut talk, 10, false);
    talk.client(0.06, PSH_ACK, next + 2 * 1448, 1, &vec![b'u'; above]);
    talk.server(0.060_05, ACK, 1, next, b"");
    talk.verdict(end)
}

#[test]
fn a_hole_that_nobody_fills_while_small_ones_pass_is_one_of_size() {
    let verdict = with_a_hole(400, 8.0);
    assert_eq!(verdict.cause, Cause::MtuBlackhole, "{}", told(&verdict));
    assert_eq!(verdict.outcome, Outcome::Stalled);
    assert!(verdict.confidence < 0.95, "{}", told(&verdict));
}

#[test]
fn a_hole_behind_which_a_full_segment_came_is_not() {
    let verdict = with_a_hole(1448, 8.0);
    assert_eq!(verdict.cause, Cause::PathBlackhole, "{}", told(&verdict));
    assert!(share(&verdict, Cause::MtuBlackhole) < 0.2);
}

#[test]
fn a_hole_of_a_moment_may_still_be_filled() {
    let verdict = with_a_hole(400, 0.4);
    assert!(verdict.confidence < 0.7, "{}", told(&verdict));
}

#[test]
fn who_pauses_in_its_upload_and_goes_on_has_not_waited_for_an_answer() {
    let mut session = session::Session::shaken_hands("");
    let mut piece = |at: f64, records: usize| {
        for n in 0..records {
            let at = at + n as f64 / 1e4;
            session.client(at, ACK, &session::record(23, 16_408));
        }
    };
    piece(0.1, 1);
    piece(2.1, 6);
    let verdict = session.client_closes(2.15);
    assert_eq!(verdict.cause, Cause::ClientAbort, "{}", told(&verdict));
}

#[test]
fn a_connection_in_which_nothing_comes_may_have_lost_its_request() {
    let verdict = at_server().verdict(9.0);
    assert_eq!(verdict.cause, Cause::None, "{}", told(&verdict));
    assert!(verdict.confidence < 0.8, "{}", told(&verdict));
    assert!(at_server().verdict(0.2).confidence > 0.85);
    let steps = &verdict.next_steps;
    assert!(
        steps.iter().any(|it| it.contains("the client")),
        "{steps:#?}"
    );
}

#[test]
fn a_window_that_shuts_behind_its_owner_s_close_belongs_to_no_stalled_reader() {
    let mut talk = at_server();
    let next = upload(&mut talk, 20, false);
    let refusal = b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n";
    talk.server(0.0621, PSH_ACK, 1, next, refusal);
    let down = 1 + refusal.len() as u32;
    talk.server(0.0622, FIN_ACK, down, next, b"");
    talk.client(0.0830, ACK, next, 1, &[b'u'; 1448]);
    talk.window = 0;
    talk.server(0.0831, ACK, down + 1, next + 1448, b"");
    talk.window = 64_240;
    talk.client(0.30, ACK, next + 1447, down + 1, b"");
    talk.server(1.05, RST_ACK, down + 1, next + 1448, b"");
    let verdict = talk.verdict(60.0);
    assert_eq!(
        verdict.cause,
        Cause::RequestRejectedEarly,
        "{}",
        told(&verdict)
    );
    assert_eq!(share(&verdict, Cause::ReceiverStalled), 0.0);
}

#[test]
fn an_upload_that_is_refused_before_it_began_is_not_said_to_be_under_way() {
    let mut talk = at_server();
    let head = b"POST /up HTTP/1.1\r\nHost: lab.test\r\nExpect: 100-continue\r\nContent-Length: 900000\r\n\r\n";
    talk.client(0.041, PSH_ACK, 1, 1, head);
    let up = 1 + head.len() as u32;
    let refusal = b"HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n";
    let down = 1 + refusal.len() as u32;
    talk.server(0.042, PSH_ACK, 1, up, refusal);
    talk.client(0.082, FIN_ACK, up, down, b"");
    talk.server(0.0821, FIN_ACK, down, up + 1, b"");
    talk.client(0.122, ACK, up + 1, down + 1, b"");
    let verdict = talk.verdict(2.0);
    assert!(!verdict.summary.contains("still sending"), "{verdict:#?}");
}

/// A request's head in pieces of a byte, one every quarter of a second, until the server closes.
fn typed(pieces: u32) -> Verdict {
    let mut talk = at_server();
    let mut at = 0.05;
    for n in 0..pieces {
        let byte = &HEAD[n as usize..][..1];
        talk.client(at, PSH_ACK, 1 + n, 1, byte);
        talk.server(at + 0.000_05, ACK, 1, 2 + n, b"");
        at += 0.25;
    }
    talk.server(at - 0.05, FIN_ACK, 1, 1 + pieces, b"");
    talk.verdict(at + 3.0)
}

#[test]
fn a_head_that_comes_byte_by_byte_runs_into_a_limit() {
    let verdict = typed(22);
    assert_eq!(verdict.cause, Cause::ServerTimeout, "{}", told(&verdict));
}

#[test]
fn a_body_that_rests_when_the_capture_ends_may_have_stopped() {
    let rests = |until: f64| {
        let mut talk = at_server();
        upload(&mut talk, 20, false);
        talk.verdict(until)
    };
    let (soon, later) = (rests(0.3), rests(2.5));
    assert!(share(&soon, Cause::None) > 0.8, "{}", told(&soon));
    assert!(share(&later, Cause::None) < 0.7, "{}", told(&later));
}

#[test]
fn a_flow_that_stops_without_a_push_is_not_well_though_nothing_of_it_was_captured() {
    for (pushed, cause) in [(false, Cause::PathBlackhole), (true, Cause::None)] {
        let mut talk = at_server();
        talk.snapshot = 0;
        upload(&mut talk, 40, pushed);
        // What stands before the last segment shows that the host marks the ends of writes.
        let verdict = talk.verdict(9.0);
        assert_eq!(verdict.cause, cause, "{}", told(&verdict));
        assert!(verdict.confidence < 0.9, "{}", told(&verdict));
    }
}

#[test]
fn who_uploads_and_leaves_unheard_is_not_surely_well() {
    let closed = |waits: f64, last: u32| {
        let mut talk = at_server();
        talk.snapshot = 0;
        let next = upload(&mut talk, 20, true);
        let (at, next_of_server) = (1.0, 1 + last);
        if last > 0 {
            talk.server(at, PSH_ACK, 1, next, &vec![b'a'; last as usize]);
            talk.client(at + 0.04, ACK, next, next_of_server, b"");
        }
        let at = at + 0.04 + waits;
        talk.client(at, FIN_ACK, next, next_of_server, b"");
        talk.server(at + 0.000_1, FIN_ACK, next_of_server, next + 1, b"");
        talk.client(at + 0.04, ACK, next + 1, next_of_server + 1, b"");
        talk.verdict(at + 9.0)
    };
    let share_of = |verdict: Verdict| share(&verdict, Cause::None);
    let answered = share_of(closed(0.001, 300));
    assert!((0.6..0.9).contains(&answered), "{answered}");
    assert!(share_of(closed(0.5, 0)) < answered - 0.1);
    assert!(share_of(closed(3.0, 300)) < answered - 0.1);
}
