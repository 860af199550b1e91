//! Responses of which it does not show whether they were whole: heads that a short snapshot length cut, and encrypted answers.

#![allow(clippy::expect_used, clippy::indexing_slicing)]

#[path = "made/session.rs"]
mod session;
#[path = "made/talk.rs"]
mod talk;
#[path = "made/told.rs"]
mod told;

use session::{Session, record};
use talk::{ACK, FIN_ACK, PSH_ACK, RST, Talk};
use told::{expect_outcome, told};
use whyreset_verdicts::{Cause, Outcome, Verdict};

fn alternative(verdict: &Verdict, cause: Cause) -> Option<&str> {
    let mut all = verdict.alternatives.iter();
    all.find(|it| it.cause == cause).map(|it| it.text.as_str())
}

fn expect_confidence(verdict: &Verdict, range: std::ops::Range<f64>) {
    assert!(range.contains(&verdict.confidence), "{}", told(verdict));
}

/// A download of which only the first bytes of each packet were captured: the head's end was not.
fn download_in_short_packets() -> (Talk, u32, u32) {
    let mut talk = Talk::new();
    talk.snapshot = 30;
    talk.handshake();
    let up = talk.request(0.05, 1, 1);
    let down = talk.response(0.1, 1, up, 90_000, 14_480);
    (talk, up, down)
}

#[test]
fn what_was_promised_in_a_head_that_was_cut_is_not_known_to_have_come() {
    let (mut talk, up, down) = download_in_short_packets();
    talk.server(0.15, FIN_ACK, down, up, b"");
    talk.client(0.1501, FIN_ACK, up, down + 1, b"");
    talk.server(0.19, ACK, down + 1, up + 1, b"");
    let verdict = talk.verdict(1.0);
    expect_outcome(&verdict, Cause::None, Outcome::Completed);
    expect_confidence(&verdict, 0.85..0.93);
    assert!(!told(&verdict).contains("in full"), "{}", told(&verdict));
    assert!(!verdict.summary.contains("everything"));
    let short = alternative(&verdict, Cause::ResponseTruncated).expect("an alternative");
    assert!(
        short.starts_with("If more was promised than the 14,"),
        "{short}"
    );
    assert!(
        verdict.next_steps[0].contains("does not show"),
        "{:?}",
        verdict.next_steps
    );
}

#[test]
fn a_head_that_the_server_never_finished_is_no_whole_answer() {
    let mut talk = Talk::open();
    let up = talk.request(0.05, 1, 1);
    let begun = b"HTTP/1.1 200 OK\r\nContent-Le";
    let down = 1 + begun.len() as u32;
    talk.server(0.1, PSH_ACK, 1, up, begun);
    talk.client(0.1001, ACK, up, down, b"");
    talk.server(0.4, FIN_ACK, down, up, b"");
    talk.client(0.4001, FIN_ACK, up, down + 1, b"");
    talk.server(0.44, ACK, down + 1, up + 1, b"");
    let verdict = talk.verdict(2.0);
    expect_outcome(&verdict, Cause::ResponseTruncated, Outcome::Truncated);
}

#[test]
fn nor_is_it_where_the_client_closes_first() {
    let (mut talk, up, down) = download_in_short_packets();
    talk.client(0.15, FIN_ACK, up, down, b"");
    talk.server(0.19, FIN_ACK, down, up + 1, b"");
    talk.client(0.1901, ACK, up + 1, down + 1, b"");
    let verdict = talk.verdict(1.0);
    assert_eq!(verdict.cause, Cause::None, "{}", told(&verdict));
    assert!(verdict.confidence < 0.94, "{}", told(&verdict));
    let left = alternative(&verdict, Cause::ClientAbort).expect("an alternative");
    assert!(left.contains("more was promised"), "{left}");
}

#[test]
fn a_rst_behind_it_is_not_said_to_have_cost_nothing() {
    let (mut talk, up, down) = download_in_short_packets();
    talk.server(0.15, FIN_ACK, down, up, b"");
    talk.client(0.1501, ACK, up, down + 1, b"");
    talk.client(0.1502, PSH_ACK, up, down + 1, b"x");
    talk.stranger(
        0.1903,
        whyreset_connections::Side::Server,
        RST,
        down + 1,
        57,
    );
    let verdict = talk.verdict(1.0);
    assert!(
        !told(&verdict).contains("nobody lost"),
        "{}",
        told(&verdict)
    );
    assert!(verdict.confidence < 0.95, "{}", told(&verdict));
}

