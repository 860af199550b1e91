//! The router between the two hosts: a program of its own that forwards IP packets between two TUN
//! ends and does to them what the scenario says.
//!
//! ```text
//! client ── link (half the delay, loss, …) ── capture, devices, faults ── link ── server
//! ```
//!
//! A packet that comes from a host goes over that host's link, then through the middle, where the
//! router's own capture sees it and faults are triggered, then over the other link. Nothing waits in
//! the middle. One thread does it all: it polls both TUN ends and a queue ordered by time.

mod connections;
mod device;
mod forge;
mod link;
mod nat;
mod packet;
mod pcap;
mod triggers;

pub use connections::Seen;
pub use packet::{RST, count_hops, read_tcp};
pub use pcap::PcapWriter;

use crate::scenario::{Act, Direction, Fault, Net, Place};
use anyhow::Result;
use connections::Connections;
use device::Device;
use link::Link;
use nat::Nat;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering as Atomic};
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};
use tun_rs::SyncDevice;

/// Something that the scenario wants done to a host, at a moment that only the router knows.
#[derive(Clone, Debug)]
pub struct Order(pub Act);

/// The two ends of the router and what it knows of the hosts.
pub struct Ends {
    /// Towards the client.
    pub client: SyncDevice,
    /// Towards the server.
    pub server: SyncDevice,
    /// The client's address.
    pub client_address: IpAddr,
    /// The server's address.
    pub server_address: IpAddr,
    /// The router's own address, from which its ICMP errors come.
    pub own_address: IpAddr,
    /// The address that stands for the client's where there is a NAT.
    pub nat_address: IpAddr,
}

/// What the router has to tell when it is done.
pub struct Report {
    /// The connections, in the order in which they were opened.
    pub seen: Vec<Seen>,
    /// Faults that never began: the scenario did not happen as declared.
    pub never_begun: Vec<String>,
}

/// Where a packet is on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// It reaches the middle.
    Middle,
    /// It leaves the router.
    Out,
}

struct Waiting {
    due: Instant,
    number: u64,
    direction: Direction,
    stage: Stage,
    packet: Vec<u8>,
}

impl PartialEq for Waiting {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}
impl Eq for Waiting {}
impl PartialOrd for Waiting {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Waiting {
    fn cmp(&self, other: &Self) -> Ordering {
        (other.due, other.number).cmp(&(self.due, self.number))
    }
}

/// The router at work.
pub struct Router {
    ends: Ends,
    /// Up over the client's link, up over the server's, down over the server's, down over the client's.
    links: [Link; 4],
    connections: Connections,
    device: Device,
    queue: BinaryHeap<Waiting>,
    numbers: u64,
    capture: PcapWriter,
    hops: u8,
    nat: Option<Nat>,
    capture_outside: bool,
}

impl Router {
    /// Puts the router together; nothing moves before `run`.
    pub fn new(
        ends: Ends,
        net: &Net,
        faults: &[Fault],
        orders: Sender<Order>,
        capture: &Path,
    ) -> Result<Self> {
        ends.client.set_nonblocking(true)?;
        ends.server.set_nonblocking(true)?;
        let client_side = net.rtt_ms / 2.0 * net.client_share;
        let server_side = net.rtt_ms / 2.0 - client_side;
        let slow = |delay| Link::new(delay, net, true);
        let fast = |delay| Link::new(delay, net, false);
        let device = Device::new(faults, orders, ends.own_address, ends.server_address);
        Ok(Self {
            links: [
                fast(client_side),
                slow(server_side),
                slow(server_side),
                fast(client_side),
            ],
            connections: Connections::new(ends.client_address),
            device,
            queue: BinaryHeap::new(),
            numbers: 0,
            capture: PcapWriter::create(capture)?,
            hops: net.hops,
            nat: net.nat.then(|| {
                let first = fastrand::u16(32_768..60_000);
                Nat::new(ends.client_address, ends.nat_address, first)
            }),
            capture_outside: net.capture_outside,
            ends,
        })
    }

    /// Forwards until `stop` is set, then gives back what was seen.
    pub fn run(mut self, stop: &Arc<AtomicBool>) -> Result<Report> {
        let mut buffer = vec![0; 65_536];
        while !stop.load(Atomic::Relaxed) {
            self.wait()?;
            self.take(Direction::Up, &mut buffer);
            self.take(Direction::Down, &mut buffer);
            self.move_due()?;
            let now = Instant::now();
            let injected = self.device.tick(now, &self.connections);
            self.inject(injected, now)?;
        }
        self.capture.finish()?;
        let mut seen = self.connections.into_seen();
        for one in &mut seen {
            let nat = self.nat.as_ref();
            one.outside = nat.and_then(|nat| nat.outside_of(one.client_port, one.server_port));
        }
        Ok(Report {
            never_begun: self.device.never_begun(),
            seen,
        })
    }

