//! A client's last word that asks for nothing: who leaves with it waits for no answer, and nobody failed to give one.

#![allow(clippy::expect_used, clippy::indexing_slicing)]

#[path = "made/session.rs"]
mod session;
#[path = "made/talk.rs"]
mod talk;
#[path = "made/told.rs"]
mod told;

use session::{ALERT, DATA, FULL, Session, record};
use talk::{ACK, FIN_ACK, PSH_ACK, RST, RST_ACK, Talk};
use told::told;
use whyreset_connections::Side;
use whyreset_verdicts::{Cause, EndedBy, Verdict};

fn is_harmless(verdict: &Verdict) {
    let harmless = matches!(verdict.cause, Cause::None | Cause::BenignReset);
    assert!(harmless, "{}", told(verdict));
}

/// The server has said goodbye and closed; the client answers with these bytes, and is refused.
fn answered_to_the_close(mut session: Session, answer: &[u8]) -> Verdict {
    session.server(20.0, PSH_ACK, &record(ALERT, 26));
    let (up, down) = (session.up, session.down);
    let behind = up + answer.len() as u32;
    let talk = &mut session.talk;
    talk.server(20.000_1, FIN_ACK, down, up, b"");
    talk.client(20.000_2, PSH_ACK, up, down + 1, answer);
    talk.client(20.000_3, FIN_ACK, behind, down + 1, b"");
    talk.stranger(20.041, Side::Server, RST, down + 1, 57);
    session.talk.verdict(25.0)
}

#[test]
fn what_comes_in_one_packet_with_a_goodbye_is_no_request() {
    let parting = [record(DATA, 64), record(ALERT, 26)].concat();
    is_harmless(&answered_to_the_close(Session::new(&[324, 800]), &parting));
    let request = answered_to_the_close(Session::new(&[324, 800]), &record(DATA, 64));
    assert_eq!(request.cause, Cause::KeepaliveRace, "{}", told(&request));
}

/// The hellos are not in the capture: by its length the alert leaves GOAWAY in the client's last record.
#[test]
fn the_length_of_an_alert_tells_what_a_record_holds() {
    let left_with = |len: u16| {
        let mut session = Session {
            talk: Talk::new(),
            up: 1,
            down: 1,
        };
        session.talk.port = 443;
        session.server(0.0, PSH_ACK, &record(ALERT, 26));
        session.client(0.000_5, PSH_ACK, &record(DATA, len));
        session.client(0.000_8, PSH_ACK, &record(ALERT, 26));
        session.server_closes(0.003)
    };
    is_harmless(&left_with(17 + 24));
    let request = left_with(300);
    assert!(request.cause != Cause::None, "{}", told(&request));
}

/// A PING and its acknowledgement, by their lengths: no request was left without an answer.
#[test]
fn who_measures_the_path_has_asked_nothing() {
    let left_behind = |answer: &[u16]| {
        let mut session = Session::speaking("h2", &[74, 300]);
        session.client(0.5, PSH_ACK, &record(DATA, 24 + 17 + 13 + 17));
        for len in answer {
            session.server(0.54, PSH_ACK, &record(DATA, *len));
        }
        session.client_closes(0.6)
    };
    let pinged = left_behind(&[24 + 17]);
    assert_eq!(pinged.cause, Cause::None, "{}", told(&pinged));
    let asked = left_behind(&[]);
    assert_eq!(asked.cause, Cause::ClientAbort, "{}", told(&asked));
}

