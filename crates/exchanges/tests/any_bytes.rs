//! Whatever is said, and however it is cut into packets: no panic, and the same result.

use proptest::prelude::*;
use whyreset_capture::Timestamp;
use whyreset_connections::{BySide, Moment, Needs, PassedBytes, Side, StreamSink};
use whyreset_exchanges::{Exchange, Exchanges, KeyLog, Protocol, Tracker};

/// One turn of a conversation.
#[derive(Clone)]
enum Turn {
    Said(Side, Vec<u8>),
    Lost(Side, u16),
    Acknowledged(Side, u16),
    Closed(Side, bool),
}

impl std::fmt::Debug for Turn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Said(side, bytes) => write!(f, "{side} said {}", bytes.escape_ascii()),
            Self::Lost(side, len) => write!(f, "{side} lost {len}"),
            Self::Acknowledged(side, to) => write!(f, "{side} acknowledged {to}"),
            Self::Closed(side, reset) => write!(f, "{side} closed {reset}"),
        }
    }
}

fn side() -> impl Strategy<Value = Side> {
    prop_oneof![Just(Side::Client), Just(Side::Server)]
}

/// Pieces of protocols, whole and broken, so that more than the detection is reached.
fn words() -> impl Strategy<Value = Vec<u8>> {
    let known: Vec<&'static [u8]> = vec![
        b"GET /a HTTP/1.1\r\n",
        b"POST /up HTTP/1.1\r\nContent-Length: 12\r\nExpect: 100-continue\r\n\r\n",
        b"PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        b"HEAD /\r\n",
        b"CONNECT a:1 HTTP/1.1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"HTTP/1.1 101 Up\r\nUpgrade: websocket\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"HTTP/1.0 304 Not Modified\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 200\r\n\r\n",
        b"HTTP/1.1 200\r",
        b"no start line\n",
        b"L\tx :\x0c0 \x0cHTTP/\r\n\r\n",
        b"5\r\nhello\r\n0\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"\0\0\x06\x04\0\0\0\0\0\0\x04\0\0\0\x05",
        b"\0\0\x03\x01\x04\0\0\0\x01\x82\x84\x87",
        b"\0\0\x01\x01\x05\0\0\0\x01\x88",
        b"\0\0\x05\0\x01\0\0\0\x01hello",
        b"\0\0\x04\x03\0\0\0\0\x01\0\0\0\x08",
        b"\x16\x03\x01\0\x06\x01\0\0\x02\x03\x03",
        b"\x16\x03\x03\0\x06\x02\0\0\x02\x03\x03",
        b"\x14\x03\x03\0\x01\x01",
        b"\x15\x03\x03\0\x02\x02\x28",
        b"\x17\x03\x03\0\x03abc",
        b"\x17\x03\x03\0\x60abcdefghijklmnopqrstuvwxyz",
        b"\0\0\x20\0\x01\0\0\0\x01abcdefghijklmnopqrstuvwxyz",
        b"\x88\x02\x03\xe8",
        b"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n",
        b"PROXY TCP4",
        b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc0\0\x02\x07\xc6\x33\x64\x01\xdc\x04\x01\xbb",
        b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0",
        b"PRI * HTTP/2.0\r\n",
        b"GET /a HTTP/1.1\r\nUpgrade: h2c\r\n\r\n",
        b"HTTP/1.1 101 Up\r\nUpgrade: h2c\r\n\r\n",
        b"\x80\x2e\x01\x03\x01",
        b"220 mail ESMTP\r\n",
        b"STARTTLS\r\n",
        b"SSH-2.0-x\r\n",
        b"\r\n",
    ];
    // Long enough that what is spoken is settled, and bodies pass unread.
    let long = [
        &b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n"[..],
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n384\r\n",
        b"POST /l HTTP/1.1\r\nContent-Length: 900\r\n\r\n",
        b"\0\x03\x84\0\0\0\0\0\x01",
        b"\x17\x03\x03\x03\x84",
        b"\x82\x7e\x03\x84",
    ];
    let long = long.map(|start| [start, &[b'x'; 900]].concat());
    let known: Vec<Vec<u8>> = known.into_iter().map(<[u8]>::to_vec).chain(long).collect();
    prop_oneof![
        6 => proptest::sample::select(known),
        1 => proptest::collection::vec(any::<u8>(), 1..40),
    ]
}

fn turn() -> impl Strategy<Value = Turn> {
    prop_oneof![
        12 => (side(), words()).prop_map(|(side, bytes)| Turn::Said(side, bytes)),
        1 => (side(), 1u16..3_000).prop_map(|(side, len)| Turn::Lost(side, len)),
        2 => (side(), any::<u16>()).prop_map(|(side, to)| Turn::Acknowledged(side, to)),
        1 => (side(), any::<bool>()).prop_map(|(side, reset)| Turn::Closed(side, reset)),
    ]
}

