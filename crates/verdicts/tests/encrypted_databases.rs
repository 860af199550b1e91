//! Sessions of databases inside TLS: who ended them, and whether with the message that ends one.

#![allow(clippy::expect_used, clippy::indexing_slicing)]

#[path = "made/session.rs"]
mod session;
#[path = "made/talk.rs"]
mod talk;
#[path = "made/told.rs"]
mod told;

use session::{ALERT, DATA, Session, record};
use talk::{FIN_ACK, PSH_ACK, RST};
use told::{expect_by, share, told};
use whyreset_connections::Side;
use whyreset_verdicts::{Cause, EndedBy};

/// A record with so many bytes of a message.
fn message(content: u16) -> Vec<u8> {
    record(DATA, 24 + content)
}

#[test]
fn a_session_that_the_client_ended_is_well() {
    let mut session = Session::of_postgresql();
    session.client(0.3, PSH_ACK, &message(5));
    let verdict = session.client_closes(0.3001);
    assert_eq!(verdict.cause, Cause::None, "{}", told(&verdict));
    assert!(verdict.confidence > 0.9, "{}", told(&verdict));
}

#[test]
fn a_server_that_ends_a_session_does_so_for_a_reason() {
    for (at, cause) in [(0.4, Cause::ServerAbort), (2.13, Cause::ServerTimeout)] {
        let mut session = Session::of_postgresql();
        session.server(at, PSH_ACK, &message(116));
        session.server(at + 0.0001, PSH_ACK, &record(ALERT, 26));
        let verdict = session.server_closes(at + 0.0002);
        expect_by(&verdict, cause, EndedBy::Server);
        assert!(share(&verdict, Cause::None) < 0.1, "{}", told(&verdict));
    }
}

#[test]
fn what_is_said_behind_the_servers_close_did_not_end_the_session() {
    for word in [5, 40] {
        let mut session = Session::of_postgresql();
        let (up, down) = (session.up, session.down);
        let talk = &mut session.talk;
        talk.server(2.13, FIN_ACK, down, up, b"");
        talk.client(5.0, PSH_ACK, up, down + 1, &message(word));
        talk.stranger(5.04, Side::Server, RST, down + 1, talk.ttl.1);
        let verdict = session.talk.verdict(9.0);
        expect_by(&verdict, Cause::ServerTimeout, EndedBy::Server);
    }
}

#[test]
fn a_client_that_leaves_at_the_servers_word_is_not_the_one_who_left() {
    // What the server said last says that it ends the session: its FIN follows, and crosses the client's.
    let mut session = Session::of_postgresql();
    session.client(1.0, PSH_ACK, &message(30));
    session.server(1.3, PSH_ACK, &message(116));
    let (up, down) = (session.up, session.down);
    session.talk.client(1.3002, FIN_ACK, up, down, b"");
    session.talk.server(1.31, FIN_ACK, down, up, b"");
    session
        .talk
        .client(1.3101, talk::ACK, up + 1, down + 1, b"");
    session.talk.server(1.34, talk::ACK, down + 1, up + 1, b"");
    let verdict = session.talk.verdict(4.0);
    assert_eq!(verdict.cause, Cause::ServerAbort, "{}", told(&verdict));
}

#[test]
fn short_messages_of_a_database_are_answers_too() {
    let mut session = Session::of_postgresql();
    session.client(0.3, PSH_ACK, &message(2_000));
    session.server(0.34, PSH_ACK, &message(11));
    session.client(1.6, PSH_ACK, &message(5));
    session.server(1.64, PSH_ACK, &message(7));
    let verdict = session.client_closes(2.2);
    assert!(
        share(&verdict, Cause::ClientTimeout) < 0.05,
        "{}",
        told(&verdict)
    );
    assert!(
        share(&verdict, Cause::ClientAbort) > 0.03,
        "{}",
        told(&verdict)
    );
}
