//! A calm packet leaves the same behind as if it had been looked at in full.

use proptest::prelude::*;
use whyreset_capture::Timestamp;
use whyreset_segments::{
    Endpoint, SackBlock, Segment, SeqNumber, TcpFlags, TcpOptions, Timestamps,
};

use super::*;
use crate::Moment;
use crate::calm::Habit;
use crate::live::Arriving;
use crate::test_segments::{A, B, segment};
use crate::{BySide, Marks, Needs, PassedBytes, Side};

/// Counts what it is told, and need not be told all.
#[derive(Debug, Default)]
struct Counter {
    bytes: BySide<u64>,
    missing: BySide<u64>,
    acknowledged: BySide<u64>,
    closed: BySide<u32>,
}

impl Counter {
    const fn so_far(&self, side: Side) -> u64 {
        *self.bytes.of(side) + *self.missing.of(side)
    }
}

impl StreamSink for Counter {
    fn data(&mut self, side: Side, _: Moment, offset: u64, bytes: &[u8]) {
        assert_eq!(self.so_far(side), offset);
        *self.bytes.of_mut(side) += bytes.len() as u64;
    }

    fn gap(&mut self, side: Side, _: Moment, offset: u64, len: u64) {
        assert_eq!(self.so_far(side), offset);
        *self.missing.of_mut(side) += len;
    }

    fn needs(&self, side: Side) -> Needs {
        match side {
            Side::Client => Needs::NextStart,
            Side::Server if self.so_far(side) < 9_000 => Needs::Everything,
            Side::Server => Needs::Nothing(20_000),
        }
    }

    fn may_begin(bytes: &[u8]) -> bool {
        bytes.len() > 700
    }

    fn passed(&mut self, side: Side, _: Moment, passed: PassedBytes) {
        assert_eq!(self.so_far(side), passed.offset);
        *self.bytes.of_mut(side) += passed.captured;
        *self.missing.of_mut(side) += passed.len - passed.captured;
    }

    fn acknowledged(&mut self, side: Side, _: Moment, offset: u64) {
        *self.acknowledged.of_mut(side) = offset;
    }

    fn closed(&mut self, side: Side, _: Moment, _: bool) {
        *self.closed.of_mut(side) += 1;
    }
}

/// What happens next. Ends are A or B: `true` is A.
#[derive(Clone, Copy, Debug)]
enum Step {
    Data(bool, u32),
    Pushed(bool, u32),
    Ack(bool),
    /// Of so much less than all.
    PartialAck(bool, u32),
    /// Of so much more than all.
    EarlyAck(bool, u32),
    /// With a SACK block, this far from the end of what was sent.
    SackedAck(bool, u32),
    /// The same as before.
    AckAgain(bool),
    Lost(bool, u32),
    Again(bool, u32),
    Window(bool, u32),
    Ttl(bool),
    DontFragment(bool),
    Mac(bool),
    Copy,
    Control(bool, u16),
    Pause(i64),
}

fn calm_step() -> impl Strategy<Value = Step> {
    let len = || prop_oneof![4 => Just(1_400_u32), 1 => 1_u32..1_500];
    prop_oneof![
        60 => len().prop_map(|len| Step::Data(false, len)),
        10 => len().prop_map(|len| Step::Pushed(false, len)),
        5 => len().prop_map(|len| Step::Data(true, len)),
        40 => Just(Step::Ack(true)),
        5 => Just(Step::Ack(false)),
        5 => (1_u32..3_000).prop_map(|less| Step::PartialAck(true, less)),
        5 => (0_u32..9_000).prop_map(|back| Step::SackedAck(true, back)),
        5 => Just(Step::AckAgain(true)),
        1 => Just(Step::AckAgain(false)),
        2 => any::<bool>().prop_map(Step::DontFragment),
        5 => (1_i64..40_000_000).prop_map(Step::Pause),
        2 => (any::<bool>(), 1_u32..60_000).prop_map(|(by, size)| Step::Window(by, size)),
    ]
}

