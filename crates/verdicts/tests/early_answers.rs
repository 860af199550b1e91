//! Uploads inside TLS that were answered before they were whole: what the order of the records tells.

#![allow(clippy::expect_used, clippy::indexing_slicing)]

#[path = "made/session.rs"]
mod session;
#[path = "made/talk.rs"]
mod talk;
#[path = "made/told.rs"]
mod told;

use session::{ALERT, FULL, Session, record};
use talk::{ACK, FIN_ACK, PSH_ACK, RST_ACK};
use told::told;
use whyreset_verdicts::{Cause, EndedBy, Outcome, Verdict};

/// A head and `full` records of an upload; the server answers in the middle of the second of them.
fn answered_within(full: usize) -> Session {
    let mut it = Session::handshake();
    it.client(0.0902, PSH_ACK, &record(23, 180));
    it.client(0.0903, ACK, &record(23, FULL));
    let second = record(23, FULL);
    let (begin, rest) = second.split_at(2_896);
    it.client(0.0904, ACK, begin);
    it.server(0.1312, PSH_ACK, &record(23, 372));
    it.client(0.1313, ACK, rest);
    for n in 2..full {
        it.client(0.1313 + n as f64 / 1e4, ACK, &record(23, FULL));
    }
    it
}

/// The server answers behind the head, before it has a byte of the body; the client sends that without knowing of the answer.
fn overtaken() -> Session {
    let mut it = Session::handshake();
    it.client(0.0902, PSH_ACK, &record(23, 180));
    let (up, down) = (it.up, it.down);
    it.talk.server(0.1302, PSH_ACK, down, up, &record(23, 372));
    for (n, piece) in record(23, FULL).chunks(1_448).enumerate() {
        it.talk
            .client(0.1303 + n as f64 / 1e5, ACK, it.up, down, piece);
        it.up += piece.len() as u32;
    }
    it.down += 377;
    it.client(0.171, ACK, &record(23, FULL));
    it
}

/// The server closes while the client sends; its host resets what comes behind that.
fn server_leaves(mut it: Session) -> Verdict {
    let (up, down) = (it.up, it.down);
    it.talk.server(0.18, FIN_ACK, down, up, b"");
    it.talk
        .client(0.1801, PSH_ACK, up, down + 1, &record(23, 1_000));
    it.talk.server(0.2201, RST_ACK, down + 1, up + 1_005, b"");
    it.talk.verdict(2.0)
}

fn is_refused(verdict: &Verdict, outcome: Outcome) {
    assert_eq!(
        verdict.cause,
        Cause::RequestRejectedEarly,
        "{}",
        told(verdict)
    );
    assert_eq!(verdict.ended_by, EndedBy::Server);
    assert_eq!(verdict.outcome, outcome, "{}", told(verdict));
    assert!(
        (0.5..0.9).contains(&verdict.confidence),
        "{}",
        told(verdict)
    );
    assert!(
        verdict.summary.contains("does not show"),
        "{}",
        told(verdict)
    );
}

#[test]
fn a_server_that_answers_within_a_record_and_closes_refused_the_rest() {
    is_refused(&server_leaves(answered_within(4)), Outcome::Aborted);
}

#[test]
fn records_that_were_sent_without_knowing_of_the_answer_belong_to_what_it_answers() {
    is_refused(&server_leaves(overtaken()), Outcome::Aborted);
}

#[test]
fn a_client_that_stops_at_the_answer() {
    let mut it = answered_within(2);
    it.client(0.14, PSH_ACK, &record(ALERT, 26));
    is_refused(&it.client_closes(0.1401), Outcome::Truncated);
}

#[test]
fn an_upload_that_went_on_to_its_end_was_answered() {
    let mut it = answered_within(4);
    it.client(0.14, PSH_ACK, &record(23, 700));
    it.client(0.1401, PSH_ACK, &record(ALERT, 26));
    let verdict = it.client_closes(0.1402);
    assert_eq!(verdict.cause, Cause::None, "{}", told(&verdict));
}

#[test]
fn an_upload_behind_an_answer_is_another_request() {
    let mut it = Session::new(&[372]);
    it.client(0.2, PSH_ACK, &record(23, 180));
    it.client(0.2001, ACK, &record(23, FULL));
    it.client(0.2002, ACK, &record(23, FULL));
    let (up, down) = (it.up, it.down);
    it.talk.server(0.25, RST_ACK, down, up, b"");
    let verdict = it.talk.verdict(2.0);
    assert_eq!(verdict.cause, Cause::ServerAbort, "{}", told(&verdict));
}

