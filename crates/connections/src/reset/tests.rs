//! RSTs of all kinds, hand-built.

use whyreset_segments::TcpFlags;

use crate::round_trip::tests::packet;
use crate::test_connection::plain_connection_of;
use crate::{Acceptance, Connection, Dialect, Packet, Side};

const SYN: TcpFlags = TcpFlags::SYN;
const ACK: TcpFlags = TcpFlags::ACK;
const RST: TcpFlags = TcpFlags::RST;
const FIN: TcpFlags = TcpFlags::FIN;

/// Seen at the server: the client is 100 ms away.
fn opening() -> Vec<Packet> {
    vec![
        packet(1, 0, Side::Client, SYN, (0, 0, 0)),
        packet(2, 0, Side::Server, SYN | ACK, (0, 1, 0)),
        packet(3, 100, Side::Client, ACK, (1, 1, 0)),
        packet(4, 101, Side::Client, ACK, (1, 1, 500)),
    ]
}

fn with(more: &[Packet]) -> Connection<()> {
    let mut packets = opening();
    packets.extend_from_slice(more);
    for (n, packet) in (1..).zip(packets.iter_mut().filter(|p| p.side == Side::Client)) {
        if packet.ip_id == 0 && !(packet.flags == RST) {
            packet.ip_id = 1_000 + n;
        }
    }
    plain_connection_of(&packets)
}

fn data(frame: u64, at: i64, n: i64) -> Packet {
    packet(frame, at, Side::Server, ACK, (1 + n * 1_000, 501, 1_000))
}

#[test]
fn a_live_connection_is_aborted() {
    let c = with(&[
        data(5, 110, 0),
        data(6, 110, 1),
        packet(7, 210, Side::Client, ACK, (501, 2_001, 0)),
        data(8, 212, 2),
        packet(9, 230, Side::Client, RST | ACK, (501, 2_001, 0)),
    ]);
    let reset = &c.resets[0];
    assert_eq!(reset.dialect, Dialect::Active);
    assert_eq!(reset.acceptance, Acceptance::Exact);
    assert_eq!(reset.trigger, None);
    let knew = reset.knew.unwrap();
    assert_eq!((knew.certainly, knew.at_most), (2_001, 2_001));
    assert_eq!(knew.first_impossible.unwrap().frame, 8);
    assert!(reset.origin.host > 0.95, "{:?}", reset.origin);
}

#[test]
fn a_dead_host_answers_each_segment_once() {
    let mut packets = vec![packet(5, 105, Side::Client, FIN | ACK, (501, 1, 0))];
    for n in 0..14 {
        packets.push(data(6 + n as u64, 110 + n, n));
    }
    for n in 0..14 {
        packets.push(packet(
            20 + n as u64,
            211 + n,
            Side::Client,
            RST,
            (501, 0, 0),
        ));
    }
    let c = with(&packets);
    assert_eq!(c.resets.len(), 14);
    assert_eq!(c.resets[0].burst, 14);
    for (n, reset) in (0..).zip(&c.resets) {
        assert_eq!(reset.dialect, Dialect::Passive);
        let trigger = reset.trigger.unwrap();
        assert_eq!(trigger.at.frame, 6 + n, "RST {n}");
        assert!(trigger.possible);
    }
    assert!(c.resets[0].origin.host > 0.9, "{:?}", c.resets[0].origin);
}

#[test]
fn of_many_the_last_is_judged_as_well() {
    let mut packets = Vec::new();
    for n in 0..60 {
        let (frame, time) = (5 + 3 * n as u64, 110 + 4 * n);
        let to = 1 + 1_000 * (1 + n);
        packets.push(data(frame, time, n));
        let taken = packet(frame + 1, time + 2, Side::Client, ACK, (501, to, 0));
        packets.push(taken);
        let stale = packet(frame + 2, time + 3, Side::Server, RST, (to - 1_000, 0, 0));
        packets.push(if n == 59 {
            packet(frame + 2, time + 3, Side::Server, RST, (to, 0, 0))
        } else {
            stale
        });
    }
    let c = with(&packets);
    assert_eq!(c.resets.len(), 17);
    let last = c.resets.last().unwrap();
    assert_eq!((last.at.frame, last.acceptance), (184, Acceptance::Exact));
}

#[test]
fn a_syn_is_refused() {
    let packets = [
        packet(1, 0, Side::Client, SYN, (0, 0, 0)),
        packet(2, 20, Side::Server, RST | ACK, (0, 1, 0)),
    ];
    let c = plain_connection_of(&packets);
    let reset = &c.resets[0];
    assert_eq!(reset.dialect, Dialect::Refusal);
    assert_eq!(reset.trigger.unwrap().at.frame, 1);
    assert_eq!(reset.acceptance, Acceptance::Exact);
}

#[test]
fn a_forged_rst_betrays_itself() {
    let mut forged = packet(7, 150, Side::Client, RST | ACK, (501, 2_001, 0));
    forged.ttl = 57;
    forged.ip_id = 40_000;
    let c = with(&[
        data(5, 110, 0),
        data(6, 110, 1),
        forged,
        packet(8, 212, Side::Client, ACK, (501, 2_001, 0)),
        packet(9, 260, Side::Client, ACK, (501, 2_001, 300)),
        packet(10, 260, Side::Server, RST, (2_001, 0, 0)),
    ]);
    let reset = &c.resets[0];
    assert!(reset.origin.host < 0.001, "{:?}", reset.origin);
    let ids: Vec<_> = reset.origin.reasons.iter().map(|r| r.id).collect();
    for id in ["ttl", "ip_id", "time_of_flight", "RST_SEQ_DATA"] {
        assert!(ids.contains(&id), "{id} in {ids:?}");
    }
    assert_eq!(reset.aftermath.receiver_answered_rst.unwrap().frame, 10);
}

#[test]
fn a_blind_rst_is_challenged_and_ignored() {
    let c = with(&[
        data(5, 110, 0),
        packet(6, 210, Side::Client, ACK, (501, 1_001, 0)),
        packet(7, 220, Side::Client, RST, (5_501, 0, 0)),
        packet(8, 220, Side::Server, ACK, (1_001, 501, 0)),
        data(9, 240, 1),
        packet(10, 340, Side::Client, ACK, (501, 2_001, 0)),
    ]);
    let reset = &c.resets[0];
    assert_eq!(reset.dialect, Dialect::Other);
    assert_eq!(reset.acceptance, Acceptance::InWindow);
    assert_eq!(reset.aftermath.challenge.unwrap().frame, 8);
    assert!(reset.aftermath.receiver_went_on.is_some());
}

#[test]
fn an_old_rst_lies_outside() {
    let c = with(&[
        data(5, 110, 0),
        data(6, 111, 1),
        packet(7, 112, Side::Server, RST | ACK, (1, 501, 0)),
    ]);
    assert_eq!(c.resets[0].acceptance, Acceptance::Outside);
}
