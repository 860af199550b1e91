//! A world of two hosts and a tap between them, with its own clock: packets are delayed, lost and overtake each other. The
//! light cone is held against what each host had really received when it sent a packet.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use whyreset_capture::Timestamp;
use whyreset_segments::{Known, TcpFlags};

use crate::test_connection::plain_connection_of;
use crate::{BySide, Marks, Packet, Side};

const SYN: TcpFlags = TcpFlags::SYN;
const ACK: TcpFlags = TcpFlags::ACK;
const RST: TcpFlags = TcpFlags::RST;

/// One world. Delays lie between their base and nearly twice that, so no trip takes less than half of any other.
#[derive(Clone, Debug)]
struct Rules {
    seed: u64,
    /// One-way delays between client and tap, tap and server, in microseconds.
    delay: BySide<u64>,
    /// Lost packets of a thousand, on each half of the way.
    loss: u64,
    /// Delayed acknowledgements, in microseconds.
    delayed_ack: u64,
    /// Segments that the server sends in answer to each of the client's.
    answer: u64,
    /// Steps before the client aborts.
    lifetime: u64,
}

#[derive(Clone, Copy, Debug)]
enum Event {
    Write(Side),
    AckTimer(Side),
    Retransmit(Side),
    AtTap(InFlight),
    Arrive(InFlight),
    Abort,
}

#[derive(Clone, Copy, Debug)]
struct InFlight {
    from: Side,
    flags: TcpFlags,
    seq: i64,
    ack: i64,
    len: u32,
    truth: Truth,
    frame: Option<u64>,
}

/// What the sender had received when it sent a packet.
#[derive(Clone, Copy, Debug, Default)]
struct Truth {
    in_order_to: i64,
    highest: i64,
    last_frame: Option<u64>,
}

#[derive(Clone, Debug, Default)]
struct HostState {
    next: i64,
    unacked: i64,
    received: Truth,
    out_of_order: BTreeMap<i64, i64>,
    full_waiting: u32,
    ack_pending: bool,
    dead: bool,
}

struct World {
    rules: Rules,
    random: u64,
    now: u64,
    serial: u64,
    queue: BTreeSet<(u64, u64)>,
    events: BTreeMap<u64, Event>,
    hosts: BySide<HostState>,
    frames: u64,
    captured: Vec<(Packet, Truth)>,
}

impl World {
    fn new(rules: Rules) -> Self {
        Self {
            random: rules.seed | 1,
            rules,
            now: 0,
            serial: 0,
            queue: BTreeSet::new(),
            events: BTreeMap::new(),
            hosts: BySide::default(),
            frames: 0,
            captured: Vec::new(),
        }
    }

