//! Connections that turn into something else.

use whyreset_connections::Side::{Client, Server};

use crate::conversation_test::Talk;
use crate::{Protocol, TlsHandshake};

const HELLO: [u8; 11] = [0x16, 3, 1, 0, 6, 1, 0, 0, 2, 3, 3];

#[test]
fn starttls_turns_into_tls() {
    let exchanges = Talk::default()
        .server("220 mail.example ESMTP\r\n")
        .client("EHLO me\r\n")
        .server("250 STARTTLS\r\n")
        .client("STARTTLS\r\n")
        .server("220 go\r\n")
        .client(HELLO)
        .server([0x15, 3, 3, 0, 2, 2, 70])
        .end();
    assert_eq!(exchanges.list[0].protocol, Protocol::Other("smtp"));
    let tls = exchanges.list[1].tls.as_ref().unwrap();
    assert_eq!(tls.handshake, TlsHandshake::Failed);
    assert_eq!(tls.alert.as_ref().unwrap().description, "protocol_version");
}

#[test]
fn postgresql_and_mysql_turn_into_tls() {
    let postgresql = Talk::default()
        .client([0, 0, 0, 8, 4, 210, 22, 47])
        .server("S")
        .client(HELLO)
        .end();
    assert_eq!(postgresql.list[0].protocol, Protocol::Other("postgresql"));
    assert!(postgresql.list[1].tls.is_some());
    let mut request = vec![32, 0, 0, 1, 5, 0xae];
    request.resize(36, 0);
    request.extend(HELLO);
    let greeting = [&[74, 0, 0, 0, 10][..], b"8.0.32\0"].concat();
    let mysql = Talk::default().server(&greeting).client(&request).end();
    assert_eq!(mysql.list[0].protocol, Protocol::Other("mysql"));
    assert!(mysql.list[1].tls.is_some());
    for cut in [4, 20, 36, 40] {
        let (begun, rest) = request.split_at(cut);
        let talk = Talk::default().server(&greeting);
        let mysql = talk.client(begun).client(rest).end();
        assert_eq!(mysql.list[0].protocol, Protocol::Other("mysql"), "{cut}");
        assert!(mysql.list[1].tls.is_some(), "{cut}");
    }
}

#[test]
fn a_mysql_session_turns_into_tls_where_the_snapshot_cuts_its_request() {
    let greeting = [&[74, 0, 0, 0, 10][..], b"8.0.32\0"].concat();
    let mut request = vec![32, 0, 0, 1, 5, 0xae];
    request.resize(30, 0);
    let talk = Talk::default().server(&greeting).client(&request);
    let mysql = talk.lose(Client, 6).client(HELLO).end();
    let tls = mysql.list[1].tls.as_ref().unwrap();
    assert!(tls.of_database);
}

#[test]
fn nonsense_that_is_answered_in_http() {
    let exchanges = Talk::default()
        .client([0xfa; 40])
        .server("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
        .end();
    assert_eq!(exchanges.list[0].status, Some(400));
    assert_eq!(exchanges.list[0].request, None);
}

#[test]
fn the_middle_of_a_tls_connection() {
    let exchanges = Talk::default()
        .server([0xc3; 3000])
        .client([0x17, 3, 3, 0, 4, 1, 2, 3, 4])
        .end();
    assert!(matches!(
        exchanges.list.last().unwrap().protocol,
        Protocol::Tls(None)
    ));
}

#[test]
fn an_unknown_protocol_tells_who_spoke_last() {
    let exchanges = Talk::default()
        .client([1; 30])
        .server([2; 30])
        .client([3; 30])
        .end();
    assert_eq!(exchanges.list.len(), 1);
    assert_eq!(exchanges.list[0].protocol, Protocol::Unknown);
    assert_eq!(exchanges.list[0].last_speaker, Some(Client));
    let silent = Talk::default().server("SSH-2.0-x\r\n").end();
    assert_eq!(silent.list[0].last_speaker, Some(Server));
}
