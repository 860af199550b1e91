//! What is found of a lone SYN is copied to others like it: the reports are the same as if each had been judged.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::net::{Ipv4Addr, Ipv6Addr};

use proptest::prelude::*;
use whyreset_capture::Timestamp;
use whyreset_connections::{Connection, Engine, EngineConfig, LoneSyn};
use whyreset_exchanges::Tracker;
use whyreset_reports::json::Document;
use whyreset_reports::text::{Layout, Report};
use whyreset_reports::{Findings, Judged, LoneSyns};
use whyreset_segments::{
    Endpoint, Host, HostNames, IpFields, Known, LinkFields, Segment, SeqNumber, TcpFlags,
    TcpOptions,
};
use whyreset_verdicts::judge;

const SYN: TcpFlags = TcpFlags::SYN;
const SYN_ACK: TcpFlags = TcpFlags(SYN.0 | TcpFlags::ACK.0);
const RST_ACK: TcpFlags = TcpFlags(TcpFlags::RST.0 | TcpFlags::ACK.0);
/// SYN with ECE and CWR (RFC 3168).
const SYN_WITH_ECN: TcpFlags = TcpFlags(SYN.0 | 0xc0);

const BEGIN: Timestamp = Timestamp::from_nanos(1_700_000_000_000_000_000);

/// What comes of a SYN.
#[derive(Clone, Copy, Debug)]
enum Fate {
    Lone,
    SentAgain,
    Answered,
    Refused,
}

/// A SYN, and all in which it may be unlike others.
#[derive(Clone, Debug)]
struct Attempt {
    fate: Fate,
    server: usize,
    client: u32,
    client_port: u16,
    ttl: u8,
    seq: u32,
    window: u16,
    ip_id: u16,
    mac: Option<[u8; 6]>,
    vlan: u16,
    outgoing: Option<bool>,
    options: usize,
    ecn: bool,
    /// Nanoseconds since the one before.
    pause: i64,
}

const SERVERS: usize = 6;

/// Two hosts with two ports each, and the same of IPv6.
fn server(index: usize) -> Endpoint {
    let host = match index / 2 {
        0 => Host::V4(Ipv4Addr::new(192, 0, 2, 1)),
        1 => Host::V4(Ipv4Addr::new(192, 0, 2, 2)),
        _ => Host::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1)),
    };
    let port = [443, 80][index % 2];
    Endpoint { host, port }
}

const OPTIONS: [&[u8]; 4] = [
    &[],
    &[2, 4, 5, 0xb4],
    &[2, 4, 5, 0xb4, 1, 3, 3, 8, 1, 1, 4, 2],
    &[
        2, 4, 5, 0xb4, 4, 2, 8, 10, 1, 2, 3, 4, 0, 0, 0, 0, 1, 3, 3, 7,
    ],
];

impl Attempt {
    fn client(&self) -> Endpoint {
        let number = u128::from(self.client);
        let host = match server(self.server).host {
            Host::V6(_) => Host::V6(Ipv6Addr::from((0x2001_0db8 << 96) | number)),
            _ => Host::V4(Ipv4Addr::from(self.client)),
        };
        let port = self.client_port;
        Endpoint { host, port }
    }

    fn syn(&self) -> Segment<'static> {
        let flags = if self.ecn { SYN_WITH_ECN } else { SYN };
        let mut syn = segment(self.client(), server(self.server), flags);
        syn.seq = SeqNumber(self.seq);
        syn.window = u32::from(self.window);
        syn.options = TcpOptions::parse(OPTIONS[self.options]);
        syn.ip.ttl = self.ttl;
        syn.ip.id = self.ip_id;
        syn.link.vlan = self.vlan;
        syn.link.outgoing = self.outgoing;
        if let Some(mac) = self.mac {
            syn.link.source_mac = mac;
            syn.known = syn.known.with(Known::MAC);
        }
        syn
    }

    fn answer(&self, flags: TcpFlags) -> Segment<'static> {
        let mut answer = segment(server(self.server), self.client(), flags);
        answer.seq = SeqNumber(77);
        answer.ack = SeqNumber(self.seq.wrapping_add(1));
        answer
    }

    fn segments(&self) -> Vec<Segment<'static>> {
        match self.fate {
            Fate::Lone => vec![self.syn()],
            Fate::SentAgain => vec![self.syn(), self.syn()],
            Fate::Answered => vec![self.syn(), self.answer(SYN_ACK)],
            Fate::Refused => vec![self.syn(), self.answer(RST_ACK)],
        }
    }
}

