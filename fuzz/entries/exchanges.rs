//! Conversations of any bytes, cut in two ways: what is found must not depend on the cut. Only protocols that are no more
//! than recognised are told by the extent of their messages as well (a SOCKS greeting, a DNS query): there it may. So it may where a
//! conversation begins with one byte again and again: that is taken for wiped by the extent of the first segment.
//!
//! The first byte picks the protocol that both sides begin with (HTTP/1, HTTP/2, TLS, or nothing); then each turn is a byte
//! for side and kind, one for its length, and its bytes.

use whyreset_capture::Timestamp;
use whyreset_connections::{BySide, Moment, Side, StreamSink};
use whyreset_exchanges::{Exchange, Protocol, Tracker};

/// Checks one input.
pub fn run(script: &[u8]) {
    let Some((first, turns)) = script.split_first() else {
        return;
    };
    let begin: &[u8] = match first % 4 {
        0 => b"GET /a HTTP/1.1\r\n",
        1 => b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        2 => b"\x16\x03\x01\0\x06\x01\0\0\x02\x03\x03",
        _ => b"",
    };
    let whole = play(begin, turns, usize::MAX);
    let pieces = play(begin, turns, 1 + usize::from(first / 4 % 8));
    if let (Some(whole), Some(pieces)) = (whole, pieces) {
        assert_eq!(whole, pieces, "the cut changes what is found");
    }
}

/// So many bytes that are all the same are taken for wiped, where a conversation begins with them.
const WIPED: usize = 8;

fn begins_alike(said: &[u8]) -> bool {
    let begin = said.first_chunk::<WIPED>();
    begin.is_some_and(|[first, rest @ ..]| rest.iter().all(|byte| byte == first))
}

/// What was found; `None` where a protocol was only recognised, or not even that, and where the first words say nothing.
fn play(begin: &[u8], mut turns: &[u8], size: usize) -> Option<Vec<String>> {
    let mut tracker = Tracker::default();
    let mut sent = BySide::<u64>::default();
    let mut frame = 0;
    let mut said = begin;
    let mut side = Side::Client;
    let mut says_something = None;
    loop {
        if !said.is_empty() {
            says_something.get_or_insert(!begins_alike(said));
        }
        frame += 1;
        let at = Moment {
            frame,
            time: Timestamp::default(),
        };
        for piece in said.chunks(size) {
            tracker.data(side, at, *sent.of(side), piece);
            *sent.of_mut(side) += piece.len() as u64;
        }
        let [kind, len, rest @ ..] = turns else {
            break;
        };
        side = if kind & 1 == 0 {
            Side::Client
        } else {
            Side::Server
        };
        said = b"";
        turns = rest;
        match kind >> 5 {
            0 => {
                tracker.gap(side, at, *sent.of(side), u64::from(*len) * 16);
                *sent.of_mut(side) += u64::from(*len) * 16;
            }
            1 => tracker.acknowledged(side, at, u64::from(*len) * 8),
            2 => tracker.closed(side, at, len & 1 == 0),
            _ => {
                let here = usize::from(*len).min(rest.len());
                (said, turns) = rest.split_at(here);
            }
        }
    }
    let exchanges = tracker.into_exchanges();
    let recognised = |it: &Exchange| matches!(it.protocol, Protocol::Other(_) | Protocol::Unknown);
    let followed = !exchanges.list.iter().any(recognised);
    let list = exchanges.list.iter().map(|it| {
        if let (Some(delivered), Some(acknowledged)) = (it.body_delivered, it.body_acknowledged) {
            assert!(acknowledged <= delivered);
        }
        format!(
            "{:?} {:?} {:?} {:?} {:?} {:?}",
            it.protocol, it.request, it.status, it.body_expected, it.body_delivered, it.complete
        )
    });
    let findings = exchanges.findings.iter().map(|it| it.id.to_owned());
    let all = list.chain(findings).chain(exchanges.proxied_client);
    let all: Vec<String> = all.collect();
    (followed && says_something == Some(true)).then_some(all)
}
