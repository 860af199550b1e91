//! An encrypted session, record by record, of which only sizes show.

#![allow(dead_code)]

use whyreset_segments::TcpFlags;
use whyreset_verdicts::Verdict;

use super::talk::{ACK, FIN_ACK, PSH_ACK, Talk};

/// A record that holds an alert (RFC 8446 section 5.1): behind the handshake, in TLS 1.2 with AES-GCM, close_notify where it is 26 bytes long.
pub const ALERT: u8 = 21;
/// A record that holds data of the program.
pub const DATA: u8 = 23;
/// The length of a record that holds all it can, 16,384 bytes, in TLS 1.2 with AES-GCM (RFC 5246 section 6.2.1, RFC 5288 section 3).
pub const FULL: u16 = 16_408;
/// An answer in pieces of any length, as programs write them that send what they make.
pub const PIECES: [u16; 6] = [324, 2_024, 1_124, 1_924, 1_524, 824];
/// An answer of a head, then full records.
pub const HEAD_AND_FULL: [u16; 6] = [324, FULL, FULL, FULL, FULL, FULL];
/// An answer of a server that sends so much each while: a short record stands behind full ones in the middle too.
pub const PACED: [u16; 7] = [324, FULL, FULL, 8_216, FULL, FULL, 8_216];

/// An answer of full records in runs, as a sender that is held to a rate writes them: each run ends with a record of one of these lengths.
pub fn runs(ends: &[u16]) -> Vec<u16> {
    let runs = ends.iter().map(|end| [FULL, FULL, FULL, *end]);
    runs.flatten().collect()
}

/// A TLS session with one request, and an answer in records of these lengths, each of which is a write of its own.
pub struct Session {
    pub talk: Talk,
    pub up: u32,
    pub down: u32,
}

impl Session {
    pub fn new(answer: &[u16]) -> Self {
        Self::speaking("", answer)
    }

    /// The same with a protocol that was agreed on (`h2`), or none. Records of 13 or 17 bytes are frames of HTTP/2.
    pub fn speaking(alpn: &str, answer: &[u16]) -> Self {
        let mut it = Self::shaken_hands(alpn);
        it.client(0.0902, PSH_ACK, &record(23, 180));
        for (index, len) in answer.iter().enumerate() {
            it.server(0.13 + index as f64 / 1e3, PSH_ACK, &record(23, *len));
        }
        it
    }

    /// A whole handshake, and nothing asked yet.
    pub fn handshake() -> Self {
        Self::shaken_hands("")
    }

    pub fn shaken_hands(alpn: &str) -> Self {
        let mut it = Self::connected(443);
        it.shake_hands(alpn);
        it
    }

    /// The same where the capture keeps so many bytes of each packet.
    pub fn shaken_hands_in_short(snapshot: usize) -> Self {
        let mut it = Self::connected(443);
        it.talk.snapshot = snapshot;
        it.shake_hands("");
        it
    }

    /// The same through a proxy that was asked with CONNECT.
    pub fn behind_connect() -> Self {
        let mut it = Self::connected(3128);
        let connect = b"CONNECT example.test:443 HTTP/1.1\r\nHost: example.test:443\r\n\r\n";
        it.client(0.0401, PSH_ACK, connect);
        it.server(
            0.0490,
            PSH_ACK,
            b"HTTP/1.1 200 Connection established\r\n\r\n",
        );
        it.shake_hands("");
        it
    }

    /// A session of PostgreSQL, which asks in clear whether the server speaks TLS, with one query and its answer.
    pub fn of_postgresql() -> Self {
        let mut it = Self::connected(5432);
        it.client(0.0401, PSH_ACK, &[0, 0, 0, 8, 4, 210, 22, 47]);
        it.server(0.0490, PSH_ACK, b"S");
        it.shake_hands("");
        it.client(0.0902, PSH_ACK, &record(DATA, 24 + 52));
        it.server(0.13, PSH_ACK, &record(DATA, 24 + 66));
        it
    }

    fn connected(port: u16) -> Self {
        let mut talk = Talk::new();
        talk.port = port;
        talk.handshake();
        Self {
            talk,
            up: 1,
            down: 1,
        }
    }

    fn shake_hands(&mut self, alpn: &str) {
        let it = self;
        let [asks, answers, finishes] = Self::opening(alpn);
        it.client(0.05, PSH_ACK, &asks);
        it.server(0.09, PSH_ACK, &answers);
        it.client(0.0901, PSH_ACK, &finishes);
    }

