//! A socket that is closed with data still to be sent: its FIN waits behind that, and its host refuses what arrives with a bare RST.

#![allow(clippy::expect_used, clippy::indexing_slicing)]

#[path = "made/session.rs"]
mod session;
#[path = "made/talk.rs"]
mod talk;
#[path = "made/told.rs"]
mod told;

use session::{FULL, Session, record};
use talk::{ACK, PSH_ACK, RST, RST_ACK};
use told::{shows, told};
use whyreset_connections::Side;
use whyreset_verdicts::{Cause, EndedBy, Verdict};

const WINDOW: u16 = 24 + 13;

/// The openings of HTTP/2 and the head of an upload.
fn opened() -> Session {
    let mut it = Session::shaken_hands("h2");
    it.client(0.0902, PSH_ACK, &record(23, 24 + 64));
    it.client(0.0903, PSH_ACK, &record(23, 24 + 58));
    it.server(0.1302, PSH_ACK, &record(23, 24 + 40));
    it.server(0.1303, PSH_ACK, &record(23, 24 + 9));
    it
}

/// A flight of full segments that nobody has acknowledged when the rest of this happens. Gives the number where it began.
fn flight(it: &mut Session, at: f64) -> u32 {
    let began = it.up;
    let body = [record(23, FULL), record(23, 24 + 9), record(23, FULL)].concat();
    for (n, piece) in body[..20_272].chunks(1_448).enumerate() {
        let at = at + n as f64 / 1e5;
        it.talk.client(at, ACK, it.up, it.down, piece);
        it.up += piece.len() as u32;
    }
    began
}

/// The server says this while the flight is on its way; the client's host refuses it, and the acknowledgements behind it.
fn refused(it: Session, said: &[u16]) -> Verdict {
    refused_after(it, said, 0.0)
}

fn refused_after(mut it: Session, said: &[u16], pause: f64) -> Verdict {
    let began = flight(&mut it, 0.15);
    let at = 0.19 + pause;
    for (n, len) in said.iter().enumerate() {
        let payload = record(23, *len);
        let at = at + n as f64 / 1e5;
        it.talk.server(at, PSH_ACK, it.down, began, &payload);
        it.down += payload.len() as u32;
    }
    let (at, down) = (at + 0.001, it.down);
    if said.is_empty() {
        it.talk.server(at - 0.0001, ACK, down, began, b"");
    }
    it.talk.stranger(at, Side::Client, RST, began, 64);
    for n in 1..7 {
        let acked = began + n * 2_896;
        let at = at + f64::from(n) / 1e3;
        it.talk.server(at, ACK, down, acked, b"");
        it.talk
            .stranger(at + 0.000_02, Side::Client, RST, acked, 64);
    }
    it.talk.verdict(2.0)
}

#[test]
fn a_client_that_is_killed_in_its_upload_has_not_forgotten_it() {
    let verdict = refused(opened(), &[WINDOW]);
    assert_eq!(verdict.cause, Cause::ClientAbort, "{}", told(&verdict));
    assert_eq!(verdict.ended_by, EndedBy::Client);
    assert!(shows(&verdict, "closed_before_sent"), "{}", told(&verdict));
}

#[test]
fn what_refuses_an_acknowledgement_is_no_closed_socket() {
    let verdict = refused(opened(), &[]);
    assert_ne!(verdict.cause, Cause::ClientAbort, "{}", told(&verdict));
    assert!(!shows(&verdict, "closed_before_sent"), "{}", told(&verdict));
}

#[test]
fn a_host_that_was_away_has_forgotten_it() {
    let verdict = refused_after(opened(), &[WINDOW], 5.0);
    assert!(!shows(&verdict, "closed_before_sent"), "{}", told(&verdict));
    assert_eq!(verdict.cause, Cause::PeerStateLost, "{}", told(&verdict));
}

#[test]
fn a_client_that_leaves_its_upload_at_the_answer_was_refused() {
    let verdict = refused(opened(), &[24 + 255, WINDOW]);
    assert_eq!(
        verdict.cause,
        Cause::RequestRejectedEarly,
        "{}",
        told(&verdict)
    );
    assert!(
        (0.6..0.9).contains(&verdict.confidence),
        "{}",
        told(&verdict)
    );
}