/// Says the next bytes of a side; gives how many were taken.
type Say = fn(&mut Tracker, Side, Moment, u64, &[u8]) -> usize;

/// Feeds the turns; what is said comes in pieces of at most `size` bytes.
fn feed_by(turns: &[Turn], size: usize, say: Say) -> Exchanges {
    let mut tracker = Tracker::with_keys(KeyLog::default());
    let mut sent = BySide::<u64>::default();
    for (frame, turn) in (1u64..).zip(turns) {
        let at = Moment {
            frame,
            time: Timestamp::default(),
        };
        match turn {
            Turn::Said(side, bytes) => {
                for piece in bytes.chunks(size) {
                    let mut rest = piece;
                    while !rest.is_empty() {
                        let used = say(&mut tracker, *side, at, *sent.of(*side), rest);
                        *sent.of_mut(*side) += used as u64;
                        rest = rest.get(used..).unwrap_or(&[]);
                    }
                }
            }
            Turn::Lost(side, len) => {
                tracker.gap(*side, at, *sent.of(*side), u64::from(*len));
                *sent.of_mut(*side) += u64::from(*len);
            }
            Turn::Acknowledged(side, to) => tracker.acknowledged(*side, at, u64::from(*to)),
            Turn::Closed(side, reset) => tracker.closed(*side, at, *reset),
        }
    }
    tracker.into_exchanges()
}

/// Every piece is handed on.
fn feed(turns: &[Turn], size: usize) -> Exchanges {
    feed_by(turns, size, |tracker, side, at, offset, bytes| {
        tracker.data(side, at, offset, bytes);
        bytes.len()
    })
}

/// Only what is needed of a piece is handed on.
fn feed_needed(turns: &[Turn], size: usize) -> Exchanges {
    feed_by(turns, size, say_needed)
}

fn say_needed(tracker: &mut Tracker, side: Side, at: Moment, offset: u64, bytes: &[u8]) -> usize {
    let unneeded = match tracker.needs(side) {
        Needs::Nothing(len) => usize::try_from(len).map_or(bytes.len(), |len| len.min(bytes.len())),
        Needs::Everything | Needs::NextStart => 0,
    };
    if unneeded == 0 {
        tracker.data(side, at, offset, bytes);
        return bytes.len();
    }
    let len = unneeded as u64;
    let captured = len;
    let passed = PassedBytes {
        offset,
        len,
        captured,
    };
    tracker.passed(side, at, passed);
    unneeded
}

/// What must not depend on the cut.
fn gist(exchanges: &Exchanges) -> Vec<String> {
    // A SOCKS greeting, for one, is told by where its packet ends: what is only recognised, or not even that, may depend on it.
    let followed = |it: &&Exchange| !matches!(it.protocol, Protocol::Other(_) | Protocol::Unknown);
    let list = exchanges.list.iter().filter(followed).map(|it| {
        format!(
            "{:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?}",
            it.protocol,
            it.request,
            it.status,
            it.request_body_delivered,
            it.body_expected,
            it.body_delivered,
            it.complete,
            it.reset().map(|reset| (reset.by, &reset.code)),
            it.tls
                .as_ref()
                .map(|tls| (tls.handshake, &tls.alert, tls.close_notify)),
        )
    });
    let findings = exchanges.findings.iter().map(|it| it.id.to_owned());
    let proxied = exchanges.proxied_client.clone();
    list.chain(findings).chain(proxied).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]

    #[test]
    fn the_cut_does_not_matter(turns in proptest::collection::vec(turn(), 1..14), size in 1usize..9) {
        let whole = feed(&turns, usize::MAX);
        let pieces = feed(&turns, size);
        prop_assert_eq!(gist(&whole), gist(&pieces));
    }

    #[test]
    fn what_is_not_needed_makes_no_difference(turns in proptest::collection::vec(turn(), 1..14), size in 1usize..40) {
        let whole = feed(&turns, usize::MAX);
        let needed = feed_needed(&turns, size);
        prop_assert_eq!(gist(&whole), gist(&needed));
    }

    #[test]
    fn promises_are_never_exceeded(turns in proptest::collection::vec(turn(), 1..14)) {
        for it in feed(&turns, usize::MAX).list {
            if let (Some(expected), Some(delivered)) = (it.body_expected, it.body_delivered) {
                let tolerated = it.protocol == whyreset_exchanges::Protocol::Http2;
                prop_assert!(delivered <= expected || tolerated, "{:?}", it);
            }
            if let (Some(delivered), Some(acknowledged)) = (it.body_delivered, it.body_acknowledged) {
                prop_assert!(acknowledged <= delivered, "{:?}", it);
            }
        }
    }
}

