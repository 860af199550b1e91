//! The devices in the middle: faults, begun by their conditions, act on packets or send their own.

use super::Order;
use super::connections::{Connection, Connections};
use super::forge;
use super::packet::{IcmpError, RST, Tcp, build_icmp_error, read_tcp};
use super::triggers::{Passing, holds};
use crate::scenario::{Act, Direction, Fault, Forgotten, IcmpKind, Place};
use std::collections::{HashMap, HashSet};
use std::net::IpAddr;
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

/// A packet that a device sends by itself.
pub struct Injected {
    /// Which way it goes.
    pub direction: Direction,
    /// Its bytes.
    pub packet: Vec<u8>,
    /// How long from now it leaves.
    pub after: Duration,
}

/// What the middle does with a packet.
pub struct Decision {
    /// It goes on.
    pub forward: bool,
    /// What is sent besides.
    pub inject: Vec<Injected>,
    /// The NAT forgets the connection between these ports.
    pub remap: Option<(u16, u16)>,
}

/// What a link does with a packet.
pub enum OnLink {
    /// Carries it.
    Pass,
    /// Loses it.
    Vanish,
    /// It is too long; perhaps the sender is told.
    TooBig(Option<Vec<u8>>),
}

/// The faults of a scenario at work.
pub struct Device {
    faults: Vec<Fault>,
    orders: Sender<Order>,
    own: IpAddr,
    server: IpAddr,
    /// When a fault began for a connection, by the fault's place and the connection's number.
    begun: HashMap<(usize, usize), Instant>,
    /// How many packets a `drop` has taken, by the same.
    dropped: HashMap<(usize, usize), u32>,
    /// Connections whose packets a device drops after it has reset them.
    cut_off: HashSet<usize>,
    later: Vec<(Instant, Injected)>,
}

impl Device {
    /// `own` is the router's address, `server` the server's.
    pub fn new(faults: &[Fault], orders: Sender<Order>, own: IpAddr, server: IpAddr) -> Self {
        Self {
            faults: faults.to_vec(),
            orders,
            own,
            server,
            begun: HashMap::new(),
            dropped: HashMap::new(),
            cut_off: HashSet::new(),
            later: Vec::new(),
        }
    }

    /// The faults that never began, in words.
    pub fn never_begun(&self) -> Vec<String> {
        let began = |index| self.begun.keys().any(|(fault, _)| *fault == index);
        let faults = self.faults.iter().enumerate();
        let idle = faults.filter(|(index, _)| !began(*index));
        idle.map(|(_, fault)| format!("{fault:?}")).collect()
    }

    /// Keeps a packet for later.
    pub fn postpone(&mut self, injected: Injected, now: Instant) {
        let due = now + injected.after;
        self.later.push((
            due,
            Injected {
                after: Duration::ZERO,
                ..injected
            },
        ));
    }

    /// Time passes: conditions that need no packet, and packets whose time has come.
    pub fn tick(&mut self, now: Instant, connections: &Connections) -> Vec<Injected> {
        let mut sent = Vec::new();
        for index in 0..self.faults.len() {
            for connection in connections.iter() {
                self.tick_one(index, connection, now, &mut sent);
            }
        }
        let mut index = 0;
        while index < self.later.len() {
            if self.later.get(index).is_some_and(|(due, _)| *due <= now) {
                sent.push(self.later.remove(index).1);
            } else {
                index += 1;
            }
        }
        sent
    }

    fn tick_one(
        &mut self,
        index: usize,
        connection: &Connection,
        now: Instant,
        sent: &mut Vec<Injected>,
    ) {
        let key = (index, connection.number);
        let Some(fault) = self.faults.get(index) else {
            return;
        };
        if self.begun.contains_key(&key) {
            return;
        }
        if let Act::Forget {
            at_expiry_s,
            ttl,
            then,
        } = &fault.act
        {
            let Some(time) = at_expiry_s else { return };
            let idle = connection
                .last
                .map_or(0.0, |last| (now - last).as_secs_f64());
            if idle >= *time && !connection.reset && holds(&fault.when, connection, None, now) {
                if *then == Forgotten::RstBoth {
                    sent.extend(forge::expiry(connection, *ttl));
                }
                self.begun.insert(key, now);
            }
            return;
        }
        if matches!(fault.act, Act::Forge(_)) || !holds(&fault.when, connection, None, now) {
            return;
        }
        if is_order(&fault.act) {
            drop(self.orders.send(Order(fault.act.clone())));
        }
        self.begun.insert(key, now);
    }

    /// A packet in the middle.
    pub fn pass(
        &mut self,
        direction: Direction,
        packet: &[u8],
        now: Instant,
        connections: &mut Connections,
    ) -> Decision {
        let mut decision = Decision {
            forward: true,
            inject: Vec::new(),
            remap: None,
        };
        let Some(tcp) = read_tcp(packet) else {
            return decision;
        };
        let last = connections.of(&tcp).and_then(|connection| connection.last);
        let silence = last.map_or(0.0, |last| (now - last).as_secs_f64());
        connections.passes(direction, &tcp, now);
        let Some(connection) = connections.of(&tcp) else {
            return decision;
        };
        if self.cut_off.contains(&connection.number) {
            decision.forward = false;
            return decision;
        }
        let passing = Passing {
            direction,
            tcp: &tcp,
            silence,
        };
        for index in 0..self.faults.len() {
            self.apply(index, connection, passing, packet, now, &mut decision);
        }
        decision
    }