    fn run(mut self) -> Vec<(Packet, Truth)> {
        self.send(Side::Client, SYN, 0);
        let end = self.rules.lifetime;
        self.after(end, Event::Abort);
        for _ in 0..20_000 {
            let Some((time, id)) = self.queue.pop_first() else {
                break;
            };
            self.now = time;
            if let Some(event) = self.events.remove(&id) {
                self.happen(event);
            }
        }
        self.captured
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Write(side) => self.write(side),
            Event::AckTimer(side) => {
                if self.hosts.of(side).ack_pending {
                    self.send(side, ACK, 0);
                }
            }
            Event::Retransmit(side) => self.retransmit(side),
            Event::AtTap(packet) => self.at_tap(packet),
            Event::Arrive(packet) => self.arrive(packet),
            Event::Abort => {
                self.send(Side::Client, RST | ACK, 0);
                self.hosts.client.dead = true;
            }
        }
    }

    fn write(&mut self, side: Side) {
        let host = self.hosts.of(side);
        if host.dead || host.next - host.unacked > 20_000 {
            return;
        }
        let len = if self.one_in(4) { 100 } else { 1_000 };
        self.send(side, ACK, len);
    }

    fn retransmit(&mut self, side: Side) {
        let host = self.hosts.of(side);
        if host.dead || host.unacked >= host.next {
            return;
        }
        let (seq, next) = (host.unacked, host.next);
        let (flags, len) = match (seq, side) {
            (0, Side::Client) => (SYN, 0),
            (0, Side::Server) => (SYN | ACK, 0),
            _ => (ACK, 1_000.min(next - seq)),
        };
        self.transmit(side, flags, seq, u32::try_from(len).unwrap());
        self.after(retransmission_timeout(flags), Event::Retransmit(side));
    }

    fn send(&mut self, side: Side, flags: TcpFlags, len: u32) {
        let host = self.hosts.of_mut(side);
        if host.dead {
            return;
        }
        let seq = host.next;
        let used = i64::from(len) + i64::from(flags.contains(SYN));
        host.next += used;
        self.transmit(side, flags, seq, len);
        if used > 0 {
            self.after(retransmission_timeout(flags), Event::Retransmit(side));
        }
    }

    fn transmit(&mut self, side: Side, flags: TcpFlags, seq: i64, len: u32) {
        let host = self.hosts.of_mut(side);
        host.ack_pending = false;
        host.full_waiting = 0;
        let packet = InFlight {
            from: side,
            flags,
            seq,
            ack: host.received.in_order_to,
            len,
            truth: host.received,
            frame: None,
        };
        self.travel(side, Event::AtTap(packet));
    }

    fn travel(&mut self, half: Side, event: Event) {
        if self.random() % 1_000 < self.rules.loss {
            return;
        }
        let base = *self.rules.delay.of(half);
        let delay = base + self.random() % (base * 9 / 10 + 1);
        self.after(delay, event);
    }

    fn at_tap(&mut self, mut packet: InFlight) {
        self.frames += 1;
        packet.frame = Some(self.frames);
        self.captured.push((
            Packet {
                frame: self.frames,
                time: Timestamp::from_nanos(i64::try_from(self.now).unwrap() * 1_000),
                side: packet.from,
                flags: packet.flags,
                seq: packet.seq,
                ack: packet.ack,
                window: 60_000,
                payload_len: packet.len,
                ttl: 60,
                ip_id: 0,
                timestamps: None,
                sacked_to: None,
                marks: Marks::NONE,
                known: Known::FRAME_V4,
            },
            packet.truth,
        ));
        self.travel(packet.from.peer(), Event::Arrive(packet));
    }

    fn arrive(&mut self, packet: InFlight) {
        let side = packet.from.peer();
        if self.hosts.of(side).dead {
            if side == Side::Client && !packet.flags.contains(RST) {
                self.answer_as_stranger(side, packet);
            }
            return;
        }
        if packet.flags.contains(RST) {
            self.hosts.of_mut(side).dead = true;
            return;
        }
        self.receive(side, &packet);
        if packet.flags == SYN {
            if self.hosts.of(side).next == 0 {
                self.send(side, SYN | ACK, 0);
            }
        } else if packet.flags.contains(SYN) {
            self.send(side, ACK, 0);
            self.after(10, Event::Write(side));
        } else if packet.len > 0 {
            self.acknowledge(side, &packet);
            for n in 0..self.rules.answer {
                self.after(200 * n, Event::Write(side));
            }
        }
    }

    fn receive(&mut self, side: Side, packet: &InFlight) {
        let host = self.hosts.of_mut(side);
        if packet.flags.contains(ACK) {
            host.unacked = host.unacked.max(packet.ack);
        }
        let end = packet.seq + i64::from(packet.len) + i64::from(packet.flags.contains(SYN));
        let received = &mut host.received;
        received.last_frame = packet
            .frame
            .or(received.last_frame)
            .max(received.last_frame);
        received.highest = received.highest.max(end);
        host.out_of_order.insert(packet.seq, end);
        while let Some((&seq, &end)) = host.out_of_order.first_key_value() {
            if seq > received.in_order_to {
                break;
            }
            host.out_of_order.pop_first();
            received.in_order_to = received.in_order_to.max(end);
        }
    }

    /// RFC 5681 §4.2: at once for the second full-sized segment or out of order, else later.
    fn acknowledge(&mut self, side: Side, packet: &InFlight) {
        let delay = self.rules.delayed_ack;
        let host = self.hosts.of_mut(side);
        host.full_waiting += u32::from(packet.len >= 1_000);
        let in_order = host.out_of_order.is_empty();
        if host.full_waiting >= 2 || !in_order {
            self.send(side, ACK, 0);
        } else if !host.ack_pending {
            host.ack_pending = true;
            self.after(delay, Event::AckTimer(side));
        }
    }

    fn answer_as_stranger(&mut self, side: Side, packet: InFlight) {
        let host = self.hosts.of_mut(side);
        let received = &mut host.received;
        received.last_frame = packet.frame.max(received.last_frame);
        received.highest = received.highest.max(packet.seq + i64::from(packet.len));
        self.transmit(side, RST, packet.ack, 0);
    }

    fn after(&mut self, delay: u64, event: Event) {
        self.serial += 1;
        self.queue.insert((self.now + delay, self.serial));
        self.events.insert(self.serial, event);
    }

    fn one_in(&mut self, n: u64) -> bool {
        self.random().is_multiple_of(n)
    }

    /// xorshift64
    fn random(&mut self) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random >> 3
    }
}