/// An answer of 3,000 bytes without a length, all acknowledged.
fn answer_without_a_length() -> (Talk, u32, u32) {
    let mut talk = Talk::open();
    let up = talk.request(0.05, 1, 1);
    let head = b"HTTP/1.0 200 OK\r\nServer: app\r\n\r\n";
    talk.server(0.1, PSH_ACK, 1, up, head);
    let body = 1 + head.len() as u32;
    let down = body + 3_000;
    talk.server(0.1001, ACK, body, up, &[b'x'; 1_448]);
    talk.server(0.1002, PSH_ACK, body + 1_448, up, &[b'x'; 1_552]);
    talk.client(0.1003, ACK, up, down, b"");
    (talk, up, down)
}

fn download_without_a_length(at: f64) -> Verdict {
    let (mut talk, up, down) = answer_without_a_length();
    talk.server(at, FIN_ACK, down, up, b"");
    talk.client(at + 0.0001, FIN_ACK, up, down + 1, b"");
    talk.server(at + 0.04, ACK, down + 1, up + 1, b"");
    talk.verdict(at + 1.0)
}

#[test]
fn an_answer_without_a_length_may_have_been_cut_by_what_closed_it() {
    let verdict = download_without_a_length(0.1005);
    expect_outcome(&verdict, Cause::None, Outcome::Completed);
    expect_confidence(&verdict, 0.88..0.95);
    assert!(!told(&verdict).contains("in full"), "{}", told(&verdict));
    assert!(verdict.summary.contains("half-way"), "{}", verdict.summary);
    let cut = alternative(&verdict, Cause::ResponseTruncated).expect("an alternative");
    assert!(cut.contains("no length was promised"), "{cut}");
    assert!(
        verdict.next_steps[0].contains("3,000 bytes"),
        "{:?}",
        verdict.next_steps
    );
}

#[test]
fn all_the_more_where_the_server_had_been_silent() {
    let verdict = download_without_a_length(4.3);
    assert_eq!(verdict.cause, Cause::None, "{}", told(&verdict));
    expect_confidence(&verdict, 0.75..0.87);
    assert!(told(&verdict).contains("4.20 s behind the last of it"));
}

#[test]
fn a_client_that_leaves_an_answer_without_a_length_did_not_wait_for_its_end() {
    let (mut talk, up, down) = answer_without_a_length();
    talk.client(0.3, FIN_ACK, up, down, b"");
    talk.server(0.34, FIN_ACK, down, up + 1, b"");
    talk.client(0.3401, ACK, up + 1, down + 1, b"");
    let verdict = talk.verdict(1.0);
    assert_eq!(verdict.cause, Cause::None, "{}", told(&verdict));
    expect_confidence(&verdict, 0.5..0.75);
    let left = alternative(&verdict, Cause::ClientAbort).expect("an alternative");
    assert!(left.contains("no length was promised"), "{left}");
}

#[test]
fn all_the_less_where_it_had_waited_for_it() {
    let (mut talk, up, down) = answer_without_a_length();
    talk.client(5.1003, FIN_ACK, up, down, b"");
    talk.server(5.14, FIN_ACK, down, up + 1, b"");
    talk.client(5.1401, ACK, up + 1, down + 1, b"");
    let verdict = talk.verdict(7.0);
    assert_eq!(verdict.cause, Cause::ClientTimeout, "{}", told(&verdict));
}

#[test]
fn a_status_that_says_to_go_on_is_no_answer() {
    let mut talk = Talk::open();
    let up = talk.request(0.05, 1, 1);
    let text = b"HTTP/1.1 100 Continue\r\n\r\n";
    talk.server(0.1, PSH_ACK, 1, up, text);
    let down = 1 + text.len() as u32;
    talk.client(0.1001, ACK, up, down, b"");
    talk.server(0.3, FIN_ACK, down, up, b"");
    talk.client(0.3001, FIN_ACK, up, down + 1, b"");
    talk.server(0.34, ACK, down + 1, up + 1, b"");
    let verdict = talk.verdict(1.0);
    expect_outcome(&verdict, Cause::ServerAbort, Outcome::Truncated);
}

/// Two requests at once; the server answers the first with this head and five bytes, and closes.
fn pipelined(head: &str) -> Verdict {
    let mut talk = Talk::open();
    let up = talk.request(0.05, 1, 1);
    let up = talk.request(0.0501, up, 1);
    let text = format!("HTTP/1.1 200 OK\r\n{head}Content-Length: 5\r\n\r\nhello");
    talk.server(0.1, PSH_ACK, 1, up, text.as_bytes());
    let down = 1 + text.len() as u32;
    talk.server(0.1001, FIN_ACK, down, up, b"");
    talk.client(0.1002, FIN_ACK, up, down + 1, b"");
    talk.server(0.14, ACK, down + 1, up + 1, b"");
    talk.verdict(1.0)
}

