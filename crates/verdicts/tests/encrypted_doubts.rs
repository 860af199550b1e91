//! Encrypted sessions that end in order, where what the other side did then, or before, raises a doubt.

#![allow(clippy::expect_used, clippy::indexing_slicing)]

#[path = "made/session.rs"]
mod session;
#[path = "made/talk.rs"]
mod talk;
#[path = "made/told.rs"]
mod told;

use session::{ALERT, FULL, Session, record};
use talk::{ACK, FIN_ACK, PSH_ACK};
use told::{share, told};
use whyreset_verdicts::{Cause, Verdict};

#[test]
fn a_capture_that_ends_behind_a_piece_of_an_answer_does_not_show_its_end() {
    let open = |answer: &[u16]| Session::new(answer).talk.verdict(0.2);
    let pieces = [300, 1_100, 1_900, 700];
    let untold = open(&pieces);
    assert_eq!(untold.cause, Cause::None, "{}", told(&untold));
    let range = 0.8..0.9;
    assert!(range.contains(&untold.confidence), "{}", told(&untold));
    let ended = open(&[&pieces[..], &[5 + 24]].concat());
    assert!(ended.confidence > 0.95, "{}", told(&ended));
}

/// An answer over HTTP/2, its end, what the client says behind it, and the client's close.
fn objects(word: u16) -> Verdict {
    let answer = [90, 7_000, 3_000, 9].map(|len| len + 24);
    let mut session = Session::speaking("h2", &answer);
    session.client(0.14, PSH_ACK, &record(23, word + 24));
    session.client_closes(0.181)
}

#[test]
fn a_client_that_refuses_an_answer_behind_its_end_was_promised_more() {
    let refused = objects(13);
    let short = share(&refused, Cause::ResponseTruncated);
    assert!((0.3..0.6).contains(&short), "{}", told(&refused));
    assert!(refused.confidence < 0.6, "{}", told(&refused));
    let pinged = objects(17);
    assert!(pinged.confidence > 0.9, "{}", told(&pinged));
}

/// The client leaves `wait` seconds behind a short answer, and the server's host acknowledges that, no more.
fn left_unheeded(wait: f64, until: f64) -> Verdict {
    let mut session = Session::new(&[124]);
    let (up, down) = (session.up, session.down);
    let at = 0.13 + wait;
    session.talk.client(at, FIN_ACK, up, down, b"");
    session.talk.server(at + 0.04, ACK, down, up + 1, b"");
    session.talk.verdict(at + until)
}

#[test]
fn a_server_that_does_not_notice_that_its_client_left_was_busy() {
    let heeded = Session::new(&[124]).client_closes(4.78);
    assert!(heeded.confidence > 0.9, "{}", told(&heeded));
    let unheeded = left_unheeded(4.65, 4.0);
    assert!(share(&unheeded, Cause::None) < 0.7, "{}", told(&unheeded));
    let round = left_unheeded(5.0, 4.0);
    assert_eq!(round.cause, Cause::ClientTimeout, "{}", told(&round));
    // The capture ends before it can have closed.
    let unseen = left_unheeded(4.65, 0.5);
    assert!((0.8..0.9).contains(&unseen.confidence), "{}", told(&unseen));
}

/// A head and a piece, an answer to them, and these records, that the client had sent without knowing of it; then it leaves.
fn stopped_behind(rest: &[u16]) -> Verdict {
    let mut session = Session::new(&[]);
    session.client(0.1, PSH_ACK, &record(23, 4_000));
    let (up, down, answer) = (session.up, session.down, record(23, 372));
    session.talk.server(0.14, PSH_ACK, down, up, &answer);
    for (index, len) in rest.iter().enumerate() {
        session.client(0.141 + index as f64 / 1e3, PSH_ACK, &record(23, *len));
    }
    session.down += answer.len() as u32;
    session.client(0.16, PSH_ACK, &record(ALERT, 26));
    session.client_closes(0.1601)
}

#[test]
fn a_client_that_leaves_behind_an_early_answer_may_have_stopped_at_it() {
    let uneven = stopped_behind(&[14_172, 15_351, 3_317]);
    assert_eq!(uneven.cause, Cause::None, "{}", told(&uneven));
    let stopped = share(&uneven, Cause::RequestRejectedEarly);
    assert!((0.2..0.5).contains(&stopped), "{}", told(&uneven));
    let whole = stopped_behind(&[FULL, FULL, 3_317]);
    let stopped = share(&whole, Cause::RequestRejectedEarly);
    assert!((0.05..0.2).contains(&stopped), "{}", told(&whole));
}

/// An upload, a silence, and an answer behind which the server says goodbye and closes.
fn answered_behind(silence: f64) -> Verdict {
    let mut session = Session::new(&[]);
    for (index, len) in [FULL, FULL, 1_720].into_iter().enumerate() {
        session.client(0.1 + index as f64 / 1e3, PSH_ACK, &record(23, len));
    }
    let at = 0.142 + silence;
    session.server(at, PSH_ACK, &record(23, 166));
    session.server(at + 0.0001, PSH_ACK, &record(ALERT, 26));
    session.server_closes(at + 0.0002)
}

#[test]
fn a_server_that_answers_late_and_leaves_may_have_waited_in_vain() {
    let late = answered_behind(3.7);
    let waited = share(&late, Cause::ServerTimeout);
    assert!((0.1..0.4).contains(&waited), "{}", told(&late));
    assert!(late.confidence < 0.85, "{}", told(&late));
    let soon = answered_behind(0.1);
    assert!(share(&soon, Cause::ServerTimeout) < 0.01, "{}", told(&soon));
}

#[test]
fn a_server_may_give_up_waiting_for_the_first_request() {
    let mut session = Session::handshake();
    session.server(3.0901, PSH_ACK, &record(ALERT, 26));
    let verdict = session.server_closes(3.0902);
    let waited = share(&verdict, Cause::ServerTimeout);
    assert!((0.3..0.9).contains(&waited), "{}", told(&verdict));
}

#[test]
fn a_goodbye_is_nothing_that_a_client_could_take() {
    let mut session = Session::new(&[]);
    for n in 0..8 {
        session.client(0.1 + f64::from(n) / 1e3, PSH_ACK, &record(23, 1_400));
    }
    let (up, down) = (session.up, session.down);
    session.talk.client(1.0, FIN_ACK, up, down, b"");
    let goodbye = record(ALERT, 26);
    session.talk.server(1.04, PSH_ACK, down, up + 1, &goodbye);
    session.talk.server(1.0401, FIN_ACK, down + 31, up + 1, b"");
    session.talk.client(1.0402, ACK, up + 1, down + 32, b"");
    let verdict = session.talk.verdict(3.0);
    assert_eq!(verdict.cause, Cause::ClientAbort, "{}", told(&verdict));
}

#[test]
fn a_last_word_that_a_short_snapshot_hides_may_have_been_unanswered() {
    let said = |more: bool| {
        let mut it = Session::shaken_hands_in_short(10);
        it.client(0.3, PSH_ACK, &record(23, 42));
        if more {
            it.server(0.34, PSH_ACK, &record(23, 900));
        }
        it.server_closes(3.3)
    };
    let (unanswered, answered) = (said(false), said(true));
    assert!(unanswered.confidence < 0.75, "{}", told(&unanswered));
    assert!(
        answered.confidence > unanswered.confidence,
        "{}",
        told(&answered)
    );
}
