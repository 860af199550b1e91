//! Encrypted answers right behind which the server leaves, or gives them up: what sizes and goodbyes can tell.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::too_many_arguments,
    dead_code
)]

#[path = "made/session.rs"]
mod session;
#[path = "made/talk.rs"]
mod talk;

use session::{Session, record};
use talk::{ACK, FIN_ACK, PSH_ACK, RST, RST_ACK};
use whyreset_connections::Side;
use whyreset_segments::TcpFlags;
use whyreset_verdicts::{Cause, EndedBy, Outcome, Verdict};

/// Pieces of any length, as programs write them that send what they make.
const PIECES: [u16; 6] = [324, 2_024, 1_124, 1_924, 1_524, 824];
/// A head, then full records.
const FULL: [u16; 6] = [324, 16_408, 16_408, 16_408, 16_408, 16_408];
/// The last of the data goes with the FIN.
const FIN_PSH_ACK: TcpFlags = TcpFlags(FIN_ACK.0 | TcpFlags::PSH.0);
/// close_notify in TLS 1.2.
const ALERT: u8 = 21;

fn told(verdict: &Verdict) -> String {
    format!(
        "{:?} {} {}\n{:#?}\n{:#?}\n{:#?}",
        verdict.cause,
        verdict.confidence,
        verdict.summary,
        verdict.evidence,
        verdict.alternatives,
        verdict.weighing
    )
}

fn share(verdict: &Verdict, cause: Cause) -> f64 {
    let all = || verdict.weighing.iter();
    all()
        .find(|it| it.cause == cause)
        .map_or(0.0, |it| it.posterior)
}

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
    for answer in [&FULL[..], &[16_408][..]] {
        let verdict = Session::new(answer).server_closes(0.14);
        assert_eq!(
            (verdict.cause, verdict.outcome),
            (Cause::ResponseTruncated, Outcome::Truncated),
            "{}",
            told(&verdict)
        );
        assert!(verdict.confidence < 0.9, "{}", told(&verdict));
    }
    // 64 KiB may be all that there is.
    let verdict = Session::new(&FULL[..5]).server_closes(0.14);
    assert_eq!(verdict.cause, Cause::None, "{}", told(&verdict));
    assert!(verdict.confidence < 0.9, "{}", told(&verdict));
}

#[test]
fn what_the_capture_lost_at_the_end_may_have_been_the_end() {
    // Full records, then 50,000 bytes that are on no packet here, all acknowledged.
    let mut session = Session::new(&FULL);
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
    let mut session = Session::new(&FULL);
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
    assert_eq!(
        (verdict.cause, verdict.ended_by),
        (Cause::ServerAbort, EndedBy::Server),
        "{}",
        told(&verdict)
    );
    assert!(
        (0.4..0.8).contains(&verdict.confidence),
        "{}",
        told(&verdict)
    );
    assert!(share(&verdict, Cause::None) > 0.15, "{}", told(&verdict));
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
    assert_eq!(
        (verdict.cause, verdict.ended_by),
        (Cause::ClientAbort, EndedBy::Client),
        "{}",
        told(&verdict)
    );
}

/// A server that sends so much each while: a short record stands behind full ones in the middle too.
const PACED: [u16; 7] = [324, 16_408, 16_408, 8_216, 16_408, 16_408, 8_216];

