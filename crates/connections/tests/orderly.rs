//! What goes by the book is kept in short: the connection that comes out is the same as if every packet had been looked at.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod made;

use made::{end, segment};
use proptest::prelude::*;
use whyreset_capture::Timestamp;
use whyreset_connections::{
    Brief, BySide, Connection, Ending, Engine, EngineConfig, Moment, Needs, Opener, PassedBytes,
    PassedFin, Side, StreamSink, first_of_crossing_fins,
};
use whyreset_segments::{IpFields, LinkFields, Segment, TcpFlags, TcpOptions, Timestamps};

/// Counts each side's bytes; of the server's it needs none but the first hundred.
#[derive(Debug, Default, PartialEq)]
struct Counter {
    bytes: BySide<u64>,
    acknowledged: BySide<u64>,
    closed: BySide<u32>,
}

impl Counter {
    fn take(&mut self, side: Side, offset: u64, len: u64) {
        let bytes = self.bytes.of_mut(side);
        assert_eq!(*bytes, offset);
        *bytes += len;
    }
}

impl StreamSink for Counter {
    fn data(&mut self, side: Side, _: Moment, offset: u64, bytes: &[u8]) {
        self.take(side, offset, bytes.len() as u64);
    }

    fn gap(&mut self, side: Side, _: Moment, offset: u64, len: u64) {
        self.take(side, offset, len);
    }

    fn needs(&self, side: Side) -> Needs {
        match side {
            Side::Server if self.bytes.server >= 100 => Needs::Nothing(70_000),
            _ => Needs::Everything,
        }
    }

    fn passed(&mut self, side: Side, _: Moment, passed: PassedBytes) {
        assert!(passed.captured <= passed.len);
        self.take(side, passed.offset, passed.len);
    }

    fn acknowledged(&mut self, side: Side, _: Moment, offset: u64) {
        let known = self.acknowledged.of_mut(side);
        assert!(offset >= *known);
        *known = offset;
    }

    fn closed(&mut self, side: Side, _: Moment, _: bool) {
        *self.closed.of_mut(side) += 1;
    }

    fn ending(&mut self) -> Ending {
        Ending::Well
    }
}