/// LDAP's StartTLS, and what the client says in the end within TLS.
fn directory(last: &[u8]) -> (Talk, u32, u32) {
    let mut talk = Talk::open();
    let start = b"\x30\x1d\x02\x01\x01\x77\x18\x80\x161.3.6.1.4.1.1466.20037";
    let agreed = b"\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\x00\x04\x00\x04\x00";
    talk.client(0.05, PSH_ACK, 1, 1, start);
    talk.server(0.09, PSH_ACK, 1, 32, agreed);
    let (mut up, mut down) = (1 + start.len() as u32, 1 + agreed.len() as u32);
    let hellos = Session::opening("");
    talk.client(0.1, PSH_ACK, up, down, &hellos[0]);
    up += hellos[0].len() as u32;
    talk.server(0.14, PSH_ACK, down, up, &hellos[1]);
    down += hellos[1].len() as u32;
    talk.client(0.141, PSH_ACK, up, down, &hellos[2]);
    up += hellos[2].len() as u32;
    talk.client(0.2, PSH_ACK, up, down, &record(DATA, 100));
    up += 105;
    talk.server(0.24, PSH_ACK, down, up, &record(DATA, 300));
    down += 305;
    talk.client(0.3, PSH_ACK, up, down, last);
    up += last.len() as u32;
    (talk, up, down)
}

#[test]
fn an_unbind_has_no_answer() {
    let (mut talk, up, down) = directory(&record(DATA, 64));
    talk.server(0.34, PSH_ACK, down, up, &record(ALERT, 26));
    talk.server(0.340_1, FIN_ACK, down + 31, up, b"");
    talk.client(0.341, FIN_ACK, up, down + 32, b"");
    talk.server(0.381, ACK, down + 32, up + 1, b"");
    is_harmless(&talk.verdict(2.0));
}

#[test]
fn a_short_word_with_a_reset_right_behind_it_waits_for_nothing() {
    let reset_after = |wait: f64| {
        let mut talk = Talk::new();
        talk.port = 4_712;
        talk.handshake();
        talk.client(0.05, PSH_ACK, 1, 1, b"\xaa\x41\x00\x12start");
        talk.server(0.09, PSH_ACK, 1, 10, &[0xaa; 48]);
        talk.client(0.091, ACK, 10, 49, b"");
        talk.client(0.5, PSH_ACK, 10, 49, b"\xaa\x41\x00\x12stop!");
        talk.client(0.5 + wait, RST_ACK, 19, 49, b"");
        talk.verdict(2.0)
    };
    is_harmless(&reset_after(0.000_05));
    let waited = reset_after(0.3);
    assert_eq!(waited.cause, Cause::ClientAbort, "{}", told(&waited));
}

/// The server acknowledges the number of a FIN that the capture lacks; the client's host refuses what comes then.
#[test]
fn a_host_that_had_closed_has_forgotten_nothing() {
    let refused = |acknowledged: u32| {
        let mut session = Session::new(&[324, 800]);
        let (up, down) = (session.up, session.down);
        let goodbye = record(ALERT, 26);
        let acknowledged = up + acknowledged;
        session
            .talk
            .server(14.0, PSH_ACK, down, acknowledged, &goodbye);
        session
            .talk
            .stranger(14.000_1, Side::Client, RST, acknowledged, 64);
        session.talk.verdict(20.0)
    };
    is_harmless(&refused(1));
    assert!(!told(&refused(0)).contains("fin_unseen"));
}

/// EncryptedExtensions without a protocol, a certificate, its proof, and Finished.
const FLIGHT: [u16; 4] = [23, 777, 281, 53];
/// An alert in TLS 1.3.
const GOODBYE: u16 = 19;

/// The server says goodbye, the client answers with its own and closes first, and is refused.
fn server_says_goodbye(mut session: Session, at: f64) -> Verdict {
    session.server(at, PSH_ACK, &record(DATA, GOODBYE));
    let (up, down) = (session.up, session.down);
    let goodbye = record(DATA, GOODBYE);
    let behind = up + goodbye.len() as u32;
    session.talk.client(at + 0.001, PSH_ACK, up, down, &goodbye);
    session
        .talk
        .client(at + 0.001_1, FIN_ACK, behind, down, b"");
    session
        .talk
        .server(at + 0.041, RST_ACK, down, behind + 1, b"");
    session.talk.verdict(at + 5.0)
}