    fn apply(
        &mut self,
        index: usize,
        connection: &Connection,
        passing: Passing,
        packet: &[u8],
        now: Instant,
        decision: &mut Decision,
    ) {
        let Some(fault) = self.faults.get(index) else {
            return;
        };
        let key = (index, connection.number);
        let begun = self.begun.contains_key(&key);
        let holds = holds(&fault.when, connection, Some(passing), now);
        match &fault.act {
            Act::Forget {
                then: Forgotten::Remap,
                ..
            } if holds && !begun => {
                decision.remap = Some((connection.client_port, connection.server_port));
                self.begun.insert(key, now);
            }
            Act::Forget {
                then: Forgotten::Remap,
                ..
            } => {}
            Act::Forget {
                then,
                ttl,
                at_expiry_s,
            } if begun || (at_expiry_s.is_none() && holds) => {
                let told = begun && *then == Forgotten::RstBoth;
                decision.forward = false;
                if !told {
                    decision
                        .inject
                        .extend(forge::forgotten(*then, connection, passing, *ttl));
                }
                self.begun.entry(key).or_insert(now);
            }
            Act::Forge(forge) if holds && !begun => {
                decision
                    .inject
                    .extend(forge::forged(forge, connection, passing));
                decision.forward &= !forge.drop_trigger;
                if forge.then_drop {
                    self.cut_off.insert(connection.number);
                }
                self.begun.insert(key, now);
            }
            Act::Icmp { error, from_host } if holds => {
                self.begun.entry(key).or_insert(now);
                decision.forward = false;
                let from = if *from_host { self.server } else { self.own };
                let answer = build_icmp_error(from, icmp_error(*error), packet, 64);
                decision
                    .inject
                    .extend(answer.map(|packet| back(passing.direction, packet)));
            }
            Act::Reject { ttl, window, ip_id } if holds => {
                self.begun.entry(key).or_insert(now);
                decision.forward = false;
                let answer = forge::reject(passing.tcp, *ttl, *window, *ip_id);
                decision.inject.push(back(passing.direction, answer));
            }
            Act::Drop { count } if holds => {
                self.begun.entry(key).or_insert(now);
                let taken = self.dropped.entry(key).or_insert(0);
                if *taken < *count {
                    *taken += 1;
                    decision.forward = false;
                }
            }
            Act::Blackhole { .. } | Act::Mtu { .. } if holds && !begun => {
                self.begun.insert(key, now);
            }
            act if is_order(act) && holds && !begun => {
                drop(self.orders.send(Order(act.clone())));
                self.begun.insert(key, now);
            }
            _ => {}
        }
    }

    /// What a link does with a packet that is put on it.
    pub fn on_link(
        &self,
        direction: Direction,
        place: Place,
        packet: &[u8],
        now: Instant,
        connections: &Connections,
    ) -> OnLink {
        let tcp = read_tcp(packet);
        let Some(connection) = tcp.as_ref().and_then(|tcp| connections.of(tcp)) else {
            return OnLink::Pass;
        };
        let applies = |of: Direction| of == Direction::Both || of == direction;
        for (index, fault) in self.faults.iter().enumerate() {
            let begun = self.begun.get(&(index, connection.number));
            let active = begun.is_some() || holds(&fault.when, connection, None, now);
            match &fault.act {
                Act::Blackhole {
                    direction: of,
                    place: at,
                    for_s,
                } if *at == place && active => {
                    let age = begun.map_or(0.0, |since| (now - *since).as_secs_f64());
                    if applies(*of) && for_s.is_none_or(|time| age < time) {
                        return OnLink::Vanish;
                    }
                }
                Act::Mtu {
                    size,
                    icmp,
                    direction: of,
                    place: at,
                } if *at == place && active && applies(*of) && packet.len() > *size => {
                    let mtu = u16::try_from(*size).unwrap_or(u16::MAX);
                    let error = IcmpError {
                        v4: (3, 4),
                        v6: (2, 0),
                        mtu,
                    };
                    let told = icmp.then(|| build_icmp_error(self.own, error, packet, 64));
                    return OnLink::TooBig(told.flatten());
                }
                _ => {}
            }
        }
        OnLink::Pass
    }
}

fn back(direction: Direction, packet: Vec<u8>) -> Injected {
    let direction = match direction {
        Direction::Up => Direction::Down,
        _ => Direction::Up,
    };
    Injected {
        direction,
        packet,
        after: Duration::ZERO,
    }
}

/// True for what the router cannot do itself and hands to whoever runs the hosts.
fn is_order(act: &Act) -> bool {
    matches!(
        act,
        Act::KillClient
            | Act::TermClient
            | Act::InterruptClient
            | Act::KillServer
            | Act::TermServer
            | Act::StopServer
            | Act::StopClient
            | Act::ServerRuns { .. }
            | Act::ClientRuns { .. }
    )
}

fn icmp_error(kind: IcmpKind) -> IcmpError {
    let (v4, v6) = match kind {
        IcmpKind::AdminProhibited => ((3, 13), (1, 1)),
        IcmpKind::HostProhibited => ((3, 10), (1, 1)),
        IcmpKind::PortUnreachable => ((3, 3), (1, 4)),
        IcmpKind::HostUnreachable => ((3, 1), (1, 3)),
        IcmpKind::NetUnreachable => ((3, 0), (1, 0)),
    };
    // Type 1 code 4 of ICMPv6 is "port unreachable"; the others are RFC 4443's nearest.
    IcmpError { v4, v6, mtu: 0 }
}

/// A packet that is itself a RST is never answered (RFC 9293, 3.5.2).
pub fn is_reset(tcp: &Tcp) -> bool {
    tcp.has(RST)
}