fn odd_step() -> impl Strategy<Value = Step> {
    let by = any::<bool>;
    let control = prop_oneof![
        Just(0x11_u16),
        Just(0x10),
        Just(0x02),
        Just(0x12),
        Just(0x14)
    ];
    prop_oneof![
        4 => (by(), 1_u32..3_000).prop_map(|(by, len)| Step::Lost(by, len)),
        6 => (by(), 1_u32..30_000).prop_map(|(by, back)| Step::Again(by, back)),
        3 => (by(), 1_u32..3_000).prop_map(|(by, more)| Step::EarlyAck(by, more)),
        6 => (by(), 0_u32..3_000_000_000).prop_map(|(by, back)| Step::SackedAck(by, back)),
        2 => (by(), prop_oneof![Just(0_u32), 1_u32..9_000]).prop_map(|(by, size)| Step::Window(by, size)),
        1 => by().prop_map(Step::Ttl),
        1 => by().prop_map(Step::Mac),
        2 => Just(Step::Copy),
        2 => (by(), control).prop_map(|(by, bits)| Step::Control(by, bits)),
        3 => (150_000_000_i64..1_300_000_000).prop_map(Step::Pause),
    ]
}

/// One end, as its packets show it.
#[derive(Clone, Copy, Debug)]
struct Host {
    next: u32,
    acked: u32,
    window: u32,
    ttl: u8,
    mac: u8,
    dont_fragment: bool,
    id: u16,
}

const TEXT: [u8; 1_500] = [b'x'; 1_500];

/// Two hosts and what passes between them.
struct Talk {
    segments: Vec<Segment<'static>>,
    nanos: i64,
    a: Host,
    b: Host,
    timestamps: bool,
    id_step: u16,
}

impl Talk {
    fn new(next: [u32; 2], timestamps: bool, id_step: u16) -> Self {
        let host = |next: u32| Host {
            next,
            acked: 0,
            window: 30_000,
            ttl: 64,
            mac: 1,
            dont_fragment: true,
            id: 1,
        };
        let mut talk = Self {
            segments: Vec::new(),
            nanos: 0,
            a: host(next[0]),
            b: host(next[1]),
            timestamps,
            id_step,
        };
        talk.send(true, TcpFlags::SYN, 0);
        talk.b.acked = talk.a.next;
        talk.send(false, TcpFlags::SYN | TcpFlags::ACK, 0);
        talk.a.acked = talk.b.next;
        talk.send(true, TcpFlags::ACK, 0);
        talk
    }

    const fn host(&mut self, by_a: bool) -> &mut Host {
        if by_a { &mut self.a } else { &mut self.b }
    }

    fn send(&mut self, by_a: bool, flags: TcpFlags, len: u32) {
        self.nanos += 40_000;
        let (from, to): (Endpoint, Endpoint) = if by_a { (A, B) } else { (B, A) };
        let (timestamps, id_step, nanos) = (self.timestamps, self.id_step, self.nanos);
        let frame = self.segments.len() as u64 + 1;
        let host = self.host(by_a);
        host.id = host.id.wrapping_add(id_step);
        let payload = &TEXT[..len as usize];
        let mut it = segment(from, to, flags, host.next, host.acked, payload);
        it.frame = frame;
        it.time = Timestamp::from_nanos(nanos);
        it.window = host.window;
        it.ip.ttl = host.ttl;
        it.ip.id = host.id;
        it.ip.dont_fragment = host.dont_fragment;
        it.link.source_mac[5] = host.mac;
        it.known = it.known.with(whyreset_segments::Known::MAC);
        it.options = options(flags, timestamps, nanos);
        it.ip.total_len += if timestamps { 12 } else { 0 };
        host.next = host.next.wrapping_add(it.sequence_len());
        self.segments.push(it);
    }