fn segment(source: Endpoint, destination: Endpoint, flags: TcpFlags) -> Segment<'static> {
    let known = match source.host {
        Host::V6(_) => Known::FRAME_V6,
        _ => Known::FRAME_V4,
    };
    Segment {
        frame: 0,
        time: Timestamp::default(),
        source,
        destination,
        seq: SeqNumber(0),
        ack: SeqNumber(0),
        flags,
        window: 0,
        urgent: 0,
        payload_len: 0,
        payload: &[],
        tcp_bytes: &[],
        options: TcpOptions::default(),
        ip: IpFields {
            ttl: 60,
            total_len: 40,
            ..IpFields::default()
        },
        link: LinkFields::default(),
        known,
        bad_offset: false,
    }
}

/// An engine that has taken a capture of these, to its end.
fn engine(attempts: &[Attempt], runs_on: i64) -> Engine<Tracker> {
    let mut engine = Engine::new(EngineConfig {
        pass_over_orderly: true,
        ..EngineConfig::default()
    });
    let (mut now, mut frame) = (BEGIN.nanos(), 0);
    for attempt in attempts {
        now += attempt.pause;
        for mut segment in attempt.segments() {
            frame += 1;
            segment.frame = frame;
            segment.time = Timestamp::from_nanos(now);
            engine.segment(&segment, None);
        }
    }
    engine.clock(Timestamp::from_nanos(now + runs_on));
    engine.finish();
    engine
}

fn judged(connection: Connection<Tracker>, engine: &Engine<Tracker>) -> Judged {
    let connection = connection.map_app(Tracker::into_exchanges);
    let verdict = judge(&connection, engine.neighbours());
    Judged {
        connection,
        verdict,
    }
}

/// Both reports of a capture.
struct Told {
    document: Document<Vec<u8>>,
    report: Report,
    names: HostNames,
}

impl Told {
    fn new() -> Self {
        Self {
            document: Document::new(Vec::new()),
            report: Report::new(Layout::default()),
            names: HostNames::new(),
        }
    }

    fn connection(&mut self, judged: Judged) {
        let Self {
            document, names, ..
        } = self;
        document.connection(&judged, BEGIN, names).unwrap();
        self.report.add(judged, BEGIN);
    }

    fn lone_syn(&mut self, syn: &LoneSyn, findings: &Findings, judge: impl Fn() -> Judged) {
        let Self {
            document, names, ..
        } = self;
        document.lone_syn(syn, findings, BEGIN, names).unwrap();
        let verdict = &findings.verdict;
        self.report.add_lone_syn(syn, verdict, BEGIN, judge);
    }

    fn text(self) -> String {
        let mut out = self.document.end(&[]).unwrap();
        self.report.write(&mut out, &self.names).unwrap();
        String::from_utf8(out).unwrap()
    }
}

/// The reports, each connection judged by itself.
fn one_by_one(mut engine: Engine<Tracker>) -> String {
    let mut told = Told::new();
    while let Some(connection) = engine.next_finished() {
        told.connection(judged(connection, &engine));
    }
    told.text()
}

/// The reports, and of how many connections they were copied.
fn copied(mut engine: Engine<Tracker>) -> (String, usize) {
    let (mut told, mut lone_syns, mut copied) = (Told::new(), LoneSyns::default(), 0);
    loop {
        let connection = if let Some(syn) = engine.next_lone_syn() {
            let judge = |syn: &_| judged(engine.in_full(syn), &engine);
            if let Some(findings) = lone_syns.findings(&syn, engine.neighbours(), judge) {
                told.lone_syn(&syn, findings, || judge(&syn));
                copied += 1;
                continue;
            }
            engine.in_full(&syn)
        } else if let Some(connection) = engine.next_finished() {
            connection
        } else {
            return (told.text(), copied);
        };
        told.connection(judged(connection, &engine));
    }
}

