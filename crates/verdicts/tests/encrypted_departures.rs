//! Clients that leave an encrypted session: what sizes, goodbyes and pauses tell of whether they had what they had asked for.

#![allow(clippy::expect_used, clippy::indexing_slicing)]

#[path = "made/session.rs"]
mod session;
#[path = "made/talk.rs"]
mod talk;
#[path = "made/told.rs"]
mod told;

use session::{ALERT, FULL, HEAD_AND_FULL, PACED, PIECES, Session, record, runs};
use talk::{ACK, FIN_ACK, PSH_ACK, RST, RST_ACK};
use told::{expect_by, share, shows, told};
use whyreset_connections::Side;
use whyreset_verdicts::{Cause, EndedBy, Verdict};

#[test]
fn heartbeats_are_asked_for_like_anything_else() {
    let mut session = Session::handshake();
    session.client(0.1, PSH_ACK, &record(24, 32));
    session.server(0.14, PSH_ACK, &record(24, 48));
    let verdict = session.client_closes(0.1402);
    assert_eq!(verdict.cause, Cause::None, "{}", told(&verdict));
    assert!(
        share(&verdict, Cause::TlsFailure) < 0.1,
        "{}",
        told(&verdict)
    );
}

#[test]
fn a_client_that_left_of_its_own_accord_had_what_it_wanted() {
    // Its goodbye acknowledges all data, but not the FIN that crosses it.
    let mut session = Session::new(&PIECES);
    let (up, down) = (session.up, session.down);
    let talk = &mut session.talk;
    talk.server(0.14, FIN_ACK, down, up, b"");
    talk.client(0.140_01, PSH_ACK, up, down, &record(ALERT, 26));
    talk.client(0.140_02, FIN_ACK, up + 31, down, b"");
    talk.stranger(0.180_1, Side::Server, RST, down, 57);
    let verdict = session.talk.verdict(2.0);
    assert_eq!(verdict.cause, Cause::BenignReset, "{}", told(&verdict));
    assert!(verdict.confidence > 0.94, "{}", told(&verdict));
}

#[test]
fn a_goodbye_that_the_server_leaves_unread_makes_its_reset_no_abort() {
    // 80 KiB in full records: by sizes the answer may have been under way, but it was the client that left.
    let mut session = Session::new(&HEAD_AND_FULL);
    let (up, down) = (session.up, session.down);
    let talk = &mut session.talk;
    talk.client(0.14, PSH_ACK, up, down, &record(ALERT, 26));
    talk.server(0.180_1, RST_ACK, down, up + 31, b"");
    let verdict = session.talk.verdict(2.0);
    assert!(
        share(&verdict, Cause::ServerAbort) < 0.1,
        "{}",
        told(&verdict)
    );
    assert!(verdict.confidence < 0.9, "{}", told(&verdict));
}

/// The client closes in order behind the answer; what the server says then, its host refuses, packet by packet.
fn refused_behind_fin(mut session: Session, said: &[Vec<u8>]) -> Verdict {
    let (up, mut down) = (session.up, session.down);
    let talk = &mut session.talk;
    talk.client(0.2, FIN_ACK, up, down, b"");
    for record in said {
        talk.server(0.24, PSH_ACK, down, up + 1, record);
        down += record.len() as u32;
    }
    talk.server(0.2401, FIN_ACK, down, up + 1, b"");
    for _ in 0..=said.len() {
        talk.stranger(0.2402, Side::Client, RST, up + 1, 64);
    }
    session.talk.verdict(2.0)
}

#[test]
fn goodbyes_that_meet_a_closed_socket_are_no_answer() {
    let answer = [324, 1_024];
    let goodbye = || record(ALERT, 26);
    let goaway = || record(23, 24 + 17);
    let ping = || record(23, 24 + 17);
    for (alpn, said) in [
        ("", vec![goodbye()]),
        ("h2", vec![goaway(), goodbye()]),
        ("h2", vec![ping(), goaway(), goodbye()]),
    ] {
        let verdict = refused_behind_fin(Session::speaking(alpn, &answer), &said);
        assert_eq!(verdict.cause, Cause::BenignReset, "{}", told(&verdict));
    }
    // More of an answer is one.
    let verdict = refused_behind_fin(Session::new(&answer), &[record(23, 900)]);
    expect_by(&verdict, Cause::ClientAbort, EndedBy::Client);
}

#[test]
fn a_client_that_leaves_behind_a_pause_in_a_stream_may_have_given_it_up() {
    let mut session = Session::new(&PACED);
    session.client(0.6, PSH_ACK, &record(ALERT, 26));
    let (up, down) = (session.up, session.down);
    session.talk.client(0.6001, FIN_ACK, up, down, b"");
    session.talk.server(0.6402, RST_ACK, down, up + 1, b"");
    let verdict = session.talk.verdict(2.0);
    assert_eq!(verdict.cause, Cause::BenignReset, "{}", told(&verdict));
    let left = share(&verdict, Cause::ClientAbort);
    assert!((0.08..0.25).contains(&left), "{}", told(&verdict));
}