    fn step(&mut self, step: Step) {
        let all = |talk: &mut Self, by: bool| talk.host(!by).next;
        match step {
            Step::Data(by, len) => self.send(by, TcpFlags::ACK, len),
            Step::Pushed(by, len) => self.send(by, TcpFlags::ACK | TcpFlags::PSH, len),
            Step::Ack(by) => self.ack(by, 0),
            Step::PartialAck(by, less) => self.ack(by, less.wrapping_neg()),
            Step::EarlyAck(by, more) => self.ack(by, more),
            Step::AckAgain(by) => self.send(by, TcpFlags::ACK, 0),
            Step::SackedAck(by, back) => {
                let right = all(self, by).wrapping_sub(back);
                self.send(by, TcpFlags::ACK, 0);
                if let Some(last) = self.segments.last_mut() {
                    add_sack(last, right);
                }
            }
            Step::Lost(by, len) => {
                let host = self.host(by);
                host.next = host.next.wrapping_add(len);
            }
            Step::Again(by, back) => {
                let host = self.host(by);
                let next = host.next;
                host.next = next.wrapping_sub(back);
                self.send(by, TcpFlags::ACK, back.min(1_400));
                self.host(by).next = next;
            }
            Step::Window(by, size) => {
                self.host(by).window = size;
                self.send(by, TcpFlags::ACK, 0);
            }
            Step::Ttl(by) => self.host(by).ttl -= 1,
            Step::Mac(by) => self.host(by).mac += 1,
            Step::DontFragment(by) => self.host(by).dont_fragment ^= true,
            Step::Copy => {
                let copy = self.segments.last().copied();
                self.segments.extend(copy.map(|mut it| {
                    it.frame += 1;
                    it.link.source_mac[5] = 99;
                    it
                }));
            }
            Step::Control(by, bits) => self.send(by, TcpFlags(bits), 0),
            Step::Pause(nanos) => self.nanos += nanos,
        }
    }

    fn ack(&mut self, by: bool, more: u32) {
        let all = self.host(!by).next;
        self.host(by).acked = all.wrapping_add(more);
        self.send(by, TcpFlags::ACK, 0);
    }
}

fn add_sack(segment: &mut Segment<'_>, right: u32) {
    let options = &mut segment.options;
    options.sack[0] = SackBlock {
        left: SeqNumber(right.wrapping_sub(700)),
        right: SeqNumber(right),
    };
    options.sack_len = 1;
    let list = usize::from(options.kinds_len);
    options.kinds[list..list + 3].copy_from_slice(&[1, 1, 5]);
    options.kinds_len += 3;
    segment.ip.total_len += 12;
}

fn options(flags: TcpFlags, timestamps: bool, nanos: i64) -> TcpOptions {
    let syn = flags.contains(TcpFlags::SYN);
    let kinds: &[u8] = match (syn, timestamps) {
        (true, _) => &[2, 1, 3],
        (false, true) => &[1, 1, 8],
        (false, false) => &[],
    };
    let mut options = TcpOptions {
        mss: syn.then_some(1_400),
        window_scale: syn.then_some(2),
        timestamps: timestamps.then_some(Timestamps {
            value: (nanos / 1_000_000) as u32,
            echo: 7,
        }),
        kinds_len: u8::try_from(kinds.len()).unwrap(),
        ..TcpOptions::default()
    };
    options.kinds[..kinds.len()].copy_from_slice(kinds);
    options
}

/// What passes between two hosts.
#[derive(Clone, Debug)]
struct Script {
    next: [u32; 2],
    timestamps: bool,
    id_step: u16,
    steps: Vec<Step>,
}

impl Script {
    fn segments(&self) -> Vec<Segment<'static>> {
        let mut talk = Talk::new(self.next, self.timestamps, self.id_step);
        for step in &self.steps {
            talk.step(*step);
        }
        talk.segments
    }
}

prop_compose! {
    fn script()(
        next in any::<[u32; 2]>(),
        timestamps in any::<bool>(),
        id_step in prop_oneof![3 => Just(1_u16), 1 => Just(0), 1 => Just(40_503)],
        calm in prop::collection::vec(calm_step(), 20..400),
        odd in prop::collection::vec((any::<prop::sample::Index>(), odd_step()), 0..12),
    ) -> Script {
        let mut steps = calm;
        for (at, step) in odd {
            steps.insert(at.index(steps.len() + 1), step);
        }
        Script { next, timestamps, id_step, steps }
    }
}