#[test]
fn an_odd_start_line_is_one_in_pieces_or_none_as_a_whole() {
    let said = |bytes: &[u8]| Turn::Said(Side::Client, bytes.to_vec());
    let turns = [
        said(b"GET /a HTTP/1.1\r\n\r\n"),
        said(b"L\tx :\x0c0 \x0cHTTP/\r\n\r\n"),
    ];
    assert_eq!(gist(&feed(&turns, usize::MAX)), gist(&feed(&turns, 1)));
}

#[test]
fn what_a_message_of_openvpn_would_end_in_may_be_anything() {
    // A length of 108 and `P`, which is a hard reset's opcode: by the cut, 110 bytes of it are a whole message.
    let long = [
        &b"\0lPOST /l HTTP/1.1\r\nContent-Length: 900\r\n\r\n"[..],
        &[b'x'; 900],
    ]
    .concat();
    let turns = [
        Turn::Said(Side::Client, long),
        Turn::Said(
            Side::Server,
            b"GET /a HTTP/1.1\r\nUpgrade: h2c\r\n\r\n".to_vec(),
        ),
    ];
    assert_no_cut_matters(&turns, 9);
}

#[test]
fn lines_of_several_proxies_are_read_in_pieces_as_at_once() {
    let said = |bytes: &[u8]| Turn::Said(Side::Client, bytes.to_vec());
    let turns = [
        said(b"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\nPROXY TCP4 192.0.2.3 192.0.2.4 1 2\r\nGET /a HTTP/1.1\r\n\r\n"),
    ];
    let at_once = gist(&feed(&turns, usize::MAX));
    assert_eq!(at_once, gist(&feed(&turns, 1)));
    assert!(
        at_once.iter().any(|it| it.contains("GET /a")),
        "{at_once:?}"
    );
}

/// What the same turns give at once and in pieces of every size up to `most`.
fn assert_no_cut_matters(turns: &[Turn], most: usize) {
    let at_once = feed(turns, usize::MAX);
    for size in 1..=most {
        let pieces = feed(turns, size);
        assert_eq!(gist(&at_once), gist(&pieces), "{size}: {turns:?}");
    }
}

/// Lines of the PROXY protocol, and what only begins like one.
fn proxy_lines() -> Vec<Vec<u8>> {
    let line = |text: &str| format!("PROXY {text}\r\n").into_bytes();
    let signature = b"\r\n\r\n\0\r\nQUIT\n";
    let version_2 = |command: u8, len: u16| {
        let len = len.to_be_bytes();
        [&signature[..], &[command, 0x11], &len].concat()
    };
    let addresses = [192, 0, 2, 7, 198, 51, 100, 1, 0xdc, 4, 1, 0xbb];
    let longest = [&addresses[..], &[0; 872]].concat();
    vec![
        line("TCP4 192.0.2.1 192.0.2.2 1 2"),
        line("UNKNOWN"),
        line("/a HTTP/1.1"),
        // Of 107 bytes, the most that there can be, and of more.
        line(&"x".repeat(99)),
        line(&"x".repeat(100)),
        line(&"x".repeat(600)),
        line(&format!("/{} HTTP/1.1", "x".repeat(100))),
        [version_2(0x21, 12), addresses.to_vec()].concat(),
        version_2(0x20, 0),
        [version_2(0x21, 884), longest].concat(),
        [version_2(0x31, 12), addresses.to_vec()].concat(),
        version_2(0x21, 885),
        signature[..9].to_vec(),
        b"\r\n\r\n".to_vec(),
        b"PROXY\r\n".to_vec(),
        b"PROXY / HTTP/1.1\r\n\r\n".to_vec(),
    ]
}

/// What may stand behind them.
fn beginnings() -> Vec<Vec<u8>> {
    let many = [
        &b"POST /l HTTP/1.1\r\nContent-Length: 1500\r\n\r\n"[..],
        &[b'x'; 1500],
    ]
    .concat();
    vec![
        b"GET /a HTTP/1.1\r\n\r\n".to_vec(),
        many,
        b"ODD /a HTTP/1.1\r\n\r\n".to_vec(),
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\x03\x01\x05\0\0\0\x01\x82\x84\x87".to_vec(),
        b"PRI * HTTP/2.0\r\n\r\nno preface".to_vec(),
        b"PRI /a HTTP/1.1\r\n\r\n".to_vec(),
        b"PRI * HTTP/1.1\r\n\r\n".to_vec(),
        b"\x16\x03\x01\0\x06\x01\0\0\x02\x03\x03".to_vec(),
        b"\x80\x2e\x01\x03\x01\0\x15\0\0\0\x10abc".to_vec(),
        b"EHLO /a HTTP/1.1\r\n\r\n".to_vec(),
        b"OPTIONS sip HTTP/1.1\r\n\r\n".to_vec(),
    ]
}

