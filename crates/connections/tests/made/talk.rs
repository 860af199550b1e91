//! Connections of two hosts that talk by the book, or nearly so.

use proptest::prelude::*;
use whyreset_capture::Timestamp;
use whyreset_connections::{BySide, Side};
use whyreset_segments::{IpFields, LinkFields, Segment, TcpFlags, TcpOptions, Timestamps};

use crate::made::{end, segment};

/// What happens next.
#[derive(Clone, Copy, Debug)]
pub enum Step {
    Data(Side, u16),
    Ack(Side),
    Fin(Side),
    /// Something that is not by the book.
    Again(Side),
    SameAck(Side),
    Reset(Side),
    WindowUpdate(Side),
    Lost(Side, u16),
    Pause(u32),
}

fn side() -> impl Strategy<Value = Side> {
    prop_oneof![Just(Side::Client), Just(Side::Server)]
}

/// Mostly a download.
fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        60 => (1_u16..1460).prop_map(|len| Step::Data(Side::Server, len)),
        8 => (1_u16..600).prop_map(|len| Step::Data(Side::Client, len)),
        40 => Just(Step::Ack(Side::Client)),
        6 => Just(Step::Ack(Side::Server)),
        4 => (1_u32..40_000).prop_map(Step::Pause),
    ]
}

fn odd_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        side().prop_map(Step::Fin),
        side().prop_map(Step::Again),
        side().prop_map(Step::SameAck),
        side().prop_map(Step::Reset),
        side().prop_map(Step::WindowUpdate),
        (side(), 1_u16..1460).prop_map(|(side, len)| Step::Lost(side, len)),
        (900_000_u32..4_000_000).prop_map(Step::Pause),
    ]
}

/// Two hosts and what passes between them.
pub struct Talk {
    pub segments: Vec<Segment<'static>>,
    micros: i64,
    next: BySide<u32>,
    acked: BySide<u32>,
    ids: BySide<u16>,
    window: u32,
    timestamps: bool,
    cut: usize,
    habits: Habits,
}

/// What makes the steps between packets small or large.
#[derive(Clone, Copy, Debug)]
pub struct Habits {
    /// Steps of the identification, by sender.
    pub ids: BySide<u16>,
    /// Frames from one packet to the next.
    pub frames: u64,
    /// What each packet's time is behind a whole microsecond.
    pub nanos: i64,
}

fn habits() -> impl Strategy<Value = Habits> {
    let id = || prop_oneof![3 => Just(1_u16), 1 => Just(0), 1 => Just(40_503)];
    let frames = prop_oneof![3 => Just(1_u64), 1 => Just(70_000), 1 => Just(1 << 21)];
    let nanos = prop_oneof![3 => Just(0_i64), 1 => Just(333)];
    (id(), id(), frames, nanos).prop_map(|(client, server, frames, nanos)| Habits {
        ids: BySide { client, server },
        frames,
        nanos,
    })
}

const TEXT: [u8; 1460] = [b'x'; 1460];

impl Talk {
    pub fn new(
        isn: BySide<u32>,
        window: u32,
        timestamps: bool,
        cut: usize,
        habits: Habits,
    ) -> Self {
        let mut talk = Self {
            segments: Vec::new(),
            micros: 0,
            next: isn,
            acked: BySide::default(),
            ids: BySide::default(),
            window,
            timestamps,
            cut,
            habits,
        };
        talk.send(Side::Client, TcpFlags::SYN, 0);
        talk.acked.server = talk.next.client;
        talk.send(Side::Server, TcpFlags::SYN | TcpFlags::ACK, 0);
        talk.acked.client = talk.next.server;
        talk.send(Side::Client, TcpFlags::ACK, 0);
        talk
    }

    fn send(&mut self, side: Side, flags: TcpFlags, len: u16) {
        self.micros += 7;
        let (client, server) = (end(1, 40_000), end(2, 80));
        let (source, destination) = match side {
            Side::Client => (client, server),
            Side::Server => (server, client),
        };
        let syn = flags.contains(TcpFlags::SYN);
        let kinds: &[u8] = match (syn, self.timestamps) {
            (true, true) => &[2, 4, 8, 1, 3],
            (true, false) => &[2, 1, 3],
            (false, true) => &[1, 1, 8],
            (false, false) => &[],
        };
        let mut options = TcpOptions {
            mss: syn.then_some(1460),
            window_scale: syn.then_some(3),
            timestamps: self.timestamps.then(|| Timestamps {
                value: u32::try_from(self.micros / 1_000).unwrap(),
                echo: if flags == TcpFlags::SYN { 0 } else { 3 },
            }),
            kinds_len: u8::try_from(kinds.len()).unwrap(),
            ..TcpOptions::default()
        };
        options.kinds[..kinds.len()].copy_from_slice(kinds);
        let id = self.ids.of_mut(side);
        *id = id.wrapping_add(*self.habits.ids.of(side));
        self.segments.push(Segment {
            frame: self.segments.len() as u64 * self.habits.frames + 1,
            time: Timestamp::from_nanos(self.micros * 1_000 + self.habits.nanos),
            window: self.window,
            payload_len: u32::from(len),
            payload: &TEXT[..usize::from(len).min(self.cut)],
            options,
            ip: IpFields {
                ttl: 64,
                id: *id,
                total_len: if self.timestamps && !syn { 52 } else { 40 } + u32::from(len),
                ..IpFields::default()
            },
            ..segment(
                source,
                destination,
                flags,
                *self.next.of(side),
                *self.acked.of(side),
            )
        });
        let next = self.next.of_mut(side);
        *next = next.wrapping_add(u32::from(len) + flags.sequence_len());
    }