/// The connection, the marks of its packets, and how many of these were calm. `before` sees it before each packet.
fn follow(
    segments: &[Segment<'static>],
    before: impl Fn(&mut Live<Counter>),
) -> (String, Vec<Marks>, usize) {
    let config = EngineConfig::default();
    let end = |segment: &Segment<'_>| {
        if segment.source == A {
            End::Low
        } else {
            End::High
        }
    };
    let first = &segments[0];
    let mut live = Live::new(first, end(first), Counter::default());
    let mut marks = Vec::new();
    let mut calm = 0;
    for segment in segments {
        before(&mut live);
        let arriving = Arriving {
            segment,
            from: end(segment),
            told: None,
            marks: Marks::NONE,
            checksum: None,
        };
        let waited = live.course.waiting.len();
        let found = live.packet(&arriving, &config);
        calm += usize::from(live.course.waiting.len() > waited);
        marks.push(Marks(found.0 & Marks::WIRESHARK.0));
    }
    let ends = ByEnd { low: A, high: B };
    let connection = Box::new(live).conclude(0, &ends, Timestamp::default(), false, &config);
    (format!("{connection:#?}"), marks, calm)
}

proptest! {
    #[test]
    fn calm_packets_leave_the_same_behind(script in script()) {
        let segments = script.segments();
        let (connection, marks, _) = follow(&segments, |_| {});
        let (in_full, marks_in_full, calm) = follow(&segments, |live| {
            live.course.habits = ByEnd::<Habit>::default();
        });
        prop_assert_eq!(calm, 0);
        prop_assert_eq!(marks, marks_in_full);
        let differs = connection.lines().zip(in_full.lines()).position(|(a, b)| a != b);
        if let Some(at) = differs {
            let around = |text: &str| text.lines().skip(at.saturating_sub(9)).take(12).collect::<Vec<_>>().join("\n");
            prop_assert_eq!(around(&connection), around(&in_full));
        }
        prop_assert!(connection == in_full);
    }
}

#[test]
fn most_packets_of_a_download_are_calm() {
    let mut talk = Talk::new([5, 9], true, 1);
    for n in 0..100 {
        talk.step(Step::Data(false, 1_400));
        talk.step(if n % 30 == 7 {
            Step::Lost(false, 1_400)
        } else {
            Step::Ack(true)
        });
    }
    let (_, _, calm) = follow(&talk.segments, |_| {});
    assert!(calm > 150, "{calm}");
}

#[test]
fn a_download_goes_on_smoothly() {
    let mut talk = Talk::new([5, 9], true, 1);
    for _ in 0..40 {
        talk.step(Step::Data(false, 1_400));
        talk.step(Step::Ack(true));
    }
    let batches = std::cell::Cell::new(0);
    let (_, _, calm) = follow(&talk.segments, |live| {
        let waiting = std::mem::take(&mut live.course.waiting);
        let (low, high) = (live.shared(End::Low), live.shared(End::High));
        let run = |end, shared| CalmRun::of(waiting.of(end), shared);
        let runs = ByEnd {
            low: low.as_ref().and_then(|shared| run(End::Low, shared)),
            high: high.as_ref().and_then(|shared| run(End::High, shared)),
        };
        let is_smooth = waiting.len() > 4 && live.are_smooth(&waiting, &runs);
        batches.set(batches.get() + usize::from(is_smooth));
        live.course.waiting = waiting;
    });
    assert!(calm > 70 && batches.get() > 60, "{calm} {}", batches.get());
}

#[test]
fn duplicate_acks_are_calm() {
    let mut talk = Talk::new([5, 9], true, 1);
    for n in 0..60 {
        talk.step(Step::Data(false, 1_400));
        talk.step(match n % 30 {
            7 => Step::Lost(false, 1_400),
            8..15 => Step::SackedAck(true, 0),
            15..20 => Step::AckAgain(true),
            _ => Step::Ack(true),
        });
    }
    let (_, marks, calm) = follow(&talk.segments, |_| {});
    let duplicate = marks.iter().filter(|marks| marks.has(Marks::DUPLICATE_ACK));
    assert_eq!(duplicate.count(), 24);
    assert!(calm > 100, "{calm}");
}
