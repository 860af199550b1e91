//! Conversations written packet by packet, run through the engine and the exchanges as a capture would be.

#![allow(clippy::too_many_arguments, dead_code)]

use std::net::Ipv4Addr;

use whyreset_capture::Timestamp;
use whyreset_connections::{Connection, Engine, EngineConfig, Side};
use whyreset_exchanges::{Exchanges, Tracker};
use whyreset_segments::{
    Endpoint, Host, IcmpError, IpFields, Known, LinkFields, Quote, Segment, SeqNumber, TcpFlags,
    TcpOptions,
};
use whyreset_verdicts::{Verdict, judge};

pub const SYN: TcpFlags = TcpFlags::SYN;
pub const ACK: TcpFlags = TcpFlags::ACK;
pub const FIN_ACK: TcpFlags = TcpFlags(TcpFlags::FIN.0 | TcpFlags::ACK.0);
pub const SYN_ACK: TcpFlags = TcpFlags(TcpFlags::SYN.0 | TcpFlags::ACK.0);
pub const RST: TcpFlags = TcpFlags::RST;
pub const RST_ACK: TcpFlags = TcpFlags(TcpFlags::RST.0 | TcpFlags::ACK.0);
pub const PSH_ACK: TcpFlags = TcpFlags(TcpFlags::PSH.0 | TcpFlags::ACK.0);

/// One more request of HTTP/1.1.
pub const NEXT: &[u8] = b"GET /next HTTP/1.1\r\nHost: lab.test\r\n\r\n";
/// The data of a full segment.
pub const SEGMENT: [u8; 1448] = [b'x'; 1448];

/// A conversation between one client and one server, captured at the client; the server is `round_trip` away.
pub struct Talk {
    engine: Engine<Tracker>,
    frame: u64,
    pub port: u16,
    /// The client's port: another one is another connection.
    pub client_port: u16,
    pub round_trip: f64,
    ids: (u16, u16),
    pub ttl: (u8, u8),
    pub window: u32,
    /// What a refusal states as its window: 0 but for small devices.
    pub refusal_window: u32,
    /// Bytes of each payload that the capture keeps.
    pub snapshot: usize,
    /// The capture is a router's, of all its interfaces: each packet of the two hosts shows again as it leaves.
    pub shown_twice: bool,
    /// SYNs carry what ordinary stacks offer, not the MSS alone.
    pub ordinary_syn: bool,
}

impl Talk {
    pub fn new() -> Self {
        Self {
            engine: Engine::new(EngineConfig::default()),
            frame: 0,
            port: 80,
            client_port: 40_000,
            round_trip: 0.040,
            ids: (1000, 7000),
            ttl: (64, 57),
            window: 64_240,
            refusal_window: 0,
            snapshot: usize::MAX,
            shown_twice: false,
            ordinary_syn: false,
        }
    }

    /// SYN, SYN/ACK, ACK from time 0 on.
    pub fn open() -> Self {
        let mut talk = Self::new();
        talk.handshake();
        talk
    }

    pub fn handshake(&mut self) {
        self.client(0.0, SYN, 0, 0, b"");
        self.server(self.round_trip, SYN_ACK, 0, 1, b"");
        self.client(self.round_trip + 0.000_05, ACK, 1, 1, b"");
    }

    pub fn client(&mut self, at: f64, flags: TcpFlags, seq: u32, ack: u32, payload: &[u8]) {
        self.ids.0 += 1;
        self.packet(
            at,
            Side::Client,
            flags,
            (seq, ack),
            payload,
            self.ttl.0,
            self.ids.0,
        );
    }

    pub fn server(&mut self, at: f64, flags: TcpFlags, seq: u32, ack: u32, payload: &[u8]) {
        self.ids.1 += 1;
        self.packet(
            at,
            Side::Server,
            flags,
            (seq, ack),
            payload,
            self.ttl.1,
            self.ids.1,
        );
    }

    /// A packet with a TTL and an IP identification of its own: a device's, or a kernel's answer to a stranger.
    pub fn stranger(&mut self, at: f64, side: Side, flags: TcpFlags, seq: u32, ttl: u8) {
        self.packet(at, side, flags, (seq, 0), b"", ttl, 0);
    }

    /// RST+ACK of number 0 to the client's SYN, as of a host on which nothing listens.
    pub fn refusal(&mut self, at: f64) {
        self.refusal_of(at, 1, b"");
    }

    /// The same, with another acknowledgement number, or words.
    pub fn refusal_of(&mut self, at: f64, ack: u32, words: &[u8]) {
        self.frame += 1;
        let mut segment = self.segment(at, Side::Server, RST_ACK, (0, ack), words, self.ttl.1, 0);
        segment.seq = SeqNumber(0);
        segment.window = self.refusal_window;
        self.engine.segment(&segment, None);
    }

    /// A full request at `at`, acknowledged a round trip later. Its length is returned.
    pub fn request(&mut self, at: f64, seq: u32, ack: u32) -> u32 {
        let text = b"GET /file HTTP/1.1\r\nHost: lab.test\r\nAccept: */*\r\n\r\n";
        self.client(at, PSH_ACK, seq, ack, text);
        let next = seq + text.len() as u32;
        self.server(at + self.round_trip, ACK, ack, next, b"");
        next
    }

