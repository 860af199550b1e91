//! Connections made by hand, for tests of the judgement alone.

use std::net::Ipv4Addr;

use whyreset_capture::{Span, Timestamp};
use whyreset_connections::{
    Acceptance, Aftermath, BySide, Connection, Dialect, Flow, FrameSpan, Handshake, Knowledge,
    Marks, Moment, Opener, Origin, Packet, Place, ReadMoment, Reading, Reset, RoundTrip, Side,
    Vantage, VantageReason, Window,
};
use whyreset_exchanges::{Exchange, Exchanges, Protocol};
use whyreset_segments::{Endpoint, Host, Known, TcpFlags, TcpOptions};

pub fn moment(frame: u64, micros: i64) -> Moment {
    Moment {
        frame,
        time: Timestamp::from_nanos(micros * 1000),
    }
}

/// The numbers of an aborted download, so that tests can change each of them.
#[derive(Clone, Debug)]
pub struct Download {
    pub client: ([u8; 4], u16),
    pub server: ([u8; 4], u16),
    pub request: &'static str,
    pub request_len: i64,
    pub mss: u16,
    pub segments: i64,
    /// Round trip to the client in microseconds.
    pub round_trip: i64,
    pub buffer: u32,
    pub first_frame: u64,
    pub odd_len: u32,
}

impl Default for Download {
    fn default() -> Self {
        Self {
            client: ([67, 189, 6, 55], 62330),
            server: ([148, 251, 25, 18], 80),
            request: "GET /download?o=abee26401673422e8cc6b066aed9c1ba",
            request_len: 558,
            mss: 1460,
            segments: 10,
            round_trip: 197_003,
            buffer: 65_700,
            first_frame: 1,
            odd_len: 1456,
        }
    }
}

#[allow(clippy::too_many_arguments)]
fn packet(
    f: u64,
    us: i64,
    side: Side,
    flags: TcpFlags,
    seq: i64,
    ack: i64,
    window: u32,
    len: u32,
) -> Packet {
    Packet {
        frame: f,
        time: moment(f, us).time,
        side,
        flags,
        seq,
        ack,
        window,
        payload_len: len,
        ttl: 0,
        ip_id: 0,
        timestamps: None,
        sacked_to: None,
        marks: Marks::NONE,
        known: Known::SEQ
            .with(Known::ACK)
            .with(Known::WINDOW)
            .with(Known::LEN)
            .with(Known::FLAGS)
            .with(Known::TIME)
            .with(Known::FRAME)
            .with(Known::PORTS),
    }
}

impl Download {
    /// The connection as the engine hands it on.
    pub fn connection(&self) -> Connection<Exchanges> {
        let f = |n: u64| self.first_frame + n - 1;
        let delivered = i64::from(self.mss) * self.segments;
        let (rtt, buffer, mss) = (self.round_trip, self.buffer, u32::from(self.mss));
        let next = 1 + self.request_len;
        let start = 0;
        let flight = 302_918;
        let ack1 = flight + rtt;
        let rst = ack1 + 23_569;
        let (c, s) = (Side::Client, Side::Server);
        let ack = TcpFlags::ACK;
        let packets = vec![
            packet(f(1), start, c, TcpFlags::SYN, 0, 0, 8192, 0),
            packet(f(2), 62, s, TcpFlags::SYN | ack, 0, 1, 14600, 0),
            packet(f(3), rtt + 37_563, c, ack, 1, 1, buffer, 0),
            packet(
                f(4),
                rtt + 54_199,
                c,
                ack | TcpFlags::PSH,
                1,
                1,
                buffer,
                self.request_len as u32,
            ),
            packet(f(5), rtt + 54_263, s, ack, 1, next, 15_744, 0),
            packet(f(6), flight, s, ack, 1, next, 15_744, mss),
            packet(
                f(16),
                ack1,
                c,
                ack,
                next,
                1 + delivered - 2 * i64::from(mss),
                buffer - mss,
                0,
            ),
            packet(
                f(17),
                ack1 + 113,
                s,
                ack,
                1 + delivered,
                next,
                15_744,
                self.odd_len,
            ),
            packet(
                f(24),
                ack1 + 5_782,
                c,
                ack,
                next,
                1 + delivered,
                buffer - 3 * mss,
                0,
            ),
            packet(
                f(25),
                ack1 + 6_540,
                s,
                ack,
                1 + delivered + 9_000,
                next,
                15_744,
                mss,
            ),
            packet(f(30), ack1 + 11_783, c, ack, next, 1 + delivered, buffer, 0),
            packet(
                f(31),
                rst,
                c,
                ack | TcpFlags::RST,
                next,
                1 + delivered,
                0,
                0,
            ),
        ];
        let end = moment(f(31), rst);
        let ends = BySide {
            client: endpoint(self.client),
            server: endpoint(self.server),
        };
        let client = Flow {
            packets: 8,
            data_packets: 1,
            bytes: self.request_len as u64,
            sent_to: next,
            acked_to: next,
            last_new_data: Some(moment(f(4), rtt + 54_199)),
            first: Some(moment(f(1), 0)),
            last: Some(end),
            window: Window {
                scale_known: true,
                shift: 2,
                last: 0,
                max: buffer,
                min: buffer - 3 * mss,
                ..Window::default()
            },
            syn_options: Some(TcpOptions {
                mss: Some(self.mss),
                window_scale: Some(2),
                sack_permitted: true,
                ..TcpOptions::default()
            }),
            syn_window: Some(8192),
            ..Flow::default()
        };
        let mut server = Flow {
            packets: 23,
            data_packets: 20,
            bytes: (delivered + 10_456) as u64,
            sent_to: 1 + delivered + 9_000 + i64::from(mss),
            acked_to: 1 + delivered,
            last_new_data: Some(moment(f(25), ack1 + 6_540)),
            first: Some(moment(f(2), 62)),
            last: Some(moment(f(29), ack1 + 8_000)),
            ..Flow::default()
        };
        server.sizes.largest_sent = mss;
        Connection {
            stream: 0,
            ends,
            opener: Opener::Syn,
            frames: FrameSpan {
                first: f(1),
                last: f(31),
                count: 31,
            },
            start: moment(1, 0).time,
            end: end.time,
            capture_end: end.time,
            retired_early: false,
            handshake: Handshake {
                syn: Some(moment(f(1), 0)),
                syn_count: 1,
                syn_ack: Some(moment(f(2), 62)),
                syn_ack_count: 1,
                ack: Some(moment(f(3), rtt + 37_563)),
                ..Handshake::default()
            },
            flows: BySide { client, server },
            resets: vec![self.reset(f, end, ack1, delivered)],
            reset_count: BySide {
                client: 1,
                server: 0,
            },
            notices: Vec::new(),
            silences: Vec::new(),
            silence_before_end: None,
            vantage: Vantage {
                place: Place::Server,
                confidence: 0.99,
                round_trip: BySide {
                    client: RoundTrip {
                        handshake: Some(Span::from_micros(rtt + 37_501)),
                        minimum: Some(Span::from_micros(rtt)),
                        minimum_frames: Some((f(6), f(16))),
                        samples: 4,
                        ..RoundTrip::default()
                    },
                    server: RoundTrip {
                        handshake: Some(Span::from_micros(62)),
                        minimum: Some(Span::from_micros(62)),
                        minimum_frames: Some((f(1), f(2))),
                        samples: 2,
                        ..RoundTrip::default()
                    },
                },
                reasons: vec![VantageReason {
                    text: "the server answers at once".to_owned(),
                    frames: vec![f(1), f(2), f(3)],
                }],
            },
            sendings: BySide::default(),
            readings: BySide {
                client: self.reading(f, ack1),
                server: Reading::default(),
            },
            stacks: BySide::default(),
            sent: BySide::default(),
            packets,
            packets_dropped: 0,
            captured_twice: 0,
            timed: true,
            ports_told: true,
            inferred: 3,
            elided: true,
            app: self.exchanges(f, rtt, delivered),
        }
    }

