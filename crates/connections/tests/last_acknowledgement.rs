//! A connection waits for the acknowledgement of its last FIN, however many others end meanwhile.

#![allow(clippy::unwrap_used)]

mod made;

use std::net::Ipv4Addr;

use made::{end, segment};
use whyreset_capture::Timestamp;
use whyreset_connections::{Ending, Engine, EngineConfig, Moment, Needs, Side, StreamSink};
use whyreset_segments::{Endpoint, Host, Segment, TcpFlags};

/// More than can wait when they are over.
const CONNECTIONS: u32 = 20_000;

const SYN_ACK: TcpFlags = TcpFlags(TcpFlags::SYN.0 | TcpFlags::ACK.0);
const FIN_ACK: TcpFlags = TcpFlags(TcpFlags::FIN.0 | TcpFlags::ACK.0);

/// From the client or not, flags, and both numbers.
type Row = (bool, TcpFlags, u32, u32);

const UP_TO_THE_LAST_FIN: [Row; 6] = [
    (true, TcpFlags::SYN, 100, 0),
    (false, SYN_ACK, 500, 101),
    (true, TcpFlags::ACK, 101, 501),
    (true, FIN_ACK, 101, 501),
    (false, TcpFlags::ACK, 501, 102),
    (false, FIN_ACK, 501, 102),
];

/// Needs nothing, and misses nothing.
#[derive(Debug, Default)]
struct Content;

impl StreamSink for Content {
    fn data(&mut self, _: Side, _: Moment, _: u64, _: &[u8]) {}

    fn gap(&mut self, _: Side, _: Moment, _: u64, _: u64) {}

    fn needs(&self, _: Side) -> Needs {
        Needs::Nothing(u64::MAX)
    }

    fn ending(&mut self) -> Ending {
        Ending::Well
    }
}

struct Wire {
    frame: u64,
    engine: Engine<Content>,
}

impl Wire {
    fn send(&mut self, number: u32, (from_client, flags, seq, ack): Row) {
        self.frame += 1;
        let client = Endpoint {
            host: Host::V4(Ipv4Addr::from_bits(0x0a01_0000 | number)),
            port: 40_000,
        };
        let server = end(255, 80);
        let (source, destination) = if from_client {
            (client, server)
        } else {
            (server, client)
        };
        let segment = Segment {
            frame: self.frame,
            time: Timestamp::from_nanos(i64::try_from(self.frame).unwrap() * 1_000),
            ..segment(source, destination, flags, seq, ack)
        };
        self.engine.segment(&segment, None).unwrap();
    }
}

/// All connections, each with this behind its last FIN.
fn wire(last: Row) -> Wire {
    let mut wire = Wire {
        frame: 0,
        engine: Engine::new(EngineConfig {
            pass_over_orderly: true,
            ..EngineConfig::default()
        }),
    };
    for row in UP_TO_THE_LAST_FIN {
        for number in 0..CONNECTIONS {
            wire.send(number, row);
        }
    }
    for number in 0..CONNECTIONS {
        wire.send(number, last);
    }
    wire
}

/// How many frames each connection has, and how many connections were handed on before the capture's end.
fn frames(last: Row) -> (Vec<u64>, usize) {
    let mut wire = wire(last);
    let mut frames = Vec::new();
    let mut take = |engine: &mut Engine<Content>| {
        let connections = std::iter::from_fn(|| engine.next_finished());
        frames.extend(connections.map(|connection| connection.frames.count));
        frames.len()
    };
    let early = take(&mut wire.engine);
    wire.engine.finish();
    take(&mut wire.engine);
    (frames, early)
}

#[test]
fn the_last_acknowledgement_belongs_to_its_connection() {
    let (frames, early) = frames((true, TcpFlags::ACK, 102, 502));
    assert_eq!(frames, vec![7; CONNECTIONS as usize]);
    assert!(early > 0, "none is handed on before the end");
}

#[test]
fn so_does_a_reset_in_its_place() {
    let (frames, early) = frames((true, TcpFlags::RST, 102, 0));
    assert_eq!(frames, vec![7; CONNECTIONS as usize]);
    assert!(early > 0, "none is handed on before the end");
}

#[test]
fn what_ended_well_is_told_in_brief_whatever_was_handed_on_before() {
    let mut wire = wire((true, TcpFlags::ACK, 102, 502));
    let told = |engine: &mut Engine<Content>| {
        let brief = std::iter::from_fn(|| engine.next_in_brief(|app| app));
        u32::try_from(brief.count()).unwrap()
    };
    let early = told(&mut wire.engine);
    wire.engine.finish();
    assert_eq!(told(&mut wire.engine), CONNECTIONS - early);
    assert!(early > 0, "none is handed on before the end");
}