    /// So many full segments of the client, from this time on so many seconds apart, each acknowledged after 0.04 s. `next` are the numbers of
    /// either side's next byte; gives the client's behind them.
    pub fn upload(&mut self, at: f64, apart: f64, next: (u32, u32), segments: u32) -> u32 {
        let (mut up, down) = next;
        for n in 0..segments {
            let at = at + f64::from(n) * apart;
            self.client(at, ACK, up, down, &SEGMENT);
            up += 1448;
            self.server(at + 0.04, ACK, down, up, b"");
        }
        up
    }

    /// A response head that promises `promised` bytes, followed by `sent` of them in full segments, all acknowledged.
    pub fn response(&mut self, at: f64, seq: u32, ack: u32, promised: u32, sent: u32) -> u32 {
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {promised}\r\n\r\n");
        self.server(at, PSH_ACK, seq, ack, head.as_bytes());
        let mut next = seq + head.len() as u32;
        let body = vec![b'x'; 1448];
        let end = next + sent;
        let mut time = at;
        while next < end {
            let len = (end - next).min(1448);
            time += 0.000_1;
            let flags = if next + len == end { PSH_ACK } else { ACK };
            self.server(time, flags, next, ack, &body[..len as usize]);
            next += len;
        }
        self.client(time + 0.000_05, ACK, ack, next, b"");
        next
    }

    fn packet(
        &mut self,
        at: f64,
        side: Side,
        flags: TcpFlags,
        (seq, ack): (u32, u32),
        payload: &[u8],
        ttl: u8,
        id: u16,
    ) {
        self.frame += 1;
        let ack = if flags.contains(ACK) { ack } else { 0 };
        let segment = self.segment(at, side, flags, (seq, ack), payload, ttl, id);
        self.engine.segment(&segment, None);
        // A kernel's answer to a stranger, or a device's, has no identification.
        if self.shown_twice && id != 0 {
            self.frame += 1;
            let copy = self.segment(at + 0.000_01, side, flags, (seq, ack), payload, ttl - 1, id);
            self.engine.segment(&copy, None);
        }
    }

    fn segment<'a>(
        &self,
        at: f64,
        side: Side,
        flags: TcpFlags,
        (seq, ack): (u32, u32),
        payload: &'a [u8],
        ttl: u8,
        id: u16,
    ) -> Segment<'a> {
        let end = |host: [u8; 4], port| Endpoint {
            host: Host::V4(Ipv4Addr::from(host)),
            port,
        };
        let client = end([10, 0, 0, 2], self.client_port);
        let server = end([198, 51, 100, 7], self.port);
        let (source, destination, bases) = match side {
            Side::Client => (client, server, (1_000_000, 9_000_000)),
            Side::Server => (server, client, (9_000_000, 1_000_000)),
        };
        let mut options = TcpOptions::default();
        if flags.contains(SYN) {
            options.mss = Some(1460);
            options.sack_permitted = self.ordinary_syn;
        }
        let bare = flags == RST || (flags == RST_ACK && seq == 0);
        Segment {
            frame: self.frame,
            time: Timestamp::from_nanos((at * 1e9) as i64),
            source,
            destination,
            seq: SeqNumber(seq + bases.0),
            ack: SeqNumber(if flags.contains(ACK) {
                ack + bases.1
            } else {
                0
            }),
            flags,
            window: if bare { 0 } else { self.window },
            urgent: 0,
            payload_len: payload.len() as u32,
            payload: payload.get(..self.snapshot).unwrap_or(payload),
            tcp_bytes: &[],
            options,
            ip: IpFields {
                ttl,
                id,
                dont_fragment: true,
                total_len: 40 + payload.len() as u32,
                ..IpFields::default()
            },
            link: LinkFields::default(),
            known: Known::FRAME_V4,
            bad_offset: false,
        }
    }

    /// A router's ICMP error that quotes the client's SYN.
    pub fn icmp_about_syn(&mut self, at: f64, kind: u8, code: u8) {
        self.icmp_about(at, (SYN, 0, 0), kind, code);
    }

    /// The same about a packet of the client: its flags, sequence and acknowledgement numbers.
    pub fn icmp_about(&mut self, at: f64, quoted: (TcpFlags, u32, u32), kind: u8, code: u8) {
        let (flags, seq, ack) = quoted;
        self.frame += 1;
        let quote = Quote {
            error: IcmpError {
                v6: false,
                kind,
                code,
                mtu: None,
            },
            reporter: Host::V4(Ipv4Addr::new(203, 0, 113, 1)),
            reporter_ttl: 60,
            segment: self.segment(at, Side::Client, flags, (seq, ack), b"", 60, 1001),
            quoted_bytes: 20,
        };
        self.engine.quote(&quote);
    }

    /// The capture runs on up to this time, then ends.
    pub fn verdict(self, until: f64) -> Verdict {
        let mut all = self.verdicts(until);
        all.swap_remove(0).1
    }

    /// The same for several connections: each with its verdict, in the order of the capture.
    pub fn verdicts(mut self, until: f64) -> Vec<(Connection<Exchanges>, Verdict)> {
        self.engine
            .clock(Timestamp::from_nanos((until * 1e9) as i64));
        self.engine.finish();
        let mut all = Vec::new();
        while let Some(connection) = self.engine.next_finished() {
            let connection = connection.map_app(Tracker::into_exchanges);
            let verdict = judge(&connection, self.engine.neighbours());
            all.push((connection, verdict));
        }
        assert!(!all.is_empty(), "at least one connection");
        all
    }
}