#[test]
fn what_is_asked_behind_an_announced_close_is_left_undone_by_the_book() {
    let verdict = pipelined("Connection: close\r\n");
    assert_eq!(verdict.cause, Cause::KeepaliveRace, "{}", told(&verdict));
    assert!(verdict.summary.contains("announced"), "{}", verdict.summary);
    let verdict = pipelined("");
    assert_eq!(verdict.cause, Cause::ServerAbort, "{}", told(&verdict));
}

#[test]
fn a_next_request_shows_that_the_answer_before_it_was_whole() {
    let (mut talk, up, down) = download_in_short_packets();
    talk.snapshot = usize::MAX;
    let up = talk.request(0.3, up, down);
    let down = talk.response(0.35, down, up, 3_000, 3_000);
    talk.client(0.4, FIN_ACK, up, down, b"");
    talk.server(0.44, FIN_ACK, down, up + 1, b"");
    talk.client(0.4401, ACK, up + 1, down + 1, b"");
    let verdict = talk.verdict(1.0);
    assert_eq!(verdict.cause, Cause::None, "{}", told(&verdict));
    assert!(verdict.confidence > 0.95, "{}", told(&verdict));
    assert!(alternative(&verdict, Cause::ClientAbort).is_none());
}

/// Pieces of any length: whether more was to come does not show.
const STREAMED: [u16; 4] = [2_024, 1_124, 1_924, 1_524];

#[test]
fn an_encrypted_answer_that_a_client_leaves_after_a_round_silence_may_not_have_been_whole() {
    let verdict = Session::new(&STREAMED).client_closes(30.134);
    assert_eq!(verdict.cause, Cause::None, "{}", told(&verdict));
    expect_confidence(&verdict, 0.6..0.85);
    let gave_up = alternative(&verdict, Cause::ClientTimeout).expect("an alternative");
    assert!(gave_up.contains("was not whole"), "{gave_up}");
    assert!(verdict.next_steps[0].contains("keys"));
    assert!(
        verdict.summary.contains("does not show"),
        "{}",
        verdict.summary
    );
    assert!(!told(&verdict).contains("in full"), "{}", told(&verdict));
}

#[test]
fn after_a_silence_of_any_length_it_hardly_was_a_timer() {
    let verdict = Session::new(&STREAMED).client_closes(43.7);
    assert_eq!(verdict.cause, Cause::None, "{}", told(&verdict));
    expect_confidence(&verdict, 0.88..0.96);
}

#[test]
fn a_client_s_usual_idle_limit_speaks_for_an_idle_connection() {
    let verdict = Session::new(&STREAMED).client_closes(90.134);
    assert_eq!(verdict.cause, Cause::None, "{}", told(&verdict));
    assert!(verdict.confidence > 0.88, "{}", told(&verdict));
}

#[test]
fn a_round_time_since_the_opening_is_chance_as_often_as_a_limit() {
    let verdict = Session::new(&STREAMED).client_closes(30.003);
    assert_eq!(verdict.cause, Cause::None, "{}", told(&verdict));
    expect_confidence(&verdict, 0.5..0.85);
}

#[test]
fn an_idle_session_that_the_server_closes_is_well() {
    for at in [5.2, 60.2, 75.2] {
        let verdict = Session::new(&STREAMED).server_closes(at);
        assert_eq!(verdict.cause, Cause::None, "{}", told(&verdict));
        assert!(verdict.confidence > 0.95, "{}", told(&verdict));
    }
}

#[test]
fn a_client_that_closes_at_once_had_its_answer() {
    let verdict = Session::new(&STREAMED).client_closes(0.2);
    assert_eq!(verdict.cause, Cause::None, "{}", told(&verdict));
    assert!(verdict.confidence > 0.95, "{}", told(&verdict));
}

#[test]
fn an_encrypted_answer_that_stops_in_full_flow_was_not_whole() {
    let mut session = Session::new(&STREAMED);
    // A record that ends with a full segment, and no PSH: the server had more to send.
    session.server(0.14, ACK, &record(23, 4 * 1448 - 5));
    let verdict = session.client_closes(30.14);
    assert!(
        !matches!(verdict.cause, Cause::None | Cause::BenignReset),
        "{}",
        told(&verdict)
    );
    assert!(verdict.confidence < 0.9, "{}", told(&verdict));
}

#[test]
fn bytes_of_an_encrypted_answer_that_never_came_were_not_acknowledged() {
    let mut session = Session::new(&[300]);
    let (up, had) = (session.up, session.down);
    // The acknowledgement of the FIN has gone past 20,000 bytes that are on no packet here.
    let said = had + 20_000;
    session.talk.client(6.2, FIN_ACK, up, had, b"");
    session.talk.server(6.24, ACK, said, up + 1, b"");
    let verdict = session.talk.verdict(8.0);
    assert_ne!(verdict.cause, Cause::None, "{}", told(&verdict));
    assert!(!told(&verdict).contains("all that was sent had been acknowledged"));
}