#[test]
fn both_speak_when_they_like() {
    let mut it = Session::handshake();
    for n in 0..6 {
        let at = 0.1 + f64::from(n) / 10.0;
        let long = record(23, FULL);
        let (begin, rest) = long.split_at(4_000);
        it.client(at, ACK, begin);
        it.server(at + 0.04, PSH_ACK, &record(23, 300));
        it.client(at + 0.05, PSH_ACK, rest);
    }
    let (up, down) = (it.up, it.down);
    it.talk.server(0.8, RST_ACK, down, up, b"");
    let verdict = it.talk.verdict(2.0);
    assert_ne!(
        verdict.cause,
        Cause::RequestRejectedEarly,
        "{}",
        told(&verdict)
    );
}

#[test]
fn what_a_short_snapshot_hides_behind_the_answer_is_not_taken_for_nothing() {
    let mut it = Session::new(&[372]);
    it.talk.snapshot = 60;
    let upload = [record(23, 180), record(23, FULL), record(23, FULL)].concat();
    for (n, piece) in upload.chunks(1_448).enumerate() {
        it.client(0.2 + n as f64 / 1e3, ACK, piece);
    }
    let verdict = it.client_closes(0.4);
    assert!(verdict.confidence < 0.8, "{}", told(&verdict));
}

/// A head and an upload, of which a capture with `tcpdump -s 96` shows the beginning of each packet; the server answers in the middle of a
/// record.
fn seen_in_part() -> Session {
    let mut it = Session::handshake();
    it.talk.snapshot = 30;
    it.client(0.0902, PSH_ACK, &record(23, 180));
    let upload = [record(23, FULL), record(23, FULL)].concat();
    let (before, behind) = upload.split_at(20_272);
    let mut at = 0.0903;
    let mut send = |it: &mut Session, bytes: &[u8]| {
        for piece in bytes.chunks(1_448) {
            at += 0.000_1;
            it.talk.client(at, ACK, it.up, it.down, piece);
            it.up += piece.len() as u32;
        }
    };
    send(&mut it, before);
    let (up, down) = (it.up, it.down);
    it.talk.server(0.092, PSH_ACK, down, up, &record(23, 372));
    send(&mut it, behind);
    it.down += 377;
    it
}

#[test]
fn a_short_snapshot_shows_an_answer_in_the_middle_of_a_record() {
    let verdict = server_leaves(seen_in_part());
    is_refused(&verdict, Outcome::Aborted);
    is_refused(&seen_in_part().client_closes(0.095), Outcome::Truncated);
}

#[test]
fn an_upload_that_goes_on_is_not_over() {
    let mut it = seen_in_part();
    it.client(0.0941, ACK, &record(23, FULL));
    let verdict = it.talk.verdict(0.2);
    assert!(verdict.confidence < 0.9, "{}", told(&verdict));
}

/// A head and four full records of an upload, then `last`; the server's short answer acknowledges all but the last `unheard` bytes.
fn answered_behind(last: &[u8], unheard: u32) -> Session {
    let mut it = Session::shaken_hands("h2");
    it.client(0.0902, PSH_ACK, &record(23, 180));
    for n in 0..4 {
        it.client(0.0903 + f64::from(n) / 1e4, ACK, &record(23, FULL));
    }
    it.talk.client(0.091, PSH_ACK, it.up, it.down, last);
    it.up += last.len() as u32;
    let (heard, answer) = (it.up - unheard, record(23, 280));
    it.talk.server(0.131, PSH_ACK, it.down, heard, &answer);
    it.down += answer.len() as u32;
    it
}

#[test]
fn a_server_whose_host_resets_behind_its_answer_to_full_records_left_the_rest_unread() {
    let mut it = Session::handshake();
    it.client(0.0902, PSH_ACK, &record(23, 180));
    for n in 0..4 {
        it.client(0.0903 + f64::from(n) / 1e4, ACK, &record(23, FULL));
    }
    it.server(0.1312, PSH_ACK, &record(23, 98));
    it.talk.server(0.1313, RST_ACK, it.down, it.up, b"");
    is_refused(&it.talk.verdict(2.0), Outcome::Aborted);
}

#[test]
fn over_http2_an_answer_that_does_not_know_of_the_end_and_a_given_up_stream_refuse_the_rest() {
    let mut it = answered_behind(&record(23, 9_089), 9_094);
    it.server(0.1311, PSH_ACK, &record(23, 37));
    it.talk.client(0.1312, RST_ACK, it.up, it.down, b"");
    is_refused(&it.talk.verdict(2.0), Outcome::Aborted);
}
