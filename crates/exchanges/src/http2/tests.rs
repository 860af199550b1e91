//! Whole HTTP/2 conversations.

use whyreset_connections::Side::{self, Client, Server};

use crate::banner::HTTP2_PREFACE;
use crate::conversation_test::Talk;
use crate::{Exchange, Framing, Protocol};

fn frame(kind: u8, flags: u8, stream: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![
        0,
        (payload.len() >> 8) as u8,
        payload.len() as u8,
        kind,
        flags,
        0,
        0,
        0,
        stream,
    ];
    bytes.extend(payload);
    bytes
}

fn begin() -> Talk {
    let mut hello = HTTP2_PREFACE.to_vec();
    hello.extend(frame(4, 0, 0, &[0, 4, 0, 0, 0, 100]));
    // GET / for example.org on stream 1.
    let mut block = vec![0x82, 0x84, 0x87, 0x41, 11];
    block.extend(b"example.org");
    Talk::default()
        .client(hello)
        .server(frame(4, 0, 0, &[]))
        .client(frame(1, 5, 1, &block))
}

/// `:status: 200`, and a literal `content-length`.
fn ok(len: &str) -> Vec<u8> {
    let mut block = vec![0x88, 0x0f, 13, len.len() as u8];
    block.extend(len.as_bytes());
    frame(1, 4, 1, &block)
}

fn number(exchange: &Exchange) -> Option<u32> {
    exchange.http2.as_ref().map(|stream| stream.id)
}

fn reset(exchange: &Exchange) -> Option<(Side, &str)> {
    let reset = exchange.reset()?;
    Some((reset.by, &reset.code))
}

#[test]
fn a_whole_stream() {
    let exchanges = begin()
        .server(ok("5"))
        .server(frame(0, 1, 1, b"hello"))
        .end();
    let it = &exchanges.list[0];
    assert_eq!(it.protocol, Protocol::Http2);
    assert_eq!(it.request.as_deref(), Some("GET /"));
    assert_eq!(it.host.as_deref(), Some("example.org"));
    assert_eq!((it.status, number(it)), (Some(200), Some(1)));
    assert_eq!((it.body_expected, it.body_delivered), (Some(5), Some(5)));
    assert_eq!(it.framing, Framing::EndStream);
    assert!(it.complete);
}

#[test]
fn a_cancelled_download_in_a_living_connection() {
    let exchanges = begin()
        .server(ok("90"))
        .server(frame(0, 0, 1, b"hello"))
        .client(frame(3, 0, 1, &[0, 0, 0, 8]))
        .end();
    let it = &exchanges.list[0];
    assert_eq!(reset(it), Some((Client, "CANCEL")));
    assert!(!it.complete);
    assert_eq!(
        it.why_incomplete().as_deref(),
        Some("the client reset the stream with CANCEL")
    );
}

#[test]
fn what_was_on_its_way_when_a_stream_was_reset() {
    let exchanges = begin()
        .client(frame(3, 0, 1, &[0, 0, 0, 8]))
        .server(ok("90"))
        .server(frame(0, 1, 1, &[1; 90]))
        .end();
    assert_eq!(exchanges.list.len(), 1);
    let it = &exchanges.list[0];
    assert_eq!(reset(it), Some((Client, "CANCEL")));
    assert_eq!((it.status, it.body_delivered), (Some(200), Some(90)));
    assert!(!it.complete);
}

#[test]
fn an_upload_that_ends_short_of_its_promise_is_not_whole() {
    // POST / with content-length: 9.
    let mut block = vec![0x83, 0x84, 0x87];
    block.extend([0x0f, 13, 1, b'9']);
    let mut hello = HTTP2_PREFACE.to_vec();
    hello.extend(frame(4, 0, 0, &[]));
    let exchanges = Talk::default()
        .client(hello)
        .client(frame(1, 4, 1, &block))
        .client(frame(0, 1, 1, b"only"))
        .end();
    let it = &exchanges.list[0];
    assert_eq!(it.request_body_expected, Some(9));
    assert_eq!(it.request_body_delivered, Some(4));
    assert!(!it.request_complete);
}

#[test]
fn a_goaway_ends_what_is_open() {
    let error = begin()
        .server(ok("90"))
        .server(frame(7, 0, 0, &[0, 0, 0, 1, 0, 0, 0, 11]))
        .end();
    let thrown_out = Some((Server, "ENHANCE_YOUR_CALM"));
    assert_eq!(reset(&error.list[0]), thrown_out);
    let goaway = error.findings.iter().find(|f| f.id == "goaway").unwrap();
    assert_eq!(
        error.list[0].reset().map(|reset| reset.at.frame),
        goaway.frames.first().copied()
    );
    let shutdown = begin()
        .server(frame(7, 0, 0, &[0, 0, 0, 0, 0, 0, 0, 0]))
        .end();
    assert_eq!(shutdown.list[0].reset(), None);
    assert_eq!(
        shutdown.list[0].why_incomplete().as_deref(),
        Some("the server's GOAWAY left this stream out: it did nothing about it")
    );
}

#[test]
fn a_used_up_window_is_a_stall() {
    let exchanges = begin()
        .server(ok("900"))
        .server(frame(0, 0, 1, &[0; 100]))
        .end();
    let stream = exchanges.list[0].http2.as_ref();
    assert!(
        stream.is_some_and(|stream| stream.stalled.is_some_and(|it| it.sender == Side::Server))
    );
    assert_eq!(exchanges.findings[0].id, "flow_control_stalled");
    assert_eq!(exchanges.findings[0].side, Some(Server));
}

#[test]
fn frames_that_a_short_snapshot_cut_are_told_of() {
    let exchanges = Talk::default()
        .client([HTTP2_PREFACE, b"\0\0\x06\x04\0\0"].concat())
        .lose(Client, 70)
        .end();
    assert!(exchanges.list.is_empty());
    assert_eq!(exchanges.findings[0].id, "http2_unread");
}

#[test]
fn goaway_is_a_finding() {
    let exchanges = begin()
        .server(frame(7, 0, 0, &[0, 0, 0, 1, 0, 0, 0, 0]))
        .end();
    assert_eq!(
        exchanges.findings[0].text,
        "the server sent GOAWAY NO_ERROR: it takes no stream after 1"
    );
}

#[test]
fn a_gap_in_a_body_keeps_in_step() {
    let exchanges = begin()
        .server(ok("40"))
        .server(&frame(0, 1, 1, &[7; 40])[..20])
        .lose(Server, 20)
        .server([7; 9])
        .end();
    let it = &exchanges.list[0];
    assert_eq!(it.body_delivered, Some(40));
    assert_eq!(it.body_uncaptured, 20);
    assert!(it.complete);
}