    pub fn step(&mut self, step: Step) {
        match step {
            Step::Data(side, len) => self.send(side, TcpFlags::ACK | TcpFlags::PSH, len),
            Step::Ack(side) => {
                let news = *self.next.of(side.peer());
                if news != std::mem::replace(self.acked.of_mut(side), news) {
                    self.send(side, TcpFlags::ACK, 0);
                }
            }
            Step::SameAck(side) => self.send(side, TcpFlags::ACK, 0),
            Step::Fin(side) => self.send(side, TcpFlags::ACK | TcpFlags::FIN, 0),
            Step::Again(side) => {
                let next = self.next.of_mut(side);
                *next = next.wrapping_sub(9);
                self.send(side, TcpFlags::ACK, 9);
            }
            Step::Reset(side) => self.send(side, TcpFlags::ACK | TcpFlags::RST, 0),
            Step::WindowUpdate(side) => {
                self.window += 1;
                self.send(side, TcpFlags::ACK, 0);
            }
            Step::Lost(side, len) => {
                let next = self.next.of_mut(side);
                *next = next.wrapping_add(u32::from(len));
            }
            Step::Pause(micros) => self.micros += i64::from(micros),
        }
    }
}

prop_compose! {
    pub fn talk(steps: std::ops::Range<usize>)(
        (client, server) in (any::<u32>(), any::<u32>()),
        window in 20_000_u32..60_000,
        timestamps in any::<bool>(),
        cut in prop_oneof![Just(1460_usize), Just(30)],
        habits in habits(),
        steps in prop::collection::vec(step(), steps),
        odd in prop::collection::vec((any::<prop::sample::Index>(), odd_step()), 0..4),
        links in links(),
    ) -> Vec<Segment<'static>> {
        let mut steps = steps;
        for (at, step) in odd {
            steps.insert(at.index(steps.len() + 1), step);
        }
        let mut talk = Talk::new(BySide { client, server }, window, timestamps, cut, habits);
        for step in steps {
            talk.step(step);
        }
        on_links(talk.segments, &links)
    }
}

/// What lies below IP: of the SYN, of the client's other packets, of the server's.
type Links = [LinkFields; 3];

/// Mostly plain Ethernet, or the same of all.
fn links() -> impl Strategy<Value = Links> {
    let vlan = || prop_oneof![Just(0_u16), Just(42)];
    let link = || {
        (vlan(), any::<Option<bool>>()).prop_map(|(vlan, outgoing)| LinkFields {
            vlan,
            outgoing,
            ..LinkFields::default()
        })
    };
    prop_oneof![
        3 => Just([LinkFields::default(); 3]),
        2 => link().prop_map(|link| [link; 3]),
        2 => (link(), link()).prop_map(|(client, server)| [client, client, server]),
        1 => (link(), link(), link()).prop_map(Links::from),
    ]
}

fn on_links(mut segments: Vec<Segment<'static>>, links: &Links) -> Vec<Segment<'static>> {
    for segment in &mut segments {
        let from_client = segment.source.port != 80;
        segment.link = match (segment.flags, from_client) {
            (TcpFlags::SYN, _) => links[0],
            (_, true) => links[1],
            (_, false) => links[2],
        };
    }
    segments
}

/// Ways to part, in order and crossing.
const FAREWELLS: [&[Step]; 4] = [
    &[
        Step::Fin(Side::Client),
        Step::Ack(Side::Server),
        Step::Fin(Side::Server),
        Step::Ack(Side::Client),
    ],
    &[
        Step::Fin(Side::Server),
        Step::Ack(Side::Client),
        Step::Data(Side::Client, 9),
        Step::Fin(Side::Client),
        Step::Ack(Side::Server),
    ],
    &[
        Step::Fin(Side::Server),
        Step::Fin(Side::Client),
        Step::Ack(Side::Client),
        Step::Ack(Side::Server),
    ],
    &[Step::Fin(Side::Server), Step::Fin(Side::Client)],
];

prop_compose! {
    /// A connection that goes by the book to its end.
    pub fn whole_talk(steps: std::ops::Range<usize>)(
        (client, server) in (any::<u32>(), any::<u32>()),
        timestamps in any::<bool>(),
        habits in habits(),
        steps in prop::collection::vec(step(), steps),
        farewell in prop::sample::select(&FAREWELLS[..]),
        pause in 0_u32..90,
        links in links(),
    ) -> Vec<Segment<'static>> {
        let mut talk = Talk::new(BySide { client, server }, 60_000, timestamps, 1460, habits);
        for step in steps.iter().chain(farewell) {
            talk.micros += i64::from(pause);
            talk.step(*step);
        }
        on_links(talk.segments, &links)
    }
}