/// What happens next.
#[derive(Clone, Copy, Debug)]
enum Step {
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
struct Talk {
    segments: Vec<Segment<'static>>,
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
struct Habits {
    /// Steps of the identification, by sender.
    ids: BySide<u16>,
    /// Frames from one packet to the next.
    frames: u64,
    /// What each packet's time is behind a whole microsecond.
    nanos: i64,
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
    fn new(isn: BySide<u32>, window: u32, timestamps: bool, cut: usize, habits: Habits) -> Self {
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

    fn step(&mut self, step: Step) {
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
    fn talk(steps: std::ops::Range<usize>)(
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
    fn whole_talk(steps: std::ops::Range<usize>)(
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

fn run(segments: &[Segment<'static>], pass_over_orderly: bool) -> Vec<Connection<Counter>> {
    let mut engine = engine_of(segments, pass_over_orderly);
    std::iter::from_fn(|| engine.next_finished()).collect()
}

fn engine_of(segments: &[Segment<'static>], pass_over_orderly: bool) -> Engine<Counter> {
    let mut engine = Engine::<Counter>::new(EngineConfig {
        pass_over_orderly,
        ..EngineConfig::default()
    });
    for segment in segments {
        engine.segment(segment, None);
    }
    engine.finish();
    engine
}

/// What is told in brief.
fn brief(brief: &Brief<Counter>) -> String {
    format!(
        "{:?}",
        (
            (brief.stream, brief.ends, brief.frames),
            (brief.start, brief.end, brief.bytes),
            (brief.fins, brief.closed_first),
            (brief.place, brief.trips, &brief.app)
        )
    )
}

/// The same of a connection that was looked at in full.
fn in_brief(it: &Connection<Counter>) -> String {
    let flows = &it.flows;
    let fins = BySide {
        client: flows.client.fin.unwrap(),
        server: flows.server.fin.unwrap(),
    };
    let passed = |side| PassedFin {
        at: fins.of(side).at,
        seq: fins.of(side).seq,
        ack: it
            .packets
            .iter()
            .find(|p| p.frame == fins.of(side).at.frame)
            .unwrap()
            .ack,
    };
    let trips = BySide {
        client: it.vantage.round_trip.client.minimum,
        server: it.vantage.round_trip.server.minimum,
    };
    let crossing = BySide {
        client: passed(Side::Client),
        server: passed(Side::Server),
    };
    let first = if fins.client.at.frame < fins.server.at.frame {
        Side::Client
    } else {
        Side::Server
    };
    format!(
        "{:?}",
        (
            (it.stream, it.ends, it.frames),
            (
                it.start,
                it.end,
                BySide {
                    client: flows.client.bytes,
                    server: flows.server.bytes,
                }
            ),
            (
                BySide {
                    client: fins.client.at,
                    server: fins.server.at,
                },
                first_of_crossing_fins(&crossing, &trips).unwrap_or(first)
            ),
            (it.vantage.place, trips, &it.app)
        )
    )
}

/// What must hold of a connection that is told in brief.
fn ended_well(it: &Connection<Counter>) -> bool {
    let flows = &it.flows;
    it.handshake.is_complete()
        && it.handshake.syn_acks_after_ack == 0
        && it.opener == Opener::Syn
        && it.resets.is_empty()
        && it.notices.is_empty()
        && flows.client.unanswered.is_none()
        && flows.server.unanswered.is_none()
        && flows.server.acked_to >= flows.server.fin.unwrap().seq
        && (flows.client.bytes > 0 || flows.server.bytes == 0)
        && (it.timed, it.ports_told, it.elided) == (true, true, false)
}

/// All of a connection, but what an opening SYN that is kept in short does not hold.
fn all(connection: &Connection<Counter>) -> String {
    format!("{connection:?}")
}

/// What holds however long it is.
fn sums(connection: &Connection<Counter>) -> String {
    let flows = [&connection.flows.client, &connection.flows.server].map(|flow| {
        format!(
            "{:?}",
            (
                (flow.packets, flow.data_packets, flow.bytes),
                (flow.sent_to, flow.acked_to, flow.missing_bytes),
                (
                    flow.first,
                    flow.last,
                    flow.first_data,
                    flow.last_new_data,
                    flow.last_data
                ),
                (
                    flow.last_progress,
                    flow.fin,
                    flow.window,
                    flow.retransmissions
                ),
                (flow.duplicate_acks, flow.lost_segments, flow.network),
                (
                    flow.sizes.largest_sent,
                    flow.sizes.largest_acked,
                    flow.sizes.largest_datagram
                ),
                (flow.timestamp_clock, flow.last_data_pushed),
            )
        )
    });
    format!(
        "{:?}",
        (
            flows,
            (&connection.frames, connection.start, connection.end),
            (&connection.handshake, connection.reset_count),
            connection.silence_before_end,
            &connection.silences,
            (connection.vantage.place, connection.vantage.round_trip),
            &connection.sendings,
            &connection.app,
        )
    )
}

/// Fails with the place where the two differ.
fn same(short: &str, full: &str) -> Result<(), TestCaseError> {
    let at = short
        .bytes()
        .zip(full.bytes())
        .take_while(|(one, other)| one == other)
        .count();
    let around = |text: &str| {
        let from = text.get(at.saturating_sub(300)..).unwrap_or_default();
        from.chars().take(420).collect::<String>()
    };
    prop_assert!(
        short == full,
        "kept in short: …{}…\nin full: …{}…",
        around(short),
        around(full)
    );
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn whole_connections_are_told_in_brief(segments in whole_talk(0..40)) {
        let served = segments.iter().any(|s| s.payload_len > 0 && s.source == segments[0].source);
        let silent = segments.iter().all(|s| s.payload_len == 0);
        let last_acks = segments.iter().rfind(|s| s.source == segments[0].source).unwrap().ack;
        let mut of_server = segments.iter().filter(|s| s.source != segments[0].source);
        let fin = of_server.find(|s| s.flags.is_fin()).unwrap();
        let arrived = last_acks.0.wrapping_sub(fin.seq.0.wrapping_add(fin.payload_len)).cast_signed() >= 0;
        let brief = engine_of(&segments, true).next_in_brief();
        prop_assert_eq!(brief.is_some(), arrived && (served || silent));
    }

    #[test]
    fn short_connections_are_the_same(segments in talk(0..38)) {
        let (short, full) = (run(&segments, true), run(&segments, false));
        prop_assert_eq!(short.len(), full.len());
        for (one, other) in short.iter().zip(&full) {
            same(&all(one), &all(other))?;
        }
    }

    #[test]
    fn what_is_told_in_brief_is_the_same(
        segments in prop_oneof![whole_talk(0..24), whole_talk(24..700), talk(0..400)],
    ) {
        let full = run(&segments, false);
        let mut engine = engine_of(&segments, true);
        for other in &full {
            match engine.next_in_brief() {
                Some(one) => {
                    same(&brief(&one), &in_brief(other))?;
                    prop_assert!(ended_well(other), "{other:#?}");
                }
                None => same(&sums(&engine.next_finished().unwrap()), &sums(other))?,
            }
        }
    }

    #[test]
    fn listeners_are_the_same(segments in prop_oneof![whole_talk(0..24), talk(0..300)]) {
        let (short, full) = (engine_of(&segments, true), engine_of(&segments, false));
        let server = segments[0].destination;
        prop_assert_eq!(
            short.neighbours().listener(server),
            full.neighbours().listener(server)
        );
    }

    #[test]
    fn long_connections_have_the_same_sums(segments in talk(60..700)) {
        let (short, full) = (run(&segments, true), run(&segments, false));
        prop_assert_eq!(short.len(), full.len());
        for (one, other) in short.iter().zip(&full) {
            same(&sums(one), &sums(other))?;
        }
    }
}

#[test]
fn a_listener_that_only_listens_in_the_end_was_heard_before() {
    let habits = Habits {
        ids: BySide {
            client: 1,
            server: 1,
        },
        frames: 1,
        nanos: 0,
    };
    let mut talk = Talk::new(BySide::default(), 60_000, true, 1460, habits);
    for _ in 0..200 {
        talk.step(Step::Data(Side::Server, 900));
        talk.step(Step::Ack(Side::Client));
    }
    for _ in 0..200 {
        talk.step(Step::Data(Side::Client, 9));
    }
    let heard = |short: bool| {
        let engine = engine_of(&talk.segments, short);
        let listener = engine.neighbours().listener(end(2, 80)).cloned();
        listener.unwrap().last_heard
    };
    assert_eq!(heard(true), heard(false));
}