    fn reset(&self, f: impl Fn(u64) -> u64, at: Moment, ack1: i64, delivered: i64) -> Reset {
        Reset {
            at,
            by: Side::Client,
            flags: TcpFlags::RST | TcpFlags::ACK,
            seq: 1 + self.request_len,
            ack: Some(1 + delivered),
            window: Some(0),
            ttl: None,
            ip_id: None,
            timestamps: None,
            has_options: None,
            other_mac: None,
            payload: Vec::new(),
            numbered: true,
            dialect: Dialect::Active,
            trigger: None,
            acceptance: Acceptance::Exact,
            knew: Some(Knowledge {
                certainly: 1 + delivered,
                certainly_by: Some(moment(f(24), ack1 + 5_782)),
                at_most: 1 + delivered,
                last_possible: Some(moment(f(15), 303_500)),
                first_impossible: Some(moment(f(17), ack1 + 113)),
                round_trip: Span::from_micros(self.round_trip / 2),
                smallest_seen: Some(Span::from_micros(self.round_trip)),
            }),
            origin: Origin {
                host: 0.9,
                device_there: 0.09,
                device_here: 0.01,
                reasons: Vec::new(),
            },
            burst: 1,
            aftermath: Aftermath::default(),
        }
    }

    /// 1, 3 and no segments unread, at frames 16, 24 and 30.
    fn reading(&self, f: impl Fn(u64) -> u64, ack1: i64) -> Reading {
        let mss = u64::from(self.mss);
        let delivered = mss * self.segments as u64;
        let at = |frame, micros, acknowledged: u64, unread: u64| ReadMoment {
            at: moment(f(frame), micros),
            acknowledged,
            window: self.buffer - unread as u32,
            read: (acknowledged - unread, acknowledged - unread),
            unread: (unread, unread),
        };
        Reading {
            buffer: Some(self.buffer),
            exact: true,
            moments: vec![
                at(16, ack1, delivered - 2 * mss, mss),
                at(24, ack1 + 5_782, delivered, 3 * mss),
                at(30, ack1 + 11_783, delivered, 0),
            ],
        }
    }

    fn exchanges(&self, f: impl Fn(u64) -> u64, rtt: i64, delivered: i64) -> Exchanges {
        Exchanges {
            list: vec![Exchange {
                protocol: Protocol::Http11,
                request: Some(self.request.into()),
                body_delivered: Some(delivered as u64),
                body_acknowledged: Some(delivered as u64),
                request_complete: true,
                started: Some(moment(f(4), rtt + 54_199)),
                request_ended: Some(moment(f(4), rtt + 54_199)),
                response_started: Some(moment(f(6), 302_918)),
                from_list: true,
                ..Exchange::default()
            }]
            .into(),
            ..Exchanges::default()
        }
    }
}

fn endpoint((ip, port): ([u8; 4], u16)) -> Endpoint {
    Endpoint {
        host: Host::V4(Ipv4Addr::from(ip)),
        port,
    }
}