#[test]
fn a_server_that_dies_in_a_download_has_not_forgotten_it_either() {
    let mut it = opened();
    let answer = [record(23, 24 + 120), record(23, FULL)].concat();
    let began = it.down;
    for (n, piece) in answer.chunks(1_448).enumerate() {
        let at = 0.15 + n as f64 / 1e5;
        it.talk.server(at, ACK, it.down, it.up, piece);
        it.down += piece.len() as u32;
    }
    let window = record(23, WINDOW);
    it.talk
        .client(0.151, PSH_ACK, it.up, began + 8_688, &window);
    it.talk
        .stranger(0.191, Side::Server, RST, began + 8_688, 57);
    let verdict = it.talk.verdict(2.0);
    assert!(shows(&verdict, "closed_before_sent"), "{}", told(&verdict));
    assert_eq!(verdict.cause, Cause::ServerAbort, "{}", told(&verdict));
}

#[test]
fn who_aborts_with_its_own_data_on_the_way_had_not_finished() {
    let mut it = opened();
    // SETTINGS' acknowledgement and WINDOW_UPDATE in one record: or an answer.
    it.client(0.131, ACK, &record(23, FULL));
    it.server(0.14, PSH_ACK, &record(23, 24 + 22));
    // As much as the first window of HTTP/2 holds, in whole records.
    for (n, piece) in record(23, FULL).chunks(1_448).enumerate() {
        let at = 0.15 + n as f64 / 1e5;
        it.talk.client(at, ACK, it.up, it.down, piece);
        it.up += piece.len() as u32;
    }
    it.talk.server(0.16, ACK, it.down, it.up - 15_000, b"");
    it.talk.client(0.161, RST_ACK, it.up, it.down, b"");
    let verdict = it.talk.verdict(2.0);
    assert_eq!(verdict.cause, Cause::ClientAbort, "{}", told(&verdict));
}

#[test]
fn a_goodbye_on_the_way_is_nothing_that_was_left_out() {
    let mut it = Session::new(&[372]);
    let goodbye = record(21, 26);
    it.talk.client(0.2, PSH_ACK, it.up, it.down, &goodbye);
    it.talk.client(0.200_1, RST_ACK, it.up + 31, it.down, b"");
    let verdict = it.talk.verdict(2.0);
    assert_eq!(verdict.cause, Cause::BenignReset, "{}", told(&verdict));
}

#[test]
fn a_host_that_refuses_many_packets_had_still_sent_a_moment_before_the_first() {
    let mut it = opened();
    it.talk.window = 900_000;
    let began = it.up;
    for n in 0..400 {
        let at = 0.15 + f64::from(n) / 1e6;
        let piece = if n == 0 {
            record(23, 16_384)
        } else {
            vec![0xa5; 1_448]
        };
        it.talk.client(at, ACK, it.up, it.down, &piece[..1_448]);
        it.up += 1_448;
    }
    let window = record(23, WINDOW);
    it.talk.server(0.151, PSH_ACK, it.down, began, &window);
    it.talk.stranger(0.1511, Side::Client, RST, began, 64);
    let down = it.down + window.len() as u32;
    for n in 1..300 {
        let (at, acked) = (0.152 + f64::from(n) / 1e4, began + n as u32 * 1_448);
        it.talk.server(at, ACK, down, acked, b"");
        it.talk.stranger(at + 1e-5, Side::Client, RST, acked, 64);
    }
    let verdict = it.talk.verdict(2.0);
    assert!(shows(&verdict, "closed_before_sent"), "{}", told(&verdict));
    assert_ne!(verdict.cause, Cause::PeerStateLost, "{}", told(&verdict));
}

/// As seen at the server: all that it acknowledged stands before the first refusal, and what that answers is not kept.
#[test]
fn a_refusal_a_round_trip_behind_the_servers_data_is_one_of_that() {
    let refused = |behind: f64| {
        let mut talk = talk::Talk::new();
        (talk.ttl, talk.round_trip, talk.window) = ((57, 64), 0.000_05, 900_000);
        talk.client(0.0, talk::SYN, 0, 0, b"");
        talk.server(0.000_05, talk::SYN_ACK, 0, 1, b"");
        talk.client(0.04, ACK, 1, 1, b"");
        let full = |n: u32| 1 + n * 1_448;
        for n in 0..300 {
            let at = 0.05 + f64::from(n) / 2e3;
            talk.client(at, ACK, full(n), 1, &[0xa5; 1_448]);
            let said: &[u8] = if n == 200 { &[0xa5; 17] } else { b"" };
            let down = if n > 200 { 18 } else { 1 };
            talk.server(at + 0.000_05, PSH_ACK, down, full(n + 1), said);
        }
        for n in 201..300 {
            let at = 0.05 + f64::from(n) / 2e3 + behind;
            talk.stranger(at, Side::Client, RST, full(n), 57);
        }
        talk.verdict(2.0)
    };
    let verdict = refused(0.041);
    assert!(shows(&verdict, "closed_before_sent"), "{}", told(&verdict));
    assert!(!shows(&refused(0.09), "closed_before_sent"));
}