/// RFC 6298 §2: a second before anything is measured.
fn retransmission_timeout(flags: TcpFlags) -> u64 {
    if flags.contains(SYN) {
        1_000_000
    } else {
        400_000
    }
}

fn rules() -> impl Strategy<Value = Rules> {
    let delay = prop_oneof![1_u64..100, 100_u64..5_000, 5_000_u64..120_000];
    let numbers = (0_u64..60, 0_u64..3, 0_u64..120_000, 1_u64..12);
    let both = (any::<u64>(), delay.clone(), delay, numbers, 1_u64..40);
    both.prop_map(|(seed, client, server, numbers, rounds)| Rules {
        seed,
        delay: BySide { client, server },
        loss: numbers.0,
        delayed_ack: numbers.2,
        answer: numbers.3,
        lifetime: (client + server) * rounds,
    })
}

/// How many packets of a world had a bound at all.
fn check(rules: Rules) -> Result<usize, TestCaseError> {
    let captured = World::new(rules).run();
    let packets: Vec<Packet> = captured.iter().map(|(packet, _)| *packet).collect();
    let connection = plain_connection_of(&packets);
    let mut bounded = 0;
    for (packet, truth) in &captured {
        let Some(knew) = connection.knowledge_of(packet, None) else {
            continue;
        };
        bounded += usize::from(knew.first_impossible.is_some());
        prop_assert!(
            knew.certainly <= truth.in_order_to,
            "claims too much of frame {}: {knew:?} {truth:?}",
            packet.frame
        );
        prop_assert!(
            knew.at_most >= truth.highest,
            "denies bytes to frame {}: {knew:?} {truth:?}",
            packet.frame
        );
        let Some(provoker) = truth.last_frame else {
            continue;
        };
        prop_assert!(
            knew.last_possible
                .is_some_and(|last| last.frame >= provoker),
            "denies what provoked frame {}: {knew:?} {truth:?}",
            packet.frame
        );
        prop_assert!(
            knew.first_impossible
                .is_none_or(|first| first.frame > provoker)
        );
    }
    Ok(bounded)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn never_claims_and_never_denies_too_much(rules in rules()) {
        check(rules)?;
    }
}

/// The bounds must not hold for the sole reason that there are none.
#[test]
fn a_quiet_world_has_bounds() {
    let rules = Rules {
        seed: 7,
        delay: BySide {
            client: 20_000,
            server: 50,
        },
        loss: 0,
        delayed_ack: 40_000,
        answer: 6,
        lifetime: 600_000,
    };
    let bounded = check(rules).unwrap();
    assert!(bounded > 10, "{bounded} packets with a bound");
}