    /// What client and server say in turns until the session is there.
    pub fn opening(alpn: &str) -> [Vec<u8>; 3] {
        let finished = [record(20, 1), record(22, 40)].concat();
        let answer = [hello(2, alpn), finished.clone()].concat();
        [hello(1, alpn), answer, finished]
    }

    /// A session of TLS 1.3 with a suite of SHA-256: records of these lengths come from the server behind its hello, and the client's
    /// Finished last. `takes_tickets`: the client has said so.
    pub fn of_tls13(flight: &[u16], takes_tickets: bool) -> Self {
        let mut it = Self::connected(443);
        it.client(0.05, PSH_ACK, &hello13(1, takes_tickets));
        let mut answer = [hello13(2, false), record(20, 1)].concat();
        for len in flight {
            answer.extend(record(23, *len));
        }
        it.server(0.09, PSH_ACK, &answer);
        it.client(0.0901, PSH_ACK, &[record(20, 1), record(23, 53)].concat());
        it
    }

    pub fn client(&mut self, at: f64, flags: TcpFlags, payload: &[u8]) {
        self.talk.client(at, flags, self.up, self.down, payload);
        self.up += payload.len() as u32;
        self.talk.server(at + 0.04, ACK, self.down, self.up, b"");
    }

    /// In segments of 1,448 bytes, the last of which carries `flags`.
    pub fn server(&mut self, at: f64, flags: TcpFlags, payload: &[u8]) {
        let mut pieces = payload.chunks(1448).peekable();
        while let Some(piece) = pieces.next() {
            let flags = if pieces.peek().is_some() { ACK } else { flags };
            self.talk.server(at, flags, self.down, self.up, piece);
            self.down += piece.len() as u32;
        }
        self.talk
            .client(at + 0.000_05, ACK, self.up, self.down, b"");
    }

    pub fn client_closes(mut self, at: f64) -> Verdict {
        let (up, down) = (self.up, self.down);
        self.talk.client(at, FIN_ACK, up, down, b"");
        self.talk.server(at + 0.04, FIN_ACK, down, up + 1, b"");
        self.talk.client(at + 0.0401, ACK, up + 1, down + 1, b"");
        self.talk.verdict(at + 1.0)
    }

    pub fn server_closes(mut self, at: f64) -> Verdict {
        let (up, down) = (self.up, self.down);
        self.talk.server(at, FIN_ACK, down, up, b"");
        self.talk.client(at + 0.0001, FIN_ACK, up, down + 1, b"");
        self.talk.server(at + 0.04, ACK, down + 1, up + 1, b"");
        self.talk.verdict(at + 1.0)
    }
}

pub fn record(kind: u8, len: u16) -> Vec<u8> {
    let [high, low] = len.to_be_bytes();
    let mut record = vec![kind, 3, 3, high, low];
    record.resize(5 + usize::from(len), if kind == 20 { 1 } else { 0xa5 });
    record
}

/// A hello of TLS 1.2: the client's (1), or the server's (2).
fn hello(kind: u8, alpn: &str) -> Vec<u8> {
    let mut extensions = Vec::new();
    if !alpn.is_empty() {
        let len = alpn.len() as u8;
        extensions.extend([0, 16, 0, len + 3, 0, len + 1, len]);
        extensions.extend(alpn.as_bytes());
    }
    hello_with(kind, [0xc0, 0x2f], &extensions)
}

/// A hello of TLS 1.3.
fn hello13(kind: u8, takes_tickets: bool) -> Vec<u8> {
    let mut extensions: Vec<u8> = match kind {
        1 => vec![0, 43, 0, 3, 2, 3, 4],
        _ => vec![0, 43, 0, 2, 3, 4],
    };
    if takes_tickets {
        extensions.extend([0, 45, 0, 2, 1, 1]);
    }
    hello_with(kind, [0x13, 0x01], &extensions)
}

/// A hello that offers, or chooses, one suite.
fn hello_with(kind: u8, [high, low]: [u8; 2], extensions: &[u8]) -> Vec<u8> {
    let mut body = vec![3, 3];
    body.extend([7; 32]);
    match kind {
        1 => body.extend([0, 0, 2, high, low, 1, 0]),
        _ => body.extend([0, high, low, 0]),
    }
    if !extensions.is_empty() {
        body.extend([0, extensions.len() as u8]);
        body.extend(extensions);
    }
    let len = body.len() as u8;
    let mut record = vec![0x16, 3, 3, 0, len + 4, kind, 0, 0, len];
    record.extend(&body);
    record
}