/// A refusal of what the handshake told comes at once; whoever leaves after a wait has waited. And the server left first.
#[test]
fn a_goodbye_behind_a_silence_refuses_no_certificate() {
    let mut session = Session::of_tls13(&FLIGHT, true);
    session.client(0.091, PSH_ACK, &record(DATA, 17 + 60));
    let verdict = server_says_goodbye(session, 3.1);
    let gave_up = matches!(verdict.cause, Cause::ServerTimeout | Cause::ServerAbort);
    assert!(gave_up, "{}", told(&verdict));
    assert_eq!(verdict.ended_by, whyreset_verdicts::EndedBy::Server);
    let mut refused = Session::of_tls13(&FLIGHT, true);
    refused.client(0.091, PSH_ACK, &record(DATA, 17 + 60));
    let verdict = server_says_goodbye(refused, 0.14);
    assert_eq!(verdict.cause, Cause::TlsFailure, "{}", told(&verdict));
}

/// A lone record behind the handshake may be a ticket, unless the client takes none or the ticket came before.
#[test]
fn who_takes_no_tickets_was_answered() {
    let answered = |flight: &[u16], takes: bool| {
        let mut session = Session::of_tls13(flight, takes);
        session.client(0.091, PSH_ACK, &record(DATA, 17 + 80));
        session.server(0.14, PSH_ACK, &record(DATA, 17 + 180));
        session.client_closes(2.35)
    };
    let perhaps = answered(&FLIGHT, true);
    let with_ticket = [FLIGHT.as_slice(), &[147]].concat();
    for sure in [answered(&FLIGHT, false), answered(&with_ticket, true)] {
        assert_eq!(sure.cause, Cause::None, "{}", told(&sure));
        assert!(
            sure.confidence > perhaps.confidence + 0.1,
            "{}",
            told(&sure)
        );
    }
}

/// The server's goodbye in return for a close without a word tells nothing of the answer that was under way.
#[test]
fn a_goodbye_in_return_ends_no_answer() {
    let mut session = Session::speaking("h2", &[]);
    for at in 0..40 {
        let at = 0.13 + f64::from(at) / 50.0;
        session.server(at, PSH_ACK, &record(DATA, 16_384 + 24));
    }
    let (up, down) = (session.up, session.down);
    let talk = &mut session.talk;
    talk.client(0.93, FIN_ACK, up, down, b"");
    talk.server(0.97, PSH_ACK, down, up + 1, &record(ALERT, 26));
    talk.stranger(0.970_1, Side::Client, RST, up + 1, 64);
    let verdict = session.talk.verdict(3.0);
    assert_eq!(verdict.cause, Cause::ClientAbort, "{}", told(&verdict));
}

/// Nor does one in return for the client's: libraries send it by themselves.
#[test]
fn nor_does_one_in_return_for_the_clients() {
    let mut session = Session::new(&[300, FULL, FULL, FULL]);
    let (up, down) = (session.up, session.down);
    let (talk, goodbye) = (&mut session.talk, record(ALERT, 26));
    let len = goodbye.len() as u32;
    talk.client(8.7, PSH_ACK, up, down, &goodbye);
    talk.client(8.700_1, FIN_ACK, up + len, down, b"");
    talk.server(8.74, PSH_ACK, down, up + len + 1, &goodbye);
    talk.server(8.740_1, FIN_ACK, down + len, up + len + 1, b"");
    talk.client(8.740_2, ACK, up + len + 1, down + len + 1, b"");
    let verdict = session.talk.verdict(10.0);
    let gave_up = matches!(verdict.cause, Cause::ClientTimeout | Cause::ClientAbort);
    assert!(gave_up, "{}", told(&verdict));
}

