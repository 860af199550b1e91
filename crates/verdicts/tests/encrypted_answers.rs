//! Encrypted answers right behind which the server leaves, or gives them up: what sizes and goodbyes can tell.

#![allow(clippy::expect_used, clippy::indexing_slicing)]

#[path = "made/session.rs"]
mod session;
#[path = "made/talk.rs"]
mod talk;
#[path = "made/told.rs"]
mod told;

use session::{ALERT, HEAD_AND_FULL, PACED, PIECES, Session, record, runs};
use talk::{FIN_ACK, PSH_ACK, RST, RST_ACK};
use told::{expect_by, expect_outcome, share, told};
use whyreset_connections::Side;
use whyreset_verdicts::{Cause, EndedBy, Outcome, Verdict};

/// The server closes at once; the client answers with its goodbye, which the server's host refuses.
fn server_leaves(mut session: Session) -> Verdict {
    let (up, down) = (session.up, session.down);
    let at = 0.14;
    session.talk.server(at, FIN_ACK, down, up, b"");
    let goodbye = record(ALERT, 26);
    let talk = &mut session.talk;
    talk.client(at + 0.000_1, PSH_ACK, up, down + 1, &goodbye);
    talk.client(at + 0.000_2, FIN_ACK, up + 31, down + 1, b"");
    talk.stranger(at + 0.040_1, Side::Server, RST, down + 1, 57);
    talk.stranger(at + 0.040_2, Side::Server, RST, down + 1, 57);
    session.talk.verdict(2.0)
}

fn with_goodbye(session: Session) -> Session {
    with_goodbye_at(session, 0.139)
}

fn with_goodbye_at(mut session: Session, at: f64) -> Session {
    session.server(at, PSH_ACK, &record(ALERT, 26));
    session
}

#[test]
fn pieces_that_stop_without_a_goodbye_may_not_have_been_all() {
    let closed = Session::new(&PIECES).server_closes(0.14);
    let refused = server_leaves(Session::new(&PIECES));
    for verdict in [closed, refused] {
        assert!(
            matches!(verdict.cause, Cause::None | Cause::BenignReset),
            "{}",
            told(&verdict)
        );
        assert!(
            (0.65..0.85).contains(&verdict.confidence),
            "{}",
            told(&verdict)
        );
        let cut = share(&verdict, Cause::ResponseTruncated);
        assert!((0.15..0.35).contains(&cut), "{}", told(&verdict));
        assert!(
            verdict.summary.contains("does not show"),
            "{}",
            verdict.summary
        );
        assert!(verdict.next_steps.iter().any(|step| step.contains("keys")));
    }
}

#[test]
fn proxies_say_goodbye_behind_half_an_answer_too() {
    let verdict = with_goodbye(Session::new(&PIECES)).server_closes(0.14);
    assert_eq!(verdict.cause, Cause::None, "{}", told(&verdict));
    assert!(
        (0.75..0.93).contains(&verdict.confidence),
        "{}",
        told(&verdict)
    );
}

#[test]
fn a_short_answer_is_mostly_whole_whoever_closes_without_a_goodbye() {
    for answer in [&[324][..], &[324, 824]] {
        let verdict = server_leaves(Session::new(answer));
        assert_eq!(verdict.cause, Cause::BenignReset, "{}", told(&verdict));
        assert!(
            (0.8..0.9).contains(&verdict.confidence),
            "{}",
            told(&verdict)
        );
        let verdict = with_goodbye(Session::new(answer)).server_closes(0.14);
        assert!(
            (0.9..0.95).contains(&verdict.confidence),
            "{}",
            told(&verdict)
        );
    }
}

#[test]
fn a_proxy_that_lost_its_server_says_goodbye_behind_a_short_record() {
    let cut = [324, 16_408, 16_408, 16_408, 8_224];
    let verdict = with_goodbye(Session::new(&cut)).server_closes(0.14);
    assert_eq!(verdict.cause, Cause::None, "{}", told(&verdict));
    let share = share(&verdict, Cause::ResponseTruncated);
    assert!((0.03..0.12).contains(&share), "{}", told(&verdict));
    let steps = verdict.next_steps.concat();
    assert!(steps.contains("keys") && steps.contains("proxy"), "{steps}");
    // In HTTP/2 it would have reset the stream; GOAWAY and close_notify announce that it leaves.
    let announced = [&cut[..], &[24 + 17]].concat();
    let verdict = with_goodbye(Session::speaking("h2", &announced)).server_closes(0.14);
    assert!(verdict.confidence > 0.95, "{}", told(&verdict));
}

/// A program that fails between two writes of one length, or a proxy that loses such a one, says goodbye like any other.
#[test]
fn a_goodbye_behind_a_piece_like_those_before_is_no_sign_of_an_end() {
    let verdict = with_goodbye_at(Session::new(&runs(&[194, 96, 96])), 0.145).server_closes(0.146);
    let share = share(&verdict, Cause::ResponseTruncated);
    assert!((0.3..0.7).contains(&share), "{}", told(&verdict));
    assert!(verdict.confidence < 0.7, "{}", told(&verdict));
}

#[test]
fn a_stream_of_pieces_that_ends_in_silence_may_have_been_cut() {
    let limit = with_goodbye_at(Session::new(&PIECES), 5.136).server_closes(5.137);
    assert!(limit.confidence > 0.95, "{}", told(&limit));
    let cut = with_goodbye_at(Session::new(&PIECES), 4.5).server_closes(4.501);
    assert_eq!(cut.cause, Cause::None, "{}", told(&cut));
    let share = share(&cut, Cause::ResponseTruncated);
    assert!((0.07..0.25).contains(&share), "{}", told(&cut));
    assert!(told(&cut).contains("4.3"), "{}", told(&cut));
}

