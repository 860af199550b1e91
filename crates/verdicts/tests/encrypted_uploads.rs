//! Encrypted requests, mostly long ones, and servers that leave while they come or behind them.

#![allow(clippy::expect_used, clippy::indexing_slicing)]

#[path = "made/session.rs"]
mod session;
#[path = "made/talk.rs"]
mod talk;
#[path = "made/told.rs"]
mod told;

use session::{ALERT, Session, record};
use talk::{ACK, FIN_ACK, PSH_ACK, RST};
use told::{share, told};
use whyreset_connections::Side;
use whyreset_segments::TcpFlags;
use whyreset_verdicts::Cause;

/// The last of the data goes with the FIN.
const FIN_PSH_ACK: TcpFlags = TcpFlags(FIN_ACK.0 | TcpFlags::PSH.0);

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
    let waited = |e: whyreset_verdicts::Observation<'_>| e.id.name() == "long_wait";
    assert!(!verdict.evidence().any(waited), "{}", told(&verdict));
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
