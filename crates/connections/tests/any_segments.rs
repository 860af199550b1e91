//! Whatever comes in: nothing panics, every connection comes out once, and what a connection is told does not depend on
//! what passes between its packets.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod made;

use made::{end, segment};
use proptest::prelude::*;
use whyreset_capture::Timestamp;
use whyreset_connections::{Connection, Engine, EngineConfig, Moment, Placed, Side, StreamSink};
use whyreset_segments::{IpFields, Known, Segment, TcpFlags, TcpOptions, Timestamps};

/// Checks that each side's stream comes in order, each byte once.
#[derive(Debug, Default, PartialEq)]
struct InOrder {
    next: [u64; 2],
    acknowledged: [u64; 2],
    bytes: u64,
}

impl InOrder {
    fn take(&mut self, side: Side, offset: u64, len: u64) {
        let next = &mut self.next[usize::from(side == Side::Server)];
        assert_eq!(*next, offset);
        assert!(len > 0);
        *next += len;
    }
}

impl StreamSink for InOrder {
    fn data(&mut self, side: Side, _: Moment, offset: u64, bytes: &[u8]) {
        self.take(side, offset, bytes.len() as u64);
        self.bytes += bytes.len() as u64;
    }

    fn gap(&mut self, side: Side, _: Moment, offset: u64, len: u64) {
        self.take(side, offset, len);
    }

    fn acknowledged(&mut self, side: Side, _: Moment, offset: u64) {
        let known = &mut self.acknowledged[usize::from(side == Side::Server)];
        assert!(offset >= *known);
        *known = offset;
    }
}

const TEXT: [u8; 64] = [b'x'; 64];

fn known() -> impl Strategy<Value = Known> {
    prop_oneof![
        8 => Just(Known::FRAME_V4),
        1 => Just(Known::FRAME_V4.with(Known::MAC)),
        1 => Just(Known::FRAME_V6),
        1 => any::<u16>().prop_map(|bits| Known(u32::from(bits))),
    ]
}

fn number() -> impl Strategy<Value = u32> {
    prop_oneof![6 => 0_u32..300, 1 => any::<u32>(), 1 => u32::MAX - 100..=u32::MAX]
}

prop_compose! {
    /// A segment between two of four ends.
    fn any_segment()(
        flags in prop_oneof![6 => Just(0x10_u16), 2 => Just(0x18), 1 => Just(2), 1 => Just(0x12), 4 => 0_u16..0x200],
        (seq, ack) in (number(), number()),
        (from, to, port) in (1_u8..3, 1_u8..3, 80_u16..82),
        len in prop_oneof![3 => 0_u32..65, 1 => any::<u32>()],
        cut in 0_usize..65,
        window in prop_oneof![3 => Just(500_u32), 1 => 0_u32..3, 1 => any::<u32>()],
        scale in prop::option::of(any::<u8>()),
        stamp in prop::option::of(any::<u32>()),
        (id, ttl) in (0_u16..4, 63_u8..65),
        wait in prop_oneof![4 => 0_i64..2_000_000, 1 => any::<i64>()],
        known in known(),
        bad_offset in prop::bool::weighted(0.02),
    ) -> (Segment<'static>, i64) {
        let payload = &TEXT[..cut.min(usize::try_from(len).unwrap())];
        (Segment {
            window,
            payload_len: len,
            payload,
            options: TcpOptions {
                window_scale: scale.filter(|_| flags & 2 != 0),
                timestamps: stamp.map(|value| Timestamps { value, echo: seq }),
                ..TcpOptions::default()
            },
            ip: IpFields { ttl, id, total_len: len.wrapping_add(40), ..IpFields::default() },
            known,
            bad_offset,
            ..segment(end(from, port), end(to, 80), TcpFlags(flags), seq, ack)
        }, wait)
    }
}

fn timed(segments: Vec<(Segment<'static>, i64)>) -> Vec<Segment<'static>> {
    let mut time = 0_i64;
    (1..)
        .zip(segments)
        .map(|(frame, (mut segment, wait))| {
            time = time.wrapping_add(wait);
            segment.frame = frame;
            segment.time = Timestamp::from_nanos(time);
            segment
        })
        .collect()
}

fn run(segments: &[Segment<'static>]) -> (Vec<Option<Placed>>, Vec<Connection<InOrder>>) {
    let mut engine = Engine::<InOrder>::new(EngineConfig::default());
    let placed = segments
        .iter()
        .map(|segment| engine.segment(segment, None))
        .collect();
    engine.finish();
    (
        placed,
        std::iter::from_fn(|| engine.next_finished()).collect(),
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn every_frame_is_counted_once(segments in prop::collection::vec(any_segment(), 0..120)) {
        let segments = timed(segments);
        let (placed, connections) = run(&segments);
        let frames: u64 = connections.iter().map(|connection| connection.frames.count).sum();
        prop_assert_eq!(frames, segments.len() as u64);
        prop_assert!(placed.iter().all(Option::is_some));
        let streams: Vec<u64> = connections.iter().map(|connection| connection.stream).collect();
        prop_assert_eq!(streams, (0..connections.len() as u64).collect::<Vec<_>>());
        for connection in &connections {
            prop_assert!(connection.packets.is_sorted_by_key(|packet| packet.frame));
            let kept = connection.packets.len() as u64 + connection.packets_dropped;
            prop_assert!(kept <= connection.frames.count);
            let bound = EngineConfig::default();
            prop_assert!(connection.packets.len() <= bound.keep_first + bound.keep_last + bound.keep_telling);
        }
    }

    #[test]
    fn strangers_in_between_change_nothing(segments in prop::collection::vec(any_segment(), 0..80)) {
        let own = timed(segments);
        let (alone, connections) = run(&own);
        let mut mixed = Vec::new();
        for segment in &own {
            mixed.push(*segment);
            let mut stranger = *segment;
            stranger.source.port = 7;
            stranger.destination.port = 7;
            stranger.source.host = end(9, 0).host;
            mixed.push(stranger);
        }
        let (together, all) = run(&mixed);
        let marks = |placed: &[Option<Placed>]| placed.iter().map(|p| p.unwrap().marks).collect::<Vec<_>>();
        prop_assert_eq!(marks(&alone), marks(&together.into_iter().step_by(2).collect::<Vec<_>>()));
        let own_again: Vec<_> = all.iter().filter(|c| c.ends.client.port != 7).collect();
        prop_assert_eq!(connections.len(), own_again.len());
        for (one, other) in connections.iter().zip(own_again) {
            let told = |c: &Connection<InOrder>| format!("{:?}", (&c.frames, &c.flows, &c.handshake, &c.packets, &c.resets, &c.silences, &c.vantage, &c.app));
            prop_assert_eq!(told(one), told(other));
        }
    }
}