#[test]
fn a_marked_end_is_an_end() {
    let mut chunked = PIECES.to_vec();
    chunked.push(24 + 5);
    let verdict = Session::new(&chunked).server_closes(0.14);
    assert_eq!(verdict.cause, Cause::None, "{}", told(&verdict));
    assert!(verdict.confidence > 0.95, "{}", told(&verdict));
}

#[test]
fn a_last_record_that_is_full_is_seldom_the_last_of_all() {
    for answer in [&HEAD_AND_FULL[..], &[16_408][..]] {
        let verdict = Session::new(answer).server_closes(0.14);
        expect_outcome(&verdict, Cause::ResponseTruncated, Outcome::Truncated);
        assert!(verdict.confidence < 0.9, "{}", told(&verdict));
    }
    // 64 KiB may be all that there is.
    let verdict = Session::new(&HEAD_AND_FULL[..5]).server_closes(0.14);
    assert_eq!(verdict.cause, Cause::None, "{}", told(&verdict));
    assert!(verdict.confidence < 0.9, "{}", told(&verdict));
}

#[test]
fn what_the_capture_lost_at_the_end_may_have_been_the_end() {
    // Full records, then 50,000 bytes that are on no packet here, all acknowledged.
    let mut session = Session::new(&HEAD_AND_FULL);
    session.down += 50_000;
    let verdict = session.client_closes(0.2);
    assert_eq!(verdict.cause, Cause::None, "{}", told(&verdict));
    assert!(verdict.confidence < 0.97, "{}", told(&verdict));
    // The answer itself is not here.
    let mut session = Session::new(&[]);
    session.down += 5_000;
    let verdict = session.client_closes(0.2);
    assert_eq!(verdict.cause, Cause::None, "{}", told(&verdict));
}

#[test]
fn a_server_of_http2_that_leaves_without_goaway_hardly_meant_to() {
    let verdict = Session::speaking("h2", &PIECES).server_closes(0.14);
    let cut = share(&verdict, Cause::ResponseTruncated);
    assert!((0.3..0.75).contains(&cut), "{}", told(&verdict));
    assert!(verdict.confidence < 0.75, "{}", told(&verdict));
    let mut announced = PIECES.to_vec();
    announced.push(24 + 17);
    let verdict = Session::speaking("h2", &announced).server_closes(0.14);
    assert_eq!(verdict.cause, Cause::None, "{}", told(&verdict));
    assert!(verdict.confidence > 0.75, "{}", told(&verdict));
}

#[test]
fn what_is_as_long_as_rst_stream_behind_an_answer_may_be_one() {
    let mut reset = PIECES.to_vec();
    reset.push(24 + 13);
    let verdict = Session::speaking("h2", &reset).client_closes(0.14);
    expect_by(&verdict, Cause::ServerAbort, EndedBy::Server);
    assert!(
        (0.4..0.8).contains(&verdict.confidence),
        "{}",
        told(&verdict)
    );
    assert!(share(&verdict, Cause::None) > 0.15, "{}", told(&verdict));
}

#[test]
fn short_records_in_the_middle_make_a_short_last_one_no_end() {
    let verdict = Session::new(&PACED).server_closes(0.14);
    let cut = share(&verdict, Cause::ResponseTruncated);
    assert!((0.1..0.3).contains(&cut), "{}", told(&verdict));
}

#[test]
fn a_goaway_with_its_reason_in_words_is_neither_answer_nor_request() {
    // Apache says why: `timeout`.
    let mut session = Session::speaking("h2", &HEAD_AND_FULL[..4]);
    session.server(5.2, PSH_ACK, &record(23, 24 + 17 + 7));
    let verdict = with_goodbye_at(session, 5.2001).server_closes(5.2002);
    assert_eq!(verdict.cause, Cause::None, "{}", told(&verdict));
    assert!(
        share(&verdict, Cause::ResponseTruncated) < 0.02,
        "{}",
        told(&verdict)
    );
    // So may a client, and the server closes in order.
    let mut session = Session::speaking("h2", &PIECES);
    session.client(5.2, PSH_ACK, &record(23, 24 + 17 + 24));
    session.server(5.2401, PSH_ACK, &record(23, 24 + 17));
    let verdict = with_goodbye_at(session, 5.2402).server_closes(5.2403);
    assert_eq!(verdict.cause, Cause::None, "{}", told(&verdict));
    assert!(
        (0.7..0.9).contains(&verdict.confidence),
        "{}",
        told(&verdict)
    );
}

/// A server of TLS that resets the connection so long behind its answer.
fn reset_behind(answer: &[u16], pause: f64) -> Verdict {
    let mut it = Session::new(answer);
    let (up, down) = (it.up, it.down);
    let at = 0.13 + answer.len() as f64 / 1e3 + pause;
    it.talk.server(at, RST_ACK, down, up, b"");
    it.talk.verdict(at + 2.0)
}

#[test]
fn a_reset_at_rest_behind_a_short_answer_may_have_cost_nothing() {
    let verdict = reset_behind(&[81], 0.45);
    let benign = share(&verdict, Cause::BenignReset);
    assert!((0.3..0.7).contains(&benign), "{}", told(&verdict));
    assert!(verdict.confidence < 0.7, "{}", told(&verdict));
    assert!(!verdict.summary.contains("in the middle"));
    for (answer, pause) in [(&[81][..], 0.05), (&HEAD_AND_FULL, 0.45)] {
        let verdict = reset_behind(answer, pause);
        assert_eq!(verdict.cause, Cause::ServerAbort, "{}", told(&verdict));
        assert!(verdict.confidence > 0.8, "{}", told(&verdict));
    }
}