#[test]
fn a_client_that_leaves_behind_the_handshake_refused_it_or_only_looked() {
    // wget and Node.js refuse a certificate so, and monitors that only look at it leave so.
    let verdict = Session::handshake().client_closes(0.1);
    expect_by(&verdict, Cause::TlsFailure, EndedBy::Client);
    assert!(
        (0.45..0.7).contains(&verdict.confidence),
        "{}",
        told(&verdict)
    );
    assert!(share(&verdict, Cause::None) > 0.3, "{}", told(&verdict));
    assert!(
        verdict.summary.contains("only looked"),
        "{}",
        verdict.summary
    );
}

#[test]
fn a_session_that_was_opened_in_advance_and_left_unused_is_well() {
    let mut session = Session::handshake();
    session.client(10.0, PSH_ACK, &record(ALERT, 26));
    let verdict = session.client_closes(10.1);
    assert_eq!(verdict.cause, Cause::None, "{}", told(&verdict));
    assert!(
        share(&verdict, Cause::TlsFailure) < 0.1,
        "{}",
        told(&verdict)
    );
}

#[test]
fn a_client_that_leaves_at_the_end_of_a_run_like_those_before_left_early() {
    let verdict = Session::speaking("h2", &runs(&[194, 96, 96])).client_closes(0.26);
    assert_eq!(verdict.cause, Cause::ClientAbort, "{verdict:#?}");
}

#[test]
fn whether_an_answer_in_pieces_was_whole_does_not_show_when_the_client_just_leaves() {
    let verdict = Session::speaking("h2", &runs(&[194, 96, 641])).client_closes(0.26);
    assert_eq!(verdict.cause, Cause::None, "{verdict:#?}");
    assert!(verdict.confidence < 0.9, "{verdict:#?}");
    let aborted = verdict.alternatives.first().map(|other| other.cause);
    assert_eq!(aborted, Some(Cause::ClientAbort), "{verdict:#?}");
}

#[test]
fn a_goodbye_says_that_the_client_meant_to_leave() {
    let mut it = Session::speaking("h2", &runs(&[194, 96, 641]));
    it.client(0.2599, PSH_ACK, &record(21, 26));
    let verdict = it.client_closes(0.26);
    assert_eq!(verdict.cause, Cause::None, "{verdict:#?}");
    assert!(verdict.confidence > 0.9, "{verdict:#?}");
}

#[test]
fn a_proxy_s_consent_is_not_all_that_was_asked_for() {
    let mut it = Session::behind_connect();
    it.client(0.0902, PSH_ACK, &record(23, 180));
    for n in 0..5 {
        it.server(0.13 + f64::from(n) / 1e3, PSH_ACK, &record(23, 16_408));
    }
    let verdict = it.client_closes(0.26);
    assert_eq!(verdict.cause, Cause::ClientAbort, "{verdict:#?}");
}

#[test]
fn a_goodbye_is_no_alert_of_a_handshake_whose_end_a_short_snapshot_hides() {
    let file = [&HEAD_AND_FULL[..], &[724]].concat();
    for answer in [&file[..], &PIECES[..], &[]] {
        let mut it = Session::shaken_hands_in_short(40);
        if !answer.is_empty() {
            it.client(0.0902, PSH_ACK, &record(23, 180));
        }
        for (n, len) in answer.iter().enumerate() {
            it.server(0.13 + n as f64 / 1e3, PSH_ACK, &record(23, *len));
        }
        it.client(0.1999, PSH_ACK, &record(ALERT, 26));
        let verdict = it.client_closes(0.2);
        let failed = share(&verdict, Cause::TlsFailure);
        assert!(failed < 0.6, "{}", told(&verdict));
        if answer.is_empty() {
            assert!(failed > 0.2, "{}", told(&verdict));
        } else {
            assert!(failed < 0.05 && !verdict.failed, "{}", told(&verdict));
        }
    }
}

#[test]
fn nor_does_it_show_where_a_short_snapshot_hides_the_records() {
    let mut it = Session::shaken_hands_in_short(30);
    it.client(0.0902, PSH_ACK, &record(23, 180));
    for (n, len) in runs(&[194, 96]).into_iter().enumerate() {
        it.server(0.13 + n as f64 / 1e3, PSH_ACK, &record(23, len));
    }
    let verdict = it.client_closes(0.2);
    assert_eq!(verdict.cause, Cause::None, "{}", told(&verdict));
    assert!(verdict.confidence < 0.9, "{}", told(&verdict));
    assert!(share(&verdict, Cause::ClientAbort) > 0.05);
}