/// Both ways give the same reports; of how many connections they were copied.
fn same_either_way(attempts: &[Attempt], runs_on: i64) -> usize {
    let whole = one_by_one(engine(attempts, runs_on));
    let (ours, copied) = copied(engine(attempts, runs_on));
    for (ours, whole) in ours.lines().zip(whole.lines()) {
        assert_eq!(ours, whole);
    }
    assert_eq!(ours.len(), whole.len());
    copied
}

/// The `number`-th SYN of a flood at a port that once answers somebody.
fn of_a_flood(number: u32) -> Attempt {
    Attempt {
        fate: match number {
            77 => Fate::Answered,
            5_077 => Fate::Refused,
            10_077 => Fate::SentAgain,
            _ => Fate::Lone,
        },
        server: usize::from(number.is_multiple_of(1_000)),
        client: number.wrapping_mul(0x9e37_79b9),
        client_port: (number % 60_000) as u16,
        ttl: 64,
        seq: number.wrapping_mul(77),
        window: (number % 7) as u16 * 100,
        ip_id: (number % 65_536) as u16,
        mac: None,
        vlan: (number % 3) as u16,
        outgoing: None,
        options: (number % 4) as usize,
        ecn: number.is_multiple_of(11),
        pause: 100_000,
    }
}

#[test]
fn nearly_all_of_a_flood_is_copied() {
    let attempts: Vec<Attempt> = (1..20_000).map(of_a_flood).collect();
    let copied = same_either_way(&attempts, 3_000_000_000);
    assert!(copied > 15_000, "{copied}");
}

/// More different ones than are remembered, some of them alike before and after.
#[test]
fn what_was_forgotten_is_found_again() {
    let attempt = |number: u32| Attempt {
        ttl: if number % 40 < 4 {
            64
        } else {
            (number / 2 % 251) as u8
        },
        pause: if number % 4_000 < 8 { 0 } else { 1_000_000 },
        ..of_a_flood(number)
    };
    let attempts: Vec<Attempt> = (1..20_000).map(attempt).collect();
    let copied = same_either_way(&attempts, 60_000_000_000);
    assert!(copied > 1_000, "{copied}");
}

fn fate() -> impl Strategy<Value = Fate> {
    prop_oneof![
        60 => Just(Fate::Lone),
        1 => Just(Fate::SentAgain),
        1 => Just(Fate::Answered),
        1 => Just(Fate::Refused),
    ]
}

/// From nothing to some minutes, mostly short.
fn pause() -> impl Strategy<Value = i64> {
    prop_oneof![
        20 => Just(10_000_i64),
        20 => 0..50_000_i64,
        2 => 0..20_000_000_i64,
        1 => 0..3_000_000_000_i64,
        1 => (0_u32..38).prop_map(|bits| 1_i64 << bits),
    ]
}

prop_compose! {
    fn attempt()(
        fate in fate(),
        server in prop_oneof![8 => Just(0_usize), 2 => 0..SERVERS],
        client in any::<u32>(),
        (client_port, window, ip_id) in any::<(u16, u16, u16)>(),
        ttl in prop_oneof![8 => Just(64_u8), 2 => Just(128), 2 => Just(53), 1 => any::<u8>()],
        seq in any::<u32>(),
        mac in any::<Option<[u8; 6]>>(),
        (vlan, outgoing) in (0_u16..3, prop_oneof![4 => Just(None), 1 => any::<Option<bool>>()]),
        options in 0..OPTIONS.len(),
        ecn in any::<bool>(),
        pause in pause(),
    ) -> Attempt {
        Attempt {
            fate, server, client, client_port, ttl, seq, window, ip_id, mac, vlan, outgoing, options, ecn, pause,
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn floods_are_told_as_if_each_syn_had_been_judged(
        attempts in proptest::collection::vec(attempt(), 1..200),
        runs_on in pause(),
    ) {
        same_either_way(&attempts, runs_on);
    }
}