#[test]
fn what_begins_like_a_proxy_line_is_judged_alike_at_once_and_in_pieces() {
    let client = |bytes: Vec<u8>| Turn::Said(Side::Client, bytes);
    let answer = Turn::Said(Side::Server, b"HTTP/1.1 204 No\r\n\r\n".to_vec());
    for line in proxy_lines() {
        for start in beginnings() {
            let whole = [line.clone(), start.clone()].concat();
            assert_no_cut_matters(&[client(whole), answer.clone()], 40);
            let twice = [&line[..], &line, &start].concat();
            assert_no_cut_matters(&[client(twice), answer.clone()], 40);
            let apart = [client(line.clone()), answer.clone(), client(start)];
            assert_no_cut_matters(&apart, 40);
        }
    }
}

/// The client's few letters may become a method, and never do.
#[test]
fn an_answer_tells_where_the_client_never_ends_its_first_word() {
    let said = |side, bytes: &[u8]| Turn::Said(side, bytes.to_vec());
    let turns = [
        said(Side::Client, b"abc"),
        said(Side::Server, b"HTTP/1.1 204 No\r\n\r\n"),
    ];
    assert_no_cut_matters(&turns, 10);
    let found = gist(&feed(&turns, usize::MAX));
    assert!(found.iter().any(|it| it.contains("204")), "{found:?}");
}

#[test]
fn a_server_that_speaks_within_a_proxy_line_changes_nothing() {
    let said = |side, bytes: &[u8]| Turn::Said(side, bytes.to_vec());
    for line in proxy_lines() {
        for start in beginnings() {
            for answer in [
                &b"HTTP/1."[..],
                b"HTTP/1.1 204 No\r\n\r\n",
                b"220 me\r\n",
                b"\xfa",
            ] {
                let (first, rest) = line.split_at(line.len() / 2);
                let turns = [
                    said(Side::Client, first),
                    said(Side::Server, answer),
                    said(Side::Client, &[rest, &line, &start].concat()),
                ];
                assert_no_cut_matters(&turns, 10);
            }
        }
    }
    let turns = [
        said(Side::Client, b"PROXY "),
        said(Side::Server, b"HTTP/1."),
        said(Side::Client, b"\nPROXY HTTP/\n"),
    ];
    assert_no_cut_matters(&turns, 10);
}

#[test]
fn what_a_stream_begins_with_is_judged_alike_at_once_and_in_pieces() {
    for start in beginnings() {
        for before in [&b""[..], &[0xfa; 40], b"HTTP/1.1 400 Bad\r\n\r\n", b"ODD"] {
            let before = Turn::Said(Side::Server, before.to_vec());
            let turns = [
                before.clone(),
                Turn::Said(Side::Client, start.clone()),
                before,
            ];
            assert_no_cut_matters(&turns, 40);
        }
    }
}

#[test]
fn the_preface_behind_an_upgrade_is_judged_alike_at_once_and_in_pieces() {
    let said = |side, bytes: &[u8]| Turn::Said(side, bytes.to_vec());
    let frames = b"\0\0\x03\x01\x05\0\0\0\x03\x82\x84\x87";
    for preface in [
        &b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"[..],
        b"PRI *",
        b"",
        b"P\0\0\0\0\0\0\0\x01",
    ] {
        assert_no_cut_matters(
            &[
                said(Side::Client, b"GET /a HTTP/1.1\r\nUpgrade: h2c\r\n\r\n"),
                said(Side::Server, b"HTTP/1.1 101 Up\r\nUpgrade: h2c\r\n\r\n"),
                said(Side::Client, &[preface, frames].concat()),
            ],
            40,
        );
    }
}

#[test]
fn many_lines_of_proxies_use_nothing_up() {
    let lines = proxy_lines();
    let line = lines.iter().max_by_key(|line| line.len());
    let line = line.expect("there are some");
    let whole = [line.repeat(16), b"GET /a HTTP/1.1\r\n\r\n".to_vec()].concat();
    let turns = [Turn::Said(Side::Client, whole)];
    assert_no_cut_matters(&turns, 10);
    let found = gist(&feed(&turns, usize::MAX));
    assert!(found.iter().any(|it| it.contains("GET /a")), "{found:?}");
}
