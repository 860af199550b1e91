//! Downloads come out as they do of the reader for all of HTTP/1.

use proptest::prelude::*;
use whyreset_capture::Timestamp;
use whyreset_connections::{Moment, Needs, PassedBytes, Side, StreamSink};

use super::*;

/// What is told of a connection.
#[derive(Clone, Debug)]
enum Told {
    /// A packet of a side, of which the capture lacks so many bytes at the end.
    Said(Side, &'static str, usize),
    /// A side acknowledges all but so many bytes.
    Acknowledged(Side, u64),
    Closed(Side, bool),
    Line(&'static str),
}

const ASKED: &[&str] = &[
    "GET / HTTP/1.1\r\n\r\n",
    "GET /a HTTP/1.1\r\nHost: a.example\r\n\r\n",
    "GET /b HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
    "GET /c HTTP/1.1\r\nConnection: close\r\n\r\n",
    "GET /d HTTP/1.1\r\nHost: \u{e4}\r\n\r\nGET /e HTTP/1.1\r\n\r\n",
    "GET /f HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc",
    "GET /g HTTP/1.1\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n",
    "GET /h HTTP/1.1\r\nExpect: 100-continue\r\n\r\n",
    "GET /i  HTTP/1.1\r\n\r\n",
    "GET /j\r\n",
    "GET /k HT",
    "TP/1.1\r\n\r\n",
    "HEAD / HTTP/1.1\r\n\r\n",
    "POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc",
    "SSH-2.0-x\r\n",
    "\r\n",
];

const ANSWERED: &[&str] = &[
    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok and more",
    "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc",
    "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n",
    "def",
    "abcdefghi",
    "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n",
    "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx",
    "HTTP/1.1 304 Not Modified\r\nContent-Length: 100\r\n\r\n",
    "HTTP/1.1 204 No Content\r\n\r\n",
    "HTTP/1.1 404 Not Found\r\nContent-Length: 3\r\n\r\nno!",
    "HTTP/1.1 400 Bad Request\r\nContent-Length: 29\r\n\r\nspeaking HTTP on an HTTPS port",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
    "HTTP/1.1 200 OK\r\n\r\nuntil the end",
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n",
    "HTTP/1.1 100 Continue\r\n\r\n",
    "HTTP/1.1 200 O",
    "HTTP/1.1 504 Gateway Timeout\r\nContent-Length: 0\r\n\r\n",
];

fn side() -> impl Strategy<Value = Side> {
    prop_oneof![Just(Side::Client), Just(Side::Server)]
}

fn told() -> impl Strategy<Value = Told> {
    let few = prop_oneof![4 => Just(0_usize), 1 => 1..30_usize];
    // Most of what is said is as it should be.
    let of = |all: &'static [&'static str], usual: usize| {
        let usual = prop::sample::select(all.get(..usual).unwrap());
        prop_oneof![3 => usual, 1 => prop::sample::select(all)]
    };
    let said = prop_oneof![
        (Just(Side::Client), of(ASKED, 3)),
        (Just(Side::Server), of(ANSWERED, 6)),
    ];
    prop_oneof![
        12 => (said, few).prop_map(|((side, text), cut)| Told::Said(side, text, cut)),
        6 => (side(), prop_oneof![3 => Just(0_u64), 1 => 1..12_u64]).prop_map(|(side, all_but)| Told::Acknowledged(side, all_but)),
        2 => (side(), any::<bool>()).prop_map(|(side, reset)| Told::Closed(side, reset)),
        1 => Just(Told::Line("GET /line HTTP/1.1")),
    ]
}

/// A tracker, and how much each side has sent.
#[derive(Default)]
struct Driven {
    tracker: Tracker,
    sent: whyreset_connections::BySide<u64>,
}

impl Driven {
    /// Tells it: packets by way of `packet`, or their bytes as passed over.
    fn tell(&mut self, told: &Told, at: Moment, passes: bool, packet: fn(&mut Tracker, Packet)) {
        let tracker = &mut self.tracker;
        match *told {
            Told::Said(side, text, cut) => {
                let offset = *self.sent.of(side);
                let len = text.len() as u64;
                *self.sent.of_mut(side) = offset + len;
                let bytes = &text.as_bytes()[..text.len().saturating_sub(cut)];
                let captured = bytes.len() as u64;
                if passes {
                    let passed = PassedBytes {
                        offset,
                        len,
                        captured,
                    };
                    tracker.passed(side, at, passed);
                } else {
                    let cut = len - captured;
                    packet(
                        tracker,
                        Packet {
                            side,
                            at,
                            offset,
                            bytes,
                            cut,
                        },
                    );
                }
            }
            Told::Acknowledged(side, all_but) => {
                let sent = *self.sent.of(side.peer());
                tracker.acknowledged(side, at, sent.saturating_sub(all_but));
            }
            Told::Closed(side, reset) => tracker.closed(side, at, reset),
            Told::Line(line) => tracker.told(Side::Client, at, line),
        }
    }
}

/// Bytes of a packet, and how many more the capture lacks of it.
struct Packet<'b> {
    side: Side,
    at: Moment,
    offset: u64,
    bytes: &'b [u8],
    cut: u64,
}

/// As the engine tells it.
fn in_short(it: &mut Tracker, packet: Packet) {
    let Packet {
        side,
        at,
        offset,
        bytes,
        cut,
    } = packet;
    match cut {
        0 => it.data(side, at, offset, bytes),
        _ if bytes.is_empty() => it.gap(side, at, offset, cut),
        _ => it.data_cut(side, at, offset, bytes, cut),
    }
}

/// To the reader for all.
fn in_full(it: &mut Tracker, packet: Packet) {
    let Packet {
        side,
        at,
        offset,
        bytes,
        cut,
    } = packet;
    if !bytes.is_empty() {
        it.speak(|it| it.data(side, at, offset, bytes));
    }
    if cut > 0 {
        let behind = offset + bytes.len() as u64;
        it.speak(|it| it.gap(side, at, behind, cut));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_096))]

    #[test]
    fn downloads_are_the_same_in_short_and_in_full(
        begins in 0..ASKED.len(),
        cut in prop_oneof![3 => Just(0_usize), 1 => 1..30_usize],
        then in proptest::collection::vec((told(), 0..3_u64, any::<bool>()), 0..14),
    ) {
        let (mut short, mut full) = (Driven::default(), Driven::default());
        let first = Told::Said(Side::Client, ASKED[begins], cut);
        let mut frame = 10;
        for (told, step, passes) in std::iter::once((first, 1, false)).chain(then) {
            frame += step;
            // Sometimes what stood behind missing bytes is read late.
            let late = if passes && step == 0 { 5 } else { 0 };
            let at = Moment { frame: frame - late, time: Timestamp::default() };
            let spared = match told {
                Told::Said(side, text, _) => match short.tracker.needs(side) {
                    Needs::Everything => false,
                    Needs::Nothing(len) => text.len() as u64 <= len,
                    Needs::NextStart => !Tracker::may_begin(text.as_bytes()),
                },
                _ => false,
            };
            let passes = passes && spared;
            short.tell(&told, at, passes, in_short);
            full.tell(&told, at, passes, in_full);
        }
        let (mut short, mut full) = (short.tracker, full.tracker);
        prop_assert_eq!(short.ending(), full.ending());
        prop_assert_eq!(format!("{:?}", short.into_exchanges()), format!("{:?}", full.into_exchanges()));
    }
}