#[test]
fn short_records_in_the_middle_make_a_short_last_one_no_end() {
    let verdict = Session::new(&PACED).server_closes(0.14);
    let cut = share(&verdict, Cause::ResponseTruncated);
    assert!((0.1..0.3).contains(&cut), "{}", told(&verdict));
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
fn a_long_encrypted_request_may_have_been_waited_for() {
    let upload = |records: u16| {
        let mut session = Session::new(&[]);
        for n in 0..records {
            session.client(0.1 + f64::from(n) / 1e3, PSH_ACK, &record(23, 1_400));
        }
        let last = 0.1 + f64::from(records - 1) / 1e3;
        session.server_closes(last + 3.041)
    };
    let (long, short) = (upload(20), upload(1));
    let waited = |verdict| share(verdict, Cause::ServerTimeout);
    assert!((0.25..0.85).contains(&waited(&long)), "{}", told(&long));
    assert_eq!(short.cause, Cause::ServerAbort, "{}", told(&short));
    assert!(waited(&short) < 0.7 * waited(&long), "{}", told(&short));
}

#[test]
fn a_goaway_with_its_reason_in_words_is_neither_answer_nor_request() {
    // Apache says why: `timeout`.
    let mut session = Session::speaking("h2", &FULL[..4]);
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

#[test]
fn a_client_that_leaves_behind_the_handshake_refused_it_or_only_looked() {
    // wget and Node.js refuse a certificate so, and monitors that only look at it leave so.
    let verdict = Session::handshake().client_closes(0.1);
    assert_eq!(
        (verdict.cause, verdict.ended_by),
        (Cause::TlsFailure, EndedBy::Client),
        "{}",
        told(&verdict)
    );
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

/// Full records in runs, as a sender that is held to a rate writes them: each run ends with a record of one of these lengths.
fn runs(ends: &[u16]) -> Vec<u16> {
    let runs = ends.iter().map(|end| [16_408, 16_408, 16_408, *end]);
    runs.flatten().collect()
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
    let file = [&FULL[..], &[724]].concat();
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
    for (answer, pause) in [(&[81][..], 0.05), (&FULL, 0.45)] {
        let verdict = reset_behind(answer, pause);
        assert_eq!(verdict.cause, Cause::ServerAbort, "{}", told(&verdict));
        assert!(verdict.confidence > 0.8, "{}", told(&verdict));
    }
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

/// The last packets that are kept of a long upload are the acknowledgements behind the client's FIN, which carries the last of the data.
#[test]
fn who_closes_behind_its_own_data_has_not_waited() {
    let mut session = Session::handshake();
    session.server(0.14, PSH_ACK, &record(23, 250));
    let (up, down) = (session.up, session.down);
    let talk = &mut session.talk;
    let body = record(23, 1_400);
    let len = body.len() as u32;
    for n in 0..3_000 {
        let flags = if n == 2_999 { FIN_PSH_ACK } else { PSH_ACK };
        talk.client(0.2 + f64::from(n) / 1e3, flags, up + n * len, down, &body);
        if n >= 600 {
            let at = 0.200_1 + f64::from(n) / 1e3;
            talk.server(at, ACK, down, up + (n - 600) * len, b"");
        }
    }
    for n in 0..600 {
        let at = 3.3 + f64::from(n) / 1e3;
        talk.server(at, ACK, down, up + (2_401 + n) * len, b"");
    }
    let verdict = session.talk.verdict(9.0);
    let waited = |e: &whyreset_verdicts::Evidence| e.id == "long_wait";
    assert!(!verdict.evidence.iter().any(waited), "{}", told(&verdict));
}

/// Half a head, behind which the client falls silent: the server was not the one that owed anything.
#[test]
fn a_server_that_leaves_a_word_too_short_for_a_request_had_waited_for_the_rest() {
    let left_after = |content: u16| {
        let mut session = Session::handshake();
        session.client(0.2, PSH_ACK, &record(23, content + 24));
        session.server(3.163, PSH_ACK, &record(ALERT, 26));
        session.server_closes(3.163_1)
    };
    let half = left_after(26);
    assert_eq!(half.cause, Cause::ServerTimeout, "{}", told(&half));
    assert!(half.confidence < 0.85, "{}", told(&half));
    let whole = left_after(200);
    assert_ne!(whole.cause, Cause::ServerTimeout, "{}", told(&whole));
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

/// A proxy of TLS says goodbye and closes in the middle of a long upload, of which only the last packets are kept.
#[test]
fn a_close_in_a_long_upload_is_no_race_with_a_request() {
    let mut session = Session::handshake();
    let (up, down) = (session.up, session.down);
    let talk = &mut session.talk;
    let body = record(23, 1_400);
    let len = body.len() as u32;
    for n in 0..3_000 {
        let at = 0.1 + f64::from(n) / 1e3;
        talk.client(at, PSH_ACK, up + n * len, down, &body);
        if n >= 40 {
            let taken = up + (n - 40) * len;
            talk.server(at + 0.000_1, ACK, down, taken.min(up + 2_000 * len), b"");
        }
    }
    let (at, taken) = (3.11, up + 2_000 * len);
    talk.server(at, PSH_ACK, down, taken, &record(ALERT, 26));
    talk.server(at, FIN_ACK, down + 31, taken, b"");
    for _ in 0..9 {
        talk.stranger(at + 0.001, Side::Server, RST, down, 57);
    }
    let verdict = session.talk.verdict(9.0);
    assert_ne!(verdict.cause, Cause::KeepaliveRace, "{}", told(&verdict));
}
