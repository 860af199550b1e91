//! Hand-built connections for tests: packets go to the watchers as the engine would hand them over.

use whyreset_capture::Timestamp;
use whyreset_segments::{
    Endpoint, Host, IpFields, Known, LinkFields, Segment, SeqNumber, TcpFlags, TcpOptions,
};

use crate::{BySide, Connection, Flow, FrameSpan, Handshake, Observers, Opener, Packet, Vantage};

/// A connection of these packets. Flows hold what the watchers read: TTL, options of the SYN, a known window scale.
pub(crate) fn connection_of(packets: &[(Packet, TcpOptions)]) -> Connection<()> {
    let mut observers = Observers::default();
    let mut connection = empty();
    for (packet, options) in packets {
        if !packet.flags.is_rst() {
            let flow = connection.flows.of_mut(packet.side);
            flow.network.ttl_first.get_or_insert(packet.ttl);
            flow.window.scale_known = true;
            flow.first.get_or_insert(packet.moment());
            flow.sent_to = flow.sent_to.max(packet.seq_end());
            if packet.flags.contains(TcpFlags::SYN) {
                flow.syn_options = Some(*options);
                flow.syn_window = Some(packet.window);
            }
        }
        observers.packet(packet, &segment_of(packet, options));
        connection.packets.push(*packet);
    }
    note_handshake(&mut connection);
    observers.conclude(&mut connection);
    connection
}

/// The same without options.
pub(crate) fn plain_connection_of(packets: &[Packet]) -> Connection<()> {
    let with: Vec<_> = packets
        .iter()
        .map(|packet| (*packet, TcpOptions::default()))
        .collect();
    connection_of(&with)
}

fn note_handshake(connection: &mut Connection<()>) {
    for packet in &connection.packets {
        let moment = Some(packet.moment());
        if packet.flags.is_opening_syn() {
            connection.handshake.syn = connection.handshake.syn.or(moment);
            connection.handshake.syn_count += 1;
        } else if packet.flags.is_syn_ack() {
            connection.handshake.syn_ack = connection.handshake.syn_ack.or(moment);
        } else {
            connection.handshake.ack = connection.handshake.ack.or(moment);
        }
    }
}

fn segment_of(packet: &Packet, options: &TcpOptions) -> Segment<'static> {
    let end = |last| Endpoint {
        host: Host::V4([192, 0, 2, last].into()),
        port: 80,
    };
    Segment {
        frame: packet.frame,
        time: packet.time,
        source: end(1),
        destination: end(2),
        seq: SeqNumber(packet.seq as u32),
        ack: SeqNumber(packet.ack as u32),
        flags: packet.flags,
        window: packet.window,
        urgent: 0,
        payload_len: packet.payload_len,
        payload: &[],
        tcp_bytes: &[],
        options: *options,
        ip: IpFields {
            ttl: packet.ttl,
            id: packet.ip_id,
            ..IpFields::default()
        },
        link: LinkFields::default(),
        known: packet.known.without(Known::MAC),
        bad_offset: false,
    }
}

fn empty() -> Connection<()> {
    let end = |port| Endpoint {
        host: Host::V4([192, 0, 2, 1].into()),
        port,
    };
    Connection {
        stream: 0,
        ends: BySide {
            client: end(50_000),
            server: end(80),
        },
        opener: Opener::Syn,
        frames: FrameSpan {
            first: 1,
            last: 1,
            count: 1,
        },
        start: Timestamp::default(),
        end: Timestamp::default(),
        capture_end: Timestamp::default(),
        retired_early: false,
        handshake: Handshake::default(),
        flows: BySide::<Flow>::default(),
        resets: Vec::new(),
        reset_count: BySide::default(),
        notices: Vec::new(),
        silences: Vec::new(),
        silence_before_end: None,
        vantage: Vantage::default(),
        packets: Vec::new(),
        packets_dropped: 0,
        captured_twice: 0,
        timed: true,
        ports_told: true,
        inferred: 0,
        elided: false,
        readings: BySide::default(),
        sendings: BySide::default(),
        stacks: BySide::default(),
        sent: BySide::default(),
        app: (),
    }
}