/// The server refused an upload and took leave; the record that the client was sending never became whole.
#[test]
fn a_record_that_is_cut_behind_the_servers_goodbye_was_an_upload() {
    let mut session = Session::of_tls13(&FLIGHT, false);
    for (index, len) in [1_203, 4_761, 5_947, 11_877, 15_435, 3_135]
        .iter()
        .enumerate()
    {
        session.client(0.1 + index as f64 / 1e4, PSH_ACK, &record(DATA, *len));
    }
    session.server(0.15, PSH_ACK, &record(DATA, 17 + 178));
    session.server(0.150_1, PSH_ACK, &record(DATA, GOODBYE));
    let whole = [record(DATA, 16_401), record(DATA, 16_401)].concat();
    session.client(0.36, PSH_ACK, &whole[..25_600]);
    let (up, down) = (session.up, session.down);
    session.talk.server(0.66, RST_ACK, down, up, b"");
    let verdict = session.talk.verdict(3.0);
    assert_eq!(
        verdict.cause,
        Cause::RequestRejectedEarly,
        "{}",
        told(&verdict)
    );
}

/// Whoever leaves before the server's hello can have come has not disliked anything in it.
#[test]
fn nothing_unheard_is_refused() {
    let left_at = |at: f64, hello_at: f64| {
        let [asks, answers, _] = Session::opening("");
        let mut talk = Talk::open();
        talk.client(0.05, PSH_ACK, 1, 1, &asks);
        let (up, down) = (1 + asks.len() as u32, 1 + answers.len() as u32);
        let mut said = false;
        if hello_at < at {
            talk.server(hello_at, PSH_ACK, 1, up, &answers);
            talk.client(hello_at + 0.000_1, ACK, up, down, b"");
            said = true;
        }
        talk.client(at, FIN_ACK, up, if said { down } else { 1 }, b"");
        if !said {
            talk.server(hello_at, PSH_ACK, 1, up, &answers);
        }
        talk.stranger(at + 0.2, Side::Client, RST, up + 1, 64);
        talk.verdict(3.0)
    };
    let unheard = left_at(0.07, 0.09);
    assert_eq!(unheard.cause, Cause::ClientAbort, "{}", told(&unheard));
    let disliked = left_at(0.11, 0.09);
    assert_eq!(disliked.cause, Cause::TlsFailure, "{}", told(&disliked));
}

/// A server of TLS that idled says goodbye, and closes when it has heard the client's: meanwhile the client's next request crosses the
/// goodbye, and its host acknowledges that.
#[test]
fn a_request_that_crosses_the_servers_goodbye_met_a_closing_connection() {
    let mut session = Session::new(&[324, 800]);
    let (up, down) = (session.up, session.down);
    let request = record(DATA, 180);
    let behind = up + request.len() as u32;
    let talk = &mut session.talk;
    talk.client(3.1, PSH_ACK, up, down, &request);
    talk.server(3.12, PSH_ACK, down, up, &record(ALERT, 26));
    talk.client(3.1201, FIN_ACK, behind, down + 31, b"");
    talk.server(3.15, FIN_ACK, down + 31, behind, b"");
    talk.client(3.1501, ACK, behind + 1, down + 32, b"");
    talk.server(3.16, ACK, down + 32, behind + 1, b"");
    let verdict = session.talk.verdict(5.0);
    assert_eq!(verdict.cause, Cause::KeepaliveRace, "{}", told(&verdict));
}

/// A session in which the client sends a file with a last record of this length.
fn uploading(last: u16) -> Session {
    let mut session = Session::handshake();
    let lens = [16_408, 16_408, last];
    let file: Vec<u8> = lens.iter().flat_map(|len| record(DATA, *len)).collect();
    session.client(0.1, PSH_ACK, &file);
    session
}