    fn wait(&self) -> Result<()> {
        let longest = Duration::from_millis(5);
        let next = self.queue.peek().map_or(longest, |waiting| {
            waiting
                .due
                .saturating_duration_since(Instant::now())
                .min(longest)
        });
        let timeout = Timespec {
            tv_sec: 0,
            tv_nsec: next.as_nanos().try_into().unwrap_or(0),
        };
        let mut ends = [
            PollFd::new(&self.ends.client, PollFlags::IN),
            PollFd::new(&self.ends.server, PollFlags::IN),
        ];
        match poll(&mut ends, Some(&timeout)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Takes what a host has sent and puts it on that host's link.
    fn take(&mut self, direction: Direction, buffer: &mut [u8]) {
        for _ in 0..64 {
            let end = match direction {
                Direction::Up => &self.ends.client,
                _ => &self.ends.server,
            };
            let Ok(length) = end.recv(buffer) else { return };
            let Some(packet) = buffer.get(..length) else {
                return;
            };
            let mut packet = packet.to_vec();
            if direction == Direction::Down
                && let Some(nat) = &self.nat
                && nat.inwards(&mut packet).is_none()
            {
                continue;
            }
            let now = Instant::now();
            if let Some(tcp) = read_tcp(&packet) {
                self.connections.leaves_host(&tcp, now);
            }
            let near = match direction {
                Direction::Up => Place::Client,
                _ => Place::Server,
            };
            self.send_over(direction, near, Stage::Middle, packet, now);
        }
    }

    fn send_over(
        &mut self,
        direction: Direction,
        place: Place,
        stage: Stage,
        packet: Vec<u8>,
        now: Instant,
    ) {
        let verdict = self
            .device
            .on_link(direction, place, &packet, now, &self.connections);
        match verdict {
            device::OnLink::Pass => {}
            device::OnLink::Vanish => return,
            device::OnLink::TooBig(answer) => {
                if let Some(answer) = answer {
                    self.answer(direction, place, answer, now);
                }
                return;
            }
        }
        let index = match (direction, place) {
            (Direction::Up, Place::Client) => 0,
            (Direction::Up, Place::Server) => 1,
            (_, Place::Server) => 2,
            (_, Place::Client) => 3,
        };
        let Some(link) = self.links.get_mut(index) else {
            return;
        };
        let times = link.times(packet.len(), now);
        for due in times {
            self.enqueue(due, direction, stage, packet.clone());
        }
    }

    /// An ICMP error goes back to the packet's sender from where the packet got stuck.
    fn answer(&mut self, direction: Direction, place: Place, packet: Vec<u8>, now: Instant) {
        let (back, near) = match direction {
            Direction::Up => (Direction::Down, Place::Client),
            _ => (Direction::Up, Place::Server),
        };
        if place == near {
            self.enqueue(now, back, Stage::Out, packet);
        } else {
            self.enqueue(now, back, Stage::Middle, packet);
        }
    }

    fn enqueue(&mut self, due: Instant, direction: Direction, stage: Stage, packet: Vec<u8>) {
        self.numbers = self.numbers.wrapping_add(1);
        let number = self.numbers;
        self.queue.push(Waiting {
            due,
            number,
            direction,
            stage,
            packet,
        });
    }

    fn move_due(&mut self) -> Result<()> {
        let now = Instant::now();
        while self.queue.peek().is_some_and(|waiting| waiting.due <= now) {
            let Some(waiting) = self.queue.pop() else {
                break;
            };
            match waiting.stage {
                Stage::Middle => self.through_middle(waiting.direction, waiting.packet, now)?,
                Stage::Out => self.hand_out(waiting.direction, waiting.packet),
            }
        }
        Ok(())
    }

    fn through_middle(
        &mut self,
        direction: Direction,
        mut packet: Vec<u8>,
        now: Instant,
    ) -> Result<()> {
        if !packet::count_hops(&mut packet, self.hops) {
            return Ok(());
        }
        self.record(direction, &packet)?;
        let decision = self
            .device
            .pass(direction, &packet, now, &mut self.connections);
        if let (Some((client, server)), Some(nat)) = (decision.remap, &mut self.nat) {
            nat.forget(client, server);
        }
        if decision.forward {
            let far = match direction {
                Direction::Up => Place::Server,
                _ => Place::Client,
            };
            self.send_over(direction, far, Stage::Out, packet, now);
        }
        self.inject(decision.inject, now)
    }

    /// Sends the devices' own packets from the middle.
    fn inject(&mut self, packets: Vec<device::Injected>, now: Instant) -> Result<()> {
        for injected in packets {
            if injected.after.is_zero() {
                self.record(injected.direction, &injected.packet)?;
                let far = match injected.direction {
                    Direction::Up => Place::Server,
                    _ => Place::Client,
                };
                self.send_over(injected.direction, far, Stage::Out, injected.packet, now);
            } else {
                self.device.postpone(injected, now);
            }
        }
        Ok(())
    }

    /// The path's capture, on the NAT's inside or outside.
    fn record(&mut self, direction: Direction, packet: &[u8]) -> Result<()> {
        let Some(nat) = self.nat.as_mut().filter(|_| self.capture_outside) else {
            return Ok(self.capture.write(packet)?);
        };
        let mut packet = packet.to_vec();
        nat.disguise(direction, &mut packet);
        Ok(self.capture.write(&packet)?)
    }

    fn hand_out(&mut self, direction: Direction, mut packet: Vec<u8>) {
        if direction == Direction::Up
            && let Some(nat) = &mut self.nat
        {
            nat.outwards(&mut packet);
        }
        let end = match direction {
            Direction::Up => &self.ends.server,
            _ => &self.ends.client,
        };
        // A full device queue is a lost packet, as on any network.
        drop(end.send(&packet));
    }
}