/// An encrypted answer of HTTP/2 that is longer than a page and ends with an empty frame; the client resets the connection at once.
/// `hole`: one of its segments is lost, and sent again behind all others.
fn reset_behind_a_whole_answer(hole: Option<usize>) -> Verdict {
    let mut session = Session::speaking("h2", &[]);
    let lens = [90, 16_408, 16_408, 16_408, 16_408, 1_500, 33];
    let answer: Vec<u8> = lens.iter().flat_map(|len| record(23, *len)).collect();
    let (up, down) = (session.up, session.down);
    let talk = &mut session.talk;
    let mut segments: Vec<(usize, &[u8])> = answer.chunks(1_448).enumerate().collect();
    if let Some(hole) = hole {
        let lost = segments.remove(hole);
        segments.push(lost);
    }
    for (index, segment) in segments {
        talk.server(0.2, PSH_ACK, down + index as u32 * 1_448, up, segment);
    }
    let end = down + answer.len() as u32;
    talk.client(0.2001, ACK, up, end, b"");
    talk.client(0.2002, RST_ACK, up, end, b"");
    session.talk.verdict(2.0)
}

/// curl leaves the empty frame unread that ends an answer of HTTP/2: its host resets the connection, and nobody lost anything.
#[test]
fn a_reset_behind_an_answer_that_has_ended_is_harmless() {
    for hole in [None, Some(9)] {
        let verdict = reset_behind_a_whole_answer(hole);
        assert_eq!(verdict.cause, Cause::BenignReset, "{}", told(&verdict));
    }
}

/// OpenSSL tells the client of a certificate that it does not like only behind the handshake: the server's tickets, and its first frames
/// of HTTP/2, meet a closed socket.
#[test]
fn who_leaves_right_behind_the_handshake_had_asked_for_nothing() {
    let mut session = Session::of_tls13(&[23, 817, 281, 53], true);
    session
        .talk
        .client(0.0905, PSH_ACK, session.up, session.down, &record(23, 19));
    let (up, down) = (session.up + 24, session.down);
    session.talk.client(0.0906, FIN_ACK, up, down, b"");
    let unasked = [record(23, 250), record(23, 250), record(23, 69)].concat();
    session.talk.server(0.13, PSH_ACK, down, up - 24, &unasked);
    session
        .talk
        .stranger(0.1301, Side::Client, RST, up - 24, 64);
    let verdict = session.talk.verdict(2.0);
    assert_eq!(verdict.cause, Cause::TlsFailure, "{}", told(&verdict));
    assert!(
        share(&verdict, Cause::ClientAbort) < 0.1,
        "{}",
        told(&verdict)
    );
}

/// A connection that is opened in advance, and closed without a word: the server's complaint about that reaches nobody.
#[test]
fn an_alert_to_a_client_that_has_left_without_a_word_is_no_failure() {
    let mut talk = talk::Talk::open();
    talk.client(0.0402, FIN_ACK, 1, 1, b"");
    talk.server(0.0801, ACK, 1, 2, b"");
    talk.server(0.0802, PSH_ACK, 1, 2, &[21, 3, 3, 0, 2, 2, 50]);
    talk.stranger(0.0803, Side::Client, RST, 2, 64);
    let verdict = talk.verdict(2.0);
    assert!(
        matches!(verdict.cause, Cause::None | Cause::BenignReset),
        "{}",
        told(&verdict)
    );
}

/// So much of an answer comes behind the client's FIN, and is refused, that its first packets are not kept: it is no goodbye all the same.
#[test]
fn a_download_that_a_host_refuses_in_many_packets_was_left() {
    let mut session = Session::new(&PIECES);
    let (up, mut down) = (session.up, session.down);
    let talk = &mut session.talk;
    talk.client(0.2, FIN_ACK, up, down, b"");
    let rest = [15_000, 16_408, 9_000, 16_000]
        .map(|len| record(23, len))
        .concat();
    for (n, piece) in (0u32..).zip(rest.chunks(200)) {
        let at = 0.2 + f64::from(n) / 1e4;
        talk.server(at, ACK, down, up, piece);
        down += piece.len() as u32;
        talk.stranger(at + 0.000_05, Side::Client, RST, up, 64);
    }
    let verdict = session.talk.verdict(2.0);
    assert_eq!(verdict.cause, Cause::ClientAbort, "{}", told(&verdict));
}

/// Frames of several records, of which a short snapshot shows the first header alone: how long the last of them was does not show.
#[test]
fn the_first_record_of_a_frame_is_not_the_last_of_an_answer() {
    let mut it = Session::handshake();
    it.talk.snapshot = 134;
    it.client(0.09, PSH_ACK, &record(23, 180));
    for n in 0..4 {
        let ends_short = [record(23, FULL), record(23, FULL), record(23, 9_000)].concat();
        let (up, down) = (it.up, it.down);
        it.talk
            .server(0.14 + f64::from(n) / 1e3, PSH_ACK, down, up, &ends_short);
        it.down += ends_short.len() as u32;
        it.talk
            .client(0.1405 + f64::from(n) / 1e3, ACK, it.up, it.down, b"");
    }
    let verdict = it.server_closes(0.15);
    assert!(
        !shows(&verdict, "answer_stopped_full"),
        "{}",
        told(&verdict)
    );
    assert!(
        share(&verdict, Cause::ResponseTruncated) < 0.5,
        "{}",
        told(&verdict)
    );
}