/// A file that is uploaded in a connection of its own (FTP with TLS) asks for no answer there.
#[test]
fn a_file_that_ends_with_a_goodbye_was_delivered() {
    let delivered = |last: u16| {
        let mut session = uploading(last);
        let (up, down) = (session.up, session.down);
        let talk = &mut session.talk;
        talk.client(0.15, PSH_ACK, up, down, &record(ALERT, 26));
        talk.client(0.1501, FIN_ACK, up + 31, down, b"");
        talk.server(0.19, FIN_ACK, down, up + 32, b"");
        talk.client(0.1901, ACK, up + 32, down + 1, b"");
        session.talk.verdict(5.0)
    };
    is_harmless(&delivered(1_752));
    let cut = delivered(16_408);
    assert_eq!(cut.cause, Cause::ClientAbort, "{}", told(&cut));
}

#[test]
fn a_file_that_its_server_would_not_wait_for_was_not_delivered() {
    let mut session = uploading(1_752);
    let (up, down) = (session.up, session.down);
    let talk = &mut session.talk;
    talk.server(4.2, FIN_ACK, down, up, b"");
    talk.client(4.2001, PSH_ACK, up, down + 1, &record(ALERT, 26));
    talk.client(4.2002, FIN_ACK, up + 31, down + 1, b"");
    talk.stranger(4.2401, Side::Server, RST, down + 1, 57);
    let verdict = session.talk.verdict(9.0);
    assert_eq!(verdict.ended_by, EndedBy::Server, "{}", told(&verdict));
    let early = [Cause::ServerAbort, Cause::ServerTimeout];
    assert!(early.contains(&verdict.cause), "{}", told(&verdict));
}

/// The server answered the head of a request and took leave; the short body was on its way, for it acknowledges nothing of that.
#[test]
fn a_short_body_that_crosses_the_answer_is_no_request() {
    let body = |knows: bool| {
        let mut session = Session::handshake();
        session.client(0.0902, PSH_ACK, &record(DATA, 180));
        let (up, down) = (session.up, session.down);
        let answer = record(DATA, 400);
        let behind = down + answer.len() as u32;
        let heard = if knows { behind } else { down };
        let talk = &mut session.talk;
        talk.server(0.1302, PSH_ACK, down, up, &answer);
        talk.client(0.14, PSH_ACK, up, heard, &record(DATA, 60));
        talk.server(0.2, PSH_ACK, behind, up + 65, &record(ALERT, 26));
        talk.server(0.2001, FIN_ACK, behind + 31, up + 65, b"");
        talk.client(0.2002, FIN_ACK, up + 65, behind + 32, b"");
        talk.server(0.2402, ACK, behind + 32, up + 66, b"");
        session.talk.verdict(5.0)
    };
    is_harmless(&body(false));
    let asked = body(true);
    assert_eq!(asked.cause, Cause::ServerAbort, "{}", told(&asked));
}

/// A mail is on its way when the client closes; the server has, or has not, said that it has taken it.
fn mail_left(taken: bool) -> Verdict {
    let mut talk = Talk::new();
    talk.port = 25;
    talk.handshake();
    talk.server(0.08, PSH_ACK, 1, 1, b"220 mx.test ESMTP\r\n");
    talk.client(0.081, PSH_ACK, 1, 20, b"DATA\r\n");
    talk.server(0.121, PSH_ACK, 20, 7, b"354 go ahead\r\n");
    talk.client(0.122, PSH_ACK, 7, 34, &[b'x'; 1_200]);
    let (up, mut down) = (1_207, 34);
    talk.server(0.162, ACK, down, up, b"");
    if taken {
        talk.server(0.163, PSH_ACK, down, up, b"250 queued\r\n");
        down += 12;
    }
    talk.client(0.164, FIN_ACK, up, down, b"");
    talk.server(0.204, FIN_ACK, down, up + 1, b"");
    talk.client(0.204_1, ACK, up + 1, down + 1, b"");
    talk.verdict(5.0)
}

#[test]
fn a_mail_that_was_never_taken_was_broken_off() {
    let verdict = mail_left(false);
    assert_eq!(verdict.cause, Cause::ClientAbort, "{}", told(&verdict));
    is_harmless(&mail_left(true));
}
