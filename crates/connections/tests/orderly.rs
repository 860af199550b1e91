//! What goes by the book is kept in short: the connection that comes out is the same as if every packet had been looked at.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod made;
#[path = "made/talk.rs"]
mod talk;
#[path = "made/told.rs"]
mod told;

use made::end;
use proptest::prelude::*;
use talk::{Habits, Step, Talk, talk, whole_talk};
use told::{Counter, all, brief, ended_well, in_brief, same, sums};
use whyreset_capture::Timestamp;
use whyreset_connections::{BySide, Connection, Engine, EngineConfig, Side};
use whyreset_segments::Segment;

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

/// Both talks, so many nanoseconds apart.
fn one_behind_the_other(
    mut before: Vec<Segment<'static>>,
    after: Vec<Segment<'static>>,
    nanos: i64,
) -> Vec<Segment<'static>> {
    let last = before.last().unwrap();
    let (frame, time) = (last.frame, last.time.nanos() + nanos);
    before.extend(after.into_iter().map(|segment| Segment {
        frame: segment.frame + frame,
        time: Timestamp::from_nanos(segment.time.nanos() + time),
        ..segment
    }));
    before
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
        let brief = engine_of(&segments, true).next_in_brief(|app| app);
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
            match engine.next_in_brief(|app| app) {
                Some(one) => {
                    same(&brief(&one), &in_brief(other))?;
                    prop_assert!(ended_well(other), "{other:#?}");
                }
                None => same(&sums(&engine.next_finished().unwrap()), &sums(other))?,
            }
        }
    }

    #[test]
    fn streams_on_the_same_ports_are_the_same(
        (before, after) in (whole_talk(0..24), prop_oneof![whole_talk(0..24), talk(0..38)]),
        between in prop_oneof![Just(0), Just(70_000_000_000_i64)],
    ) {
        let segments = one_behind_the_other(before, after, between);
        let (short, full) = (run(&segments, true), run(&segments, false));
        prop_assert_eq!(short.len(), full.len());
        for (one, other) in short.iter().zip(&full) {
            same(&all(one), &all(other))?;
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
